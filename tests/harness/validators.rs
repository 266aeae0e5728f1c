//! Whether what clients saw keeps the promises of the event log: pure functions over a [history](crate::history),
//! each answering every breach that it finds.
//!
//! * [`ordered`]       versions of an order are contiguous, a stream never steps back, and what was acknowledged
//!   before something else began stands before it
//! * [`unique`]        nothing is delivered twice to a reader who keeps its place, and a place is the same for everyone
//! * [`atomic`]        the events of a command stand together, and the last of them says so
//! * [`reliable`]      every acknowledged write stands in all its feeds exactly once, and nothing else does
//! * [`resumable`]     a stream that begins after a place brings exactly what follows it, and begins at none that its reader has
//!   not come to
//! * [`bookmarkable`]  a bookmark passes over nothing that its reader asked for
//! * [`gapless`]       after n comes n + 1
//! * [`provable`]      the chain recomputes, and data is what was hashed
//!
//! The first six are what etcd promises of its watch; the last two are ours.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::history::{Delivered, Outcome, Record};

mod view;

use view::{Item, Reader, Stream, View};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    Ordered,
    Unique,
    Atomic,
    Reliable,
    Resumable,
    Bookmarkable,
    Gapless,
    Provable,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub rule: Rule,
    /// Where, for people.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// Notes breaches of one rule.
struct Judge {
    rule: Rule,
    found: Vec<Breach>,
}

impl Judge {
    fn of(rule: Rule) -> Self {
        Self { rule, found: Vec::new() }
    }

    fn hold(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.found.push(Breach { rule: self.rule, what: what() });
        }
    }
}

/// Every breach of every promise.
pub fn all(records: &[Record]) -> Vec<Breach> {
    let rules = [ordered, unique, atomic, reliable, resumable, bookmarkable, gapless, provable];
    rules.iter().flat_map(|rule| rule(records)).collect()
}

/// Panics where any promise was broken, naming the first breaches.
#[track_caller]
pub fn check(records: &[Record]) {
    let breaches = all(records);
    let first: Vec<String> = breaches.iter().take(10).map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), first.join("\n"));
}

/// Versions are contiguous, streams go forward, and what was acknowledged first stands first.
pub fn ordered(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Ordered));
    for stream in &view.streams {
        let mut last = stream.after;
        for item in &stream.items {
            let (seq, forward) = match item {
                Item::Event(event) => (event.seq, event.seq > last),
                Item::Bookmark(seq) => (*seq, *seq >= last),
            };
            judge.hold(forward, || format!("{stream}: {seq} came after {last}"));
            last = seq;
        }
    }
    for reader in view.readers.iter().filter(|reader| !reader.filtered) {
        let mut versions: HashMap<&str, i64> = HashMap::new();
        for event in reader.events.iter().filter(|event| event.version > 0) {
            let known = versions.insert(&event.subject, event.version);
            let contiguous = match known {
                Some(version) => event.version == version + 1,
                // Who takes an order over, or begins in the middle of a feed, need not see its beginning.
                None => event.version == 1 || event.kind.ends_with(".supplier_changed.v1") || !reader.whole(),
            };
            judge.hold(contiguous, || {
                format!("{reader}: {} has version {} after {known:?}", event.subject, event.version)
            });
        }
    }
    for (feed, reference) in &view.reference {
        // Of all that stands before, the one that began last.
        let mut latest: Option<(u64, &Delivered)> = None;
        for event in reference.values() {
            let Some(write) = view.writes.get(&(event.subject.as_str(), event.version)) else { continue };
            if let Some((invoked, before)) = latest {
                judge.hold(invoked <= write.acknowledged_us, || {
                    format!(
                        "{feed}: {} stands before {}, which was acknowledged first",
                        before.seq, event.seq
                    )
                });
            }
            if latest.is_none_or(|(invoked, _)| write.invoked_us > invoked) {
                latest = Some((write.invoked_us, event));
            }
        }
    }
    judge.found
}

