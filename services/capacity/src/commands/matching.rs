//! Matches groups with demand anew, in the transaction that changed one of the two, and says what turned.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Result, db::TenantTx, outbox::NewEvent};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::{
    Now, disclose,
    volatility::{self, Moved},
};
use crate::{
    db::{
        borrowed,
        group::{self as groups, Head},
        reserved, series,
        volatility::watched,
        week::{self as db, Row},
    },
    events,
    group::Stated,
    matching::{self, Node, Standing, Turned},
    week::this_week,
};

/// What makes groups worth looking at again.
pub(crate) enum Cause<'a> {
    /// A group was stated with these weeks.
    Stated { id: Uuid, weeks: &'a BTreeMap<Date, Stated> },
    /// Demand of these groups, or load of orders on them, changed.
    Demand(&'a [Uuid]),
}

/// One writer at a time decides what a supplier's groups find: whoever comes next sees what the one before it did.
/// Taken before anything is read that the matching depends on.
pub(crate) async fn lock(tx: &mut TenantTx) -> Result<()> {
    crate::db::lock(tx, "matching", "").await
}

/// Matches the touched groups and those that sum them; the events of what turned. The caller holds [`lock`].
pub(crate) async fn rematch(now: Now<'_>, tx: &mut TenantTx, cause: Cause<'_>) -> Result<Vec<NewEvent>> {
    let touched: Vec<Uuid> = match &cause {
        Cause::Stated { id, .. } => vec![*id],
        Cause::Demand(groups) => groups.to_vec(),
    };
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let affected = db::with_parents(tx, &touched).await?;
    let Family { heads, nodes, rows } = family(tx, &affected, &cause).await?;
    let borrowed = borrowed::by_week(tx, &affected).await?;
    let mut watched = watched(tx, &affected).await?;
    let mut written = Vec::new();
    let mut events = Vec::new();
    let mut shown = BTreeSet::new();
    for head in heads.iter().filter(|head| affected.contains(&head.id)) {
        let before = rows.get(&head.id);
        let after = weeks(head.id, &nodes, before, &borrowed);
        let changed: Vec<Row> = after
            .values()
            .filter(|row| before.and_then(|rows| rows.get(&row.monday)) != Some(*row))
            .copied()
            .collect();
        let from = this_week(now.at);
        events.extend(events::bottlenecks(now, head, &turned(before, &changed, from, |row| row), None));
        let seen = turned(before, &changed, from, Row::for_customers);
        events.extend(disclose::bottlenecks(now, tx, head, &seen).await?);
        let alerted = match watched.remove(&head.id) {
            Some(watched) => volatility::look(now, tx, head, watched, Moved::of(before, &after)).await?,
            None => None,
        };
        // What it links says where its customer's series are, and with it those do that sum it.
        let stated = matches!(cause, Cause::Stated { .. });
        let shows = |row: &Row| {
            let old = before.and_then(|rows| rows.get(&row.monday)).copied();
            old.map(Row::for_customers) != Some(row.for_customers())
        };
        if head.customer.is_some() && (changed.iter().any(shows) || alerted.is_some() || stated) {
            shown.insert(head.id);
        }
        events.extend(alerted.into_iter().flatten());
        written.extend(changed);
    }
    db::save(tx, &written).await?;
    let stated = matches!(cause, Cause::Stated { .. }).then(|| touched[0]);
    for head in heads.iter().filter(|head| shown.contains(&head.id)) {
        let disclosed = disclose::group(now, tx, head).await?;
        if stated == Some(head.id) {
            events.extend(disclosed);
        }
    }
    Ok(events)
}

/// Groups, and all that is below them.
struct Family {
    heads: Vec<Head>,
    nodes: BTreeMap<Uuid, Node>,
    /// As they stood.
    rows: BTreeMap<Uuid, BTreeMap<Date, Row>>,
}

async fn family(tx: &mut TenantTx, affected: &[Uuid], cause: &Cause<'_>) -> Result<Family> {
    let links = db::links_below(tx, affected).await?;
    let mut all: BTreeSet<Uuid> = affected.iter().copied().collect();
    all.extend(links.iter().map(|(_, child)| *child));
    let all: Vec<Uuid> = all.into_iter().collect();
    let heads = groups::heads(tx, &all).await?;
    let mut nodes: BTreeMap<Uuid, Node> =
        heads.iter().map(|head| (head.id, Node { inactive: head.inactive, ..Node::default() })).collect();
    for (parent, child) in links {
        if let Some(node) = nodes.get_mut(&parent) {
            node.children.insert(child);
        }
    }
    let mut series = series::linked(tx, &all).await?;
    reserved::furnish(tx, &mut nodes, &mut series).await?;
    for ((group, _), series) in series {
        if let Some(node) = nodes.get_mut(&group) {
            node.series.push(series);
        }
    }
    let mut rows: BTreeMap<Uuid, BTreeMap<Date, Row>> = BTreeMap::new();
    for row in db::rows(tx, &all).await? {
        if let Some(node) = nodes.get_mut(&row.group_id) {
            node.offered.insert(row.monday, row.offered);
            if let Some((actual, maximum)) = row.stated() {
                let stated = Stated { actual, maximum, agreed: row.agreed, delta: row.delta };
                node.weeks.insert(row.monday, stated);
            }
        }
        rows.entry(row.group_id).or_default().insert(row.monday, row);
    }
    if let Cause::Stated { id, weeks } = cause
        && let Some(node) = nodes.get_mut(id)
    {
        node.weeks = (*weeks).clone();
    }
    Ok(Family { heads, nodes, rows })
}

/// Every week of a group as it stands now: those that were there, those that are stated, those that find a demand or an
/// order that cannot be counted, or that others lend something of.
fn weeks(
    group: Uuid,
    nodes: &BTreeMap<Uuid, Node>,
    before: Option<&BTreeMap<Date, Row>>,
    borrowed: &BTreeMap<(Uuid, Date), Decimal>,
) -> BTreeMap<Date, Row> {
    let found = matching::found(group, nodes);
    let uncounted = matching::uncounted(group, nodes);
    let below = matching::offered_below(group, nodes);
    let stated = nodes.get(&group).map(|node| &node.weeks);
    let lending = nodes.get(&group).map(|node| &node.lent);
    let known = before.into_iter().flat_map(BTreeMap::keys);
    let lent = borrowed.keys().filter(|(of, _)| *of == group).map(|(_, monday)| monday);
    let known = known.chain(stated.into_iter().flat_map(BTreeMap::keys));
    let mondays: BTreeSet<Date> =
        known.chain(found.keys()).chain(lent).chain(uncounted.keys()).copied().collect();
    let row = |monday: Date| {
        let old = before.and_then(|rows| rows.get(&monday)).copied();
        let stated = stated.and_then(|weeks| weeks.get(&monday));
        let found = found.get(&monday);
        let new = Row {
            actual: stated.map(|stated| stated.actual),
            maximum: stated.map(|stated| stated.maximum),
            agreed: stated.and_then(|stated| stated.agreed),
            delta: stated.and_then(|stated| stated.delta),
            demand: found.map(|found| found.demand),
            booked: found.map(|found| found.booked).unwrap_or_default(),
            borrowed: borrowed.get(&(group, monday)).copied().unwrap_or_default(),
            wanted: found.and_then(|found| found.wanted),
            lent: lending.and_then(|weeks| weeks.get(&monday)).copied().unwrap_or_default(),
            uncounted_lines: uncounted.get(&monday).copied().unwrap_or_default(),
            offered_below: below.get(&monday).copied().unwrap_or_default(),
            ..old.unwrap_or_else(|| Row::empty(group, monday))
        };
        (monday, new)
    };
    mondays.into_iter().map(row).collect()
}

/// Bottlenecks of this week and later that were raised, changed or cleared, for who sees rows so.
fn turned(
    before: Option<&BTreeMap<Date, Row>>,
    changed: &[Row],
    from: Date,
    seen: fn(Row) -> Row,
) -> Vec<Turned<Row>> {
    let standing = |row: &Row| Standing { demand: row.demand, capacity: row.capacity() };
    let turn = |row: &Row| {
        let old = before.and_then(|rows| rows.get(&row.monday)).copied();
        let old = seen(old.unwrap_or_else(|| Row::empty(row.group_id, row.monday)));
        matching::turned(standing(&old), standing(row), *row)
    };
    let ahead = changed.iter().filter(|row| row.monday >= from);
    ahead.map(|row| seen(*row)).filter_map(|row| turn(&row)).collect()
}
