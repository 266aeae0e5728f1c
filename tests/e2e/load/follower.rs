//! Who follows a feed, at one pace or another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use harness::{
    Access,
    chaos::{self, Party},
    history::{self, Outcome, Recorder},
};
use proto::{
    follow,
    stream::{SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use rand::Rng as _;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::{Counts, PAUSE, Shared};

/// How long a slow reader waits before it takes a message.
const DAWDLE: Duration = Duration::from_millis(40);

/// How a follower follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// For as long as its stream lasts.
    Steady,
    /// It leaves after a few events, in the middle of whatever comes, and returns.
    Restless,
    /// It waits before it takes each message, longer than any ring and any window holds.
    Slow,
    /// For as long as the client library's reader lasts, which mends broken streams by itself.
    Library,
}

/// Who ended a stream.
#[derive(Debug)]
enum Left {
    Server,
    Reader,
}

/// Follows a feed, and resumes after its last event wherever the stream breaks.
pub struct Follower {
    name: String,
    pace: Pace,
    pen: Recorder,
    feed: Uuid,
    callers: Vec<Access>,
    counts: Arc<Counts>,
    stop: CancellationToken,
    /// How far it came.
    pub place: Arc<AtomicI64>,
    seq: i64,
    cursor: Option<String>,
}

impl Follower {
    pub fn new(shared: &Shared, name: String, party: &Party, pace: Pace, stop: CancellationToken) -> Self {
        Self {
            pen: shared.history.client(&name),
            name,
            pace,
            feed: party.id,
            callers: shared.feeds.iter().map(|api| chaos::access(*api, Some(&party.key))).collect(),
            counts: shared.counts.clone(),
            stop,
            place: Arc::default(),
            seq: 0,
            cursor: None,
        }
    }

    pub async fn run(mut self) {
        let stop = self.stop.clone();
        if self.pace == Pace::Library {
            tokio::select! {
                () = self.read() => {}
                () = stop.cancelled() => {}
            }
            return self.pen.flush();
        }
        for access in self.callers.clone().iter().cycle() {
            let stream = self.pen.subscribe(self.feed, self.seq, None, &[]);
            let followed = tokio::select! {
                followed = self.follow(access, stream) => followed,
                () = stop.cancelled() => break,
            };
            let outcome = history::outcome(&followed);
            assert_ne!(outcome, Outcome::Fail, "{}: a right cursor was refused: {followed:?}", self.name);
            if !matches!(followed, Ok(Left::Reader)) {
                self.pen.end(self.feed, stream, outcome);
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.pen.flush();
    }

    /// Reads by the client library, to which all is one stream.
    async fn read(&mut self) {
        let mut reader = follow::Follower::new(self.callers[0].stream(), None);
        let stream = self.pen.subscribe(self.feed, self.seq, None, &[]);
        loop {
            let batch = reader.next().await;
            let batch = batch.unwrap_or_else(|status| panic!("{}: it gave up: {status}", self.name));
            let follow::Place { seq, cursor } = batch.place;
            self.take(stream, &SubscribeResponse { events: batch.events, seq, cursor, live: false });
        }
    }

    async fn follow(&mut self, access: &Access, stream: u64) -> Result<Left, Status> {
        let start = self.cursor.clone().map_or(Start::Earliest(true), Start::After);
        let request = SubscribeRequest { start: Some(start), filter: None, until_head: false };
        let mut messages = access.stream().subscribe(request).await?.into_inner();
        let enough = match self.pace {
            Pace::Restless => self.seq + rand::rng().random_range(1..40),
            Pace::Steady | Pace::Slow | Pace::Library => i64::MAX,
        };
        while self.seq < enough {
            let Some(message) = messages.message().await? else { return Ok(Left::Server) };
            self.take(stream, &message);
            if self.pace == Pace::Slow {
                tokio::time::sleep(DAWDLE).await;
            }
        }
        Ok(Left::Reader)
    }

    fn take(&mut self, stream: u64, message: &SubscribeResponse) {
        self.pen.message(self.feed, stream, message);
        let new = message.events.iter().filter(|entry| entry.seq > self.seq).count();
        self.counts.delivered.fetch_add(new, Ordering::Relaxed);
        if message.seq > self.seq || self.cursor.is_none() {
            self.seq = message.seq;
            self.cursor = Some(message.cursor.clone());
            self.place.store(message.seq, Ordering::Relaxed);
        }
    }
}
