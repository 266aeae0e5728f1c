//! What the caller can promise, as supplier.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Error, Result, caller::Caller, db::TenantTx, service::Deps, unit::scale};
use proto::capacity::PromisePreview;
use uuid::Uuid;

use crate::{
    convert::promise::{self as convert, Asked},
    db::{
        group, partner, pending, reserved,
        scope::groups,
        series::{self, Key},
        week,
    },
    group::{LinkKey, Stated},
    load::taker,
    matching::{Node, Series, plus},
    promise::{self, Linked, Question, Shop},
    scope::sites,
    week::this_week,
};

/// The earliest split, and what it would turn. NOT_FOUND for a customer that is none of the caller's.
pub(crate) async fn preview(deps: &Deps, caller: &Caller, asked: &Asked) -> Result<PromisePreview> {
    let this_week = this_week(deps.clock.now());
    let question = Question::new(asked.quantity, asked.earliest, asked.requested, this_week);
    let mut tx = deps.pool.begin(caller.firm).await?;
    if partner::customer(&mut tx, asked.series.customer).await?.is_none() {
        return Err(Error::not_found());
    }
    let sites = sites(deps, caller);
    let (shop, unit_code) = shop(&mut tx, sites, asked).await?;
    let seen = groups(&mut tx, sites, shop.groups.keys().copied().collect()).await?;
    tx.commit().await?;
    let mut promise = promise::promise(&shop, &question);
    let mut turned = promise::turned(&shop, &promise.split());
    let mut as_requested = promise::turned(&shop, &[(question.as_requested(), question.quantity)].into());
    // What other sites' groups bound below own ones counts, and is not named.
    promise.weeks.iter_mut().for_each(|week| week.tightest = week.tightest.filter(|id| seen.contains(id)));
    turned.retain(|turn| seen.contains(&turn.group));
    as_requested.retain(|turn| seen.contains(&turn.group));
    Ok(convert::preview(unit_code, &question, &promise, &turned, &as_requested))
}

/// Of each group the series that is asked about: the one of that name, or, where no location is named, the one that an order
/// without any consumes.
fn takers(series: &BTreeMap<(Uuid, Key), Series>, asked: &LinkKey) -> BTreeMap<Uuid, Key> {
    let category = asked.category.code();
    let mut linked: BTreeMap<Uuid, Vec<&Key>> = BTreeMap::new();
    for (group, key) in series.keys() {
        if (key.0, &key.1) == (asked.customer, &asked.material_number_customer) {
            linked.entry(*group).or_default().push(key);
        }
    }
    let taker = |(group, keys): (Uuid, Vec<&Key>)| {
        let found = match asked.customer_location.as_str() {
            "" => {
                let named = keys.iter().map(|key| (key.3.as_str(), key.2.as_str()));
                let (category, place) = taker(named, "")?;
                keys.into_iter().find(|key| (key.3.as_str(), key.2.as_str()) == (category, place))
            }
            place => keys.into_iter().find(|key| (key.3.as_str(), key.2.as_str()) == (category, place)),
        };
        Some((group, found?.clone()))
    };
    linked.into_iter().filter_map(taker).collect()
}

/// A series that is asked about, in the unit that is asked in.
fn link(place: usize, series: &Series, asked: &str) -> Result<Linked> {
    let counting = match series.unit_code.as_str() {
        "" => series.units.counting(asked),
        known => known,
    };
    if asked.is_empty() || counting.is_empty() {
        return Ok(Linked::at(place));
    }
    let ((base, one), (other_base, other)) = (scale(asked), scale(counting));
    if base != other_base {
        return Err(convert::inconvertible(asked, counting));
    }
    Ok(Linked { place, takes: one, of: other })
}

/// The groups of these sites that a series concerns, and all that is below them; and the unit that the question is counted
/// in. Nothing is locked: whoever promises next is not kept waiting by one who asks, and the answer holds nothing.
async fn shop(tx: &mut TenantTx, sites: &[String], question: &Asked) -> Result<(Shop, String)> {
    let asked = &question.series;
    let material = asked.material_number_customer.clone();
    let linking = week::linking(tx, &[asked.customer], std::slice::from_ref(&material)).await?;
    let linking = groups(tx, sites, linking).await?;
    let parents = week::with_parents(tx, &linking).await?;
    let concerned = groups(tx, sites, parents).await?;
    let links = week::links_below(tx, &concerned).await?;
    let all: BTreeSet<Uuid> = concerned.into_iter().chain(links.iter().map(|(_, child)| *child)).collect();
    let all: Vec<Uuid> = all.into_iter().collect();
    let mut shop = Shop::default();
    for head in group::heads(tx, &all).await? {
        shop.groups.insert(head.id, Node { inactive: head.inactive, ..Node::default() });
    }
    for (parent, child) in links {
        if let Some(node) = shop.groups.get_mut(&parent) {
            node.children.insert(child);
        }
    }
    let mut series = series::linked(tx, &all).await?;
    reserved::furnish(tx, &mut shop.groups, &mut series).await?;
    let takers = takers(&series, asked);
    let known = takers.iter().filter_map(|(group, key)| series.get(&(*group, key.clone())));
    let known = known.map(|one| &one.unit_code).find(|code| !code.is_empty());
    let unit_code = match question.unit_code.as_str() {
        "" => known.cloned().unwrap_or_default(),
        asked => asked.to_owned(),
    };
    for ((id, one), series) in series {
        let Some(node) = shop.groups.get_mut(&id) else { continue };
        if takers.get(&id) == Some(&one) {
            shop.asked.insert(id, link(node.series.len(), &series, &unit_code)?);
        }
        node.series.push(series);
    }
    // Before the weeks: what is booked meanwhile counts twice in this answer, and would else count in none. Of a line that was
    // changed, what the feed tells of meanwhile may count too little in it.
    let pending = pending::by_week(tx, &all).await?;
    for row in week::rows(tx, &all).await? {
        let Some((actual, maximum)) = row.capacity() else { continue };
        if let Some(node) = shop.groups.get_mut(&row.group_id) {
            let stated = Stated { actual, maximum, agreed: row.agreed, delta: row.delta };
            node.weeks.insert(row.monday, stated);
        }
        let week = (row.group_id, row.monday);
        let accepted = plus(row.booked, pending.get(&week).copied().unwrap_or_default());
        shop.taken.insert(week, plus(accepted, plus(row.offered, row.offered_below)));
    }
    Ok((shop, unit_code))
}
