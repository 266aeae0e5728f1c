//! What went wrong, as a page: what happened, what to do, and a short code.
//!
//! Handlers answer a bare [`Failure`]; one layer, [`render`], turns it into a page in the visitor's language.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt};

use crate::{
    App,
    i18n::{Key, Lang, Text, key},
    page::{self, Page, Tab},
    session::{self, Visitor},
};

/// A refusal or fault on its way to the browser.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    /// What programs act on, such as `REVISION_OUTDATED`.
    pub reason: String,
    /// What the API says in each language; empty where it says nothing.
    zh: String,
    en: String,
    /// Bad fields: path as in the request, and reason.
    pub fields: Vec<(String, String)>,
    /// What the API says that helps to go on, by name. Apart, since failures are handed on by value.
    pub facts: Arc<HashMap<String, String>>,
}

impl Failure {
    fn new(status: StatusCode, reason: &str) -> Self {
        let reason = reason.to_string();
        let (zh, en) = (String::new(), String::new());
        Self { status, reason, zh, en, fields: Vec::new(), facts: Arc::default() }
    }

    /// No session, or one that has ended.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
    }

    /// No such page, or not for this visitor to know.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND")
    }

    /// The form token does not fit.
    pub fn form_expired() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORM_EXPIRED")
    }

    /// Another site's page sent it.
    pub fn foreign() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORM_FOREIGN")
    }

    /// Asked for under another host's name.
    pub fn wrong_host() -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, "HOST_UNKNOWN")
    }

    /// Not a form.
    pub fn malformed(status: StatusCode) -> Self {
        Self::new(status, "FORM_MALFORMED")
    }

    /// The roles do not allow it.
    pub fn denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED")
    }

    /// It was not waited for any longer.
    pub fn late() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED")
    }

    /// There is no font to write a PDF with.
    #[cfg(feature = "pdf")]
    pub fn no_font() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "FONT_MISSING")
    }

    /// As many PDF files are drawn as this portal draws at a time.
    #[cfg(feature = "pdf")]
    pub fn pdf_busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "PDF_BUSY")
    }

    /// A fault of ours; `source` goes to the log alone.
    pub fn internal(source: impl std::fmt::Display) -> Self {
        tracing::error!(%source, "a page failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
    }

    /// As HTTP has it.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether it is for this reason.
    pub fn is(&self, reason: &str) -> bool {
        self.reason == reason
    }

    /// Whether the visitor may mend it by changing what was typed, or by looking again.
    pub fn mends(&self) -> bool {
        let beyond = ["IDEMPOTENCY_KEY_REUSED", "FORM_MALFORMED"];
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT)
            && !beyond.contains(&self.reason.as_str())
    }

    /// The API's own sentence in the visitor's language, for reasons that have no page of their own.
    pub fn sentence(&self, text: &Text) -> String {
        let said = match text.lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let mut said = said.clone();
        if said.is_empty() {
            return text.say(key::FAILURE_OTHER_BODY);
        }
        if let Some(first) = said.get(..1) {
            let first = first.to_uppercase();
            said.replace_range(..1, &first);
        }
        text.one(key::SENTENCE, said)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let mut failure = Failure::new(http_status(status.code()), code_name(status.code()));
        for detail in status.get_error_details_vec() {
            match detail {
                ErrorDetail::ErrorInfo(info) => {
                    failure.reason = info.reason;
                    failure.facts = Arc::new(info.metadata);
                }
                ErrorDetail::LocalizedMessage(said) if said.locale.starts_with("zh") => {
                    failure.zh = said.message
                }
                ErrorDetail::LocalizedMessage(said) => failure.en = said.message,
                ErrorDetail::BadRequest(bad) => {
                    failure.fields =
                        bad.field_violations.into_iter().map(|field| (field.field, field.reason)).collect();
                }
                _ => {}
            }
        }
        failure
    }
}

fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::FailedPrecondition | Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable | Code::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What stands for the reason where a status carries none, as when the API does not answer at all.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::NotFound => "NOT_FOUND",
        Code::Unavailable => "UNAVAILABLE",
        Code::DeadlineExceeded | Code::Cancelled => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Page,
    t: Text,
    title: String,
    body: String,
    code: String,
    retry: bool,
}

