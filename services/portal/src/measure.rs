//! How much a group can make, as people read and type it: machine time, which is kept in seconds, in hours; everything
//! else in its own unit. Nothing is rounded but what is only looked at.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    format,
    i18n::{Text, key},
};

const SECONDS: Decimal = Decimal::from_parts(3600, 0, 0, false, 0);
/// Places of an hour in a form: 0.0036 s.
const TYPED_PLACES: u32 = 6;

/// The measure of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// As UN/ECE Recommendation 20 has it; empty where the group has no unit.
    code: String,
}

impl Measure {
    /// Of a unit.
    pub fn of(code: &str) -> Self {
        Self { code: code.to_string() }
    }

    fn is_time(&self) -> bool {
        self.code == "SEC"
    }

    /// The unit's name as it stands behind figures; empty where there is none.
    pub fn unit(&self, text: &Text) -> String {
        text.unit(if self.is_time() { "HUR" } else { &self.code }, "")
    }

    /// Hours as they are typed into a field of it; `None` where it does not measure time.
    pub fn hours(&self, hours: Decimal) -> Option<Decimal> {
        match self.code.as_str() {
            "SEC" | "HUR" => Some(hours),
            "MIN" => hours.checked_mul(Decimal::from(60)),
            _ => None,
        }
    }

    /// A span of time as it is kept; `None` where it does not measure time, or not that exactly.
    pub fn span(&self, seconds: i64) -> Option<Decimal> {
        let (seconds, one) = (Decimal::from(seconds), self.hours(Decimal::ONE)?);
        let kept = if self.is_time() { seconds } else { seconds * one / SECONDS };
        (self.is_time() || kept * SECONDS == seconds * one).then(|| kept.normalize())
    }

    /// A figure in the unit that people read.
    fn read(&self, kept: Decimal) -> Decimal {
        if self.is_time() { kept / SECONDS } else { kept }
    }

    /// For a narrow cell: at most one place behind the point.
    pub fn cell(&self, kept: Decimal) -> String {
        rounded(self.read(kept), 1)
    }

    /// For a table: at most two places.
    pub fn figure(&self, kept: Decimal) -> String {
        rounded(self.read(kept), 2)
    }

    /// What one piece takes, in the unit that it is kept in.
    pub fn factor(&self, text: &Text, factor: Decimal) -> String {
        text.quantity(factor.normalize(), &text.unit(&self.code, ""))
    }

    /// With its unit.
    pub fn said(&self, text: &Text, kept: Decimal) -> String {
        match self.unit(text).as_str() {
            "" => self.figure(kept),
            unit => text.two(key::QUANTITY, self.figure(kept), unit),
        }
    }

    /// For a field: as short as it can be typed, without thousands.
    pub fn field(&self, kept: Decimal) -> String {
        self.read(kept).round_dp(TYPED_PLACES).normalize().to_string()
    }

    /// The price of what people read one of, to four places: an hour costs what its seconds do.
    pub fn priced(&self, kept: Decimal) -> Decimal {
        match self.is_time() {
            true => kept.saturating_mul(SECONDS).round_dp(4).normalize(),
            false => kept,
        }
    }

    /// What such a price is kept as: of machine time for a second, to twelve places, which an hour does not tell.
    pub fn keep_price(&self, typed: Decimal) -> Decimal {
        if self.is_time() { (typed / SECONDS).round_dp(12).normalize() } else { typed }
    }

    /// What a typed figure is kept as; `None` where it is beyond what anybody can make.
    pub fn keep(&self, typed: Decimal) -> Option<Decimal> {
        if !self.is_time() {
            return Some(typed);
        }
        let kept = typed.checked_mul(SECONDS)?.normalize();
        // What the API takes.
        chassis::value::parse_decimal(&kept.to_string()).ok()
    }
}

fn rounded(value: Decimal, places: u32) -> String {
    format::grouped(value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize())
}

/// How much of a whole something is, in whole percent; `None` of nothing.
pub fn percent(part: Decimal, whole: Decimal) -> Option<i64> {
    let share = part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    i64::try_from(share.round()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn seconds_are_read_and_typed_as_hours_and_kept_exactly() {
        let time = Measure::of("SEC");
        for (kept, cell, figure, field) in [
            ("900000", "250", "250", "250"),
            ("300000", "83.3", "83.33", "83.333333"),
            ("0", "0", "0", "0"),
            ("4320000", "1,200", "1,200", "1200"),
            ("90", "0", "0.03", "0.025"),
        ] {
            assert_eq!((time.cell(d(kept)), time.figure(d(kept))), (cell.into(), figure.into()), "{kept}");
            assert_eq!(time.field(d(kept)), field, "{kept}");
        }
        assert_eq!(time.keep(d("83.5")), Some(d("300600")));
        assert_eq!(time.keep(d("99999999999999999999")), None);
        for (unit, seconds, kept) in [
            ("SEC", 10_800, Some("10800")),
            ("MIN", 10_800, Some("180")),
            ("HUR", 5_400, Some("1.5")),
            ("HUR", 1_200, None),
            ("H87", 3_600, None),
        ] {
            assert_eq!(Measure::of(unit).span(seconds), kept.map(d), "{unit} {seconds}");
        }
        let pieces = Measure::of("H87");
        assert_eq!((pieces.cell(d("12000")), pieces.keep(d("1.5"))), ("12,000".into(), Some(d("1.5"))));
    }

    #[test]
    fn an_hour_costs_what_its_seconds_do() {
        for (unit, typed, kept) in
            [("SEC", "165", "0.045833333333"), ("SEC", "180", "0.05"), ("HUR", "165", "165")]
        {
            let measure = Measure::of(unit);
            assert_eq!(measure.keep_price(d(typed)), d(kept), "{unit} {typed}");
            assert_eq!(measure.priced(d(kept)), d(typed), "{unit} {typed}");
        }
    }

    #[test]
    fn a_share_of_nothing_is_unknown() {
        assert_eq!(percent(d("250"), d("240")), Some(104));
        assert_eq!(percent(d("0"), d("240")), Some(0));
        assert_eq!(percent(d("5"), Decimal::ZERO), None);
    }
}
