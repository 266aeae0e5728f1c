use proto::interchange::{SheetFormat, TextEncoding};

use super::*;
use crate::sheet::{
    grid::{self, Source},
    table::{Column, Kind, Table, Value},
    template, write,
};

fn options(defaults: &[(&str, &str)]) -> Options {
    let defaults = defaults.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Options {
        mapping: ColumnMapping { defaults, ..ColumnMapping::default() },
        language: Language::En,
        ..Options::default()
    }
}

fn parsed(text: &str, options: &Options) -> ReadOrdersResponse {
    let grid = grid::read(&Source { content: text.as_bytes(), ..Source::default() }).expect("a table");
    read(&grid, options).unwrap_or_else(|error| panic!("{error}: {:?}", error.fields))
}

fn faults(text: &str, options: &Options) -> Vec<(i32, String, String)> {
    let answer = parsed(text, options);
    answer.errors.into_iter().map(|error| (error.row, error.field, error.reason)).collect()
}

fn fault(row: i32, field: &str, reason: &str) -> (i32, String, String) {
    (row, field.into(), reason.into())
}

const HEAD: &str = "采购订单号,行号,物料编码,物料名称,数量,单位,单价,含税,税率,要求交期,供应商编码,币种\n";

#[test]
fn rows_of_one_number_are_lines_and_rows_of_one_line_its_deliveries() {
    let text = format!(
        "{HEAD}4500001,10,000123,收纳箱,\"1,000\",个,6.85,否,13%,2026-12-28,0000410882,CNY\n\
         4500002,10,B,桶,5,个,1,否,,,V200,人民币\n\
         4500001,20,C,卷,2,千克,3.5,,,20261230,,\n\
         4500001,10,000123,,500,,,,,2027/1/11,,\n"
    );
    let answer = parsed(&text, &options(&[]));
    assert_eq!((answer.errors.as_slice(), answer.row_count), (&[][..], 4));
    let [first, second] = answer.orders.as_slice() else { panic!("two orders") };
    let content = first.content.as_ref().unwrap();
    assert_eq!(content.order_number, "4500001");
    assert_eq!(first.supplier.as_ref().unwrap().vendor_number, "0000410882", "leading zeros stay");
    assert_eq!((content.currency.as_str(), content.price_includes_tax), ("CNY", Some(false)));
    let line = &content.lines[0];
    assert_eq!(line.item.as_ref().unwrap().buyer_item_id, "000123");
    assert_eq!((line.unit_code.as_str(), line.unit_text.as_str()), ("H87", "个"));
    let planned: Vec<_> = line
        .schedule_lines
        .iter()
        .map(|s| (&*s.schedule_line_number, s.quantity.clone().unwrap().value))
        .collect();
    assert_eq!(planned, [("1", "1000".to_string()), ("2", "500".to_string())]);
    assert_eq!(line.tax.as_ref().unwrap().rate.as_ref().unwrap().value, "0.13");
    let rows: Vec<_> = first.lines.iter().map(|line| line.rows.clone()).collect();
    assert_eq!(rows, [vec![2, 5], vec![4]]);
    assert_eq!(second.content.as_ref().unwrap().currency, "CNY");
}

#[test]
fn a_wrong_row_comes_back_with_the_others_of_its_order() {
    let text = format!("{HEAD}A,10,X,,1\nB,10,X,,1\nA,20,X,,many\n,30,X,,1\nC,10,X,,1\n");
    let grid = grid::read(&Source { content: text.as_bytes(), ..Source::default() }).expect("a table");
    let columns = columns::find(&grid, &ColumnMapping::default()).expect("its columns");
    let rows = |fill_down, wrong: &[u32]| {
        let beside = beside(&grid, &columns, fill_down, &wrong.iter().copied().collect());
        let mut rows: Vec<u32> = beside.into_iter().collect();
        rows.sort_unstable();
        rows
    };
    assert_eq!(rows(false, &[4]), [2, 4]);
    assert_eq!(rows(true, &[4]), [2, 4, 5], "an empty number is the one above it");
    assert_eq!(rows(false, &[5]), [0; 0], "a row without a number belongs to no order");
    assert_eq!(rows(false, &[3, 6]), [3, 6]);
}

