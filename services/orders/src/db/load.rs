//! What a command loads and locks.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

use crate::order::{OpenProposal, Order, Quantities, Schedule};

/// Locks the orders' shared state in id order and loads what commands need. Orders that the firm does not see are
/// missing from the answer. Only the state row is locked: the other side's published rows cannot be, and a lock on
/// them would silently find nothing.
pub(crate) async fn for_update(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashMap<Uuid, Order>> {
    lock(tx, ids).await?;
    let rows = sqlx::query!(
        r#"select s.order_id, s.buyer, s.supplier, s.revision, s.version, s.held,
                  o.source_system, o.order_number, o.purchasing_group, o.sites
           from orders.order_state s
           join orders.purchase_order o on o.id = s.order_id and o.buyer = s.buyer
           where s.order_id = any($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut orders: HashMap<Uuid, Order> = rows
        .into_iter()
        .map(|row| {
            let order = Order {
                id: row.order_id,
                buyer: row.buyer,
                supplier: row.supplier,
                source_system: row.source_system,
                order_number: row.order_number,
                purchasing_group: row.purchasing_group,
                sites: row.sites,
                revision: row.revision,
                version: row.version,
                held: row.held,
                schedule: Vec::new(),
                proposals: Vec::new(),
            };
            (order.id, order)
        })
        .collect();
    for (order, schedule) in schedule(tx, ids).await? {
        if let Some(order) = orders.get_mut(&order) {
            order.schedule.push(schedule);
        }
    }
    for (order, proposal) in open_proposals(tx, ids).await? {
        if let Some(order) = orders.get_mut(&order) {
            order.proposals.push(proposal);
        }
    }
    Ok(orders)
}

/// Locks the shared state of the orders that the firm sees, in id order. Whatever is read of them is read by a later
/// statement: one that waited for the lock would still see the rows beside it as they were before.
pub(crate) async fn lock(tx: &mut TenantTx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        r#"select order_id from orders.order_state where order_id = any($1) order by order_id for update"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// One order as it stands, without a lock: for what is not saved. `None` where the firm does not see it.
pub(crate) async fn unlocked(tx: &mut TenantTx, id: Uuid) -> Result<Option<Order>> {
    let row = sqlx::query!(
        r#"select s.order_id, s.buyer, s.supplier, s.revision, s.version, s.held,
                  o.source_system, o.order_number, o.purchasing_group, o.sites
           from orders.order_state s
           join orders.purchase_order o on o.id = s.order_id and o.buyer = s.buyer
           where s.order_id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Order {
        id: row.order_id,
        buyer: row.buyer,
        supplier: row.supplier,
        source_system: row.source_system,
        order_number: row.order_number,
        purchasing_group: row.purchasing_group,
        sites: row.sites,
        revision: row.revision,
        version: row.version,
        held: row.held,
        schedule: schedule(tx, &[id]).await?.into_iter().map(|(_, schedule)| schedule).collect(),
        proposals: open_proposals(tx, &[id]).await?.into_iter().map(|(_, proposal)| proposal).collect(),
    }))
}

/// The state of each line is looked up for it: as a plain join, a plan that was made while the tables were empty may hold
/// all lines against all states, since each has the buyer, and an order of 2,500 lines was not answered in half a minute.
async fn schedule(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Schedule)>> {
    let rows = sqlx::query!(
        r#"select p.order_id, p.id, l.line_number, p.schedule_line_number, p.requested_date, s.revision,
                  s.answered_since, s.closed, s.agreed_differs,
                  s.ordered, s.accepted, s.rejected, s.proposed, s.unanswered, s.cancelled
           from orders.schedule_line p
           join orders.order_line l
               on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position
                   and l.superseded is null
           cross join lateral (
               select * from orders.schedule_state t
               where t.schedule_line_id = p.id and t.buyer = p.buyer limit 1) s
           where p.order_id = any($1) and p.superseded is null
           order by p.order_id, p.line_position, p.position"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let schedule = rows.into_iter().map(|row| {
        let schedule = Schedule {
            id: row.id,
            line_number: row.line_number,
            schedule_line_number: row.schedule_line_number,
            requested_date: row.requested_date,
            quantities: Quantities {
                ordered: row.ordered,
                accepted: row.accepted,
                rejected: row.rejected,
                proposed: row.proposed,
                unanswered: row.unanswered,
                cancelled: row.cancelled,
            },
            revision: row.revision,
            answered_since: row.answered_since,
            closed: row.closed,
            agreed_differs: row.agreed_differs,
        };
        (row.order_id, schedule)
    });
    Ok(schedule.collect())
}

async fn open_proposals(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<(Uuid, OpenProposal)>> {
    let rows = sqlx::query!(
        r#"select p.order_id, p.id, p.schedule_line_id, p.covers
           from orders.proposal p
           join orders.schedule_state s on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer
           where p.order_id = any($1) and p.version > s.answered_since
             and not exists (select from orders.resolution r
                             where r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id)
             and not exists (select from orders.proposal_end e
                             where e.order_id = p.order_id and e.buyer = p.buyer and e.proposal_id = p.id)
           order by p.order_id, p.version, p.id"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let open = rows.into_iter().map(|row| {
        (row.order_id, OpenProposal { id: row.id, schedule_line: row.schedule_line_id, covers: row.covers })
    });
    Ok(open.collect())
}

/// Writes the orders' quantities, state and version. CONFLICT where a row was not there.
pub(crate) async fn save(
    tx: &mut TenantTx,
    changed: &[(&Order, &[usize])],
    now: time::OffsetDateTime,
) -> Result<()> {
    let orders: Vec<&Order> = changed.iter().map(|(order, _)| *order).collect();
    let touched: Vec<&Schedule> = changed
        .iter()
        .flat_map(|(order, places)| places.iter().map(|place| &order.schedule[*place]))
        .collect();
    let quantities = |of: fn(&Quantities) -> rust_decimal::Decimal| -> Vec<_> {
        touched.iter().map(|line| of(&line.quantities)).collect()
    };
    // Not `= any`: a kept plan would go by the order, and read all of its lines for each of them.
    let lines = sqlx::query!(
        r#"update orders.schedule_state s
           set accepted = t.accepted, rejected = t.rejected, proposed = t.proposed, unanswered = t.unanswered,
               cancelled = t.cancelled, agreed_differs = t.agreed_differs
           from unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[],
                       $7::bool[])
               as t(id, accepted, rejected, proposed, unanswered, cancelled, agreed_differs)
           where s.schedule_line_id = t.id and array_position($8::uuid[], s.order_id) is not null"#,
        &touched.iter().map(|line| line.id).collect::<Vec<_>>(),
        &quantities(|q| q.accepted),
        &quantities(|q| q.rejected),
        &quantities(|q| q.proposed),
        &quantities(|q| q.unanswered),
        &quantities(|q| q.cancelled),
        &touched.iter().map(|line| line.agreed_differs).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.id).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    let states = sqlx::query!(
        r#"update orders.order_state s
           set version = t.version, state = t.state, unanswered_lines = t.unanswered_lines,
               proposed_lines = t.proposed_lines, held = t.held, updated_at = $1
           from unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::int[], $6::int[], $7::bool[])
               as t(id, version, state, unanswered_lines, proposed_lines, held)
           where s.order_id = t.id"#,
        now,
        &orders.iter().map(|order| order.id).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.version).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.state() as i16).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.unanswered_lines()).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.proposed_lines()).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.held).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    if lines.rows_affected() != touched.len() as u64 || states.rows_affected() != orders.len() as u64 {
        return Err(chassis::Error::new(chassis::Reason::CONFLICT));
    }
    Ok(())
}
