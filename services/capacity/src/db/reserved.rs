//! What order lines make in hours that they reserved, so that it counts once. All of the supplier's tenant.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::week::{Booked, Key, whose};
use crate::matching::{Lines, OrderLine, Series, plus};

/// What lines consumed of groups' own offers, by group and week.
pub(crate) type Consumed = BTreeMap<Uuid, BTreeMap<Date, Lines>>;

/// What order lines consumed of these groups' own offers.
pub(crate) async fn consumed(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Consumed> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select o.group_id, b.monday, r.order_id as "order_id!", r.order_line as "order_line!",
                  sum(p.quantity) as "quantity!"
           from capacity.offer o
           join capacity.reservation r on r.supplier = o.supplier and r.offer_id = o.id and r.state = 'consumed'
           join capacity.reservation_part p on p.supplier = r.supplier and p.reservation_id = r.id
           join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
           where o.supplier = $1 and o.group_id = any($2)
           group by 1, 2, 3, 4"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    let mut consumed = Consumed::new();
    for row in rows {
        let week = consumed.entry(row.group_id).or_default().entry(row.monday).or_default();
        week.insert((row.order_id, row.order_line), row.quantity);
    }
    Ok(consumed)
}

/// Reservations that lines of these orders consumed and take nothing of any more: nothing is promised of such a line, and
/// nothing is open. Of each, whether the line was closed because what was promised is delivered.
pub(crate) async fn left_over(tx: &mut TenantTx, orders: &[Uuid]) -> Result<Vec<(Uuid, bool)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select r.id,
                  exists (select from orders.placed_line p
                          where p.supplier = $1 and p.order_id = r.order_id and p.line_number = r.order_line
                              and p.closed and p.accepted > 0) as "delivered!"
           from capacity.reservation r
           where r.supplier = $1 and r.state = 'consumed' and r.order_id = any($2)
               and not exists (select from orders.placed_line p
                               where p.supplier = $1 and p.order_id = r.order_id and p.line_number = r.order_line
                                   and not p.closed and (p.accepted > 0 or p.open > 0))
           order by r.id"#,
        me,
        orders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.delivered)).collect())
}

/// Says of the linked series of groups how much of what is booked of them is made by lines that consumed something.
pub(crate) async fn mark(
    tx: &mut TenantTx,
    series: &mut BTreeMap<(Uuid, Key), Series>,
    groups: &[Uuid],
    consumed: &Consumed,
) -> Result<()> {
    let lines = consumed.values().flat_map(BTreeMap::values).flat_map(BTreeMap::keys);
    let lines: BTreeSet<&OrderLine> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    let (orders, numbers): (Vec<Uuid>, Vec<String>) = lines.into_iter().cloned().unzip();
    for (line, booked) in booked(tx, groups, &orders, &numbers).await? {
        if let Some(one) = whose(series, &booked) {
            let week = one.reserved.entry(booked.monday).or_default().entry(line).or_default();
            *week = plus(*week, booked.quantity);
        }
    }
    Ok(())
}

/// What these lines take of materials that the groups link.
async fn booked(
    tx: &mut TenantTx,
    groups: &[Uuid],
    orders: &[Uuid],
    numbers: &[String],
) -> Result<Vec<(OrderLine, Booked)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select l.group_id as "group_id!", p.order_id as "order_id!", p.line_number as "line_number!",
                  b.customer as "customer!", b.material_number_customer as "material!",
                  b.customer_location as "location!", b.monday as "monday!", b.quantity as "quantity!: Decimal"
           from unnest($3::uuid[], $4::text[]) as wanted (order_id, line_number)
           join orders.placed_line p
               on p.supplier = $1 and p.order_id = wanted.order_id and p.line_number = wanted.line_number
           join capacity.booked_line b
               on b.supplier = $1 and b.schedule_line_id = p.schedule_line_id and b.quantity > 0
           join (select distinct group_id, customer, material_number_customer from capacity.linked_demand
                 where supplier = $1 and group_id = any($2) and not removed) l
               on l.customer = b.customer and l.material_number_customer = b.material_number_customer"#,
        me,
        groups,
        orders,
        numbers
    )
    .fetch_all(tx.conn())
    .await?;
    let line = rows.into_iter().map(|row| {
        let booked = Booked {
            group_id: row.group_id,
            customer: row.customer,
            material: row.material,
            location: row.location,
            monday: row.monday,
            quantity: row.quantity,
        };
        ((row.order_id, row.line_number), booked)
    });
    Ok(line.collect())
}
