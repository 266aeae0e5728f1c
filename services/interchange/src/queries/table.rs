//! Tables of any content: read as texts, and written. Nothing is stored.

use chassis::{Error, Reason, Result, value::parse_decimal};
use proto::interchange::{
    ReadTableRequest, ReadTableResponse, TableColumn, TableRow, WriteTableRequest, WriteTableResponse,
};

use super::sheet::{computed, encoding, format, grid, written};
use crate::sheet::{
    MAX_COLUMNS,
    grid::Cell,
    table::{Column, Kind, Table, Value},
};

/// Rows of a table.
const MAX_ROWS: usize = 20_000;
/// Characters of a worksheet's name.
const NAME_CHARS: usize = 31;

/// The rows of a file.
pub(crate) async fn read(request: ReadTableRequest) -> Result<ReadTableResponse> {
    let file = request.file.unwrap_or_default();
    let grid = computed(move || grid(&file, &request.sheet)).await?;
    if grid.rows.len() > MAX_ROWS {
        let message = format!("more than {MAX_ROWS} rows; split the file");
        return Err(Error::new(Reason::SHEET_TOO_LARGE).message(message));
    }
    let rows = grid.rows.iter().map(|row| TableRow {
        row: i32::try_from(row.number).unwrap_or(i32::MAX),
        cells: row.cells.iter().map(text).collect(),
    });
    Ok(ReadTableResponse { rows: rows.collect(), format: grid.format.into(), encoding: grid.encoding.into() })
}

fn text(cell: &Cell) -> String {
    match Value::from(cell) {
        Value::Empty => String::new(),
        Value::Text(text) => text,
        Value::Number(number) => number.normalize().to_string(),
        Value::Day(day) => day.to_string(),
    }
}

/// A table as a file.
pub(crate) async fn write(request: WriteTableRequest) -> Result<WriteTableResponse> {
    let (format, encoding) = (format(request.format)?, encoding(request.encoding)?);
    check(&request)?;
    let name = request.name.clone();
    let written = computed(move || written(&[table(request)], format, encoding)).await?;
    Ok(WriteTableResponse {
        content: written.bytes.into(),
        media_type: written.media_type.to_string(),
        file_name: format!("{name}.{}", written.extension),
    })
}

fn check(request: &WriteTableRequest) -> Result<()> {
    let name = &request.name;
    let barred = |c: char| c.is_control() || "[]:*?/\\".contains(c);
    let quoted = name.starts_with('\'') || name.ends_with('\'');
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS || name.contains(barred) || quoted {
        return Err(Error::field("name", "FORMAT", "must be a name that a worksheet can have"));
    }
    if request.columns.is_empty() || request.columns.len() > MAX_COLUMNS {
        return Err(Error::field("columns", "LIMIT", "must be 1 to 256"));
    }
    if request.rows.len() > MAX_ROWS {
        return Err(Error::field("rows", "LIMIT", "must be at most 20,000"));
    }
    match request.rows.iter().position(|row| row.cells.len() > request.columns.len()) {
        Some(at) => {
            let path = format!("rows[{at}].cells");
            Err(Error::field(path, "LIMIT", "must be at most as many as there are columns"))
        }
        None => Ok(()),
    }
}

fn table(request: WriteTableRequest) -> Table {
    let row = |row: TableRow| -> Vec<Value> {
        row.cells.into_iter().zip(&request.columns).map(|(cell, column)| value(column, cell)).collect()
    };
    Table {
        name: request.name,
        rows: request.rows.into_iter().map(row).collect(),
        columns: request.columns.iter().map(column).collect(),
        protected: false,
    }
}

fn value(column: &TableColumn, cell: String) -> Value {
    match column.number.then(|| parse_decimal(&cell).ok()).flatten() {
        Some(number) => Value::Number(number),
        None => cell.into(),
    }
}

fn column(wire: &TableColumn) -> Column {
    let kind = if wire.number { Kind::Number } else { Kind::Text };
    let width = if wire.red { 60 } else { wire.heading.chars().count().clamp(12, 40) as u16 };
    let column = Column::new(wire.heading.as_str(), kind, width);
    if wire.red { column.red() } else { column }
}

#[cfg(test)]
mod tests {
    use proto::interchange::{SheetFile, SheetFormat};

    use super::*;

    fn request(format: SheetFormat) -> WriteTableRequest {
        let column = |heading: &str, number| TableColumn { heading: heading.into(), number, red: false };
        let row = |cells: [&str; 2]| TableRow { row: 0, cells: cells.map(str::to_string).into() };
        WriteTableRequest {
            name: "产能".into(),
            columns: vec![column("机组", false), column("计划", true)],
            rows: vec![row(["=S1", "204.50"]), row(["000123", "many"])],
            format: format.into(),
            encoding: 0,
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_again() {
        for (format, name) in [(SheetFormat::Xlsx, "产能.xlsx"), (SheetFormat::Csv, "产能.csv")] {
            let written = write(request(format)).await.unwrap();
            assert_eq!(written.file_name, name);
            let file = SheetFile { content: written.content, ..SheetFile::default() };
            let read = read(ReadTableRequest { file: Some(file), sheet: String::new() }).await.unwrap();
            let rows: Vec<(i32, Vec<&str>)> = read
                .rows
                .iter()
                .map(|row| (row.row, row.cells.iter().map(String::as_str).collect()))
                .collect();
            let number = if format == SheetFormat::Xlsx { "204.5" } else { "204.50" };
            let expected = [(1, vec!["机组", "计划"]), (2, vec!["=S1", number]), (3, vec!["000123", "many"])];
            assert_eq!(rows, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn what_no_worksheet_holds_is_refused() {
        let whole = request(SheetFormat::Xlsx);
        let wide = TableRow { row: 0, cells: vec![String::new(); 3] };
        for (what, wrong) in [
            ("no name", WriteTableRequest { name: " ".into(), ..whole.clone() }),
            ("a long name", WriteTableRequest { name: "长".repeat(32), ..whole.clone() }),
            ("a name with a stroke", WriteTableRequest { name: "a/b".into(), ..whole.clone() }),
            ("no columns", WriteTableRequest { columns: Vec::new(), rows: Vec::new(), ..whole.clone() }),
            ("a wide row", WriteTableRequest { rows: vec![wide], ..whole.clone() }),
            (
                "many rows",
                WriteTableRequest { rows: vec![TableRow::default(); MAX_ROWS + 1], ..whole.clone() },
            ),
        ] {
            assert_eq!(write(wrong).await.unwrap_err().reason, Reason::INVALID_FIELDS, "{what}");
        }
    }
}
