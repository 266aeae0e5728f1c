//! Between the wire's shapes and ours: decimals, dates, timestamps and ids. Never floats.

use proto::{Date, Decimal as WireDecimal};
use rust_decimal::Decimal;
use time::{Month, OffsetDateTime};
use uuid::Uuid;

use crate::{Error, Result};

/// A decimal from its text: optional `-`, digits, optional fraction; at most 28 digits, of which 20 before and 18 behind
/// the point. No exponent, no thousands separators, no NaN. The scale is kept, so that `20.00` stays `20.00`.
///
/// **Invariant:** the sum of as many as any document can hold stays far below what a [`Decimal`] can, so that adding
/// up what came in never panics; products are checked.
pub fn parse_decimal(text: &str) -> Result<Decimal, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !fraction.is_none_or(plain) {
        return Err("must be a plain decimal number such as 1234.50");
    }
    let fraction = fraction.unwrap_or_default();
    let whole = whole.trim_start_matches('0').len();
    if whole > 20 || fraction.len() > 18 || whole + fraction.len() > 28 {
        return Err("has too many digits; at most 28, of which 20 before the point and 18 behind it");
    }
    Decimal::from_str_exact(text).map_err(|_| "must be a plain decimal number such as 1234.50")
}

/// The wire's decimal; `None` stays `None`.
pub fn decimal(wire: Option<&WireDecimal>) -> Result<Option<Decimal>, &'static str> {
    wire.map(|wire| parse_decimal(&wire.value)).transpose()
}

/// For the wire, with its scale.
pub fn wire_decimal(value: Decimal) -> WireDecimal {
    WireDecimal { value: value.to_string() }
}

/// A calendar day between 1900 and 2200; others are typing mistakes.
pub fn date(wire: &Date) -> Result<time::Date, &'static str> {
    let month = u8::try_from(wire.month).ok().and_then(|month| Month::try_from(month).ok());
    let day = u8::try_from(wire.day).ok();
    match (month, day) {
        (Some(month), Some(day)) if (1900..=2200).contains(&wire.year) => {
            time::Date::from_calendar_date(wire.year, month, day).map_err(|_| "is no day of the calendar")
        }
        _ => Err("is no day of the calendar between 1900 and 2200"),
    }
}

/// For the wire.
pub fn wire_date(date: time::Date) -> Date {
    Date { year: date.year(), month: i32::from(u8::from(date.month())), day: i32::from(date.day()) }
}

/// For the wire.
pub fn timestamp(at: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.unix_timestamp(), nanos: at.nanosecond() as i32 }
}

/// Whether a character shows nothing of itself and changes how others read: control characters, marks of direction, and
/// those of no width.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// As the database keeps it: to the microsecond.
pub fn micros(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).unwrap_or(at)
}

/// From the wire; `None` where it lies outside what we can keep.
pub fn time(at: &prost_types::Timestamp) -> Option<OffsetDateTime> {
    let whole = OffsetDateTime::from_unix_timestamp(at.seconds).ok()?;
    whole.checked_add(time::Duration::nanoseconds(i64::from(at.nanos)))
}

/// An id of ours; NOT_FOUND for anything else, since no such thing exists.
pub fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::not_found())
}

/// An optional id used as a filter: empty is no filter.
pub fn optional_id(path: &str, text: &str) -> Result<Option<Uuid>> {
    if text.is_empty() {
        return Ok(None);
    }
    Uuid::try_parse(text)
        .map(Some)
        .map_err(|_| Error::field(path, "ID", "must be an id as the platform gave it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain_and_keep_their_scale() {
        for good in ["0", "20.00", "-3.5", "0.1", "12345678901234567890.12345678", "007"] {
            assert!(parse_decimal(good).is_ok(), "{good}");
        }
        assert_eq!(parse_decimal("20.00").map(|d| d.to_string()), Ok("20.00".into()));
        for bad in ["", "-", ".", "1.", ".5", "1e3", "NaN", "1,000", "+1", " 1", "1 ", "0x1", "1.0.0", "１"]
        {
            assert!(parse_decimal(bad).is_err(), "{bad}");
        }
        assert!(parse_decimal("0.0000000000000000001").is_err(), "19 places");
        assert!(parse_decimal("12345678901234567890.123456789").is_err(), "29 digits");
        assert!(parse_decimal("123456789012345678901").is_err(), "21 before the point");
    }

    #[test]
    fn what_came_in_adds_up_whatever_it_is() {
        let most = parse_decimal("99999999999999999999.99999999").unwrap();
        let sum: Decimal = std::iter::repeat_n(most, 1_000_000).sum();
        assert!(sum > most);
    }

    #[test]
    fn days_are_days() {
        let day = |year, month, day| date(&Date { year, month, day });
        assert!(day(2026, 2, 28).is_ok());
        for (y, m, d) in
            [(2026, 2, 30), (2026, 13, 1), (2026, 0, 1), (0, 1, 1), (9999, 12, 31), (2026, 1, 300)]
        {
            assert!(day(y, m, d).is_err(), "{y}-{m}-{d}");
        }
    }
}
