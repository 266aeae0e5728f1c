use chassis::Reason;
use interchange::sheet::{
    Language,
    grid::{self, Source, Unreadable},
    orders::{self, Options},
};
use proto::interchange::ReadOrdersResponse;

use super::book::{Book, text, zip};

fn grid_of(content: &[u8]) -> Result<grid::Grid, Unreadable> {
    grid::read(&Source { content, ..Source::default() })
}

fn read(content: &[u8]) -> ReadOrdersResponse {
    let options = Options { language: Language::En, ..Options::default() };
    orders::read(&grid_of(content).unwrap(), &options).unwrap_or_else(|error| panic!("{:?}", error.fields))
}

fn refused(content: &[u8]) -> Reason {
    grid_of(content).expect_err("the file is refused").reason
}

/// A file of one order with one cell changed: the reasons of its errors.
fn csv(column: usize, cell: &str) -> Vec<String> {
    let mut cells = ["4500001", "X", "5", "否", "V1", "2026-12-28"].map(str::to_string);
    cells[column] = format!("\"{}\"", cell.replace('"', "\"\""));
    let text = format!("订单号,物料编码,数量,含税,供应商编码,要求交期\n{}\n", cells.join(","));
    let answer = read(text.as_bytes());
    assert_eq!(answer.orders.is_empty(), !answer.errors.is_empty(), "wrong rows make no order");
    assert!(
        answer
            .errors
            .iter()
            .all(|error| error.row == 2 && !error.column.is_empty() && !error.message.is_empty())
    );
    answer.errors.into_iter().map(|error| error.reason).collect()
}

#[test]
fn formulas_are_no_text_and_no_number() {
    for cell in [
        "=1+1",
        "@SUM(A1)",
        "=HYPERLINK(\"http://127.0.0.1/\")",
        "=WEBSERVICE(\"http://127.0.0.1/\")",
        "=cmd|' /C calc'!A0",
        "\u{ff1d}1+1",
        "+SUM(1)",
        "-1+1|x",
        "\u{ff0b}1+1",
    ] {
        assert_eq!(csv(1, cell), ["FORMULA"], "{cell}");
        assert_eq!(csv(2, cell), ["DECIMAL"], "{cell}");
    }
    for cell in ["+1", "-1"] {
        assert_ne!(csv(2, cell), [""; 0], "{cell}");
    }
    // Computed cells of a workbook, with a value or without, shared or not.
    for formula in ["<f>1+1</f><v>2</v>", "<f>1+1</f>", "<f t=\"shared\" si=\"4000000000\"/><v>5</v>"] {
        let rows = format!(
            "<row r=\"2\">{}{}<c r=\"C2\">{formula}</c>{}{}</row>",
            text("A2", "4500001"),
            text("B2", "X"),
            text("D2", "否"),
            text("E2", "V1")
        );
        let answer = read(&Book::with(&rows).bytes());
        let found: Vec<_> =
            answer.errors.iter().map(|error| (error.field.as_str(), error.reason.as_str())).collect();
        assert_eq!(found, [("quantity", "FORMULA")], "{formula}");
    }
}

#[test]
fn cells_that_can_mean_two_things_mean_none() {
    for (column, cell, reason) in [
        (2, "1.234,56", "DECIMAL"),
        (5, "02/03/04", "DATE"),
        (5, "12/28/2026", "DATE"),
        (0, "a\nb", "FORMAT"),
        (0, "a\tb", "FORMAT"),
        (3, "perhaps", "FLAG"),
        (2, "５", "DECIMAL"),
    ] {
        assert_eq!(csv(column, cell), [reason], "{cell}");
    }
    for (column, cell) in
        [(1, "000123"), (0, "12345678901234567890"), (1, "a\"b"), (1, "\t000123"), (2, "1,234.50")]
    {
        assert_eq!(csv(column, cell), [""; 0], "{cell}");
    }
    let rows = "<row r=\"2\"><c r=\"A2\"><v>12345678901234567890</v></c></row>";
    let answer = read(&Book::with(rows).bytes());
    assert!(answer.errors.iter().any(|error| error.reason == "DIGITS_LOST"), "{:?}", answer.errors);
}

