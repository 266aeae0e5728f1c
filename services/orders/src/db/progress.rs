//! How far suppliers are, and what they promised by day.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use sqlx::{FromRow, QueryBuilder};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{order::Order, progress::Line};

/// Schedule lines of an order as far as progress needs them, in their order. Of a closed line nothing is accepted any
/// more, and what was said of a line before it was put back to unanswered was said of something else.
// States are looked up line by line, as when an order is loaded.
pub(crate) async fn lines(tx: &mut TenantTx, order: Uuid) -> Result<Vec<Line>> {
    let lines = sqlx::query_as!(
        Line,
        r#"select p.id, l.line_number, p.schedule_line_number,
                  case when s.closed then 0 else s.accepted end as "accepted!", g.stage as "stage?"
           from orders.schedule_line p
           join orders.order_line l
               on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position
                   and l.superseded is null
           cross join lateral (
               select * from orders.schedule_state t
               where t.schedule_line_id = p.id and t.buyer = p.buyer limit 1) s
           left join lateral (
               select stage from orders.progress g
               where g.order_id = p.order_id and g.buyer = p.buyer and g.schedule_line_id = p.id
                   and g.version > s.answered_since
               order by g.version desc limit 1) g on true
           where p.order_id = $1 and p.superseded is null
           order by p.position"#,
        order
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(lines)
}

/// What a supplier says of lines at one version of their order.
pub(crate) struct Report<'a> {
    pub order: Uuid,
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub version: i64,
    pub lines: Vec<(Uuid, i16)>,
    pub note: &'a str,
    pub actor_name: &'a str,
    pub at: OffsetDateTime,
}

