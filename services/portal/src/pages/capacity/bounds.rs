//! By how much the demand of a group may move from one measurement to the next before its supplier, and whoever is shown the
//! group, is told: part by part of the weeks ahead.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    capacity::{AlertThreshold, CapacityGroup, DemandVolatility, GroupContent, UploadCapacityGroupRequest},
};
use rust_decimal::Decimal;
use time::{Date, Duration};

use super::read;
use crate::{
    ask::{Ask, Figure, Figures, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    measure::Measure,
    page::{self, Tab, link},
    session::Member,
    typed,
    week::monday_of,
};

/// Parts of the weeks ahead that the form has at least.
const PARTS: usize = 3;
/// The most weeks of a part, and from one measurement to the next.
const MOST: i32 = 999;

/// A field of a part: what it is called in the form, and its label.
const FIELDS: [(&str, Key<0>); 5] = [
    ("weeks", key::BOUNDS_WEEKS),
    ("more", key::BOUNDS_MORE),
    ("less", key::BOUNDS_LESS),
    ("more-by", key::BOUNDS_MORE_BY),
    ("less-by", key::BOUNDS_LESS_BY),
];

fn name(part: usize, field: &str) -> String {
    format!("p{part}-{field}")
}

/// What a threshold says, field by field as it is typed.
fn typed_of(measure: &Measure, threshold: &AlertThreshold) -> [String; 5] {
    let share = |wire: &Option<proto::Decimal>| {
        let share = format::decimal(wire.as_ref());
        share.map_or_else(String::new, |share| (share * Decimal::ONE_HUNDRED).normalize().to_string())
    };
    let kept = |wire: &Option<proto::Decimal>| {
        format::decimal(wire.as_ref()).map_or_else(String::new, |kept| measure.field(kept))
    };
    [
        threshold.subhorizon_length_weeks.to_string(),
        share(&threshold.relative_positive),
        share(&threshold.relative_negative),
        kept(&threshold.absolute_positive),
        kept(&threshold.absolute_negative),
    ]
}

fn path(id: &str) -> String {
    format!("/capacity/groups/{id}/bounds")
}

fn day_of(volatility: &DemandVolatility) -> Option<Date> {
    let at = volatility.start_at.as_ref().and_then(chassis::value::time)?;
    Some(at.to_offset(format::china()).date())
}

fn asked(member: &Member, group: &CapacityGroup) -> Ask {
    let t = member.text();
    let content = group.content.clone().unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let present = content.volatility.unwrap_or_default();
    let next_monday = monday_of(format::today(member.app().clock.now())) + Duration::WEEK;
    let start = typed::iso(Some(day_of(&present).unwrap_or(next_monday)));
    let interval = present.measurement_interval_weeks.max(1);
    let back = Way { href: format!("/capacity/groups/{}", group.id), label: content.name };
    let ask = Ask::below(member, Tab::Capacity, path(&group.id), t.say(key::BOUNDS_TITLE), back)
        .lead(t.say(key::BOUNDS_BODY))
        .hidden("version", group.version.to_string())
        .ask(
            Question::new("start", Kind::Date, t.say(key::BOUNDS_START))
                .at("content.volatility.start_at")
                .hint(t.say(key::BOUNDS_START_HINT))
                .wrong(t.say(key::BOUNDS_START_PAST))
                .with(start),
        )
        .ask(
            Question::new("interval", Kind::Number, t.say(key::BOUNDS_INTERVAL))
                .at("content.volatility.measurement_interval_weeks")
                .with(interval),
        );
    (0..present.thresholds.len().max(PARTS)).fold(ask, |ask, part| {
        let known = present.thresholds.get(part).map(|threshold| typed_of(&measure, threshold));
        ask.figures(figures(t, &measure, part, known.unwrap_or_default()))
    })
}

/// A part of the weeks ahead.
fn figures(t: &Text, measure: &Measure, part: usize, values: [String; 5]) -> Figures {
    let units = [String::new(), "%".into(), "%".into(), measure.unit(t), measure.unit(t)];
    let rows = FIELDS.iter().zip(units).zip(values).map(|(((field, label), known), value)| Figure {
        name: name(part, field),
        label: t.say(label),
        known,
        value,
        fault: String::new(),
    });
    let hint = if part == 0 { t.say(key::BOUNDS_HINT) } else { String::new() };
    Figures { legend: t.one(key::BOUNDS_PART, part + 1), hint, rows: rows.collect() }
}

/// The form.
pub async fn form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let group = own(&member, &id).await?;
    Ok(asked(&member, &group).show())
}

async fn own(member: &Member, id: &str) -> Result<CapacityGroup, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    read::group(member, id, 0).await
}

/// Saves it with everything else of the group as it was when the form was made.
pub async fn set(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &path(&id), &fields).await?;
    let member = &posted.member;
    let group = own(member, &id).await?;
    let mut ask = asked(member, &group).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let t = member.text();
    let content = group.content.unwrap_or_default();
    let measure = Measure::of(&content.unit_code);
    let thresholds = match thresholds(&fields, &measure) {
        Ok(thresholds) => thresholds,
        Err(wrong) => {
            for (part, field) in wrong {
                let (field, label) = &FIELDS[field];
                ask.blame(&name(part, field), t.one(key::ASK_WRONG, t.say(label)));
            }
            return Ok(ask.wrong());
        }
    };
    let volatility = match thresholds.is_empty() {
        true => None,
        false => match measured(t, &mut ask, &fields, content.volatility.as_ref(), thresholds) {
            Some(volatility) => Some(volatility),
            None => return Ok(ask.wrong()),
        },
    };
    let request = UploadCapacityGroupRequest {
        request_id: posted.request_id.clone(),
        group_id: id.clone(),
        customer_id: group.customer_id,
        changed_at: None,
        expected_version: fields.get("version").parse().unwrap_or_default(),
        content: Some(GroupContent { volatility, ..content }),
    };
    match member.app().api.capacity_groups().upload_capacity_group(member.call(request)).await {
        Ok(_) => Ok(page::go(&link(&format!("/capacity/groups/{id}"), &[("done", "saved")]))),
        Err(status) => match Failure::from(status) {
            failure if failure.is("STALE_ETAG") => {
                ask.complain(t.say(key::SETUP_MOVED));
                Ok(ask.wrong())
            }
            failure => ask.refused(failure),
        },
    }
}

