//! The buyer decides proposals.

use chassis::{Error, Result, db::TenantTx, service::Deps};
use proto::orders::OrderReceipt;
use uuid::Uuid;

use super::{Command, Done, Effect, deadline, may_act};
use crate::{
    convert::wire,
    db::{load, respond as db},
    events,
    order::Order,
    queries,
};

/// Decide proposals of this order: proposal, accepted, note.
#[derive(Clone)]
pub(crate) struct Resolve {
    pub order: Uuid,
    pub decisions: Vec<(Uuid, bool, String)>,
}

impl Effect for Resolve {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/ResolveProposal";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let mut ids: Vec<Uuid> = commands.iter().map(|command| command.what.order).collect();
        ids.sort();
        ids.dedup();
        let mut orders = load::for_update(tx, &ids).await?;
        let mut done = Done { answers: Vec::new(), events: Vec::new() };
        for command in commands {
            let answer = match orders.get_mut(&command.what.order) {
                Some(order) => resolve(deps, tx, command, order).await?,
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
async fn resolve(
    deps: &Deps,
    tx: &mut TenantTx,
    command: &Command<Resolve>,
    order: &mut Order,
) -> Result<Result<(OrderReceipt, chassis::outbox::NewEvent)>> {
    let (caller, what) = (&command.caller, &command.what);
    if let Err(refusal) = may_act(deps, caller, order, order.buyer) {
        return Ok(Err(refusal));
    }
    let decided: Vec<(Uuid, bool)> = what.decisions.iter().map(|(id, accept, _)| (*id, *accept)).collect();
    let waited = order.unanswered_lines() > 0;
    let places = match order.resolve(&decided) {
        Ok(places) => places,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let at = deps.clock.now();
    db::insert_resolutions(tx, order, &what.decisions, &caller.actor_name, at).await?;
    load::save(tx, &[(order, &places)], at).await?;
    if !waited && order.unanswered_lines() > 0 {
        deadline::begin(tx, &[(order.id, order.supplier)], at).await?;
    }
    let lines: Vec<Uuid> = places.iter().map(|place| order.schedule[*place].id).collect();
    let schedule = queries::schedule_states(tx, &[order.id], Some(&lines)).await?;
    deadline::promised(tx, order, &schedule, at).await?;
    let event = events::resolved(deps, at, caller, order, &what.decisions, schedule);
    let receipt = OrderReceipt {
        order_id: order.id.to_string(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        lines: places.iter().map(|place| wire::line_receipt(&order.schedule[*place], None)).collect(),
        supplier_id: order.supplier.to_string(),
        ..OrderReceipt::default()
    };
    Ok(Ok((receipt, event)))
}
