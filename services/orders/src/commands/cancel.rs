//! The buyer cancels, or closes lines at what was delivered.

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
    order::{
        Order,
        cancel::{Cancellation, Cancelled, Closing},
    },
    queries,
};

/// Cancel so much of this order.
#[derive(Clone)]
pub(crate) struct Cancel {
    pub order: Uuid,
    /// The version that the buyer saw; 0: whatever is current.
    pub version: i64,
    /// None: everything open.
    pub lines: Vec<Cancellation>,
    /// CancelReason.
    pub reason: i32,
    pub note: String,
}

/// Close lines of this order.
#[derive(Clone)]
pub(crate) struct Close {
    pub order: Uuid,
    /// The version that the buyer saw; 0: whatever is current.
    pub version: i64,
    pub lines: Vec<Closing>,
    pub note: String,
}

impl OnOrder for Cancel {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/CancelOrder";
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
        let cancelled = match order.at_version(what.version).and_then(|()| order.cancel(&what.lines)) {
            Ok(cancelled) => cancelled,
            Err(refusal) => return Ok(Err(refused(order, refusal))),
        };
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        let entry = Entry { action: "cancelled", reason: what.reason, note: &what.note };
        let places = record(tx, moment, (&before, order), &cancelled, &entry).await?;
        let schedule = queries::touched(tx, order, &places).await?;
        let lines = events::cancelled_lines(order, &cancelled);
        let event = events::cancelled(moment, order, lines, what.reason, &what.note, schedule);
        Ok(Ok(Decided { receipt: touched(order, &places), event: Some(event) }))
    }
}

impl OnOrder for Close {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/CloseShort";
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
        let cancelled = match order.at_version(what.version).and_then(|()| order.close_short(&what.lines)) {
            Ok(cancelled) => cancelled,
            Err(refusal) => return Ok(Err(refused(order, refusal))),
        };
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        let entry = Entry { action: "closed_short", reason: 0, note: &what.note };
        let places = record(tx, moment, (&before, order), &cancelled, &entry).await?;
        let ids: Vec<Uuid> = places.iter().map(|place| order.schedule[*place].id).collect();
        action::close(tx, order, &ids).await?;
        let schedule = queries::touched(tx, order, &places).await?;
        let lines = events::cancelled_lines(order, &cancelled);
        let event = events::closed_short(moment, order, lines, &what.note, schedule);
        Ok(Ok(Decided { receipt: touched(order, &places), event: Some(event) }))
    }
}

/// What the order's history says of it.
struct Entry<'a> {
    action: &'a str,
    reason: i32,
    note: &'a str,
}

/// Saves what was cancelled; the places that it touched.
async fn record(
    tx: &mut TenantTx,
    moment: Moment<'_>,
    (before, order): (&Order, &Order),
    cancelled: &[Cancelled],
    entry: &Entry<'_>,
) -> Result<Vec<usize>> {
    let places: Vec<usize> = cancelled.iter().map(|each| each.place).collect();
    action::insert_cancellations(tx, order, cancelled, moment.at).await?;
    let mut difference = change::moved(before, order, &places);
    events::cut(&mut difference, super::super::events::MAX_BYTES);
    let action = action::Action {
        action: entry.action,
        by_buyer: true,
        reason: entry.reason,
        note: entry.note,
        actor_name: &moment.caller.actor_name,
        at: moment.at,
        schedule_lines: places.iter().map(|place| order.schedule[*place].id).collect(),
        difference: difference.encode_to_vec(),
    };
    action::insert(tx, order, &action).await?;
    load::save(tx, &[(order, &places)], moment.at).await?;
    if before.unanswered_lines() == 0 && order.unanswered_lines() > 0 {
        // Of a superseded proposal something is left, which waits for another answer.
        deadline::begin_again(tx, order, moment.at).await?;
    }
    Ok(places)
}

fn touched(order: &Order, places: &[usize]) -> OrderReceipt {
    let lines = places.iter().map(|place| wire::line_receipt(&order.schedule[*place], None)).collect();
    OrderReceipt { lines, ..receipt(order) }
}
