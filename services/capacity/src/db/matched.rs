//! Matches, for both sides.

use chassis::{Error, Reason, Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A match.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub requester: Uuid,
    pub supplier: Uuid,
    pub id: Uuid,
    pub request_id: Uuid,
    pub offer_id: Option<Uuid>,
    pub proposed_by: Uuid,
    pub state: String,
    pub version: i64,
    pub need: Vec<u8>,
    pub note: String,
    pub proposed_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
}

/// A new match; ALREADY_EXISTS where one of the two for the request stands.
pub(crate) async fn insert(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.capacity_match
               (requester, supplier, id, request_id, offer_id, proposed_by, state, version, need, note, proposed_at,
                changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"#,
        head.requester,
        head.supplier,
        head.id,
        head.request_id,
        head.offer_id,
        head.proposed_by,
        head.state,
        head.version,
        head.need,
        head.note,
        head.proposed_at,
        head.changed_at
    )
    .execute(tx.conn())
    .await;
    match saved {
        Err(error) if chassis::db::is_constraint(&error, "capacity_match_stands_key") => {
            Err(Error::new(Reason::ALREADY_EXISTS)
                .message("a match of the two firms for this request stands"))
        }
        saved => super::one_row(saved),
    }
}

/// A match of the tenant on either side, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select requester, supplier, id, request_id, offer_id, proposed_by, state, version, need, note, proposed_at,
                  changed_at
           from capacity.capacity_match where (requester = $1 or supplier = $1) and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The new state of a match that is locked.
pub(crate) async fn advance(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update capacity.capacity_match set state = $3, version = $4, changed_at = $5
           where (requester = $1 or supplier = $1) and id = $2 and version + 1 = $4"#,
        me,
        head.id,
        head.state,
        head.version,
        head.changed_at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Which matches are asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Which<'a> {
    pub id: Option<Uuid>,
    pub request: Option<Uuid>,
    /// Only those of offers that concern these sites of the tenant; empty: all.
    pub sites: &'a [String],
    pub before: Option<Uuid>,
}

/// Matches of the tenant on either side, the newest first.
pub(crate) async fn list(tx: &mut TenantTx, which: Which<'_>, limit: i64) -> Result<Vec<Head>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Head,
        r#"select requester, supplier, id, request_id, offer_id, proposed_by, state, version, need, note, proposed_at,
                  changed_at
           from capacity.capacity_match
           where (requester = $1 or supplier = $1) and ($2::uuid is null or id = $2)
               and ($3::uuid is null or request_id = $3) and ($4::uuid is null or id < $4)
               and ($6::text[] = '{}' or offer_id is null or capacity.offer_in($6, supplier, offer_id))
           order by id desc limit $5"#,
        me,
        which.id,
        which.request,
        which.before,
        limit,
        which.sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// How many matches are in a state; and of how many firms besides the tenant.
pub(crate) struct Count {
    pub state: String,
    pub matches: i64,
    pub others: i64,
}

/// The tenant's own of offers that concern these sites, by state; all where there is none.
pub(crate) async fn own_counts(tx: &mut TenantTx, sites: &[String]) -> Result<Vec<Count>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Count,
        r#"select state, count(*) as "matches!", 0::bigint as "others!" from capacity.capacity_match
           where (requester = $1 or supplier = $1)
               and ($2::text[] = '{}' or offer_id is null or capacity.offer_in($2, supplier, offer_id))
           group by state"#,
        me,
        sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Those among members of a cluster of the tenant's, by state.
pub(crate) async fn cluster_counts(tx: &mut TenantTx, cluster: Uuid) -> Result<Vec<Count>> {
    let rows = sqlx::query_as!(
        Count,
        r#"select state as "state!", matches as "matches!", others as "others!" from capacity.cluster_matches($1)"#,
        cluster
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
