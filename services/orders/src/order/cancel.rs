//! What ends quantities, promises and proposals: cancelling, closing short, withdrawing, holding.

use std::collections::HashSet;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{OpenProposal, Order, Target, each_once};
use crate::error::{self, Refusal};

/// So much of a schedule line is not wanted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// Field path in the request, for refusals.
    pub path: String,
    pub target: Target,
    /// `None`: everything open.
    pub quantity: Option<Decimal>,
}

/// What was delivered of a schedule line that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Field path in the request, for refusals.
    pub path: String,
    pub target: Target,
    pub delivered: Decimal,
}

/// What was cancelled of one schedule line, by what it was before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Place in [`Order::schedule`].
    pub place: usize,
    pub unanswered: Decimal,
    pub accepted: Decimal,
    pub proposed: Decimal,
    /// Proposals that are void because of it.
    pub superseded: Vec<Uuid>,
}

impl Order {
    /// Refuses a command that was made from another version; 0 names none.
    ///
    /// # Errors
    /// [`Refusal::VersionOutdated`].
    pub fn at_version(&self, version: i64) -> Result<(), Refusal> {
        if version == 0 || version == self.version {
            return Ok(());
        }
        Err(Refusal::VersionOutdated { current: self.version, revision: self.revision })
    }

    /// The buyer cancels: of what is unanswered first, then of what is accepted, then of what is proposed, whose
    /// proposals are superseded and whose rest is unanswered again. Nothing named means everything open. All or
    /// nothing; on success the order stands one version further.
    ///
    /// # Errors
    /// Every line that cannot be cancelled so, or nothing being open.
    pub fn cancel(&mut self, wanted: &[Cancellation]) -> Result<Vec<Cancelled>, Refusal> {
        let mut next = self.clone();
        let targets = if wanted.is_empty() { self.everything() } else { self.targets(wanted)? };
        let (mut done, mut wrong) = (Vec::new(), Vec::new());
        for (place, quantity, path) in targets {
            let open = next.schedule[place].open();
            if open.is_zero() {
                wrong.push(error::nothing_open(&path));
            } else if let Some(wanted) = quantity.filter(|wanted| *wanted > open) {
                wrong.push(error::more_than_open(&path, wanted, open));
            } else {
                done.push(next.take(place, quantity.unwrap_or(open)));
            }
        }
        if !wrong.is_empty() {
            let none_open = wrong.iter().all(error::is_nothing_open);
            return Err(if none_open { Refusal::NothingOpen(wrong) } else { Refusal::Fields(wrong) });
        }
        if done.is_empty() {
            return Err(Refusal::NothingOpen(Vec::new()));
        }
        next.version += 1;
        *self = next;
        Ok(done)
    }

    /// The buyer closes lines at what was delivered: so much stays accepted, the rest is cancelled. All or nothing; on
    /// success the order stands one version further.
    ///
    /// # Errors
    /// Every line that cannot be closed so.
    pub fn close_short(&mut self, closings: &[Closing]) -> Result<Vec<Cancelled>, Refusal> {
        let (mut next, places) = (self.clone(), self.places());
        let (mut done, mut wrong, mut closed) = (Vec::<Cancelled>::new(), Vec::new(), 0);
        let mut named = HashSet::new();
        for closing in closings {
            let Some(place) = places.find(&closing.target) else {
                wrong.push(error::no_such_line(&closing.path));
                continue;
            };
            if !named.insert(place) {
                wrong.push(error::answered_twice(&closing.path));
                continue;
            }
            let line = &next.schedule[place];
            if line.closed {
                closed += 1;
                wrong.push(error::nothing_open(&closing.path));
            } else if closing.delivered > line.quantities.accepted {
                wrong.push(error::more_than_accepted(
                    &closing.path,
                    closing.delivered,
                    line.quantities.accepted,
                ));
            } else {
                done.push(next.close(place, closing.delivered));
            }
        }
        if !wrong.is_empty() {
            let none_open = closed == wrong.len();
            return Err(if none_open { Refusal::NothingOpen(wrong) } else { Refusal::Fields(wrong) });
        }
        next.version += 1;
        *self = next;
        Ok(done)
    }

    /// The supplier takes open proposals back; what they cover is unanswered again. Answers the places of the schedule
    /// lines that were touched. All or nothing; on success the order stands one version further.
    ///
    /// # Errors
    /// Where a proposal is not open.
    pub fn withdraw(&mut self, proposals: &[Uuid]) -> Result<Vec<usize>, Refusal> {
        let mut next = self.clone();
        let ended = next.end_proposals(proposals)?;
        for (place, covers) in &ended {
            next.schedule[*place].quantities.unanswered += covers;
        }
        next.version += 1;
        *self = next;
        Ok(each_once(ended))
    }

    /// The buyer asks to wait, or to go on. On success the order stands one version further.
    ///
    /// # Errors
    /// Where it is so already.
    pub fn hold(&mut self, held: bool) -> Result<(), Refusal> {
        if self.held == held {
            return Err(Refusal::HoldUnchanged { held });
        }
        self.held = held;
        self.version += 1;
        Ok(())
    }

    fn everything(&self) -> Vec<(usize, Option<Decimal>, String)> {
        let open = self.schedule.iter().enumerate().filter(|(_, line)| !line.open().is_zero());
        open.map(|(place, _)| (place, None, "lines".into())).collect()
    }

