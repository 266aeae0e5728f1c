//! Each rule accepts a good history and finds its own breach in a bad one.

use super::*;
use crate::history::Operation;

const BUYER: Uuid = Uuid::from_u128(0xb);
const SUPPLIER: Uuid = Uuid::from_u128(0x5);
const ORDERS: i64 = 4;

/// Four orders published and answered one after the other, seen by a follower of each feed; each publication is a
/// command of two events.
fn good() -> Vec<Record> {
    let mut records = Vec::new();
    for feed in [BUYER, SUPPLIER] {
        let client = if feed == BUYER { "buyer" } else { "supplier" };
        records.push(line(
            client,
            Operation::Subscribe { feed, stream: stream(feed), after: 0, until: None, types: vec![] },
        ));
        for event in feed_of(feed) {
            records.push(line(client, Operation::Deliver { feed, stream: stream(feed), event }));
        }
    }
    for order in 1..=ORDERS {
        for version in 1..=2 {
            records.push(write(order, version, Outcome::Unknown));
            records.push(write(order, version, Outcome::Ok));
        }
    }
    records
}

fn stream(feed: Uuid) -> u64 {
    if feed == BUYER { 1 } else { 2 }
}

fn line(client: &str, operation: Operation) -> Record {
    Record { client: client.into(), invoked_us: 0, returned_us: 0, outcome: Outcome::Ok, operation }
}

/// Order 1 is published at 1000–1100 µs, answered at 1200–1300 µs; order 2 at 2000 µs and so on.
fn write(order: i64, version: i64, outcome: Outcome) -> Record {
    let began = (order * 1000 + (version - 1) * 200).unsigned_abs();
    let acknowledged = outcome == Outcome::Ok;
    let operation = Operation::Write {
        request_id: format!("{order}-{version}"),
        feeds: vec![BUYER, SUPPLIER],
        trace: trace(order, version),
        subject: if acknowledged { format!("orders/{order}") } else { String::new() },
        version: if acknowledged { version } else { 0 },
    };
    let (invoked_us, returned_us) =
        if acknowledged { (began + 60, began + 100) } else { (began, began + 50) };
    Record { client: "writer".into(), invoked_us, returned_us, outcome, operation }
}

fn trace(order: i64, version: i64) -> String {
    format!("trace-{order}-{version}")
}

fn feed_of(feed: Uuid) -> Vec<Delivered> {
    let mut events = Vec::new();
    for order in 1..=ORDERS {
        let parts = [
            ("partners/x", "relationship.changed.v1", 0, false),
            ("", "published.v1", 1, true),
            ("", "responded.v1", 2, true),
        ];
        for (subject, kind, version, last_of_command) in parts {
            let seq = events.len() as i64 + 1;
            let data = format!("{order} {version}");
            events.push(Delivered {
                seq,
                event_id: Uuid::from_u128(seq as u128),
                kind: kind.into(),
                subject: if subject.is_empty() { format!("orders/{order}") } else { subject.into() },
                version,
                trace: trace(order, version.max(1)),
                last_of_command,
                chain: String::new(),
                data_sha256: hex::encode(Sha256::digest(&data)),
                computed_sha256: hex::encode(Sha256::digest(&data)),
                cursor: format!("{feed}-{seq}"),
            });
        }
    }
    rechain(feed, &mut events);
    events
}

fn rechain(feed: Uuid, events: &mut [Delivered]) {
    let mut previous = hex::encode([0; 32]);
    for event in events {
        event.chain = chain(&previous, feed, event);
        previous.clone_from(&event.chain);
    }
}

/// The buyer's events, to be changed, put back with a chain that fits.
fn with_buyer(change: impl FnOnce(&mut Vec<Delivered>)) -> Vec<Record> {
    let mut events = feed_of(BUYER);
    change(&mut events);
    rechain(BUYER, &mut events);
    replace_buyer(events)
}

fn replace_buyer(events: Vec<Delivered>) -> Vec<Record> {
    let mut records = good();
    records.retain(|record| !matches!(record.operation, Operation::Deliver { feed: BUYER, .. }));
    let place = 1;
    for (index, event) in events.into_iter().enumerate() {
        let deliver = Operation::Deliver { feed: BUYER, stream: stream(BUYER), event };
        records.insert(place + index, line("buyer", deliver));
    }
    records
}

