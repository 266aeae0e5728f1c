//! A file on its way to a browser: always saved, never shown, whatever it holds. WeChat's browser saves nothing; whoever
//! asks there is told how to get it.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::Response,
};

use crate::{
    App,
    i18n::{Text, key},
    page::{self, Page},
    session::Visitor,
};

/// A browser that saves files: taken by handlers that answer one, before they ask for it, so that nobody is said to have
/// got what never arrived.
pub struct Saves;

#[derive(Template)]
#[template(path = "elsewhere.html")]
struct ElsewherePage {
    page: Page,
    t: Text,
    /// What to do.
    body: String,
    /// What is to be opened in another browser.
    link: String,
}

impl FromRequestParts<Arc<App>> for Saves {
    /// Where to open it instead.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let visitor = Visitor::read(parts, app);
        if !visitor.in_wechat() {
            return Ok(Saves);
        }
        let t = visitor.text.clone();
        let link = format!("{}{}", visitor.base, visitor.here);
        // A document link needs no one to sign in.
        let body = match visitor.here.starts_with("/d/") {
            true => key::ELSEWHERE_BODY_DOCUMENT,
            false => key::ELSEWHERE_BODY,
        };
        let page = Page::visitor(&visitor).titled(t.say(key::ELSEWHERE_TITLE));
        Err(page::show(&ElsewherePage { page, body: t.say(body), t, link }))
    }
}

/// A file to save under its name. The type is as the API found it; nobody guesses another one.
pub fn file(name: &str, media_type: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap_or(plain));
    let disposition = HeaderValue::from_str(&disposition(name));
    headers
        .insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 6266: a plain name for old browsers, and the real one encoded as RFC 8187 says.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'_' | b'-' => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(
            disposition("图 1.pdf"),
            "attachment; filename=\"_ 1.pdf\"; filename*=UTF-8''%E5%9B%BE%201.pdf"
        );
        assert_eq!(
            disposition("a\"; x=\r\ny"),
            "attachment; filename=\"a__ x___y\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0Ay"
        );
    }
}
