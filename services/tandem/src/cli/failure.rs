//! What went wrong, as a person and as a program want to read it: the message, every bad field on its own line, what
//! to do, the reason code, and the exit code. **Invariant:** exit codes are decided here and nowhere else.

use std::{
    fmt::Write as _,
    ops::{Deref, DerefMut},
};

use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt};

/// How the process ends; the numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something failed here: a file that cannot be read, a fault of the server.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The server understood and refused.
    Refused = 3,
    /// Nobody answers at the address.
    Unreachable = 4,
    /// The key is missing, unknown, or may not do this.
    NotAllowed = 5,
}

/// A failure; boxed, since results that carry it are passed around where nothing fails.
#[derive(Clone, Debug)]
pub struct Failure(Box<Details>);

/// Everything that is known of a failure.
#[derive(Clone, Debug)]
pub struct Details {
    /// How the process should end.
    pub exit: Exit,
    /// The gRPC code, or `LOCAL` for what never reached a server.
    pub code: String,
    /// The reason code of the server, empty where it gave none.
    pub reason: String,
    /// One sentence, in the language asked for where the server has it.
    pub message: String,
    /// Every field that was refused.
    pub fields: Vec<FieldFault>,
    /// What the server said beside the reason, such as the revision that stands.
    pub metadata: Vec<(String, String)>,
    /// How long the server asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What to do about it, empty where nothing better is known than the message.
    pub advice: String,
}

/// One refused field of a request.
#[derive(Clone, Debug)]
pub struct FieldFault {
    /// Path as in the request, or in the document.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
    /// Reason code of the field.
    pub reason: String,
}

impl Failure {
    /// A failure on this side of the wire.
    pub fn local(exit: Exit, message: impl Into<String>) -> Failure {
        Failure(Box::new(Details {
            exit,
            code: "LOCAL".to_owned(),
            reason: String::new(),
            message: message.into(),
            fields: Vec::new(),
            metadata: Vec::new(),
            retry_after_ms: None,
            advice: String::new(),
        }))
    }

    /// The same with what to do about it.
    pub fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.advice = advice.into();
        self
    }

    /// Nobody answers at `api`.
    pub fn unreachable(api: &str, cause: &str) -> Failure {
        let message = format!("cannot reach {api}: {cause}");
        let mut failure = Failure::local(Exit::Unreachable, message);
        failure.code = "UNAVAILABLE".to_owned();
        failure.advise("check --api, and that the server runs (`tandem dev` starts one on this machine)")
    }

    /// What the server answered. `locale` is `zh` or `en`.
    pub fn from_status(status: &Status, locale: &str) -> Failure {
        let mut failure = Failure::local(exit_for(status), status.message());
        failure.code = code_name(status.code()).to_owned();
        for detail in status.get_error_details_vec() {
            match detail {
                ErrorDetail::ErrorInfo(info) => {
                    failure.reason = info.reason;
                    failure.metadata = info.metadata.into_iter().collect();
                    failure.metadata.sort();
                }
                ErrorDetail::BadRequest(bad) => {
                    failure.fields.extend(bad.field_violations.into_iter().map(|violation| {
                        FieldFault {
                            description: violation
                                .localized_message
                                .filter(|text| text.locale.starts_with(locale))
                                .map_or(violation.description, |text| text.message),
                            field: violation.field,
                            reason: violation.reason,
                        }
                    }));
                }
                ErrorDetail::LocalizedMessage(text) if text.locale.starts_with(locale) => {
                    failure.message = text.message;
                }
                ErrorDetail::RetryInfo(info) => {
                    failure.retry_after_ms =
                        info.retry_delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
                }
                _ => {}
            }
        }
        if failure.message.is_empty() {
            failure.message = status.code().description().to_owned();
        }
        failure.advice = advice(status.code(), &failure.reason, failure.retry_after_ms);
        failure
    }

    /// Several lines for a terminal, the last without a newline.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        for fault in &self.fields {
            let field = if fault.field.is_empty() { "(request)" } else { &fault.field };
            let _ = write!(text, "\n  {field}: {}", fault.description);
            if !fault.reason.is_empty() {
                let _ = write!(text, " [{}]", fault.reason);
            }
        }
        for (key, value) in &self.metadata {
            let _ = write!(text, "\n  {key} = {value}");
        }
        if !self.advice.is_empty() {
            let _ = write!(text, "\n  what to do: {}", self.advice);
        }
        if !self.reason.is_empty() {
            let _ = write!(text, "\n  reason: {} ({})", self.reason, self.code);
        } else if self.code != "LOCAL" {
            let _ = write!(text, "\n  code: {}", self.code);
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|f| json!({ "field": f.field, "description": f.description, "reason": f.reason }))
            .collect();
        let metadata: serde_json::Map<String, Value> =
            self.metadata.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        json!({
            "code": self.code,
            "reason": self.reason,
            "message": self.message,
            "fields": fields,
            "metadata": metadata,
            "retry_after_ms": self.retry_after_ms,
            "advice": self.advice,
            "exit_code": self.exit as u8,
        })
    }
}

