//! Who has taken note of which revision.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A firm, and when it took note.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub firm: Uuid,
    pub revision_id: Uuid,
    /// `None`: not yet.
    pub at: Option<OffsetDateTime>,
    pub actor_name: Option<String>,
}

/// The tenant's of another firm's revision.
pub(crate) async fn own(tx: &mut TenantTx, owner: Uuid, revision: Uuid) -> Result<Option<Acknowledged>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Acknowledged,
        r#"select firm, revision_id, at as "at?", actor_name as "actor_name?" from resources.acknowledgement
           where owner = $1 and revision_id = $2 and firm = $3"#,
        owner,
        revision,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// Keeps that the tenant took note of another firm's revision.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    owner: Uuid,
    revision: Uuid,
    actor_name: &str,
    at: OffsetDateTime,
) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.acknowledgement (owner, revision_id, firm, actor_name, at)
           values ($1, $2, $3, $4, $5) on conflict do nothing"#,
        owner,
        revision,
        me,
        actor_name,
        at
    )
    .execute(tx.conn())
    .await;
    super::one_row_of_others(saved)
}

/// Which revision of the tenant's.
pub(crate) struct Of {
    pub revision: Uuid,
    pub resource: Uuid,
    pub category: i16,
    /// Only firms that have not taken note.
    pub missing: bool,
    pub after: Option<Uuid>,
}

/// Firms with an entitlement of their own to it, and those that took note, by firm.
pub(crate) async fn list(tx: &mut TenantTx, of: &Of, limit: i64) -> Result<Vec<Acknowledged>> {
    let me = tx.firm();
    let rows = sqlx::query_as!(
        Acknowledged,
        r#"select c.firm as "firm!", $2::uuid as "revision_id!", a.at as "at?", a.actor_name as "actor_name?"
           from (
               select e.firm from resources.entitlement e
               where e.owner = $1 and e.state = 'granted' and e.firm is not null
                   and (e.resource_id = $3 or e.category = $4)
               union
               select k.firm from resources.acknowledgement k where k.owner = $1 and k.revision_id = $2
           ) c
           left join resources.acknowledgement a on a.owner = $1 and a.revision_id = $2 and a.firm = c.firm
           where ($5::uuid is null or c.firm > $5) and (not $6::boolean or a.at is null)
           order by c.firm limit $7"#,
        me,
        of.revision,
        of.resource,
        of.category,
        of.after,
        of.missing,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
