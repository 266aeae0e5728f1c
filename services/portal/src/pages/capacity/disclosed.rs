//! What suppliers show of groups that name the own firm: figures, how full a week is, or whether it suffices.

use askama::Template;
use axum::response::Response;
use futures::try_join;
use proto::capacity::{CommentSubject, DisclosedGroup, DisclosedWeek, DisclosureLevel};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Turn, Wish,
    map::{self, Cell, Row, cell},
    moved::{self, Moved},
    read::{self, Partners},
    state::{Figures, State},
    talk,
};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Text, key},
    measure::Measure,
    order::Tag,
    page::{self, Page, link},
    pages::order::Fact,
    session::Member,
    week::Span,
};

/// A week as it is shown.
struct Week {
    week: String,
    day: String,
    /// The four figures, where they are shown.
    demand: String,
    actual: String,
    maximum: String,
    agreed: String,
    /// How full it is; empty where that is not shown.
    band: String,
    tag: Tag,
}

#[derive(Template)]
#[template(path = "capacity_disclosed.html")]
struct DisclosedPage {
    page: Page,
    t: Text,
    back: String,
    supplier: String,
    name: String,
    facts: Vec<Fact>,
    /// Whether figures are shown.
    exact: bool,
    /// Whether it is shown how full weeks are.
    bands: bool,
    weeks: Vec<Week>,
    turn: Turn,
    /// Weeks whose demand moved too far.
    moved: Vec<Moved>,
    moved_further: usize,
    /// What is said about it.
    talk: Way,
}

/// A group of a supplier, week by week.
///
/// # Errors
/// 404 for one that is not shown to the own firm, exactly as for none.
pub async fn show(member: &Member, id: &str, wish: &Wish) -> Result<Response, Failure> {
    let (shown, partners) = try_join!(read::disclosed(member, ""), Partners::read(member))?;
    let group = shown.into_iter().find(|one| one.id == id).ok_or_else(Failure::not_found)?;
    let talk = talk::way(member, CommentSubject::CapacityGroup, id).await?;
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let span = Span::read(&wish.from, today);
    let measure = Measure::of(&group.unit_code);
    let level = match group.level() {
        DisclosureLevel::Banded => key::LEVEL_BANDED,
        DisclosureLevel::YesNo => key::LEVEL_YES_NO,
        DisclosureLevel::Exact | DisclosureLevel::Hidden | DisclosureLevel::Unspecified => key::LEVEL_EXACT,
    };
    let facts = [
        (key::LEVEL, t.say(level)),
        (key::MATERIAL, materials(&t, &group)),
        (key::GROUP_UNIT, measure.unit(&t)),
        (key::GROUP_CHANGED, t.moment(group.changed_at.as_ref())),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let line = |monday: &Date| line(&t, &measure, *monday, find(&group, *monday));
    Ok(page::show(&DisclosedPage {
        page: super::frame(member, group.name.clone()),
        back: link("/capacity", &[("from", &span.from())]),
        supplier: partners.name(&group.supplier_id).to_string(),
        facts: facts.map(|(label, value)| Fact { label: t.say(label), value }).collect(),
        exact: group.level() == DisclosureLevel::Exact,
        bands: group.level() != DisclosureLevel::YesNo,
        weeks: span.mondays().iter().map(line).collect(),
        turn: map::turn(&format!("/capacity/groups/{id}"), &[], span, today),
        moved: moved::of(&t, &group.unit_code, id, None, &group.demand_alerts),
        moved_further: 0,
        name: group.name,
        talk,
        t,
    }))
}

fn find(group: &DisclosedGroup, monday: Date) -> Option<&DisclosedWeek> {
    group.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(monday))
}

fn materials(t: &Text, group: &DisclosedGroup) -> String {
    let numbers: Vec<&str> =
        group.linked_demand.iter().map(|link| link.material_number_customer.as_str()).collect();
    numbers.join(&t.say(key::LIST_JOIN))
}

