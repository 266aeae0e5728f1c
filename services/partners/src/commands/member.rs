//! Members and their sign-in links.

use chassis::{Error, Reason, Result, db::TenantTx, secret, value};
use proto::partners as wire;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    convert, db,
    link::{LinkKind, SIGN_IN_VALID},
    member::{Member, MemberChange, NewMember, may_grant, may_manage},
};

/// Adds a person to the caller's firm.
pub(crate) async fn create_member(command: &Command<'_>, new: NewMember) -> Result<wire::Member> {
    may_grant(command.caller, &new.roles, &new.scope)?;
    let (id, at) = (command.deps.clock.id(), command.deps.now());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::member::insert(&mut tx, id, &new, at).await?;
    let receipt = convert::member(&load(command, &mut tx, id).await?);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

async fn load(command: &Command<'_>, tx: &mut TenantTx, id: Uuid) -> Result<Member> {
    db::member::get(tx, command.own(), id).await?.ok_or_else(Error::not_found)
}

/// Changes roles and scope, or disables a member, which ends its sessions.
pub(crate) async fn update_member(command: &Command<'_>, change: MemberChange) -> Result<wire::Member> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let admins = db::member::lock_admins(&mut tx).await?;
    let member = load(command, &mut tx, change.id).await?;
    if convert::etag(member.version) != change.etag {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    may_manage(command.caller, &member)?;
    if (&member.roles, &member.scope) != (&change.roles, &change.scope) {
        may_grant(command.caller, &change.roles, &change.scope)?;
    }
    keep_an_admin(&member, &change, &admins)?;
    if !db::member::update(&mut tx, &change, member.version, at).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    // Whoever reads the mail is asked for anew whether it may do what the member may now.
    db::link::end_mailed(&mut tx, change.id, at).await?;
    if change.disabled {
        let ended = db::member::end_sessions(&mut tx, change.id, at).await?;
        tracing::info!(member.id = %change.id, sessions = ended.len(), "member disabled");
    }
    let receipt = convert::member(&load(command, &mut tx, change.id).await?);
    command.finish(tx, &receipt, Vec::new()).await?;
    // What changed counts at once here, and within seconds elsewhere and on open streams.
    command.deps.resolver.forget_firm(command.caller.firm);
    Ok(receipt)
}

/// LAST_ADMIN where the change takes the firm's only administrator away.
fn keep_an_admin(member: &Member, change: &MemberChange, admins: &[Uuid]) -> Result<()> {
    let after = Member { roles: change.roles.clone(), disabled: change.disabled, ..member.clone() };
    if member.administers() && !after.administers() && admins.iter().all(|admin| *admin == member.id) {
        return Err(Error::new(Reason::LAST_ADMIN));
    }
    Ok(())
}

/// Makes a link that signs one member in, once.
pub(crate) async fn create_sign_in_link(
    command: &Command<'_>,
    member: Uuid,
) -> Result<wire::CreateSignInLinkResponse> {
    let token = secret::token();
    let sha256 = secret::sha256(token.as_bytes());
    let at = command.deps.now();
    let expires_at = at + SIGN_IN_VALID;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let member = load(command, &mut tx, member).await?;
    may_manage(command.caller, &member)?;
    db::link::insert_sign_in(&mut tx, member.id, &sha256, at, expires_at).await?;
    let mut receipt = wire::CreateSignInLinkResponse {
        path: String::new(),
        expires_at: Some(value::timestamp(expires_at)),
    };
    command.finish(tx, &receipt, Vec::new()).await?;
    receipt.path = LinkKind::SignIn.path(&token);
    Ok(receipt)
}

#[cfg(test)]
mod tests {
    use chassis::caller::Role;
    use time::OffsetDateTime;

    use super::*;
    use crate::member::Scope;

    #[test]
    fn the_last_administrator_stays() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let member = |roles: &[Role], disabled| Member {
            id: me,
            name: "m".into(),
            roles: roles.to_vec(),
            scope: Scope::default(),
            locale: "zh".into(),
            disabled,
            version: 1,
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        let change = |roles: &[Role], disabled| MemberChange {
            id: me,
            roles: roles.to_vec(),
            scope: Scope::default(),
            disabled,
            etag: "1".into(),
        };
        let admin = member(&[Role::Admin], false);
        let reason = |result: Result<()>| result.err().map(|error| error.reason);
        let last = Some(Reason::LAST_ADMIN);
        assert_eq!(reason(keep_an_admin(&admin, &change(&[Role::Viewer], false), &[me])), last);
        assert_eq!(reason(keep_an_admin(&admin, &change(&[Role::Admin], true), &[me])), last);
        assert_eq!(reason(keep_an_admin(&admin, &change(&[Role::Admin, Role::Sales], false), &[me])), None);
        assert_eq!(reason(keep_an_admin(&admin, &change(&[Role::Viewer], true), &[me, other])), None);
        let viewer = member(&[Role::Viewer], false);
        assert_eq!(reason(keep_an_admin(&viewer, &change(&[Role::Viewer], true), &[other])), None);
    }
}
