//! Working calendars: which days are worked, and which day is so many working days away.
//!
//! Three layers, and the first that says something decides: the firm's own open and closed days; the statutory
//! holidays and the weekend days worked in exchange (调休), as the State Council announces them a year at a time; the
//! firm's week. **Invariant:** no announcement is guessed. Where days of a year without data are counted, the firm's
//! week alone decides, and [`Counted::unknown_years`] names the year.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;
use time::{Date, Month, OffsetDateTime, UtcOffset, Weekday};

use crate::{Error, Result};

/// The announcements that are known, each a file: a new year is a new file and a line here.
const FILES: &[&str] = &[include_str!("../calendar/cn-2025.toml"), include_str!("../calendar/cn-2026.toml")];

/// Where days of an order lie: China, UTC+8 without summer time.
const CHINA: UtcOffset = match UtcOffset::from_hms(8, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// The most working days that are counted in one go.
pub const MAX_DAYS: i32 = 1_000;

/// The day of a moment in China.
pub fn day_of(at: OffsetDateTime) -> Date {
    at.to_offset(CHINA).date()
}

/// What is announced for a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Counts corrections of the data.
    pub version: u32,
    /// Who announced it, and when.
    pub source: String,
}

/// Announcements by year, and what they say of single days: worked or not, and for which holiday.
#[derive(Debug, Default)]
struct Announced {
    years: BTreeMap<i32, Announcement>,
    days: BTreeMap<Date, (bool, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    country: String,
    year: i32,
    version: u32,
    source: String,
    holiday: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    name_en: String,
    from: String,
    until: String,
    worked: Vec<String>,
}

static ANNOUNCED: LazyLock<Result<Announced, String>> = LazyLock::new(|| {
    let mut all = Announced::default();
    FILES.iter().try_for_each(|file| all.read(file))?;
    Ok(all)
});

impl Announced {
    /// Takes a file in. A day may lie in the year before or after: a holiday around New Year's Day belongs to one
    /// announcement.
    fn read(&mut self, text: &str) -> Result<(), String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let wrong = |what: &str| format!("{} {}: {what}", file.country, file.year);
        if file.country != "CN" || file.source.is_empty() || file.version == 0 {
            return Err(wrong("country, source or version"));
        }
        for holiday in &file.holiday {
            if holiday.name.is_empty() || holiday.name_en.is_empty() {
                return Err(wrong("a holiday without a name"));
            }
            let (mut day, until) = (parse(&holiday.from)?, parse(&holiday.until)?);
            if until < day || (until - day).whole_days() > 14 {
                return Err(wrong("a holiday ends before it begins, or lasts too long"));
            }
            while day <= until {
                self.say(day, false, &holiday.name)?;
                day = day.next_day().ok_or_else(|| wrong("no day of the calendar"))?;
            }
            for worked in &holiday.worked {
                self.say(parse(worked)?, true, &holiday.name)?;
            }
        }
        let announcement = Announcement { version: file.version, source: file.source };
        match self.years.insert(file.year, announcement) {
            None => Ok(()),
            Some(_) => Err(format!("{} is there twice", file.year)),
        }
    }

    fn say(&mut self, day: Date, worked: bool, name: &str) -> Result<(), String> {
        match self.days.insert(day, (worked, name.to_string())) {
            None => Ok(()),
            Some(_) => Err(format!("{day} is named twice")),
        }
    }
}

/// `YYYY-MM-DD`.
fn parse(text: &str) -> Result<Date, String> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>().ok());
    let (year, month, day) = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
    let month = month.and_then(|month| Month::try_from(u8::try_from(month).ok()?).ok());
    let date = match (year, month, day.and_then(|day| u8::try_from(day).ok())) {
        (Some(year), Some(month), Some(day)) => Date::from_calendar_date(i32::from(year), month, day).ok(),
        _ => None,
    };
    date.ok_or_else(|| format!("{text} is no day"))
}

/// The days of the week that are worked; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week(u8);

