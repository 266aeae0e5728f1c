//! 统一社会信用代码 (GB 32100-2015): 18 characters, of which the last is a check over the others.
//!
//! Codes in real use exist that fail the check, so that a misfit is shown to people and refused to nobody.

/// The alphabet; a character's place is its value. I, O, S, V and Z are left out.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Powers of 3 modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// As it is stored: without blanks, in upper case.
pub fn normalise(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Whether a code is there but does not fit the standard: its length, a character, or the check.
pub fn suspect(code: &str) -> bool {
    !code.is_empty() && !fits(code)
}

fn fits(code: &str) -> bool {
    let values: Option<Vec<usize>> =
        code.bytes().map(|byte| ALPHABET.iter().position(|known| *known == byte)).collect();
    let Some(values) = values.filter(|values| values.len() == WEIGHTS.len() + 1) else { return false };
    let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    values[WEIGHTS.len()] == (31 - sum % 31) % 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_fit() {
        for code in [
            "91350100M000100Y43",
            "91512081MA62K0260E",
            "11320000MB151840XJ",
            "91990000MA0000015Q",
            "91990000MA0000023K",
            "91990000MA0000031E",
            "91990000MA000004X6",
            "91990000MA00000586",
            "91990000MA00000661",
            "91990000MA0000074U",
            "91990000MA0000082N",
            "91990000MA0000090H",
        ] {
            assert!(!suspect(code), "{code}");
        }
        assert!(!suspect(""), "no code is no wrong code");
    }

    #[test]
    fn codes_that_a_person_has_to_look_at() {
        for code in [
            "91350100M000100Y4Z",
            // in real use, and known to fail
            "91350211M0000XUF46",
            "91350100M0001TGQXM",
            "91350100M000100Y4",
            "91350100M000100Y433",
            "91350100m000100y43",
            "91350100M000100O43",
            "代码代码代码",
        ] {
            assert!(suspect(code), "{code}");
        }
    }

    #[test]
    fn any_single_wrong_character_is_seen() {
        let code = b"91990000MA0000015Q";
        for place in 0..18 {
            for other in ALPHABET.iter().filter(|other| **other != code[place]) {
                let mut wrong = code.to_vec();
                wrong[place] = *other;
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(suspect(&wrong), "{wrong}");
            }
        }
    }

    #[test]
    fn typing_is_forgiven() {
        assert_eq!(normalise(" 91350100 m000100y43\n"), "91350100M000100Y43");
    }
}