#[test]
fn one_bad_row_holds_back_its_order_and_no_other() {
    let text = format!(
        "{HEAD}A,10,X,,=1+1,,,否,,,V1,\nA,20,X,,1,,,否,,,V1,\nB,10,X,,1,,,否,,02/03/04,V1,\nC,10,X,,1,,,否,,,V1,\n\
         ,10,X,,1,,,否,,,V1,\nD,10,X,,,,,,,,,\nE,10,X,,-1,,,是,,,V1,\nE,10,Y,,1,,,否,,,V2,\n"
    );
    let answer = parsed(&text, &options(&[]));
    let numbers: Vec<_> =
        answer.orders.iter().map(|order| order.content.as_ref().unwrap().order_number.as_str()).collect();
    assert_eq!(numbers, ["C"]);
    assert_eq!(
        faults(&text, &options(&[])),
        [
            fault(2, "quantity", "DECIMAL"),
            fault(4, "requested_date", "DATE"),
            fault(6, "order_number", "REQUIRED"),
            fault(7, "price_includes_tax", "REQUIRED"),
            fault(7, "vendor_number", "REQUIRED"),
            fault(7, "quantity", "REQUIRED"),
            fault(8, "quantity", "RANGE"),
            fault(9, "vendor_number", "CONFLICT"),
            fault(9, "price_includes_tax", "CONFLICT"),
            fault(9, "buyer_item_id", "CONFLICT"),
        ]
    );
    assert_eq!(answer.errors[0].column, "数量");
}

#[test]
fn whether_prices_include_tax_is_said_and_never_guessed() {
    let head = "订单号,物料编码,数量,单价,供应商编码\n1,X,1,2,V1\n";
    let grid = grid::read(&Source { content: head.as_bytes(), ..Source::default() }).unwrap();
    let refused = read(&grid, &options(&[])).unwrap_err();
    assert_eq!(
        refused.fields.iter().map(|f| (&*f.path, f.reason)).collect::<Vec<_>>(),
        [("mapping.columns[price_includes_tax]", "REQUIRED")]
    );
    let said = |text: &str, defaults| {
        let answer = parsed(text, &options(defaults));
        assert_eq!(answer.errors, []);
        let content = answer.orders[0].content.clone().unwrap();
        let price = content.lines[0].price.clone().unwrap().amount.unwrap().value;
        (content.price_includes_tax.unwrap(), price)
    };
    assert_eq!(said(head, &[("price_includes_tax", "yes")]), (true, "2".into()));
    assert_eq!(said(&head.replace("单价", "含税单价"), &[]), (true, "2".into()));
    assert_eq!(said(&head.replace("单价", "不含税单价"), &[]), (false, "2".into()));
    let both = "订单号,物料编码,数量,含税单价,无税单价,供应商编码\n1,X,1,2.26,2,V1\n";
    assert_eq!(said(both, &[("price_includes_tax", "no")]), (false, "2".into()));
    let other = head.replace("单价", "含税单价");
    assert_eq!(
        faults(&other, &options(&[("price_includes_tax", "no")])),
        [fault(2, "unit_price_with_tax", "TAX")]
    );
}

#[test]
fn a_mapping_overrides_what_is_recognised() {
    let text = "导出的采购单\n\n我的单号;订单号;码;量;含税;V\nP-1;旧号;X;3;否;V9\n";
    let mut options = options(&[]);
    for (name, heading) in
        [("order_number", "我的单号"), ("buyer_item_id", "码"), ("quantity", "量"), ("vendor_number", "V")]
    {
        options.mapping.columns.insert(name.into(), heading.into());
    }
    let answer = parsed(text, &options);
    assert_eq!(answer.errors, []);
    assert_eq!(answer.orders[0].content.as_ref().unwrap().order_number, "P-1");
    assert_eq!(answer.orders[0].lines[0].rows, [4]);
    assert_eq!(answer.unused_columns, ["订单号"]);

    options.mapping.columns.insert("quantity".into(), "没有".into());
    options.mapping.columns.insert("quantitee".into(), "量".into());
    let grid = grid::read(&Source { content: text.as_bytes(), ..Source::default() }).unwrap();
    let refused = read(&grid, &options).unwrap_err();
    let mut paths: Vec<_> = refused.fields.iter().map(|field| field.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["mapping.columns[quantitee]", "mapping.columns[quantity]", "mapping.columns[quantity]"]
    );
}

#[test]
fn exports_fill_down_only_where_that_is_said() {
    let text = "单据编号,供应商编码,含税,行号,物料编码,数量\nK-1,V1,否,1,X,1\n,,,2,Y,2\n合计,,,,,3\n";
    assert_eq!(faults(text, &options(&[])), [fault(3, "order_number", "REQUIRED")]);
    let mut filled = options(&[]);
    filled.mapping.fill_down = true;
    let answer = parsed(text, &filled);
    assert_eq!((answer.errors.len(), answer.orders.len()), (0, 1));
    assert_eq!(answer.orders[0].content.as_ref().unwrap().lines.len(), 2);
}

#[test]
fn headings_that_cannot_be_told_are_refused() {
    let refused = |text: &str| {
        let grid = grid::read(&Source { content: text.as_bytes(), ..Source::default() }).unwrap();
        read(&grid, &options(&[("price_includes_tax", "no")])).unwrap_err().fields[0].reason
    };
    assert_eq!(refused("订单号,数量,数量\n1,2,3\n"), "REPEATED");
    assert_eq!(refused("a,b\n1,2\n"), "HEADINGS");
    assert_eq!(refused("订单号,物料编码\n1,2\n"), "REQUIRED");
}

