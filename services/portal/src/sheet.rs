//! Lists as files to save, workbooks and csv alike: the API writes them.

use std::ops::RangeBounds;

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
    table::{Cell, Part, Row},
};

/// Rows that a file takes; the API writes no more.
pub const ROWS: usize = 20_000;
/// Bytes that a file takes, as [`weight`] has them: the API reads messages of 16 MiB.
const BYTES: usize = 12 * 1024 * 1024;

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

/// Links to a list as a workbook and as csv, the latter for programs that read the national standard's encoding alone, too.
pub fn ways(t: &Text, path: &str, query: &[(&str, &str)]) -> Vec<Way> {
    let way = |kind: &[(&str, &str)], label: Key<0>| Way {
        href: link(path, &[query, kind].concat()),
        label: t.say(label),
    };
    vec![
        way(&[], key::SAVE_XLSX),
        way(&[("format", "csv")], key::SAVE_CSV),
        way(&[("format", "csv"), ("encoding", "gb18030")], key::SAVE_CSV_GB),
    ]
}

/// A list that is to be saved.
pub struct List {
    /// Of the file and its sheet; no longer than a sheet's name may be.
    pub name: String,
    pub columns: Vec<TableColumn>,
    pub rows: Vec<Vec<String>>,
}

impl List {
    /// Tables as one. Where there are several, the first column says which of them a row is of.
    pub fn joined(t: &Text, name: String, tables: Vec<Table>) -> Self {
        let several = tables.len() > 1;
        let mut columns: Vec<TableColumn> =
            several.then(|| texts(t.say(key::SAVE_PART))).into_iter().collect();
        for one in tables.iter().flat_map(|table| &table.columns) {
            if !columns.iter().any(|known| known.heading == one.heading) {
                columns.push(one.clone());
            }
        }
        // A page on which nothing stands has a file with nothing in it.
        if columns.is_empty() {
            columns.push(texts(name.clone()));
        }
        let mut rows = Vec::new();
        for table in tables {
            for row in table.rows {
                let mut cells = vec![String::new(); columns.len()];
                if several {
                    cells[0].clone_from(&table.title);
                }
                for (cell, one) in row.into_iter().zip(&table.columns) {
                    if let Some(at) = columns.iter().position(|known| known.heading == one.heading) {
                        cells[at] = cell;
                    }
                }
                rows.push(cells);
            }
        }
        Self { name, columns, rows }
    }

    /// As much of it as a file takes. Where there is `more`, or there was, the last row says so.
    pub fn cut(mut self, t: &Text, more: bool) -> Self {
        let mut bytes = 0;
        let taken = self.rows.iter().take(ROWS).take_while(|row| {
            bytes += weight(row);
            bytes <= BYTES
        });
        let taken = taken.count();
        if more || taken < self.rows.len() {
            self.rows.truncate(taken.min(ROWS - 1));
            self.rows.push(vec![t.say(key::SAVE_CUT)]);
        }
        self
    }
}

/// A column of texts.
fn texts(heading: String) -> TableColumn {
    TableColumn { heading, ..TableColumn::default() }
}

/// A table of a page as texts and numbers.
#[derive(Clone)]
pub struct Table {
    /// Empty where the page's heading says it.
    pub title: String,
    columns: Vec<TableColumn>,
    rows: Vec<Vec<String>>,
    /// Where its next page is; empty on the last.
    next: String,
}

impl Table {
    /// Texts under their headings, which go on at `next`.
    pub fn new(t: &Text, columns: &[Key<0>], rows: Vec<Vec<String>>, next: String) -> Self {
        let columns = columns.iter().map(|label| texts(t.say(label))).collect();
        Self { title: String::new(), columns, rows, next }
    }

    /// A table as it is shown. What can be done with a row has no heading, and no place in a file.
    pub fn of(part: &Part) -> Self {
        let kept: Vec<usize> = (0..part.columns.len()).filter(|at| !part.columns[*at].is_empty()).collect();
        let cells = |row: &Row| -> Vec<String> {
            kept.iter().map(|at| row.get(*at).map(text).unwrap_or_default()).collect()
        };
        Self {
            title: part.title.clone(),
            columns: kept.iter().map(|at| texts(part.columns[*at].clone())).collect(),
            rows: part.rows.iter().map(cells).collect(),
            next: part.next.clone(),
        }
    }

