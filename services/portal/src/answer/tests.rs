use chassis::value::{parse_decimal, wire_date, wire_decimal};
use time::macros::date;

use super::*;
use crate::form::Fields;

const TODAY: Date = date!(2026 - 11 - 23);

/// 20,000 asked for by 28 December, with the fields as typed.
fn entry(quantity: &str, day: &str) -> Entry {
    let asked = date!(2026 - 12 - 28);
    Entry {
        id: "s1".into(),
        was: Asked { unanswered: Decimal::from(20_000), from: Some(asked), until: Some(asked) },
        quantity: quantity.into(),
        date: day.into(),
        ..Entry::default()
    }
}

fn answered(entry: Entry) -> LineResponse {
    interpret(&[entry], TODAY).unwrap().responses.pop().unwrap()
}

fn faults(entry: Entry) -> Vec<(Place, Wrong)> {
    interpret(&[entry], TODAY).unwrap_err().into_iter().map(|fault| (fault.place, fault.wrong)).collect()
}

fn accept(quantity: &str) -> Option<Answer> {
    Some(Answer::Accept(Accept { quantity: Some(wire_decimal(parse_decimal(quantity).unwrap())) }))
}

fn proposal(covers: &str, deliveries: &[(&str, Date)]) -> Option<Answer> {
    let wire = |text: &str| Some(wire_decimal(parse_decimal(text).unwrap()));
    let delivery = |(quantity, day): &(&str, Date)| ProposedDelivery {
        quantity: wire(quantity),
        delivery_date: Some(wire_date(*day)),
    };
    let deliveries = deliveries.iter().map(delivery).collect();
    Some(Answer::Propose(Propose { covers_quantity: wire(covers), deliveries, ..Propose::default() }))
}

#[test]
fn as_asked_is_accepted() {
    let response = answered(entry("20,000", "2026-12-28"));
    assert_eq!(response.answer, accept("20000"));
    assert_eq!(response.remainder(), Remainder::Unspecified);
    assert_eq!(answered(entry("20000", "")).answer, accept("20000"), "an empty day is the asked one");
}

#[test]
fn less_needs_a_word_about_the_rest() {
    assert_eq!(faults(entry("16000", "2026-12-28")), [(Place::Rest, Wrong::RestUnsaid)]);
    let left = answered(Entry { rest: Rest::Leave, ..entry("16000", "2026-12-28") });
    assert_eq!((left.answer.clone(), left.remainder()), (accept("16000"), Remainder::LeaveUnanswered));
    let rejected = Entry { rest: Rest::Reject, ..entry("16000", "2026-12-28") };
    assert_eq!(faults(rejected.clone()), [(Place::Reason, Wrong::ReasonMissing)]);
    let rejected = answered(Entry { reason: 1, ..rejected });
    assert_eq!((rejected.answer.clone(), rejected.remainder()), (accept("16000"), Remainder::Reject));
    assert_eq!(rejected.remainder_reason(), RejectReason::NoCapacity);
}

#[test]
fn the_rest_on_another_day_is_a_split_that_the_buyer_decides() {
    let split = Entry { rest: Rest::Later, second_date: "2027-01-04".into(), ..entry("16000", "2026-12-28") };
    let days = [("16000", date!(2026 - 12 - 28)), ("4000", date!(2027 - 01 - 04))];
    let response = answered(split.clone());
    assert_eq!(response.answer, proposal("20000", &days), "the rest is computed");
    assert_eq!(response.remainder(), Remainder::Unspecified);
    let three = Entry { second_quantity: "1,000".into(), third_date: "2027-01-11".into(), ..split.clone() };
    let days =
        [("16000", date!(2026 - 12 - 28)), ("1000", date!(2027 - 01 - 04)), ("3000", date!(2027 - 01 - 11))];
    assert_eq!(answered(three.clone()).answer, proposal("20000", &days));
    let off = Entry { third_quantity: "2999".into(), ..three };
    assert_eq!(faults(off), [(Place::ThirdQuantity, Wrong::RestSum(Decimal::from(4_000)))]);
    let dayless = Entry { second_date: String::new(), ..split };
    assert_eq!(faults(dayless), [(Place::SecondDate, Wrong::NoDate)]);
}

#[test]
fn another_day_is_a_proposal() {
    let later = date!(2027 - 01 - 04);
    assert_eq!(answered(entry("20000", "2027/1/4")).answer, proposal("20000", &[("20000", later)]));
    let part = answered(Entry { rest: Rest::Leave, ..entry("500.5", "2027-01-04") });
    assert_eq!(part.answer, proposal("500.5", &[("500.5", later)]));
    assert_eq!(part.remainder(), Remainder::LeaveUnanswered);
    assert_eq!(faults(entry("20000", "2026-11-22")), [(Place::Date, Wrong::DatePast)]);
    let mut window = entry("20000", "2026-12-26");
    window.was.from = Some(date!(2026 - 12 - 21));
    assert_eq!(answered(window).answer, accept("20000"), "a day inside the window is as asked");
}

