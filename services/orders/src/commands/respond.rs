//! The supplier answers schedule lines.

use chassis::{Error, Result, db::TenantTx, service::Deps};
use proto::orders::OrderReceipt;
use uuid::Uuid;

use super::{Command, Done, Effect, may_act};
use crate::{
    convert::wire,
    db::{load, respond as db},
    events,
    order::{LineAnswer, Order, Part},
    queries,
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
        let mut done = Done { answers: Vec::new(), events: Vec::new() };
        for command in commands {
            let answer = match orders.get_mut(&command.what.order) {
                Some(order) => respond(deps, tx, command, order).await?,
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
) -> Result<Result<(OrderReceipt, chassis::outbox::NewEvent)>> {
    let (caller, what) = (&command.caller, &command.what);
    if let Err(refusal) = may_act(deps, caller, order, order.supplier) {
        return Ok(Err(refusal));
    }
    let answers = what.answers.clone().unwrap_or_else(|| order.accept_all());
    if answers.is_empty() && what.revision == order.revision {
        return Ok(Err(Error::new(chassis::Reason::NOTHING_UNANSWERED)));
    }
    let answered = match order.respond(what.revision, &answers) {
        Ok(answered) => answered,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let (id, at) = (deps.clock.id(), deps.clock.now());
    let response =
        db::Response { id, order, answered: &answered, note: &what.note, actor_name: &caller.actor_name, at };
    db::insert_response(tx, &response).await?;
    let places: Vec<usize> = answered.iter().map(|(place, _)| *place).collect();
    load::save(tx, &[(order, &places)], at).await?;
    let lines: Vec<Uuid> = places.iter().map(|place| order.schedule[*place].id).collect();
    let schedule = queries::schedule_states(tx, &[order.id], Some(&lines)).await?;
    let event = events::responded(deps, at, caller, order, id, schedule, &what.note);
    let proposal = |parts: &[Part]| {
        parts.iter().find_map(|part| match part {
            Part::Proposed { id, .. } => Some(*id),
            _ => None,
        })
    };
    let touched =
        answered.iter().map(|(place, parts)| wire::line_receipt(&order.schedule[*place], proposal(parts)));
    let receipt = OrderReceipt {
        order_id: order.id.to_string(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        lines: touched.collect(),
        supplier_id: order.supplier.to_string(),
        response_id: id.to_string(),
        ..OrderReceipt::default()
    };
    Ok(Ok((receipt, event)))
}
