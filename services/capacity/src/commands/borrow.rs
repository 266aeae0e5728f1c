//! Hours of others become capacity of an own group 借入, and are none of it any more once they are given back.
//!
//! They count while they are reserved, whether or not an order contracts them. Locks, in this order: the matching, the
//! reservation, what is borrowed, the weeks; whoever gives a reservation back has the second and marks the third.

use chassis::{Error, Reason, Result, db::TenantTx, outbox, unit::converted};
use proto::capacity as wire;
use uuid::Uuid;

use super::{
    Begun, Context, Now, Single,
    matching::{self, Cause},
    scope::begin,
};
use crate::{
    convert::reservation::reservation_out,
    db::{
        borrowed as db, group, reservation,
        scope::{About, reservation_sites},
        settle::{self, Want},
    },
    error,
    events::booking,
};

/// A reservation of the caller's strengthens a group of its own, or none any more; what is only held is confirmed with it.
pub(crate) async fn borrow(command: &Single<'_>, id: Uuid, group: Option<Uuid>) -> Result<wire::Reservation> {
    let about: Vec<About> = [About::Reservation(id)].into_iter().chain(group.map(About::Group)).collect();
    let mut tx = match begin(command, &about).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    matching::lock(&mut tx).await?;
    let before = reservation::get(&mut tx, id).await?.filter(|head| head.holder == me);
    let before = before.ok_or_else(Error::not_found)?;
    if let Some(group) = group {
        check(&mut tx, id, group).await?;
        stay(&mut tx, id).await?;
    }
    let mut touched: Vec<Uuid> = db::groups_of(&mut tx, &[id]).await?.into_values().chain(group).collect();
    touched.sort_unstable();
    touched.dedup();
    if !touched.is_empty() {
        db::lend_to(&mut tx, before.supplier, id, group).await?;
    }
    let now = Now { deps: command.deps, at: command.now(), traceparent: &command.caller.traceparent };
    let mut events = matching::rematch(now, &mut tx, Cause::Demand(&touched)).await?;
    let head = reservation::get(&mut tx, id).await?.ok_or_else(|| error::missing(id))?;
    let parts = reservation::parts(&mut tx, &[id]).await?;
    let places = reservation::places(&mut tx, &[id]).await?;
    let shared = reservation_out(&head, &parts, &places);
    if head.version != before.version {
        // Whoever lends does not learn what for.
        let sites = reservation_sites(&mut tx, &[id]).await?.remove(&id).unwrap_or_default();
        events.push(booking::reservation(now, &head, shared.clone(), &sites));
    }
    let borrowing_group_id = group.map(|id| id.to_string()).unwrap_or_default();
    let answer = wire::Reservation { borrowing_group_id, ..shared };
    command.finish(tx, &answer, events).await?;
    Ok(answer)
}

/// The group is the caller's, and can say what is reserved in its own unit.
async fn check(tx: &mut TenantTx, id: Uuid, group: Uuid) -> Result<()> {
    let me = tx.firm();
    let own = group::get(tx, Some(me), group).await?.ok_or_else(Error::not_found)?;
    let unit = own.unit_code.unwrap_or_default();
    let lent_in =
        reservation::places(tx, &[id]).await?.pop().map(|place| place.unit_code).unwrap_or_default();
    let parts = reservation::parts(tx, &[id]).await?;
    if parts.iter().any(|part| converted(part.quantity, &lent_in, &unit).is_none()) {
        let message = "is measured in a unit that does not say exactly what is reserved";
        return Err(Error::field("group_id", "UNIT_DIFFERS", message));
    }
    Ok(())
}

/// Confirms what is held; refused where it ended.
async fn stay(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let settled = settle::settle_many(tx, &[(id, Want::Confirmed)]).await?.pop().flatten();
    match settled.ok_or_else(Error::not_found)?.outcome.as_str() {
        "done" | "confirmed" | "consumed" => Ok(()),
        state => Err(Error::new(Reason::RESERVATION_ENDED).with("state", state)),
    }
}

/// Takes from a firm's groups what was given back since; whether there was any.
pub(crate) async fn give_back(context: &Context, borrower: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin_by_keys(borrower).await?;
    matching::lock(&mut tx).await?;
    let (ended, mut groups): (Vec<Uuid>, Vec<Uuid>) = db::due(&mut tx).await?.into_iter().unzip();
    groups.sort_unstable();
    groups.dedup();
    let now = Now::unasked(&context.deps);
    let events = matching::rematch(now, &mut tx, Cause::Demand(&groups)).await?;
    // After the weeks: nobody who gives back waits for them.
    db::done(&mut tx, &ended).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(!ended.is_empty())
}