#[test]
fn encodings_and_separators_are_found() {
    let text = format!("{HEAD}4500001,10,000123,收纳箱,1,个,6.85,否,13%,2026-12-28,V1,CNY\r\n")
        .replace('\n', "\r\n");
    let expected = parsed(&text, &options(&[])).orders;
    assert_eq!(expected.len(), 1);
    let utf_16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let variants = [
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        encoding_rs::GB18030.encode(&text).0.into_owned(),
        utf_16,
        text.replace(',', ";").into_bytes(),
        text.replace(',', "\t").into_bytes(),
        text.replace("\r\n", "\r").into_bytes(),
    ];
    for (index, bytes) in variants.iter().enumerate() {
        let grid = grid::read(&Source { content: bytes, ..Source::default() }).unwrap();
        assert_eq!(read(&grid, &options(&[])).unwrap().orders, expected, "variant {index}");
    }
    let forced = Source { content: &variants[1], encoding: TextEncoding::Utf8, ..Source::default() };
    assert!(grid::read(&forced).is_err());
    for unreadable in [&b"a\0b"[..], b"\xff\xff\xff", b""] {
        assert!(grid::read(&Source { content: unreadable, ..Source::default() }).is_err());
    }
}

#[test]
fn rows_are_counted_as_spreadsheet_programs_do() {
    let text = "订单号,物料编码,物料名称,数量,含税,供应商编码\n\nA,X,\"两\n行\",1,否,V1\n\nB,X,,x,否,V1\n";
    assert_eq!(faults(text, &options(&[])), [fault(5, "quantity", "DECIMAL")]);
}

#[test]
fn both_templates_are_recognised() {
    for language in [Language::Zh, Language::En] {
        let mut tables = template::tables(language);
        let values = |column: &Column| match column.heading.as_str() {
            "采购订单号" | "PO No" => Value::from("007"),
            "含税" | "Tax Included" => Value::from(language.pick("是", "yes")),
            _ if column.kind == Kind::Number => Value::Number("12.50".parse().unwrap()),
            _ if column.kind == Kind::Day => Value::Day(time::macros::date!(2026 - 12 - 28)),
            "币种" | "Currency" => Value::from("CNY"),
            "税率" | "Tax Rate" => Value::from("13%"),
            _ => Value::from("1"),
        };
        tables[0].rows = vec![tables[0].columns.iter().map(values).collect()];
        for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
            let written = write::write(&tables, format, TextEncoding::Unspecified).unwrap();
            let grid = grid::read(&Source { content: &written.bytes, ..Source::default() }).unwrap();
            let answer = read(&grid, &options(&[])).unwrap();
            assert_eq!((answer.errors.as_slice(), answer.unused_columns.len()), (&[][..], 0));
            let content = answer.orders[0].content.clone().unwrap();
            assert_eq!((content.order_number.as_str(), content.price_includes_tax), ("007", Some(true)));
            assert_eq!(
                content.lines[0].schedule_lines[0]
                    .quantity
                    .as_ref()
                    .unwrap()
                    .value
                    .parse::<rust_decimal::Decimal>()
                    .unwrap(),
                "12.5".parse().unwrap()
            );
            let day = content.lines[0].schedule_lines[0].requested_delivery.clone().unwrap().from.unwrap();
            assert_eq!((day.year, day.month, day.day), (2026, 12, 28));
        }
    }
}

#[test]
fn a_workbook_is_read_as_it_shows() {
    let columns = ["订单号", "行号", "物料编码", "数量", "单价", "含税", "供应商编码", "要求交期"];
    let columns = columns.map(|heading| Column::new(heading, Kind::Text, 10)).to_vec();
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let rows = vec![vec![
        number("4500001"),
        number("10"),
        Value::from("000123"),
        number("1000.125"),
        number("6.85"),
        Value::from("否"),
        number("410882"),
        Value::Day(time::macros::date!(2026 - 12 - 28)),
    ]];
    let bytes = write::xlsx(&[Table { name: "S".into(), columns, rows, protected: false }]).unwrap();
    let grid = grid::read(&Source { content: &bytes, ..Source::default() }).unwrap();
    let answer = read(&grid, &options(&[])).unwrap();
    assert_eq!(answer.errors, []);
    let order = &answer.orders[0];
    let content = order.content.as_ref().unwrap();
    assert_eq!((content.order_number.as_str(), content.lines[0].line_number.as_str()), ("4500001", "10"));
    assert_eq!(order.supplier.as_ref().unwrap().vendor_number, "410882", "a number without .0");
    assert_eq!(content.lines[0].price.as_ref().unwrap().amount.as_ref().unwrap().value, "6.85");
    assert_eq!(content.lines[0].schedule_lines[0].quantity.as_ref().unwrap().value, "1000.125");
}
