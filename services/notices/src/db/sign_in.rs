//! Links to sign in that members ask for: written down outside of any firm, and made when they are sent.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes down that somebody asks, by what the address is known by. Outside any firm.
pub(crate) async fn ask(tx: &mut TenantTx, id: Uuid, fingerprint: &[u8], at: OffsetDateTime) -> Result<()> {
    sqlx::query!(r#"select notices.ask_for_sign_in($1, $2, $3)"#, id, fingerprint, at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Makes messages of what was asked, with a title in each language; how many asked. Outside any firm.
pub(crate) async fn take(
    tx: &mut TenantTx,
    most: i64,
    at: OffsetDateTime,
    kind: i32,
    (title_zh, title_en): (&str, &str),
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select notices.take_sign_in_requests($1, $2, $3, $4, $5) as "taken!""#,
        most,
        at,
        kind,
        title_zh,
        title_en
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Ends the links that a member was mailed and has not used.
pub(crate) async fn end_links(tx: &mut TenantTx, member: Uuid, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(r#"select partners.end_mailed_links($1, $2)"#, member, at).execute(tx.conn()).await?;
    Ok(())
}

/// Whom a link signs in.
pub(crate) struct Whose {
    pub firm: String,
    pub member: String,
}

/// Stores a link for the member of a channel; `None` where either is no longer there, or the member may do or see more by now
/// than whoever named the address could have given. The channel is deleted before, or after the link is there.
pub(crate) async fn insert_link(
    tx: &mut TenantTx,
    channel: Uuid,
    sha256: &[u8],
    at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<Option<Whose>> {
    let firm = tx.firm();
    let whose = sqlx::query_as!(
        Whose,
        // Materialized, so that the function is called for nobody else.
        r#"with signed as materialized (
               select m.id from notices.channel c
               join partners.member_scope m on m.firm = c.firm and m.id = c.member
               where c.firm = $1 and c.id = $2 and c.signs_in and c.deleted_at is null and (
                   c.sign_in_roles is null
                   or m.roles <@ c.sign_in_roles
                       and (c.sign_in_sites = '{}' or m.sites <> '{}' and m.sites <@ c.sign_in_sites)
                       and (c.sign_in_purchasing_groups = '{}'
                            or m.purchasing_groups <> '{}'
                                and m.purchasing_groups <@ c.sign_in_purchasing_groups))
               for no key update of c)
           select l.firm_name as "firm!", l.member_name as "member!"
           from signed
           cross join lateral partners.new_sign_in_link(signed.id, $3, $4, $5) l"#,
        firm,
        channel,
        sha256,
        at,
        expires_at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(whose)
}
