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

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use zip::ZipArchive;

    use super::*;
    use crate::sheet::{
        grid::{self, Source},
        table::Kind,
        write,
    };

    /// The value of an attribute of a tag.
    fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
        tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
    }

    /// The cells of a workbook's first sheet that are filled with a colour, by their names.
    fn filled(workbook: &[u8], colour: &str) -> Vec<String> {
        let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let (styles, sheet) = (part("xl/styles.xml"), part("xl/worksheets/sheet1.xml"));
        let fills: Vec<&str> = styles.split("<fill>").skip(1).collect();
        let looks = styles.split_once("<cellXfs").unwrap().1.split_once("</cellXfs>").unwrap().0;
        let looks: Vec<&str> = looks.split("<xf").skip(1).collect();
        let has = |cell: &&str| {
            let look = attribute(cell, "s").map_or(0, |look| look.parse::<usize>().unwrap());
            let fill: usize = attribute(looks[look], "fillId").unwrap().parse().unwrap();
            fills[fill].split("</fill>").next().unwrap().contains(colour)
        };
        let cells = sheet.split("<c").skip(1).filter(|tag| tag.starts_with(" r=\""));
        cells.filter(has).map(|cell| attribute(cell, "r").unwrap().to_string()).collect()
    }

    #[test]
    fn what_is_wrong_comes_back_filled_red_and_nothing_else_does() {
        let file = Source { content: b"order,quantity\r\nA,5\r\nB,x\r\nC,5\r\n", ..Source::default() };
        let grid = grid::read(&file).unwrap();
        let error = RowError {
            row: 3,
            column: "quantity".into(),
            message: "is no number".into(),
            ..RowError::default()
        };
        let headings = ["order", "quantity"].map(String::from);
        let look = |heading: &str| Column::new(heading, Kind::Text, 10);
        let marked = table(&grid, (1, &headings[..]), &[error], &HashSet::from([4]), look, Language::En);
        let workbook = write::xlsx(&[marked]).unwrap();
        assert_eq!(filled(&workbook, "FFC00000"), ["C1"]);
        // Below it the row that is wrong, and not the one that is kept beside it.
        assert_eq!(filled(&workbook, "FFFFC7CE"), ["C2"]);
    }
}
