//! Tables of the field, csv and xlsx: pure. In: bytes → [`grid`] ([`csv`], [`xlsx`]) → [`columns`] → [`orders`],
//! [`answers`] or [`changes`]. Out: a [`table`] → [`write`].
//!
//! * [`grid`]     cells as they stand in a file, whatever it is
//! * [`csv`]      text in some encoding with some separator → grid
//! * [`xlsx`]     a workbook's sheet → grid, within limits
//! * [`value`]    a cell as an id, a text, a decimal, a day: what people write, strictly
//! * [`fields`]   what a column of orders may mean, and under which headings
//! * [`columns`]  which column of a file is which field
//! * [`orders`]   rows → orders
//! * [`answers`]  schedule lines → rows to answer in, and rows → answers
//! * [`changes`]  published orders → rows to change, and rows → lines of the next revision
//! * [`keyed`]    what reading a table of answers and one of changes has in common
//! * [`fault`]    what is wrong with a row, in both languages
//! * [`mark`]     the same rows again with what is wrong in a red column
//! * [`table`]    what is to be written; [`write`] writes it as csv or xlsx
//!
//! **Invariant:** a cell is taken for what it says or refused; nothing is guessed where two readings are possible,
//! and no text of one firm becomes a formula in the program of another.

pub mod answers;
pub mod changes;
pub mod columns;
pub mod csv;
pub mod fault;
pub mod fields;
pub mod grid;
pub mod keyed;
pub mod mark;
pub mod orders;
pub mod table;
pub mod template;
pub mod unit;
pub mod value;
pub mod write;
pub mod xlsx;

/// Bytes of a file, packed as it comes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Rows of a file, empty ones included.
pub const MAX_ROWS: usize = 200_000;
/// Columns that may hold something.
pub const MAX_COLUMNS: usize = 256;
/// Cells that hold something.
pub const MAX_CELLS: usize = 3_000_000;
/// Bytes of all texts of a file, each counted as often as it stands there.
pub const MAX_TEXT_BYTES: usize = 96 * 1024 * 1024;
/// Bytes of one text: as many characters as a spreadsheet's cell takes, of three bytes each.
pub const MAX_CELL_BYTES: usize = 3 * 32_767;

/// The media type of workbooks.
pub const XLSX_MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The media type of csv.
pub const CSV_MEDIA_TYPE: &str = "text/csv";

/// A language of headings and messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

impl Language {
    /// `en` is English, everything else Chinese.
    pub fn of(name: &str) -> Self {
        if name.starts_with("en") { Language::En } else { Language::Zh }
    }

    /// One of two wordings.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}
