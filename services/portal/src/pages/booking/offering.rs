//! Offers weeks of an own group: which group first, then how much of which week, and for whom.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{
        CapacityGroup, GetCapacityGroupRequest, ListCapacityGroupsRequest, MatchedWeek, NewBucket,
        OfferContent, PublishOfferRequest,
    },
};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{OFFERS, asking, audience, read::Known, slots, to_offers};
use crate::{
    ask::{Ask, Choice, Figure, Figures, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    page::{self, Tab, link},
    session::Member,
    table::{Act, Cell, Listing, Part},
    typed,
    week::monday_of,
};

const NEW: &str = "/capacity/offers/new";
/// Weeks that are shown.
const WEEKS: usize = 26;

/// Whose hours.
#[derive(Deserialize, Default)]
pub struct Wish {
    #[serde(default)]
    pub group: String,
}

/// How long a hold may last, in seconds.
const LASTING: [(i32, Key<0>); 4] = [
    (900, key::LASTING_QUARTER),
    (3_600, key::LASTING_HOUR),
    (86_400, key::LASTING_DAY),
    (604_800, key::LASTING_WEEK),
];

/// The groups to choose from, or the form of one.
pub async fn form(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    if wish.group.is_empty() {
        return groups(&member).await;
    }
    let known = Known::read(&member).await?;
    let group = group(&member, &wish.group).await?;
    Ok(filled(&member, &group, &known).show())
}

async fn groups(member: &Member) -> Result<Response, Failure> {
    let t = member.text();
    let request = ListCapacityGroupsRequest { page_size: 200, ..ListCapacityGroupsRequest::default() };
    let list =
        member.app().api.capacity_groups().list_capacity_groups(member.call(request)).await?.into_inner();
    let rows = list.groups.iter().filter(|group| !group.inactive).map(|group| {
        let href = link(NEW, &[("group", &group.id)]);
        let mut acts = vec![Act::Go { href: href.clone(), label: t.say(key::OFFER_BY_WEEK) }];
        if Measure::of(&group.unit_code).hours(Decimal::ONE).is_some() {
            let href = link(slots::NEW, &[("group", &group.id)]);
            acts.push(Act::Go { href, label: t.say(key::OFFER_BY_SLOT) });
        }
        vec![Cell::link(group.name.clone(), href), Cell::Acts(acts)]
    });
    let part = Part::new(vec![t.say(key::GROUP), String::new()], rows.collect(), t.say(key::OFFER_NO_GROUP));
    Ok(Listing::new(member, Tab::Capacity, t.say(key::OFFER_NEW), Some(to_offers(t)))
        .lead(t.say(key::OFFER_CHOOSE_BODY))
        .part(part)
        .show())
}

/// An own group.
pub async fn group(member: &Member, id: &str) -> Result<CapacityGroup, Failure> {
    let request = GetCapacityGroupRequest { group_id: id.to_string(), version: 0 };
    Ok(member.app().api.capacity_groups().get_capacity_group(member.call(request)).await?.into_inner())
}

/// What of a week's own hours is neither taken by orders nor offered; borrowed ones are not offered on.
fn spare(week: &MatchedWeek) -> Option<Decimal> {
    let maximum = format::decimal(week.maximum_capacity.as_ref())?;
    let own = maximum - format::decimal_or_zero(week.borrowed.as_ref());
    let taken =
        format::decimal_or_zero(week.booked.as_ref()) + format::decimal_or_zero(week.offered.as_ref());
    Some((own - taken).max(Decimal::ZERO)).filter(|_| !week.overcommitted)
}

fn action(group: &CapacityGroup) -> String {
    link(NEW, &[("group", &group.id)])
}

fn filled(member: &Member, group: &CapacityGroup, known: &Known) -> Ask {
    let t = member.text();
    let content = group.content.clone().unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let this_week = monday_of(format::today(member.app().clock.now()));
    let weeks = group.matched.iter().filter_map(|week| {
        let monday = format::day(week.monday.as_ref())?;
        let spare = spare(week).filter(|spare| monday >= this_week && *spare > Decimal::ZERO)?;
        Some(Figure {
            name: format!("w-{}", typed::iso(Some(monday))),
            label: t.whole_week(monday),
            known: t.one(key::OFFER_SPARE, measure.said(t, spare)),
            value: String::new(),
            fault: String::new(),
        })
    });
    let rows: Vec<Figure> = weeks.take(WEEKS).collect();
    let hint = if rows.is_empty() { key::OFFER_NO_WEEK } else { key::OFFER_WEEKS_HINT };
    let figures = Figures { legend: t.one(key::OFFER_HOW_MUCH, measure.unit(t)), hint: t.say(hint), rows };
    asking(member, action(group), key::OFFER_NEW, to_offers(t))
        .lead(t.say(key::OFFER_NEW_BODY))
        .fact(t.say(key::GROUP), content.name)
        .submit(t.say(key::OFFER_PUBLISH))
        .ask_all(described(t, &measure, known))
        .figures(figures)
}

/// What is offered, and for whom.
pub fn described(t: &Text, measure: &Measure, known: &Known) -> Vec<Question> {
    let price_hint = t.two(key::OFFER_PRICE_HINT, "CNY", measure.unit(t));
    let mut questions = vec![
        Question::new("process", Kind::Text, t.say(key::OFFER_PROCESS)).at("content.process"),
        Question::new("machine", Kind::Text, t.say(key::OFFER_MACHINE)).at("content.machine").optional(),
        Question::new("materials", Kind::Text, t.say(key::OFFER_MATERIALS))
            .at("content.materials")
            .hint(t.say(key::OFFER_MATERIALS_HINT))
            .optional(),
        Question::new("price", Kind::Number, t.say(key::OFFER_PRICE))
            .at("content.price")
            .hint(price_hint)
            .optional(),
    ];
    questions.extend(audience::questions(t, known, t.say(key::OFFER_SEEN_BY), true));
    questions.extend([
        Question::of("lasting", Kind::Select, t.say(key::OFFER_LASTING), lasting(t)).with(86_400),
        Question::new("note", Kind::Area, t.say(key::OFFER_NOTE)).at("content.note").optional(),
    ]);
    questions
}

fn lasting(t: &Text) -> Vec<Choice> {
    LASTING.iter().map(|(seconds, label)| Choice::new(seconds, t.say(label))).collect()
}

/// Publishes the offer.
pub async fn publish(member: Member, Query(wish): Query<Wish>, fields: Fields) -> Result<Response, Failure> {
    let action = link(NEW, &[("group", &wish.group)]);
    let posted = Posted::read(member, &action, &fields).await?;
    let member = &posted.member;
    let known = Known::read(member).await?;
    let group = group(member, &wish.group).await?;
    let mut ask = filled(member, &group, &known).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let t = member.text();
    let Some(buckets) = buckets(t, &mut ask, &group) else { return Ok(ask.wrong()) };
    send(&posted, ask, &fields, &group, buckets).await
}

/// Publishes what was described, in these buckets.
pub async fn send(
    posted: &Posted,
    mut ask: Ask,
    fields: &Fields,
    group: &CapacityGroup,
    buckets: Vec<NewBucket>,
) -> Result<Response, Failure> {
    let member = &posted.member;
    let t = member.text();
    let price = fields.get("price");
    let price = if price.is_empty() { Ok(None) } else { typed::quantity(price).map(Some).ok_or(()) };
    let Ok(price) = price else {
        ask.blame("price", t.one(key::ASK_WRONG, t.say(key::OFFER_PRICE)));
        return Ok(ask.wrong());
    };
    let unit = group.content.as_ref().map(|content| content.unit_code.clone()).unwrap_or_default();
    let measure = Measure::of(&unit);
    let Some(to) = audience::chosen(t, &mut ask, fields) else { return Ok(ask.wrong()) };
    let request = PublishOfferRequest {
        request_id: posted.request_id.clone(),
        group_id: group.id.clone(),
        content: Some(OfferContent {
            process: fields.get("process").to_string(),
            machine: fields.get("machine").to_string(),
            materials: typed::names(fields.get("materials")),
            currency: if price.is_some() { "CNY".to_string() } else { String::new() },
            price_hint: price.map(|price| chassis::value::wire_decimal(measure.keep_price(price))),
            note: fields.get("note").to_string(),
            ..OfferContent::default()
        }),
        hold_seconds: fields.get("lasting").parse().unwrap_or_default(),
        buckets,
        visibility: to.visibility.into(),
        cluster_id: to.cluster_id,
        firm_ids: to.firm_ids,
    };
    match member.app().api.offers().publish_offer(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OFFERS}?done=published"))),
        Err(status) => ask.refused(status),
    }
}

