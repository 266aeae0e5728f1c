//! What an answer takes of its supplier's weeks, and how it is refused where hours of them are offered to others. Pure.

use std::collections::HashMap;

use chassis::{Error, Field, Reason, unit::closest};
use rust_decimal::{Decimal, RoundingStrategy};
use time::{Date, Duration};
use uuid::Uuid;

use crate::order::Order;

/// Fields of a refusal: more than anybody reads.
const FIELDS: usize = 200;

/// A promise of an answer, as far as it takes capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Which schedule line of the answer promises it, from 0.
    pub at: usize,
    /// The schedule line's place in its order.
    pub place: usize,
    pub day: Date,
    pub quantity: Decimal,
    /// The buyer's number of what is delivered instead; empty where it is the ordered item, or has no number.
    pub substitute: String,
}

impl Promise {
    /// The Monday of its week.
    pub fn monday(&self) -> Date {
        self.day - Duration::days(i64::from(self.day.weekday().number_days_from_monday()))
    }
}

/// What is too much of a week beside what is offered of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    pub line_number: String,
    pub monday: Date,
    pub group: Uuid,
    pub group_name: String,
    /// Of `quantity`, UN/ECE Recommendation 20; empty where the group states none.
    pub unit_code: String,
    /// Of all that the answer takes of the week.
    pub quantity: Decimal,
}

/// Why an answer is not given: each line that takes too much of a week, as far as there is room for them, and what to do.
/// `everything`: it answers no line by itself.
pub fn refusal(order: &Order, promises: &[Promise], everything: bool, short: &[Short]) -> Error {
    // Found at once: weeks are locked meanwhile, and an answer may have thousands of lines.
    let mut answered: HashMap<(&str, Date), Vec<usize>> = HashMap::new();
    for promise in promises {
        let line = order.schedule[promise.place].line_number.as_str();
        let lines = answered.entry((line, promise.monday())).or_default();
        if lines.last() != Some(&promise.at) {
            lines.push(promise.at);
        }
    }
    let each = if everything { 1 } else { FIELDS };
    let named = short.iter().flat_map(|one| {
        let lines = answered.get(&(one.line_number.as_str(), one.monday)).into_iter().flatten();
        lines.take(each).map(move |at| {
            let path = if everything { "accept_all".to_owned() } else { format!("lines[{at}]") };
            Field::new(path, "OFFERED", sentence(one))
        })
    });
    let fields: Vec<Field> = named.take(FIELDS).collect();
    let refused = Error::new(Reason::HOURS_OFFERED).fields(fields);
    match short.first() {
        Some(first) => refused
            .with("line_number", &first.line_number)
            .with("iso_week", iso_week(first.monday))
            .with("group_id", first.group)
            .with("group_name", &first.group_name)
            .with("short", first.quantity.normalize())
            .with("unit_code", &first.unit_code),
        None => refused,
    }
}

fn sentence(short: &Short) -> String {
    let Short { line_number, group_name, .. } = short;
    let (week, quantity) = (iso_week(short.monday), quantity(short));
    format!(
        "line {line_number} takes hours of {group_name} in {week} that are offered, {quantity} too many; shrink or withdraw \
         the offer, promise another day, or set despite_offers to promise them all the same"
    )
}

/// In hours where it is time, never less than it is.
fn quantity(short: &Short) -> String {
    let (quantity, unit) = match closest(short.quantity, &short.unit_code, "HUR") {
        Some(hours) => (hours, "h"),
        None => (short.quantity, short.unit_code.as_str()),
    };
    let quantity = quantity.round_dp_with_strategy(2, RoundingStrategy::AwayFromZero).normalize();
    format!("{quantity} {unit}").trim_end().to_owned()
}

/// The week's name in ISO 8601, such as `2026-W53` for 28 December 2026.
fn iso_week(monday: Date) -> String {
    let (year, week, _) = monday.to_iso_week_date();
    format!("{year:04}-W{week:02}")
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::order::{Schedule, tests::with_schedule};

    fn short(line: &str, monday: Date, quantity: &str, unit_code: &str) -> Short {
        Short {
            line_number: line.into(),
            monday,
            group: Uuid::from_u128(7),
            group_name: "机组".into(),
            unit_code: unit_code.into(),
            quantity: quantity.parse().unwrap(),
        }
    }

    fn promise(at: usize, place: usize, day: Date) -> Promise {
        Promise { at, place, day, quantity: Decimal::ONE, substitute: String::new() }
    }

    #[test]
    fn a_refusal_names_lines_week_group_and_what_is_too_much() {
        let line = |number: &str| Schedule { line_number: number.into(), ..Schedule::default() };
        let order = with_schedule(vec![line("10"), line("20"), line("20")]);
        let (w53, w01) = (date!(2026 - 12 - 28), date!(2027 - 01 - 04));
        // The answer names the second line's schedule lines first.
        let promises = [
            promise(0, 1, date!(2027 - 01 - 03)),
            promise(1, 2, w53),
            promise(1, 2, date!(2027 - 01 - 02)),
            promise(2, 0, w01),
        ];
        let too_much = [short("20", w53, "5400", "SEC"), short("10", w01, "2.50", "H87")];
        let paths = |everything: bool| -> Vec<String> {
            let fields = refusal(&order, &promises, everything, &too_much).fields;
            fields.into_iter().map(|field| field.path).collect()
        };
        assert_eq!(paths(false), ["lines[0]", "lines[1]", "lines[2]"]);
        assert_eq!(paths(true), ["accept_all", "accept_all"], "each line in each week once");
        let refused = refusal(&order, &promises, false, &too_much);
        let said = &refused.fields[0].message;
        assert!(
            said.starts_with("line 20 takes hours of 机组 in 2026-W53 that are offered, 1.5 h too many;"),
            "{said}"
        );
        let said =
            |key: &str| refused.metadata.iter().find(|(own, _)| *own == key).map(|(_, value)| value.as_str());
        let expected =
            [("line_number", "20"), ("iso_week", "2026-W53"), ("short", "5400"), ("unit_code", "SEC")];
        for (key, value) in expected {
            assert_eq!(said(key), Some(value), "{key}");
        }
    }

    #[test]
    fn a_refusal_names_no_more_than_anybody_reads() {
        let line = |number: usize| Schedule { line_number: number.to_string(), ..Schedule::default() };
        let order = with_schedule((0..FIELDS + 50).map(line).collect());
        let monday = date!(2026 - 12 - 28);
        let promises: Vec<Promise> = (0..FIELDS + 50).map(|at| promise(at, at, monday)).collect();
        let too_much: Vec<Short> =
            (0..FIELDS + 50).map(|number| short(&number.to_string(), monday, "1", "HUR")).collect();
        let fields = refusal(&order, &promises, false, &too_much).fields;
        assert_eq!(fields.len(), FIELDS);
        assert_eq!(fields.last().map(|field| field.path.as_str()), Some("lines[199]"));
    }

    #[test]
    fn what_is_too_much_is_never_said_to_be_less() {
        for (quantity, unit_code, expected) in [
            ("3600", "SEC", "1 h"),
            ("1", "SEC", "0.01 h"),
            ("12", "HUR", "12 h"),
            ("2.001", "H87", "2.01 H87"),
            ("3", "", "3"),
        ] {
            let short = short("10", date!(2026 - 12 - 28), quantity, unit_code);
            assert_eq!(super::quantity(&short), expected);
        }
    }
}
