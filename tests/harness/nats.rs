//! A real NATS server on loopback that keeps streams in files, where the machine has one, and as much of a client as a
//! benchmark needs: the text protocol, questions with their answers, and messages as they come.

use std::{
    collections::HashMap,
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command},
    sync::oneshot,
    task::JoinSet,
};

use crate::{chaos, tell, wait::until};

/// How long it may take to answer at first, on a busy machine.
const BEGUN: Duration = Duration::from_secs(30);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that one read may bring: several messages.
const READ: usize = 16 * 1_024;
/// What a client says of itself: no headers, and no word for each thing that went well.
const CONNECT: &str = r#"CONNECT {"verbose":false,"pedantic":false,"headers":false,"protocol":0}"#;

/// A server at a port of its own with JetStream in a folder of its own.
pub struct Server {
    dir: PathBuf,
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Server {
    /// One that answers; `None` where this machine cannot run it, which is said. Nothing is downloaded.
    pub async fn start(name: &str) -> Option<Self> {
        let (dir, address) = (chaos::folder(name).await, chaos::free());
        let log = File::create(dir.join("nats.log")).expect("a log");
        let mut command = Command::new("nats-server");
        command.arg("--jetstream").arg("--store_dir").arg(dir.join("data"));
        command.args(["--addr", "127.0.0.1", "--port"]).arg(address.port().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                chaos::remove(&dir).await;
                tell::skipped(format_args!(
                    "NATS: nats-server, of Debian's package of that name, cannot be run here: {error}"
                ));
                return None;
            }
        };
        until("nats-server answers", BEGUN, async || TcpStream::connect(address).await.ok()).await;
        Some(Self { dir, child, address })
    }

    /// Its process, where it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it and removes its folder.
    pub async fn finish(mut self) {
        self.child.kill().await.expect("a child can be killed");
        chaos::remove(&self.dir).await;
    }
}

/// What was published somewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub subject: String,
    /// What.
    pub payload: Bytes,
}

/// A connection that hears one subject.
pub struct Connection {
    reader: OwnedReadHalf,
    read: BytesMut,
    writer: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
}

impl Connection {
    /// One that hears it from now on.
    pub async fn open(address: SocketAddr, subject: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, mut writer) = stream.into_split();
        writer.write_all(format!("{CONNECT}\r\nSUB {subject} 1\r\nPING\r\n").as_bytes()).await?;
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        let mut connection = Self { reader, read: BytesMut::new(), writer };
        while connection.said().await? != Said::Pong {}
        Ok(connection)
    }

    /// The next message.
    pub async fn message(&mut self) -> anyhow::Result<Message> {
        loop {
            if let Said::Message(message) = self.said().await? {
                return Ok(message);
            }
        }
    }

    async fn said(&mut self) -> anyhow::Result<Said> {
        loop {
            match take(&mut self.read)? {
                // A client that does not answer is held for dead.
                Some(Said::Ping) => self.writer.lock().await.write_all(b"PONG\r\n").await?,
                Some(said) => return Ok(said),
                None => {
                    self.read.reserve(READ);
                    let read = self.reader.read_buf(&mut self.read).await?;
                    anyhow::ensure!(read > 0, "nats-server hung up");
                }
            }
        }
    }
}

/// Who waits for the answer to which question.
type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Bytes>>>>;

/// A connection that asks, many questions at a time.
pub struct Client {
    writer: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    inbox: String,
    asked: AtomicU64,
    waiting: Waiting,
    /// Ends with the client.
    _reading: JoinSet<()>,
}

impl Client {
    /// One that hears the answers to what it asks.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let inbox = format!("_INBOX.{}", chassis::clock::system().id().simple());
        let mut connection = Connection::open(address, &format!("{inbox}.*")).await?;
        let (writer, waiting) = (connection.writer.clone(), Waiting::default());
        let (mut reading, asking) = (JoinSet::new(), waiting.clone());
        reading.spawn(async move {
            while let Ok(Message { subject, payload }) = connection.message().await {
                if let Some(asked) = asking.lock().expect("no client panics").remove(&subject) {
                    // Whoever asked may have gone.
                    let _ = asked.send(payload);
                }
            }
        });
        Ok(Self { writer, inbox, asked: AtomicU64::new(0), waiting, _reading: reading })
    }

    /// Publishes it and waits for the answer: JetStream's to a request, or that a stream holds what was published.
    pub async fn ask(&self, subject: &str, payload: &[u8]) -> anyhow::Result<Value> {
        let reply = format!("{}.{}", self.inbox, self.asked.fetch_add(1, Ordering::Relaxed));
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().expect("no client panics").insert(reply.clone(), sender);
        let mut said = format!("PUB {subject} {reply} {}\r\n", payload.len()).into_bytes();
        said.extend_from_slice(payload);
        said.extend_from_slice(b"\r\n");
        self.writer.lock().await.write_all(&said).await?;
        let answer: Value = serde_json::from_slice(&tokio::time::timeout(PATIENCE, answer).await??)?;
        anyhow::ensure!(answer.get("error").is_none(), "{subject}: {answer}");
        Ok(answer)
    }
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Greeting,
    Ping,
    Pong,
    Message(Message),
}

/// Takes the first thing that was said off what was read; `None` where more of it is to come.
fn take(read: &mut BytesMut) -> anyhow::Result<Option<Said>> {
    let Some(end) = read.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    let line = std::str::from_utf8(&read[..end])?;
    let mut words = line.split_ascii_whitespace();
    let said = match words.next() {
        Some("INFO") => Said::Greeting,
        Some("PING") => Said::Ping,
        Some("PONG") => Said::Pong,
        // MSG subject sid [reply] size, and its payload with a line's end of its own.
        Some("MSG") => {
            let (subject, size) =
                words.next().zip(words.next_back()).context("a message without its size")?;
            let (subject, size) = (subject.to_owned(), size.parse::<usize>()?);
            if read.len() < end + 2 + size + 2 {
                return Ok(None);
            }
            read.advance(end + 2);
            let payload = read.split_to(size).freeze();
            read.advance(2);
            return Ok(Some(Said::Message(Message { subject, payload })));
        }
        _ => anyhow::bail!("nats-server says {line}"),
    };
    read.advance(end + 2);
    Ok(Some(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_told_apart_however_it_is_read() {
        let text = b"INFO {\"port\":4222} \r\nPING\r\nMSG rows 1 $JS.ACK.9 9\r\na\r\nPING\r\n\r\n\
                     MSG _INBOX.x.7 1  0\r\n\r\nPONG\r\nMSG rows 1";
        let message = |subject: &str, payload: &'static [u8]| {
            Said::Message(Message { subject: subject.into(), payload: Bytes::from_static(payload) })
        };
        let expected = [
            Said::Greeting,
            Said::Ping,
            message("rows", b"a\r\nPING\r\n"),
            message("_INBOX.x.7", b""),
            Said::Pong,
        ];
        for size in 1..=text.len() {
            let (mut read, mut said) = (BytesMut::new(), Vec::new());
            for part in text.chunks(size) {
                read.extend_from_slice(part);
                while let Some(one) = take(&mut read).unwrap() {
                    said.push(one);
                }
            }
            assert_eq!(said, expected, "{size} bytes at a time");
            assert_eq!(&read[..], b"MSG rows 1", "what is not whole stays");
        }
    }

    #[test]
    fn what_went_wrong_is_an_error() {
        for text in ["-ERR 'Stale Connection'\r\n", "MSG rows\r\n", "MSG rows 1 many\r\n"] {
            take(&mut BytesMut::from(text)).unwrap_err();
        }
    }
}
