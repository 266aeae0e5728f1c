//! The buyer cancels, or closes lines at what was delivered.

use chassis::{Result, db::TenantTx, service::Deps};
use prost::Message as _;
use proto::orders::{OrderReceipt, PendingKind};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    Command, deadline,
    on_order::{By, Decided, OnOrder, receipt, refused},
    pending,
};
use crate::{
    change,
    convert::wire,
    db::{action, load, volatility},
    events::{
        change::{self as events, Moment},
        payload,
    },
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
        let parted = pending::part_cancellation(tx, &before, &cancelled, moment.at).await?;
        let Some((now, request, difference, until)) = parted else {
            return Ok(Ok(take_effect(moment, tx, (&before, order), &cancelled, what, None).await?));
        };
        let ask = pending::Ask {
            kind: PendingKind::Cancellation,
            content: request.encode_to_vec(),
            whole: false,
            difference,
            reason: what.reason,
            note: &what.note,
            until,
        };
        *order = before.clone();
        if now.is_empty() {
            return Ok(Ok(pending::only_ask(moment, tx, order, ask).await?));
        }
        match order.cancel(&now) {
            Ok(cancelled) => {
                Ok(Ok(take_effect(moment, tx, (&before, order), &cancelled, what, Some(ask)).await?))
            }
            Err(refusal) => Ok(Err(refused(order, refusal))),
        }
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

/// Saves a cancellation, with what the supplier is asked for beside it.
async fn take_effect(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    (before, order): (&Order, &Order),
    cancelled: &[Cancelled],
    what: &Cancel,
    ask: Option<pending::Ask<'_>>,
) -> Result<Decided> {
    let entry = Entry { action: "cancelled", reason: what.reason, note: &what.note };
    let places = record(tx, moment, (before, order), cancelled, &entry).await?;
    let accepted = cancelled.iter().filter(|each| each.accepted > Decimal::ZERO);
    let unsettled: Vec<(Uuid, Decimal)> = accepted
        .map(|each| &before.schedule[each.place])
        .map(|line| (line.id, line.quantities.accepted))
        .collect();
    volatility::insert(tx, order, &unsettled, false, moment.at).await?;
    let asked = match ask {
        Some(ask) => Some(pending::ask(moment, tx, order, ask).await?),
        None => None,
    };
    let schedule = queries::touched(tx, order, &places).await?;
    let lines = events::cancelled_lines(order, cancelled);
    let pending = asked.as_ref().map(wire::pending).transpose()?;
    let why = (what.reason, what.note.as_str());
    let event = events::cancelled(moment, order, lines, why, schedule, pending);
    let pending_change_id = asked.map(|row| row.id.to_string()).unwrap_or_default();
    let receipt = OrderReceipt { pending_change_id, ..touched(order, &places) };
    Ok(Decided { receipt, event: Some(event) })
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
    payload::cut(&mut difference, payload::MAX_BYTES);
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
