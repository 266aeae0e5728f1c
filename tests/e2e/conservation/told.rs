//! What the feeds say, event by event.

use std::collections::{BTreeMap, HashMap};

use harness::{events, events::Payload, number};
use proto::{
    orders::{OrderState, Quantities},
    stream::FeedEvent,
};
use rust_decimal::Decimal;

/// Ordered, accepted, rejected, proposed, unanswered, cancelled.
pub type Parts = [Decimal; 6];

pub fn parts(wire: Option<&Quantities>) -> Parts {
    let wire = wire.expect("quantities");
    [&wire.ordered, &wire.accepted, &wire.rejected, &wire.proposed, &wire.unanswered, &wire.cancelled]
        .map(|part| number(part.as_ref()).normalize())
}

pub fn conserved(wire: Option<&Quantities>) -> bool {
    let parts = parts(wire);
    parts.iter().all(|part| *part >= Decimal::ZERO) && parts[0] == parts[1..].iter().sum()
}

/// What a feed says of an order.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    pub ids: Vec<String>,
    pub lines: BTreeMap<String, Parts>,
    pub state: OrderState,
}

/// Replays a feed, checking every event as it comes.
pub fn retell(feed: &[FeedEvent]) -> HashMap<String, Told> {
    let mut all: HashMap<String, Told> = HashMap::new();
    for entry in events::of_orders(feed) {
        let event = events::event(entry);
        let told = all.entry(event.subject.trim_start_matches("orders/").to_string()).or_default();
        told.ids.push(event.id.clone());
        assert_eq!(event.version, told.ids.len() as i64, "versions of {} are contiguous", event.subject);
        let payload = events::payload(event);
        for line in payload.schedule() {
            assert!(conserved(line.quantities.as_ref()), "{} at version {}", event.subject, event.version);
            let after = parts(line.quantities.as_ref());
            if let Some(before) = told.lines.insert(line.schedule_line_id.clone(), after) {
                moved_rightly(&payload, &before, &after);
            }
        }
        if !matches!(payload, Payload::Progressed(_)) {
            told.state = payload.state();
        }
        assert_eq!(told.state, derived(&told.lines), "{} at version {}", event.subject, event.version);
    }
    all
}

/// What each kind of event may do to a schedule line.
fn moved_rightly(payload: &Payload, before: &Parts, after: &Parts) {
    let told = (payload, before, after);
    let published = matches!(payload, Payload::Changed(_))
        || matches!(payload, Payload::ChangeAnswered(answered) if answered.accepted);
    assert!(
        published || before[0] == after[0],
        "what was ordered stays, unless it is published anew: {told:?}"
    );
    if matches!(payload, Payload::Responded(_) | Payload::Withdrawn(_) | Payload::Resolved(_)) {
        assert!(before[1] <= after[1], "what was accepted is not declined afterwards: {told:?}");
        assert!(before[2] <= after[2], "what was rejected stays so: {told:?}");
        assert_eq!(before[5], after[5], "what was cancelled stays so: {told:?}");
    }
}

/// The state by the rule of the contract.
fn derived(lines: &BTreeMap<String, Parts>) -> OrderState {
    let any = |part: usize| lines.values().any(|parts| parts[part] > Decimal::ZERO);
    match (any(4), any(3), any(1), any(2)) {
        (true, ..) => OrderState::Unanswered,
        (_, true, ..) => OrderState::Proposed,
        (_, _, true, true) => OrderState::PartAccepted,
        (_, _, true, false) => OrderState::Accepted,
        (_, _, false, true) => OrderState::Rejected,
        (_, _, false, false) if any(5) => OrderState::Cancelled,
        (_, _, false, false) => OrderState::Accepted,
    }
}
