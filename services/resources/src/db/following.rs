//! What the tenant follows.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// What is followed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: Uuid,
    pub owner: Option<Uuid>,
    pub category: Option<i16>,
    pub followed_at: OffsetDateTime,
}

/// Follows, also what was followed before; what stands then.
pub(crate) async fn follow(tx: &mut TenantTx, new: &Row) -> Result<Row> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Row,
        r#"insert into resources.following as f (firm, id, owner, category, followed_at) values ($1, $2, $3, $4, $5)
           on conflict on constraint following_what_key do update
           set ended = false, followed_at = case when f.ended then excluded.followed_at else f.followed_at end
           returning id, owner, category, followed_at"#,
        me,
        new.id,
        new.owner,
        new.category,
        new.followed_at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row)
}

/// Follows it no more; what it was.
pub(crate) async fn end(tx: &mut TenantTx, id: Uuid) -> Result<Option<Row>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Row,
        r#"update resources.following set ended = true where firm = $1 and id = $2 and not ended
           returning id, owner, category, followed_at"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// What the tenant follows, the oldest first.
pub(crate) async fn list(tx: &mut TenantTx, limit: i64) -> Result<Vec<Row>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, owner, category, followed_at from resources.following
           where firm = $1 and not ended order by id limit $2"#,
        me,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
