//! Clusters and their members.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{refusal, unknown};
use crate::cluster::{Cluster, Membership, MembershipState};

fn state(text: &str) -> Result<MembershipState> {
    MembershipState::parse(text).ok_or_else(|| unknown("partners.cluster_member", text))
}

/// A new cluster of the tenant.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    id: Uuid,
    (name, name_en): &(String, String),
    at: OffsetDateTime,
) -> Result<()> {
    let operator = tx.firm();
    sqlx::query!(
        r#"insert into partners.cluster (id, operator, name, name_en, created_at) values ($1, $2, $3, $4, $5)"#,
        id,
        operator,
        name,
        name_en,
        at
    )
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, "cluster_pkey"))?;
    Ok(())
}

/// Clusters that the tenant runs, belongs to or is invited to, by id.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<Cluster>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!", name_en as "name_en!", operator as "operator!",
                  operator_name as "operator_name!", members as "members!", own_state as "own_state!",
                  created_at as "created_at!"
           from partners.clusters_of($1, $2)"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Cluster {
                id: row.id,
                name: row.name,
                name_en: row.name_en,
                operator: row.operator,
                operator_name: row.operator_name,
                members: row.members,
                own_state: if row.own_state.is_empty() { None } else { Some(state(&row.own_state)?) },
                created_at: row.created_at,
            })
        })
        .collect()
}

/// One cluster of [`list`].
pub(crate) async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Option<Cluster>> {
    // The clusters of a firm are few: they are read whole rather than by a statement of their own.
    Ok(list(tx, None, 10_000).await?.into_iter().find(|cluster| cluster.id == id))
}

/// Invites a firm; what came of it in the database's word.
pub(crate) async fn invite(
    tx: &mut TenantTx,
    cluster: Uuid,
    firm: Uuid,
    at: OffsetDateTime,
) -> Result<String> {
    let outcome = sqlx::query_scalar!(
        r#"select partners.invite_to_cluster($1, $2, $3) as "outcome!""#,
        cluster,
        firm,
        at
    )
    .fetch_one(tx.conn())
    .await
    .map_err(|error| refusal(error, "cluster_member_pkey"))?;
    Ok(outcome)
}

/// Locks the tenant's own membership; `None` where it was never invited.
pub(crate) async fn lock_own(tx: &mut TenantTx, cluster: Uuid) -> Result<Option<MembershipState>> {
    let firm = tx.firm();
    let row = sqlx::query_scalar!(
        r#"select state from partners.cluster_member where cluster = $1 and firm = $2 for update"#,
        cluster,
        firm
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|text| state(&text)).transpose()
}

/// Moves the tenant's own membership.
pub(crate) async fn move_own(
    tx: &mut TenantTx,
    cluster: Uuid,
    to: MembershipState,
    at: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"update partners.cluster_member set state = $3, changed_at = $4 where cluster = $1 and firm = $2"#,
        cluster,
        firm,
        to.as_str(),
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenant's own membership with its name.
pub(crate) async fn own(tx: &mut TenantTx, cluster: Uuid) -> Result<Option<Membership>> {
    let firm = tx.firm();
    let row = sqlx::query!(
        r#"select m.state, m.changed_at, f.name, f.name_en
           from partners.cluster_member m
           join partners.firm f on f.id = m.firm
           where m.cluster = $1 and m.firm = $2"#,
        cluster,
        firm
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Membership {
            cluster,
            firm,
            firm_name: row.name,
            firm_name_en: row.name_en,
            state: state(&row.state)?,
            changed_at: row.changed_at,
        })
    })
    .transpose()
}

/// Which members to read.
#[derive(Default)]
pub(crate) struct Which<'a> {
    /// This one alone.
    pub firm: Option<Uuid>,
    /// After this name and id.
    pub after: Option<(&'a str, Uuid)>,
    pub limit: i64,
}

/// Members by name: for members those who joined, for the operator invitations too, for everybody else nothing.
pub(crate) async fn members(tx: &mut TenantTx, cluster: Uuid, which: &Which<'_>) -> Result<Vec<Membership>> {
    let (name, id) = which.after.unzip();
    let rows = sqlx::query!(
        r#"select firm as "firm!", name as "name!", name_en as "name_en!", state as "state!",
                  changed_at as "changed_at!"
           from partners.cluster_members($1, $2, $3, $4, $5)"#,
        cluster,
        which.firm,
        name,
        id,
        which.limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                cluster,
                firm: row.firm,
                firm_name: row.name,
                firm_name_en: row.name_en,
                state: state(&row.state)?,
                changed_at: row.changed_at,
            })
        })
        .collect()
}
