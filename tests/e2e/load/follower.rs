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
    stream::{Filter, SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use rand::Rng as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::{Counts, PAUSE, Shared, durable::Durable};

/// How long a slow reader waits before it takes a message.
const DAWDLE: Duration = Duration::from_millis(40);
/// How long who leaves where nothing comes waits for a message.
const QUIET: Duration = Duration::from_secs(1);
/// What who leaves something out asks for.
const ANSWERS: &[&str] = &["tandem.orders.order.responded.v1"];

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
    /// It asks for answers alone. It leaves where none came for a while, and returns: whoever begins is told where the feed
    /// stands.
    Filtered,
    /// It keeps no place and acknowledges some of what came. It leaves after a few events, or where none came for a while, and
    /// begins behind what it acknowledged, whatever came since.
    Acknowledging,
}

impl Pace {
    /// The types that it asks for; empty for everything.
    fn types(self) -> &'static [&'static str] {
        if self == Pace::Filtered { ANSWERS } else { &[] }
    }

    fn filter(self) -> Option<Filter> {
        let types: Vec<String> = self.types().iter().map(ToString::to_string).collect();
        (!types.is_empty()).then(|| Filter { types, ..Filter::default() })
    }

    /// How long it waits for a message before it leaves.
    fn patience(self) -> Duration {
        match self {
            Pace::Filtered | Pace::Acknowledging => QUIET,
            Pace::Steady | Pace::Restless | Pace::Slow | Pace::Library => Duration::MAX,
        }
    }
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
    /// How far it came, or what it acknowledged, where it does.
    pub place: Arc<AtomicI64>,
    seq: i64,
    cursor: Option<String>,
    /// What it acknowledges, where it does.
    durable: Option<Durable>,
}

impl Follower {
    pub fn new(shared: &Shared, name: String, party: &Party, pace: Pace, stop: CancellationToken) -> Self {
        let callers: Vec<Access> =
            shared.feeds.iter().map(|api| chaos::access(*api, Some(&party.key))).collect();
        let acknowledges = pace == Pace::Acknowledging;
        Self {
            durable: acknowledges.then(|| Durable::new(callers.clone(), name.clone())),
            pen: shared.history.client(&name),
            name,
            pace,
            feed: party.id,
            callers,
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
        if let Some(durable) = &self.durable {
            durable.set_up().await;
        }
        for access in self.callers.clone().iter().cycle() {
            if let Some(durable) = &self.durable {
                // What came since is forgotten.
                self.seq = durable.seq;
                self.counts.kept.fetch_add(usize::from(self.seq > 0), Ordering::Relaxed);
            }
            let stream = self.pen.subscribe(self.feed, self.seq, None, self.pace.types());
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
        let start = Some(self.start());
        let request = SubscribeRequest { start, filter: self.pace.filter(), until_head: false };
        let mut messages = access.stream().subscribe(request).await?.into_inner();
        let mut enough = self.enough();
        loop {
            let Ok(message) = timeout(self.pace.patience(), messages.message()).await else {
                self.acknowledge().await;
                return Ok(Left::Reader);
            };
            let Some(message) = message? else { return Ok(Left::Server) };
            self.take(stream, &message);
            if self.pace == Pace::Slow {
                tokio::time::sleep(DAWDLE).await;
            }
            if self.seq >= enough {
                if !self.stays().await {
                    return Ok(Left::Reader);
                }
                enough = self.enough();
            }
        }
    }

    fn start(&self) -> Start {
        match (&self.durable, &self.cursor) {
            (Some(durable), _) => Start::Subscription(durable.name.clone()),
            (None, Some(cursor)) => Start::After(cursor.clone()),
            (None, None) => Start::Earliest(true),
        }
    }

    /// Where it has come far enough to think of leaving.
    fn enough(&self) -> i64 {
        match self.pace {
            Pace::Restless | Pace::Acknowledging => self.seq + rand::rng().random_range(1..40),
            Pace::Steady | Pace::Slow | Pace::Library | Pace::Filtered => i64::MAX,
        }
    }

    /// Whether it stays where it has come far enough. Who acknowledges what came may stay; some leave before they have.
    async fn stays(&mut self) -> bool {
        let chance = rand::rng().random_range(0..3);
        if chance > 0 {
            self.acknowledge().await;
        }
        self.durable.is_some() && chance > 1
    }

    /// Has the server keep how far it came, where that is its pace.
    async fn acknowledge(&mut self) {
        let (Some(durable), Some(cursor)) = (&mut self.durable, &self.cursor) else { return };
        if self.seq > durable.seq {
            durable.acknowledge(cursor).await;
            assert_eq!(durable.seq, self.seq, "{}: what was acknowledged is kept", self.name);
            self.place.store(durable.seq, Ordering::Relaxed);
        }
    }

    fn take(&mut self, stream: u64, message: &SubscribeResponse) {
        self.pen.message(self.feed, stream, message);
        let new = message.events.iter().filter(|entry| entry.seq > self.seq).count();
        self.counts.delivered.fetch_add(new, Ordering::Relaxed);
        if message.seq > self.seq || self.cursor.is_none() {
            self.seq = message.seq;
            self.cursor = Some(message.cursor.clone());
            if self.durable.is_none() {
                self.place.store(message.seq, Ordering::Relaxed);
            }
        }
    }
}
