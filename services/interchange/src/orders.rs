//! Calls to the orders service with the caller's own token, so that it decides what the caller may do.

use chassis::{Error, Field, Reason, Result, caller::Caller, gate, service::Deps};
use proto::orders::{
    ChangeOrderRequest, GetOrderRequest, ListOrdersRequest, ListScheduleLinesRequest, Order, OrderReceipt,
    PublishOrderRequest, RespondToOrderRequest, ScheduleLineRow,
    order_change_service_client::OrderChangeServiceClient, order_service_client::OrderServiceClient,
};
use tonic::{Code, Request, Response, Status, transport::Channel};
use tonic_types::StatusExt;

use crate::paths;

/// An order of 10,000 lines with its answers fits.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Publishes an order. A refusal names the places in the document that the refused fields came from.
pub(crate) async fn publish(
    deps: &Deps,
    caller: &Caller,
    order: PublishOrderRequest,
) -> Result<OrderReceipt> {
    let mut receipt = client(deps)
        .publish_order(of_caller(caller, order)?)
        .await
        .map_err(|status| refusal(status, paths::in_document))?
        .into_inner();
    for warning in &mut receipt.warnings {
        warning.field = paths::in_document(&warning.field);
    }
    Ok(receipt)
}

/// An order that the caller may see.
pub(crate) async fn get(deps: &Deps, caller: &Caller, order_id: String) -> Result<Order> {
    let request = of_caller(caller, GetOrderRequest { order_id })?;
    let answer = client(deps).get_order(request).await.map_err(|status| refusal(status, str::to_string))?;
    Ok(answer.into_inner())
}

/// The same; none where the caller does not see it.
pub(crate) async fn find(deps: &Deps, caller: &Caller, order_id: String) -> Result<Option<Order>> {
    match client(deps).get_order(of_caller(caller, GetOrderRequest { order_id })?).await {
        Ok(order) => Ok(Some(order.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(refusal(status, str::to_string)),
    }
}

/// Ids of orders that the caller may see, all pages together; `None` where there are more than `most`. A refusal names
/// the fields below `orders`.
pub(crate) async fn ids(
    deps: &Deps,
    caller: &Caller,
    mut request: ListOrdersRequest,
    most: usize,
) -> Result<Option<Vec<String>>> {
    request.page_size = 1_000;
    let mut ids = Vec::new();
    loop {
        let page = client(deps).list_orders(of_caller(caller, request.clone())?).await;
        let page = page.map_err(|status| refusal(status, |path| format!("orders.{path}")))?.into_inner();
        ids.extend(page.orders.into_iter().map(|order| order.id));
        if ids.len() > most {
            return Ok(None);
        }
        if page.next_page_token.is_empty() {
            return Ok(Some(ids));
        }
        request.page_token = page.next_page_token;
    }
}

/// Schedule lines that the caller may see, all pages together; `None` where there are more than `most`.
pub(crate) async fn schedule_lines(
    deps: &Deps,
    caller: &Caller,
    mut request: ListScheduleLinesRequest,
    most: usize,
) -> Result<Option<Vec<ScheduleLineRow>>> {
    request.page_size = 1_000;
    let mut rows = Vec::new();
    loop {
        let page = client(deps).list_schedule_lines(of_caller(caller, request.clone())?).await;
        let page = page.map_err(|status| refusal(status, str::to_string))?.into_inner();
        rows.extend(page.rows);
        if rows.len() > most {
            return Ok(None);
        }
        if page.next_page_token.is_empty() {
            return Ok(Some(rows));
        }
        request.page_token = page.next_page_token;
    }
}

/// What an answer came to.
pub(crate) enum Answered {
    Receipt(Box<OrderReceipt>),
    /// Asking again would be answered the same.
    Refused(Refusal),
}

/// Why orders did not take an answer.
pub(crate) struct Refusal {
    pub reason: String,
    pub zh: String,
    pub en: String,
    /// Path, reason and description of every bad field.
    pub fields: Vec<(String, String, String)>,
}

/// Answers an order.
///
/// # Errors
/// Where asking again may be answered otherwise, or the caller may not answer at all.
pub(crate) async fn respond(
    deps: &Deps,
    caller: &Caller,
    request: RespondToOrderRequest,
) -> Result<Answered> {
    answered(client(deps).respond_to_order(of_caller(caller, request)?).await)
}

/// Changes an order.
///
/// # Errors
/// As [`respond`].
pub(crate) async fn change(deps: &Deps, caller: &Caller, request: ChangeOrderRequest) -> Result<Answered> {
    let mut client = OrderChangeServiceClient::new(deps.api.clone());
    answered(client.change_order(of_caller(caller, request)?).await)
}

fn answered(answer: Result<Response<OrderReceipt>, Status>) -> Result<Answered> {
    let status = match answer {
        Ok(receipt) => return Ok(Answered::Receipt(Box::new(receipt.into_inner()))),
        Err(status) => status,
    };
    let final_codes = [Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::AlreadyExists];
    let details = status.get_error_details();
    let info = details.error_info().filter(|_| final_codes.contains(&status.code()));
    let Some(info) = info else { return Err(refusal(status, str::to_string)) };
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let fields = violations.iter().map(|v| (v.field.clone(), v.reason.clone(), v.description.clone()));
    let known = Reason::ALL.iter().find(|reason| reason.as_str() == info.reason);
    Ok(Answered::Refused(Refusal {
        reason: info.reason.clone(),
        zh: known.map_or_else(|| status.message().to_string(), |reason| reason.zh().to_string()),
        en: status.message().to_string(),
        fields: fields.collect(),
    }))
}

fn client(deps: &Deps) -> OrderServiceClient<Channel> {
    OrderServiceClient::new(deps.api.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
}

fn of_caller<T>(caller: &Caller, message: T) -> Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", gate::bearer(&caller.token)?);
    if let Ok(traceparent) = caller.traceparent.parse() {
        request.metadata_mut().insert("traceparent", traceparent);
    }
    Ok(request)
}

/// What orders refused passes through; what never reached it is unavailable.
fn refusal(status: Status, place: impl Fn(&str) -> String) -> Error {
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) {
            return Error::new(Reason::DEADLINE_EXCEEDED);
        }
        let mut error = Error::new(Reason::UNAVAILABLE);
        error.source = Some(anyhow::anyhow!("orders answered {:?}: {}", status.code(), status.message()));
        return error;
    };
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    if info.reason != Reason::INVALID_FIELDS.as_str() || violations.is_empty() {
        return Error::passed_on(status);
    }
    let field = |violation: &tonic_types::FieldViolation| {
        Field::new(place(&violation.field), known(&violation.reason), violation.description.clone())
    };
    Error::invalid(violations.iter().map(field).collect())
}

/// The reasons of fields that orders gives.
fn known(reason: &str) -> &'static str {
    const KNOWN: [&str; 14] = [
        "REQUIRED", "FORMAT", "CURRENCY", "UNKNOWN", "ID", "COUNT", "REPEATED", "RANGE", "DECIMAL", "DATE",
        "ORDER", "TOO_LONG", "TOO_MANY", "SUM",
    ];
    KNOWN.into_iter().find(|known| *known == reason).unwrap_or("INVALID")
}
