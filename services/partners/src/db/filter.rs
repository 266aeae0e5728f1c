//! Filters that somebody keeps.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// All of them, encoded; nothing where none was ever kept.
pub(crate) async fn of(tx: &mut TenantTx, actor: Uuid) -> Result<Option<Vec<u8>>> {
    let firm = tx.firm();
    let kept = sqlx::query_scalar!(
        r#"select content from partners.saved_filters where firm = $1 and actor = $2"#,
        firm,
        actor
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(kept)
}

/// Keeps these instead.
pub(crate) async fn save(tx: &mut TenantTx, actor: Uuid, content: &[u8], at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.saved_filters (firm, actor, content, changed_at) values ($1, $2, $3, $4)
           on conflict (firm, actor) do update set content = excluded.content, changed_at = excluded.changed_at"#,
        firm,
        actor,
        content,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
