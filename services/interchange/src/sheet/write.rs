//! Tables as files. **Invariant:** text stays text: in workbooks as text cells, in csv behind a quote where a spreadsheet
//! program would compute it.

use encoding_rs::GB18030;
use proto::interchange::{SheetFormat, TextEncoding};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::{
    Color, DataValidation, ExcelDateTime, Format, FormatAlign, ProtectionOptions, Workbook, Worksheet,
    XlsxError,
};

use super::{
    CSV_MEDIA_TYPE, MAX_ROWS, XLSX_MEDIA_TYPE,
    table::{Column, Kind, Table, Value},
};

/// Characters that a cell of a workbook takes.
const CELL_CHARS: usize = 32_767;
/// Significant digits that a number of a workbook keeps; longer ones are written as text.
const DIGITS: usize = 15;

/// Characters that a text begins with that a spreadsheet program would compute, the wide forms of Chinese input
/// methods included.
const COMPUTED: &[char] = &['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Whether a spreadsheet program that opens a csv file could take the text for a formula, quotes before it or not.
pub fn is_dangerous(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(COMPUTED)
}

/// Whether somebody meant the text as a formula. Names such as `-10℃ 密封圈` are none.
pub fn is_formula(text: &str) -> bool {
    let mut chars = text.chars();
    let rest = match chars.next() {
        Some('=' | '@' | '\u{ff1d}' | '\u{ff20}') => return true,
        Some('+' | '-' | '\u{ff0b}' | '\u{ff0d}') => chars.as_str(),
        _ => return false,
    };
    let call = rest.find('(').is_some_and(|at| at > 0 && rest[..at].bytes().all(|b| b.is_ascii_alphabetic()));
    let mut operators = rest.bytes().filter(|byte| b"+-*/^".contains(byte));
    let sum =
        operators.next().is_some() && rest.bytes().all(|b| b.is_ascii_digit() || b"+-*/^().".contains(&b));
    call || sum || rest.contains(['|', '!'])
}

/// A file that was written.
#[derive(Clone, Debug)]
pub struct Written {
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
    /// Without a point.
    pub extension: &'static str,
}

/// Writes a table; of several, csv holds the first alone.
///
/// # Errors
/// Where the library refuses, which the limits of what is read rule out.
pub fn write(tables: &[Table], format: SheetFormat, encoding: TextEncoding) -> Result<Written, XlsxError> {
    match format {
        SheetFormat::Csv => {
            let bytes = tables.first().map(|table| csv(table, encoding)).unwrap_or_default();
            Ok(Written { bytes, media_type: CSV_MEDIA_TYPE, extension: "csv" })
        }
        SheetFormat::Xlsx | SheetFormat::Unspecified => {
            Ok(Written { bytes: xlsx(tables)?, media_type: XLSX_MEDIA_TYPE, extension: "xlsx" })
        }
    }
}

/// csv by RFC 4180; UTF-8 with its mark unless GB18030 is asked for.
pub fn csv(table: &Table, encoding: TextEncoding) -> Vec<u8> {
    let mut text = String::new();
    let headings = table.columns.iter().map(|column| Value::from(column.heading.as_str()));
    record(&mut text, headings.collect::<Vec<_>>().iter());
    for row in &table.rows {
        record(&mut text, row.iter());
    }
    match encoding {
        TextEncoding::Gb18030 => GB18030.encode(&text).0.into_owned(),
        _ => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
    }
}

fn record<'a>(text: &mut String, values: impl Iterator<Item = &'a Value>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(',');
        }
        match value {
            Value::Empty => {}
            Value::Number(number) => text.push_str(&number.to_string()),
            Value::Day(day) => text.push_str(&day.to_string()),
            Value::Text(field) => {
                let quoted = field.contains(['"', ',', '\n', '\r', '\'']) || is_dangerous(field);
                if !quoted {
                    text.push_str(field);
                    continue;
                }
                text.push('"');
                if is_dangerous(field) {
                    text.push('\'');
                }
                text.push_str(&field.replace('"', "\"\""));
                text.push('"');
            }
        }
    }
    text.push_str("\r\n");
}

/// A workbook with a sheet for each table.
///
/// # Errors
/// Where the library refuses.
pub fn xlsx(tables: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    for table in tables {
        sheet(workbook.add_worksheet(), table)?;
    }
    workbook.save_to_buffer()
}

fn sheet(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    sheet.set_name(&table.name)?;
    let last_row = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    for (place, column) in table.columns.iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        let format = cells(column, table.protected);
        sheet.set_column_width(place, f64::from(column.width.max(4)))?;
        sheet.set_column_format(place, &format)?;
        if column.hidden {
            sheet.set_column_hidden(place)?;
        }
        if !column.choices.is_empty() {
            // Tables to be filled in have choices below their last row too.
            let last = if table.protected { last_row.max(1) } else { MAX_ROWS as u32 };
            let choices = DataValidation::new().allow_list_strings(&column.choices)?;
            sheet.add_data_validation(1, place, last, place, &choices)?;
        }
        sheet.write_string_with_format(0, place, shortened(&column.heading), &heading(column))?;
        for (index, row) in table.rows.iter().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            cell(sheet, (number, place), row.get(usize::from(place)).unwrap_or(&Value::Empty), &format)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    if !table.columns.is_empty() {
        let last_column = u16::try_from(table.columns.len() - 1).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, last_row, last_column)?;
    }
    if table.protected {
        // Against slips, not against people: sorting, filtering and widening stay allowed.
        sheet.protect_with_options(&ProtectionOptions {
            sort: true,
            use_autofilter: true,
            format_columns: true,
            format_rows: true,
            format_cells: true,
            ..ProtectionOptions::default()
        });
    }
    Ok(())
}

