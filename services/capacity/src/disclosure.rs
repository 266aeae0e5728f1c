//! How much of a group a customer sees. Pure.

use rust_decimal::Decimal;

use crate::matching::{Outcome, Turn};

/// A supplier's policy towards a customer, from all to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every figure as it stands.
    Exact,
    /// How full a week is, in steps of a quarter.
    Banded,
    /// Whether a week suffices.
    YesNo,
    /// Nothing, not even that there is a group.
    Hidden,
}

/// Where no policy was set: a group names a customer because it is meant for it.
pub const DEFAULT: Level = Level::Exact;

const NAMES: &[(Level, &str)] = &[
    (Level::Exact, "exact"),
    (Level::Banded, "banded"),
    (Level::YesNo, "yes_no"),
    (Level::Hidden, "hidden"),
];

impl Level {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(level, _)| *level == self).map_or("hidden", |(_, name)| name)
    }

    /// What was stored; the least for what a newer program wrote.
    pub fn from_name(name: &str) -> Level {
        NAMES.iter().find(|(_, one)| *one == name).map_or(Level::Hidden, |(level, _)| *level)
    }
}

/// How a bottleneck turned in the eyes of a customer who sees so much: nothing where what it may see stands.
pub fn told(level: Level, turn: Turn, before: Outcome, after: Outcome) -> Option<Turn> {
    let insufficient = |outcome: Outcome| outcome == Outcome::BeyondMaximum;
    match level {
        Level::Exact => Some(turn),
        Level::Banded if turn == Turn::Changed => (before != after).then_some(turn),
        Level::Banded => Some(turn),
        Level::YesNo => match (insufficient(before), insufficient(after)) {
            (false, true) => Some(Turn::Raised),
            (true, false) => Some(Turn::Cleared),
            _ => None,
        },
        Level::Hidden => None,
    }
}

/// How full a week is, in quarters of its maximum: 1 up to 25 %, 4 up to 100 %, 5 more. A week that can make nothing is
/// over-full with any demand, and else as empty as can be.
pub fn quarter(demand: Decimal, maximum: Decimal) -> i32 {
    let part = |quarters: i64| maximum.checked_mul(Decimal::new(quarters * 25, 2)).unwrap_or(Decimal::MAX);
    (1..=4).find(|quarters| demand <= part(*quarters)).unwrap_or(5) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_tells_the_quarter_and_no_more() {
        for (demand, maximum, expected) in [
            (0, 240, 1),
            (60, 240, 1),
            (61, 240, 2),
            (120, 240, 2),
            (180, 240, 3),
            (240, 240, 4),
            (241, 240, 5),
        ]
        .into_iter()
        .chain([(0, 0, 1), (1, 0, 5), (-5, 240, 1)])
        {
            assert_eq!(
                quarter(Decimal::from(demand), Decimal::from(maximum)),
                expected,
                "{demand} of {maximum}"
            );
        }
    }

    #[test]
    fn a_customer_hears_of_what_it_may_see_and_not_of_the_rest() {
        use Outcome::{BeyondMaximum as Red, Surplus as Green, WithinMaximum as Orange};
        for (turn, before, after, exact, banded, yes_no) in [
            (Turn::Raised, Green, Orange, Some(Turn::Raised), Some(Turn::Raised), None),
            (Turn::Raised, Green, Red, Some(Turn::Raised), Some(Turn::Raised), Some(Turn::Raised)),
            (Turn::Changed, Orange, Orange, Some(Turn::Changed), None, None),
            (Turn::Changed, Orange, Red, Some(Turn::Changed), Some(Turn::Changed), Some(Turn::Raised)),
            (Turn::Changed, Red, Red, Some(Turn::Changed), None, None),
            (Turn::Changed, Red, Orange, Some(Turn::Changed), Some(Turn::Changed), Some(Turn::Cleared)),
            (Turn::Cleared, Orange, Green, Some(Turn::Cleared), Some(Turn::Cleared), None),
            (
                Turn::Cleared,
                Red,
                Outcome::Unmatched,
                Some(Turn::Cleared),
                Some(Turn::Cleared),
                Some(Turn::Cleared),
            ),
        ] {
            let told = |level| told(level, turn, before, after);
            assert_eq!((told(Level::Exact), told(Level::Banded)), (exact, banded), "{before:?} {after:?}");
            assert_eq!((told(Level::YesNo), told(Level::Hidden)), (yes_no, None), "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_is_stored_comes_back_and_what_is_unknown_shows_nothing() {
        for (level, name) in NAMES {
            assert_eq!((level.as_str(), Level::from_name(name)), (*name, *level));
        }
        assert_eq!(Level::from_name("all"), Level::Hidden);
    }
}
