//! Durable subscriptions.

use chassis::{Result, cursor::Cursor, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::durable::Durable;

struct Row {
    firm: Uuid,
    name: String,
    seq: i64,
    chain: Vec<u8>,
    created_at: OffsetDateTime,
    acknowledged_at: Option<OffsetDateTime>,
}

fn durable(row: Row) -> Durable {
    Durable {
        name: row.name,
        at: Cursor::new(row.firm, row.seq, &row.chain),
        created_at: row.created_at,
        acknowledged_at: row.acknowledged_at,
    }
}

/// Makes changes of a firm's subscriptions wait for each other; how many it has.
pub(crate) async fn lock(tx: &mut TenantTx) -> Result<i64> {
    let firm = tx.firm();
    chassis::command::lock(tx, "event.subscription", "").await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from event.subscription where firm = $1 and deleted_at is null"#,
        firm
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A new subscription, in the row of one of the same name that was taken away; whether the name was free.
pub(crate) async fn insert(tx: &mut TenantTx, new: &Durable) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        "insert into event.subscription as s (firm, name, seq, chain, created_at) values ($1, $2, $3, $4, $5)
         on conflict (firm, name) do update
         set seq = excluded.seq, chain = excluded.chain, created_at = excluded.created_at, acknowledged_at = null,
             deleted_at = null
         where s.deleted_at is not null",
        firm,
        new.name,
        new.at.seq,
        &new.at.chain[..],
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A subscription that was not taken away; `own` is the firm whose it must be, `None` in tests of the second wall.
pub(crate) async fn get(tx: &mut TenantTx, own: Option<Uuid>, name: &str) -> Result<Option<Durable>> {
    let row = sqlx::query_as!(
        Row,
        "select firm, name, seq, chain, created_at, acknowledged_at from event.subscription
         where name = $1 and ($2::uuid is null or firm = $2) and deleted_at is null",
        name,
        own
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(durable))
}

/// The same, and nobody else moves it until the transaction ends.
pub(crate) async fn get_to_move(tx: &mut TenantTx, own: Option<Uuid>, name: &str) -> Result<Option<Durable>> {
    let row = sqlx::query_as!(
        Row,
        "select firm, name, seq, chain, created_at, acknowledged_at from event.subscription
         where name = $1 and ($2::uuid is null or firm = $2) and deleted_at is null
         for update",
        name,
        own
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(durable))
}

/// Subscriptions in the order of their names, after one.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<&str>, limit: i64) -> Result<Vec<Durable>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select firm, name, seq, chain, created_at, acknowledged_at from event.subscription
           where firm = $1 and deleted_at is null and ($2::text is null or name collate "C" > $2)
           order by name collate "C" limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(durable).collect())
}

/// Moves a subscription; its row was read to be moved.
pub(crate) async fn move_to(tx: &mut TenantTx, name: &str, to: &Cursor, at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        "update event.subscription set seq = $3, chain = $4, acknowledged_at = $5 where firm = $1 and name = $2",
        firm,
        name,
        to.seq,
        &to.chain[..],
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a subscription away; whether it was there.
pub(crate) async fn delete(tx: &mut TenantTx, name: &str, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        "update event.subscription set deleted_at = $3 where firm = $1 and name = $2 and deleted_at is null",
        firm,
        name,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
