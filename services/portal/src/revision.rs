//! What a filled-in change form means: the lines of the next revision, and how they differ from the published ones. Pure.

use std::collections::BTreeSet;

use chassis::value::wire_decimal;
use proto::orders::{
    ChangeKind, FieldChange, LineChange, OrderContent, OrderDifference, OrderLine, ScheduleLine,
};
use rust_decimal::Decimal;
use time::Date;

use crate::{
    added::{self, Added, Fault, Wrong, day, on},
    form::Fields,
    format,
    order::Row,
    typed::{iso, quantity},
};

/// The most schedule lines in one form.
const LARGEST: usize = 1_000;
/// The most new lines in one form.
pub const MOST_ADDED: usize = 20;

/// The form as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub rows: Vec<Entry>,
    pub added: Vec<Added>,
}

/// A published schedule line.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub line: String,
    pub part: String,
    pub quantity: String,
    pub date: String,
    /// The whole line's, typed at its first schedule line.
    pub price: String,
    /// A further delivery of the line, typed at its last schedule line.
    pub more_quantity: String,
    pub more_date: String,
}

/// What would be sent.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// New and differing lines in full.
    pub lines: Vec<OrderLine>,
    pub difference: OrderDifference,
}

/// The form before anything was typed: as published.
pub fn begun(rows: &[Row], content: &OrderContent) -> Typed {
    let entry = |row: &Row| Entry {
        line: row.line.line_number.clone(),
        part: row.schedule.schedule_line_number.clone(),
        quantity: format::decimal_or_zero(row.schedule.quantity.as_ref()).to_string(),
        date: iso(row.requested(content).1),
        price: price_of(row).map(|price| price.to_string()).unwrap_or_default(),
        ..Entry::default()
    };
    Typed { rows: rows.iter().map(entry).collect(), added: Vec::new() }
}

/// The form as posted.
pub fn read(fields: &Fields) -> Typed {
    let field = |name: &str, at: usize| fields.get(&format!("{name}-{at}")).to_string();
    let entry = |at: usize| Entry {
        line: field("line", at),
        part: field("part", at),
        quantity: field("q", at),
        date: field("d", at),
        price: field("p", at),
        more_quantity: field("mq", at),
        more_date: field("md", at),
    };
    Typed {
        rows: (0..LARGEST).map(entry).take_while(|entry| !entry.line.is_empty()).collect(),
        added: added::read(fields, MOST_ADDED),
    }
}

/// What the form means for the published `rows`, which hold each line's schedule lines complete.
///
/// # Errors
/// Every field that cannot be used.
pub fn interpret(
    typed: &Typed,
    rows: &[Row],
    content: &OrderContent,
    today: Date,
) -> Result<Revision, Vec<Fault>> {
    let (mut revision, mut faults) = (Revision::default(), Vec::new());
    for line in rows.chunk_by(|one, next| one.line.line_number == next.line.line_number) {
        changed_line(typed, line, content, today, &mut revision, &mut faults);
    }
    let mut taken: BTreeSet<String> = rows.iter().map(|row| row.line.line_number.clone()).collect();
    taken.extend(content.lines.iter().map(|line| line.line_number.clone()));
    let tax = rows.first().and_then(|row| row.line.tax.clone());
    for (at, added) in typed.added.iter().enumerate().filter(|(_, added)| !added.is_blank()) {
        if let Some(line) = added::line(added, at, true, today, &mut taken, &mut faults) {
            let changes = told_of_new(&line, added);
            revision.difference.lines.push(LineChange {
                line_number: line.line_number.clone(),
                kind: ChangeKind::Added as i32,
                reconfirm: true,
                changes,
                ..LineChange::default()
            });
            // Prices are with or without tax for the whole order, so that a line without a rate would have no amount.
            revision.lines.push(OrderLine { tax: tax.clone(), ..line });
        }
    }
    if faults.is_empty() { Ok(revision) } else { Err(faults) }
}

fn price_of(row: &Row) -> Option<Decimal> {
    row.line.price.as_ref().and_then(|price| format::decimal(price.amount.as_ref()))
}

fn changed_line(
    typed: &Typed,
    rows: &[Row],
    content: &OrderContent,
    today: Date,
    revision: &mut Revision,
    faults: &mut Vec<Fault>,
) {
    let mut line = rows[0].line.clone();
    let (mut changed, mut price_told) = (Vec::new(), None);
    for row in rows {
        let place = typed
            .rows
            .iter()
            .position(|e| e.line == line.line_number && e.part == row.schedule.schedule_line_number);
        let Some(at) = place else {
            line.schedule_lines.push(row.schedule.clone());
            continue;
        };
        let entry = &typed.rows[at];
        if row.first {
            price_told = new_price(entry, at, row, faults);
        }
        let (schedule, told) = changed_schedule(entry, at, row, content, today, faults);
        line.schedule_lines.push(schedule);
        if !told.is_empty() {
            changed.push((row.schedule.schedule_line_number.clone(), ChangeKind::Changed, told));
        }
        if let Some(more) = further(entry, at, &line, today, faults) {
            let told = told_of_schedule(&more);
            changed.push((more.schedule_line_number.clone(), ChangeKind::Added, told));
            line.schedule_lines.push(more);
        }
    }
    if changed.is_empty() && price_told.is_none() {
        return;
    }
    let change = |part: String, kind: ChangeKind, changes: Vec<FieldChange>| LineChange {
        line_number: line.line_number.clone(),
        schedule_line_number: part,
        kind: kind as i32,
        reconfirm: true,
        changes,
        ..LineChange::default()
    };
    if let Some((_, told)) = &price_told {
        revision.difference.lines.push(change(String::new(), ChangeKind::Changed, vec![told.clone()]));
    }
    revision.difference.lines.extend(changed.into_iter().map(|(part, kind, told)| change(part, kind, told)));
    if let Some((amount, _)) = price_told {
        line.price.get_or_insert_default().amount = Some(wire_decimal(amount));
    }
    let sum = line.schedule_lines.iter().map(|part| format::decimal_or_zero(part.quantity.as_ref())).sum();
    line.quantity = Some(wire_decimal(sum));
    // What was stated for other quantities and prices is not stated for these.
    line.amount = None;
    revision.lines.push(line);
}

