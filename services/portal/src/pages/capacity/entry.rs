//! What a typed cell means for a group's week. Pure.
//!
//! A week states what is planned and what can be reached, both or neither. One figure in a cell is the one that the table
//! shows; two with a stroke between them are both. Whoever plans more than could be reached so far can reach that much.

use proto::capacity::{CapacityWeek, GroupContent};
use rust_decimal::Decimal;
use time::Date;

use crate::{format, grid, measure::Measure};

/// The figure that a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Actual,
    Maximum,
    Agreed,
}

/// In the order of their links.
pub const FIGURES: [Figure; 3] = [Figure::Actual, Figure::Maximum, Figure::Agreed];

impl Figure {
    /// As addresses name it; what is planned where they name none.
    pub fn read(text: &str) -> Self {
        FIGURES.into_iter().find(|figure| figure.code() == text).unwrap_or(Figure::Actual)
    }

    /// As addresses name it.
    pub fn code(self) -> &'static str {
        match self {
            Figure::Actual => "actual",
            Figure::Maximum => "maximum",
            Figure::Agreed => "agreed",
        }
    }
}

/// What becomes of a week.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Set(CapacityWeek),
    /// It becomes unknown.
    Remove,
}

/// Why a cell cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    NoFigure,
    TooLarge,
    /// What could be reached is less than this, which is planned.
    BelowActual(Decimal),
    /// Nothing is planned yet.
    ActualFirst,
}

/// A week as a group states it.
pub fn week(content: &GroupContent, monday: Date) -> Option<&CapacityWeek> {
    content.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(monday))
}

/// What a cell shows of a week; empty for nothing.
pub fn shown(figure: Figure, measure: &Measure, week: Option<&CapacityWeek>) -> String {
    let value = week.and_then(|week| match figure {
        Figure::Actual => format::decimal(week.actual_capacity.as_ref()),
        Figure::Maximum => format::decimal(week.maximum_capacity.as_ref()),
        Figure::Agreed => format::decimal(week.agreed_capacity.as_ref()),
    });
    value.map_or_else(String::new, |value| measure.field(value))
}

/// What a typed cell makes of a week; `None` where it changes nothing.
///
/// # Errors
/// Why it cannot be taken.
pub fn change(
    figure: Figure,
    measure: &Measure,
    monday: Date,
    was: Option<&CapacityWeek>,
    typed: &str,
) -> Result<Option<Change>, Wrong> {
    if typed == shown(figure, measure, was) {
        return Ok(None);
    }
    let actual = was.and_then(|week| format::decimal(week.actual_capacity.as_ref()));
    let maximum = was.and_then(|week| format::decimal(week.maximum_capacity.as_ref()));
    let mut week = was.cloned().unwrap_or_default();
    week.monday = Some(chassis::value::wire_date(monday));
    let wire = |value: Decimal| Some(chassis::value::wire_decimal(value));
    if typed.is_empty() {
        return Ok(match (figure, was) {
            (_, None) => None,
            (Figure::Actual, Some(_)) => Some(Change::Remove),
            (Figure::Maximum, Some(_)) => {
                week.maximum_capacity = week.actual_capacity.clone();
                Some(Change::Set(week))
            }
            (Figure::Agreed, Some(_)) => {
                week.agreed_capacity = None;
                Some(Change::Set(week))
            }
        });
    }
    let (one, other) = grid::pair(typed).ok_or(Wrong::NoFigure)?;
    let keep = |value| measure.keep(value).ok_or(Wrong::TooLarge);
    let (one, other) = (keep(one)?, other.map(keep).transpose()?);
    let (planned, most) = match (figure, other) {
        (Figure::Agreed, Some(_)) => return Err(Wrong::NoFigure),
        (Figure::Agreed, None) => {
            week.agreed_capacity = wire(one);
            return if actual.is_some() { Ok(Some(Change::Set(week))) } else { Err(Wrong::ActualFirst) };
        }
        (_, Some(other)) => (one, other),
        (Figure::Actual, None) => (one, maximum.unwrap_or(one).max(one)),
        (Figure::Maximum, None) => (actual.ok_or(Wrong::ActualFirst)?, one),
    };
    if most < planned {
        return Err(Wrong::BelowActual(planned));
    }
    if (actual, maximum) == (Some(planned), Some(most)) {
        return Ok(None);
    }
    week.actual_capacity = wire(planned);
    week.maximum_capacity = wire(most);
    Ok(Some(Change::Set(week)))
}

/// Machines and how they run, as typed.
#[derive(Clone, Copy, Debug)]
pub struct Shifts {
    pub machines: Decimal,
    pub shifts: Decimal,
    pub hours: Decimal,
    pub days: Decimal,
    /// Percent.
    pub efficiency: Decimal,
}

