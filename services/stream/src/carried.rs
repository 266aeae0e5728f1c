//! An entry as Kafka carries it, and how far what came over Kafka is the whole of the log.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost::Message;
use proto::event::{Addressed, Carried as Wire};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    command,
    entry::{Entry, Fact, LogPlace, Placed},
};

/// Facts that came in part and wait for the rest; beyond it the tail reads Postgres instead.
const WAITING: usize = 100_000;

/// An entry that came over Kafka.
#[derive(Clone, Debug)]
pub struct Carried {
    /// When the server was started that had it.
    pub run: OffsetDateTime,
    /// Where its fact stands in the log.
    pub place: LogPlace,
    /// How many feeds carry the fact.
    pub entries: usize,
    /// The entry.
    pub entry: Arc<Entry>,
}

/// An entry of a fact, which was read on that run of the server, to be carried.
pub fn encode(run: OffsetDateTime, placed: &Placed, entry: &Entry) -> Vec<u8> {
    let bytes = |id: &Uuid| Bytes::copy_from_slice(id.as_bytes());
    let optional = |id: Option<Uuid>| id.as_ref().map(bytes).unwrap_or_default();
    let fact = &placed.fact;
    let addressed = Addressed {
        event: Some(fact.event(fact.payload.clone())),
        audience: fact.audience.iter().map(bytes).collect(),
        subject_id: optional(fact.subject_id),
        sites: fact.sites.clone(),
        purchasing_group: fact.purchasing_group.clone(),
        scope_firm: optional(fact.scope_firm),
    };
    let carried = Wire {
        fact: Some(addressed),
        feed: bytes(&entry.feed),
        seq: entry.seq,
        chain: Bytes::copy_from_slice(&entry.chain),
        last_of_command: entry.last_of_command,
        log_pos: placed.log_pos,
        month: placed.month.to_julian_day(),
        entries: placed.entries.len() as i32,
        run: i64::try_from(run.unix_timestamp_nanos() / 1_000).unwrap_or_default(),
    };
    carried.encode_to_vec()
}

/// What was carried.
///
/// # Errors
/// What is wrong with it; Postgres has the entry all the same.
pub fn decode(bytes: Bytes) -> Result<Carried, &'static str> {
    let wire = Wire::decode(bytes).map_err(|_| "it is no entry")?;
    let fact: Fact = command::fact(wire.fact.ok_or("the fact is missing")?)?;
    let feed = Uuid::from_slice(&wire.feed).map_err(|_| "the feed is no id")?;
    let chain: [u8; 32] = wire.chain.as_ref().try_into().map_err(|_| "a chain has not 32 bytes")?;
    let month = Date::from_julian_day(wire.month).map_err(|_| "the month is none")?;
    let run = OffsetDateTime::from_unix_timestamp_nanos(i128::from(wire.run) * 1_000);
    let run = run.map_err(|_| "the server was started at no time")?;
    let entries = usize::try_from(wire.entries).map_err(|_| "a fact has no entries")?;
    let entry = Entry::new(feed, wire.seq, chain, wire.last_of_command, Arc::new(fact));
    Ok(Carried { run, place: LogPlace { log_pos: wire.log_pos, month }, entries, entry: Arc::new(entry) })
}

/// What came of the log beyond a place, in any order and any number of times.
#[derive(Debug, Default)]
pub struct Carriage {
    waiting: BTreeMap<i64, Part>,
}

/// What came of a fact.
#[derive(Debug)]
struct Part {
    month: Date,
    entries: usize,
    feeds: Vec<Uuid>,
}

impl Carriage {
    /// An entry came.
    pub fn add(&mut self, carried: &Carried) {
        let Carried { place, entries, entry, .. } = carried;
        let part = self.waiting.entry(place.log_pos).or_insert_with(|| Part {
            month: place.month,
            entries: *entries,
            feeds: Vec::new(),
        });
        if !part.feeds.contains(&entry.feed) {
            part.feeds.push(entry.feed);
        }
        if self.waiting.len() > WAITING {
            self.waiting.clear();
        }
    }

    /// A fact is here with all of its entries.
    pub fn add_whole(&mut self, place: LogPlace) {
        self.waiting.insert(place.log_pos, Part { month: place.month, entries: 0, feeds: Vec::new() });
    }

    /// How far everything after `at` came.
    pub fn whole_after(&mut self, mut at: LogPlace) -> LogPlace {
        while let Some(first) = self.waiting.first_entry() {
            let log_pos = *first.key();
            if log_pos > at.log_pos {
                let part = first.get();
                if log_pos > at.log_pos + 1 || part.feeds.len() < part.entries {
                    break;
                }
                at = LogPlace { log_pos, month: part.month };
            }
            first.remove();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::fact;
    use time::macros::{date, datetime};

    const MONTH: Date = date!(2026 - 11 - 01);
    const RUN: OffsetDateTime = datetime!(2026-11-23 02:10:00.123456 UTC);

    fn place(log_pos: i64) -> LogPlace {
        LogPlace { log_pos, month: MONTH }
    }

    /// A fact at a place in the log, in the feeds of firms 1 and 2.
    fn placed(log_pos: i64) -> Placed {
        let fact = Arc::new(Fact {
            sites: vec!["W1".into()],
            purchasing_group: "一组".into(),
            scope_firm: Some(Uuid::from_u128(1)),
            ..fact(log_pos, vec![7; 3])
        });
        let entry =
            |feed| Arc::new(Entry::new(Uuid::from_u128(feed), log_pos, [9; 32], feed == 1, fact.clone()));
        let entries = vec![entry(1), entry(2)];
        Placed { log_pos, month: MONTH, fact, entries }
    }

    fn carried(log_pos: i64, feed: usize) -> Carried {
        let placed = placed(log_pos);
        decode(encode(RUN, &placed, &placed.entries[feed]).into()).expect("it was encoded")
    }

    #[test]
    fn what_is_carried_comes_out_as_it_went_in() {
        let placed = placed(5);
        for (feed, entry) in placed.entries.iter().enumerate() {
            let out = carried(5, feed);
            assert_eq!((out.run, out.place, out.entries), (RUN, place(5), 2));
            assert_eq!(*out.entry.fact, *entry.fact);
            assert_eq!(
                (out.entry.feed, out.entry.seq, out.entry.chain),
                (entry.feed, entry.seq, entry.chain)
            );
            assert_eq!(out.entry.last_of_command, entry.last_of_command);
        }
        for bad in [&b"\xff"[..], b""] {
            assert!(decode(Bytes::from_static(bad)).is_err());
        }
    }

    #[test]
    fn the_log_is_whole_as_far_as_everything_came() {
        let mut carriage = Carriage::default();
        for (log_pos, feed) in [(3, 0), (3, 0), (2, 1), (1, 0)] {
            carriage.add(&carried(log_pos, feed));
        }
        assert_eq!(carriage.whole_after(place(1)), place(1), "of the second one a feed is missing");
        carriage.add(&carried(2, 0));
        assert_eq!(carriage.whole_after(place(1)), place(2), "a repetition is no other feed");
        carriage.add(&carried(3, 1));
        carriage.add_whole(place(5));
        assert_eq!(carriage.whole_after(place(2)), place(3));
        carriage.add_whole(place(4));
        assert_eq!(carriage.whole_after(place(3)), place(5));
        assert!(carriage.waiting.is_empty());
    }
}