#[test]
fn headings_must_be_clear() {
    let reason = |text: &str| {
        orders::read(&grid_of(text.as_bytes()).unwrap(), &Options::default()).unwrap_err().fields[0].reason
    };
    assert_eq!(reason("订单号,订单号,物料编码,数量,含税\n1,2,3,4,否\n"), "REPEATED");
    assert_eq!(reason("x,y,z\n1,2,3\n"), "HEADINGS");
    assert_eq!(reason("订单号,物料编码,数量\n1,2,3\n"), "REQUIRED");
    let unknown = read("订单号,物料编码,数量,含税,供应商编码,暗号\nA,X,1,否,V1,=1\n".as_bytes());
    assert_eq!((unknown.orders.len(), unknown.unused_columns), (1, vec!["暗号".to_string()]));
}

#[test]
fn damaged_text_is_refused() {
    assert_eq!(refused(b"\xe8\xae\xa2,\0\n"), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(b"\x80\x81\xff"), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(b"\xff\xfe\x00\xd8"), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(b""), Reason::SHEET_UNREADABLE);
    // Unbalanced quotes swallow the rest of the file into one cell; the limit of a cell ends that.
    let open = format!("订单号,数量\n\"{}", "x\n".repeat(60_000));
    assert_eq!(refused(open.as_bytes()), Reason::SHEET_TOO_LARGE);
    let mixed = "订单号,物料编码,数量,含税,供应商编码\r\nA,X,1,否,V1\rB,X,1,否,V1\nC,X,1,否,V1";
    assert_eq!(read(mixed.as_bytes()).orders.len(), 3);
}

#[test]
fn tables_have_limits() {
    let wide = format!("订单号,数量\n{}x\n", ",".repeat(1_000_000));
    assert_eq!(refused(wide.as_bytes()), Reason::SHEET_TOO_LARGE);
    let long = format!("订单号,数量\n{}\n", "x".repeat(1 << 20));
    assert_eq!(refused(long.as_bytes()), Reason::SHEET_TOO_LARGE);
    let many = format!("订单号,数量\n{}", "a\n".repeat(200_001));
    assert_eq!(refused(many.as_bytes()), Reason::SHEET_TOO_LARGE);
    assert_eq!(refused(&vec![b'a'; 17 << 20]), Reason::SHEET_TOO_LARGE);
    // Empty fields cost nothing, and nothing is said of them.
    let sparse = format!("订单号,物料编码,数量,含税,供应商编码{}\nA,X,1,否,V1\n", ",".repeat(100_000));
    assert_eq!(read(sparse.as_bytes()).orders.len(), 1);
}

#[test]
fn an_archive_does_not_unpack_without_end() {
    let mut bomb = Book::with("");
    bomb.rows.push_str(&" ".repeat(129 << 20));
    let bytes = bomb.bytes();
    assert!(bytes.len() < 2 << 20, "it is small: {}", bytes.len());
    assert_eq!(refused(&bytes), Reason::SHEET_TOO_LARGE);
    // Stated sizes are not believed: the directory says 1 byte.
    let mut lying =
        Book { strings: format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1 << 20)), ..Book::with("") }
            .bytes();
    let size = ((1_u32 << 20) + 30).to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == size).collect();
    for at in places {
        lying[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
    }
    assert!(grid_of(&lying).is_err());
    let parts: Vec<(String, Vec<u8>)> = (0..2_100).map(|n| (format!("p{n}"), Vec::new())).collect();
    assert_eq!(refused(&zip(&parts)), Reason::SHEET_TOO_LARGE);
}