fn line(t: &Text, measure: &Measure, monday: Date, shown: Option<&DisclosedWeek>) -> Week {
    let known = shown.map(figures);
    let figure = |pick: fn(&Figures) -> Option<Decimal>| {
        known.as_ref().and_then(pick).map_or_else(|| "–".to_string(), |value| measure.figure(value))
    };
    let state = known.map_or(State::Unknown, |known| known.state);
    let tag = match (state, shown.and_then(|week| week.sufficient)) {
        (State::Unknown, Some(true)) => Tag { label: t.say(key::WEEK_SUFFICES), ..State::Free.tag(t) },
        (State::Unknown, Some(false)) => Tag { label: t.say(key::WEEK_SUFFICES_NOT), ..State::Over.tag(t) },
        (state, _) => state.tag(t),
    };
    Week {
        week: t.week(monday),
        day: t.short_day(monday),
        demand: figure(|week| week.demand),
        actual: figure(|week| week.actual),
        maximum: figure(|week| week.maximum),
        agreed: figure(|week| week.agreed),
        band: shown.and_then(|week| week.quarter).map_or_else(String::new, |quarter| band(t, quarter)),
        tag,
    }
}

/// How full a week is, in quarters of the maximum.
fn band(t: &Text, quarter: i32) -> String {
    match quarter {
        5.. => t.say(key::BAND_OVER),
        quarter => t.two(key::BAND, (quarter - 1) * 25, quarter * 25),
    }
}

/// A group as its customer sees it.
pub fn row(t: &Text, group: &DisclosedGroup, span: Span, partners: &Partners) -> Row {
    let measure = Measure::of(&group.unit_code);
    let unit = if group.level() == DisclosureLevel::Exact { measure.unit(t) } else { String::new() };
    let sub = [partners.name(&group.supplier_id).to_string(), unit, materials(t, group)];
    let sub: Vec<String> = sub.into_iter().filter(|part| !part.is_empty()).collect();
    Row {
        href: link(&format!("/capacity/groups/{}", group.id), &[("from", &span.from())]),
        name: group.name.clone(),
        sub: sub.join(" · "),
        cells: span.mondays().iter().map(|monday| week(t, &measure, *monday, find(group, *monday))).collect(),
    }
}

/// What a file has of each week of it: what is wanted and what can be reached, to compute with; or what is shown instead,
/// and nothing.
pub fn plain(t: &Text, group: &DisclosedGroup, span: Span) -> Vec<String> {
    let measure = Measure::of(&group.unit_code);
    let field = |value: Option<Decimal>| value.map(|value| measure.field(value)).unwrap_or_default();
    let plain = |monday: Date| match find(group, monday) {
        Some(shown) if shown.maximum_capacity.is_none() && shown.sufficient.is_some() => {
            [week(t, &measure, monday, Some(shown)).load, String::new()]
        }
        Some(shown) => {
            let known = figures(shown);
            [field(known.demand), field(known.maximum)]
        }
        None => [String::new(), String::new()],
    };
    span.mondays().into_iter().flat_map(plain).collect()
}

fn week(t: &Text, measure: &Measure, monday: Date, week: Option<&DisclosedWeek>) -> Cell {
    let figures = week.map(figures);
    let shown = cell(t, measure, monday, figures.as_ref(), String::new());
    let Some(week) = week.filter(|week| week.maximum_capacity.is_none()) else { return shown };
    let Some(sufficient) = week.sufficient else { return shown };
    let state = if sufficient { State::Free } else { State::Over };
    let label = t.say(if sufficient { key::WEEK_SUFFICES } else { key::WEEK_SUFFICES_NOT });
    let load = match week.quarter {
        Some(quarter) => band(t, quarter),
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
    let nothing = Decimal::ZERO;
    Figures {
        state,
        demand,
        actual,
        maximum,
        agreed,
        booked: nothing,
        offered: nothing,
        borrowed: nothing,
        lent: nothing,
        uncounted: 0,
    }
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
