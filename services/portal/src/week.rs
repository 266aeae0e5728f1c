//! Weeks as capacity counts them: keyed by their Monday, numbered as ISO 8601 does, twelve on a page.

use time::{Date, Duration, Weekday};

use crate::{
    i18n::{Key, Text, key},
    typed,
};

/// Weeks on one page.
pub const WEEKS: usize = 12;

/// The Monday of a day's week.
pub fn monday_of(day: Date) -> Date {
    day - Duration::days(i64::from(day.weekday().number_days_from_monday()))
}

/// The Monday of a week by its name, such as `2026-W53`; `None` where there is no such week.
pub fn named(iso_week: &str) -> Option<Date> {
    let (year, week) = iso_week.split_once("-W")?;
    Date::from_iso_week_date(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()
}

/// The weeks of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    first: Date,
}

impl Span {
    /// From the week of the day that an address names; from this week where it names none.
    pub fn read(text: &str, today: Date) -> Self {
        Self { first: monday_of(typed::date(text).ok().flatten().unwrap_or(today)) }
    }

    /// From this week, or from a week that would not be on that page.
    pub fn with(monday: Option<Date>, today: Date) -> Self {
        let present = Self { first: monday_of(today) };
        match monday.map(monday_of).filter(|monday| !present.mondays().contains(monday)) {
            Some(first) => Self { first },
            None => present,
        }
    }

    /// Its Mondays.
    pub fn mondays(self) -> [Date; WEEKS] {
        let mut monday = self.first;
        [(); WEEKS].map(|()| {
            let this = monday;
            monday += Duration::WEEK;
            this
        })
    }

    /// The last Monday.
    pub fn last(self) -> Date {
        self.mondays()[WEEKS - 1]
    }

    /// The first Monday, as addresses have it.
    pub fn from(self) -> String {
        typed::iso(Some(self.first))
    }

    /// The first Monday of the page before.
    pub fn earlier(self) -> String {
        typed::iso(Some(self.first - Duration::weeks(WEEKS as i64)))
    }

    /// The first Monday of the page after.
    pub fn later(self) -> String {
        typed::iso(Some(self.first + Duration::weeks(WEEKS as i64)))
    }

    /// Whether it begins with this week.
    pub fn is_present(self, today: Date) -> bool {
        self.first == monday_of(today)
    }
}

/// Names of the days of a week, from Monday.
pub const WEEKDAYS: [Key<0>; 7] =
    [key::MONDAY, key::TUESDAY, key::WEDNESDAY, key::THURSDAY, key::FRIDAY, key::SATURDAY, key::SUNDAY];

impl Text {
    /// The day of the week.
    pub fn weekday(&self, day: Date) -> String {
        self.say(WEEKDAYS[usize::from(day.weekday().number_days_from_monday())])
    }

    /// `第 53 周`, `W53`.
    pub fn week(&self, monday: Date) -> String {
        self.one(key::WEEK, number(monday))
    }

    /// Day and month of a Monday in few letters: `12/28`, `28 Dec`.
    pub fn short_day(&self, monday: Date) -> String {
        self.two(key::SHORT_DAY, i32::from(monday.day()), i32::from(u8::from(monday.month())))
    }

    /// The days of a page, from its first to its last.
    pub fn weeks(&self, span: Span) -> String {
        self.two(key::DATE_SPAN, self.day(span.first), self.day(span.last() + Duration::days(6)))
    }

    /// A week with its year and its first day, for a heading.
    pub fn whole_week(&self, monday: Date) -> String {
        let (year, _, _) = monday.to_iso_week_date();
        self.three(key::WHOLE_WEEK, self.day(monday), number(monday), year.to_string())
    }
}

fn number(monday: Date) -> i32 {
    i32::from(monday.iso_week())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_page_begins_on_a_monday_and_crosses_the_53rd_week() {
        let today = date!(2026 - 11 - 28);
        for (text, first) in [
            ("", date!(2026 - 11 - 23)),
            ("2026-12-28", date!(2026 - 12 - 28)),
            ("2027-01-03", date!(2026 - 12 - 28)),
            ("soon", date!(2026 - 11 - 23)),
        ] {
            assert_eq!(Span::read(text, today).mondays()[0], first, "{text:?}");
        }
        let span = Span::read("", today);
        assert_eq!((span.last(), span.from()), (date!(2027 - 02 - 08), "2026-11-23".to_string()));
        assert_eq!((span.earlier(), span.later()), ("2026-08-31".to_string(), "2027-02-15".to_string()));
        for (day, first) in [
            (None, date!(2026 - 11 - 23)),
            (Some(date!(2026 - 12 - 30)), date!(2026 - 11 - 23)),
            (Some(date!(2027 - 02 - 15)), date!(2027 - 02 - 15)),
            (Some(date!(2026 - 11 - 16)), date!(2026 - 11 - 16)),
        ] {
            assert_eq!(Span::with(day, today).mondays()[0], first, "{day:?}");
        }
        assert!(span.is_present(today) && !Span::read("2026-12-28", today).is_present(today));
    }

    #[test]
    fn a_week_is_named_by_its_iso_number() {
        let catalogue = Catalogue::load().unwrap();
        let (zh, en) = (Text::new(catalogue.clone(), Lang::Zh), Text::new(catalogue, Lang::En));
        let monday = date!(2026 - 12 - 28);
        assert_eq!(named("2026-W53"), Some(monday));
        assert_eq!([named("2027-W53"), named("2026"), named("W53")], [None; 3], "no such week");
        assert_eq!((zh.week(monday), en.week(monday)), ("53周".to_string(), "W53".to_string()));
        assert_eq!((zh.short_day(monday), en.short_day(monday)), ("12/28".to_string(), "28 Dec".to_string()));
        assert_eq!(en.whole_week(monday), "Week 53 of 2026, from 28 Dec 2026");
        assert_eq!(en.weeks(Span { first: monday }), "28 Dec 2026 to 21 Mar 2027");
        assert_eq!(zh.whole_week(date!(2027 - 01 - 04)), "2027年第 1 周（2027年1月4日起）");
    }
}
