//! Durable subscriptions are set up, acknowledged and taken away: one function a command, idempotency and effect in one
//! transaction.

use chassis::{
    Error, Reason, Result,
    command::{Begun, Single},
    cursor::Cursor,
    feed::{self, start::Start},
};
use proto::stream as wire;

use crate::{
    convert::subscription as convert,
    db,
    durable::{Durable, MAX, may_move},
};

/// Sets up a subscription that begins there.
pub(crate) async fn create(single: &Single<'_>, name: String, start: Start) -> Result<wire::Subscription> {
    let mut tx = match single.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if db::subscription::lock(&mut tx).await? >= MAX {
        return Err(Error::new(Reason::LIMIT_REACHED).with("limit", MAX));
    }
    let head = feed::head(&mut tx).await?;
    let at = feed::place(&mut tx, &head, &start, &single.deps.keys).await?;
    let durable = Durable { name, at, created_at: single.now(), acknowledged_at: None };
    if !db::subscription::insert(&mut tx, &durable).await? {
        return Err(Error::new(Reason::ALREADY_EXISTS));
    }
    let receipt = convert::wire(&durable, head.seq, &single.deps.keys);
    single.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Moves a subscription to what was dealt with.
pub(crate) async fn acknowledge(
    single: &Single<'_>,
    name: &str,
    cursor: Cursor,
    rewind: bool,
) -> Result<wire::Subscription> {
    let mut tx = match single.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let found = db::subscription::get_to_move(&mut tx, single.own(), name).await?;
    let durable = found.ok_or_else(Error::not_found)?;
    let head = feed::head(&mut tx).await?;
    let at = feed::place(&mut tx, &head, &Start::After(cursor), &single.deps.keys).await?;
    if !may_move(durable.at.seq, at.seq, rewind) {
        let stands = durable.at.encode(&single.deps.keys);
        return Err(Error::new(Reason::SUBSCRIPTION_AHEAD).with("cursor", stands));
    }
    let now = single.now();
    let durable = Durable { at, acknowledged_at: Some(now), ..durable };
    db::subscription::move_to(&mut tx, name, &at, now).await?;
    let receipt = convert::wire(&durable, head.seq, &single.deps.keys);
    single.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Takes a subscription away.
pub(crate) async fn delete(single: &Single<'_>, name: &str) -> Result<wire::DeleteSubscriptionResponse> {
    let mut tx = match single.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if !db::subscription::delete(&mut tx, name, single.now()).await? {
        return Err(Error::not_found());
    }
    let receipt = wire::DeleteSubscriptionResponse {};
    single.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
