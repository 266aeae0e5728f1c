//! How both sides of a relationship did.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// Which scorecard.
pub(crate) struct Wanted {
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub from: OffsetDateTime,
    /// Not included.
    pub until: OffsetDateTime,
    /// What the reader is narrowed to; empty: all.
    pub sites: Vec<String>,
    pub purchasing_groups: Vec<String>,
}

/// What scorecard.sql answers; its comment says what each number is.
pub(crate) struct ScoreRow {
    /// Whether the two trade, as far as the reader may know.
    pub known: bool,
    pub orders: i64,
    pub answered: i64,
    pub answer_median_seconds: Option<i64>,
    pub answer_p90_seconds: Option<i64>,
    pub answered_on_time: Option<i64>,
    pub lines_settled: i64,
    pub lines_accepted: i64,
    pub proposals: i64,
    pub agreed_by_tolerance: i64,
    pub accepted: i64,
    pub declined: i64,
    pub waiting: i64,
    pub decision_median_seconds: Option<i64>,
    pub decision_p90_seconds: Option<i64>,
    /// To schedule lines that were accepted already; those inside the frozen horizon are among them.
    pub changes: i64,
    pub frozen_changes: i64,
}

pub(crate) async fn scorecard(tx: &mut TenantTx, wanted: &Wanted) -> Result<ScoreRow> {
    let row = sqlx::query_file_as!(
        ScoreRow,
        "src/db/scorecard.sql",
        wanted.buyer,
        wanted.supplier,
        wanted.from,
        wanted.until,
        &wanted.sites,
        &wanted.purchasing_groups
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row)
}
