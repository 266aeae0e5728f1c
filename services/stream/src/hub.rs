//! Who reads in this process, and how live entries reach them: a ring for each feed that somebody follows, and for
//! each open stream the waker of the task that writes it. There is no queue and no task a subscriber.
//!
//! [`Hub::offer`] is where every source of live entries ends: the sequencer's hand-off and the tail of the log today,
//! a consumer of Kafka where that is configured. Whatever comes passes the rule of [`crate::merge`], so that a source
//! may repeat or lose entries.

#[cfg(feature = "testing")]
use std::sync::OnceLock;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
};

#[cfg(feature = "testing")]
use chassis::service::{Mischief, Testing};
use chassis::{
    Error, Reason, Result,
    caller::{Changed, Credential, Grants},
    serve::Leaving,
};
use proto::access::Permission;
use tokio::{sync::Semaphore, time::Instant};
use uuid::Uuid;

#[cfg(test)]
use crate::simulation::Defect;
#[cfg(feature = "testing")]
use crate::unruly;
use crate::{
    chain::Chain,
    entry::Entry,
    ring::{self, Next, Ring},
    slot::{End, Slot},
};

/// The most bytes in all rings together; beyond it rings forget and readers read Postgres.
const ALL_RINGS_BYTES: usize = 64 * 1024 * 1024;
/// Pages of one firm that have a turn or wait for one, so that its streams do not stand in everybody's way; and streams of one
/// that begin.
const PAGES_PER_FIRM: usize = 8;
const BEGINS_PER_FIRM: usize = 4;
/// A lock whose holder panicked still guards sound data here: every change is complete before anything can fail.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All readers of a process.
pub struct Hub {
    feeds: Mutex<HashMap<Uuid, Arc<Feed>>>,
    credentials: Mutex<HashMap<Credential, Behind>>,
    /// The most open streams of one firm.
    streams_per_firm: usize,
    /// The most entries of one feed's ring.
    ring: usize,
    open: AtomicUsize,
    draining: AtomicBool,
    /// Counts how often everyone had to read again.
    generation: AtomicU32,
    started: Instant,
    /// Where some wakes are lost: what counts them.
    #[cfg(feature = "testing")]
    unruly: OnceLock<Arc<Testing>>,
}

/// A credential behind open streams.
#[derive(Debug, Default)]
struct Behind {
    streams: usize,
    /// Names the grants that its streams were told of; empty: not all of them were.
    fingerprint: String,
}

/// A feed that somebody follows.
#[derive(Debug)]
pub struct Feed {
    /// The firm.
    pub firm: Uuid,
    /// Bounds the firm's pages that have a turn or wait for one.
    pub pages: Semaphore,
    /// Bounds its streams that begin or wait for their turn.
    pub begins: Semaphore,
    ring: Mutex<Ring>,
    slots: Mutex<Vec<Arc<Slot>>>,
}

/// An open stream's place in the hub; leaves it when dropped.
pub struct Registration {
    /// Where it is registered.
    pub hub: Arc<Hub>,
    /// What it follows.
    pub feed: Arc<Feed>,
    /// How it is woken.
    pub slot: Arc<Slot>,
    /// How often everyone had to read again before it came. Noted here and not when its place is known: what a new tail
    /// passed over in between would else reach it neither way.
    pub(crate) generation: u32,
}

impl Hub {
    /// A hub without readers, for at most so many of one firm.
    pub fn new(streams_per_firm: usize) -> Arc<Self> {
        Self::with_rings(streams_per_firm, ring::ENTRIES)
    }

    /// The same with rings of so many entries.
    pub(crate) fn with_rings(streams_per_firm: usize, ring: usize) -> Arc<Self> {
        Arc::new(Self {
            streams_per_firm,
            ring,
            feeds: Mutex::default(),
            credentials: Mutex::default(),
            open: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            generation: AtomicU32::new(0),
            started: Instant::now(),
            #[cfg(feature = "testing")]
            unruly: OnceLock::new(),
        })
    }

