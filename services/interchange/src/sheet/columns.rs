//! Which column of a file is which field: by the caller's own word, else by headings that we know.

use std::{collections::HashMap, sync::OnceLock};

use chassis::{Error, Field as BadField, Result};
use proto::interchange::ColumnMapping;

use super::{
    fields::{self, ALL, Field, Known},
    grid::{Cell, Grid, Row},
};

/// Headings are looked for among so many rows that hold something.
const LOOKED_AT: usize = 20;
/// A row with fewer known headings is none of headings.
const FEWEST: usize = 2;

/// What the columns of a file mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Column, from 0, by field.
    by_field: HashMap<Field, usize>,
    /// Headings by column; empty where there is none.
    pub headings: Vec<String>,
    /// The number of the row that they stand in.
    pub heading_row: u32,
    /// Headings that were taken for nothing.
    pub unused: Vec<String>,
}

impl Columns {
    /// The column of a field.
    pub fn of(&self, field: Field) -> Option<usize> {
        self.by_field.get(&field).copied()
    }

    /// The heading of a field's column as it stands in the file, else ours in Chinese.
    pub fn heading(&self, field: Field) -> &str {
        self.of(field)
            .and_then(|column| self.headings.get(column))
            .map_or_else(|| fields::known(field).zh, String::as_str)
    }

    /// Fields that have a column, in our order.
    pub fn used(&self) -> impl Iterator<Item = (&'static Known, &str)> {
        ALL.iter()
            .filter(|known| self.by_field.contains_key(&known.field))
            .map(|known| (known, self.heading(known.field)))
    }
}

/// A heading as it is compared: without blanks, signs, brackets and case; wide letters as narrow ones.
pub fn normalised(heading: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    let kept = heading.chars().map(narrow).filter(|c| c.is_alphanumeric() || matches!(c, '%' | '/' | '#'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether a heading means something to us.
pub fn is_known(heading: &str) -> bool {
    recognise(heading).is_some()
}

/// The field that a heading means, and how far down its list it stands: 0 is our own.
fn recognise(heading: &str) -> Option<(Field, usize)> {
    let whole = normalised(heading);
    if whole.is_empty() {
        return None;
    }
    static MEANINGS: OnceLock<HashMap<String, (Field, usize)>> = OnceLock::new();
    let meanings = MEANINGS.get_or_init(|| {
        let mut meanings = HashMap::new();
        for known in ALL {
            let headings = [known.zh, known.en].into_iter().chain(known.synonyms.iter().copied());
            for (place, heading) in headings.enumerate() {
                meanings.entry(normalised(heading)).or_insert_with(|| (known.field, place.saturating_sub(1)));
            }
        }
        meanings
    });
    let fits = |wanted: &str| meanings.get(wanted).copied();
    // `单价(元)`: what stands in brackets at the end is a unit where the whole means nothing.
    let bare = heading.trim_end().trim_end_matches([')', '\u{ff09}']).rsplit_once(['(', '\u{ff08}']);
    fits(&whole).or_else(|| fits(&normalised(bare?.0)))
}

/// Finds the headings and what they mean.
///
/// # Errors
/// INVALID_ARGUMENT naming everything that is wrong: a heading of the mapping that the file does not have, a name that we
/// do not know, a heading that stands twice, no headings at all, a required field without column and default.
pub fn find(grid: &Grid, mapping: &ColumnMapping) -> Result<Columns> {
    let mut wrong = Vec::new();
    let wanted = wanted(mapping, &mut wrong);
    let Some(row) = heading_row(grid, mapping.heading_row, &wanted) else {
        let message = "no row with headings was found; name them as the template does, or map them";
        return Err(Error::field("file.content", "HEADINGS", message));
    };
    let headings: Vec<String> = row.cells.iter().map(heading_text).collect();
    let mut columns = Columns { headings, heading_row: row.number, ..Columns::default() };
    let mut taken = vec![false; columns.headings.len()];
    for (field, heading) in &wanted {
        let places = places(&columns.headings, heading);
        let name = fields::known(*field).name;
        match places.as_slice() {
            [] => wrong.push(BadField::new(
                format!("mapping.columns[{name}]"),
                "UNKNOWN",
                format!("the file has no column {heading}; row {} has the headings", row.number),
            )),
            [place] => {
                columns.by_field.insert(*field, *place);
                taken[*place] = true;
            }
            _ => wrong.push(repeated(heading)),
        }
    }
    recognise_rest(&mut columns, &mut taken, &mut wrong);
    columns.unused = (columns.headings.iter().zip(&taken))
        .filter(|(heading, taken)| !**taken && !heading.is_empty())
        .map(|(heading, _)| heading.clone())
        .collect();
    missing(&columns, mapping, &mut wrong);
    if wrong.is_empty() { Ok(columns) } else { Err(Error::invalid(wrong)) }
}

/// The mapping's columns by field.
fn wanted<'m>(mapping: &'m ColumnMapping, wrong: &mut Vec<BadField>) -> Vec<(Field, &'m str)> {
    let mut wanted = Vec::new();
    for (kind, names) in [("columns", &mapping.columns), ("defaults", &mapping.defaults)] {
        for (name, value) in names {
            match fields::named(name) {
                Some(_) if kind == "columns" && normalised(value).is_empty() => {
                    let message = "names no heading; leave it out";
                    wrong.push(BadField::new(format!("mapping.{kind}[{name}]"), "REQUIRED", message));
                }
                Some(field) if kind == "columns" => wanted.push((field, value.as_str())),
                Some(_) => {}
                None => {
                    let known: Vec<&str> = ALL.iter().map(|known| known.name).collect();
                    let message = format!("is no field; there are {}", known.join(", "));
                    wrong.push(BadField::new(format!("mapping.{kind}[{name}]"), "UNKNOWN", message));
                }
            }
        }
    }
    wanted.sort_unstable();
    wanted
}

fn heading_row<'g>(grid: &'g Grid, stated: i32, wanted: &[(Field, &str)]) -> Option<&'g Row> {
    if stated > 0 {
        return grid.rows.iter().find(|row| i64::from(row.number) == i64::from(stated));
    }
    let score = |row: &Row| {
        let means = |heading: &String| {
            is_known(heading) || wanted.iter().any(|(_, wanted)| normalised(wanted) == normalised(heading))
        };
        row.cells.iter().map(heading_text).filter(|heading| !heading.is_empty() && means(heading)).count()
    };
    let rows = grid.rows.iter().take(LOOKED_AT).map(|row| (score(row), row));
    // The first of the best.
    rows.rev().max_by_key(|(score, _)| *score).filter(|(score, _)| *score >= FEWEST).map(|(_, row)| row)
}

