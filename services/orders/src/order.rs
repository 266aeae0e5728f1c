//! What an order is and what may happen to it: pure functions.
//!
//! **Invariant:** on every schedule line, ordered = accepted + rejected + proposed + unanswered + cancelled, before
//! and after everything in this file.

pub mod cancel;

use std::collections::{HashMap, HashSet};

use proto::orders::{OrderState, RejectReason};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::error::Refusal;

/// How the ordered quantity of a schedule line is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantities {
    pub ordered: Decimal,
    pub accepted: Decimal,
    pub rejected: Decimal,
    /// The ordered quantity under negotiation, whatever quantity is proposed for it.
    pub proposed: Decimal,
    pub unanswered: Decimal,
    pub cancelled: Decimal,
}

impl Quantities {
    /// As published: nothing is answered.
    pub fn published(ordered: Decimal) -> Self {
        Self { ordered, unanswered: ordered, ..Self::default() }
    }

    /// Whether the parts make up the whole.
    pub fn conserved(&self) -> bool {
        self.ordered == self.accepted + self.rejected + self.proposed + self.unanswered + self.cancelled
    }
}

/// A schedule line as far as answers and changes need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    pub id: Uuid,
    pub line_number: String,
    pub schedule_line_number: String,
    pub requested_date: Option<Date>,
    pub quantities: Quantities,
    /// The revision that published the row that is divided.
    pub revision: i32,
    /// The version at which it was last put back to unanswered; earlier answers are superseded.
    pub answered_since: i64,
    /// The buyer wants no more of it.
    pub closed: bool,
    /// An accepted proposal differs from what is published.
    pub agreed_differs: bool,
}

/// A proposal that waits for the buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenProposal {
    pub id: Uuid,
    pub schedule_line: Uuid,
    pub covers: Decimal,
}

/// An order as it stands: what commands load, change and save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: Uuid,
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub source_system: String,
    pub order_number: String,
    pub purchasing_group: String,
    pub sites: Vec<String>,
    pub revision: i32,
    pub version: i64,
    /// The buyer asks to wait.
    pub held: bool,
    pub schedule: Vec<Schedule>,
    pub proposals: Vec<OpenProposal>,
}

/// One answered part of a schedule line.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Promised as asked.
    Accepted { quantity: Decimal, committed_date: Option<Date> },
    /// Not supplied.
    Rejected { quantity: Decimal, reason: RejectReason, note: String },
    /// Something else, for the buyer to decide.
    Proposed { id: Uuid, covers: Decimal, content: Box<proto::orders::Propose> },
}

/// What the supplier says of one schedule line.
#[derive(Clone, Debug, PartialEq)]
pub struct LineAnswer {
    /// Field path in the request, for refusals.
    pub path: String,
    pub target: Target,
    pub answer: Answer,
    /// What becomes of what the answer leaves.
    pub remainder: Option<Remainder>,
}

/// How an answer names its schedule line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Id(Uuid),
    /// Line number, and schedule line number or empty for the only one.
    Number(String, String),
}

/// Accept, reject or propose; a quantity of `None` means everything unanswered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Accept { quantity: Option<Decimal> },
    Reject { quantity: Option<Decimal>, reason: RejectReason, note: String },
    Propose { id: Uuid, covers: Option<Decimal>, content: Box<proto::orders::Propose> },
}

impl Answer {
    /// Whether it asks for something else than ordered.
    pub fn is_proposal(&self) -> bool {
        matches!(self, Answer::Propose { .. })
    }
}

/// What becomes of the rest of a partly answered line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    Reject(RejectReason),
    LeaveUnanswered,
}

/// All that a response does: schedule line by place in [`Order::schedule`], with its parts.
pub type Answered = Vec<(usize, Vec<Part>)>;

impl Order {
    /// Unanswered if any quantity is, else proposed, else by what was accepted and rejected.
    pub fn state(&self) -> OrderState {
        let any = |part: fn(&Quantities) -> Decimal| {
            self.schedule.iter().any(|line| part(&line.quantities) > Decimal::ZERO)
        };
        if any(|q| q.unanswered) {
            OrderState::Unanswered
        } else if any(|q| q.proposed) {
            OrderState::Proposed
        } else if any(|q| q.accepted) {
            if any(|q| q.rejected) { OrderState::PartAccepted } else { OrderState::Accepted }
        } else if any(|q| q.rejected) {
            OrderState::Rejected
        } else if any(|q| q.cancelled) {
            OrderState::Cancelled
        } else {
            // Nothing was ordered, so that there is nothing to answer.
            OrderState::Accepted
        }
    }