    /// From now on some wakes are lost.
    #[cfg(feature = "testing")]
    pub(crate) fn make_unruly(&self, testing: Arc<Testing>) {
        self.unruly.get_or_init(|| testing);
    }

    /// Wakes everybody, for nothing.
    #[cfg(feature = "testing")]
    pub(crate) fn wake_all(&self) {
        self.feeds().iter().for_each(|feed| feed.wake());
    }

    /// Lets every ring forget.
    #[cfg(feature = "testing")]
    pub(crate) fn forget(&self) {
        self.feeds().iter().for_each(|feed| lock(&feed.ring).clear());
    }

    /// Registers a reader. From here on, what is committed to the feed reaches its ring: whoever reads Postgres after
    /// this and then goes live misses nothing. Its stream ends soon after its connection is let go, as when the process drains.
    pub fn register(
        self: &Arc<Self>,
        firm: Uuid,
        credential: Credential,
        grants: &Grants,
        leaving: Leaving,
    ) -> Result<Registration> {
        if self.draining.load(Ordering::Acquire) {
            return Err(Error::new(Reason::DRAINING).retry_after(crate::subscription::retry_after()));
        }
        let (now, generation) = (self.now_ms(), self.generation());
        let mut feeds = lock(&self.feeds);
        let feed = feeds.entry(firm).or_insert_with(|| Feed::new(firm, self.ring)).clone();
        let mut slots = lock(&feed.slots);
        if slots.len() >= self.streams_per_firm {
            return Err(Error::new(Reason::TOO_MANY_STREAMS).with("limit", self.streams_per_firm));
        }
        let slot = Arc::new(Slot::new(credential.clone(), grants, leaving, slots.len(), now));
        slots.push(slot.clone());
        drop(slots);
        drop(feeds);
        let mut credentials = lock(&self.credentials);
        let behind = credentials.entry(credential).or_default();
        behind.streams += 1;
        // This one may have been opened by what was known of its owner some seconds ago.
        behind.fingerprint.clear();
        drop(credentials);
        self.open.fetch_add(1, Ordering::AcqRel);
        Ok(Registration { hub: self.clone(), feed, slot, generation })
    }

    /// Hands live entries to the readers of their feeds; entries of feeds that nobody follows are not kept.
    pub fn offer(&self, entries: impl IntoIterator<Item = Arc<Entry>>) {
        if self.is_empty() {
            return;
        }
        let now = self.now_ms();
        let mut grown: HashMap<Uuid, Arc<Feed>> = HashMap::new();
        let mut diverged = false;
        let feeds = lock(&self.feeds);
        for entry in entries {
            if let Some(feed) = feeds.get(&entry.feed) {
                grown.entry(entry.feed).or_insert_with(|| feed.clone());
                #[cfg(test)]
                if Defect::UnboundedChannel.present() {
                    lock(&feed.slots).iter().for_each(|slot| slot.queue(entry.clone()));
                }
                diverged |= lock(&feed.ring).put(entry, now).is_err();
            }
        }
        drop(feeds);
        if diverged {
            tracing::warn!("the log went on otherwise than it was; everybody reads it again");
            return self.read_again();
        }
        #[cfg(feature = "testing")]
        if let Some(testing) = self.unruly.get().filter(|_| !grown.is_empty())
            && unruly::lost(testing, Mischief::WakeLost)
        {
            return;
        }
        grown.values().for_each(|feed| feed.wake());
    }

