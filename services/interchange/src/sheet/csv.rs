//! csv, as spreadsheet programs and ERPs write it (RFC 4180, and what is usual beside it): UTF-8, UTF-16 with its mark,
//! or GB18030; separated by comma, semicolon or tab; any line ends.

use std::borrow::Cow;

use ::csv::{ReaderBuilder, StringRecord};
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
use proto::interchange::{SheetFormat, TextEncoding};

use super::{
    columns,
    grid::{Cell, Counter, Grid, Row, Unreadable},
    write,
};

/// How many rows the separator is found from.
const LOOKED_AT: usize = 20;

/// Reads csv. Encoding: as given, else by the mark at the beginning, else UTF-8 where it is valid, else GB18030.
///
/// # Errors
/// Where the text is in none of these, or beyond the limits.
pub(super) fn read(content: &[u8], encoding: TextEncoding) -> Result<Grid, Unreadable> {
    let (text, encoding) = decode(content, encoding)?;
    if text.contains('\0') {
        return Err(Unreadable::because("the file holds the character NUL; it is no csv, or was damaged"));
    }
    let text = with_newlines(text);
    let mut counter = Counter::default();
    let (mut rows, mut inside) = (Vec::new(), 0);
    for record in records(&text, separator(&text)) {
        let record = record.map_err(|error| Unreadable::because(format!("no csv: {error}")))?;
        // Rows are counted as spreadsheet programs do: a line break within quotes begins no row, a blank line is one.
        let line = record.position().map_or(0, |position| line_of(&text, position)) - inside;
        inside += record.iter().map(|field| field.matches('\n').count() as u32).sum::<u32>();
        let row = row(line, &record, &mut counter)?;
        if !row.cells.is_empty() {
            rows.push(row);
        }
    }
    Ok(Grid { rows, format: SheetFormat::Csv, encoding })
}

/// The line that a record begins in; the reader tells the one that it began to look for it.
fn line_of(text: &str, position: &::csv::Position) -> u32 {
    let from = text.as_bytes().get(position.byte() as usize..).unwrap_or_default();
    let blank = from.iter().take_while(|byte| **byte == b'\n').count() as u64;
    u32::try_from(position.line() + blank).unwrap_or(u32::MAX)
}

/// Any line ends become newlines.
fn with_newlines(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

fn row(number: u32, record: &StringRecord, counter: &mut Counter) -> Result<Row, Unreadable> {
    let mut cells = Vec::new();
    for (column, field) in record.iter().enumerate() {
        if field.trim().is_empty() {
            continue;
        }
        counter.cell(number, column, field.len())?;
        cells.resize(column, Cell::Empty);
        cells.push(Cell::text(unneutralised(field)));
    }
    Ok(Row { number, cells })
}

/// The quote that keeps spreadsheet programs from taking a text for a formula is not part of it; our own files have it.
fn unneutralised(field: &str) -> &str {
    field.strip_prefix('\'').filter(|_| write::is_dangerous(field)).unwrap_or(field)
}

fn records(text: &str, separator: u8) -> impl Iterator<Item = ::csv::Result<StringRecord>> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(separator).has_headers(false).flexible(true);
    builder.from_reader(text.as_bytes()).into_records()
}

fn decode(content: &[u8], wanted: TextEncoding) -> Result<(Cow<'_, str>, TextEncoding), Unreadable> {
    let utf_8 = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match wanted {
        TextEncoding::Utf8 => match std::str::from_utf8(utf_8) {
            Ok(text) => Ok((Cow::Borrowed(text), TextEncoding::Utf8)),
            Err(error) => {
                let line = utf_8[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
                Err(Unreadable::because(format!(
                    "line {line} is not UTF-8; say GB18030, or save it as UTF-8"
                )))
            }
        },
        TextEncoding::Gb18030 => {
            gb18030(content).ok_or_else(|| Unreadable::because("the file is not GB18030; save it as UTF-8"))
        }
        TextEncoding::Unspecified => {
            for (mark, encoding) in [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)] {
                if let Some(rest) = content.strip_prefix(mark) {
                    let text = encoding.decode_without_bom_handling_and_without_replacement(rest);
                    let damaged = || Unreadable::because("the file begins as UTF-16 but is damaged");
                    return Ok((text.ok_or_else(damaged)?, TextEncoding::Unspecified));
                }
            }
            if let Ok(text) = std::str::from_utf8(utf_8) {
                return Ok((Cow::Borrowed(text), TextEncoding::Utf8));
            }
            gb18030(content).ok_or_else(|| {
                Unreadable::because(
                    "the file is neither UTF-8 nor GB18030; save it as csv in UTF-8, or as .xlsx",
                )
            })
        }
    }
}

fn gb18030(content: &[u8]) -> Option<(Cow<'_, str>, TextEncoding)> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(content)?;
    Some((text, TextEncoding::Gb18030))
}

/// The separator under which the first rows show most headings that we know, else most columns; a comma where all show
/// the same.
fn separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let rows = records(text, separator).take(LOOKED_AT).filter_map(Result::ok);
        let scores = rows.map(|record| {
            let known = record.iter().filter(|heading| columns::is_known(heading)).count();
            (known, record.len())
        });
        scores.max().unwrap_or_default()
    };
    // Later ones win only where they show more.
    let mut best = (score(b','), b',');
    for separator in [b';', b'\t'] {
        let found = score(separator);
        if found > best.0 {
            best = (found, separator);
        }
    }
    best.1
}
