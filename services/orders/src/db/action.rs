//! What is recorded of everything other than answers and decisions.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::order::{Order, cancel::Cancelled};

/// An entry of the order's history, at the version that the order has now.
pub(crate) struct Action<'a> {
    /// As in tandem.orders.v1.HistoryEntry.
    pub action: &'a str,
    pub by_buyer: bool,
    /// CancelReason or HoldReason; 0 where there is none.
    pub reason: i32,
    pub note: &'a str,
    pub actor_name: &'a str,
    pub at: OffsetDateTime,
    pub schedule_lines: Vec<Uuid>,
    /// Encoded tandem.orders.v1.OrderDifference.
    pub difference: Vec<u8>,
}

/// Records what happened.
pub(crate) async fn insert(tx: &mut TenantTx, order: &Order, action: &Action<'_>) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.order_action
               (order_id, buyer, supplier, version, revision, action, by_buyer, reason, note, actor_name, at,
                schedule_line_ids, difference)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        order.revision,
        action.action,
        action.by_buyer,
        action.reason as i16,
        action.note,
        action.actor_name,
        action.at,
        &action.schedule_lines,
        action.difference
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records what was cancelled, with the proposals that are void because of it.
pub(crate) async fn insert_cancellations(
    tx: &mut TenantTx,
    order: &Order,
    cancelled: &[Cancelled],
    at: OffsetDateTime,
) -> Result<()> {
    let lines: Vec<Uuid> = cancelled.iter().map(|each| order.schedule[each.place].id).collect();
    sqlx::query!(
        r#"insert into orders.cancellation
               (order_id, buyer, supplier, version, schedule_line_id, unanswered, accepted, proposed)
           select $1, $2, $3, $4, line, unanswered, accepted, proposed
           from unnest($5::uuid[], $6::numeric[], $7::numeric[], $8::numeric[])
               as t(line, unanswered, accepted, proposed)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        &lines,
        &cancelled.iter().map(|each| each.unanswered).collect::<Vec<_>>(),
        &cancelled.iter().map(|each| each.accepted).collect::<Vec<_>>(),
        &cancelled.iter().map(|each| each.proposed).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    let superseded: Vec<Uuid> = cancelled.iter().flat_map(|each| each.superseded.clone()).collect();
    end_proposals(tx, order, &superseded, false, at).await
}

/// Records that proposals ended without a decision: withdrawn, or superseded.
pub(crate) async fn end_proposals(
    tx: &mut TenantTx,
    order: &Order,
    proposals: &[Uuid],
    withdrawn: bool,
    at: OffsetDateTime,
) -> Result<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into orders.proposal_end (order_id, buyer, supplier, proposal_id, version, withdrawn, at)
           select $1, $2, $3, proposal, $4, $5, $6 from unnest($7::uuid[]) as t(proposal)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        withdrawn,
        at,
        proposals
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks schedule lines as closed.
pub(crate) async fn close(tx: &mut TenantTx, order: &Order, lines: &[Uuid]) -> Result<()> {
    sqlx::query!(
        r#"update orders.schedule_state set closed = true
           where order_id = $1 and buyer = $2 and schedule_line_id = any($3)"#,
        order.id,
        order.buyer,
        lines
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
