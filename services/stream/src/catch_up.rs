//! Pages of a feed from Postgres, in the reader's own tenant.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chassis::{
    Error, Reason, Result,
    cursor::Cursor,
    db::TenantTx,
    feed::{
        self, Head,
        start::{Start, expired},
    },
};
use tokio::time::{Instant, sleep};

use crate::{
    db::read::{self, Stretch},
    entry::Entry,
    filter::Sight,
    gateway::Gateway,
    hub::Feed,
    merge::{Verdict, merge},
    sequencer::source,
    slot::Slot,
    subscription::retry_after,
    tail::TROUBLE_MAX,
};

/// The most entries of one page, and about how many bytes of payload.
const PAGE_ENTRIES: i64 = 256;
const PAGE_BYTES: i64 = 256 * 1024;
/// How long to wait after a database error: doubles from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A stretch of a feed.
#[derive(Debug)]
pub struct Page {
    /// Follow the place that was asked for, without a gap.
    pub entries: VecDeque<Arc<Entry>>,
    /// Whether there may be more behind it. If not, everything that was committed when it was read is in it.
    pub more: bool,
    /// Whether the place was there when it was read, with the same history before it.
    pub known: bool,
}

/// Why what was read does not follow a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// What followed is no longer there.
    Gone,
    /// Another entry stands at the place.
    Diverged,
}

impl Page {
    /// What was read after a place with these bounds.
    pub(crate) fn after(place: Cursor, stretch: Stretch, most: i64, most_bytes: i64) -> Result<Self, Lost> {
        let Stretch { before, entries } = stretch;
        if before.as_ref().is_some_and(|chain| !chain.starts_with(&place.chain)) {
            return Err(Lost::Diverged);
        }
        let mut last = place.seq;
        for entry in &entries {
            if merge(last, entry.seq) != Verdict::Deliver {
                return Err(Lost::Gone);
            }
            last = entry.seq;
        }
        let bytes: usize = entries.iter().map(|entry| entry.fact.payload.len()).sum();
        let more = entries.len() as i64 >= most || bytes as i64 >= most_bytes;
        // Before the first entry there is one history.
        let known = before.is_some() || (place.seq == 0 && !entries.is_empty());
        Ok(Self { entries: entries.into(), more, known })
    }

    /// Leaves the entries that follow `place` in their reader's slot, where they are given up if it does not ask for them.
    pub(crate) fn leave(self, slot: &Slot, place: Cursor, now_ms: u64) -> Held {
        let last = self.entries.back();
        let upto = last.map_or(place, |last| Cursor::new(place.feed, last.seq, &last.chain));
        slot.hold(self.entries, now_ms);
        Held { upto, more: self.more, left_ms: now_ms }
    }
}

/// What a reader knows of the page that was left in its slot.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The place of its last entry.
    pub upto: Cursor,
    /// Whether there may be more behind it.
    pub more: bool,
    /// When it was left there, in milliseconds since the hub was made.
    pub left_ms: u64,
}

/// Whether the place is held against the feed first: the log may have lost or changed it since. What is read is held against it
/// in any case, as far as the entry at the place is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// After a gap.
    Yes,
    /// Where it was verified or read before.
    No,
}

/// A page that a reader asks for.
pub struct Asked {
    /// What it follows.
    pub feed: Arc<Feed>,
    /// Where the page is left.
    pub slot: Arc<Slot>,
    /// What it sees of the page.
    pub sight: Sight,
    /// The place before it: where the reader stands, or will once it has taken what it holds.
    pub at: Cursor,
    /// Whether that is held against the feed first.
    pub verify: Verify,
}

