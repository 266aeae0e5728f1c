//! Checks answers and decisions.

use chassis::{Error, Field, Result, clock::SharedClock, value};
use proto::orders::{
    LineResponse, Propose, RejectReason, Remainder as WireRemainder, ResolveProposalRequest,
    RespondToOrderRequest, line_response,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::content::check_price;
use crate::order::{Answer, LineAnswer, Remainder, Target};

/// The longest note of an answer, in bytes.
const NOTE_BYTES: usize = 4_000;
/// The most deliveries that a proposal splits a line into.
const MAX_DELIVERIES: usize = 60;

/// What a supplier answers: `None` where it accepts all.
pub(crate) fn response(
    request: &RespondToOrderRequest,
    clock: &SharedClock,
) -> Result<Option<Vec<LineAnswer>>> {
    let mut wrong = Vec::new();
    if request.revision < 1 {
        wrong.push(Field::new("revision", "REQUIRED", "is required; name the revision that you answer"));
    }
    note("note", &request.note, &mut wrong);
    if request.accept_all != request.lines.is_empty() {
        let message = "say accept_all, or name lines, but not both and not neither";
        wrong.push(Field::new("lines", "COUNT", message));
    }
    let answers: Vec<_> = request
        .lines
        .iter()
        .enumerate()
        .filter_map(|(i, line)| line_answer(&format!("lines[{i}]"), line, clock, &mut wrong))
        .collect();
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    Ok((!request.accept_all).then_some(answers))
}

/// What a buyer decides: proposal, accepted, note.
pub(crate) fn resolution(request: &ResolveProposalRequest) -> Result<Vec<(Uuid, bool, String)>> {
    let mut wrong = Vec::new();
    if request.decisions.is_empty() {
        wrong.push(Field::new("decisions", "REQUIRED", "name at least one proposal"));
    }
    let decisions = request.decisions.iter().enumerate().filter_map(|(i, decision)| {
        note(&format!("decisions[{i}].note"), &decision.note, &mut wrong);
        let id = Uuid::try_parse(&decision.proposal_id);
        if id.is_err() {
            let message = "must be an id as the platform gave it";
            wrong.push(Field::new(format!("decisions[{i}].proposal_id"), "ID", message));
        }
        id.ok().map(|id| (id, decision.accept, decision.note.clone()))
    });
    let decisions = decisions.collect();
    if wrong.is_empty() { Ok(decisions) } else { Err(Error::invalid(wrong)) }
}

fn line_answer(
    path: &str,
    line: &LineResponse,
    clock: &SharedClock,
    wrong: &mut Vec<Field>,
) -> Option<LineAnswer> {
    let before = wrong.len();
    let named = (&line.schedule_line_id, &line.line_number, &line.schedule_line_number);
    let target = target(path, named, wrong);
    let answer = match &line.answer {
        Some(line_response::Answer::Accept(accept)) => {
            let quantity = positive(&format!("{path}.accept.quantity"), accept.quantity.as_ref(), wrong);
            Some(Answer::Accept { quantity })
        }
        Some(line_response::Answer::Reject(reject)) => {
            let quantity = positive(&format!("{path}.reject.quantity"), reject.quantity.as_ref(), wrong);
            let reason = reason(&format!("{path}.reject.reason"), reject.reason, wrong);
            note(&format!("{path}.reject.note"), &reject.note, wrong);
            if reason == RejectReason::Other && reject.note.trim().is_empty() {
                wrong.push(Field::new(format!("{path}.reject.note"), "REQUIRED", "say why, in a few words"));
            }
            Some(Answer::Reject { quantity, reason, note: reject.note.clone() })
        }
        Some(line_response::Answer::Propose(propose)) => {
            let covers =
                positive(&format!("{path}.propose.covers_quantity"), propose.covers_quantity.as_ref(), wrong);
            proposal(&format!("{path}.propose"), propose, wrong);
            Some(Answer::Propose { id: clock.id(), covers, content: Box::new(propose.clone()) })
        }
        None => {
            wrong.push(Field::new(path, "REQUIRED", "say accept, reject or propose"));
            None
        }
    };
    let remainder = match WireRemainder::try_from(line.remainder) {
        Ok(WireRemainder::Unspecified) => None,
        Ok(WireRemainder::Reject) => {
            Some(Remainder::Reject(reason(&format!("{path}.remainder_reason"), line.remainder_reason, wrong)))
        }
        Ok(WireRemainder::LeaveUnanswered) => Some(Remainder::LeaveUnanswered),
        Err(_) => {
            wrong.push(Field::new(
                format!("{path}.remainder"),
                "UNKNOWN",
                "is neither REJECT nor LEAVE_UNANSWERED",
            ));
            None
        }
    };
    if wrong.len() > before {
        return None;
    }
    Some(LineAnswer { path: path.into(), target: target?, answer: answer?, remainder })
}

/// The schedule line that is named by its id, or by line number and schedule line number.
pub(super) fn target(
    path: &str,
    (id, number, schedule_number): (&String, &String, &String),
    wrong: &mut Vec<Field>,
) -> Option<Target> {
    match Uuid::try_parse(id) {
        Ok(id) => Some(Target::Id(id)),
        Err(_) if id.is_empty() && !number.is_empty() => {
            Some(Target::Number(number.clone(), schedule_number.clone()))
        }
        Err(_) => {
            let message = "name the line by schedule_line_id or line_number";
            wrong.push(Field::new(format!("{path}.schedule_line_id"), "REQUIRED", message));
            None
        }
    }
}

fn proposal(path: &str, propose: &Propose, wrong: &mut Vec<Field>) {
    if propose.deliveries.is_empty() || propose.deliveries.len() > MAX_DELIVERIES {
        let message = format!("name 1 to {MAX_DELIVERIES} deliveries with quantity and date");
        wrong.push(Field::new(format!("{path}.deliveries"), "COUNT", message));
    }
    for (i, delivery) in propose.deliveries.iter().enumerate() {
        let path = format!("{path}.deliveries[{i}]");
        if delivery.quantity.is_none() {
            wrong.push(Field::new(format!("{path}.quantity"), "REQUIRED", "is required"));
        }
        positive(&format!("{path}.quantity"), delivery.quantity.as_ref(), wrong);
        match delivery.delivery_date.as_ref().map(value::date) {
            None => wrong.push(Field::new(format!("{path}.delivery_date"), "REQUIRED", "is required")),
            Some(Err(message)) => wrong.push(Field::new(format!("{path}.delivery_date"), "DATE", message)),
            Some(Ok(_)) => {}
        }
    }
    if let Some(price) = &propose.price {
        wrong.extend(check_price(&format!("{path}.price"), price));
    }
    note(&format!("{path}.note"), &propose.note, wrong);
}

fn positive(path: &str, wire: Option<&proto::Decimal>, wrong: &mut Vec<Field>) -> Option<Decimal> {
    match value::decimal(wire) {
        Ok(Some(value)) if value <= Decimal::ZERO => {
            wrong.push(Field::new(path, "RANGE", "must be above 0"));
            None
        }
        Ok(value) => value,
        Err(message) => {
            wrong.push(Field::new(path, "DECIMAL", message));
            None
        }
    }
}

fn reason(path: &str, wire: i32, wrong: &mut Vec<Field>) -> RejectReason {
    match RejectReason::try_from(wire) {
        Ok(reason) if reason != RejectReason::Unspecified => reason,
        _ => {
            wrong.push(Field::new(path, "REQUIRED", "say why, such as REJECT_REASON_NO_CAPACITY"));
            RejectReason::Unspecified
        }
    }
}

pub(super) fn note(path: &str, text: &str, wrong: &mut Vec<Field>) {
    if text.len() > NOTE_BYTES {
        wrong.push(Field::new(path, "TOO_LONG", format!("must have at most {NOTE_BYTES} bytes")));
    } else if text.contains('\0') {
        wrong.push(Field::new(path, "FORMAT", "must not contain the character NUL"));
    }
}
