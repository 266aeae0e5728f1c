//! Aliases and purchasing groups.

use chassis::{Error, Reason, Result};
use proto::partners as wire;

use super::{Begun, Command};
use crate::{
    alias::{Alias, AliasKey, MAX_ALIASES, MAX_GROUPS, difference},
    db,
};

/// Adds or replaces aliases.
pub(crate) async fn set_aliases(
    command: &Command<'_>,
    aliases: Vec<Alias>,
) -> Result<wire::SetAliasesResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let count = db::alias::lock(&mut tx).await?;
    let keys: Vec<&AliasKey> = aliases.iter().map(|alias| &alias.key).collect();
    let there = db::alias::find(&mut tx, &keys).await?;
    let (write, tally) = difference(&aliases, &there);
    if count + i64::from(tally.added) > MAX_ALIASES {
        return Err(Error::new(Reason::LIMIT_REACHED)
            .message(format!("a firm has at most {MAX_ALIASES} aliases; delete some first"))
            .with("limit", MAX_ALIASES));
    }
    if !write.is_empty() {
        db::alias::set(&mut tx, &write, at).await?;
    }
    let receipt =
        wire::SetAliasesResponse { added: tally.added, changed: tally.changed, unchanged: tally.unchanged };
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Takes an alias out.
pub(crate) async fn delete_alias(command: &Command<'_>, key: AliasKey) -> Result<wire::DeleteAliasResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if !db::alias::delete(&mut tx, &key, at).await? {
        return Err(Error::not_found());
    }
    let receipt = wire::DeleteAliasResponse {};
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Adds a purchasing group or gives it another name.
pub(crate) async fn set_group(
    command: &Command<'_>,
    (code, name): (String, String),
) -> Result<wire::PurchasingGroup> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if db::alias::set_group(&mut tx, &code, &name).await? > MAX_GROUPS {
        return Err(Error::new(Reason::LIMIT_REACHED).with("limit", MAX_GROUPS));
    }
    let receipt = wire::PurchasingGroup { code, name };
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Takes a purchasing group out of the list.
pub(crate) async fn delete_group(
    command: &Command<'_>,
    code: &str,
) -> Result<wire::DeletePurchasingGroupResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if !db::alias::delete_group(&mut tx, code, at).await? {
        return Err(Error::not_found());
    }
    let receipt = wire::DeletePurchasingGroupResponse {};
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
