//! An answer, and what the buyer's tolerances make of it: the one decision behind RespondToOrder, its `validate_only`,
//! BulkRespond and PreviewResponse. Pure, so that what is shown before is what happens after.
//!
//! A proposal within tolerance is agreed in the same version as the answer that makes it: nobody acts in between, one
//! command is one event, and whoever reads that event sees the line as it stands.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    error::Refusal,
    order::{Answered, LineAnswer, Order, Part},
    tolerance::{self, Outcome, Terms},
};

#[cfg(test)]
mod tests;

/// Terms by schedule line, at least of those that an answer proposes for.
pub type AllTerms = HashMap<Uuid, Terms>;

/// What an answer did.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Schedule lines by place, with their parts.
    pub answered: Answered,
    /// How each proposal compared, by its id.
    pub outcomes: HashMap<Uuid, Outcome>,
}

impl Agreement {
    /// Proposals that were agreed at once, in the order of the answer.
    pub fn agreed(&self) -> Vec<Uuid> {
        let proposals = self.answered.iter().filter_map(|(_, parts)| self.proposal(parts));
        proposals.filter(|(_, outcome)| outcome.accepted).map(|(id, _)| id).collect()
    }

    /// What terms know of it, they know no more: the answer is not given after all. `order` is whose it would have been.
    pub fn forget(&self, order: &Order, terms: &mut AllTerms) {
        for (place, parts) in &self.answered {
            let agreed = self.proposal(parts).filter(|(_, outcome)| outcome.accepted);
            if let (Some((_, outcome)), Some(terms)) = (agreed, terms.get_mut(&order.schedule[*place].id)) {
                terms.beyond -= outcome.beyond;
            }
        }
    }

    /// The proposal among the parts of a line, with how it compared.
    pub fn proposal(&self, parts: &[Part]) -> Option<(Uuid, &Outcome)> {
        parts.iter().find_map(|part| match part {
            Part::Proposed { id, .. } => self.outcomes.get(id).map(|outcome| (*id, outcome)),
            _ => None,
        })
    }
}

/// The supplier answers revision `revision`; `None` accepts everything unanswered as asked. All or nothing; on success
/// the order stands one version further, and the terms know how far what was agreed goes.
///
/// # Errors
/// As [`Order::respond`], and where nothing is unanswered.
pub fn answer(
    order: &mut Order,
    terms: &mut AllTerms,
    revision: i32,
    answers: Option<&[LineAnswer]>,
) -> Result<Agreement, Refusal> {
    let everything;
    let answers = match answers {
        Some(answers) => answers,
        None => {
            everything = order.accept_all();
            &everything
        }
    };
    if answers.is_empty() && revision == order.revision {
        return Err(Refusal::NothingUnanswered(Vec::new()));
    }
    let answered = order.respond(revision, answers)?;
    let mut outcomes = HashMap::new();
    for (place, parts) in &answered {
        for part in parts {
            let Part::Proposed { id, covers, content } = part else { continue };
            let line = order.schedule[*place].id;
            // Where it is not known what is tolerated, the buyer decides.
            let mut nothing = Terms::default();
            let terms = terms.get_mut(&line).unwrap_or(&mut nothing);
            let outcome = tolerance::check(terms, *covers, content);
            if outcome.accepted {
                terms.beyond += outcome.beyond;
                order.proposals.retain(|open| open.id != *id);
                order.schedule[*place].agreed_differs = true;
                let quantities = &mut order.schedule[*place].quantities;
                quantities.proposed -= covers;
                quantities.accepted += covers;
            }
            outcomes.insert(*id, outcome);
        }
    }
    Ok(Agreement { answered, outcomes })
}

/// The schedule lines that answers propose for: what terms are needed of.
pub fn proposed_lines(order: &Order, answers: Option<&[LineAnswer]>) -> Vec<Uuid> {
    let proposals = answers.unwrap_or_default().iter().filter(|line| line.answer.is_proposal());
    let places = order.places();
    proposals.filter_map(|line| places.find(&line.target)).map(|place| order.schedule[place].id).collect()
}
