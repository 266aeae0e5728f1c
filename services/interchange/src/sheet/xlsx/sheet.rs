//! The cells of a sheet (ECMA-376 part 1, 18.3.1.4, 18.3.1.73).

use std::sync::Arc;

use quick_xml::events::BytesStart;
use rust_decimal::{Decimal, RoundingStrategy};
use time::{Date, Duration, Month};

use super::{
    damaged,
    part::{Part, Piece, attribute, local},
};
use crate::sheet::grid::{Cell, Counter, Row, Unreadable};

/// Digits that spreadsheet programs keep of a number; what a file has beyond is noise of binary fractions.
const DIGITS: u32 = 15;
/// Rows and columns that a workbook can have at all.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: u32 = 16_384;

/// What cells point at.
pub(super) struct Context<'a> {
    pub strings: &'a [Arc<str>],
    /// For each style, whether it shows days.
    pub days: &'a [bool],
    pub since_1904: bool,
}

/// Rows that hold something, in their order.
pub(super) fn read(bytes: Vec<u8>, context: &Context<'_>) -> Result<Vec<Row>, Unreadable> {
    let mut part = Part::new(&bytes)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut counter = Counter::default();
    // Where the next cell stands that does not say so itself.
    let (mut row, mut column) = (0, 0);
    loop {
        let piece = part.next()?;
        if piece.ends("sheetData") {
            return Ok(rows);
        }
        match piece {
            Piece::Begin(tag) => match local(tag.name().into_inner()) {
                "row" => {
                    row = match attribute(&tag, "r")? {
                        Some(number) => number.parse().map_err(|_| damaged())?,
                        None => row + 1,
                    };
                    column = 0;
                }
                "c" => {
                    let place = attribute(&tag, "r")?;
                    let (at_row, at_column) =
                        place.as_deref().map(position).transpose()?.unwrap_or((row, column));
                    column = at_column + 1;
                    let cell = cell(&mut part, &tag, context)?;
                    put(&mut rows, &mut counter, (at_row, at_column), cell)?;
                }
                _ => {}
            },
            Piece::Over => return Ok(rows),
            _ => {}
        }
    }
}

/// Puts a cell into its row. Rows and cells come in order; a file in which they do not is damaged.
fn put(
    rows: &mut Vec<Row>,
    counter: &mut Counter,
    (number, column): (u32, u32),
    cell: Cell,
) -> Result<(), Unreadable> {
    if number == 0 || number > LAST_ROW || column >= LAST_COLUMN {
        return Err(damaged());
    }
    // Cells that have only a style stand in many files, far beyond what anybody sees.
    if cell.is_empty() && !matches!(cell, Cell::Formula(_)) {
        return Ok(());
    }
    let bytes = match &cell {
        Cell::Text(text) | Cell::Fault(text) => text.len(),
        _ => 0,
    };
    let column = column as usize;
    counter.cell(number, column, bytes)?;
    if rows.last().is_none_or(|last| last.number < number) {
        rows.push(Row { number, cells: Vec::new() });
    }
    let last = rows.last_mut().filter(|last| last.number == number && last.cells.len() <= column);
    let last = last.ok_or_else(damaged)?;
    last.cells.resize(column, Cell::Empty);
    last.cells.push(cell);
    Ok(())
}

/// Reads a cell up to its end.
fn cell(part: &mut Part<'_>, tag: &BytesStart<'_>, context: &Context<'_>) -> Result<Cell, Unreadable> {
    let kind = attribute(tag, "t")?.unwrap_or_default();
    let style = attribute(tag, "s")?.and_then(|style| style.parse::<usize>().ok());
    let (mut cell, mut formula) = (Cell::Empty, false);
    loop {
        let piece = part.next()?;
        if piece.ends("c") {
            return Ok(if formula { Cell::Formula(Box::new(cell)) } else { cell });
        }
        match piece {
            Piece::Begin(inner) => match local(inner.name().into_inner()) {
                "v" => {
                    let text = part.text()?;
                    // Where both stand, the text within `is` counts.
                    if kind != "inlineStr" {
                        cell = value(&text, &kind, style, context)?;
                    }
                }
                "is" => cell = Cell::text(part.rich_text()?),
                "f" => {
                    part.text()?;
                    formula = true;
                }
                _ => {
                    part.text()?;
                }
            },
            Piece::End(_) | Piece::Text(_) => {}
            Piece::Over => return Err(damaged()),
        }
    }
}

