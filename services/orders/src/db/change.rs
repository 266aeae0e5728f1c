//! What revisions read and write.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Reason, Result, db::TenantTx};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::publish::{self, LineRow, OrderRow, ScheduleRow};
use crate::order::{Order, Quantities, Schedule};

/// An order that has a number already.
pub(crate) struct Known {
    pub id: Uuid,
    pub supplier: Uuid,
    /// The supplier's orders are on their way to the firm that took it over.
    pub moving: bool,
    /// The supplier is asked for other values of it.
    pub asked: bool,
    pub revision: i32,
    pub version: i64,
    pub state: i16,
    /// Of the document as it was last sent; `None` where it was published before such was kept.
    pub sent_sha256: Option<Vec<u8>>,
}

/// The buyer's orders of these source systems and numbers.
pub(crate) async fn by_number(
    tx: &mut TenantTx,
    systems: &[String],
    numbers: &[String],
) -> Result<HashMap<(String, String), Known>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select o.source_system, o.order_number, o.id, o.supplier, s.revision, s.version, s.state,
                  r.sent_sha256, coalesce(f.state, 'claimed') = 'claimed' as "moving!",
                  exists (select from orders.pending_change p
                          where p.order_id = o.id and p.buyer = o.buyer and p.kind = 1 and not exists (
                              select from orders.pending_end e
                              where e.order_id = p.order_id and e.buyer = p.buyer and e.change_id = p.id)) as "asked!"
           from unnest($2::text[], $3::text[]) as t(source_system, order_number)
           join orders.purchase_order o
               on o.buyer = $1 and o.source_system = t.source_system and o.order_number = t.order_number
           join orders.order_state s on s.order_id = o.id and s.buyer = o.buyer
           join orders.order_revision r
               on r.order_id = o.id and r.buyer = o.buyer and r.revision = s.revision
           left join partners.firm_name f on f.id = o.supplier"#,
        buyer,
        systems,
        numbers
    )
    .fetch_all(tx.conn())
    .await?;
    let known = rows.into_iter().map(|row| {
        let known = Known {
            id: row.id,
            supplier: row.supplier,
            moving: row.moving,
            asked: row.asked,
            revision: row.revision,
            version: row.version,
            state: row.state,
            sent_sha256: row.sent_sha256,
        };
        ((row.source_system, row.order_number), known)
    });
    Ok(known.collect())
}

/// An order's document as it stands, encoded.
pub(crate) struct Document {
    pub header: Vec<u8>,
    pub vendor_number: String,
    /// Place and content.
    pub lines: Vec<(i32, Vec<u8>)>,
    /// Id, place, place of the line, content.
    pub schedule: Vec<(Uuid, i32, i32, Vec<u8>)>,
}

/// The current document of an order.
pub(crate) async fn document(tx: &mut TenantTx, order: &Order) -> Result<Document> {
    let head = sqlx::query!(
        r#"select content, vendor_number from orders.order_revision
           where order_id = $1 and buyer = $2 and revision = $3"#,
        order.id,
        order.buyer,
        order.revision
    )
    .fetch_one(tx.conn())
    .await?;
    let lines = sqlx::query!(
        r#"select position, content from orders.order_line
           where order_id = $1 and buyer = $2 and superseded is null order by position"#,
        order.id,
        order.buyer
    )
    .fetch_all(tx.conn())
    .await?;
    let schedule = sqlx::query!(
        r#"select id, position, line_position, content from orders.schedule_line
           where order_id = $1 and buyer = $2 and superseded is null order by line_position, position"#,
        order.id,
        order.buyer
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Document {
        header: head.content,
        vendor_number: head.vendor_number,
        lines: lines.into_iter().map(|row| (row.position, row.content)).collect(),
        schedule: schedule
            .into_iter()
            .map(|row| (row.id, row.position, row.line_position, row.content))
            .collect(),
    })
}

/// Rows of one order's new revision.
pub(crate) struct Revision {
    pub order: OrderRow,
    pub lines: Vec<LineRow>,
    /// Rows that are written, whether the schedule line is new or not.
    pub schedule: Vec<ScheduleRow>,
    /// Those of `schedule` that are new.
    pub new: Vec<Uuid>,
    /// Schedule lines that stood before and stand otherwise now.
    pub changed: Vec<Schedule>,
}

