//! Entitlements, as both sides see them.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// An entitlement.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub owner: Uuid,
    pub id: Uuid,
    pub firm: Option<Uuid>,
    pub cluster: Option<Uuid>,
    pub resource_id: Option<Uuid>,
    pub category: Option<i16>,
    pub resource_name: String,
    pub state: String,
    pub version: i64,
    pub purpose: String,
    pub valid_from: OffsetDateTime,
    pub valid_until: Option<OffsetDateTime>,
    pub download_limit: Option<i32>,
    pub downloads: i32,
    pub request_note: String,
    pub decision_note: String,
    pub order_id: Option<Uuid>,
    pub requested_at: Option<OffsetDateTime>,
    pub decided_at: Option<OffsetDateTime>,
    pub ended_at: Option<OffsetDateTime>,
}

/// An entitlement to a resource of the tenant's, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Row>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Row,
        r#"select owner, id, firm, cluster, resource_id, category, resource_name, state, version, purpose, valid_from,
                  valid_until, download_limit, downloads, request_note, decision_note, order_id, requested_at, decided_at,
                  ended_at
           from resources.entitlement where owner = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// One that stands of the same, requested or granted, but for an order.
pub(crate) async fn standing(tx: &mut TenantTx, like: &Row) -> Result<Option<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select id from resources.entitlement
           where owner = $1 and firm is not distinct from $2 and cluster is not distinct from $3
               and resource_id is not distinct from $4 and category is not distinct from $5 and order_id is null
               and state in ('requested', 'granted')"#,
        like.owner,
        like.firm,
        like.cluster,
        like.resource_id,
        like.category
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found)
}

/// How many use a resource of the tenant's by an entitlement to it.
pub(crate) async fn seats_taken(tx: &mut TenantTx, resource: Uuid) -> Result<i64> {
    let me = tx.firm();
    let taken = sqlx::query_scalar!(
        r#"select count(*) as "taken!" from resources.entitlement
           where owner = $1 and resource_id = $2 and state = 'granted'"#,
        me,
        resource
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(taken)
}

/// Whether a cluster may use a resource of the tenant's by an entitlement to it.
pub(crate) async fn shared(tx: &mut TenantTx, resource: Uuid) -> Result<bool> {
    let me = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select exists (select from resources.entitlement
               where owner = $1 and resource_id = $2 and cluster is not null and state = 'granted') as "found!""#,
        me,
        resource
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// Keeps a new one: of the tenant's resources, or a request of the tenant's.
pub(crate) async fn insert(tx: &mut TenantTx, row: &Row) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into resources.entitlement
               (owner, id, firm, cluster, resource_id, category, resource_name, state, version, purpose, valid_from,
                valid_until, download_limit, request_note, decision_note, order_id, requested_at, decided_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"#,
        row.owner,
        row.id,
        row.firm,
        row.cluster,
        row.resource_id,
        row.category,
        row.resource_name,
        row.state,
        row.version,
        row.purpose,
        row.valid_from,
        row.valid_until,
        row.download_limit,
        row.request_note,
        row.decision_note,
        row.order_id,
        row.requested_at,
        row.decided_at
    )
    .execute(tx.conn())
    .await;
    super::one_row_of_others(saved)
}

/// The new state of one that is locked, under its next version.
pub(crate) async fn save(tx: &mut TenantTx, row: &Row) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update resources.entitlement
           set state = $3, version = $4, purpose = $5, valid_from = $6, valid_until = $7, download_limit = $8,
               decision_note = $9, decided_at = $10, ended_at = $11
           where owner = $1 and id = $2 and version = $4::bigint - 1"#,
        me,
        row.id,
        row.state,
        row.version,
        row.purpose,
        row.valid_from,
        row.valid_until,
        row.download_limit,
        row.decision_note,
        row.decided_at,
        row.ended_at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// What a list is narrowed to. `None`: no condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub id: Option<Uuid>,
    pub states: Option<Vec<String>>,
    pub resource: Option<Uuid>,
    /// The other firm.
    pub firm: Option<Uuid>,
    pub before: Option<Uuid>,
}

/// Entitlements to the tenant's resources, the newest first.
pub(crate) async fn given(tx: &mut TenantTx, filter: &Filter, limit: i64) -> Result<Vec<Row>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select owner, id, firm, cluster, resource_id, category, resource_name, state, version, purpose, valid_from,
                  valid_until, download_limit, downloads, request_note, decision_note, order_id, requested_at, decided_at,
                  ended_at
           from resources.entitlement
           where owner = $1 and ($2::uuid is null or id = $2) and ($3::text[] is null or state = any($3))
               and ($4::uuid is null or resource_id = $4) and ($5::uuid is null or firm = $5)
               and ($6::uuid is null or id < $6)
           order by id desc limit $7"#,
        me,
        filter.id,
        filter.states.as_deref(),
        filter.resource,
        filter.firm,
        filter.before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Entitlements of the tenant's to others' resources, and of the clusters that it has joined, the newest first.
pub(crate) async fn held(tx: &mut TenantTx, filter: &Filter, limit: i64) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select owner as "owner!", id as "id!", firm, cluster, resource_id, category, resource_name as "resource_name!",
                  state as "state!", version as "version!", purpose as "purpose!", valid_from as "valid_from!", valid_until,
                  download_limit, downloads as "downloads!", request_note as "request_note!",
                  decision_note as "decision_note!", order_id, requested_at, decided_at, ended_at
           from resources.held_entitlements($1, $2, $3, $4, $5, $6) order by id desc"#,
        filter.id,
        filter.states.as_deref(),
        filter.firm,
        filter.resource,
        filter.before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Entitlements whose time is over, with their owners; without a tenant.
pub(crate) async fn due(outside: &mut TenantTx, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows =
        sqlx::query!(r#"select firm as "firm!", id as "id!" from resources.entitlements_due($1)"#, most)
            .fetch_all(outside.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}

/// Entitlements of partnerships that are over, with their owners; without a tenant.
pub(crate) async fn left(outside: &mut TenantTx, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows =
        sqlx::query!(r#"select firm as "firm!", id as "id!" from resources.entitlements_left($1)"#, most)
            .fetch_all(outside.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}
