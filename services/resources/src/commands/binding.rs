//! Pins lines of the owner's orders to revisions, and gives their suppliers the resources for as long as the orders stand: as
//! the owner's feed tells of orders, in one transaction with the place in the feed. What is heard again finds itself done.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{
    Error, Reason, Result,
    db::TenantTx,
    feed,
    outbox::{self, NewEvent},
};
use proto::resources as wire;
use time::Duration;
use uuid::Uuid;

use super::{Begun, Command, Context, Now, entitlement};
use crate::{
    binding::Ordered,
    convert::binding as convert,
    db::{
        self, Known,
        access::Kind,
        binding::{self as rows, Line, Pin, Policy, Released},
        entitlement::{self as grants, Row},
    },
    entitlement::{State, Terms},
    error, events,
};

/// Events of one transaction.
const EVENTS: i64 = 100;
/// Days for which access goes on after an order has ended, where the owner said nothing.
pub(crate) const RETENTION_DAYS: i32 = 180;

/// Reads the next events of an owner's feed; whether there may be more of them at once.
pub(crate) async fn follow(context: &Context, owner: Uuid) -> Result<bool> {
    let now = Now::unasked(&context.deps);
    let mut tx = context.deps.pool.begin_by_keys(owner).await?;
    let Some(place) = rows::lock_place(&mut tx).await? else { return Ok(false) };
    let entries = rows::entries(&mut tx, place, EVENTS).await?;
    let last = feed::read_upto(&mut tx, entries.last().map(|(seq, _)| *seq)).await?;
    if last <= place {
        return Ok(false);
    }
    let orders: BTreeSet<Uuid> = entries.iter().filter_map(|(_, order)| *order).collect();
    let events = if orders.is_empty() {
        Vec::new()
    } else {
        db::lock_publisher(&mut tx).await?;
        bind(&mut tx, now, &orders.into_iter().collect::<Vec<_>>()).await?
    };
    rows::move_place(&mut tx, last).await?;
    let any = !events.is_empty();
    outbox::append(&mut tx, events.into_iter().map(|event| vec![event]).collect()).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(entries.len() >= EVENTS as usize)
}

/// Pins open lines of the items that the resource has now: those that named a revision before it was released, and those
/// from before their item had the resource.
pub(super) async fn pin_open(tx: &mut TenantTx, now: Now<'_>, resource: Uuid) -> Result<Vec<NewEvent>> {
    let seen = db::resource::one(tx, resource).await?.ok_or_else(|| error::unreadable(resource))?;
    if seen.items.is_empty() {
        return Ok(Vec::new());
    }
    let orders: BTreeSet<Uuid> =
        rows::open_lines(tx, &seen.items).await?.into_iter().map(|line| line.order_id).collect();
    bind(tx, now, &orders.into_iter().collect::<Vec<_>>()).await
}

/// Pins the lines of these orders of the tenant's, and gives their suppliers what that needs. The publisher's row is locked.
async fn bind(tx: &mut TenantTx, now: Now<'_>, orders: &[Uuid]) -> Result<Vec<NewEvent>> {
    let lines = rows::lines(tx, orders).await?;
    let items: BTreeSet<&String> = lines.iter().map(|line| &line.buyer_item_id).collect();
    let items: Vec<String> = items.into_iter().filter(|item| !item.is_empty()).cloned().collect();
    let released = rows::released(tx, &items).await?;
    let kept = rows::kept(tx, Some(orders), None).await?;
    if released.is_empty() && kept.is_empty() {
        return Ok(Vec::new());
    }
    let pins = pins(&lines, &released, &kept)?;
    let changed: Vec<Pin> = pins.iter().filter(|pin| !kept.contains(pin)).cloned().collect();
    if !changed.is_empty() {
        rows::save(tx, &changed, now.at).await?;
    }
    let called: BTreeMap<Uuid, &String> =
        released.iter().map(|one| (one.resource_id, &one.resource_name)).collect();
    settle(tx, now, orders, &needs(&lines, &pins), &called).await
}

/// What lines are pinned to now: all that they have, those that they have no more included.
fn pins(lines: &[Line], released: &[Released], kept: &[Pin]) -> Result<Vec<Pin>> {
    let mut by_item: BTreeMap<&str, BTreeMap<Uuid, Vec<&Released>>> = BTreeMap::new();
    for one in released {
        by_item.entry(&one.buyer_item_id).or_default().entry(one.resource_id).or_default().push(one);
    }
    let mut by_line: BTreeMap<(Uuid, &str), Vec<&Pin>> = BTreeMap::new();
    for pin in kept {
        by_line.entry((pin.order_id, &pin.line_number)).or_default().push(pin);
    }
    let mut pins = Vec::new();
    for line in lines {
        let kept = by_line.remove(&(line.order_id, line.line_number.as_str())).unwrap_or_default();
        let stands = |pin: &&&Pin| !pin.removed && pin.buyer_item_id == line.buyer_item_id;
        let text = convert::revision_text(line)?;
        let of_item = by_item.get(line.buyer_item_id.as_str());
        for (resource, revisions) in of_item.into_iter().flatten() {
            let Some(first) = revisions.first() else { continue };
            let standing = kept.iter().find(|pin| pin.resource_id == *resource).filter(stands);
            let candidates: Vec<_> = revisions.iter().map(|one| convert::candidate(one)).collect();
            let standing = standing.map(|pin| pin.revision_id);
            let ordered = Ordered {
                text: &text,
                published_at: line.line_published_at,
                first_requested: line.first_requested,
                open: !line.open.is_zero(),
            };
            let found = crate::binding::pinned(ordered, &first.called, standing, &candidates);
            pins.extend(found.map(|revision_id| Pin {
                order_id: line.order_id,
                line_number: line.line_number.clone(),
                resource_id: *resource,
                supplier: line.supplier,
                buyer_item_id: line.buyer_item_id.clone(),
                revision_id,
                removed: false,
            }));
        }
        let made = |pin: &Pin| of_item.is_some_and(|item| item.contains_key(&pin.resource_id));
        // A resource that the item has no more, or that was withdrawn, still made the line.
        pins.extend(kept.iter().filter(|pin| !made(pin)).map(|pin| Pin {
            removed: !stands(&pin),
            supplier: line.supplier,
            ..Pin::clone(pin)
        }));
    }
    Ok(pins)
}

