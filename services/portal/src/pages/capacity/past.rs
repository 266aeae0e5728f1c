//! What was stated of a demand, version by version: when, and what differs from the version before. Both firms read it; who
//! stated it, the customer's own people alone.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use futures::try_join;
use proto::capacity::{DemandContent, DemandSeries, GetMaterialDemandRequest, ListDemandVersionsRequest};
use rust_decimal::Decimal;
use time::Date;

use super::{Wish, category, history};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Text, key},
    session::Member,
};

/// Where it stands.
pub fn path(id: &str) -> String {
    format!("/capacity/demand/{id}/history")
}

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    let t = member.text();
    let page_token = wish.page.clone();
    let page_size = history::versions(&member);
    let request = ListDemandVersionsRequest { demand_id: id.clone(), page_size, page_token };
    let mut client = member.app().api.demands();
    let list =
        async { Ok::<_, Failure>(client.list_demand_versions(member.call(request)).await?.into_inner()) };
    let (list, present) = try_join!(list, content(&member, &id, 0))?;
    let wanted = history::wanted(&list.versions);
    let calls = wanted.map(|version| content(&member, &id, version)).collect();
    let contents = history::some_at_a_time(calls).await?;
    let told = history::told(t, &contents, |before, after| differences(t, before, after));
    let part = history::part(t, &list.versions, told).next(&path(&id), &[], &list.next_page_token);
    let back = Way { href: "/capacity/demand".into(), label: t.say(key::DEMAND_TITLE) };
    let title = t.two(key::PAST_OF, &present.material_number_customer, t.say(key::PAST_TITLE));
    Ok(history::listing(&member, title, back, t.say(key::PAST_DEMAND_BODY), part))
}

async fn content(member: &Member, id: &str, version: i64) -> Result<DemandContent, Failure> {
    let request = GetMaterialDemandRequest { demand_id: id.to_string(), version };
    let got = member.app().api.demands().get_material_demand(member.call(request)).await?.into_inner();
    Ok(got.content.unwrap_or_default())
}

/// What differs, in words.
fn differences(t: &Text, before: &DemandContent, after: &DemandContent) -> Vec<String> {
    let mut all = Vec::new();
    if before.inactive != after.inactive {
        all.push(t.say(if after.inactive { key::PAST_INACTIVE } else { key::PAST_ACTIVE }));
    }
    for (label, was, is) in [
        (
            key::MATERIAL_DESCRIPTION,
            &before.material_description_customer,
            &after.material_description_customer,
        ),
        (key::GROUP_UNIT, &before.unit_code, &after.unit_code),
    ] {
        if was != is {
            all.push(t.three(key::PAST_CHANGED, is, was, t.say(label)));
        }
    }
    let (old, new) = (by_place(&before.series), by_place(&after.series));
    for (place, series) in &new {
        match old.get(place) {
            None => all.push(t.one(key::PAST_SERIES_ADDED, said(t, place))),
            Some(was) => all.extend(weeks(t, after, place, (was, series), new.len() > 1)),
        }
    }
    let gone = old.keys().filter(|place| !new.contains_key(*place));
    all.extend(gone.map(|place| t.one(key::PAST_SERIES_REMOVED, said(t, place))));
    all
}

/// Where it goes, and why.
type Place = (String, i32);

fn by_place(series: &[DemandSeries]) -> BTreeMap<Place, &DemandSeries> {
    series.iter().map(|one| ((one.customer_location.clone(), one.demand_category), one)).collect()
}

fn said(t: &Text, (location, reason): &Place) -> String {
    let reason = proto::capacity::DemandCategory::try_from(*reason).unwrap_or_default();
    t.two(key::PAST_WEEK, category(t, reason), location)
}

/// Weeks whose quantity differs; with the place where there are several.
fn weeks(
    t: &Text,
    content: &DemandContent,
    place: &Place,
    (was, is): (&DemandSeries, &DemandSeries),
    several: bool,
) -> Vec<String> {
    let dated = |series: &DemandSeries| -> BTreeMap<Date, Option<Decimal>> {
        let dated = series.weeks.iter();
        dated
            .filter_map(|week| {
                Some((format::day(week.monday.as_ref())?, format::decimal(week.quantity.as_ref())))
            })
            .collect()
    };
    let (old, new) = (dated(was), dated(is));
    let unit = t.unit(&content.unit_code, "");
    let quantity = |value: Option<Decimal>| {
        value.map_or_else(|| t.say(key::NOT_KNOWN), |value| t.quantity(value.normalize(), &unit))
    };
    let mut mondays: Vec<Date> = old.keys().chain(new.keys()).copied().collect();
    mondays.sort_unstable();
    mondays.dedup();
    let of = |weeks: &BTreeMap<Date, Option<Decimal>>, monday| weeks.get(&monday).copied().flatten();
    let differing = mondays.into_iter().filter(|monday| of(&old, *monday) != of(&new, *monday));
    let line = |monday: Date| {
        let week = t.week(monday);
        let what = if several { t.two(key::PAST_WEEK, week, &place.0) } else { week };
        t.three(key::PAST_CHANGED, quantity(of(&new, monday)), quantity(of(&old, monday)), what)
    };
    differing.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_version_says_which_weeks_differ_and_where() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let series = |location: &str, weeks: &[(u8, &str)]| DemandSeries {
            customer_location: location.into(),
            demand_category: proto::capacity::DemandCategory::Default.into(),
            weeks: weeks
                .iter()
                .map(|(day, quantity)| proto::capacity::DemandWeek {
                    monday: Some(proto::Date { year: 2026, month: 12, day: i32::from(*day) }),
                    quantity: Some(proto::Decimal { value: (*quantity).into() }),
                })
                .collect(),
            ..DemandSeries::default()
        };
        let demand = |series: &[DemandSeries]| DemandContent {
            unit_code: "H87".into(),
            series: series.to_vec(),
            ..DemandContent::default()
        };
        let before = demand(&[series("CY01", &[(21, "100"), (28, "20000")])]);
        let after = demand(&[series("CY01", &[(21, "100.0"), (28, "18000")])]);
        assert_eq!(differences(&t, &before, &after), ["W53: 20,000 pcs → 18,000 pcs"]);
        let after = demand(&[series("CY01", &[(21, "100")]), series("CY02", &[(28, "0")])]);
        let all = differences(&t, &before, &after);
        assert!(all[0].contains("CY01 W53: 20,000 pcs → unknown"), "{all:?}");
        assert!(all[1].starts_with("CY02") && all.len() == 2, "{all:?}");
        assert!(differences(&t, &before, &before).is_empty());
        let off = DemandContent { inactive: true, ..demand(&[]) };
        let all = differences(&t, &before, &off);
        assert_eq!((all[0].as_str(), all.len()), ("not in use any more", 2), "{all:?}");
    }
}
