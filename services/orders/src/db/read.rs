//! What reads of whole orders load.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::order::Quantities;

/// An order's header at its newest revision.
pub(crate) struct Head {
    pub id: Uuid,
    pub buyer: Uuid,
    pub buyer_name: String,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub vendor_number: String,
    pub purchasing_group: String,
    pub sites: Vec<String>,
    pub revision: i32,
    pub version: i64,
    pub state: i16,
    pub content: Vec<u8>,
    pub content_sha256: Vec<u8>,
    pub net_amount: Option<Decimal>,
    pub published_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub held: bool,
    pub erp_differs: bool,
}

/// Headers of the orders among these ids that the firm sees.
pub(crate) async fn heads(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Head>> {
    let rows = sqlx::query_as!(
        Head,
        r#"select o.id, o.buyer, coalesce(b.name, '') as "buyer_name!", o.supplier,
                  coalesce(f.name, '') as "supplier_name!", r.vendor_number, o.purchasing_group, o.sites,
                  s.revision, s.version, s.state, r.content, r.content_sha256,
                  r.net_amount, o.published_at, s.updated_at, s.held,
                  exists (select from orders.schedule_state q where q.order_id = o.id
                          and (q.agreed_differs or q.rejected > 0 or q.cancelled > 0)) as "erp_differs!"
           from orders.purchase_order o
           join orders.order_state s on s.order_id = o.id and s.buyer = o.buyer
           join orders.order_revision r on r.order_id = o.id and r.buyer = o.buyer and r.revision = s.revision
           left join partners.firm_name b on b.id = o.buyer
           left join partners.firm_name f on f.id = o.supplier
           where o.id = any($1)
           order by o.id"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Encoded lines of an order at a revision, from `from` on, at most `most`.
pub(crate) async fn lines(
    tx: &mut TenantTx,
    order: Uuid,
    revision: i32,
    from: i32,
    most: i64,
) -> Result<Vec<(i32, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select position, content from orders.order_line
           where order_id = $1 and position >= $2 and revision <= $4
               and (superseded is null or superseded > $4)
           order by position limit $3"#,
        order,
        from,
        most,
        revision
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.position, row.content)).collect())
}

/// A schedule line with its quantities.
pub(crate) struct ScheduleRow {
    pub order: Uuid,
    pub id: Uuid,
    pub line_position: i32,
    pub line_number: String,
    pub schedule_line_number: String,
    pub content: Vec<u8>,
    pub quantities: Quantities,
    pub closed: bool,
    pub agreed_differs: bool,
}

