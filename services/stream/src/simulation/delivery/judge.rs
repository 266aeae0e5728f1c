//! Whether what went out keeps the promises of a webhook. Judged as it happens, from what was sent and what became of it, and
//! not from what the machines remember.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::sender::{ASKED, Answered};
use crate::{
    ladder::PAUSES,
    sending::{Attempt, Follows},
    simulation::Breach,
    webhook::Disabled,
};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everything that is wanted is accepted at least once, unless the log forgot it and that was told.
    Reliable,
    /// Nothing is sent before what lies in front of it was accepted, where it goes out in order.
    Ordered,
    /// No more are on their way than may be, and nothing twice.
    Alone,
    /// What was recorded as accepted is not sent again: whoever goes on does so where it stood.
    Once,
    /// Nothing is tried again before its pause is over, which is as long as the ladder says.
    Waited,
    /// It is given up where the ladder ends or the address is gone, and not before.
    GivenUp,
    /// Whoever met a change sends nothing more.
    Paused,
}

/// What happened, in its order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    Sent(Attempt),
    Ended(Attempt, bool),
    Recorded(Attempt),
    Resumed,
    Moved(i64),
}

/// Who sends, beside what.
pub struct By {
    /// When it decided.
    pub clock: OffsetDateTime,
    /// The webhook was not turned or resumed since it was claimed.
    pub current: bool,
    /// It met a change.
    pub told: bool,
}

pub struct Ledger {
    in_flight: usize,
    /// Wanted, behind where it was turned to, and not accepted yet.
    owed: BTreeSet<i64>,
    on_way: Vec<i64>,
    /// Recorded as accepted.
    settled: BTreeSet<i64>,
    /// Recorded as not accepted: attempts so far, and when it is tried again.
    failed: BTreeMap<i64, (i32, OffsetDateTime)>,
    pub story: Vec<Told>,
    pub breaches: Vec<Breach<Rule>>,
    pub sent: usize,
    /// Attempts beyond the first.
    pub again: usize,
    pub cuts: usize,
    pub exhausted: usize,
    pub gone: usize,
    /// Slices that were over while what came next was left out.
    pub stretches: usize,
}

impl Ledger {
    pub fn new(in_flight: i32) -> Self {
        Self {
            in_flight: in_flight as usize,
            owed: BTreeSet::new(),
            on_way: Vec::new(),
            settled: BTreeSet::new(),
            failed: BTreeMap::new(),
            story: Vec::new(),
            breaches: Vec::new(),
            sent: 0,
            again: 0,
            cuts: 0,
            exhausted: 0,
            gone: 0,
            stretches: 0,
        }
    }

    fn hold(&mut self, kept: bool, rule: Rule, what: impl FnOnce() -> String) {
        if !kept {
            self.breaches.push(Breach(rule, what()));
        }
    }

    /// The first event is wanted, and was tried so often already, the next time then.
    pub fn tried(&mut self, attempts: i32, next_at: OffsetDateTime) {
        self.failed.insert(1, (attempts, next_at));
    }

    /// An event was written that is wanted.
    pub fn owe(&mut self, seq: i64) {
        self.owed.insert(seq);
    }

    pub fn sent(&mut self, attempt: Attempt, by: &By) {
        let Attempt { seq, number, cut } = attempt;
        self.story.push(Told::Sent(attempt));
        self.sent += 1;
        self.again += usize::from(number > 1);
        self.cuts += usize::from(cut);
        let most = if cut { 1 } else { self.in_flight };
        let alone = self.on_way.len() < most && !self.on_way.contains(&seq);
        self.hold(alone, Rule::Alone, || format!("{attempt:?} goes out beside others"));
        self.on_way.push(seq);
        self.hold(!by.told, Rule::Paused, || format!("{attempt:?} goes out after a change"));
        if !by.current {
            // Nothing of this is recorded, and whoever comes next begins where it was turned to.
            return;
        }
        let before = self.failed.get(&seq).copied();
        let waited = before.is_none_or(|(_, retry_at)| by.clock >= retry_at);
        self.hold(waited, Rule::Waited, || format!("{attempt:?} goes out at {}, not {before:?}", by.clock));
        if cut {
            return;
        }
        let attempts = before.map_or(0, |(attempts, _)| attempts);
        self.hold(number == attempts + 1, Rule::Waited, || format!("{attempt:?} after {attempts}"));
        let first = self.in_flight > 1 || self.owed.range(..seq).next().is_none();
        self.hold(first, Rule::Ordered, || format!("{attempt:?} goes out before what lies in front of it"));
        let fresh = !self.settled.contains(&seq);
        self.hold(fresh, Rule::Once, || format!("{attempt:?} was recorded as accepted"));
    }