fn heading(column: &Column) -> Format {
    let format = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    if column.red {
        format.set_font_color(Color::White).set_background_color(Color::RGB(0x00c0_0000))
    } else if column.open {
        format.set_background_color(Color::RGB(0x00ff_f2cc))
    } else {
        format.set_background_color(Color::RGB(0x00d9_e1f2))
    }
}

fn cells(column: &Column, protected: bool) -> Format {
    let mut format = match column.kind {
        Kind::Text => Format::new().set_num_format("@"),
        Kind::Number => Format::new(),
        Kind::Day => Format::new().set_num_format("yyyy-mm-dd"),
    };
    if column.red {
        format = format.set_font_color(Color::RGB(0x00c0_0000)).set_background_color(Color::RGB(0x00ff_c7ce));
        format = format.set_text_wrap();
    }
    if protected && column.open {
        format = format.set_unlocked();
    }
    format
}

fn cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value,
    format: &Format,
) -> Result<(), XlsxError> {
    match value {
        Value::Empty => {}
        Value::Text(text) => {
            sheet.write_string_with_format(row, column, shortened(text), format)?;
        }
        Value::Number(number) => match double(*number) {
            Some(double) => {
                sheet.write_number_with_format(row, column, double, format)?;
            }
            None => {
                sheet.write_string_with_format(row, column, number.to_string(), format)?;
            }
        },
        Value::Day(day) => {
            let year = u16::try_from(day.year()).unwrap_or(1900);
            let day = ExcelDateTime::from_ymd(year, day.month().into(), day.day())?;
            let format = format.clone().set_num_format("yyyy-mm-dd");
            sheet.write_datetime_with_format(row, column, day, &format)?;
        }
    }
    Ok(())
}

/// The binary fraction that workbooks hold numbers as, where it comes back as the same decimal.
fn double(number: Decimal) -> Option<f64> {
    let digits = number.normalize().mantissa().unsigned_abs().to_string().len();
    (digits <= DIGITS).then(|| number.to_f64()).flatten()
}

fn shortened(text: &str) -> &str {
    match text.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{
        grid::{self, Cell, Source},
        xlsx,
    };

    fn table(rows: Vec<Vec<Value>>) -> Table {
        let columns = (0..rows[0].len()).map(|n| Column::new(format!("C{n}"), Kind::Text, 10)).collect();
        Table { name: "T".into(), columns, rows, protected: false }
    }

    fn back(bytes: &[u8]) -> Vec<Vec<Cell>> {
        let grid = grid::read(&Source { content: bytes, ..Source::default() }).unwrap();
        grid.rows.into_iter().skip(1).map(|row| row.cells).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let texts = [
            "=1+1",
            "+1",
            "-1",
            "@SUM",
            "\u{ff1d}1",
            "a\"b",
            "a,b",
            "a\nb",
            "000123",
            "'quoted",
            "12345678901234567890",
            "中文🀄",
        ];
        let rows: Vec<_> = texts
            .iter()
            .map(|text| vec![Value::from(*text), Value::Empty, Value::Number("1800.50".parse().unwrap())])
            .collect();
        for bytes in [
            super::xlsx(&[table(rows.clone())]).unwrap(),
            csv(&table(rows.clone()), TextEncoding::Unspecified),
            csv(&table(rows.clone()), TextEncoding::Gb18030),
        ] {
            for (read, text) in back(&bytes).iter().zip(texts) {
                assert_eq!(read[0], Cell::text(text), "{text}");
                assert!(
                    matches!(&read[2], Cell::Number(n) if n.to_string() == "1800.5")
                        || read[2] == Cell::text("1800.50")
                );
            }
        }
    }

    #[test]
    fn no_text_is_a_formula_anywhere() {
        let dangerous = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"http://x\")",
            "\u{ff0b}1",
            "=cmd|' /C calc'!A0",
        ];
        let rows: Vec<_> = dangerous.iter().map(|text| vec![Value::Text(text.to_string())]).collect();
        let text = String::from_utf8(csv(&table(rows.clone()), TextEncoding::Utf8)).unwrap();
        for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
            let first = line.trim_start_matches('"').chars().next().unwrap();
            assert!(first == '\'' || !is_dangerous(line.trim_start_matches('"')), "{line}");
        }
        let bytes = super::xlsx(&[table(rows)]).unwrap();
        let grid = xlsx::read(&bytes, "").unwrap();
        assert_eq!(grid.rows.len(), dangerous.len() + 1);
        assert!(grid.rows.iter().flat_map(|row| &row.cells).all(|cell| matches!(cell, Cell::Text(_))));
    }

    #[test]
    fn numbers_and_days_are_numbers_and_days() {
        let day = time::macros::date!(2026 - 12 - 28);
        let long = "1234567890123456.78";
        let rows = vec![vec![
            Value::Number("6.85".parse().unwrap()),
            Value::Day(day),
            Value::Number(long.parse().unwrap()),
        ]];
        let read = back(&super::xlsx(&[table(rows)]).unwrap());
        assert_eq!(read[0], [Cell::Number("6.85".parse().unwrap()), Cell::Day(day), Cell::text(long)]);
    }
}
