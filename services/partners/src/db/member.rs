//! Members and their sessions.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{numbers, refusal, roles};
use crate::member::{Member, MemberChange, NewMember, Scope};

struct Row {
    id: Uuid,
    name: String,
    roles: Vec<i32>,
    sites: Vec<String>,
    purchasing_groups: Vec<String>,
    locale: String,
    disabled_at: Option<OffsetDateTime>,
    version: i64,
    created_at: OffsetDateTime,
}

impl From<Row> for Member {
    fn from(row: Row) -> Self {
        Member {
            id: row.id,
            name: row.name,
            roles: roles(&row.roles),
            scope: Scope { sites: row.sites, purchasing_groups: row.purchasing_groups },
            locale: row.locale,
            disabled: row.disabled_at.is_some(),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

pub(crate) async fn insert(tx: &mut TenantTx, id: Uuid, new: &NewMember, at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.member (id, firm, name, roles, sites, purchasing_groups, locale, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        id,
        firm,
        new.name,
        &numbers(&new.roles),
        &new.scope.sites,
        &new.scope.purchasing_groups,
        new.locale,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "member_pkey"))?;
    Ok(())
}

pub(crate) async fn get(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Member>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, name, roles, sites, purchasing_groups, locale, disabled_at, version, created_at
           from partners.member where id = $1 and ($2::uuid is null or firm = $2)"#,
        id,
        own
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Member::from))
}

/// Locks everybody who administers the firm, in one order, so that two administrators do not remove each other.
pub(crate) async fn lock_admins(tx: &mut TenantTx) -> Result<Vec<Uuid>> {
    let firm = tx.firm();
    let admins = sqlx::query_scalar!(
        r#"select id from partners.member where firm = $1 and 1 = any (roles) and disabled_at is null
           order by id for update"#,
        firm
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(admins)
}

/// Writes a change onto the version that it was made on; whether that was still there.
pub(crate) async fn update(
    tx: &mut TenantTx,
    change: &MemberChange,
    version: i64,
    at: OffsetDateTime,
) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update partners.member
           set roles = $4, sites = $5, purchasing_groups = $6, version = version + 1,
               disabled_at = case when $7::boolean then coalesce(disabled_at, $8) end
           where id = $1 and firm = $2 and version = $3"#,
        change.id,
        firm,
        version,
        &numbers(&change.roles),
        &change.scope.sites,
        &change.scope.purchasing_groups,
        change.disabled,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "member_pkey"))?;
    Ok(done.rows_affected() == 1)
}

/// The last name and id of a page.
pub(crate) type After = (String, Uuid);

/// Members by name, after one.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<&After>, limit: i64) -> Result<Vec<Member>> {
    let firm = tx.firm();
    let (name, id) = after.map(|(name, id)| (name.as_str(), *id)).unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, name, roles, sites, purchasing_groups, locale, disabled_at, version, created_at
           from partners.member
           where firm = $1 and ($2::text is null or (name, id) > ($2, $3))
           order by name, id limit $4"#,
        firm,
        name,
        id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Member::from).collect())
}

pub(crate) async fn set_locale(tx: &mut TenantTx, id: Uuid, locale: &str) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(r#"update partners.member set locale = $3 where id = $1 and firm = $2"#, id, firm, locale)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sessions of a member; their ids.
pub(crate) async fn end_sessions(tx: &mut TenantTx, member: Uuid, at: OffsetDateTime) -> Result<Vec<String>> {
    let firm = tx.firm();
    let ids = sqlx::query_scalar!(
        r#"update partners.session set ended_at = $3
           where firm = $1 and member = $2 and ended_at is null returning id"#,
        firm,
        member,
        at
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids)
}

pub(crate) async fn end_session(tx: &mut TenantTx, id: &str, at: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"update partners.session set ended_at = $3 where firm = $1 and id = $2 and ended_at is null"#,
        firm,
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