/// The weeks that were filled in, kept as the group keeps them; `None` where one is wrong or none is.
fn buckets(t: &Text, ask: &mut Ask, group: &CapacityGroup) -> Option<Vec<NewBucket>> {
    let unit = group.content.as_ref().map(|content| content.unit_code.clone()).unwrap_or_default();
    let measure = Measure::of(&unit);
    let mut buckets = Vec::new();
    for (name, number) in ask.typed_figures()? {
        let monday = typed::date(name.trim_start_matches("w-")).ok().flatten()?;
        let Some(kept) = measure.keep(number) else {
            ask.blame(&name, t.one(key::ASK_WRONG, t.whole_week(monday)));
            return None;
        };
        buckets.push(NewBucket {
            monday: Some(chassis::value::wire_date(monday)),
            quantity: Some(chassis::value::wire_decimal(kept)),
            ..NewBucket::default()
        });
    }
    if buckets.is_empty() {
        ask.complain(t.say(key::OFFER_NOTHING));
        return None;
    }
    Some(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_is_what_nobody_has_yet() {
        let figure = |text: &str| Some(proto::Decimal { value: text.into() });
        let week = |maximum: Option<&str>, borrowed: &str, (booked, offered): (&str, &str), overcommitted| {
            MatchedWeek {
                maximum_capacity: maximum.and_then(figure),
                borrowed: figure(borrowed),
                booked: figure(booked),
                offered: figure(offered),
                overcommitted,
                ..MatchedWeek::default()
            }
        };
        for (week, expected) in [
            (week(Some("240"), "0", ("40", "80"), false), Some(120)),
            (week(Some("280"), "40", ("40", "80"), false), Some(120)),
            (week(Some("240"), "0", ("300", "0"), false), Some(0)),
            (week(Some("240"), "0", ("200", "80"), true), None),
            (week(None, "0", ("0", "0"), false), None),
        ] {
            assert_eq!(spare(&week), expected.map(Decimal::from));
        }
    }
}
