//! Links and what using them does. Outside a firm there is only what these published functions answer.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::unknown;
use crate::{
    commands::Acceptance,
    link::{Link, LinkKind},
};

/// The link of a token.
pub(crate) async fn inspect(tx: &mut TenantTx, sha256: &[u8]) -> Result<Option<Link>> {
    let row = sqlx::query!(
        r#"select kind as "kind!", firm as "firm!", firm_name as "firm_name!", member_name as "member_name!",
                  invited_by as "invited_by!", locale as "locale!", expires_at as "expires_at!", used_at,
                  ended as "ended!"
           from partners.inspect_link($1)"#,
        sha256
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Link {
            kind: LinkKind::parse(&row.kind).ok_or_else(|| unknown("partners.link", &row.kind))?,
            firm: row.firm,
            firm_name: row.firm_name,
            member_name: row.member_name,
            invited_by: row.invited_by,
            locale: row.locale,
            expires_at: row.expires_at,
            used_at: row.used_at,
            ended: row.ended,
        })
    })
    .transpose()
}

/// A sign-in link of an own member.
pub(crate) async fn insert_sign_in(
    tx: &mut TenantTx,
    member: Uuid,
    sha256: &[u8],
    at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into partners.link (sha256, kind, firm, member, issuer, created_at, expires_at)
           values ($1, 'sign_in', $2, $3, $2, $4, $5)"#,
        sha256,
        firm,
        member,
        at,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the links that an own member was mailed and has not used.
pub(crate) async fn end_mailed(tx: &mut TenantTx, member: Uuid, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(r#"select partners.end_mailed_links($1, $2)"#, member, at).execute(tx.conn()).await?;
    Ok(())
}

/// An invitation to a supplier that has not accepted; whether there is such a one.
pub(crate) async fn insert_invitation(
    tx: &mut TenantTx,
    relationship: Uuid,
    sha256: &[u8],
    expires_at: OffsetDateTime,
) -> Result<bool> {
    let made = sqlx::query_scalar!(
        r#"select partners.new_invitation($1, $2, $3, end_earlier => true) as "made!""#,
        relationship,
        sha256,
        expires_at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(made)
}

/// The mail address that an invitation asks for a code of; `None` where the inviter gave none, or the link does not work.
pub(crate) async fn code_mail(
    tx: &mut TenantTx,
    sha256: &[u8],
    at: OffsetDateTime,
) -> Result<Option<String>> {
    let mail =
        sqlx::query_scalar!(r#"select mail as "mail!" from partners.invitation_contact($1, $2)"#, sha256, at)
            .fetch_optional(tx.conn())
            .await?;
    Ok(mail)
}

/// Takes one of so many tries of an invitation's code: what is kept of it, or `None` where none works.
pub(crate) async fn try_code(
    tx: &mut TenantTx,
    sha256: &[u8],
    at: OffsetDateTime,
    most: i32,
) -> Result<Option<Vec<u8>>> {
    let kept = sqlx::query_scalar!(
        r#"select partners.try_invitation_code($1, $2, $3) as "kept?""#,
        sha256,
        at,
        most
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(kept)
}

/// A session to begin.
pub(crate) struct NewSession<'a> {
    pub id: &'a str,
    pub sha256: &'a [u8],
    pub device: &'a str,
    pub at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Whose session began.
pub(crate) struct SignedIn {
    pub firm: Uuid,
    pub member: Uuid,
    pub locale: String,
}

/// Uses a sign-in link; `None` where it does not work.
pub(crate) async fn redeem(
    tx: &mut TenantTx,
    sha256: &[u8],
    session: &NewSession<'_>,
) -> Result<Option<SignedIn>> {
    let signed_in = sqlx::query_as!(
        SignedIn,
        r#"select firm as "firm!", member as "member!", locale as "locale!"
           from partners.redeem_sign_in($1, $2, $3, $4, $5, $6)"#,
        sha256,
        session.id,
        session.sha256,
        session.device,
        session.at,
        session.expires_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(signed_in)
}

/// Uses an invitation in the placeholder's own tenant; the relationship, or `None` where it does not work.
pub(crate) async fn accept(
    tx: &mut TenantTx,
    sha256: &[u8],
    acceptance: &Acceptance,
    member: Uuid,
    session: &NewSession<'_>,
) -> Result<Option<Uuid>> {
    let relationship = sqlx::query_scalar!(
        r#"select relationship as "relationship!"
           from partners.accept_invitation($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#,
        sha256,
        session.at,
        acceptance.firm_name,
        acceptance.uscc,
        member,
        acceptance.member_name,
        acceptance.locale,
        session.id,
        session.sha256,
        session.device,
        session.expires_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(relationship)
}

/// What came of claiming an invitation.
pub(crate) enum Claimed {
    Yes { relationship: Uuid, placeholder: Uuid },
    OwnFirm,
    Unusable,
}

/// Takes an invitation's placeholder into the tenant's own firm.
pub(crate) async fn claim(tx: &mut TenantTx, sha256: &[u8], at: OffsetDateTime) -> Result<Claimed> {
    let row = sqlx::query!(
        r#"select outcome as "outcome!", relationship, placeholder from partners.claim_invitation($1, $2)"#,
        sha256,
        at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match (row.outcome.as_str(), row.relationship, row.placeholder) {
        ("claimed", Some(relationship), Some(placeholder)) => Claimed::Yes { relationship, placeholder },
        ("own_firm", ..) => Claimed::OwnFirm,
        _ => Claimed::Unusable,
    })
}