/// Schedule lines of orders with their quantities of now, by order and place; of `only` these where it is given, and
/// as published at a revision, or as current.
// States are looked up line by line, as when an order is loaded.
pub(crate) async fn schedule(
    tx: &mut TenantTx,
    orders: &[Uuid],
    only: Option<&[Uuid]>,
    revision: Option<i32>,
) -> Result<Vec<ScheduleRow>> {
    let rows = sqlx::query!(
        r#"select p.order_id, p.id, p.line_position, l.line_number, p.schedule_line_number, p.content, s.closed,
                  s.agreed_differs,
                  s.ordered, s.accepted, s.rejected, s.proposed, s.unanswered, s.cancelled
           from orders.schedule_line p
           join orders.order_line l
               on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position
                   and (l.superseded is null or l.superseded > $3) and ($3::int is null or l.revision <= $3)
           cross join lateral (
               select * from orders.schedule_state t
               where t.schedule_line_id = p.id and t.buyer = p.buyer limit 1) s
           where p.order_id = any($1) and ($2::uuid[] is null or p.id = any($2))
               and (p.superseded is null or p.superseded > $3) and ($3::int is null or p.revision <= $3)
           order by p.order_id, p.line_position, p.position"#,
        orders,
        only,
        revision
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = rows.into_iter().map(|row| ScheduleRow {
        order: row.order_id,
        id: row.id,
        line_position: row.line_position,
        line_number: row.line_number,
        schedule_line_number: row.schedule_line_number,
        content: row.content,
        closed: row.closed,
        agreed_differs: row.agreed_differs,
        quantities: Quantities {
            ordered: row.ordered,
            accepted: row.accepted,
            rejected: row.rejected,
            proposed: row.proposed,
            unanswered: row.unanswered,
            cancelled: row.cancelled,
        },
    });
    Ok(rows.collect())
}

/// An accepted or rejected part.
pub(crate) struct AnswerRow {
    pub schedule_line_id: Uuid,
    pub version: i64,
    pub response_id: Uuid,
    pub accepted: bool,
    pub quantity: Decimal,
    pub committed_date: Option<Date>,
    pub reject_reason: i16,
    pub note: String,
}

/// Accepted and rejected parts of schedule lines that count, oldest first.
pub(crate) async fn answers(tx: &mut TenantTx, lines: &[Uuid]) -> Result<Vec<AnswerRow>> {
    let rows = sqlx::query_as!(
        AnswerRow,
        r#"select r.schedule_line_id, r.version, r.response_id, r.accepted, r.quantity, r.committed_date,
                  r.reject_reason, r.note
           from orders.response_line r
           join orders.schedule_state s on s.schedule_line_id = r.schedule_line_id and s.buyer = r.buyer
           where r.schedule_line_id = any($1) and r.version > s.answered_since
           order by r.version, r.position"#,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// What cancellations took from promises of schedule lines that count, by schedule line and version.
pub(crate) async fn cancelled_promises(
    tx: &mut TenantTx,
    lines: &[Uuid],
) -> Result<Vec<(Uuid, i64, Decimal)>> {
    let rows = sqlx::query!(
        r#"select c.schedule_line_id, c.version, c.accepted
           from orders.cancellation c
           join orders.schedule_state s on s.schedule_line_id = c.schedule_line_id and s.buyer = c.buyer
           where c.schedule_line_id = any($1) and c.accepted > 0 and c.version > s.answered_since"#,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.schedule_line_id, row.version, row.accepted)).collect())
}

/// A proposal with its decision or other end.
pub(crate) struct ProposalRow {
    pub id: Uuid,
    pub schedule_line_id: Uuid,
    pub response_id: Uuid,
    pub covers: Decimal,
    pub content: Vec<u8>,
    pub at: OffsetDateTime,
    pub accepted: Option<bool>,
    pub resolution_version: Option<i64>,
    pub resolved_at: Option<OffsetDateTime>,
    pub resolution_note: Option<String>,
    /// tandem.orders.v1.ToleranceOutcome
    pub tolerance: Option<Vec<u8>>,
    /// It was made, or agreed to, before the line was last put back to unanswered.
    pub superseded: bool,
    /// Whether it ended without a decision, and by the supplier's hand.
    pub withdrawn: Option<bool>,
    pub ended_at: Option<OffsetDateTime>,
}

/// The most proposals of one schedule line that are read beside those that are open or agreed on: a supplier may propose
/// and withdraw as often as it likes.
const ENDED_PROPOSALS: i64 = 20;

/// Proposals of schedule lines, oldest first: those that are open or agreed on, and of those that are neither any more
/// the newest that ended at or after the version of the order that stands beside the schedule line.
pub(crate) async fn proposals(tx: &mut TenantTx, lines: &[(Uuid, i64)]) -> Result<Vec<ProposalRow>> {
    let rows = sqlx::query_as!(
        ProposalRow,
        r#"select id as "id!", schedule_line_id as "schedule_line_id!", response_id as "response_id!",
                  covers as "covers!", content as "content!", at as "at!",
                  accepted as "accepted?", resolution_version as "resolution_version?",
                  resolved_at as "resolved_at?", resolution_note as "resolution_note?",
                  tolerance as "tolerance?", superseded as "superseded!", withdrawn as "withdrawn?",
                  ended_at as "ended_at?"
           from (
               select *, row_number() over (
                          partition by schedule_line_id, ended is null order by version desc, id) as place
               from (
                   select p.id, p.schedule_line_id, p.response_id, p.covers, p.content, p.at, p.version, w.since,
                          p.tolerance, r.accepted, r.version as resolution_version, r.at as resolved_at,
                          r.note as resolution_note, e.withdrawn, e.at as ended_at,
                          coalesce(r.version, p.version) <= s.answered_since as superseded,
                          coalesce(e.version, case when not r.accepted then r.version end,
                                   case when coalesce(r.version, p.version) <= s.answered_since
                                        then s.answered_since end) as ended
                   from unnest($1::uuid[], $2::bigint[]) as w(line, since)
                   join orders.proposal p on p.schedule_line_id = w.line
                   join orders.schedule_state s on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer
                   left join orders.proposal_end e
                       on e.order_id = p.order_id and e.buyer = p.buyer and e.proposal_id = p.id
                   left join orders.resolution r
                       on r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id
               ) each
           ) placed
           where ended is null or (ended >= since and place <= $3)
           order by version, id"#,
        &lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        &lines.iter().map(|(_, since)| *since).collect::<Vec<_>>(),
        ENDED_PROPOSALS
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// An entry of the timeline.
pub(crate) struct HistoryRow {
    pub version: i64,
    pub at: OffsetDateTime,
    pub action: String,
    pub firm: Uuid,
    pub actor_name: String,
    pub note: String,
    pub schedule_line_ids: Vec<Uuid>,
    /// tandem.orders.v1.OrderDifference
    pub difference: Option<Vec<u8>>,
}

/// Everything that happened to an order, oldest first.
pub(crate) async fn history(tx: &mut TenantTx, order: Uuid) -> Result<Vec<HistoryRow>> {
    let rows = sqlx::query_as!(
        HistoryRow,
        r#"select version as "version!", at as "at!", action as "action!", firm as "firm!",
                  actor_name as "actor_name!", note as "note!", schedule_line_ids as "schedule_line_ids!",
                  difference
           from (
               select 1::bigint as version, published_at as at, 'published' as action, buyer as firm,
                      actor_name, '' as note, '{}'::uuid[] as schedule_line_ids, null::bytea as difference
               from orders.order_revision where order_id = $1 and revision = 1
               union all
               select r.version, r.at, 'responded', r.supplier, r.actor_name, r.note,
                      array(select l.schedule_line_id from orders.response_line l
                            where l.order_id = r.order_id and l.buyer = r.buyer and l.version = r.version
                            union select p.schedule_line_id from orders.proposal p
                            where p.order_id = r.order_id and p.buyer = r.buyer and p.version = r.version
                            order by 1), null
               from orders.response r where r.order_id = $1
               union all
               select d.version, min(d.at), 'proposal_resolved', d.buyer, min(d.actor_name),
                      coalesce(string_agg(distinct nullif(d.note, ''), ' · '), ''),
                      array_agg(p.schedule_line_id order by p.schedule_line_id), null
               from orders.resolution d
               join orders.proposal p on p.order_id = d.order_id and p.buyer = d.buyer and p.id = d.proposal_id
               where d.order_id = $1 and not d.automatic group by d.version, d.buyer
               union all
               select version, at, 'supplier_changed', supplier, '', '', '{}'::uuid[], null
               from orders.supplier_change where order_id = $1
               union all
               select version, at, action, case when by_buyer then buyer else supplier end, actor_name, note,
                      schedule_line_ids, difference
               from orders.order_action where order_id = $1
           ) happened
           order by version"#,
        order
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
