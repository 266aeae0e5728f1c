//! The lexical forms of XML Schema that UBL uses, and ours.

use chassis::value::parse_decimal;
use proto::{Date, Decimal as WireDecimal};
use rust_decimal::Decimal;
use time::Month;

/// An `xsd:decimal`: an optional sign, digits, an optional point; no exponent, no NaN. White space around it is
/// not part of it.
///
/// # Errors
/// What is wrong with it, as a sentence that follows the value.
pub fn decimal(text: &str) -> Result<Decimal, &'static str> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err("is empty; state a number or leave the element out");
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || whole.starts_with('-') {
        return Err("must be a plain decimal number such as 1234.50");
    }
    // `.5` and `5.` are numbers for XML Schema, though not for us.
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    parse_decimal(&format!("{sign}{whole}{point}{fraction}"))
}

/// A percentage as the fraction that the canonical order keeps: 13.00 % is 0.1300.
pub fn fraction(percent: Decimal) -> Option<Decimal> {
    let mut rate = percent;
    rate.set_scale(percent.scale() + 2).ok()?;
    Some(rate)
}

/// The reverse of [`fraction`].
pub fn percent(rate: &WireDecimal) -> Option<Decimal> {
    let rate = parse_decimal(&rate.value).ok()?;
    if rate.scale() < 2 {
        return rate.checked_mul(Decimal::ONE_HUNDRED);
    }
    let mut percent = rate;
    percent.set_scale(rate.scale() - 2).ok()?;
    Some(percent)
}

/// An `xsd:date` without regard to its zone: dates are of the ship-to's calendar.
///
/// # Errors
/// What is wrong with it, as a sentence that follows the value.
pub fn date(text: &str) -> Result<Date, &'static str> {
    const FORM: &str = "must be a date such as 2026-03-31";
    let text = text.trim_ascii();
    let (day, zone) = text.split_at_checked(10).ok_or(FORM)?;
    let zoned = zone.is_empty() || zone == "Z" || is_offset(zone);
    let bytes = day.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        let part = day.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(of_month)) = (digits(0..4), digits(5..7), digits(8..10)) else {
        return Err(FORM);
    };
    if !zoned || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(FORM);
    }
    let known = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
    let exists =
        known.is_some_and(|month| time::Date::from_calendar_date(year, month, of_month as u8).is_ok());
    if !exists || !(1900..=2200).contains(&year) {
        return Err("is no day of the calendar between 1900 and 2200");
    }
    Ok(Date { year, month, day: of_month })
}

fn is_offset(zone: &str) -> bool {
    let bytes = zone.as_bytes();
    bytes.len() == 6
        && matches!(bytes[0], b'+' | b'-')
        && bytes[3] == b':'
        && [1, 2, 4, 5].iter().all(|at| bytes[*at].is_ascii_digit())
}

/// As UBL writes a day.
pub fn date_text(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// An `xsd:boolean`.
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim_ascii() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_xml_schema_and_keep_their_scale() {
        for (text, value) in
            [("20.00", "20.00"), (" 5 ", "5"), ("+5.", "5"), (".5", "0.5"), ("-0.12", "-0.12")]
        {
            assert_eq!(decimal(text).map(|number| number.to_string()), Ok(value.to_string()), "{text}");
        }
        for bad in
            ["", " ", ".", "-", "+-1", "NaN", "INF", "1e999", "1E5", "0x10", "1,5", "1 000", "１", "--1"]
        {
            assert!(decimal(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_a_hundredth_of_its_percentage_and_comes_back_as_it_was() {
        for (text, rate) in
            [("13", "0.13"), ("25.00", "0.2500"), ("7.5", "0.075"), ("0", "0.00"), ("100", "1.00")]
        {
            let wire = chassis::value::wire_decimal(fraction(decimal(text).unwrap()).unwrap());
            assert_eq!((wire.value.as_str(), percent(&wire).unwrap().to_string().as_str()), (rate, text));
        }
        assert_eq!(percent(&WireDecimal { value: "0.5".into() }).unwrap().to_string(), "50.0");
    }

    #[test]
    fn days_exist_and_zones_are_dropped() {
        for text in ["2026-02-28", " 2026-02-28Z", "2026-02-28+08:00"] {
            assert_eq!(date(text), Ok(Date { year: 2026, month: 2, day: 28 }), "{text}");
        }
        for bad in [
            "",
            "2026-02-30",
            "20260228",
            "2026-2-28",
            "0000-01-01",
            "9999-12-31",
            "2026-02-28T00:00:00",
            "２026-02-28",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
