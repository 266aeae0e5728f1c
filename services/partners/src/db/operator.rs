//! What the operator does, through the functions that ask again whether it is one.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{firm_state, refusal, relationship, unknown};
use crate::{
    firm::Firm,
    operator::{Act, Action, ActionKind, Merge, NewAdmin, OperatedFirm, WebhookHealth},
    relationship::Relationship,
};

/// What to search firms by.
#[derive(Default)]
pub(crate) struct Search<'a> {
    /// `None`: whatever the rest fits.
    pub ids: Option<&'a [Uuid]>,
    pub query: &'a str,
    pub state: &'a str,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// Firms by id.
pub(crate) async fn find(tx: &mut TenantTx, search: &Search<'_>) -> Result<Vec<OperatedFirm>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!", name_en as "name_en!", uscc as "uscc!", state as "state!",
                  sandbox as "sandbox!", verified_at, created_at as "created_at!",
                  administrators as "administrators!", suppliers as "suppliers!", buyers as "buyers!"
           from partners.find_firms($1, $2, $3, $4, $5)"#,
        search.ids,
        search.query,
        search.state,
        search.after,
        search.limit
    )
    .fetch_all(tx.conn())
    .await
    .map_err(|error| refusal(error, "firm_pkey"))?;
    rows.into_iter()
        .map(|row| {
            Ok(OperatedFirm {
                firm: Firm {
                    id: row.id,
                    name: row.name,
                    name_en: row.name_en,
                    uscc: row.uscc,
                    state: firm_state(&row.state)?,
                    sandbox: row.sandbox,
                    verified: row.verified_at.is_some(),
                    party_ids: Vec::new(),
                    created_at: row.created_at,
                },
                administrators: row.administrators,
                suppliers: row.suppliers,
                buyers: row.buyers,
            })
        })
        .collect()
}

/// Firms with webhooks that are not well, by id.
pub(crate) async fn webhook_health(
    tx: &mut TenantTx,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WebhookHealth>> {
    let rows = sqlx::query_as!(
        WebhookHealth,
        r#"select firm as "firm!", name as "name!", name_en as "name_en!", failing as "failing!", ended as "ended!",
                  paused as "paused!", since
           from partners.webhook_health($1, $2)"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
    .map_err(|error| refusal(error, "firm_pkey"))?;
    Ok(rows)
}

/// Whom a change of the firm is told to, besides itself.
pub(crate) async fn partners_of(tx: &mut TenantTx, firm: Uuid) -> Result<Vec<Uuid>> {
    let partners =
        sqlx::query_scalar!(r#"select partner as "partner!" from partners.partners_of($1) order by 1"#, firm)
            .fetch_all(tx.conn())
            .await
            .map_err(|error| refusal(error, "firm_pkey"))?;
    Ok(partners)
}

/// Who acts, and when.
pub(crate) struct By<'a> {
    pub action: Uuid,
    pub actor_name: &'a str,
    pub at: OffsetDateTime,
}

/// Does an act on one firm; what came of it in the database's word.
pub(crate) async fn operate(tx: &mut TenantTx, act: &Act, by: &By<'_>) -> Result<String> {
    let outcome = sqlx::query_scalar!(
        r#"select partners.operate($1, $2, $3, $4, $5, $6) as "outcome!""#,
        act.firm,
        by.action,
        act.kind.as_str(),
        by.actor_name,
        act.note,
        by.at
    )
    .fetch_one(tx.conn())
    .await
    .map_err(|error| refusal(error, "operator_action_pkey"))?;
    Ok(outcome)
}

/// The sign-in link of a new administrator.
pub(crate) struct AdminLink<'a> {
    pub member: Uuid,
    pub sha256: &'a [u8],
    pub expires_at: OffsetDateTime,
}

/// Makes a person an administrator; what came of it in the database's word.
pub(crate) async fn reset_admin(
    tx: &mut TenantTx,
    new: &NewAdmin,
    link: &AdminLink<'_>,
    by: &By<'_>,
) -> Result<String> {
    let outcome = sqlx::query_scalar!(
        r#"select partners.reset_admin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as "outcome!""#,
        new.firm,
        by.action,
        link.member,
        new.name,
        new.locale,
        link.sha256,
        link.expires_at,
        by.actor_name,
        new.note,
        by.at
    )
    .fetch_one(tx.conn())
    .await
    .map_err(|error| refusal(error, "member_pkey"))?;
    Ok(outcome)
}

/// Merges two firms; what came of it in the database's word, and the relationships that moved.
pub(crate) async fn merge(
    tx: &mut TenantTx,
    merge: &Merge,
    by: &By<'_>,
) -> Result<(String, Vec<Relationship>)> {
    let rows = sqlx::query!(
        r#"select outcome as "outcome!", relationship from partners.merge_firms($1, $2, $3, $4, $5, $6)"#,
        merge.duplicate,
        merge.survivor,
        by.action,
        by.actor_name,
        merge.note,
        by.at
    )
    .fetch_all(tx.conn())
    .await
    .map_err(|error| refusal(error, "operator_action_pkey"))?;
    let outcome = rows.first().map(|row| row.outcome.clone()).unwrap_or_default();
    let ids: Vec<Uuid> = rows.into_iter().filter_map(|row| row.relationship).collect();
    let moved = if ids.is_empty() { Vec::new() } else { relationship::merged(tx, &ids).await? };
    Ok((outcome, moved))
}

/// Which actions are listed.
pub(crate) enum Whose {
    /// Of the tenant as operator, of one firm or all.
    Operators(Option<Uuid>),
    /// On the tenant itself, or merged into it.
    Own,
}

/// Actions, the newest first, before one.
pub(crate) async fn actions(
    tx: &mut TenantTx,
    whose: &Whose,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Action>> {
    let me = tx.firm();
    let (operators, firm) = match whose {
        Whose::Operators(firm) => (true, *firm),
        Whose::Own => (false, None),
    };
    let rows = sqlx::query!(
        r#"select id, firm, kind, other_firm, firm_name, actor_name, note, at
           from partners.operator_action
           where case when $2::boolean then operator = $1 and ($3::uuid is null or firm = $3 or other_firm = $3)
                      else firm = $1 or other_firm = $1 end
               and ($4::uuid is null or id < $4)
           order by id desc limit $5"#,
        me,
        operators,
        firm,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = ActionKind::parse(&row.kind);
            Ok(Action {
                id: row.id,
                kind: kind.ok_or_else(|| unknown("partners.operator_action", &row.kind))?,
                firm: row.firm,
                firm_name: row.firm_name,
                other_firm: row.other_firm,
                at: row.at,
                actor_name: row.actor_name,
                note: row.note,
            })
        })
        .collect()
}
