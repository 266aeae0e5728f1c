//! Reminders and what became of them.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use sqlx::{FromRow, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

/// A reminder to be sent.
pub(crate) struct NewReminder {
    pub id: Uuid,
    pub order: Uuid,
    pub supplier: Uuid,
    pub version: i64,
}

/// When the suppliers of these orders were last reminded.
pub(crate) async fn last(tx: &mut TenantTx, orders: &[Uuid]) -> Result<HashMap<Uuid, OffsetDateTime>> {
    let rows = sqlx::query!(
        r#"select order_id, max(sent_at) as "sent_at!" from orders.reminder
           where order_id = any($1) group by order_id"#,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.sent_at)).collect())
}

/// Records reminders of the tenant, all with one message.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    reminders: &[NewReminder],
    message: &str,
    automatic: bool,
    actor_name: &str,
    at: OffsetDateTime,
) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into orders.reminder
               (id, order_id, buyer, supplier, version, message, automatic, actor_name, sent_at)
           select id, order_id, $1, supplier, version, $2, $3, $4, $5
           from unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[]) as t(id, order_id, supplier, version)"#,
        buyer,
        message,
        automatic,
        actor_name,
        at,
        &reminders.iter().map(|each| each.id).collect::<Vec<_>>(),
        &reminders.iter().map(|each| each.order).collect::<Vec<_>>(),
        &reminders.iter().map(|each| each.supplier).collect::<Vec<_>>(),
        &reminders.iter().map(|each| each.version).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many of these reminders were sent to the tenant.
