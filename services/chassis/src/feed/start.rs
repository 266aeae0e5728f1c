//! Where a reader begins, and whether the cursor that it brings names a place of this feed.

use crate::{Error, Reason, Result, cursor::Cursor, feed::Head, secret::SigningKeys};

/// Where a subscriber wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the entry of this cursor.
    After(Cursor),
    /// At the oldest entry that is still there.
    Earliest,
    /// At what comes next.
    Latest,
}

impl Start {
    /// The place where the chain has to be looked up to judge this start.
    pub fn stored(&self, head: &Head) -> Option<i64> {
        match self {
            Start::After(cursor) if (head.min_seq..head.seq).contains(&cursor.seq) => Some(cursor.seq),
            _ => None,
        }
    }

    /// The place after which to read. `chain` is what is stored at [`Start::stored`].
    ///
    /// # Errors
    /// CURSOR_EXPIRED where the log no longer reaches back, with the oldest cursor; FEED_DIVERGED where the cursor
    /// names a history that this database does not have.
    pub fn place(&self, head: &Head, chain: Option<&[u8]>, keys: &SigningKeys) -> Result<Cursor> {
        let cursor = match self {
            Start::After(cursor) => cursor,
            Start::Earliest => return Ok(head.oldest()),
            Start::Latest => return Ok(head.cursor()),
        };
        let chain = if cursor.seq == head.seq {
            Some(head.chain.as_slice())
        } else if cursor.seq == head.min_seq - 1 {
            Some(head.min_chain.as_slice())
        } else if cursor.seq > head.seq {
            return Err(Error::new(Reason::FEED_DIVERGED));
        } else {
            chain
        };
        // Between the head that was read and the look-up, the oldest entries may have gone.
        let Some(chain) = chain else { return Err(expired(head, keys)) };
        if !chain.starts_with(&cursor.chain) {
            return Err(Error::new(Reason::FEED_DIVERGED));
        }
        Ok(*cursor)
    }
}

/// CURSOR_EXPIRED with where to begin instead.
pub fn expired(head: &Head, keys: &SigningKeys) -> Error {
    Error::new(Reason::CURSOR_EXPIRED).with("oldest_cursor", head.oldest().encode(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    fn chain(seq: i64) -> Vec<u8> {
        vec![seq as u8; 32]
    }

    fn feed(min_seq: i64, seq: i64) -> Head {
        Head { feed: FEED, seq, chain: chain(seq), min_seq, min_chain: chain(min_seq - 1) }
    }

    fn after(seq: i64, head: &Head) -> Result<Cursor> {
        judge(Cursor::new(FEED, seq, &chain(seq)), head)
    }

    fn judge(cursor: Cursor, head: &Head) -> Result<Cursor> {
        let start = Start::After(cursor);
        let stored = start.stored(head).map(chain);
        start.place(head, stored.as_deref(), &SigningKeys::new([1; 32], None))
    }

    #[test]
    fn a_cursor_within_the_feed_is_taken() {
        let head = feed(1, 9);
        for seq in 0..=9 {
            assert_eq!(after(seq, &head).unwrap().seq, seq);
        }
        let shortened = feed(5, 9);
        for seq in 4..=9 {
            assert_eq!(after(seq, &shortened).unwrap().seq, seq);
        }
        let empty = Head { chain: vec![0; 32], min_chain: vec![0; 32], ..feed(1, 0) };
        assert!(judge(Cursor::new(FEED, 0, &[0; 32]), &empty).is_ok());
    }

    #[test]
    fn what_the_log_no_longer_holds_has_expired() {
        let head = feed(5, 9);
        for seq in 0..4 {
            let refused = after(seq, &head).unwrap_err();
            assert_eq!(refused.reason, Reason::CURSOR_EXPIRED, "{seq}");
            let oldest = head.oldest().encode(&SigningKeys::new([1; 32], None));
            assert_eq!(refused.metadata, [("oldest_cursor", oldest)]);
        }
    }

    #[test]
    fn another_history_is_never_skipped_over() {
        let head = feed(3, 9);
        assert_eq!(after(10, &head).unwrap_err().reason, Reason::FEED_DIVERGED, "beyond the head");
        for seq in 2..=9 {
            let other = Cursor::new(FEED, seq, &[0xee; 32]);
            assert_eq!(judge(other, &head).unwrap_err().reason, Reason::FEED_DIVERGED, "{seq}");
        }
    }

    #[test]
    fn the_other_starts_are_the_ends_of_the_feed() {
        let (head, keys) = (feed(3, 9), SigningKeys::new([1; 32], None));
        assert_eq!(Start::Earliest.place(&head, None, &keys).unwrap(), head.oldest());
        assert_eq!(Start::Latest.place(&head, None, &keys).unwrap(), head.cursor());
    }
}
