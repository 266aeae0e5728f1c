//! JSON over HTTP for every method of the contract: a layer in front of the gate that turns a JSON request into the
//! gRPC request that it means, and the answer back. There is no code for any single method.
//!
//! * [`contract`]: methods, messages and event types, read from the descriptors
//! * `read`, `entries`, `scalar`, `wire`: JSON into an encoded message, with every wrong field named; `write`: a message as JSON
//! * `inflow`: the request's body; `answer`: the response, one message or a stream of lines
//! * `failure`: a status as HTTP status and body
//! * `openapi`, `docs`: the description for programs and the page for people, without a caller
//!
//! The mapping is protobuf's own (ProtoJSON), with three kindnesses on the way in: a `google.type.Decimal` may be
//! written as `"1.50"` or `1.50`, whose digits are taken as they stand; a `google.type.Date` as `"2026-12-28"`; and an
//! empty body means `{}`. On the way out there is one form, ProtoJSON's, except that an event carries its decoded
//! `payload` where gRPC has the bytes of `data`.
//!
//! **Invariant:** the gate decides before a byte of the body is read, and everything behind it is the same as for
//! gRPC: the same permission, rate, deadline, size and reasons.

mod answer;
pub mod contract;
mod docs;
mod entries;
mod failure;
mod inflow;
mod openapi;
mod read;
mod scalar;
mod schema;
mod wire;
mod write;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, Version, header};

use self::contract::{Contract, Rpc};
use crate::{Error, Reason, Result};

/// What the layer works with; cheap to clone.
#[derive(Clone)]
pub struct Json {
    contract: Arc<Contract>,
    docs: Arc<docs::Docs>,
}

impl Json {
    /// JSON for the whole contract.
    ///
    /// # Errors
    /// Where the compiled-in descriptors are broken.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { contract: Contract::load()?, docs: Arc::default() })
    }
}

/// How a body comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `application/json`: one message.
    One,
    /// `application/x-ndjson`: a message a line.
    Lines,
    /// `text/event-stream`, as browsers read it; answers only.
    Events,
}

/// The middleware, outside of the gate: `router.layer(gate).layer(from_fn_with_state(json, json::pass))`.
pub async fn pass(State(json): State<Json>, request: Request, next: Next) -> Response {
    let kind = media_type(request.headers());
    if kind.as_deref().is_some_and(|kind| kind.starts_with("application/grpc")) {
        return next.run(request).await;
    }
    let Some(rpc) = json.contract.rpc(request.uri().path()).cloned() else {
        return match docs::page(&json, &request) {
            Some(page) => page,
            None => known(next.run(request).await),
        };
    };
    let accepts = Accepts::of(request.headers(), &rpc);
    match admit(&rpc, kind.as_deref(), request) {
        Ok(request) => answer::answer(json.contract, &rpc, next.run(request).await, accepts).await,
        Err(error) => failure::response(&error.into(), Some(&rpc)),
    }
}

/// What is neither a method nor a page: the gRPC router's own fallback would mean nothing to an HTTP client.
fn known(response: Response) -> Response {
    let kind = media_type(response.headers());
    if kind.is_some_and(|kind| kind.starts_with("application/grpc")) {
        return failure::response(&Error::new(Reason::RPC_UNKNOWN).into(), None);
    }
    response
}

/// What the client wants back.
#[derive(Clone, Copy, Debug)]
struct Accepts {
    shape: Shape,
    gzip: bool,
}

impl Accepts {
    fn of(headers: &HeaderMap, rpc: &Rpc) -> Self {
        let shape = match () {
            () if !rpc.method.is_server_streaming() => Shape::One,
            () if names(headers, header::ACCEPT, "text/event-stream") => Shape::Events,
            () => Shape::Lines,
        };
        Self { shape, gzip: Self::gzip(headers) }
    }

