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

/// Records what the supplier answered to orders.
pub(crate) async fn insert_responses(tx: &mut TenantTx, responses: &[Response<'_>]) -> Result<()> {
    let orders: Vec<&Order> = responses.iter().map(|response| response.order).collect();
    let of = Columns::of(&orders);
    sqlx::query!(
        r#"insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::bigint[], $7::text[],
                                $8::text[], $9::timestamptz[])"#,
        &responses.iter().map(|response| response.id).collect::<Vec<_>>(),
        &of.order,
        &of.buyer,
        &of.supplier,
        &orders.iter().map(|order| order.revision).collect::<Vec<_>>(),
        &of.version,
        &responses.iter().map(|response| response.note.to_owned()).collect::<Vec<_>>(),
        &responses.iter().map(|response| response.actor_name.to_owned()).collect::<Vec<_>>(),
        &responses.iter().map(|response| response.at).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    let parts: Vec<_> =
        responses.iter().map(|response| (response.order, response.id, response.answered)).collect();
    insert_parts(tx, &parts).await?;
    insert_proposals(tx, responses).await
}

/// What names the order, its firms and its version in each of many rows.
struct Columns {
    order: Vec<Uuid>,
    buyer: Vec<Uuid>,
    supplier: Vec<Uuid>,
    version: Vec<i64>,
}

impl Columns {
    fn of(orders: &[&Order]) -> Self {
        Self {
            order: orders.iter().map(|order| order.id).collect(),
            buyer: orders.iter().map(|order| order.buyer).collect(),
            supplier: orders.iter().map(|order| order.supplier).collect(),
            version: orders.iter().map(|order| order.version).collect(),
        }
    }
}

/// An accepted or rejected part as a row.
struct PartRow<'a> {
    order: &'a Order,
    response: Uuid,
    position: i32,
    line: Uuid,
    accepted: bool,
    quantity: Decimal,
    committed_date: Option<Date>,
    reject_reason: i16,
    note: &'a str,
}

/// The rows of one answer, counted from 0.
fn part_rows<'a>(order: &'a Order, response: Uuid, answered: &'a Answered) -> Vec<PartRow<'a>> {
    let parts = answered.iter().flat_map(|(place, parts)| parts.iter().map(|part| (*place, part)));
    let rows = parts.filter_map(|(place, part)| {
        let (accepted, quantity, committed_date, reject_reason, note) = match part {
            Part::Accepted { quantity, committed_date } => (true, *quantity, *committed_date, 0, ""),
            Part::Rejected { quantity, reason, note } => {
                (false, *quantity, None, *reason as i16, note.as_str())
            }
            Part::Proposed { .. } => return None,
        };
        let line = order.schedule[place].id;
        Some((line, accepted, quantity, committed_date, reject_reason, note))
    });
    rows.zip(0..)
        .map(|((line, accepted, quantity, committed_date, reject_reason, note), position)| PartRow {
            order,
            response,
            position,
            line,
            accepted,
            quantity,
            committed_date,
            reject_reason,
            note,
        })
        .collect()
}

/// Records accepted and rejected parts, each answer in its order's version: (order, response, what was answered).
pub(crate) async fn insert_parts(tx: &mut TenantTx, answers: &[(&Order, Uuid, &Answered)]) -> Result<()> {
    let rows: Vec<PartRow<'_>> = answers
        .iter()
        .flat_map(|(order, response, answered)| part_rows(order, *response, answered))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let of = Columns::of(&rows.iter().map(|row| row.order).collect::<Vec<_>>());
    sqlx::query!(
        r#"insert into orders.response_line
               (order_id, buyer, supplier, version, position, response_id, schedule_line_id, accepted, quantity,
                committed_date, reject_reason, note)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::int[], $6::uuid[], $7::uuid[],
                                $8::bool[], $9::numeric[], $10::date[], $11::smallint[], $12::text[])"#,
        &of.order,
        &of.buyer,
        &of.supplier,
        &of.version,
        &rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.response).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.accepted).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.quantity).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.committed_date).collect::<Vec<_>>() as &[Option<Date>],
        &rows.iter().map(|row| row.reject_reason).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.note.to_owned()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A proposal: its response, id and schedule line, what it covers, its content, and what tolerances made of it.
type ProposalRow<'a> = (&'a Response<'a>, Uuid, Uuid, Decimal, Vec<u8>, Option<Vec<u8>>);

async fn insert_proposals(tx: &mut TenantTx, responses: &[Response<'_>]) -> Result<()> {
    let mut rows: Vec<ProposalRow<'_>> = Vec::new();
    for response in responses {
        for (place, part) in
            response.answered.iter().flat_map(|(place, parts)| parts.iter().map(|part| (*place, part)))
        {
            if let Part::Proposed { id, covers, content } = part {
                let line = response.order.schedule[place].id;
                let outcome = response.outcomes.get(id).cloned();
                rows.push((response, *id, line, *covers, content.encode_to_vec(), outcome));
            }
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let of = Columns::of(&rows.iter().map(|row| row.0.order).collect::<Vec<_>>());
    sqlx::query!(
        r#"insert into orders.proposal
               (id, order_id, buyer, supplier, version, response_id, schedule_line_id, covers, content, tolerance, at)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[], $7::uuid[],
                                $8::numeric[], $9::bytea[], $10::bytea[], $11::timestamptz[])"#,
        &rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        &of.order,
        &of.buyer,
        &of.supplier,
        &of.version,
        &rows.iter().map(|row| row.0.id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.4.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.5.clone()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
        &rows.iter().map(|row| row.0.at).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that buyers' tolerances agreed to proposals of this very transaction, in their order's version.
pub(crate) async fn insert_agreed(
    tx: &mut TenantTx,
    proposals: &[(&Order, Uuid)],
    at: OffsetDateTime,
) -> Result<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    let of = Columns::of(&proposals.iter().map(|(order, _)| *order).collect::<Vec<_>>());
    sqlx::query!(
        r#"insert into orders.resolution
               (proposal_id, order_id, buyer, supplier, version, accepted, note, actor_name, at, automatic)
           select id, order_id, buyer, supplier, version, true, '', '', $6, true
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
               as t(id, order_id, buyer, supplier, version)"#,
        &proposals.iter().map(|(_, id)| *id).collect::<Vec<_>>(),
        &of.order,
        &of.buyer,
        &of.supplier,
        &of.version,
        at,
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
