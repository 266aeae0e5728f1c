//! Codes of six digits that are mailed: one service mails them, another one lets in whoever types them. A code stands nowhere;
//! what tells it again is made with the platform's own key, since of six digits alone there are not enough to hide one.

use crate::secret::{self, Redacted, SigningKeys};

/// What codes are signed for.
const PURPOSE: &str = "mailed code";

/// A new code, zeros in front included.
pub fn new() -> Redacted<String> {
    Redacted::new(format!("{:06}", u64::from_be_bytes(secret::random()) % 1_000_000))
}

/// What is kept of a code that lets somebody do something, such as use the link of a hash.
pub fn keep(keys: &SigningKeys, what: &[u8; 32], code: &str) -> [u8; 16] {
    keys.sign(PURPOSE, &message(what, code))
}

/// Whether it is the code of which this was kept, for the same. Takes as long wherever the first difference stands.
pub fn fits(keys: &SigningKeys, what: &[u8; 32], code: &str, kept: &[u8]) -> bool {
    keys.verify(PURPOSE, &message(what, code), kept)
}

fn message(what: &[u8; 32], code: &str) -> Vec<u8> {
    [what.as_slice(), code.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_fits_what_it_was_made_for_alone() {
        let keys = SigningKeys::new([1; 32], None);
        let code = new();
        let code = code.reveal();
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        let kept = keep(&keys, &[7; 32], code);
        assert!(fits(&keys, &[7; 32], code, &kept));
        assert!(!fits(&keys, &[8; 32], code, &kept), "another invitation");
        for other in ["", "x", &code[..5], &format!("{code}0")] {
            assert!(!fits(&keys, &[7; 32], other, &kept), "{other}");
        }
        let rotated = SigningKeys::new([2; 32], Some([1; 32]));
        assert!(fits(&rotated, &[7; 32], code, &kept), "mailed before the key was changed");
        assert!(!fits(&SigningKeys::new([2; 32], None), &[7; 32], code, &kept), "another platform");
    }

    #[test]
    fn codes_are_not_the_same_again() {
        let codes: std::collections::HashSet<String> = (0..20).map(|_| new().reveal().clone()).collect();
        assert!(codes.len() > 15, "{codes:?}");
    }
}
