//! What accepted orders take of a supplier's weeks, and whose forecast they consume. Pure.
//!
//! A promise counts in the week of its committed day, with the quantity that is promised. What the orders leave open,
//! decided here:
//! * a promise without a day is in no week, and takes nothing until it has one;
//! * a line that is closed has been delivered, and takes nothing more;
//! * a framework order agrees on prices and terms: what is called off takes capacity, and not the frame as well;
//! * a promise is kept in the unit of its order's line, and counts in the unit of the demand ([`Units`]); what measures
//!   something else counts in no figure, and is told.

use std::collections::BTreeMap;

use chassis::unit::{closest, scale};
use rust_decimal::Decimal;
use time::Date;

use crate::week::monday_of;

/// A promise of the supplier, as far as it takes capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub day: Option<Date>,
    pub quantity: Decimal,
    /// The customer's number of what is delivered instead; empty where it is the ordered item, or has no number.
    pub substitute: String,
}

/// A schedule line as it was agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The customer wants no more of it.
    pub closed: bool,
    pub promises: Vec<Promise>,
}

/// Quantities by week and by the customer's number of the material.
pub type Load = BTreeMap<(Date, String), Decimal>;

/// What a line of this material takes. A material without a number cannot be linked by anybody.
pub fn load(line: &Line, material: &str) -> Load {
    let mut load = Load::new();
    if line.closed {
        return load;
    }
    for promise in &line.promises {
        let made = if promise.substitute.is_empty() { material } else { &promise.substitute };
        if let Some(day) = promise.day
            && promise.quantity > Decimal::ZERO
            && !made.is_empty()
        {
            let week: &mut Decimal = load.entry((monday_of(day), made.to_owned())).or_default();
            *week = week.checked_add(promise.quantity).unwrap_or(Decimal::MAX);
        }
    }
    load
}

/// What is kept of a line's week: where it goes, the unit of its order's line, and how much.
pub type Kept = BTreeMap<(Date, String), (String, String, Decimal)>;

/// What has to be written so that a line that goes to `location` takes `load` of this unit: nothing where it does already,
/// and 0 in weeks that it takes no more.
pub fn changes(kept: &Kept, load: &Load, location: &str, unit: &str) -> Load {
    let taken = load.iter().filter(|(week, quantity)| {
        let same = |(place, of, old): &(String, String, Decimal)| {
            place == location && of == unit && old == *quantity
        };
        !kept.get(*week).is_some_and(same)
    });
    let left = kept.iter().filter(|(week, (.., old))| !old.is_zero() && !load.contains_key(*week));
    let mut changes: Load = taken.map(|(week, quantity)| (week.clone(), *quantity)).collect();
    changes.extend(left.map(|(week, _)| (week.clone(), Decimal::ZERO)));
    changes
}

/// Of the series (category, location) that a group links of a material, the one whose forecast an order consumes: at the
/// order's location, or at any where it names none, and of the default category before others, whose codes all come after
/// its own. An order is counted once in a group, however many series it might belong to.
pub fn taker<'a>(
    linked: impl Iterator<Item = (&'a str, &'a str)>,
    location: &str,
) -> Option<(&'a str, &'a str)> {
    linked.filter(|(_, place)| location.is_empty() || *place == location).min()
}

/// What says the unit that accepted orders of a linked series count in. Empty: not stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Of the demand.
    pub demand: String,
    /// Of the group, where the series is linked without a load factor: one of the demand takes one of it.
    pub group: String,
}

impl Units {
    /// The demand's; where none is stated, the group's where it measures what `first` does, an order's unit; else `first`,
    /// as the load factor says what one of that takes.
    pub fn counting<'a>(&'a self, first: &'a str) -> &'a str {
        match (self.demand.as_str(), self.group.as_str()) {
            ("", group) if scale(group).0 == scale(first).0 => group,
            ("", _) => first,
            (demand, _) => demand,
        }
    }
}

