//! Week by group, as a table that shows at a glance where it gets tight.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use futures::try_join;
use proto::{
    access::Permission,
    capacity::{GroupSummary, MatchedWeek},
};
use time::Date;

use super::{
    Place, Turn, Wish, disclosed,
    read::{self, Partners},
    state::{Figures, STATES, State},
};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Text, key},
    measure::{Measure, percent},
    page::{self, Link, Page, link},
    pages::{order::Fact, paper},
    session::Member,
    sheet,
    table::Search,
    typed::iso,
    week::{Span, monday_of},
};

/// Bottlenecks that are named above the table.
const NAMED: usize = 5;

/// A week, as the head of a column.
pub struct Column {
    pub week: String,
    pub day: String,
    /// Whether it is the present one.
    pub now: bool,
}

/// A week of a group.
pub struct Cell {
    /// Empty where it leads nowhere.
    pub href: String,
    pub shape: &'static str,
    pub sign: &'static str,
    /// What is wanted.
    pub load: String,
    /// What can be reached; empty where that is all there is.
    pub most: String,
    /// What of it others lend; empty where nothing is.
    pub lent: String,
    /// How many schedule lines are not counted in it; empty where all are.
    pub uncounted: String,
    /// How much of it is wanted, 0 to 100; the bar at the foot.
    pub full: Option<i64>,
    /// All of it in a sentence, for those who hear it.
    pub said: String,
}

/// A group.
pub struct Row {
    pub href: String,
    pub name: String,
    pub sub: String,
    pub cells: Vec<Cell>,
}

/// Groups that belong together.
struct Part {
    title: String,
    /// What is worth knowing of it; empty for nothing.
    lead: String,
    rows: Vec<Row>,
}

/// A week in which more is wanted than planned.
struct Short {
    href: String,
    shape: &'static str,
    sign: &'static str,
    what: String,
    why: String,
}

#[derive(Template)]
#[template(path = "capacity.html")]
struct MapPage {
    page: Page,
    t: Text,
    places: Vec<Link>,
    done: String,
    columns: Vec<Column>,
    /// The own groups, and those of suppliers; only those that there are.
    parts: Vec<Part>,
    shorts: Vec<Short>,
    /// How many bottlenecks are not named.
    further: usize,
    /// Sign, class and word of each state.
    legend: Vec<(&'static str, &'static str, String)>,
    search: Search,
    turn: Turn,
    next: String,
    first: String,
    writes: bool,
    /// The own groups as files, and those that suppliers show; only those that there are.
    files: Vec<Way>,
    /// Where they are had as PDF; `None` where there are none, or that is not built in.
    pdf: Option<Fact>,
}

/// The table of the own groups, and of those that suppliers show.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let today = format::today(member.app().clock.now());
    let span = Span::read(&wish.from, today);
    let (from, words) = (span.from(), wish.q.trim());
    let own = async {
        let (groups, next) = read::groups(&member, words, &wish.page).await?;
        let weeks = read::weeks_of(&member, &groups, span).await?;
        Ok((groups, weeks, next))
    };
    let ((groups, weeks, next), shown, partners) =
        try_join!(own, read::disclosed(&member, words), Partners::read(&member))?;
    let query = [("from", from.as_str()), ("q", words)];
    let here = |page: &str| link("/capacity", &[&query[..], &[("page", page)]].concat());
    let (shorts, further) = shorts(&t, &groups, &weeks, &from);
    let own = groups.iter().zip(&weeks).map(|(group, weeks)| row(&t, group, weeks, span, &partners));
    let theirs = shown.iter().map(|group| disclosed::row(&t, group, span, &partners));
    let parts = [
        Part { title: t.say(key::MAP_OWN), lead: String::new(), rows: own.collect() },
        Part { title: t.say(key::MAP_THEIRS), lead: t.say(key::MAP_THEIRS_BODY), rows: theirs.collect() },
    ];
    Ok(page::show(&MapPage {
        page: super::frame(&member, t.say(key::NAV_CAPACITY)),
        places: super::places(&member, Place::Map),
        done: wish.said(&t),
        columns: columns(&t, span, today),
        parts: parts.into_iter().filter(|part| !part.rows.is_empty()).collect(),
        shorts,
        further,
        legend: STATES.map(|state| (state.sign(), state.shape(), state.label(&t))).into(),
        search: Search {
            action: "/capacity".into(),
            kept: vec![("from", wish.from.clone())],
            label: t.say(key::MAP_SEARCH),
            value: words.to_string(),
            ..Search::default()
        },
        turn: turn("/capacity", &[("q", words), ("page", &wish.page)], span, today),
        first: if wish.page.is_empty() { String::new() } else { here("") },
        next: if next.is_empty() { String::new() } else { here(&next) },
        writes: member.may(Permission::CapacityWrite),
        files: files(&t, &query, (!groups.is_empty(), !shown.is_empty())),
        pdf: if groups.is_empty() { None } else { paper::capacity(&t, &query) },
        t,
    }))
}

/// The lists as files: of the own groups, and of those that suppliers show.
fn files(t: &Text, query: &[(&str, &str)], (own, shown): (bool, bool)) -> Vec<Way> {
    let ways = |there: bool, path| if there { sheet::ways(t, path, query) } else { Vec::new() };
    let theirs = ways(shown, "/capacity/shown/export")
        .into_iter()
        .map(|way| Way { label: format!("{} · {}", t.say(key::MAP_THEIRS), way.label), ..way });
    ways(own, "/capacity/export").into_iter().chain(theirs).collect()
}

