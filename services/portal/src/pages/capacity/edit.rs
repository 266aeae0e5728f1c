//! The own groups' weeks, filled in on one page: typed, pasted, computed from shifts, or copied to the right.

use askama::Template;
use axum::{
    extract::Query,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use chassis::calendar::{self, Calendar};
use futures::future::{join_all, try_join_all};
use proto::{
    access::Permission,
    capacity::{CapacityGroup, CapacityWeek, GroupContent, UpdateCapacityWeeksRequest},
    orders::GetCalendarRequest,
};
use time::{Date, Duration};

use super::{
    Place, Turn, Wish as Where,
    entry::{self, Change, FIGURES, Figure, Wrong, change, shown},
    map::{self, Column},
    quick::Quick,
    read, sheets,
};
use crate::{
    failure::Failure,
    form::Fields,
    format,
    grid::{self, Head, Line, Newer, Row, Wish},
    i18n::{Text, key},
    measure::Measure,
    page::{self, Link, Page, link},
    pages::{settings::Fault, sign_in},
    session::Member,
    week::{Span, WEEKS},
};

const PATH: &str = "/capacity/edit";

/// A figure as a link to its table.
struct Tab {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "capacity_edit.html")]
struct EditPage {
    page: Page,
    t: Text,
    places: Vec<Link>,
    action: String,
    token: String,
    tabs: Vec<Tab>,
    figure: Figure,
    newer: Newer,
    /// What is to be known of the figure.
    about: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    faults: Vec<Fault>,
    /// What was filled in, and that it is not saved yet; empty for nothing.
    done: String,
    /// What others have changed meanwhile; empty for nothing.
    moved: String,
    pasted: String,
    quick: Quick,
    turn: Turn,
    first: String,
    next: String,
    back: String,
    /// The same weeks as a table to fill in elsewhere.
    sheets: String,
}

/// Which table.
struct Asked {
    span: Span,
    figure: Figure,
    page: String,
    /// Tells apart what an open page shows.
    seen: String,
}

impl Asked {
    fn path(&self, figure: Figure) -> String {
        link(PATH, &[("from", &self.span.from()), ("figure", figure.code()), ("page", &self.page)])
    }
}

/// A group as it stands, and as it was when the form was made.
struct Loaded {
    now: CapacityGroup,
    was: GroupContent,
}

impl Loaded {
    fn content(&self) -> GroupContent {
        self.now.content.clone().unwrap_or_default()
    }

    fn measure(&self) -> Measure {
        Measure::of(&self.was.unit_code)
    }
}

fn asked(member: &Member, wish: &Where) -> Result<Asked, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    let today = format::today(member.app().clock.now());
    let (span, figure) = (Span::read(&wish.from, today), Figure::read(&wish.figure));
    Ok(Asked { span, figure, page: wish.page.clone(), seen: wish.seen.clone() })
}

/// The table as it stands.
pub async fn show(member: Member, Query(wish): Query<Where>) -> Result<Response, Failure> {
    let asked = asked(&member, &wish)?;
    let (groups, next) = read::groups(&member, "", &asked.page).await?;
    let ids = groups.iter().filter(|group| !group.inactive).map(|group| (group.id.as_str(), 0));
    let loaded = load(&member, ids).await?;
    let mut shown = form(&member, &asked, &loaded, &[]);
    if !next.is_empty() {
        let from = asked.span.from();
        shown.next = link(PATH, &[("from", &from), ("figure", asked.figure.code()), ("page", &next)]);
    }
    Ok(page::show(&shown))
}

/// Groups by id and the version that a form was made of; 0: the present one.
async fn load<'a>(
    member: &Member,
    groups: impl Iterator<Item = (&'a str, i64)>,
) -> Result<Vec<Loaded>, Failure> {
    let one = |(id, version): (&'a str, i64)| async move {
        let now = read::group(member, id, 0).await?;
        let was = match version {
            0 => now.content.clone(),
            version if version == now.version => now.content.clone(),
            version => read::group(member, id, version).await?.content,
        };
        Ok::<_, Failure>(Loaded { was: was.unwrap_or_default(), now })
    };
    try_join_all(groups.map(one)).await
}

fn rows(t: &Text, asked: &Asked, loaded: &[Loaded], lines: &[Line]) -> Vec<Row> {
    let row = |(at, group): (usize, &Loaded)| {
        let (content, measure) = (group.content(), group.measure());
        let head = Head {
            id: group.now.id.clone(),
            version: group.now.version,
            name: content.name.clone(),
            sub: measure.unit(t),
            writes: true,
        };
        let cell =
            |content: &GroupContent, monday| shown(asked.figure, &measure, entry::week(content, monday));
        let (was, now) = (|monday: Date| cell(&group.was, monday), |monday: Date| cell(&content, monday));
        grid::row(t, at, head, asked.span, lines.get(at), was, now)
    };
    loaded.iter().enumerate().map(row).collect()
}

