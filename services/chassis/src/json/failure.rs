//! A status as HTTP says it: the code of google.rpc's own table, and a body that says the same as gRPC's details.
//!
//! ```json
//! {"code":"INVALID_ARGUMENT","reason":"INVALID_FIELDS","message":"…","messageZh":"…",
//!  "fields":[{"field":"content.lines[2].quantity","reason":"RANGE","message":"…"}],
//!  "metadata":{"problems":"12"},"retryAfterMs":1200}
//! ```
//!
//! In a stream that has begun, the same object is the last line, as `{"error":{…}}`.

use std::collections::BTreeMap;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use prost_reflect::MessageDescriptor;
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt as _};

use super::contract::Rpc;
use crate::Reason;

/// The body of a refusal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure {
    code: &'static str,
    reason: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message_zh: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<BadField>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct BadField {
    field: String,
    reason: String,
    message: String,
}

impl Failure {
    /// What a status says; `rpc` knows the fields by their JSON names.
    pub(super) fn of(status: &Status, rpc: Option<&Rpc>) -> Self {
        let mut failure = Self {
            code: name(status.code()),
            reason: String::new(),
            message: status.message().to_string(),
            message_zh: String::new(),
            fields: Vec::new(),
            metadata: BTreeMap::new(),
            retry_after_ms: None,
        };
        for detail in status.get_error_details_vec() {
            match detail {
                ErrorDetail::ErrorInfo(info) => {
                    failure.reason = info.reason;
                    failure.metadata.extend(info.metadata);
                }
                ErrorDetail::BadRequest(bad) => {
                    failure.fields.extend(bad.field_violations.into_iter().map(|violation| BadField {
                        field: rpc.map_or_else(
                            || violation.field.clone(),
                            |rpc| json_path(&rpc.method.input(), &violation.field),
                        ),
                        reason: violation.reason,
                        message: violation.description,
                    }));
                }
                ErrorDetail::RetryInfo(info) => {
                    let wait = info.retry_delay.map(|delay| delay.as_millis());
                    failure.retry_after_ms = wait.and_then(|ms| u64::try_from(ms).ok());
                }
                ErrorDetail::LocalizedMessage(text) if text.locale.starts_with("zh") => {
                    failure.message_zh = text.message;
                }
                _ => {}
            }
        }
        if failure.reason.is_empty() {
            failure.reason = failure.code.to_string();
        }
        failure
    }
}

/// HTTP's status of a refusal for this reason.
pub(super) fn status_of(reason: &str, code: Code) -> StatusCode {
    let is = |known: Reason| reason == known.as_str();
    match code {
        _ if is(Reason::REQUEST_TOO_LARGE) => StatusCode::PAYLOAD_TOO_LARGE,
        _ if is(Reason::MEDIA_TYPE) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ if is(Reason::HTTP_METHOD) => StatusCode::METHOD_NOT_ALLOWED,
        _ if is(Reason::RPC_UNKNOWN) => StatusCode::NOT_FOUND,
        code => http_status(code),
    }
}

/// google.rpc's table, from google/rpc/code.proto.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // The client went away and reads no status; nginx's number for it.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The code's name in the contract of gRPC.
pub(super) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The whole answer of a call that was refused before it answered anything.
pub(super) fn response(status: &Status, rpc: Option<&Rpc>) -> Response {
    let failure = Failure::of(status, rpc);
    let code = status_of(&failure.reason, status.code());
    let mut body = serde_json::to_vec(&failure).unwrap_or_default();
    body.push(b'\n');
    let mut response = super::plain(code, "application/json", body);
    let headers = response.headers_mut();
    if code == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tandem\""));
    }
    if code == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(ms) = failure.retry_after_ms {
        headers.insert(header::RETRY_AFTER, super::retry_after(std::time::Duration::from_millis(ms)));
    }
    response
}

/// The last line of a stream that did not end well.
pub(super) fn line(status: &Status, rpc: &Rpc) -> Vec<u8> {
    #[derive(Serialize)]
    struct Last {
        error: Failure,
    }
    serde_json::to_vec(&Last { error: Failure::of(status, Some(rpc)) }).unwrap_or_default()
}

/// A field path of the contract in the names of JSON; as it stands where it is no path of this message, as those into
/// a document are.
fn json_path(message: &MessageDescriptor, path: &str) -> String {
    let mut at = Some(message.clone());
    let mut steps = Vec::new();
    for step in path.split('.') {
        let (name, index) = step.split_at(step.find('[').unwrap_or(step.len()));
        let field = at.as_ref().and_then(|message| {
            message.get_field_by_name(name).or_else(|| message.get_field_by_json_name(name))
        });
        let Some(field) = field else { return path.to_string() };
        steps.push(format!("{}{index}", field.json_name()));
        at = field.kind().as_message().cloned();
    }
    steps.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Field, json::contract::Contract};

    #[test]
    fn a_refusal_says_the_same_as_grpc_does() {
        let contract = Contract::load().unwrap();
        let rpc = contract.rpc("/tandem.orders.v1.OrderService/PublishOrder").unwrap();
        let error = Error::invalid(vec![
            Field::new("content.lines[2].price.base_quantity", "RANGE", "must be more than 0"),
            Field::new("/Order/cac:OrderLine[1]", "REQUIRED", "is missing"),
        ]);
        let status =
            Status::from(error.with("problems", 2).retry_after(std::time::Duration::from_millis(1200)));
        let failure = serde_json::to_value(Failure::of(&status, Some(rpc))).unwrap();
        assert_eq!(
            (&failure["code"], &failure["reason"]),
            (&"INVALID_ARGUMENT".into(), &"INVALID_FIELDS".into())
        );
        assert_eq!(failure["fields"][0]["field"], "content.lines[2].price.baseQuantity");
        assert_eq!(failure["fields"][1]["field"], "/Order/cac:OrderLine[1]");
        assert_eq!((&failure["metadata"]["problems"], &failure["retryAfterMs"]), (&"2".into(), &1200.into()));
        assert_eq!(failure["messageZh"], Reason::INVALID_FIELDS.zh());
        let response = response(&status, Some(rpc));
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (400, &"2".parse().unwrap())
        );
    }

    #[test]
    fn every_reason_has_a_status_that_tells_clients_what_to_do() {
        for reason in Reason::ALL {
            let status = Status::from(Error::new(*reason));
            let code = response(&status, None).status();
            assert!(code.is_client_error() || code.is_server_error(), "{reason:?}");
            let again = matches!(code.as_u16(), 409 | 429 | 500 | 503 | 504);
            let retryable = matches!(
                reason.code(),
                Code::Aborted
                    | Code::AlreadyExists
                    | Code::ResourceExhausted
                    | Code::Internal
                    | Code::Unavailable
                    | Code::DeadlineExceeded
            );
            assert!(again == retryable || *reason == Reason::REQUEST_TOO_LARGE, "{reason:?}: {code}");
        }
    }
}
