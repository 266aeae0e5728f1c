//! Document links. Their hashes are written here and read by nobody but `orders.resolve_order_link` and
//! `orders.inspect_order_link`.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A link without its hash.
pub(crate) struct LinkRow {
    pub id: String,
    pub order_id: Uuid,
    /// What its holder acts as; ordered by time.
    pub actor: Uuid,
    pub label: String,
    pub created_by: String,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
}

/// What making a link looks at.
pub(crate) struct OrderRow {
    pub buyer: Uuid,
    pub sites: Vec<String>,
    pub purchasing_group: String,
    pub supplier_name: String,
    pub supplier_state: String,
}

/// An order that the firm sees, with the state of its supplier.
pub(crate) async fn order(tx: &mut TenantTx, id: Uuid) -> Result<Option<OrderRow>> {
    let row = sqlx::query_as!(
        OrderRow,
        r#"select o.buyer, o.sites, o.purchasing_group, coalesce(f.name, '') as "supplier_name!",
                  coalesce(f.state, '') as "supplier_state!"
           from orders.purchase_order o
           left join partners.firm_name f on f.id = o.supplier
           where o.id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Counts links of an order that work.
pub(crate) async fn count(tx: &mut TenantTx, order: Uuid, now: OffsetDateTime) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders.order_link
           where order_id = $1 and revoked_at is null and expires_at > $2"#,
        order,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

pub(crate) async fn insert(tx: &mut TenantTx, link: &LinkRow, sha256: &[u8]) -> Result<()> {
    let buyer = tx.firm();
    sqlx::query!(
        r#"insert into orders.order_link
               (id, order_id, buyer, actor, sha256, label, created_by, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        link.id,
        link.order_id,
        buyer,
        link.actor,
        sha256,
        link.label,
        link.created_by,
        link.created_at,
        link.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Links of an order in the order in which they were made.
pub(crate) async fn list(
    tx: &mut TenantTx,
    order: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LinkRow>> {
    let rows = sqlx::query_as!(
        LinkRow,
        r#"select id, order_id, actor, label, created_by, created_at, expires_at, revoked_at
           from orders.order_link
           where order_id = $1 and ($2::uuid is null or actor > $2)
           order by actor limit $3"#,
        order,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Ends a link, once; `None` where there is none. `own`: the firm that must stand on one side of its order.
pub(crate) async fn revoke(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    id: &str,
    at: OffsetDateTime,
) -> Result<Option<LinkRow>> {
    let row = sqlx::query_as!(
        LinkRow,
        r#"update orders.order_link l set revoked_at = coalesce(l.revoked_at, $3)
           where l.id = $1 and ($2::uuid is null or l.buyer = $2
               or exists (select from orders.purchase_order o where o.id = l.order_id and o.supplier = $2))
           returning l.id, l.order_id, l.actor, l.label, l.created_by, l.created_at, l.expires_at, l.revoked_at"#,
        id,
        own,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// What a link is for, as its holder may see it.
pub(crate) struct Inspected {
    pub order_id: Uuid,
    pub order_number: String,
    pub buyer_name: String,
    pub supplier_name: String,
    pub label: String,
    pub expires_at: OffsetDateTime,
    pub ended: bool,
}

/// Outside any firm: whoever knows the token's hash holds the link.
pub(crate) async fn inspect(tx: &mut TenantTx, id: &str, sha256: &[u8]) -> Result<Option<Inspected>> {
    let row = sqlx::query_as!(
        Inspected,
        r#"select order_id as "order_id!", order_number as "order_number!", buyer_name as "buyer_name!",
                  supplier_name as "supplier_name!", label as "label!", expires_at as "expires_at!",
                  ended as "ended!"
           from orders.inspect_order_link($1, $2)"#,
        id,
        sha256
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}
