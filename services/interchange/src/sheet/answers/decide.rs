//! What a filled-in row means.

use chassis::value::{wire_date, wire_decimal};
use proto::orders::{
    Accept, LineResponse, Propose, ProposedDelivery, Reject, RejectReason, Remainder, line_response::Answer,
};
use rust_decimal::Decimal;

use super::{
    Key, Place,
    read::{Given, Written},
    reason_code,
    words::Word,
};
use crate::sheet::fault::Fault;

/// Deliveries that a proposal may split a line into; orders take as many.
const MAX_DELIVERIES: usize = 60;

/// A cell that does not fit the answer.
pub(super) type Wrong = (Place, Fault);

/// What becomes of the rest of a line: rejected for a reason, or left unanswered.
enum Rest {
    None,
    Rejected(RejectReason),
    Left,
}

/// The answer that a row gives; nothing where its answer column is empty and nothing else was changed.
pub(super) fn decide(key: &Key, written: &Written) -> Result<Option<Given>, Wrong> {
    let (answer, rest) = match written.word {
        None => return unsaid(key, written).map(|()| None),
        Some(Word::Accept) => accept(key, written)?,
        Some(Word::Reject) => reject(key, written)?,
        Some(Word::Propose) => (propose(key, written)?, Rest::None),
    };
    let (remainder, remainder_reason) = match rest {
        Rest::None => (Remainder::Unspecified, RejectReason::Unspecified),
        Rest::Rejected(reason) => (Remainder::Reject, reason),
        Rest::Left => (Remainder::LeaveUnanswered, RejectReason::Unspecified),
    };
    // Rejections and proposals carry their remark themselves.
    let note = if written.word == Some(Word::Accept) { written.note.clone() } else { String::new() };
    let response = LineResponse {
        schedule_line_id: key.schedule_line.to_string(),
        answer: Some(answer),
        remainder: remainder.into(),
        remainder_reason: remainder_reason.into(),
        ..LineResponse::default()
    };
    Ok(Some(Given { response, note }))
}

/// Without a word, nothing may have been changed.
fn unsaid(key: &Key, written: &Written) -> Result<(), Wrong> {
    let as_asked = |quantities: &[Decimal]| quantities.iter().all(|quantity| *quantity == key.quantity);
    let changed = !as_asked(&written.quantities)
        || written.quantities.len() > 1
        || written.dates.len() > 1
        || written.dates.iter().any(|date| Some(*date) != key.date)
        || written.reason.is_some()
        || !written.note.is_empty();
    if !changed {
        return Ok(());
    }
    let fault = Fault::new(
        "REQUIRED",
        "填了内容但没有选择 接受、拒绝 或 建议",
        "something was filled in; say accept, reject or propose",
    );
    Err((Place::Answer, fault))
}

fn accept(key: &Key, written: &Written) -> Result<(Answer, Rest), Wrong> {
    let differs = written.dates.len() > 1 || written.dates.iter().any(|date| Some(*date) != key.date);
    if differs {
        let fault = Fault::new(
            "DIFFERS",
            "与要求交期不同;请改为 建议",
            "is another day than requested; that is a proposal",
        );
        return Err((Place::AnswerDate, fault));
    }
    let quantity = part(key, written)?;
    let rest = match (quantity == key.quantity, written.reason) {
        (true, None) => Rest::None,
        (true, Some(_)) => {
            let fault = Fault::new(
                "NOT_NEEDED",
                "全部接受时不需要原因;只接受一部分时,原因表示拒绝其余数量",
                "there is no reason for accepting all; where a part is accepted, it says why the rest is rejected",
            );
            return Err((Place::Reason, fault));
        }
        (false, Some(reason)) => Rest::Rejected(reason),
        (false, None) => Rest::Left,
    };
    Ok((Answer::Accept(Accept { quantity: Some(wire_decimal(quantity)) }), rest))
}

fn reject(key: &Key, written: &Written) -> Result<(Answer, Rest), Wrong> {
    let Some(reason) = written.reason else {
        return Err((Place::Reason, Fault::new("REQUIRED", "拒绝时请选择原因", "say why it is rejected")));
    };
    if reason == RejectReason::Other && written.note.is_empty() {
        let fault =
            Fault::new("REQUIRED", "原因为其他时请在备注说明", "say why, where the reason is another");
        return Err((Place::Note, fault));
    }
    let quantity = part(key, written)?;
    let reject =
        Reject { quantity: Some(wire_decimal(quantity)), reason: reason.into(), note: written.note.clone() };
    let rest = if quantity == key.quantity { Rest::None } else { Rest::Left };
    Ok((Answer::Reject(reject), rest))
}

/// The one quantity that is accepted or rejected: at most what is unanswered; all of it where nothing is written.
fn part(key: &Key, written: &Written) -> Result<Decimal, Wrong> {
    let fault = match written.quantities.as_slice() {
        [] => return Ok(key.quantity),
        // With the digits that were asked with.
        [same] if *same == key.quantity => return Ok(key.quantity),
        [zero] if zero.is_zero() => Fault::new("RANGE", "必须大于 0", "must be above 0"),
        [quantity] if *quantity < key.quantity => return Ok(*quantity),
        [_] => Fault::new(
            "RANGE",
            format!("超过未答复数量 {};要多供请改为 建议", key.quantity),
            format!("is more than the {} that is unanswered; more is a proposal", key.quantity),
        ),
        _ => Fault::new("COUNT", "分批请改为 建议", "several deliveries are a proposal"),
    };
    Err((Place::AnswerQuantity, fault))
}

fn propose(key: &Key, written: &Written) -> Result<Answer, Wrong> {
    let (quantities, dates) = (&written.quantities, &written.dates);
    if dates.is_empty() {
        return Err((Place::AnswerDate, Fault::required()));
    }
    if quantities.is_empty() {
        return Err((Place::AnswerQuantity, Fault::required()));
    }
    if quantities.len() != dates.len() || quantities.len() > MAX_DELIVERIES {
        let fault = Fault::new(
            "COUNT",
            format!(
                "数量有 {} 个,日期有 {} 个;应一一对应,最多 {MAX_DELIVERIES} 个",
                quantities.len(),
                dates.len()
            ),
            format!(
                "{} quantities and {} days; there must be as many of each, at most {MAX_DELIVERIES}",
                quantities.len(),
                dates.len()
            ),
        );
        return Err((Place::AnswerDate, fault));
    }
    if quantities.iter().any(Decimal::is_zero) {
        return Err((Place::AnswerQuantity, Fault::new("RANGE", "必须大于 0", "must be above 0")));
    }
    if quantities.as_slice() == [key.quantity] && Some(dates[0]) == key.date {
        let fault = Fault::new("SAME", "与要求相同;请改为 接受", "is what was asked; that is accepting");
        return Err((Place::Answer, fault));
    }
    let deliveries = quantities.iter().zip(dates).map(|(quantity, date)| ProposedDelivery {
        quantity: Some(wire_decimal(*quantity)),
        delivery_date: Some(wire_date(*date)),
    });
    Ok(Answer::Propose(Propose {
        covers_quantity: Some(wire_decimal(key.quantity)),
        deliveries: deliveries.collect(),
        reason_code: written.reason.map(reason_code).unwrap_or_default().to_string(),
        note: written.note.clone(),
        ..Propose::default()
    }))
}
