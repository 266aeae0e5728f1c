//! The 35 units of CX-0128, and what UN/ECE Recommendation 20 calls them. Pure. What converts into what is
//! [`chassis::unit`]'s.

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

    use chassis::unit::is_known;

    use super::*;

    #[test]
    fn every_unit_has_one_name_on_either_side() {
        assert_eq!(UNITS.len(), 35);
        let codes: BTreeSet<&str> = UNITS.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), 35);
        for (name, code) in UNITS {
            let unit = Unit::from_catena(&format!("unit:{name}"));
            assert!(unit.is_some() && unit == Unit::from_code(code));
        }
        assert!(codes.iter().all(|code| is_known(code)), "orders may be in any of them");
        assert!(Unit::from_catena("piece").is_none() && Unit::from_code("EA").is_none());
    }
}
