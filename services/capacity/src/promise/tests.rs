use time::macros::date;

use super::*;
use crate::matching::Series;

mod brute;

pub(super) const W50: Date = date!(2026 - 12 - 07);
const W51: Date = date!(2026 - 12 - 14);
const W52: Date = date!(2026 - 12 - 21);
const W53: Date = date!(2026 - 12 - 28);

pub(super) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(super) fn stated(actual: Decimal, maximum: Decimal) -> Stated {
    Stated { actual, maximum, agreed: None, delta: None }
}

/// A group that links the asked series, with its maximum by week from W50 on; `–`: unknown.
fn makes(factor: &str, maxima: &str) -> Node {
    let load_factor = (!factor.is_empty()).then(|| d(factor));
    Node {
        series: vec![Series { load_factor, ..Series::default() }],
        weeks: weeks(maxima),
        ..Node::default()
    }
}

/// A group that sums others.
fn sums(children: &[u128], maxima: &str) -> Node {
    Node { children: children.iter().map(|n| id(*n)).collect(), weeks: weeks(maxima), ..Node::default() }
}

fn weeks(maxima: &str) -> BTreeMap<Date, Stated> {
    let week = |(index, text): (usize, &str)| {
        let maximum = (text != "–").then(|| d(text))?;
        Some((W50 + Duration::weeks(index as i64), stated(maximum, maximum)))
    };
    maxima.split_whitespace().enumerate().filter_map(week).collect()
}

/// Numbered from 1; those with a series are asked about it.
fn shop(nodes: Vec<Node>) -> Shop {
    let groups: BTreeMap<Uuid, Node> = (1..).map(id).zip(nodes).collect();
    let asked = groups
        .iter()
        .filter(|(_, node)| !node.series.is_empty())
        .map(|(id, _)| (*id, Linked::at(0)))
        .collect();
    Shop { groups, asked, taken: BTreeMap::new() }
}

fn ask(quantity: &str, from: Date, until: Date) -> Question {
    Question { quantity: d(quantity), from, until }
}

/// Each week as `quantity/room`, then what is late and what is left.
fn shown(promise: &Promise) -> String {
    let figure = |room: Option<Decimal>| room.map_or_else(|| "–".into(), |room| room.normalize().to_string());
    let week = |week: &Week| format!("{}/{}", week.quantity.normalize(), figure(week.room));
    let weeks: Vec<String> = promise.weeks.iter().map(week).collect();
    format!("{} late {} left {}", weeks.join(" "), promise.late.normalize(), promise.unpromised.normalize())
}

/// Groups, how much is asked for W50 of them, what comes of it.
type Case<'a> = (&'a str, Vec<Node>, &'a str, &'a str, Verdict);

fn check(cases: Vec<Case<'_>>) {
    for (name, nodes, quantity, expected, verdict) in cases {
        let promise = promise(&shop(nodes), &ask(quantity, W50, W50));
        assert_eq!((shown(&promise).as_str(), promise.verdict()), (expected, verdict), "{name}");
    }
}

#[test]
fn weeks_are_filled_one_after_the_other() {
    use Verdict::*;
    check(vec![
        ("room enough", vec![makes("", "10 10")], "7", "7/10 late 0 left 0", OnTime),
        ("what is left over is late", vec![makes("2", "10 10")], "7", "5/5 2/5 late 2 left 0", Late),
        ("not everything", vec![makes("2", "10 5")], "9", "5/5 2/2 late 2 left 2", Partial),
        ("a full week is passed over", vec![makes("", "0 3 9")], "4", "0/0 3/3 1/9 late 4 left 0", Late),
        ("so is an unknown one", vec![makes("", "2 – 9")], "4", "2/2 0/– 2/9 late 2 left 0", Late),
        ("full as far as is known", vec![makes("", "0 0")], "4", "0/0 0/0 late 0 left 4", Nothing),
        ("nothing is known", vec![makes("", "")], "4", "0/– late 0 left 4", Unknown),
        ("nobody makes it", vec![], "4", "0/– late 0 left 4", Unknown),
        ("no load is no bound", vec![makes("0", "1")], "3", "3/3 late 0 left 0", OnTime),
        ("whole pieces", vec![makes("3", "10 10")], "4.00", "3/3 1/3 late 1 left 0", Late),
        ("as fine as is asked", vec![makes("3", "10 9")], "4.05", "3.33/3.33 0.72/3 late 0.72 left 0", Late),
        ("tenths are exact", vec![makes("0.1", "0.3")], "3", "3/3 late 0 left 0", OnTime),
        ("a quotient beyond decimals", vec![makes(TINY, HUGE)], "3", "3/3 late 0 left 0", OnTime),
    ]);
}

