//! Pins open lines to a released revision by changes of their orders: the orders service is called with the caller's own
//! token, so that it decides what the caller may change and what the supplier has to answer anew.
//!
//! **Invariant:** no transaction is open while orders is called. Each change has an id that follows from the request's, so
//! that a request which was cut short goes on where it was when it is repeated.

use std::collections::BTreeMap;

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, gate, secret, service::Deps};
use prost::Message;
use proto::{
    orders::{
        ChangeOrderRequest, OrderContent, OrderReceipt, ScheduleLine,
        order_change_service_client::OrderChangeServiceClient,
    },
    resources as wire,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    binding::stated,
    commands::{Begun, Command},
    convert::binding as convert,
    db::binding::{self as rows, Line},
    error,
    queries::binding::{Changed, changed},
    revision::State,
};

/// Orders of one request.
const ORDERS: usize = 100;
/// Pins of one order.
const PINS: i64 = 100_000;

/// Changes the orders that the revision reaches.
pub(crate) async fn apply(
    command: &Command<'_>,
    id: Uuid,
    only: &[Uuid],
    request: &wire::ApplyRevisionRequest,
) -> Result<wire::ApplyRevisionResponse> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let found = changed(&mut tx, command.caller, id).await?;
    tx.rollback().await?;
    let state = State::from_name(&found.revision.state).ok_or_else(|| error::unreadable(id))?;
    let effectivity = found.effectivity.filter(|_| state == State::Released);
    let effectivity = effectivity.ok_or_else(|| Error::new(Reason::REVISION_STATE))?;
    let mut orders: Vec<(Uuid, Vec<&Line>)> = Vec::new();
    for line in found.lines.iter().filter(|line| effectivity.reaches(line.first_requested)) {
        if !only.is_empty() && !only.contains(&line.order_id) {
            continue;
        }
        match orders.iter_mut().find(|(order, _)| *order == line.order_id) {
            Some((_, lines)) => lines.push(line),
            None => orders.push((line.order_id, vec![line])),
        }
    }
    let remaining = orders.len().saturating_sub(ORDERS);
    let mut answer = wire::ApplyRevisionResponse {
        remaining: i32::try_from(remaining).unwrap_or(i32::MAX),
        ..wire::ApplyRevisionResponse::default()
    };
    for (order, lines) in orders.into_iter().take(ORDERS) {
        answer.orders.push(one(command, &found, order, &lines, request).await?);
    }
    match command.begin().await? {
        // Another call of the same request was faster, and did the same.
        Begun::Replay(receipt) => Ok(receipt),
        Begun::New(tx) => {
            command.finish(tx, &answer, Vec::new()).await?;
            Ok(answer)
        }
    }
}

/// Changes one order.
async fn one(
    command: &Command<'_>,
    found: &Changed,
    order: Uuid,
    lines: &[&Line],
    request: &wire::ApplyRevisionRequest,
) -> Result<wire::AppliedOrder> {
    let deps = &command.context.deps;
    let mut tx = deps.pool.begin_by_keys(command.caller.firm).await?;
    let content = content(&mut tx, found, order, lines).await?;
    tx.rollback().await?;
    let first = lines.first().ok_or_else(|| error::unreadable(order))?;
    let change = ChangeOrderRequest {
        request_id: request_of(&request.request_id, order),
        order_id: order.to_string(),
        base_revision: first.order_revision,
        content: Some(content),
        note: request.note.clone(),
        ..ChangeOrderRequest::default()
    };
    let mut applied = wire::AppliedOrder {
        order_id: order.to_string(),
        order_number: first.order_number.clone(),
        lines: i32::try_from(lines.len()).unwrap_or(i32::MAX),
        ..wire::AppliedOrder::default()
    };
    match send(deps, command.caller, change).await? {
        Ok(receipt) => {
            applied.pending = !receipt.pending_change_id.is_empty();
            applied.order_revision = if applied.pending { 0 } else { receipt.revision };
        }
        Err(reason) => applied.refused_reason = reason,
    }
    Ok(applied)
}

/// The order as it was last published, with these lines made by the new revision.
async fn content(tx: &mut TenantTx, found: &Changed, order: Uuid, lines: &[&Line]) -> Result<OrderContent> {
    let document = rows::document(tx, order).await?.ok_or_else(Error::not_found)?;
    let mut content = OrderContent::decode(document.content.as_slice()).map_err(Error::internal)?;
    let mut schedule: BTreeMap<String, Vec<ScheduleLine>> = BTreeMap::new();
    for (line, planned) in document.schedule {
        let planned = ScheduleLine::decode(planned.as_slice()).map_err(Error::internal)?;
        schedule.entry(line).or_default().push(planned);
    }
    let mut others: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for seen in rows::seen(tx, Some(order), None, None, PINS).await? {
        if seen.resource_id != found.resource.id {
            let called = seen.resource_number.unwrap_or(seen.resource_name);
            others.entry(seen.line_number).or_default().push((called, seen.label));
        }
    }
    let resource = crate::convert::entitlement::name_of(&found.resource)?;
    let called = found.resource.resource_number.clone().unwrap_or(resource);
    content.lines = Vec::new();
    for line in lines {
        let mut new = convert::line(line)?;
        let mut pins = others.remove(&line.line_number).unwrap_or_default();
        pins.push((called.clone(), found.revision.label.clone()));
        pins.sort();
        let pins: Vec<(&str, &str)> =
            pins.iter().map(|(called, label)| (called.as_str(), label.as_str())).collect();
        new.resource_revision = stated(&pins);
        new.schedule_lines = schedule.remove(&line.line_number).unwrap_or_default();
        content.lines.push(new);
    }
    Ok(content)
}

/// The id of the change of one order: the same for the same request, and no other's.
fn request_of(request_id: &str, order: Uuid) -> String {
    hex::encode(secret::sha256(format!("{request_id} {order}").as_bytes()))
}

/// Sends a change. The inner error is why this order is not changed, whoever asks again.
///
/// # Errors
/// Where asking again may be answered otherwise, or the caller may change no order at all.
async fn send(
    deps: &Deps,
    caller: &Caller,
    change: ChangeOrderRequest,
) -> Result<std::result::Result<OrderReceipt, String>> {
    let mut request = Request::new(change);
    request.metadata_mut().insert("authorization", gate::bearer(&caller.token)?);
    if let Ok(traceparent) = caller.traceparent.parse() {
        request.metadata_mut().insert("traceparent", traceparent);
    }
    let status = match OrderChangeServiceClient::new(deps.api.clone()).change_order(request).await {
        Ok(receipt) => return Ok(Ok(receipt.into_inner())),
        Err(status) => status,
    };
    match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition => Ok(Err(reason(&status))),
        Code::PermissionDenied | Code::Unauthenticated | Code::ResourceExhausted => {
            Err(Error::passed_on(status))
        }
        Code::DeadlineExceeded | Code::Cancelled => Err(Error::new(Reason::DEADLINE_EXCEEDED)),
        _ => {
            let mut error = Error::new(Reason::UNAVAILABLE);
            error.source = Some(anyhow::anyhow!("orders answered {:?}: {}", status.code(), status.message()));
            Err(error)
        }
    }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}
