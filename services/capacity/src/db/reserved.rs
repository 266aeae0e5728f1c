//! What is reserved of what groups offer: lent hours 借出, and what order lines make in them, so that it counts once. All of
//! the supplier's tenant.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Result, db::TenantTx, unit::converted};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::series::{Booked, Key, whose};
use crate::{
    demand::Weeks,
    load::counted,
    matching::{Lines, Node, OrderLine, Series, plus},
};

/// What lines consumed of groups' own offers, by group and week.
type Consumed = BTreeMap<Uuid, BTreeMap<Date, Lines>>;

/// What is reserved of groups' own offers, in the groups' units. A group that is measured otherwise since has nothing of it.
#[derive(Default)]
struct Reserved {
    /// By group and week: what was confirmed or used, and did not come back.
    lent: BTreeMap<Uuid, Weeks>,
    /// The part of it that order lines consumed.
    consumed: Consumed,
}

/// What is reserved of these groups' own offers; what is only held is not.
async fn reserved(tx: &mut TenantTx, groups: &[Uuid]) -> Result<Reserved> {
    let me = tx.firm();
    // Of what was given back, that which an order had used before.
    let rows = sqlx::query!(
        r#"select o.group_id, b.monday, o.unit_code as lent_in, g.unit_code,
                  case when r.state = 'consumed' then r.order_id end as order_id,
                  case when r.state = 'consumed' then r.order_line end as order_line, sum(p.quantity) as "quantity!"
           from capacity.offer o
           join capacity.capacity_group g on g.supplier = o.supplier and g.id = o.group_id
           join capacity.reservation r on r.supplier = o.supplier and r.offer_id = o.id
               and (r.state in ('confirmed', 'consumed') or (r.state = 'released' and r.order_id is not null))
           join capacity.reservation_part p on p.supplier = r.supplier and p.reservation_id = r.id
               and p.returned_version is null
           join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
           where o.supplier = $1 and o.group_id = any($2)
           group by 1, 2, 3, 4, 5, 6
           order by 1, 2, 3, 4, 5, 6"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    let mut reserved = Reserved::default();
    for row in rows {
        let unit = row.unit_code.unwrap_or_default();
        let Some(quantity) = converted(row.quantity, &row.lent_in, &unit) else { continue };
        let lent = reserved.lent.entry(row.group_id).or_default().entry(row.monday).or_default();
        *lent = plus(*lent, quantity);
        if let Some(line) = row.order_id.zip(row.order_line) {
            let week = reserved.consumed.entry(row.group_id).or_default().entry(row.monday).or_default();
            let hours = week.entry(line).or_default();
            *hours = plus(*hours, quantity);
        }
    }
    Ok(reserved)
}

/// Says of groups' nodes what is reserved of them, and of their series what of it order lines make there.
pub(crate) async fn furnish(
    tx: &mut TenantTx,
    nodes: &mut BTreeMap<Uuid, Node>,
    series: &mut BTreeMap<(Uuid, Key), Series>,
) -> Result<()> {
    let groups: Vec<Uuid> = nodes.keys().copied().collect();
    let Reserved { lent, consumed } = reserved(tx, &groups).await?;
    mark(tx, series, &groups, &consumed).await?;
    for (group, weeks) in lent {
        if let Some(node) = nodes.get_mut(&group) {
            node.lent = weeks;
        }
    }
    for (group, weeks) in consumed {
        if let Some(node) = nodes.get_mut(&group) {
            node.consumed = weeks;
        }
    }
    Ok(())
}

/// Groups of which it changed what is lent since their weeks were written; they are marked so no more. Holds the rows of
/// the reservations, so that what changes next is seen or marks anew.
pub(crate) async fn take_due(tx: &mut TenantTx, most: i64) -> Result<(Vec<Uuid>, bool)> {
    let me = tx.firm();
    let groups = sqlx::query_scalar!(
        r#"with due as materialized (
               select r.id, r.offer_id from capacity.reservation r
               where r.supplier = $1 and r.lent_due order by r.id limit $2 for update),
           done as (
               update capacity.reservation r set lent_due = false
               from due where r.supplier = $1 and r.id = due.id)
           select o.group_id from due join capacity.offer o on o.supplier = $1 and o.id = due.offer_id
           order by o.group_id"#,
        me,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let full = groups.len() as i64 == most;
    Ok((groups.into_iter().collect::<BTreeSet<_>>().into_iter().collect(), full))
}

/// Firms of which it changed what they lend. Outside any firm: ids only.
pub(crate) async fn firms_due(outside: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select firm as "firm!" from capacity.lenders_due($1)"#, most)
        .fetch_all(outside.conn())
        .await?)
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

/// The groups of whose offers these reservations are.
pub(crate) async fn groups_of(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"select o.group_id
           from capacity.reservation r
           join capacity.offer o on o.supplier = r.supplier and o.id = r.offer_id
           where r.supplier = $1 and r.id = any($2)
           order by 1"#,
        me,
        reservations
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Says of the linked series of groups how much of what is booked of them is made by lines that consumed something.
async fn mark(
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
            // What is in no figure is reserved beside them too.
            let Some(quantity) = counted(booked.quantity, &booked.unit_code, &one.unit_code) else {
                continue;
            };
            let week = one.reserved.entry(booked.monday).or_default().entry(line).or_default();
            *week = plus(*week, quantity);
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
                  b.customer_location as "location!", b.monday as "monday!", b.quantity as "quantity!: Decimal",
                  b.unit_code as "unit_code!"
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
            unit_code: row.unit_code,
            quantity: row.quantity,
            lines: 1,
            first_order: row.order_id.to_string(),
        };
        ((row.order_id, row.line_number), booked)
    });
    Ok(line.collect())
}
