//! The supplier answers schedule lines.

use std::collections::HashMap;

use chassis::{Result, db::TenantTx, service::Deps};
use proto::orders::{LineReceipt, OrderReceipt};
use uuid::Uuid;

use super::{
    Command, Done, Effect, change, deadline,
    on_order::{By, Decided, lock, own, receipt, refused},
};
use crate::{
    agree::{self, Agreement, AllTerms},
    convert::{self, wire},
    db::{load, respond as db},
    error::Refusal,
    events,
    order::{LineAnswer, Order},
    queries, terms,
};

/// Answer this order.
#[derive(Clone)]
pub(crate) struct Respond {
    pub order: Uuid,
    pub revision: i32,
    /// The version that the supplier saw; 0: whatever is current.
    pub version: i64,
    /// `None`: everything as asked.
    pub answers: Option<Vec<LineAnswer>>,
    pub note: String,
}

impl Effect for Respond {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/RespondToOrder";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let mut orders = lock(tx, commands.iter().map(|command| command.what.order)).await?;
        let proposed = commands.iter().filter_map(|command| {
            let order = orders.get(&command.what.order)?;
            Some((order, agree::proposed_lines(order, command.what.answers.as_deref())))
        });
        let mut terms = terms::load(tx, &proposed.collect::<Vec<_>>()).await?;
        let mut done = Done::default();
        for command in commands {
            let order = own(deps, &command.caller, &mut orders, command.what.order, By::Supplier);
            done.take(match order {
                Ok(order) => respond(deps, tx, command, order, &mut terms).await?,
                Err(refusal) => Err(refusal),
            });
        }
        Ok(done)
    }
}

/// What an answer does to its order, given or tried out, or why it is refused. The outer error is a fault.
pub(crate) async fn decide(
    tx: &mut TenantTx,
    order: &mut Order,
    terms: &mut AllTerms,
    what: &Respond,
) -> Result<Result<Agreement>> {
    if let Err(refusal) = order.at_version(what.version) {
        return Ok(Err(refused(order, refusal)));
    }
    Ok(match agree::answer(order, terms, what.revision, what.answers.as_deref()) {
        Ok(agreement) => Ok(agreement),
        Err(refusal @ Refusal::RevisionOutdated { .. }) => {
            Err(change::outdated(tx, order, what.revision, refused(order, refusal)).await?)
        }
        Err(refusal) => Err(refused(order, refusal)),
    })
}

/// The outer error rolls the slice back; the inner one refuses this command alone.
async fn respond(
    deps: &Deps,
    tx: &mut TenantTx,
    command: &Command<Respond>,
    order: &mut Order,
    terms: &mut AllTerms,
) -> Result<Result<Decided>> {
    let (caller, what) = (&command.caller, &command.what);
    let agreement = match decide(tx, order, terms, what).await? {
        Ok(agreement) => agreement,
        Err(refusal) => return Ok(Err(refusal)),
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
    let schedule = queries::touched(tx, order, &places).await?;
    deadline::promised(tx, order, &schedule, at).await?;
    let event = events::responded(deps, at, caller, order, id, schedule, &what.note);
    let receipt =
        OrderReceipt { lines: touched(order, &agreement), response_id: id.to_string(), ..receipt(order) };
    Ok(Ok(Decided { receipt, event: Some(event) }))
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
