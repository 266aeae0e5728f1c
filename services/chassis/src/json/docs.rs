//! What is there without a caller: `/openapi.json` for programs, and `/docs` for people, who may try a method there.
//! The page is its own files and nobody else's, and asks nothing of other hosts.

use std::sync::OnceLock;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};

use super::{Accepts, Json, answer, openapi};
use crate::secret;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Made when it is first asked for: most processes of a deployment never are.
#[derive(Default)]
pub(super) struct Docs {
    openapi: OnceLock<Document>,
}

struct Document {
    plain: Vec<u8>,
    packed: Option<Vec<u8>>,
    etag: HeaderValue,
}

impl Document {
    fn new(json: &Json) -> Self {
        let plain = openapi::document(&json.contract).to_string().into_bytes();
        let etag = format!("\"{}\"", hex::encode(&secret::sha256(&plain)[..12]));
        Self {
            packed: answer::pack(&plain),
            etag: HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
            plain,
        }
    }
}

/// The page at the request's path; `None` where there is none.
pub(super) fn page(json: &Json, request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let file = |kind, text: &'static str| Some(own(super::plain(StatusCode::OK, kind, text)));
    match request.uri().path() {
        "/" => Some((StatusCode::SEE_OTHER, [(header::LOCATION, "/docs")]).into_response()),
        "/docs" | "/docs/" => file("text/html; charset=utf-8", include_str!("page/docs.html")),
        "/docs/docs.js" => file("text/javascript; charset=utf-8", include_str!("page/docs.js")),
        "/docs/docs.css" => file("text/css; charset=utf-8", include_str!("page/docs.css")),
        "/openapi.json" => Some(document(json, request)),
        _ => None,
    }
}

fn document(json: &Json, request: &Request) -> Response {
    let document = json.docs.openapi.get_or_init(|| Document::new(json));
    let known = request.headers().get(header::IF_NONE_MATCH) == Some(&document.etag);
    let gzip = Accepts::gzip(request.headers());
    let mut response = match (&document.packed, known) {
        (_, true) => StatusCode::NOT_MODIFIED.into_response(),
        (Some(packed), _) if gzip => {
            let mut response = super::plain(StatusCode::OK, "application/json", packed.clone());
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        _ => super::plain(StatusCode::OK, "application/json", document.plain.clone()),
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, document.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// With what browsers need to know about a page of ours.
fn own(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