impl Shifts {
    /// Hours of a week: what is planned, at this efficiency, and what could be reached, at the whole of it. `None` for
    /// more than a day, a week or the whole has.
    pub fn week(self) -> Option<(Decimal, Decimal)> {
        let day = self.shifts.checked_mul(self.hours)?;
        let possible = day <= Decimal::from(24)
            && self.days <= Decimal::from(7)
            && self.efficiency <= Decimal::ONE_HUNDRED
            && !self.efficiency.is_zero();
        if !possible {
            return None;
        }
        let most = self.machines.checked_mul(day)?.checked_mul(self.days)?;
        let planned = most.checked_mul(self.efficiency)?.checked_div(Decimal::ONE_HUNDRED)?;
        Some((planned.round_dp(2).normalize(), most.round_dp(2).normalize()))
    }
}

#[cfg(test)]
pub mod tests {
    use time::macros::date;

    use super::*;

    pub const MONDAY: Date = date!(2026 - 12 - 28);

    /// A week of these figures, of which an empty one is not stated, and of another one that no cell shows.
    pub fn stated(actual: &str, maximum: &str, agreed: &str) -> CapacityWeek {
        let wire = |text: &str| (!text.is_empty()).then(|| proto::Decimal { value: text.into() });
        CapacityWeek {
            monday: Some(chassis::value::wire_date(MONDAY)),
            actual_capacity: wire(actual),
            maximum_capacity: wire(maximum),
            agreed_capacity: wire(agreed),
            delta_production: wire("7"),
        }
    }

    #[test]
    fn a_typed_cell_changes_its_figure_and_nothing_else() {
        use Figure::{Actual, Agreed, Maximum};
        let time = Measure::of("SEC");
        // 204 h planned, 240 h at most.
        let was = stated("734400", "864000", "");
        let set = |actual, maximum, agreed| Ok(Some(Change::Set(stated(actual, maximum, agreed))));
        for (figure, typed, expected) in [
            (Actual, "204", Ok(None)),
            (Actual, "204.0", Ok(None)),
            (Actual, "２０4", Ok(None)),
            (Actual, "200", set("720000", "864000", "")),
            (Actual, "250", set("900000", "900000", "")),
            (Actual, "102/120", set("367200", "432000", "")),
            (Actual, "", Ok(Some(Change::Remove))),
            (Actual, "0", set("0", "864000", "")),
            (Actual, "many", Err(Wrong::NoFigure)),
            (Actual, "-1", Err(Wrong::NoFigure)),
            (Actual, "120/102", Err(Wrong::BelowActual(Decimal::from(432_000)))),
            (Actual, "9999999999999999999", Err(Wrong::TooLarge)),
            (Maximum, "240", Ok(None)),
            (Maximum, "280", set("734400", "1008000", "")),
            (Maximum, "100", Err(Wrong::BelowActual(Decimal::from(734_400)))),
            (Maximum, "", set("734400", "734400", "")),
            (Agreed, "150", set("734400", "864000", "540000")),
            (Agreed, "", Ok(None)),
            (Agreed, "1/2", Err(Wrong::NoFigure)),
        ] {
            assert_eq!(change(figure, &time, MONDAY, Some(&was), typed), expected, "{figure:?} {typed:?}");
        }
    }

    #[test]
    fn a_week_that_is_unknown_begins_with_what_is_planned() {
        let hours = Measure::of("HUR");
        let new = |actual: &str, maximum: &str| {
            let mut week = stated(actual, maximum, "");
            week.delta_production = None;
            Ok(Some(Change::Set(week)))
        };
        for (figure, typed, expected) in [
            (Figure::Actual, "204", new("204", "204")),
            (Figure::Actual, "204/240", new("204", "240")),
            (Figure::Actual, "", Ok(None)),
            (Figure::Maximum, "240", Err(Wrong::ActualFirst)),
            (Figure::Maximum, "204/240", new("204", "240")),
            (Figure::Agreed, "1", Err(Wrong::ActualFirst)),
            (Figure::Agreed, "", Ok(None)),
        ] {
            assert_eq!(change(figure, &hours, MONDAY, None, typed), expected, "{figure:?} {typed:?}");
        }
    }

    #[test]
    fn two_shifts_of_ten_hours_on_six_days_at_85_percent_are_102_hours_a_machine() {
        let shifts = |machines, shifts, hours, days, efficiency| {
            let number = Decimal::from;
            Shifts {
                machines: number(machines),
                shifts: number(shifts),
                hours: number(hours),
                days: number(days),
                efficiency: number(efficiency),
            }
            .week()
        };
        assert_eq!(shifts(1, 2, 10, 6, 85), Some((Decimal::from(102), Decimal::from(120))));
        assert_eq!(shifts(8, 2, 10, 6, 85), Some((Decimal::from(816), Decimal::from(960))));
        assert_eq!(shifts(0, 2, 10, 6, 85), Some((Decimal::ZERO, Decimal::ZERO)));
        assert_eq!(shifts(1, 3, 10, 6, 85), None, "a day has 24 hours");
        assert_eq!(shifts(1, 2, 10, 8, 85), None, "a week has seven days");
        assert_eq!(shifts(1, 2, 10, 6, 101), None);
    }
}
