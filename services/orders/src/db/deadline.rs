//! Until when answers are due.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::deadline::{Deadline, Due};

/// A period of waiting as it begins.
pub(crate) struct NewDeadline {
    pub order: Uuid,
    pub supplier: Uuid,
    pub due: Due,
}

/// Begins a period of waiting for each of the tenant's orders; what was before is over.
pub(crate) async fn begin(tx: &mut TenantTx, new: &[NewDeadline]) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into orders.answer_deadline
               (order_id, buyer, supplier, due_on, certain, remind_on, watched)
           select id, $1, supplier, due_on, certain, remind_on, true
           from unnest($2::uuid[], $3::uuid[], $4::date[], $5::bool[], $6::date[])
               as t(id, supplier, due_on, certain, remind_on)
           on conflict (order_id, buyer) do update
           set due_on = excluded.due_on, certain = excluded.certain, remind_on = excluded.remind_on,
               paused_on = null, watched = true"#,
        buyer,
        &new.iter().map(|each| each.order).collect::<Vec<_>>(),
        &new.iter().map(|each| each.supplier).collect::<Vec<_>>(),
        &new.iter().map(|each| each.due.on).collect::<Vec<_>>(),
        &new.iter().map(|each| each.due.certain).collect::<Vec<_>>(),
        &new.iter().map(|each| each.due.remind_on).collect::<Vec<_>>() as &[Option<Date>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stops the clock of an order of the tenant.
pub(crate) async fn pause(tx: &mut TenantTx, order: Uuid, today: Date) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"update orders.answer_deadline set paused_on = $3 where buyer = $1 and order_id = $2"#,
        buyer,
        order,
        today
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When an order of the tenant was due whose clock stands, and since when it does.
pub(crate) async fn paused(tx: &mut TenantTx, order: Uuid) -> Result<Option<(Due, Date)>> {
    let buyer = tx.firm();
    let row = sqlx::query!(
        r#"select due_on, certain, remind_on, paused_on as "paused_on!" from orders.answer_deadline
           where buyer = $1 and order_id = $2 and paused_on is not null"#,
        buyer,
        order
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (Due { on: row.due_on, certain: row.certain, remind_on: row.remind_on }, row.paused_on)))
}

/// Lets the clock of an order of the tenant go on, until another day.
pub(crate) async fn resume(tx: &mut TenantTx, order: Uuid, due: Due) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"update orders.answer_deadline set paused_on = null, due_on = $3, certain = $4, remind_on = $5
           where buyer = $1 and order_id = $2"#,
        buyer,
        order,
        due.on,
        due.certain,
        due.remind_on
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has the deadline of an order looked at again that the tenant supplies.
pub(crate) async fn watch_again(tx: &mut TenantTx, order: Uuid) -> Result<()> {
    sqlx::query!("select orders.watch_again($1)", order).execute(tx.conn()).await?;
    Ok(())
}

/// Deadlines that have to be looked at on a day, in all firms: (buyer, order). Outside any firm: ids only.
pub(crate) async fn to_sweep(tx: &mut TenantTx, today: Date, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"select buyer as "buyer!", order_id as "order_id!" from orders.deadlines_to_sweep($1, $2)"#,
        today,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.buyer, row.order_id)).collect())
}

/// Deadlines of the tenant's orders, whose states are locked.
pub(crate) async fn of_locked(tx: &mut TenantTx, orders: &[Uuid]) -> Result<HashMap<Uuid, Deadline>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select d.order_id, d.due_on, d.remind_on, d.paused_on, d.watched, s.unanswered_lines
           from orders.answer_deadline d
           join orders.order_state s on s.order_id = d.order_id and s.buyer = d.buyer
           where d.buyer = $1 and d.order_id = any($2)"#,
        buyer,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    let deadlines = rows.into_iter().map(|row| {
        let deadline = Deadline {
            due_on: row.due_on,
            remind_on: row.remind_on,
            paused_on: row.paused_on,
            watched: row.watched,
            waiting: row.unanswered_lines > 0,
        };
        (row.order_id, deadline)
    });
    Ok(deadlines.collect())
}

/// Looks no more at these deadlines of the tenant.
pub(crate) async fn settle(tx: &mut TenantTx, orders: &[Uuid]) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"update orders.answer_deadline set watched = false, remind_on = null
           where buyer = $1 and order_id = any($2)"#,
        buyer,
        orders
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The reminders that the terms want were sent, or are not wanted any more.
pub(crate) async fn reminded(tx: &mut TenantTx, orders: &[Uuid]) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"update orders.answer_deadline set remind_on = null where buyer = $1 and order_id = any($2)"#,
        buyer,
        orders
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that answers are overdue: (order, supplier, version, due day).
pub(crate) async fn insert_overdue(
    tx: &mut TenantTx,
    overdue: &[(Uuid, Uuid, i64, Date)],
    at: OffsetDateTime,
) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into orders.answer_overdue (order_id, buyer, supplier, version, due_on, at)
           select id, $1, supplier, version, due_on, $2
           from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::date[]) as t(id, supplier, version, due_on)"#,
        buyer,
        at,
        &overdue.iter().map(|row| row.0).collect::<Vec<_>>(),
        &overdue.iter().map(|row| row.1).collect::<Vec<_>>(),
        &overdue.iter().map(|row| row.2).collect::<Vec<_>>(),
        &overdue.iter().map(|row| row.3).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The deadline of an order as both sides see it.
pub(crate) struct DueRow {
    pub due_on: Date,
    pub certain: bool,
    pub paused_on: Option<Date>,
}

/// The deadline of an order that waits for its supplier.
pub(crate) async fn of(tx: &mut TenantTx, order: Uuid) -> Result<Option<DueRow>> {
    let row = sqlx::query_as!(
        DueRow,
        r#"select d.due_on, d.certain, d.paused_on
           from orders.answer_deadline d
           join orders.order_state s on s.order_id = d.order_id and s.buyer = d.buyer
           where d.order_id = $1 and s.unanswered_lines > 0"#,
        order
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}
