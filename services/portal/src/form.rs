//! What a browser posts: form tokens, where a post may come from, and fields.
//!
//! A form token is a fresh UUID and a signature over it, the session and what the form is for. It proves that the
//! form was ours, and its UUID is the `request_id` of what the form asks for: sent twice, it has one effect.

use std::sync::Arc;

use axum::{
    Form,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::secret::{Redacted, SigningKeys, sha256};

use crate::{App, failure::Failure};

/// Fields of a posted form, in the order of the page.
#[derive(Default)]
pub struct Fields(Vec<(String, String)>);

impl FromRequest<Arc<App>> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let Form(fields) = Form::from_request(request, app)
            .await
            .map_err(|rejection| Failure::malformed(rejection.status()))?;
        Ok(Self(fields))
    }
}

impl Fields {
    /// Fields that came with files.
    pub fn posted(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// A field's text without spaces around it; empty where it is absent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Whether a field came at all, empty or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A field's text as it came, spaces and all.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field that may stand several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// All fields but some, to be posted once more.
    pub fn kept(&self, without: &[&str]) -> Vec<(String, String)> {
        let kept = self.0.iter().filter(|(key, _)| !without.contains(&key.as_str()));
        kept.map(|(key, value)| (key.clone(), value.trim().to_string())).collect()
    }

    /// What a form begins with, as if it had been typed.
    pub fn begun<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
    }

    #[cfg(test)]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect())
    }
}

/// Makes and checks form tokens.
pub struct Tokens {
    keys: SigningKeys,
}

impl Tokens {
    /// Signs with a key of the portal's own.
    pub fn new(key: [u8; 32]) -> Self {
        Self { keys: SigningKeys::new(key, None) }
    }

    /// A token for one form of one session; without a session, for anybody.
    pub fn make(&self, app: &App, session: Option<&Redacted<String>>, purpose: &str) -> String {
        let nonce = app.clock.id().simple().to_string();
        let signature = self.keys.sign(purpose, &message(session, &nonce));
        format!("{nonce}.{}", hex::encode(signature))
    }

    /// The request id of a token that is ours, for this purpose and session.
    ///
    /// # Errors
    /// `FORM_EXPIRED`: another session, another form, or none of ours.
    pub fn check(
        &self,
        session: Option<&Redacted<String>>,
        purpose: &str,
        token: &str,
    ) -> Result<String, Failure> {
        let (nonce, signature) = token.split_once('.').ok_or_else(Failure::form_expired)?;
        let signature = hex::decode(signature).map_err(|_| Failure::form_expired())?;
        if nonce.len() != 32 || !self.keys.verify(purpose, &message(session, nonce), &signature) {
            return Err(Failure::form_expired());
        }
        Ok(nonce.to_string())
    }
}

fn message(session: Option<&Redacted<String>>, nonce: &str) -> Vec<u8> {
    let session = session.map_or([0; 32], |token| sha256(token.reveal().as_bytes()));
    [session.as_slice(), nonce.as_bytes()].concat()
}

/// Lets nothing change anything that another site's page has sent, and answers at the configured host alone.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if request.uri().path() != "/healthz" && !expected_host(&app, headers) {
        return Failure::wrong_host().into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !same_origin(&app, headers) {
        return Failure::foreign().into_response();
    }
    next.run(request).await
}

fn expected_host(app: &App, headers: &HeaderMap) -> bool {
    let Some(authority) = app.config.public_url.as_deref().and_then(authority) else { return true };
    headers.get(header::HOST).is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
}

/// Browsers say where a post comes from; one that says nothing is an old one, and the form token decides alone.
fn same_origin(app: &App, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    match &app.config.public_url {
        Some(url) => origin.eq_ignore_ascii_case(url.trim_end_matches('/')),
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            authority(origin).is_some_and(|origin| host.is_some_and(|host| origin.eq_ignore_ascii_case(host)))
        }
    }
}

fn authority(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest.split('/').next().filter(|authority| !authority.is_empty())
}

/// A place in this portal to go on to: a path that no browser reads as another site.
pub fn safe_next(next: &str) -> Option<&str> {
    let bytes = next.as_bytes();
    let plain = bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\');
    let second = next.get(1..).unwrap_or_default();
    // A proxy that decodes once would make another host of these.
    let encoded = ["%2f", "%5c", "%09", "%0a", "%0d", "%25"];
    let lower = second.get(..3).map(str::to_ascii_lowercase).unwrap_or_default();
    let ours = next.starts_with('/') && !second.starts_with('/') && !encoded.contains(&lower.as_str());
    (plain && ours && next.len() <= 2048).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D23 to D25, and what else browsers read as another site.
    #[test]
    fn going_on_never_leaves_the_site() {
        for good in ["/", "/inbox?show=all&q=CY26110231", "/orders/0192", "/inbox?q=%E9%87%87"] {
            assert_eq!(safe_next(good), Some(good));
        }
        for bad in [
            "",
            "inbox",
            "//evil.example",
            "/\\evil.example",
            "/%2f%2fevil.example",
            "/%5cevil",
            "\\/evil",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/ /evil",
            "/%09/evil.example",
            "/%252fevil",
            "/a\r\nset-cookie: x",
        ] {
            assert_eq!(safe_next(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_authority_is_cut_out_of_an_address() {
        assert_eq!(authority("https://portal.example.com/x"), Some("portal.example.com"));
        assert_eq!(authority("http://127.0.0.1:8080"), Some("127.0.0.1:8080"));
        assert_eq!(authority("null"), None);
    }
}
