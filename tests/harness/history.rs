//! What test clients saw, written down as they saw it: JSON lines, one file a client, with the times of a clock that
//! all clients of a test share. [`crate::validators`] judge it afterwards.
//!
//! **Invariant:** a client writes down what came over the wire and nothing that it concluded, so that a fault of the
//! client's own bookkeeping cannot hide a fault of the server.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use proto::{
    orders::OrderReceipt,
    stream::{FeedEvent, SubscribeResponse},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::cluster;

/// How a call ended, as far as its client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It took effect.
    Ok,
    /// It was refused, and had no effect.
    Fail,
    /// Nobody answered: it may have taken effect or not.
    Unknown,
}

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub client: String,
    /// Microseconds since the history began.
    pub invoked_us: u64,
    pub returned_us: u64,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub operation: Operation,
}

/// What a client did or saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// A change, tried once; a repetition is a record of its own with the same `request_id`.
    Write {
        request_id: String,
        /// The firms whose feeds must carry it.
        feeds: Vec<Uuid>,
        /// The trace that the request named, which its events carry; empty for none.
        trace: String,
        /// What it changed, as events name it; empty where the outcome is not ok.
        subject: String,
        /// The subject's version after it.
        version: i64,
    },
    /// A stream was opened.
    Subscribe {
        feed: Uuid,
        stream: u64,
        /// The place after which it begins.
        after: i64,
        /// With `until_head`: where the feed stood before the call; the stream has to reach it.
        until: Option<i64>,
        /// The types that were asked for; empty for everything.
        types: Vec<String>,
    },
    /// An event came.
    Deliver { feed: Uuid, stream: u64, event: Delivered },
    /// A cursor came without the event that stands there.
    Bookmark { feed: Uuid, stream: u64, seq: i64 },
    /// A stream ended by itself: ok where the server ended it, unknown where it broke.
    End { feed: Uuid, stream: u64 },
}

/// An event as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    pub seq: i64,
    pub event_id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    pub version: i64,
    pub trace: String,
    pub last_of_command: bool,
    /// Hexadecimal.
    pub chain: String,
    /// As stated, hexadecimal.
    pub data_sha256: String,
    /// Of the data that came, hexadecimal.
    pub computed_sha256: String,
    pub cursor: String,
}

impl From<&FeedEvent> for Delivered {
    fn from(entry: &FeedEvent) -> Self {
        let event = entry.event.clone().unwrap_or_default();
        Self {
            seq: entry.seq,
            event_id: Uuid::try_parse(&event.id).unwrap_or_default(),
            kind: event.r#type,
            subject: event.subject,
            version: event.version,
            trace: event.traceparent,
            last_of_command: entry.last_of_command,
            chain: hex::encode(&entry.chain),
            computed_sha256: hex::encode(Sha256::digest(&event.data)),
            data_sha256: hex::encode(event.data_sha256),
            cursor: entry.cursor.clone(),
        }
    }
}

/// The history of one test, in a folder of the target directory that the next run of the test empties.
#[derive(Clone, Debug)]
pub struct History {
    dir: PathBuf,
    since: Instant,
    streams: Arc<AtomicU64>,
}

impl History {
    /// A history without lines yet.
    pub fn create(test: &str) -> Self {
        let dir = cluster::target().join("histories").join(test);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("the target directory can be written");
        Self { dir, since: Instant::now(), streams: Arc::default() }
    }

    /// A client that writes down what it sees; its name is that of its file.
    pub fn client(&self, name: &str) -> Recorder {
        let file = File::create(self.dir.join(format!("{name}.jsonl"))).expect("a client of its own name");
        Recorder { client: name.into(), file: BufWriter::new(file), history: self.clone() }
    }

    /// Everything that clients wrote down so far, client by client and each in its order. Recorders must be gone or
    /// flushed.
    pub fn records(&self) -> Vec<Record> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.dir)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let texts = files.iter().map(|file| fs::read_to_string(file).expect("a history"));
        texts.flat_map(|text| text.lines().map(parse).collect::<Vec<_>>()).collect()
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
    }
}

