//! What the operator of the platform may do to firms, and why it may not.

use chassis::{Error, Reason};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::firm::Firm;

/// How long a note may be, in characters.
pub const NOTE: usize = 1_000;

/// Something that an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Verify,
    Unverify,
    Suspend,
    Reinstate,
    Merge,
    ResetAdmin,
}

impl ActionKind {
    const ALL: [ActionKind; 6] =
        [Self::Verify, Self::Unverify, Self::Suspend, Self::Reinstate, Self::Merge, Self::ResetAdmin];

    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Unverify => "unverify",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::Merge => "merge",
            Self::ResetAdmin => "reset_admin",
        }
    }

    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How the webhooks of a firm do of which one at least is not well.
#[derive(Clone, Debug)]
pub struct WebhookHealth {
    pub firm: Uuid,
    pub name: String,
    pub name_en: String,
    pub failing: i64,
    pub ended: i64,
    pub paused: i64,
    /// The first attempt that was not accepted of what still waits.
    pub since: Option<OffsetDateTime>,
}

/// A firm as the operator sees it.
#[derive(Clone, Debug)]
pub struct OperatedFirm {
    pub firm: Firm,
    pub administrators: i64,
    pub suppliers: i64,
    pub buyers: i64,
}

/// What was done, as it stands in the list.
#[derive(Clone, Debug)]
pub struct Action {
    pub id: Uuid,
    pub kind: ActionKind,
    pub firm: Uuid,
    pub firm_name: String,
    /// The survivor of a merge.
    pub other_firm: Option<Uuid>,
    pub at: OffsetDateTime,
    pub actor_name: String,
    pub note: String,
}

/// An act on one firm with its reason.
#[derive(Clone, Debug)]
pub struct Act {
    pub kind: ActionKind,
    pub firm: Uuid,
    pub note: String,
}

/// A person who becomes a firm's administrator.
#[derive(Clone, Debug)]
pub struct NewAdmin {
    pub firm: Uuid,
    pub name: String,
    pub locale: String,
    pub note: String,
}

/// Two firms that are one.
#[derive(Clone, Debug)]
pub struct Merge {
    pub duplicate: Uuid,
    pub survivor: Uuid,
    pub note: String,
}

/// Why the database did not do what was asked; `None` where it did.
pub fn refusal(outcome: &str) -> Option<Error> {
    let merge = |because: &'static str, message: &str| {
        Error::new(Reason::MERGE_REFUSED).message(message).with("because", because)
    };
    Some(match outcome {
        "done" | "same" => return None,
        "not_found" => Error::not_found(),
        "state" => Error::new(Reason::FIRM_NOT_ACTIVE),
        "same_firm" => merge("same_firm", "a firm cannot be merged with itself"),
        "operator" => merge("operator", "a firm that runs the platform cannot be merged"),
        "survivor_state" => merge("survivor_state", "the firm that stays is not active; reinstate it first"),
        "duplicate_state" => merge("duplicate_state", "the firm that goes was merged before"),
        "buys" => merge("buys", "the firm that goes buys too; its orders as a buyer cannot move"),
        "own_supplier" => merge("own_supplier", "the firm that goes supplies the firm that stays"),
        "same_buyer" => merge(
            "same_buyer",
            "both firms supply the same buyer under their own accounts; the buyer has to agree on one of them first",
        ),
        other => Error::internal(anyhow::anyhow!("partners answered {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_answer() {
        let reason = |outcome| refusal(outcome).map(|error| error.reason);
        for (outcome, expected) in [
            ("done", None),
            ("same", None),
            ("not_found", Some(Reason::NOT_FOUND)),
            ("state", Some(Reason::FIRM_NOT_ACTIVE)),
            ("buys", Some(Reason::MERGE_REFUSED)),
            ("same_buyer", Some(Reason::MERGE_REFUSED)),
            ("something new", Some(Reason::INTERNAL)),
        ] {
            assert_eq!(reason(outcome), expected, "{outcome}");
        }
    }

    #[test]
    fn kinds_have_names() {
        for kind in ActionKind::ALL {
            assert_eq!(ActionKind::parse(kind.as_str()), Some(kind));
        }
    }
}
