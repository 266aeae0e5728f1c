//! What happened, and what became of it.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    history::{Operation, Record},
    tell::{aloud, measured},
    validators::{self, Breach, Rule},
};

use super::{schedule::Fault, strikes::Strike};
use crate::load::Seen;

pub struct Figures {
    /// Which part of a run they are of.
    part: &'static str,
    began: Instant,
    /// How often each fault befell something.
    pub faults: BTreeMap<Fault, usize>,
    /// How often of these it lasted until others had given up what it met.
    pub outlasting: BTreeMap<Fault, usize>,
    /// How often each process of a fleet was struck.
    pub strikes: BTreeMap<Strike, usize>,
    /// Commands that were committed and not sequenced when their process was killed.
    pub unsequenced: i64,
    /// Writes that met a full disk.
    pub disk_full: usize,
    /// From each fault that was waited for until firms got on with their work; where it outlasted others, from its end.
    pub recoveries: Vec<Duration>,
    took: Duration,
    pub acknowledged: usize,
    /// Tries that nobody answered.
    unanswered: usize,
    /// Receipts of an earlier try.
    pub replayed: usize,
    pub events: usize,
    breaches: Vec<Breach>,
    /// Acknowledged writes by service, where firms did more than publish, answer and follow.
    traded: Vec<(&'static str, usize)>,
    /// What was acknowledged there and did not come to be, once.
    untrue: Vec<String>,
}

impl Figures {
    pub fn new(part: &'static str) -> Self {
        Self {
            part,
            began: Instant::now(),
            faults: BTreeMap::new(),
            outlasting: BTreeMap::new(),
            strikes: BTreeMap::new(),
            unsequenced: 0,
            disk_full: 0,
            recoveries: Vec::new(),
            took: Duration::ZERO,
            acknowledged: 0,
            unanswered: 0,
            replayed: 0,
            events: 0,
            breaches: Vec::new(),
            traded: Vec::new(),
            untrue: Vec::new(),
        }
    }

    pub fn kills(&self) -> usize {
        let faults: usize = self.faults.iter().map(|(fault, count)| fault.kills() * count).sum();
        faults + self.strikes.iter().map(|(strike, count)| strike.kills() * count).sum::<usize>()
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
        let rest = left_out(&seen.records);
        let breaches = [validators::resumable(&rest), validators::bookmarkable(&rest)].concat();
        assert!(!breaches.is_empty(), "an event that was asked for and did not come is seen");
        assert!(seen.counts.kept.load(Ordering::Relaxed) > 0, "who acknowledged came back to that place");
    }

    /// Everything that was promised and not kept, for people.
    pub fn broken(&self) -> Vec<String> {
        self.breaches.iter().map(ToString::to_string).chain(self.untrue.iter().cloned()).collect()
    }

    /// Adds what firms did at other services, and what was untrue of it.
    pub fn trade(&mut self, traded: Vec<(&'static str, usize)>, unanswered: usize, untrue: Vec<String>) {
        self.acknowledged += traded.iter().map(|(_, count)| count).sum::<usize>();
        self.unanswered += unanswered;
        self.traded = traded;
        self.untrue = untrue;
    }

    /// Says all of it to whoever runs the tests, and in one form for all what is compared between runs.
    pub fn tell(&self, name: &str) {
        aloud(self);
        let name = format!("{name}-{}", self.part).to_lowercase();
        measured(&format!("{name}-kills"), self.kills(), "processes");
        measured(&format!("{name}-acknowledged"), self.acknowledged, "calls");
        measured(&format!("{name}-events"), self.events, "events");
        measured(&format!("{name}-breaches"), self.breaches.len() + self.untrue.len(), "promises");
        for (service, count) in &self.traded {
            measured(&format!("{name}-acknowledged-{service}"), count, "calls");
        }
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

    /// How often each blow met each service, over its replicas.
    fn strikes(&self) -> BTreeMap<String, usize> {
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for (strike, count) in &self.strikes {
            *met.entry(strike.to_string()).or_default() += count;
        }
        met
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

/// The history without one event that a filter asked for, which everybody else got.
fn left_out(records: &[Record]) -> Vec<Record> {
    let filtered = |record: &Record| match &record.operation {
        Operation::Subscribe { stream, types, .. } if !types.is_empty() => Some(*stream),
        _ => None,
    };
    let filtered: HashSet<u64> = records.iter().filter_map(filtered).collect();
    let first = |stream: fn(&Operation) -> Option<u64>| {
        records.iter().position(|record| stream(&record.operation).is_some_and(|of| filtered.contains(&of)))
    };
    let bookmark = first(|operation| match operation {
        Operation::Bookmark { stream, .. } => Some(*stream),
        _ => None,
    });
    assert!(bookmark.is_some(), "what a filter leaves out is passed over by bookmarks");
    let event = first(|operation| match operation {
        Operation::Deliver { stream, .. } => Some(*stream),
        _ => None,
    });
    let mut rest = records.to_vec();
    rest.remove(event.expect("something was answered"));
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
        let faults = self.faults.iter().map(|(fault, count)| format!("{fault:?} {count}"));
        let strikes = self.strikes().into_iter().map(|(strike, count)| format!("{strike} {count}"));
        let outlasting =
            self.outlasting.iter().map(|(fault, count)| format!("{fault:?} past leases {count}"));
        let faults: Vec<String> = faults.chain(outlasting).chain(strikes).collect();
        write!(
            f,
            "{}: {} kills in {:.1} s ({}; {} commands unsequenced at a kill, {} writes on a full disk), back within \
             {:?} (median) and {:?} (longest); {} acknowledged, {} tries unanswered, {} receipts replayed, {} events \
             delivered; {} lost, {} doubled or another one elsewhere, {} order violations, {} breaks of the chain, {} breaches in all",
            self.part,
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
            self.breaches.len() + self.untrue.len(),
        )
    }
}
