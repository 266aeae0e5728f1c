//! Checks tolerance rules, and shows them.

use chassis::{Error, Field, Result, value};
use proto::orders::{SetToleranceRuleRequest, ToleranceBound, ToleranceBounds, ToleranceRule};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    db::tolerance::RuleRow,
    tolerance::{Bound, Bounds, Scope},
};

/// The most percent, and the most places of it: then a limit is exact for every ordinary price.
const PERCENT: i64 = 1_000;
const PERCENT_PLACES: u32 = 6;
/// The most days early or late.
const DAYS: i32 = 366;
const NUMBER_BYTES: usize = 200;
const NOTE_BYTES: usize = 4_000;

/// A rule that may be set. The supplier is found by id or vendor number later.
pub(crate) struct NewRule {
    pub supplier: Option<Uuid>,
    pub vendor_number: String,
    pub scope: Scope,
    pub bounds: Bounds,
    pub note: String,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_rule(request: SetToleranceRuleRequest) -> Result<NewRule> {
    let mut wrong = Vec::new();
    let supplier = (!request.supplier_id.is_empty()).then(|| Uuid::try_parse(&request.supplier_id));
    if matches!(supplier, Some(Err(_))) {
        wrong.push(Field::new("supplier_id", "ID", "must be an id as the platform gave it"));
    }
    for (path, text, most) in [
        ("vendor_number", &request.vendor_number, NUMBER_BYTES),
        ("item_group", &request.item_group, NUMBER_BYTES),
        ("buyer_item_id", &request.buyer_item_id, NUMBER_BYTES),
        ("note", &request.note, NOTE_BYTES),
    ] {
        if text.len() > most {
            wrong.push(Field::new(path, "TOO_LONG", format!("must have at most {most} bytes")));
        } else if text.chars().any(|c| c.is_control() && (path != "note" || c == '\0')) {
            wrong.push(Field::new(path, "FORMAT", "must not contain control characters"));
        }
    }
    if !request.item_group.is_empty() && !request.buyer_item_id.is_empty() {
        let message = "name an item group or an item, not both";
        wrong.push(Field::new("buyer_item_id", "CONFLICT", message));
    }
    let bounds = bounds(&request.bounds.unwrap_or_default(), &mut wrong);
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    Ok(NewRule {
        supplier: supplier.and_then(Result::ok),
        vendor_number: request.vendor_number,
        scope: Scope { supplier: None, item_group: request.item_group, buyer_item_id: request.buyer_item_id },
        bounds,
        note: request.note,
    })
}

fn bounds(wire: &ToleranceBounds, wrong: &mut Vec<Field>) -> Bounds {
    let before = wrong.len();
    let bounds = Bounds {
        quantity_over: bound("quantity_over", wire.quantity_over.as_ref(), wrong),
        quantity_under: bound("quantity_under", wire.quantity_under.as_ref(), wrong),
        early_days: days("early_days", wire.early_days, wrong),
        late_days: days("late_days", wire.late_days, wrong),
        price_over: bound("price_over", wire.price_over.as_ref(), wrong),
        price_under: bound("price_under", wire.price_under.as_ref(), wrong),
    };
    if bounds == Bounds::default() && wrong.len() == before {
        wrong.push(Field::new("bounds", "REQUIRED", "state at least one bound; 0 tolerates nothing"));
    }
    bounds
}

fn bound(name: &str, wire: Option<&ToleranceBound>, wrong: &mut Vec<Field>) -> Option<Bound> {
    let wire = wire?;
    let path = format!("bounds.{name}");
    let mut number = |part: &str, wire: Option<&proto::Decimal>| match value::decimal(wire) {
        Ok(Some(number)) if number < Decimal::ZERO => {
            wrong.push(Field::new(format!("{path}.{part}"), "RANGE", "must be at least 0"));
            None
        }
        Ok(number) => number,
        Err(message) => {
            wrong.push(Field::new(format!("{path}.{part}"), "DECIMAL", message));
            None
        }
    };
    let (percent, absolute) =
        (number("percent", wire.percent.as_ref()), number("absolute", wire.absolute.as_ref()));
    if wire.percent.is_none() && wire.absolute.is_none() {
        wrong.push(Field::new(&path, "REQUIRED", "state percent, absolute, or both"));
    }
    let sane = |percent: Decimal| percent <= PERCENT.into() && percent.normalize().scale() <= PERCENT_PLACES;
    if percent.is_some_and(|percent| !sane(percent)) {
        let message = format!("must be at most {PERCENT} with at most {PERCENT_PLACES} places");
        wrong.push(Field::new(format!("{path}.percent"), "RANGE", message));
    }
    Some(Bound { percent, absolute })
}

fn days(name: &str, wire: Option<i32>, wrong: &mut Vec<Field>) -> Option<i32> {
    if wire.is_some_and(|days| !(0..=DAYS).contains(&days)) {
        wrong.push(Field::new(format!("bounds.{name}"), "RANGE", format!("must lie between 0 and {DAYS}")));
    }
    wire
}

pub(crate) fn tolerance_rule(row: &RuleRow) -> ToleranceRule {
    let bounds = super::agreement::bounds(row);
    let wire = |bound: Option<Bound>| {
        bound.map(|bound| ToleranceBound {
            percent: bound.percent.map(value::wire_decimal),
            absolute: bound.absolute.map(value::wire_decimal),
        })
    };
    ToleranceRule {
        id: row.id.to_string(),
        buyer_id: row.buyer.to_string(),
        supplier_id: row.supplier.map(|id| id.to_string()).unwrap_or_default(),
        item_group: row.item_group.clone(),
        buyer_item_id: row.buyer_item_id.clone(),
        bounds: Some(ToleranceBounds {
            quantity_over: wire(bounds.quantity_over),
            quantity_under: wire(bounds.quantity_under),
            early_days: bounds.early_days,
            late_days: bounds.late_days,
            price_over: wire(bounds.price_over),
            price_under: wire(bounds.price_under),
        }),
        set_at: Some(value::timestamp(row.set_at)),
        ended_at: row.ended_at.map(value::timestamp),
        note: row.note.clone(),
    }
}
