//! The weeks of the own groups as a list for spreadsheets: a row for each group and week, in the units that people read.
//! What the own firm states stands there as it stated it, without what others lend, so that it can come back. What suppliers
//! show stands in a list of its own, as far as each of them shows it.

use std::collections::HashMap;

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{CapacityGroup, MatchedWeek},
    interchange::TableColumn,
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Wish, disclosed,
    edit::label,
    entry::{self, FIGURES},
    read::{self, Partners},
    state::Figures,
};
use crate::{
    download::Saves,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    session::Member,
    sheet::{self, Kind, List, ROWS, Table},
    typed::iso,
    week::Span,
};

/// What stands before the figures that are stated.
const BEFORE: [Key<0>; 4] = [key::GROUP, key::UNIT, key::EXPORT_MONDAY, key::STATE];
/// What stands behind them, and is no more than told; the last says which group and version of it a row is of.
const BEHIND: [Key<0>; 5] = [key::DEMAND, key::BORROWED, key::BOOKED, key::OFFERED, key::CAPACITY_SHEETS_KEY];

/// The page's weeks of all groups with what is looked for.
pub async fn save(
    member: Member,
    _: Saves,
    Query(kind): Query<Kind>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let span = Span::read(&wish.from, format::today(member.app().clock.now()));
    // Each group has a row for each week.
    let most = ROWS / span.mondays().len();
    let (mut groups, weeks) =
        futures::try_join!(read::further(&member, wish.q.trim(), most), read::weeks_of_all(&member, span))?;
    let more = groups.len() > most;
    groups.truncate(most);
    let groups = read::whole(&member, &groups).await?;
    let matched: HashMap<(&str, Option<Date>), &MatchedWeek> = weeks
        .iter()
        .map(|week| ((week.group_id.as_str(), format::day(week.monday.as_ref())), week))
        .collect();
    let none = MatchedWeek::default();
    let mut rows = Vec::new();
    for group in &groups {
        for monday in span.mondays() {
            let week = matched.get(&(group.id.as_str(), Some(monday))).copied().unwrap_or(&none);
            rows.push(cells(t, group, monday, week));
        }
    }
    let list = List { name: t.say(key::NAV_CAPACITY), columns: columns(t), rows };
    sheet::save(&member, &kind, list.cut(t, more)).await
}

/// The page's weeks of the groups that suppliers show.
pub async fn save_shown(
    member: Member,
    _: Saves,
    Query(kind): Query<Kind>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let span = Span::read(&wish.from, format::today(member.app().clock.now()));
    let (shown, partners) =
        futures::try_join!(read::further_disclosed(&member, wish.q.trim(), ROWS), Partners::read(&member))?;
    let rows = shown.iter().map(|group| -> Vec<String> {
        let row = disclosed::row(t, group, span, &partners);
        [row.name, row.sub].into_iter().chain(disclosed::plain(t, group, span)).collect()
    });
    let weeks = span.mondays().into_iter().flat_map(|monday| {
        [key::DEMAND, key::MAXIMUM].map(|label| t.two(key::PAST_WEEK, t.say(label), t.whole_week(monday)))
    });
    let table = Table::new(t, &[key::GROUP, key::SAVE_DETAILS], rows.collect(), String::new());
    let table = table.beside(weeks).numbers(2..);
    let list = List::joined(t, t.say(key::MAP_THEIRS), vec![table]);
    sheet::save(&member, &kind, list.cut(t, false)).await
}

fn columns(t: &Text) -> Vec<TableColumn> {
    let column = |heading, number| TableColumn { heading, number, red: false };
    let before = BEFORE.map(|heading| column(t.say(heading), false));
    let stated = FIGURES.map(|figure| column(label(t, figure), true));
    let behind = BEHIND.map(|heading| column(t.say(heading), true));
    before.into_iter().chain(stated).chain(behind).collect()
}

fn cells(t: &Text, group: &CapacityGroup, monday: Date, week: &MatchedWeek) -> Vec<String> {
    let content = group.content.clone().unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let told = Figures::of(week);
    let before = [content.name.clone(), measure.unit(t), iso(Some(monday)), told.state.label(t)];
    let stated = FIGURES.map(|figure| entry::shown(figure, &measure, entry::week(&content, monday)));
    // What is not known is empty, and no zero.
    let figure = |value: Option<Decimal>| value.map(|value| measure.field(value)).unwrap_or_default();
    let behind = [told.demand, Some(told.borrowed), Some(told.booked), Some(told.offered)].map(figure);
    let key = format!("{}/{}", group.id, group.version);
    before.into_iter().chain(stated).chain(behind).chain([key]).collect()
}