/// Links to the weeks before and after a page's; the rest of its query stays.
pub fn turn(path: &str, kept: &[(&str, &str)], span: Span, today: Date) -> Turn {
    let to = |from: &str| link(path, &[&[("from", from)], kept].concat());
    Turn {
        earlier: to(&span.earlier()),
        later: to(&span.later()),
        present: if span.is_present(today) { String::new() } else { link(path, kept) },
    }
}

/// The heads of a page's weeks.
pub fn columns(t: &Text, span: Span, today: Date) -> Vec<Column> {
    let column = |monday: &Date| Column {
        week: t.week(*monday),
        day: t.short_day(*monday),
        now: *monday == monday_of(today),
    };
    span.mondays().iter().map(column).collect()
}

/// Where a group is looked at, at one of its weeks.
fn place(id: &str, monday: Date, from: &str) -> String {
    link(&format!("/capacity/groups/{id}"), &[("week", &iso(Some(monday))), ("from", from)])
}

fn row(
    t: &Text,
    group: &GroupSummary,
    weeks: &BTreeMap<Date, MatchedWeek>,
    span: Span,
    partners: &Partners,
) -> Row {
    let measure = Measure::of(&group.unit_code);
    let from = span.from();
    let whose = match group.customer_id.as_str() {
        "" => String::new(),
        customer => t.one(key::GROUP_FOR, partners.name(customer)),
    };
    let inactive = if group.inactive { t.say(key::GROUP_INACTIVE) } else { String::new() };
    let sub: Vec<String> =
        [measure.unit(t), whose, inactive].into_iter().filter(|part| !part.is_empty()).collect();
    let cell = |monday: &Date| {
        let href = place(&group.id, *monday, &from);
        cell(t, &measure, *monday, weeks.get(monday).map(Figures::of).as_ref(), href)
    };
    Row {
        href: link(&format!("/capacity/groups/{}", group.id), &[("from", &from)]),
        name: group.name.clone(),
        sub: sub.join(" · "),
        cells: span.mondays().iter().map(cell).collect(),
    }
}

/// A week as a cell; without figures nothing is known of it.
pub fn cell(t: &Text, measure: &Measure, monday: Date, week: Option<&Figures>, href: String) -> Cell {
    let state = week.map_or(State::Unknown, |week| week.state);
    let (demand, maximum) = week.map_or((None, None), |week| (week.demand, week.maximum));
    let short = |value: Option<_>| value.map_or_else(|| "–".to_string(), |value| measure.cell(value));
    let figure = |value: Option<_>| match value {
        Some(value) => measure.said(t, value),
        None => t.say(key::NOT_KNOWN),
    };
    let figures = t.two(key::CELL_FIGURES, figure(demand), figure(maximum));
    let borrowed = week.map(|week| week.borrowed).filter(|borrowed| !borrowed.is_zero());
    let figures = match borrowed {
        Some(borrowed) => t.two(key::WITH_BORROWED, measure.said(t, borrowed), figures),
        None => figures,
    };
    let figures = match week.map(|week| week.lent).filter(|lent| !lent.is_zero()) {
        Some(lent) => t.two(key::WITH_LENT, measure.said(t, lent), figures),
        None => figures,
    };
    let uncounted = week.map(|week| week.uncounted).filter(|lines| *lines > 0);
    let figures = match uncounted {
        Some(lines) => t.two(key::WITH_UNCOUNTED, figures, lines),
        None => figures,
    };
    let blank = demand.is_none() && maximum.is_none();
    Cell {
        href,
        shape: if blank { "is-blank" } else { state.shape() },
        sign: if blank { "" } else { state.sign() },
        load: short(demand),
        most: if blank { String::new() } else { short(maximum) },
        lent: borrowed.map_or_else(String::new, |borrowed| t.one(key::CELL_BORROWED, measure.cell(borrowed))),
        uncounted: uncounted.map_or_else(String::new, |lines| t.one(key::CELL_UNCOUNTED, lines)),
        full: demand.zip(maximum).and_then(|(demand, most)| percent(demand, most)).map(|full| full.min(100)),
        said: t.three(key::CELL_SAID, figures, state.label(t), t.whole_week(monday)),
    }
}

/// The bottlenecks of the page, the worst and then the earliest first, and how many more there are.
fn shorts(
    t: &Text,
    groups: &[GroupSummary],
    weeks: &[BTreeMap<Date, MatchedWeek>],
    from: &str,
) -> (Vec<Short>, usize) {
    let mut found = Vec::new();
    for (group, weeks) in groups.iter().zip(weeks) {
        let measure = Measure::of(&group.unit_code);
        for (monday, week) in weeks {
            let figures = Figures::of(week);
            if !figures.state.is_short() || group.inactive {
                continue;
            }
            let (over, missing) = match (figures.beyond(), figures.short()) {
                (Some(beyond), _) => (true, t.one(key::SHORT_OF_MAXIMUM, measure.said(t, beyond))),
                (None, Some(short)) => (false, t.one(key::SHORT_OF_PLAN, measure.said(t, short))),
                (None, None) => continue,
            };
            let short = Short {
                href: place(&group.id, *monday, from),
                shape: figures.state.shape(),
                sign: figures.state.sign(),
                what: t.two(key::SHORT_WHERE, &group.name, t.whole_week(*monday)),
                why: missing,
            };
            found.push((!over, *monday, short));
        }
    }
    found.sort_by_key(|(within, monday, _)| (*within, *monday));
    let further = found.len().saturating_sub(NAMED);
    (found.into_iter().take(NAMED).map(|(.., short)| short).collect(), further)
}
