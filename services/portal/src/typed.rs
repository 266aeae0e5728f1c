//! Numbers and days as people type them, on whatever keyboard.

use rust_decimal::Decimal;
use time::{Date, Month, Time};

/// A number as people type it: full-width digits and thousands separators are fine, a sign is not.
pub fn quantity(text: &str) -> Option<Decimal> {
    let text: String = text.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    if whole.contains(',') && (first.is_empty() || first.len() > 3 || groups.any(|group| group.len() != 3)) {
        return None;
    }
    let mut plain = whole.replace(',', "");
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    chassis::value::parse_decimal(&plain).ok().filter(|value| !value.is_sign_negative())
}

/// A day as people type it or a date field posts it: `2026-12-28`, `2026/12/28`, `2026年12月28日`; `None` for nothing.
pub fn date(text: &str) -> Result<Option<Date>, ()> {
    let text: String = text.chars().map(narrow).collect();
    if text.trim().is_empty() {
        return Ok(None);
    }
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let [year, month, day] = numbers[..] else { return Err(()) };
    let month = month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok()).ok_or(())?;
    let (year, day) = (year.parse().map_err(|_| ())?, day.parse().map_err(|_| ())?);
    if !(2000..=2200).contains(&year) {
        return Err(());
    }
    Date::from_calendar_date(year, month, day).map(Some).map_err(|_| ())
}

/// A time of day as people type it or a time field posts it: `9:00`, `09:00`, `9：00`, `9点30分`; `None` for nothing.
pub fn clock(text: &str) -> Result<Option<Time>, ()> {
    let text: String = text.chars().map(narrow).collect();
    if text.trim().is_empty() {
        return Ok(None);
    }
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (hour, minute) = match numbers[..] {
        [hour, minute] | [hour, minute, "00"] => (hour, minute),
        _ => return Err(()),
    };
    let number = |text: &str| text.parse::<u8>().map_err(|_| ());
    Time::from_hms(number(hour)?, number(minute)?, 0).map(Some).map_err(|_| ())
}

/// Several names in a line, whatever they are separated by: `PP、ABS, PC` → each by itself.
pub fn names(text: &str) -> Vec<String> {
    let parts = text.split(['、', ',', '，', ';', '；']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_string).collect()
}

/// Names as they were where the line still says the same, whatever separates them in the page's language: a name that has a
/// comma in it is no list. Else what the line says now.
pub fn names_after(text: &str, was: Vec<String>) -> Vec<String> {
    let now = names(text);
    if now == names(&was.join(",")) { was } else { now }
}

/// Full-width digits and punctuation, which Chinese keyboards type, as ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{3002}' => '.',
        other => other,
    }
}

/// As a date field takes it; empty for none.
pub fn iso(date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| {
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    })
}

#[cfg(test)]
mod tests {
    use time::macros::{date as day, time};

    use super::*;

    #[test]
    fn numbers_are_taken_as_typed_and_nothing_is_guessed() {
        for (text, value) in [
            ("1600", "1600"),
            ("1,600", "1600"),
            (" 20 000 ", "20000"),
            ("１６，０００．５０", "16000.50"),
            ("1,234,567.8", "1234567.8"),
            ("0", "0"),
        ] {
            assert_eq!(quantity(text).map(|value| value.to_string()).as_deref(), Some(value), "{text}");
        }
        for bad in ["", "-5", "1,5", "1,60", ",600", "12,34,567", "1e3", "abc", "1.2.3", "+1", "NaN", "=1+1"]
        {
            assert_eq!(quantity(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_told_apart_on_any_keyboard() {
        assert_eq!(names("PP、ABS, PC，POM ；PA66"), ["PP", "ABS", "PC", "POM", "PA66"]);
        assert!(names(" ").is_empty());
    }

    #[test]
    fn a_name_with_a_comma_stays_one_until_the_line_says_something_else() {
        let was = || vec!["PP, 30 % GF".to_string(), "ABS".to_string()];
        for unchanged in ["PP, 30 % GF、ABS", "PP, 30 % GF, ABS"] {
            assert_eq!(names_after(unchanged, was()), was(), "{unchanged}");
        }
        assert_eq!(names_after("PP, ABS", was()), ["PP", "ABS"]);
        assert!(names_after("", was()).is_empty());
    }

    #[test]
    fn days_are_taken_as_people_write_them() {
        for text in ["2026-12-28", "2026/12/28", "2026年12月28日", "2026.12.28", "２０２６－１２－２８"]
        {
            assert_eq!(date(text), Ok(Some(day!(2026 - 12 - 28))), "{text}");
        }
        assert_eq!(date("  "), Ok(None));
        for bad in ["28/12/2026", "2026-13-01", "2026-02-30", "12-28", "tomorrow", "99999-01-01"] {
            assert_eq!(date(bad), Err(()), "{bad}");
        }
        for (text, time) in [("09:30", time!(09:30)), ("9：30", time!(09:30)), ("17点00分", time!(17:00))]
        {
            assert_eq!(clock(text), Ok(Some(time)), "{text}");
        }
        assert_eq!(clock(" "), Ok(None));
        for bad in ["9", "25:00", "09:61", "noon", "09:00:30"] {
            assert_eq!(clock(bad), Err(()), "{bad}");
        }
        assert_eq!(iso(Some(day!(2026 - 02 - 03))), "2026-02-03");
    }
}
