//! Deadlines of answers: when a period of waiting begins, and what a day brings.

use std::collections::{BTreeMap, HashMap};

use chassis::{
    Result,
    calendar::day_of,
    db::TenantTx,
    outbox::{self, NewEvent},
    service::Deps,
};
use proto::orders::ScheduleLineState;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::remind::send;
use crate::{
    db::{
        deadline::{self as db, NewDeadline},
        follow::{self, Standing},
        progress, reminder, trading_terms,
    },
    deadline::Step,
    events,
    order::Order,
    reminder::check,
};

/// A period of waiting begins for each of these orders of the tenant, (order, supplier), that were published or changed
/// or lost their agreement just now; the day on which the answer to each is due. As buyer.
pub(crate) async fn begin(
    tx: &mut TenantTx,
    waiting: &[(Uuid, Uuid)],
    now: OffsetDateTime,
) -> Result<HashMap<Uuid, Date>> {
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    let mut suppliers: Vec<Uuid> = waiting.iter().map(|(_, supplier)| *supplier).collect();
    suppliers.sort();
    suppliers.dedup();
    let agreed = trading_terms::agreed(tx, &suppliers).await?;
    let today = day_of(now);
    let mut by_supplier = BTreeMap::new();
    for supplier in suppliers {
        by_supplier.insert(supplier, agreed.answer_due(supplier, today)?);
    }
    let new: Vec<NewDeadline> = waiting
        .iter()
        .filter_map(|(order, supplier)| {
            let due = *by_supplier.get(supplier)?;
            Some(NewDeadline { order: *order, supplier: *supplier, due })
        })
        .collect();
    db::begin(tx, &new).await?;
    Ok(new.into_iter().map(|new| (new.order, new.due.on)).collect())
}

/// A period of waiting begins anew for an order that stands; where it is held, the clock stands still. As buyer.
pub(crate) async fn begin_again(tx: &mut TenantTx, order: &Order, now: OffsetDateTime) -> Result<()> {
    begin(tx, &[(order.id, order.supplier)], now).await?;
    if order.held { pause(tx, order.id, now).await } else { Ok(()) }
}

/// The order is held from today on. As buyer.
pub(crate) async fn pause(tx: &mut TenantTx, order: Uuid, now: OffsetDateTime) -> Result<()> {
    db::pause(tx, order, day_of(now)).await
}

/// The order is no longer held: as many working days are left as were left when it was held. As buyer.
pub(crate) async fn resume(tx: &mut TenantTx, order: &Order, now: OffsetDateTime) -> Result<()> {
    let Some((before, paused_on)) = db::paused(tx, order.id).await? else { return Ok(()) };
    if before.on < paused_on {
        // What was overdue before it was held stays so.
        return db::resume(tx, order.id, before).await;
    }
    let agreed = trading_terms::agreed(tx, &[order.supplier]).await?;
    let left = agreed.calendar.between(paused_on, before.on)?;
    db::resume(tx, order.id, agreed.due_in(order.supplier, day_of(now), left)?).await
}

/// The supplier left something unanswered that was not, by taking a proposal back or by a cancellation that voids one:
/// the old deadline holds, and is watched again unless its passing was told. As supplier.
pub(crate) async fn watch_again(tx: &mut TenantTx, before: &Order, order: &Order) -> Result<()> {
    if before.unanswered_lines() == 0 && order.unanswered_lines() > 0 {
        db::watch_again(tx, order.id).await?;
    }
    Ok(())
}

/// Keeps the first promised days of schedule lines of an order that were answered or agreed just now.
pub(crate) async fn promised(
    tx: &mut TenantTx,
    order: &Order,
    schedule: &[ScheduleLineState],
    now: OffsetDateTime,
) -> Result<()> {
    promised_of_all(tx, &[(order, schedule)], now).await
}

/// As [`promised`], of many orders.
pub(crate) async fn promised_of_all(
    tx: &mut TenantTx,
    touched: &[(&Order, &[ScheduleLineState])],
    now: OffsetDateTime,
) -> Result<()> {
    let first = |line: &ScheduleLineState| {
        let days = line.commitments.iter().filter_map(|each| each.committed_delivery_date.as_ref());
        days.filter_map(|day| chassis::value::date(day).ok()).min()
    };
    let lines = touched.iter().flat_map(|(order, schedule)| schedule.iter().map(|line| (*order, line)));
    let days: Vec<(&Order, Uuid, Date)> = lines
        .filter_map(|(order, line)| {
            Some((order, Uuid::try_parse(&line.schedule_line_id).ok()?, first(line)?))
        })
        .collect();
    if days.is_empty() {
        return Ok(());
    }
    progress::promise(tx, &days, now).await
}

/// Does what the day brings for these orders of one buyer; how many events that made. Whoever looks at the same orders at
/// the same time waits for their locks and then finds it done.
pub(crate) async fn sweep(deps: &Deps, buyer: Uuid, ids: &[Uuid]) -> Result<usize> {
    let now = deps.clock.now();
    let today = day_of(now);
    let mut tx = deps.pool.begin(buyer).await?;
    let orders = follow::lock(&mut tx, ids).await?;
    let deadlines = db::of_locked(&mut tx, ids).await?;
    let (mut overdue, mut settled, mut remind, mut skipped) = (vec![], vec![], vec![], vec![]);
    for order in &orders {
        let Some(deadline) = deadlines.get(&order.id) else { continue };
        match deadline.on(today) {
            Step::Overdue => overdue.push((order, deadline.due_on)),
            Step::Settle => settled.push(order.id),
            Step::Remind => remind.push(order),
            Step::SkipReminder => skipped.push(order.id),
            Step::Nothing => {}
        }
    }
    let mut written = tell_overdue(deps, &mut tx, &overdue, now).await?;
    settled.extend(overdue.iter().map(|(order, _)| order.id));
    db::settle(&mut tx, &settled).await?;
    skipped.extend(remind.iter().map(|order| order.id));
    db::reminded(&mut tx, &skipped).await?;
    let last = reminder::last(&mut tx, &skipped).await?;
    remind.retain(|order| check(true, false, last.get(&order.id).copied(), now).is_ok());
    written.extend(send(deps, &mut tx, &remind, None, "", now).await?.into_iter().map(|(_, event)| event));
    let events = written.len();
    outbox::append(&mut tx, written.into_iter().map(|event| vec![event]).collect()).await?;
    tx.commit().await?;
    if events > 0 {
        deps.wake.wake();
    }
    Ok(events)
}

async fn tell_overdue(
    deps: &Deps,
    tx: &mut TenantTx,
    overdue: &[(&Standing, Date)],
    now: OffsetDateTime,
) -> Result<Vec<NewEvent>> {
    if overdue.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = overdue.iter().map(|(order, _)| order.id).collect();
    follow::take_version(tx, &ids, now).await?;
    let rows: Vec<_> =
        overdue.iter().map(|(order, due)| (order.id, order.supplier, order.version + 1, *due)).collect();
    db::insert_overdue(tx, &rows, now).await?;
    Ok(overdue.iter().map(|(order, due)| events::follow::answer_overdue(deps, now, order, *due)).collect())
}
