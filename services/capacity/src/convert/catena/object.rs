//! One JSON object, read property by property. A bad property is noted with its path, and reading goes on.

use std::{borrow::Cow, collections::BTreeMap};

use chassis::{Field, value};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, format_description::well_known::Iso8601};
use uuid::Uuid;

use crate::{
    convert::{
        comment::text,
        read::{Wrong, micros},
    },
    unit::Unit,
    week::{Category, is_monday},
};

/// An object's properties, unread.
pub(crate) struct Object<'a> {
    path: String,
    properties: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

const NOT_TEXT: &str = "must be a string";

impl<'a> Object<'a> {
    /// The object at a path; notes where there is none.
    pub(crate) fn read(wrong: &mut Wrong, path: &str, raw: &'a RawValue) -> Option<Object<'a>> {
        let Ok(Properties(properties)) = serde_json::from_str(raw.get()) else {
            wrong.note(path, "TYPE", "must be an object");
            return None;
        };
        Some(Object { path: path.to_owned(), properties })
    }

    /// Where a property stands.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.properties.get(name).copied()
    }

    /// A property that must be there.
    fn required(&self, wrong: &mut Wrong, name: &str) -> Option<&'a RawValue> {
        let raw = self.raw(name);
        if raw.is_none() {
            wrong.note(self.at(name), "REQUIRED", "is required");
        }
        raw
    }

    fn typed<T: serde::de::DeserializeOwned>(
        &self,
        wrong: &mut Wrong,
        name: &str,
        raw: &RawValue,
        message: &str,
    ) -> Option<T> {
        let read = serde_json::from_str(raw.get()).ok();
        if read.is_none() {
            wrong.note(self.at(name), "TYPE", message);
        }
        read
    }

    pub(crate) fn text(&self, wrong: &mut Wrong, name: &str, most: usize) -> Option<String> {
        let text: String = self.typed(wrong, name, self.raw(name)?, NOT_TEXT)?;
        Some(wrong.text(&self.at(name), &text, most))
    }

    pub(crate) fn required_text(&self, wrong: &mut Wrong, name: &str, most: usize) -> String {
        self.required(wrong, name);
        self.text(wrong, name, most).unwrap_or_default()
    }

    /// A text that something is known by, and that is therefore not empty.
    pub(crate) fn name(&self, wrong: &mut Wrong, name: &str) -> String {
        let Some(raw) = self.required(wrong, name) else { return String::new() };
        let text: String = self.typed(wrong, name, raw, NOT_TEXT).unwrap_or_else(|| "-".into());
        wrong.name(&self.at(name), &text)
    }

    pub(crate) fn boolean(&self, wrong: &mut Wrong, name: &str) -> bool {
        let Some(raw) = self.required(wrong, name) else { return false };
        self.typed(wrong, name, raw, "must be true or false").unwrap_or_default()
    }

    pub(crate) fn number(&self, wrong: &mut Wrong, name: &str) -> Option<Decimal> {
        let raw = self.raw(name)?;
        match number(raw.get()) {
            Ok(number) => Some(number),
            Err(message) => {
                wrong.note(self.at(name), "NUMBER", message);
                None
            }
        }
    }

    pub(crate) fn required_number(&self, wrong: &mut Wrong, name: &str) -> Option<Decimal> {
        self.required(wrong, name)?;
        self.number(wrong, name)
    }

    /// A quantity within the bounds of CX-0128.
    pub(crate) fn quantity(&self, wrong: &mut Wrong, name: &str) -> Option<Decimal> {
        let number = self.number(wrong, name)?;
        wrong.in_range(&self.at(name), number);
        Some(number)
    }

    pub(crate) fn required_quantity(&self, wrong: &mut Wrong, name: &str) -> Option<Decimal> {
        self.required(wrong, name)?;
        self.quantity(wrong, name)
    }

    /// A whole number from 1 to 999.
    pub(crate) fn count(&self, wrong: &mut Wrong, name: &str) -> u16 {
        let Some(number) = self.required_number(wrong, name) else { return 1 };
        let whole = number.normalize();
        match u16::try_from(whole.mantissa()) {
            Ok(count @ 1..=999) if whole.scale() == 0 => count,
            _ => {
                wrong.note(self.at(name), "RANGE", "must be a whole number from 1 to 999");
                1
            }
        }
    }

    /// A UUID, with or without `urn:uuid:`.
    pub(crate) fn uuid(&self, wrong: &mut Wrong, name: &str) -> Option<Uuid> {
        let raw = self.raw(name)?;
        let text: String = self.typed(wrong, name, raw, NOT_TEXT)?;
        let id = uuid(&text);
        if id.is_none() {
            wrong.note(self.at(name), "ID", "must be a uuid");
        }
        id
    }

    pub(crate) fn required_uuid(&self, wrong: &mut Wrong, name: &str) -> Uuid {
        self.required(wrong, name);
        self.uuid(wrong, name).unwrap_or_default()
    }

    /// A business partner number with a prefix such as `BPNL`, in upper case.
    pub(crate) fn partner(&self, wrong: &mut Wrong, name: &str, prefix: &str) -> Option<String> {
        let raw = self.raw(name)?;
        let text: String = self.typed(wrong, name, raw, NOT_TEXT)?;
        partner(wrong, &self.at(name), &text, prefix)
    }

    pub(crate) fn required_partner(&self, wrong: &mut Wrong, name: &str, prefix: &str) -> String {
        self.required(wrong, name);
        self.partner(wrong, name, prefix).unwrap_or_default()
    }

    pub(crate) fn required_time(&self, wrong: &mut Wrong, name: &str) -> OffsetDateTime {
        self.required(wrong, name);
        self.time(wrong, name).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub(crate) fn time(&self, wrong: &mut Wrong, name: &str) -> Option<OffsetDateTime> {
        let raw = self.raw(name)?;
        let text: String = self.typed(wrong, name, raw, NOT_TEXT)?;
        let at = time(&text);
        if at.is_none() {
            wrong.note(self.at(name), "TIME", "must be a moment as in 2023-03-10T12:27:11.320Z");
        }
        at
    }

    pub(crate) fn monday(&self, wrong: &mut Wrong, name: &str) -> Option<Date> {
        let raw = self.required(wrong, name)?;
        let text: String = self.typed(wrong, name, raw, NOT_TEXT)?;
        let day = day(&text);
        match day {
            Some(day) if is_monday(day) => return Some(day),
            Some(_) => wrong.note(self.at(name), "MONDAY", "must be the monday of its week"),
            None => wrong.note(self.at(name), "DATE", "must be a day between 1900 and 2200 as in 2023-10-09"),
        }
        None
    }

    /// A text of several lines.
    pub(crate) fn lines(&self, wrong: &mut Wrong, name: &str) -> Option<String> {
        let lines: String = self.typed(wrong, name, self.raw(name)?, NOT_TEXT)?;
        text(wrong, &self.at(name), &lines);
        Some(lines)
    }

    /// Mondays of a list, each once.
    pub(crate) fn mondays(&self, wrong: &mut Wrong, name: &str, most: usize) -> Vec<Date> {
        let mut mondays = Vec::new();
        for (path, raw) in self.list(wrong, name, most) {
            let text: Option<String> = serde_json::from_str(raw.get()).ok();
            match text.as_deref().and_then(day) {
                Some(day) if is_monday(day) => mondays.push(day),
                Some(_) => wrong.note(path, "MONDAY", "must be the monday of its week"),
                None => wrong.note(path, "DATE", "must be a day between 1900 and 2200 as in 2023-10-09"),
            }
        }
        mondays.sort_unstable();
        mondays.dedup();
        mondays
    }

    /// Elements of a list with their paths; none where the property is not there.
    pub(crate) fn list(&self, wrong: &mut Wrong, name: &str, most: usize) -> Vec<(String, &'a RawValue)> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        let path = self.at(name);
        let Ok(Elements(elements)) = serde_json::from_str(raw.get()) else {
            wrong.note(path, "TYPE", "must be a list");
            return Vec::new();
        };
        if elements.len() > most {
            wrong.note(&path, "COUNT", format!("must have at most {most} entries"));
            return Vec::new();
        }
        elements.into_iter().enumerate().map(|(index, raw)| (format!("{path}[{index}]"), raw)).collect()
    }

    pub(crate) fn required_list(
        &self,
        wrong: &mut Wrong,
        name: &str,
        most: usize,
    ) -> Vec<(String, &'a RawValue)> {
        self.required(wrong, name);
        self.list(wrong, name, most)
    }

    /// `unitOfMeasure`, which is there unless `unitOfMeasureIsOmitted`.
    pub(crate) fn unit(&self, wrong: &mut Wrong) -> Option<Unit> {
        let omitted = self.boolean(wrong, "unitOfMeasureIsOmitted");
        let path = self.at("unitOfMeasure");
        match (self.raw("unitOfMeasure"), omitted) {
            (None, true) => None,
            (None, false) => {
                wrong.note(path, "REQUIRED", "is required unless unitOfMeasureIsOmitted is true");
                None
            }
            (Some(_), true) => {
                wrong.note(path, "CONFLICT", "must be left out where unitOfMeasureIsOmitted is true");
                None
            }
            (Some(raw), false) => {
                let name: String = self.typed(wrong, "unitOfMeasure", raw, NOT_TEXT)?;
                let unit = Unit::from_catena(&name);
                if unit.is_none() {
                    wrong.note(path, "UNIT", "must be one of the 35 units, such as unit:piece");
                }
                unit
            }
        }
    }

    /// `demandCategory.demandCategoryCode`.
    pub(crate) fn category(&self, wrong: &mut Wrong) -> Option<Category> {
        let raw = self.required(wrong, "demandCategory")?;
        let inner = Object::read(wrong, &self.at("demandCategory"), raw)?;
        let raw = inner.required(wrong, "demandCategoryCode")?;
        let code: String = inner.typed(wrong, "demandCategoryCode", raw, NOT_TEXT)?;
        let category = Category::from_code(&code);
        if category.is_none() {
            wrong.note(
                inner.at("demandCategoryCode"),
                "CATEGORY",
                "must be one of the 8 codes, such as 0001",
            );
        }
        category
    }
}

