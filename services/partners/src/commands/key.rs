//! API keys.

use chassis::{
    Error, Reason, Result,
    caller::{Credential, CredentialKind, new_token},
};
use proto::partners as wire;

use super::{Begun, Command};
use crate::{
    convert, db,
    member::{ApiKey, MAX_KEYS, NewKey, may_grant},
};

/// Makes a key with at most its maker's rights, and shows it once.
pub(crate) async fn create_api_key(command: &Command<'_>, new: NewKey) -> Result<wire::CreateApiKeyResponse> {
    may_grant(command.caller, &new.roles, &new.scope)?;
    let at = command.deps.now();
    let (id, token, sha256) = new_token(CredentialKind::ApiKey);
    let key = ApiKey {
        id,
        actor: command.deps.clock.id(),
        name: new.name.clone(),
        roles: new.roles.clone(),
        scope: new.scope.clone(),
        created_at: at,
        expires_at: new.expires_at,
        revoked_at: None,
    };
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    // After the replay, since a request that is repeated when the key has expired still answers its receipt.
    new.check(at)?;
    if db::key::count_active(&mut tx, at).await? >= MAX_KEYS {
        return Err(Error::new(Reason::TOO_MANY_KEYS));
    }
    db::key::insert(&mut tx, &key, &sha256).await?;
    let mut receipt =
        wire::CreateApiKeyResponse { api_key: Some(convert::api_key(&key)), key: String::new() };
    command.finish(tx, &receipt, Vec::new()).await?;
    receipt.key = token.reveal().clone();
    Ok(receipt)
}

/// Ends a key; revoking twice is no error.
pub(crate) async fn revoke_api_key(command: &Command<'_>, id: String) -> Result<wire::ApiKey> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let key = db::key::revoke(&mut tx, command.own(), &id, at).await?.ok_or_else(Error::not_found)?;
    let receipt = convert::api_key(&key);
    command.finish(tx, &receipt, Vec::new()).await?;
    command.deps.resolver.forget(&Credential { kind: CredentialKind::ApiKey, id });
    Ok(receipt)
}
