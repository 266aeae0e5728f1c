//! Demand against capacity as a picture: bars and two lines. Whole units of the drawing; the figures stand in a table.

use rust_decimal::Decimal;

use super::state::{Figures, State};

/// Size of the drawing, and the room that is left for what is written around it.
const WIDTH: i64 = 360;
const HEIGHT: i64 = 170;
const LEFT: i64 = 30;
const TOP: i64 = 8;
const BOTTOM: i64 = 22;

/// A week's demand.
pub struct Bar {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
    pub state: State,
}

/// A line of the scale, and what it stands for.
pub struct Mark {
    pub y: i64,
    pub label: String,
}

/// A week's name below its bar.
pub struct Name {
    pub x: i64,
    pub label: String,
}

/// The drawing.
pub struct Chart {
    pub width: i64,
    pub height: i64,
    pub left: i64,
    pub right: i64,
    pub foot: i64,
    pub bars: Vec<Bar>,
    /// What is planned, and what can be reached, as paths of steps.
    pub actual: String,
    pub maximum: String,
    pub marks: Vec<Mark>,
    pub names: Vec<Name>,
}

/// Draws weeks; `None` where there is nothing to draw. `label` writes a figure of the scale.
pub fn draw(weeks: &[(String, Option<Figures>)], label: impl Fn(Decimal) -> String) -> Option<Chart> {
    let known = weeks.iter().filter_map(|(_, week)| week.as_ref());
    let largest = known.flat_map(|week| [week.demand, week.actual, week.maximum]).flatten().max()?;
    if largest <= Decimal::ZERO {
        return None;
    }
    let slot = (WIDTH - LEFT) / i64::try_from(weeks.len()).ok().filter(|count| *count > 0)?;
    let foot = HEIGHT - BOTTOM;
    let y = |value: Decimal| {
        let share = value.checked_div(largest).unwrap_or_default() * Decimal::from(foot - TOP);
        foot - i64::try_from(share.round()).unwrap_or_default()
    };
    let x = |at: usize| LEFT + slot * at as i64;
    let bar = |(at, (_, week)): (usize, &(String, Option<Figures>))| {
        let week = week.as_ref()?;
        let top = y(week.demand.filter(|demand| *demand > Decimal::ZERO)?);
        let (x, width) = (x(at) + 3, slot - 6);
        Some(Bar { x, y: top, width, height: foot - top, state: week.state })
    };
    let steps = |figure: fn(&Figures) -> Option<Decimal>| {
        let mut path = String::new();
        let mut drawing = false;
        for (at, (_, week)) in weeks.iter().enumerate() {
            // A week that is unknown is a gap.
            let Some(value) = week.as_ref().and_then(figure) else {
                drawing = false;
                continue;
            };
            let (from, until, y) = (x(at), x(at + 1), y(value));
            path.push_str(&match drawing {
                true => format!("V{y}H{until}"),
                false => format!("M{from} {y}H{until}"),
            });
            drawing = true;
        }
        path
    };
    let half = largest / Decimal::TWO;
    let mark = |value: Decimal| Mark { y: y(value), label: label(value) };
    let name = |(at, (name, _)): (usize, &(String, _))| Name { x: x(at) + slot / 2, label: name.clone() };
    Some(Chart {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: x(weeks.len()),
        foot,
        bars: weeks.iter().enumerate().filter_map(bar).collect(),
        actual: steps(|week| week.actual),
        maximum: steps(|week| week.maximum),
        marks: [Decimal::ZERO, half, largest].map(mark).into(),
        names: weeks.iter().enumerate().map(name).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(demand: i64, actual: i64, maximum: i64) -> (String, Option<Figures>) {
        let some = |value: i64| Some(Decimal::from(value));
        let figures = Figures {
            state: State::Free,
            demand: some(demand),
            actual: some(actual),
            maximum: some(maximum),
            agreed: None,
            booked: Decimal::ZERO,
            offered: Decimal::ZERO,
            borrowed: Decimal::ZERO,
            lent: Decimal::ZERO,
            uncounted: 0,
        };
        ("48".to_string(), Some(figures))
    }

    #[test]
    fn an_unknown_week_is_a_gap_and_not_nothing() {
        let weeks = [week(160, 200, 250), ("49".to_string(), None), week(250, 100, 200), week(0, 0, 0)];
        let chart = draw(&weeks, |value| value.to_string()).unwrap();
        assert_eq!(chart.bars.len(), 2, "neither the unknown week nor the one without demand has a bar");
        assert_eq!(chart.bars[1].y, TOP, "the largest reaches the top");
        assert_eq!(chart.actual.matches('M').count(), 2, "the line begins anew: {}", chart.actual);
        assert_eq!(
            chart.marks.iter().map(|mark| mark.label.as_str()).collect::<Vec<_>>(),
            ["0", "125", "250"]
        );
        assert!(draw(&[("48".into(), None)], |value| value.to_string()).is_none());
        assert!(draw(&[week(0, 0, 0)], |value| value.to_string()).is_none());
    }
}