fn value(text: &str, kind: &str, style: Option<usize>, context: &Context<'_>) -> Result<Cell, Unreadable> {
    let trimmed = text.trim();
    Ok(match kind {
        _ if trimmed.is_empty() => Cell::Empty,
        "s" => {
            let index: usize = trimmed.parse().map_err(|_| damaged())?;
            Cell::text(context.strings.get(index).ok_or_else(damaged)?.clone())
        }
        "str" => Cell::text(text),
        "b" => Cell::Flag(trimmed != "0"),
        "e" => Cell::Fault(trimmed.into()),
        // Days as strict workbooks write them; the time of day, if any, is not kept.
        "d" => Cell::text(trimmed.split('T').next().unwrap_or_default()),
        _ => {
            let Some(number) = number(trimmed) else { return Ok(Cell::text(trimmed)) };
            let shows_day = style.and_then(|style| context.days.get(style)).copied().unwrap_or(false);
            match shows_day.then(|| day(number, context.since_1904)).flatten() {
                Some(day) => Cell::Day(day),
                None => Cell::Number(number),
            }
        }
    })
}

/// A number as programs write it, with exponent or without, as what they show of it. `None` where it is none, or far
/// from any that a document has.
fn number(text: &str) -> Option<Decimal> {
    let scientific = text.contains(['e', 'E']);
    // More digits than a decimal holds come from careless programs; the first ones decide.
    let exact = if scientific { Decimal::from_scientific(text) } else { text.parse() }.ok()?;
    let rounded = exact.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointAwayFromZero)?;
    Some(rounded.normalize())
}

/// The day of a serial number (ECMA-376 part 1, 18.17.4.1). The first two months of 1900 are those of a year that never
/// was; nobody orders for them.
fn day(serial: Decimal, since_1904: bool) -> Option<Date> {
    let whole: i64 = serial.floor().try_into().ok()?;
    let epoch = if since_1904 {
        Date::from_calendar_date(1904, Month::January, 1)
    } else {
        Date::from_calendar_date(1899, Month::December, 30)
    };
    let known = if since_1904 { 0..=2_958_465 } else { 61..=2_958_465 };
    if !known.contains(&whole) {
        return None;
    }
    epoch.ok()?.checked_add(Duration::days(whole))
}

/// `BC12` as row 12 and column 54, from 0.
fn position(reference: &str) -> Result<(u32, u32), Unreadable> {
    let digits = reference.find(|c: char| c.is_ascii_digit()).ok_or_else(damaged)?;
    let (letters, digits) = reference.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() || column > LAST_COLUMN {
            return Err(damaged());
        }
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    let row = digits.parse().map_err(|_| damaged())?;
    Ok((row, column.checked_sub(1).ok_or_else(damaged)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_programs_show() {
        for (written, shown) in [
            ("6.8499999999999996", "6.85"),
            ("0.30000000000000004", "0.3"),
            ("1.0000000000000001E-5", "0.00001"),
            ("1E3", "1000"),
            ("100", "100"),
            ("-2.50", "-2.5"),
            ("20261228", "20261228"),
            ("1.2345678901234567E+19", "12345678901234600000"),
        ] {
            assert_eq!(number(written).map(|number| number.to_string()).as_deref(), Some(shown), "{written}");
        }
        for none in ["", "NaN", "1e400", "0x10", "1,5"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn serials_are_days_of_both_calendars() {
        let day =
            |serial: &str, since_1904| day(serial.parse().unwrap(), since_1904).map(|day| day.to_string());
        assert_eq!(day("46384", false).as_deref(), Some("2026-12-28"));
        assert_eq!(day("46384.75", false).as_deref(), Some("2026-12-28"));
        assert_eq!(day("44922", true).as_deref(), Some("2026-12-28"));
        assert_eq!(day("60", false), None, "1900 was no leap year");
        assert_eq!(day("99999999", false), None);
    }

    #[test]
    fn references_are_places() {
        assert_eq!(position("A1"), Ok((1, 0)));
        assert_eq!(position("BC12"), Ok((12, 54)));
        assert_eq!(position("XFD1048576"), Ok((1_048_576, 16_383)));
        for bad in ["", "12", "A", "ZZZZZZZZZ1", "A-1", "é1", "A99999999999"] {
            assert!(position(bad).is_err(), "{bad}");
        }
    }
}
