//! What lies inside the frozen horizon: pure. There, nothing that the supplier was asked for changes without its consent.

use std::collections::{HashMap, HashSet};

use chassis::value;
use proto::orders::{Commitment, OrderContent, OrderLine};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::{
    change::Change,
    order::{Order, Schedule, cancel::Cancelled},
};

/// Whether a schedule line's requested or committed day is on or before the last frozen day, and anything of it is
/// asked for at all.
pub fn is_frozen(line: &Schedule, promises: &[Commitment], until: Date) -> bool {
    let days = promises.iter().filter_map(|each| value::date(each.committed_delivery_date.as_ref()?).ok());
    let near = line.requested_date.into_iter().chain(days).any(|day| day <= until);
    near && line.open() > Decimal::ZERO
}

/// Numbers of the lines that a change would have answered anew although one of their schedule lines is frozen.
pub fn lines(
    order: &Order,
    change: &Change,
    promises: &HashMap<Uuid, Vec<Commitment>>,
    until: Date,
) -> HashSet<String> {
    let reopened =
        change.schedule.iter().filter(|each| !each.new && each.after.answered_since > order.version);
    let places = order.places();
    let frozen = reopened.filter(|each| {
        let before = places.of(each.after.id).map(|place| &order.schedule[place]);
        let promises = promises.get(&each.after.id).map(Vec::as_slice).unwrap_or_default();
        before.is_some_and(|line| is_frozen(line, promises, until))
    });
    frozen.map(|each| each.after.line_number.clone()).collect()
}

/// Places of schedule lines that a cancellation touches although they are frozen.
pub fn places(
    order: &Order,
    cancelled: &[Cancelled],
    promises: &HashMap<Uuid, Vec<Commitment>>,
    until: Date,
) -> HashSet<usize> {
    let frozen = cancelled.iter().map(|each| each.place).filter(|place| {
        let line = &order.schedule[*place];
        is_frozen(line, promises.get(&line.id).map(Vec::as_slice).unwrap_or_default(), until)
    });
    frozen.collect()
}

/// A document in two: what takes effect now, and what waits. Both have the header.
pub fn split(content: &OrderContent, frozen: &HashSet<String>) -> (OrderContent, OrderContent) {
    let of = |waits: bool| OrderContent {
        lines: content
            .lines
            .iter()
            .filter(|line| frozen.contains(&line.line_number) == waits)
            .cloned()
            .collect(),
        ..content.clone()
    };
    (of(false), of(true))
}

/// A document that waits, with those lines of an earlier one that are still asked for.
pub fn joined(rest: Vec<OrderLine>, mut later: OrderContent) -> OrderContent {
    later.lines.extend(rest);
    later.lines.sort_by(|a, b| a.line_number.cmp(&b.line_number));
    later
}

/// The supplier accepts: what of these schedule lines is unanswered is agreed at the new values at once, and earlier
/// promises for them are superseded by the version before. Answers places with quantities.
pub fn agree(order: &mut Order, changed: &HashSet<Uuid>) -> Vec<(usize, Decimal)> {
    let version = order.version;
    let mut agreed = Vec::new();
    let lines = order.schedule.iter_mut().enumerate().filter(|(_, line)| changed.contains(&line.id));
    for (place, line) in lines {
        let quantity = std::mem::take(&mut line.quantities.unanswered);
        line.quantities.accepted += quantity;
        // Its own promise is of this version and counts.
        line.answered_since = line.answered_since.min(version - 1);
        if quantity > Decimal::ZERO {
            agreed.push((place, quantity));
        }
    }
    agreed
}