    /// With a title of its own, where a page has several.
    pub fn titled(self, title: String) -> Self {
        Self { title, ..self }
    }

    /// With further columns, each under a heading of its own.
    pub fn beside(mut self, columns: impl IntoIterator<Item = String>) -> Self {
        self.columns.extend(columns.into_iter().map(texts));
        self
    }

    /// With numbers in these columns, to compute with: plain decimals, and nothing where there is none.
    pub fn numbers(mut self, columns: impl RangeBounds<usize>) -> Self {
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.number |= columns.contains(&at);
        }
        self
    }

    /// Whether it has another page.
    pub fn goes_on(&self) -> bool {
        !self.next.is_empty()
    }

    /// Where its next page is, which is taken; empty on the last.
    pub fn take_next(&mut self) -> String {
        std::mem::take(&mut self.next)
    }

    /// Takes the next page.
    pub fn extend(&mut self, page: Table) {
        self.rows.extend(page.rows);
        self.next = page.next;
    }
}

/// Whether a file takes no more than these tables have by now.
pub fn is_full(tables: &[Table]) -> bool {
    let rows = || tables.iter().flat_map(|table| &table.rows);
    rows().count() >= ROWS || rows().map(|row| weight(row)).sum::<usize>() >= BYTES
}

/// What a row takes on its way to the API, in bytes: each cell with its mark and its length.
fn weight(row: &[String]) -> usize {
    row.iter().map(|cell| cell.len() + 4).sum()
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

/// The list, which is as long as a file takes, as one.
///
/// # Errors
/// Those of the API.
pub async fn save(member: &Member, kind: &Kind, list: List) -> Result<Response, Failure> {
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
        let list = |parts: &[Part]| List::joined(&t, "Offers".into(), parts.iter().map(Table::of).collect());
        let one = list(&parts[..1]);
        let list = list(&parts);
        let headings: Vec<&str> = list.columns.iter().map(|column| column.heading.as_str()).collect();
        assert_eq!(headings, ["List", "Offer", "Free", "State"]);
        assert_eq!(list.rows, [["Theirs", "A · B", "5 h", ""], ["Own", "C", "", "Open"]]);
        assert_eq!(one.rows, [["A · B", "5 h"]]);
    }

    #[test]
    fn numbers_are_numbers_in_the_file_of_several_tables_too() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let table = |columns: &[Key<0>]| Table::new(&t, columns, Vec::new(), String::new());
        let weeks = table(&[key::GROUP]).beside(["W53", "W1"].map(String::from)).numbers(1..);
        let list = List::joined(&t, "Weeks".into(), vec![table(&[key::FIRM, key::STATE]), weeks]);
        let numbers: Vec<bool> = list.columns.iter().map(|column| column.number).collect();
        assert_eq!(numbers, [false, false, false, false, true, true]);
    }

    #[test]
    fn a_file_that_does_not_take_all_says_so_in_its_last_row() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let list = |rows| List {
            name: "Firms".into(),
            columns: vec![texts("Firm".into())],
            rows: vec![vec!["A".into()]; rows],
        };
        assert_eq!(list(2).cut(&t, false).rows.len(), 2);
        assert_eq!(list(ROWS).cut(&t, false).rows.last().unwrap(), &["A"]);
        for (rows, more, left) in [(2, true, 3), (ROWS, true, ROWS), (ROWS + 1, false, ROWS)] {
            let cut = list(rows).cut(&t, more).rows;
            assert_eq!(cut.len(), left);
            assert!(cut.last().unwrap()[0].contains("20,000"), "{:?}", cut.last());
        }
    }

    #[test]
    fn a_file_ends_where_the_message_that_carries_it_does() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let rows = vec![vec!["长".repeat(500); 2]; 5_000];
        let table = |rows| Table::new(&t, &[key::FIRM, key::STATE], rows, String::new());
        assert!(is_full(&[table(rows.clone())]) && !is_full(&[table(rows[..4_000].to_vec())]));
        let cut = List::joined(&t, "Firms".into(), vec![table(rows)]).cut(&t, false);
        assert!(cut.rows.len() > 4_000 && cut.rows.len() < 5_000, "{}", cut.rows.len());
        assert!(cut.rows.last().unwrap()[0].contains("12 MiB"));
        let message = request(cut, SheetFormat::Xlsx, TextEncoding::Unspecified);
        assert!(prost::Message::encoded_len(&message) < 13 * 1024 * 1024);
    }
}
