//! A firm publishes, changes and closes requests for capacity.

use chassis::{Error, Reason, Result, db::TenantTx};
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{Begun, Now, Single, offer::may_see};
use crate::{
    convert::request::{NewRequest, request_out},
    db::{
        offer,
        request::{self as db, Head},
    },
    events::request::{self as events, Happened},
    offer::MAX_READERS,
};

/// Publishes a request.
pub(crate) async fn publish(command: &Single<'_>, new: NewRequest) -> Result<wire::CapacityRequest> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let now = command.now();
    let head = Head {
        firm: tx.firm(),
        id: command.deps.clock.id(),
        version: 1,
        content: new.content.encode_to_vec(),
        closed: false,
        published_at: now,
        changed_at: now,
        visibility: Some(new.visibility.as_str().to_owned()),
        cluster: new.visibility.cluster(),
    };
    save(&mut tx, &head, &new).await?;
    tell(tx, command, Happened::Published, &head).await
}

/// Replaces an open request in full.
pub(crate) async fn change(
    command: &Single<'_>,
    id: Uuid,
    version: i64,
    new: NewRequest,
) -> Result<wire::CapacityRequest> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.version != version {
        return Err(Error::new(Reason::STALE_ETAG).with("version", before.version));
    }
    if before.closed {
        return Err(Error::new(Reason::REQUEST_CLOSED));
    }
    let head = Head {
        version: before.version + 1,
        content: new.content.encode_to_vec(),
        changed_at: command.now(),
        visibility: Some(new.visibility.as_str().to_owned()),
        cluster: new.visibility.cluster(),
        ..before
    };
    save(&mut tx, &head, &new).await?;
    tell(tx, command, Happened::Changed, &head).await
}

/// Closes a request.
pub(crate) async fn close(command: &Single<'_>, id: Uuid) -> Result<wire::CapacityRequest> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.closed {
        let request = read(&mut tx, &before).await?;
        command.finish(tx, &request, Vec::new()).await?;
        return Ok(request);
    }
    let head = Head { version: before.version + 1, closed: true, changed_at: command.now(), ..before };
    db::save(&mut tx, &head).await?;
    tell(tx, command, Happened::Closed, &head).await
}

async fn save(tx: &mut TenantTx, head: &Head, new: &NewRequest) -> Result<()> {
    may_see(tx, &new.visibility).await?;
    db::save(tx, head).await?;
    db::save_readers(tx, head.id, &new.visibility).await
}

async fn read(tx: &mut TenantTx, head: &Head) -> Result<wire::CapacityRequest> {
    let named = db::readers(tx, &[head.id]).await?.remove(&head.id).unwrap_or_default();
    request_out(head, &named)
}

/// Tells those who are named, or the partners; members of clusters and everybody look at the board.
async fn tell(
    mut tx: TenantTx,
    command: &Single<'_>,
    what: Happened,
    head: &Head,
) -> Result<wire::CapacityRequest> {
    let request = read(&mut tx, head).await?;
    let others = match head.visibility.as_deref() {
        Some("named") => db::readers(&mut tx, &[head.id]).await?.remove(&head.id).unwrap_or_default(),
        Some("partners") => offer::partners(&mut tx, MAX_READERS as i64).await?,
        _ => Vec::new(),
    };
    let now = Now { deps: command.deps, at: head.changed_at, traceparent: &command.caller.traceparent };
    let events = events::request(now, what, head, request.clone(), others);
    command.finish(tx, &request, events).await?;
    Ok(request)
}
