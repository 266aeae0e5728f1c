//! Events as this crate holds them: the fact, which every reader shares, and its place in one feed.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chassis::{cursor, value};
use proto::event::Event;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    chain::{self, Chain},
    frame::Shared,
};

/// One event as the log holds it, the same for whoever reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// UUIDv7; the same in every feed.
    pub event_id: Uuid,
    /// The id behind `subject`, for `changed_since`.
    pub subject_id: Option<Uuid>,
    /// The CloudEvents type.
    pub kind: String,
    /// The speaking service.
    pub source: String,
    /// What it happened to.
    pub subject: String,
    /// When.
    pub at: OffsetDateTime,
    /// W3C trace context of the command.
    pub traceparent: String,
    /// The subject's version after it; 0 for one-sided facts.
    pub version: i64,
    /// Whose feeds carry it; no firm twice.
    pub audience: Vec<Uuid>,
    /// Readers of `scope_firm` who are scoped to other sites do not see it; where no firm is named, sites of several firms.
    pub sites: Vec<String>,
    /// Readers of `scope_firm` who are scoped to other purchasing groups do not see it.
    pub purchasing_group: String,
    /// The firm whose sites and purchasing group these are.
    pub scope_firm: Option<Uuid>,
    /// Shared by all feeds that carry it.
    pub payload: Bytes,
    /// 32 bytes.
    pub payload_sha256: Bytes,
    /// How it goes over the wire.
    pub(crate) shared: Shared,
}

impl Fact {
    /// The event that every feed sends of it, with this as its payload: without the firm on the other side, which differs.
    pub(crate) fn event(&self, data: Bytes) -> Event {
        Event {
            id: self.event_id.to_string(),
            source: self.source.clone(),
            r#type: self.kind.clone(),
            subject: self.subject.clone(),
            time: Some(value::timestamp(self.at)),
            traceparent: self.traceparent.clone(),
            data,
            data_sha256: self.payload_sha256.clone(),
            counterparty: String::new(),
            version: self.version,
        }
    }

    /// The other firm of a fact between two, seen from `reader`.
    pub fn counterparty(&self, reader: Uuid) -> Option<Uuid> {
        match *self.audience.as_slice() {
            [a, b] if a == reader => Some(b),
            [a, b] if b == reader => Some(a),
            _ => None,
        }
    }
}

/// A fact at its place in one feed.
#[derive(Debug)]
pub struct Entry {
    /// The firm.
    pub feed: Uuid,
    /// The place: 1, 2, 3 …
    pub seq: i64,
    /// The chain at this place.
    pub chain: Chain,
    /// Whether it ends what its command put into this feed.
    pub last_of_command: bool,
    /// What happened.
    pub fact: Arc<Fact>,
    /// The cursor after it, encoded by the first reader who needs it and shared by the rest.
    pub(crate) cursor: OnceLock<[u8; cursor::TEXT]>,
}

impl Entry {
    /// A fact at a place.
    pub fn new(feed: Uuid, seq: i64, chain: Chain, last_of_command: bool, fact: Arc<Fact>) -> Self {
        Self { feed, seq, chain, last_of_command, fact, cursor: OnceLock::new() }
    }

    /// Whether it follows the entry with this chain.
    pub fn follows(&self, before: &Chain) -> bool {
        let Fact { event_id, payload_sha256, .. } = &*self.fact;
        chain::next(before, self.feed, self.seq, *event_id, payload_sha256) == self.chain
    }

    /// Roughly what it takes on the wire, in bytes.
    pub fn size(&self) -> usize {
        self.fact.payload.len() + 512
    }
}

/// A fact at its place in the log, with all entries that carry it.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The place in the log; never leaves the service.
    pub log_pos: i64,
    /// The partition there.
    pub month: Date,
    /// What happened.
    pub fact: Arc<Fact>,
    /// One entry for each firm of its audience.
    pub entries: Vec<Arc<Entry>>,
}

impl Placed {
    /// Where it stands in the log.
    pub fn place(&self) -> LogPlace {
        LogPlace { log_pos: self.log_pos, month: self.month }
    }
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// 1, 2, 3 … over all feeds.
    pub log_pos: i64,
    /// The partition at this place; never steps back as `log_pos` grows.
    pub month: Date,
}

/// Where the log stands, and on which run of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest place.
    pub place: LogPlace,
    /// When the server was started: another one may have another history, as a standby has that was promoted without the last
    /// commits.
    pub run: OffsetDateTime,
}

/// A stretch of the log, without gaps.
#[derive(Clone, Debug)]
pub struct Batch {
    /// When the server was started that had it.
    pub run: OffsetDateTime,
    /// Where it begins: after this.
    pub after: i64,
    /// Where it ends.
    pub upto: LogPlace,
    /// Its facts in order.
    pub facts: Vec<Placed>,
}

impl Batch {
    /// Its entries of all feeds, in order.
    pub fn entries(self) -> impl Iterator<Item = Arc<Entry>> {
        self.facts.into_iter().flat_map(|placed| placed.entries)
    }
}