impl Deref for Failure {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::local(Exit::Failed, error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        let around = error.chain().take_while(|cause| !cause.is::<Failure>()).map(ToString::to_string);
        let around: Vec<String> = around.collect();
        match error.downcast::<Failure>() {
            Ok(mut failure) => {
                failure.message = [around, vec![failure.message.clone()]].concat().join(": ");
                failure
            }
            Err(_) => Failure::local(Exit::Failed, around.join(": ")),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for Failure {}

fn exit_for(status: &Status) -> Exit {
    match status.code() {
        Code::Ok => Exit::Ok,
        Code::Unauthenticated | Code::PermissionDenied => Exit::NotAllowed,
        Code::Unavailable | Code::DeadlineExceeded => Exit::Unreachable,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::ResourceExhausted => Exit::Refused,
        // A connection that breaks in the middle of a call has no code of the server's.
        Code::Unknown if std::error::Error::source(status).is_some() => Exit::Unreachable,
        _ => Exit::Failed,
    }
}

/// The code as the standard spells it, such as `NOT_FOUND`.
pub fn code_name(code: Code) -> &'static str {
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

fn advice(code: Code, reason: &str, retry_after_ms: Option<u64>) -> String {
    let by_reason = match reason {
        "SUPPLIER_UNKNOWN" => "name the supplier with --supplier, or invite it with --invite-unknown",
        "ORDER_EXISTS" => "the number is taken; use another --source-system if another system numbers it",
        "IDEMPOTENCY_KEY_REUSED" => "the same file was published with other options; leave them as they were",
        "RELATIONSHIP_NOT_ACTIVE" => "resume the relationship with the supplier first",
        "REVISION_OUTDATED" | "NOTHING_UNANSWERED" => "look again with `tandem orders show`, then answer",
        "PROPOSAL_RESOLVED" => "it was decided before; look again with `tandem orders show`",
        "CURSOR_EXPIRED" => "start again with --from earliest, or after the oldest cursor named above",
        "FEED_DIVERGED" => "the database was restored; read everything again with --from earliest",
        _ => "",
    };
    if !by_reason.is_empty() {
        return by_reason.to_owned();
    }
    if let Some(milliseconds) = retry_after_ms {
        return format!("try again in {milliseconds} ms");
    }
    match code {
        Code::Unauthenticated => "give an API key with --key or TANDEM_KEY",
        Code::PermissionDenied => "ask an administrator of your firm for a role that may do this",
        Code::Unavailable => "check --api, and that the server runs; then try again",
        Code::DeadlineExceeded | Code::Aborted => "try again",
        Code::Unimplemented => "this server does not offer it; compare the versions",
        _ => "",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    fn refused() -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info("INVALID_REQUEST", "tandem", std::collections::HashMap::new());
        details.set_bad_request(vec![
            FieldViolation {
                reason: "REQUIRED".into(),
                ..FieldViolation::new("content.order_number", "is missing")
            },
            FieldViolation {
                reason: "NOT_A_UNIT".into(),
                ..FieldViolation::new("content.lines[1].unit_code", "is no unit")
            },
        ]);
        Status::with_error_details(Code::InvalidArgument, "2 fields are wrong", details)
    }

    #[test]
    fn every_bad_field_stands_on_its_own_line() {
        let text = Failure::from_status(&refused(), "en").text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "2 fields are wrong");
        assert_eq!(lines[1], "  content.order_number: is missing [REQUIRED]");
        assert_eq!(lines[2], "  content.lines[1].unit_code: is no unit [NOT_A_UNIT]");
        assert!(text.ends_with("reason: INVALID_REQUEST (INVALID_ARGUMENT)"), "{text}");
    }

    #[test]
    fn programs_read_fields_and_exit_code() {
        let value = Failure::from_status(&refused(), "en").json();
        assert_eq!(value["exit_code"], 3);
        assert_eq!(value["fields"][1]["reason"], "NOT_A_UNIT");
        assert_eq!(value["code"], "INVALID_ARGUMENT");
    }

    #[test]
    fn what_was_tried_stands_before_what_went_wrong() {
        use anyhow::Context as _;
        let refused: Result<(), Failure> = Err(Failure::from_status(&refused(), "en"));
        let failure = Failure::from(refused.context("order X").unwrap_err());
        assert_eq!(failure.message, "order X: 2 fields are wrong");
        assert_eq!((failure.exit, failure.fields.len()), (Exit::Refused, 2));
        let failure = Failure::from(anyhow::anyhow!("inner").context("outer"));
        assert_eq!((failure.message.as_str(), failure.exit), ("outer: inner", Exit::Failed));
    }

    #[test]
    fn message_is_in_the_language_asked_for() {
        let details = vec![
            ErrorDetail::LocalizedMessage(tonic_types::LocalizedMessage::new("zh-CN", "没有这个订单")),
            ErrorDetail::LocalizedMessage(tonic_types::LocalizedMessage::new("en", "no such order")),
        ];
        let status = Status::with_error_details_vec(Code::NotFound, "order not found", details);
        assert_eq!(Failure::from_status(&status, "zh").message, "没有这个订单");
        assert_eq!(Failure::from_status(&status, "en").message, "no such order");
    }

    #[test]
    fn codes_end_the_process_as_help_says() {
        let cases = [
            (Code::NotFound, Exit::Refused),
            (Code::AlreadyExists, Exit::Refused),
            (Code::Unauthenticated, Exit::NotAllowed),
            (Code::PermissionDenied, Exit::NotAllowed),
            (Code::Unavailable, Exit::Unreachable),
            (Code::Internal, Exit::Failed),
        ];
        for (code, exit) in cases {
            assert_eq!(Failure::from_status(&Status::new(code, "x"), "en").exit, exit, "{code:?}");
        }
    }
}
