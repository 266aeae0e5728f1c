//! What was stated of a group, version by version: when, by whom, and what differs from the version before.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use futures::{future::try_join_all, try_join};
use proto::{
    access::Permission,
    capacity::{AcceptedVersion, CapacityWeek, GroupContent, LinkedDemandSeries, ListGroupVersionsRequest},
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    Wish,
    read::{self, AT_ONCE},
};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    page::Tab,
    session::Member,
    table::{Cell, Listing, Part, Row},
};

/// Versions on one page.
const VERSIONS: i32 = 10;
/// Versions of a page that is read for a file.
const SAVED_VERSIONS: i32 = 100;
/// Differences that are named of one version.
const NAMED: usize = 6;

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let request = ListGroupVersionsRequest {
        group_id: id.clone(),
        page_size: versions(&member),
        page_token: wish.page.clone(),
    };
    let mut client = member.app().api.capacity_groups();
    let list =
        async { Ok::<_, Failure>(client.list_group_versions(member.call(request)).await?.into_inner()) };
    let (list, present) = try_join!(list, read::group(&member, &id, 0))?;
    let wanted = wanted(&list.versions).map(|version| content(&member, &id, version));
    let contents = some_at_a_time(wanted.collect()).await?;
    let told = told(t, &contents, |before, after| differences(t, before, after));
    let path = format!("/capacity/groups/{id}");
    let part = part(t, &list.versions, told).next(&format!("{path}/history"), &[], &list.next_page_token);
    let back = Way { href: path, label: present.content.map(|content| content.name).unwrap_or_default() };
    Ok(listing(&member, t.say(key::PAST_TITLE), back, t.say(key::PAST_BODY), part))
}

/// How many versions are read at once: of each there is another call.
pub fn versions(member: &Member) -> i32 {
    member.rows(VERSIONS).min(SAVED_VERSIONS)
}

/// What comes of all these calls, in their order; some of them wait at a time.
pub async fn some_at_a_time<C>(
    calls: Vec<impl Future<Output = Result<C, Failure>>>,
) -> Result<Vec<C>, Failure> {
    let mut all = Vec::with_capacity(calls.len());
    let mut calls = calls.into_iter();
    loop {
        let some: Vec<_> = calls.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return Ok(all);
        }
        all.extend(try_join_all(some).await?);
    }
}

/// The versions of a page, the newest first, and the one before the last of them, which that is compared with.
pub fn wanted(versions: &[AcceptedVersion]) -> impl Iterator<Item = i64> {
    let oldest = versions.last().map_or(1, |one| one.version);
    versions.iter().map(|one| one.version).chain((oldest > 1).then_some(oldest - 1))
}

/// What each version differs in from the one after it in the list, which was before it: the first few differences, and how
/// many more there are.
pub fn told<C>(t: &Text, contents: &[C], differences: impl Fn(&C, &C) -> Vec<String>) -> Vec<String> {
    let told = |at: usize, after: &C| match contents.get(at + 1) {
        Some(before) => few(t, differences(before, after)).join(&t.say(key::DELIVERY_JOIN)),
        None => t.say(key::PAST_FIRST),
    };
    contents.iter().enumerate().map(|(at, after)| told(at, after)).collect()
}

fn few(t: &Text, mut all: Vec<String>) -> Vec<String> {
    let further = all.len().saturating_sub(NAMED);
    if further > 0 {
        all.truncate(NAMED);
        all.push(t.one(key::PAST_FURTHER, further));
    }
    if all.is_empty() {
        all.push(t.say(key::PAST_SAME));
    }
    all
}

/// The versions as a table.
pub fn part(t: &Text, versions: &[AcceptedVersion], told: Vec<String>) -> Part {
    let row = |(one, differs): (&AcceptedVersion, String)| -> Row {
        vec![
            Cell::name(t.one(key::PAST_VERSION, one.version)),
            Cell::Text(t.moment(one.received_at.as_ref())),
            Cell::Text(one.actor_name.clone()),
            Cell::Text(differs),
        ]
    };
    let columns = [key::PAST_COLUMN, key::PAST_WHEN, key::PAST_WHO, key::PAST_WHAT];
    let rows = versions.iter().zip(told).map(row).collect();
    Part::new(columns.map(|column| t.say(column)).into(), rows, String::new())
}

/// The page of them.
pub fn listing(member: &Member, title: String, back: Way, lead: String, part: Part) -> Response {
    let listing = Listing::new(member, Tab::Capacity, title, Some(back));
    listing.live("capacity_group material_demand").lead(lead).part(part).saved().show()
}

async fn content(member: &Member, id: &str, version: i64) -> Result<GroupContent, Failure> {
    Ok(read::group(member, id, version).await?.content.unwrap_or_default())
}

/// What differs, in words.
fn differences(t: &Text, before: &GroupContent, after: &GroupContent) -> Vec<String> {
    let mut all = Vec::new();
    if before.name != after.name {
        all.push(t.three(key::PAST_CHANGED, &after.name, &before.name, t.say(key::SETUP_NAME)));
    }
    if before.inactive != after.inactive {
        all.push(t.say(if after.inactive { key::PAST_INACTIVE } else { key::PAST_ACTIVE }));
    }
    all.extend(weeks(t, before, after));
    all.extend(links(t, before, after));
    if before.linked_group_ids != after.linked_group_ids {
        all.push(t.say(key::PAST_GROUPS));
    }
    if before.volatility != after.volatility {
        all.push(t.say(key::PAST_VOLATILITY));
    }
    if before.supplier_locations != after.supplier_locations {
        all.push(t.say(key::PAST_SITES));
    }
    all
}

