//! Offers time on an instrument or a test site by the slot: the same hours on chosen days, each slot for one firm.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{CapacityGroup, NewBucket},
};
use time::{Date, Time};

use super::{
    asking, audience,
    offering::{self, Wish},
    read::Known,
    to_offers,
};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    page::link,
    session::Member,
    typed,
    week::{WEEKDAYS, monday_of},
};

/// Where they are offered.
pub const NEW: &str = "/capacity/offers/new/slots";
/// The most slots of one offer, as the API has it.
const MOST: usize = 520;
/// The longest time between the first day and the last.
const DAYS: i64 = 366;

/// The form of a group.
pub async fn form(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    let known = Known::read(&member).await?;
    let group = offering::group(&member, &wish.group).await?;
    Ok(asked(&member, &group, &known).show())
}

fn unit(group: &CapacityGroup) -> Measure {
    Measure::of(group.content.as_ref().map(|content| content.unit_code.as_str()).unwrap_or_default())
}

fn asked(member: &Member, group: &CapacityGroup, known: &Known) -> Ask {
    let t = member.text();
    let days = (0..).zip(WEEKDAYS).map(|(day, name): (u8, Key<0>)| Choice::new(day, t.say(name))).collect();
    let field = |name, kind, label: Key<0>| Question::new(name, kind, t.say(label));
    let name = group.content.as_ref().map(|content| content.name.clone()).unwrap_or_default();
    let seen_by = audience::questions(t, known, t.say(key::OFFER_SEEN_BY), true);
    asking(member, link(NEW, &[("group", &group.id)]), key::SLOTS_NEW, to_offers(t))
        .lead(t.say(key::SLOTS_BODY))
        .fact(t.say(key::GROUP), name)
        .submit(t.say(key::OFFER_PUBLISH))
        .ask(field("first", Kind::Date, key::SLOTS_FIRST))
        .ask(field("last", Kind::Date, key::SLOTS_LAST).hint(t.say(key::SLOTS_LAST_HINT)).optional())
        .ask(
            Question::of("day", Kind::Boxes, t.say(key::SLOTS_DAYS), days)
                .hint(t.say(key::SLOTS_DAYS_HINT))
                .optional(),
        )
        .ask(field("from", Kind::Time, key::SLOTS_FROM).at("buckets").wrong(t.say(key::SLOTS_WRONG)))
        .ask(field("until", Kind::Time, key::SLOTS_UNTIL))
        .ask(field("from-2", Kind::Time, key::SLOTS_FROM_2).hint(t.say(key::SLOTS_2_HINT)).optional())
        .ask(field("until-2", Kind::Time, key::SLOTS_UNTIL_2).optional())
        .ask_all(offering::described(t, &unit(group), seen_by))
}

/// Publishes them.
pub async fn publish(member: Member, Query(wish): Query<Wish>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &link(NEW, &[("group", &wish.group)]), &fields).await?;
    let member = &posted.member;
    let known = Known::read(member).await?;
    let group = offering::group(member, &wish.group).await?;
    let mut ask = offering::again(member.text(), asked(member, &group, &known), &fields).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let today = format::today(member.app().clock.now());
    match buckets(member.text(), &mut ask, &fields, &unit(&group), today) {
        Some(buckets) => offering::send(&posted, ask, &fields, &group, buckets).await,
        None => Ok(ask.wrong()),
    }
}

