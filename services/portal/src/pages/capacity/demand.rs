//! What is wanted, week by week: a customer fills in its series, its supplier reads them.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::Response,
};
use futures::{
    future::{join_all, try_join_all},
    try_join,
};
use proto::{
    access::Permission,
    capacity::{
        CommentSubject, DemandCategory, DemandSeries, DemandWeek, GetMaterialDemandRequest,
        ListMaterialDemandsRequest, MaterialDemand, UpdateDemandWeeksRequest,
    },
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Place, Turn, Wish as Where, category,
    map::{self, Column},
    moved::{self, Moved},
    past,
    read::{self, Partners},
    talk,
};
use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    format,
    grid::{self, Head, Line, Newer, Row, Wish},
    i18n::{Text, key},
    page::{self, Link, Page, link},
    pages::{settings::Fault, sign_in},
    saved,
    session::Member,
    sheet::Table,
    typed,
    week::Span,
};

const PATH: &str = "/capacity/demand";
/// Demands on one page.
const DEMANDS: i32 = 20;

#[derive(Template)]
#[template(path = "capacity_demand.html")]
struct DemandPage {
    page: Page,
    t: Text,
    places: Vec<Link>,
    action: String,
    token: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    files: Vec<Way>,
    /// Whether the firm may state what it wants.
    states: bool,
    /// Whether any row can be filled in.
    writes: bool,
    newer: Newer,
    faults: Vec<Fault>,
    done: String,
    /// What was changed meanwhile; empty for nothing.
    changed: String,
    pasted: String,
    turn: Turn,
    first: String,
    next: String,
    /// Of each demand its name, what is said about it, and where its versions are.
    talks: Vec<(String, Way, String)>,
    /// Demands with orders that consume none of their forecast, in a sentence each.
    uncounted: Vec<String>,
    /// Weeks whose demand moved too far, of whatever group, and how many are not named.
    moved: Vec<Moved>,
    moved_further: usize,
}

/// A series of a demand, as it stands and as it was when the form was made.
struct Series {
    /// The demand, where it goes and why, as the form carries it.
    id: String,
    now: MaterialDemand,
    series: DemandSeries,
    was: Option<DemandSeries>,
}

fn series_id(demand: &str, series: &DemandSeries) -> String {
    format!("{demand}|{}|{}", series.demand_category, series.customer_location)
}

fn quantity(series: &DemandSeries, monday: Date) -> Option<Decimal> {
    let week = series.weeks.iter().find(|week| format::day(week.monday.as_ref()) == Some(monday))?;
    format::decimal(week.quantity.as_ref())
}

fn shown(series: &DemandSeries, monday: Date) -> String {
    quantity(series, monday).map_or_else(String::new, |quantity| quantity.normalize().to_string())
}

async fn get(member: &Member, id: &str, version: i64) -> Result<MaterialDemand, Failure> {
    let request = GetMaterialDemandRequest { demand_id: id.to_string(), version };
    Ok(member.app().api.demands().get_material_demand(member.call(request)).await?.into_inner())
}

/// The series of a page of demands, those that can be filled in first; and where the next page begins.
async fn listed(member: &Member, page_token: &str) -> Result<(Vec<Series>, String), Failure> {
    let request = ListMaterialDemandsRequest {
        page_size: DEMANDS,
        page_token: page_token.to_string(),
        ..ListMaterialDemandsRequest::default()
    };
    let list = member.app().api.demands().list_material_demands(member.call(request)).await?.into_inner();
    let demands = try_join_all(list.demands.iter().map(|one| get(member, &one.id, 0))).await?;
    let mut found: Vec<Series> = demands.into_iter().flat_map(all_of).collect();
    found.sort_by_key(|one| one.now.customer_id != member.who.firm_id);
    Ok((found, list.next_page_token))
}

fn all_of(demand: MaterialDemand) -> Vec<Series> {
    let series = demand.content.as_ref().map(|content| content.series.clone()).unwrap_or_default();
    let one = |series: DemandSeries| Series {
        id: series_id(&demand.id, &series),
        now: demand.clone(),
        was: Some(series.clone()),
        series,
    };
    series.into_iter().map(one).collect()
}

