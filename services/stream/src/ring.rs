//! The newest entries of one feed, for readers who are live. It is a convenience and never the record: it may
//! forget anything at any time, and a reader who misses something reads Postgres.
//!
//! **Invariant:** the entries in it follow one another without a gap, by their chain as by their places.

use std::{collections::VecDeque, sync::Arc};

use chassis::feed::FIRST_CHAIN;

use crate::{
    chain::Chain,
    entry::Entry,
    merge::{Verdict, merge},
};

/// The most entries of one ring.
pub const ENTRIES: usize = 512;
/// The most bytes of one ring; a single entry may be larger.
pub const BYTES: usize = 1024 * 1024;
/// How long an entry stays for readers who are slower than their feed, in milliseconds.
pub const KEPT_MS: u64 = 5_000;

/// The newest entries of one feed.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<(u64, Arc<Entry>)>,
    most: usize,
    bytes: usize,
    /// The newest place ever put here; 0 before the first.
    newest: i64,
    /// The chain there.
    chain: Chain,
}

/// An entry of another history than those before it, as a database has that lost its last commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged;

/// What a ring has for a reader.
#[derive(Debug)]
pub enum Next {
    /// The entries that follow; never empty.
    Entries(Vec<Arc<Entry>>),
    /// Nothing newer has come by.
    Nothing,
    /// Something newer has come by, but what follows is not here: read Postgres.
    Gone,
    /// What is here follows another history than the reader's.
    Other,
}

impl Default for Ring {
    fn default() -> Self {
        Self::of(ENTRIES)
    }
}

impl Ring {
    /// A ring of so many entries.
    pub(crate) fn of(most: usize) -> Self {
        Self { entries: VecDeque::new(), most, bytes: 0, newest: 0, chain: FIRST_CHAIN }
    }

    /// Puts an entry that a source handed over at `now_ms`. What was there before is dropped; after a gap the ring
    /// starts anew, and readers before the gap find that theirs is gone.
    ///
    /// # Errors
    /// An entry that does not follow the newest one, or is another one than was put at its place, is not kept: what is here
    /// and what comes are not of one history.
    pub fn put(&mut self, entry: Arc<Entry>, now_ms: u64) -> Result<(), Diverged> {
        if entry.seq == self.newest + 1 && !entry.follows(&self.chain) {
            return Err(Diverged);
        }
        match merge(self.newest, entry.seq) {
            Verdict::Drop => {
                let known = self.chain_at(entry.seq).is_none_or(|chain| *chain == entry.chain);
                return if known { Ok(()) } else { Err(Diverged) };
            }
            Verdict::Deliver => {}
            Verdict::ReadAfter(_) => self.clear(),
        }
        (self.newest, self.chain) = (entry.seq, entry.chain);
        self.bytes += entry.size();
        self.entries.push_back((now_ms, entry));
        while self.entries.len() > self.most || (self.bytes > BYTES && self.entries.len() > 1) {
            self.forget_oldest();
        }
        Ok(())
    }

    /// What follows the entry at `last`, which has this chain, about `bytes` of it.
    pub fn after(&self, last: i64, chain: &Chain, bytes: usize) -> Next {
        if self.newest <= last {
            return Next::Nothing;
        }
        let Some((_, oldest)) = self.entries.front() else { return Next::Gone };
        if oldest.seq > last + 1 {
            return Next::Gone;
        }
        let skip = (last + 1 - oldest.seq) as usize;
        let follows = match skip.checked_sub(1).and_then(|before| self.entries.get(before)) {
            Some((_, before)) => before.chain == *chain,
            None => oldest.follows(chain),
        };
        if !follows {
            return Next::Other;
        }
        let mut taken = 0;
        let within = |entry: &&Arc<Entry>| {
            let more = taken < bytes;
            taken += entry.size();
            more
        };
        let following = self.entries.iter().skip(skip).map(|(_, entry)| entry);
        let entries: Vec<Arc<Entry>> = following.take_while(within).cloned().collect();
        // Nothing would be the answer for ever.
        if entries.is_empty() { Next::Gone } else { Next::Entries(entries) }
    }

    /// Forgets what has been here for [`KEPT_MS`].
    pub fn trim(&mut self, now_ms: u64) {
        while self.entries.front().is_some_and(|(put_ms, _)| put_ms + KEPT_MS <= now_ms) {
            self.forget_oldest();
        }
        if self.entries.is_empty() {
            self.entries.shrink_to_fit();
        }
    }

    /// Forgets all entries, but not that they came by.
    pub fn clear(&mut self) {
        self.entries = VecDeque::new();
        self.bytes = 0;
    }

    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The chain at a place, where that is known.
    fn chain_at(&self, seq: i64) -> Option<&Chain> {
        if seq == self.newest {
            return Some(&self.chain);
        }
        let (_, oldest) = self.entries.front()?;
        let (_, entry) = self.entries.get(usize::try_from(seq - oldest.seq).ok()?)?;
        Some(&entry.chain)
    }