#[test]
fn what_a_workbook_states_reserves_no_memory() {
    let row = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row>";
    let strings =
        "<sst count=\"99999999999\" uniqueCount=\"99999999999\"><si><t>A</t></si></sst>".to_string();
    assert!(grid_of(&Book { strings, ..Book::with(row) }.bytes()).is_ok());
    // A far cell alone.
    let far = Book::with("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    assert_eq!(refused(&far.bytes()), Reason::SHEET_TOO_LARGE);
    // One long text that very many cells share is counted as often as it is shared.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "长".repeat(30_000));
    let cells: String = (2..1_400)
        .map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>"))
        .collect();
    assert_eq!(refused(&Book { strings, ..Book::with(&cells) }.bytes()), Reason::SHEET_TOO_LARGE);
}

#[test]
fn workbooks_that_are_none_or_more_than_tables_are_refused() {
    let macros = Book { parts: vec![("xl/vbaProject.bin".into(), vec![0; 8])], ..Book::with("") };
    assert_eq!(refused(&macros.bytes()), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(&zip(&[("readme.txt".into(), b"x".to_vec())])), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(b"PK\x03\x04 damaged"), Reason::SHEET_UNREADABLE);
    assert_eq!(refused(b"\xd0\xcf\x11\xe0 old or with a password"), Reason::SHEET_UNREADABLE);
    let doctype = Book {
        strings: "<!DOCTYPE sst [<!ENTITY a \"b\">]><sst><si><t>&a;</t></si></sst>".into(),
        ..Book::with("")
    };
    assert_eq!(refused(&doctype.bytes()), Reason::SHEET_UNREADABLE);
    let entity = Book { strings: "<sst><si><t>&a;</t></si></sst>".into(), ..Book::with("") };
    assert_eq!(refused(&entity.bytes()), Reason::SHEET_UNREADABLE);
    // Links to other files are not followed; a cell that shows one is a computed cell.
    let link = "<externalLink><externalBook/></externalLink>";
    let row = format!(
        "<row r=\"2\">{}{}<c r=\"C2\"><f>[1]S!A1</f><v>7</v></c>{}{}</row>",
        text("A2", "A"),
        text("B2", "X"),
        text("D2", "否"),
        text("E2", "V1")
    );
    let linked =
        Book { parts: vec![("xl/externalLinks/externalLink1.xml".into(), link.into())], ..Book::with(&row) };
    assert_eq!(read(&linked.bytes()).errors[0].reason, "FORMULA");
}

#[test]
fn cells_out_of_order_or_out_of_the_sheet_are_damage() {
    for row in [
        "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"3\"><c r=\"A3\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A0\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"2\"><v>1</v></c></row>",
        "<row r=\"99999999999\"/>",
        "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>7</v></c></row>",
        "<row r=\"2\"><c r=\"A2\"><v>1",
    ] {
        assert_eq!(refused(&Book::with(row).bytes()), Reason::SHEET_UNREADABLE, "{row}");
    }
}

#[test]
fn days_and_hidden_sheets_are_as_people_see_them() {
    let rows = format!(
        "<row r=\"2\">{}{}<c r=\"C2\"><v>6.8499999999999996</v></c>{}{}<c r=\"F2\" s=\"1\"><v>46384</v></c></row>",
        text("A2", "4500001"),
        text("B2", "000123"),
        text("D2", "否"),
        text("E2", "V1")
    );
    let book = Book::with(&rows);
    let answer = read(&book.bytes());
    assert_eq!(answer.errors, []);
    let line = &answer.orders[0].content.as_ref().unwrap().lines[0];
    assert_eq!(line.schedule_lines[0].quantity.as_ref().unwrap().value, "6.85");
    let day = line.schedule_lines[0].requested_delivery.as_ref().unwrap().from.unwrap();
    assert_eq!((day.year, day.month, day.day), (2026, 12, 28));

    let bytes = book.bytes();
    let other = grid::read(&Source { content: &bytes, sheet: "T", ..Source::default() }).unwrap_err();
    assert!(other.message.contains('S'), "the sheets that there are: {}", other.message);
    // Rows and cells that do not say where they are, are the next ones.
    let unplaced = rows.replace(" r=\"2\"", "").replace("r=\"A2\" ", "");
    assert_eq!(read(&Book::with(&unplaced).bytes()).orders.len(), 1);
}
