//! The owner publishes, changes and withdraws resources.

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent};
use prost::Message;
use proto::resources as wire;
use uuid::Uuid;

use super::{Begun, Command, Now, announce, binding};
use crate::{
    convert::resource::{NewResource, resource_out},
    db::{
        self,
        announcement::What,
        entitlement,
        resource::{Head, Locked},
    },
    error, events,
    resource::Classification,
    search,
};

/// Publishes a new resource.
pub(crate) async fn publish(command: &Command<'_>, new: NewResource) -> Result<wire::ResourceReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let now = command.now();
    let id = now.deps.clock.id();
    number_is_free(&mut tx, id, &new).await?;
    let before = Locked {
        id,
        version: 0,
        name: String::new(),
        category: 0,
        classification: 0,
        seats: 0,
        withdrawn: false,
        published_at: now.at,
    };
    save(&mut tx, now, &before, new).await?;
    tell(tx, command, now, What::Published, id, Vec::new()).await
}

/// Replaces a resource in full.
pub(crate) async fn change(
    command: &Command<'_>,
    id: Uuid,
    version: i64,
    new: NewResource,
) -> Result<wire::ResourceReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let before = db::resource::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.version != version {
        return Err(Error::new(Reason::STALE_ETAG).with("version", before.version));
    }
    if before.withdrawn {
        return Err(Error::new(Reason::RESOURCE_WITHDRAWN));
    }
    if new.class == Classification::Core && entitlement::shared(&mut tx, id).await? {
        return Err(Error::new(Reason::ENTITLEMENTS_STAND)
            .message("clusters may use it, and core resources are for firms alone; revoke theirs first"));
    }
    number_is_free(&mut tx, id, &new).await?;
    let now = command.now();
    save(&mut tx, now, &before, new).await?;
    // An item that it has now may have been ordered before.
    let bound = binding::pin_open(&mut tx, now, id).await?;
    tell(tx, command, now, What::Changed, id, bound).await
}

/// Opens it to nobody any more.
pub(crate) async fn withdraw(command: &Command<'_>, id: Uuid) -> Result<wire::ResourceReceipt> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    db::lock_publisher(&mut tx).await?;
    let before = db::resource::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.withdrawn {
        let receipt =
            wire::ResourceReceipt { resource_id: id.to_string(), version: before.version, withdrawn: true };
        command.finish(tx, &receipt, Vec::new()).await?;
        return Ok(receipt);
    }
    let now = command.now();
    db::resource::withdraw(&mut tx, id, before.version + 1, now.at).await?;
    tell(tx, command, now, What::Withdrawn, id, Vec::new()).await
}

/// ALREADY_EXISTS where another of the tenant's has the number.
async fn number_is_free(tx: &mut TenantTx, id: Uuid, new: &NewResource) -> Result<()> {
    let Some(number) = &new.resource_number else { return Ok(()) };
    match db::resource::by_number(tx, number).await? {
        Some(other) if other != id => Err(Error::new(Reason::ALREADY_EXISTS)
            .message("a resource has this number already")
            .with("resource_id", other)),
        _ => Ok(()),
    }
}

/// NOT_FOUND for a cluster that the tenant neither joined nor runs.
async fn save(tx: &mut TenantTx, now: Now<'_>, before: &Locked, new: NewResource) -> Result<()> {
    if let Some(cluster) = new.visibility.cluster()
        && !db::in_or_of(tx, cluster).await?
    {
        return Err(Error::not_found());
    }
    let content = &new.content;
    let number = new.resource_number.clone().unwrap_or_default();
    let texts = [content.name.as_str(), content.name_en.as_str(), number.as_str(), content.summary.as_str()];
    let indexed = search::index(&texts, &content.industry_codes, &content.region);
    let head = Head {
        id: before.id,
        version: before.version + 1,
        resource_number: new.resource_number,
        name: content.name.clone(),
        category: new.category.number(),
        classification: new.class as i16,
        acknowledge: content.acknowledge,
        seats: content.seats,
        content: content.encode_to_vec(),
        visibility: new.visibility.as_str().to_owned(),
        cluster: new.visibility.cluster(),
        open: new.open,
        search_text: indexed.text,
        search_keys: indexed.keys,
        published_at: before.published_at,
        changed_at: now.at,
    };
    db::resource::save(tx, &head).await?;
    db::resource::save_items(tx, head.id, &new.items).await
}

/// Tells the owner, and as many others at once as one transaction holds; and what happened beside.
async fn tell(
    mut tx: TenantTx,
    command: &Command<'_>,
    now: Now<'_>,
    what: What,
    id: Uuid,
    beside: Vec<NewEvent>,
) -> Result<wire::ResourceReceipt> {
    let seen = db::resource::one(&mut tx, id).await?.ok_or_else(|| error::unreadable(id))?;
    let own = events::resource(now, what, (id, seen.version), resource_out(&seen)?, None, seen.owner);
    let mut events = announce::begin(&mut tx, now, what, id, None).await?;
    events.push(own);
    events.extend(beside);
    let receipt = wire::ResourceReceipt {
        resource_id: id.to_string(),
        version: seen.version,
        withdrawn: seen.withdrawn,
    };
    command.finish(tx, &receipt, events).await?;
    Ok(receipt)
}
