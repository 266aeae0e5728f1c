//! The reader's side of the event log, inside a firm's own transaction: where its feed stands.

pub mod start;

use uuid::Uuid;

use crate::{Result, cursor::Cursor, db::TenantTx, secret::SigningKeys};

use start::Start;

/// The chain before the first entry of a feed.
pub const FIRST_CHAIN: [u8; 32] = [0; 32];

/// The ends of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The firm.
    pub feed: Uuid,
    /// The newest entry; 0 for an empty feed.
    pub seq: i64,
    /// The chain at `seq`.
    pub chain: Vec<u8>,
    /// The oldest entry that is still there.
    pub min_seq: i64,
    /// The chain before `min_seq`.
    pub min_chain: Vec<u8>,
}

impl Head {
    /// A cursor after the newest entry.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.feed, self.seq, &self.chain)
    }

    /// A cursor before the oldest entry.
    pub fn oldest(&self) -> Cursor {
        Cursor::new(self.feed, self.min_seq - 1, &self.min_chain)
    }
}

/// Where the firm's feed stands. A list reads it before its rows: the other order loses events in READ COMMITTED.
pub async fn head(tx: &mut TenantTx) -> Result<Head> {
    let feed = tx.firm();
    let row =
        sqlx::query!("select next_seq, chain, min_seq, min_chain from event.feed_head where feed = $1", feed)
            .fetch_optional(tx.conn())
            .await?;
    Ok(match row {
        Some(row) => Head {
            feed,
            seq: row.next_seq - 1,
            chain: row.chain,
            min_seq: row.min_seq,
            min_chain: row.min_chain,
        },
        None => Head { feed, seq: 0, chain: FIRST_CHAIN.into(), min_seq: 1, min_chain: FIRST_CHAIN.into() },
    })
}

/// The place in the firm's feed after which a reader begins.
///
/// # Errors
/// As [`Start::place`]: a place that this feed does not have, or no longer, is never skipped over.
pub async fn place(tx: &mut TenantTx, head: &Head, start: &Start, keys: &SigningKeys) -> Result<Cursor> {
    let chain = match start.stored(head) {
        Some(seq) => chain_at(tx, seq).await?,
        None => None,
    };
    start.place(head, chain.as_deref(), keys)
}

/// How far a follower has read who found `last` as the last entry behind its place: where it found none, up to the oldest that
/// is still there.
pub async fn read_upto(tx: &mut TenantTx, last: Option<i64>) -> Result<i64> {
    match last {
        Some(last) => Ok(last),
        None => Ok(head(tx).await?.min_seq - 1),
    }
}

/// The chain at a place of the firm's feed.
async fn chain_at(tx: &mut TenantTx, seq: i64) -> Result<Option<Vec<u8>>> {
    let feed: Uuid = tx.firm();
    let chain =
        sqlx::query_scalar!("select chain from event.feed_entry where feed = $1 and seq = $2", feed, seq)
            .fetch_optional(tx.conn())
            .await?;
    Ok(chain)
}
