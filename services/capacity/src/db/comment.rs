//! Comments: written in their author's tenant, read by both sides.

use chassis::{Result, db::TenantTx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A comment.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Who wrote it.
    pub firm: Uuid,
    pub id: Uuid,
    pub customer: Uuid,
    pub supplier: Uuid,
    pub object_type: String,
    pub object_id: Uuid,
    pub author: String,
    pub text: String,
    pub kind: String,
    pub reference_dates: Vec<Date>,
    pub posted_at: Option<OffsetDateTime>,
    pub changed_at: OffsetDateTime,
    pub deleted: bool,
}

/// A comment of the tenant's own, locked.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select firm, id, customer, supplier, object_type, object_id, author, text, kind, reference_dates, posted_at,
                  changed_at, deleted
           from capacity.comment where firm = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// A new comment, or the new state of one that is locked.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.comment
               (firm, id, customer, supplier, object_type, object_id, author, text, kind, reference_dates, posted_at,
                changed_at, deleted)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict on constraint comment_pkey do update
           set author = excluded.author, text = excluded.text, kind = excluded.kind,
               reference_dates = excluded.reference_dates, posted_at = excluded.posted_at,
               changed_at = excluded.changed_at, deleted = excluded.deleted
           where (comment.customer, comment.supplier, comment.object_type, comment.object_id)
               = (excluded.customer, excluded.supplier, excluded.object_type, excluded.object_id)"#,
        head.firm,
        head.id,
        head.customer,
        head.supplier,
        head.object_type,
        head.object_id,
        head.author,
        head.text,
        head.kind,
        &head.reference_dates,
        head.posted_at,
        head.changed_at,
        head.deleted
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Customer and supplier of demands with this id that the tenant shares and that concern these sites of it; `other` alone
/// where it is named.
pub(crate) async fn of_demand(
    tx: &mut TenantTx,
    id: Uuid,
    other: Option<Uuid>,
    sites: &[String],
) -> Result<Vec<(Uuid, Uuid)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select customer, supplier from capacity.material_demand
           where $1 in (customer, supplier) and id = $2 and ($3::uuid is null or $3 in (customer, supplier))
               and ($4::text[] = '{}' or capacity.subject_in($4, 'material_demand', customer, supplier, id))
           order by customer limit 2"#,
        me,
        id,
        other,
        sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.supplier)).collect())
}

/// The same of groups, as far as they are shown to their customer.
pub(crate) async fn of_group(
    tx: &mut TenantTx,
    id: Uuid,
    other: Option<Uuid>,
    sites: &[String],
) -> Result<Vec<(Uuid, Uuid)>> {
    let me = tx.firm();
    let rows = sqlx::query!(
        r#"select customer, supplier from capacity.disclosed_group
           where $1 in (customer, supplier) and group_id = $2 and shown
               and ($3::uuid is null or $3 in (customer, supplier))
               and ($4::text[] = '{}' or capacity.subject_in($4, 'capacity_group', customer, supplier, group_id))
           order by customer, supplier limit 2"#,
        me,
        id,
        other,
        sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.supplier)).collect())
}

/// Which comments are asked for.
pub(crate) struct Which<'a> {
    pub object_type: &'a str,
    pub object: Option<Uuid>,
    /// Only those that the tenant wrote to this firm.
    pub own_to: Option<Uuid>,
    /// Only those about what concerns these sites of the tenant; empty: all.
    pub sites: &'a [String],
    /// The moment and id of the last one of the page before.
    pub before: Option<(OffsetDateTime, Uuid)>,
    pub limit: i64,
}

/// Comments that stand, the newest first.
pub(crate) async fn list(tx: &mut TenantTx, which: &Which<'_>) -> Result<Vec<Head>> {
    let me = tx.firm();
    let (at, id) = which.before.unzip();
    let rows = sqlx::query_as!(
        Head,
        r#"select firm, id, customer, supplier, object_type, object_id, author, text, kind, reference_dates, posted_at,
                  changed_at, deleted
           from capacity.comment
           where $1 in (customer, supplier) and not deleted and object_type = $2
               and ($3::uuid is null or object_id = $3)
               and ($4::uuid is null or (firm = $1 and $4 in (customer, supplier)))
               and ($5::timestamptz is null or (coalesce(posted_at, changed_at), id) < ($5, $6::uuid))
               and ($8::text[] = '{}' or capacity.subject_in($8, object_type, customer, supplier, object_id))
           order by coalesce(posted_at, changed_at) desc, id desc limit $7"#,
        me,
        which.object_type,
        which.object,
        which.own_to,
        at,
        id,
        which.limit,
        which.sites
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