/// Turns failures of the pages below into pages.
pub async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::read(&parts, &app);
    let response = next.run(Request::from_parts(parts, body)).await;
    let failure = match response.extensions().get::<Failure>() {
        Some(failure) => failure.clone(),
        None => return response,
    };
    if failure.status == StatusCode::UNAUTHORIZED {
        return signed_out(visitor, &failure).await;
    }
    let faults = failure.status.is_server_error();
    // The frame shows who is signed in where that can still be found out.
    let page = match (faults, visitor.clone().member().await) {
        (false, Ok(member)) => Page::member(&member, Tab::None),
        _ => Page::visitor(&visitor),
    };
    let text = page.t.clone();
    let (title, body) = wording(&failure, &text);
    let code = match faults {
        true => format!("{} {}", failure.reason, &app.clock.id().simple().to_string()[..12]),
        false => failure.reason.clone(),
    };
    if faults {
        tracing::warn!(code, path = loggable(&visitor.here), "a page answered with a fault");
    }
    let retry =
        failure.status == StatusCode::SERVICE_UNAVAILABLE || failure.status == StatusCode::GATEWAY_TIMEOUT;
    let page = page.titled(title.clone());
    page::show_as(failure.status, &FailurePage { page, t: text, title, body, code, retry })
}

/// A path as the log may have it: what stands in links that sign in, invite or open a document is a credential.
fn loggable(here: &str) -> &str {
    let path = here.split('?').next().unwrap_or_default();
    let secret = ["/s/", "/i/", "/d/"].into_iter().find(|prefix| path.starts_with(prefix));
    secret.unwrap_or(path)
}

/// 401: explains how to sign in, at the same address, and forgets a cookie that no longer works.
async fn signed_out(visitor: Visitor, failure: &Failure) -> Response {
    let had_session = visitor.token.is_some();
    let mut response = crate::pages::sign_in::explain(&visitor, had_session).await;
    *response.status_mut() = failure.status;
    if had_session {
        response.headers_mut().append(header::SET_COOKIE, session::forget(&visitor.app));
    }
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Link"));
    response
}

fn wording(failure: &Failure, text: &Text) -> (String, String) {
    let known: Option<(Key<0>, Key<0>)> = match failure.reason.as_str() {
        "NOT_FOUND" => Some((key::FAILURE_NOT_FOUND, key::FAILURE_NOT_FOUND_BODY)),
        "PERMISSION_DENIED" => Some((key::FAILURE_DENIED, key::FAILURE_DENIED_BODY)),
        "FORM_EXPIRED" => Some((key::FAILURE_FORM_EXPIRED, key::FAILURE_FORM_EXPIRED_BODY)),
        "FORM_FOREIGN" => Some((key::FAILURE_FOREIGN, key::FAILURE_FOREIGN_BODY)),
        "FORM_MALFORMED" => Some((key::FAILURE_MALFORMED, key::FAILURE_MALFORMED_BODY)),
        "HOST_UNKNOWN" => Some((key::FAILURE_HOST, key::FAILURE_HOST_BODY)),
        "IDEMPOTENCY_KEY_REUSED" => Some((key::FAILURE_REUSED, key::FAILURE_REUSED_BODY)),
        "UNAVAILABLE" | "DRAINING" | "DEADLINE_EXCEEDED" => {
            Some((key::FAILURE_UNAVAILABLE, key::FAILURE_UNAVAILABLE_BODY))
        }
        #[cfg(feature = "pdf")]
        "FONT_MISSING" => Some((key::PDF_NO_FONT, key::PDF_NO_FONT_BODY)),
        #[cfg(feature = "pdf")]
        "PDF_BUSY" => Some((key::PDF_BUSY, key::PDF_BUSY_BODY)),
        "RATE_LIMITED" => Some((key::FAILURE_RATE, key::FAILURE_RATE_BODY)),
        "INTERNAL" => Some((key::FAILURE_INTERNAL, key::FAILURE_INTERNAL_BODY)),
        _ => None,
    };
    match known {
        Some((title, body)) => (text.say(title), text.say(body)),
        None => (text.say(key::FAILURE_OTHER), failure.sentence(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_of_a_path_is_logged() {
        assert_eq!(loggable("/orders/0192?done=answered"), "/orders/0192");
        for secret in ["/s/abc", "/i/abc?x=1", "/d/tdm_doc_1_2_3/accept"] {
            assert_eq!(loggable(secret).len(), 3, "{secret}");
        }
    }
}
