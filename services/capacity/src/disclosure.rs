//! How much of a group a customer sees. Pure.

use rust_decimal::Decimal;

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
    fn what_is_stored_comes_back_and_what_is_unknown_shows_nothing() {
        for (level, name) in NAMES {
            assert_eq!((level.as_str(), Level::from_name(name)), (*name, *level));
        }
        assert_eq!(Level::from_name("all"), Level::Hidden);
    }
}
