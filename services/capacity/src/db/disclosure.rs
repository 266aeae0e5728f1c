//! Policies: a row is inserted once and then changed.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::disclosure::{DEFAULT, Level};

/// A policy as it stands.
pub(crate) struct Policy {
    /// `None`: every customer without one of its own.
    pub customer: Option<Uuid>,
    pub level: Level,
    pub updated_at: OffsetDateTime,
}

pub(crate) async fn set(tx: &mut TenantTx, policy: &Policy, actor_name: &str) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into capacity.disclosure (supplier, customer, level, updated_at, actor_name)
           values ($1, $2, $3, $4, $5)
           on conflict on constraint disclosure_key
           do update set level = excluded.level, updated_at = excluded.updated_at, actor_name = excluded.actor_name"#,
        me,
        policy.customer,
        policy.level.as_str(),
        policy.updated_at,
        actor_name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenant's policies by customer, the one for every other first.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<Policy>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select customer, level, updated_at from capacity.disclosure
           where supplier = $1 and ($2::uuid is null or customer > $2)
           order by customer nulls first limit $3"#,
        me,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let policy = rows.into_iter().map(|row| Policy {
        customer: row.customer,
        level: Level::from_name(&row.level),
        updated_at: row.updated_at,
    });
    Ok(policy.collect())
}

/// How much a customer is shown: its own policy, else the one for every other, else the default.
pub(crate) async fn level(tx: &mut TenantTx, customer: Uuid) -> Result<Level> {
    let me = tx.firm();
    let level = sqlx::query_scalar!(
        r#"select level from capacity.disclosure
           where supplier = $1 and (customer = $2 or customer is null)
           order by customer nulls last limit 1"#,
        me,
        customer
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(level.map_or(DEFAULT, |level| Level::from_name(&level)))
}