/// What an order needs of a resource.
struct Need {
    order_number: String,
    supplier: Uuid,
    /// A line that it makes is still open.
    open: bool,
}

/// By order and resource.
type Needs = BTreeMap<(Uuid, Uuid), Need>;

fn needs(lines: &[Line], pins: &[Pin]) -> Needs {
    let by_number: BTreeMap<(Uuid, &str), &Line> =
        lines.iter().map(|line| ((line.order_id, line.line_number.as_str()), line)).collect();
    let mut needs = Needs::new();
    for pin in pins.iter().filter(|pin| !pin.removed) {
        let Some(line) = by_number.get(&(pin.order_id, pin.line_number.as_str())) else { continue };
        let new = || Need { order_number: line.order_number.clone(), supplier: line.supplier, open: false };
        let need = needs.entry((pin.order_id, pin.resource_id)).or_insert_with(new);
        need.open |= !line.open.is_zero();
    }
    needs
}

/// Grants what orders need and their suppliers were not given, and says when it ends where they need it no more. What the
/// owner took back stays so.
async fn settle(
    tx: &mut TenantTx,
    now: Now<'_>,
    orders: &[Uuid],
    needs: &Needs,
    called: &BTreeMap<Uuid, &String>,
) -> Result<Vec<NewEvent>> {
    let given = rows::granted(tx, orders).await?;
    let days = rows::policy(tx).await?.map_or(RETENTION_DAYS, |policy| policy.retention_days);
    let until = now.at + Duration::days(i64::from(days));
    let mut events = Vec::new();
    let mut had = BTreeSet::new();
    for row in given {
        let (Some(order), Some(resource), Some(firm)) = (row.order_id, row.resource_id, row.firm) else {
            continue;
        };
        let state = State::from_name(&row.state).ok_or_else(|| error::unreadable(row.id))?;
        let need = needs.get(&(order, resource)).filter(|need| need.supplier == firm);
        if need.is_some() && state != State::Expired {
            had.insert((order, resource));
        }
        let open = need.is_some_and(|need| need.open);
        let ends = match (open, row.valid_until) {
            _ if state != State::Granted => continue,
            (true, Some(_)) => None,
            (false, None) => Some(until.max(row.valid_from + Duration::MICROSECOND)),
            (true, None) | (false, Some(_)) => continue,
        };
        let version = row.version + 1;
        let row = Row { valid_until: ends, version, ..row };
        grants::save(tx, &row).await?;
        events.push(events::entitlement(now, Kind::Granted, entitlement::out(tx, &row).await?, &row));
    }
    for ((order, resource), need) in needs.iter().filter(|(key, need)| need.open && !had.contains(key)) {
        let Some(name) = called.get(resource) else { continue };
        events.extend(grant(tx, now, (*order, *resource), need, name).await?);
    }
    Ok(events)
}

/// Grants a resource for an order. Nothing where the owner has to do with the supplier no more.
async fn grant(
    tx: &mut TenantTx,
    now: Now<'_>,
    (order, resource): (Uuid, Uuid),
    need: &Need,
    name: &str,
) -> Result<Option<NewEvent>> {
    if db::knows(tx, need.supplier).await? != Known::Open {
        return Ok(None);
    }
    let terms = Terms {
        purpose: need.order_number.clone(),
        valid_from: None,
        valid_until: None,
        download_limit: None,
    };
    let row = Row {
        firm: Some(need.supplier),
        resource_id: Some(resource),
        resource_name: name.to_owned(),
        state: State::Granted.as_str().to_owned(),
        decided_at: Some(now.at),
        order_id: Some(order),
        ..entitlement::fresh(now, tx.firm(), &terms)?
    };
    grants::insert(tx, &row).await?;
    entitlement::log(tx, now, Kind::Granted, "", &row).await?;
    Ok(Some(events::entitlement(now, Kind::Granted, entitlement::out(tx, &row).await?, &row)))
}

/// The owner says how long access goes on, and what becomes of despatches.
pub(crate) async fn set_policy(command: &Command<'_>, policy: Policy) -> Result<wire::BindingPolicy> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = rows::policy(&mut tx).await?.map_or(0, |before| before.version);
    if policy.version != 0 && before != policy.version {
        return Err(Error::new(Reason::STALE_ETAG).with("version", before));
    }
    let policy = Policy { version: before + 1, ..policy };
    rows::save_policy(&mut tx, &policy, command.now().at).await?;
    let answer = convert::policy_out(&policy)?;
    command.finish(tx, &answer, Vec::new()).await?;
    Ok(answer)
}