/// The series of a posted form.
async fn posted(member: &Member, lines: &[Line]) -> Result<Vec<Series>, Failure> {
    let one = |line: &Line| {
        let (id, version) = (line.id.clone(), line.version);
        async move {
            let demand = id.split('|').next().unwrap_or_default().to_string();
            let now = get(member, &demand, 0).await?;
            let was =
                if version == now.version { now.clone() } else { get(member, &demand, version).await? };
            let find = |demand: MaterialDemand| {
                all_of(demand).into_iter().find(|one| one.id == id).map(|one| one.series)
            };
            let (series, was) = (find(now.clone()).unwrap_or_default(), find(was));
            Ok::<_, Failure>(Series { id, now, series, was })
        }
    };
    try_join_all(lines.iter().map(one)).await
}

fn rows(member: &Member, span: Span, all: &[Series], lines: &[Line], partners: &Partners) -> Vec<Row> {
    let t = member.text();
    let row = |(at, one): (usize, &Series)| {
        let content = one.now.content.clone().unwrap_or_default();
        let own = one.now.customer_id == member.who.firm_id;
        let other = if own { &one.now.supplier_id } else { &one.now.customer_id };
        let why = match one.series.demand_category() {
            DemandCategory::Default | DemandCategory::Unspecified => String::new(),
            other => category(t, other),
        };
        let inactive = if content.inactive { t.say(key::GROUP_INACTIVE) } else { String::new() };
        let sub = [
            content.material_description_customer.clone(),
            partners.name(other).to_string(),
            one.series.customer_location.clone(),
            why,
            t.unit(&content.unit_code, ""),
            inactive,
        ];
        let head = Head {
            id: one.id.clone(),
            version: one.now.version,
            name: content.material_number_customer,
            sub: sub.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            writes: own && member.may(Permission::DemandWrite),
        };
        let writes = head.writes;
        let was = |monday: Date| one.was.as_ref().map_or_else(String::new, |was| shown(was, monday));
        let now = |monday: Date| match writes {
            true => shown(&one.series, monday),
            // Only looked at.
            false => quantity(&one.series, monday).map_or_else(|| "–".to_string(), format::grouped),
        };
        grid::row(t, at, head, span, lines.get(at), was, now)
    };
    all.iter().enumerate().map(row).collect()
}

/// Demands with orders in units that cannot be converted into theirs, each once.
fn uncounted(t: &Text, all: &[Series]) -> Vec<String> {
    let some = all.iter().filter(|one| one.now.uncounted_lines > 0);
    let said: BTreeMap<&str, String> = some
        .map(|one| {
            let material =
                one.now.content.as_ref().map_or("", |content| content.material_number_customer.as_str());
            let said = t.one(key::UNCOUNTED, one.now.uncounted_lines);
            (one.now.id.as_str(), t.two(key::UNCOUNTED_OF, material, said))
        })
        .collect();
    said.into_values().collect()
}

/// What is said about each demand of the page.
async fn talks(member: &Member, all: &[Series]) -> Result<Vec<(String, Way, String)>, Failure> {
    let subject = CommentSubject::MaterialDemand;
    let said = talk::comments(member, subject, "").await?;
    let mut talks: Vec<(String, Way, String)> = Vec::new();
    for demand in all.iter().map(|one| &one.now) {
        let href = talk::path(subject, &demand.id);
        if talks.iter().all(|(_, way, _)| way.href != href) {
            let count = said.iter().filter(|one| one.object_id == demand.id).count();
            let name = demand.content.clone().unwrap_or_default().material_number_customer;
            let way = Way { href, label: talk::label(member.text(), count) };
            talks.push((name, way, past::path(&demand.id)));
        }
    }
    Ok(talks)
}

/// The series as they stand.
pub async fn show(member: Member, Query(wish): Query<Where>) -> Result<Response, Failure> {
    if member.visitor.saving {
        return hand_over(&member, &wish).await;
    }
    let (listed, partners, own, theirs) = try_join!(
        listed(&member, &wish.page),
        Partners::read(&member),
        read::moved(&member),
        read::disclosed(&member, "")
    )?;
    let (all, next) = listed;
    let mut shown = form(&member, &wish, &all, &[], &partners);
    shown.talks = talks(&member, &all).await?;
    shown.uncounted = uncounted(member.text(), &all);
    let from = span(&member, &wish).from();
    if !next.is_empty() {
        shown.next = link(PATH, &[("from", &from), ("page", &next)]);
    }
    if !wish.page.is_empty() {
        shown.first = link(PATH, &[("from", &from)]);
    }
    (shown.moved, shown.moved_further) = moved::of_all(&shown.t, &own, &theirs);
    shown.done = wish.said(&shown.t);
    Ok(page::show(&shown))
}

