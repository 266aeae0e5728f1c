use proptest::prelude::*;
use proto::orders::{Item, Price, Propose, ProposedDelivery};
use rust_decimal::Decimal;
use time::{Duration, macros::date};

use super::*;
use crate::{
    commands::touched,
    convert,
    order::{Answer, Quantities, Remainder, Schedule, Target},
    tolerance::{Bound, Bounds, Rule, Source, UnitPrice},
};

const ASKED: time::Date = date!(2026 - 12 - 28);

/// What one line asks for and what is tolerated of it, in whole numbers; `None`: nobody states a bound.
#[derive(Clone, Debug)]
struct Asked {
    ordered: i64,
    price: i64,
    over: Option<i64>,
    under: Option<i64>,
    early: Option<i32>,
    late: Option<i32>,
    dearer: Option<i64>,
    cheaper: Option<i64>,
}

/// An answer to a line, in differences from what was asked.
#[derive(Clone, Debug)]
enum Say {
    Nothing,
    Accept {
        all_but: i64,
        rest: bool,
    },
    Propose {
        covers_all_but: i64,
        more: i64,
        later: i64,
        dearer: i64,
        substitute: bool,
        split: bool,
        rest: bool,
    },
}

/// One around the bound, so that most cases stand on its edge.
fn edge(bound: Option<i64>) -> impl Strategy<Value = i64> {
    let at = bound.unwrap_or(3);
    prop_oneof![Just(0), Just(at - 1), Just(at), Just(at + 1), Just(1), Just(-1)]
}

