//! What orders were promised and the feed did not tell of yet. All of the supplier's tenant.

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

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
/// what is pending for longer than a day is not either. The weeks of its groups are locked.
pub(crate) async fn settle(tx: &mut TenantTx, told: &[(Uuid, i64)], caught_up: bool) -> Result<()> {
    let (orders, versions): (Vec<Uuid>, Vec<i64>) = told.iter().copied().unzip();
    sqlx::query!(r#"select from capacity.settle_promises($1, $2, $3)"#, &orders, &versions, caught_up)
        .execute(tx.conn())
        .await?;
    Ok(())
}