/// Records what a supplier says.
pub(crate) async fn insert(tx: &mut TenantTx, report: &Report<'_>) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.progress
               (order_id, buyer, supplier, version, schedule_line_id, stage, note, actor_name, at)
           select $1, $2, $3, $4, line, stage, $5, $6, $7
           from unnest($8::uuid[], $9::smallint[]) as t(line, stage)"#,
        report.order,
        report.buyer,
        report.supplier,
        report.version,
        report.note,
        report.actor_name,
        report.at,
        &report.lines.iter().map(|line| line.0).collect::<Vec<_>>(),
        &report.lines.iter().map(|line| line.1).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was last said of a schedule line.
#[derive(Clone, Debug)]
pub(crate) struct ProgressRow {
    pub schedule_line_id: Uuid,
    pub stage: i16,
    pub note: String,
    pub actor_name: String,
    pub at: OffsetDateTime,
}

/// What was last said of the schedule lines of orders, by schedule line.
pub(crate) async fn latest(tx: &mut TenantTx, orders: &[Uuid]) -> Result<HashMap<Uuid, ProgressRow>> {
    let rows = sqlx::query_as!(
        ProgressRow,
        r#"select distinct on (g.schedule_line_id) g.schedule_line_id, g.stage, g.note, g.actor_name, g.at
           from orders.progress g
           join orders.schedule_state s on s.schedule_line_id = g.schedule_line_id and s.buyer = g.buyer
           where g.order_id = any($1) and g.version > s.answered_since
           order by g.schedule_line_id, g.version desc"#,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.schedule_line_id, row)).collect())
}

/// Keeps the first promised days of schedule lines: (order, schedule line, day).
pub(crate) async fn promise(
    tx: &mut TenantTx,
    days: &[(&Order, Uuid, Date)],
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.promise (schedule_line_id, order_id, buyer, supplier, committed_date, at)
           select line, order_id, buyer, supplier, day, $1
           from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::date[])
               as t(line, order_id, buyer, supplier, day)
           on conflict (schedule_line_id, buyer) do update
           set committed_date = excluded.committed_date, at = excluded.at"#,
        at,
        &days.iter().map(|each| each.1).collect::<Vec<_>>(),
        &days.iter().map(|each| each.0.id).collect::<Vec<_>>(),
        &days.iter().map(|each| each.0.buyer).collect::<Vec<_>>(),
        &days.iter().map(|each| each.0.supplier).collect::<Vec<_>>(),
        &days.iter().map(|each| each.2).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is at risk, and who asks.
pub(crate) struct RiskFilter {
    pub today: Date,
    /// Promised days before this one are long over.
    pub past_since: Date,
    /// Promised days after this one are far.
    pub near_until: Date,
    /// What was said before this moment is stale.
    pub stale_before: OffsetDateTime,
    pub supplier: Option<Uuid>,
    /// Purchasing groups. `None`: any.
    pub groups: Option<Vec<String>>,
    /// The orders of these groups, where they are few.
    pub among: Option<Vec<Uuid>>,
    pub own_sites: Vec<String>,
}

#[derive(FromRow)]
pub(crate) struct RiskRow {
    pub order_id: Uuid,
    pub order_number: String,
    pub source_system: String,
    pub schedule_line_id: Uuid,
    pub line_number: String,
    pub schedule_line_number: String,
    pub supplier: Uuid,
    pub supplier_name: String,
    pub item_name: String,
    pub unit_code: String,
    pub accepted: Decimal,
    pub committed_date: Date,
    pub stage: Option<i16>,
    pub said_at: Option<OffsetDateTime>,
    pub said_by: Option<String>,
    pub note: Option<String>,
}

/// A page of the tenant's lines at risk, by promised day, one more than `limit` where there is another page.
pub(crate) async fn at_risk(
    tx: &mut TenantTx,
    filter: &RiskFilter,
    after: Option<(Date, Uuid)>,
    limit: i64,
) -> Result<Vec<RiskRow>> {
    let me = tx.firm();
    let mut query = QueryBuilder::new(
        "select m.order_id, o.order_number, o.source_system, \
         m.schedule_line_id, l.line_number, p.schedule_line_number, m.supplier, \
         coalesce(f.name, '') as supplier_name, l.item_name, l.unit_code, q.accepted, m.committed_date, g.stage, \
         g.at as said_at, g.actor_name as said_by, g.note \
         from orders.promise m \
         join orders.purchase_order o on o.id = m.order_id and o.buyer = m.buyer \
         join orders.order_state s on s.order_id = m.order_id and s.buyer = m.buyer and not s.held \
         join orders.schedule_line p \
             on p.id = m.schedule_line_id and p.buyer = m.buyer and p.superseded is null \
         join orders.order_line l on l.order_id = p.order_id and l.buyer = p.buyer \
             and l.position = p.line_position and l.superseded is null \
         join orders.schedule_state q \
             on q.schedule_line_id = m.schedule_line_id and q.buyer = m.buyer and not q.closed \
         left join lateral (select stage, at, actor_name, note from orders.progress g \
             where g.order_id = m.order_id and g.buyer = m.buyer and g.schedule_line_id = m.schedule_line_id \
                 and g.version > q.answered_since \
             order by g.version desc limit 1) g on true \
         left join partners.firm_name f on f.id = m.supplier \
         where m.watched and q.accepted > 0 and m.buyer = ",
    );
    query.push_bind(me).push(" and m.committed_date between ").push_bind(filter.past_since);
    query.push(" and ").push_bind(filter.near_until);
    // As crate::progress::risk, which names the reason.
    query.push(" and ((m.committed_date < ").push_bind(filter.today).push(" and coalesce(g.stage, 0) < 5)");
    query.push(" or g.stage is null or g.stage < 3 or (g.stage < 5 and g.at < ");
    query.push_bind(filter.stale_before).push("))");
    if let Some(supplier) = filter.supplier {
        query.push(" and m.supplier = ").push_bind(supplier);
    }
    if let Some(groups) = &filter.groups {
        query.push(" and o.purchasing_group = any(").push_bind(groups.clone()).push(")");
    }
    if let Some(orders) = &filter.among {
        // Of the lines, whose index leads from an order to them; days lead to those of all orders.
        query.push(" and p.order_id = any(").push_bind(orders.clone()).push(")");
    }
    if !filter.own_sites.is_empty() {
        query.push(" and (o.sites = '{}' or o.sites && ").push_bind(filter.own_sites.clone()).push(")");
    }
    if let Some((day, line)) = after {
        query.push(" and (m.committed_date, m.schedule_line_id) > (").push_bind(day).push(", ");
        query.push_bind(line).push(")");
    }
    query.push(" order by m.committed_date, m.schedule_line_id limit ").push_bind(limit + 1);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}