/// The series of a page for a file, with a column for each week.
async fn hand_over(member: &Member, wish: &Where) -> Result<Response, Failure> {
    let ((all, next), partners) = try_join!(listed(member, &wish.page), Partners::read(member))?;
    let (t, span) = (member.text(), span(member, wish));
    let cells = |(row, one): (Row, &Series)| -> Vec<String> {
        let weeks = span.mondays().map(|monday| shown(&one.series, monday));
        [row.name, row.sub].into_iter().chain(weeks).collect()
    };
    let rows = rows(member, span, &all, &[], &partners).into_iter().zip(&all).map(cells).collect();
    let next = match next.as_str() {
        "" => String::new(),
        token => link(PATH, &[("from", &span.from()), ("page", token)]),
    };
    let weeks: Vec<String> = span.mondays().iter().map(|monday| t.whole_week(*monday)).collect();
    let table = Table::new(t, &[key::MATERIAL, key::SAVE_DETAILS], rows, next).beside(weeks).numbers(2..);
    Ok(saved::tables(t.say(key::DEMAND_TITLE), vec![table]))
}

fn span(member: &Member, wish: &Where) -> Span {
    Span::read(&wish.from, format::today(member.app().clock.now()))
}

fn form(member: &Member, wish: &Where, all: &[Series], lines: &[Line], partners: &Partners) -> DemandPage {
    let t = member.text().clone();
    let app = member.app();
    let today = format::today(app.clock.now());
    let span = span(member, wish);
    let rows = rows(member, span, all, lines, partners);
    let action = link(PATH, &[("from", &span.from()), ("page", &wish.page)]);
    let page = super::frame(member, t.say(key::DEMAND_TITLE));
    let writes = rows.iter().any(|row| row.writes);
    DemandPage {
        page: if writes { page.with_form("grid", action.clone()) } else { page },
        places: super::places(member, Place::Demand),
        token: app.tokens.make(app, Some(&member.token), PATH),
        columns: map::columns(&t, span, today),
        files: saved::ways(&t, &action),
        states: member.may(Permission::DemandWrite),
        writes,
        newer: Newer::of("material_demand", &action, &rows, &wish.seen),
        faults: Vec::new(),
        done: String::new(),
        changed: match rows.iter().any(|row| !row.notice.is_empty()) {
            true => t.say(key::GRID_MOVED_BODY),
            false => String::new(),
        },
        pasted: String::new(),
        turn: map::turn(PATH, &[("page", &wish.page)], span, today),
        first: String::new(),
        next: String::new(),
        talks: Vec::new(),
        uncounted: Vec::new(),
        moved: Vec::new(),
        moved_further: 0,
        rows,
        action,
        t,
    }
}

/// Fills in or saves, and shows the table once more unless all of it was saved.
pub async fn send(member: Member, Query(wish): Query<Where>, fields: Fields) -> Result<Response, Failure> {
    let request_id = member.app().tokens.check(Some(&member.token), PATH, fields.get("token"))?;
    let mut lines = grid::read(&fields);
    let (all, partners) = try_join!(posted(&member, &lines), Partners::read(&member))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let mut response = page::show(&form(&member, &wish, &all, &lines, &partners));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let t = member.text();
    match Wish::read(&fields) {
        Wish::Save | Wish::Fill => return save(&member, &wish, &all, &lines, &request_id).await,
        Wish::Paste => {
            let name = |one: &Series| one.now.content.clone().unwrap_or_default().material_number_customer;
            let names: Vec<String> = all.iter().map(name).collect();
            let pasted = grid::paste(fields.raw("pasted"), &names, &mut lines);
            let mut shown = form(&member, &wish, &all, &lines, &partners);
            let told = grid::told(t, &pasted);
            shown.pasted =
                if told.faults.is_empty() { String::new() } else { fields.raw("pasted").to_string() };
            (shown.done, shown.faults) = (told.done, told.faults);
            Ok(page::show(&shown))
        }
        Wish::Right(at) => {
            if let Some(line) = lines.get_mut(at) {
                grid::copy_right(&mut line.cells);
            }
            let mut shown = form(&member, &wish, &all, &lines, &partners);
            shown.done = t.say(key::GRID_FILLED);
            Ok(page::show(&shown))
        }
    }
}

