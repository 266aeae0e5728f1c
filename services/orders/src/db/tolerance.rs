//! Tolerance rules: a row is inserted and ended, never changed.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

/// A rule as it stands; bounds that are null say nothing.
pub(crate) struct RuleRow {
    pub id: Uuid,
    pub buyer: Uuid,
    /// `None`: every supplier of the buyer.
    pub supplier: Option<Uuid>,
    pub item_group: String,
    pub buyer_item_id: String,
    pub quantity_over_percent: Option<Decimal>,
    pub quantity_over_absolute: Option<Decimal>,
    pub quantity_under_percent: Option<Decimal>,
    pub quantity_under_absolute: Option<Decimal>,
    pub early_days: Option<i32>,
    pub late_days: Option<i32>,
    pub price_over_percent: Option<Decimal>,
    pub price_over_absolute: Option<Decimal>,
    pub price_under_percent: Option<Decimal>,
    pub price_under_absolute: Option<Decimal>,
    pub note: String,
    pub set_by: String,
    pub set_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
}

/// The buyer's partner of this id or vendor number.
pub(crate) async fn supplier(tx: &mut TenantTx, id: Option<Uuid>, vendor_number: &str) -> Result<Vec<Uuid>> {
    let buyer = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select supplier as "supplier!" from partners.supplier_address
           where buyer = $1 and ($2::uuid is null or supplier = $2) and ($3 = '' or vendor_number = $3)
               and state <> 'ended'"#,
        buyer,
        id,
        vendor_number
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found)
}

/// Ends the rule that the scope has, so that another one can take its place.
pub(crate) async fn end_scope(tx: &mut TenantTx, rule: &RuleRow) -> Result<()> {
    sqlx::query!(
        r#"update orders.tolerance_rule set ended_at = $5
           where buyer = $1 and supplier is not distinct from $2 and item_group = $3 and buyer_item_id = $4
               and ended_at is null"#,
        rule.buyer,
        rule.supplier,
        rule.item_group,
        rule.buyer_item_id,
        rule.set_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut TenantTx, rule: &RuleRow) -> Result<()> {
    sqlx::query!(
        r#"insert into orders.tolerance_rule
               (id, buyer, supplier, item_group, buyer_item_id, quantity_over_percent, quantity_over_absolute,
                quantity_under_percent, quantity_under_absolute, early_days, late_days, price_over_percent,
                price_over_absolute, price_under_percent, price_under_absolute, note, set_by, set_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"#,
        rule.id,
        rule.buyer,
        rule.supplier,
        rule.item_group,
        rule.buyer_item_id,
        rule.quantity_over_percent,
        rule.quantity_over_absolute,
        rule.quantity_under_percent,
        rule.quantity_under_absolute,
        rule.early_days,
        rule.late_days,
        rule.price_over_percent,
        rule.price_over_absolute,
        rule.price_under_percent,
        rule.price_under_absolute,
        rule.note,
        rule.set_by,
        rule.set_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a rule, once; `None` where there is none. `own`: the buyer whose it must be.
pub(crate) async fn end(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    id: Uuid,
    at: OffsetDateTime,
) -> Result<Option<RuleRow>> {
    let row = sqlx::query_as!(
        RuleRow,
        r#"update orders.tolerance_rule set ended_at = coalesce(ended_at, $3)
           where id = $1 and ($2::uuid is null or buyer = $2)
           returning id, buyer, supplier, item_group, buyer_item_id, quantity_over_percent, quantity_over_absolute,
                     quantity_under_percent, quantity_under_absolute, early_days, late_days, price_over_percent,
                     price_over_absolute, price_under_percent, price_under_absolute, note, set_by, set_at, ended_at"#,
        id,
        own,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Rules in force that the firm sees, in the order in which they were set. `own`: the firm that must be on one side,
/// by our own decision.
pub(crate) async fn list(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    counterparty: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RuleRow>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        RuleRow,
        r#"select id, buyer, supplier, item_group, buyer_item_id, quantity_over_percent, quantity_over_absolute,
                  quantity_under_percent, quantity_under_absolute, early_days, late_days, price_over_percent,
                  price_over_absolute, price_under_percent, price_under_absolute, note, set_by, set_at, ended_at
           from orders.tolerance_rule
           where ended_at is null
               and ($1::uuid is null or buyer = $1 or supplier = $1 or supplier is null)
               and ($2::uuid is null or (buyer = $3 and supplier = $2) or (buyer = $2 and buyer <> $3))
               and ($4::uuid is null or id > $4)
           order by id limit $5"#,
        own,
        counterparty,
        me,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Moves rules for placeholders to the firms that claimed them; how many. Outside any firm.
pub(crate) async fn move_claimed(tx: &mut TenantTx) -> Result<i64> {
    let moved =
        sqlx::query_scalar!(r#"select orders.move_claimed_rules() as "moved!""#).fetch_one(tx.conn()).await?;
    Ok(moved)
}