    fn forget_oldest(&mut self) {
        if let Some((_, entry)) = self.entries.pop_front() {
            self.bytes -= entry.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{chain, entry, entry_of, entry_with};
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    fn put(ring: &mut Ring, entry: Arc<Entry>, now_ms: u64) {
        ring.put(entry, now_ms).expect("it follows");
    }

    fn seqs(ring: &Ring, last: i64) -> Option<Vec<i64>> {
        match ring.after(last, &chain(FEED, last), usize::MAX) {
            Next::Entries(entries) => Some(entries.iter().map(|entry| entry.seq).collect()),
            Next::Nothing => Some(vec![]),
            Next::Gone => None,
            Next::Other => panic!("it is of one history"),
        }
    }

    #[test]
    fn readers_get_what_follows_or_learn_that_it_is_gone() {
        let mut ring = Ring::default();
        assert_eq!(seqs(&ring, 7), Some(vec![]), "nothing came by yet");
        (5..=8).for_each(|seq| put(&mut ring, entry(FEED, seq), 0));
        assert_eq!(seqs(&ring, 4), Some(vec![5, 6, 7, 8]));
        assert_eq!(seqs(&ring, 6), Some(vec![7, 8]));
        assert_eq!(seqs(&ring, 8), Some(vec![]));
        assert_eq!(seqs(&ring, 9), Some(vec![]), "a reader ahead of the source");
        assert_eq!(seqs(&ring, 3), None, "4 is not here");
    }

    #[test]
    fn repeats_are_dropped_and_a_gap_starts_anew() {
        let mut ring = Ring::default();
        [5, 5, 6, 4, 6].into_iter().for_each(|seq| put(&mut ring, entry(FEED, seq), 0));
        assert_eq!(seqs(&ring, 4), Some(vec![5, 6]));
        put(&mut ring, entry(FEED, 9), 0);
        assert_eq!(seqs(&ring, 6), None, "7 and 8 never came by");
        assert_eq!(seqs(&ring, 8), Some(vec![9]));
    }

    #[test]
    fn it_never_grows_beyond_its_bounds() {
        let mut ring = Ring::default();
        (1..=2000).for_each(|seq| put(&mut ring, entry(FEED, seq), 0));
        assert_eq!(seqs(&ring, 2000 - ENTRIES as i64).map(|s| s.len()), Some(ENTRIES));
        assert_eq!(seqs(&ring, 2000 - ENTRIES as i64 - 1), None);
        (2001..=2040).for_each(|seq| put(&mut ring, entry_with(FEED, seq, vec![0; 100_000]), 0));
        assert!(ring.bytes() <= BYTES);
        put(&mut ring, entry_with(FEED, 2041, vec![0; 3 * BYTES]), 0);
        assert_eq!(seqs(&ring, 2040), Some(vec![2041]), "one may be larger");
        put(&mut ring, entry(FEED, 2042), 0);
        assert!(ring.bytes() <= BYTES);
    }

    #[test]
    fn what_was_here_for_long_is_forgotten_but_not_that_it_came_by() {
        let mut ring = Ring::default();
        put(&mut ring, entry(FEED, 1), 0);
        put(&mut ring, entry(FEED, 2), 3_000);
        ring.trim(KEPT_MS);
        assert_eq!(seqs(&ring, 0), None);
        assert_eq!(seqs(&ring, 1), Some(vec![2]));
        ring.trim(3_000 + KEPT_MS);
        assert_eq!((seqs(&ring, 1), seqs(&ring, 2), ring.bytes()), (None, Some(vec![]), 0));
    }

    #[test]
    fn a_reader_takes_as_much_as_it_asked_for() {
        let mut ring = Ring::default();
        (1..=10).for_each(|seq| put(&mut ring, entry_with(FEED, seq, vec![0; 1000]), 0));
        let Next::Entries(some) = ring.after(0, &FIRST_CHAIN, 4000) else { panic!("entries") };
        assert_eq!(some.len(), 3);
        let Next::Entries(one) = ring.after(9, &chain(FEED, 9), 1) else { panic!("entries") };
        assert_eq!(one.len(), 1, "one at least");
    }

    #[test]
    fn entries_of_another_history_are_not_put_behind_those_of_the_first() {
        let mut ring = Ring::default();
        (5..=8).for_each(|seq| put(&mut ring, entry(FEED, seq), 0));
        let other = |seq: i64, before: &Chain| entry_of(FEED, seq, before, b"other".to_vec());
        let (new_8, new_9) = (other(8, &chain(FEED, 7)), other(9, &[9; 32]));
        assert_eq!(ring.put(new_9.clone(), 0), Err(Diverged), "it follows another 8");
        assert_eq!(ring.put(new_8.clone(), 0), Err(Diverged), "it is another 8");
        assert_eq!(ring.put(other(6, &chain(FEED, 5)), 0), Err(Diverged), "it is another 6");
        put(&mut ring, entry(FEED, 6), 0);
        assert_eq!(seqs(&ring, 4), Some(vec![5, 6, 7, 8]), "repeats are none");
        ring.trim(KEPT_MS);
        assert_eq!(ring.put(new_9, KEPT_MS), Err(Diverged), "what was forgotten counts as well");
        assert_eq!(ring.put(new_8, KEPT_MS), Err(Diverged));
        put(&mut ring, entry(FEED, 9), KEPT_MS);
        assert_eq!(seqs(&ring, 8), Some(vec![9]));
    }

    #[test]
    fn a_reader_of_another_history_gets_nothing() {
        let mut ring = Ring::default();
        (5..=8).for_each(|seq| put(&mut ring, entry(FEED, seq), 0));
        for last in 4..=7 {
            assert!(matches!(ring.after(last, &[1; 32], usize::MAX), Next::Other), "{last}");
        }
        assert!(matches!(ring.after(3, &[1; 32], usize::MAX), Next::Gone));
        assert!(matches!(ring.after(8, &[1; 32], usize::MAX), Next::Nothing));
    }
}
