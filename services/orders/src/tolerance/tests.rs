use proptest::prelude::*;
use proto::orders::{Item, Price, ProposedDelivery};
use time::macros::date;

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn wire(text: &str) -> Option<proto::Decimal> {
    Some(proto::Decimal { value: text.into() })
}

fn bound(percent: &str, absolute: &str) -> Option<Bound> {
    let part = |text: &str| (!text.is_empty()).then(|| decimal(text));
    Some(Bound { percent: part(percent), absolute: part(absolute) })
}

fn rule(source: Source, bounds: Bounds) -> Rule {
    Rule { id: Some(Uuid::from_u128(source as u128 + 1)), source, bounds }
}

/// 1,000 pieces by 28 December at 38.60 a thousand.
fn terms(rules: Vec<Rule>) -> Terms {
    Terms {
        ordered: 1_000.into(),
        requested: Some((date!(2026 - 12 - 28), date!(2026 - 12 - 28))),
        price: Some(UnitPrice {
            amount: decimal("38.60"),
            base: 1_000.into(),
            base_unit_code: String::new(),
            price_type: String::new(),
        }),
        rules,
        ..Terms::default()
    }
}

fn propose(deliveries: &[(&str, Date)]) -> Propose {
    let deliveries = deliveries.iter().map(|(quantity, day)| ProposedDelivery {
        quantity: wire(quantity),
        delivery_date: Some(chassis::value::wire_date(*day)),
    });
    Propose { deliveries: deliveries.collect(), ..Propose::default() }
}

const ASKED: Date = date!(2026 - 12 - 28);

/// Accepted, and the limits that were compared with.
fn outcome(terms: &Terms, covers: i64, propose: &Propose) -> (bool, Vec<Option<String>>) {
    let outcome = check(terms, covers.into(), propose);
    let limits = outcome.checks.iter().map(|check| check.limit.map(|limit| limit.to_string()));
    (outcome.accepted, limits.collect())
}

#[test]
fn the_smaller_of_percent_and_absolute_counts_and_the_bound_belongs_to_it() {
    for (percent, absolute, quantity, accepted, limit) in [
        ("5", "", "1050", true, Some("50")),
        ("5", "", "1050.000001", false, Some("50")),
        ("5", "", "1000.5", true, Some("50")),
        ("", "30", "1030", true, Some("30")),
        ("", "30", "1031", false, Some("30")),
        ("5", "30", "1030", true, Some("30")),
        ("5", "30", "1031", false, Some("30")),
        ("2.5", "30", "1025", true, Some("25")),
        ("2.5", "30", "1026", false, Some("25")),
        ("0", "", "1000.1", false, Some("0")),
    ] {
        let over = Bounds { quantity_over: bound(percent, absolute), ..Bounds::default() };
        let terms = terms(vec![rule(Source::Relationship, over)]);
        let got = outcome(&terms, 1_000, &propose(&[(quantity, ASKED)]));
        assert_eq!(got, (accepted, vec![limit.map(String::from)]), "{percent}% and {absolute}: {quantity}");
    }
}

#[test]
fn each_direction_has_its_own_bound() {
    let over = Bounds { quantity_over: bound("5", ""), ..Bounds::default() };
    let terms = terms(vec![rule(Source::Relationship, over)]);
    assert_eq!(outcome(&terms, 1_000, &propose(&[("999", ASKED)])), (false, vec![None]));
    assert_eq!(outcome(&terms, 1_000, &propose(&[("1000", date!(2026 - 12 - 29))])), (false, vec![None]));
    assert!(!outcome(&terms, 1_000, &propose(&[("1050", date!(2026 - 12 - 29))])).0);
}

#[test]
fn days_are_counted_from_the_requested_window() {
    let days = Bounds { early_days: Some(3), late_days: Some(1), ..Bounds::default() };
    let mut terms = terms(vec![rule(Source::Item, days)]);
    terms.requested = Some((date!(2026 - 12 - 24), date!(2026 - 12 - 28)));
    for (day, accepted, limits) in [
        (date!(2026 - 12 - 20), false, vec![Some("3")]),
        (date!(2026 - 12 - 21), true, vec![Some("3")]),
        (date!(2026 - 12 - 29), true, vec![Some("1")]),
        (date!(2026 - 12 - 30), false, vec![Some("1")]),
        // Inside the window nothing differs, and the note must say what it is about.
        (date!(2026 - 12 - 26), false, vec![]),
    ] {
        let expected = limits.into_iter().map(|limit: Option<&str>| limit.map(String::from)).collect();
        assert_eq!(outcome(&terms, 1_000, &propose(&[("1000", day)])), (accepted, expected), "{day}");
    }
    let furthest = check(&terms, 1_000.into(), &propose(&[("500", ASKED), ("500", date!(2027 - 01 - 02))]));
    assert_eq!((furthest.checks[0].delivery, furthest.checks[0].actual), (1, 5.into()));
    terms.requested = None;
    let undated = check(&terms, 1_000.into(), &propose(&[("1000", ASKED)]));
    assert_eq!((undated.accepted, undated.obstacles), (false, vec![Obstacle::DateUnstated]));
}