const TINY: &str = "0.000000000000000001";
const HUGE: &str = "999999999999";

#[test]
fn every_group_that_takes_a_load_must_have_room() {
    use Verdict::*;
    let off = |node| Node { inactive: true, ..node };
    let diamond = vec![makes("2", "9"), sums(&[1], ""), sums(&[1], ""), sums(&[2, 3], "6")];
    let stopped = vec![makes("", "9"), off(makes("", "1")), off(sums(&[1], "1"))];
    check(vec![
        ("all", vec![makes("", "9 9"), makes("2", "4 9")], "5", "2/2 3/4 late 3 left 0", Late),
        ("full beside unknown", vec![makes("", "–"), makes("", "0")], "5", "0/0 late 0 left 5", Nothing),
        ("room beside unknown", vec![makes("", "–"), makes("", "9")], "5", "0/– late 0 left 5", Unknown),
        ("a sum", vec![makes("2", "9 9"), sums(&[1], "4 6")], "3", "2/2 1/3 late 1 left 0", Late),
        (
            "of two",
            vec![makes("2", "9"), makes("1", "9"), sums(&[1, 2], "6")],
            "2",
            "2/2 late 0 left 0",
            OnTime,
        ),
        ("each once, whatever ways", diamond, "3", "3/3 late 0 left 0", OnTime),
        ("not one that only sums", vec![makes("", "9"), sums(&[1], "")], "3", "3/9 late 0 left 0", OnTime),
        (
            "one that states a week",
            vec![makes("", "9 9"), sums(&[1], "– 9")],
            "3",
            "0/– 3/9 late 3 left 0",
            Late,
        ),
        ("inactive is as if absent", stopped, "3", "3/9 late 0 left 0", OnTime),
        ("and so is all that makes it", vec![off(makes("", "9"))], "3", "0/– late 0 left 3", Unknown),
    ]);
}

#[test]
fn a_question_may_be_asked_in_another_unit() {
    use Verdict::*;
    // Units of the series that so many units of the question are.
    for (name, takes, of, maxima, quantity, expected, verdict) in [
        ("kilograms of tonnes", "1000", "1", "3200 9000", "5", "3.2/3.2 1.8/9 late 1.8 left 0", Late),
        ("as fine as kilograms are", "1000", "1", "3200.5 9000", "5", "3.2/3.2 1.8/9 late 1.8 left 0", Late),
        (
            "grams where they are asked",
            "1000",
            "1",
            "3200.5",
            "5.0005",
            "3.2005/3.2005 late 0 left 1.8",
            Partial,
        ),
        ("tonnes of kilograms", "0.001", "1", "3.2 9", "5000", "3200/3200 1800/9000 late 1800 left 0", Late),
        ("hours of minutes", "1", "60", "1 1", "90", "60/60 30/60 late 30 left 0", Late),
        ("minutes of hours", "60", "1", "100 90", "2", "1/1 1/1 late 1 left 0", Late),
        ("metres of feet", "0.3048", "1", "3.048", "10", "10/10 late 0 left 0", OnTime),
        ("feet of metres", "1", "0.3048", "10", "3.048", "3.048/3.048 late 0 left 0", OnTime),
    ] {
        let mut shop = shop(vec![makes("", maxima), sums(&[1], "")]);
        shop.asked = [(id(1), Linked { place: 0, takes: d(takes), of: d(of) })].into();
        let promise = promise(&shop, &ask(quantity, W50, W50));
        assert_eq!((shown(&promise).as_str(), promise.verdict()), (expected, verdict), "{name}");
    }
    let linked = |takes: &str, of: &str| Linked { place: 0, takes: d(takes), of: d(of) };
    // Two groups that count in different units, and one that sums them.
    for (first, second, quantity, expected) in [
        (linked("1000", "1"), linked("1", "1"), "3", "3/3 late 0 left 0"),
        (linked("1", "60"), linked("1", "3"), "60000", "8580/8580 late 0 left 51420"),
    ] {
        let mut both = shop(vec![makes("", "9000"), makes("", "9000"), sums(&[1, 2], "3003")]);
        both.asked = [(id(1), first), (id(2), second)].into();
        assert_eq!(shown(&promise(&both, &ask(quantity, W50, W50))), expected);
    }
    let mut hours = shop(vec![makes("", "1")]);
    hours.asked = [(id(1), linked("1", "60"))].into();
    let accepted = [(W50, d("120"))].into();
    let turned: Vec<Outcome> = turned(&hours, &accepted).iter().map(|turn| turn.after).collect();
    assert_eq!(turned, [Outcome::BeyondMaximum], "120 minutes are two hours");
}