impl Week {
    /// Monday to Friday.
    pub const FIVE_DAYS: Week = Week(0b001_1111);
    /// Monday to Saturday, as many factories work.
    pub const SIX_DAYS: Week = Week(0b011_1111);

    /// A week by ISO 8601 day numbers, 1 for Monday to 7 for Sunday. `None` without a day, or where one is no day.
    pub fn of(days: impl IntoIterator<Item = i32>) -> Option<Week> {
        let mut bits = 0_u8;
        for day in days {
            let place = u32::try_from(day).ok().filter(|day| (1..=7).contains(day))? - 1;
            bits |= 1 << place;
        }
        (bits != 0).then_some(Week(bits))
    }

    /// The ISO 8601 numbers of its days, in order.
    pub fn days(self) -> impl Iterator<Item = i32> {
        (1..=7).filter(move |day| self.0 & (1 << (day - 1)) != 0)
    }

    fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.number_days_from_monday()) != 0
    }
}

/// A firm's working days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    week: Week,
    /// Whether statutory holidays and 调休 count.
    holidays: bool,
    /// The firm's own days: open or closed, whatever else is said of them.
    own: BTreeMap<Date, bool>,
}

impl Default for Calendar {
    /// Five days a week and the statutory holidays.
    fn default() -> Self {
        Self { week: Week::FIVE_DAYS, holidays: true, own: BTreeMap::new() }
    }
}

/// A day that was counted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub date: Date,
    /// Years without calendar data whose days were counted by the week alone; the date may be wrong.
    pub unknown_years: BTreeSet<i32>,
}

impl Counted {
    /// Whether every day that was counted is covered by data.
    pub fn is_certain(&self) -> bool {
        self.unknown_years.is_empty()
    }
}

/// What a calendar says of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub worked: bool,
    /// The statutory holiday that decides, be it a day off or a day worked in exchange; empty for any other day.
    pub holiday: String,
    /// False where the year has no data and the firm's own days do not name the day.
    pub is_known: bool,
}

impl Calendar {
    /// A firm's own calendar. A day that is both open and closed is closed.
    pub fn new(
        week: Week,
        holidays: bool,
        open: impl IntoIterator<Item = Date>,
        closed: impl IntoIterator<Item = Date>,
    ) -> Self {
        let mut own: BTreeMap<Date, bool> = open.into_iter().map(|day| (day, true)).collect();
        own.extend(closed.into_iter().map(|day| (day, false)));
        Self { week, holidays, own }
    }

    /// What is said of a day.
    ///
    /// # Errors
    /// INTERNAL where the data that comes with the program cannot be read.
    pub fn day(&self, day: Date) -> Result<Day> {
        let announced = announced()?;
        let plain = |worked, is_known| Day { worked, holiday: String::new(), is_known };
        if let Some(open) = self.own.get(&day) {
            return Ok(plain(*open, true));
        }
        let by_week = self.week.has(day.weekday());
        if !self.holidays {
            return Ok(plain(by_week, true));
        }
        Ok(match announced.days.get(&day) {
            Some((worked, name)) => Day { worked: *worked, holiday: name.clone(), is_known: true },
            None => plain(by_week, announced.years.contains_key(&day.year())),
        })
    }

    /// The `days`th working day after `from`, or before it where `days` is negative; `from` itself for 0, worked or
    /// not. The end of the calendar is as far as it goes, and more than [`MAX_DAYS`] are not counted.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn count(&self, from: Date, days: i32) -> Result<Counted> {
        let step = if days < 0 { Date::previous_day } else { Date::next_day };
        let mut counted = Counted { date: from, unknown_years: BTreeSet::new() };
        let mut left = days.unsigned_abs().min(MAX_DAYS.unsigned_abs());
        while left > 0 {
            let Some(next) = step(counted.date) else { break };
            counted.date = next;
            let day = self.day(next)?;
            if !day.is_known {
                counted.unknown_years.insert(next.year());
            }
            left -= u32::from(day.worked);
        }
        Ok(counted)
    }

    /// How many working days [`Calendar::count`] needs to come from `from` to `until` or past it; 0 where `until` does
    /// not lie after `from`, and at most [`MAX_DAYS`].
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn between(&self, from: Date, until: Date) -> Result<i32> {
        let (mut day, mut days, mut reached) = (from, 0, from >= until);
        while !reached && days < MAX_DAYS {
            let Some(next) = day.next_day() else { break };
            day = next;
            let worked = self.day(day)?.worked;
            days += i32::from(worked);
            reached = worked && day >= until;
        }
        Ok(days)
    }
}

