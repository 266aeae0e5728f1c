//! Rows → what a buyer wants otherwise.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Result};
use proto::interchange::{CellChange, RowError};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::{Key, Place};
use crate::sheet::{
    Language,
    fault::Fault,
    grid::{Cell, Grid, Row},
    value::{self, Value},
};

/// The headings stand among so many rows that hold something.
const LOOKED_AT: usize = 20;

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Rows with a key, in their order, those that change nothing among them.
    pub rows: Vec<ChangeRow>,
    /// Rows that are wrong, by number.
    pub errors: Vec<RowError>,
    /// Orders that a wrong row is about.
    pub wrong_orders: HashSet<Uuid>,
    /// Rows with a key, wrong ones among them.
    pub row_count: usize,
    /// The number of the row with the headings, and the headings by column.
    pub heading_row: u32,
    pub headings: Vec<String>,
}

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
    let Some((head, places)) = grid.rows.iter().take(LOOKED_AT).find_map(|row| Some((row, places(row)?)))
    else {
        let message = "the file has no columns for quantities and keys; export it again and change that one";
        return Err(Error::field("file.content", "HEADINGS", message));
    };
    let headings: Vec<String> = head.cells.iter().map(shown_text).collect();
    let mut reading = Reading { heading_row: head.number, headings, ..Reading::default() };
    let mut seen = HashMap::new();
    for row in grid.rows.iter().filter(|row| row.number > head.number) {
        let cells = Cells { places: &places, row, today };
        match take(&cells, &mut reading.row_count, &mut seen) {
            Ok(taken) => reading.rows.extend(taken),
            Err((order, faults)) => {
                reading.wrong_orders.extend(order);
                for (place, fault) in faults {
                    let column = places.get(&place).and_then(|column| reading.headings.get(*column));
                    let column = column.cloned().unwrap_or_default();
                    reading.errors.push(fault.at(row.number, &column, place.name(), language));
                }
            }
        }
    }
    Ok(reading)
}

/// Text that is only shown again.
fn shown_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.trim().to_string(),
        Cell::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The columns, where the row is one of our headings.
fn places(row: &Row) -> Option<HashMap<Place, usize>> {
    let found = row.cells.iter().enumerate();
    let found = found.filter_map(|(column, cell)| Some((Place::of(&shown_text(cell))?, column)));
    let places: HashMap<Place, usize> = found.collect();
    let needed = [Place::Key, Place::Revision, Place::Quantity];
    needed.iter().all(|place| places.contains_key(place)).then_some(places)
}

/// Faults of a row, and the order that it is about where that is known.
type Wrong = (Option<Uuid>, Vec<(Place, Fault)>);

fn take(
    cells: &Cells<'_>,
    row_count: &mut usize,
    seen: &mut HashMap<Uuid, u32>,
) -> Result<Option<ChangeRow>, Wrong> {
    let key = value::id(cells.cell(Place::Key));
    if matches!(key, Ok(None)) && cells.cell(Place::OrderNumber).is_empty() {
        // Rows that people wrote below the table are none of it.
        return Ok(None);
    }
    let revision = value::id(cells.cell(Place::Revision)).ok().flatten();
    let revision = revision.and_then(|text| text.parse::<i32>().ok()).filter(|revision| *revision > 0);
    let key = key.ok().flatten().and_then(|text| Key::parse(&text));
    let (Some(key), Some(revision)) = (key, revision) else {
        let fault = Fault::new(
            "KEY",
            "隐藏的行标识或修订号被改动或缺失;请重新导出。新增订单行请在订单页面操作",
            "the hidden key or revision of the row is changed or missing; export the file again. New lines are added on the order's page",
        );
        return Err((None, vec![(Place::Key, fault)]));
    };
    *row_count += 1;
    let order = Some(key.order);
    let (wanted, note) = cells.written(&key).map_err(|faults| (order, faults))?;
    if let Some(other) = seen.insert(key.schedule_line, cells.row.number) {
        let fault = Fault::new(
            "REPEATED",
            format!("与第 {other} 行是同一计划行;新的分批请在订单页面添加"),
            format!(
                "is the schedule line of row {other} again; further deliveries are added on the order's page"
            ),
        );
        return Err((order, vec![(Place::Key, fault)]));
    }
    let shown = |place| shown_text(cells.cell(place));
    Ok(Some(ChangeRow {
        row: cells.row.number,
        key,
        revision,
        order_number: shown(Place::OrderNumber),
        supplier: shown(Place::Supplier),
        line_number: shown(Place::LineNumber),
        schedule_line_number: shown(Place::ScheduleLineNumber),
        wanted,
        note,
    }))
}

/// A row with the meaning of its columns.
struct Cells<'a> {
    places: &'a HashMap<Place, usize>,
    row: &'a Row,
    today: Date,
}

impl<'a> Cells<'a> {
    fn cell(&self, place: Place) -> &'a Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.places.get(&place).map_or(EMPTY, |column| self.row.cell(*column))
    }

    /// What is wanted otherwise than the key says, and why; or everything that is wrong.
    fn written(&self, key: &Key) -> Result<(Wanted, String), Vec<(Place, Fault)>> {
        let mut faults = Vec::new();
        let wanted = Wanted {
            quantity: self.other(Place::Quantity, Some(key.quantity), value::amount, &mut faults),
            date: self.other(Place::RequestedDate, key.date, value::day, &mut faults),
            price: self.other(Place::UnitPrice, key.price, value::amount, &mut faults),
        };
        if wanted.date.is_some_and(|date| date < self.today) {
            let fault = Fault::new("RANGE", "不能早于今天", "must not be past");
            faults.push((Place::RequestedDate, fault));
        }
        let note = value::text(self.cell(Place::Note)).unwrap_or_else(|fault| {
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
        &self,
        place: Place,
        old: Option<T>,
        read: fn(&Cell) -> Value<T>,
        faults: &mut Vec<(Place, Fault)>,
    ) -> Option<T> {
        if !self.places.contains_key(&place) {
            return None;
        }
        match read(self.cell(place)) {
            Ok(None) if old.is_some() => faults.push((place, Fault::required())),
            Ok(new) if new != old => return new,
            Ok(_) => {}
            Err(fault) => faults.push((place, fault)),
        }
        None
    }
}
