//! What a proposal is compared with.

use chassis::{Result, db::TenantTx};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::tolerance::RuleRow;

/// A schedule line as it was asked for.
pub(crate) struct AskedRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub quantity: Decimal,
    /// tandem.orders.v1.ScheduleLine
    pub planned: Vec<u8>,
    /// tandem.orders.v1.OrderLine
    pub line: Vec<u8>,
}

/// The schedule lines of the orders.
pub(crate) async fn asked(tx: &mut TenantTx, orders: &[Uuid], lines: &[Uuid]) -> Result<Vec<AskedRow>> {
    let rows = sqlx::query_as!(
        AskedRow,
        r#"select p.id, p.order_id, p.quantity, p.content as planned, l.content as line
           from orders.schedule_line p
           join orders.order_line l
               on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position
                   and l.superseded is null
           where p.order_id = any($1) and p.id = any($2) and p.superseded is null"#,
        orders,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// A proposal that was accepted, by whatever decided.
pub(crate) struct AgreedRow {
    pub schedule_line_id: Uuid,
    pub covers: Decimal,
    /// tandem.orders.v1.Propose
    pub content: Vec<u8>,
}

/// Accepted proposals of the schedule lines, as far as the buyer's later changes let them stand.
pub(crate) async fn agreed(tx: &mut TenantTx, orders: &[Uuid], lines: &[Uuid]) -> Result<Vec<AgreedRow>> {
    let rows = sqlx::query_as!(
        AgreedRow,
        r#"select p.schedule_line_id, p.covers, p.content
           from orders.proposal p
           join orders.resolution r
               on r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id and r.accepted
           join orders.schedule_state s
               on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer and r.version > s.answered_since
           where p.order_id = any($1) and p.schedule_line_id = any($2)"#,
        orders,
        lines
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Whom and what rules may be about.
pub(crate) struct Parties {
    pub buyers: Vec<Uuid>,
    pub suppliers: Vec<Uuid>,
    pub item_groups: Vec<String>,
    pub buyer_item_ids: Vec<String>,
}

/// Rules in force that may be about one of these; which fits which line is decided elsewhere.
pub(crate) async fn rules(tx: &mut TenantTx, parties: &Parties) -> Result<Vec<RuleRow>> {
    let rows = sqlx::query_as!(
        RuleRow,
        r#"select id, buyer, supplier, item_group, buyer_item_id, quantity_over_percent, quantity_over_absolute,
                  quantity_under_percent, quantity_under_absolute, early_days, late_days, price_over_percent,
                  price_over_absolute, price_under_percent, price_under_absolute, note, set_by, set_at, ended_at
           from orders.tolerance_rule
           where ended_at is null and buyer = any($1) and (supplier is null or supplier = any($2))
               and (item_group = '' or item_group = any($3)) and (buyer_item_id = '' or buyer_item_id = any($4))"#,
        &parties.buyers,
        &parties.suppliers,
        &parties.item_groups,
        &parties.buyer_item_ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