    /// The places that are meant, each once. A line number alone, without a quantity, means all of its schedule lines.
    fn targets(&self, wanted: &[Cancellation]) -> Result<Vec<(usize, Option<Decimal>, String)>, Refusal> {
        let (mut targets, mut wrong) = (Vec::<(usize, Option<Decimal>, String)>::new(), Vec::new());
        let (all, mut named) = (self.places(), HashSet::new());
        for each in wanted {
            let places: Vec<usize> = match (&each.target, each.quantity) {
                (Target::Number(line, number), None) if number.is_empty() => {
                    let open = all.of_line(line).filter(|place| !self.schedule[*place].open().is_zero());
                    let open: Vec<usize> = open.collect();
                    // None is open: say so of one of them.
                    if open.is_empty() { all.of_line(line).take(1).collect() } else { open }
                }
                _ => all.find(&each.target).into_iter().collect(),
            };
            if places.is_empty() {
                wrong.push(error::no_such_line(&each.path));
            }
            for place in places {
                if named.insert(place) {
                    targets.push((place, each.quantity, each.path.clone()));
                } else {
                    wrong.push(error::answered_twice(&each.path));
                }
            }
        }
        if wrong.is_empty() { Ok(targets) } else { Err(Refusal::Fields(wrong)) }
    }

    /// Closes a schedule line at what was delivered, at most what is accepted: nothing of it waits any more, neither for
    /// an answer nor for a decision.
    fn close(&mut self, place: usize, delivered: Decimal) -> Cancelled {
        let line = &mut self.schedule[place];
        let (id, quantities) = (line.id, &mut line.quantities);
        let superseded = self.proposals.extract_if(.., |open| open.schedule_line == id);
        let done = Cancelled {
            place,
            unanswered: std::mem::take(&mut quantities.unanswered),
            accepted: quantities.accepted - delivered,
            proposed: std::mem::take(&mut quantities.proposed),
            superseded: superseded.map(|open| open.id).collect(),
        };
        quantities.accepted = delivered;
        quantities.cancelled += done.unanswered + done.accepted + done.proposed;
        line.closed = true;
        done
    }

    /// Cancels so much of a schedule line, at most what is open.
    fn take(&mut self, place: usize, quantity: Decimal) -> Cancelled {
        let line = &mut self.schedule[place];
        let id = line.id;
        let quantities = &mut line.quantities;
        let mut done = Cancelled { place, ..Cancelled::default() };
        let mut left = quantity;
        done.unanswered = left.min(quantities.unanswered);
        left -= done.unanswered;
        done.accepted = left.min(quantities.accepted);
        left -= done.accepted;
        quantities.unanswered -= done.unanswered;
        quantities.accepted -= done.accepted;
        quantities.cancelled += quantity;
        // The latest proposal goes first, as the latest promise does.
        while left > Decimal::ZERO {
            let Some(at) = self.proposals.iter().rposition(|open| open.schedule_line == id) else { break };
            let OpenProposal { id: proposal, covers, .. } = self.proposals.remove(at);
            let cancelled = left.min(covers);
            quantities.proposed -= covers;
            quantities.unanswered += covers - cancelled;
            done.proposed += cancelled;
            done.superseded.push(proposal);
            left -= cancelled;
        }
        done
    }
}

impl super::Schedule {
    /// What may still be cancelled: everything that is neither rejected nor cancelled, and nothing of a closed line.
    pub fn open(&self) -> Decimal {
        if self.closed {
            return Decimal::ZERO;
        }
        self.quantities.unanswered + self.quantities.accepted + self.quantities.proposed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Quantities, Schedule, tests::with_schedule};

    #[test]
    fn a_closed_line_keeps_what_was_delivered_and_waits_for_nothing() {
        let n = Decimal::from;
        // Ordered 120: accepted, proposed, rejected, unanswered, and what was delivered.
        for (accepted, proposed, rejected, unanswered, delivered) in [
            (80, 20, 0, 20, 60),
            (80, 40, 0, 0, 80),
            (0, 100, 20, 0, 0),
            (120, 0, 0, 0, 0),
            (50, 0, 10, 60, 50),
        ] {
            let quantities = Quantities {
                ordered: n(120),
                accepted: n(accepted),
                proposed: n(proposed),
                rejected: n(rejected),
                unanswered: n(unanswered),
                cancelled: n(0),
            };
            let line = Uuid::from_u128(1);
            let schedule = Schedule { id: line, line_number: "1".into(), quantities, ..Schedule::default() };
            let mut order = with_schedule(vec![schedule]);
            if proposed > 0 {
                let halves = [(7, n(proposed) - n(5)), (8, n(5))];
                order.proposals = halves
                    .map(|(id, covers)| OpenProposal { id: Uuid::from_u128(id), schedule_line: line, covers })
                    .to_vec();
            }
            let target = Target::Id(line);
            let closing = Closing { path: "lines[0]".into(), target, delivered: n(delivered) };
            let done = order.close_short(&[closing]).expect("it is closed");
            let expected = Quantities {
                accepted: n(delivered),
                cancelled: n(accepted + proposed + unanswered - delivered),
                proposed: n(0),
                unanswered: n(0),
                ..quantities
            };
            assert_eq!(order.schedule[0].quantities, expected);
            assert!(order.schedule[0].closed && order.proposals.is_empty());
            let [cancelled] = done.as_slice() else { panic!("one line: {done:?}") };
            let told = (cancelled.unanswered, cancelled.accepted, cancelled.proposed);
            assert_eq!(told, (n(unanswered), n(accepted - delivered), n(proposed)));
            assert_eq!(cancelled.superseded.len(), if proposed > 0 { 2 } else { 0 });
        }
    }
}
