//! Dates, quantities and money as people read them. Quantities keep the decimals that they were written with, money
//! has two; nothing here computes.
//!
//! Times are shown in China's one time zone (UTC+8, no summer time), days are those of the ship-to's calendar and
//! are never shifted.

use proto::{Date, Decimal as WireDecimal};
use rust_decimal::{Decimal, RoundingStrategy};
use time::{OffsetDateTime, UtcOffset};

use crate::i18n::{Key, Text, key};

/// China Standard Time.
pub fn china() -> UtcOffset {
    UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC)
}

/// Today in China.
pub fn today(now: OffsetDateTime) -> time::Date {
    now.to_offset(china()).date()
}

/// A day and second in China as numbers that are suggested have them: `20261123-090000`; two people begin in one minute.
pub fn stamp(now: OffsetDateTime) -> String {
    let now = now.to_offset(china());
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second) = now.to_hms();
    format!("{year:04}{:02}{day:02}-{hour:02}{minute:02}{second:02}", u8::from(month))
}

/// A calendar day, `None` where it is unstated or no day.
pub fn day(date: Option<&Date>) -> Option<time::Date> {
    date.and_then(|date| chassis::value::date(date).ok())
}

/// A decimal, `None` where it is unstated or malformed.
pub fn decimal(wire: Option<&WireDecimal>) -> Option<Decimal> {
    chassis::value::decimal(wire).ok().flatten()
}

/// A decimal, zero where it is unstated.
pub fn decimal_or_zero(wire: Option<&WireDecimal>) -> Decimal {
    decimal(wire).unwrap_or(Decimal::ZERO)
}

/// Digits in groups of three; decimals as they are.
pub fn grouped(value: Decimal) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(w, f)| (w, f));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

impl Text {
    /// `2026年10月1日` or `1 Oct 2026`.
    pub fn day(&self, date: time::Date) -> String {
        let (year, month, day) = date.to_calendar_date();
        self.three(key::DATE, i32::from(day), i32::from(u8::from(month)), year.to_string())
    }

    /// A day, or a dash for an unstated one.
    pub fn wire_day(&self, date: Option<&Date>) -> String {
        day(date).map_or_else(|| self.say(key::UNSTATED), |date| self.day(date))
    }

    /// One day, or a span of days.
    pub fn window(&self, from: Option<time::Date>, until: Option<time::Date>) -> String {
        match (from, until) {
            (Some(from), Some(until)) if from != until => {
                self.two(key::DATE_SPAN, self.day(from), self.day(until))
            }
            (Some(date), _) | (None, Some(date)) => self.day(date),
            (None, None) => self.say(key::UNSTATED),
        }
    }

    /// A day and the time of day in China.
    pub fn moment(&self, at: Option<&prost_types::Timestamp>) -> String {
        let Some(at) = at.and_then(chassis::value::time) else { return self.say(key::UNSTATED) };
        let at = at.to_offset(china());
        let clock = format!("{:02}:{:02}", at.hour(), at.minute());
        self.two(key::MOMENT, self.day(at.date()), clock)
    }

    /// How far away a day is, where that is worth saying: up to two weeks ahead, or past.
    pub fn away(&self, date: time::Date, today: time::Date) -> Option<String> {
        match (date - today).whole_days() {
            0 => Some(self.say(key::AWAY_TODAY)),
            days @ 1..=14 => Some(self.one(key::AWAY_DAYS, days)),
            days if days < 0 => Some(self.one(key::AWAY_PAST, -days)),
            _ => None,
        }
    }

    /// A quantity and its unit.
    pub fn quantity(&self, value: Decimal, unit: &str) -> String {
        if unit.is_empty() { grouped(value) } else { self.two(key::QUANTITY, grouped(value), unit) }
    }

    /// A unit's name: as the buyer's people call it, else by its code of UN/ECE Recommendation 20, else the code.
    pub fn unit(&self, code: &str, buyers_word: &str) -> String {
        if !buyers_word.is_empty() && self.lang == crate::i18n::Lang::Zh {
            return buyers_word.to_string();
        }
        unit_key(code).map_or_else(
            || if buyers_word.is_empty() { code.to_string() } else { buyers_word.to_string() },
            |key| self.say(key),
        )
    }

    /// An amount in a currency, rounded to its two decimals.
    pub fn money(&self, amount: Option<&WireDecimal>, currency: &str) -> String {
        let Some(amount) = decimal(amount) else { return self.say(key::UNSTATED) };
        let mut amount = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        amount.rescale(2);
        if currency.is_empty() {
            return grouped(amount);
        }
        self.two(key::MONEY, grouped(amount), currency)
    }

