//! A form that comes in: whether it was ours, and whether only the language was switched.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

use super::Ask;
use crate::{failure::Failure, form::Fields, pages::sign_in, session::Member};

/// A form that came in.
pub struct Posted {
    pub member: Member,
    pub request_id: String,
    /// Set where only the language was switched.
    cookie: Option<HeaderValue>,
}

impl Posted {
    /// Checks that the form was ours, and switches the language where that was asked for.
    ///
    /// # Errors
    /// `FORM_EXPIRED`.
    pub async fn read(member: Member, action: &str, fields: &Fields) -> Result<Self, Failure> {
        let request_id = member.app().tokens.check(Some(&member.token), action, fields.get("token"))?;
        Ok(match sign_in::wanted_language(fields) {
            None => Self { member, request_id, cookie: None },
            Some(lang) => {
                let (member, cookie) = sign_in::in_language(member, lang).await;
                Self { member, request_id, cookie: Some(cookie) }
            }
        })
    }

    /// Whether only the language was switched.
    pub fn switched(&self) -> bool {
        self.cookie.is_some()
    }

    /// The page once more where only the language was switched, or where something is left empty that is needed.
    pub fn again(&self, ask: &mut Ask) -> Option<Response> {
        if self.switched() {
            return Some(self.kept(ask.show()));
        }
        (!ask.complete()).then(|| ask.wrong())
    }

    /// A page that keeps the language that was switched to.
    pub fn kept(&self, mut response: Response) -> Response {
        if let Some(cookie) = &self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        response
    }
}
