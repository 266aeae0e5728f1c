//! Whether what clients saw keeps the promises of the event log; the same as `tests/harness/validators` asks of real clients,
//! and two of the machine's own: what is kept for one stream is bounded, and a firm's own topic has no gap.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chassis::{Reason, feed::FIRST_CHAIN};
use uuid::Uuid;

use super::{
    kafka::Beginning,
    subscriber::{PAGE, Seen, Subscriber},
    world::World,
    writer::{FEEDS, PUBLISHED, Write},
};
use crate::{chain, entry::Entry};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Ordered,
    Unique,
    Atomic,
    Reliable,
    Resumable,
    Bookmarkable,
    Gapless,
    Provable,
    Bounded,
    Exported,
}

/// A promise that was not kept, and where.
#[derive(Debug)]
pub struct Breach<R = Rule>(pub R, pub String);

/// Notes breaches.
#[derive(Default)]
struct Judge(Vec<Breach>);

impl Judge {
    fn hold(&mut self, kept: bool, rule: Rule, what: impl FnOnce() -> String) {
        if !kept {
            self.0.push(Breach(rule, what()));
        }
    }
}

/// Every breach of every promise in what happened.
pub fn judge(world: &World) -> Vec<Breach> {
    let mut judge = Judge::default();
    let feeds = by_feed(world.postgres.ever());
    let before = world.postgres.before.as_deref().map(by_feed);
    for (feed, entries) in &feeds {
        record(&mut judge, *feed, entries, &world.writes);
        in_time(&mut judge, *feed, entries, &world.writes);
    }
    for (n, subscriber) in world.subscribers.iter().enumerate() {
        let feed = &feeds[&subscriber.feed];
        let before = before.as_ref().map(|before| &*before[&subscriber.feed]);
        follow(&mut judge, n, subscriber, feed, before);
        let head = feed.last().map_or(0, |entry| entry.seq);
        judge.hold(subscriber.seq == head, Rule::Reliable, || {
            format!("reader {n} stands at {} and the feed at {head}", subscriber.seq)
        });
    }
    // A page and the one behind it.
    let bounded = world.kept <= 2 * PAGE;
    judge.hold(bounded, Rule::Bounded, || format!("{} entries were kept for a stream", world.kept));
    if world.kafka_runs {
        for (n, (topic, feed)) in world.kafka.exported.iter().zip(FEEDS).enumerate() {
            let head = feeds[&feed].len() as i64;
            let first = world.kafka.begun.map_or(head, |heads| heads[n]);
            exported(&mut judge, feed, topic, first, head);
        }
    }
    judge.0
}

/// Entries of each feed in its order.
fn by_feed(entries: &[Arc<Entry>]) -> BTreeMap<Uuid, Vec<&Entry>> {
    let mut feeds: BTreeMap<Uuid, Vec<&Entry>> = FEEDS.iter().map(|feed| (*feed, Vec::new())).collect();
    for entry in entries {
        feeds.entry(entry.feed).or_default().push(entry);
    }
    feeds.values_mut().for_each(|entries| entries.sort_by_key(|entry| entry.seq));
    feeds
}

