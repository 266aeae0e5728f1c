//! How much the demand of a group moved between two measurements, and where that is worth an alert (CX-0128, 5.11). Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::{Date, Duration, OffsetDateTime};

use crate::{
    demand::Weeks,
    group::{Threshold, Volatility},
    matching::Turn,
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
    pub previous: Decimal,
    pub latest: Decimal,
    pub movement: Movement,
    pub beyond: Vec<Beyond>,
}

impl Volatility {
    /// The last moment up to now at which demand is measured: the start, and every interval from there. `None` before.
    pub fn measured(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.after(self.intervals(now)?)
    }

    /// The first moment after now at which demand is measured; `None` where no calendar has it.
    pub fn next(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.after(self.intervals(now).map_or(0, |intervals| intervals + 1))
    }

    /// Whole intervals since the start.
    fn intervals(&self, now: OffsetDateTime) -> Option<i64> {
        (self.start_at <= now).then(|| (now - self.start_at).whole_weeks() / i64::from(self.interval.max(1)))
    }

    fn after(&self, intervals: i64) -> Option<OffsetDateTime> {
        self.start_at.checked_add(Duration::weeks(intervals * i64::from(self.interval)))
    }
}

/// How one week moved; nothing where it was unknown before or is now, which is not 0.
pub fn movement(previous: Option<Decimal>, latest: Option<Decimal>) -> Option<Movement> {
    let (previous, latest) = previous.zip(latest)?;
    let absolute = latest.checked_sub(previous)?;
    Some(Movement { absolute, relative: absolute.checked_div(previous) })
}

/// Alerts of the sub-horizons, which follow each other from the week of the measurement on.
pub fn alerts(first: Date, volatility: &Volatility, previous: &Weeks, latest: &Weeks) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut monday = first;
    for threshold in &volatility.thresholds {
        for _ in 0..threshold.length {
            alerts.extend(alert(monday, threshold, previous, latest));
            monday = monday.saturating_add(Duration::weeks(1));
        }
    }
    alerts
}

fn alert(monday: Date, threshold: &Threshold, previous: &Weeks, latest: &Weeks) -> Option<Alert> {
    let (previous, latest) = (*previous.get(&monday)?, *latest.get(&monday)?);
    let movement = movement(Some(previous), Some(latest))?;
    let beyond = beyond(threshold, &movement);
    let sequence = threshold.sequence;
    (!beyond.is_empty()).then_some(Alert { monday, sequence, previous, latest, movement, beyond })
}

/// What became of alerts of weeks from one on, by week: nothing of those that stand as they did. One that is cleared is as it
/// stood.
pub fn turned<A: Clone + PartialEq>(
    before: &BTreeMap<Date, A>,
    after: &BTreeMap<Date, A>,
    from: Date,
) -> Vec<(Turn, A)> {
    let now = after.range(from..).filter_map(|(monday, alert)| match before.get(monday) {
        None => Some((Turn::Raised, alert.clone())),
        Some(old) => (old != alert).then(|| (Turn::Changed, alert.clone())),
    });
    let gone = before.range(from..).filter(|(monday, _)| !after.contains_key(monday));
    now.chain(gone.map(|(_, alert)| (Turn::Cleared, alert.clone()))).collect()
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
    fn demand_is_measured_at_the_start_and_every_interval_from_there() {
        let volatility = |interval| Volatility {
            start_at: datetime!(2026-11-25 06:00 UTC),
            interval,
            thresholds: Vec::new(),
        };
        let (start, two, four) = (
            datetime!(2026-11-25 06:00 UTC),
            datetime!(2026-12-09 06:00 UTC),
            datetime!(2026-12-23 06:00 UTC),
        );
        for (now, measured, next) in [
            (datetime!(2026-11-25 05:59:59 UTC), None, start),
            (start, Some(start), two),
            (datetime!(2026-12-09 05:59:59 UTC), Some(start), two),
            (two, Some(two), four),
            (datetime!(2026-12-22 06:00 UTC), Some(two), four),
        ] {
            let volatility = volatility(2);
            assert_eq!((volatility.measured(now), volatility.next(now)), (measured, Some(next)), "{now}");
        }
        assert_eq!(volatility(999).next(datetime!(9999-12-31 00:00 UTC)), None, "the calendar ends");
    }

    #[test]
    fn an_alert_turns_once() {
        let (past, one, two, three) =
            (date!(2026 - 11 - 16), date!(2026 - 11 - 23), date!(2026 - 11 - 30), date!(2026 - 12 - 07));
        let before = [(past, 1), (one, 1), (two, 1), (three, 1)].into();
        let after = [(one, 1), (two, 2), (date!(2026 - 12 - 14), 3)].into();
        let expected = [(Turn::Changed, 2), (Turn::Raised, 3), (Turn::Cleared, 1)];
        assert_eq!(turned(&before, &after, one), expected, "what stands and what is over are nothing new");
        assert_eq!(turned(&after, &after, one), []);
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