fn form(member: &Member, asked: &Asked, loaded: &[Loaded], lines: &[Line]) -> EditPage {
    let t = member.text().clone();
    let app = member.app();
    let today = format::today(app.clock.now());
    let rows = rows(&t, asked, loaded, lines);
    let action = asked.path(asked.figure);
    let tab = |figure: Figure| Tab {
        href: asked.path(figure),
        label: label(&t, figure),
        current: figure == asked.figure,
    };
    let kept = [("figure", asked.figure.code()), ("page", asked.page.as_str())];
    let turn = map::turn(PATH, &kept, asked.span, today);
    EditPage {
        page: super::frame(member, t.say(key::EDIT_TITLE)).with_form("grid", action.clone()),
        places: super::places(member, Place::Edit),
        token: app.tokens.make(app, Some(&member.token), PATH),
        tabs: FIGURES.map(tab).into(),
        figure: asked.figure,
        newer: Newer::of("capacity_group", &action, &rows, &asked.seen),
        about: about(&t, asked.figure),
        columns: map::columns(&t, asked.span, today),
        faults: Vec::new(),
        done: String::new(),
        moved: match rows.iter().any(|row| !row.notice.is_empty()) {
            true => t.say(key::GRID_MOVED_BODY),
            false => String::new(),
        },
        pasted: String::new(),
        quick: Quick::new(&rows, &loaded.iter().map(Loaded::measure).collect::<Vec<_>>()),
        turn,
        first: match asked.page.as_str() {
            "" => String::new(),
            _ => link(PATH, &[("from", &asked.span.from()), ("figure", asked.figure.code())]),
        },
        next: String::new(),
        back: link("/capacity", &[("from", &asked.span.from())]),
        sheets: link(sheets::PATH, &[("from", &asked.span.from())]),
        rows,
        action,
        t,
    }
}

/// What a figure is called.
pub fn label(t: &Text, figure: Figure) -> String {
    t.say(match figure {
        Figure::Actual => key::ACTUAL,
        Figure::Maximum => key::MAXIMUM,
        Figure::Agreed => key::AGREED,
    })
}

fn about(t: &Text, figure: Figure) -> String {
    t.say(match figure {
        Figure::Actual => key::EDIT_ACTUAL,
        Figure::Maximum => key::EDIT_MAXIMUM,
        Figure::Agreed => key::EDIT_AGREED,
    })
}

/// Fills in or saves, and shows the table once more unless all of it was saved.
pub async fn send(member: Member, Query(wish): Query<Where>, fields: Fields) -> Result<Response, Failure> {
    let asked = asked(&member, &wish)?;
    let request_id = member.app().tokens.check(Some(&member.token), PATH, fields.get("token"))?;
    let mut lines = grid::read(&fields);
    let loaded = load(&member, lines.iter().map(|line| (line.id.as_str(), line.version))).await?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        return Ok(translated(&form(&member, &asked, &loaded, &lines), cookie));
    }
    let t = member.text();
    match Wish::read(&fields) {
        Wish::Save => return save(&member, &asked, &loaded, &lines, &request_id).await,
        Wish::Paste => {
            let names: Vec<String> = loaded.iter().map(|group| group.content().name).collect();
            let pasted = grid::paste(fields.raw("pasted"), &names, &mut lines);
            let mut shown = form(&member, &asked, &loaded, &lines);
            let told = grid::told(t, &pasted);
            shown.pasted =
                if told.faults.is_empty() { String::new() } else { fields.raw("pasted").to_string() };
            (shown.done, shown.faults) = (told.done, told.faults);
            return Ok(page::show(&shown));
        }
        Wish::Right(at) => {
            if let Some(line) = lines.get_mut(at) {
                grid::copy_right(&mut line.cells);
            }
        }
        Wish::Fill => {
            let measures: Vec<Measure> = loaded.iter().map(Loaded::measure).collect();
            let mut quick = Quick::typed(&fields);
            let closed = closed(&member, asked.span).await;
            if !quick.fill(t, &measures, &mut lines, &closed) {
                let mut shown = form(&member, &asked, &loaded, &lines);
                quick.choices = std::mem::take(&mut shown.quick.choices);
                shown.faults = quick.faults();
                shown.quick = quick;
                return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
            }
        }
    }
    let mut shown = form(&member, &asked, &loaded, &lines);
    shown.done = t.say(key::GRID_FILLED);
    Ok(page::show(&shown))
}

