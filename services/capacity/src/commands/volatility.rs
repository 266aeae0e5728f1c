//! Holds the demand of a group against its last measurement in the transaction that moved it, and measures it when it is
//! time. Whoever comes here holds the lock of matching, and has what was found before at hand: a measurement that is due is
//! of that, since nothing was written in between.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx, outbox::NewEvent};
use proto::capacity::DemandAlert;
use time::Date;
use uuid::Uuid;

use super::Now;
use crate::{
    convert::{self, disclosed},
    db::{
        disclosure,
        group::{Head, customer_locations},
        volatility::{self as db, Watched},
        week::Row,
    },
    demand::Weeks,
    events,
    group::Group,
    volatility::{alerts, turned},
    week::this_week,
};

/// What customers want of a group by week, as it stood and as it stands.
pub(crate) struct Moved {
    before: Weeks,
    latest: Weeks,
}

impl Moved {
    /// Of what matching found.
    pub(crate) fn of(before: Option<&BTreeMap<Date, Row>>, latest: &BTreeMap<Date, Row>) -> Self {
        let weeks = |rows: &BTreeMap<Date, Row>| -> Weeks {
            rows.values().filter_map(|row| Some((row.monday, row.wanted?))).collect()
        };
        Self { before: before.map(weeks).unwrap_or_default(), latest: weeks(latest) }
    }
}

/// Keeps what a group states of when its demand is measured.
pub(crate) async fn watch(tx: &mut TenantTx, head: &Head, group: &Group) -> Result<()> {
    match &group.volatility {
        Some(stated) => {
            db::watch(tx, head.id, &convert::group::volatility_out(stated), stated.start_at).await
        }
        None if head.version > 1 => db::forget(tx, head.id).await,
        None => Ok(()),
    }
}

/// Measures a group where it is time, and compares; the events of what turned, `None` where all alerts stand.
pub(crate) async fn look(
    now: Now<'_>,
    tx: &mut TenantTx,
    head: &Head,
    watched: Watched,
    moved: Moved,
) -> Result<Option<Vec<NewEvent>>> {
    let Watched { group_id, parameters, mut measured_at, mut measured, alerts: before } = watched;
    let volatility = parameters.as_ref().map(convert::group::kept_volatility).transpose()?;
    let due = volatility.as_ref().and_then(|volatility| volatility.measured(now.at));
    if let (Some(volatility), Some(at)) = (&volatility, due)
        && due > measured_at
    {
        measured = moved.before.range(this_week(at)..).map(|(monday, demand)| (*monday, *demand)).collect();
        measured_at = due;
        db::measure(tx, group_id, at, volatility.next(now.at), &measured).await?;
    }
    let from = this_week(now.at);
    let after: Vec<DemandAlert> = match (&volatility, measured_at) {
        (Some(volatility), Some(at)) => {
            let found = alerts(this_week(at), volatility, &measured, &moved.latest).into_iter();
            let ahead = found.filter(|alert| alert.monday >= from);
            ahead.map(|alert| convert::volatility::alert(at, &alert)).collect()
        }
        _ => Vec::new(),
    };
    if before == after {
        return Ok(None);
    }
    db::tell(tx, group_id, &after).await?;
    let (before, after) = (convert::volatility::by_week(before), convert::volatility::by_week(after));
    let mut told =
        events::alert::turned(now, head, &turned(&before, &after, from), (head.supplier, &head.locations));
    if let Some(customer) = head.customer {
        told.extend(tell(now, tx, (head, customer), &before, &after).await?);
    }
    Ok(Some(told))
}

/// What its customer hears: what turned of that which it may see.
async fn tell(
    now: Now<'_>,
    tx: &mut TenantTx,
    (head, customer): (&Head, Uuid),
    before: &BTreeMap<Date, DemandAlert>,
    after: &BTreeMap<Date, DemandAlert>,
) -> Result<Vec<NewEvent>> {
    let level = disclosure::level(tx, customer).await?;
    let shown = |alerts: &BTreeMap<Date, DemandAlert>| -> BTreeMap<Date, DemandAlert> {
        let shown = alerts.iter().map(|(monday, alert)| Some((*monday, disclosed::alert(level, alert)?)));
        shown.flatten().collect()
    };
    let turned = turned(&shown(before), &shown(after), this_week(now.at));
    if turned.is_empty() {
        return Ok(Vec::new());
    }
    let locations = customer_locations(tx, head.id).await?;
    Ok(events::alert::turned(now, head, &turned, (customer, &locations)))
}
