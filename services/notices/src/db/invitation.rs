//! Codes of invitations: whom they are mailed to, and what is kept of them. Outside of any firm.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;

/// Whom the inviter gave to be mailed.
pub(crate) struct Contact {
    pub mail: String,
    pub locale: String,
    pub invited_by: String,
}

/// Whom to mail about an invitation that can be used, by its token's hash; `None` where that is nobody.
pub(crate) async fn contact(tx: &mut TenantTx, sha256: &[u8], at: OffsetDateTime) -> Result<Option<Contact>> {
    let contact = sqlx::query_as!(
        Contact,
        r#"select mail as "mail!", locale as "locale!", invited_by as "invited_by!"
           from partners.invitation_contact($1, $2)"#,
        sha256,
        at
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(contact)
}

/// Keeps what tells a code, in place of the one before; whether fewer than so many were mailed for the invitation.
pub(crate) async fn keep_code(
    tx: &mut TenantTx,
    sha256: &[u8],
    kept: &[u8],
    expires_at: OffsetDateTime,
    most: i32,
) -> Result<bool> {
    let fresh = sqlx::query_scalar!(
        r#"select partners.keep_invitation_code($1, $2, $3, $4) as "fresh!""#,
        sha256,
        kept,
        expires_at,
        most
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(fresh)
}
