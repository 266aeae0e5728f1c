//! Downloads: all by functions, since the reader's right may end while one runs.

use std::collections::BTreeSet;

use chassis::{Error, Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A file that the tenant may use.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub owner: Uuid,
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
}

/// The file, where the tenant may use it.
pub(crate) async fn file(tx: &mut TenantTx, id: Uuid) -> Result<Option<File>> {
    let file = sqlx::query_as!(
        File,
        r#"select owner as "owner!", id as "id!", name as "name!", media_type as "media_type!",
                  size_bytes as "size_bytes!", sha256 as "sha256!"
           from resources.files_in_sight(null, $1)"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(file)
}

/// A download of another firm's file begins; whether an entitlement has one left. NOT_FOUND where the tenant may not use it.
pub(crate) async fn begin(tx: &mut TenantTx, file: Uuid, download: Uuid, actor_name: &str) -> Result<bool> {
    let outcome = sqlx::query_scalar!(
        r#"select outcome as "outcome!" from resources.begin_download($1, $2, $3)"#,
        file,
        download,
        actor_name
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(outcome.ok_or_else(Error::not_found)? == "begun")
}

/// A download that has ended, as the owner's log has it.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub owner: Uuid,
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub firm: Uuid,
    pub firm_name: String,
    pub actor_name: String,
    pub resource_id: Uuid,
    pub resource_name: String,
    pub resource_number: String,
    pub revision_id: Uuid,
    pub revision_label: String,
    pub file_id: Uuid,
    pub file_name: String,
    pub sent_bytes: i64,
    pub entitlement_id: Option<Uuid>,
}

/// Ends a download of the tenant's; `None` where it had ended before.
pub(crate) async fn end(tx: &mut TenantTx, download: Uuid, entry: Uuid, sent: i64) -> Result<Option<Ended>> {
    let ended = sqlx::query_as!(
        Ended,
        r#"select owner as "owner!", id as "id!", at as "at!", firm as "firm!", firm_name as "firm_name!",
                  actor_name as "actor_name!", resource_id as "resource_id!", resource_name as "resource_name!",
                  resource_number as "resource_number!", revision_id as "revision_id!",
                  revision_label as "revision_label!", file_id as "file_id!", file_name as "file_name!",
                  sent_bytes as "sent_bytes!", entitlement_id
           from resources.end_download($1, $2, $3)"#,
        download,
        entry,
        sent
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(ended)
}

/// Which of these running downloads must stop, outside of a tenant; `sent` is how much of each was sent.
pub(crate) async fn stopped(outside: &mut TenantTx, running: &[Uuid], sent: &[i64]) -> Result<Vec<Uuid>> {
    let ids =
        sqlx::query_scalar!(r#"select id as "id!" from resources.stopped_downloads($1, $2)"#, running, sent)
            .fetch_all(outside.conn())
            .await?;
    Ok(ids)
}

/// Downloads of processes that are gone, outside of a tenant.
pub(crate) async fn lost(outside: &mut TenantTx, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(r#"select firm as "firm!", id as "id!" from resources.lost_downloads($1)"#, most)
        .fetch_all(outside.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}

/// Which of these credentials work no more, with their people and firms; outside of a tenant.
pub(crate) async fn ended_credentials(
    outside: &mut TenantTx,
    kinds: &[String],
    ids: &[String],
) -> Result<BTreeSet<(String, String)>> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", id as "id!" from resources.ended_credentials($1, $2) order by kind, id"#,
        kinds,
        ids
    )
    .fetch_all(outside.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.id)).collect())
}
