//! Keyset pages: opaque tokens that hold the last key of a page, signed, and bound to firm, method and filter, so
//! that a token serves no other question.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Error, Reason, Result,
    secret::{self, SigningKeys},
};

/// The page size where none is asked for.
pub const DEFAULT: i64 = 50;
/// The largest page.
pub const MAX: i64 = 1_000;

/// What a token is bound to.
pub struct Question {
    purpose: String,
}

impl Question {
    /// A question of a firm: the method and everything that selects or sorts rows, but not size or token.
    pub fn new(firm: Uuid, method: &str, filter: &[u8]) -> Self {
        Self { purpose: format!("page:{method}:{firm}:{}", hex::encode(secret::sha256(filter))) }
    }

    /// The key after which the page begins; `None` for the first page.
    pub fn after<K: DeserializeOwned>(&self, keys: &SigningKeys, token: &str) -> Result<Option<K>> {
        if token.is_empty() {
            return Ok(None);
        }
        let invalid = || Error::new(Reason::PAGE_TOKEN_INVALID);
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let split = bytes.len().checked_sub(16).ok_or_else(invalid)?;
        let (key, signature) = bytes.split_at(split);
        if !keys.verify(&self.purpose, key, signature) {
            return Err(invalid());
        }
        serde_json::from_slice(key).map(Some).map_err(|_| invalid())
    }

    /// The token of the next page.
    pub fn token<K: Serialize>(&self, keys: &SigningKeys, last: &K) -> Result<String> {
        let mut bytes = serde_json::to_vec(last).map_err(Error::internal)?;
        bytes.extend(keys.sign(&self.purpose, &bytes));
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The number of rows to read for a page: the wanted size within its bounds.
pub fn size(wanted: i32) -> Result<i64> {
    size_within(wanted, MAX)
}

/// The same for a list whose pages are smaller: at most `most` rows, which are no fewer than [`DEFAULT`].
pub fn size_within(wanted: i32, most: i64) -> Result<i64> {
    match i64::from(wanted) {
        0 => Ok(DEFAULT),
        size if (1..=most).contains(&size) => Ok(size),
        _ => Err(Error::field("page_size", "RANGE", format!("must lie between 1 and {most}"))),
    }
}

/// Cuts rows that were read one more than the page's size; the key of the last row of a page that has a successor.
pub fn cut<R, K>(rows: &mut Vec<R>, size: i64, key: impl Fn(&R) -> K) -> Option<K> {
    let size = size as usize;
    if rows.len() <= size {
        return None;
    }
    rows.truncate(size);
    rows.last().map(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_answers_its_own_question_only() {
        let keys = SigningKeys::new([1; 32], None);
        let firm = Uuid::from_u128(1);
        let question = Question::new(firm, "ListOrders", b"state=1");
        let token = question.token(&keys, &("2026-01-01", 7)).unwrap();
        assert_eq!(question.after::<(String, i32)>(&keys, &token).unwrap(), Some(("2026-01-01".into(), 7)));
        assert_eq!(question.after::<(String, i32)>(&keys, "").unwrap(), None);
        for other in [
            Question::new(Uuid::from_u128(2), "ListOrders", b"state=1"),
            Question::new(firm, "ListLines", b"state=1"),
            Question::new(firm, "ListOrders", b"state=2"),
        ] {
            assert!(other.after::<(String, i32)>(&keys, &token).is_err());
        }
        assert!(question.after::<(String, i32)>(&keys, &format!("A{token}")).is_err());
    }

    #[test]
    fn sizes_have_bounds() {
        assert_eq!(size(0).unwrap(), 50);
        assert_eq!(size(1000).unwrap(), 1000);
        assert!(size(1001).is_err() && size(-1).is_err());
        assert!(size_within(100, 100).is_ok() && size_within(101, 100).is_err());
    }
}