/// The feed itself: places without a gap, a chain that recomputes, commands that stand together, versions in order, and each
/// committed event once.
fn record(judge: &mut Judge, feed: Uuid, entries: &[&Entry], writes: &[Write]) {
    let (mut chained, mut versions) = (FIRST_CHAIN, HashMap::<&str, i64>::new());
    let (mut open, mut ended) = (None, HashSet::new());
    for (n, entry) in entries.iter().enumerate() {
        let fact = &entry.fact;
        judge.hold(entry.seq == n as i64 + 1, Rule::Gapless, || {
            format!("{} stands at {} of {feed}", entry.seq, n + 1)
        });
        chained = chain::next(&chained, feed, entry.seq, fact.event_id, &fact.payload_sha256);
        judge.hold(chained == entry.chain, Rule::Provable, || format!("the chain breaks at {}", entry.seq));
        let version = versions.entry(&fact.subject).or_default();
        judge.hold(fact.version == *version + 1, Rule::Ordered, || {
            format!("{} has version {} after {version} in {feed}", fact.subject, fact.version)
        });
        *version = fact.version;
        let command = fact.event_id.as_u128() >> 8;
        let apart = open.is_some_and(|open| open != command) || ended.contains(&command);
        judge.hold(!apart, Rule::Atomic, || format!("{} stands apart from its command", entry.seq));
        open = (!entry.last_of_command).then_some(command);
        if entry.last_of_command {
            ended.insert(command);
        }
    }
    judge.hold(open.is_none(), Rule::Atomic, || format!("the last command of {feed} has no end"));
    let committed = writes.iter().filter(|write| write.committed).flat_map(|write| &write.events);
    let committed = committed.filter(|event| event.feeds.contains(&feed)).map(|event| event.event_id);
    let promised: BTreeSet<Uuid> = committed.collect();
    let present: BTreeSet<Uuid> = entries.iter().map(|entry| entry.fact.event_id).collect();
    judge.hold(present.len() == entries.len(), Rule::Unique, || format!("an event stands twice in {feed}"));
    judge.hold(promised == present, Rule::Reliable, || {
        let lost: Vec<&Uuid> = promised.difference(&present).collect();
        format!("{feed} lacks {lost:?} and has {} of {}", present.len(), promised.len())
    });
}

/// What was acknowledged before something else began stands before it.
fn in_time(judge: &mut Judge, feed: Uuid, entries: &[&Entry], writes: &[Write]) {
    let mut latest = 0;
    for entry in entries {
        let write = &writes[(entry.fact.event_id.as_u128() >> 8) as usize];
        judge.hold(write.acknowledged.is_none_or(|at| latest <= at), Rule::Ordered, || {
            format!("{} of {feed} was acknowledged before one that stands before it began", entry.seq)
        });
        latest = latest.max(write.began);
    }
}

/// What one client saw. Who is told that its history is another one has seen what the lost server alone knew, and nothing of
/// what came instead; from then on it sees that alone.
fn follow(judge: &mut Judge, n: usize, subscriber: &Subscriber, feed: &[&Entry], before: Option<&[&Entry]>) {
    let diverged = |seen: &Seen| matches!(seen, Seen::Refused(Reason::FEED_DIVERGED, _));
    for seen in subscriber.seen.split_inclusive(diverged) {
        match (seen, before) {
            ([seen @ .., Seen::Refused(Reason::FEED_DIVERGED, stood)], Some(before)) => {
                let at = stream(judge, n, subscriber.filtered, seen, before);
                let same =
                    before.iter().zip(feed).take_while(|(was, is)| was.chain == is.chain).count() as i64;
                // What the lost server had moved may be moved the same way again, and was not there yet.
                let same = same.min(*stood);
                // A filter may have passed over what was lost, and shows nothing of it.
                judge.hold(subscriber.filtered || at > same, Rule::Resumable, || {
                    format!("reader {n}: stands at {at}, up to {same} nothing was lost, and is told so")
                });
            }
            _ => {
                stream(judge, n, subscriber.filtered, seen, feed);
            }
        }
    }
}