/// Nothing comes twice, and everybody sees the same at a place.
pub fn unique(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Unique));
    for reader in &view.readers {
        let mut ids = HashSet::new();
        let mut versions = HashSet::new();
        for event in &reader.events {
            judge.hold(ids.insert(event.event_id), || format!("{reader}: {} came twice", event.event_id));
            let first = event.version == 0 || versions.insert((&event.subject, event.version));
            judge.hold(first, || format!("{reader}: {} {} came twice", event.subject, event.version));
        }
    }
    for stream in &view.streams {
        for event in stream.events() {
            let known = view.reference[&stream.feed][&event.seq];
            judge.hold(known == event, || format!("{stream}: {} is another event elsewhere", event.seq));
        }
    }
    judge.found
}

/// Commands stand together.
pub fn atomic(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Atomic));
    for (feed, reference) in view.reference.iter().filter(|(feed, _)| view.is_whole(**feed)) {
        let mut closed: HashSet<&str> = HashSet::new();
        let mut open: Option<&Delivered> = None;
        for event in reference.values() {
            judge.hold(open.is_none_or(|first| first.trace == event.trace), || {
                format!("{feed}: {} interrupts the command that began before it", event.seq)
            });
            judge.hold(event.trace.is_empty() || !closed.contains(event.trace.as_str()), || {
                format!("{feed}: {} belongs to a command that had ended", event.seq)
            });
            open = open.or(Some(event));
            if event.last_of_command {
                closed.insert(&event.trace);
                open = None;
            }
        }
        judge.hold(open.is_none(), || format!("{feed}: the last command has no end"));
    }
    judge.found
}

/// Acknowledged writes are there, once, and nothing else is.
pub fn reliable(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Reliable));
    for (request, answers) in &view.answers {
        judge.hold(answers.len() <= 1, || format!("{request} was answered in several ways: {answers:?}"));
    }
    let mut promised: BTreeMap<Uuid, BTreeSet<(&str, i64)>> = BTreeMap::new();
    for (what, write) in &view.writes {
        for feed in &write.feeds {
            promised.entry(*feed).or_default().insert(*what);
        }
    }
    for (feed, writes) in &promised {
        let followers: Vec<&Reader<'_>> = view.followers(*feed).collect();
        judge.hold(!followers.is_empty(), || format!("{feed}: nobody followed it from its beginning"));
        for reader in followers {
            let seen: HashSet<(&str, i64)> =
                reader.events.iter().map(|event| (event.subject.as_str(), event.version)).collect();
            for (subject, version) in writes.iter().filter(|write| !seen.contains(*write)) {
                judge.hold(false, || format!("{reader}: {subject} {version} was acknowledged and is lost"));
            }
            let strange =
                seen.iter().filter(|what| what.0.starts_with("orders/") && !writes.contains(*what)).count();
            let open = view.open_writes(*feed);
            judge.hold(strange <= open, || {
                format!("{reader}: {strange} events that nobody was promised, and {open} writes of unknown outcome")
            });
        }
    }
    judge.found
}

/// What follows a place is what comes after it, and who leaves something out begins nowhere but where it was told that it is.
pub fn resumable(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Resumable));
    for stream in &view.streams {
        let reference = &view.reference[&stream.feed];
        let mut last = stream.after;
        for event in stream.events() {
            let due = reference.range(last + 1..).map(|(_, event)| *event).find(|event| stream.wants(event));
            let seq = due.map(|event| event.seq);
            judge.hold(seq == Some(event.seq), || {
                format!("{stream}: {} came where {seq:?} was due", event.seq)
            });
            last = event.seq;
        }
        if let (Some(until), Some(Outcome::Ok)) = (stream.until, stream.ended) {
            let missing =
                reference.range(last + 1..).map(|(_, event)| *event).find(|event| stream.wants(event));
            let complete = missing.is_none_or(|event| event.seq > until);
            judge.hold(complete, || format!("{stream}: ended after {last} and had to reach {until}"));
            judge.hold(stream.filtered() || last >= until, || {
                format!("{stream}: ended at {last} before {until}")
            });
        }
    }
    // Of the others, places themselves tell that nothing was left out.
    for reader in view.readers.iter().filter(|reader| reader.filtered) {
        let mut stood = reader.after;
        let own = |stream: &&Stream<'_>| stream.client == reader.client && stream.feed == reader.feed;
        for stream in view.streams.iter().filter(own) {
            judge.hold(stream.after <= stood, || format!("{stream}: its reader had come to {stood}"));
            stood = stream.items.iter().map(Item::seq).fold(stood, i64::max);
        }
    }
    judge.found
}

