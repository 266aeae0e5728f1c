//! Reservations of capacity that orders consume, by the functions that the service of capacity publishes for it.

use std::collections::HashMap;

use chassis::{Error, Reason, Result, db::TenantTx};
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

/// Reservations go into lines of orders. As buyer, who has locked them and found that each may be consumed.
///
/// # Errors
/// CONFLICT where the time of one was over since: looked at again, it is found so.
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
    .await
    .map_err(over_since)?;
    Ok(())
}

/// A lock stops no clock: while one reservation was waited for, or before it is taken, the time of another may end.
fn over_since(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(said) if said.code().as_deref() == Some("TC410") => {
            Error::new(Reason::CONFLICT)
        }
        _ => error.into(),
    }
}