#[derive(serde::Deserialize)]
struct Properties<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

#[derive(serde::Deserialize)]
pub(super) struct Elements<'a>(#[serde(borrow)] pub Vec<&'a RawValue>);

/// Exactly what stands there: 1E+3 is 1000, and no digit is lost.
fn number(text: &str) -> Result<Decimal, &'static str> {
    let first = text.bytes().next().unwrap_or_default();
    if first != b'-' && !first.is_ascii_digit() {
        return Err("must be a number");
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((digits, exponent)) => {
            (digits, exponent.parse::<i32>().ok().filter(|e| (-18..=28).contains(e)).ok_or(TOO_LONG)?)
        }
    };
    let mantissa = value::parse_decimal(digits).map_err(|_| TOO_LONG)?;
    let shift = Decimal::from_i128_with_scale(10_i128.pow(exponent.unsigned_abs()), 0);
    let shifted = match exponent {
        0 => Some(mantissa),
        1.. => mantissa.checked_mul(shift),
        _ => mantissa.checked_div(shift),
    };
    shifted.filter(|number| number.scale() <= 18).ok_or(TOO_LONG)
}

const TOO_LONG: &str = "has too many digits; at most 28, and 18 behind the point";

/// As it is written, or in the form `urn:uuid:…`.
fn uuid(text: &str) -> Option<Uuid> {
    let bare = text.strip_prefix("urn:uuid:").unwrap_or(text);
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten()
}

