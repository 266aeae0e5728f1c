//! Whom the tenant trades with, as partners shows it.

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

/// Whether the tenant has this customer, in whatever state the relationship is.
pub(crate) async fn is_customer(tx: &mut TenantTx, customer: Uuid) -> Result<bool> {
    let me = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select exists (select from partners.trading_partner where supplier = $1 and buyer = $2) as "found!""#,
        me,
        customer
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}
