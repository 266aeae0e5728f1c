use proto::{
    interchange::{SheetFormat, TextEncoding},
    orders::{Quantities, line_response::Answer},
};

use super::*;
use crate::sheet::{
    grid::{self, Cell, Source},
    write,
};

fn row(line: &str, unanswered: &str) -> ScheduleLineRow {
    let decimal = |text: &str| Some(proto::Decimal { value: text.into() });
    ScheduleLineRow {
        schedule_line_id: format!("01936f0a-7b6c-7000-8000-0000000000{line}"),
        order_id: "01936f0a-7b6c-7000-8000-000000000001".into(),
        order_number: "=4500001".into(),
        line_number: line.into(),
        schedule_line_number: "1".into(),
        counterparty_name: "澄屿(示例)".into(),
        revision: 3,
        version: 7,
        buyer_item_id: "000123".into(),
        unit_code: "H87".into(),
        requested_delivery_date: Some(proto::Date { year: 2026, month: 12, day: 28 }),
        quantities: Some(Quantities {
            ordered: decimal("120.00"),
            unanswered: decimal(unanswered),
            ..Quantities::default()
        }),
        ..ScheduleLineRow::default()
    }
}

/// The exported table with cells of its only line changed, read again.
fn answered(changes: &[(Place, &str)]) -> Reading {
    let mut table = export(&[row("10", "100.00"), row("20", "0")], Language::Zh);
    assert_eq!(table.rows.len(), 1, "what is answered is not asked again");
    for (place, text) in changes {
        let column = PLACES.iter().position(|known| known.0 == *place).unwrap();
        table.rows[0][column] = Value::from(*text);
    }
    let mut readings = [SheetFormat::Xlsx, SheetFormat::Csv].map(|format| {
        let written = write::write(std::slice::from_ref(&table), format, TextEncoding::Gb18030).unwrap();
        let grid = grid::read(&Source { content: &written.bytes, ..Source::default() }).unwrap();
        read(&grid, Language::En).unwrap()
    });
    assert_eq!(readings[0].rows, readings[1].rows, "a workbook and csv say the same");
    std::mem::take(&mut readings[0])
}

fn wrong(changes: &[(Place, &str)]) -> (String, String) {
    let reading = answered(changes);
    assert!(reading.rows.is_empty() && reading.wrong_orders.len() <= 1, "{reading:?}");
    let [error] = reading.errors.as_slice() else { panic!("one error: {reading:?}") };
    (error.field.clone(), error.reason.clone())
}

use Place::{Answer as A, AnswerDate as D, AnswerQuantity as Q, Note as N, Reason as R};

#[test]
fn an_unchanged_file_answers_nothing() {
    let reading = answered(&[]);
    assert_eq!((reading.rows.len(), reading.errors.len(), reading.row_count), (0, 0, 1));
    assert_eq!(answered(&[(Q, ""), (D, "")]).errors, [], "nothing said is nothing said");
}

#[test]
fn words_answer_what_was_asked() {
    let only = |changes: &[(Place, &str)]| {
        let mut reading = answered(changes);
        assert_eq!(reading.errors, []);
        reading.rows.remove(0)
    };
    let accepted = only(&[(A, "接受"), (N, "谢谢")]);
    assert_eq!(
        (accepted.revision, accepted.order_number.as_str(), accepted.given.note.as_str()),
        (3, "=4500001", "谢谢")
    );
    assert_eq!(accepted.given.response.schedule_line_id, row("10", "1").schedule_line_id);
    let Some(Answer::Accept(accept)) = accepted.given.response.answer else { panic!() };
    assert_eq!(accept.quantity.unwrap().value, "100.00", "what was seen is what is accepted");

    let part = only(&[(A, "Accept"), (Q, "60"), (R, "缺料")]).given.response;
    assert_eq!((part.remainder, part.remainder_reason), (1, RejectReason::NoMaterial.into()));
    assert_eq!(only(&[(A, "接受"), (Q, "60")]).given.response.remainder, 2, "the rest is left unanswered");

    let Some(Answer::Reject(reject)) =
        only(&[(A, "拒绝"), (R, "No tooling"), (N, "x")]).given.response.answer
    else {
        panic!()
    };
    assert_eq!((reject.reason, reject.note.as_str()), (RejectReason::NoTooling.into(), "x"));

    let split =
        only(&[(A, "建议"), (Q, "60; 40"), (D, "2026-12-28;2027年1月4日"), (R, "产能不足")]).given.response;
    let Some(Answer::Propose(propose)) = split.answer else { panic!() };
    let dates: Vec<_> = propose
        .deliveries
        .iter()
        .map(|d| (d.quantity.clone().unwrap().value, d.delivery_date.unwrap().month))
        .collect();
    assert_eq!(dates, [("60".to_string(), 12), ("40".to_string(), 1)]);
    assert_eq!(
        (propose.reason_code.as_str(), propose.covers_quantity.unwrap().value.as_str()),
        ("NO_CAPACITY", "100.00")
    );
}

