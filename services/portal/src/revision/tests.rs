//! Change forms and what they mean, as tables.

use proto::orders::{Price, ScheduleLineState, Tax};
use time::macros::date as on_day;

use super::*;

const TODAY: Date = on_day!(2026 - 11 - 23);

fn wire(text: &str) -> Option<proto::Decimal> {
    Some(proto::Decimal { value: text.into() })
}

/// Line 10 in two deliveries, line 20 in one, all on 28 December.
fn rows() -> Vec<Row> {
    let row = |line: &str, part: &str, quantity: &str, price: &str, several: bool| Row {
        line: OrderLine {
            line_number: line.into(),
            quantity: wire(quantity),
            unit_code: "H87".into(),
            price: Some(Price { amount: wire(price), base_quantity: wire("1000"), ..Price::default() }),
            amount: wire("1"),
            tax: Some(Tax { category: "S".into(), rate: wire("0.13") }),
            ..OrderLine::default()
        },
        schedule: ScheduleLine {
            schedule_line_number: part.into(),
            quantity: wire(quantity),
            requested_delivery: Some(super::on(on_day!(2026 - 12 - 28))),
            ship_to_site: "P100".into(),
            ..ScheduleLine::default()
        },
        state: ScheduleLineState::default(),
        first: part == "1",
        several,
    };
    vec![
        row("10", "1", "100", "6.85", true),
        row("10", "2", "50", "6.85", true),
        row("20", "1", "40", "2.3", false),
    ]
}

fn form(change: impl FnOnce(&mut Typed)) -> Result<Revision, Vec<Fault>> {
    let rows = rows();
    let mut typed = begun(&rows, &OrderContent::default());
    change(&mut typed);
    interpret(&typed, &rows, &OrderContent::default(), TODAY)
}

fn faults(change: impl FnOnce(&mut Typed)) -> Vec<(String, Wrong)> {
    form(change).unwrap_err().into_iter().map(|fault| (fault.field, fault.wrong)).collect()
}

fn new_line() -> Added {
    let text = |text: &str| text.to_string();
    Added {
        number: text("30"),
        item: text("箱盖"),
        unit: text("H87"),
        quantity: text("7"),
        price: text("1.5"),
        date: text("2027-01-04"),
        ..Added::default()
    }
}

#[test]
fn an_untouched_form_changes_nothing() {
    let same = form(|typed| typed.rows[0].quantity = "100.0".into()).unwrap();
    assert!(same.lines.is_empty() && same.difference.lines.is_empty());
    let blank = form(|typed| typed.added.push(Added { quantity: String::new(), ..Added::default() }));
    assert!(blank.unwrap().lines.is_empty());
}

#[test]
fn a_changed_line_is_sent_whole_and_the_others_not_at_all() {
    let revision = form(|typed| {
        typed.rows[1].quantity = "１,0５0".into();
        typed.rows[1].date = "2027/1/4".into();
    })
    .unwrap();
    let [line] = &revision.lines[..] else { panic!("one line") };
    assert_eq!((line.quantity.clone(), line.amount.clone()), (wire("1150"), None));
    assert_eq!(line.schedule_lines[0], rows()[0].schedule, "the first delivery stands");
    assert_eq!(line.schedule_lines[1].requested_delivery, Some(super::on(on_day!(2027 - 01 - 04))));
    let [change] = &revision.difference.lines[..] else { panic!("one change") };
    let told: Vec<_> = change.changes.iter().map(|c| (c.field.as_str(), &*c.old, &*c.new)).collect();
    assert_eq!(told, [("quantity", "50", "1050"), ("requested_delivery.until", "2026-12-28", "2027-01-04")]);
    assert_eq!(change.schedule_line_number, "2");
}

#[test]
fn a_price_keeps_its_base_and_a_further_delivery_gets_the_next_number() {
    let revision = form(|typed| {
        typed.rows[0].price = "7".into();
        typed.rows[2].more_quantity = "10".into();
        typed.rows[2].more_date = "2027-02-01".into();
    })
    .unwrap();
    let [price, more] = &revision.lines[..] else { panic!("two lines") };
    let kept = price.price.clone().unwrap();
    assert_eq!((kept.amount, kept.base_quantity), (wire("7"), wire("1000")));
    assert_eq!(
        (more.schedule_lines[1].schedule_line_number.as_str(), more.quantity.clone()),
        ("2", wire("50"))
    );
    assert_eq!(more.schedule_lines[1].ship_to_site, "P100");
    let kinds: Vec<_> = revision.difference.lines.iter().map(|line| line.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Changed, ChangeKind::Added]);
}

#[test]
fn a_new_line_has_the_tax_of_the_others_and_a_number_of_its_own() {
    let revision = form(|typed| typed.added.push(new_line())).unwrap();
    let [line] = &revision.lines[..] else { panic!("one line") };
    assert_eq!(line.tax.clone().unwrap().rate, wire("0.13"));
    assert_eq!(revision.difference.lines[0].kind(), ChangeKind::Added);
    assert_eq!(
        faults(|typed| typed.added.push(Added { number: "20".into(), ..new_line() })),
        [("an-0".to_string(), Wrong::NumberTaken)]
    );
}

#[test]
fn every_wrong_field_is_named() {
    let wrong = faults(|typed| {
        typed.rows[0].quantity = "many".into();
        typed.rows[0].price = String::new();
        typed.rows[1].date = "2026-11-22".into();
        typed.rows[2].date = String::new();
        typed.rows[2].more_quantity = "5".into();
        typed.added.push(Added { item: String::new(), quantity: "0".into(), ..new_line() });
    });
    let wrong: Vec<_> = wrong.iter().map(|(field, wrong)| (field.as_str(), *wrong)).collect();
    assert_eq!(
        wrong,
        [
            ("p-0", Wrong::NoPrice),
            ("q-0", Wrong::NoNumber),
            ("d-1", Wrong::DatePast),
            ("d-2", Wrong::NoDate),
            ("md-2", Wrong::NoDate),
            ("ai-0", Wrong::NoItem),
            ("aq-0", Wrong::NoNumber),
        ]
    );
}
