//! Units of measure as UN/ECE Recommendation 20 numbers them, and what one is in another. Pure.
//!
//! A factor is exact by definition, or there is none: units of one measure convert into each other, others never. A day is
//! counted in itself, since a machine's has as many hours as its shifts.

use rust_decimal::Decimal;

/// Codes of trade in goods and of what goes with it: counts, masses, lengths, areas, volumes, times, energy, data.
/// Sorted. One that is missing costs a warning and nothing else.
const CODES: &[&str] = &[
    "10", "11", "1N", "20", "21", "28", "2N", "2P", "2Z", "3B", "4G", "4H", "4K", "4L", "59", "5B", "A86",
    "A90", "A99", "ACR", "ACT", "AD", "AMP", "ANN", "APZ", "ARE", "AS", "B47", "B7", "B98", "BAR", "BFT",
    "BIL", "BLL", "BTU", "C26", "C45", "C62", "CDL", "CEL", "CEN", "CGM", "CLT", "CMK", "CMQ", "CMT", "CTM",
    "CWA", "CWI", "D61", "DAY", "DD", "DG", "DLT", "DMK", "DMQ", "DMT", "DPC", "DPR", "DTN", "DZN", "DZP",
    "E14", "E34", "E35", "E48", "E49", "E51", "E54", "E55", "EA", "FAH", "FAR", "FOT", "FTK", "FTQ", "GL",
    "GLI", "GLL", "GM", "GRM", "GRO", "GV", "GWH", "H87", "HAR", "HC", "HGM", "HLT", "HTZ", "HUR", "INH",
    "INK", "INQ", "JOU", "KEL", "KGM", "KHZ", "KJO", "KL", "KMH", "KMK", "KMQ", "KMT", "KPA", "KT", "KTM",
    "KTN", "KVA", "KVR", "KVT", "KWH", "KWT", "LBR", "LEF", "LH", "LO", "LS", "LTN", "LTR", "LUM", "LUX",
    "MAW", "MC", "MGM", "MHZ", "MIL", "MIN", "MIO", "MLT", "MMK", "MMQ", "MMT", "MON", "MPA", "MTK", "MTQ",
    "MTR", "MTS", "MVA", "MWH", "NAR", "NCL", "NEW", "NIU", "NMI", "NMP", "NPR", "NPT", "NRL", "NU", "OHM",
    "ONZ", "OZA", "OZI", "P1", "PAL", "PCE", "PD", "PG", "PR", "PTI", "PTL", "QAN", "QR", "QTL", "RM", "SAN",
    "SEC", "SET", "SMI", "SQ", "ST", "STI", "STN", "SW", "SX", "T3", "TNE", "TP", "TPR", "VLT", "WEE", "WHR",
    "WTT", "YDK", "YDQ", "YRD", "ZP",
];

