//! The 35 units of CX-0128, what UN/ECE Recommendation 20 calls them, and which can be converted. Pure.

use rust_decimal::Decimal;

/// Catena-X name without its prefix `unit:`, and the code of Recommendation 20.
const UNITS: &[(&str, &str)] = &[
    ("piece", "H87"),
    ("set", "SET"),
    ("pair", "PR"),
    ("page", "ZP"),
    ("cycle", "B7"),
    ("kilowattHour", "KWH"),
    ("gram", "GRM"),
    ("kilogram", "KGM"),
    ("tonneMetricTon", "TNE"),
    ("tonUsOrShortTonUkorus", "STN"),
    ("ounceAvoirdupois", "ONZ"),
    ("pound", "LBR"),
    ("metre", "MTR"),
    ("centimetre", "CMT"),
    ("kilometre", "KTM"),
    ("inch", "INH"),
    ("foot", "FOT"),
    ("yard", "YRD"),
    ("squareCentimetre", "CMK"),
    ("squareMetre", "MTK"),
    ("squareInch", "INK"),
    ("squareFoot", "FTK"),
    ("squareYard", "YDK"),
    ("cubicCentimetre", "CMQ"),
    ("cubicMetre", "MTQ"),
    ("cubicInch", "INQ"),
    ("cubicFoot", "FTQ"),
    ("cubicYard", "YDQ"),
    ("litre", "LTR"),
    ("millilitre", "MLT"),
    ("hectolitre", "HLT"),
    ("secondUnitOfTime", "SEC"),
    ("minuteUnitOfTime", "MIN"),
    ("hourUnitOfTime", "HUR"),
    ("day", "DAY"),
];

/// Units that measure the same, with what one of each is in the first of its kind; exact by definition.
const SCALES: &[&[(&str, (i64, u32))]] = &[
    &[("SEC", (1, 0)), ("MIN", (60, 0)), ("HUR", (3_600, 0))],
    &[
        ("KGM", (1, 0)),
        ("GRM", (1, 3)),
        ("TNE", (1_000, 0)),
        ("STN", (90_718_474, 5)),
        ("LBR", (45_359_237, 8)),
        ("ONZ", (28_349_523_125, 12)),
    ],
    &[
        ("MTR", (1, 0)),
        ("CMT", (1, 2)),
        ("KTM", (1_000, 0)),
        ("INH", (254, 4)),
        ("FOT", (3_048, 4)),
        ("YRD", (9_144, 4)),
    ],
    &[
        ("MTK", (1, 0)),
        ("CMK", (1, 4)),
        ("INK", (64_516, 8)),
        ("FTK", (9_290_304, 8)),
        ("YDK", (83_612_736, 8)),
    ],
    &[
        ("MTQ", (1, 0)),
        ("CMQ", (1, 6)),
        ("LTR", (1, 3)),
        ("MLT", (1, 6)),
        ("HLT", (1, 1)),
        ("INQ", (16_387_064, 12)),
        ("FTQ", (28_316_846_592, 12)),
        ("YDQ", (764_554_857_984, 12)),
    ],
];

/// The code of the unit that this one is counted in, and how many of it it is. A unit that cannot be converted, such as
/// a day of a machine, is counted in itself.
pub fn scale(code: &str) -> (&str, Decimal) {
    let all = alike(code);
    let factor = all.iter().find(|(one, _)| *one == code).map_or(Decimal::ONE, |(_, factor)| *factor);
    (all[0].0, factor)
}

/// The units that can be converted into this one, itself included, each with its factor of [`scale`].
pub fn alike(code: &str) -> Vec<(&str, Decimal)> {
    match SCALES.iter().find(|scale| scale.iter().any(|(one, _)| *one == code)) {
        Some(scale) => {
            scale.iter().map(|(one, (digits, places))| (*one, Decimal::new(*digits, *places))).collect()
        }
        None => vec![(code, Decimal::ONE)],
    }
}

/// A quantity of one unit in another that measures the same; `None` where they do not, or no decimal says it exactly.
pub fn converted(quantity: Decimal, from: &str, to: &str) -> Option<Decimal> {
    let ((from, one), (to, other)) = (scale(from), scale(to));
    if from != to {
        return None;
    }
    let smallest = quantity.checked_mul(one)?;
    let converted = smallest.checked_div(other)?;
    (converted.checked_mul(other)? == smallest).then(|| converted.normalize())
}

/// A unit that both know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Unit(usize);

impl Unit {
    /// By its code of Recommendation 20, such as `H87`.
    pub fn from_code(code: &str) -> Option<Unit> {
        UNITS.iter().position(|(_, one)| *one == code).map(Unit)
    }

    /// By its name in a Catena-X payload, such as `unit:piece`.
    pub fn from_catena(name: &str) -> Option<Unit> {
        let name = name.strip_prefix("unit:")?;
        UNITS.iter().position(|(one, _)| *one == name).map(Unit)
    }

    /// Its code of Recommendation 20.
    pub fn code(self) -> &'static str {
        UNITS[self.0].1
    }

    /// Its name in a Catena-X payload.
    pub fn catena(self) -> String {
        format!("unit:{}", UNITS[self.0].0)
    }
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_quantity_is_converted_exactly_or_not_at_all() {
        for (quantity, from, to, expected) in [
            ("40", "HUR", "SEC", Some("144000")),
            ("144000", "SEC", "HUR", Some("40")),
            ("90", "MIN", "HUR", Some("1.5")),
            ("7", "H87", "H87", Some("7")),
            ("7", "", "", Some("7")),
            ("2.5", "TNE", "GRM", Some("2500000")),
            // 1 second is no finite decimal of an hour.
            ("100", "SEC", "HUR", None),
            ("1", "HUR", "H87", None),
            ("1", "", "HUR", None),
            ("79228162514264337593543950335", "HUR", "SEC", None),
        ] {
            let got = converted(quantity.parse().unwrap(), from, to).map(|got| got.to_string());
            assert_eq!(got.as_deref(), expected, "{quantity} {from} {to}");
        }
    }

    #[test]
    fn every_unit_has_one_name_on_either_side() {
        assert_eq!(UNITS.len(), 35);
        let codes: BTreeSet<&str> = UNITS.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), 35);
        for (name, code) in UNITS {
            let unit = Unit::from_catena(&format!("unit:{name}"));
            assert!(unit.is_some() && unit == Unit::from_code(code));
        }
        let scaled: Vec<&str> = SCALES.iter().flat_map(|scale| scale.iter().map(|(code, _)| *code)).collect();
        assert!(scaled.iter().all(|code| codes.contains(code)), "{scaled:?}");
        assert_eq!(scaled.iter().collect::<BTreeSet<_>>().len(), scaled.len());
        for (code, base, factor) in [
            ("HUR", "SEC", "3600"),
            ("TNE", "KGM", "1000"),
            ("H87", "H87", "1"),
            ("DAY", "DAY", "1"),
            ("INH", "MTR", "0.0254"),
        ] {
            assert_eq!(scale(code), (base, factor.parse().unwrap()));
        }
        assert!(Unit::from_catena("piece").is_none() && Unit::from_code("EA").is_none());
    }
}
