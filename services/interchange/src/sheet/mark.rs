//! The same rows again, with what is wrong with each in a red column.

use std::collections::{BTreeMap, HashSet};

use proto::interchange::RowError;

use super::{
    Language,
    columns::normalised,
    grid::Grid,
    table::{Column, Table, Value},
};

/// The heading of the red column.
pub fn heading(language: Language) -> &'static str {
    language.pick("错误", "Error")
}

/// The rows that are wrong and those to be kept beside them, under the same headings. `look` says how a column looks.
/// A red column of an earlier time is left out.
pub fn table(
    grid: &Grid,
    (heading_row, headings): (u32, &[String]),
    errors: &[RowError],
    keep: &HashSet<u32>,
    look: impl Fn(&str) -> Column,
    language: Language,
) -> Table {
    let mut messages: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for error in errors {
        let place = if error.column.is_empty() { String::new() } else { format!("{}: ", error.column) };
        let row = u32::try_from(error.row).unwrap_or_default();
        messages.entry(row).or_default().push(format!("{place}{}", error.message));
    }
    let ours = [heading(Language::Zh), heading(Language::En)].map(normalised);
    let kept: Vec<usize> =
        (0..headings.len()).filter(|column| !ours.contains(&normalised(&headings[*column]))).collect();
    let mut columns: Vec<Column> = kept.iter().map(|column| look(&headings[*column])).collect();
    columns.push(Column { width: 60, ..Column::new(heading(language), Default::default(), 60) }.red());
    let below = grid.rows.iter().filter(|row| row.number > heading_row);
    let wanted = below.filter(|row| messages.contains_key(&row.number) || keep.contains(&row.number));
    let rows = wanted.map(|row| {
        let mut values: Vec<Value> = kept.iter().map(|column| Value::from(row.cell(*column))).collect();
        values.push(
            messages
                .get(&row.number)
                .map(|all| all.join(language.pick("；", "; ")))
                .unwrap_or_default()
                .into(),
        );
        values
    });
    Table {
        name: language.pick("待更正", "To correct").into(),
        rows: rows.collect(),
        columns,
        protected: false,
    }
}