#[test]
fn what_does_not_fit_is_named_by_its_cell() {
    let fault = |field: &str, reason: &str| (field.to_string(), reason.to_string());
    assert_eq!(wrong(&[(Q, "90")]), fault("Answer", "REQUIRED"));
    assert_eq!(wrong(&[(N, "?")]), fault("Answer", "REQUIRED"));
    assert_eq!(wrong(&[(A, "也许")]), fault("Answer", "UNKNOWN"));
    assert_eq!(wrong(&[(A, "=1+1")]), fault("Answer", "FORMULA"));
    assert_eq!(wrong(&[(A, "接受"), (Q, "101")]), fault("AnswerQuantity", "RANGE"));
    assert_eq!(wrong(&[(A, "接受"), (Q, "0")]), fault("AnswerQuantity", "RANGE"));
    assert_eq!(wrong(&[(A, "接受"), (D, "2027-01-04")]), fault("AnswerDate", "DIFFERS"));
    assert_eq!(wrong(&[(A, "接受"), (R, "缺料")]), fault("Reason", "NOT_NEEDED"));
    assert_eq!(wrong(&[(A, "拒绝")]), fault("Reason", "REQUIRED"));
    assert_eq!(wrong(&[(A, "拒绝"), (R, "其他")]), fault("Note", "REQUIRED"));
    assert_eq!(wrong(&[(A, "建议")]), fault("Answer", "SAME"));
    assert_eq!(wrong(&[(A, "建议"), (D, "")]), fault("AnswerDate", "REQUIRED"));
    assert_eq!(wrong(&[(A, "建议"), (Q, "50;50")]), fault("AnswerDate", "COUNT"));
    assert_eq!(wrong(&[(A, "建议"), (D, "明天")]), fault("AnswerDate", "DATE"));
    assert_eq!(wrong(&[(A, "接受"), (Place::Key, "x")]), fault("Key", "KEY"));
    assert_eq!(wrong(&[(A, "接受"), (Place::Revision, "")]), fault("Key", "KEY"));
}

/// Spreadsheet programs make numbers of what looks like one.
#[test]
fn numbers_say_what_their_texts_said() {
    let mut table = export(&[row("10", "100")], Language::Zh);
    for (place, text) in [(Place::OrderNumber, "4500001"), (A, "接受"), (Q, "60")] {
        let column = PLACES.iter().position(|known| known.0 == place).unwrap();
        table.rows[0][column] = Value::from(text);
    }
    let bytes = write::xlsx(&[table]).unwrap();
    let mut grid = grid::read(&Source { content: &bytes, ..Source::default() }).unwrap();
    let texts = read(&grid, Language::Zh).unwrap();
    let mut numbers = 0;
    for cell in grid.rows.iter_mut().flat_map(|row| &mut row.cells) {
        if let Cell::Text(text) = cell
            && let Ok(number) = text.parse::<Decimal>()
        {
            *cell = Cell::Number(number);
            numbers += 1;
        }
    }
    assert!(numbers > 2, "{numbers} became numbers");
    let read = read(&grid, Language::Zh).unwrap();
    assert_eq!(read.errors, []);
    assert_eq!(read.rows, texts.rows);
    let [answer] = read.rows.as_slice() else { panic!("one row: {read:?}") };
    assert_eq!((answer.order_number.as_str(), answer.line_number.as_str()), ("4500001", "10"));
}

#[test]
fn a_line_is_answered_by_one_row() {
    let mut table = export(&[row("10", "100")], Language::En);
    table.rows.push(table.rows[0].clone());
    for line in &mut table.rows {
        line[10] = Value::from("accept");
    }
    let bytes = write::xlsx(&[table]).unwrap();
    let grid = grid::read(&Source { content: &bytes, ..Source::default() }).unwrap();
    let reading = read(&grid, Language::Zh).unwrap();
    assert_eq!(
        (reading.rows.len(), reading.errors[0].row, reading.errors[0].reason.as_str()),
        (1, 3, "REPEATED")
    );
    assert_eq!(reading.wrong_orders.len(), 1, "so that nothing of the order is answered");
}