    /// Schedule lines with something unanswered.
    pub fn unanswered_lines(&self) -> i32 {
        self.schedule.iter().filter(|line| line.quantities.unanswered > Decimal::ZERO).count() as i32
    }

    /// Schedule lines with something under negotiation.
    pub fn proposed_lines(&self) -> i32 {
        self.schedule.iter().filter(|line| line.quantities.proposed > Decimal::ZERO).count() as i32
    }

    /// The supplier answers revision `revision`: all or nothing. On success the order stands one version further.
    ///
    /// # Errors
    /// An outdated revision, or every line that cannot be answered so.
    pub fn respond(&mut self, revision: i32, answers: &[LineAnswer]) -> Result<Answered, Refusal> {
        if revision != self.revision {
            return Err(Refusal::RevisionOutdated { current: self.revision });
        }
        let (mut next, places) = (self.clone(), self.places());
        let (mut answered, mut wrong, mut named) = (Vec::new(), Vec::new(), HashSet::new());
        for answer in answers {
            let Some(place) = places.find(&answer.target) else {
                wrong.push(crate::error::no_such_line(&answer.path));
                continue;
            };
            if !named.insert(place) {
                wrong.push(crate::error::answered_twice(&answer.path));
                continue;
            }
            match next.schedule[place].answer(answer) {
                Ok(parts) => answered.push((place, parts)),
                Err(problem) => wrong.push(problem),
            }
        }
        if !wrong.is_empty() {
            let all_answered = wrong.iter().all(crate::error::is_nothing_unanswered);
            return Err(if all_answered {
                Refusal::NothingUnanswered(wrong)
            } else {
                Refusal::Fields(wrong)
            });
        }
        for (place, parts) in &answered {
            let line = next.schedule[*place].id;
            next.proposals.extend(parts.iter().filter_map(|part| match part {
                Part::Proposed { id, covers, .. } => {
                    Some(OpenProposal { id: *id, schedule_line: line, covers: *covers })
                }
                _ => None,
            }));
        }
        next.version += 1;
        *self = next;
        Ok(answered)
    }

    /// The answer that accepts everything unanswered as asked.
    pub fn accept_all(&self) -> Vec<LineAnswer> {
        let open = self.schedule.iter().filter(|line| line.quantities.unanswered > Decimal::ZERO);
        open.map(|line| LineAnswer {
            path: "accept_all".into(),
            target: Target::Id(line.id),
            answer: Answer::Accept { quantity: None },
            remainder: None,
        })
        .collect()
    }

    /// The buyer decides proposals: (proposal, accepted), all or nothing. Answers the places of the schedule lines
    /// that were touched. On success the order stands one version further.
    ///
    /// # Errors
    /// Where a proposal is not open, or is decided twice.
    pub fn resolve(&mut self, decisions: &[(Uuid, bool)]) -> Result<Vec<usize>, Refusal> {
        let mut next = self.clone();
        let ids: Vec<Uuid> = decisions.iter().map(|(proposal, _)| *proposal).collect();
        let ended = next.end_proposals(&ids)?;
        for ((place, covers), (_, accepted)) in ended.iter().zip(decisions) {
            let line = &mut next.schedule[*place];
            if *accepted {
                line.quantities.accepted += covers;
                line.agreed_differs = true;
            } else {
                line.quantities.unanswered += covers;
            }
        }
        next.version += 1;
        *self = next;
        Ok(each_once(ended))
    }

    /// Takes open proposals out: the place of the schedule line of each, with what it covered, which is no longer
    /// proposed.
    fn end_proposals(&mut self, ids: &[Uuid]) -> Result<Vec<(usize, Decimal)>, Refusal> {
        let mut open: HashMap<Uuid, &OpenProposal> =
            self.proposals.iter().map(|open| (open.id, open)).collect();
        let places = self.places();
        let ended = ids.iter().map(|id| {
            let open = open.remove(id)?;
            Some((places.of(open.schedule_line)?, open.covers))
        });
        let ended: Vec<(usize, Decimal)> = ended.collect::<Option<_>>().ok_or(Refusal::ProposalResolved)?;
        for (place, covers) in &ended {
            self.schedule[*place].quantities.proposed -= covers;
        }
        let ids: HashSet<&Uuid> = ids.iter().collect();
        self.proposals.retain(|open| !ids.contains(&open.id));
        Ok(ended)
    }

