//! Reservations of capacity that orders consume, by the functions that the service of capacity publishes for it.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

use crate::reservation::Reservation;

/// The buyer's reservations of these ids as they stand, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashMap<Uuid, Reservation>> {
    let rows = sqlx::query!(
        r#"select id as "id!", supplier as "supplier!", state as "state!", order_id, order_line
           from capacity.lock_holds($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| {
        let consumed_by = row.order_id.zip(row.order_line);
        (row.id, Reservation { supplier: row.supplier, state: row.state, consumed_by })
    });
    Ok(found.collect())
}

/// Reservations go into lines of orders. As buyer, who has locked them.
pub(crate) async fn take(
    tx: &mut TenantTx,
    ids: &[Uuid],
    orders: &[Uuid],
    line_numbers: &[String],
) -> Result<()> {
    sqlx::query!(
        r#"select capacity.take_hold(t.id, t.order_id, t.line_number) as "supplier!"
           from unnest($1::uuid[], $2::uuid[], $3::text[]) as t(id, order_id, line_number)"#,
        ids,
        orders,
        line_numbers
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}