/// Places 1, 2, 3 … again after events were taken out or put in.
fn renumber(events: &mut [Delivered]) {
    for (index, event) in events.iter_mut().enumerate() {
        event.seq = index as i64 + 1;
    }
}

/// Another stream of a client of its own: opened, what came, ended.
fn other(after: i64, until: Option<i64>, types: &[&str], items: &[Operation]) -> Vec<Record> {
    let types = types.iter().map(ToString::to_string).collect();
    let mut records = good();
    records.push(line("other", Operation::Subscribe { feed: BUYER, stream: 9, after, until, types }));
    records.extend(items.iter().map(|item| line("other", item.clone())));
    records.push(line("other", Operation::End { feed: BUYER, stream: 9 }));
    records
}

fn event(seq: i64) -> Operation {
    let event = feed_of(BUYER).swap_remove(seq as usize - 1);
    Operation::Deliver { feed: BUYER, stream: 9, event }
}

fn bookmark(seq: i64) -> Operation {
    Operation::Bookmark { feed: BUYER, stream: 9, seq }
}

#[track_caller]
fn finds(rule: fn(&[Record]) -> Vec<Breach>, records: &[Record], words: &str) {
    let found = rule(records);
    assert!(found.iter().any(|breach| breach.what.contains(words)), "{words} is not in {found:?}");
}

#[test]
fn a_good_history_breaks_no_rule() {
    check(&good());
    let suffix: Vec<Operation> = (6..=12).map(event).collect();
    check(&other(5, Some(12), &[], &suffix));
    let responded = [event(3), bookmark(5), event(6), event(9), event(12), bookmark(12)];
    check(&other(0, Some(12), &["responded.*"], &responded));
    check(&other(12, Some(12), &[], &[bookmark(12)]));
}

#[test]
fn a_reader_who_reconnects_may_see_the_same_again() {
    let mut records = good();
    let again = Operation::Subscribe { feed: BUYER, stream: 7, after: 10, until: None, types: vec![] };
    records.push(line("buyer", again));
    for event in feed_of(BUYER).into_iter().skip(10) {
        records.push(line("buyer", Operation::Deliver { feed: BUYER, stream: 7, event }));
    }
    check(&records);
}

#[test]
fn ordered_finds_versions_and_streams_that_step_back() {
    let swapped = with_buyer(|events| {
        events.swap(1, 2);
        renumber(events);
    });
    finds(ordered, &swapped, "orders/1 has version 2 after None");
    let mut events = feed_of(BUYER);
    events.swap(4, 7);
    finds(ordered, &replace_buyer(events), "5 came after 7");
    finds(ordered, &other(0, None, &[], &[event(1), event(2), bookmark(1)]), "1 came after 2");
}

#[test]
fn ordered_finds_what_overtook_an_acknowledged_write() {
    let overtaken = with_buyer(|events| {
        events.rotate_left(3);
        renumber(events);
    });
    finds(ordered, &overtaken, "which was acknowledged first");
    let mut concurrent = overtaken;
    for record in &mut concurrent {
        if let Operation::Write { .. } = record.operation {
            (record.invoked_us, record.returned_us) = (1, 9000);
        }
    }
    assert_eq!(ordered(&concurrent), [], "writes at the same time may stand either way");
}

#[test]
fn unique_finds_repetitions_and_readers_who_disagree() {
    let twice = with_buyer(|events| {
        let again = events[4].clone();
        events.insert(5, again);
        renumber(events);
    });
    finds(unique, &twice, "came twice");
    let mut records = other(11, Some(12), &[], &[event(12)]);
    for record in &mut records {
        if let (Operation::Deliver { event, .. }, "other") = (&mut record.operation, record.client.as_str()) {
            event.event_id = Uuid::from_u128(99);
        }
    }
    finds(unique, &records, "12 is another event elsewhere");
}

#[test]
fn atomic_finds_torn_and_endless_commands() {
    let torn = with_buyer(|events| {
        // The second command's first event comes between the two of the first.
        let between = events.remove(3);
        events.insert(1, between);
        renumber(events);
    });
    finds(atomic, &torn, "interrupts the command");
    let early = with_buyer(|events| events[0].last_of_command = true);
    finds(atomic, &early, "belongs to a command that had ended");
    let endless = with_buyer(|events| events[11].last_of_command = false);
    finds(atomic, &endless, "the last command has no end");
}

