//! A firm's own server that takes webhooks, on loopback: it writes down what it is sent, answers as it is told, and checks
//! signatures by a few lines that share nothing with what signs. A library of others does in `tests/e2e/webhooks/library.rs`.

use std::{
    collections::VecDeque,
    io::Write as _,
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use base64::Engine as _;
use serde_json::Value;
use tokio::net::TcpListener;

/// A message, as it came over HTTP.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    /// `webhook-id`.
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub content_type: String,
    pub body: Bytes,
    /// What it was answered.
    pub status: u16,
}

impl Received {
    /// The CloudEvent.
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("receivers are sent JSON")
    }

    /// Its place in the feed.
    pub fn seq(&self) -> i64 {
        self.event()["seq"].as_str().and_then(|seq| seq.parse().ok()).expect("every event says its place")
    }

    /// Whether it was accepted.
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What a message is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// With this header.
    With(u16, &'static str, String),
    /// So many bytes.
    Large(u16, usize),
    /// Only then.
    Late(u16, Duration),
}

#[derive(Default)]
struct Seen {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    /// Decides instead, where it is set, by the message and how many came before.
    rule: Option<fn(&Received, usize) -> Reply>,
    open: usize,
    most_open: usize,
}

/// The server.
pub struct Receiver {
    at: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    server: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let app = Router::new().fallback(take).with_state(seen.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Receiver { at, seen, server }
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("http://{}/hook?token=canary-of-the-receiver", self.at)
    }

    /// What the next messages are answered, in order; afterwards every one is accepted.
    pub fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().replies.extend(replies);
    }

    /// From now on this decides.
    pub fn rule(&self, rule: fn(&Received, usize) -> Reply) {
        self.lock().rule = Some(rule);
    }

    /// Every message so far.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// The places of those that were accepted, in the order in which they came.
    pub fn accepted(&self) -> Vec<i64> {
        // Without a copy of all messages, for which those that come would wait.
        self.lock().received.iter().filter(|one| one.accepted()).map(Received::seq).collect()
    }

    /// How many were open at the same time at most.
    pub fn most_open(&self) -> usize {
        self.lock().most_open
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Counts messages that are being answered, those that the other side gave up included.
struct Open(Arc<Mutex<Seen>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
    }
}

async fn take(State(seen): State<Arc<Mutex<Seen>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string()
    };
    let mut one = Received {
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        content_type: header("content-type"),
        body: axum::body::to_bytes(body, 8 << 20).await.unwrap_or_default(),
        status: 0,
    };
    let (reply, _open) = {
        let mut guard = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = guard.received.len();
        let reply = match guard.rule {
            Some(rule) => rule(&one, before),
            None => guard.replies.pop_front().unwrap_or(Reply::Status(204)),
        };
        let (Reply::Status(status)
        | Reply::With(status, ..)
        | Reply::Large(status, _)
        | Reply::Late(status, _)) = reply;
        one.status = status;
        guard.received.push(one);
        guard.open += 1;
        guard.most_open = guard.most_open.max(guard.open);
        (reply, Open(seen.clone()))
    };
    let plain = |status: u16| Response::builder().status(status);
    let answer = match reply {
        Reply::Status(status) => plain(status).body(Body::from("as told")),
        Reply::With(status, name, value) => plain(status).header(name, value).body(Body::empty()),
        Reply::Large(status, bytes) => plain(status).body(Body::from(vec![b'x'; bytes])),
        Reply::Late(status, after) => {
            tokio::time::sleep(after).await;
            plain(status).body(Body::empty())
        }
    };
    answer.expect("an answer")
}

/// Checks signatures as the specification says, with Python's own hmac, whatever time it is.
const VERIFY: &str = r#"
import base64, hashlib, hmac, json, sys
for line in sys.stdin:
    m = json.loads(line)
    key = base64.b64decode(m["secret"].removeprefix("whsec_"))
    signed = f'{m["id"]}.{m["timestamp"]}.'.encode() + base64.b64decode(m["body"])
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [s.split(",", 1)[1] for s in m["signature"].split(" ") if s.startswith("v1,")]
    print("yes" if any(hmac.compare_digest(wanted, s) for s in given) else "no")
"#;

/// Whether each message is signed with this secret.
pub fn signed_with(secret: &str, messages: &[Received]) -> Vec<bool> {
    let mut python = Command::new("python3")
        .args(["-c", VERIFY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut stdin = python.stdin.take().expect("its input");
    for one in messages {
        let line = serde_json::json!({
            "secret": secret,
            "id": one.id,
            "timestamp": one.timestamp,
            "signature": one.signature,
            "body": base64::engine::general_purpose::STANDARD.encode(&one.body),
        });
        writeln!(stdin, "{line}").expect("it reads");
    }
    drop(stdin);
    let output = python.wait_with_output().expect("it ends");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| line == "yes").collect()
}
