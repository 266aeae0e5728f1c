//! What happened, and what became of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    history::{Operation, Record},
    tell::{aloud, measured},
    validators::{self, Breach, Rule},
};

use super::schedule::{Fault, Layout};
use crate::load::Seen;

pub struct Figures {
    layout: Layout,
    began: Instant,
    /// How often each fault befell something.
    pub faults: BTreeMap<Fault, usize>,
    /// Commands that were committed and not sequenced when their process was killed.
    pub unsequenced: i64,
    /// Writes that met a full disk.
    pub disk_full: usize,
    /// From each fault that was waited for until firms got on with their work.
    pub recoveries: Vec<Duration>,
    took: Duration,
    pub acknowledged: usize,
    /// Tries that nobody answered.
    unanswered: usize,
    /// Receipts of an earlier try.
    pub replayed: usize,
    events: usize,
    pub breaches: Vec<Breach>,
}

impl Figures {
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            began: Instant::now(),
            faults: BTreeMap::new(),
            unsequenced: 0,
            disk_full: 0,
            recoveries: Vec::new(),
            took: Duration::ZERO,
            acknowledged: 0,
            unanswered: 0,
            replayed: 0,
            events: 0,
            breaches: Vec::new(),
        }
    }

    pub fn kills(&self) -> usize {
        self.faults.iter().map(|(fault, count)| fault.kills() * count).sum()
    }

    pub fn of(&self, fault: Fault) -> usize {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    /// Judges what everybody saw.
    pub fn judge(&mut self, seen: &Seen) {
        self.took = self.began.elapsed();
        self.acknowledged = seen.counts.acknowledged.load(Ordering::Relaxed);
        self.unanswered = seen.counts.unanswered.load(Ordering::Relaxed);
        self.replayed = seen.counts.replayed.load(Ordering::Relaxed);
        self.events = seen.counts.delivered.load(Ordering::Relaxed);
        self.breaches = validators::all(&seen.records);
        // That a loss or a lie would not stay unseen in this very history.
        assert!(!validators::reliable(&lost(&seen.records)).is_empty(), "a lost event is seen");
        assert!(!validators::provable(&altered(&seen.records)).is_empty(), "an altered event is seen");
    }

    /// Says all of it to whoever runs the tests, and in one form for all what is compared between runs.
    pub fn tell(&self, name: &str) {
        aloud(self);
        let name = format!("{name}-{:?}", self.layout).to_lowercase();
        measured(&format!("{name}-kills"), self.kills(), "processes");
        measured(&format!("{name}-acknowledged"), self.acknowledged, "calls");
        measured(&format!("{name}-breaches"), self.breaches.len(), "promises");
        for (what, share) in [("median", 50), ("longest", 100)] {
            let seconds = self.recovery(share).as_secs_f64();
            measured(&format!("{name}-back-{what}"), format_args!("{seconds:.2}"), "s");
        }
    }

    /// Within how long this share of a hundred of the faults was over.
    fn recovery(&self, share: usize) -> Duration {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort();
        let place = (recoveries.len() * share / 100).min(recoveries.len().saturating_sub(1));
        recoveries.get(place).copied().unwrap_or_default()
    }

    fn breaches_of(&self, rules: &[Rule]) -> usize {
        self.breaches.iter().filter(|breach| rules.contains(&breach.rule)).count()
    }
}

/// The history without one acknowledged event, which nobody got.
fn lost(records: &[Record]) -> Vec<Record> {
    let mut rest = records.to_vec();
    let middle = records.len() / 2;
    let written =
        records[middle..].iter().chain(&records[..middle]).find_map(|record| match &record.operation {
            Operation::Write { subject, version: 1, .. } => Some(subject.clone()),
            _ => None,
        });
    let written = written.expect("something was acknowledged");
    rest.retain(|record| {
        !matches!(&record.operation, Operation::Deliver { event, .. } if event.version == 1 && event.subject == written)
    });
    rest
}

/// The history with one event whose content is another one.
fn altered(records: &[Record]) -> Vec<Record> {
    let mut rest = records.to_vec();
    let event = rest.iter_mut().find_map(|record| match &mut record.operation {
        Operation::Deliver { event, .. } if event.version > 0 => Some(event),
        _ => None,
    });
    event.expect("something was delivered").computed_sha256 = "00".repeat(32);
    rest
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> =
            self.faults.iter().map(|(fault, count)| format!("{fault:?} {count}")).collect();
        write!(
            f,
            "{:?}: {} kills in {:.1} s ({}; {} commands unsequenced at a kill, {} writes on a full disk), back within \
             {:?} (median) and {:?} (longest); {} acknowledged, {} tries unanswered, {} receipts replayed, {} events \
             delivered; {} lost, {} doubled or another one elsewhere, {} order violations, {} breaks of the chain, {} breaches in all",
            self.layout,
            self.kills(),
            self.took.as_secs_f64(),
            faults.join(", "),
            self.unsequenced,
            self.disk_full,
            self.recovery(50),
            self.recovery(100),
            self.acknowledged,
            self.unanswered,
            self.replayed,
            self.events,
            self.breaches_of(&[Rule::Reliable, Rule::Gapless, Rule::Resumable, Rule::Bookmarkable]),
            self.breaches_of(&[Rule::Unique]),
            self.breaches_of(&[Rule::Ordered, Rule::Atomic]),
            self.breaches_of(&[Rule::Provable]),
            self.breaches.len(),
        )
    }
}