#[test]
fn reliable_finds_what_is_lost_doubled_or_made_up() {
    let lost = with_buyer(|events| {
        events.remove(5);
        renumber(events);
    });
    finds(reliable, &lost, "orders/2 2 was acknowledged and is lost");
    let short = with_buyer(|events| events.truncate(11));
    finds(reliable, &short, "orders/4 2 was acknowledged and is lost");
    let made_up = with_buyer(|events| {
        let strange = Delivered {
            subject: "orders/77".into(),
            version: 1,
            event_id: Uuid::from_u128(77),
            ..events[11].clone()
        };
        events.push(strange);
        renumber(events);
    });
    finds(reliable, &made_up, "nobody was promised");
    let mut excused = made_up;
    let mut open = write(77, 1, Outcome::Unknown);
    open.client = "another".into();
    excused.push(open);
    assert_eq!(reliable(&excused), [], "a write of unknown outcome may have taken effect");

    let mut answered_twice = good();
    let mut again = write(3, 1, Outcome::Ok);
    if let Operation::Write { subject, .. } = &mut again.operation {
        *subject = "orders/33".into();
    }
    answered_twice.push(again);
    finds(reliable, &answered_twice, "3-1 was answered in several ways");

    let mut unseen = good();
    unseen.retain(|record| record.client != "supplier");
    finds(reliable, &unseen, "nobody followed it");
}

#[test]
fn resumable_finds_what_is_missing_after_a_place() {
    finds(resumable, &other(5, Some(12), &[], &[event(7)]), "7 came where Some(6) was due");
    finds(resumable, &other(5, Some(12), &[], &[event(5), event(6)]), "5 came where Some(6) was due");
    let cut: Vec<Operation> = (6..=11).map(event).collect();
    finds(resumable, &other(5, Some(12), &[], &cut), "had to reach 12");
    finds(resumable, &other(5, Some(13), &[], &[]), "ended at 5 before 13");
    finds(
        resumable,
        &other(0, Some(12), &["responded.v1"], &[event(3), event(9)]),
        "9 came where Some(6) was due",
    );
    let mut apart = other(0, None, &["responded.v1"], &[event(3), bookmark(5)]);
    let types = vec!["responded.v1".into()];
    apart.push(line("other", Operation::Subscribe { feed: BUYER, stream: 10, after: 8, until: None, types }));
    finds(resumable, &apart, "its reader had come to 5");
}

#[test]
fn bookmarkable_finds_bookmarks_that_pass_over_something() {
    let types = &["responded.v1"];
    finds(bookmarkable, &other(0, None, types, &[event(3), bookmark(7)]), "the bookmark at 7 passed over 6");
    finds(bookmarkable, &other(0, None, types, &[bookmark(2), bookmark(1)]), "a bookmark at 1");
    finds(bookmarkable, &other(2, None, types, &[bookmark(3), event(3)]), "3 came after a bookmark at 3");
    finds(bookmarkable, &other(0, None, types, &[event(2)]), "nobody asked for published.v1");
}

#[test]
fn gapless_finds_a_place_that_was_left_out() {
    let mut events = feed_of(BUYER);
    events.remove(6);
    finds(gapless, &replace_buyer(events), "8 came after 6");
    finds(gapless, &other(3, None, &[], &[event(5)]), "5 came after 3");
}

#[test]
fn provable_finds_changed_data_and_changed_history() {
    let changed = with_buyer(|events| events[3].computed_sha256 = "00".repeat(32));
    finds(provable, &changed, "the data of 4 is not what was hashed");
    let mut events = feed_of(BUYER);
    events[3].data_sha256 = "00".repeat(32);
    events[3].computed_sha256 = "00".repeat(32);
    finds(provable, &replace_buyer(events), "the chain breaks at 4");
    let mut events = feed_of(BUYER);
    events[0].event_id = Uuid::from_u128(1234);
    finds(provable, &replace_buyer(events), "the chain breaks at 1");
    let foreign = feed_of(SUPPLIER);
    finds(provable, &replace_buyer(foreign), "the chain breaks at 1");
}
