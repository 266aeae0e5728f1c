//! The supplier publishes, changes and withdraws offers. What they promise is load of the weeks of the group and of those that
//! sum it: moved and checked under the rows of the weeks, in the same transaction, with the matching kept from writing them.

use std::collections::BTreeMap;

use chassis::{Error, Reason, Result, db::TenantTx};
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{Begun, Now, Single, matching, scope::begin};
use crate::{
    convert::{
        offer::{NewOffer, beyond, offer_out},
        request::facts,
    },
    db::{
        best, group,
        offer::{self as db, Head},
        scope::{About, groups, offer_sites},
    },
    error,
    events::booking::{self, Happened},
    need::fold,
    offer::{Beyond, Bucket, MAX_READERS, Moves, Slot, Visibility, moves, refusals, withdrawn},
    scope::sites,
};

/// Publishes a new offer from a group.
pub(crate) async fn publish(command: &Single<'_>, group_id: Uuid, new: NewOffer) -> Result<wire::Offer> {
    let mut tx = match begin(command, &[About::Group(group_id)]).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let me = tx.firm();
    matching::lock(&mut tx).await?;
    let group = working(&mut tx, group_id).await?;
    let now = command.now();
    let head = Head {
        supplier: me,
        id: command.deps.clock.id(),
        version: 1,
        content: new.content.encode_to_vec(),
        unit_code: group.unit_code.unwrap_or_default(),
        hold_seconds: new.hold_seconds,
        withdrawn: false,
        published_at: now,
        changed_at: now,
        group_id: Some(group_id),
        visibility: Some(new.visibility.as_str().to_owned()),
        cluster: new.visibility.cluster(),
        process_key: Some(fold(&new.content.process)),
    };
    let moves = moves(&[], &new.buckets);
    let offer = save(&mut tx, command, &head, &new, &moves).await?;
    tell(tx, command, Happened::Published, &head, offer).await
}

/// Replaces an offer in full.
pub(crate) async fn change(
    command: &Single<'_>,
    id: Uuid,
    version: i64,
    new: NewOffer,
) -> Result<wire::Offer> {
    let mut tx = match begin(command, &[About::Offer(id)]).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    matching::lock(&mut tx).await?;
    let before = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.version != version {
        return Err(Error::new(Reason::STALE_ETAG).with("version", before.version));
    }
    if before.withdrawn {
        return Err(Error::field("offer_id", "WITHDRAWN", "was withdrawn; publish a new offer"));
    }
    working(&mut tx, group_of(&before)?).await?;
    let head = Head {
        version: before.version + 1,
        content: new.content.encode_to_vec(),
        hold_seconds: new.hold_seconds,
        changed_at: command.now(),
        visibility: Some(new.visibility.as_str().to_owned()),
        cluster: new.visibility.cluster(),
        process_key: Some(fold(&new.content.process)),
        ..before
    };
    lock_weeks(&mut tx, &head, new.buckets.keys().map(|slot| slot.monday)).await?;
    let standing = db::lock_buckets(&mut tx, id).await?;
    check_slots(&standing, &new)?;
    let moves = moves(&standing, &new.buckets);
    let offer = save(&mut tx, command, &head, &new, &moves).await?;
    tell(tx, command, Happened::Changed, &head, offer).await
}

/// Offers no more of it; what is reserved stays reserved.
pub(crate) async fn withdraw(command: &Single<'_>, id: Uuid) -> Result<wire::Offer> {
    let mut tx = match begin(command, &[About::Offer(id)]).await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    matching::lock(&mut tx).await?;
    let before = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if before.withdrawn {
        let offer = read(&mut tx, &before).await?;
        command.finish(tx, &offer, Vec::new()).await?;
        return Ok(offer);
    }
    let head = Head { version: before.version + 1, withdrawn: true, changed_at: command.now(), ..before };
    db::save(&mut tx, &head).await?;
    give_back(&mut tx, &head).await?;
    let offer = read(&mut tx, &head).await?;
    tell(tx, command, Happened::Withdrawn, &head, offer).await
}

/// What of a withdrawn offer was released since goes back to its group.
pub(crate) async fn trim(now: Now<'_>, supplier: Uuid, id: Uuid) -> Result<()> {
    let mut tx = now.deps.pool.begin(supplier).await?;
    matching::lock(&mut tx).await?;
    if let Some(head) = db::lock(&mut tx, id).await?.filter(|head| head.withdrawn) {
        give_back(&mut tx, &head).await?;
    }
    tx.commit().await
}

/// Notes what is compared of an offer that was saved without it.
pub(crate) async fn note_facts(now: Now<'_>, supplier: Uuid, id: Uuid) -> Result<()> {
    let mut tx = now.deps.pool.begin(supplier).await?;
    if let Some(head) = db::lock(&mut tx, id).await? {
        let buckets = db::own_buckets(&mut tx, &[id]).await?.remove(&id).unwrap_or_default();
        let offered: Vec<_> = buckets.iter().map(|bucket| (bucket.slot.monday, bucket.total)).collect();
        best::save_facts(&mut tx, &head, &facts(&head, &offered)?).await?;
    }
    tx.commit().await
}

/// The group whose hours are offered, locked: one that is not in use promises nothing new, since its orders do not count.
async fn working(tx: &mut TenantTx, id: Uuid) -> Result<group::Head> {
    let me = tx.firm();
    let group = group::lock(tx, Some(me), id).await?.ok_or_else(Error::not_found)?;
    match group.inactive {
        false => Ok(group),
        true => Err(Error::field(
            "group_id",
            "INACTIVE",
            "is inactive; activate the group before offering its hours",
        )),
    }
}