fn heading_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

fn places(headings: &[String], wanted: &str) -> Vec<usize> {
    let exact: Vec<usize> = (0..headings.len()).filter(|place| headings[*place] == wanted.trim()).collect();
    if !exact.is_empty() {
        return exact;
    }
    (0..headings.len()).filter(|place| normalised(&headings[*place]) == normalised(wanted)).collect()
}

fn repeated(heading: &str) -> BadField {
    let message = format!("the heading {heading} stands on several columns; rename all but one");
    BadField::new("file.content", "REPEATED", message)
}

/// Columns that the mapping does not name. Where several mean one field, the one highest on its list counts.
fn recognise_rest(columns: &mut Columns, taken: &mut [bool], wrong: &mut Vec<BadField>) {
    let mut best: HashMap<Field, (usize, Vec<usize>)> = HashMap::new();
    for (place, heading) in columns.headings.iter().enumerate().filter(|(place, _)| !taken[*place]) {
        let Some((field, rank)) = recognise(heading) else { continue };
        if columns.by_field.contains_key(&field) {
            continue;
        }
        let entry = best.entry(field).or_insert((rank, Vec::new()));
        if rank < entry.0 {
            *entry = (rank, vec![place]);
        } else if rank == entry.0 {
            entry.1.push(place);
        }
    }
    for (field, (_, places)) in best {
        match places.as_slice() {
            [place] => {
                columns.by_field.insert(field, *place);
                taken[*place] = true;
            }
            _ => wrong.push(repeated(&columns.headings[places[0]])),
        }
    }
}

/// Required fields that nothing gives. Whether prices include tax may also follow from which price there is.
fn missing(columns: &Columns, mapping: &ColumnMapping, wrong: &mut Vec<BadField>) {
    for known in ALL.iter().filter(|known| known.required) {
        let given = columns.of(known.field).is_some() || mapping.defaults.contains_key(known.name);
        let (with, without) = (columns.of(Field::UnitPriceWithTax), columns.of(Field::UnitPriceWithoutTax));
        let implied = known.field == Field::PriceIncludesTax
            && columns.of(Field::UnitPrice).is_none()
            && with.is_some() != without.is_some();
        if !given && !implied {
            let message = format!(
                "no column is recognised as {} ({}); name one so, or map it{}",
                known.zh,
                known.en,
                if known.field == Field::PriceIncludesTax { ", or give it as a default" } else { "" }
            );
            wrong.push(BadField::new(format!("mapping.columns[{}]", known.name), "REQUIRED", message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_however_they_are_typed() {
        for (heading, field) in [
            ("采购订单号", Field::OrderNumber),
            (" PO No. ", Field::OrderNumber),
            ("po_number", Field::OrderNumber),
            ("*物料编码*", Field::BuyerItemId),
            ("单价(元)", Field::UnitPrice),
            ("单价(含税)", Field::UnitPriceWithTax),
            ("税率(%)", Field::TaxRate),
            ("数量\n", Field::Quantity),
            ("ＱＴＹ", Field::Quantity),
        ] {
            assert_eq!(recognise(heading).map(|found| found.0), Some(field), "{heading}");
        }
        for unknown in ["", "金额", "审批人", "()"] {
            assert_eq!(recognise(unknown), None, "{unknown}");
        }
    }
}
