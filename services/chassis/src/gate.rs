//! The gate in front of every method: request id, span and metrics, the caller, its permission, its rate, the
//! deadline, and the size of the request. A tower layer and not an interceptor, so that JSON callers pass it too.
//!
//! Which permission, deadline and size a method has stands in its proto options.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderValue;
use prost_reflect::Value;
use proto::access::Permission;
use tonic::Status;
use tracing::Instrument;

use crate::{
    Error, Reason, Result,
    caller::{Caller, Resolver},
    clock::SharedClock,
    rates::{self, Rates},
    secret::Redacted,
};

/// The server's own deadline where a method names none.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// The longest deadline that a client may ask for.
pub const DEADLINE_MAX: Duration = Duration::from_secs(60);
/// The largest request where a method names none, in bytes.
pub const REQUEST_BYTES: usize = 1024 * 1024;

/// What the contract says of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// What a caller must be allowed to do.
    pub permission: Permission,
    /// `None`: a stream that stays open.
    pub deadline: Option<Duration>,
    /// The largest request; of a stream of requests, the largest of them.
    pub request_bytes: usize,
    /// Whether a document link may call it.
    pub by_order_link: bool,
    /// Whether the client sends many requests over one call.
    pub client_stream: bool,
}

/// Every method of the contract by path (`/tandem.orders.v1.OrderService/GetOrder`).
///
/// # Errors
/// Names a method without a permission.
pub fn methods() -> anyhow::Result<HashMap<String, Method>> {
    let pool = proto::contract()?;
    let extension = |name: &str| {
        pool.get_extension_by_name(&format!("tandem.access.v1.{name}"))
            .ok_or_else(|| anyhow::anyhow!("the contract lacks the option {name}"))
    };
    let (permission, deadline, size) =
        (extension("permission")?, extension("deadline_ms")?, extension("max_request_bytes")?);
    let by_order_link = extension("by_order_link")?;
    let mut methods = HashMap::new();
    for service in pool.services() {
        for method in service.methods() {
            let options = method.options();
            let number =
                |value: &Value| value.as_i32().or_else(|| value.as_enum_number()).unwrap_or_default();
            let granted = Permission::try_from(number(&options.get_extension(&permission)))?;
            if granted == Permission::Unspecified {
                anyhow::bail!("{} has no permission", method.full_name());
            }
            let positive = |extension| {
                options
                    .has_extension(extension)
                    .then(|| number(&options.get_extension(extension)).unsigned_abs())
            };
            let deadline = match positive(&deadline) {
                Some(0) => None,
                Some(ms) => Some(Duration::from_millis(ms.into())),
                None => Some(DEADLINE),
            };
            let request_bytes = positive(&size).map_or(REQUEST_BYTES, |bytes| bytes as usize);
            let path = format!("/{}/{}", service.full_name(), method.name());
            let by_order_link = options.get_extension(&by_order_link).as_bool().unwrap_or_default();
            let client_stream = method.is_client_streaming();
            let method =
                Method { permission: granted, deadline, request_bytes, by_order_link, client_stream };
            methods.insert(path, method);
        }
    }
    Ok(methods)
}

/// What the gate works with.
#[derive(Clone)]
pub struct Gate {
    methods: Arc<HashMap<String, Method>>,
    resolver: Resolver,
    clock: SharedClock,
    rates: Rates,
}

impl Gate {
    /// A gate for the whole contract.
    ///
    /// # Errors
    /// Names a method without a permission.
    pub fn new(resolver: Resolver, clock: SharedClock, rates: Rates) -> anyhow::Result<Self> {
        Ok(Self { methods: Arc::new(methods()?), resolver, clock, rates })
    }
}

/// The middleware: `router.layer(axum::middleware::from_fn_with_state(gate, gate::pass))`.
pub async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_string();
    let id = request_id(&request, &gate);
    let Some(method) = gate.methods.get(&path).cloned() else {
        // Health, reflection and unknown paths need no caller: they say nothing of anybody.
        return next.run(request).await;
    };
    let started = Instant::now();
    let span =
        tracing::info_span!("rpc", rpc.path = %path, request.id = %id, firm.id = tracing::field::Empty);
    let response = async {
        match admit(&gate, &method, &mut request).await {
            Ok(()) => within(deadline(&method, &request), next.run(limited(request, &method))).await,
            Err(error) => refused(error),
        }
    }
    .instrument(span)
    .await;
    observe(&path, &response, started);
    with_request_id(response, &id)
}

async fn admit(gate: &Gate, method: &Method, request: &mut Request) -> Result<()> {
    if method.permission == Permission::Public {
        return gate.rates.take_of_anybody(rates::seen_from(request.headers()));
    }
    let mut tokens = request.headers().get_all("authorization").iter();
    let token = match (tokens.next(), tokens.next()) {
        (Some(one), None) => one.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")),
        // None, or several that may not agree.
        _ => None,
    };
    let mut caller = gate.resolver.resolve(token.ok_or_else(|| Error::new(Reason::UNAUTHENTICATED))?).await?;
    tracing::Span::current().record("firm.id", tracing::field::display(caller.firm));
    // A document link has no roles; what it may call, the method says.
    let may = if caller.order.is_some() { method.by_order_link } else { caller.may(method.permission) };
    if !may {
        let needed = method.permission.as_str_name();
        return Err(Error::new(Reason::PERMISSION_DENIED).with("permission", needed));
    }
    gate.rates.take(&caller)?;
    if let Some(parent) = request.headers().get("traceparent").and_then(|value| value.to_str().ok()) {
        caller.traceparent = traceparent(parent);
    }
    request.extensions_mut().insert::<Caller>(caller);
    Ok(())
}

