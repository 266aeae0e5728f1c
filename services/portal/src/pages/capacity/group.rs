//! One group, week by week: what is wanted of it and what it can make; and of one week, where that comes from.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    capacity::{CapacityGroup, CommentSubject, GroupContent},
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Turn, Wish,
    chart::{self, Chart},
    disclosed, map,
    moved::{self, Moved},
    origin::{self, Origin},
    read::{self, Partners},
    state::{Figures, STATES, State},
    talk,
};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    order::Tag,
    page::{self, Page, link},
    pages::order::Fact,
    session::Member,
    typed,
    week::{Span, monday_of},
};

/// A week of the table.
struct Week {
    href: String,
    week: String,
    day: String,
    /// Whether it is the one that is looked at.
    chosen: bool,
    demand: String,
    actual: String,
    maximum: String,
    agreed: String,
    delta: String,
    booked: String,
    offered: String,
    borrowed: String,
    lent: String,
    short: String,
    tag: Tag,
    /// How far its demand moved; empty where that is not too far.
    moved: String,
}

/// Columns that say something of any week; the others are left out.
struct Filled {
    agreed: bool,
    delta: bool,
    booked: bool,
    offered: bool,
    borrowed: bool,
    lent: bool,
}

impl Filled {
    fn of(weeks: &[Week]) -> Self {
        let any = |pick: fn(&Week) -> &String| weeks.iter().any(|week| !pick(week).is_empty());
        Self {
            agreed: any(|week| &week.agreed),
            delta: any(|week| &week.delta),
            booked: any(|week| &week.booked),
            offered: any(|week| &week.offered),
            borrowed: any(|week| &week.borrowed),
            lent: any(|week| &week.lent),
        }
    }
}

/// The week that is looked at.
struct Chosen {
    title: String,
    tag: Tag,
    /// What is short, in a sentence; empty where nothing is.
    sentence: String,
    facts: Vec<Fact>,
    /// What others have of it, in a sentence; empty where nobody has.
    lent: String,
    /// How many orders are in none of the figures, in a sentence; empty where none is.
    uncounted: String,
    origin: Origin,
}

#[derive(Template)]
#[template(path = "capacity_group.html")]
struct GroupPage {
    page: Page,
    t: Text,
    id: String,
    back: String,
    /// Where its weeks are filled in.
    fill: String,
    writes: bool,
    done: String,
    name: String,
    tag: Option<Tag>,
    facts: Vec<Fact>,
    /// How many orders of this week and later are in none of its figures, in a sentence; empty where none is.
    uncounted: String,
    chart: Option<Chart>,
    /// The chart in a sentence.
    told: String,
    weeks: Vec<Week>,
    filled: Filled,
    turn: Turn,
    chosen: Option<Chosen>,
    /// Weeks whose demand moved too far.
    moved: Vec<Moved>,
    moved_further: usize,
    /// What is said about it; only where a customer is shown it.
    talk: Option<Way>,
}

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    let group = match read::group(&member, &id, 0).await {
        Ok(group) => group,
        // Not the own firm's; perhaps one that its supplier shows.
        Err(failure) if failure.is("NOT_FOUND") => return disclosed::show(&member, &id, &wish).await,
        Err(failure) => return Err(failure),
    };
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let chosen = typed::date(&wish.week).ok().flatten().map(monday_of);
    let span = match wish.from.as_str() {
        "" => Span::with(chosen, today),
        from => Span::read(from, today),
    };
    let content = group.content.clone().unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let matched = matched(&group);
    let origin = match chosen {
        Some(monday) => Some((monday, origin::of(&member, &group, monday, &span.from()).await?)),
        None => None,
    };
    let facts = facts(&member, &group, &content, &measure).await?;
    let talk = match group.customer_id.is_empty() {
        true => None,
        false => Some(talk::way(&member, CommentSubject::CapacityGroup, &id).await?),
    };
    let drawn: Vec<_> = span
        .mondays()
        .iter()
        .map(|monday| (monday.iso_week().to_string(), matched.get(monday).copied()))
        .collect();
    let path = format!("/capacity/groups/{id}");
    let moved = moved::of(&t, &content.unit_code, &id, None, &group.demand_alerts);
    let week = |monday: &Date| {
        let href = link(&path, &[("week", &typed::iso(Some(*monday))), ("from", &span.from())]);
        let week = week(&t, &measure, &content, *monday, matched.get(monday), href, chosen);
        let mark = moved.iter().find(|one| one.monday == *monday).map(|one| one.mark.clone());
        Week { moved: mark.unwrap_or_default(), ..week }
    };
    let weeks: Vec<Week> = span.mondays().iter().map(week).collect();
    Ok(page::show(&GroupPage {
        page: super::frame(&member, content.name.clone()),
        fill: link("/capacity/edit", &[("from", &span.from())]),
        writes: member.may(Permission::CapacityWrite),
        id,
        back: link("/capacity", &[("from", &span.from())]),
        done: wish.said(&t),
        tag: content.inactive.then(|| Tag { shape: "cancelled", label: t.say(key::GROUP_INACTIVE) }),
        chart: chart::draw(&drawn, |value| measure.cell(value)),
        told: told(&t, span, &matched),
        filled: Filled::of(&weeks),
        weeks,
        turn: map::turn(&path, &[], span, today),
        chosen: origin
            .map(|(monday, origin)| look(&t, &measure, &content, monday, matched.get(&monday), origin)),
        name: content.name,
        uncounted: uncounted(&t, group.uncounted_lines),
        moved,
        moved_further: 0,
        facts,
        talk,
        t,
    }))
}

