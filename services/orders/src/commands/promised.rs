//! What an answer promises is load of the supplier's weeks from its own transaction on, and no hour of a week is promised that
//! is offered to others, unless whoever answers says so.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Result, db::TenantTx};
use prost::Message;
use proto::orders::{OrderContent, OrderType, ScheduleLine};
use uuid::Uuid;

use super::Respond;
use crate::{
    agree::Agreement,
    convert,
    db::promised::{self as db, Answer, MadeRow, Taken},
    order::Order,
    promised::{Promise, Short, refusal},
};

pub(crate) use db::has_offered;

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
    let taken = taken(tx, decisions, &promises).await?;
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

/// What promises take, as the supplier's feed will tell of them. A framework order takes nothing: what is called off of it
/// does.
async fn taken(
    tx: &mut TenantTx,
    decisions: &[Decision<'_>],
    promises: &[Vec<Promise>],
) -> Result<Vec<Taken>> {
    let all = || decisions.iter().zip(promises).enumerate();
    let promising = all().filter(|(_, (_, promises))| !promises.is_empty());
    let orders: Vec<Uuid> = promising.map(|(_, (decision, _))| decision.order.id).collect();
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let lines = all().flat_map(|(_, (decision, promises))| {
        promises.iter().map(move |promise| decision.order.schedule[promise.place].id)
    });
    let lines: Vec<Uuid> = lines.collect();
    let made: HashMap<Uuid, MadeRow> =
        db::made(tx, &orders, &lines).await?.into_iter().map(|row| (row.id, row)).collect();
    let frames = frameworks(tx, &orders).await?;
    let mut taken = Vec::new();
    for (answer, (decision, promises)) in all() {
        if frames.contains(&decision.order.id) {
            continue;
        }
        for promise in promises {
            let row = made.get(&decision.order.schedule[promise.place].id);
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
        line_number: row.line_number.clone(),
        customer: row.customer,
        material: material.clone(),
        location: content.ship_to_site,
        unit_code: row.unit_code.clone(),
        monday: promise.monday(),
        quantity: promise.quantity,
    })
}

async fn frameworks(tx: &mut TenantTx, orders: &[Uuid]) -> Result<HashSet<Uuid>> {
    let mut frames = HashSet::new();
    for (order, content) in db::headers(tx, orders).await? {
        let content = OrderContent::decode(content.as_slice()).map_err(Error::internal)?;
        if content.order_type() == OrderType::Framework {
            frames.insert(order);
        }
    }
    Ok(frames)
}
