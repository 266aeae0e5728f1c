//! Whom the tenant trades with, as partners shows it.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

/// A relationship of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub firm: Uuid,
    /// `active`, or why nothing new goes over it.
    pub state: String,
    /// Of the other firm.
    pub firm_state: String,
}

/// The tenant's supplier with this id or vendor number.
pub(crate) async fn supplier(
    tx: &mut TenantTx,
    id: Option<Uuid>,
    vendor_number: &str,
) -> Result<Option<Partner>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Partner,
        r#"select supplier as "firm!", state as "state!", supplier_state as "firm_state!"
           from partners.supplier_address
           where buyer = $1 and ($2::uuid is null or supplier = $2)
               and ($3 = '' or (vendor_number = $3 and state <> 'ended'))"#,
        me,
        id,
        vendor_number
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The tenant's customer with this id.
pub(crate) async fn customer(tx: &mut TenantTx, customer: Uuid) -> Result<Option<Partner>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Partner,
        r#"select buyer as "firm!", state as "state!", buyer_state as "firm_state!"
           from partners.trading_partner where supplier = $1 and buyer = $2"#,
        me,
        customer
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Firms with these business partner numbers: the tenant and its partners.
pub(crate) async fn by_number(tx: &mut TenantTx, numbers: &[String]) -> Result<BTreeMap<String, Vec<Uuid>>> {
    let rows = sqlx::query!(
        r#"select upper(value) as "value!", firm as "firm!" from partners.firm_party_id
           where upper(scheme) = 'BPNL' and upper(value) = any($1) order by 1, 2"#,
        numbers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut firms: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        firms.entry(row.value).or_default().push(row.firm);
    }
    Ok(firms)
}

/// A firm's business partner number; the first where it has several.
pub(crate) async fn number_of(tx: &mut TenantTx, firm: Uuid) -> Result<Option<String>> {
    let number = sqlx::query_scalar!(
        r#"select upper(value) as "value!" from partners.firm_party_id
           where upper(scheme) = 'BPNL' and firm = $1 order by 1 limit 1"#,
        firm
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(number)
}

/// Which of these firms are customers of the tenant, in whatever state.
pub(crate) async fn customers(tx: &mut TenantTx, firms: &[Uuid]) -> Result<Vec<Uuid>> {
    let me = tx.firm();
    let rows = sqlx::query_scalar!(
        r#"select buyer as "buyer!" from partners.trading_partner where supplier = $1 and buyer = any($2)"#,
        me,
        firms
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
