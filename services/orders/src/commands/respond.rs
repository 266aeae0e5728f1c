//! The supplier answers schedule lines.

use std::collections::HashMap;

use chassis::{Error, Result, db::TenantTx, service::Deps};
use proto::orders::{LineReceipt, OrderReceipt};
use uuid::Uuid;

use super::{Command, Done, Effect, deadline, may_act};
use crate::{
    agree::{self, Agreement, AllTerms},
    convert::{self, wire},
    db::{load, respond as db},
    events,
    order::{LineAnswer, Order},
    queries, terms,
};

/// Answer this order.
#[derive(Clone)]
pub(crate) struct Respond {
    pub order: Uuid,
    pub revision: i32,
    /// `None`: everything as asked.
    pub answers: Option<Vec<LineAnswer>>,
    pub note: String,
}

impl Effect for Respond {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/RespondToOrder";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let mut ids: Vec<Uuid> = commands.iter().map(|command| command.what.order).collect();
        ids.sort();
        ids.dedup();
        let mut orders = load::for_update(tx, &ids).await?;
        let proposed = commands.iter().filter_map(|command| {
            let order = orders.get(&command.what.order)?;
            Some((order, agree::proposed_lines(order, command.what.answers.as_deref())))
        });
        let mut terms = terms::load(tx, &proposed.collect::<Vec<_>>()).await?;
        let mut done = Done { answers: Vec::new(), events: Vec::new() };
        for command in commands {
            let answer = match orders.get_mut(&command.what.order) {
                Some(order) => respond(deps, tx, command, order, &mut terms).await?,
                None => Err(Error::not_found()),
            };
            done.answers.push(answer.map(|(receipt, event)| {
                done.events.push(vec![event]);
                receipt
            }));
        }
        Ok(done)
    }
}

/// The outer error rolls the slice back; the inner one refuses this command alone.
async fn respond(
    deps: &Deps,
    tx: &mut TenantTx,
    command: &Command<Respond>,
    order: &mut Order,
    terms: &mut AllTerms,
) -> Result<Result<(OrderReceipt, chassis::outbox::NewEvent)>> {
    let (caller, what) = (&command.caller, &command.what);
    if let Err(refusal) = may_act(deps, caller, order, order.supplier) {
        return Ok(Err(refusal));
    }
    let agreement = match agree::answer(order, terms, what.revision, what.answers.as_deref()) {
        Ok(agreement) => agreement,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let (id, at) = (deps.clock.id(), deps.clock.now());
    let outcomes: HashMap<Uuid, Vec<u8>> = convert::outcomes(&agreement);
    let response = db::Response {
        id,
        order,
        answered: &agreement.answered,
        outcomes: &outcomes,
        note: &what.note,
        actor_name: &caller.actor_name,
        at,
    };
    db::insert_response(tx, &response).await?;
    db::insert_agreed(tx, order, &agreement.agreed(), at).await?;
    let places: Vec<usize> = agreement.answered.iter().map(|(place, _)| *place).collect();
    load::save(tx, &[(order, &places)], at).await?;
    let lines: Vec<Uuid> = places.iter().map(|place| order.schedule[*place].id).collect();
    let schedule = queries::schedule_states(tx, &[order.id], Some(&lines)).await?;
    deadline::promised(tx, order, &schedule, at).await?;
    let event = events::responded(deps, at, caller, order, id, schedule, &what.note);
    let receipt = OrderReceipt {
        order_id: order.id.to_string(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        lines: touched(order, &agreement),
        supplier_id: order.supplier.to_string(),
        response_id: id.to_string(),
        ..OrderReceipt::default()
    };
    Ok(Ok((receipt, event)))
}

/// A receipt for each line of an answer.
pub(crate) fn touched(order: &Order, agreement: &Agreement) -> Vec<LineReceipt> {
    let each = agreement.answered.iter().map(|(place, parts)| {
        let proposal = agreement.proposal(parts);
        LineReceipt {
            tolerance: proposal.map(|(_, outcome)| convert::outcome(outcome)),
            ..wire::line_receipt(&order.schedule[*place], proposal.map(|(id, _)| id))
        }
    });
    each.collect()
}
