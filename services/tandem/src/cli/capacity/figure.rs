//! Quantities of capacity as they are typed and shown: machine time is kept in seconds and meant in hours.

use std::str::FromStr;

use rust_decimal::Decimal;
use time::{Date, Duration, Time, UtcOffset, macros::format_description};

use crate::cli::{
    failure::{Exit, Failure},
    output,
};

/// `2026-12-28=40h`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    pub monday: proto::Date,
    /// As typed.
    pub quantity: String,
}

impl FromStr for Week {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (monday, quantity) =
            text.split_once('=').ok_or("must be a Monday and a quantity, such as 2026-12-28=40h")?;
        let day = Date::parse(monday, format_description!("[year]-[month]-[day]"));
        let day = day.map_err(|_| format!("{monday} must be a day such as 2026-12-28"))?;
        Ok(Week { monday: chassis::value::wire_date(day), quantity: quantity.to_owned() })
    }
}

/// `2026-12-01T09:00-12:00=3h`: a slot of a day of China.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub monday: proto::Date,
    pub starts_at: prost_types::Timestamp,
    pub ends_at: prost_types::Timestamp,
    /// As typed.
    pub quantity: String,
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} must be a slot and a quantity, such as 2026-12-01T09:00-12:00=3h");
        let (slot, quantity) = text.split_once('=').ok_or_else(wrong)?;
        let (day, times) = slot.split_once('T').ok_or_else(wrong)?;
        let (from, until) = times.split_once('-').ok_or_else(wrong)?;
        let day = Date::parse(day, format_description!("[year]-[month]-[day]")).map_err(|_| wrong())?;
        let at = |clock: &str| {
            let time = Time::parse(clock, format_description!("[hour]:[minute]")).map_err(|_| wrong())?;
            let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
            Ok::<_, String>(chassis::value::timestamp(day.with_time(time).assume_offset(china)))
        };
        let monday = day - Duration::days(i64::from(day.weekday().number_days_from_monday()));
        Ok(Slot {
            monday: chassis::value::wire_date(monday),
            starts_at: at(from)?,
            ends_at: at(until)?,
            quantity: quantity.to_owned(),
        })
    }
}

/// Whom an offer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    Partners,
    All,
    Cluster(String),
    Firm(String),
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "partners" => Ok(Share::Partners),
            None if text == "all" => Ok(Share::All),
            Some(("cluster", id)) if !id.is_empty() => Ok(Share::Cluster(id.to_owned())),
            Some(("firm", id)) if !id.is_empty() => Ok(Share::Firm(id.to_owned())),
            _ => Err("must be partners, all, cluster:ID or firm:ID".to_owned()),
        }
    }
}

/// A typed quantity in a unit; `40h` are hours of a unit of time.
pub fn kept(text: &str, unit: &str) -> Result<proto::Decimal, Failure> {
    let usage = |message: String| Failure::local(Exit::Usage, message);
    let Some(hours) = text.strip_suffix('h') else { return Ok(proto::Decimal { value: text.to_owned() }) };
    let hours = Decimal::from_str(hours).map_err(|_| usage(format!("{text} must be hours such as 40h")))?;
    let factor = match unit {
        "SEC" => 3_600,
        "MIN" => 60,
        "HUR" => 1,
        other => return Err(usage(format!("{text}: the unit is {other}, not a time"))),
    };
    let kept =
        hours.checked_mul(Decimal::from(factor)).ok_or_else(|| usage(format!("{text} is too much")))?;
    Ok(proto::Decimal { value: kept.normalize().to_string() })
}

/// A figure for people, in what [`unit`] says: seconds as hours.
pub fn figure(decimal: Option<&proto::Decimal>, code: &str) -> String {
    let value = decimal.map(|decimal| decimal.value.clone()).unwrap_or_default();
    match value.parse::<Decimal>() {
        Ok(seconds) if code == "SEC" => (seconds / Decimal::from(3_600)).round_dp(2).normalize().to_string(),
        _ => value,
    }
}

/// The price of one of what [`unit`] says: an hour costs what its seconds do.
pub fn price(decimal: Option<&proto::Decimal>, code: &str) -> String {
    let value = decimal.map(|decimal| decimal.value.clone()).unwrap_or_default();
    let hour = value.parse::<Decimal>().ok().and_then(|second| second.checked_mul(Decimal::from(3_600)));
    match hour {
        Some(hour) if code == "SEC" => hour.round_dp(4).normalize().to_string(),
        _ => value,
    }
}

/// The unit of a [`figure`].
pub fn unit(code: &str) -> &str {
    output::unit(if code == "SEC" { "HUR" } else { code })
}

/// A figure and its unit.
pub fn quantity(decimal: Option<&proto::Decimal>, code: &str) -> String {
    format!("{} {}", figure(decimal, code), unit(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_the_unit_or_in_hours() {
        for (text, unit, expected) in [
            ("40h", "SEC", Some("144000")),
            ("1.5h", "SEC", Some("5400")),
            ("90h", "MIN", Some("5400")),
            ("40h", "HUR", Some("40")),
            ("40", "SEC", Some("40")),
            ("40h", "H87", None),
            ("h", "SEC", None),
        ] {
            assert_eq!(kept(text, unit).ok().map(|kept| kept.value).as_deref(), expected, "{text} {unit}");
        }
    }

    #[test]
    fn hours_read_alike_in_whatever_they_are_kept() {
        for (kept, code, expected) in
            [("144000", "SEC", "40 h"), ("40", "HUR", "40 h"), ("90", "MIN", "90 min"), ("7", "H87", "7 H87")]
        {
            assert_eq!(quantity(Some(&proto::Decimal { value: kept.into() }), code), expected);
        }
        assert_eq!(figure(None, "SEC"), "");
        let price = |code| price(Some(&proto::Decimal { value: "0.05".into() }), code);
        assert_eq!((price("SEC"), price("HUR")), ("180".into(), "0.05".into()));
    }

    #[test]
    fn weeks_and_readers_are_named() {
        let week = Week::from_str("2026-12-28=40h").unwrap();
        assert_eq!((week.monday.day, week.quantity.as_str()), (28, "40h"));
        assert!(Week::from_str("2026-12-28").is_err() && Week::from_str("28.12.=1").is_err());
        let slot = Slot::from_str("2026-12-03T09:00-12:00=3h").unwrap();
        let length = slot.ends_at.seconds - slot.starts_at.seconds;
        assert_eq!((slot.monday.day, slot.monday.month, length), (30, 11, 10_800), "a Thursday");
        assert_eq!(slot.starts_at.seconds, 1_796_259_600);
        for bad in ["2026-12-03=3h", "2026-12-03T9-12=3h", "2026-12-03T09:00-12:00"] {
            assert!(Slot::from_str(bad).is_err(), "{bad}");
        }
        assert_eq!(Share::from_str("cluster:7"), Ok(Share::Cluster("7".into())));
        for bad in ["cluster:", "everybody", "firm"] {
            assert!(Share::from_str(bad).is_err(), "{bad}");
        }
    }
}
