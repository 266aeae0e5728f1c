//! How much the demand of a group moved between two measurements, and where that is worth an alert (CX-0128, 5.11). Pure.

use rust_decimal::Decimal;
use time::{Date, Duration};

use crate::{
    demand::Weeks,
    group::{Threshold, Volatility},
};

/// How a week's demand moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The latest less the previous one.
    pub absolute: Decimal,
    /// Of the previous one; undefined where that was 0.
    pub relative: Option<Decimal>,
}

/// Which bound a movement goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    RelativePositive,
    RelativeNegative,
    AbsolutePositive,
    AbsoluteNegative,
}

/// A week that moved further than it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub monday: Date,
    pub sequence: u16,
    pub movement: Movement,
    pub beyond: Vec<Beyond>,
}

/// How one week moved; nothing where it was unknown before or is now, which is not 0.
pub fn movement(previous: Option<Decimal>, latest: Option<Decimal>) -> Option<Movement> {
    let (previous, latest) = previous.zip(latest)?;
    let absolute = latest.checked_sub(previous)?;
    Some(Movement { absolute, relative: absolute.checked_div(previous) })
}

/// Alerts of the sub-horizons, which follow each other from this week on.
pub fn alerts(this_week: Date, volatility: &Volatility, previous: &Weeks, latest: &Weeks) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut monday = this_week;
    for threshold in &volatility.thresholds {
        for _ in 0..threshold.length {
            let moved = movement(previous.get(&monday).copied(), latest.get(&monday).copied());
            if let Some(movement) = moved {
                let beyond = beyond(threshold, &movement);
                if !beyond.is_empty() {
                    alerts.push(Alert { monday, sequence: threshold.sequence, movement, beyond });
                }
            }
            monday = monday.saturating_add(Duration::weeks(1));
        }
    }
    alerts
}

/// Strictly greater than a bound; what is exactly at it is within.
fn beyond(threshold: &Threshold, movement: &Movement) -> Vec<Beyond> {
    let above = |value: Option<Decimal>, bound: Option<Decimal>| value.zip(bound).is_some_and(|(v, b)| v > b);
    let (absolute, relative) = (Some(movement.absolute), movement.relative);
    let fall = |value: Option<Decimal>| value.map(|value| -value);
    [
        (Beyond::RelativePositive, above(relative, threshold.relative_positive)),
        (Beyond::RelativeNegative, above(fall(relative), threshold.relative_negative)),
        (Beyond::AbsolutePositive, above(absolute, threshold.absolute_positive)),
        (Beyond::AbsoluteNegative, above(fall(absolute), threshold.absolute_negative)),
    ]
    .into_iter()
    .filter_map(|(bound, beyond)| beyond.then_some(bound))
    .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_movement_is_of_what_was_before() {
        for (previous, latest, absolute, relative) in [
            ("100", "120", "20", Some("0.2")),
            ("100", "70", "-30", Some("-0.3")),
            ("100", "0", "-100", Some("-1")),
            ("0", "5", "5", None),
            ("0", "0", "0", None),
        ] {
            let expected = Movement { absolute: d(absolute), relative: relative.map(d) };
            assert_eq!(movement(Some(d(previous)), Some(d(latest))), Some(expected), "{previous} {latest}");
        }
        assert_eq!(movement(None, Some(d("5"))), None);
        assert_eq!(movement(Some(d("5")), None), None);
    }

    #[test]
    fn an_alert_is_strictly_beyond_the_bound_of_its_part_of_the_horizon() {
        let threshold = |sequence: u16, relative: &str| Threshold {
            sequence,
            length: 2,
            relative_positive: Some(d(relative)),
            relative_negative: Some(d(relative)),
            absolute_positive: Some(d("50")),
            absolute_negative: Some(d("50")),
        };
        let volatility = Volatility {
            start_at: datetime!(2026-11-23 00:00 UTC),
            interval: 4,
            thresholds: vec![threshold(1, "0.1"), threshold(2, "0.3")],
        };
        let (w52, w53, w01, w02, w03) = (
            date!(2026 - 12 - 21),
            date!(2026 - 12 - 28),
            date!(2027 - 01 - 04),
            date!(2027 - 01 - 11),
            date!(2027 - 01 - 18),
        );
        let weeks = |list: [&str; 5]| -> Weeks {
            [w52, w53, w01, w02, w03].into_iter().zip(list).map(|(monday, text)| (monday, d(text))).collect()
        };
        let found = alerts(
            w52,
            &volatility,
            &weeks(["100", "100", "100", "0", "100"]),
            &weeks(["110", "88", "160", "50.1", "900"]),
        );
        let found: Vec<_> = found.into_iter().map(|one| (one.monday, one.sequence, one.beyond)).collect();
        assert_eq!(
            found,
            [
                (w53, 1, vec![Beyond::RelativeNegative]),
                (w01, 2, vec![Beyond::RelativePositive, Beyond::AbsolutePositive]),
                (w02, 2, vec![Beyond::AbsolutePositive]),
            ]
        );
    }
}