    /// Where its schedule lines are.
    pub fn places(&self) -> Places<'_> {
        let mut places = Places::default();
        for (place, line) in self.schedule.iter().enumerate() {
            places.by_id.insert(line.id, place);
            let numbered = places.by_line.entry(&line.line_number).or_default();
            numbered.push((&line.schedule_line_number, place));
        }
        places
    }
}

/// Places of schedule lines, looked up once for a command that may name thousands of them.
#[derive(Debug, Default)]
pub struct Places<'a> {
    by_id: HashMap<Uuid, usize>,
    /// By line number: schedule line numbers with their places.
    by_line: HashMap<&'a str, Vec<(&'a str, usize)>>,
}

impl Places<'_> {
    /// The place of the schedule line that a target names.
    pub fn find(&self, target: &Target) -> Option<usize> {
        match target {
            Target::Id(id) => self.of(*id),
            Target::Number(line, schedule) => {
                let numbered = self.by_line.get(line.as_str())?.iter();
                let mut fitting =
                    numbered.filter(|(number, _)| schedule.is_empty() || *number == schedule.as_str());
                match (fitting.next(), fitting.next()) {
                    (Some((_, place)), None) => Some(*place),
                    _ => None,
                }
            }
        }
    }

    /// The place of the schedule line with this id.
    pub fn of(&self, id: Uuid) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// The places of all schedule lines of a line.
    pub fn of_line(&self, line_number: &str) -> impl Iterator<Item = usize> {
        self.by_line.get(line_number).into_iter().flatten().map(|(_, place)| *place)
    }
}

/// Places in the order in which they come first.
fn each_once(ended: Vec<(usize, Decimal)>) -> Vec<usize> {
    let mut seen = HashSet::new();
    ended.into_iter().map(|(place, _)| place).filter(|place| seen.insert(*place)).collect()
}

