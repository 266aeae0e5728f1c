//! Orders of placeholders that were claimed.

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

/// Placeholders that still have orders, with their claimants. Outside any firm: ids only.
pub(crate) async fn pending(tx: &mut TenantTx) -> Result<Vec<(Uuid, Uuid)>> {
    let rows =
        sqlx::query!(r#"select placeholder as "placeholder!", firm as "firm!" from orders.claims_to_move()"#)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.placeholder, row.firm)).collect())
}

/// Moves up to `most` orders to the calling firm, which claimed the placeholder; their ids.
pub(crate) async fn move_orders(tx: &mut TenantTx, placeholder: Uuid, most: i32) -> Result<Vec<Uuid>> {
    let claimant = tx.firm();
    let moved = sqlx::query_scalar!(
        r#"select orders.claim_placeholder($1, $2, $3) as "id!""#,
        placeholder,
        claimant,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(moved)
}