#[test]
fn nothing_of_a_line_is_a_rejection_or_no_answer() {
    let none = Entry { rest: Rest::Leave, ..entry("0", "2026-12-28") };
    assert!(interpret(&[none], TODAY).unwrap().responses.is_empty());
    let rejected = Entry { rest: Rest::Reject, reason: 7, ..entry("0", "") };
    assert_eq!(faults(rejected.clone()), [(Place::Note, Wrong::NoteMissing)], "other reasons need words");
    let rejected = answered(Entry { note: "停产".into(), ..rejected });
    let Some(Answer::Reject(reject)) = rejected.answer else { panic!("{rejected:?}") };
    assert_eq!((reject.quantity.unwrap().value.as_str(), reject.note.as_str()), ("20000", "停产"));
}

#[test]
fn more_than_asked_says_how_much_is_left() {
    assert_eq!(faults(entry("20001", "")), [(Place::Quantity, Wrong::TooMuch(Decimal::from(20_000)))]);
    assert_eq!(
        faults(entry("many", "soon")),
        [(Place::Quantity, Wrong::NoNumber), (Place::Date, Wrong::NoDate)]
    );
}

#[test]
fn quantities_are_conserved_whatever_is_typed() {
    for typed in ["0", "0.001", "1", "19999.999", "20000"] {
        for rest in [Rest::Later, Rest::Reject, Rest::Leave] {
            let entry = Entry { rest, reason: 2, second_date: "2027-02-01".into(), ..entry(typed, "") };
            let Ok(reading) = interpret(&[entry], TODAY) else { panic!("{typed} {rest:?}") };
            let Some(response) = reading.responses.first() else { continue };
            let deliveries = match response.answer.as_ref().unwrap() {
                Answer::Propose(propose) => propose.deliveries.as_slice(),
                _ => continue,
            };
            let sum: Decimal =
                deliveries.iter().filter_map(|d| crate::format::decimal(d.quantity.as_ref())).sum();
            assert_eq!(sum, Decimal::from(20_000));
        }
    }
}

#[test]
fn a_posted_form_reads_as_it_was_written() {
    let was = entry("", "").was;
    let fields = Fields::of(&[
        ("line-0", "s1"),
        ("was-0", &was.to_field()),
        ("q-0", " 16,000 "),
        ("rest-0", "later"),
        ("d2-0", "2027-01-04"),
        ("line-2", "not reached"),
    ]);
    let entries = read(&fields);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].was.clone(), entries[0].rest), (was, Rest::Later));
    assert_eq!(entries[0].quantity, "16,000");
}

#[test]
fn another_price_or_item_and_a_short_delivery_are_proposals() {
    let proposed = |entry: Entry| match answered(entry).answer {
        Some(Answer::Propose(propose)) => propose,
        other => panic!("{other:?}"),
    };
    let per = Per { base: Some(Decimal::from(1_000)), ..Per::default() };
    let dearer = proposed(Entry { price: "39.20".into(), per: per.clone(), ..entry("20000", "") });
    assert_eq!(dearer.price, Some(per.price(parse_decimal("39.20").unwrap())));
    assert_eq!(dearer.deliveries[0].delivery_date, Some(wire_date(date!(2026 - 12 - 28))), "as asked");
    let other = proposed(Entry { substitute: "箱盖 PP 灰".into(), ..entry("20000", "") });
    assert_eq!(other.substitute.unwrap().name, "箱盖 PP 灰");
    let short = Entry { rest: Rest::Short, ..entry("19900", "") };
    let response = answered(short.clone());
    assert_eq!(response.answer, proposal("20000", &[("19900", date!(2026 - 12 - 28))]));
    assert_eq!(response.remainder(), Remainder::Unspecified, "nothing is left over");
    for (wrong, fault) in [
        (Entry { price: "-1".into(), ..entry("20000", "") }, (Place::Price, Wrong::NoNumber)),
        (
            Entry { substitute_id: "SM-1".into(), ..entry("20000", "") },
            (Place::Substitute, Wrong::NameMissing),
        ),
        (Entry { quantity: "0".into(), ..short }, (Place::Rest, Wrong::RestUnsaid)),
        (
            Entry { was: Asked { until: None, ..Asked::default() }, price: "7".into(), ..entry("0", "") },
            (Place::Date, Wrong::NoDate),
        ),
    ] {
        assert_eq!(faults(wrong), [fault]);
    }
    assert_eq!(Per::from_field(&per.to_field()), per);
}
