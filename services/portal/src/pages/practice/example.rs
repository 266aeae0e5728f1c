//! A made-up order, and how it would stand after an answer. Pure.
//!
//! What an answer does is told as plainly as to somebody who answers for the first time: what differs from what was asked
//! waits for the buyer, whatever real buyers tolerate.

use chassis::value::{timestamp, wire_date, wire_decimal};
use proto::orders::{
    Accept, AnswerDue, Commitment, DeliveryWindow, HistoryEntry, Item, LinePreview, LineResponse, Note,
    Order, OrderContent, OrderLine, OrderState, OrderType, Price, Proposal, ProposalState, Quantities,
    Rejection, Remainder, ResponsePreview, ScheduleLine, ScheduleLineState, line_response::Answer,
};
use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};

use super::ID;
use crate::{
    format,
    i18n::{Key, Text, key},
    order::{Loaded, Row},
};

/// Until the answer is due, and until the goods are wanted.
const DUE: Duration = Duration::days(2);
const WANTED: Duration = Duration::days(21);

/// What is ordered: number, item, pieces, price of a piece.
fn goods() -> [(&'static str, Key<0>, Decimal, Decimal); 2] {
    [
        ("10", key::PRACTICE_BODY_ITEM, Decimal::from(2_000), Decimal::new(685, 2)),
        ("20", key::PRACTICE_LID_ITEM, Decimal::from(500), Decimal::new(230, 2)),
    ]
}

/// The order to a firm, by id and name, as it has just come.
pub fn example(t: &Text, firm: (&str, &str), now: OffsetDateTime) -> Loaded {
    let wanted = format::today(now) + WANTED;
    let wire = |value: Decimal| Some(wire_decimal(value));
    let line = |(number, item, quantity, price): (&str, Key<0>, Decimal, Decimal)| OrderLine {
        line_number: number.into(),
        item: Some(Item { name: t.say(item), ..Item::default() }),
        quantity: wire(quantity),
        unit_code: "H87".into(),
        price: Some(Price { amount: wire(price), ..Price::default() }),
        amount: wire(quantity * price),
        schedule_lines: vec![ScheduleLine {
            schedule_line_number: "1".into(),
            quantity: wire(quantity),
            requested_delivery: Some(DeliveryWindow {
                from: Some(wire_date(wanted)),
                until: Some(wire_date(wanted)),
                ..DeliveryWindow::default()
            }),
            ..ScheduleLine::default()
        }],
        ..OrderLine::default()
    };
    let standing = |(number, _, quantity, _): (&str, Key<0>, Decimal, Decimal)| ScheduleLineState {
        schedule_line_id: format!("{ID}-{number}"),
        line_number: number.into(),
        schedule_line_number: "1".into(),
        quantities: Some(Quantities {
            ordered: wire(quantity),
            unanswered: wire(quantity),
            ..Quantities::default()
        }),
        ..ScheduleLineState::default()
    };
    let content = OrderContent {
        order_number: t.say(key::PRACTICE_NUMBER),
        order_type: OrderType::Standalone as i32,
        currency: "CNY".into(),
        price_includes_tax: Some(false),
        notes: vec![Note { text: t.say(key::PRACTICE_NOTE), ..Note::default() }],
        lines: goods().map(line).into(),
        ..OrderContent::default()
    };
    let published_at = Some(timestamp(now));
    Loaded::of(Order {
        id: ID.into(),
        buyer_name: t.say(key::PRACTICE_BUYER),
        supplier_id: firm.0.into(),
        supplier_name: firm.1.into(),
        revision: 1,
        version: 1,
        state: OrderState::Unanswered as i32,
        content: Some(content),
        schedule: goods().map(standing).into(),
        net_amount: wire(goods().into_iter().map(|(_, _, quantity, price)| quantity * price).sum()),
        published_at,
        history: vec![HistoryEntry {
            version: 1,
            at: published_at,
            action: "published".into(),
            ..HistoryEntry::default()
        }],
        answer_due: Some(AnswerDue {
            date: Some(wire_date(format::today(now) + DUE)),
            ..AnswerDue::default()
        }),
        ..Order::default()
    })
}

/// The answer that accepts everything as asked.
pub fn all_accepted(loaded: &Loaded) -> Vec<LineResponse> {
    let accept = |row: &Row| LineResponse {
        schedule_line_id: row.state.schedule_line_id.clone(),
        answer: Some(Answer::Accept(Accept { quantity: None })),
        ..LineResponse::default()
    };
    loaded.rows.iter().map(accept).collect()
}

/// What of an answer would take effect at once, and what would wait for the buyer.
pub fn preview(responses: &[LineResponse]) -> ResponsePreview {
    let line = |response: &LineResponse| LinePreview {
        schedule_line_id: response.schedule_line_id.clone(),
        waits_for_buyer: matches!(response.answer, Some(Answer::Propose(_))),
        ..LinePreview::default()
    };
    ResponsePreview { lines: responses.iter().map(line).collect(), ..ResponsePreview::default() }
}

/// The order as it would stand after an answer.
pub fn answered(mut loaded: Loaded, responses: &[LineResponse], now: OffsetDateTime) -> Loaded {
    let content = loaded.order.content.clone().unwrap_or_default();
    for response in responses {
        let line = |row: &&mut Row| row.state.schedule_line_id == response.schedule_line_id;
        if let Some(row) = loaded.rows.iter_mut().find(line) {
            answer(row, &content, response, now);
        }
    }
    let states: Vec<Quantities> =
        loaded.rows.iter().map(|row| row.state.quantities.clone().unwrap_or_default()).collect();
    loaded.order.set_state(state(&states));
    if loaded.order.state() != OrderState::Unanswered {
        loaded.order.answer_due = None;
    }
    loaded
}

fn answer(row: &mut Row, content: &OrderContent, response: &LineResponse, now: OffsetDateTime) {
    let open = row.unanswered();
    let asked = row.requested(content).1.map(wire_date);
    let quantity = |wire: Option<&proto::Decimal>| format::decimal(wire).unwrap_or(open).min(open);
    let wire = |value: Decimal| Some(wire_decimal(value));
    let (mut accepted, mut proposed, mut rejected) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    let rejection =
        |value, reason, note: &str| Rejection { quantity: wire(value), reason, note: note.to_string() };
    match &response.answer {
        Some(Answer::Accept(accept)) => {
            accepted = quantity(accept.quantity.as_ref());
            row.state.commitments.push(Commitment {
                quantity: wire(accepted),
                committed_delivery_date: asked,
                ..Commitment::default()
            });
        }
        Some(Answer::Reject(reject)) => {
            rejected = quantity(reject.quantity.as_ref());
            row.state.rejections.push(rejection(rejected, reject.reason, &reject.note));
        }
        Some(Answer::Propose(propose)) => {
            proposed = quantity(propose.covers_quantity.as_ref());
            row.state.proposals.push(Proposal {
                id: format!("{ID}-proposal"),
                state: ProposalState::Open as i32,
                covers_quantity: wire(proposed),
                deliveries: propose.deliveries.clone(),
                price: propose.price.clone(),
                substitute: propose.substitute.clone(),
                note: propose.note.clone(),
                proposed_at: Some(timestamp(now)),
                ..Proposal::default()
            });
        }
        None => {}
    }
    let rest = open - accepted - proposed - rejected;
    if response.remainder() == Remainder::Reject && !rest.is_zero() {
        rejected += rest;
        row.state.rejections.push(rejection(rest, response.remainder_reason, ""));
    }
    row.state.quantities = Some(Quantities {
        accepted: wire(accepted),
        proposed: wire(proposed),
        rejected: wire(rejected),
        unanswered: wire(open - accepted - proposed - rejected),
        ..row.state.quantities.clone().unwrap_or_default()
    });
}

/// How an order stands whose lines stand so: what waits comes first.
fn state(lines: &[Quantities]) -> OrderState {
    type Part = fn(&Quantities) -> Option<&proto::Decimal>;
    let some = |part: Part| lines.iter().any(|line| !format::decimal_or_zero(part(line)).is_zero());
    let (accepted, rejected) = (some(|line| line.accepted.as_ref()), some(|line| line.rejected.as_ref()));
    if some(|line| line.unanswered.as_ref()) {
        OrderState::Unanswered
    } else if some(|line| line.proposed.as_ref()) {
        OrderState::Proposed
    } else {
        match (accepted, rejected) {
            (true, true) => OrderState::PartAccepted,
            (true, false) => OrderState::Accepted,
            (false, _) => OrderState::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::{Propose, Reject, RejectReason};
    use time::macros::datetime;

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    const NOW: OffsetDateTime = datetime!(2026-11-23 01:00 UTC);

    fn fresh() -> Loaded {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        example(&t, ("firm", "Shunmo"), NOW)
    }

    fn wire(value: i64) -> Option<proto::Decimal> {
        Some(wire_decimal(Decimal::from(value)))
    }

    fn part(line: &str, answer: Answer, remainder: Remainder) -> LineResponse {
        LineResponse {
            schedule_line_id: format!("{ID}-{line}"),
            answer: Some(answer),
            remainder: remainder as i32,
            ..LineResponse::default()
        }
    }

    #[test]
    fn quantities_are_conserved_and_what_waits_comes_first() {
        let accept = |line| part(line, Answer::Accept(Accept { quantity: None }), Remainder::Unspecified);
        let reject = Reject { quantity: None, reason: RejectReason::NoCapacity as i32, note: String::new() };
        let reject = |line| part(line, Answer::Reject(reject.clone()), Remainder::Unspecified);
        let some = |line, remainder| part(line, Answer::Accept(Accept { quantity: wire(300) }), remainder);
        let propose = Propose { covers_quantity: wire(400), ..Propose::default() };
        let propose = part("20", Answer::Propose(propose), Remainder::Reject);
        for (responses, state) in [
            (Vec::new(), OrderState::Unanswered),
            (all_accepted(&fresh()), OrderState::Accepted),
            (vec![accept("10"), reject("20")], OrderState::PartAccepted),
            (vec![reject("10"), reject("20")], OrderState::Rejected),
            (vec![accept("10"), propose], OrderState::Proposed),
            (vec![accept("10"), some("20", Remainder::Reject)], OrderState::PartAccepted),
            (vec![accept("10"), some("20", Remainder::LeaveUnanswered)], OrderState::Unanswered),
        ] {
            let after = answered(fresh(), &responses, NOW);
            assert_eq!(after.order.state(), state, "{responses:?}");
            assert_eq!(after.order.answer_due.is_some(), state == OrderState::Unanswered);
            for row in &after.rows {
                let q = row.state.quantities.clone().unwrap();
                let parts = [q.accepted, q.rejected, q.proposed, q.unanswered];
                let sum: Decimal = parts.iter().map(|part| format::decimal_or_zero(part.as_ref())).sum();
                assert_eq!(Some(sum), format::decimal(q.ordered.as_ref()), "{responses:?}");
            }
        }
    }
}