    fn gzip(headers: &HeaderMap) -> bool {
        names(headers, header::ACCEPT_ENCODING, "gzip")
    }
}

/// Whether a header that lists what a client takes names something.
fn names(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let mut parts = part.split(';').map(str::trim);
        let fits = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        // `q=0` says: anything but this.
        fits && !parts.any(|p| matches!(p.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00"))
    })
}

/// The gRPC request that a JSON request means. Its body is read when somebody behind the gate asks for it.
fn admit(rpc: &Rpc, kind: Option<&str>, request: Request) -> Result<Request> {
    if request.method() != Method::POST {
        return Err(Error::new(Reason::HTTP_METHOD));
    }
    let streams = rpc.method.is_client_streaming();
    let shape = match kind {
        Some("application/json") => Shape::One,
        Some("application/x-ndjson" | "application/jsonl") if streams => Shape::Lines,
        _ => return Err(Error::new(Reason::MEDIA_TYPE)),
    };
    if !utf8(request.headers()) {
        return Err(
            Error::new(Reason::MEDIA_TYPE).message("the charset has to be utf-8; convert the text first")
        );
    }
    let gzip = match request.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => {
            return Err(Error::new(Reason::MEDIA_TYPE).message("the content-encoding has to be gzip or none"));
        }
    };
    let (mut parts, body) = request.into_parts();
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::ACCEPT_ENCODING,
        header::CONNECTION,
        header::EXPECT,
    ] {
        parts.headers.remove(name);
    }
    for name in ["grpc-encoding", "grpc-accept-encoding"] {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    parts.version = Version::HTTP_2;
    Ok(Request::from_parts(parts, inflow::grpc(rpc.clone(), body, shape, gzip)))
}

/// The media type without its parameters, in lower case.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Whether no other charset is named.
fn utf8(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').skip(1).all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    })
}

/// A refusal in JSON, for what takes bodies of its own beside the methods: code, words and `retry-after` as theirs.
pub fn refusal(status: &tonic::Status) -> Response {
    failure::response(status, None)
}

/// When to come again, in the whole seconds of `retry-after`.
pub fn retry_after(wait: std::time::Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).div_ceil(1000).max(1))
}

/// A plain answer with the headers that every answer of ours has.
fn plain(status: http::StatusCode, kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn utf_8_is_the_only_charset() {
        for good in
            ["application/json", "application/json; charset=UTF-8", "application/json;charset=\"utf8\"; a=b"]
        {
            assert!(utf8(&headers(header::CONTENT_TYPE, good)), "{good}");
        }
        for bad in ["application/json; charset=gbk", "application/json; Charset = GB18030"] {
            assert!(!utf8(&headers(header::CONTENT_TYPE, bad)), "{bad}");
        }
        let kind = media_type(&headers(header::CONTENT_TYPE, " Application/JSON ; charset=utf-8"));
        assert_eq!(kind.as_deref(), Some("application/json"));
    }

    #[test]
    fn a_client_says_what_it_wants_back() {
        let contract = Contract::load().unwrap();
        let subscribe = contract.rpc("/tandem.stream.v1.StreamService/Subscribe").unwrap();
        let get = contract.rpc("/tandem.orders.v1.OrderService/GetOrder").unwrap();
        let shape = |value: &str, rpc| Accepts::of(&headers(header::ACCEPT, value), rpc).shape;
        assert_eq!(shape("*/*", subscribe), Shape::Lines);
        assert_eq!(shape("application/json, text/event-stream;q=0.9", subscribe), Shape::Events);
        assert_eq!(shape("text/event-stream; q=0", subscribe), Shape::Lines);
        assert_eq!(shape("text/event-stream", get), Shape::One);
        assert!(Accepts::of(&headers(header::ACCEPT_ENCODING, "br, gzip;q=0.5"), get).gzip);
        assert!(!Accepts::of(&headers(header::ACCEPT_ENCODING, "gzip;q=0, br"), get).gzip);
    }
}
