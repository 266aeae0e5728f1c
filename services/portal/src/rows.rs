//! Lists as people have them: a CSV file in UTF-8 or GB18030, or what was copied out of a spreadsheet. The first line
//! names the columns, in either language.

use crate::{
    i18n::{Text, key},
    upload::{PASTED, Upload},
};

/// A column, by our name for it and the words that people write above it.
pub type Column = (&'static str, &'static [&'static str]);

/// Why a list was not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Neither UTF-8 nor GB18030.
    Encoding,
    /// No line but the first, or none at all.
    Empty,
    /// A column that is needed, and how it is called.
    Missing(String),
    /// A column that is not known.
    Unknown(String),
    /// A column that stands there twice.
    Twice(String),
    /// More rows than this.
    TooMany(usize),
}

impl Unreadable {
    /// What to do, for a person.
    pub fn sentence(&self, t: &Text) -> String {
        match self {
            Self::Encoding => t.say(key::ROWS_ENCODING),
            Self::Empty => t.say(key::ROWS_EMPTY),
            Self::Missing(name) => t.one(key::ROWS_MISSING, name),
            Self::Unknown(name) => t.one(key::ROWS_UNKNOWN, name),
            Self::Twice(name) => t.one(key::ROWS_TWICE, name),
            Self::TooMany(most) => t.one(key::ROWS_TOO_MANY, *most),
        }
    }
}

/// The list of a form with the fields `file` and [`PASTED`]: the file that was chosen, else what was pasted; and which of
/// the two it is.
pub fn chosen(upload: &Upload) -> (&'static str, &[u8]) {
    match upload.files.first() {
        Some(file) => ("file", &file.content),
        None => (PASTED, upload.fields.get(PASTED).as_bytes()),
    }
}

/// The rows of a list: the cells of each in the order of `columns`, empty where the list has no such column.
///
/// # Errors
/// Says what is wrong with the whole list. What is wrong with a row is for whoever takes it.
pub fn read(
    bytes: &[u8],
    columns: &[Column],
    needed: &[&str],
    most: usize,
) -> Result<Vec<Vec<String>>, Unreadable> {
    let text = decode(bytes)?;
    let first = text.lines().next().unwrap_or_default();
    // A spreadsheet copies tabs; some write semicolons.
    let delimiter = [b'\t', b';'].into_iter().find(|mark| first.as_bytes().contains(mark)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| Unreadable::Encoding)?.clone();
    let mut places = vec![None; columns.len()];
    for (at, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
        let known = header.to_lowercase();
        let column = columns.iter().position(|(_, words)| words.contains(&known.as_str()));
        let column = column.ok_or_else(|| Unreadable::Unknown(header.to_string()))?;
        if places[column].replace(at).is_some() {
            return Err(Unreadable::Twice(header.to_string()));
        }
    }
    for ((name, words), place) in columns.iter().zip(&places) {
        if needed.contains(name) && place.is_none() {
            return Err(Unreadable::Missing(words.iter().take(2).copied().collect::<Vec<_>>().join(" / ")));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| Unreadable::Encoding)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == most {
            return Err(Unreadable::TooMany(most));
        }
        let cell =
            |place: &Option<usize>| place.and_then(|at| record.get(at)).map(unescaped).unwrap_or_default();
        rows.push(places.iter().map(cell).collect());
    }
    if rows.is_empty() { Err(Unreadable::Empty) } else { Ok(rows) }
}

fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(plain) {
        return Ok(text.to_string());
    }
    match encoding_rs::GB18030.decode(plain) {
        (_, _, true) => Err(Unreadable::Encoding),
        (text, ..) => Ok(text.into_owned()),
    }
}

/// Spreadsheets keep leading zeros of a number only behind an apostrophe, or as a formula of a text.
fn unescaped(cell: &str) -> String {
    let inner = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    inner.or_else(|| cell.strip_prefix('\'')).unwrap_or(cell).to_string()
}

/// A list to be saved, in UTF-8 with its mark, so that spreadsheets know it. No cell begins a formula.
pub fn write(header: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = String::from("\u{feff}");
    for row in std::iter::once(header.to_vec()).chain(rows) {
        out.push_str(&line(&row));
    }
    out
}

/// One line of such a list.
pub fn line(row: &[String]) -> String {
    let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    // The wide forms are those of Chinese input methods.
    let formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let cell = if formula { format!("'{cell}") } else { cell.to_string() };
    match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [("name", &["name", "名称"]), ("number", &["number", "编码"])];

    fn list(text: &[u8]) -> Result<Vec<Vec<String>>, Unreadable> {
        read(text, &COLUMNS, &["name"], 3)
    }

    #[test]
    fn lists_are_read_as_people_have_them() {
        let expected = Ok(vec![vec!["顺模".to_string(), "0012".to_string()]]);
        let (gb, _, _) = encoding_rs::GB18030.encode("名称,编码\r\n顺模,0012\r\n");
        for text in [
            "\u{feff}名称,编码\r\n顺模,=\"0012\"\r\n\r\n".as_bytes(),
            "编码\t名称\n'0012\t顺模\n".as_bytes(),
            "Name;Number\n顺模;0012".as_bytes(),
            &gb,
        ] {
            assert_eq!(list(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_list_that_is_none_says_why() {
        let missing = Unreadable::Missing("name / 名称".into());
        for (text, why) in [
            ("".as_bytes(), missing),
            (b"name\n", Unreadable::Empty),
            (b"name,price\na,1\n", Unreadable::Unknown("price".into())),
            ("name,名称\na,b\n".as_bytes(), Unreadable::Twice("名称".into())),
            (b"name\na\nb\nc\nd\n", Unreadable::TooMany(3)),
            (b"name\n\xff\xff\xff\n", Unreadable::Encoding),
        ] {
            assert_eq!(list(text), Err(why), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn nothing_that_is_saved_begins_a_formula() {
        let rows = [vec!["=1+1".to_string(), "a \"b\", c".to_string()], vec!["-2".into(), "@x".into()]];
        let text = write(&["名称".into(), "n".into()], rows.into_iter());
        assert_eq!(text, "\u{feff}名称,n\r\n'=1+1,\"a \"\"b\"\", c\"\r\n'-2,'@x\r\n");
    }
}
