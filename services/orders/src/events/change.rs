//! What happened to an order after it was published → its envelope.

use chassis::{caller::Caller, outbox::NewEvent, service::Deps, value::wire_decimal};
use proto::orders::{
    CancelledLine, OrderCancelled, OrderChangeAnswered, OrderChangeRequested, OrderChangeWithdrawn,
    OrderChanged, OrderClosedShort, OrderContent, OrderDifference, OrderHeld, OrderReleased, PendingChange,
    ProposalWithdrawn, ScheduleLineState,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Subject, envelope, payload::Payload};
use crate::order::{Order, cancel::Cancelled};

/// Fills what every one of these events says of its order.
macro_rules! about {
    ($event:ident, $order:expr, { $($rest:tt)* }) => {
        $event {
            order_id: $order.id.to_string(),
            order_number: $order.order_number.clone(),
            source_system: $order.source_system.clone(),
            revision: $order.revision,
            version: $order.version,
            state: $order.state().into(),
            $($rest)*
        }
    };
}

/// Who does it and when.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub deps: &'a Deps,
    pub at: OffsetDateTime,
    pub caller: &'a Caller,
}

impl Moment<'_> {
    fn event(&self, order: &Order, r#type: &'static str, payload: impl Payload) -> NewEvent {
        let subject = Subject::of(order);
        envelope(self.deps, self.at, &self.caller.traceparent, &subject, r#type, payload)
    }
}

/// The buyer published another revision.
pub(crate) fn changed(
    moment: Moment<'_>,
    order: &Order,
    difference: OrderDifference,
    content: OrderContent,
    schedule: Vec<ScheduleLineState>,
    (note, pending, over): (&str, Option<PendingChange>, Option<Uuid>),
) -> NewEvent {
    let event = about!(OrderChanged, order, {
        difference: Some(difference),
        content: Some(content),
        schedule,
        lines_omitted: 0,
        note: note.into(),
        pending,
        ended_change_id: over.map(|id| id.to_string()).unwrap_or_default(),
    });
    moment.event(order, "tandem.orders.order.changed.v1", event)
}

/// What was cancelled, line by line.
pub(crate) fn cancelled_lines(order: &Order, cancelled: &[Cancelled]) -> Vec<CancelledLine> {
    let line = |each: &Cancelled| {
        let schedule = &order.schedule[each.place];
        CancelledLine {
            schedule_line_id: schedule.id.to_string(),
            line_number: schedule.line_number.clone(),
            schedule_line_number: schedule.schedule_line_number.clone(),
            unanswered_quantity: Some(wire_decimal(each.unanswered)),
            accepted_quantity: Some(wire_decimal(each.accepted)),
            proposed_quantity: Some(wire_decimal(each.proposed)),
            superseded_proposal_ids: each.superseded.iter().map(Uuid::to_string).collect(),
        }
    };
    cancelled.iter().map(line).collect()
}

/// The buyer cancelled quantities.
pub(crate) fn cancelled(
    moment: Moment<'_>,
    order: &Order,
    lines: Vec<CancelledLine>,
    (reason, note): (i32, &str),
    schedule: Vec<ScheduleLineState>,
    pending: Option<PendingChange>,
) -> NewEvent {
    let event = about!(OrderCancelled, order, { reason, note: note.into(), lines, schedule, pending, lines_omitted: 0, });
    moment.event(order, "tandem.orders.order.cancelled.v1", event)
}

/// The buyer closed lines at what was delivered.
pub(crate) fn closed_short(
    moment: Moment<'_>,
    order: &Order,
    lines: Vec<CancelledLine>,
    note: &str,
    schedule: Vec<ScheduleLineState>,
) -> NewEvent {
    let event = about!(OrderClosedShort, order, { note: note.into(), lines, schedule, lines_omitted: 0, });
    moment.event(order, "tandem.orders.order.closed_short.v1", event)
}

/// The buyer asked to wait.
pub(crate) fn held(moment: Moment<'_>, order: &Order, reason: i32, note: &str) -> NewEvent {
    let event = about!(OrderHeld, order, { reason, note: note.into(), });
    moment.event(order, "tandem.orders.order.held.v1", event)
}

/// The buyer ended a hold.
pub(crate) fn released(moment: Moment<'_>, order: &Order, note: &str) -> NewEvent {
    let event = about!(OrderReleased, order, { note: note.into(), });
    moment.event(order, "tandem.orders.order.released.v1", event)
}

/// The supplier took proposals back.
pub(crate) fn withdrawn(
    moment: Moment<'_>,
    order: &Order,
    proposals: &[Uuid],
    note: &str,
    schedule: Vec<ScheduleLineState>,
) -> NewEvent {
    let proposal_ids = proposals.iter().map(Uuid::to_string).collect();
    let event =
        about!(ProposalWithdrawn, order, { proposal_ids, note: note.into(), schedule, lines_omitted: 0, });
    moment.event(order, "tandem.orders.order.proposal_withdrawn.v1", event)
}

/// The buyer asked for a change of what is frozen.
pub(crate) fn change_requested(moment: Moment<'_>, order: &Order, pending: PendingChange) -> NewEvent {
    let event = about!(OrderChangeRequested, order, { pending: Some(pending), });
    moment.event(order, "tandem.orders.order.change_requested.v1", event)
}

/// The supplier accepted or declined it: (accepted, note).
pub(crate) fn change_answered(
    moment: Moment<'_>,
    order: &Order,
    change: &Uuid,
    (accepted, note): (bool, &str),
    difference: Option<OrderDifference>,
    schedule: Vec<ScheduleLineState>,
) -> NewEvent {
    let change_id = change.to_string();
    let event = about!(OrderChangeAnswered, order, {
        change_id,
        accepted,
        note: note.into(),
        difference,
        schedule,
        lines_omitted: 0,
    });
    moment.event(order, "tandem.orders.order.change_answered.v1", event)
}

/// The buyer asks for it no more.
pub(crate) fn change_withdrawn(moment: Moment<'_>, order: &Order, change: Uuid, note: &str) -> NewEvent {
    let event = about!(OrderChangeWithdrawn, order, { change_id: change.to_string(), note: note.into(), });
    moment.event(order, "tandem.orders.order.change_withdrawn.v1", event)
}
