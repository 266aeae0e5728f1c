//! An API that answers whatever it is asked, with a text of our choosing in every field that people fill in, and that
//! remembers what it was asked. What the services would refuse, it refuses only where a test says so.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Request, header},
    response::Response,
};
use http_body_util::{BodyExt as _, Collected, Full};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use proto::interchange::WriteTableRequest;
use tokio::net::TcpListener;
use tonic::{
    Code, Status,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

use crate::{
    World,
    fake::{BUYER, Fake, SALES},
    follow::written,
};

/// The id of everything.
pub const ID: &str = "0192f000-0000-7000-8000-0000000000e1";
/// Breaks out of an attribute, and of what stands between tags.
pub const MARKUP: &str = "\"><script>alert(1)</script>";
/// How deep messages are filled in: some contain themselves.
const DEPTH: usize = 8;
/// What RPCs that change nothing begin with. `Download` writes down who took a file, as every look at it does.
const READS: [&str; 16] = [
    "Get",
    "List",
    "WhoAmI",
    "Inspect",
    "Preview",
    "Prefill",
    "MatchCapacityRequest",
    "Count",
    "Compare",
    "Check",
    "Export",
    "Read",
    // Nothing is stored of the table that becomes a file.
    "WriteTable",
    "Find",
    "Subscribe",
    "Download",
];

/// A call, the token that it came with, what it asked, and the words that it looks for; empty for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub rpc: String,
    pub token: String,
    pub message: Vec<u8>,
    pub text: String,
}

/// What it answers, and what it was asked.
#[derive(Default)]
pub struct Script {
    pub text: &'static str,
    /// Whether a text begins with the name of its field.
    pub named: bool,
    /// Whether enums have their last value, instead of the first.
    pub last: bool,
    /// What RPCs that begin like this are answered, all but the question who asks.
    pub refused: Option<(&'static str, Code)>,
    /// What an RPC is answered instead, call by call, before all else.
    instead: HashMap<&'static str, VecDeque<Result<Vec<u8>, Status>>>,
    calls: Vec<Call>,
}

#[derive(Clone, Default)]
pub struct Hostile(Arc<Mutex<Script>>);

impl Hostile {
    /// The portal's pages over it.
    pub async fn start(secure_cookies: bool, public_url: Option<&str>) -> (Self, World) {
        let api = Self::default();
        api.script().text = MARKUP;
        api.script().named = true;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Routes::from(Router::new().fallback(answer).with_state(api.clone()));
        let server = Server::builder()
            .add_routes(routes)
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        tokio::spawn(server);
        let world = World::over(&address, Fake::new(), (secure_cookies, public_url, ""));
        (api, world)
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    /// What was asked since the last time.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.script().calls)
    }

    /// What an RPC was asked, the last time since anybody looked.
    pub fn asked<M: prost::Message + Default>(&self, rpc: &str) -> M {
        let call = self.calls().into_iter().rfind(|call| call.rpc == rpc);
        let call = call.unwrap_or_else(|| panic!("{rpc} was not asked"));
        M::decode(call.message.as_slice()).unwrap()
    }

    /// What was asked since the last time that changes something.
    pub fn changes(&self) -> Vec<Call> {
        let reads = |call: &Call| READS.iter().any(|read| call.rpc.starts_with(read));
        self.calls().into_iter().filter(|call| !reads(call)).collect()
    }

    /// Nothing was asked since the last time that changes something.
    pub fn unchanged(&self, what: &str) {
        let changes = self.changes();
        assert!(changes.is_empty(), "{what}: {changes:?}");
    }
}

async fn answer(State(api): State<Hostile>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    // Whatever is still on its way would be a fault of the connection.
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let token = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|token| token.strip_prefix("Bearer ")).unwrap_or_default().to_string();
    let (service, rpc) = head.uri.path().trim_start_matches('/').split_once('/').unwrap();
    let service = proto::contract().unwrap().get_service_by_name(service).unwrap();
    let method = service.methods().find(|method| method.name() == rpc).unwrap();
    let mut script = api.script();
    // The message stands behind its mark and length.
    let message = body.get(5..).unwrap_or_default().to_vec();
    let text = text(method.input(), &message);
    script.calls.push(Call { rpc: rpc.to_string(), token: token.clone(), message, text });
    match script.instead.get_mut(rpc).and_then(VecDeque::pop_front) {
        Some(Ok(message)) => return sent(message),
        Some(Err(status)) => return status.into_http(),
        None => {}
    }
    match (rpc, script.refused) {
        ("WhoAmI", _) if ![SALES, BUYER].contains(&&*token) => return refused(Code::Unauthenticated),
        ("WhoAmI" | "ListCurrentAnnouncements", _) => {}
        (rpc, Some((of, code))) if rpc.starts_with(of) => return refused(code),
        _ => {}
    }
    if rpc == "WriteTable" {
        // What stands in a table that is saved is to be looked at; a length and a mark stand before the message.
        let table = WriteTableRequest::decode(body.get(5..).unwrap_or_default()).unwrap();
        return sent(written(&table).encode_to_vec());
    }
    sent(script.filled(&method.output(), 0).encode_to_vec())
}