/// Writes a revision: what it replaces is superseded, the shared state follows, and the order moves on by one version.
pub(crate) async fn revise(
    tx: &mut TenantTx,
    order: &Order,
    rows: &Revision,
    now: OffsetDateTime,
) -> Result<()> {
    supersede(tx, order, rows).await?;
    publish::insert_revisions(tx, order.buyer, std::slice::from_ref(&rows.order), now).await?;
    publish::insert_lines(tx, order.buyer, &rows.lines).await?;
    publish::insert_schedule(tx, order.buyer, &rows.schedule).await?;
    let new: HashSet<&Uuid> = rows.new.iter().collect();
    let new = rows.schedule.iter().filter(|row| new.contains(&row.id)).collect();
    publish::insert_schedule_states(tx, order.buyer, new).await?;
    restate(tx, order, &rows.changed).await?;
    advance(tx, order, rows.order.requested_date, now).await?;
    sqlx::query!(
        r#"update orders.purchase_order set purchasing_group = $3, sites = $4, search_text = $5, search_keys = $6
           where id = $1 and buyer = $2
               and (purchasing_group, sites, search_text) is distinct from ($3, $4, $5)"#,
        order.id,
        order.buyer,
        order.purchasing_group,
        &order.sites,
        rows.order.search.text,
        &rows.order.search.keys
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn supersede(tx: &mut TenantTx, order: &Order, rows: &Revision) -> Result<()> {
    let positions: Vec<i32> = rows.lines.iter().map(|row| row.position).collect();
    let ids: Vec<Uuid> = rows.schedule.iter().map(|row| row.id).collect();
    sqlx::query!(
        r#"update orders.order_line set superseded = $3
           where order_id = $1 and buyer = $2 and position = any($4) and superseded is null"#,
        order.id,
        order.buyer,
        order.revision,
        &positions
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"update orders.schedule_line set superseded = $3
           where order_id = $1 and buyer = $2 and id = any($4) and superseded is null"#,
        order.id,
        order.buyer,
        order.revision,
        &ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The shared state of schedule lines refers to what is published now.
async fn restate(tx: &mut TenantTx, order: &Order, lines: &[Schedule]) -> Result<()> {
    let quantities = |of: fn(&Quantities) -> Decimal| -> Vec<Decimal> {
        lines.iter().map(|l| of(&l.quantities)).collect()
    };
    let written = sqlx::query!(
        r#"update orders.schedule_state s
           set revision = t.revision, ordered = t.ordered, accepted = t.accepted, rejected = t.rejected,
               proposed = t.proposed, unanswered = t.unanswered, cancelled = t.cancelled,
               answered_since = t.answered_since, closed = t.closed, agreed_differs = t.agreed_differs
           from unnest($3::uuid[], $4::int[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
                       $9::numeric[], $10::numeric[], $11::bigint[], $12::bool[], $13::bool[])
               as t(id, revision, ordered, accepted, rejected, proposed, unanswered, cancelled, answered_since,
                    closed, agreed_differs)
           where s.schedule_line_id = t.id and s.order_id = $1 and s.buyer = $2"#,
        order.id,
        order.buyer,
        &lines.iter().map(|line| line.id).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.revision).collect::<Vec<_>>(),
        &quantities(|q| q.ordered),
        &quantities(|q| q.accepted),
        &quantities(|q| q.rejected),
        &quantities(|q| q.proposed),
        &quantities(|q| q.unanswered),
        &quantities(|q| q.cancelled),
        &lines.iter().map(|line| line.answered_since).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.closed).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.agreed_differs).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    one_each(written.rows_affected(), lines.len())
}

async fn advance(tx: &mut TenantTx, order: &Order, requested_date: Date, now: OffsetDateTime) -> Result<()> {
    let written = sqlx::query!(
        r#"update orders.order_state
           set revision = $3, version = $4, state = $5, unanswered_lines = $6, proposed_lines = $7,
               requested_date = $8, updated_at = $9
           where order_id = $1 and buyer = $2"#,
        order.id,
        order.buyer,
        order.revision,
        order.version,
        order.state() as i16,
        order.unanswered_lines(),
        order.proposed_lines(),
        requested_date,
        now
    )
    .execute(tx.conn())
    .await?;
    one_each(written.rows_affected(), 1)
}

fn one_each(written: u64, expected: usize) -> Result<()> {
    if written == expected as u64 { Ok(()) } else { Err(Error::new(Reason::CONFLICT)) }
}

/// Remembers what was sent for a revision that stands although the document was written otherwise, so that the same
/// again is known at once.
pub(crate) async fn remember_sent(tx: &mut TenantTx, order: &Order, sha256: &[u8]) -> Result<()> {
    sqlx::query!(
        r#"update orders.order_revision set sent_sha256 = $4
           where order_id = $1 and buyer = $2 and revision = $3"#,
        order.id,
        order.buyer,
        order.revision,
        sha256
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Encoded differences of all revisions after this one, oldest first.
pub(crate) async fn differences_after(tx: &mut TenantTx, order: Uuid, revision: i32) -> Result<Vec<Vec<u8>>> {
    let rows = sqlx::query_scalar!(
        r#"select difference from orders.order_action
           where order_id = $1 and action in ('changed', 'change_accepted') and revision > $2 order by version"#,
        order,
        revision
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