/// The years whose holidays are known, with what is known of the data.
///
/// # Errors
/// As [`Calendar::day`].
pub fn announcements() -> Result<&'static BTreeMap<i32, Announcement>> {
    Ok(&announced()?.years)
}

fn announced() -> Result<&'static Announced> {
    ANNOUNCED.as_ref().map_err(|problem| Error::internal(anyhow::anyhow!("calendar data: {problem}")))
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    fn count(from: Date, days: i32) -> Date {
        let counted = Calendar::default().count(from, days).unwrap();
        assert!(counted.is_certain(), "{from} + {days}: {:?}", counted.unknown_years);
        counted.date
    }

    #[test]
    fn working_days_are_counted_over_holidays_and_days_worked_in_exchange() {
        for (from, days, to) in [
            // The two that the platform promises.
            (date!(2026 - 09 - 30), 3, date!(2026 - 10 - 10)),
            (date!(2026 - 02 - 13), 1, date!(2026 - 02 - 14)),
            (date!(2026 - 02 - 13), 2, date!(2026 - 02 - 24)),
            // Over New Year's Day, with the Sunday that is worked for it.
            (date!(2025 - 12 - 31), 1, date!(2026 - 01 - 04)),
            // The last days before a holiday, seen from behind it.
            (date!(2026 - 02 - 24), -1, date!(2026 - 02 - 14)),
            (date!(2026 - 02 - 24), -2, date!(2026 - 02 - 13)),
            // 2025: Spring Festival, and the eight days of October.
            (date!(2025 - 01 - 24), 2, date!(2025 - 01 - 27)),
            (date!(2025 - 01 - 27), 1, date!(2025 - 02 - 05)),
            (date!(2025 - 09 - 30), 3, date!(2025 - 10 - 11)),
            // From a day off, and by nothing.
            (date!(2026 - 10 - 03), 1, date!(2026 - 10 - 08)),
            (date!(2026 - 10 - 03), 0, date!(2026 - 10 - 03)),
        ] {
            assert_eq!(count(from, days), to, "{from} + {days}");
        }
    }

    #[test]
    fn the_days_worked_in_exchange_in_2026_are_six() {
        let mut day = date!(2026 - 01 - 01);
        let mut worked = Vec::new();
        let mut off = 0;
        while day.year() == 2026 {
            let said = Calendar::default().day(day).unwrap();
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            if said.worked && weekend {
                assert!(!said.holiday.is_empty());
                worked.push((u8::from(day.month()), day.day()));
            }
            off += u32::from(!said.worked && !said.holiday.is_empty());
            day = day.next_day().unwrap();
        }
        assert_eq!(worked, [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]);
        assert_eq!(off, 3 + 9 + 3 + 5 + 3 + 3 + 7, "days off of the seven holidays");
    }

    #[test]
    fn a_year_without_data_is_counted_by_the_week_and_says_so() {
        let counted = Calendar::default().count(date!(2026 - 12 - 31), 1).unwrap();
        assert_eq!(
            counted.date,
            date!(2027 - 01 - 01),
            "plain weekdays, though nobody will work on that day"
        );
        assert!(!counted.is_certain());
        assert_eq!(counted.unknown_years, BTreeSet::from([2027]));
        assert!(Calendar::default().count(date!(2026 - 12 - 30), 1).unwrap().is_certain());
        assert_eq!(announcements().unwrap().keys().collect::<Vec<_>>(), [&2025, &2026]);
        // Whoever knows better may say so.
        let own = Calendar::new(Week::FIVE_DAYS, true, [date!(2027 - 01 - 04)], [date!(2027 - 01 - 01)]);
        let counted = own.count(date!(2026 - 12 - 31), 1).unwrap();
        assert_eq!(
            (counted.date, counted.is_certain()),
            (date!(2027 - 01 - 04), false),
            "the 2nd is not known"
        );
    }

    #[test]
    fn a_firm_has_its_own_week_and_days() {
        let six = Calendar::new(Week::SIX_DAYS, true, [], []);
        let to = |calendar: &Calendar, from, days| calendar.count(from, days).unwrap().date;
        assert_eq!(to(&six, date!(2026 - 03 - 06), 1), date!(2026 - 03 - 07), "a Saturday");
        assert_eq!(to(&six, date!(2026 - 03 - 06), 2), date!(2026 - 03 - 09), "and no Sunday");
        assert_eq!(
            to(&six, date!(2026 - 10 - 01), 1),
            date!(2026 - 10 - 08),
            "a holiday is one on Saturdays too"
        );
        let own = Calendar::new(
            Week::FIVE_DAYS,
            true,
            [date!(2026 - 10 - 05), date!(2026 - 10 - 09)],
            [date!(2026 - 10 - 09), date!(2026 - 10 - 10)],
        );
        assert_eq!(to(&own, date!(2026 - 09 - 30), 1), date!(2026 - 10 - 05), "open on a holiday");
        assert_eq!(to(&own, date!(2026 - 10 - 08), 1), date!(2026 - 10 - 12), "closed wins, also over 调休");
        let plain = Calendar::new(Week::FIVE_DAYS, false, [], []);
        let counted = plain.count(date!(2030 - 09 - 30), 1).unwrap();
        assert_eq!(
            (counted.date, counted.is_certain()),
            (date!(2030 - 10 - 01), true),
            "no holidays, no data"
        );
    }

    #[test]
    fn a_week_has_days() {
        assert_eq!(Week::of([1, 2, 3, 4, 5]), Some(Week::FIVE_DAYS));
        assert_eq!(Week::of([6, 1, 2, 3, 4, 5, 5]), Some(Week::SIX_DAYS));
        assert_eq!(Week::SIX_DAYS.days().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        for wrong in [vec![], vec![0], vec![8], vec![1, -3]] {
            assert_eq!(Week::of(wrong.clone()), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        assert_eq!(day_of(datetime!(2026-09-30 15:59:59 UTC)), date!(2026 - 09 - 30));
        assert_eq!(day_of(datetime!(2026-09-30 16:00 UTC)), date!(2026 - 10 - 01));
    }

    #[test]
    fn data_that_cannot_be_right_is_refused() {
        let file = |from: &str, until: &str, worked: &str| {
            format!(
                "country = \"CN\"\nyear = 2030\nversion = 1\nsource = \"x\"\n[[holiday]]\nname = \"节\"\n\
                 name_en = \"x\"\nfrom = \"{from}\"\nuntil = \"{until}\"\nworked = [{worked}]\n"
            )
        };
        let read = |text: &str| Announced::default().read(text);
        assert_eq!(read(&file("2030-01-01", "2030-01-03", "\"2030-01-05\"")), Ok(()));
        for (from, until, worked) in [
            ("2030-01-03", "2030-01-01", ""),
            ("2030-01-01", "2030-03-01", ""),
            ("2030-02-30", "2030-03-01", ""),
            ("2030-01-01", "2030-01-03", "\"2030-01-03\""),
            ("20300101", "2030-01-03", ""),
        ] {
            assert!(read(&file(from, until, worked)).is_err(), "{from} {until} {worked}");
        }
        let mut twice = Announced::default();
        twice.read(&file("2030-01-01", "2030-01-01", "")).unwrap();
        assert!(twice.read(&file("2030-02-01", "2030-02-01", "")).is_err());
    }
}
