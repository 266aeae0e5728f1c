//! What is printed: blocks, one below the other, whatever the page.

use crate::{pages::order::Fact, qr::Code};

/// A document.
pub struct Document {
    /// Its name, at the top and as the file's.
    pub title: String,
    /// The small line above the title.
    pub over: String,
    /// Leads to the page that it was made from; beside the title.
    pub code: Option<Code>,
    /// What it says.
    pub blocks: Vec<Block>,
    /// Stands at the foot of every page, beside its number.
    pub foot: String,
    /// As BCP 47 has it, such as `zh-CN`.
    pub language: &'static str,
}

/// A part of a document.
pub enum Block {
    /// Stands above the next block, and never alone at the end of a page.
    Heading(String),
    /// Labels and values, one pair a row.
    Pairs(Vec<Fact>),
    /// A table, whose head is repeated on every page.
    Table(Table),
    /// A paragraph, or several lines of one.
    Note(String),
}

/// A table; every row has a cell for each column.
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Cells; a line feed begins a new line.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
pub struct Column {
    /// Stands at the top.
    pub head: String,
    /// Where its cells stand.
    pub side: Side,
}

/// Where text stands between two edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Quantities and amounts.
    Right,
}

impl Table {
    /// With these columns and no rows.
    pub fn new(columns: impl IntoIterator<Item = (String, Side)>) -> Self {
        let columns = columns.into_iter().map(|(head, side)| Column { head, side });
        Self { columns: columns.collect(), rows: Vec::new() }
    }
}
