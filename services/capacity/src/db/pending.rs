//! What orders were promised and the feed did not tell of yet. All of the supplier's tenant.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

/// What is pending of weeks of groups, beside what is offered, in the unit of each; weeks without any are missing.
pub(crate) async fn by_week(tx: &mut TenantTx, groups: &[Uuid]) -> Result<BTreeMap<(Uuid, Date), Decimal>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select group_id, monday, pending from capacity.capacity_week
           where supplier = $1 and group_id = any($2) and pending > 0"#,
        me,
        groups
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| ((row.group_id, row.monday), row.pending)).collect())
}

/// The groups of whose weeks something is pending that [`settle`] takes off with these orders.
pub(crate) async fn groups(tx: &mut TenantTx, told: &[(Uuid, i64)], caught_up: bool) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let orders: Vec<Uuid> = told.iter().map(|(order, _)| *order).collect();
    let groups = sqlx::query_scalar!(
        r#"select distinct group_id from capacity.pending_load
           where supplier = $1
               and (order_id = any($2) or ($3 and promised_at < clock_timestamp() - interval '1 day'))"#,
        me,
        &orders,
        caught_up
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(groups)
}

/// What orders were promised up to these versions is booked, and pending no more; and where all is heard that the feed tells,
/// what is pending for longer than a day is not either. What else they were promised counts as a whole, where it counted in part
/// beside what was kept of a line that was changed. The weeks of its groups are locked.
pub(crate) async fn settle(tx: &mut TenantTx, told: &[(Uuid, i64)], caught_up: bool) -> Result<()> {
    let (orders, versions): (Vec<Uuid>, Vec<i64>) = told.iter().copied().unzip();
    sqlx::query!(r#"select from capacity.settle_promises($1, $2, $3)"#, &orders, &versions, caught_up)
        .execute(tx.conn())
        .await?;
    Ok(())
}
