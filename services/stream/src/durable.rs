//! Durable subscriptions: what they are called and which way their places move. Pure.

use chassis::cursor::Cursor;
use time::OffsetDateTime;

/// The most subscriptions of a firm.
pub const MAX: i64 = 100;
/// The longest name, in characters.
const NAME: usize = 60;

/// A named place of a firm in its own feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    pub name: String,
    /// What was acknowledged last.
    pub at: Cursor,
    pub created_at: OffsetDateTime,
    pub acknowledged_at: Option<OffsetDateTime>,
}

/// Whether a subscription may be called so: the same in a URL, a file's name and a shell.
pub fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= NAME && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(inner)
}

/// Whether a place that stands at `from` may be moved to `to`. Back only where that is asked for: of two readers with one
/// subscription the slower one would else bring back what the other has dealt with.
pub fn may_move(from: i64, to: i64, rewind: bool) -> bool {
    to >= from || rewind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_everywhere() {
        for good in ["erp", "ERP-2", "9", "a.b_c-d", &"x".repeat(60)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", " erp", "erp ", "-erp", ".", "a/b", "a b", "企业", "a\n", &"x".repeat(61)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_place_goes_back_only_where_that_is_asked_for() {
        for (from, to, rewind, may) in [
            (5, 6, false, true),
            (5, 5, false, true),
            (5, 4, false, false),
            (5, 4, true, true),
            (5, 6, true, true),
        ] {
            assert_eq!(may_move(from, to, rewind), may, "{from} → {to}, {rewind}");
        }
    }
}
