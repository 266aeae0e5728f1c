//! Rows → answers.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Result};
use proto::{
    interchange::RowError,
    orders::{LineResponse, RejectReason},
};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::{
    Key, Place,
    decide::decide,
    words::{self, Word},
};
use crate::sheet::{
    Language,
    fault::Fault,
    grid::{Cell, Grid, Row},
    value::{self, Value},
};

/// The headings stand among so many rows that hold something.
const LOOKED_AT: usize = 20;

/// What a file answers.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Rows that answer something, in their order.
    pub rows: Vec<AnswerRow>,
    /// Rows that are wrong, by number.
    pub errors: Vec<RowError>,
    /// Orders that a wrong row is about.
    pub wrong_orders: HashSet<Uuid>,
    /// Rows with a key.
    pub row_count: usize,
    /// The number of the row with the headings, and the headings by column.
    pub heading_row: u32,
    pub headings: Vec<String>,
}

/// A row that answers its schedule line.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerRow {
    /// From 1.
    pub row: u32,
    pub key: Key,
    pub revision: i32,
    pub order_number: String,
    pub customer: String,
    pub line_number: String,
    pub given: Given,
}

/// What the row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub response: LineResponse,
    /// A remark for which the answer itself has no place.
    pub note: String,
}

/// What stands in the columns that people write in.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub word: Option<Word>,
    pub quantities: Vec<Decimal>,
    pub dates: Vec<Date>,
    pub reason: Option<RejectReason>,
    pub note: String,
}