/// A slot stands as it was published: another end is another slot, which begins at another moment.
fn check_slots(standing: &[Bucket], new: &NewOffer) -> Result<()> {
    let begins = |slot: &Slot| (slot.monday, slot.times.map(|times| times.0));
    let moved = new.buckets.keys().any(|slot| {
        standing.iter().any(|bucket| begins(&bucket.slot) == begins(slot) && bucket.slot != *slot)
    });
    match moved {
        false => Ok(()),
        true => {
            let message =
                "changes when a slot ends; leave the slot out and publish another offer for the new time";
            Err(Error::field("buckets", "SLOT", message))
        }
    }
}

fn group_of(head: &Head) -> Result<Uuid> {
    head.group_id.ok_or_else(|| error::missing(head.id))
}

/// Locks the weeks of an offer and these others, before its buckets.
async fn lock_weeks(tx: &mut TenantTx, head: &Head, others: impl Iterator<Item = time::Date>) -> Result<()> {
    let standing = db::own_buckets(tx, &[head.id]).await?.remove(&head.id).unwrap_or_default();
    let mut mondays: Vec<_> = standing.iter().map(|bucket| bucket.slot.monday).chain(others).collect();
    mondays.sort_unstable();
    mondays.dedup();
    db::lock_weeks(tx, group_of(head)?, &mondays).await?;
    Ok(())
}

async fn give_back(tx: &mut TenantTx, head: &Head) -> Result<()> {
    lock_weeks(tx, head, std::iter::empty()).await?;
    let standing = db::lock_buckets(tx, head.id).await?;
    let moves = moves(&standing, &withdrawn(&standing));
    shift(tx, head, &moves).await?;
    if !db::save_buckets(tx, head.id, &moves, Uuid::nil).await? {
        return Err(Error::new(Reason::CONFLICT));
    }
    Ok(())
}

/// The group's weeks first, then the buckets.
async fn shift(tx: &mut TenantTx, head: &Head, moves: &Moves) -> Result<()> {
    if let Some(monday) = db::shift(tx, group_of(head)?, &moves.weeks).await? {
        return Err(Error::new(Reason::OFFER_EXCEEDS_CAPACITY).with("monday", monday));
    }
    Ok(())
}

/// NOT_FOUND where somebody is named whom the tenant may not name.
pub(super) async fn may_see(tx: &mut TenantTx, visibility: &Visibility) -> Result<()> {
    let may = match visibility {
        Visibility::Named(firms) => db::nameable(tx, firms).await?.len() == firms.len(),
        Visibility::Cluster(cluster) => db::joined(tx, *cluster).await?,
        Visibility::Partners | Visibility::All => true,
    };
    if may { Ok(()) } else { Err(Error::not_found()) }
}

async fn save(
    tx: &mut TenantTx,
    command: &Single<'_>,
    head: &Head,
    new: &NewOffer,
    moves: &Moves,
) -> Result<wire::Offer> {
    may_see(tx, &new.visibility).await?;
    db::save(tx, head).await?;
    let offered: Vec<_> = new.buckets.iter().map(|(slot, total)| (slot.monday, *total)).collect();
    best::save_facts(tx, head, &facts(head, &offered)?).await?;
    db::save_readers(tx, head.id, &new.visibility).await?;
    let mondays: Vec<_> = moves.weeks.keys().copied().collect();
    let standing = db::lock_weeks(tx, group_of(head)?, &mondays).await?;
    let refused = refusals(group_of(head)?, &moves.weeks, &standing, new.despite_forecast);
    if !refused.is_empty() {
        let above = refused.values().filter_map(|(why, _)| match why {
            Beyond::Above(group) => Some(*group),
            Beyond::Promised | Beyond::Forecast => None,
        });
        return Err(beyond(new, &refused, &names(tx, command, above.collect()).await?));
    }
    shift(tx, head, moves).await?;
    if !db::save_buckets(tx, head.id, moves, || command.deps.clock.id()).await? {
        return Err(Error::new(Reason::CAPACITY_SHORT)
            .message("more of a bucket is reserved than would be left of it"));
    }
    read(tx, head).await
}

/// The names of groups, but for those of sites that the caller is narrowed away from.
async fn names(tx: &mut TenantTx, command: &Single<'_>, above: Vec<Uuid>) -> Result<BTreeMap<Uuid, String>> {
    let seen = groups(tx, sites(command.deps, command.caller), above).await?;
    let heads = group::heads(tx, &seen).await?;
    Ok(heads.into_iter().map(|head| (head.id, head.name)).collect())
}

async fn read(tx: &mut TenantTx, head: &Head) -> Result<wire::Offer> {
    let buckets = db::own_buckets(tx, &[head.id]).await?.remove(&head.id).unwrap_or_default();
    let named = db::readers(tx, &[head.id]).await?.remove(&head.id).unwrap_or_default();
    offer_out(head, &buckets, &named)
}

/// Tells those who are named, or the partners; members of clusters and everybody look at the list.
async fn tell(
    mut tx: TenantTx,
    command: &Single<'_>,
    what: Happened,
    head: &Head,
    offer: wire::Offer,
) -> Result<wire::Offer> {
    let others = match head.visibility.as_deref() {
        Some("named") => db::readers(&mut tx, &[head.id]).await?.remove(&head.id).unwrap_or_default(),
        Some("partners") => db::partners(&mut tx, MAX_READERS as i64).await?,
        _ => Vec::new(),
    };
    let now = Now { deps: command.deps, at: head.changed_at, traceparent: &command.caller.traceparent };
    let sites = offer_sites(&mut tx, head.supplier, head.id).await?;
    let events = booking::offer(now, what, (head, &sites), offer.clone(), others);
    command.finish(tx, &offer, events).await?;
    Ok(offer)
}
