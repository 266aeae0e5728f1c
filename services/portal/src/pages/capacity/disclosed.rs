//! What suppliers show of groups that name the own firm: figures, how full a week is, or whether it suffices.

use proto::capacity::{DisclosedGroup, DisclosedWeek, DisclosureLevel};
use rust_decimal::Decimal;
use time::Date;

use super::{
    map::{Cell, Row, cell},
    read::Partners,
    state::{Figures, State},
};
use crate::{
    format,
    i18n::{Text, key},
    measure::Measure,
    week::Span,
};

/// A group as its customer sees it.
pub fn row(t: &Text, group: &DisclosedGroup, span: Span, partners: &Partners) -> Row {
    let measure = Measure::of(&group.unit_code);
    let materials: Vec<&str> =
        group.linked_demand.iter().map(|link| link.material_number_customer.as_str()).collect();
    let unit = if group.level() == DisclosureLevel::Exact { measure.unit(t) } else { String::new() };
    let sub = [partners.name(&group.supplier_id).to_string(), unit, materials.join(&t.say(key::LIST_JOIN))];
    let sub: Vec<String> = sub.into_iter().filter(|part| !part.is_empty()).collect();
    let find =
        |monday: &Date| group.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(*monday));
    Row {
        href: String::new(),
        name: group.name.clone(),
        sub: sub.join(" · "),
        cells: span.mondays().iter().map(|monday| week(t, &measure, *monday, find(monday))).collect(),
    }
}

fn week(t: &Text, measure: &Measure, monday: Date, week: Option<&DisclosedWeek>) -> Cell {
    let figures = week.map(figures);
    let shown = cell(t, measure, monday, figures.as_ref(), String::new());
    let Some(week) = week.filter(|week| week.maximum_capacity.is_none()) else { return shown };
    let Some(sufficient) = week.sufficient else { return shown };
    let state = if sufficient { State::Free } else { State::Over };
    let label = t.say(if sufficient { key::WEEK_SUFFICES } else { key::WEEK_SUFFICES_NOT });
    let load = match week.quarter {
        Some(5..) => t.say(key::BAND_OVER),
        Some(quarter) => t.two(key::BAND, (quarter - 1) * 25, quarter * 25),
        None => label.clone(),
    };
    Cell {
        shape: state.shape(),
        sign: state.sign(),
        said: t.three(key::CELL_SAID, &load, label, t.whole_week(monday)),
        load,
        most: String::new(),
        full: None,
        ..shown
    }
}

/// The figures that are shown; how the week stands follows from them as it does for the supplier.
fn figures(week: &DisclosedWeek) -> Figures {
    let demand = format::decimal(week.demand.as_ref());
    let actual = format::decimal(week.actual_capacity.as_ref());
    let maximum = format::decimal(week.maximum_capacity.as_ref());
    let state = match (demand, actual, maximum) {
        (Some(demand), Some(actual), Some(_)) if demand < actual => State::Free,
        (Some(demand), Some(actual), Some(_)) if demand == actual => State::Even,
        (Some(demand), Some(_), Some(maximum)) if demand <= maximum => State::Tight,
        (Some(_), Some(_), Some(_)) => State::Over,
        _ => State::Unknown,
    };
    let agreed = format::decimal(week.agreed_capacity.as_ref());
    Figures { state, demand, actual, maximum, agreed, booked: Decimal::ZERO, offered: Decimal::ZERO }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_week_shows_as_much_as_the_supplier_does() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let monday = date!(2026 - 12 - 28);
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let exact = |demand: &str| DisclosedWeek {
            demand: wire(demand),
            actual_capacity: wire("734400"),
            maximum_capacity: wire("864000"),
            sufficient: Some(true),
            quarter: Some(4),
            ..DisclosedWeek::default()
        };
        let banded = |quarter, sufficient| DisclosedWeek {
            quarter: Some(quarter),
            sufficient: Some(sufficient),
            ..DisclosedWeek::default()
        };
        let yes = DisclosedWeek { sufficient: Some(true), ..DisclosedWeek::default() };
        for (given, load, most, shape) in [
            (Some(exact("900000")), "250", "240", "is-over"),
            (Some(exact("792000")), "220", "240", "is-tight"),
            (Some(exact("734400")), "204", "240", "is-even"),
            (Some(banded(3, true)), "50–75%", "", "is-free"),
            (Some(banded(5, false)), ">100%", "", "is-over"),
            (Some(yes), "Enough", "", "is-free"),
            (None, "–", "", "is-blank"),
        ] {
            let shown = week(&t, &Measure::of("SEC"), monday, given.as_ref());
            assert_eq!((shown.load.as_str(), shown.most.as_str(), shown.shape), (load, most, shape));
        }
    }
}
