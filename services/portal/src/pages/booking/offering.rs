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
use time::Date;

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
/// The field that says that the form has that question.
const ASKED: &str = "asked";
/// The field that says that hours are offered despite a forecast.
pub const DESPITE: &str = "despite";
/// Weeks that are shown.
pub const WEEKS: usize = 26;

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

/// What of a week's own hours may be offered; borrowed ones are not offered on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spare {
    /// What orders and offers leave.
    pub unpromised: Decimal,
    /// The part of it that no forecast needs either.
    free: Decimal,
}

/// What of a week is to spare; nothing where it is promised beyond its maximum, or has none.
pub fn spare(week: &MatchedWeek) -> Option<Spare> {
    let figure = |figure: &Option<proto::Decimal>| format::decimal_or_zero(figure.as_ref());
    let offered = figure(&week.offered) + figure(&week.offered_below);
    let own = format::decimal(week.maximum_capacity.as_ref())? - figure(&week.borrowed) - offered;
    let booked = figure(&week.booked);
    // What is lent is offered already.
    let wanted = figure(&week.demand) - figure(&week.lent);
    let left = |taken: Decimal| (own - taken).max(Decimal::ZERO);
    let spare = Spare { unpromised: left(booked), free: left(booked.max(wanted)) };
    Some(spare).filter(|_| !week.overcommitted)
}

/// What is said of a week that has something to offer.
pub fn left(t: &Text, measure: &Measure, spare: Spare) -> String {
    let free = measure.said(t, spare.free);
    match spare.unpromised - spare.free {
        needed if needed.is_zero() => t.one(key::OFFER_SPARE, free),
        needed => t.two(key::OFFER_SPARE_BESIDE, free, measure.said(t, needed)),
    }
}