impl Schedule {
    /// Divides what is unanswered as the answer says.
    fn answer(&mut self, given: &LineAnswer) -> Result<Vec<Part>, chassis::Field> {
        let open = self.quantities.unanswered;
        if open.is_zero() {
            return Err(crate::error::nothing_unanswered(&given.path));
        }
        let wanted = match &given.answer {
            Answer::Accept { quantity } | Answer::Reject { quantity, .. } => *quantity,
            Answer::Propose { covers, .. } => *covers,
        };
        let quantity = wanted.unwrap_or(open);
        if quantity > open {
            return Err(crate::error::more_than_unanswered(&given.path, quantity, open));
        }
        let rest = open - quantity;
        let mut parts = Vec::new();
        match &given.answer {
            Answer::Accept { .. } => {
                self.quantities.accepted += quantity;
                parts.push(Part::Accepted { quantity, committed_date: self.requested_date });
            }
            Answer::Reject { reason, note, .. } => {
                self.quantities.rejected += quantity;
                parts.push(Part::Rejected { quantity, reason: *reason, note: note.clone() });
            }
            Answer::Propose { id, content, .. } => {
                self.quantities.proposed += quantity;
                parts.push(Part::Proposed { id: *id, covers: quantity, content: content.clone() });
            }
        }
        self.quantities.unanswered = Decimal::ZERO;
        match (rest.is_zero(), given.remainder) {
            (true, _) => {}
            (false, Some(Remainder::Reject(reason))) => {
                self.quantities.rejected += rest;
                parts.push(Part::Rejected { quantity: rest, reason, note: String::new() });
            }
            (false, Some(Remainder::LeaveUnanswered)) => self.quantities.unanswered = rest,
            (false, None) => return Err(crate::error::remainder_missing(&given.path, rest)),
        }
        Ok(parts)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An order of version 1 with these schedule lines.
    pub(crate) fn with_schedule(schedule: Vec<Schedule>) -> Order {
        Order { schedule, ..order(&[]) }
    }

    fn order(quantities: &[i64]) -> Order {
        let schedule = quantities.iter().enumerate().map(|(i, q)| Schedule {
            id: Uuid::from_u128(i as u128 + 1),
            line_number: (i + 1).to_string(),
            schedule_line_number: "1".into(),
            requested_date: None,
            quantities: Quantities::published((*q).into()),
            ..Schedule::default()
        });
        Order {
            id: Uuid::from_u128(100),
            buyer: Uuid::from_u128(101),
            supplier: Uuid::from_u128(102),
            source_system: "default".into(),
            order_number: "1".into(),
            purchasing_group: String::new(),
            sites: Vec::new(),
            revision: 1,
            version: 1,
            held: false,
            schedule: schedule.collect(),
            proposals: Vec::new(),
        }
    }

    fn answer(line: u128, answer: Answer, remainder: Option<Remainder>) -> LineAnswer {
        LineAnswer {
            path: format!("lines[{line}]"),
            target: Target::Id(Uuid::from_u128(line)),
            answer,
            remainder,
        }
    }

    fn accept(quantity: Option<i64>) -> Answer {
        Answer::Accept { quantity: quantity.map(Into::into) }
    }

    fn propose(id: u128, covers: Option<i64>) -> Answer {
        Answer::Propose {
            id: Uuid::from_u128(id),
            covers: covers.map(Into::into),
            content: Default::default(),
        }
    }

    #[test]
    fn accepting_all_leaves_nothing_unanswered() {
        let mut order = order(&[10, 0, 5]);
        let all = order.accept_all();
        assert_eq!(all.len(), 2, "a quantity of 0 has nothing to answer");
        order.respond(1, &all).unwrap();
        assert_eq!((order.state(), order.version), (OrderState::Accepted, 2));
    }

    #[test]
    fn a_part_says_what_becomes_of_the_rest() {
        let missing = order(&[10]).respond(1, &[answer(1, accept(Some(4)), None)]);
        assert!(matches!(missing, Err(Refusal::Fields(fields)) if fields[0].reason == "REMAINDER_REQUIRED"));

        let mut left = order(&[10]);
        left.respond(1, &[answer(1, accept(Some(4)), Some(Remainder::LeaveUnanswered))]).unwrap();
        assert_eq!(left.state(), OrderState::Unanswered);
        assert_eq!(left.schedule[0].quantities.unanswered, 6.into());

        let mut rejected = order(&[10]);
        let rest = Some(Remainder::Reject(RejectReason::NoMaterial));
        rejected.respond(1, &[answer(1, accept(Some(4)), rest)]).unwrap();
        assert_eq!(rejected.state(), OrderState::PartAccepted);
    }

    #[test]
    fn more_than_is_unanswered_is_refused_and_changes_nothing() {
        let mut order = order(&[10, 10]);
        let before = order.clone();
        let refused = order.respond(1, &[answer(1, accept(None), None), answer(2, accept(Some(11)), None)]);
        assert!(matches!(refused, Err(Refusal::Fields(fields)) if fields.len() == 1));
        assert_eq!(order, before);
    }

    #[test]
    fn a_line_is_answered_once() {
        let mut order = order(&[10]);
        let twice =
            [answer(1, accept(Some(1)), Some(Remainder::LeaveUnanswered)), answer(1, accept(None), None)];
        assert!(matches!(order.respond(1, &twice), Err(Refusal::Fields(_))));
        order.respond(1, &[answer(1, accept(None), None)]).unwrap();
        let again = order.respond(1, &[answer(1, Answer::Accept { quantity: None }, None)]);
        assert!(matches!(again, Err(Refusal::NothingUnanswered(_))));
        assert!(matches!(order.respond(2, &[]), Err(Refusal::RevisionOutdated { current: 1 })));
    }

    #[test]
    fn a_proposal_is_decided_once_and_moves_what_it_covers() {
        let mut order = order(&[10, 10]);
        order.respond(1, &[answer(1, propose(7, None), None), answer(2, propose(8, None), None)]).unwrap();
        assert_eq!(order.state(), OrderState::Proposed);
        order.resolve(&[(Uuid::from_u128(7), true), (Uuid::from_u128(8), false)]).unwrap();
        assert_eq!(order.state(), OrderState::Unanswered);
        assert_eq!(order.schedule[0].quantities.accepted, 10.into());
        assert_eq!(order.schedule[1].quantities.unanswered, 10.into());
        assert_eq!(order.resolve(&[(Uuid::from_u128(7), true)]), Err(Refusal::ProposalResolved));
        assert!(order.schedule.iter().all(|line| line.quantities.conserved()));
    }

    #[test]
    fn an_order_without_quantity_has_nothing_to_answer() {
        assert_eq!(order(&[0]).state(), OrderState::Accepted);
    }
}
