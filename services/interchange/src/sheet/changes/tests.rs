use proto::{
    interchange::{SheetFormat, TextEncoding},
    orders::{Item, OrderContent, Quantities},
};
use time::macros::date;

use super::*;
use crate::sheet::{
    grid::{self, Source},
    write,
};

const ORDER: &str = "01936f0a-7b6c-7000-8000-000000000001";

fn decimal(text: &str) -> Option<proto::Decimal> {
    Some(proto::Decimal { value: text.into() })
}

/// Two lines: 10 in two deliveries at 6.85, 20 in one without a price.
fn order(revision: i32) -> Order {
    let day = Some(proto::Date { year: 2026, month: 12, day: 28 });
    let window = proto::orders::DeliveryWindow { from: day, until: day, ..Default::default() };
    let part = |number: &str, quantity: &str| ScheduleLine {
        schedule_line_number: number.into(),
        quantity: decimal(quantity),
        requested_delivery: Some(window.clone()),
        ..ScheduleLine::default()
    };
    let line = |number: &str, price: Option<&str>, parts: Vec<ScheduleLine>| OrderLine {
        line_number: number.into(),
        item: Some(Item { buyer_item_id: "000123".into(), name: "=盒".into(), ..Item::default() }),
        unit_code: "H87".into(),
        price: price.map(|price| Price { amount: decimal(price), ..Price::default() }),
        amount: decimal("1.00"),
        schedule_lines: parts,
        ..OrderLine::default()
    };
    let state = |number: u8| ScheduleLineState {
        schedule_line_id: format!("01936f0a-7b6c-7000-8000-0000000000{number}"),
        quantities: Some(Quantities { unanswered: decimal("5"), ..Quantities::default() }),
        ..ScheduleLineState::default()
    };
    Order {
        id: ORDER.into(),
        revision,
        version: 7,
        supplier_name: "顺模(示例)".into(),
        state: OrderState::Unanswered.into(),
        content: Some(OrderContent {
            order_number: "4500001".into(),
            lines: vec![
                line("10", Some("6.85"), vec![part("1", "60.00"), part("2", "40")]),
                line("20", None, vec![part("1", "5")]),
            ],
            ..OrderContent::default()
        }),
        schedule: vec![state(11), state(12), state(21)],
        ..Order::default()
    }
}

/// The exported table with cells changed, by row from 0, read again from both kinds of file.
fn changed(changes: &[(usize, Place, &str)]) -> Reading {
    let order = order(1);
    let mut table = table(rows(&order, Side::Buyer, Language::Zh), Side::Buyer, Language::Zh);
    assert_eq!(table.rows.len(), 3);
    for (row, place, text) in changes {
        let column = places(Side::Buyer).position(|known| known == *place).unwrap();
        table.rows[*row][column] = Value::from(*text);
    }
    let mut readings = [SheetFormat::Xlsx, SheetFormat::Csv].map(|format| {
        let written = write::write(std::slice::from_ref(&table), format, TextEncoding::Gb18030).unwrap();
        let grid = grid::read(&Source { content: &written.bytes, ..Source::default() }).unwrap();
        read(&grid, date!(2026 - 12 - 01), Language::En).unwrap()
    });
    assert_eq!(readings[0].rows, readings[1].rows, "a workbook and csv say the same");
    std::mem::take(&mut readings[0])
}

fn applied(changes: &[(usize, Place, &str)], order: Option<&Order>) -> Applied {
    let reading = changed(changes);
    assert_eq!(reading.errors, []);
    apply(&reading.rows.iter().collect::<Vec<_>>(), order, Language::Zh)
}

fn faults(applied: Applied) -> Vec<(u32, &'static str)> {
    let Applied::Wrong(wrong) = applied else { panic!("wrong rows: {applied:?}") };
    wrong.into_iter().map(|(row, _, fault)| (row, fault.reason)).collect()
}

#[test]
fn every_column_has_a_heading_of_its_own() {
    for (place, name, zh, en, ..) in PLACES {
        assert_eq!((Place::of(zh), Place::of(en), place.name()), (Some(*place), Some(*place), *name));
    }
}

