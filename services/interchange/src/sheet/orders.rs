//! Rows → orders. Rows of one number are one order wherever they stand; what the order's head says must be the same on
//! all of them, or be left out on later ones. An order of which any row is wrong is left out whole.

mod build;
mod record;

use std::collections::{HashMap, HashSet};

use chassis::Result;
use proto::{
    interchange::{ColumnMapping, ColumnUse, ReadOrdersResponse, RowError, SheetOrder},
    orders::SupplierAddress,
};

use super::{
    Language,
    columns::{self, Columns},
    fault::Fault,
    fields::{self, ALL, Field, Part},
    grid::{Cell, Grid, Row},
    value,
};
use record::Record;

/// Errors that are named; more are counted.
const MAX_ERRORS: usize = 10_000;

/// What the caller says beside the file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub mapping: ColumnMapping,
    /// Where no column says it.
    pub source_system: String,
    /// Whom all orders go to; `None`: as the columns say.
    pub supplier: Option<SupplierAddress>,
    /// Invite by the name in the file whom nobody knows.
    pub invite_unknown: bool,
    pub language: Language,
}

/// Reads all orders of a table.
///
/// # Errors
/// INVALID_ARGUMENT where the columns cannot be told; rows that are wrong stand in the answer.
pub fn read(grid: &Grid, options: &Options) -> Result<ReadOrdersResponse> {
    let columns = columns::find(grid, &options.mapping)?;
    let defaults = record::defaults(&options.mapping)?;
    let reading = Reading { columns: &columns, defaults: &defaults, options };
    let mut errors = Errors::new(options.language);
    let records = reading.records(grid, &mut errors);
    let row_count = records.len();
    let mut orders = Vec::new();
    for group in grouped(records) {
        let before = errors.count;
        let wrong = group.iter().any(|record| errors.rows.contains(&record.row));
        let order = build::order(&reading, &group, &mut errors);
        orders.extend(order.filter(|_| !wrong && errors.count == before));
    }
    Ok(answer(grid, &columns, orders, errors, row_count))
}

fn answer(
    grid: &Grid,
    columns: &Columns,
    orders: Vec<SheetOrder>,
    errors: Errors,
    row_count: usize,
) -> ReadOrdersResponse {
    let mut named = errors.named;
    named.sort_by_key(|error| error.row);
    let used = columns
        .used()
        .map(|(known, heading)| ColumnUse { field: known.name.to_string(), heading: heading.to_string() });
    ReadOrdersResponse {
        orders,
        errors: named,
        error_count: errors.count as i32,
        row_count: row_count as i32,
        columns: used.collect(),
        unused_columns: columns.unused.clone(),
        format: grid.format.into(),
        encoding: grid.encoding.into(),
    }
}

/// What every row is read with.
struct Reading<'a> {
    columns: &'a Columns,
    defaults: &'a HashMap<Field, Cell>,
    options: &'a Options,
}

impl Reading<'_> {
    /// Every row below the headings that holds an order's line.
    fn records(&self, grid: &Grid, errors: &mut Errors) -> Vec<Record> {
        let mut records: Vec<Record> = Vec::new();
        let mut above: HashMap<Field, Cell> = HashMap::new();
        for row in grid.rows.iter().filter(|row| row.number > self.columns.heading_row) {
            if self.is_empty(row) || is_total(row) {
                continue;
            }
            let mut record = Record::new(row.number);
            for known in ALL {
                let mut cell = self.columns.of(known.field).map_or(&Cell::Empty, |column| row.cell(column));
                if self.options.mapping.fill_down && known.part == Part::Head {
                    if cell.is_empty() {
                        cell = above.get(&known.field).unwrap_or(cell);
                    } else {
                        above.insert(known.field, cell.clone());
                    }
                }
                if cell.is_empty() && !matches!(cell, Cell::Formula(_)) {
                    cell = self.defaults.get(&known.field).unwrap_or(cell);
                }
                if let Err(fault) = record.take(known.field, cell) {
                    errors.at(row.number, self.columns, known.field, &fault);
                }
            }
            if record.order_number.is_none() && !errors.has(row.number, Field::OrderNumber) {
                errors.at(row.number, self.columns, Field::OrderNumber, &Fault::required());
            }
            records.push(record);
        }
        records
    }

    /// Nothing stands in any column that means something.
    fn is_empty(&self, row: &Row) -> bool {
        ALL.iter().filter_map(|known| self.columns.of(known.field)).all(|column| row.cell(column).is_empty())
    }
}

/// Sums below a table are no lines of it.
fn is_total(row: &Row) -> bool {
    let first = row.cells.iter().find(|cell| !cell.is_empty());
    let Some(Cell::Text(text)) = first else { return false };
    let word: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '\u{ff1a}')).collect();
    matches!(word.to_lowercase().as_str(), "合计" | "总计" | "小计" | "total" | "subtotal" | "grandtotal")
}

/// Rows of one order together, in the order of their first row. Rows without a number are wrong already.
fn grouped(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    let mut groups: Vec<Vec<Record>> = Vec::new();
    for record in records {
        let Some(number) = record.order_number.clone() else { continue };
        let key = (record.source_system.clone().unwrap_or_default(), number);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(record);
    }
    groups
}

/// The rows of all orders that one of these rows belongs to: mended without the others, it would be an order that lacks
/// them.
pub fn beside(grid: &Grid, columns: &Columns, fill_down: bool, rows: &HashSet<u32>) -> HashSet<u32> {
    let Some(column) = columns.of(Field::OrderNumber) else { return HashSet::new() };
    let mut above: Option<String> = None;
    let below = grid.rows.iter().filter(|row| row.number > columns.heading_row);
    let numbered: Vec<(u32, Option<String>)> = below
        .map(|row| {
            let number = value::text(row.cell(column)).ok().flatten();
            let number = if fill_down { number.or_else(|| above.clone()) } else { number };
            above.clone_from(&number);
            (row.number, number)
        })
        .collect();
    let numbers: HashSet<&str> = (numbered.iter().filter(|(row, _)| rows.contains(row)))
        .filter_map(|(_, number)| number.as_deref())
        .collect();
    let same = |number: &Option<String>| number.as_deref().is_some_and(|number| numbers.contains(number));
    numbered.iter().filter(|(_, number)| same(number)).map(|(row, _)| *row).collect()
}

/// What is wrong, by row.
struct Errors {
    named: Vec<RowError>,
    count: usize,
    cells: HashSet<(u32, Field)>,
    rows: HashSet<u32>,
    language: Language,
}

impl Errors {
    fn new(language: Language) -> Self {
        Errors { named: Vec::new(), count: 0, cells: HashSet::new(), rows: HashSet::new(), language }
    }

    fn has(&self, row: u32, field: Field) -> bool {
        self.cells.contains(&(row, field))
    }

    fn at(&mut self, row: u32, columns: &Columns, field: Field, fault: &Fault) {
        self.count += 1;
        self.rows.insert(row);
        self.cells.insert((row, field));
        if self.named.len() < MAX_ERRORS {
            let name = fields::known(field).name;
            self.named.push(fault.at(row, columns.heading(field), name, self.language));
        }
    }
}

#[cfg(test)]
mod tests;
