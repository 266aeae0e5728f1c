//! Cells as they stand in a file, whatever kind of file it is.

use std::sync::Arc;

use chassis::{Error, Field, Reason};
use proto::interchange::{SheetFormat, TextEncoding};
use rust_decimal::Decimal;
use time::Date;

use super::{MAX_BYTES, MAX_CELL_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT_BYTES, csv, xlsx};

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, or blanks alone.
    #[default]
    Empty,
    /// Text as it stands. Workbooks share one text among many cells.
    Text(Arc<str>),
    /// A number of a workbook, with the 15 digits that spreadsheet programs keep.
    Number(Decimal),
    /// A number that is shown as a day.
    Day(Date),
    /// TRUE or FALSE.
    Flag(bool),
    /// A formula and what it came to when the file was saved, which may be out of date.
    Formula(Box<Cell>),
    /// `#N/A` and the like.
    Fault(Arc<str>),
}

impl Cell {
    /// Text, or nothing where it is blank.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Cell::Empty } else { Cell::Text(text) }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            Cell::Formula(value) => value.is_empty(),
            _ => false,
        }
    }
}

/// A row that holds something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// From 1.
    pub number: u32,
    /// By column, without what is empty at the end.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column, from 0.
    pub fn cell(&self, column: usize) -> &Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.cells.get(column).unwrap_or(EMPTY)
    }
}

/// A table as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows that hold something, by number.
    pub rows: Vec<Row>,
    /// What the file was.
    pub format: SheetFormat,
    /// How its text was encoded; unspecified for workbooks.
    pub encoding: TextEncoding,
}

/// A file that cannot be read as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// `SHEET_UNREADABLE` or `SHEET_TOO_LARGE`.
    pub reason: Reason,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Unreadable {
    /// Not a table that can be read.
    pub fn because(message: impl Into<String>) -> Self {
        Unreadable { reason: Reason::SHEET_UNREADABLE, message: message.into() }
    }

    /// Beyond a limit.
    pub fn too_large(message: impl Into<String>) -> Self {
        Unreadable { reason: Reason::SHEET_TOO_LARGE, message: message.into() }
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        let field = Field::new("file.content", unreadable.reason.as_str(), unreadable.message.clone());
        Error::new(unreadable.reason).message(unreadable.message).fields(vec![field])
    }
}

/// What a caller says about a file.
#[derive(Clone, Debug, Default)]
pub struct Source<'a> {
    pub content: &'a [u8],
    /// Unspecified: by the content.
    pub format: SheetFormat,
    /// Unspecified: by the content.
    pub encoding: TextEncoding,
    /// Name of the worksheet; empty: the first that is visible.
    pub sheet: &'a str,
}

/// Reads a table.
///
/// # Errors
/// Where the file is none, or beyond the limits.
pub fn read(source: &Source<'_>) -> Result<Grid, Unreadable> {
    let content = source.content;
    if content.len() > MAX_BYTES {
        return Err(Unreadable::too_large(format!("more than {} MiB; split the file", MAX_BYTES >> 20)));
    }
    if content.is_empty() {
        return Err(Unreadable::because("the file is empty"));
    }
    // The container of .xls and of workbooks with a password.
    if content.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        let message = "an old .xls file, or one with a password; save it as .xlsx without a password";
        return Err(Unreadable::because(message));
    }
    let packed = content.starts_with(b"PK\x03\x04");
    match source.format {
        SheetFormat::Csv if packed => {
            Err(Unreadable::because("the file is a workbook or another archive, not csv"))
        }
        SheetFormat::Csv => csv::read(content, source.encoding),
        SheetFormat::Xlsx if !packed => Err(Unreadable::because("the file is no .xlsx workbook")),
        SheetFormat::Xlsx => xlsx::read(content, source.sheet),
        SheetFormat::Unspecified if packed => xlsx::read(content, source.sheet),
        SheetFormat::Unspecified => csv::read(content, source.encoding),
    }
}

/// Counts what is read against the limits.
#[derive(Debug, Default)]
pub(super) struct Counter {
    cells: usize,
    text_bytes: usize,
}

impl Counter {
    /// One more cell that holds something, with so many bytes of text.
    pub(super) fn cell(&mut self, row: u32, column: usize, text_bytes: usize) -> Result<(), Unreadable> {
        self.cells += 1;
        self.text_bytes += text_bytes;
        if row as usize > MAX_ROWS {
            return Err(Unreadable::too_large(format!("more than {MAX_ROWS} rows; split the file")));
        }
        if column >= MAX_COLUMNS {
            let message = format!("row {row} holds something beyond column {MAX_COLUMNS}; delete those");
            return Err(Unreadable::too_large(message));
        }
        if text_bytes > MAX_CELL_BYTES {
            let message = format!("a cell of row {row} holds more text than a spreadsheet allows");
            return Err(Unreadable::too_large(message));
        }
        if self.cells > MAX_CELLS || self.text_bytes > MAX_TEXT_BYTES {
            return Err(Unreadable::too_large("the table holds too much; split the file"));
        }
        Ok(())
    }
}