/// When it is measured. A day that stands stays the moment that it was.
fn measured(
    t: &Text,
    ask: &mut Ask,
    fields: &Fields,
    present: Option<&DemandVolatility>,
    thresholds: Vec<AlertThreshold>,
) -> Option<DemandVolatility> {
    let start = typed::date(fields.get("start")).ok().flatten();
    let interval = whole(fields.get("interval"));
    for (wrong, name, label) in [
        (start.is_none(), "start", key::BOUNDS_START),
        (interval.is_none(), "interval", key::BOUNDS_INTERVAL),
    ] {
        if wrong {
            ask.blame(name, t.one(key::ASK_WRONG, t.say(label)));
        }
    }
    let (start, interval) = start.zip(interval)?;
    let stands =
        present.filter(|present| day_of(present) == Some(start)).and_then(|present| present.start_at);
    let new = || chassis::value::timestamp(start.midnight().assume_offset(format::china()));
    Some(DemandVolatility {
        start_at: Some(stands.unwrap_or_else(new)),
        measurement_interval_weeks: interval,
        thresholds,
    })
}

/// A number of weeks.
fn whole(text: &str) -> Option<i32> {
    let number = typed::quantity(text).filter(Decimal::is_integer)?;
    i32::try_from(number).ok().filter(|number| (1..=MOST).contains(number))
}

/// The parts that were filled in, in their order; or which fields of which parts are wrong.
fn thresholds(fields: &Fields, measure: &Measure) -> Result<Vec<AlertThreshold>, Vec<(usize, usize)>> {
    let (mut thresholds, mut wrong) = (Vec::new(), Vec::new());
    let parts = (0..)
        .take_while(|part| FIELDS.iter().any(|(field, _)| fields.all(&name(*part, field)).next().is_some()));
    for part in parts {
        let typed = FIELDS.map(|(field, _)| fields.get(&name(part, field)).to_string());
        if typed.iter().all(String::is_empty) {
            continue;
        }
        let mut bound = |at: usize, keep: &dyn Fn(Decimal) -> Option<Decimal>| {
            let kept = typed::quantity(&typed[at]).and_then(keep);
            if !typed[at].is_empty() && kept.is_none() {
                wrong.push((part, at));
            }
            kept.map(chassis::value::wire_decimal)
        };
        let share = |percent: Decimal| Some((percent / Decimal::ONE_HUNDRED).normalize());
        let fall = |percent: Decimal| share(percent).filter(|share| *share <= Decimal::ONE);
        let threshold = AlertThreshold {
            sequence_number: thresholds.len() as i32 + 1,
            subhorizon_length_weeks: whole(&typed[0]).unwrap_or_default(),
            relative_positive: bound(1, &share),
            relative_negative: bound(2, &fall),
            absolute_positive: bound(3, &|typed| measure.keep(typed)),
            absolute_negative: bound(4, &|typed| measure.keep(typed)),
        };
        if threshold.subhorizon_length_weeks == 0 {
            wrong.push((part, 0));
        }
        thresholds.push(threshold);
    }
    if wrong.is_empty() { Ok(thresholds) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_as_typed_and_what_is_no_bound_is_named() {
        let seconds = Measure::of("SEC");
        let of = |pairs: &[(&str, &str)]| thresholds(&Fields::of(pairs), &seconds);
        let good = of(&[
            ("p0-weeks", "4"),
            ("p0-more", "10"),
            ("p0-less", ""),
            ("p1-weeks", ""),
            ("p2-weeks", "22"),
            ("p2-more", "0"),
            ("p2-less", "100"),
            ("p2-more-by", "40"),
        ])
        .unwrap();
        let numbers: Vec<i32> = good.iter().map(|one| one.sequence_number).collect();
        assert_eq!(numbers, [1, 2], "a part that is empty is none");
        let shown: Vec<[String; 5]> = good.iter().map(|one| typed_of(&seconds, one)).collect();
        assert_eq!(
            shown,
            [["4", "10", "", "", ""], ["22", "0", "100", "40", ""]],
            "0 is a bound, nothing is none"
        );
        assert_eq!(good[1].absolute_positive.clone().unwrap().value, "144000");
        for (pairs, wrong) in [
            (&[("p0-weeks", ""), ("p0-more", "10")][..], 0),
            (&[("p0-weeks", "1.5"), ("p0-more", "10")][..], 0),
            (&[("p0-weeks", "4"), ("p0-less", "101")][..], 2),
            (&[("p0-weeks", "4"), ("p0-more-by", "many")][..], 3),
        ] {
            assert_eq!(of(pairs).unwrap_err(), [(0, wrong)], "{pairs:?}");
        }
        assert_eq!(of(&[("p0-weeks", "")]).unwrap(), [], "nothing is measured any more");
    }
}
