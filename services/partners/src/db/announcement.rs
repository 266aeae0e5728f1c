//! What the operator announces, and what each has put away.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{refusal, unknown};
use crate::announcement::{Announcement, AnnouncementKind, MOST, Operated, Told};

struct Row {
    id: Uuid,
    kind: String,
    text_zh: String,
    text_en: String,
    begins_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
    shown_from: OffsetDateTime,
    shown_until: OffsetDateTime,
    version: i64,
}

impl Row {
    fn read(self) -> Result<Announcement> {
        let kind = AnnouncementKind::parse(&self.kind);
        Ok(Announcement {
            id: self.id,
            told: Told {
                kind: kind.ok_or_else(|| unknown("partners.announcement", &self.kind))?,
                text_zh: self.text_zh,
                text_en: self.text_en,
                begins_at: self.begins_at,
                ends_at: self.ends_at,
                shown_from: self.shown_from,
                shown_until: self.shown_until,
            },
            version: self.version,
        })
    }
}

/// What is shown now and the actor has not put away, the oldest first; outside of all firms, all of it.
pub(crate) async fn current(tx: &mut TenantTx, actor: Uuid, at: OffsetDateTime) -> Result<Vec<Announcement>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id as "id!", a.kind as "kind!", a.text_zh as "text_zh!", a.text_en as "text_en!", a.begins_at,
                  a.ends_at, a.shown_from as "shown_from!", a.shown_until as "shown_until!", a.version as "version!"
           from partners.current_announcements($3) a
           where not exists (
               select from partners.dismissal d
               where d.firm = $1 and d.actor = $2 and d.announcement = a.id and d.version >= a.version)
           order by a.id"#,
        firm,
        actor,
        at
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Puts an announcement that is shown away; false where none is.
pub(crate) async fn dismiss(
    tx: &mut TenantTx,
    actor: Uuid,
    (id, version): (Uuid, i64),
    at: OffsetDateTime,
) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"insert into partners.dismissal as d (firm, actor, announcement, version, at)
           select $1, $2, a.id, least($4, a.version), $5 from partners.current_announcements($5) a where a.id = $3
           on conflict (firm, actor, announcement)
           do update set version = greatest(d.version, excluded.version), at = excluded.at"#,
        firm,
        actor,
        id,
        version,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether another one may stand beside those of the operator that are not over.
pub(crate) async fn has_room(tx: &mut TenantTx, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let standing = sqlx::query_scalar!(
        r#"select count(*) as "count!" from partners.announcement
           where firm = $1 and withdrawn_at is null and shown_until > $2"#,
        firm,
        at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(standing < MOST)
}

/// Keeps a new one.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    id: Uuid,
    told: &Told,
    by: &str,
    at: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.announcement (firm, id, kind, text_zh, text_en, begins_at, ends_at, shown_from,
                                              shown_until, published_at, changed_at, changed_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)"#,
        firm,
        id,
        told.kind.as_str(),
        told.text_zh,
        told.text_en,
        told.begins_at,
        told.ends_at,
        told.shown_from,
        told.shown_until,
        at,
        by
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "announcement_pkey"))?;
    Ok(())
}

/// Changes one of the operator's, unless it moved on meanwhile.
pub(crate) async fn update(
    tx: &mut TenantTx,
    (id, version): (Uuid, i64),
    told: &Told,
    by: &str,
    at: OffsetDateTime,
) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update partners.announcement
           set kind = $4, text_zh = $5, text_en = $6, begins_at = $7, ends_at = $8, shown_from = $9,
               shown_until = $10, changed_at = $11, changed_by = $12, version = version + 1
           where firm = $1 and id = $2 and version = $3 and withdrawn_at is null"#,
        firm,
        id,
        version,
        told.kind.as_str(),
        told.text_zh,
        told.text_en,
        told.begins_at,
        told.ends_at,
        told.shown_from,
        told.shown_until,
        at,
        by
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "announcement_pkey"))?;
    Ok(done.rows_affected() == 1)
}

/// Takes one of the operator's back, unless it moved on meanwhile.
pub(crate) async fn withdraw(
    tx: &mut TenantTx,
    (id, version): (Uuid, i64),
    by: &str,
    at: OffsetDateTime,
) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update partners.announcement
           set withdrawn_at = $4, changed_at = $4, changed_by = $5, version = version + 1
           where firm = $1 and id = $2 and version = $3 and withdrawn_at is null"#,
        firm,
        id,
        version,
        at,
        by
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "announcement_pkey"))?;
    Ok(done.rows_affected() == 1)
}

/// The operator's, the newest first: one, or a page before one.
pub(crate) async fn list(
    tx: &mut TenantTx,
    only: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Operated>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select id, kind, text_zh, text_en, begins_at, ends_at, shown_from, shown_until, version, published_at,
                  changed_at, changed_by, withdrawn_at
           from partners.announcement
           where firm = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        firm,
        only,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let announcement = Row {
                id: row.id,
                kind: row.kind,
                text_zh: row.text_zh,
                text_en: row.text_en,
                begins_at: row.begins_at,
                ends_at: row.ends_at,
                shown_from: row.shown_from,
                shown_until: row.shown_until,
                version: row.version,
            };
            Ok(Operated {
                announcement: announcement.read()?,
                published_at: row.published_at,
                changed_at: row.changed_at,
                changed_by: row.changed_by,
                withdrawn_at: row.withdrawn_at,
            })
        })
        .collect()
}
