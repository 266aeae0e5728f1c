//! Lists as files to save, workbooks and csv alike: the API writes them.

use axum::{body::Body, response::Response};
use proto::interchange::{SheetFormat, TableColumn, TableRow, TextEncoding, WriteTableRequest};
use serde::Deserialize;

use crate::{
    ask::Way,
    download,
    failure::Failure,
    i18n::{Key, Text, key},
    page::link,
    session::Member,
    table::{Cell, Part},
};

/// Rows that a file takes; the API writes no more.
const ROWS: usize = 20_000;

/// Which kind of file.
#[derive(Default, Deserialize)]
pub struct Kind {
    /// `csv`, or empty for a workbook.
    #[serde(default)]
    format: String,
    /// `gb18030`, or empty for UTF-8.
    #[serde(default)]
    encoding: String,
}

impl Kind {
    /// As the contract has it.
    pub fn format(&self) -> SheetFormat {
        if self.format == "csv" { SheetFormat::Csv } else { SheetFormat::Xlsx }
    }

    /// As the contract has it; UTF-8 with its mark unless another is asked for.
    pub fn encoding(&self) -> TextEncoding {
        if self.encoding == "gb18030" { TextEncoding::Gb18030 } else { TextEncoding::Unspecified }
    }
}

/// Links to a list as a workbook and as csv.
pub fn ways(t: &Text, path: &str, query: &[(&str, &str)]) -> Vec<Way> {
    let way = |format, label: Key<0>| Way {
        href: link(path, &[query, &[("format", format)][..]].concat()),
        label: t.say(label),
    };
    vec![way("", key::SAVE_XLSX), way("csv", key::SAVE_CSV)]
}

/// A list that is to be saved.
pub struct List {
    /// Of the file and its sheet; no longer than a sheet's name may be.
    pub name: String,
    pub columns: Vec<TableColumn>,
    pub rows: Vec<Vec<String>>,
}

impl List {
    /// Texts under their headings.
    pub fn new(name: String, headings: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let column = |heading| TableColumn { heading, ..TableColumn::default() };
        Self { name, columns: headings.into_iter().map(column).collect(), rows }
    }

    /// The tables of a page as one. Where there are several, the first column says which of them a row is of.
    pub fn of(t: &Text, name: String, parts: &[Part]) -> Self {
        let several = parts.len() > 1;
        let mut headings: Vec<String> = several.then(|| t.say(key::SAVE_PART)).into_iter().collect();
        for column in parts.iter().flat_map(|part| &part.columns) {
            // What can be done with a row has no heading, and no place in a file.
            if !column.is_empty() && !headings.contains(column) {
                headings.push(column.clone());
            }
        }
        let mut rows = Vec::new();
        for part in parts {
            for row in &part.rows {
                let mut cells = vec![String::new(); headings.len()];
                if several {
                    cells[0].clone_from(&part.title);
                }
                for (cell, column) in row.iter().zip(&part.columns) {
                    if let Some(at) = headings.iter().position(|heading| heading == column) {
                        cells[at] = text(cell);
                    }
                }
                rows.push(cells);
            }
        }
        Self::new(name, headings, rows)
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Name { text, sub, .. } if sub.is_empty() => text.clone(),
        Cell::Name { text, sub, .. } => format!("{text} · {sub}"),
        Cell::Text(text) | Cell::Code(text) | Cell::Saved { text, .. } => text.clone(),
        Cell::Tag(tag) => tag.label.clone(),
        Cell::Acts(_) => String::new(),
    }
}

/// Looks while a list is read, page by page, whether a file still takes what was read of it.
///
/// # Errors
/// Where it has more rows than a file takes.
pub fn fits(rows: usize) -> Result<(), Failure> {
    if rows > ROWS { Err(Failure::too_long()) } else { Ok(()) }
}

/// A list as the contract takes it.
pub fn request(list: List, format: SheetFormat, encoding: TextEncoding) -> WriteTableRequest {
    WriteTableRequest {
        name: list.name,
        columns: list.columns,
        rows: list.rows.into_iter().map(|cells| TableRow { row: 0, cells }).collect(),
        format: format as i32,
        encoding: encoding as i32,
    }
}

/// The list as a file.
///
/// # Errors
/// Where it has more rows than a file takes.
pub async fn save(member: &Member, kind: &Kind, list: List) -> Result<Response, Failure> {
    fits(list.rows.len())?;
    let request = request(list, kind.format(), kind.encoding());
    let file = member.app().api.sheets().write_table(member.call_patiently(request)).await?.into_inner();
    Ok(download::file(&file.file_name, &file.media_type, Body::from(file.content)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        i18n::{Catalogue, Lang},
        order::Tag,
    };

    #[test]
    fn tables_of_a_page_become_one_without_what_can_be_done() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let columns = |of: &[&str]| of.iter().map(|one| (*one).to_string()).collect::<Vec<_>>();
        let tag = |label: &str| Cell::Tag(Tag { shape: "accepted", label: label.into() });
        let named = Cell::Name { text: "A".into(), href: "/a".into(), sub: "B".into() };
        let theirs = vec![named, Cell::Text("5 h".into()), Cell::Acts(Vec::new())];
        let own = vec![Cell::name("C"), tag("Open"), Cell::Acts(Vec::new())];
        let parts = [
            Part::new(columns(&["Offer", "Free", ""]), vec![theirs], String::new()).titled("Theirs".into()),
            Part::new(columns(&["Offer", "State", ""]), vec![own], String::new()).titled("Own".into()),
        ];
        let list = List::of(&t, "Offers".into(), &parts);
        let headings: Vec<&str> = list.columns.iter().map(|column| column.heading.as_str()).collect();
        assert_eq!(headings, ["List", "Offer", "Free", "State"]);
        assert_eq!(list.rows, [["Theirs", "A · B", "5 h", ""], ["Own", "C", "", "Open"]]);
        let one = List::of(&t, "Offers".into(), &parts[..1]);
        assert_eq!(one.rows, [["A · B", "5 h"]]);
    }
}
