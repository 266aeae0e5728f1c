//! Writes what customers see of the groups that name them, as the supplier's policy has it.

use chassis::{Result, db::TenantTx, outbox::NewEvent};

use super::Now;
use crate::{
    convert::disclosed,
    db::{
        disclosed::{self as db, Shown},
        disclosure,
        group::{self, Head},
        volatility,
        week::{self, Row},
    },
    disclosure::{Level, told},
    error, events,
    matching::Turned,
};

/// Writes what its customer sees of a group; the event that tells it, where it sees anything.
pub(crate) async fn group(now: Now<'_>, tx: &mut TenantTx, head: &Head) -> Result<Option<NewEvent>> {
    let Some(customer) = head.customer else { return Ok(None) };
    let level = disclosure::level(tx, customer).await?;
    let content = match level {
        Level::Hidden => None,
        _ => {
            let kept = group::version(tx, head, head.version).await?;
            let (content, ..) = kept.ok_or_else(|| error::missing(head.id))?;
            let rows = week::rows(tx, &[head.id]).await?;
            let watched = volatility::watched(tx, &[head.id]).await?.remove(&head.id);
            let alerts = watched.map(|watched| watched.alerts).unwrap_or_default();
            let rows: Vec<Row> = rows.into_iter().map(Row::for_customers).collect();
            Some(disclosed::group(head, level, content, &rows, &alerts))
        }
    };
    let locations = group::customer_locations(tx, head.id).await?;
    let shown = Shown { customer, group_id: head.id, version: head.version, content, locations };
    db::save(tx, &shown, now.at).await?;
    let Shown { content, locations, .. } = shown;
    Ok(content.map(|content| events::group_disclosed(now, head, (customer, &locations), content)))
}

/// What its customer learns of bottlenecks of a group that turned as customers see its weeks.
pub(crate) async fn bottlenecks(
    now: Now<'_>,
    tx: &mut TenantTx,
    head: &Head,
    turned: &[Turned<Row>],
) -> Result<Vec<NewEvent>> {
    let Some(customer) = head.customer.filter(|_| !turned.is_empty()) else { return Ok(Vec::new()) };
    let level = disclosure::level(tx, customer).await?;
    if level == Level::Hidden {
        return Ok(Vec::new());
    }
    let told = |one: &Turned<Row>| {
        let turn = told(level, one.turn, one.before, one.after)?;
        Some(Turned { turn, ..*one })
    };
    let told: Vec<Turned<Row>> = turned.iter().filter_map(told).collect();
    let locations = group::customer_locations(tx, head.id).await?;
    Ok(events::bottlenecks(now, head, &told, Some((customer, level, locations.as_slice()))))
}