#[test]
fn prices_are_compared_over_their_base_quantities() {
    let price = |amount: &str, base: &str| Propose {
        price: Some(Price {
            amount: wire(amount),
            base_quantity: (!base.is_empty()).then(|| wire(base)).flatten(),
            ..Price::default()
        }),
        ..propose(&[("1000", ASKED)])
    };
    let bounds = Bounds { price_over: bound("2", "0.50"), price_under: bound("10", ""), ..Bounds::default() };
    let terms = terms(vec![rule(Source::Relationship, bounds)]);
    for (amount, base, accepted) in [
        // 2 % are 0.772, so that 0.50 counts.
        ("39.10", "1000", true),
        ("39.1001", "1000", false),
        ("3.91", "100", true),
        ("3.910001", "100", false),
        ("0.0391", "", true),
        // A third of three times as many: no decimal has that quotient, and it is compared exactly all the same.
        ("117.30", "3000", true),
        ("117.300001", "3000", false),
        ("34.74", "1000", true),
        ("34.739", "1000", false),
        // The same price is no difference.
        ("386", "10000", false),
        // Without a base quantity it is the price of one piece.
        ("38.60", "", false),
    ] {
        assert_eq!(outcome(&terms, 1_000, &price(amount, base)).0, accepted, "{amount} per {base}");
    }
    let mut other = price("38.70", "1000");
    other.price.as_mut().unwrap().base_unit_code = "KGM".into();
    assert_eq!(check(&terms, 1_000.into(), &other).obstacles, [Obstacle::PriceNotComparable]);
    let unpriced = Terms { price: None, ..terms };
    assert_eq!(check(&unpriced, 1_000.into(), &price("1", "")).obstacles, [Obstacle::PriceNotComparable]);
}

#[test]
fn each_bound_comes_from_the_most_specific_rule_that_states_it() {
    let over = |percent: &str| Bounds { quantity_over: bound(percent, ""), ..Bounds::default() };
    let late = Bounds { late_days: Some(2), ..over("1") };
    let all = [
        rule(Source::OrderLine, over("9")),
        rule(Source::Item, Bounds { quantity_under: bound("1", ""), ..Bounds::default() }),
        rule(Source::ItemGroup, over("7")),
        rule(Source::EverySupplier, late),
    ];
    let proposal = propose(&[("1090", date!(2026 - 12 - 30))]);
    let found = check(&terms(all.to_vec()), 1_000.into(), &proposal);
    let from: Vec<_> = found.checks.iter().map(|check| (check.source, check.within)).collect();
    assert_eq!(from, [(Some(Source::OrderLine), true), (Some(Source::EverySupplier), true)]);
    assert!(found.accepted);
    let found = check(&terms(all[1..].to_vec()), 1_000.into(), &proposal);
    assert_eq!((found.checks[0].source, found.checks[0].within), (Some(Source::ItemGroup), false));
}

#[test]
fn scopes_are_ranked_by_what_and_then_by_whom() {
    let scope = |supplier: bool, group: &str, item: &str| Scope {
        supplier: supplier.then(|| Uuid::from_u128(7)),
        item_group: group.into(),
        buyer_item_id: item.into(),
    };
    let ranked = [
        scope(true, "", "X"),
        scope(false, "", "X"),
        scope(true, "G", ""),
        scope(false, "G", ""),
        scope(true, "", ""),
        scope(false, "", ""),
    ];
    assert!(ranked.is_sorted_by_key(Scope::rank) && ranked.windows(2).all(|w| w[0].rank() != w[1].rank()));
    let me = Uuid::from_u128(7);
    assert!(ranked.iter().all(|scope| scope.fits(me, "G", "X")));
    let others = ranked.iter().filter(|scope| scope.fits(Uuid::from_u128(8), "", "X")).count();
    assert_eq!(others, 2, "the item for every supplier, and everything for every supplier");
}

#[test]
fn what_was_agreed_beyond_before_counts() {
    let bounds =
        Bounds { quantity_over: bound("", "50"), quantity_under: bound("", "50"), ..Bounds::default() };
    let mut terms = terms(vec![rule(Source::Relationship, bounds)]);
    terms.beyond = 40.into();
    for (quantity, accepted) in [("110", true), ("111", false), ("50", true), ("49", false)] {
        assert_eq!(outcome(&terms, 100, &propose(&[(quantity, ASKED)])).0, accepted, "{quantity} for 100");
    }
}

#[test]
fn a_substitute_waits_and_a_split_may_be_forbidden() {
    let bounds = Bounds { late_days: Some(5), ..Bounds::default() };
    let mut terms = terms(vec![rule(Source::Relationship, bounds)]);
    let day = date!(2026 - 12 - 30);
    let mut other = propose(&[("1000", day)]);
    assert!(check(&terms, 1_000.into(), &other).accepted);
    other.substitute = Some(Item::default());
    assert_eq!(check(&terms, 1_000.into(), &other).obstacles, [Obstacle::Substitute]);
    let split = propose(&[("400", ASKED), ("600", day)]);
    assert!(check(&terms, 1_000.into(), &split).accepted, "each day and the total are within");
    terms.split_forbidden = true;
    assert_eq!(check(&terms, 1_000.into(), &split).obstacles, [Obstacle::SplitForbidden]);
}

