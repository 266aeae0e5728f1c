//! The buyer decides proposals.

use chassis::{Result, db::TenantTx, service::Deps};
use proto::orders::OrderReceipt;
use uuid::Uuid;

use super::{
    Command, deadline,
    on_order::{By, Decided, OnOrder, receipt, refused},
    promised,
};
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

impl OnOrder for Resolve {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/ResolveProposal";
    const BY: By = By::Buyer;

    fn order(&self) -> Uuid {
        self.order
    }

    fn promises(&self) -> bool {
        self.decisions.iter().any(|(_, accepted, _)| *accepted)
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let (caller, what) = (&command.caller, &command.what);
        let decided: Vec<(Uuid, bool)> =
            what.decisions.iter().map(|(id, accept, _)| (*id, *accept)).collect();
        let waited = order.unanswered_lines() > 0;
        let places = match order.resolve(&decided) {
            Ok(places) => places,
            Err(refusal) => return Ok(Err(refused(order, refusal))),
        };
        let at = deps.clock.now();
        db::insert_resolutions(tx, order, &what.decisions, &caller.actor_name, at).await?;
        load::save(tx, &[(order, &places)], at).await?;
        if !waited && order.unanswered_lines() > 0 {
            deadline::begin_again(tx, order, at).await?;
        }
        let schedule = queries::touched(tx, order, &places).await?;
        deadline::promised(tx, order, &schedule, at).await?;
        if what.promises() {
            promised::note(tx, order, &schedule).await?;
        }
        let event = events::resolved(deps, at, caller, order, &what.decisions, schedule);
        let receipt = OrderReceipt {
            lines: places.iter().map(|place| wire::line_receipt(&order.schedule[*place], None)).collect(),
            ..receipt(order)
        };
        Ok(Ok(Decided { receipt, event: Some(event) }))
    }
}
