//! Changes inside the frozen horizon.

use chassis::{Result, db::TenantTx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::order::Order;

/// A change that waits for the supplier.
#[derive(Clone, Debug)]
pub(crate) struct PendingRow {
    pub id: Uuid,
    /// Of the order, with which it was asked for.
    pub version: i64,
    /// tandem.orders.v1.PendingKind
    pub kind: i16,
    /// Encoded OrderContent or CancelOrderRequest.
    pub content: Vec<u8>,
    /// The header is part of it.
    pub whole: bool,
    /// Encoded tandem.orders.v1.OrderDifference.
    pub difference: Vec<u8>,
    pub reason: i16,
    pub note: String,
    pub actor_name: String,
    pub frozen_until: Date,
    pub at: OffsetDateTime,
}

/// Open pending changes of an order, oldest first.
pub(crate) async fn open(tx: &mut TenantTx, order: Uuid) -> Result<Vec<PendingRow>> {
    let rows = sqlx::query_as!(
        PendingRow,
        r#"select id, version, kind, content, whole, difference, reason, note, actor_name, frozen_until, at
           from orders.pending_change p
           where order_id = $1 and not exists (
               select from orders.pending_end e
               where e.order_id = p.order_id and e.buyer = p.buyer and e.change_id = p.id)
           order by version, id"#,
        order
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Asks for a change, in the order's version.
pub(crate) async fn insert(tx: &mut TenantTx, order: &Order, row: &PendingRow) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.pending_change
               (id, order_id, buyer, supplier, version, kind, content, whole, difference, reason, note, actor_name,
                frozen_until, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        row.id,
        order.id,
        order.buyer,
        order.supplier,
        row.version,
        row.kind,
        row.content,
        row.whole,
        row.difference,
        row.reason,
        row.note,
        row.actor_name,
        row.frozen_until,
        row.at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Schedule lines of an order of which something was cancelled, or which were closed, after a version.
pub(crate) async fn cancelled_since(tx: &mut TenantTx, order: Uuid, version: i64) -> Result<Vec<Uuid>> {
    let lines = sqlx::query_scalar!(
        r#"select schedule_line_id from orders.cancellation where order_id = $1 and version > $2"#,
        order,
        version
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(lines)
}

/// Ends a pending change: `accepted`, `declined`, `withdrawn` or `superseded`, in this version of the order.
pub(crate) async fn end(
    tx: &mut TenantTx,
    order: &Order,
    change: Uuid,
    version: i64,
    outcome: &str,
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.pending_end (change_id, order_id, buyer, supplier, version, outcome, at)
           values ($1, $2, $3, $4, $5, $6, $7)"#,
        change,
        order.id,
        order.buyer,
        order.supplier,
        version,
        outcome,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
