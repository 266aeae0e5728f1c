//! A table that is to be written, without regard to the kind of file.

use rust_decimal::Decimal;
use time::Date;

use super::grid::Cell;

/// What a cell is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing; not zero.
    #[default]
    Empty,
    /// Text, ids among it: never a number or a formula, whatever it looks like.
    Text(String),
    /// A number to compute with.
    Number(Decimal),
    /// A day of the calendar.
    Day(Date),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        if text.is_empty() { Value::Empty } else { Value::Text(text.to_string()) }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        if text.is_empty() { Value::Empty } else { Value::Text(text) }
    }
}

impl From<Option<Decimal>> for Value {
    fn from(number: Option<Decimal>) -> Self {
        number.map_or(Value::Empty, Value::Number)
    }
}

impl From<Option<Date>> for Value {
    fn from(day: Option<Date>) -> Self {
        day.map_or(Value::Empty, Value::Day)
    }
}

/// What stood in a file, to be written again. A formula becomes what it came to.
impl From<&Cell> for Value {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Empty => Value::Empty,
            Cell::Text(text) | Cell::Fault(text) => Value::Text(text.to_string()),
            Cell::Number(number) => Value::Number(*number),
            Cell::Day(day) => Value::Day(*day),
            Cell::Flag(flag) => Value::Text(if *flag { "TRUE" } else { "FALSE" }.to_string()),
            Cell::Formula(value) => Value::from(value.as_ref()),
        }
    }
}

/// What a column holds, for the format of cells that are still empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Text,
    Number,
    Day,
}

/// A column and how it looks.
#[derive(Clone, Debug, Default)]
pub struct Column {
    pub heading: String,
    pub kind: Kind,
    /// In characters.
    pub width: u16,
    /// Not shown, where the file has such a thing.
    pub hidden: bool,
    /// People may write here although the sheet is protected.
    pub open: bool,
    /// Red, for what is wrong.
    pub red: bool,
    /// What may be chosen; empty: anything.
    pub choices: Vec<String>,
}

impl Column {
    /// A column of a kind.
    pub fn new(heading: impl Into<String>, kind: Kind, width: u16) -> Self {
        Column { heading: heading.into(), kind, width, ..Column::default() }
    }

    /// The same, to write in.
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The same, not shown.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// The same, in red.
    pub fn red(mut self) -> Self {
        self.red = true;
        self
    }

    /// The same with choices.
    pub fn choices(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Of the worksheet.
    pub name: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Only open columns can be written in, without a password.
    pub protected: bool,
}
