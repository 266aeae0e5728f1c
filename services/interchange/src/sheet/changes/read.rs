//! Rows → what a buyer wants otherwise.

use chassis::Result;
use proto::interchange::CellChange;
use rust_decimal::Decimal;
use time::Date;

use super::{Key, Place};
use crate::sheet::{
    Language,
    fault::Fault,
    grid::{Cell, Grid},
    keyed::{self, Cells, Seen, Wrong},
    value::{self, Value},
};

/// What a file says, rows that change nothing among it.
pub type Reading = keyed::Reading<ChangeRow>;

/// A row about a schedule line.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRow {
    /// From 1.
    pub row: u32,
    pub key: Key,
    pub revision: i32,
    /// As they stand in the file, to be shown again.
    pub order_number: String,
    pub supplier: String,
    pub line_number: String,
    pub schedule_line_number: String,
    pub wanted: Wanted,
    /// Why, for the supplier.
    pub note: String,
}

/// What is wanted otherwise than when the file was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub quantity: Option<Decimal>,
    pub date: Option<Date>,
    /// The whole line's.
    pub price: Option<Decimal>,
}

impl ChangeRow {
    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        self.wanted != Wanted::default()
    }

    /// What it changes, to be shown before it is done.
    pub fn told(&self, language: Language) -> Vec<CellChange> {
        let change = |place: Place, old: Option<String>, new: String| CellChange {
            row: self.row as i32,
            line_number: self.line_number.clone(),
            schedule_line_number: self.schedule_line_number.clone(),
            field: place.name().into(),
            column: place.heading(language).into(),
            old: old.unwrap_or_default(),
            new,
        };
        let (wanted, key) = (&self.wanted, &self.key);
        let told = [
            wanted
                .quantity
                .map(|new| change(Place::Quantity, Some(key.quantity.to_string()), new.to_string())),
            wanted.date.map(|new| {
                change(Place::RequestedDate, key.date.map(|old| old.to_string()), new.to_string())
            }),
            wanted
                .price
                .map(|new| change(Place::UnitPrice, key.price.map(|old| old.to_string()), new.to_string())),
        ];
        told.into_iter().flatten().collect()
    }
}

/// Reads a table of changes; a day that is newly asked for is `today` or later.
///
/// # Errors
/// INVALID_ARGUMENT where it is none of ours; rows that are wrong stand in the result.
pub fn read(grid: &Grid, today: Date, language: Language) -> Result<Reading> {
    keyed::read(grid, language, |cells, seen| take(cells, today, seen))
}

impl keyed::Place for Place {
    const NEEDED: [Place; 3] = [Place::Key, Place::Revision, Place::Quantity];
    const MISSING: &'static str =
        "the file has no columns for quantities and keys; export it again and change that one";

    fn of(heading: &str) -> Option<Place> {
        Place::of(heading)
    }

    fn field(self) -> String {
        self.name().into()
    }
}

fn take(cells: &Cells<'_, Place>, today: Date, seen: &mut Seen) -> Result<Option<ChangeRow>, Wrong<Place>> {
    let key = value::id(cells.cell(Place::Key));
    if matches!(key, Ok(None)) && cells.cell(Place::OrderNumber).is_empty() {
        // Rows that people wrote below the table are none of it.
        return Ok(None);
    }
    let revision = cells.whole(Place::Revision).filter(|revision| *revision > 0);
    let key = key.ok().flatten().and_then(|text| Key::parse(&text));
    let (Some(key), Some(revision)) = (key, revision) else {
        let fault = Fault::new(
            "KEY",
            "隐藏的行标识或修订号被改动或缺失;请重新导出。新增订单行请在订单页面操作",
            "the hidden key or revision of the row is changed or missing; export the file again. New lines are added on the order's page",
        );
        return Err((None, vec![(Place::Key, fault)]));
    };
    seen.keyed += 1;
    let order = Some(key.order);
    let (wanted, note) = written(cells, &key, today).map_err(|faults| (order, faults))?;
    if let Some(other) = seen.before(key.schedule_line, cells.number()) {
        let fault = Fault::new(
            "REPEATED",
            format!("与第 {other} 行是同一计划行;新的分批请在订单页面添加"),
            format!(
                "is the schedule line of row {other} again; further deliveries are added on the order's page"
            ),
        );
        return Err((order, vec![(Place::Key, fault)]));
    }
    Ok(Some(ChangeRow {
        row: cells.number(),
        key,
        revision,
        order_number: cells.shown(Place::OrderNumber),
        supplier: cells.shown(Place::Supplier),
        line_number: cells.shown(Place::LineNumber),
        schedule_line_number: cells.shown(Place::ScheduleLineNumber),
        wanted,
        note,
    }))
}

/// What is wanted otherwise than the key says, and why; or everything that is wrong.
fn written(
    cells: &Cells<'_, Place>,
    key: &Key,
    today: Date,
) -> Result<(Wanted, String), Vec<(Place, Fault)>> {
    let mut faults = Vec::new();
    let wanted = Wanted {
        quantity: other(cells, Place::Quantity, Some(key.quantity), value::amount, &mut faults),
        date: other(cells, Place::RequestedDate, key.date, value::day, &mut faults),
        price: other(cells, Place::UnitPrice, key.price, value::amount, &mut faults),
    };
    if wanted.date.is_some_and(|date| date < today) {
        let fault = Fault::new("RANGE", "不能早于今天", "must not be past");
        faults.push((Place::RequestedDate, fault));
    }
    let note = value::text(cells.cell(Place::Note)).unwrap_or_else(|fault| {
        faults.push((Place::Note, fault));
        None
    });
    let note = note.unwrap_or_default();
    if faults.is_empty() && !note.is_empty() && wanted == Wanted::default() {
        let fault = Fault::new(
            "REQUIRED",
            "写了说明,但数量、交期和单价都没有改",
            "says why, but neither quantity, day nor price is changed",
        );
        faults.push((Place::Note, fault));
    }
    if faults.is_empty() { Ok((wanted, note)) } else { Err(faults) }
}

/// What a column says otherwise than before. What was there cannot be taken away; a column that is not there says
/// nothing.
fn other<T: PartialEq>(
    cells: &Cells<'_, Place>,
    place: Place,
    old: Option<T>,
    read: fn(&Cell) -> Value<T>,
    faults: &mut Vec<(Place, Fault)>,
) -> Option<T> {
    if !cells.has(place) {
        return None;
    }
    match read(cells.cell(place)) {
        Ok(None) if old.is_some() => faults.push((place, Fault::required())),
        Ok(new) if new != old => return new,
        Ok(_) => {}
        Err(fault) => faults.push((place, fault)),
    }
    None
}
