//! Where a webhook stands in its feed while events are on their way: pure. Ordered webhooks have one on its way at a time,
//! parallel ones several, which may be accepted in any order.
//!
//! **Invariant:** everything up to [`Place::seen`] was accepted, left out, or is noted as not accepted; and everything up to
//! [`Place::seq`] was accepted or left out. What is on its way and not noted lies behind both, so that a process that dies
//! loses nothing: whoever goes on sends it again.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

/// An event that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Before one that lies in front of it.
    pub accepted: bool,
    /// Attempts so far.
    pub attempts: i32,
    /// When it is tried again.
    pub next_at: OffsetDateTime,
}

/// A place in a feed.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The last entry that was looked at.
    looked: i64,
    noted: BTreeMap<i64, Noted>,
    flying: BTreeSet<i64>,
}

impl Place {
    /// As it was saved.
    pub fn new(seen: i64, noted: impl IntoIterator<Item = (i64, Noted)>) -> Self {
        Self { looked: seen, noted: noted.into_iter().collect(), flying: BTreeSet::new() }
    }

    /// After which entry to look on.
    pub fn looked(&self) -> i64 {
        self.looked
    }

    /// The next entry was looked at, and is left out.
    pub fn pass(&mut self, seq: i64) {
        self.looked = self.looked.max(seq);
    }

    /// Whether the entry was tried before: it does not begin anew, but when its time has come.
    pub fn knows(&self, seq: i64) -> bool {
        self.noted.contains_key(&seq) || self.flying.contains(&seq)
    }

    /// The entry goes on its way; how many attempts that makes.
    pub fn begin(&mut self, seq: i64) -> i32 {
        self.flying.insert(seq);
        match self.noted.get(&seq) {
            // Of those in front of it some may not have been looked at yet.
            Some(noted) => noted.attempts + 1,
            None => {
                self.looked = self.looked.max(seq);
                1
            }
        }
    }

    /// It was accepted.
    pub fn accept(&mut self, seq: i64) {
        self.flying.remove(&seq);
        let before = self.noted.remove(&seq);
        let attempts = before.map_or(0, |noted| noted.attempts) + 1;
        if self.seq() < seq {
            let next_at = before.map_or(OffsetDateTime::UNIX_EPOCH, |noted| noted.next_at);
            self.noted.insert(seq, Noted { accepted: true, attempts, next_at });
        }
        let seq = self.seq();
        self.noted.retain(|at, _| *at > seq);
    }

    /// It was not accepted, and is tried again then.
    pub fn fail(&mut self, seq: i64, next_at: OffsetDateTime) {
        self.flying.remove(&seq);
        let attempts = self.noted.get(&seq).map_or(0, |noted| noted.attempts) + 1;
        self.noted.insert(seq, Noted { accepted: false, attempts, next_at });
    }

    /// That the log no longer reaches back to `seq` was not accepted: nothing before it is tried earlier.
    pub fn fail_cut(&mut self, seq: i64, next_at: OffsetDateTime) {
        self.fail(seq, next_at);
        for (_, noted) in self.noted.range_mut(..seq) {
            noted.next_at = noted.next_at.max(next_at);
        }
    }

    /// The log no longer reaches back: everything up to here counts as left out.
    pub fn cut(&mut self, seq: i64) {
        self.flying.retain(|at| *at > seq);
        self.noted.retain(|at, _| *at > seq);
        self.looked = self.looked.max(seq);
    }

    /// What is noted of an entry.
    pub fn noted(&self, seq: i64) -> Option<Noted> {
        self.noted.get(&seq).copied()
    }

    /// Everything that is noted, in order.
    pub fn all_noted(&self) -> impl Iterator<Item = (i64, Noted)> {
        self.noted.iter().map(|(seq, noted)| (*seq, *noted))
    }

    /// Everything up to here was accepted, left out, or is noted.
    pub fn seen(&self) -> i64 {
        let first = self.flying.iter().find(|seq| !self.noted.contains_key(seq));
        first.map_or(self.looked, |seq| seq - 1)
    }

    /// Everything up to here was accepted or left out.
    pub fn seq(&self) -> i64 {
        let first = self.noted.iter().find(|(_, noted)| !noted.accepted);
        first.map_or(i64::MAX, |(seq, _)| seq - 1).min(self.seen())
    }

    /// How many were not accepted yet, those on their way among them.
    pub fn open(&self) -> usize {
        let waiting = self.waiting().count();
        waiting + self.flying.len()
    }

