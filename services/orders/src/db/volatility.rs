//! What the buyer moves of what was accepted.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::order::Order;

/// Records schedule lines, with what was accepted of each before, in the version that the order has now. As buyer.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    order: &Order,
    lines: &[(Uuid, Decimal)],
    frozen: bool,
    at: OffsetDateTime,
) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let (ids, accepted): (Vec<Uuid>, Vec<Decimal>) = lines.iter().copied().unzip();
    sqlx::query!(
        r#"insert into orders.volatility
               (order_id, buyer, supplier, version, schedule_line_id, accepted, frozen, at)
           select $1, $2, $3, $4, line, accepted, $5, $6 from unnest($7::uuid[], $8::numeric[]) as t(line, accepted)"#,
        order.id,
        order.buyer,
        order.supplier,
        order.version,
        frozen,
        at,
        &ids,
        &accepted
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
