//! Business reasons of this service and how they are worded; chassis makes statuses of them.

use chassis::{Error, Field, Reason};
use rust_decimal::Decimal;

use crate::reminder::Untimely;

/// Why an order does not take a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Every line that cannot be answered so.
    Fields(Vec<Field>),
    /// The lines were answered before.
    NothingUnanswered(Vec<Field>),
    /// The buyer has published another revision since.
    RevisionOutdated { current: i32 },
    /// The proposal is not open.
    ProposalResolved,
    /// Something happened since the version that the command was made from.
    VersionOutdated { current: i64, revision: i32 },
    /// Nothing is left that could be cancelled.
    NothingOpen(Vec<Field>),
    /// The order is held already, or is not held.
    HoldUnchanged { held: bool },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fields(fields) => Error::invalid(fields),
            Refusal::NothingUnanswered(fields) => Error::new(Reason::NOTHING_UNANSWERED).fields(fields),
            Refusal::RevisionOutdated { current } => {
                Error::new(Reason::REVISION_OUTDATED).with("current_revision", current)
            }
            Refusal::ProposalResolved => Error::new(Reason::PROPOSAL_RESOLVED),
            Refusal::VersionOutdated { current, revision } => Error::new(Reason::VERSION_OUTDATED)
                .with("current_version", current)
                .with("current_revision", revision),
            Refusal::NothingOpen(fields) => Error::new(Reason::NOTHING_OPEN).fields(fields),
            Refusal::HoldUnchanged { held } => Error::new(Reason::HOLD_UNCHANGED).with("held", held),
        }
    }
}

const NOTHING_UNANSWERED: &str = "NOTHING_UNANSWERED";

/// Why an order's supplier is not reminded now.
pub(crate) fn untimely(untimely: Untimely, now: time::OffsetDateTime) -> Error {
    match untimely {
        Untimely::Nothing => Error::new(Reason::NOTHING_TO_REMIND),
        Untimely::Recently(next) => {
            let wait = (next - now).unsigned_abs();
            Error::new(Reason::REMINDED_RECENTLY).retry_after(wait)
        }
    }
}

const NOTHING_OPEN: &str = "NOTHING_OPEN";

pub(crate) fn nothing_open(path: &str) -> Field {
    Field::new(path, NOTHING_OPEN, "is rejected, cancelled or closed; nothing of it is left")
}

pub(crate) fn is_nothing_open(field: &Field) -> bool {
    field.reason == NOTHING_OPEN
}

pub(crate) fn more_than_open(path: &str, wanted: Decimal, open: Decimal) -> Field {
    let message = format!("{wanted} is more than the {open} that is left; cancel at most that much");
    Field::new(format!("{path}.quantity"), "QUANTITY_EXCEEDS_OPEN", message)
}

pub(crate) fn more_than_accepted(path: &str, delivered: Decimal, accepted: Decimal) -> Field {
    let message = format!("{delivered} is more than the {accepted} that the supplier accepted");
    Field::new(format!("{path}.delivered_quantity"), "QUANTITY_EXCEEDS_ACCEPTED", message)
}

pub(crate) fn no_such_line(path: &str) -> Field {
    Field::new(path, "LINE_UNKNOWN", "names no schedule line of this order, or several; use schedule_line_id")
}

pub(crate) fn answered_twice(path: &str) -> Field {
    Field::new(path, "LINE_REPEATED", "answers a schedule line that another entry answers too; join them")
}

pub(crate) fn nothing_unanswered(path: &str) -> Field {
    Field::new(path, NOTHING_UNANSWERED, "was answered before; nothing of it is unanswered")
}

pub(crate) fn is_nothing_unanswered(field: &Field) -> bool {
    field.reason == NOTHING_UNANSWERED
}

pub(crate) fn more_than_unanswered(path: &str, wanted: Decimal, unanswered: Decimal) -> Field {
    let message =
        format!("{wanted} is more than the {unanswered} that is unanswered; answer at most that much");
    Field::new(format!("{path}.quantity"), "QUANTITY_EXCEEDS_UNANSWERED", message)
}

pub(crate) fn remainder_missing(path: &str, rest: Decimal) -> Field {
    let message = format!("{rest} would be left; say remainder REJECT or LEAVE_UNANSWERED");
    Field::new(format!("{path}.remainder"), "REMAINDER_REQUIRED", message)
}