fn parse(line: &str) -> Record {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// One client's pen.
#[derive(Debug)]
pub struct Recorder {
    client: String,
    file: BufWriter<File>,
    history: History,
}

impl Recorder {
    /// The time, to be handed back when what begins now has ended.
    pub fn now(&self) -> u64 {
        self.history.now()
    }

    /// Writes a line about what began at `invoked_us` and ends now.
    pub fn note(&mut self, invoked_us: u64, outcome: Outcome, operation: Operation) {
        let returned_us = self.now();
        let record = Record { client: self.client.clone(), invoked_us, returned_us, outcome, operation };
        let line = serde_json::to_string(&record).expect("a record is json");
        writeln!(self.file, "{line}").expect("the history can be written");
    }

    /// Writes down one try of a change of an order, and how it ended.
    pub fn write(
        &mut self,
        invoked_us: u64,
        request_id: &str,
        trace: &str,
        feeds: &[Uuid],
        answer: &Result<OrderReceipt, Status>,
    ) -> Outcome {
        let outcome = outcome(answer);
        let (subject, version) = match answer {
            Ok(receipt) => (format!("orders/{}", receipt.order_id), receipt.version),
            Err(_) => (String::new(), 0),
        };
        let operation = Operation::Write {
            request_id: request_id.into(),
            feeds: feeds.into(),
            trace: trace.into(),
            subject,
            version,
        };
        self.note(invoked_us, outcome, operation);
        outcome
    }

    /// Writes down that a stream is opened; the number that its messages go by.
    pub fn subscribe(&mut self, feed: Uuid, after: i64, until: Option<i64>, types: &[&str]) -> u64 {
        let stream = self.history.streams.fetch_add(1, Ordering::Relaxed);
        let types = types.iter().map(ToString::to_string).collect();
        self.note(self.now(), Outcome::Ok, Operation::Subscribe { feed, stream, after, until, types });
        stream
    }

    /// Writes down what a message brought.
    pub fn message(&mut self, feed: Uuid, stream: u64, message: &SubscribeResponse) {
        let now = self.now();
        for entry in &message.events {
            self.note(now, Outcome::Ok, Operation::Deliver { feed, stream, event: entry.into() });
        }
        // What a filter leaves out behind the last event is passed over as well.
        if message.events.last().is_none_or(|last| message.seq > last.seq) {
            self.note(now, Outcome::Ok, Operation::Bookmark { feed, stream, seq: message.seq });
        }
    }

    /// Writes down that a stream has ended.
    pub fn end(&mut self, feed: Uuid, stream: u64, outcome: Outcome) {
        self.note(self.now(), outcome, Operation::End { feed, stream });
    }

    /// Hands every line to the file.
    pub fn flush(&mut self) {
        self.file.flush().expect("the history can be written");
    }
}

/// What a client knows after an answer: only a refusal that waiting cannot change is a failure.
pub fn outcome<T>(answer: &Result<T, Status>) -> Outcome {
    match answer.as_ref().map_err(Status::code) {
        Ok(_) => Outcome::Ok,
        Err(
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unauthenticated
            | Code::Unimplemented,
        ) => Outcome::Fail,
        Err(_) => Outcome::Unknown,
    }
}

/// A W3C trace context that no other request has, so that the events of one request can be told.
pub fn trace() -> String {
    let id = chassis::clock::system().id().simple().to_string();
    format!("00-{id}-{}-01", &id[16..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back_as_they_were_written() {
        let history = History::create("history-lines");
        let feed = Uuid::from_u128(7);
        let mut one = history.client("one");
        let mut two = history.client("two");
        let began = one.now();
        let receipt = OrderReceipt { order_id: "o".into(), version: 3, ..OrderReceipt::default() };
        assert_eq!(one.write(began, "r", "t", &[feed], &Err(Status::unavailable("gone"))), Outcome::Unknown);
        assert_eq!(one.write(began, "r", "t", &[feed], &Ok(receipt)), Outcome::Ok);
        let stream = two.subscribe(feed, 4, Some(9), &["a"]);
        let entry = FeedEvent { seq: 5, chain: vec![0xab; 32].into(), ..FeedEvent::default() };
        two.message(feed, stream, &SubscribeResponse { events: vec![entry.clone()], ..Default::default() });
        two.message(feed, stream, &SubscribeResponse { seq: 6, ..Default::default() });
        let beyond = FeedEvent { seq: 7, ..FeedEvent::default() };
        two.message(feed, stream, &SubscribeResponse { events: vec![beyond], seq: 8, ..Default::default() });
        two.end(feed, stream, Outcome::Ok);
        one.flush();
        two.flush();
        let records = history.records();
        let of = |client: &str| records.iter().filter(|record| record.client == client).count();
        assert_eq!((records.len(), of("one"), of("two")), (8, 2, 6));
        assert!(records.iter().all(|record| record.invoked_us <= record.returned_us));
        assert!(
            matches!(&records[1].operation, Operation::Write { version: 3, subject, .. } if subject == "orders/o")
        );
        let delivered = Operation::Deliver { feed, stream, event: Delivered::from(&entry) };
        assert_eq!(records[3].operation, delivered);
        assert_eq!(records[4].operation, Operation::Bookmark { feed, stream, seq: 6 });
        assert_eq!(records[6].operation, Operation::Bookmark { feed, stream, seq: 8 });
    }

    #[test]
    fn a_server_that_cannot_be_asked_leaves_the_outcome_open() {
        let ended = |status: Status| outcome::<()>(&Err(status));
        assert_eq!(ended(Status::already_exists("")), Outcome::Fail);
        for open in
            [Status::unknown(""), Status::unavailable(""), Status::aborted(""), Status::deadline_exceeded("")]
        {
            assert_eq!(ended(open), Outcome::Unknown);
        }
    }

    #[test]
    fn no_two_traces_are_the_same() {
        assert_ne!(trace(), trace());
        assert_eq!(trace().len(), 55);
    }
}