/// A partner number in upper case; notes one that is none.
pub(super) fn partner(wrong: &mut Wrong, path: &str, text: &str, prefix: &str) -> Option<String> {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    if rest.len() == 12 && rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Some(text.to_ascii_uppercase());
    }
    wrong.0.push(Field::new(path, "BPN", format!("must be {prefix} and 12 letters or digits")));
    None
}

fn day(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let part = |text: &str, len: usize| {
        (text.len() == len && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<i32>().ok())
            .flatten()
    };
    let date = proto::Date { year: part(year, 4)?, month: part(month, 2)?, day: part(day, 2)? };
    value::date(&date).ok()
}

/// A moment to the microsecond; without an offset it is UTC, and 24:00 is the next day's 00:00.
fn time(text: &str) -> Option<OffsetDateTime> {
    let (text, midnight) = match text.split_once("T24:00:00") {
        Some((day, rest)) => (format!("{day}T00:00:00{rest}"), true),
        None => (text.to_owned(), false),
    };
    let at = OffsetDateTime::parse(&text, &Iso8601::DEFAULT)
        .or_else(|_| PrimitiveDateTime::parse(&text, &Iso8601::DEFAULT).map(PrimitiveDateTime::assume_utc))
        .ok()?;
    let at = if midnight { at.checked_add(Duration::days(1))? } else { at };
    (text.len() >= 19 && (1900..=2200).contains(&at.year())).then(|| micros(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (text, expected) in [
            ("1E+3", "1000"),
            ("1.8E+3", "1800"),
            ("1800e-2", "18"),
            ("999999999999999999.999", "999999999999999999.999"),
            ("0.10", "0.10"),
            ("-0.5", "-0.5"),
        ] {
            let expected: Decimal = expected.parse().unwrap();
            assert_eq!(number(text), Ok(expected), "{text}");
        }
        assert_eq!(number("0.10").map(|number| number.to_string()), Ok("0.10".into()));
        for bad in ["\"1\"", "null", "true", "1e400", "1e-30", "12345678901234567890123456789", "[1]"] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_are_moments_of_the_calendar() {
        let moment = |text| time(text).map(|at| at.to_string());
        assert_eq!(moment("2023-11-05T08:15:30.123-05:00"), moment("2023-11-05T13:15:30.123Z"));
        assert_eq!(moment("2000-01-01T14:23:00.66372"), moment("2000-01-01T14:23:00.66372Z"));
        assert_eq!(moment("2023-12-31T24:00:00Z"), moment("2024-01-01T00:00:00Z"));
        for bad in
            ["22.04.2021", "2023-02-29T12:00:00.320Z", "2000-01-01T66:23:00.66372+14:00", "2023-03-10", ""]
        {
            assert_eq!(moment(bad), None, "{bad}");
        }
        assert!(day("2026-12-28").is_some() && day("2026-2-28").is_none() && day("2026-02-30").is_none());
    }
}
