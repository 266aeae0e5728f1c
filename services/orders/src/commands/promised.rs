//! What an answer promises is load of the supplier's weeks from its own transaction on, and no hour of a week is promised that
//! is offered to others, unless whoever answers says so.

use std::collections::{BTreeMap, HashMap, HashSet};

use chassis::{Error, Result, db::TenantTx};
use prost::Message;
use proto::orders::{OrderContent, OrderType, ScheduleLine, ScheduleLineState};
use uuid::Uuid;

use super::Respond;
use crate::{
    agree::Agreement,
    convert,
    db::promised::{self as db, Answer, MadeRow, Taken},
    order::Order,
    promised::{Promise, Short, refusal},
};

pub(crate) use db::may_take;

/// An answer as it was decided, and is not written yet.
pub(crate) struct Decision<'a> {
    pub what: &'a Respond,
    /// As it stands with the answer.
    pub order: &'a Order,
    pub agreement: &'a Agreement,
}

/// Keeps what the answers of a supplier take of its weeks; why each of them is not to be given, in their order.
pub(crate) async fn keep(tx: &mut TenantTx, decisions: &[Decision<'_>]) -> Result<Vec<Option<Error>>> {
    let promises: Vec<Vec<Promise>> =
        decisions.iter().map(|decision| convert::promised(decision.agreement)).collect();
    let mut short: Vec<Vec<Short>> = decisions.iter().map(|_| Vec::new()).collect();
    let each = decisions.iter().map(|decision| decision.order).zip(promises.iter().map(Vec::as_slice));
    let (supplier, each) = (tx.firm(), each.collect::<Vec<_>>());
    let taken = taken(tx, supplier, &each).await?;
    if !taken.is_empty() {
        let answers: Vec<Answer> = decisions.iter().map(Decision::answer).collect();
        for (answer, one) in db::promise(tx, &answers, &taken).await? {
            if let Some(short) = short.get_mut(answer) {
                short.push(one);
            }
        }
    }
    let each = decisions.iter().zip(&promises).zip(&short).map(|((decision, promises), short)| {
        let everything = decision.what.answers.is_none();
        (!short.is_empty()).then(|| refusal(decision.order, promises, everything, short))
    });
    Ok(each.collect())
}

impl Decision<'_> {
    fn answer(&self) -> Answer {
        let (order, version) = (self.order.id, self.order.version);
        Answer { order, version, despite_offers: self.what.despite_offers }
    }
}

/// Keeps what schedule lines of an order promise as they stand, where nobody is asked whether it fits: a buyer that accepts
/// what was proposed is not refused for what its supplier offers to others. Waits for the weeks that they take, so that a
/// transaction does it for one order alone.
pub(crate) async fn note(tx: &mut TenantTx, order: &Order, schedule: &[ScheduleLineState]) -> Result<()> {
    if !may_take(tx, order.supplier).await? {
        return Ok(());
    }
    let promises = convert::standing_promises(order, schedule);
    let taken = taken(tx, order.supplier, &[(order, promises.as_slice())]).await?;
    if taken.is_empty() {
        return Ok(());
    }
    db::note(tx, (order.supplier, order.id, order.version), &taken).await
}

/// Whether what is noted of several orders may take hours, whose suppliers these are, one for each.
pub(crate) async fn several_take(tx: &mut TenantTx, suppliers: &[Uuid]) -> Result<bool> {
    if suppliers.len() < 2 {
        return Ok(false);
    }
    let mut orders: BTreeMap<Uuid, usize> = BTreeMap::new();
    suppliers.iter().for_each(|supplier| *orders.entry(*supplier).or_default() += 1);
    let mut taking = 0;
    for (supplier, orders) in orders {
        taking += if may_take(tx, supplier).await? { orders } else { 0 };
    }
    Ok(taking > 1)
}

/// What promises of orders of a supplier take, as its feed will tell of them. A framework order takes nothing: what is called
/// off of it does.
async fn taken(tx: &mut TenantTx, supplier: Uuid, each: &[(&Order, &[Promise])]) -> Result<Vec<Taken>> {
    let promising = each.iter().filter(|(_, promises)| !promises.is_empty());
    let orders: Vec<Uuid> = promising.map(|(order, _)| order.id).collect();
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    for (order, promises) in each {
        lines.extend(promises.iter().map(|promise| order.schedule[promise.place].id));
    }
    let made = db::made(tx, supplier, &orders, &lines).await?;
    let made: HashMap<Uuid, MadeRow> = made.into_iter().map(|row| (row.id, row)).collect();
    let frames = frameworks(tx, supplier, &orders).await?;
    let mut taken = Vec::new();
    for (answer, (order, promises)) in each.iter().enumerate() {
        if frames.contains(&order.id) {
            continue;
        }
        for promise in *promises {
            let row = made.get(&order.schedule[promise.place].id);
            taken.extend(row.map(|row| takes(answer, row, promise)).transpose()?);
        }
    }
    taken.retain(|one| !one.material.is_empty());
    Ok(taken)
}

fn takes(answer: usize, row: &MadeRow, promise: &Promise) -> Result<Taken> {
    let content = ScheduleLine::decode(row.content.as_slice()).map_err(Error::internal)?;
    let material = if promise.substitute.is_empty() { &row.material } else { &promise.substitute };
    Ok(Taken {
        answer,
        schedule_line: row.id,
        line_number: row.line_number.clone(),
        customer: row.customer,
        material: material.clone(),
        location: content.ship_to_site,
        unit_code: row.unit_code.clone(),
        monday: promise.monday(),
        quantity: promise.quantity,
    })
}

async fn frameworks(tx: &mut TenantTx, supplier: Uuid, orders: &[Uuid]) -> Result<HashSet<Uuid>> {
    let mut frames = HashSet::new();
    for (order, content) in db::headers(tx, supplier, orders).await? {
        let content = OrderContent::decode(content.as_slice()).map_err(Error::internal)?;
        if content.order_type() == OrderType::Framework {
            frames.insert(order);
        }
    }
    Ok(frames)
}
