//! The days that the own firm works: deadlines of what it buys are counted by them.

use askama::Template;
use axum::{extract::Query, http::StatusCode, response::Response};
use proto::{
    access::Permission,
    orders::{CountWorkingDaysRequest, GetCalendarRequest, SetCalendarRequest, WorkCalendar},
};
use serde::Deserialize;
use time::Date;

use super::{Fault, Tick};
use crate::{
    failure::Failure,
    form::Fields,
    format,
    i18n::{Key, Text, key},
    page::{self, Page, Tab},
    session::Member,
    typed,
    week::WEEKDAYS,
};

const PURPOSE: &str = "calendar";

/// What to count, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    done: String,
    /// A day to count from.
    #[serde(default)]
    from: String,
    /// How many working days.
    #[serde(default)]
    days: String,
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    page: Page,
    t: Text,
    week: Vec<Tick>,
    without_holidays: bool,
    open: String,
    closed: String,
    years: Vec<String>,
    /// Empty for whoever may only read.
    token: String,
    etag: String,
    from: String,
    days: String,
    counted: String,
    faults: Vec<Fault>,
    done: String,
}

/// The calendar, and the day that is so many working days away where somebody asks.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let calendar =
        member.app().api.calendars().get_calendar(member.call(GetCalendarRequest {})).await?.into_inner();
    let t = member.text().clone();
    let mut shown = page_of(&member, &calendar);
    if place.done == "set" {
        shown.done = t.say(key::DONE_CALENDAR);
    }
    shown.from = typed::iso(Some(format::today(member.app().clock.now())));
    if !place.from.is_empty() || !place.days.is_empty() {
        (shown.from, shown.days) = (place.from.clone(), place.days.clone());
        match count(&member, &place).await? {
            Ok(counted) => shown.counted = counted,
            Err(fault) => shown.faults.push(fault),
        }
    }
    Ok(page::show(&shown))
}

async fn count(member: &Member, place: &Place) -> Result<Result<String, Fault>, Failure> {
    let t = member.text();
    let wrong = |id: &str, label: Key<0>| Ok(Err(Fault::new(id, t.one(key::FAULT_FIELD, t.say(label)))));
    let Ok(Some(from)) = typed::date(&place.from) else { return wrong("from", key::COUNT_FROM) };
    let Some(working_days) = place.days.trim().parse().ok().filter(|days: &i32| days.abs() <= 1_000) else {
        return wrong("days", key::COUNT_DAYS);
    };
    let request = CountWorkingDaysRequest { from_date: Some(chassis::value::wire_date(from)), working_days };
    let counted = member.app().api.calendars().count_working_days(member.call(request)).await?.into_inner();
    let day = t.wire_day(counted.date.as_ref());
    let years: Vec<String> = counted.years_without_data.iter().map(ToString::to_string).collect();
    Ok(Ok(match years.is_empty() {
        true => t.one(key::COUNTED, day),
        false => t.two(key::COUNTED_UNSURE, day, years.join(&t.say(key::LIST_JOIN))),
    }))
}

fn page_of(member: &Member, calendar: &WorkCalendar) -> CalendarPage {
    let t = member.text().clone();
    let app = member.app();
    let week = (1..).zip(WEEKDAYS).map(|(day, name)| Tick {
        value: day.to_string(),
        label: t.say(name),
        on: calendar.week_days.contains(&day),
    });
    let lines = |days: &[proto::Date]| -> String {
        let days: Vec<String> = days.iter().map(|day| typed::iso(format::day(Some(day)))).collect();
        days.join("\n")
    };
    let years = calendar.years.iter();
    CalendarPage {
        page: Page::member(member, Tab::Settings).titled(t.say(key::CALENDAR)),
        week: week.collect(),
        without_holidays: calendar.without_holidays,
        open: lines(&calendar.open_days),
        closed: lines(&calendar.closed_days),
        years: years.map(|year| t.two(key::CALENDAR_YEAR, &year.source, year.year.to_string())).collect(),
        token: match member.may(Permission::PartnersWrite) {
            true => app.tokens.make(app, Some(&member.token), PURPOSE),
            false => String::new(),
        },
        etag: calendar.etag.clone(),
        from: String::new(),
        days: String::new(),
        counted: String::new(),
        faults: Vec::new(),
        done: String::new(),
        t,
    }
}

/// Sets the calendar in full.
pub async fn set(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let t = member.text();
    let mut faults = Vec::new();
    let mut days = |id: &str, label: Key<0>| {
        listed(fields.get(id)).unwrap_or_else(|line| {
            faults.push(Fault::new(id, t.two(key::FAULT_DAY, t.say(label), line)));
            Vec::new()
        })
    };
    let (open, closed) = (days("open", key::CALENDAR_OPEN), days("closed", key::CALENDAR_CLOSED));
    let wire = |days: Vec<Date>| days.into_iter().map(chassis::value::wire_date).collect();
    let calendar = WorkCalendar {
        week_days: fields.all("week").filter_map(|day| day.parse().ok()).collect(),
        without_holidays: fields.get("holidays").is_empty(),
        open_days: wire(open),
        closed_days: wire(closed),
        etag: fields.get("etag").to_string(),
        ..WorkCalendar::default()
    };
    if faults.is_empty() {
        let request = SetCalendarRequest { request_id, calendar: Some(calendar.clone()) };
        match app.api.calendars().set_calendar(member.call(request)).await.map_err(Failure::from) {
            Ok(_) => return Ok(page::go("/calendar?done=set")),
            Err(failure) => {
                let labels = [
                    ("calendar.week_days", "week-1", key::CALENDAR_WEEK),
                    ("calendar.open_days", "open", key::CALENDAR_OPEN),
                    ("calendar.closed_days", "closed", key::CALENDAR_CLOSED),
                ];
                faults = Fault::of(&failure, t, &labels);
            }
        }
    }
    let mut shown = page_of(&member, &calendar);
    (shown.open, shown.closed) = (fields.get("open").to_string(), fields.get("closed").to_string());
    shown.faults = faults;
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

/// One day a line; the first line that is none, where there is one.
fn listed(text: &str) -> Result<Vec<Date>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| typed::date(line).ok().flatten().ok_or_else(|| line.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_stand_one_a_line() {
        let days = vec![date!(2026 - 10 - 10), date!(2026 - 12 - 31)];
        assert_eq!(listed("2026-10-10\n\n 2026年12月31日 \n"), Ok(days));
        assert_eq!(listed("2026-10-10\nsoon"), Err("soon".into()));
    }
}
