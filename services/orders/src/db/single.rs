//! What commands that run alone wait for.

use chassis::{Result, db::TenantTx};

/// Waits until no other transaction of the firm works on this name.
pub(crate) async fn lock(tx: &mut TenantTx, what: &str, name: &str) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', $1::uuid, $2::text, $3::text), 0))"#,
        firm,
        what,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
