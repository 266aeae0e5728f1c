//! Contents of the store, in their owner's tenant: whether each is to stand.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A content is to stand, and is not looked at until then; whether it may: one that goes at this moment may not.
pub(crate) async fn keep(tx: &mut TenantTx, sha256: &[u8], until: OffsetDateTime) -> Result<bool> {
    let me = tx.firm();
    let kept = sqlx::query!(
        r#"insert into resources.content (owner, sha256, check_at) values ($1, $2, $3)
           on conflict (owner, sha256) do update
           set state = 'kept', check_at = greatest(content.check_at, excluded.check_at)
           where content.state <> 'going'"#,
        me,
        sha256,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Whether a content is to stand, which stays so until the transaction ends.
pub(crate) async fn stands(tx: &mut TenantTx, sha256: &[u8]) -> Result<bool> {
    let me = tx.firm();
    let state = sqlx::query_scalar!(
        "select state from resources.content where owner = $1 and sha256 = $2 for share",
        me,
        sha256
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(state.as_deref() == Some("kept"))
}

/// The content of a file is looked at, but not before the time for which it is kept.
pub(crate) async fn look(tx: &mut TenantTx, file: Uuid, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        r#"update resources.content c set check_at = greatest(c.check_at, $3)
           from resources.revision_file f
           where f.owner = $1 and f.id = $2 and c.owner = $1 and c.sha256 = f.sha256"#,
        me,
        file,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The state of a content that is to be looked at, locked.
pub(crate) async fn lock_due(tx: &mut TenantTx, sha256: &[u8], at: OffsetDateTime) -> Result<Option<String>> {
    let me = tx.firm();
    let state = sqlx::query_scalar!(
        r#"select state from resources.content
           where owner = $1 and sha256 = $2 and check_at <= $3 for update"#,
        me,
        sha256,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(state)
}

/// Whether a file of the tenant's is made of a content.
pub(crate) async fn used(tx: &mut TenantTx, sha256: &[u8]) -> Result<bool> {
    let me = tx.firm();
    let used = sqlx::query_scalar!(
        r#"select exists (select from resources.revision_file
                         where owner = $1 and sha256 = $2 and not removed) as "used!""#,
        me,
        sha256
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(used)
}

/// How a content stands from now on, and when it is looked at again.
pub(crate) async fn set(
    tx: &mut TenantTx,
    sha256: &[u8],
    state: &str,
    check_at: Option<OffsetDateTime>,
) -> Result<()> {
    let me = tx.firm();
    sqlx::query!(
        "update resources.content set state = $3, check_at = $4 where owner = $1 and sha256 = $2",
        me,
        sha256,
        state,
        check_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Contents of any firm that are to be looked at, outside of a tenant.
pub(crate) async fn due(
    outside: &mut TenantTx,
    at: OffsetDateTime,
    most: i32,
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", sha256 as "sha256!" from resources.contents_due($1, $2)"#,
        at,
        most
    )
    .fetch_all(outside.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, row.sha256)).collect())
}
