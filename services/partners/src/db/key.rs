//! API keys. Their hashes are written here and read by nobody but `partners.resolve_credential`.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{numbers, refusal, roles};
use crate::member::{ApiKey, Scope};

struct Row {
    id: String,
    actor: Uuid,
    name: String,
    roles: Vec<i32>,
    sites: Vec<String>,
    purchasing_groups: Vec<String>,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        ApiKey {
            id: row.id,
            actor: row.actor,
            name: row.name,
            roles: roles(&row.roles),
            scope: Scope { sites: row.sites, purchasing_groups: row.purchasing_groups },
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Counts active keys, while no other transaction of the firm adds one.
pub(crate) async fn count_active(tx: &mut TenantTx, now: OffsetDateTime) -> Result<i64> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('partners.api_key ' || $1::uuid::text, 0))"#,
        firm
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from partners.api_key
           where firm = $1 and revoked_at is null and (expires_at is null or expires_at > $2)"#,
        firm,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

pub(crate) async fn insert(tx: &mut TenantTx, key: &ApiKey, sha256: &[u8]) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.api_key
               (id, firm, actor, name, sha256, roles, sites, purchasing_groups, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        key.id,
        firm,
        key.actor,
        key.name,
        sha256,
        &numbers(&key.roles),
        &key.scope.sites,
        &key.scope.purchasing_groups,
        key.created_at,
        key.expires_at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "api_key_pkey"))?;
    Ok(())
}

/// Keys in the order in which they were made.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<ApiKey>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, actor, name, roles, sites, purchasing_groups, created_at, expires_at, revoked_at
           from partners.api_key
           where firm = $1 and ($2::uuid is null or actor > $2)
           order by actor limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// Ends a key, once; `None` where there is none.
pub(crate) async fn revoke(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    id: &str,
    at: OffsetDateTime,
) -> Result<Option<ApiKey>> {
    let row = sqlx::query_as!(
        Row,
        r#"update partners.api_key set revoked_at = coalesce(revoked_at, $3)
           where id = $1 and ($2::uuid is null or firm = $2)
           returning id, actor, name, roles, sites, purchasing_groups, created_at, expires_at, revoked_at"#,
        id,
        own,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(ApiKey::from))
}