    /// Whether amounts include tax, where the order says so.
    pub fn tax_basis(&self, price_includes_tax: Option<bool>) -> String {
        match price_includes_tax {
            Some(true) => self.say(key::TAX_INCLUDED),
            Some(false) => self.say(key::TAX_EXCLUDED),
            None => String::new(),
        }
    }

    /// A unit price as stated, with the number of units that it is for.
    pub fn price(&self, price: Option<&proto::orders::Price>, currency: &str, unit: &str) -> String {
        let Some(price) = price else { return self.say(key::UNSTATED) };
        let Some(amount) = decimal(price.amount.as_ref()) else { return self.say(key::UNSTATED) };
        let amount = if currency.is_empty() {
            grouped(amount)
        } else {
            self.two(key::MONEY, grouped(amount), currency)
        };
        match decimal(price.base_quantity.as_ref()) {
            Some(base) if base != Decimal::ONE => {
                self.two(key::PRICE_PER, amount, self.quantity(base.normalize(), unit))
            }
            _ if unit.is_empty() => amount,
            _ => self.two(key::PRICE_PER, amount, unit),
        }
    }
}

fn unit_key(code: &str) -> Option<Key<0>> {
    Some(match code {
        "H87" | "C62" | "EA" | "PCE" => key::UNIT_PIECE,
        "SET" => key::UNIT_SET,
        "PR" => key::UNIT_PAIR,
        "MTR" => key::UNIT_METRE,
        "MTK" => key::UNIT_SQUARE_METRE,
        "MTQ" => key::UNIT_CUBIC_METRE,
        "KGM" => key::UNIT_KILOGRAM,
        "GRM" => key::UNIT_GRAM,
        "TNE" => key::UNIT_TONNE,
        "LTR" => key::UNIT_LITRE,
        "BX" | "XBX" => key::UNIT_BOX,
        "RO" | "XRO" => key::UNIT_ROLL,
        "HUR" => key::UNIT_HOUR,
        "SEC" => key::UNIT_SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    fn speakers() -> (Text, Text) {
        let catalogue = Catalogue::load().unwrap();
        (Text::new(catalogue.clone(), Lang::Zh), Text::new(catalogue, Lang::En))
    }

    fn wire(text: &str) -> WireDecimal {
        WireDecimal { value: text.into() }
    }

    #[test]
    fn days_read_as_people_write_them() {
        let (zh, en) = speakers();
        assert_eq!(zh.day(date!(2026 - 10 - 01)), "2026年10月1日");
        assert_eq!(en.day(date!(2026 - 10 - 01)), "1 Oct 2026");
        let evening = chassis::value::timestamp(datetime!(2026-11-22 23:05 UTC));
        assert_eq!(zh.moment(Some(&evening)), "2026年11月23日 07:05");
        assert_eq!(today(datetime!(2026-11-22 16:00 UTC)), date!(2026 - 11 - 23));
        assert_eq!(stamp(datetime!(2026-11-30 17:05:09 UTC)), "20261201-010509");
    }

    #[test]
    fn quantities_keep_their_decimals_and_money_has_two() {
        let (zh, en) = speakers();
        let quantity = |text: &str| chassis::value::parse_decimal(text).unwrap();
        assert_eq!(zh.quantity(quantity("1800.50"), &zh.unit("MTR", "")), "1,800.50 米");
        assert_eq!(en.quantity(quantity("20000"), &en.unit("H87", "个")), "20,000 pcs");
        assert_eq!(zh.quantity(quantity("999"), &zh.unit("ZZ9", "")), "999 ZZ9");
        assert_eq!(en.money(Some(&wire("183000")), "CNY"), "CNY 183,000.00");
        assert_eq!(en.money(Some(&wire("0.125")), "CNY"), "CNY 0.13");
        assert_eq!(grouped(quantity("-1234567.8")), "-1,234,567.8");
    }

    #[test]
    fn a_price_names_how_many_units_it_is_for() {
        let (zh, _) = speakers();
        let price = proto::orders::Price {
            amount: Some(wire("38.60")),
            base_quantity: Some(wire("1000.0")),
            ..Default::default()
        };
        assert_eq!(zh.price(Some(&price), "CNY", "个"), "CNY 38.60 / 1,000 个");
    }

    #[test]
    fn only_near_and_past_days_say_how_far() {
        let (_, en) = speakers();
        let today = date!(2026 - 11 - 23);
        assert_eq!(en.away(date!(2026 - 11 - 24), today).as_deref(), Some("in 1 day"));
        assert_eq!(en.away(date!(2026 - 11 - 20), today).as_deref(), Some("3 days ago"));
        assert_eq!(en.away(date!(2026 - 12 - 28), today), None);
    }
}
