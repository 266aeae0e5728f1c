//! What the operator announces, and what whoever reads it puts away.

use chassis::{Error, Reason, Result, command, db::TenantTx};
use proto::partners as wire;
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    announcement::{MOST, Operated, Told},
    convert, db,
};

async fn load(tx: &mut TenantTx, id: Uuid) -> Result<Operated> {
    db::announcement::list(tx, Some(id), None, 1).await?.pop().ok_or_else(Error::not_found)
}

/// One that stands, as it was when the etag was read.
async fn standing(tx: &mut TenantTx, id: Uuid, etag: &str) -> Result<Operated> {
    let one = load(tx, id).await?;
    if one.withdrawn_at.is_some() {
        return Err(Error::not_found());
    }
    if convert::etag(one.announcement.version) != etag {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    Ok(one)
}

/// Tells everybody something.
pub(crate) async fn publish_announcement(
    command: &Command<'_>,
    told: Told,
) -> Result<wire::OperatedAnnouncement> {
    let (id, at) = (command.deps.clock.id(), command.deps.now());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    told.check(at)?;
    command::lock(&mut tx, "partners.announcement", "").await?;
    if !db::announcement::has_room(&mut tx, at).await? {
        return Err(Error::new(Reason::LIMIT_REACHED)
            .message(format!("at most {MOST} announcements may stand; withdraw one first"))
            .with("limit", MOST));
    }
    db::announcement::insert(&mut tx, id, &told, &command.caller.actor_name, at).await?;
    finish(command, tx, id).await
}

/// Tells something else in its place.
pub(crate) async fn update_announcement(
    command: &Command<'_>,
    (id, told, etag): (Uuid, Told, String),
) -> Result<wire::OperatedAnnouncement> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    told.check(at)?;
    let version = standing(&mut tx, id, &etag).await?.announcement.version;
    let by = &command.caller.actor_name;
    if !db::announcement::update(&mut tx, (id, version), &told, by, at).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    finish(command, tx, id).await
}

/// Takes it back.
pub(crate) async fn withdraw_announcement(
    command: &Command<'_>,
    id: Uuid,
    etag: &str,
) -> Result<wire::OperatedAnnouncement> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let version = standing(&mut tx, id, etag).await?.announcement.version;
    if !db::announcement::withdraw(&mut tx, (id, version), &command.caller.actor_name, at).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    finish(command, tx, id).await
}

async fn finish(command: &Command<'_>, mut tx: TenantTx, id: Uuid) -> Result<wire::OperatedAnnouncement> {
    let receipt = convert::operated_announcement(&load(&mut tx, id).await?);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// Shows it to whoever calls no more, as it was read.
pub(crate) async fn dismiss_announcement(
    command: &Command<'_>,
    id: Uuid,
    etag: &str,
) -> Result<wire::DismissAnnouncementResponse> {
    let at = command.deps.now();
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let version = etag.parse().map_err(|_| Error::new(Reason::STALE_ETAG))?;
    if !db::announcement::dismiss(&mut tx, command.caller.actor, (id, version), at).await? {
        return Err(Error::not_found());
    }
    let receipt = wire::DismissAnnouncementResponse {};
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}
