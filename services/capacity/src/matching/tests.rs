use time::macros::date;

use super::*;

const W52: Date = date!(2026 - 12 - 21);
const W53: Date = date!(2026 - 12 - 28);
const W01: Date = date!(2027 - 01 - 04);

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn weeks(list: &[(Date, &str)]) -> Weeks {
    list.iter().map(|(monday, quantity)| (*monday, d(quantity))).collect()
}

fn series(factor: Option<&str>, forecast: &[(Date, &str)], booked: &[(Date, &str)]) -> Series {
    Series {
        load_factor: factor.map(d),
        forecast: weeks(forecast),
        booked: weeks(booked),
        ..Series::default()
    }
}

fn stated(delta: Option<&str>) -> Stated {
    Stated { actual: d("204"), maximum: d("240"), agreed: None, delta: delta.map(d) }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn demand(group: u128, groups: &BTreeMap<Uuid, Node>) -> Vec<(Date, String)> {
    found(id(group), groups)
        .into_iter()
        .map(|(monday, week)| (monday, week.demand.normalize().to_string()))
        .collect()
}

#[test]
fn borrowed_hours_are_planned_and_reachable() {
    use Outcome::*;
    // demand, actual and maximum, borrowed
    for (demand, stated, borrowed, expected, turn) in [
        ("250", Some(("204", "240")), "0", BeyondMaximum, None),
        ("250", Some(("204", "240")), "9.999", BeyondMaximum, Some(Turn::Changed)),
        ("250", Some(("204", "240")), "10", WithinMaximum, Some(Turn::Changed)),
        ("250", Some(("204", "240")), "40", WithinMaximum, Some(Turn::Changed)),
        ("250", Some(("204", "240")), "46", ZeroDeviation, Some(Turn::Cleared)),
        ("250", Some(("204", "240")), "47", Surplus, Some(Turn::Cleared)),
        ("250", None, "300", Unmatched, None),
        ("0", Some(("0", "0")), "40", Surplus, None),
    ] {
        let stated = stated.map(|(actual, maximum)| (d(actual), d(maximum)));
        let with = strengthened(stated, d(borrowed));
        assert_eq!(outcome(Some(d(demand)), with), expected, "{demand} {borrowed}");
        let standing = |capacity| Standing { demand: Some(d(demand)), capacity };
        let turned = turned(standing(stated), standing(with), ()).map(|turned| turned.turn);
        assert_eq!(turned, turn, "{demand} {borrowed}");
    }
    let most = strengthened(Some((Decimal::MAX, Decimal::MAX)), d("1"));
    assert_eq!(most, Some((Decimal::MAX, Decimal::MAX)));
}

#[test]
fn the_eight_rows_of_the_standard_and_what_is_unknown() {
    use Outcome::*;
    // demand, actual, maximum
    for (demand, actual, maximum, expected) in [
        (Some("100"), Some("100"), "100", ZeroDeviation),
        (Some("100"), Some("100"), "120", ZeroDeviation),
        (Some("90"), Some("100"), "100", Surplus),
        (Some("90"), Some("100"), "120", Surplus),
        (Some("110"), Some("100"), "120", WithinMaximum),
        (Some("120"), Some("100"), "120", WithinMaximum),
        (Some("130"), Some("100"), "120", BeyondMaximum),
        (Some("110"), Some("100"), "100", BeyondMaximum),
        (Some("0"), Some("0"), "0", ZeroDeviation),
        (Some("0.001"), Some("0"), "0", BeyondMaximum),
        (Some("-5"), Some("0"), "0", Surplus),
        (None, Some("100"), "120", Unmatched),
        (None, Some("0"), "0", Unmatched),
        (Some("0"), None, "0", Unmatched),
        (None, None, "0", Unmatched),
    ] {
        let found = outcome(demand.map(d), actual.map(|actual| (d(actual), d(maximum))));
        assert_eq!(found, expected, "{demand:?} {actual:?} {maximum}");
    }
}

#[test]
fn factors_come_first_and_the_delta_last() {
    let mut group = Node {
        series: vec![series(Some("1.5"), &[(W53, "200000")], &[]), series(Some("2"), &[(W53, "10")], &[])],
        weeks: [(W53, stated(Some("-20"))), (W01, stated(Some("7")))].into(),
        ..Node::default()
    };
    let groups = |node: &Node| BTreeMap::from([(id(1), node.clone())]);
    // (200,000 × 1.5 + 10 × 2) − 20; in W01 nothing is known, and a delta alone makes no demand
    assert_eq!(demand(1, &groups(&group)), [(W53, "300000".into())]);
    group.series[0].load_factor = None;
    group.series[1].load_factor = None;
    assert_eq!(demand(1, &groups(&group)), [(W53, "199990".into())], "without factors each counts 1");
    group.series[0].forecast = weeks(&[(W53, "0")]);
    group.series.truncate(1);
    assert_eq!(demand(1, &groups(&group)), [(W53, "-20".into())], "0 is known");
    group.inactive = true;
    assert_eq!(demand(1, &groups(&group)), [], "inactive is as if absent");
}

#[test]
fn machine_time_stays_exact() {
    let node = Node { series: vec![series(Some("45"), &[(W01, "16320")], &[])], ..Node::default() };
    let found = found(id(1), &[(id(1), node)].into());
    assert_eq!(found[&W01].demand, d("734400"), "16,320 pieces of 45 s are 204 hours");
    let capacity = Some((d("204") * d("3600"), d("240") * d("3600")));
    assert_eq!(outcome(Some(found[&W01].demand), capacity), Outcome::ZeroDeviation);
}

#[test]
fn orders_consume_the_forecast_of_their_week() {
    for (forecast, booked, expected, load) in [
        (Some("100"), "0", "200", "0"),
        (Some("100"), "60", "200", "120"),
        (Some("100"), "100", "200", "200"),
        (Some("100"), "130", "260", "260"),
        (None, "30", "60", "60"),
        (Some("0"), "30", "60", "60"),
    ] {
        let forecast: Vec<_> = forecast.into_iter().map(|quantity| (W53, quantity)).collect();
        let node = Node { series: vec![series(Some("2"), &forecast, &[(W53, booked)])], ..Node::default() };
        let found = found(id(1), &[(id(1), node)].into());
        assert_eq!((found[&W53].demand, found[&W53].booked), (d(expected), d(load)), "{forecast:?} {booked}");
    }
    let cancelled = Node { series: vec![series(None, &[], &[(W53, "0")])], ..Node::default() };
    assert!(
        found(id(1), &[(id(1), cancelled)].into()).is_empty(),
        "a cancelled order leaves the week unknown"
    );
}

#[test]
fn what_a_line_makes_in_hours_that_it_reserved_counts_once() {
    let line = |n: u128| (id(n), "10".to_owned());
    let hours = |list: &[(u128, &str)]| -> BTreeMap<Date, Lines> {
        [(W53, list.iter().map(|(n, quantity)| (line(*n), d(quantity))).collect())].into()
    };
    // 2 hours a piece; 30 pieces are booked, some of them by lines that reserved hours: booked beside what is offered; and
    // what is demanded with the hours that are lent.
    for (reserved, consumed, expected, demand) in [
        (hours(&[]), hours(&[]), "60", "60"),
        (hours(&[]), hours(&[(7, "40")]), "60", "100"),
        (hours(&[(7, "20")]), hours(&[(7, "40")]), "20", "60"),
        (hours(&[(7, "20")]), hours(&[(7, "90")]), "20", "110"),
        (hours(&[(7, "20")]), hours(&[(7, "30")]), "30", "60"),
        (hours(&[(7, "20"), (8, "10")]), hours(&[(7, "30"), (8, "50")]), "10", "90"),
        (hours(&[(7, "20")]), [(W52, hours(&[(7, "40")])[&W53].clone())].into(), "60", "60"),
    ] {
        let own = Series { reserved: reserved.clone(), ..series(Some("2"), &[], &[(W53, "30")]) };
        let lent = consumed.iter().map(|(monday, lines)| (*monday, lines.values().sum())).collect();
        let lends = Node { series: vec![own], lent, consumed: consumed.clone(), ..Node::default() };
        let sums = Node { children: [id(1)].into(), ..Node::default() };
        let groups = BTreeMap::from([(id(1), lends), (id(2), sums)]);
        let week = found(id(1), &groups)[&W53];
        assert_eq!((week.booked, week.demand), (d(expected), d(demand)), "{reserved:?} {consumed:?}");
        assert_eq!(found(id(2), &groups)[&W53].booked, d(expected), "who sums it has those offered below it");
    }
}

#[test]
fn a_nested_group_sums_what_is_below_it_once() {
    let leaf = |factor: &str, quantity: &str| Node {
        series: vec![series(Some(factor), &[(W53, quantity)], &[])],
        weeks: [(W53, stated(Some("1")))].into(),
        ..Node::default()
    };
    let nest = |children: &[u128]| Node {
        children: children.iter().map(|child| id(*child)).collect(),
        weeks: [(W53, stated(Some("1000"))), (W01, stated(Some("5")))].into(),
        ..Node::default()
    };
    let mut groups: BTreeMap<Uuid, Node> = [
        (id(1), leaf("2", "10")),
        (id(2), leaf("3", "10")),
        (id(3), nest(&[1, 2, 99])),
        (id(4), nest(&[3, 1])),
    ]
    .into();
    // 21 + 31 + its own 1000; the group that is not there counts nothing
    assert_eq!(demand(3, &groups), [(W53, "1052".into())]);
    // by two ways to group 1, once
    assert_eq!(demand(4, &groups), [(W53, "2052".into())]);
    groups.get_mut(&id(3)).unwrap().inactive = true;
    assert_eq!(
        demand(4, &groups),
        [(W53, "1021".into())],
        "group 2 was reached through an inactive one alone"
    );
    assert_eq!(demand(3, &groups), []);
    groups.insert(id(1), Node { inactive: true, ..groups[&id(1)].clone() });
    assert_eq!(demand(4, &groups), [], "nothing below it is known, and its delta alone is no demand");
}

#[test]
fn what_is_offered_below_is_offered_once_in_every_group_that_sums_it() {
    let node = |offered: &str, children: &[u128]| Node {
        offered: weeks(&[(W53, offered)]),
        children: children.iter().map(|child| id(*child)).collect(),
        ..Node::default()
    };
    // 1 and 2 in hall 3, and 4 sums the hall and, once more, 1; nobody has 99.
    let mut groups: BTreeMap<Uuid, Node> = [
        (id(1), node("60", &[])),
        (id(2), node("5", &[])),
        (id(3), node("30", &[1, 2, 99])),
        (id(4), node("0", &[3, 1])),
    ]
    .into();
    let below = |group: u128, groups: &BTreeMap<Uuid, Node>| {
        offered_below(id(group), groups).get(&W53).copied().unwrap_or_default()
    };
    for (group, expected) in [(1, "0"), (2, "0"), (3, "65"), (4, "95")] {
        assert_eq!(below(group, &groups), d(expected), "{group}");
    }
    groups.get_mut(&id(3)).unwrap().inactive = true;
    assert_eq!(below(4, &groups), d("60"), "group 2 was reached through an inactive one alone");
    assert_eq!(below(3, &groups), d("0"));
}

#[test]
fn a_circle_that_should_not_be_there_ends() {
    let node = |child: u128| Node {
        series: vec![series(None, &[(W53, "1")], &[])],
        children: [id(child)].into(),
        ..Node::default()
    };
    let groups = [(id(1), node(2)), (id(2), node(1))].into();
    assert_eq!(demand(1, &groups), [(W53, "2".into())]);
}

#[test]
fn weeks_at_the_turn_of_the_year_stay_apart() {
    let node = Node {
        series: vec![series(None, &[(W52, "1"), (W53, "2"), (W01, "3")], &[(W53, "5")])],
        ..Node::default()
    };
    let groups = [(id(1), node)].into();
    assert_eq!(demand(1, &groups), [(W52, "1".into()), (W53, "5".into()), (W01, "3".into())]);
}

#[test]
fn sums_too_large_stay_at_the_largest() {
    let huge = series(Some("1000000000"), &[(W53, "999999999999999999.999")], &[]);
    let node = Node { series: vec![huge; 100], ..Node::default() };
    assert_eq!(found(id(1), &[(id(1), node)].into())[&W53].demand, Decimal::MAX);
}

#[test]
fn a_bottleneck_turns_once_for_each_state() {
    let week = |demand: Option<&str>, capacity: Option<(&str, &str)>| Standing {
        demand: demand.map(d),
        capacity: capacity.map(|(actual, maximum)| (d(actual), d(maximum))),
    };
    let (plan, more) = (Some(("204", "240")), Some(("244", "280")));
    for (before, after, expected) in [
        (week(None, None), week(None, plan), None),
        (week(None, plan), week(Some("200"), plan), None),
        (week(Some("200"), plan), week(Some("220"), plan), Some(Turn::Raised)),
        (week(Some("220"), plan), week(Some("220"), plan), None),
        (week(Some("220"), plan), week(Some("220.0"), plan), None),
        (week(Some("220"), plan), week(Some("221"), plan), Some(Turn::Changed)),
        (week(Some("250"), plan), week(Some("250"), more), Some(Turn::Changed)),
        (week(Some("250"), more), week(Some("244"), more), Some(Turn::Cleared)),
        (week(Some("250"), plan), week(None, plan), Some(Turn::Cleared)),
        (week(Some("250"), plan), week(Some("250"), None), Some(Turn::Cleared)),
    ] {
        assert_eq!(turned(before, after, ()).map(|one| one.turn), expected, "{before:?} {after:?}");
    }
}

/// A group that lends hours, some of them consumed by an order line that makes things of the group.
fn lending(forecast: &str, booked: &str, lent: &str, consumed: &str) -> Node {
    let mut made = series(None, &[], &[(W53, booked)]);
    if !forecast.is_empty() {
        made.forecast = weeks(&[(W53, forecast)]);
    }
    let line = (id(9), "10".to_owned());
    made.reserved = [(W53, [(line.clone(), d(booked))].into())].into();
    Node {
        series: vec![made],
        lent: weeks(&[(W53, lent)]),
        consumed: [(W53, [(line, d(consumed))].into())].into(),
        ..Node::default()
    }
}

#[test]
fn lent_hours_are_demanded_and_the_line_that_consumed_them_counts_once() {
    // forecast, the line's load, lent, of which the line consumed; demand, without lent, booked
    for (forecast, booked, lent, consumed, expected) in [
        ("100", "0", "60", "0", ("160", Some("100"), "0")),
        ("", "0", "60", "0", ("60", None, "0")),
        ("", "0", "0", "0", ("–", None, "–")),
        // The order consumes the forecast, and its hours are lent.
        ("100", "60", "60", "60", ("100", Some("100"), "0")),
        ("40", "60", "60", "60", ("60", Some("60"), "0")),
        // Of the line's load and of its hours the larger counts.
        ("0", "80", "60", "60", ("80", Some("80"), "20")),
        ("0", "40", "60", "60", ("60", Some("40"), "0")),
        // What others have is beside it.
        ("0", "60", "90", "60", ("90", Some("60"), "0")),
    ] {
        let node = lending(forecast, booked, lent, consumed);
        let found = found(id(1), &[(id(1), node)].into()).remove(&W53);
        let said = |figure: Option<Decimal>| {
            figure.map_or_else(|| "–".to_owned(), |one| one.normalize().to_string())
        };
        let got =
            (said(found.map(|one| one.demand)), found.and_then(|one| one.wanted).map(|one| one.to_string()));
        let got = (got.0, got.1, said(found.map(|one| one.booked)));
        let expected = (expected.0.to_owned(), expected.1.map(str::to_owned), expected.2.to_owned());
        assert_eq!(got, expected, "{forecast} {booked} {lent} {consumed}");
    }
}

#[test]
fn a_group_that_sums_others_has_what_they_lend_once() {
    let below = lending("100", "60", "60", "60");
    // The sum itself offers hours, of which the same line consumed as many again.
    let sum = Node { children: [id(1), id(2)].into(), series: Vec::new(), ..lending("", "0", "60", "60") };
    let other = Node { lent: weeks(&[(W53, "7")]), ..Node::default() };
    let groups = BTreeMap::from([(id(1), below), (id(2), other.clone()), (id(3), sum)]);
    assert_eq!(demand(1, &groups), [(W53, "100".into())]);
    assert_eq!(demand(2, &groups), [(W53, "7".into())]);
    // 100 forecast, 60 + 60 + 7 lent, of which the line makes no more than its 60.
    assert_eq!(demand(3, &groups), [(W53, "167".into())]);
    let inactive = Node { inactive: true, ..other };
    assert_eq!(demand(2, &[(id(2), inactive)].into()), [], "inactive is as if absent");
}

#[test]
fn lines_of_another_measure_are_told_once() {
    let line = |material: &str, unit: &str, lines| {
        ((id(9), material.to_owned(), "CY01".to_owned(), unit.to_owned()), lines)
    };
    let made = |forecast, lines: Vec<_>| {
        let uncounted = [(W53, lines.into_iter().collect::<Uncounted>())].into();
        let series = vec![Series { uncounted, ..series(None, forecast, &[]) }];
        Node { series, ..Node::default() }
    };
    let sum = Node { children: [id(1), id(2)].into(), ..Node::default() };
    let both = vec![line("A", "H87", 2), line("A", "SET", 1)];
    let groups = BTreeMap::from([
        (id(1), made(&[(W52, "7")], both)),
        (id(2), made(&[], vec![line("A", "H87", 2), line("B", "H87", 4)])),
        (id(3), sum),
    ]);
    // What both link of A is the same lines.
    for (group, expected) in [(1, 3), (2, 6), (3, 7)] {
        assert_eq!(uncounted(id(group), &groups), [(W53, expected)].into(), "{group}");
    }
    assert_eq!(demand(3, &groups), [(W52, "7".into())], "they are no demand");
    let idle = Node { inactive: true, ..groups[&id(1)].clone() };
    assert_eq!(uncounted(id(1), &[(id(1), idle)].into()), [].into());
}