/// What one client saw of one history, stream by stream; where it stands then.
fn stream(judge: &mut Judge, n: usize, filtered: bool, seen: &[Seen], feed: &[&Entry]) -> i64 {
    let wanted = |entry: &Entry| !filtered || entry.fact.kind == PUBLISHED;
    let at = |seq: i64| feed.get(usize::try_from(seq - 1).unwrap_or(usize::MAX)).copied();
    // Where the client stands, and the last event or bookmark of its stream.
    let (mut last, mut ids) = (0, HashSet::new());
    for seen in seen {
        match seen {
            Seen::Opened(after) => {
                let goes_on = *after == last || last == 0;
                judge.hold(goes_on, Rule::Resumable, || format!("reader {n}: begins at {after}, not {last}"));
                last = *after;
            }
            Seen::Event(entry) => {
                judge.hold(entry.seq > last, Rule::Ordered, || {
                    format!("reader {n}: {} came after {last}", entry.seq)
                });
                judge.hold(ids.insert(entry.fact.event_id), Rule::Unique, || {
                    format!("reader {n}: {} came twice", entry.fact.event_id)
                });
                judge.hold(wanted(entry), Rule::Bookmarkable, || {
                    format!("reader {n}: nobody asked for {}", entry.seq)
                });
                let passed = (last + 1..entry.seq).filter_map(at).find(|entry| wanted(entry));
                judge.hold(passed.is_none(), Rule::Gapless, || {
                    format!("reader {n}: {} came after {last}", entry.seq)
                });
                let same = at(entry.seq).is_some_and(|known| {
                    known.fact.event_id == entry.fact.event_id && known.chain == entry.chain
                });
                judge.hold(same, Rule::Provable, || format!("reader {n}: {} is another event", entry.seq));
                last = last.max(entry.seq);
            }
            Seen::Bookmark(seq) => {
                judge.hold(*seq >= last, Rule::Bookmarkable, || {
                    format!("reader {n}: a bookmark at {seq} after {last}")
                });
                let passed = (last + 1..=*seq).filter_map(at).find(|entry| wanted(entry));
                judge.hold(passed.is_none(), Rule::Bookmarkable, || {
                    format!("reader {n}: the bookmark at {seq} passes over an event after {last}")
                });
                last = last.max(*seq);
            }
            Seen::Expired(from, oldest) => {
                judge.hold(oldest > from, Rule::Resumable, || format!("reader {n}: {from} is still there"));
                last = *oldest;
            }
            Seen::Refused(reason, _) => {
                judge.hold(false, Rule::Resumable, || format!("reader {n}: refused with {reason:?}"));
            }
        }
    }
    last
}

/// A firm's own topic has what came to the feed after this place, where publishing began: each place once or more, in order.
/// Once all was taken away it has what came since, and maybe some of what came before; what was published by a server that was
/// lost is not there to be seen.
fn exported(judge: &mut Judge, feed: Uuid, topic: &[Beginning], first: i64, head: i64) {
    let mut end = first.max(topic[0].since);
    for Beginning { since, places } in topic {
        let (since, mut last) = (first.max(*since), None::<i64>);
        for seq in places {
            let most = last.unwrap_or(since) + 1;
            judge.hold(*seq <= most, Rule::Exported, || {
                format!("the topic of {feed} has {seq} after {last:?}, where {most} is due")
            });
            last = last.max(Some(*seq));
        }
        end = end.max(last.unwrap_or(0));
    }
    judge.hold(end == head, Rule::Exported, || {
        format!("the topic of {feed} ends at {end} and the feed at {head}")
    });
}

#[test]
fn a_topic_without_what_came_since_it_was_empty_is_seen() {
    fn breaches(topic: &[(i64, &[i64])], first: i64, head: i64) -> usize {
        let beginning =
            |(since, places): &(i64, &[i64])| Beginning { since: *since, places: places.to_vec() };
        let topic: Vec<Beginning> = topic.iter().map(beginning).collect();
        let mut judge = Judge::default();
        exported(&mut judge, FEEDS[0], &topic, first, head);
        judge.0.len()
    }
    assert_eq!(breaches(&[(0, &[1, 2, 1, 2, 3])], 0, 3), 0, "some of it twice");
    assert_eq!(breaches(&[(0, &[3])], 2, 3), 0, "publishing began there");
    assert_eq!(breaches(&[(0, &[3])], 0, 3), 1, "the last one alone");
    assert_eq!(breaches(&[(0, &[1, 2]), (4, &[4, 5])], 0, 5), 0, "3 was taken away");
    assert_eq!(breaches(&[(0, &[1, 2]), (4, &[6])], 0, 6), 1, "5 came later");
    assert_eq!(breaches(&[(0, &[])], 3, 3), 0, "nothing came since");
    assert_eq!(breaches(&[(0, &[])], 0, 3), 1, "nothing is there");
    assert_eq!(breaches(&[(3, &[])], 0, 3), 0, "it was there before the server was lost");
    assert_eq!(breaches(&[(2, &[])], 0, 3), 1, "3 was never published");
}