/// Reads a table of answers.
///
/// # Errors
/// INVALID_ARGUMENT where it is none of ours; rows that are wrong stand in the result.
pub fn read(grid: &Grid, language: Language) -> Result<Reading> {
    let Some((head, places)) = grid.rows.iter().take(LOOKED_AT).find_map(|row| Some((row, places(row)?)))
    else {
        let message = "the file has no columns for answers and keys; export it again and fill that one in";
        return Err(Error::field("file.content", "HEADINGS", message));
    };
    let headings: Vec<String> = head.cells.iter().map(shown_text).collect();
    let mut reading = Reading { heading_row: head.number, headings, ..Reading::default() };
    let mut seen = HashMap::new();
    for row in grid.rows.iter().filter(|row| row.number > head.number) {
        let cells = Cells { places: &places, row };
        let taken = take(&cells, &mut reading.row_count, &mut seen);
        match taken {
            Ok(answer) => reading.rows.extend(answer),
            Err((order, faults)) => {
                reading.wrong_orders.extend(order);
                for (place, fault) in faults {
                    let column = places.get(&place).and_then(|column| reading.headings.get(*column));
                    let column = column.cloned().unwrap_or_default();
                    let field = format!("{place:?}");
                    reading.errors.push(fault.at(row.number, &column, &field, language));
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
        _ => String::new(),
    }
}

/// The columns, where the row is one of our headings.
fn places(row: &Row) -> Option<HashMap<Place, usize>> {
    let found = row.cells.iter().enumerate();
    let found = found.filter_map(|(column, cell)| Some((Place::of(&shown_text(cell))?, column)));
    let places: HashMap<Place, usize> = found.collect();
    let needed = [Place::Key, Place::Revision, Place::Answer];
    needed.iter().all(|place| places.contains_key(place)).then_some(places)
}

/// Faults of a row, and the order that it is about where that is known.
type Wrong = (Option<Uuid>, Vec<(Place, Fault)>);

fn take(
    cells: &Cells<'_>,
    row_count: &mut usize,
    seen: &mut HashMap<Uuid, u32>,
) -> Result<Option<AnswerRow>, Wrong> {
    let key = value::id(cells.cell(Place::Key));
    if matches!(key, Ok(None)) && cells.cell(Place::Answer).is_empty() {
        // Rows that people wrote below the table are none of it.
        return Ok(None);
    }
    let revision = value::id(cells.cell(Place::Revision)).ok().flatten();
    let revision = revision.and_then(|text| text.parse::<i32>().ok());
    let key = key.ok().flatten().and_then(|text| Key::parse(&text));
    let (Some(key), Some(revision)) = (key, revision) else {
        let fault = Fault::new(
            "KEY",
            "隐藏的行标识或修订号被改动;请重新导出",
            "the hidden key or revision of the row was changed; export the file again",
        );
        return Err((None, vec![(Place::Key, fault)]));
    };
    *row_count += 1;
    let order = Some(key.order);
    let written = cells.written().map_err(|faults| (order, faults))?;
    let given = decide(&key, &written).map_err(|wrong| (order, vec![wrong]))?;
    if let Some(other) = seen.insert(key.schedule_line, cells.row.number) {
        let fault = Fault::new(
            "REPEATED",
            format!("与第 {other} 行是同一计划行;分批请在一格内用分号分开"),
            format!(
                "answers the schedule line of row {other} again; write a split into one cell, with semicolons"
            ),
        );
        return Err((order, vec![(Place::Key, fault)]));
    }
    let shown = |place| shown_text(cells.cell(place));
    Ok(given.map(|given| AnswerRow {
        row: cells.row.number,
        key,
        revision,
        order_number: shown(Place::OrderNumber),
        customer: shown(Place::Customer),
        line_number: shown(Place::LineNumber),
        given,
    }))
}

/// A row with the meaning of its columns.
struct Cells<'a> {
    places: &'a HashMap<Place, usize>,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    fn cell(&self, place: Place) -> &'a Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.places.get(&place).map_or(EMPTY, |column| self.row.cell(*column))
    }

    /// What stands in the columns to write in, or everything that is wrong there.
    fn written(&self) -> Result<Written, Vec<(Place, Fault)>> {
        let mut faults = Vec::new();
        let mut written = Written::default();
        match value::text(self.cell(Place::Answer)).and_then(|text| word(text.as_deref())) {
            Ok(word) => written.word = word,
            Err(fault) => faults.push((Place::Answer, fault)),
        }
        match several(self.cell(Place::AnswerQuantity), value::amount) {
            Ok(quantities) => written.quantities = quantities,
            Err(fault) => faults.push((Place::AnswerQuantity, fault)),
        }
        match several(self.cell(Place::AnswerDate), value::day) {
            Ok(dates) => written.dates = dates,
            Err(fault) => faults.push((Place::AnswerDate, fault)),
        }
        match value::text(self.cell(Place::Reason)).and_then(|text| reason(text.as_deref())) {
            Ok(reason) => written.reason = reason,
            Err(fault) => faults.push((Place::Reason, fault)),
        }
        match value::text(self.cell(Place::Note)) {
            Ok(note) => written.note = note.unwrap_or_default(),
            Err(fault) => faults.push((Place::Note, fault)),
        }
        if faults.is_empty() { Ok(written) } else { Err(faults) }
    }
}

fn word(text: Option<&str>) -> Value<Word> {
    let Some(text) = text else { return Ok(None) };
    let fault = || Fault::new("UNKNOWN", "请填 接受、拒绝 或 建议", "write accept, reject or propose");
    words::answer(text).ok_or_else(fault).map(Some)
}

fn reason(text: Option<&str>) -> Value<RejectReason> {
    let Some(text) = text else { return Ok(None) };
    let fault = || {
        let zh = format!("请从中选择:{}", words::reason_words(Language::Zh).join("、"));
        let en = format!("choose one of {}", words::reason_words(Language::En).join(", "));
        Fault::new("UNKNOWN", zh, en)
    };
    words::reason(text).ok_or_else(fault).map(Some)
}

/// One value, or several of a split in one cell, apart by semicolons or line breaks.
fn several<T>(cell: &Cell, one: fn(&Cell) -> Value<T>) -> Result<Vec<T>, Fault> {
    let Cell::Text(text) = cell else { return Ok(one(cell)?.into_iter().collect()) };
    let parts = text.split([';', '\u{ff1b}', '\n']).filter(|part| !part.trim().is_empty());
    let values = parts.map(|part| one(&Cell::text(part.trim())));
    Ok(values.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
