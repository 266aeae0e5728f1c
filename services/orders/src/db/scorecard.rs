//! How both sides of a relationship did.

use chassis::{Result, db::TenantTx};
use proto::orders::ScoreFigure;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
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

/// Whether the two trade, as far as the reader may know.
pub(crate) async fn known(tx: &mut TenantTx, wanted: &Wanted) -> Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select exists (
               select from partners.trading_relationship t where t.buyer = $1 and t.supplier = $2) as "known!""#,
        wanted.buyer,
        wanted.supplier
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(known)
}

/// What scorecard.sql answers; its comment says what each number is.
pub(crate) struct ScoreRow {
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

/// Something that a figure counts.
pub(crate) struct EvidenceRow {
    pub order_id: Uuid,
    pub order_number: String,
    /// Empty, as the two below, where the whole order is counted.
    pub line_number: String,
    pub schedule_line_number: String,
    pub unit_code: String,
    /// What the buyer did in this version; empty where it is an answer or a publication.
    pub action: String,
    pub counted: bool,
    /// Of the order, the schedule line or the proposal; with `at` and `version`, of this row alone.
    pub id: Uuid,
    pub version: i64,
    /// What puts it into the period.
    pub at: OffsetDateTime,
    /// The first answer, or the decision.
    pub ended_at: Option<OffsetDateTime>,
    /// From `at` to `ended_at`.
    pub seconds: Option<i64>,
    pub due_on: Option<Date>,
    pub overdue: Option<bool>,
    /// What became of a proposal.
    pub outcome: Option<String>,
    pub frozen: Option<bool>,
    pub ordered: Option<Decimal>,
    pub accepted: Option<Decimal>,
    pub cancelled: Option<Decimal>,
}

/// The place of a row among the others: the newest first.
pub(crate) type Place = (OffsetDateTime, i64, Uuid);

/// What a figure counts, after a place. Lines and numbers are read of the page's rows alone.
pub(crate) async fn evidence(
    tx: &mut TenantTx,
    wanted: &Wanted,
    figure: ScoreFigure,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<EvidenceRow>> {
    let rows = sqlx::query_as!(
        EvidenceRow,
        r#"select e.order_id as "order_id!", o.order_number as "order_number!",
                  coalesce(l.line_number, '') as "line_number!",
                  coalesce(p.schedule_line_number, '') as "schedule_line_number!",
                  coalesce(l.unit_code, '') as "unit_code!", coalesce(a.action, '') as "action!",
                  e.counted as "counted!", e.id as "id!", e.version as "version!", e.at as "at!", e.ended_at,
                  e.seconds, e.due_on, e.overdue, e.outcome, e.frozen, e.ordered, e.accepted, e.cancelled
           from (
               select s.order_id, s.schedule_line_id, s.counted, s.id, s.version, s.at, s.ended_at, s.seconds,
                      s.due_on, s.overdue, s.outcome, s.frozen, s.ordered, s.accepted, s.cancelled
               from orders.score_evidence($1, $2, $3, $4, $5, $6, $7) s
               where $8::timestamptz is null or (s.at, s.version, s.id) < ($8, $9::bigint, $10::uuid)
               order by s.at desc, s.version desc, s.id desc
               limit $11
           ) e
           join orders.purchase_order o on o.id = e.order_id and o.buyer = $1 and o.supplier = $2
           left join orders.schedule_line p
               on p.id = e.schedule_line_id and p.buyer = o.buyer and p.superseded is null
           left join orders.order_line l on l.order_id = p.order_id and l.buyer = p.buyer
               and l.position = p.line_position and l.superseded is null
           left join orders.order_action a
               on a.order_id = e.order_id and a.buyer = o.buyer and a.version = e.version
           order by e.at desc, e.version desc, e.id desc"#,
        wanted.buyer,
        wanted.supplier,
        wanted.from,
        wanted.until,
        &wanted.sites,
        &wanted.purchasing_groups,
        name(figure),
        after.map(|(at, ..)| at),
        after.map(|(_, version, _)| version),
        after.map(|(.., id)| id),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// As orders.score_evidence calls it: the contract's name in small letters, without what all of them begin with.
fn name(figure: ScoreFigure) -> String {
    figure.as_str_name().trim_start_matches("SCORE_FIGURE_").to_lowercase()
}
