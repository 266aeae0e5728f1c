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

/// Whom a link signs in.
pub(crate) struct Whose {
    pub firm: String,
    pub member: String,
}

/// Stores a link for the member of a channel; `None` where either is no longer there.
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
        r#"select l.firm_name as "firm!", l.member_name as "member!"
           from notices.channel c
           cross join lateral partners.new_sign_in_link(c.member, $3, $4, $5) l
           where c.firm = $1 and c.id = $2 and c.signs_in and c.deleted_at is null"#,
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