/// Bookmarks pass over nothing.
pub fn bookmarkable(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Bookmarkable));
    for stream in &view.streams {
        let (mut last, mut bookmark) = (stream.after, stream.after);
        for item in &stream.items {
            match item {
                Item::Event(event) => {
                    judge.hold(event.seq > bookmark, || {
                        format!("{stream}: {} came after a bookmark at {bookmark}", event.seq)
                    });
                    judge.hold(stream.wants(event), || format!("{stream}: nobody asked for {}", event.kind));
                    last = last.max(event.seq);
                }
                Item::Bookmark(seq) => {
                    judge.hold(*seq >= last.max(bookmark), || {
                        format!("{stream}: a bookmark at {seq} after {last}")
                    });
                    let passed = view.reference[&stream.feed].range(last.max(bookmark) + 1..);
                    for event in passed.map(|(_, event)| *event).take_while(|event| event.seq <= *seq) {
                        judge.hold(!stream.wants(event), || {
                            format!("{stream}: the bookmark at {seq} passed over {}", event.seq)
                        });
                    }
                    bookmark = bookmark.max(*seq);
                }
            }
        }
    }
    judge.found
}

/// No place is left out.
pub fn gapless(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Gapless));
    for stream in view.streams.iter().filter(|stream| !stream.filtered()) {
        let mut last = stream.after;
        for event in stream.events() {
            judge.hold(event.seq <= last + 1, || format!("{stream}: {} came after {last}", event.seq));
            last = last.max(event.seq);
        }
    }
    for reader in view.readers.iter().filter(|reader| !reader.filtered) {
        for pair in reader.events.windows(2) {
            judge.hold(pair[1].seq == pair[0].seq + 1, || {
                format!("{reader}: {} came after {}", pair[1].seq, pair[0].seq)
            });
        }
    }
    judge.found
}

/// The chain and the data's hashes recompute.
pub fn provable(records: &[Record]) -> Vec<Breach> {
    let (view, mut judge) = (View::of(records), Judge::of(Rule::Provable));
    for stream in &view.streams {
        for event in stream.events() {
            let fits = event.data_sha256 == event.computed_sha256;
            judge.hold(fits, || format!("{stream}: the data of {} is not what was hashed", event.seq));
        }
    }
    for (feed, reference) in &view.reference {
        for event in reference.values() {
            let previous = match event.seq {
                1 => Some(hex::encode([0; 32])),
                seq => reference.get(&(seq - 1)).map(|event| event.chain.clone()),
            };
            let Some(previous) = previous else { continue };
            judge.hold(chain(&previous, *feed, event) == event.chain, || {
                format!("{feed}: the chain breaks at {}", event.seq)
            });
        }
    }
    judge.found
}

/// SHA-256(previous ‖ feed ‖ seq ‖ event id ‖ data_sha256), as the contract says it.
pub(crate) fn chain(previous: &str, feed: Uuid, event: &Delivered) -> String {
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(bytes(previous));
    hash.update(feed.as_bytes());
    hash.update(event.seq.to_be_bytes());
    hash.update(event.event_id.as_bytes());
    hash.update(bytes(&event.data_sha256));
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests;