/// A quantity of an order in the unit that it counts in; `None` where the two measure different things. Where one is not
/// stated, nothing says that they do.
pub fn counted(quantity: Decimal, unit: &str, counting: &str) -> Option<Decimal> {
    if unit.is_empty() || counting.is_empty() {
        return Some(quantity);
    }
    closest(quantity, unit, counting)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const W53: Date = date!(2026 - 12 - 28);
    const W01: Date = date!(2027 - 01 - 04);

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn promise(day: Option<Date>, quantity: &str, substitute: &str) -> Promise {
        Promise { day, quantity: d(quantity), substitute: substitute.into() }
    }

    fn weeks(list: &[(Date, &str, &str)]) -> Load {
        list.iter()
            .map(|(monday, material, quantity)| ((*monday, (*material).to_owned()), d(quantity)))
            .collect()
    }

    #[test]
    fn promises_count_in_the_weeks_of_their_days() {
        let sunday = Some(date!(2027 - 01 - 03));
        let (monday, friday) = (Some(W01), Some(date!(2027 - 01 - 08)));
        for (name, promises, expected) in [
            ("nothing promised", vec![], weeks(&[])),
            ("the last day of a week", vec![promise(sunday, "50", "")], weeks(&[(W53, "M", "50")])),
            (
                "two of one week are one, another week is its own",
                vec![promise(monday, "1.5", ""), promise(friday, "2.5", ""), promise(sunday, "3", "")],
                weeks(&[(W53, "M", "3"), (W01, "M", "4.0")]),
            ),
            (
                "what is delivered instead is what is made",
                vec![promise(monday, "5", "N"), promise(monday, "6", "")],
                weeks(&[(W01, "M", "6"), (W01, "N", "5")]),
            ),
            ("no day, no week", vec![promise(None, "5", "")], weeks(&[])),
            ("nothing is nothing", vec![promise(monday, "0", "")], weeks(&[])),
        ] {
            assert_eq!(load(&Line { closed: false, promises: promises.clone() }, "M"), expected, "{name}");
            assert_eq!(load(&Line { closed: true, promises }, "M"), weeks(&[]), "{name}, and closed");
        }
        let unnamed = Line { closed: false, promises: vec![promise(monday, "5", "")] };
        assert_eq!(load(&unnamed, ""), weeks(&[]), "nobody can link what has no number");
    }

    #[test]
    fn only_what_differs_is_written() {
        let kept = |list: &[(Date, &str, &str)]| -> Kept {
            let week = |(monday, location, quantity): &(Date, &str, &str)| {
                ((*monday, "M".to_owned()), ((*location).to_owned(), "KGM".to_owned(), d(quantity)))
            };
            list.iter().map(week).collect()
        };
        let both = weeks(&[(W53, "M", "5"), (W01, "M", "7")]);
        for (name, kept, load, expected) in [
            ("new", kept(&[]), both.clone(), both.clone()),
            ("again", kept(&[(W53, "CY01", "5"), (W01, "CY01", "7")]), both.clone(), weeks(&[])),
            (
                "again, written otherwise",
                kept(&[(W53, "CY01", "5.0")]),
                weeks(&[(W53, "M", "5")]),
                weeks(&[]),
            ),
            (
                "moved by a week",
                kept(&[(W53, "CY01", "5")]),
                weeks(&[(W01, "M", "5")]),
                weeks(&[(W53, "M", "0"), (W01, "M", "5")]),
            ),
            (
                "to another site",
                kept(&[(W53, "CY02", "5")]),
                weeks(&[(W53, "M", "5")]),
                weeks(&[(W53, "M", "5")]),
            ),
            ("cancelled", kept(&[(W53, "CY01", "5")]), weeks(&[]), weeks(&[(W53, "M", "0")])),
            ("cancelled before", kept(&[(W53, "CY01", "0")]), weeks(&[]), weeks(&[])),
            (
                "another material",
                kept(&[(W53, "CY01", "5")]),
                weeks(&[(W53, "N", "5")]),
                weeks(&[(W53, "M", "0"), (W53, "N", "5")]),
            ),
        ] {
            assert_eq!(changes(&kept, &load, "CY01", "KGM"), expected, "{name}");
        }
        let five = weeks(&[(W53, "M", "5")]);
        let same = kept(&[(W53, "CY01", "5")]);
        assert_eq!(changes(&same, &five, "CY01", "TNE"), five, "as much of another unit is something else");
    }

    #[test]
    fn orders_count_in_the_unit_of_the_demand() {
        for (name, demand, group, first, expected) in [
            ("the demand's", "KGM", "SEC", "TNE", "KGM"),
            ("whatever orders are in", "KGM", "", "H87", "KGM"),
            ("the group's, of the same measure", "", "KGM", "TNE", "KGM"),
            ("not of another", "", "SEC", "TNE", "TNE"),
            ("with a load factor", "", "", "TNE", "TNE"),
            ("nothing is known", "", "", "", ""),
            ("nor ordered", "", "KGM", "", ""),
        ] {
            let units = Units { demand: demand.into(), group: group.into() };
            assert_eq!(units.counting(first), expected, "{name}");
        }
        for (quantity, unit, counting, expected) in [
            ("5", "TNE", "KGM", Some("5000")),
            ("5", "C62", "H87", Some("5")),
            ("5", "", "KGM", Some("5")),
            ("5", "H87", "", Some("5")),
            ("5", "H87", "KGM", None),
        ] {
            assert_eq!(counted(d(quantity), unit, counting), expected.map(d), "{unit} {counting}");
        }
    }

    #[test]
    fn an_order_consumes_one_series_of_a_group() {
        let linked = [("SR99", "CY01"), ("0001", "CY02"), ("0001", "CY01"), ("A1S1", "CY03")];
        for (location, expected) in [
            ("CY01", Some(("0001", "CY01"))),
            ("CY03", Some(("A1S1", "CY03"))),
            ("CY09", None),
            // no site is named
            ("", Some(("0001", "CY01"))),
        ] {
            assert_eq!(taker(linked.into_iter(), location), expected, "{location:?}");
        }
        assert_eq!(taker(std::iter::empty(), ""), None);
    }
}
