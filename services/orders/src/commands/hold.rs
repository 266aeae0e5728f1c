//! The buyer asks to wait and to go on; the supplier takes proposals back.

use chassis::{Result, db::TenantTx, service::Deps};
use prost::Message as _;
use proto::orders::OrderReceipt;
use uuid::Uuid;

use super::{
    Command, deadline,
    on_order::{By, Decided, OnOrder, receipt, refused},
};
use crate::{
    change,
    convert::wire,
    db::{action, load},
    events::change::{self as events, Moment},
    order::Order,
    queries,
};

/// Hold this order.
#[derive(Clone)]
pub(crate) struct Hold {
    pub order: Uuid,
    /// HoldReason.
    pub reason: i32,
    pub note: String,
}

/// Go on with this order.
#[derive(Clone)]
pub(crate) struct Release {
    pub order: Uuid,
    pub note: String,
}

/// Take these proposals back.
#[derive(Clone)]
pub(crate) struct Withdraw {
    pub order: Uuid,
    pub proposals: Vec<Uuid>,
    pub note: String,
}

impl OnOrder for Hold {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/HoldOrder";
    const BY: By = By::Buyer;

    fn order(&self) -> Uuid {
        self.order
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let (what, before) = (&command.what, order.clone());
        if let Err(refusal) = order.hold(true) {
            return Ok(Err(refused(order, refusal)));
        }
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        record(tx, moment, (&before, order), &[], ("held", what.reason, &what.note)).await?;
        deadline::pause(tx, order.id, moment.at).await?;
        let event = events::held(moment, order, what.reason, &what.note);
        Ok(Ok(Decided { receipt: receipt(order), event: Some(event) }))
    }
}

impl OnOrder for Release {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/ReleaseOrder";
    const BY: By = By::Buyer;

    fn order(&self) -> Uuid {
        self.order
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let (what, before) = (&command.what, order.clone());
        if let Err(refusal) = order.hold(false) {
            return Ok(Err(refused(order, refusal)));
        }
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        record(tx, moment, (&before, order), &[], ("released", 0, &what.note)).await?;
        deadline::resume(tx, order, moment.at).await?;
        let event = events::released(moment, order, &what.note);
        Ok(Ok(Decided { receipt: receipt(order), event: Some(event) }))
    }
}

impl OnOrder for Withdraw {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/WithdrawProposal";
    const BY: By = By::Supplier;

    fn order(&self) -> Uuid {
        self.order
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let (what, before) = (&command.what, order.clone());
        let places = match order.withdraw(&what.proposals) {
            Ok(places) => places,
            Err(refusal) => return Ok(Err(refused(order, refusal))),
        };
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        action::end_proposals(tx, order, &what.proposals, true, moment.at).await?;
        record(tx, moment, (&before, order), &places, ("proposal_withdrawn", 0, &what.note)).await?;
        deadline::watch_again(tx, &before, order).await?;
        let schedule = queries::touched(tx, order, &places).await?;
        let event = events::withdrawn(moment, order, &what.proposals, &what.note, schedule);
        let lines = places.iter().map(|place| wire::line_receipt(&order.schedule[*place], None)).collect();
        Ok(Ok(Decided { receipt: OrderReceipt { lines, ..receipt(order) }, event: Some(event) }))
    }
}

/// Saves the order, and what its history says: action, reason, note.
async fn record(
    tx: &mut TenantTx,
    moment: Moment<'_>,
    (before, order): (&Order, &Order),
    places: &[usize],
    (action, reason, note): (&str, i32, &str),
) -> Result<()> {
    let entry = action::Action {
        action,
        by_buyer: moment.caller.firm == order.buyer,
        reason,
        note,
        actor_name: &moment.caller.actor_name,
        at: moment.at,
        schedule_lines: places.iter().map(|place| order.schedule[*place].id).collect(),
        difference: change::moved(before, order, places).encode_to_vec(),
    };
    action::insert(tx, order, &entry).await?;
    load::save(tx, &[(order, places)], moment.at).await
}
