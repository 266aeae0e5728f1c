//! A history seen from the sides that the rules look at: streams, readers who keep their place, the feed itself, and
//! writes whatever number of tries they took.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use uuid::Uuid;

use crate::history::{Delivered, Operation, Outcome, Record};

/// A message of a stream.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Event(&'a Delivered),
    Bookmark(i64),
}

impl Item<'_> {
    /// Where its reader stands after it.
    pub fn seq(&self) -> i64 {
        match self {
            Item::Event(event) => event.seq,
            Item::Bookmark(seq) => *seq,
        }
    }
}

/// One open stream, as its client saw it.
pub(super) struct Stream<'a> {
    pub client: &'a str,
    pub feed: Uuid,
    pub after: i64,
    pub until: Option<i64>,
    pub ended: Option<Outcome>,
    pub items: Vec<Item<'a>>,
    types: &'a [String],
}

impl<'a> Stream<'a> {
    pub fn events(&self) -> impl Iterator<Item = &'a Delivered> {
        self.items.iter().filter_map(|item| match item {
            Item::Event(event) => Some(*event),
            Item::Bookmark(_) => None,
        })
    }

    pub fn filtered(&self) -> bool {
        !self.types.is_empty()
    }

    pub fn wants(&self, event: &Delivered) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(prefix) => event.kind.starts_with(prefix),
            None => event.kind == *wanted,
        };
        self.types.is_empty() || self.types.iter().any(fits)
    }
}

impl fmt::Display for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} after {}", self.client, self.feed, self.after)
    }
}

/// What a client has of a feed when it drops what lies at or before its place.
pub(super) struct Reader<'a> {
    pub client: &'a str,
    pub feed: Uuid,
    /// Whether any of its streams left something out on purpose.
    pub filtered: bool,
    /// Whether it wanted to go on for ever: none of its streams was to end at the head.
    pub follows: bool,
    /// Where its first stream began.
    pub after: i64,
    pub events: Vec<&'a Delivered>,
}

impl Reader<'_> {
    /// Whether it has the feed from its beginning.
    pub fn whole(&self) -> bool {
        self.after == 0
    }
}

impl fmt::Display for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.client, self.feed)
    }
}

/// An acknowledged write over all its tries.
pub(super) struct Write {
    pub feeds: Vec<Uuid>,
    /// When its first try began.
    pub invoked_us: u64,
    /// When it was first acknowledged.
    pub acknowledged_us: u64,
}

/// The whole of a history.
pub(super) struct View<'a> {
    pub streams: Vec<Stream<'a>>,
    pub readers: Vec<Reader<'a>>,
    /// Each feed as whoever saw a place first saw it.
    pub reference: BTreeMap<Uuid, BTreeMap<i64, &'a Delivered>>,
    /// Acknowledged writes by subject and version.
    pub writes: HashMap<(&'a str, i64), Write>,
    /// What each request was answered with.
    pub answers: BTreeMap<&'a str, BTreeSet<(&'a str, i64)>>,
    /// Requests that were never acknowledged and never refused, with their feeds.
    open: HashMap<&'a str, &'a [Uuid]>,
}

impl<'a> View<'a> {
    pub fn of(records: &'a [Record]) -> Self {
        let streams = streams(records);
        let mut reference: BTreeMap<Uuid, BTreeMap<i64, &Delivered>> = BTreeMap::new();
        for stream in &streams {
            let feed = reference.entry(stream.feed).or_default();
            for event in stream.events() {
                feed.entry(event.seq).or_insert(event);
            }
        }
        let readers = readers(&streams);
        let mut view = Self {
            streams,
            readers,
            reference,
            writes: HashMap::new(),
            answers: BTreeMap::new(),
            open: HashMap::new(),
        };
        view.collect_writes(records);
        view
    }

    fn collect_writes(&mut self, records: &'a [Record]) {
        let mut first: HashMap<&str, u64> = HashMap::new();
        let mut refused: HashSet<&str> = HashSet::new();
        for record in records {
            let Operation::Write { request_id, feeds, subject, version, .. } = &record.operation else {
                continue;
            };
            let began = first.entry(request_id).or_insert(record.invoked_us);
            *began = record.invoked_us.min(*began);
            let invoked_us = *began;
            match record.outcome {
                Outcome::Ok => {
                    let write =
                        Write { feeds: feeds.clone(), invoked_us, acknowledged_us: record.returned_us };
                    let known = self.writes.entry((subject, *version)).or_insert(write);
                    known.acknowledged_us = known.acknowledged_us.min(record.returned_us);
                    self.answers.entry(request_id).or_default().insert((subject, *version));
                }
                Outcome::Unknown => drop(self.open.insert(request_id, feeds)),
                Outcome::Fail => drop(refused.insert(request_id)),
            }
        }
        // A refusal says that nothing happened, now or in an earlier try.
        let answers = &self.answers;
        self.open.retain(|request, _| !answers.contains_key(request) && !refused.contains(request));
    }

    /// Who followed a feed from its beginning without leaving anything out.
    pub fn followers(&self, feed: Uuid) -> impl Iterator<Item = &Reader<'a>> {
        let whole = |reader: &&Reader<'_>| !reader.filtered && reader.whole() && reader.follows;
        self.readers.iter().filter(move |reader| reader.feed == feed && whole(reader))
    }

    /// Whether anybody read the feed without leaving anything out.
    pub fn is_whole(&self, feed: Uuid) -> bool {
        self.readers.iter().any(|reader| reader.feed == feed && !reader.filtered)
    }

    /// How many events may stand in a feed that no acknowledged write accounts for.
    pub fn open_writes(&self, feed: Uuid) -> usize {
        self.open.values().filter(|feeds| feeds.contains(&feed)).count()
    }
}

fn streams(records: &[Record]) -> Vec<Stream<'_>> {
    let mut streams: BTreeMap<u64, Stream<'_>> = BTreeMap::new();
    for record in records {
        match &record.operation {
            Operation::Subscribe { feed, stream, after, until, types } => {
                let opened = Stream {
                    client: &record.client,
                    feed: *feed,
                    after: *after,
                    until: *until,
                    ended: None,
                    items: Vec::new(),
                    types,
                };
                streams.insert(*stream, opened);
            }
            Operation::Deliver { stream, event, .. } => {
                if let Some(stream) = streams.get_mut(stream) {
                    stream.items.push(Item::Event(event));
                }
            }
            Operation::Bookmark { stream, seq, .. } => {
                if let Some(stream) = streams.get_mut(stream) {
                    stream.items.push(Item::Bookmark(*seq));
                }
            }
            Operation::End { stream, .. } => {
                if let Some(stream) = streams.get_mut(stream) {
                    stream.ended = Some(record.outcome);
                }
            }
            Operation::Write { .. } => {}
        }
    }
    streams.into_values().collect()
}

fn readers<'a>(streams: &[Stream<'a>]) -> Vec<Reader<'a>> {
    let mut readers: BTreeMap<(&str, Uuid), Reader<'a>> = BTreeMap::new();
    for stream in streams {
        let reader = readers.entry((stream.client, stream.feed)).or_insert_with(|| Reader {
            client: stream.client,
            feed: stream.feed,
            filtered: false,
            follows: true,
            after: stream.after,
            events: Vec::new(),
        });
        reader.filtered |= stream.filtered();
        reader.follows &= stream.until.is_none();
        for event in stream.events() {
            if reader.events.last().is_none_or(|last| event.seq > last.seq) {
                reader.events.push(event);
            }
        }
    }
    readers.into_values().collect()
}