#[test]
fn what_is_promised_already_leaves_no_room() {
    let mut shop = shop(vec![makes("", "10 10 10"), sums(&[1], "99 99 12")]);
    shop.taken = [((id(1), W50), d("12")), ((id(1), W51), d("4")), ((id(2), W52), d("10"))].into();
    let promise = promise(&shop, &ask("9", W50, W51));
    assert_eq!(shown(&promise), "0/0 6/6 2/2 late 2 left 1");
    let tightest: Vec<Option<Uuid>> = promise.weeks.iter().map(|week| week.tightest).collect();
    assert_eq!(tightest, [Some(id(1)), Some(id(1)), Some(id(2))]);
    assert_eq!(promise.split(), [(W51, d("6")), (W52, d("2"))].into());
}

#[test]
fn nothing_comes_before_it_may_or_in_a_week_that_is_past() {
    let days = |earliest, requested, this_week| Question::new(d("1"), earliest, requested, this_week);
    let (wednesday, sunday) = (date!(2026 - 12 - 16), date!(2026 - 12 - 27));
    assert_eq!(days(wednesday, sunday, W50), ask("1", W51, W52));
    let past = days(wednesday, wednesday, W52);
    assert_eq!((past, past.as_requested()), (ask("1", W52, W51), W52));
    let shop = shop(vec![makes("", "9 9 5 9")]);
    assert_eq!(shown(&promise(&shop, &ask("7", W52, W51))), "5/5 2/9 late 7 left 0");
    assert_eq!(shown(&promise(&shop, &ask("10", W50, W53))), "9/9 1/9 late 0 left 0");
    // Two years, and no further.
    let promise = promise(&shop, &ask("99", W50, date!(2199 - 01 - 07)));
    assert_eq!((promise.weeks.len() as i64, promise.unpromised), (HORIZON_WEEKS, d("67")));
}

#[test]
fn forecasts_leave_room_and_show_as_weeks_that_turn() {
    let mut asked = Series { load_factor: Some(d("2")), ..Series::default() };
    asked.forecast = [(W50, d("4"))].into();
    let rival = Series { load_factor: Some(d("1")), forecast: [(W50, d("8"))].into(), ..Series::default() };
    let weeks = [(W50, stated(d("16"), d("20"))), (W51, stated(d("2"), d("20")))].into();
    let maker = Node { series: vec![rival, asked], weeks, ..Node::default() };
    let mut shop = shop(vec![maker, sums(&[1], "23 –")]);
    shop.asked = [(id(1), Linked::at(1))].into();
    let turns = |quantity: &str, monday| {
        let turn = |turn: &Turn| (turn.group, turn.monday, turn.before, turn.after);
        turned(&shop, &[(monday, d(quantity))].into()).iter().map(turn).collect::<Vec<_>>()
    };
    use Outcome::*;
    // It consumes the forecast of its own series first.
    assert_eq!(turns("4", W50), []);
    assert_eq!(turns("5", W50), [(id(1), W50, ZeroDeviation, WithinMaximum)]);
    assert_eq!(
        turns("8", W50),
        [(id(1), W50, ZeroDeviation, BeyondMaximum), (id(2), W50, Surplus, BeyondMaximum)]
    );
    // A week without a forecast has no colour before, and a group without capacity none after.
    assert_eq!(turns("1", W51), []);
    assert_eq!(turns("2", W51), [(id(1), W51, Unmatched, WithinMaximum)]);
    // The rival's forecast leaves all the room that there is.
    assert_eq!(shown(&promise(&shop, &ask("10", W50, W50))), "10/10 late 0 left 0");
}