fn uncounted(t: &Text, lines: i32) -> String {
    if lines > 0 { t.one(key::UNCOUNTED, lines) } else { String::new() }
}

fn matched(group: &CapacityGroup) -> BTreeMap<Date, Figures> {
    let dated = group.matched.iter();
    dated.filter_map(|week| Some((format::day(week.monday.as_ref())?, Figures::of(week)))).collect()
}

async fn facts(
    member: &Member,
    group: &CapacityGroup,
    content: &GroupContent,
    measure: &Measure,
) -> Result<Vec<Fact>, Failure> {
    let t = member.text();
    let whose = match group.customer_id.as_str() {
        "" => t.say(key::GROUP_OWN),
        customer => Partners::read(member).await?.name(customer).to_string(),
    };
    let measured = match &group.demand_measured_at {
        Some(at) => t.moment(Some(at)),
        None => String::new(),
    };
    let facts = [
        (key::GROUP_CUSTOMER, whose),
        (key::GROUP_UNIT, measure.unit(t)),
        (key::GROUP_SITES, content.supplier_locations.join(&t.say(key::LIST_JOIN))),
        (key::GROUP_CHANGED, t.moment(group.changed_at.as_ref())),
        (key::MOVED_MEASURED, measured),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(facts.map(|(label, value)| Fact { label: t.say(label), value }).collect())
}

/// What a week produced too little or ahead, as it was stated.
fn delta(content: &GroupContent, monday: Date) -> Option<Decimal> {
    let week = content.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(monday))?;
    format::decimal(week.delta_production.as_ref()).filter(|delta| !delta.is_zero())
}