/// Reads the page after a place, ready to be sent, and leaves it in the reader's slot. Waits its turn; trouble with the
/// database is retried for 30 s.
///
/// # Errors
/// CURSOR_EXPIRED and FEED_DIVERGED as at the start of a stream; UNAVAILABLE with the cursor where the database does
/// not come back.
pub async fn page(gateway: Arc<Gateway>, asked: Asked) -> Result<Held> {
    let (mut backoff, mut trouble) = (BACKOFF.0, None);
    loop {
        let error = match attempt(&gateway, &asked).await {
            Ok(page) => return Ok(page.leave(&asked.slot, asked.at, gateway.hub.now_ms())),
            Err(error) if matters(error.reason) => error,
            Err(error) => return Err(error),
        };
        if trouble.get_or_insert_with(Instant::now).elapsed() > TROUBLE_MAX {
            let cursor = asked.at.encode(&gateway.keys);
            return Err(Error::new(Reason::UNAVAILABLE).with("cursor", cursor).retry_after(retry_after()));
        }
        tracing::warn!(error = %source(&error), "reading a page failed; trying again");
        sleep(backoff).await;
        backoff = (backoff * 2).min(BACKOFF.1);
    }
}

fn matters(reason: Reason) -> bool {
    matches!(reason, Reason::UNAVAILABLE | Reason::CONFLICT | Reason::INTERNAL)
}

async fn attempt(gateway: &Gateway, asked: &Asked) -> Result<Page> {
    // First among the firm's own, then among all: of a firm with many streams few stand before the others.
    let _own = asked.feed.pages.acquire().await.map_err(Error::internal)?;
    let _turn = gateway.pages.acquire().await.map_err(Error::internal)?;
    gateway.pages_read.increment(1);
    let at = asked.at;
    let mut tx = gateway.pool.begin_by_keys(at.feed).await?;
    if asked.verify == Verify::Yes {
        open(&mut tx, Start::After(at), gateway).await?;
    }
    let narrowed = asked.slot.narrowed();
    // What the reader sees of a page is encoded as long as it has its turn, or all who read one would do that at once when
    // they send it; and as it comes, while the database looks for the next.
    let encode = |entry: &Entry| {
        if asked.sight.shows(&entry.fact, entry.feed, narrowed.as_deref()) {
            entry.encode_ahead(&gateway.keys);
        }
    };
    let stretch = read::page(&mut tx, at.seq, PAGE_ENTRIES, PAGE_BYTES, encode).await?;
    let page = match Page::after(at, stretch, PAGE_ENTRIES, PAGE_BYTES) {
        Ok(page) => page,
        Err(Lost::Diverged) => return Err(Error::new(Reason::FEED_DIVERGED)),
        Err(Lost::Gone) => {
            let head = feed::head(&mut tx).await?;
            return Err(expired(&head, &gateway.keys));
        }
    };
    if !page.known && asked.verify == Verify::No {
        // The feed's end, or all that followed the place is gone, or the entry there is.
        open(&mut tx, Start::After(at), gateway).await?;
    }
    tx.commit().await?;
    Ok(page)
}

/// Where a start lies in the firm's feed, and where the feed stands.
pub async fn open(tx: &mut TenantTx, start: Start, gateway: &Gateway) -> Result<(Cursor, Head)> {
    let head = feed::head(tx).await?;
    Ok((feed::place(tx, &head, &start, &gateway.keys).await?, head))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sample::{chain, entry};

    const FEED: Uuid = Uuid::from_u128(1);

    #[test]
    fn what_was_read_follows_the_place_or_is_lost() {
        let after = |seq: i64, before: Option<[u8; 32]>, entries: &[i64]| {
            let place = Cursor::new(FEED, seq, &chain(FEED, seq));
            let entries = entries.iter().map(|seq| entry(FEED, *seq)).collect();
            let stretch = Stretch { before: before.map(Into::into), entries };
            Page::after(place, stretch, 3, i64::MAX).map(|page| (page.entries.len(), page.more, page.known))
        };
        assert_eq!(after(5, Some(chain(FEED, 5)), &[6, 7]), Ok((2, false, true)));
        assert_eq!(after(5, Some(chain(FEED, 5)), &[6, 7, 8]), Ok((3, true, true)));
        assert_eq!(after(5, Some([1; 32]), &[6, 7]), Err(Lost::Diverged));
        assert_eq!(after(5, None, &[7]), Err(Lost::Gone));
        assert_eq!(after(5, None, &[6]), Ok((1, false, false)), "whether it was there nobody knows");
        assert_eq!(after(5, None, &[]), Ok((0, false, false)));
        assert_eq!(after(0, None, &[1]), Ok((1, false, true)));
    }
}