/// What a message has in the field of that name.
fn text(of: MessageDescriptor, message: &[u8]) -> String {
    let message = DynamicMessage::decode(of, message).ok();
    let text = message.as_ref().and_then(|message| message.get_field_by_name("text"));
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

fn refused(code: Code) -> Response {
    let response = Response::builder().header("content-type", "application/grpc");
    response.header("grpc-status", code as i32).body(Body::empty()).unwrap()
}

/// One message, as gRPC frames it.
fn sent(bytes: Vec<u8>) -> Response {
    let mut frame = vec![0];
    frame.extend((bytes.len() as u32).to_be_bytes());
    frame.extend(bytes);
    let mut done = HeaderMap::new();
    done.insert(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(frame)).with_trailers(async move { Some(Ok(done)) });
    Response::builder().header("content-type", "application/grpc").body(Body::new(body)).unwrap()
}

impl Script {
    /// Answers the next calls of an RPC with these.
    pub fn answer<M: prost::Message>(
        &mut self,
        rpc: &'static str,
        with: impl IntoIterator<Item = Result<M, Code>>,
    ) {
        let with = with.into_iter().map(|one| match one {
            Ok(message) => Ok(message.encode_to_vec()),
            Err(code) => Err(Status::new(code, "")),
        });
        self.instead.entry(rpc).or_default().extend(with);
    }

    /// Refuses the next call of an RPC so.
    pub fn refuse(&mut self, rpc: &'static str, refusal: impl Into<Status>) {
        self.instead.entry(rpc).or_default().push_back(Err(refusal.into()));
    }

    fn filled(&self, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        for field in of.fields().filter(|field| !field.is_map()) {
            let mut values = self.values(of, &field, depth);
            if field.is_list() {
                message.set_field(&field, Value::List(values));
            } else if let Some(value) = values.pop() {
                message.set_field(&field, value);
            }
        }
        message
    }

    /// What a field may have, of which the last is taken where it has one; nothing is done, ended or taken away.
    fn values(&self, of: &MessageDescriptor, field: &FieldDescriptor, depth: usize) -> Vec<Value> {
        let number = number(of.name(), field.name());
        let value = match field.kind() {
            Kind::String => Value::String(self.said(of.name(), field.name())),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number.into()),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number.unsigned_abs()),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number.unsigned_abs().into()),
            Kind::Message(inner) if depth < DEPTH => Value::Message(self.filled(&inner, depth + 1)),
            Kind::Enum(all) => {
                let mut numbers: Vec<i32> = all.values().map(|value| value.number()).collect();
                numbers.retain(|number| *number != 0);
                if !self.last {
                    numbers.reverse();
                }
                return numbers.into_iter().map(Value::EnumNumber).collect();
            }
            _ => return Vec::new(),
        };
        vec![value]
    }

    fn said(&self, of: &str, field: &str) -> String {
        let id = field == "id" || field.ends_with("_id") || field.ends_with("_ids");
        match (of, field) {
            ("Decimal", "value") => "5".to_string(),
            // Numbers of articles are texts.
            _ if id && !field.ends_with("item_id") => ID.to_string(),
            // There is no next page.
            _ if field.ends_with("token") || field.ends_with("cursor") => String::new(),
            _ if self.named => format!("{field}{}", self.text),
            _ => self.text.to_string(),
        }
    }
}

/// Days and times near the one that the tests live in.
fn number(of: &str, field: &str) -> i32 {
    match (of, field) {
        ("Date", "year") => 2026,
        ("Date", "month") => 11,
        ("Date", "day") => 23,
        ("Timestamp", "seconds") => 1_795_400_000,
        _ => 1,
    }
}