fn week(
    t: &Text,
    measure: &Measure,
    content: &GroupContent,
    monday: Date,
    figures: Option<&Figures>,
    href: String,
    chosen: Option<Date>,
) -> Week {
    let state = figures.map_or(State::Unknown, |figures| figures.state);
    let figure =
        |value: Option<Decimal>| value.map_or_else(|| "–".to_string(), |value| measure.figure(value));
    let some = |value: Decimal| if value.is_zero() { String::new() } else { measure.figure(value) };
    let of = |pick: fn(&Figures) -> Option<Decimal>| figure(figures.and_then(pick));
    Week {
        href,
        week: t.week(monday),
        day: t.short_day(monday),
        chosen: chosen == Some(monday),
        demand: of(|week| week.demand),
        actual: of(|week| week.actual),
        maximum: of(|week| week.maximum),
        agreed: figures.and_then(|week| week.agreed).map_or_else(String::new, |value| measure.figure(value)),
        delta: delta(content, monday).map_or_else(String::new, |value| measure.figure(value)),
        booked: figures.map_or_else(String::new, |week| some(week.booked)),
        offered: figures.map_or_else(String::new, |week| some(week.offered)),
        borrowed: figures.map_or_else(String::new, |week| some(week.borrowed)),
        lent: figures.map_or_else(String::new, |week| some(week.lent)),
        short: figures.and_then(Figures::short).map_or_else(String::new, |value| measure.figure(value)),
        tag: state.tag(t),
        moved: String::new(),
    }
}

/// The week that is looked at, and where its demand comes from.
fn look(
    t: &Text,
    measure: &Measure,
    content: &GroupContent,
    monday: Date,
    figures: Option<&Figures>,
    origin: Origin,
) -> Chosen {
    let state = figures.map_or(State::Unknown, |figures| figures.state);
    let of = |pick: fn(&Figures) -> Option<Decimal>| {
        figures.and_then(pick).map_or_else(|| t.say(key::NOT_KNOWN), |value| measure.said(t, value))
    };
    let mut facts: Vec<(Key<0>, String)> = vec![
        (key::DEMAND, of(|week| week.demand)),
        (key::ACTUAL, of(|week| week.actual)),
        (key::MAXIMUM, of(|week| week.maximum)),
    ];
    if let Some(agreed) = figures.and_then(|week| week.agreed) {
        facts.push((key::AGREED, t.two(key::WITH_NOTE, t.say(key::NO_OBLIGATION), measure.said(t, agreed))));
    }
    if let Some(delta) = delta(content, monday) {
        facts.push((key::DELTA, measure.said(t, delta)));
    }
    if let Some(week) = figures {
        let parts = [
            (key::BORROWED, week.borrowed),
            (key::LENT, week.lent),
            (key::BOOKED, week.booked),
            (key::OFFERED, week.offered),
        ];
        let parts = parts.into_iter().filter(|(_, value)| !value.is_zero());
        facts.extend(parts.map(|(label, value)| (label, measure.said(t, value))));
    }
    let sentence = figures.map_or_else(String::new, |week| match (week.beyond(), week.short()) {
        (Some(beyond), _) => t.one(key::SHORT_OF_MAXIMUM, measure.said(t, beyond)),
        (None, Some(short)) => t.one(key::SHORT_OF_PLAN, measure.said(t, short)),
        (None, None) => String::new(),
    });
    let lent = figures.map(|week| week.lent).filter(|lent| !lent.is_zero());
    Chosen {
        lent: lent.map_or_else(String::new, |lent| t.one(key::LENT_TO_OTHERS, measure.said(t, lent))),
        uncounted: uncounted(t, figures.map_or(0, |week| week.uncounted)),
        title: t.whole_week(monday),
        tag: state.tag(t),
        sentence,
        facts: facts.into_iter().map(|(label, value)| Fact { label: t.say(label), value }).collect(),
        origin,
    }
}

/// How many of the weeks stand how, for those who do not see the chart.
fn told(t: &Text, span: Span, matched: &BTreeMap<Date, Figures>) -> String {
    let count = |state: State| {
        span.mondays()
            .iter()
            .filter(|monday| matched.get(monday).is_some_and(|week| week.state == state))
            .count()
    };
    let counts = STATES.map(|state| (state, count(state)));
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| t.two(key::WEEKS_OF_STATE, *count, state.label(t)))
        .collect();
    parts.join(&t.say(key::DELIVERY_JOIN))
}
