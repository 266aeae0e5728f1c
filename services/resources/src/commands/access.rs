//! That another firm looked: an entry of the owner's log, and an event in its feed.

use chassis::{Result, caller::Caller, outbox, service::Deps};
use uuid::Uuid;

use super::Now;
use crate::{
    convert::access::entry_out,
    db::{
        Names,
        access::{self, Entry, Kind, NewEntry},
    },
    events,
};

/// What was looked at, as its owner calls it.
pub(crate) struct Viewed {
    pub owner: Uuid,
    pub resource_id: Uuid,
    pub resource_name: String,
    pub resource_number: Option<String>,
    /// With its label.
    pub revision: Option<(Uuid, String)>,
}

/// Writes it down before the caller is answered. NOT_FOUND where the right to look ended meanwhile.
/// What the same person looked at some seconds ago is one look, such as a page that asks for a resource and its revisions.
pub(crate) async fn viewed(deps: &Deps, caller: &Caller, viewed: Option<Viewed>) -> Result<()> {
    let Some(viewed) = viewed else { return Ok(()) };
    let now = Now { deps, at: deps.now(), traceparent: &caller.traceparent };
    let mut tx = deps.pool.begin_by_keys(caller.firm).await?;
    let revision = viewed.revision.as_ref().map(|revision| revision.0);
    if access::viewed_lately(&mut tx, viewed.owner, viewed.resource_id, revision, &caller.actor_name).await? {
        return tx.commit().await;
    }
    let new = NewEntry {
        owner: viewed.owner,
        id: deps.clock.id(),
        at: now.at,
        kind: Kind::Viewed,
        firm: Some(caller.firm),
        actor_name: &caller.actor_name,
        resource_id: Some(viewed.resource_id),
        revision_id: viewed.revision.as_ref().map(|revision| revision.0),
        entitlement_id: None,
    };
    access::insert(&mut tx, &new).await?;
    let entry = Entry {
        id: new.id,
        at: new.at,
        kind: Kind::Viewed.as_str().to_owned(),
        firm: new.firm,
        actor_name: caller.actor_name.clone(),
        resource_id: new.resource_id,
        resource_name: Some(viewed.resource_name),
        resource_number: viewed.resource_number,
        revision_id: new.revision_id,
        revision_label: viewed.revision.map(|revision| revision.1),
        file_id: None,
        file_name: None,
        sent_bytes: None,
        entitlement_id: None,
    };
    let names = Names::from([(caller.firm, caller.firm_name.clone())]);
    let event = events::viewed(now, viewed.owner, viewed.resource_id, entry_out(&entry, &names));
    outbox::append(&mut tx, vec![vec![event]]).await?;
    tx.commit().await?;
    deps.wake.wake();
    Ok(())
}
