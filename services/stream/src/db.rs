//! Every SQL statement of the crate: what the sequencer writes, what readers read, durable subscriptions, and webhooks.

pub(crate) mod delivery;
#[cfg(feature = "kafka")]
pub(crate) mod kafka;
pub mod read;
pub mod retention;
pub mod sequence;
pub(crate) mod subscription;
pub(crate) mod webhook;

use sqlx::PgPool;
use time::OffsetDateTime;

/// Tells other processes that the log grew. The commit is not waited for: a hint that a crash loses is made up
/// for by their polling.
pub async fn hint(pool: &PgPool, process: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select set_config('synchronous_commit', 'off', true), pg_notify('tandem_log', $1)",
        process
    )
    .fetch_one(pool)
    .await?;
    Ok(())
}

/// How many commands wait in the outbox.
pub async fn backlog(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select count(*) as "commands!" from event.outbox"#).fetch_one(pool).await
}

/// Makes the months ahead ready to be written.
pub async fn ensure_partitions(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("select event.ensure_partitions()").execute(pool).await?;
    Ok(())
}

/// Deletes up to `limit` receipts recorded before `before`; how many.
pub async fn forget_receipts(pool: &PgPool, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from event.idempotency where ctid = any(array(
             select ctid from event.idempotency where created_at < $1 order by created_at limit $2))",
        before,
        limit
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