#[test]
fn what_cannot_be_compared_exactly_waits() {
    let bounds = Bounds { price_over: bound("1000", ""), ..Bounds::default() };
    let mut terms = terms(vec![rule(Source::Relationship, bounds)]);
    terms.price.as_mut().unwrap().amount = decimal("1.234567890123456789");
    let mut proposal = propose(&[("1000", ASKED)]);
    proposal.price = Some(Price {
        amount: wire("1234567890.234567890123456789"),
        base_quantity: wire("7.000000000000000001"),
        ..Price::default()
    });
    let found = check(&terms, 1_000.into(), &proposal);
    assert_eq!((found.accepted, found.obstacles), (false, vec![Obstacle::TooManyDigits]));
}

/// Thousandths as a decimal.
fn thousandths(number: i64) -> Decimal {
    Decimal::new(number, 3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whole numbers say the same: over ≤ whole × percent, without any fraction on the way.
    #[test]
    fn quantity_bounds_are_where_whole_numbers_put_them(
        ordered in 1_i64..10_000_000, percent in 0_i64..20_000, absolute in proptest::option::of(0_i64..2_000_000),
        around in -2_i64..=2,
    ) {
        // ordered and absolute in thousandths, percent in thousandths of a percent
        let share = i128::from(ordered) * i128::from(percent);
        let exact = share / 100_000;
        let limit = absolute.map_or(exact, |absolute| exact.min(absolute.into()));
        let over = i64::try_from(limit).unwrap() + around;
        let within = i128::from(over) * 100_000 <= share && absolute.is_none_or(|absolute| over <= absolute);
        let bounds = Bounds {
            quantity_over: Some(Bound {
                percent: Some(thousandths(percent)),
                absolute: absolute.map(thousandths),
            }),
            ..Bounds::default()
        };
        let mut terms = terms(vec![rule(Source::Relationship, bounds)]);
        terms.ordered = thousandths(ordered);
        let promised = thousandths(ordered + over);
        prop_assume!(over > 0);
        let found = check(&terms, terms.ordered, &propose(&[(&promised.to_string(), ASKED)]));
        prop_assert_eq!(found.accepted, within, "{} over {}", over, ordered);
        prop_assert_eq!(found.checks[0].actual, thousandths(over));
    }

    #[test]
    fn price_bounds_are_where_whole_numbers_put_them(
        asked in 1_i64..1_000_000, asked_base in 1_i64..2_000, base in 1_i64..2_000, percent in 0_i64..50,
        around in -2_i64..=2,
    ) {
        // The largest amount for `base` that is within: amount × asked_base × 100 ≤ asked × base × (100 + percent)
        let most = i128::from(asked) * i128::from(base) * i128::from(100 + percent);
        let amount = i64::try_from(most / (100 * i128::from(asked_base))).unwrap() + around;
        prop_assume!(amount > 0);
        let differs = i128::from(amount) * i128::from(asked_base) - i128::from(asked) * i128::from(base);
        prop_assume!(differs > 0);
        let within = i128::from(amount) * i128::from(asked_base) * 100 <= most;
        let bounds = Bounds {
            price_over: Some(Bound { percent: Some(percent.into()), absolute: None }),
            ..Bounds::default()
        };
        let mut terms = terms(vec![rule(Source::Relationship, bounds)]);
        let given = terms.price.as_mut().unwrap();
        (given.amount, given.base) = (thousandths(asked), asked_base.into());
        let mut proposal = propose(&[("1000", ASKED)]);
        proposal.price = Some(Price {
            amount: wire(&thousandths(amount).to_string()),
            base_quantity: wire(&base.to_string()),
            ..Price::default()
        });
        let found = check(&terms, 1_000.into(), &proposal);
        prop_assert!(found.obstacles.is_empty(), "{:?}", found.obstacles);
        prop_assert_eq!(found.accepted, within);
    }

    #[test]
    fn sums_and_products_are_exact_or_none(a in -10_i64.pow(15)..10_i64.pow(15), b in -10_i64.pow(15)..10_i64.pow(15),
        left in 0_u32..=18, right in 0_u32..=18,
    ) {
        let (x, y) = (Decimal::new(a, left), Decimal::new(b, right));
        if let Ok(product) = mul(x, y) {
            let whole = product.mantissa() * 10_i128.pow(left + right - product.scale());
            prop_assert_eq!(whole, i128::from(a) * i128::from(b));
        }
        if let Ok(sum) = add(x, y) {
            let most = left.max(right);
            let shifted = i128::from(a) * 10_i128.pow(most - left) + i128::from(b) * 10_i128.pow(most - right);
            prop_assert_eq!(sum.mantissa() * 10_i128.pow(most - sum.scale()), shifted);
        }
    }
}
