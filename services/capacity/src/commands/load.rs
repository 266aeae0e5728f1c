//! Takes capacity for what the supplier accepted: reads the next events of its feed, keeps what their schedule lines take,
//! matches the groups that this concerns, and gives back what lines reserved and take no more, in one transaction with the
//! place in the feed. What was pending since it was promised is booked from then on. What is heard again finds itself kept,
//! and nothing turns.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Result, db::TenantTx, feed, outbox};
use uuid::Uuid;

use super::{
    Context, Now,
    matching::{self, Cause},
    reservation,
};
use crate::{
    convert::load::{self as convert, Told},
    db::{
        load::{self as db, Booked, Placed},
        pending, reserved, week,
    },
    load::{Line, Load, Promise, changes, load},
    week::monday_of,
};

/// Events of one transaction: most are of no concern here, such as those of holds; and those that are.
const EVENTS: (i64, i64) = (1_000, 100);

/// Reads the next events of a supplier's feed; whether there may be more of them at once.
pub(crate) async fn follow(context: &Context, supplier: Uuid) -> Result<bool> {
    let mut tx = context.deps.pool.begin_by_keys(supplier).await?;
    let Some(place) = db::lock_place(&mut tx).await? else { return Ok(false) };
    let kinds: Vec<String> = convert::KINDS.iter().map(ToString::to_string).collect();
    let entries = db::entries(&mut tx, place, &kinds, EVENTS).await?;
    let last = feed::read_upto(&mut tx, entries.last().map(|entry| entry.seq)).await?;
    let now = Now::unasked(&context.deps);
    // Nothing new: something is pending that no event books.
    let quiet = last <= place;
    let heard = entries.iter().filter(|entry| entry.payload.is_some()).count();
    let full = entries.len() >= EVENTS.0 as usize || heard >= EVENTS.1 as usize;
    let mut told = Told::default();
    for entry in &entries {
        if let Some(payload) = &entry.payload {
            told.hear(&entry.kind, payload)?;
        }
    }
    if !quiet && entries.first().is_none_or(|entry| entry.seq > place + 1) {
        // The feed no longer reaches back to there. What it told is in the orders as they stand, but for the days; and weeks
        // that are over take nothing that was not counted in them.
        told.missed.extend(db::missed(&mut tx, monday_of(now.at.date())).await?);
    }
    let mut events = Vec::new();
    if quiet || !told.is_empty() {
        let booked = booked(&mut tx, &told).await?;
        let left_over = reserved::left_over(&mut tx, &told.orders()?).await?;
        let heard = Heard::of(&mut tx, &told, !full).await?;
        if !booked.is_empty() || !left_over.is_empty() || !heard.groups.is_empty() {
            events = book(now, &mut tx, &booked, left_over, &heard).await?;
        }
    }
    if !quiet {
        db::move_place(&mut tx, last).await?;
    }
    let any = !events.is_empty();
    outbox::append(&mut tx, vec![events]).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
    }
    Ok(full)
}

/// What was told of promises that are pending.
struct Heard {
    /// Orders, each up to this version.
    orders: Vec<(Uuid, i64)>,
    /// Groups of whose weeks something is pending of them, or for too long.
    groups: Vec<Uuid>,
    /// Whether the feed has no more for now, so that what is pending for long is booked by nothing to come.
    caught_up: bool,
}

impl Heard {
    async fn of(tx: &mut TenantTx, told: &Told, caught_up: bool) -> Result<Self> {
        let orders = told.versions()?;
        let groups = pending::groups(tx, &orders, caught_up).await?;
        Ok(Self { orders, groups, caught_up })
    }
}

/// Keeps what lines take, gives back what is left over, and matches the groups that this concerns once for both, so that no
/// week turns in between: what happened, and what turned.
async fn book(
    now: Now<'_>,
    tx: &mut TenantTx,
    booked: &[Booked],
    left_over: Vec<(Uuid, bool)>,
    heard: &Heard,
) -> Result<Vec<outbox::NewEvent>> {
    matching::lock(tx).await?;
    db::save(tx, booked).await?;
    let materials: BTreeSet<(Uuid, String)> =
        booked.iter().map(|one| (one.customer, one.material.clone())).collect();
    let (customers, materials): (Vec<Uuid>, Vec<String>) = materials.into_iter().unzip();
    let mut groups = week::linking(tx, &customers, &materials).await?;
    let mut given_back = Vec::new();
    if !left_over.is_empty() || !heard.groups.is_empty() {
        let ids: Vec<Uuid> = left_over.iter().map(|(id, _)| *id).collect();
        groups.extend(reserved::groups_of(tx, &ids).await?);
        groups.extend(&heard.groups);
        groups.sort_unstable();
        groups.dedup();
        // Weeks before buckets, and all of them in their order, as everybody does.
        let moved = week::with_parents(tx, &groups).await?;
        week::lock(tx, &moved).await?;
        pending::settle(tx, &heard.orders, heard.caught_up).await?;
        given_back = reservation::give_back(now, tx, left_over).await?;
    }
    let mut events = matching::rematch(now, tx, Cause::Demand(&groups)).await?;
    events.extend(given_back);
    Ok(events)
}

/// What has to be written, since lines take something else than what is kept of them. Only this reads and writes what is
/// kept, and whoever has the place in the feed does it alone.
async fn booked(tx: &mut TenantTx, told: &Told) -> Result<Vec<Booked>> {
    let lines: Vec<Uuid> = told.lines().collect();
    let omitted: Vec<Uuid> = told.omitted.iter().copied().collect();
    let placed = db::placed(tx, &lines, &omitted).await?;
    let orders: BTreeSet<Uuid> = placed.iter().map(|line| line.order_id).collect();
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let mut frames = BTreeSet::new();
    for (order, content) in db::headers(tx, &orders).await? {
        if convert::is_framework(&content)? {
            frames.insert(order);
        }
    }
    let lines: Vec<Uuid> = placed.iter().map(|line| line.schedule_line_id).collect();
    let kept = db::kept(tx, &lines).await?;
    let nothing = BTreeMap::new();
    let mut booked = Vec::new();
    for one in placed {
        let taken = if frames.contains(&one.order_id) { Load::new() } else { taken(told, &one) };
        let location = convert::site(&one.content)?;
        let kept = kept.get(&one.schedule_line_id).unwrap_or(&nothing);
        let changed = changes(kept, &taken, &location, &one.unit_code).into_iter();
        booked.extend(changed.map(|((monday, material), quantity)| Booked {
            schedule_line_id: one.schedule_line_id,
            order_id: one.order_id,
            customer: one.customer,
            material,
            location: location.clone(),
            unit_code: one.unit_code.clone(),
            monday,
            quantity,
        }));
    }
    Ok(booked)
}

/// What a line takes. Where an event was too large to tell of it, or is gone, what is accepted counts on the day that was asked
/// for: other days stand in events alone, and the next that tells of the line puts it right.
fn taken(told: &Told, placed: &Placed) -> Load {
    let as_asked;
    let line = match told.line(placed.schedule_line_id) {
        Some(line) => line,
        None => {
            let quantity = placed.accepted;
            let promise = Promise { day: placed.requested_date, quantity, substitute: String::new() };
            as_asked = Line { closed: placed.closed, promises: vec![promise] };
            &as_asked
        }
    };
    load(line, &placed.material)
}
