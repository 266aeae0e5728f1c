//! Tables that were written with keys and come back: which rows are about lines of ours, what is wrong with the others,
//! and which rows are about one order. What a row says, each table reads for itself.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use chassis::{Error, Result};
use proto::interchange::RowError;
use uuid::Uuid;

use super::{
    Language,
    fault::Fault,
    grid::{Cell, Grid, Row},
    mark,
    table::{Column, Kind, Table},
    value,
};

/// The headings stand among so many rows that hold something.
const LOOKED_AT: usize = 20;

/// A column of such a table.
pub trait Place: Copy + Eq + Hash {
    /// Without these it is none of ours.
    const NEEDED: [Self; 3];
    /// What is said then.
    const MISSING: &'static str;

    /// The column that a heading means, in either language.
    fn of(heading: &str) -> Option<Self>;

    /// Our name of it, for programs.
    fn field(self) -> String;
}

/// What a file says, row by row.
#[derive(Clone, Debug)]
pub struct Reading<R> {
    /// Rows that say something, in their order.
    pub rows: Vec<R>,
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

// Derived, it would want the same of rows.
impl<R> Default for Reading<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            errors: Vec::new(),
            wrong_orders: HashSet::new(),
            row_count: 0,
            heading_row: 0,
            headings: Vec::new(),
        }
    }
}

impl<R> Reading<R> {
    /// Rows about one order together, in the order of their first row.
    pub fn grouped(&self, order: impl Fn(&R) -> Uuid) -> Vec<Vec<&R>> {
        let mut places = HashMap::new();
        let mut groups: Vec<Vec<&R>> = Vec::new();
        for row in &self.rows {
            let place = *places.entry(order(row)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(row);
        }
        groups
    }

    /// The rows that are wrong and those to be kept beside them, under the same headings, protected as the table was.
    /// `look` says how a column of ours looks.
    pub fn marked(
        &self,
        grid: &Grid,
        errors: &[RowError],
        keep: &HashSet<u32>,
        look: impl Fn(&str) -> Option<Column>,
        language: Language,
    ) -> Table {
        let look = |heading: &str| look(heading).unwrap_or_else(|| Column::new(heading, Kind::Text, 14));
        let headings = (self.heading_row, self.headings.as_slice());
        Table { protected: true, ..mark::table(grid, headings, errors, keep, look, language) }
    }
}

/// Faults of a row, and the order that it is about where that is known.
pub type Wrong<P> = (Option<Uuid>, Vec<(P, Fault)>);

/// The rows so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// Rows with a key.
    pub keyed: usize,
    lines: HashMap<Uuid, u32>,
}

impl Seen {
    /// Takes the row of a schedule line; the row that was about the same before it, where there is one.
    pub fn before(&mut self, schedule_line: Uuid, row: u32) -> Option<u32> {
        self.lines.insert(schedule_line, row)
    }
}

/// A row with the meaning of its columns.
pub struct Cells<'a, P> {
    places: &'a HashMap<P, usize>,
    row: &'a Row,
}

impl<'a, P: Place> Cells<'a, P> {
    /// The number of the row, from 1.
    pub fn number(&self) -> u32 {
        self.row.number
    }

    /// Whether the file has the column.
    pub fn has(&self, place: P) -> bool {
        self.places.contains_key(&place)
    }

    /// The cell of a column; an empty one where the file has none.
    pub fn cell(&self, place: P) -> &'a Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.places.get(&place).map_or(EMPTY, |column| self.row.cell(*column))
    }

    /// Text that is only shown again.
    pub fn shown(&self, place: P) -> String {
        shown(self.cell(place))
    }

    /// A whole number of ours; nothing where something else stands there.
    pub fn whole(&self, place: P) -> Option<i32> {
        value::id(self.cell(place)).ok().flatten()?.parse().ok()
    }
}

/// Reads a table whose rows `take` takes; it leaves out those that are none of ours.
///
/// # Errors
/// INVALID_ARGUMENT where it is no such table; rows that are wrong stand in the result.
pub fn read<P: Place, R>(
    grid: &Grid,
    language: Language,
    take: impl Fn(&Cells<'_, P>, &mut Seen) -> Result<Option<R>, Wrong<P>>,
) -> Result<Reading<R>> {
    let Some((head, places)) =
        grid.rows.iter().take(LOOKED_AT).find_map(|row| Some((row, places::<P>(row)?)))
    else {
        return Err(Error::field("file.content", "HEADINGS", P::MISSING));
    };
    let headings: Vec<String> = head.cells.iter().map(shown).collect();
    let mut reading = Reading { heading_row: head.number, headings, ..Reading::default() };
    let mut seen = Seen::default();
    for row in grid.rows.iter().filter(|row| row.number > head.number) {
        match take(&Cells { places: &places, row }, &mut seen) {
            Ok(taken) => reading.rows.extend(taken),
            Err((order, faults)) => {
                reading.wrong_orders.extend(order);
                for (place, fault) in faults {
                    let column = places.get(&place).and_then(|column| reading.headings.get(*column));
                    let column = column.cloned().unwrap_or_default();
                    reading.errors.push(fault.at(row.number, &column, &place.field(), language));
                }
            }
        }
    }
    reading.row_count = seen.keyed;
    Ok(reading)
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.trim().to_string(),
        Cell::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The columns, where the row is one of our headings.
fn places<P: Place>(row: &Row) -> Option<HashMap<P, usize>> {
    let found = row.cells.iter().enumerate();
    let found = found.filter_map(|(column, cell)| Some((P::of(&shown(cell))?, column)));
    let places: HashMap<P, usize> = found.collect();
    P::NEEDED.iter().all(|place| places.contains_key(place)).then_some(places)
}