/// What was typed, as buckets; `None` where some of it is wrong, which the page then says.
fn buckets(
    t: &Text,
    ask: &mut Ask,
    fields: &Fields,
    measure: &Measure,
    today: Date,
) -> Option<Vec<NewBucket>> {
    let day = |ask: &mut Ask, name: &str, label: Key<0>| {
        let day = typed::date(fields.get(name));
        if day.is_err() {
            ask.blame(name, t.one(key::ASK_WRONG, t.say(label)));
        }
        day.ok()
    };
    let first = day(ask, "first", key::SLOTS_FIRST)??;
    let last = day(ask, "last", key::SLOTS_LAST)?.unwrap_or(first);
    if first < today {
        ask.blame("first", t.say(key::SLOTS_PAST));
        return None;
    }
    if last < first || (last - first).whole_days() > DAYS {
        ask.blame("last", t.say(key::SLOTS_ORDER));
        return None;
    }
    let mut spans = vec![span(t, ask, fields, ["from", "until"])?];
    if !fields.get("from-2").is_empty() || !fields.get("until-2").is_empty() {
        spans.push(span(t, ask, fields, ["from-2", "until-2"])?);
    }
    let days: Vec<u8> = fields.all("day").filter_map(|day| day.parse().ok()).collect();
    let slots = slots(first, last, &days, &spans);
    if slots.is_empty() || slots.len() > MOST {
        ask.blame(
            "day",
            if slots.is_empty() { t.say(key::SLOTS_NONE) } else { t.one(key::SLOTS_MANY, MOST) },
        );
        return None;
    }
    let made: Option<Vec<NewBucket>> = slots.iter().map(|slot| bucket(measure, *slot)).collect();
    if made.is_none() {
        ask.blame("from", t.say(key::SLOTS_UNIT));
    }
    made
}

/// From when to when on a day; `None` where that is wrong.
fn span(t: &Text, ask: &mut Ask, fields: &Fields, names: [&str; 2]) -> Option<(Time, Time)> {
    let [from, until] = names.map(|name| typed::clock(fields.get(name)).ok().flatten());
    match (from, until) {
        (Some(from), Some(until)) if from < until => Some((from, until)),
        (Some(_), Some(_)) => {
            ask.blame(names[1], t.say(key::SLOTS_WRONG));
            None
        }
        _ => {
            let wrong = if from.is_none() { names[0] } else { names[1] };
            ask.blame(wrong, t.one(key::ASK_WRONG, t.say(key::SLOTS_TIME)));
            None
        }
    }
}

/// A slot on a day, from when to when.
type Slot = (Date, (Time, Time));

/// Each span on each of the days of the week, 0 being Monday; on every day where none is chosen.
fn slots(first: Date, last: Date, days: &[u8], spans: &[(Time, Time)]) -> Vec<Slot> {
    let all = std::iter::successors(Some(first), |day| day.next_day()).take_while(|day| *day <= last);
    let chosen = |day: &Date| days.is_empty() || days.contains(&day.weekday().number_days_from_monday());
    all.filter(chosen).flat_map(|day| spans.iter().map(move |span| (day, *span))).collect()
}

fn bucket(measure: &Measure, (day, (from, until)): Slot) -> Option<NewBucket> {
    let at = |time| Some(chassis::value::timestamp(day.with_time(time).assume_offset(format::china())));
    Some(NewBucket {
        monday: Some(chassis::value::wire_date(monday_of(day))),
        starts_at: at(from),
        ends_at: at(until),
        quantity: Some(chassis::value::wire_decimal(measure.span((until - from).whole_seconds())?)),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};

    use super::*;

    #[test]
    fn slots_repeat_on_the_chosen_days() {
        let morning = (time!(09:00), time!(12:00));
        let both = [morning, (time!(14:00), time!(17:00))];
        let (first, last) = (date!(2026 - 12 - 01), date!(2026 - 12 - 11));
        let days = |days: &[u8], spans: &[(Time, Time)]| -> Vec<u8> {
            slots(first, last, days, spans).iter().map(|(day, _)| day.day()).collect()
        };
        assert_eq!(days(&[1, 3], &[morning]), [1, 3, 8, 10], "Tuesdays and Thursdays");
        assert_eq!(days(&[], &[morning]).len(), 11);
        assert_eq!(days(&[6], &both), [6, 6]);
        assert_eq!(slots(first, first, &[0], &both), [], "a Tuesday is no Monday");
        let made = bucket(&Measure::of("HUR"), (date!(2026 - 12 - 31), morning)).unwrap();
        assert_eq!(made.quantity.unwrap().value, "3");
        assert_eq!(made.monday, Some(proto::Date { year: 2026, month: 12, day: 28 }));
        assert_eq!(made.starts_at.unwrap().seconds, 1_798_678_800);
    }
}
