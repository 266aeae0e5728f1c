//! The weeks of the own groups as a list for spreadsheets: a row for each group and week, in the units that people read.

use axum::{body::Body, extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{GroupSummary, MatchedWeek},
};
use rust_decimal::Decimal;

use super::{
    Wish, read,
    state::{COLUMNS, Figures},
};
use crate::{
    download::{self, Saves},
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    rows,
    session::Member,
    typed::iso,
    week::Span,
};

/// What stands before the figures.
const FIRST: [Key<0>; 4] = [key::GROUP, key::UNIT, key::EXPORT_MONDAY, key::STATE];

/// The page's weeks of all groups.
pub async fn save(member: Member, _: Saves, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let span = Span::read(&wish.from, format::today(member.app().clock.now()));
    let (groups, weeks) = futures::try_join!(read::all(&member), read::weeks_of_all(&member, span))?;
    let lines = groups.iter().flat_map(|group| {
        let own = weeks.iter().filter(|week| week.group_id == group.id);
        own.map(|week| cells(t, group, week))
    });
    let labels = FIRST.into_iter().chain(COLUMNS.map(|(label, _)| label));
    let headings: Vec<String> = labels.map(|label| t.say(label)).collect();
    let file = rows::write(&headings, lines);
    Ok(download::file("capacity.csv", "text/csv; charset=utf-8", Body::from(file)))
}

fn cells(t: &Text, group: &GroupSummary, week: &MatchedWeek) -> Vec<String> {
    let measure = Measure::of(&group.unit_code);
    let figures = Figures::of(week);
    // What is not known is empty, and no zero.
    let figure = |value: Option<Decimal>| value.map(|value| measure.field(value)).unwrap_or_default();
    let first =
        [group.name.clone(), measure.unit(t), iso(format::day(week.monday.as_ref())), figures.state.label(t)];
    first.into_iter().chain(COLUMNS.map(|(_, of)| figure(of(&figures)))).collect()
}