/// The figures of a week, in the order in which they are told.
fn figures(week: Option<&&CapacityWeek>) -> [(Key<0>, Option<Decimal>); 4] {
    let figure = |pick: fn(&CapacityWeek) -> Option<&proto::Decimal>| {
        week.and_then(|week| format::decimal(pick(week)))
    };
    [
        (key::ACTUAL, figure(|week| week.actual_capacity.as_ref())),
        (key::MAXIMUM, figure(|week| week.maximum_capacity.as_ref())),
        (key::AGREED, figure(|week| week.agreed_capacity.as_ref())),
        (key::DELTA, figure(|week| week.delta_production.as_ref())),
    ]
}

fn weeks(t: &Text, before: &GroupContent, after: &GroupContent) -> Vec<String> {
    let dated = |content: &'_ GroupContent| -> BTreeMap<Date, CapacityWeek> {
        let dated = content.weeks.iter();
        dated.filter_map(|week| Some((format::day(week.monday.as_ref())?, week.clone()))).collect()
    };
    let (old, new) = (dated(before), dated(after));
    let mut mondays: Vec<Date> = old.keys().chain(new.keys()).copied().collect();
    mondays.sort_unstable();
    mondays.dedup();
    let measures = (Measure::of(&before.unit_code), Measure::of(&after.unit_code));
    let said = |measure: &Measure, value: Option<Decimal>| {
        value.map_or_else(|| t.say(key::NOT_KNOWN), |value| measure.said(t, value))
    };
    let mut all = Vec::new();
    for monday in mondays {
        let (was, is) = (figures(old.get(&monday).as_ref()), figures(new.get(&monday).as_ref()));
        for ((label, was), (_, is)) in was.into_iter().zip(is).filter(|((_, was), (_, is))| was != is) {
            let what = t.two(key::PAST_WEEK, t.say(label), t.week(monday));
            all.push(t.three(key::PAST_CHANGED, said(&measures.1, is), said(&measures.0, was), what));
        }
    }
    all
}

fn links(t: &Text, before: &GroupContent, after: &GroupContent) -> Vec<String> {
    let name = |link: &LinkedDemandSeries| {
        let place = (link.customer_location.clone(), link.demand_category);
        (link.customer_id.clone(), link.material_number_customer.clone(), place)
    };
    let find = |content: &GroupContent, link: &LinkedDemandSeries| {
        content.linked_demand.iter().find(|one| name(one) == name(link)).cloned()
    };
    let factor = |content: &GroupContent, link: &LinkedDemandSeries| {
        let factor = format::decimal(link.load_factor.as_ref()).unwrap_or(Decimal::ONE);
        Measure::of(&content.unit_code).factor(t, factor)
    };
    let mut all = Vec::new();
    for link in &after.linked_demand {
        match find(before, link) {
            None => all.push(t.one(key::PAST_LINKED, &link.material_number_customer)),
            Some(old)
                if format::decimal(old.load_factor.as_ref())
                    != format::decimal(link.load_factor.as_ref()) =>
            {
                let what = t.two(key::PAST_WEEK, t.say(key::LOAD_FACTOR), &link.material_number_customer);
                all.push(t.three(key::PAST_CHANGED, factor(after, link), factor(before, &old), what));
            }
            Some(_) => {}
        }
    }
    let gone = before.linked_demand.iter().filter(|link| find(after, link).is_none());
    all.extend(gone.map(|link| t.one(key::PAST_UNLINKED, &link.material_number_customer)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_version_says_what_differs_from_the_one_before() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let wire = |text: &str| Some(proto::Decimal { value: text.into() });
        let week = |monday: time::Date, actual: &str, maximum: &str| CapacityWeek {
            monday: Some(chassis::value::wire_date(monday)),
            actual_capacity: wire(actual),
            maximum_capacity: wire(maximum),
            ..CapacityWeek::default()
        };
        let link = |material: &str, factor: &str| LinkedDemandSeries {
            material_number_customer: material.into(),
            load_factor: wire(factor),
            ..LinkedDemandSeries::default()
        };
        let monday = time::macros::date!(2026 - 12 - 28);
        let before = GroupContent {
            name: "G".into(),
            unit_code: "SEC".into(),
            weeks: vec![week(monday, "734400", "864000")],
            linked_demand: vec![link("A", "45"), link("B", "3")],
            ..GroupContent::default()
        };
        let after = GroupContent {
            weeks: vec![week(monday, "734400.0", "878400")],
            linked_demand: vec![link("A", "40"), link("C", "1")],
            inactive: true,
            ..before.clone()
        };
        let all = differences(&t, &before, &after).join("; ");
        assert_eq!(
            all,
            "not in use any more; W53 Maximum: 240 h → 244 h; A Per piece: 45 s → 40 s; C added; B removed"
        );
        assert_eq!(few(&t, differences(&t, &before, &before)), ["no difference"]);
        let many = GroupContent { weeks: Vec::new(), name: "H".into(), linked_demand: Vec::new(), ..after };
        let many = differences(&t, &before, &many);
        assert_eq!((many.len(), many[0].as_str()), (6, "Name: G → H"));
    }
}