/// Asks whether hours are offered that a forecast needs, once that was refused.
fn despite(t: &Text) -> Question {
    let choice = Choice::new("yes", t.say(key::OFFER_DESPITE_YES));
    Question::of(DESPITE, Kind::Boxes, t.say(key::OFFER_DESPITE), vec![choice])
        .hint(t.say(key::OFFER_DESPITE_HINT))
        .optional()
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
        let spare = spare(week).filter(|spare| monday >= this_week && !spare.unpromised.is_zero())?;
        Some(Figure {
            name: figure_name(monday),
            label: t.whole_week(monday),
            known: left(t, &measure, spare),
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
        .ask_all(described(t, &measure, audience::questions(t, known, t.say(key::OFFER_SEEN_BY), true)))
        .figures(figures)
}

/// What is offered, and for whom, which these questions ask.
pub fn described(t: &Text, measure: &Measure, audience: Vec<Question>) -> Vec<Question> {
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
    questions.extend(audience);
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
    let mut ask = again(member.text(), filled(member, &group, &known), &fields).fill(&fields);
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
    let unit = group.content.as_ref().map(|content| content.unit_code.as_str()).unwrap_or_default();
    let measure = Measure::of(unit);
    let Some(content) = content(t, &mut ask, fields, &measure, OfferContent::default()) else {
        return Ok(ask.wrong());
    };
    let Some(to) = audience::chosen(t, &mut ask, fields) else { return Ok(ask.wrong()) };
    let request = PublishOfferRequest {
        request_id: posted.request_id.clone(),
        group_id: group.id.clone(),
        content: Some(content),
        hold_seconds: fields.get("lasting").parse().unwrap_or_default(),
        buckets,
        visibility: to.visibility.into(),
        cluster_id: to.cluster_id,
        firm_ids: to.firm_ids,
        despite_forecast: !fields.get(DESPITE).is_empty(),
    };
    let despite_forecast = request.despite_forecast;
    let mondays: Vec<_> = request.buckets.iter().map(|bucket| bucket.monday).collect();
    let left = |monday| room(group, monday, despite_forecast);
    match member.app().api.offers().publish_offer(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OFFERS}?done=published"))),
        Err(status) => needed(t, ask, &measure, (&mondays, left), status.into()),
    }
}

/// What was typed of an offer that was `was` before, of which what the form does not ask for stays; nothing where the price is
/// no number, which the page then says. A price that comes back as it was shown stays as it is kept.
pub fn content(
    t: &Text,
    ask: &mut Ask,
    fields: &Fields,
    measure: &Measure,
    was: OfferContent,
) -> Option<OfferContent> {
    let kept = format::decimal(was.price_hint.as_ref());
    let price = match fields.get("price") {
        "" => None,
        text => {
            let Some(price) = typed::quantity(text) else {
                ask.blame("price", t.one(key::ASK_WRONG, t.say(key::OFFER_PRICE)));
                return None;
            };
            let unchanged = kept.filter(|kept| measure.priced(*kept) == price);
            Some(unchanged.unwrap_or_else(|| measure.keep_price(price)))
        }
    };
    let currency = match (price, was.currency.is_empty()) {
        (None, _) => String::new(),
        (Some(_), true) => "CNY".to_string(),
        (Some(_), false) => was.currency.clone(),
    };
    Some(OfferContent {
        process: fields.get("process").to_string(),
        machine: fields.get("machine").to_string(),
        materials: typed::names(fields.get("materials")),
        currency,
        price_hint: price.map(chassis::value::wire_decimal),
        note: fields.get("note").to_string(),
        ..was
    })
}

/// What a week of a group still has to offer.
pub fn room(group: &CapacityGroup, monday: Date, despite_forecast: bool) -> Decimal {
    let of = |week: &&MatchedWeek| format::day(week.monday.as_ref()) == Some(monday);
    let spare = group.matched.iter().find(of).and_then(spare);
    spare.map_or(Decimal::ZERO, |spare| if despite_forecast { spare.unpromised } else { spare.free })
}

/// Where a forecast needs what would be offered, says so of each week and asks whether to offer it all the same. `left` is
/// what a week could offer instead.
pub fn needed(
    t: &Text,
    mut ask: Ask,
    measure: &Measure,
    (mondays, left): (&[Option<proto::Date>], impl Fn(Date) -> Decimal),
    failure: Failure,
) -> Result<Response, Failure> {
    let mut forecast = false;
    for (place, monday) in mondays.iter().enumerate() {
        let path = format!("buckets[{place}].quantity");
        let reason =
            failure.fields.iter().find(|(field, _)| *field == path).map(|(_, reason)| reason.as_str());
        let said = match reason {
            Some("FORECAST") => key::OFFER_NEEDED,
            Some("PROMISED") => key::OFFER_PROMISED,
            _ => continue,
        };
        forecast |= reason == Some("FORECAST");
        let Some(day) = format::day(monday.as_ref()) else { continue };
        ask.blame(&figure_name(day), t.two(said, measure.said(t, left(day)), t.whole_week(day)));
    }
    if forecast {
        ask = asked(t, ask);
    }
    ask.refused(failure)
}

/// The form as it was sent: once it asked whether to offer what a forecast needs, it goes on asking.
pub fn again(t: &Text, ask: Ask, fields: &Fields) -> Ask {
    let asks = [DESPITE, ASKED].iter().any(|name| !fields.get(name).is_empty());
    if asks { asked(t, ask) } else { ask }
}

/// The form once it asks for the word.
fn asked(t: &Text, ask: Ask) -> Ask {
    if ask.asks(DESPITE) { ask } else { ask.hidden(ASKED, "yes".into()).ask(despite(t)) }
}

/// The field of a week.
pub fn figure_name(monday: Date) -> String {
    format!("w-{}", typed::iso(Some(monday)))
}

/// The week of a field.
pub fn named_week(name: &str) -> Option<Date> {
    typed::date(name.strip_prefix("w-")?).ok().flatten()
}

/// The weeks that were filled in, kept as the group keeps them; `None` where one is wrong or none is.
fn buckets(t: &Text, ask: &mut Ask, group: &CapacityGroup) -> Option<Vec<NewBucket>> {
    let unit = group.content.as_ref().map(|content| content.unit_code.clone()).unwrap_or_default();
    let measure = Measure::of(&unit);
    let mut buckets = Vec::new();
    for (name, number) in ask.typed_figures()? {
        let monday = named_week(&name)?;
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
        let demand = |demand: &str, lent: &str, week| MatchedWeek {
            demand: figure(demand),
            lent: figure(lent),
            ..week
        };
        let below = |hours: &str, week| MatchedWeek { offered_below: figure(hours), ..week };
        // what orders and offers leave, and what no forecast needs of it
        for (week, expected) in [
            (week(Some("240"), "0", ("40", "80"), false), Some((120, 120))),
            (week(Some("280"), "40", ("40", "80"), false), Some((120, 120))),
            (week(Some("240"), "0", ("300", "0"), false), Some((0, 0))),
            (week(Some("240"), "0", ("200", "80"), true), None),
            (week(None, "0", ("0", "0"), false), None),
            (demand("250", "0", week(Some("240"), "0", ("0", "0"), false)), Some((240, 0))),
            (demand("100", "30", week(Some("240"), "0", ("40", "80"), false)), Some((120, 90))),
            (below("50", week(Some("240"), "0", ("40", "80"), false)), Some((70, 70))),
        ] {
            let spare = spare(&week).map(|spare| (spare.unpromised, spare.free));
            assert_eq!(spare, expected.map(|(all, free)| (Decimal::from(all), Decimal::from(free))));
        }
    }
}
