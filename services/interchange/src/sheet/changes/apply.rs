//! What is wanted → the lines of the next revision.

use std::collections::HashMap;

use chassis::value::{wire_date, wire_decimal};
use proto::orders::{DeliveryWindow, Order, OrderLine, ScheduleLine};
use rust_decimal::Decimal;

use super::{ChangeRow, Part, Place, parts, price};
use crate::sheet::{Language, fault::Fault, unit};

/// What is wrong with a row, by its number, and in which column where it is one's.
pub type Wrong = (u32, Option<Place>, Fault);

/// What rows make of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// The order stands so already.
    Stands,
    /// Lines that differ, in full.
    Lines(Vec<OrderLine>),
    Wrong(Vec<Wrong>),
}

/// What `rows`, all that a file has of one order, make of it as it stands; `None` where the caller did not buy it.
pub fn apply(rows: &[&ChangeRow], order: Option<&Order>, language: Language) -> Applied {
    let changed = || rows.iter().copied().filter(|row| row.changes());
    let Some(order) = order else {
        let fault = |row: &ChangeRow| (row.row, None, not_found());
        return Applied::Wrong(changed().map(fault).collect());
    };
    let parts = parts(order);
    let by_id: HashMap<&str, &Part<'_>> =
        parts.iter().map(|part| (part.state.schedule_line_id.as_str(), part)).collect();
    let mut wrong = Vec::new();
    let mut stands = true;
    for row in changed() {
        match by_id.get(row.key.schedule_line.to_string().as_str()) {
            Some(part) if is_so(row, part) => {}
            Some(part) => {
                stands = false;
                if row.revision != order.revision {
                    wrong.push((row.row, None, revised(order.revision, part, language)));
                }
            }
            None if row.revision != order.revision => wrong.push((row.row, None, gone(order.revision))),
            None => wrong.push((row.row, None, not_found())),
        }
    }
    let mut lines = Vec::new();
    if wrong.is_empty() && !stands {
        for line in order.content.iter().flat_map(|content| &content.lines) {
            let of_line: Vec<&ChangeRow> = rows
                .iter()
                .copied()
                .filter(|row| {
                    let part = by_id.get(row.key.schedule_line.to_string().as_str());
                    part.is_some_and(|part| part.line.line_number == line.line_number)
                })
                .collect();
            match changed_line(line, &of_line, &by_id) {
                Ok(changed) => lines.extend(changed),
                Err(faults) => wrong.extend(faults),
            }
        }
    }
    match (wrong.is_empty(), stands) {
        (false, _) => Applied::Wrong(wrong),
        (true, true) => Applied::Stands,
        (true, false) => Applied::Lines(lines),
    }
}

/// Whether the order says already what the row wants.
fn is_so(row: &ChangeRow, part: &Part<'_>) -> bool {
    let wanted = &row.wanted;
    wanted.quantity.is_none_or(|quantity| quantity == quantity_of(part.schedule))
        && wanted.date.is_none_or(|date| Some(date) == part.date)
        && wanted.price.is_none_or(|wanted| Some(wanted) == price(part.line))
}

fn quantity_of(schedule: &ScheduleLine) -> Decimal {
    chassis::value::decimal(schedule.quantity.as_ref()).ok().flatten().unwrap_or_default()
}

/// A line as its rows want it; `None` where they change nothing.
fn changed_line(
    line: &OrderLine,
    rows: &[&ChangeRow],
    by_id: &HashMap<&str, &Part<'_>>,
) -> Result<Option<OrderLine>, Vec<Wrong>> {
    if !rows.iter().any(|row| row.changes()) {
        return Ok(None);
    }
    let mut line = line.clone();
    if let Some(amount) = one_price(rows)? {
        line.price.get_or_insert_default().amount = Some(wire_decimal(amount));
    }
    for row in rows {
        let Some(part) = by_id.get(row.key.schedule_line.to_string().as_str()) else { continue };
        let number = &part.schedule.schedule_line_number;
        let Some(schedule) = line.schedule_lines.iter_mut().find(|one| one.schedule_line_number == *number)
        else {
            continue;
        };
        if let Some(quantity) = row.wanted.quantity {
            schedule.quantity = Some(wire_decimal(quantity));
        }
        if let Some(date) = row.wanted.date {
            let day = Some(wire_date(date));
            schedule.requested_delivery =
                Some(DeliveryWindow { from: day, until: day, ..DeliveryWindow::default() });
        }
    }
    let sum: Decimal = line.schedule_lines.iter().map(quantity_of).sum();
    line.quantity = Some(wire_decimal(sum));
    // What was stated for other quantities and prices is not stated for these.
    line.amount = None;
    Ok(Some(line))
}

/// The line's new price. It is the whole line's, so that all its rows must say the same.
fn one_price(rows: &[&ChangeRow]) -> Result<Option<Decimal>, Vec<Wrong>> {
    let Some(new) = rows.iter().find_map(|row| row.wanted.price) else { return Ok(None) };
    let differs = rows.iter().any(|row| row.wanted.price.or(row.key.price) != Some(new));
    if !differs {
        return Ok(Some(new));
    }
    let fault = || {
        Fault::new(
            "DIFFERS",
            "单价属于整个订单行;该行号的每一行都要写同一单价",
            "the price is the whole line's; write the same into every row of its number",
        )
    };
    let stating = rows.iter().filter(|row| row.wanted.price.is_some());
    Err(stating.map(|row| (row.row, Some(Place::UnitPrice), fault())).collect())
}

fn not_found() -> Fault {
    Fault::new("NOT_FOUND", "没有这个订单行,或不是贵司的采购", "there is no such line of yours")
}

fn gone(revision: i32) -> Fault {
    Fault::new(
        "REVISION_OUTDATED",
        format!("订单已是修订 {revision},其中没有这一行;请重新导出"),
        format!("the order stands at revision {revision}, which has no such line; export again"),
    )
}

fn revised(revision: i32, part: &Part<'_>, language: Language) -> Fault {
    let quantity = quantity_of(part.schedule);
    let unit = unit::shown(&part.line.unit_code, language == Language::Zh);
    let day = part.date.map_or_else(|| "-".to_string(), |day| day.to_string());
    let price = price(part.line).map_or_else(|| "-".to_string(), |price| price.to_string());
    Fault::new(
        "REVISION_OUTDATED",
        format!(
            "订单已是修订 {revision}:数量 {quantity} {unit},要求交期 {day},单价 {price};请重新导出后修改"
        ),
        format!(
            "the order stands at revision {revision}: {quantity} {unit} by {day} at {price}; export again, then change it"
        ),
    )
}