pub(crate) async fn count_own(tx: &mut TenantTx, ids: &[Uuid]) -> Result<i64> {
    let supplier = tx.firm();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders.reminder where supplier = $1 and id = any($2)"#,
        supplier,
        ids
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

/// Reminders that were sent to the tenant arrived; how many of them for the first time.
pub(crate) async fn deliver(tx: &mut TenantTx, ids: &[Uuid], at: OffsetDateTime) -> Result<u64> {
    let supplier = tx.firm();
    let done = sqlx::query!(
        r#"insert into orders.reminder_receipt (reminder_id, order_id, buyer, supplier, delivered_at)
           select r.id, r.order_id, r.buyer, r.supplier, $3
           from orders.reminder r where r.supplier = $1 and r.id = any($2)
           on conflict do nothing"#,
        supplier,
        ids,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Reminders of these orders arrived at the tenant, who looks at a list of them.
pub(crate) async fn deliver_of(tx: &mut TenantTx, orders: &[Uuid], at: OffsetDateTime) -> Result<u64> {
    let supplier = tx.firm();
    let done = sqlx::query!(
        r#"insert into orders.reminder_receipt (reminder_id, order_id, buyer, supplier, delivered_at)
           select r.id, r.order_id, r.buyer, r.supplier, $3
           from orders.reminder r
           where r.supplier = $1 and r.order_id = any($2) and not exists (
               select from orders.reminder_receipt d
               where d.order_id = r.order_id and d.buyer = r.buyer and d.reminder_id = r.id)
           on conflict do nothing"#,
        supplier,
        orders,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Somebody of the tenant looked at an order: its reminders are delivered and opened. How many for the first time.
pub(crate) async fn open(
    tx: &mut TenantTx,
    order: Uuid,
    actor_name: &str,
    at: OffsetDateTime,
) -> Result<u64> {
    let supplier = tx.firm();
    let done = sqlx::query!(
        r#"insert into orders.reminder_receipt as d
               (reminder_id, order_id, buyer, supplier, delivered_at, opened_at, opened_by)
           select r.id, r.order_id, r.buyer, r.supplier, $3, $3, $4
           from orders.reminder r
           where r.supplier = $1 and r.order_id = $2 and not exists (
               select from orders.reminder_receipt o
               where o.order_id = r.order_id and o.buyer = r.buyer and o.reminder_id = r.id
                   and o.opened_at is not null)
           on conflict (order_id, buyer, reminder_id) do update
           set opened_at = excluded.opened_at, opened_by = excluded.opened_by
           where d.opened_at is null"#,
        supplier,
        order,
        at,
        actor_name
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// A reminder that nobody of the supplier has opened.
pub(crate) struct UnopenedRow {
    pub order_id: Uuid,
    pub id: Uuid,
    pub message: String,
    pub automatic: bool,
    pub actor_name: String,
    pub sent_at: OffsetDateTime,
    pub delivered_at: Option<OffsetDateTime>,
}

/// The newest reminder of each of these orders that nobody of the tenant has opened, where there is one.
pub(crate) async fn unopened(tx: &mut TenantTx, orders: &[Uuid]) -> Result<HashMap<Uuid, UnopenedRow>> {
    let supplier = tx.firm();
    let rows = sqlx::query_as!(
        UnopenedRow,
        r#"select distinct on (r.order_id) r.order_id, r.id, r.message, r.automatic, r.actor_name, r.sent_at,
                  d.delivered_at as "delivered_at?"
           from orders.reminder r
           left join orders.reminder_receipt d
               on d.order_id = r.order_id and d.buyer = r.buyer and d.reminder_id = r.id
           where r.supplier = $1 and r.order_id = any($2) and d.opened_at is null
           order by r.order_id, r.id desc"#,
        supplier,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row)).collect())
}

/// What selects reminders, the caller's own narrowing included.
#[derive(Default)]
pub(crate) struct Filter {
    pub order: Option<Uuid>,
    pub counterparty: Option<Uuid>,
    pub sent: bool,
    pub delivered: bool,
    pub opened: bool,
    pub own_purchasing_groups: Vec<String>,
    pub own_sites: Vec<String>,
}

#[derive(FromRow)]
pub(crate) struct ReminderRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub order_number: String,
    pub source_system: String,
    pub buyer: Uuid,
    pub buyer_name: String,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub message: String,
    pub automatic: bool,
    pub actor_name: String,
    pub sent_at: OffsetDateTime,
    pub delivered_at: Option<OffsetDateTime>,
    pub opened_at: Option<OffsetDateTime>,
    pub opened_by: Option<String>,
}

/// A page of reminders of either side, newest first, one more than `limit` where there is another page.
pub(crate) async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReminderRow>> {
    let me = tx.firm();
    let mut query = QueryBuilder::new(
        "select r.id, r.order_id, o.order_number, o.source_system, r.buyer, coalesce(b.name, '') as buyer_name, \
         r.supplier, coalesce(f.name, '') as supplier_name, r.message, r.automatic, r.actor_name, r.sent_at, \
         d.delivered_at, d.opened_at, d.opened_by \
         from orders.reminder r \
         join orders.purchase_order o on o.id = r.order_id and o.buyer = r.buyer \
         left join orders.reminder_receipt d \
             on d.order_id = r.order_id and d.buyer = r.buyer and d.reminder_id = r.id \
         left join partners.firm_name b on b.id = r.buyer left join partners.firm_name f on f.id = r.supplier \
         where (r.buyer = ",
    );
    query.push_bind(me).push(" or r.supplier = ").push_bind(me).push(")");
    if let Some(order) = filter.order {
        query.push(" and r.order_id = ").push_bind(order);
    }
    if let Some(other) = filter.counterparty {
        query.push(" and ").push_bind(other).push(" in (r.buyer, r.supplier)");
    }
    if filter.sent || filter.delivered || filter.opened {
        query.push(" and ((").push_bind(filter.sent).push(" and d.delivered_at is null)");
        query.push(" or (").push_bind(filter.delivered);
        query.push(" and d.delivered_at is not null and d.opened_at is null)");
        query.push(" or (").push_bind(filter.opened).push(" and d.opened_at is not null))");
    }
    if !filter.own_purchasing_groups.is_empty() {
        query.push(" and (r.supplier = ").push_bind(me).push(" or o.purchasing_group = any(");
        query.push_bind(filter.own_purchasing_groups.clone()).push("))");
    }
    if !filter.own_sites.is_empty() {
        query.push(" and (r.supplier = ").push_bind(me).push(" or o.sites = '{}' or o.sites && ");
        query.push_bind(filter.own_sites.clone()).push(")");
    }
    if let Some(after) = after {
        query.push(" and r.id < ").push_bind(after);
    }
    query.push(" order by r.id desc limit ").push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}
