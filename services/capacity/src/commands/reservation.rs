//! Ends what nobody confirmed in time, and gives back what orders consumed and use no more. What is sold is moved by
//! functions of the database alone, under the buckets' rows.

use chassis::{
    Result, background,
    db::TenantTx,
    outbox::{self, NewEvent},
};
use proto::capacity as wire;
use uuid::Uuid;

use super::{
    Now,
    matching::{self, Cause},
};
use crate::{
    convert::reservation::reservation_out,
    db::{
        reservation::{self as db, Head, Outcome},
        scope::reservation_sites,
    },
    error,
    events::booking,
    week::this_week,
};

/// Holds that are ended in one go.
const SLICE: i32 = 200;

/// Ends holds whose time is over, and tells of what orders consumed. `buckets`: holds of these alone, and all of them.
pub(crate) async fn end_due(now: Now<'_>, buckets: Option<&[Uuid]>) -> Result<()> {
    loop {
        let mut outside = now.deps.pool.begin_outside().await?;
        let due = db::due(&mut outside, buckets, SLICE).await?;
        outside.commit().await?;
        let more = due.len() == SLICE as usize;
        for (supplier, id) in due {
            match end_one(now, supplier, id).await {
                Ok(()) => {}
                // Whoever waits for these must not be told that nothing is left.
                Err(error) if buckets.is_some() => return Err(error),
                // One firm's trouble is not its neighbour's.
                Err(error) => {
                    background::failed("ending a hold");
                    tracing::warn!(firm.id = %supplier, error = %error, source = ?error.source, "ending a hold failed");
                }
            }
        }
        if !more || buckets.is_none() {
            return Ok(());
        }
    }
}

async fn end_one(now: Now<'_>, supplier: Uuid, id: Uuid) -> Result<()> {
    let mut tx = now.deps.pool.begin_by_keys(supplier).await?;
    let consumed = db::get(&mut tx, id).await?.is_some_and(|head| head.state == "consumed");
    // What is consumed is not locked before the matching is.
    let turned = if consumed {
        announce(now, &mut tx, id).await?
    } else {
        let ended = db::end(&mut tx, supplier, id, "expired").await? == Outcome::Done;
        ended.then(Vec::new)
    };
    let done = turned.is_some();
    if let Some(turned) = turned {
        let told = vec![became(now, &mut tx, id).await?];
        outbox::append(&mut tx, vec![told, turned]).await?;
    }
    tx.commit().await?;
    if done && !consumed {
        metrics::counter!("tandem_holds_expired_total").increment(1);
    }
    if done {
        now.deps.wake.wake();
    }
    Ok(())
}

/// Where an order consumed the reservation and nobody was told of it: the group is matched anew, since a line that was
/// accepted before takes no hours now beside those that it reserved. What turned with it.
async fn announce(now: Now<'_>, tx: &mut TenantTx, id: Uuid) -> Result<Option<Vec<NewEvent>>> {
    matching::lock(tx).await?;
    let Some(group) = db::announced(tx, id).await? else { return Ok(None) };
    Ok(Some(matching::rematch(now, tx, Cause::Demand(&[group])).await?))
}

/// Gives back what lines consumed and take nothing of any more, each with whether the line was delivered, and tells both
/// sides. Where it was, hours of weeks that have begun are used and stay taken. Every week that the transaction moves is
/// locked before, since buckets are last; and so is the matching, which the caller does after it.
pub(crate) async fn give_back(
    now: Now<'_>,
    tx: &mut TenantTx,
    left_over: Vec<(Uuid, bool)>,
) -> Result<Vec<NewEvent>> {
    let (ids, delivered): (Vec<Uuid>, Vec<bool>) = left_over.into_iter().unzip();
    let mut events = Vec::new();
    for id in &ids {
        // Nobody hears that something came back of which nobody heard that it was used.
        if db::announced(tx, *id).await?.is_some() {
            events.push(became(now, tx, *id).await?);
        }
    }
    for id in db::give_back(tx, &ids, &delivered, this_week(now.at)).await? {
        events.push(became(now, tx, id).await?);
    }
    Ok(events)
}

/// What both sides are told of a reservation as it stands.
async fn became(now: Now<'_>, tx: &mut TenantTx, id: Uuid) -> Result<NewEvent> {
    let (head, reservation) = read(tx, id).await?;
    let sites = reservation_sites(tx, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(booking::reservation(now, &head, reservation, &sites))
}

async fn read(tx: &mut TenantTx, id: Uuid) -> Result<(Head, wire::Reservation)> {
    let head = db::get(tx, id).await?.ok_or_else(|| error::missing(id))?;
    let parts = db::parts(tx, &[id]).await?;
    let places = db::places(tx, &[id]).await?;
    let reservation = reservation_out(&head, &parts, &places);
    Ok((head, reservation))
}
