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
use crate::unruly::Unruly;
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
    /// What loses, doubles and reorders what comes, where something does.
    #[cfg(feature = "testing")]
    unruly: Option<Unruly>,
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
    pub(crate) fn unruly(unruly: Unruly) -> Self {
        Self { unruly: Some(unruly), ..Self::default() }
    }

    /// Hands over what this process moved.
    pub fn give(&self, batch: Batch) {
        #[cfg(feature = "testing")]
        if let Some(unruly) = &self.unruly {
            return unruly.befall(batch).into_iter().for_each(|batch| self.put(batch));
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
        if self.unruly.as_ref().is_some_and(Unruly::loses_hint) {
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
