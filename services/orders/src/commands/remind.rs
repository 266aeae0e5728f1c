//! The buyer reminds suppliers; the supplier's side says that reminders arrived and orders were looked at.

use std::collections::HashMap;

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, outbox::NewEvent, service::Deps, value};
use proto::orders::{
    AcknowledgeRemindersResponse, MarkOpenedResponse, OrderState, RemindResult, RemindSupplierResponse,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    follow::{may, whole},
    single::{self, Begun, Single},
};
use crate::{
    db::{
        follow::{self, Standing},
        reminder::{self as db, NewReminder},
    },
    error::untimely,
    events,
    reminder::check,
};

/// Reminds the suppliers of these orders, each by itself.
pub(crate) async fn remind(
    command: &Single<'_>,
    ids: &[Uuid],
    message: &str,
) -> Result<RemindSupplierResponse> {
    let mut tx = match single::begin_about::<RemindSupplierResponse>(command, ids).await? {
        Begun::Replay(receipt) => return Ok(RemindSupplierResponse { replayed: true, ..receipt }),
        Begun::New(tx) => tx,
    };
    let (deps, caller, now) = (command.deps, command.caller, command.now());
    let orders = follow::lock(&mut tx, ids).await?;
    let last = db::last(&mut tx, ids).await?;
    let mut refusals: HashMap<Uuid, Error> = HashMap::new();
    let mut fit = Vec::new();
    for order in &orders {
        let accepted = [OrderState::Accepted as i16, OrderState::PartAccepted as i16].contains(&order.state);
        let timely = check(order.unanswered_lines > 0, accepted, last.get(&order.id).copied(), now);
        match may(deps, caller, order, order.buyer).and_then(|()| timely.map_err(|why| untimely(why, now))) {
            Ok(()) => fit.push(order),
            Err(refusal) => {
                refusals.insert(order.id, refusal);
            }
        }
    }
    let unknown = |id: &Uuid| match refusals.get(id) {
        Some(refusal) => refusal.reason == Reason::NOT_FOUND,
        None => !orders.iter().any(|order| order.id == *id),
    };
    if ids.iter().all(unknown) {
        return Err(Error::not_found());
    }
    let sent = send(deps, &mut tx, &fit, Some(caller), message, now).await?;
    let versions: HashMap<Uuid, (Uuid, i64)> =
        fit.iter().zip(&sent).map(|(order, (id, _))| (order.id, (*id, order.version + 1))).collect();
    let results = ids.iter().map(|id| match versions.get(id) {
        Some((reminder, version)) => RemindResult {
            order_id: id.to_string(),
            reminder_id: reminder.to_string(),
            version: *version,
            ..RemindResult::default()
        },
        None => refused(*id, refusals.remove(id).unwrap_or_else(Error::not_found), now),
    });
    let receipt =
        RemindSupplierResponse { results: results.collect(), sent: sent.len() as i32, replayed: false };
    let events = sent.into_iter().map(|(_, event)| vec![event]).collect();
    command.finish_apart(tx, &receipt, events).await?;
    Ok(receipt)
}

fn refused(id: Uuid, refusal: Error, now: OffsetDateTime) -> RemindResult {
    RemindResult {
        order_id: id.to_string(),
        reason: refusal.reason.as_str().into(),
        message_zh: refusal.reason.zh().into(),
        message_en: refusal.to_string(),
        retry_at: refusal.retry_after.map(|after| value::timestamp(now + after)),
        ..RemindResult::default()
    }
}

/// Writes a reminder of each order, which is locked, and takes its version: the ids and events, in order. Without a
/// caller it is the terms that want it.
pub(crate) async fn send(
    deps: &Deps,
    tx: &mut TenantTx,
    orders: &[&Standing],
    caller: Option<&Caller>,
    message: &str,
    now: OffsetDateTime,
) -> Result<Vec<(Uuid, NewEvent)>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    follow::take_version(tx, &ids, now).await?;
    let reminders: Vec<NewReminder> = orders
        .iter()
        .map(|order| NewReminder {
            id: deps.clock.id(),
            order: order.id,
            supplier: order.supplier,
            version: order.version + 1,
        })
        .collect();
    let actor_name = caller.map(|caller| caller.actor_name.as_str()).unwrap_or_default();
    db::insert(tx, &reminders, message, caller.is_none(), actor_name, now).await?;
    let sent = orders.iter().zip(&reminders).map(|(order, reminder)| {
        let reminded = events::follow::Reminded {
            id: reminder.id,
            message,
            automatic: caller.is_none(),
            traceparent: caller.map(|caller| caller.traceparent.as_str()).unwrap_or_default(),
        };
        (reminder.id, events::follow::reminded(deps, now, order, &reminded))
    });
    Ok(sent.collect())
}

/// Reminders that were sent to the caller arrived: all of these, or none is acknowledged.
pub(crate) async fn acknowledge(command: &Single<'_>, ids: &[Uuid]) -> Result<AcknowledgeRemindersResponse> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if db::count_own(&mut tx, ids).await? != ids.len() as i64 {
        return Err(Error::new(Reason::NOT_FOUND));
    }
    let acknowledged = db::deliver(&mut tx, ids, command.now()).await? as i32;
    let receipt = AcknowledgeRemindersResponse { acknowledged };
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Somebody of the supplier looked at an order.
pub(crate) async fn mark_opened(command: &Single<'_>, id: Uuid) -> Result<MarkOpenedResponse> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let order = whole(&mut tx, id).await?;
    // Without the switch of other decisions: no rows of the other side are written that could be refused.
    if order.supplier != command.caller.firm {
        return Err(Error::not_found());
    }
    let opened = db::open(&mut tx, id, &command.caller.actor_name, command.now()).await? as i32;
    let receipt = MarkOpenedResponse { opened };
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
