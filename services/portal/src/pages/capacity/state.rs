//! How a week stands, as people see it: a word, a shape, a pattern and a sign; colour only helps.

use proto::capacity::{MatchResult, MatchedWeek};
use rust_decimal::Decimal;

use crate::{
    format,
    i18n::{Key, Text, key},
    order::Tag,
};

/// Demand against capacity of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Less is wanted than is planned.
    Free,
    /// Exactly what is planned.
    Even,
    /// More than planned, and it can be reached.
    Tight,
    /// More than can be reached.
    Over,
    /// Demand or capacity is not known.
    Unknown,
}

/// In the order of the legend.
pub const STATES: [State; 5] = [State::Free, State::Even, State::Tight, State::Over, State::Unknown];

impl State {
    /// As the API found it.
    pub fn of(result: MatchResult) -> Self {
        match result {
            MatchResult::Surplus => State::Free,
            MatchResult::ZeroDeviation => State::Even,
            MatchResult::BottleneckWithinMaximum => State::Tight,
            MatchResult::BottleneckBeyondMaximum => State::Over,
            MatchResult::Unmatched | MatchResult::Unspecified => State::Unknown,
        }
    }

    /// Its class: colour and pattern.
    pub fn shape(self) -> &'static str {
        match self {
            State::Free => "is-free",
            State::Even => "is-even",
            State::Tight => "is-tight",
            State::Over => "is-over",
            State::Unknown => "is-unknown",
        }
    }

    /// A sign that says it without colour.
    pub fn sign(self) -> &'static str {
        match self {
            State::Free => "",
            State::Even => "=",
            State::Tight => "▲",
            State::Over => "✕",
            State::Unknown => "?",
        }
    }

    /// A word.
    pub fn label(self, t: &Text) -> String {
        let label: Key<0> = match self {
            State::Free => key::WEEK_FREE,
            State::Even => key::WEEK_EVEN,
            State::Tight => key::WEEK_TIGHT,
            State::Over => key::WEEK_OVER,
            State::Unknown => key::WEEK_UNKNOWN,
        };
        t.say(label)
    }

    /// Whether it is a bottleneck.
    pub fn is_short(self) -> bool {
        matches!(self, State::Tight | State::Over)
    }

    /// As a tag.
    pub fn tag(self, t: &Text) -> Tag {
        let shape = match self {
            State::Free | State::Even => "accepted",
            State::Tight => "unanswered",
            State::Over => "rejected",
            State::Unknown => "cancelled",
        };
        Tag { shape, label: self.label(t) }
    }
}

/// The figures of a week.
#[derive(Clone, Copy)]
pub struct Figures {
    pub state: State,
    pub demand: Option<Decimal>,
    pub actual: Option<Decimal>,
    pub maximum: Option<Decimal>,
    pub agreed: Option<Decimal>,
    pub booked: Decimal,
    pub offered: Decimal,
    /// What others lend; part of actual and maximum.
    pub borrowed: Decimal,
    /// What is lent to others; part of offered and demand.
    pub lent: Decimal,
    /// Schedule lines in a unit that cannot be converted into the demand's; in none of the figures.
    pub uncounted: i32,
}

impl Figures {
    /// Of a week that the API answers.
    pub fn of(week: &MatchedWeek) -> Self {
        Self {
            state: State::of(week.result()),
            demand: format::decimal(week.demand.as_ref()),
            actual: format::decimal(week.actual_capacity.as_ref()),
            maximum: format::decimal(week.maximum_capacity.as_ref()),
            agreed: format::decimal(week.agreed_capacity.as_ref()),
            booked: format::decimal_or_zero(week.booked.as_ref()),
            offered: format::decimal_or_zero(week.offered.as_ref()),
            borrowed: format::decimal_or_zero(week.borrowed.as_ref()),
            lent: format::decimal_or_zero(week.lent.as_ref()),
            uncounted: week.uncounted_lines,
        }
    }

    /// What is wanted beyond what is planned; `None` where nothing is.
    pub fn short(&self) -> Option<Decimal> {
        let short = self.demand?.checked_sub(self.actual?)?;
        (short > Decimal::ZERO).then_some(short)
    }

    /// What is wanted beyond what can be reached; `None` where nothing is.
    pub fn beyond(&self) -> Option<Decimal> {
        let beyond = self.demand?.checked_sub(self.maximum?)?;
        (beyond > Decimal::ZERO).then_some(beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_counted_from_the_plan_and_from_the_maximum() {
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let week = |demand: &str, actual: &str, maximum: &str| {
            Figures::of(&MatchedWeek {
                demand: wire(demand).filter(|_| !demand.is_empty()),
                actual_capacity: wire(actual),
                maximum_capacity: wire(maximum),
                ..MatchedWeek::default()
            })
        };
        for (demand, actual, maximum, short, beyond) in [
            ("250", "204", "240", Some(46), Some(10)),
            ("220", "204", "240", Some(16), None),
            ("204", "204", "240", None, None),
            ("", "204", "240", None, None),
        ] {
            let found = week(demand, actual, maximum);
            assert_eq!(found.short(), short.map(Decimal::from), "{demand}");
            assert_eq!(found.beyond(), beyond.map(Decimal::from), "{demand}");
        }
    }
}
