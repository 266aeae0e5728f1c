//! Signing in and out. A link's token is the proof, so that these need no request id: a link works once.

use chassis::{
    Error, Reason, Result,
    caller::{Caller, CredentialKind, new_token},
    code, outbox, secret,
    secret::Redacted,
    service::Deps,
    value,
};
use proto::partners as wire;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    convert,
    db::{self, link::NewSession},
    events,
    link::{CODE_TRIES, Link, LinkKind, SESSION_VALID},
};

/// Who accepts an invitation, and as what.
pub(crate) struct Acceptance {
    pub member_name: String,
    /// Empty keeps what the inviter wrote.
    pub firm_name: String,
    /// Empty keeps what the inviter wrote.
    pub uscc: String,
    pub locale: String,
    pub device: String,
}

/// The link of a token, from outside any firm.
async fn find_link(deps: &Deps, sha256: &[u8]) -> Result<Link> {
    let mut tx = deps.pool.begin_outside().await?;
    let link = db::link::inspect(&mut tx, sha256).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    Ok(link)
}

/// Uses a sign-in link.
pub(crate) async fn redeem_sign_in_link(
    deps: &Deps,
    token: &str,
    device: &str,
) -> Result<wire::RedeemSignInLinkResponse> {
    let at = deps.now();
    let sha256 = secret::sha256(token.as_bytes());
    find_link(deps, &sha256).await?.check_for(LinkKind::SignIn, at)?;
    let (id, session_token, session_sha256) = new_token(CredentialKind::Session);
    let session = NewSession { id: &id, sha256: &session_sha256, device, at, expires_at: at + SESSION_VALID };
    let mut tx = deps.pool.begin_outside().await?;
    // It worked a moment ago: somebody else used it in between.
    let signed_in = db::link::redeem(&mut tx, &sha256, &session).await?.ok_or_else(used)?;
    tx.commit().await?;
    Ok(begun(&session_token, session.expires_at, signed_in.firm, signed_in.member, signed_in.locale))
}

/// Who takes an invitation up reads the mail of the address that the inviter gave, where there is one. A try is taken, and
/// stays taken, before anybody knows whether it is right. An invitation that does not work is whoever uses it to refuse.
pub(super) async fn check_code(deps: &Deps, sha256: &[u8; 32], typed: &str) -> Result<()> {
    let at = deps.now();
    let mut tx = deps.pool.begin_outside().await?;
    if db::link::code_mail(&mut tx, sha256, at).await?.is_none() {
        return tx.commit().await;
    }
    if typed.is_empty() {
        return Err(Error::field("code", "REQUIRED", "is required; have it mailed by RequestInvitationCode"));
    }
    let kept = db::link::try_code(&mut tx, sha256, at, CODE_TRIES).await?;
    tx.commit().await?;
    match kept {
        Some(kept) if code::fits(&deps.keys, sha256, typed, &kept) => Ok(()),
        Some(_) => Err(Error::field("code", "WRONG", "is not the code that was mailed last")),
        None => Err(Error::field("code", "ENDED", "works no longer; have another one mailed")),
    }
}

/// Uses an invitation without an account: the placeholder becomes the firm of whoever holds the link, and reads the inviter's
/// mail where there is some.
pub(crate) async fn accept_invitation(
    deps: &Deps,
    token: &str,
    code: Option<String>,
    acceptance: Acceptance,
) -> Result<wire::RedeemSignInLinkResponse> {
    let at = deps.now();
    let sha256 = secret::sha256(token.as_bytes());
    let link = find_link(deps, &sha256).await?;
    link.check_for(LinkKind::Invitation, at)?;
    if let Some(code) = code {
        check_code(deps, &sha256, &code).await?;
    }
    let (id, session_token, session_sha256) = new_token(CredentialKind::Session);
    let session = NewSession {
        id: &id,
        sha256: &session_sha256,
        device: &acceptance.device,
        at,
        expires_at: at + SESSION_VALID,
    };
    let member = deps.clock.id();
    let mut tx = deps.pool.begin(link.firm).await?;
    let accepted =
        db::link::accept(&mut tx, &sha256, &acceptance, member, &session).await?.ok_or_else(used)?;
    let relationship = db::relationship::get(&mut tx, accepted).await?.ok_or_else(Error::not_found)?;
    let wire = convert::trading_relationship(&relationship);
    let event = events::relationship_changed(deps.clock.id(), at, "", &relationship, wire, None);
    outbox::append(&mut tx, vec![vec![event]]).await?;
    tx.commit().await?;
    deps.wake.wake();
    Ok(begun(&session_token, session.expires_at, link.firm, member, acceptance.locale))
}

fn used() -> Error {
    Error::new(Reason::LINK_USED)
}

fn begun(
    token: &Redacted<String>,
    expires_at: OffsetDateTime,
    firm: Uuid,
    member: Uuid,
    locale: String,
) -> wire::RedeemSignInLinkResponse {
    wire::RedeemSignInLinkResponse {
        session_token: token.reveal().clone(),
        expires_at: Some(value::timestamp(expires_at)),
        firm_id: firm.to_string(),
        member_id: member.to_string(),
        locale,
    }
}

/// Changes the language of the calling member; a key has none.
pub(crate) async fn set_locale(deps: &Deps, caller: &Caller, locale: &str) -> Result<()> {
    if caller.credential.kind == CredentialKind::Session {
        let mut tx = deps.pool.begin(caller.firm).await?;
        db::member::set_locale(&mut tx, caller.actor, locale).await?;
        tx.commit().await?;
        deps.resolver.forget(&caller.credential);
    }
    Ok(())
}

/// Ends the calling session; a key has none.
pub(crate) async fn end_session(deps: &Deps, caller: &Caller) -> Result<()> {
    if caller.credential.kind == CredentialKind::Session {
        let mut tx = deps.pool.begin(caller.firm).await?;
        db::member::end_session(&mut tx, &caller.credential.id, deps.now()).await?;
        tx.commit().await?;
        deps.resolver.forget(&caller.credential);
    }
    Ok(())
}
