//! What answers and decisions write.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use prost::Message;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::order::{Answered, Order, Part};

/// A response to be recorded, as it goes into the order's history.
pub(crate) struct Response<'a> {
    pub id: Uuid,
    pub order: &'a Order,
    pub answered: &'a Answered,
    /// How proposals compared with tolerances, encoded, by their id.
    pub outcomes: &'a HashMap<Uuid, Vec<u8>>,
    pub note: &'a str,
    pub actor_name: &'a str,
    pub at: OffsetDateTime,
}

/// Records what the supplier answered.
pub(crate) async fn insert_response(tx: &mut TenantTx, response: &Response<'_>) -> Result<()> {
    let order = response.order;
    sqlx::query!(
        r#"insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        response.id,
        order.id,
        order.buyer,
        order.supplier,
        order.revision,
        order.version,
        response.note,
        response.actor_name,
        response.at
    )
    .execute(tx.conn())
    .await?;
    insert_parts(tx, order, response.id, response.answered).await?;
    insert_proposals(tx, response).await
}

/// Records accepted and rejected parts, in the order's version.
pub(crate) async fn insert_parts(
    tx: &mut TenantTx,
    order: &Order,
    response: Uuid,
    answered: &Answered,
) -> Result<()> {
    let mut rows: Vec<(Uuid, bool, Decimal, Option<Date>, i16, String)> = Vec::new();
    for (place, parts) in answered {
        let line = order.schedule[*place].id;
        for part in parts {
            match part {
                Part::Accepted { quantity, committed_date } => {
                    rows.push((line, true, *quantity, *committed_date, 0, String::new()));
                }
                Part::Rejected { quantity, reason, note } => {
                    rows.push((line, false, *quantity, None, *reason as i16, note.clone()));
                }
                Part::Proposed { .. } => {}
            }
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into orders.response_line
               (order_id, buyer, supplier, version, position, response_id, schedule_line_id, accepted, quantity,
                committed_date, reject_reason, note)
           select $1, $2, $3, $4, position, $5, line, accepted, quantity, committed_date, reject_reason, note
           from unnest($6::int[], $7::uuid[], $8::bool[], $9::numeric[], $10::date[], $11::smallint[], $12::text[])
               as t(position, line, accepted, quantity, committed_date, reject_reason, note)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        response,
        &(0..rows.len() as i32).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.3).collect::<Vec<_>>() as &[Option<Date>],
        &rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.5.clone()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A proposal: id, schedule line, what it covers, its content, and what tolerances made of it.
type ProposalRow = (Uuid, Uuid, Decimal, Vec<u8>, Option<Vec<u8>>);

async fn insert_proposals(tx: &mut TenantTx, response: &Response<'_>) -> Result<()> {
    let order = response.order;
    let mut rows: Vec<ProposalRow> = Vec::new();
    for (place, parts) in response.answered {
        for part in parts {
            if let Part::Proposed { id, covers, content } = part {
                let outcome = response.outcomes.get(id).cloned();
                rows.push((*id, order.schedule[*place].id, *covers, content.encode_to_vec(), outcome));
            }
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into orders.proposal
               (id, order_id, buyer, supplier, version, response_id, schedule_line_id, covers, content, tolerance, at)
           select id, $1, $2, $3, $4, $5, line, covers, content, tolerance, $6
           from unnest($7::uuid[], $8::uuid[], $9::numeric[], $10::bytea[], $11::bytea[])
               as t(id, line, covers, content, tolerance)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        response.id,
        response.at,
        &rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.3.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.4.clone()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that the buyer's tolerances agreed to proposals of this very transaction, in the order's version.
pub(crate) async fn insert_agreed(
    tx: &mut TenantTx,
    order: &Order,
    proposals: &[Uuid],
    at: OffsetDateTime,
) -> Result<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into orders.resolution
               (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at, automatic)
           select id, $1, $2, $3, $4, true, '', '', $5, true from unnest($6::uuid[]) as t(id)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        at,
        proposals,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records what the buyer decided: (proposal, accepted, note).
pub(crate) async fn insert_resolutions(
    tx: &mut TenantTx,
    order: &Order,
    decisions: &[(Uuid, bool, String)],
    actor_name: &str,
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.resolution
               (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at)
           select id, $1, $2, $3, $4, accepted, note, $5, $6
           from unnest($7::uuid[], $8::bool[], $9::text[]) as t(id, accepted, note)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        actor_name,
        at,
        &decisions.iter().map(|decision| decision.0).collect::<Vec<_>>(),
        &decisions.iter().map(|decision| decision.1).collect::<Vec<_>>(),
        &decisions.iter().map(|decision| decision.2.clone()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
