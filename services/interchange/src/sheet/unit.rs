//! Units of measure between the words of people and UN/ECE Recommendation 20. Only words that mean one unit everywhere
//! are translated; `件` may be a piece or a carton: what a firm means by it, its own alias says.

/// Word and code. The first word of a code is the one that is shown.
const UNITS: &[(&str, &str)] = &[
    ("个", "H87"),
    ("只", "H87"),
    ("pcs", "H87"),
    ("pc", "H87"),
    ("千克", "KGM"),
    ("公斤", "KGM"),
    ("kg", "KGM"),
    ("克", "GRM"),
    ("g", "GRM"),
    ("吨", "TNE"),
    ("t", "TNE"),
    ("米", "MTR"),
    ("m", "MTR"),
    ("厘米", "CMT"),
    ("cm", "CMT"),
    ("毫米", "MMT"),
    ("mm", "MMT"),
    ("平方米", "MTK"),
    ("㎡", "MTK"),
    ("m2", "MTK"),
    ("立方米", "MTQ"),
    ("m³", "MTQ"),
    ("m3", "MTQ"),
    ("升", "LTR"),
    ("l", "LTR"),
    ("毫升", "MLT"),
    ("ml", "MLT"),
    ("套", "SET"),
    ("对", "PR"),
    ("双", "PR"),
    ("小时", "HUR"),
    ("天", "DAY"),
];

/// The code of a unit as somebody wrote it; as written where it is no word that we know.
pub fn code(written: &str) -> &str {
    let lower = written.to_lowercase();
    UNITS.iter().find(|(word, _)| *word == lower).map_or(written, |(_, code)| code)
}

/// How a unit is shown to people; its code where there is no word for it.
pub fn shown(code: &str, zh: bool) -> &str {
    let word = UNITS.iter().find(|(word, known)| *known == code && word.is_ascii() != zh);
    word.map_or(code, |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_codes_and_codes_have_words() {
        for (written, expected) in
            [("个", "H87"), ("KG", "KGM"), ("PCS", "H87"), ("EA", "EA"), ("KGM", "KGM"), ("卷", "卷")]
        {
            assert_eq!(code(written), expected);
        }
        assert_eq!((shown("H87", true), shown("H87", false), shown("XCT", true)), ("个", "pcs", "XCT"));
    }
}
