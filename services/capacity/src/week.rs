//! Weeks, keyed by their Monday, and the categories of what is wanted in them. Pure.

use chassis::calendar::day_of;
use time::{Date, Duration, OffsetDateTime, Weekday};

/// Whether a week can be named by this day.
pub fn is_monday(day: Date) -> bool {
    day.weekday() == Weekday::Monday
}

/// The week's name in ISO 8601, such as `2026-W53` for 28 December 2026.
pub fn iso_week(monday: Date) -> String {
    let (year, week, _) = monday.to_iso_week_date();
    format!("{year:04}-W{week:02}")
}

/// The Monday of the week that contains this moment in Shanghai.
pub fn this_week(now: OffsetDateTime) -> Date {
    monday_of(day_of(now))
}

/// The Monday of the week of a day.
pub fn monday_of(day: Date) -> Date {
    day - Duration::days(i64::from(day.weekday().number_days_from_monday()))
}

/// Why something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Default,
    AfterSales,
    Series,
    PhaseIn,
    SingleOrder,
    SmallSeries,
    Extraordinary,
    PhaseOut,
}

const CODES: &[(Category, &str)] = &[
    (Category::Default, "0001"),
    (Category::AfterSales, "A1S1"),
    (Category::Series, "SR99"),
    (Category::PhaseIn, "PI01"),
    (Category::SingleOrder, "OS01"),
    (Category::SmallSeries, "OI01"),
    (Category::Extraordinary, "ED01"),
    (Category::PhaseOut, "PO01"),
];

impl Category {
    /// By its code in CX-0128, which is also how it is stored.
    pub fn from_code(code: &str) -> Option<Category> {
        CODES.iter().find(|(_, one)| *one == code).map(|(category, _)| *category)
    }

    /// Its code in CX-0128.
    pub fn code(self) -> &'static str {
        CODES.iter().find(|(category, _)| *category == self).map_or("0001", |(_, code)| code)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn weeks_at_the_turn_of_a_year_have_the_year_they_belong_to() {
        for (monday, name) in [
            (date!(2026 - 12 - 21), "2026-W52"),
            (date!(2026 - 12 - 28), "2026-W53"),
            (date!(2027 - 01 - 04), "2027-W01"),
            (date!(2024 - 12 - 30), "2025-W01"),
            (date!(2021 - 01 - 04), "2021-W01"),
        ] {
            assert!(is_monday(monday));
            assert_eq!(iso_week(monday), name);
        }
        assert!(!is_monday(date!(2026 - 12 - 29)));
    }

    #[test]
    fn a_week_begins_in_shanghai() {
        assert_eq!(this_week(datetime!(2026-11-22 15:59 UTC)), date!(2026 - 11 - 16));
        assert_eq!(this_week(datetime!(2026-11-22 16:00 UTC)), date!(2026 - 11 - 23));
        assert_eq!(this_week(datetime!(2026-11-29 12:00 UTC)), date!(2026 - 11 - 23));
    }
}
