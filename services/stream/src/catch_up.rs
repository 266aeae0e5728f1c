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
    gateway::Gateway,
    hub::Feed,
    merge::{Verdict, merge},
    sequencer::source,
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
}

/// Whether the place is held against the feed first: the log may have lost or changed it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// After a gap.
    Yes,
    /// Right after it was verified or read.
    No,
}

/// The page after a place. Waits its turn; trouble with the database is retried for 30 s.
///
/// # Errors
/// CURSOR_EXPIRED and FEED_DIVERGED as at the start of a stream; UNAVAILABLE with the cursor where the database does
/// not come back.
pub async fn page(gateway: Arc<Gateway>, feed: Arc<Feed>, at: Cursor, verify: Verify) -> Result<Page> {
    let (mut backoff, mut trouble) = (BACKOFF.0, None);
    loop {
        let error = match attempt(&gateway, &feed, at, verify).await {
            Err(error) if matters(error.reason) => error,
            done => return done,
        };
        if trouble.get_or_insert_with(Instant::now).elapsed() > TROUBLE_MAX {
            let cursor = at.encode(&gateway.keys);
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

async fn attempt(gateway: &Gateway, feed: &Feed, at: Cursor, verify: Verify) -> Result<Page> {
    // First among the firm's own, then among all: a firm with many streams takes few of the turns.
    let _own = feed.pages.acquire().await.map_err(Error::internal)?;
    let _turn = gateway.pages.acquire().await.map_err(Error::internal)?;
    gateway.pages_read.increment(1);
    let mut tx = gateway.pool.begin(at.feed).await?;
    if verify == Verify::Yes {
        open(&mut tx, Start::After(at), gateway).await?;
    }
    let entries = read::page(&mut tx, at.seq, PAGE_ENTRIES, PAGE_BYTES).await?;
    let Some(page) = Page::after(at.seq, entries, PAGE_ENTRIES, PAGE_BYTES) else {
        let head = feed::head(&mut tx).await?;
        return Err(expired(&head, &gateway.keys));
    };
    tx.commit().await?;
    Ok(page)
}

/// Where a start lies in the firm's feed, and where the feed stands.
pub async fn open(tx: &mut TenantTx, start: Start, gateway: &Gateway) -> Result<(Cursor, i64)> {
    let head = feed::head(tx).await?;
    Ok((feed::place(tx, &head, &start, &gateway.keys).await?, head.seq))
}
