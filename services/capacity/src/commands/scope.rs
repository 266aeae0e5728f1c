//! Commands about something that its caller may be narrowed away from.

use chassis::{Error, Reason, Result};
use prost::Message;

use super::{Begun, Single};
use crate::{
    db::scope::{About, seen},
    scope::sites,
};

/// As [`Single::begin`], about these: whoever is narrowed away from one meets neither its effect nor its receipt.
pub(crate) async fn begin<R: Message + Default>(command: &Single<'_>, about: &[About]) -> Result<Begun<R>> {
    let mut tx = command.deps.pool.begin_by_keys(command.caller.firm).await?;
    let receipt = command.replayed(&mut tx).await?;
    for one in about {
        seen(&mut tx, sites(command.deps, command.caller), *one).await?;
    }
    Ok(match receipt {
        Some(receipt) => Begun::Replay(receipt),
        None => Begun::New(tx),
    })
}

/// PERMISSION_DENIED for whoever is narrowed to some sites: it is about all of them.
pub(crate) fn unnarrowed(command: &Single<'_>) -> Result<()> {
    match sites(command.deps, command.caller) {
        [] => Ok(()),
        _ => Err(Error::new(Reason::PERMISSION_DENIED)
            .message("is for every site of your firm, and you are narrowed to some of them")),
    }
}
