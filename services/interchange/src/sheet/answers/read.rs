//! Rows → answers.

use chassis::Result;
use proto::orders::{LineResponse, RejectReason};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Key, Place,
    decide::decide,
    words::{self, Word},
};
use crate::sheet::{
    Language,
    fault::Fault,
    grid::{Cell, Grid},
    keyed::{self, Cells, Seen, Wrong},
    value::{self, Value},
};

/// What a file answers; rows that answer nothing are not among its rows.
pub type Reading = keyed::Reading<AnswerRow>;

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
    keyed::read(grid, language, take)
}

impl keyed::Place for Place {
    const NEEDED: [Place; 3] = [Place::Key, Place::Revision, Place::Answer];
    const MISSING: &'static str =
        "the file has no columns for answers and keys; export it again and fill that one in";

    fn of(heading: &str) -> Option<Place> {
        Place::of(heading)
    }

    fn field(self) -> String {
        format!("{self:?}")
    }
}

fn take(cells: &Cells<'_, Place>, seen: &mut Seen) -> Result<Option<AnswerRow>, Wrong<Place>> {
    let key = value::id(cells.cell(Place::Key));
    if matches!(key, Ok(None)) && cells.cell(Place::Answer).is_empty() {
        // Rows that people wrote below the table are none of it.
        return Ok(None);
    }
    let key = key.ok().flatten().and_then(|text| Key::parse(&text));
    let (Some(key), Some(revision)) = (key, cells.whole(Place::Revision)) else {
        let fault = Fault::new(
            "KEY",
            "隐藏的行标识或修订号被改动;请重新导出",
            "the hidden key or revision of the row was changed; export the file again",
        );
        return Err((None, vec![(Place::Key, fault)]));
    };
    seen.keyed += 1;
    let order = Some(key.order);
    let written = written(cells).map_err(|faults| (order, faults))?;
    let given = decide(&key, &written).map_err(|wrong| (order, vec![wrong]))?;
    if let Some(other) = seen.before(key.schedule_line, cells.number()) {
        let fault = Fault::new(
            "REPEATED",
            format!("与第 {other} 行是同一计划行;分批请在一格内用分号分开"),
            format!(
                "answers the schedule line of row {other} again; write a split into one cell, with semicolons"
            ),
        );
        return Err((order, vec![(Place::Key, fault)]));
    }
    Ok(given.map(|given| AnswerRow {
        row: cells.number(),
        key,
        revision,
        order_number: cells.shown(Place::OrderNumber),
        customer: cells.shown(Place::Customer),
        line_number: cells.shown(Place::LineNumber),
        given,
    }))
}

/// What stands in the columns to write in, or everything that is wrong there.
fn written(cells: &Cells<'_, Place>) -> Result<Written, Vec<(Place, Fault)>> {
    let mut faults = Vec::new();
    let mut written = Written::default();
    match value::text(cells.cell(Place::Answer)).and_then(|text| word(text.as_deref())) {
        Ok(word) => written.word = word,
        Err(fault) => faults.push((Place::Answer, fault)),
    }
    match several(cells.cell(Place::AnswerQuantity), value::amount) {
        Ok(quantities) => written.quantities = quantities,
        Err(fault) => faults.push((Place::AnswerQuantity, fault)),
    }
    match several(cells.cell(Place::AnswerDate), value::day) {
        Ok(dates) => written.dates = dates,
        Err(fault) => faults.push((Place::AnswerDate, fault)),
    }
    match value::text(cells.cell(Place::Reason)).and_then(|text| reason(text.as_deref())) {
        Ok(reason) => written.reason = reason,
        Err(fault) => faults.push((Place::Reason, fault)),
    }
    match value::text(cells.cell(Place::Note)) {
        Ok(note) => written.note = note.unwrap_or_default(),
        Err(fault) => faults.push((Place::Note, fault)),
    }
    if faults.is_empty() { Ok(written) } else { Err(faults) }
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