/// What a typed cell makes of a week: `None` where it changes nothing.
fn change(was: Option<&DemandSeries>, monday: Date, text: &str) -> Result<Option<DemandWeek>, ()> {
    let before = was.and_then(|was| quantity(was, monday));
    let typed = match text {
        "" => None,
        text => Some(typed::quantity(text).ok_or(())?),
    };
    let week = DemandWeek {
        monday: Some(chassis::value::wire_date(monday)),
        quantity: typed.map(chassis::value::wire_decimal),
    };
    Ok((typed != before).then_some(week))
}

async fn save(
    member: &Member,
    wish: &Where,
    all: &[Series],
    lines: &[Line],
    request_id: &str,
) -> Result<Response, Failure> {
    let span = span(member, wish);
    let mut wrong = Vec::new();
    // Series of one demand are one change, since they share its version.
    let mut changes: BTreeMap<(&str, i64), Vec<DemandSeries>> = BTreeMap::new();
    for (at, (line, one)) in lines.iter().zip(all).enumerate() {
        let mut weeks = Vec::new();
        for (week, monday) in span.mondays().into_iter().enumerate() {
            match change(one.was.as_ref(), monday, &line.cells[week]) {
                Ok(changed) => weeks.extend(changed),
                Err(()) => wrong.push((at, week)),
            }
        }
        if !weeks.is_empty() {
            let series = DemandSeries { weeks, ..one.was.clone().unwrap_or_else(|| one.series.clone()) };
            changes.entry((one.now.id.as_str(), line.version)).or_default().push(series);
        }
    }
    let partners = Partners::read(member).await?;
    if !wrong.is_empty() {
        let mut shown = form(member, wish, all, lines, &partners);
        let t = shown.t.clone();
        for (at, week) in wrong {
            shown.faults.extend(grid::blame(&t, &mut shown.rows, at, week, t.say(key::DEMAND_NO_QUANTITY)));
        }
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    }
    let sent = changes.into_iter().map(|((id, version), series)| async move {
        let request = UpdateDemandWeeksRequest {
            request_id: format!("{request_id}-{id}"),
            demand_id: id.to_string(),
            version,
            series,
            inactive: None,
        };
        let sent = member.app().api.demands().update_demand_weeks(member.call(request)).await;
        sent.map_err(|status| (id.to_string(), Failure::from(status)))
    });
    let refused: Vec<(String, Failure)> = join_all(sent).await.into_iter().filter_map(Result::err).collect();
    if refused.is_empty() {
        return Ok(page::go(&link(PATH, &[("from", &span.from()), ("page", &wish.page), ("done", "saved")])));
    }
    unsaved(member, wish, lines, refused, &partners).await
}

/// The table with the rows that were not saved, as they were typed; the others are saved.
async fn unsaved(
    member: &Member,
    wish: &Where,
    lines: &[Line],
    refused: Vec<(String, Failure)>,
    partners: &Partners,
) -> Result<Response, Failure> {
    let all = posted(member, lines).await?;
    let mut shown = form(member, wish, &all, lines, partners);
    let t = shown.t.clone();
    for (id, failure) in refused {
        if !failure.mends() {
            return Err(failure);
        }
        for (row, _) in shown.rows.iter_mut().zip(&all).filter(|(_, one)| one.now.id == id) {
            shown.faults.push(grid::refuse(&t, row, &failure));
        }
    }
    shown.changed = t.say(key::GRID_MOVED_BODY);
    Ok(page::show_as(StatusCode::CONFLICT, &shown))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn an_emptied_week_becomes_unknown_and_an_untouched_one_is_not_sent() {
        let monday = date!(2026 - 12 - 28);
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let week = |quantity: Option<proto::Decimal>| DemandWeek {
            monday: Some(chassis::value::wire_date(monday)),
            quantity,
        };
        let was = DemandSeries { weeks: vec![week(wire("20000.00"))], ..DemandSeries::default() };
        for (was, text, expected) in [
            (Some(&was), "20000", Ok(None)),
            (Some(&was), "20,000", Ok(None)),
            (Some(&was), "18000", Ok(Some(week(wire("18000"))))),
            (Some(&was), "0", Ok(Some(week(wire("0"))))),
            (Some(&was), "", Ok(Some(week(None)))),
            (None, "", Ok(None)),
            (None, "5", Ok(Some(week(wire("5"))))),
            (None, "five", Err(())),
        ] {
            assert_eq!(change(was, monday, text), expected, "{text:?}");
        }
        assert_eq!(shown(&was, monday), "20000");
    }
}