    /// The first whose time to be tried again has come.
    pub fn due(&self, now: OffsetDateTime) -> Option<i64> {
        self.waiting().find(|(_, noted)| noted.next_at <= now).map(|(seq, _)| seq)
    }

    /// When the earliest of those that were not accepted is tried again.
    pub fn retry_at(&self) -> Option<OffsetDateTime> {
        self.noted.values().filter(|noted| !noted.accepted).map(|noted| noted.next_at).min()
    }

    /// How many are noted as not accepted.
    pub fn pending(&self) -> i32 {
        self.noted.values().filter(|noted| !noted.accepted).count() as i32
    }

    fn waiting(&self) -> impl Iterator<Item = (i64, Noted)> {
        let waits = |(seq, noted): &(i64, Noted)| !noted.accepted && !self.flying.contains(seq);
        self.all_noted().filter(waits)
    }
}

#[cfg(test)]
mod tests {
    use chassis::hook::Answer;
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::ladder::{self, Step};

    const NOW: OffsetDateTime = datetime!(2026-11-23 02:10 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-23 02:11 UTC);

    #[test]
    fn one_at_a_time_moves_on_when_it_is_accepted() {
        let mut place = Place::new(4, []);
        place.pass(5);
        assert_eq!((place.begin(6), place.seq(), place.seen(), place.open()), (1, 5, 5, 1));
        place.fail(6, LATER);
        assert_eq!((place.seq(), place.seen(), place.open(), place.pending()), (5, 6, 1, 1));
        assert_eq!((place.due(NOW), place.due(LATER), place.retry_at()), (None, Some(6), Some(LATER)));
        assert_eq!(place.begin(6), 2);
        assert_eq!((place.due(LATER), place.open()), (None, 1), "it is noted and on its way");
        place.accept(6);
        assert_eq!((place.seq(), place.seen(), place.open(), place.noted(6)), (6, 6, 0, None));
    }

    #[test]
    fn the_place_of_several_is_behind_the_first_that_was_not_accepted() {
        let mut place = Place::new(0, []);
        for seq in 1..=4 {
            place.begin(seq);
        }
        assert_eq!((place.seq(), place.seen(), place.open()), (0, 0, 4));
        place.accept(3);
        assert_eq!((place.seq(), place.seen(), place.knows(3)), (0, 0, true));
        place.accept(1);
        assert_eq!((place.seq(), place.seen()), (1, 1));
        place.fail(2, LATER);
        assert_eq!((place.seq(), place.seen()), (1, 3), "4 is on its way and noted nowhere");
        place.accept(4);
        assert_eq!((place.seq(), place.seen(), place.pending()), (1, 4, 1));
        place.begin(2);
        place.accept(2);
        assert_eq!((place.seq(), place.seen()), (4, 4));
        assert_eq!(place.noted.len(), 0, "what lies behind the place is forgotten");
    }

    /// Each event is tried twice and keeps its turn, and no failure counts for the event after it.
    #[test]
    fn a_receiver_that_fails_every_other_time_gets_everything_in_order() {
        let (mut place, mut now, mut accepted) = (Place::new(0, []), NOW, Vec::new());
        for call in 0..200 {
            let seq = place.due(now).unwrap_or_else(|| place.looked() + 1);
            let attempt = place.begin(seq);
            let status = if call % 2 == 0 { 503 } else { 204 };
            let answer = Ok(Answer { status, retry_after: String::new(), body: Vec::new() });
            match ladder::step(&answer, attempt, now, 127) {
                Step::Accepted => {
                    place.accept(seq);
                    accepted.push(seq);
                }
                Step::Again(at) => {
                    assert!(at - now < Duration::seconds(6), "the ladder's first rung: {}", at - now);
                    place.fail(seq, at);
                    now = at;
                }
                Step::Disable(why) => panic!("{why:?}"),
            }
        }
        assert_eq!(accepted, (1..=100).collect::<Vec<_>>());
        assert_eq!((place.seq(), place.open()), (100, 0));
    }

    #[test]
    fn what_the_log_no_longer_holds_is_left_out() {
        let mut place = Place::new(4, []);
        place.begin(5);
        place.fail(5, LATER);
        place.fail_cut(8, LATER + Duration::MINUTE);
        assert_eq!((place.seq(), place.due(LATER)), (4, None), "nothing is tried before that was accepted");
        place.cut(8);
        assert_eq!((place.seq(), place.seen(), place.open(), place.retry_at()), (8, 8, 0, None));
        place.cut(3);
        assert_eq!(place.seq(), 8, "never back");
    }
}
