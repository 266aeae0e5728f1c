//! Terms and calendars between the wire and the rows.

use chassis::{
    Error, Field, Result,
    calendar::{self, Counted, Week},
    value,
};
use proto::orders::{
    CalendarYear, CountWorkingDaysResponse, EffectiveTerms, Terms as WireTerms, TermsRule, WorkCalendar,
};
use uuid::Uuid;

use crate::{
    db::trading_terms::{CalendarRow, TermsRow},
    trading_terms::{Effective, MAX_DAYS, MAX_REMIND_DAYS, Rule, Terms},
};

/// The most open, and the most closed days of a calendar.
const MAX_OWN_DAYS: usize = 1_000;

/// A rule that a buyer sets, and the version that it expects.
pub(crate) fn terms(wire: Option<&WireTerms>, caller: Uuid) -> Result<(Terms, Option<i64>)> {
    let Some(wire) = wire else {
        return Err(Error::field("terms", "REQUIRED", "is required"));
    };
    let mut wrong = Vec::new();
    let id = |path: &str, text: &str, wrong: &mut Vec<Field>| {
        let id = value::optional_id(path, text);
        id.unwrap_or_else(|error| {
            wrong.extend(error.fields);
            None
        })
    };
    if id("terms.buyer_id", &wire.buyer_id, &mut wrong).is_some_and(|buyer| buyer != caller) {
        wrong.push(Field::new("terms.buyer_id", "OWN_FIRM", "only the buyer sets terms; leave it empty"));
    }
    let supplier = id("terms.supplier_id", &wire.supplier_id, &mut wrong);
    for (name, days, most) in [
        ("answer_within_working_days", wire.answer_within_working_days, MAX_DAYS),
        ("frozen_working_days", wire.frozen_working_days, MAX_DAYS),
        ("remind_before_working_days", wire.remind_before_working_days, MAX_REMIND_DAYS),
    ] {
        if days.is_some_and(|days| !(0..=most).contains(&days)) {
            let message = format!("must lie between 0 and {most}");
            wrong.push(Field::new(format!("terms.{name}"), "RANGE", message));
        }
    }
    let version = etag("terms.etag", &wire.etag, &mut wrong);
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let terms = Terms {
        supplier,
        answer_within_working_days: wire.answer_within_working_days,
        frozen_working_days: wire.frozen_working_days,
        remind_before_working_days: wire.remind_before_working_days,
    };
    Ok((terms, version))
}

/// A calendar that a firm sets, checked, and the version that it expects.
pub(crate) fn calendar(wire: Option<WorkCalendar>) -> Result<(WorkCalendar, Option<i64>)> {
    let Some(mut wire) = wire else {
        return Err(Error::field("calendar", "REQUIRED", "is required"));
    };
    let mut wrong = Vec::new();
    match Week::of(wire.week_days.iter().copied()) {
        Some(week) => wire.week_days = week.days().collect(),
        None => wrong.push(Field::new(
            "calendar.week_days",
            "REQUIRED",
            "name the days of the week that are worked, 1 for monday to 7 for sunday",
        )),
    }
    for (name, days) in [("open_days", &wire.open_days), ("closed_days", &wire.closed_days)] {
        if days.len() > MAX_OWN_DAYS {
            let message = format!("name at most {MAX_OWN_DAYS} days");
            wrong.push(Field::new(format!("calendar.{name}"), "COUNT", message));
        }
        for (i, day) in days.iter().enumerate() {
            if let Err(message) = value::date(day) {
                wrong.push(Field::new(format!("calendar.{name}[{i}]"), "DATE", message));
            }
        }
    }
    let both = wire.closed_days.iter().enumerate().filter(|(_, day)| wire.open_days.contains(day));
    let message = "is among the open days too; a day is open or closed";
    wrong.extend(both.map(|(i, _)| Field::new(format!("calendar.closed_days[{i}]"), "REPEATED", message)));
    let version = etag("calendar.etag", &wire.etag, &mut wrong);
    if wrong.is_empty() { Ok((wire, version)) } else { Err(Error::invalid(wrong)) }
}

/// The version behind an etag; an etag that is none of ours fits no version.
fn etag(path: &str, etag: &str, wrong: &mut Vec<Field>) -> Option<i64> {
    if etag.is_empty() {
        return None;
    }
    let version = etag.parse().ok();
    if version.is_none() {
        wrong.push(Field::new(path, "FORMAT", "is no etag; send the one that was read"));
    }
    version
}

pub(crate) fn wire_terms(row: TermsRow) -> WireTerms {
    WireTerms {
        buyer_id: row.buyer.to_string(),
        supplier_id: row.terms.supplier.map(|id| id.to_string()).unwrap_or_default(),
        answer_within_working_days: row.terms.answer_within_working_days,
        frozen_working_days: row.terms.frozen_working_days,
        remind_before_working_days: row.terms.remind_before_working_days,
        actor_name: row.actor_name,
        updated_at: Some(value::timestamp(row.updated_at)),
        etag: row.version.to_string(),
    }
}

pub(crate) fn wire_effective(buyer: Uuid, supplier: Option<Uuid>, terms: &Effective) -> EffectiveTerms {
    let rule = |rule: Rule| -> i32 {
        match rule {
            Rule::Platform => TermsRule::Platform.into(),
            Rule::AllSuppliers => TermsRule::AllSuppliers.into(),
            Rule::Supplier => TermsRule::Supplier.into(),
        }
    };
    EffectiveTerms {
        buyer_id: buyer.to_string(),
        supplier_id: supplier.map(|id| id.to_string()).unwrap_or_default(),
        answer_within_working_days: terms.answer_within.0,
        answer_within_rule: rule(terms.answer_within.1),
        frozen_working_days: terms.frozen.0,
        frozen_rule: rule(terms.frozen.1),
        remind_before_working_days: terms.remind_before.0,
        remind_before_rule: rule(terms.remind_before.1),
    }
}

/// A firm's calendar; that of everybody where it has none of its own.
pub(crate) fn wire_calendar(row: Option<CalendarRow>) -> Result<WorkCalendar> {
    let years = calendar::announcements()?.iter().map(|(year, known)| CalendarYear {
        year: *year,
        data_version: known.version as i32,
        source: known.source.clone(),
    });
    let years = years.collect();
    let days = |days: &[time::Date]| days.iter().copied().map(value::wire_date).collect();
    Ok(match row {
        None => WorkCalendar {
            week_days: Week::FIVE_DAYS.days().collect(),
            years,
            // What SetCalendar expects of a calendar that is not there.
            etag: "0".into(),
            ..WorkCalendar::default()
        },
        Some(row) => WorkCalendar {
            open_days: days(&row.open_days),
            closed_days: days(&row.closed_days),
            week_days: row.week,
            without_holidays: !row.holidays,
            years,
            actor_name: row.actor_name,
            updated_at: Some(value::timestamp(row.updated_at)),
            etag: row.version.to_string(),
        },
    })
}

pub(crate) fn wire_counted(counted: Counted) -> CountWorkingDaysResponse {
    CountWorkingDaysResponse {
        date: Some(value::wire_date(counted.date)),
        years_without_data: counted.unknown_years.into_iter().collect(),
    }
}