/// The new price of a line and how it is told; `None` where it stays.
fn new_price(entry: &Entry, at: usize, row: &Row, faults: &mut Vec<Fault>) -> Option<(Decimal, FieldChange)> {
    let old = price_of(row);
    if entry.price.is_empty() && old.is_none() {
        return None;
    }
    let Some(new) = quantity(&entry.price) else {
        faults.push(Fault { field: format!("p-{at}"), wrong: Wrong::NoPrice });
        return None;
    };
    let told = || field("price.amount", old.map(|old| old.to_string()), Some(new.to_string()));
    (old != Some(new)).then(|| (new, told()))
}

fn changed_schedule(
    entry: &Entry,
    at: usize,
    row: &Row,
    content: &OrderContent,
    today: Date,
    faults: &mut Vec<Fault>,
) -> (ScheduleLine, Vec<FieldChange>) {
    let (mut schedule, mut told) = (row.schedule.clone(), Vec::new());
    let old = format::decimal_or_zero(schedule.quantity.as_ref());
    match quantity(&entry.quantity) {
        None => faults.push(Fault { field: format!("q-{at}"), wrong: Wrong::NoNumber }),
        Some(new) if new != old => {
            told.push(field("quantity", Some(old.to_string()), Some(new.to_string())));
            schedule.quantity = Some(wire_decimal(new));
        }
        Some(_) => {}
    }
    let old = row.requested(content).1;
    match day(&entry.date, old.is_some(), format!("d-{at}"), faults) {
        Some(new) if Some(new) != old => {
            if new < today {
                faults.push(Fault { field: format!("d-{at}"), wrong: Wrong::DatePast });
            }
            told.push(field("requested_delivery.until", old.map(|old| iso(Some(old))), Some(iso(Some(new)))));
            schedule.requested_delivery = Some(on(new));
        }
        _ => {}
    }
    (schedule, told)
}

/// A further delivery of a line, under the next number; `None` where none was typed.
fn further(
    entry: &Entry,
    at: usize,
    line: &OrderLine,
    today: Date,
    faults: &mut Vec<Fault>,
) -> Option<ScheduleLine> {
    if entry.more_quantity.is_empty() && entry.more_date.is_empty() {
        return None;
    }
    let amount = quantity(&entry.more_quantity).filter(|amount| !amount.is_zero());
    if amount.is_none() {
        faults.push(Fault { field: format!("mq-{at}"), wrong: Wrong::NoNumber });
    }
    let day = day(&entry.more_date, true, format!("md-{at}"), faults);
    if day.is_some_and(|day| day < today) {
        faults.push(Fault { field: format!("md-{at}"), wrong: Wrong::DatePast });
    }
    let numbers = line.schedule_lines.iter().filter_map(|part| part.schedule_line_number.parse::<u64>().ok());
    let number = numbers.max().unwrap_or(line.schedule_lines.len() as u64) + 1;
    Some(ScheduleLine {
        schedule_line_number: number.to_string(),
        quantity: Some(wire_decimal(amount?)),
        requested_delivery: Some(on(day?)),
        ship_to_site: line.schedule_lines.last().map(|part| part.ship_to_site.clone()).unwrap_or_default(),
        ..ScheduleLine::default()
    })
}

fn field(name: &str, old: Option<String>, new: Option<String>) -> FieldChange {
    FieldChange {
        field: name.into(),
        old: old.unwrap_or_default(),
        new: new.unwrap_or_default(),
        material: true,
    }
}

fn told_of_schedule(part: &ScheduleLine) -> Vec<FieldChange> {
    let amount = format::decimal(part.quantity.as_ref()).map(|amount| amount.to_string());
    let window = part.requested_delivery.as_ref();
    let day = window.and_then(|window| format::day(window.until.as_ref())).map(|day| iso(Some(day)));
    vec![field("quantity", None, amount), field("requested_delivery.until", None, day)]
}

fn told_of_new(line: &OrderLine, added: &Added) -> Vec<FieldChange> {
    let mut told = told_of_schedule(&line.schedule_lines[0]);
    told.push(field("price.amount", None, Some(added.price.clone())));
    told.push(field("ship_to_site", None, Some(added.site.clone())));
    told.retain(|change| !change.new.is_empty());
    told
}

#[cfg(test)]
mod tests;
