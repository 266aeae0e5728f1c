//! Every SQL statement of capacity: free functions over the tenant transaction. Each names its side; row security is the
//! second wall, not the first.

pub(crate) mod disclosure;
pub(crate) mod partner;

use chassis::{Result, db::TenantTx};

/// Waits until no other transaction of the firm works on this name, and keeps others waiting until this one ends.
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
