//! What can be promised, in and out.

use chassis::{Error, Result, value};
use proto::capacity as wire;
use rust_decimal::Decimal;
use time::Date;

use super::{read::Wrong, week::wire_outcome};
use crate::{
    group::LinkKey,
    promise::{Promise, Question, Turn, Verdict, Week},
    week::iso_week,
};

/// A question as it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub series: LinkKey,
    pub quantity: Decimal,
    /// Of `quantity`; empty: what the material's orders count in.
    pub unit_code: String,
    pub requested: Date,
    pub earliest: Date,
}

/// INVALID_ARGUMENT naming every bad field; NOT_FOUND for a customer that is no id.
pub(crate) fn asked(request: &wire::PreviewPromiseRequest) -> Result<Asked> {
    let mut wrong = Wrong::default();
    let material = wrong.name("material_number_customer", &request.material_number_customer);
    // An order may name none.
    let location = match request.customer_location.as_str() {
        "" => String::new(),
        named => wrong.name("customer_location", named),
    };
    let category = match request.demand_category() {
        wire::DemandCategory::Unspecified => wire::DemandCategory::Default,
        category => category,
    };
    let category = wrong.category("demand_category", category);
    let quantity = wrong.quantity("quantity", request.quantity.as_ref());
    let unit_code = match request.unit_code.as_str() {
        "" => String::new(),
        named => wrong.name("unit_code", named),
    };
    match quantity {
        None if request.quantity.is_none() => wrong.note("quantity", "REQUIRED", "is required"),
        Some(quantity) if quantity.is_zero() => wrong.note("quantity", "RANGE", "must be above 0"),
        _ => {}
    }
    if request.requested_delivery_date.is_none() {
        wrong.note("requested_delivery_date", "REQUIRED", "is required");
    }
    let requested = day(&mut wrong, "requested_delivery_date", request.requested_delivery_date.as_ref());
    let earliest = day(&mut wrong, "earliest_delivery_date", request.earliest_delivery_date.as_ref());
    if earliest.zip(requested).is_some_and(|(earliest, requested)| earliest > requested) {
        wrong.note("earliest_delivery_date", "RANGE", "must not lie after the requested day");
    }
    match (category, quantity, requested) {
        (Some(category), Some(quantity), Some(requested)) if wrong.0.is_empty() => Ok(Asked {
            series: LinkKey {
                customer: value::id(&request.customer_id)?,
                material_number_customer: material,
                customer_location: location,
                category,
            },
            quantity,
            unit_code,
            requested,
            earliest: earliest.unwrap_or(requested),
        }),
        _ => Err(Error::invalid(wrong.0)),
    }
}

fn day(wrong: &mut Wrong, path: &str, wire: Option<&proto::Date>) -> Option<Date> {
    match value::date(wire?) {
        Ok(day) => Some(day),
        Err(message) => {
            wrong.note(path, "DATE", message);
            None
        }
    }
}

/// What is asked in a unit that does not convert into what orders count in.
pub(crate) fn inconvertible(asked: &str, counting: &str) -> Error {
    let message = format!("is {asked}, which cannot be converted into {counting}, the unit of the demand");
    Error::field("unit_code", "UNIT", message)
}

/// As its supplier sees it, in this unit.
pub(crate) fn preview(
    unit_code: String,
    question: &Question,
    promise: &Promise,
    turned: &[Turn],
    turned_as_requested: &[Turn],
) -> wire::PromisePreview {
    let result = match promise.verdict() {
        Verdict::OnTime => wire::PromiseResult::OnTime,
        Verdict::Late => wire::PromiseResult::Late,
        Verdict::Partial => wire::PromiseResult::Partial,
        Verdict::Nothing => wire::PromiseResult::None,
        Verdict::Unknown => wire::PromiseResult::Unknown,
    };
    wire::PromisePreview {
        result: result.into(),
        weeks: promise.weeks.iter().map(|one| week(question, one)).collect(),
        late: Some(amount(promise.late)),
        unpromised: Some(amount(promise.unpromised)),
        turned: turned.iter().map(turn).collect(),
        turned_as_requested: turned_as_requested.iter().map(turn).collect(),
        unit_code,
    }
}

/// Without places that say nothing, of which another unit has more.
fn amount(quantity: Decimal) -> proto::Decimal {
    value::wire_decimal(quantity.normalize())
}

fn week(question: &Question, week: &Week) -> wire::PromiseWeek {
    wire::PromiseWeek {
        monday: Some(value::wire_date(week.monday)),
        iso_week: iso_week(week.monday),
        quantity: Some(amount(week.quantity)),
        room: week.room.map(amount),
        late: week.monday > question.until,
        group_id: week.tightest.map(|group| group.to_string()).unwrap_or_default(),
    }
}

fn turn(turn: &Turn) -> wire::TurnedWeek {
    wire::TurnedWeek {
        group_id: turn.group.to_string(),
        monday: Some(value::wire_date(turn.monday)),
        iso_week: iso_week(turn.monday),
        before: wire_outcome(turn.before).into(),
        after: wire_outcome(turn.after).into(),
    }
}
