//! Where those who know of new entries leave them for the tail: the sequencer what it moved, listeners their hints, and
//! what takes records from Kafka what came.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

#[cfg(feature = "testing")]
use crate::unruly::{self, Fate};
use crate::{carried::Carried, entry::Batch, hub::lock};

/// The most batches that wait for the tail; beyond that it reads Postgres.
const HANDED: usize = 16;
/// The most entries from Kafka that wait for it.
const CARRIED: usize = 8_192;

/// What waits for the tail.
#[derive(Debug)]
pub struct Handoff {
    batches: Mutex<VecDeque<Batch>>,
    hinted: AtomicBool,
    notify: Notify,
    carried: Mutex<Vec<Carried>>,
    /// Whether Kafka answers.
    carrying: AtomicBool,
    grown: Notify,
    bounds: (usize, usize),
    /// Whether what comes is lost, doubled and reordered, and what was held back for that.
    #[cfg(feature = "testing")]
    unruly: Option<Mutex<Option<Batch>>>,
}

/// What waited.
#[derive(Debug)]
pub(crate) struct Handed {
    /// What this process moved, in order.
    pub batches: VecDeque<Batch>,
    /// What came over Kafka.
    pub carried: Vec<Carried>,
    /// Whether somebody said that the log may have grown.
    pub hinted: bool,
    /// Whether Kafka answers.
    pub carrying: bool,
}

impl Default for Handoff {
    fn default() -> Self {
        Self::bounded(HANDED, CARRIED)
    }
}

impl Handoff {
    /// One that keeps so many batches and entries from Kafka.
    pub(crate) fn bounded(batches: usize, carried: usize) -> Self {
        Self {
            batches: Mutex::default(),
            hinted: AtomicBool::default(),
            notify: Notify::new(),
            carried: Mutex::default(),
            carrying: AtomicBool::default(),
            grown: Notify::new(),
            bounds: (batches, carried),
            #[cfg(feature = "testing")]
            unruly: None,
        }
    }

    /// One that loses, doubles and reorders what it is given.
    #[cfg(feature = "testing")]
    pub(crate) fn unruly() -> Self {
        Self { unruly: Some(Mutex::default()), ..Self::default() }
    }

    /// Hands over what this process moved.
    pub fn give(&self, batch: Batch) {
        #[cfg(feature = "testing")]
        if let Some(late) = &self.unruly {
            let late_before = lock(late).take();
            match unruly::fate() {
                Fate::Kept => self.put(batch),
                Fate::Lost => {}
                Fate::Doubled => {
                    self.put(batch.clone());
                    self.put(batch);
                }
                Fate::Late => *lock(late) = Some(batch),
            }
            return late_before.into_iter().for_each(|batch| self.put(batch));
        }
        self.put(batch);
    }

    fn put(&self, batch: Batch) {
        let mut batches = lock(&self.batches);
        if batches.len() >= self.bounds.0 {
            // The tail is behind: it finds all of it in Postgres.
            batches.clear();
            self.hinted.store(true, Ordering::Release);
        } else {
            batches.push_back(batch);
        }
        drop(batches);
        self.notify.notify_one();
        self.grown.notify_one();
    }

    /// Says that the log may have grown.
    pub fn hint(&self) {
        #[cfg(feature = "testing")]
        if self.unruly.is_some() && unruly::fate() == Fate::Lost {
            return;
        }
        self.hinted.store(true, Ordering::Release);
        self.notify.notify_one();
        self.grown.notify_one();
    }

    /// Hands over what came over Kafka.
    pub fn carry(&self, entries: Vec<Carried>) {
        let mut carried = lock(&self.carried);
        if carried.len() + entries.len() > self.bounds.1 {
            // The tail is behind: it finds all of it in Postgres.
            carried.clear();
        } else {
            carried.extend(entries);
        }
        drop(carried);
        self.notify.notify_one();
    }

    /// Whether what others sequence comes over Kafka now; where it does not, hints are followed.
    pub fn carrying(&self, answers: bool) {
        self.carrying.store(answers, Ordering::Release);
        self.hint();
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Handed {
        let carrying = self.carrying.load(Ordering::Acquire);
        let hinted = self.hinted.swap(false, Ordering::AcqRel);
        let batches = std::mem::take(&mut *lock(&self.batches));
        let carried = std::mem::take(&mut *lock(&self.carried));
        Handed { batches, carried, hinted, carrying }
    }

    /// Waits until something waits for the tail.
    pub(crate) async fn filled(&self) {
        self.notify.notified().await;
    }

    /// Waits until the log may have grown; for one who waits.
    pub async fn grown(&self) {
        self.grown.notified().await;
    }
}
