//! Filters that somebody keeps: read, changed and written as one, while nobody else of the same hand does.

use chassis::{Error, Reason, Result, command, db::TenantTx};
use prost::Message as _;
use proto::partners as wire;

use super::{Begun, Command};
use crate::{
    db,
    filter::{self, Saved},
};

/// Keeps a filter.
pub(crate) async fn save_filter(command: &Command<'_>, saved: Saved) -> Result<wire::SavedFilter> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let receipt = wire::SavedFilter::from(&saved);
    let mut all = locked(command, &mut tx).await?;
    if !filter::keep(&mut all, saved) {
        return Err(Error::new(Reason::LIMIT_REACHED)
            .message(format!("there are at most {} filters; delete some first", filter::MOST))
            .with("limit", filter::MOST));
    }
    write(command, &mut tx, &all).await?;
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Lets a filter go.
pub(crate) async fn delete_filter(
    command: &Command<'_>,
    (list, name): (i32, String),
) -> Result<wire::DeleteSavedFilterResponse> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let mut all = locked(command, &mut tx).await?;
    all.retain(|one| one.list != list || one.name != name);
    write(command, &mut tx, &all).await?;
    let receipt = wire::DeleteSavedFilterResponse {};
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

async fn locked(command: &Command<'_>, tx: &mut TenantTx) -> Result<Vec<Saved>> {
    let actor = command.caller.actor;
    command::lock(tx, "partners.saved_filters", &actor.to_string()).await?;
    let kept = db::filter::of(tx, actor).await?.unwrap_or_default();
    let all = wire::ListSavedFiltersResponse::decode(kept.as_slice()).map_err(Error::internal)?;
    Ok(all.filters.into_iter().map(Saved::from).collect())
}

async fn write(command: &Command<'_>, tx: &mut TenantTx, all: &[Saved]) -> Result<()> {
    let all = wire::ListSavedFiltersResponse { filters: all.iter().map(wire::SavedFilter::from).collect() };
    db::filter::save(tx, command.caller.actor, &all.encode_to_vec(), command.deps.now()).await
}
