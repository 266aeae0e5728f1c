//! Revisions and their files: the tenant's own, and those that it may use.

use std::collections::BTreeMap;

use chassis::{Result, db::TenantTx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A file of a revision.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
}

/// A revision with its files.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub owner: Uuid,
    pub id: Uuid,
    pub resource_id: Uuid,
    pub number: i32,
    pub label: String,
    pub state: String,
    pub change_note: String,
    pub location: String,
    pub effectivity: Option<i16>,
    pub effective_date: Option<Date>,
    pub created_at: OffsetDateTime,
    pub released_at: Option<OffsetDateTime>,
    pub ended_at: Option<OffsetDateTime>,
    /// By the tenant.
    pub acknowledged_at: Option<OffsetDateTime>,
    pub files: Vec<File>,
}

/// Which revisions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which<'a> {
    pub resource: Option<Uuid>,
    pub revisions: Option<&'a [Uuid]>,
    /// Only those with a lower number.
    pub before: Option<i32>,
}

/// Revisions that the tenant may have, the newest first.
pub(crate) async fn in_sight(tx: &mut TenantTx, which: &Which<'_>, limit: i64) -> Result<Vec<Row>> {
    let rows = sqlx::query!(
        r#"select owner as "owner!", id as "id!", resource_id as "resource_id!", number as "number!", label as "label!",
                  state as "state!", change_note as "change_note!", location as "location!", effectivity, effective_date,
                  created_at as "created_at!", released_at, ended_at, acknowledged_at
           from resources.revisions_in_sight($1, $2, $3, $4) order by number desc, id"#,
        which.resource,
        which.revisions,
        which.before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut files = files(tx, &ids).await?;
    let rows = rows.into_iter().map(|row| Row {
        files: files.remove(&row.id).unwrap_or_default(),
        owner: row.owner,
        id: row.id,
        resource_id: row.resource_id,
        number: row.number,
        label: row.label,
        state: row.state,
        change_note: row.change_note,
        location: row.location,
        effectivity: row.effectivity,
        effective_date: row.effective_date,
        created_at: row.created_at,
        released_at: row.released_at,
        ended_at: row.ended_at,
        acknowledged_at: row.acknowledged_at,
    });
    Ok(rows.collect())
}

/// One revision that the tenant may have.
pub(crate) async fn one(tx: &mut TenantTx, id: Uuid) -> Result<Option<Row>> {
    let which = Which { revisions: Some(&[id]), ..Which::default() };
    Ok(in_sight(tx, &which, 1).await?.pop())
}

async fn files(tx: &mut TenantTx, revisions: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<File>>> {
    let rows = sqlx::query!(
        r#"select revision_id as "revision_id!", id as "id!", name as "name!", media_type as "media_type!",
                  size_bytes as "size_bytes!", sha256 as "sha256!"
           from resources.files_in_sight($1, null) order by revision_id, name, id"#,
        revisions
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: BTreeMap<Uuid, Vec<File>> = BTreeMap::new();
    for row in rows {
        found.entry(row.revision_id).or_default().push(File {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
        });
    }
    Ok(found)
}

/// A revision of the tenant, locked: what commands decide by.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    pub id: Uuid,
    pub resource_id: Uuid,
    pub number: i32,
    pub state: String,
    pub location: String,
}

/// The revision of the tenant.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Locked>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Locked,
        r#"select id, resource_id, number, state, location from resources.revision
           where owner = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The next number of a resource's revisions; and the revision that stands under the label.
pub(crate) async fn next(tx: &mut TenantTx, resource: Uuid, label: &str) -> Result<(i32, Option<Uuid>)> {
    let me = tx.firm();
    let row = sqlx::query!(
        r#"select coalesce(max(number), 0) + 1 as "number!",
                  (array_agg(id order by number) filter (where label = $3 and state <> 'withdrawn'))[1] as same
           from resources.revision where owner = $1 and resource_id = $2"#,
        me,
        resource,
        label
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.number, row.same))
}

/// A new draft.
pub(crate) struct Draft<'a> {
    pub id: Uuid,
    pub resource_id: Uuid,
    pub number: i32,
    pub label: &'a str,
    pub change_note: &'a str,
    pub location: &'a str,
    pub at: OffsetDateTime,
}

/// Keeps it.
pub(crate) async fn insert(tx: &mut TenantTx, draft: &Draft<'_>) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.revision
               (owner, id, resource_id, number, label, state, change_note, location, created_at)
           values ($1, $2, $3, $4, $5, 'draft', $6, $7, $8)"#,
        me,
        draft.id,
        draft.resource_id,
        draft.number,
        draft.label,
        draft.change_note,
        draft.location,
        draft.at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Supersedes what is released of a resource; which that was.
pub(crate) async fn supersede(tx: &mut TenantTx, resource: Uuid, at: OffsetDateTime) -> Result<Option<Uuid>> {
    let me = tx.firm();
    let before = sqlx::query_scalar!(
        r#"update resources.revision set state = 'superseded', ended_at = $3
           where owner = $1 and resource_id = $2 and state = 'released' returning id"#,
        me,
        resource,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(before)
}

/// Releases a draft that is locked.
pub(crate) async fn release(
    tx: &mut TenantTx,
    id: Uuid,
    (effectivity, date): (i16, Option<Date>),
    at: OffsetDateTime,
) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update resources.revision set state = 'released', effectivity = $3, effective_date = $4, released_at = $5
           where owner = $1 and id = $2 and state = 'draft'"#,
        me,
        id,
        effectivity,
        date,
        at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Withdraws a revision that is locked.
pub(crate) async fn withdraw(tx: &mut TenantTx, id: Uuid, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update resources.revision set state = 'withdrawn', ended_at = $3
           where owner = $1 and id = $2 and state <> 'withdrawn'"#,
        me,
        id,
        at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}
