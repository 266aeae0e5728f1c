//! One open stream as others reach it: the waker of the task that writes it, when it last did, whether it has to end,
//! and what was read for it and HTTP/2 has not asked for.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    task::Waker,
};

use chassis::{
    Reason,
    caller::{Credential, Grants},
    serve::Leaving,
};
use futures::task::AtomicWaker;

use crate::{entry::Entry, hub::lock};

/// A bookmark is due this long after the last message; with a look every second it goes out within 15 s.
pub const BOOKMARK_MS: u64 = 13_500;
/// A page that its reader has not asked for so long is dropped, and read again when it asks.
pub(crate) const HELD_MS: u64 = 2_000;

/// Why a stream has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    /// Its credential no longer works.
    Revoked = 1,
    /// The process is shutting down.
    Draining = 2,
    /// The database has not answered for too long.
    Unavailable = 3,
    /// Its owner may not follow the feed any more.
    Denied = 4,
}

impl End {
    /// What its reader is told.
    pub fn reason(self) -> Reason {
        match self {
            Self::Revoked => Reason::UNAUTHENTICATED,
            Self::Draining => Reason::DRAINING,
            Self::Unavailable => Reason::UNAVAILABLE,
            Self::Denied => Reason::PERMISSION_DENIED,
        }
    }
}

/// One open stream, as others reach it.
#[derive(Debug)]
pub struct Slot {
    pub(crate) waker: AtomicWaker,
    pub(crate) credential: Credential,
    /// Whether its connection is let go.
    leaving: Leaving,
    ended: AtomicU8,
    /// Where it stands in its feed's list.
    pub(crate) index: AtomicUsize,
    sent_ms: AtomicU64,
    asked_ms: AtomicU64,
    /// The rest of a page that HTTP/2 has not asked for yet, and at most one page behind it. It may be emptied at any time.
    held: Mutex<VecDeque<Arc<Entry>>>,
    /// What its owner is narrowed to; absent for nearly all.
    narrowed: Mutex<Option<Arc<Grants>>>,
}

impl Slot {
    pub(crate) fn new(
        credential: Credential,
        grants: &Grants,
        leaving: Leaving,
        index: usize,
        now_ms: u64,
    ) -> Self {
        let slot = Self {
            waker: AtomicWaker::new(),
            credential,
            leaving,
            ended: AtomicU8::new(0),
            index: AtomicUsize::new(index),
            sent_ms: AtomicU64::new(now_ms),
            asked_ms: AtomicU64::new(now_ms),
            held: Mutex::default(),
            narrowed: Mutex::default(),
        };
        slot.narrow(grants);
        slot
    }

    /// HTTP/2 asks for a message: wakes this task from now on.
    pub fn asked(&self, waker: &Waker, now_ms: u64) {
        self.waker.register(waker);
        self.asked_ms.store(now_ms, Ordering::Relaxed);
    }

    /// A message was made.
    pub fn sent(&self, now_ms: u64) {
        self.sent_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Whether the last message is so long ago that a bookmark is due.
    pub fn bookmark_due(&self, now_ms: u64) -> bool {
        self.sent_ms.load(Ordering::Relaxed) + BOOKMARK_MS <= now_ms
    }

    /// Why the stream has to end, if it has to.
    pub fn ended(&self) -> Option<End> {
        match self.ended.load(Ordering::Acquire) {
            1 => Some(End::Revoked),
            2 => Some(End::Draining),
            3 => Some(End::Unavailable),
            4 => Some(End::Denied),
            _ => None,
        }
    }

    /// Keeps a page until HTTP/2 asks for it, or has not for [`HELD_MS`] from now on: behind what is held where it follows
    /// that, and in its place where it does not.
    pub fn hold(&self, mut page: VecDeque<Arc<Entry>>, now_ms: u64) {
        self.asked_ms.store(now_ms, Ordering::Relaxed);
        let mut held = lock(&self.held);
        if let (Some(last), Some(first)) = (held.back(), page.front())
            && first.seq != last.seq + 1
        {
            held.clear();
        }
        held.append(&mut page);
    }

    /// The entries after a place that are held, about `bytes` of them; empty where they are not held any more.
    pub fn take(&self, after: i64, bytes: usize) -> Vec<Arc<Entry>> {
        let mut held = lock(&self.held);
        while held.front().is_some_and(|first| first.seq <= after) {
            held.pop_front();
        }
        if held.front().is_some_and(|first| first.seq != after + 1) {
            // It was read ahead, and what stood before it was dropped.
            held.clear();
        }
        let (mut taken, mut entries) = (0, Vec::new());
        while taken < bytes
            && let Some(entry) = held.pop_front()
        {
            taken += entry.size();
            entries.push(entry);
        }
        if held.is_empty() {
            *held = VecDeque::new();
        }
        entries
    }

    /// Gives up what is held.
    pub(crate) fn forget(&self) {
        *lock(&self.held) = VecDeque::new();
    }

    /// From now on the stream shows what these grants cover.
    pub fn narrow(&self, grants: &Grants) {
        *lock(&self.narrowed) = grants.is_narrowed().then(|| Arc::new(grants.clone()));
    }

    /// What the stream's owner is narrowed to now.
    pub fn narrowed(&self) -> Option<Arc<Grants>> {
        lock(&self.narrowed).clone()
    }

    pub(crate) fn end(&self, why: End) {
        let _ = self.ended.compare_exchange(0, why as u8, Ordering::AcqRel, Ordering::Acquire);
        self.waker.wake();
    }

    pub(crate) fn tick(&self, now_ms: u64) {
        // Looked at here and not for each message: a connection that is old may stay another second.
        if self.leaving.0.is_cancelled() {
            self.end(End::Draining);
        }
        if self.bookmark_due(now_ms) {
            self.waker.wake();
        }
        if self.asked_ms.load(Ordering::Relaxed) + HELD_MS <= now_ms {
            // An idle reader holds nothing either, and asks as soon as it is woken.
            self.forget();
        }
    }

    /// Keeps whatever comes: a fault that tests switch on.
    #[cfg(test)]
    pub(crate) fn queue(&self, entry: Arc<Entry>) {
        lock(&self.held).push_back(entry);
    }

    /// How many entries are kept for this stream alone.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        lock(&self.held).len()
    }
}