#[test]
fn an_unchanged_file_changes_nothing() {
    let reading = changed(&[]);
    assert_eq!((reading.row_count, reading.errors.len()), (3, 0));
    assert!(reading.rows.iter().all(|row| !row.changes()), "{:?}", reading.rows);
    // Nor where only the writing of a number differs.
    let same = changed(&[(0, Place::Quantity, "60"), (1, Place::UnitPrice, "6.850")]);
    assert!(same.rows.iter().all(|row| !row.changes()), "{:?}", same.rows);
    // A supplier's table has nothing to change and no keys.
    let read_only = table(rows(&order(1), Side::Supplier, Language::En), Side::Supplier, Language::En);
    assert!(!read_only.protected && read_only.columns.iter().all(|column| !column.hidden));
}

#[test]
fn what_differs_becomes_lines_in_full() {
    let changes = [
        (0, Place::Quantity, "61.5"),
        (1, Place::RequestedDate, "2027-01-04"),
        (0, Place::UnitPrice, "7"),
        (1, Place::UnitPrice, "7"),
    ];
    let Applied::Lines(lines) = applied(&changes, Some(&order(1))) else { panic!("lines") };
    let [line] = lines.as_slice() else { panic!("line 20 stays out: {lines:?}") };
    let quantities: Vec<_> = line.schedule_lines.iter().map(|part| part.quantity.clone()).collect();
    assert_eq!(quantities, [decimal("61.5"), decimal("40")]);
    assert_eq!((line.quantity.clone(), line.amount.clone()), (decimal("101.5"), None));
    assert_eq!(line.price.as_ref().unwrap().amount, decimal("7"));
    let day = line.schedule_lines[1].requested_delivery.as_ref().unwrap().from;
    assert_eq!(day, Some(proto::Date { year: 2027, month: 1, day: 4 }));
    // A line without a price may be given one.
    let Applied::Lines(lines) = applied(&[(2, Place::UnitPrice, "0.5")], Some(&order(1))) else {
        panic!("lines")
    };
    assert_eq!(lines[0].price.as_ref().unwrap().amount, decimal("0.5"));
}

#[test]
fn what_the_order_says_already_is_no_change_and_an_older_revision_is_refused() {
    let change = [(0, Place::Quantity, "61.5")];
    let mut after = order(2);
    assert_eq!(faults(applied(&change, Some(&after))), [(2, "REVISION_OUTDATED")]);
    after.content.as_mut().unwrap().lines[0].schedule_lines[0].quantity = decimal("61.50");
    assert_eq!(applied(&change, Some(&after)), Applied::Stands);
    after.schedule.remove(2);
    assert_eq!(faults(applied(&[(2, Place::Quantity, "1")], Some(&after))), [(4, "REVISION_OUTDATED")]);
    assert_eq!(faults(applied(&change, None)), [(2, "NOT_FOUND")]);
    // The price of a line with two deliveries, changed on one row alone.
    let half = applied(&[(1, Place::UnitPrice, "7")], Some(&order(1)));
    assert_eq!(faults(half), [(3, "DIFFERS")]);
}

#[test]
fn a_wrong_cell_is_named_and_holds_back_its_order() {
    for (place, text, reason) in [
        (Place::Quantity, "", "REQUIRED"),
        (Place::Quantity, "-1", "RANGE"),
        (Place::Quantity, "1,5", "DECIMAL"),
        (Place::RequestedDate, "", "REQUIRED"),
        (Place::RequestedDate, "2026-11-30", "RANGE"),
        (Place::RequestedDate, "01/02/2027", "DATE"),
        (Place::UnitPrice, "", "REQUIRED"),
        (Place::UnitPrice, "=7", "DECIMAL"),
        (Place::Note, "多一些", "REQUIRED"),
        (Place::Key, "x", "KEY"),
        (Place::Revision, "", "KEY"),
    ] {
        let reading = changed(&[(0, place, text)]);
        let [error] = reading.errors.as_slice() else { panic!("{place:?} {text:?}: {:?}", reading.errors) };
        assert_eq!((error.row, error.reason.as_str()), (2, reason), "{place:?} {text:?}");
        assert_eq!(reading.wrong_orders.len(), usize::from(reason != "KEY"), "{place:?} {text:?}");
        assert_eq!(reading.rows.len(), 2);
    }
}
