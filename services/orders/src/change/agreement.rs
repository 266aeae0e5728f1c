//! Whether a document only catches up with what both sides agreed. Pure.

use chassis::value;
use proto::orders::{Commitment, DeliveryWindow, FieldChange, OrderLine, ScheduleLine};
use rust_decimal::Decimal;

use crate::order::{Quantities, Schedule};

/// What the new document asks of one schedule line.
pub(super) struct Asked<'a> {
    pub quantity: Decimal,
    pub line: &'a OrderLine,
    pub schedule: &'a ScheduleLine,
}

/// Whether the buyer's system only catches up with what happened on the platform: the quantity is what a cancellation
/// left, or quantity, day and price are those that both sides agreed.
pub(super) fn catches_up(
    before: &Schedule,
    promises: &[Commitment],
    asked: &Asked<'_>,
    material: &[&FieldChange],
) -> bool {
    let q = &before.quantities;
    let left = q.ordered - q.cancelled;
    let all_agreed = !promises.is_empty() && q.accepted == left && q.accepted > Decimal::ZERO;
    let promised = promises.iter().map(|each| decimal(each.quantity.as_ref())).sum::<Decimal>();
    material.iter().all(|change| match change.field.split('.').next().unwrap_or_default() {
        "quantity" => asked.quantity == left || (all_agreed && asked.quantity == promised),
        "requested_delivery" => all_agreed && promises.iter().all(|each| on_day(each, asked.schedule)),
        "price" => all_agreed && promises.iter().all(|each| at_price(each, asked.line)),
        _ => false,
    })
}

/// The published quantity is the agreed one from now on.
pub(super) fn caught_up_with(before: &Quantities, quantity: Decimal) -> Quantities {
    if quantity == before.ordered {
        return *before;
    }
    let left = before.ordered - before.cancelled;
    // More or less was agreed than was asked for: all of it is accepted.
    let accepted = if quantity == left { before.accepted } else { quantity };
    Quantities { ordered: quantity, cancelled: Decimal::ZERO, accepted, ..*before }
}

/// Whether everything promised is as asked.
pub(super) fn fits(promises: &[Commitment], asked: &Asked<'_>) -> bool {
    let promised: Decimal = promises.iter().map(|each| decimal(each.quantity.as_ref())).sum();
    let as_asked = |each: &Commitment| {
        on_day(each, asked.schedule)
            && each.substitute.is_none()
            && (each.price.is_none() || at_price(each, asked.line))
    };
    promised == asked.quantity && promises.iter().all(as_asked)
}

fn on_day(promise: &Commitment, asked: &ScheduleLine) -> bool {
    let window: Option<&DeliveryWindow> = asked.requested_delivery.as_ref();
    let day = window.and_then(|window| window.from.or(window.until));
    let one_day = window
        .is_none_or(|window| window.until.is_none() || window.from.is_none() || window.from == window.until);
    one_day && day.is_some() && day == promise.committed_delivery_date
}

fn at_price(promise: &Commitment, line: &OrderLine) -> bool {
    let per = |price: Option<&proto::orders::Price>| {
        let price = price?;
        let base = price.base_quantity.as_ref().map_or(Decimal::ONE, |base| decimal(Some(base)));
        Some((value::decimal(price.amount.as_ref()).ok()??, base))
    };
    promise.price.is_some() && per(promise.price.as_ref()) == per(line.price.as_ref())
}

fn decimal(wire: Option<&proto::Decimal>) -> Decimal {
    value::decimal(wire).ok().flatten().unwrap_or_default()
}