/// Units that measure the same, with what one of each is in the first of its kind, as digits and places behind the point.
const SCALES: &[&[(&str, (i64, u32))]] = &[
    // Pieces go by many names, and come by the dozen and the thousand.
    &[
        ("H87", (1, 0)),
        ("C62", (1, 0)),
        ("EA", (1, 0)),
        ("NAR", (1, 0)),
        ("PCE", (1, 0)),
        ("DZN", (12, 0)),
        ("DPC", (12, 0)),
        ("CEN", (100, 0)),
        ("GRO", (144, 0)),
        ("MIL", (1_000, 0)),
        ("T3", (1_000, 0)),
        ("MIO", (1_000_000, 0)),
    ],
    &[("SEC", (1, 0)), ("MIN", (60, 0)), ("HUR", (3_600, 0))],
    &[
        ("KGM", (1, 0)),
        ("MGM", (1, 6)),
        ("CGM", (1, 5)),
        ("DG", (1, 4)),
        ("GRM", (1, 3)),
        ("HGM", (1, 1)),
        ("DTN", (100, 0)),
        ("TNE", (1_000, 0)),
        ("KTN", (1_000_000, 0)),
        ("STN", (90_718_474, 5)),
        ("LTN", (10_160_469_088, 7)),
        ("CWA", (45_359_237, 6)),
        ("CWI", (5_080_234_544, 8)),
        ("LBR", (45_359_237, 8)),
        ("ONZ", (28_349_523_125, 12)),
    ],
    &[
        ("MTR", (1, 0)),
        ("MMT", (1, 3)),
        ("CMT", (1, 2)),
        ("DMT", (1, 1)),
        ("KTM", (1_000, 0)),
        ("KMT", (1_000, 0)),
        ("INH", (254, 4)),
        ("FOT", (3_048, 4)),
        ("YRD", (9_144, 4)),
        ("SMI", (1_609_344, 3)),
        ("NMI", (1_852, 0)),
    ],
    &[
        ("MTK", (1, 0)),
        ("MMK", (1, 6)),
        ("CMK", (1, 4)),
        ("DMK", (1, 2)),
        ("ARE", (100, 0)),
        ("HAR", (10_000, 0)),
        ("KMK", (1_000_000, 0)),
        ("INK", (64_516, 8)),
        ("FTK", (9_290_304, 8)),
        ("YDK", (83_612_736, 8)),
        ("ACR", (40_468_564_224, 7)),
    ],
    &[
        ("MTQ", (1, 0)),
        ("MMQ", (1, 9)),
        ("CMQ", (1, 6)),
        ("DMQ", (1, 3)),
        ("MLT", (1, 6)),
        ("CLT", (1, 5)),
        ("DLT", (1, 4)),
        ("LTR", (1, 3)),
        ("HLT", (1, 1)),
        ("INQ", (16_387_064, 12)),
        ("FTQ", (28_316_846_592, 12)),
        ("YDQ", (764_554_857_984, 12)),
    ],
    &[("KWH", (1, 0)), ("WHR", (1, 3)), ("MWH", (1_000, 0)), ("GWH", (1_000_000, 0))],
];

/// Whether a code is one of Recommendation 20, or a package of Recommendation 21 with its `X` in front.
pub fn is_known(code: &str) -> bool {
    let package = || {
        let rest = code.strip_prefix('X').unwrap_or_default();
        rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    CODES.binary_search(&code).is_ok() || package()
}

/// The code of the unit that this one is counted in, and how many of it it is. A unit that cannot be converted, such as
/// a day of a machine, is counted in itself.
pub fn scale(code: &str) -> (&str, Decimal) {
    let all = alike(code);
    let factor = all.iter().find(|(one, _)| *one == code).map_or(Decimal::ONE, |(_, factor)| *factor);
    (all[0].0, factor)
}

/// Every unit that can be converted into another, with the one that it is counted in and its factor of [`scale`], for what
/// converts elsewhere.
pub fn scales() -> impl Iterator<Item = (&'static str, &'static str, Decimal)> {
    SCALES.iter().flat_map(|scale| {
        scale.iter().map(move |(one, (digits, places))| (*one, scale[0].0, Decimal::new(*digits, *places)))
    })
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
    let smallest = product(quantity, one)?;
    let converted = smallest.checked_div(other)?.normalize();
    (product(converted, other)? == smallest).then_some(converted)
}

/// A product that no digit is lost of; `None` where a decimal does not hold all of them.
pub fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let product = a.checked_mul(b)?;
    (product.is_zero() || product.scale() == a.scale() + b.scale()).then_some(product)
}