    /// It was answered, or whoever sent it died.
    pub fn ended(&mut self, attempt: Attempt, accepted: bool) {
        let Attempt { seq, cut, .. } = attempt;
        self.story.push(Told::Ended(attempt, accepted));
        if let Some(at) = self.on_way.iter().position(|on_way| *on_way == seq) {
            self.on_way.swap_remove(at);
        }
        if accepted && cut {
            self.owed.retain(|owed| *owed > seq);
        } else if accepted {
            self.owed.remove(&seq);
        }
    }

    /// What came of it was saved, by a process whose clock says so.
    pub fn recorded(&mut self, attempt: Attempt, answer: &Answered, by: &By, follows: &Follows) {
        let Attempt { seq, number, cut } = attempt;
        self.story.push(Told::Recorded(attempt));
        if accepts(answer) {
            self.failed.remove(&seq);
            if cut {
                self.failed.retain(|failed, _| *failed > seq);
            } else {
                self.settled.insert(seq);
            }
            return;
        }
        self.failed.insert(seq, (number, follows.retry_at.unwrap_or(by.clock)));
        let last = usize::try_from(number).is_ok_and(|number| number > PAUSES.len());
        match (follows.disabled, follows.retry_at) {
            (Some(Disabled::Exhausted), _) => {
                self.exhausted += 1;
                self.hold(last, Rule::GivenUp, || format!("given up after {attempt:?}"));
            }
            (Some(_), _) => {
                self.gone += 1;
                let gone = answer.as_ref().is_ok_and(|answer| answer.status == 410);
                self.hold(gone, Rule::GivenUp, || format!("given up for {answer:?}"));
            }
            (None, Some(retry_at)) => {
                let pause = usize::try_from(number - 1).ok().and_then(|rung| PAUSES.get(rung)).copied();
                let pause = pause.unwrap_or(Duration::MAX);
                let busy = answer.as_ref().is_ok_and(|answer| answer.status == 429);
                let asked = if busy { ASKED } else { Duration::ZERO };
                // The database keeps microseconds.
                let waits = retry_at - by.clock + Duration::MICROSECOND;
                let fits = waits >= (pause * 0.9_f64).max(asked)
                    && waits <= (pause * 1.11_f64).max(asked * 1.11_f64);
                self.hold(fits, Rule::Waited, || format!("{attempt:?} is tried again after {waits}"));
            }
            (None, None) => {
                self.hold(by.told, Rule::GivenUp, || format!("nothing follows from {attempt:?}"));
            }
        }
    }

    /// The firm resumed it.
    pub fn resumed(&mut self) {
        self.story.push(Told::Resumed);
        self.failed.clear();
    }

    /// The firm turned it to after `seq`, where this is wanted.
    pub fn moved(&mut self, seq: i64, wanted: impl Iterator<Item = i64>) {
        self.story.push(Told::Moved(seq));
        self.owed = wanted.collect();
        self.settled.clear();
        self.failed.clear();
    }

    /// Nothing happens any more.
    pub fn end(&mut self, seq: i64, head: i64) {
        let owed: Vec<i64> = self.owed.iter().copied().collect();
        self.hold(owed.is_empty(), Rule::Reliable, || format!("{owed:?} was never accepted"));
        self.hold(seq == head, Rule::Reliable, || format!("it stands at {seq} and the feed at {head}"));
    }
}

/// Whether a receiver took it.
pub fn accepts(answer: &Answered) -> bool {
    answer.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status))
}