/// Which weeks of a page have no working day in the firm's calendar; none where that cannot be found out.
async fn closed(member: &Member, span: Span) -> Vec<bool> {
    let answer = member.app().api.calendars().get_calendar(member.call(GetCalendarRequest {})).await;
    let Ok(set) = answer.map(|answer| answer.into_inner()) else { return vec![false; WEEKS] };
    let days = |days: &[proto::Date]| -> Vec<Date> {
        days.iter().filter_map(|day| format::day(Some(day))).collect()
    };
    let week = calendar::Week::of(set.week_days.iter().copied()).unwrap_or(calendar::Week::FIVE_DAYS);
    let calendar = Calendar::new(week, !set.without_holidays, days(&set.open_days), days(&set.closed_days));
    let works = |day: Date| calendar.day(day).is_ok_and(|day| day.worked);
    let closed = |monday: &Date| !(0..7).any(|day| works(*monday + Duration::days(day)));
    span.mondays().iter().map(closed).collect()
}

fn translated(shown: &EditPage, cookie: HeaderValue) -> Response {
    let mut response = page::show(shown);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// The weeks of a group that change, and those that become unknown.
#[derive(Default)]
struct Changed {
    weeks: Vec<CapacityWeek>,
    removed: Vec<proto::Date>,
}

async fn save(
    member: &Member,
    asked: &Asked,
    loaded: &[Loaded],
    lines: &[Line],
    request_id: &str,
) -> Result<Response, Failure> {
    let mut wrong = Vec::new();
    let mut changes: Vec<Changed> = Vec::new();
    for (at, (line, group)) in lines.iter().zip(loaded).enumerate() {
        let mut changed = Changed::default();
        for (week, monday) in asked.span.mondays().into_iter().enumerate() {
            let was = entry::week(&group.was, monday);
            match change(asked.figure, &group.measure(), monday, was, &line.cells[week]) {
                Ok(None) => {}
                Ok(Some(Change::Set(set))) => changed.weeks.push(set),
                Ok(Some(Change::Remove)) => changed.removed.push(chassis::value::wire_date(monday)),
                Err(why) => wrong.push((at, week, why)),
            }
        }
        changes.push(changed);
    }
    if !wrong.is_empty() {
        let mut shown = form(member, asked, loaded, lines);
        let t = shown.t.clone();
        for (at, week, why) in wrong {
            let text = fault(&t, why, &loaded[at].measure());
            shown.faults.extend(grid::blame(&t, &mut shown.rows, at, week, text));
        }
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    }
    let sent = lines.iter().zip(changes).map(|(line, changed)| update(member, line, changed, request_id));
    let refused: Vec<(usize, Failure)> = join_all(sent)
        .await
        .into_iter()
        .enumerate()
        .filter_map(|(at, sent)| Some((at, sent.err()?)))
        .collect();
    if refused.is_empty() {
        return Ok(page::go(&link("/capacity", &[("from", &asked.span.from()), ("done", "saved")])));
    }
    unsaved(member, asked, lines, refused).await
}

async fn update(member: &Member, line: &Line, changed: Changed, request_id: &str) -> Result<(), Failure> {
    if changed.weeks.is_empty() && changed.removed.is_empty() {
        return Ok(());
    }
    let request = UpdateCapacityWeeksRequest {
        // One effect for each group, however often the form is sent.
        request_id: format!("{request_id}-{}", line.id),
        group_id: line.id.clone(),
        version: line.version,
        weeks: changed.weeks,
        removed_mondays: changed.removed,
        inactive: None,
    };
    member.app().api.capacity_groups().update_capacity_weeks(member.call(request)).await?;
    Ok(())
}

/// The table with the rows that were not saved, as they were typed; the others are saved.
async fn unsaved(
    member: &Member,
    asked: &Asked,
    lines: &[Line],
    refused: Vec<(usize, Failure)>,
) -> Result<Response, Failure> {
    let loaded = load(member, lines.iter().map(|line| (line.id.as_str(), line.version))).await?;
    let mut shown = form(member, asked, &loaded, lines);
    let t = shown.t.clone();
    for (at, failure) in refused {
        if !failure.mends() {
            return Err(failure);
        }
        let Some(row) = shown.rows.get_mut(at) else { continue };
        shown.faults.push(grid::refuse(&t, row, &failure));
    }
    shown.moved = t.say(key::GRID_MOVED_BODY);
    Ok(page::show_as(StatusCode::CONFLICT, &shown))
}

/// Why a cell was not taken, in words.
pub fn fault(t: &Text, wrong: Wrong, measure: &Measure) -> String {
    match wrong {
        Wrong::NoFigure => t.say(key::EDIT_NO_FIGURE),
        Wrong::TooLarge => t.say(key::EDIT_TOO_LARGE),
        Wrong::BelowActual(actual) => t.one(key::EDIT_BELOW_ACTUAL, measure.said(t, actual)),
        Wrong::ActualFirst => t.say(key::EDIT_ACTUAL_FIRST),
    }
}