/// As [`converted`], and where no decimal says it exactly, as close as one comes; beyond what one holds, the largest. `None`
/// where the two measure different things alone.
pub fn closest(quantity: Decimal, from: &str, to: &str) -> Option<Decimal> {
    if from == to {
        return Some(quantity);
    }
    let ((base, one), (other_base, other)) = (scale(from), scale(to));
    if base != other_base {
        return None;
    }
    // A product may be too large where the quantity in the other unit is not.
    let product = || quantity.checked_mul(one)?.checked_div(other);
    let quotient = || quantity.checked_mul(one.checked_div(other)?);
    Some(product().or_else(quotient).unwrap_or(Decimal::MAX).normalize())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_sorted_and_found() {
        assert!(CODES.is_sorted());
        for known in ["H87", "SET", "PR", "MTR", "KGM", "C62", "EA", "XCT", "X4G"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "pcs", "PCS", "个", "h87", "H87 ", "X", "XCTN", "Xct"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn a_quantity_is_converted_exactly_or_not_at_all() {
        for (quantity, from, to, expected) in [
            ("40", "HUR", "SEC", Some("144000")),
            ("144000", "SEC", "HUR", Some("40")),
            ("90", "MIN", "HUR", Some("1.5")),
            ("7", "H87", "H87", Some("7")),
            ("7", "", "", Some("7")),
            ("2.5", "TNE", "GRM", Some("2500000")),
            ("5", "TNE", "KGM", Some("5000")),
            ("5000", "KGM", "TNE", Some("5")),
            ("0.001", "KGM", "MGM", Some("1000")),
            ("1.5", "MTR", "MMT", Some("1500")),
            ("2", "KMT", "KTM", Some("2")),
            ("3", "HAR", "MTK", Some("30000")),
            ("4", "LTR", "DMQ", Some("4")),
            ("1", "LBR", "KGM", Some("0.45359237")),
            ("1", "CWA", "LBR", Some("100")),
            ("1", "LTN", "LBR", Some("2240")),
            ("7", "EA", "C62", Some("7")),
            ("7", "PCE", "NAR", Some("7")),
            ("2", "DZN", "H87", Some("24")),
            ("1", "GRO", "DZN", Some("12")),
            ("3", "CEN", "EA", Some("300")),
            ("0.5", "MIL", "H87", Some("500")),
            ("2", "MWH", "KWH", Some("2000")),
            // No finite decimal of the other.
            ("100", "SEC", "HUR", None),
            ("10", "H87", "DZN", None),
            ("1", "KGM", "LBR", None),
            // Another measure.
            ("1", "HUR", "H87", None),
            ("1", "KGM", "LTR", None),
            ("1", "MTR", "MTK", None),
            ("1", "SET", "H87", None),
            ("1", "PR", "H87", None),
            ("1", "DAY", "HUR", None),
            ("1", "", "HUR", None),
            ("1", "PCS", "H87", None),
            ("79228162514264337593543950335", "HUR", "SEC", None),
        ] {
            let got = converted(quantity.parse().unwrap(), from, to).map(|got| got.to_string());
            assert_eq!(got.as_deref(), expected, "{quantity} {from} {to}");
        }
    }

    #[test]
    fn what_measures_the_same_always_counts() {
        for (quantity, from, to, expected) in [
            ("5", "TNE", "KGM", Some("5000")),
            ("5.0", "KGM", "KGM", Some("5.0")),
            ("5.0", "PCS", "PCS", Some("5.0")),
            ("10", "H87", "DZN", Some("0.8333333333333333333333333333")),
            ("1", "H87", "KGM", None),
            ("79228162514264337593543950335", "KGM", "TNE", Some("79228162514264337593543950.335")),
            ("79228162514264337593543950335", "TNE", "KTN", Some("79228162514264337593543950.335")),
            ("79228162514264337593543950335", "TNE", "KGM", Some("79228162514264337593543950335")),
        ] {
            let got = closest(quantity.parse().unwrap(), from, to).map(|got| got.to_string());
            assert_eq!(got.as_deref(), expected, "{quantity} {from} {to}");
        }
    }

    #[test]
    fn a_unit_stands_on_one_scale() {
        let scaled: Vec<&str> = SCALES.iter().flat_map(|scale| scale.iter().map(|(code, _)| *code)).collect();
        assert_eq!(scaled.iter().collect::<BTreeSet<_>>().len(), scaled.len());
        assert!(scaled.iter().all(|code| is_known(code)), "{scaled:?}");
        for units in SCALES {
            assert_eq!(units[0].1, (1, 0), "the first of a kind is what the others are counted in");
        }
        assert_eq!(scales().count(), scaled.len());
        assert!(scales().all(|(code, base, factor)| scale(code) == (base, factor)));
        for (code, base, factor) in [
            ("HUR", "SEC", "3600"),
            ("TNE", "KGM", "1000"),
            ("H87", "H87", "1"),
            ("EA", "H87", "1"),
            ("DAY", "DAY", "1"),
            ("INH", "MTR", "0.0254"),
        ] {
            assert_eq!(scale(code), (base, factor.parse().unwrap()));
        }
    }
}
