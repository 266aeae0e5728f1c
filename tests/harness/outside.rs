//! Servers of others, on loopback: group robots that write down what they are sent and answer as they are told, and a
//! mail server that keeps what it gets.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::IntoResponse as _,
};
use base64::Engine as _;
use chassis::dial::{Answer, DialError, Dialer, Post};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A call of a robot, as it came over HTTP.
#[derive(Clone, Debug)]
pub struct Called {
    /// The host that the caller meant.
    pub host: String,
    /// Path and query.
    pub path: String,
    pub content_type: String,
    pub body: Value,
}

impl Called {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

#[derive(Default)]
struct Seen {
    called: Vec<Called>,
    answers: VecDeque<(u16, String)>,
}

/// All robots of the three hosts, and the dialer that leads to them instead of to the internet.
pub struct Robots {
    at: SocketAddr,
    client: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
    server: tokio::task::JoinHandle<()>,
}

impl Robots {
    pub async fn start() -> Arc<Robots> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let app = Router::new().fallback(write_down).with_state(seen.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Arc::new(Robots { at, client: reqwest::Client::new(), seen, server })
    }

    /// What the next calls are answered, in order; afterwards everything is taken.
    pub fn answer(&self, status: u16, body: &str) {
        self.lock().answers.push_back((status, body.into()));
    }

    /// Every call so far.
    pub fn called(&self) -> Vec<Called> {
        self.lock().called.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Robots {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn write_down(State(seen): State<Arc<Mutex<Seen>>>, request: Request) -> axum::response::Response {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string()
    };
    let (host, content_type) = (header("host"), header("content-type"));
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let body = serde_json::from_slice(&body).expect("robots take JSON");
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.called.push(Called { host, path, content_type, body });
    let taken = (200, r#"{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}"#.to_string());
    let (status, body) = seen.answers.pop_front().unwrap_or(taken);
    (axum::http::StatusCode::from_u16(status).expect("a status"), body).into_response()
}

impl Dialer for Robots {
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Answer, DialError>> {
        Box::pin(async move {
            if !notices::HOSTS.contains(&post.host) {
                return Err(DialError::Refused(post.host.into()));
            }
            let request = self
                .client
                .post(format!("http://{}{}", self.at, post.path))
                .header("host", post.host)
                .header("content-type", "application/json; charset=utf-8")
                .body(post.body.clone());
            let unreachable = |_| DialError::Unreachable(post.host.into());
            let response = request.send().await.map_err(unreachable)?;
            let status = response.status().as_u16();
            let body = response.bytes().await.map_err(unreachable)?.to_vec();
            Ok(Answer { status, body })
        })
    }
}

/// A mail as the server got it.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Header and body as they came.
    pub raw: String,
}

impl Mail {
    /// A header's line.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body as a person reads it.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\n\n").map_or("", |(_, body)| body);
        match self.header("Content-Transfer-Encoding") {
            Some("base64") => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(body.replace('\n', ""));
                String::from_utf8(bytes.expect("base64")).expect("UTF-8")
            }
            Some("quoted-printable") => unquoted(body),
            _ => body.to_string(),
        }
    }
}

/// Quoted-printable (RFC 2045, 6.7).
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' && tail.len() >= 2 {
            bytes.extend(hex::decode(&tail[..2]).expect("two hexadecimal digits"));
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// A mail server that takes everything, and refuses recipients that begin with `refused`.
pub struct MailServer {
    at: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    server: tokio::task::JoinHandle<()>,
}

impl MailServer {
    pub async fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let mails: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let kept = mails.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, kept.clone()));
            }
        });
        MailServer { at, mails, server }
    }

    /// Where mail goes out.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.at)
    }

    /// Every mail so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// SMTP as far as a sender needs it (RFC 5321).
async fn converse(stream: TcpStream, mails: Arc<Mutex<Vec<Mail>>>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Mail::default();
    let mut answer = "220 loopback ESMTP\r\n".to_string();
    loop {
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
            return;
        }
        let word = line.trim_end().to_string();
        let upper = word.to_uppercase();
        answer = match upper.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-loopback\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n".into(),
            "MAIL" => {
                mail = Mail { from: word, ..Mail::default() };
                "250 ok\r\n".into()
            }
            "RCPT" if upper.contains("<REFUSED") => "550 no such mailbox\r\n".into(),
            "RCPT" => {
                mail.to.push(word);
                "250 ok\r\n".into()
            }
            "DATA" => {
                if stream.write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                mail.raw = data(&mut stream).await;
                mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                "250 ok\r\n".into()
            }
            "QUIT" => return,
            _ => "250 ok\r\n".into(),
        };
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> String {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
            return raw;
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line == "." {
            return raw;
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(line));
        raw.push('\n');
    }
}