/// A W3C trace context in its only form; anything else is dropped.
fn traceparent(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_hexdigit());
    match parts.as_slice() {
        [version, trace, span, flags]
            if hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2) =>
        {
            text.to_string()
        }
        _ => String::new(),
    }
}

fn request_id(request: &Request, gate: &Gate) -> String {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let sane = |id: &&str| (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    given.filter(sane).map_or_else(|| gate.clock.id().to_string(), str::to_string)
}

fn with_request_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The method's own deadline, or the client's where it is shorter; a client may ask for more, up to the cap.
fn deadline(method: &Method, request: &Request) -> Option<Duration> {
    let own = method.deadline?;
    let asked = request.headers().get("grpc-timeout").and_then(|value| value.to_str().ok()).and_then(timeout);
    Some(asked.map_or(own, |asked| asked.min(DEADLINE_MAX.max(own))))
}

/// `grpc-timeout`: at most 8 digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

async fn within(deadline: Option<Duration>, run: impl Future<Output = Response>) -> Response {
    let Some(deadline) = deadline else { return run.await };
    match tokio::time::timeout(deadline, run).await {
        Ok(response) => response,
        Err(_) => refused(Error::new(Reason::DEADLINE_EXCEEDED)),
    }
}

/// gRPC refuses with HTTP 200 and a status in the headers.
fn refused(error: Error) -> Response {
    Status::from(error).into_http::<Body>()
}

fn observe(path: &str, response: &Response, started: Instant) {
    let code = response
        .headers()
        .get("grpc-status")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("0")
        .to_string();
    metrics::counter!("tandem_rpc_total", "path" => path.to_string(), "code" => code).increment(1);
    metrics::histogram!("tandem_rpc_seconds", "path" => path.to_string()).record(started.elapsed());
}

/// Cuts a request off that says or turns out to be larger than its method takes.
fn limited(request: Request, method: &Method) -> Request {
    if method.client_stream {
        // A stream has no size of its own; tonic bounds each of its messages as the service says.
        return request;
    }
    let max = method.request_bytes + 5; // a message's own prefix
    request.map(|body| {
        let declared = body.size_hint().lower() > max as u64;
        Body::new(Limited { body, left: max, refuse: declared, begun: false })
    })
}

struct Limited {
    body: Body,
    left: usize,
    refuse: bool,
    begun: bool,
}

impl HttpBody for Limited {
    type Data = bytes::Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        use std::task::Poll;
        // tonic hands a Status inside a body's error through to the caller.
        let too_large = || Poll::Ready(Some(Err(Status::from(Error::new(Reason::REQUEST_TOO_LARGE)).into())));
        if self.refuse {
            return too_large();
        }
        let frame = std::task::ready!(std::pin::Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            // A message says its size before it comes, and the codec would refuse it without a reason.
            let begins = !std::mem::replace(&mut self.begun, true);
            if begins && said(data).is_some_and(|said| said > self.left) {
                return too_large();
            }
            let len = data.len();
            match self.left.checked_sub(len) {
                Some(left) => self.left = left,
                None => return too_large(),
            }
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}

/// What the prefix of a message says of its size, the prefix included.
fn said(data: &[u8]) -> Option<usize> {
    let size: [u8; 4] = data.get(1..5)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(size)).ok()?.checked_add(5)
}

/// A token for calls to other services on behalf of the caller.
pub fn bearer(token: &Redacted<String>) -> Result<tonic::metadata::MetadataValue<tonic::metadata::Ascii>> {
    format!("Bearer {}", token.reveal()).parse().map_err(|_| Error::new(Reason::UNAUTHENTICATED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_permission() {
        let methods = methods().unwrap();
        assert!(methods.len() > 20);
        let publish = &methods["/tandem.orders.v1.OrderService/PublishOrder"];
        assert_eq!(publish.permission, Permission::OrdersPublish);
        assert_eq!(publish.request_bytes, 4 * 1024 * 1024);
        assert_eq!(methods["/tandem.stream.v1.StreamService/Subscribe"].deadline, None);
        assert_eq!(methods["/tandem.orders.v1.OrderService/GetOrder"].deadline, Some(DEADLINE));
    }

    #[test]
    fn what_a_document_link_may_call_is_short() {
        let methods = methods().unwrap();
        let mut open: Vec<&str> = methods
            .iter()
            .filter(|(_, method)| method.by_order_link)
            .map(|(path, _)| path.as_str())
            .collect();
        open.sort();
        assert_eq!(
            open,
            [
                "/tandem.orders.v1.OrderService/GetOrder",
                "/tandem.orders.v1.OrderService/ListOrderLines",
                "/tandem.orders.v1.OrderService/RespondToOrder",
                "/tandem.orders.v1.ProgressService/SetProgress",
                "/tandem.orders.v1.ResponseService/PreviewResponse",
            ]
        );
    }

    #[test]
    fn a_client_timeout_has_one_form() {
        assert_eq!(timeout("5S"), Some(Duration::from_secs(5)));
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        for bad in ["", "S", "-1S", "999999999S", "5", "5X", "1.5S", "５S"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }
}