fn asked() -> impl Strategy<Value = Asked> {
    let maybe = || proptest::option::of(0_i64..6);
    (2_i64..200, 1_i64..5_000, maybe(), maybe(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(ordered, price, over, under, early, late, dearer, cheaper)| Asked {
            ordered,
            price,
            over,
            under,
            early: early.map(|days| days as i32),
            late: late.map(|days| days as i32),
            dearer,
            cheaper,
        },
    )
}

fn say(asked: &Asked) -> BoxedStrategy<Say> {
    let more = prop_oneof![edge(asked.over), edge(asked.under).prop_map(|less| -less)];
    let later = prop_oneof![
        edge(asked.late.map(i64::from)),
        edge(asked.early.map(i64::from)).prop_map(|earlier| -earlier)
    ];
    let dearer = prop_oneof![Just(0), edge(asked.dearer), edge(asked.cheaper).prop_map(|less| -less)];
    let flags = (prop::bool::weighted(0.05), prop::bool::weighted(0.2), any::<bool>());
    let propose = (prop_oneof![4 => Just(0), 1 => -1_i64..3], more, later, dearer, flags).prop_map(
        |(covers_all_but, more, later, dearer, (substitute, split, rest))| Say::Propose {
            covers_all_but,
            more,
            later,
            dearer,
            substitute,
            split,
            rest,
        },
    );
    let accept = (prop_oneof![3 => Just(0), 1 => -1_i64..3], any::<bool>())
        .prop_map(|(all_but, rest)| Say::Accept { all_but, rest });
    prop_oneof![1 => Just(Say::Nothing), 1 => accept, 6 => propose].boxed()
}

fn case() -> impl Strategy<Value = Vec<(Asked, Say)>> {
    let line = asked().prop_flat_map(|asked| say(&asked).prop_map(move |say| (asked.clone(), say)));
    prop::collection::vec(line, 1..4)
}

fn order(lines: &[(Asked, Say)]) -> Order {
    let schedule = lines.iter().enumerate().map(|(i, (asked, _))| Schedule {
        id: Uuid::from_u128(i as u128 + 1),
        line_number: (i + 1).to_string(),
        schedule_line_number: "1".into(),
        requested_date: Some(ASKED),
        quantities: Quantities::published(asked.ordered.into()),
        revision: 1,
        answered_since: 0,
        closed: false,
        agreed_differs: false,
    });
    crate::order::tests::with_schedule(schedule.collect())
}

fn terms(lines: &[(Asked, Say)]) -> AllTerms {
    let absolute = |bound: Option<i64>| bound.map(|n| Bound { percent: None, absolute: Some(n.into()) });
    let each = lines.iter().enumerate().map(|(i, (asked, _))| {
        let bounds = Bounds {
            quantity_over: absolute(asked.over),
            quantity_under: absolute(asked.under),
            early_days: asked.early,
            late_days: asked.late,
            price_over: absolute(asked.dearer),
            price_under: absolute(asked.cheaper),
        };
        let terms = Terms {
            ordered: asked.ordered.into(),
            requested: Some((ASKED, ASKED)),
            price: Some(UnitPrice {
                amount: asked.price.into(),
                base: Decimal::ONE,
                base_unit_code: String::new(),
                price_type: String::new(),
            }),
            rules: vec![Rule { id: None, source: Source::OrderLine, bounds }],
            ..Terms::default()
        };
        (Uuid::from_u128(i as u128 + 1), terms)
    });
    each.collect()
}

fn answers(lines: &[(Asked, Say)]) -> Vec<LineAnswer> {
    let each = lines.iter().enumerate().filter_map(|(i, (asked, say))| {
        let (answer, rest) = match say {
            Say::Nothing => return None,
            Say::Accept { all_but, rest } => {
                (Answer::Accept { quantity: Some((asked.ordered - all_but).into()) }, *rest)
            }
            Say::Propose { covers_all_but, rest, .. } => {
                let covers = Some((asked.ordered - covers_all_but).into());
                let content = Box::new(content(asked, say));
                (Answer::Propose { id: Uuid::from_u128(i as u128 + 1_000), covers, content }, *rest)
            }
        };
        Some(LineAnswer {
            path: format!("lines[{i}]"),
            target: Target::Id(Uuid::from_u128(i as u128 + 1)),
            answer,
            remainder: rest.then_some(Remainder::LeaveUnanswered),
        })
    });
    each.collect()
}

fn content(asked: &Asked, say: &Say) -> Propose {
    let Say::Propose { covers_all_but, more, later, dearer, substitute, split, .. } = say else {
        return Propose::default();
    };
    let total = (asked.ordered - covers_all_but + more).max(1);
    let delivery = |quantity: i64, day: time::Date| ProposedDelivery {
        quantity: Some(proto::Decimal { value: quantity.to_string() }),
        delivery_date: Some(chassis::value::wire_date(day)),
    };
    let day = ASKED + Duration::days(*later);
    let deliveries = if *split && total > 1 {
        vec![delivery(1, ASKED), delivery(total - 1, day)]
    } else {
        vec![delivery(total, day)]
    };
    let price = proto::Decimal { value: (asked.price + dearer).max(0).to_string() };
    Propose {
        deliveries,
        price: (*dearer != 0).then(|| Price { amount: Some(price), ..Price::default() }),
        substitute: substitute.then(Item::default),
        ..Propose::default()
    }
}

/// Whether a proposal is agreed at once, thought through once more with whole numbers alone.
fn expected(asked: &Asked, say: &Say) -> bool {
    let Say::Propose { covers_all_but, more, later, dearer, substitute, .. } = say else { return false };
    let covers = asked.ordered - covers_all_but;
    let more = (covers + more).max(1) - covers;
    let dearer = (asked.price + dearer).max(0) - asked.price;
    let within = |difference: i64, up: Option<i64>, down: Option<i64>| match difference {
        0 => true,
        1.. => up.is_some_and(|bound| difference <= bound),
        _ => down.is_some_and(|bound| -difference <= bound),
    };
    let anything = more != 0 || *later != 0 || dearer != 0;
    anything
        && !substitute
        && within(more, asked.over, asked.under)
        && within(*later, asked.late.map(i64::from), asked.early.map(i64::from))
        && within(dearer, asked.dearer, asked.cheaper)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// What is shown before is what happens after, and both are what whole numbers say.
    #[test]
    fn a_preview_and_the_answer_agree(lines in case()) {
        let answers = answers(&lines);
        let mut tried = order(&lines);
        let shown = answer(&mut tried, &mut terms(&lines), 1, Some(&answers))
            .map(|agreement| convert::preview(&tried, &agreement));
        let mut given = order(&lines);
        let done = answer(&mut given, &mut terms(&lines), 1, Some(&answers));
        match (shown, done) {
            (Err(shown), Err(done)) => {
                prop_assert_eq!(shown, done);
                prop_assert_eq!(given, order(&lines), "a refusal changes nothing");
            }
            (Ok(shown), Ok(done)) => {
                prop_assert_eq!((shown.version, shown.state()), (given.version, given.state()));
                let receipts = touched(&given, &done);
                prop_assert_eq!(shown.lines.len(), receipts.len());
                for (line, receipt) in shown.lines.iter().zip(&receipts) {
                    prop_assert_eq!(&line.schedule_line_id, &receipt.schedule_line_id);
                    prop_assert_eq!(&line.quantities, &receipt.quantities);
                    prop_assert_eq!(&line.tolerance, &receipt.tolerance);
                    let open = given.proposals.iter().any(|open| open.id.to_string() == receipt.proposal_id);
                    prop_assert_eq!(line.waits_for_buyer, open);
                }
                for (i, (asked, say)) in lines.iter().enumerate() {
                    let id = Uuid::from_u128(i as u128 + 1_000);
                    let agreed = done.outcomes.get(&id).is_some_and(|outcome| outcome.accepted);
                    prop_assert_eq!(agreed, expected(asked, say), "{:?} {:?}", asked, say);
                    prop_assert!(given.schedule[i].quantities.conserved());
                }
            }
            (shown, done) => prop_assert!(false, "{:?} but {:?}", shown, done),
        }
    }
}

#[test]
fn what_was_agreed_narrows_what_the_next_answer_may() {
    let line = (
        Asked {
            ordered: 100,
            price: 1,
            over: Some(10),
            under: None,
            early: None,
            late: None,
            dearer: None,
            cheaper: None,
        },
        Say::Propose {
            covers_all_but: 50,
            more: 7,
            later: 0,
            dearer: 0,
            substitute: false,
            split: false,
            rest: true,
        },
    );
    let lines = [line];
    let (mut order, mut terms) = (order(&lines), terms(&lines));
    let (before, known) = (order.clone(), terms.clone());
    let first = answer(&mut order, &mut terms, 1, Some(&answers(&lines))).unwrap();
    assert_eq!(first.agreed().len(), 1);
    let mut forgotten = terms.clone();
    first.forget(&before, &mut forgotten);
    assert!(terms != known && forgotten == known, "what is not given after all narrows nothing");
    let mut again = answers(&lines);
    if let Answer::Propose { id, .. } = &mut again[0].answer {
        *id = Uuid::from_u128(2_000);
    }
    let second = answer(&mut order, &mut terms, 1, Some(&again)).unwrap();
    assert!(second.agreed().is_empty(), "7 and 7 are more than 10");
    let quantities = &order.schedule[0].quantities;
    assert_eq!((quantities.accepted, quantities.proposed), (50.into(), 50.into()));
}

#[test]
fn nothing_is_agreed_where_it_is_not_known_what_is_tolerated() {
    let line = (
        Asked {
            ordered: 10,
            price: 1,
            over: Some(10),
            under: None,
            early: None,
            late: None,
            dearer: None,
            cheaper: None,
        },
        Say::Propose {
            covers_all_but: 0,
            more: 1,
            later: 0,
            dearer: 0,
            substitute: false,
            split: false,
            rest: false,
        },
    );
    let lines = [line];
    let mut order = order(&lines);
    let agreement = answer(&mut order, &mut AllTerms::new(), 1, Some(&answers(&lines))).unwrap();
    assert!(agreement.agreed().is_empty() && order.proposals.len() == 1);
}
