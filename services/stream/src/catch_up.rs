//! Pages of a feed from Postgres, in the reader's own tenant.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chassis::{
    Error, Reason, Result,
    cursor::Cursor,
    db::TenantTx,
    feed::{
        self,
        start::{Start, expired},
    },
};
use tokio::time::{Instant, sleep};

use crate::{
    db::read,
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
}

impl Page {
    /// What was read after a place with these bounds; `None` where what followed is no longer there.
    pub(crate) fn after(place: i64, entries: Vec<Arc<Entry>>, most: i64, most_bytes: i64) -> Option<Self> {
        let mut last = place;
        for entry in &entries {
            if merge(last, entry.seq) != Verdict::Deliver {
                return None;
            }
            last = entry.seq;
        }
        let bytes: usize = entries.iter().map(|entry| entry.fact.payload.len()).sum();
        let more = entries.len() as i64 >= most || bytes as i64 >= most_bytes;
        Some(Self { entries: entries.into(), more })
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

/// Whether the place is held against the feed first: the log may have lost or changed it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// After a gap.
    Yes,
    /// Right after it was verified or read.
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
            entry.frame(&gateway.keys);
        }
    };
    let entries = read::page(&mut tx, at.seq, PAGE_ENTRIES, PAGE_BYTES, encode).await?;
    let Some(page) = Page::after(at.seq, entries, PAGE_ENTRIES, PAGE_BYTES) else {
        let head = feed::head(&mut tx).await?;
        return Err(expired(&head, &gateway.keys));
    };
    if page.entries.is_empty() && asked.verify == Verify::No {
        // The feed's end, or all that followed the place is gone.
        open(&mut tx, Start::After(at), gateway).await?;
    }
    tx.commit().await?;
    Ok(page)
}

/// Where a start lies in the firm's feed, and where the feed stands.
pub async fn open(tx: &mut TenantTx, start: Start, gateway: &Gateway) -> Result<(Cursor, i64)> {
    let head = feed::head(tx).await?;
    Ok((feed::place(tx, &head, &start, &gateway.keys).await?, head.seq))
}