    /// Whether nobody reads.
    pub fn is_empty(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Makes every reader read Postgres again, because the log itself may have another history now: what came by is nothing
    /// to go on from.
    pub fn read_again(&self) {
        let feeds = self.feeds();
        feeds.iter().for_each(|feed| *lock(&feed.ring) = Ring::of(self.ring));
        self.generation.fetch_add(1, Ordering::AcqRel);
        feeds.iter().for_each(|feed| feed.wake());
    }

    /// Changes whenever everyone has to read again.
    pub fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Ends every stream, and refuses new ones where the process is shutting down.
    pub fn end_all(&self, why: End) {
        if why == End::Draining {
            self.draining.store(true, Ordering::Release);
        }
        self.each_slot(|slot| slot.end(why));
    }

    /// Credentials behind the open streams, with the fingerprints of what the streams were told of them.
    pub fn credentials(&self) -> Vec<(Credential, String)> {
        lock(&self.credentials)
            .iter()
            .map(|(key, behind)| (key.clone(), behind.fingerprint.clone()))
            .collect()
    }

    /// Tells the streams of credentials what holds of these now: ends those that no longer work or may no longer follow
    /// the feed, and narrows or widens what the others show.
    pub fn change(&self, changed: &[Changed]) {
        let mut credentials = lock(&self.credentials);
        for one in changed {
            // Before the streams are told: one that registers meanwhile clears it again.
            if let Some(behind) = credentials.get_mut(&one.credential) {
                behind.fingerprint.clone_from(&one.fingerprint);
            }
        }
        drop(credentials);
        let changed: HashMap<&Credential, Option<&Grants>> =
            changed.iter().map(|one| (&one.credential, one.grants.as_ref())).collect();
        self.each_slot(|slot| match changed.get(&slot.credential) {
            None => {}
            Some(None) => slot.end(End::Revoked),
            Some(Some(grants)) if !grants.may(Permission::StreamRead) => slot.end(End::Denied),
            Some(Some(grants)) => slot.narrow(grants),
        });
    }

    /// What falls due by time, about once a second: bookmarks, old entries, pages that nobody asks for, connections that are let
    /// go.
    pub fn tick(&self) {
        self.tick_at(self.now_ms());
    }

    /// The same at a time, in milliseconds since the hub was made.
    pub(crate) fn tick_at(&self, now: u64) {
        let mut bytes = 0;
        for feed in self.feeds() {
            let mut ring = lock(&feed.ring);
            ring.trim(now);
            if bytes + ring.bytes() > ALL_RINGS_BYTES {
                ring.clear();
            }
            bytes += ring.bytes();
            drop(ring);
            for slot in lock(&feed.slots).iter() {
                slot.tick(now);
            }
        }
    }

    /// Milliseconds since the hub was made.
    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn feeds(&self) -> Vec<Arc<Feed>> {
        lock(&self.feeds).values().cloned().collect()
    }

    fn each_slot(&self, mut act: impl FnMut(&Slot)) {
        for feed in self.feeds() {
            lock(&feed.slots).iter().for_each(|slot| act(slot));
        }
    }

    fn leave(&self, feed: &Arc<Feed>, slot: &Slot) {
        let mut feeds = lock(&self.feeds);
        let mut slots = lock(&feed.slots);
        let index = slot.index.load(Ordering::Acquire);
        slots.swap_remove(index);
        if let Some(moved) = slots.get(index) {
            moved.index.store(index, Ordering::Release);
        }
        if slots.is_empty() {
            feeds.remove(&feed.firm);
        }
        drop(slots);
        drop(feeds);
        let mut credentials = lock(&self.credentials);
        if let Some(behind) = credentials.get_mut(&slot.credential) {
            behind.streams -= 1;
            if behind.streams == 0 {
                credentials.remove(&slot.credential);
            }
        }
        self.open.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Feed {
    fn new(firm: Uuid, ring: usize) -> Arc<Self> {
        Arc::new(Self {
            firm,
            pages: Semaphore::new(PAGES_PER_FIRM),
            begins: Semaphore::new(BEGINS_PER_FIRM),
            ring: Mutex::new(Ring::of(ring)),
            slots: Mutex::default(),
        })
    }

    /// What the ring has after a place with this chain.
    pub fn after(&self, last: i64, chain: &Chain, bytes: usize) -> Next {
        lock(&self.ring).after(last, chain, bytes)
    }

    fn wake(&self) {
        lock(&self.slots).iter().for_each(|slot| slot.waker.wake());
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.hub.leave(&self.feed, &self.slot);
    }
}

#[cfg(test)]
mod tests;
