//! Uploads and their parts, in the owner's tenant; and the files that they become.

use chassis::{Error, Reason, Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::download::File;
use crate::{convert::transfer::NewUpload, store::PartName};

/// What a file is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
}

/// An upload.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub owner: Uuid,
    pub id: Uuid,
    pub revision_id: Uuid,
    pub name: String,
    pub media_type: String,
    /// As announced; both or neither.
    pub size_bytes: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    pub state: String,
    pub attempt: i32,
    pub parts: i32,
    pub offset_bytes: i64,
    pub expires_at: OffsetDateTime,
}

/// The state of a revision of the tenant's, which stays so until the transaction ends.
pub(crate) async fn revision_state(tx: &mut TenantTx, revision: Uuid) -> Result<Option<String>> {
    let me = tx.firm();
    let state = sqlx::query_scalar!(
        r#"select state from resources.revision where owner = $1 and id = $2 for share"#,
        me,
        revision
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(state)
}

/// How many files a revision has or waits for, whether one is called so, and how many uploads of the tenant are open.
pub(crate) struct Room {
    pub files: i64,
    pub named: bool,
    pub uploads: i64,
}

pub(crate) async fn room(tx: &mut TenantTx, revision: Uuid, name: &str) -> Result<Room> {
    let me = tx.firm();
    let room = sqlx::query_as!(
        Room,
        r#"select
               (select count(*) from resources.revision_file where owner = $1 and revision_id = $2 and not removed)
               + (select count(*) from resources.upload where owner = $1 and revision_id = $2 and state = 'open') as "files!",
               exists (select from resources.revision_file
                       where owner = $1 and revision_id = $2 and name = $3 and not removed) as "named!",
               (select count(*) from resources.upload where owner = $1 and state = 'open') as "uploads!""#,
        me,
        revision,
        name
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(room)
}

/// A new upload, and what it is.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    id: Uuid,
    new: &NewUpload,
    at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<Upload> {
    let me = tx.firm();
    sqlx::query!(
        r#"insert into resources.upload
               (owner, id, revision_id, name, media_type, size_bytes, sha256, begun_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        me,
        id,
        new.revision,
        new.name,
        new.media_type,
        new.announced.as_ref().map(|content| content.size_bytes),
        new.announced.as_ref().map(|content| content.sha256.as_slice()),
        at,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    get(tx, id).await?.ok_or_else(Error::not_found)
}

/// An upload of the tenant's.
pub(crate) async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Option<Upload>> {
    let me = tx.firm();
    let upload = sqlx::query_as!(
        Upload,
        r#"select owner, id, revision_id, name, media_type, size_bytes, sha256, state, attempt, parts, offset_bytes,
                  expires_at
           from resources.upload where owner = $1 and id = $2"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(upload)
}

/// The same, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Upload>> {
    let me = tx.firm();
    let upload = sqlx::query_as!(
        Upload,
        r#"select owner, id, revision_id, name, media_type, size_bytes, sha256, state, attempt, parts, offset_bytes,
                  expires_at
           from resources.upload where owner = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(upload)
}

/// From now on this stream goes on with it, and no other.
pub(crate) async fn take_over(tx: &mut TenantTx, id: Uuid, writer: Uuid) -> Result<()> {
    let me = tx.firm();
    sqlx::query!("update resources.upload set writer = $3 where owner = $1 and id = $2", me, id, writer)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A part arrived. CONFLICT where another stream goes on with the upload, or it has ended.
pub(crate) async fn add_part(
    tx: &mut TenantTx,
    part: &PartName,
    offset_bytes: i64,
    size_bytes: i64,
    expires_at: OffsetDateTime,
) -> Result<()> {
    let me = tx.firm();
    let moved = sqlx::query!(
        r#"update resources.upload
           set offset_bytes = offset_bytes + $6, parts = parts + 1, expires_at = $7
           where owner = $1 and id = $2 and attempt = $3 and writer = $4 and offset_bytes = $5 and state = 'open'"#,
        me,
        part.upload,
        part.attempt,
        part.writer,
        offset_bytes,
        size_bytes,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    if moved.rows_affected() != 1 {
        return Err(Error::new(Reason::CONFLICT));
    }
    sqlx::query!(
        r#"insert into resources.upload_part (owner, upload_id, attempt, number, offset_bytes, size_bytes, writer)
           values ($1, $2, $3, $4, $5, $6, $7)"#,
        me,
        part.upload,
        part.attempt,
        part.number,
        offset_bytes,
        size_bytes,
        part.writer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The parts of an upload's present attempt, in their order.
pub(crate) async fn parts(tx: &mut TenantTx, upload: &Upload) -> Result<Vec<PartName>> {
    let me = tx.firm();
    let parts = sqlx::query_as!(
        PartName,
        r#"select owner, upload_id as upload, attempt, number, writer
           from resources.upload_part where owner = $1 and upload_id = $2 and attempt = $3 order by number"#,
        me,
        upload.id,
        upload.attempt
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(parts)
}

/// An upload whose content was not what was announced begins anew.
pub(crate) async fn begin_anew(tx: &mut TenantTx, id: Uuid, attempt: i32) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"update resources.upload set attempt = attempt + 1, parts = 0, offset_bytes = 0, writer = null
           where owner = $1 and id = $2 and attempt = $3 and state = 'open'"#,
        me,
        id,
        attempt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An open upload ends; whether it was open.
pub(crate) async fn end(tx: &mut TenantTx, id: Uuid, state: &str) -> Result<bool> {
    let me = tx.firm();
    let ended = sqlx::query!(
        "update resources.upload set state = $3 where owner = $1 and id = $2 and state = 'open'",
        me,
        id,
        state
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// An upload that stood still ends.
pub(crate) async fn expire(tx: &mut TenantTx, id: Uuid, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"update resources.upload set state = 'expired'
           where owner = $1 and id = $2 and state = 'open' and expires_at <= $3"#,
        me,
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What arrived of it is gone.
pub(crate) async fn swept(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        "update resources.upload set swept = true where owner = $1 and id = $2 and state <> 'open'",
        me,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uploads of any firm whose bytes are to go, outside of a tenant.
pub(crate) async fn due(outside: &mut TenantTx, at: OffsetDateTime, most: i32) -> Result<Vec<(Uuid, Uuid)>> {
    let rows =
        sqlx::query!(r#"select firm as "firm!", id as "id!" from resources.uploads_due($1, $2)"#, at, most)
            .fetch_all(outside.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.id)).collect())
}

/// A file of a revision of the tenant's. ALREADY_EXISTS where one is called so.
pub(crate) async fn insert_file(
    tx: &mut TenantTx,
    id: Uuid,
    upload: &Upload,
    content: &Content,
    at: OffsetDateTime,
) -> Result<File> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.revision_file
               (owner, id, revision_id, name, media_type, size_bytes, sha256, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        me,
        id,
        upload.revision_id,
        upload.name,
        upload.media_type,
        content.size_bytes,
        content.sha256,
        at
    )
    .execute(tx.conn())
    .await;
    match saved {
        Err(error) if chassis::db::is_constraint(&error, "revision_file_name_key") => {
            Err(Error::new(Reason::ALREADY_EXISTS).message("the revision has a file of this name"))
        }
        saved => saved.map_err(Error::from).map(|_| File {
            owner: me,
            id,
            name: upload.name.clone(),
            media_type: upload.media_type.clone(),
            size_bytes: content.size_bytes,
            sha256: content.sha256.clone(),
        }),
    }
}

/// The revision of a file of the tenant's that stands.
pub(crate) async fn file_revision(tx: &mut TenantTx, file: Uuid) -> Result<Option<Uuid>> {
    let me = tx.firm();
    let revision = sqlx::query_scalar!(
        "select revision_id from resources.revision_file where owner = $1 and id = $2 and not removed",
        me,
        file
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(revision)
}

/// Takes a file out of its draft.
pub(crate) async fn remove_file(tx: &mut TenantTx, file: Uuid) -> Result<()> {
    let me = tx.firm();
    sqlx::query!("update resources.revision_file set removed = true where owner = $1 and id = $2", me, file)
        .execute(tx.conn())
        .await?;
    Ok(())
}
