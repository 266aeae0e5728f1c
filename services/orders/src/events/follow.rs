//! What happened around an order.

use chassis::{outbox::NewEvent, service::Deps, value};
use proto::orders::{
    LineStage, Message, OrderAnswerOverdue, OrderMessagePosted, OrderNoteWritten, OrderProgressed,
    OrderReminded, ProgressStage,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Subject, envelope};
use crate::db::follow::Standing;

/// The subject of an event that took the order's next version.
fn next(order: &Standing) -> Subject<'_> {
    Subject {
        id: order.id,
        buyer: order.buyer,
        supplier: order.supplier,
        version: order.version + 1,
        sites: &order.sites,
        purchasing_group: &order.purchasing_group,
    }
}

/// The answer did not come in time.
pub(crate) fn answer_overdue(deps: &Deps, at: OffsetDateTime, order: &Standing, due_on: Date) -> NewEvent {
    let subject = next(order);
    let data = OrderAnswerOverdue {
        order_id: order.id.to_string(),
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        revision: order.revision,
        version: subject.version,
        due_date: Some(value::wire_date(due_on)),
        unanswered_lines: order.unanswered_lines,
    };
    envelope(deps, at, "", &subject, "tandem.orders.order.answer_overdue.v1", data)
}

/// A reminder as its event tells it.
pub(crate) struct Reminded<'a> {
    pub id: Uuid,
    pub message: &'a str,
    pub automatic: bool,
    pub traceparent: &'a str,
}

/// The supplier was reminded.
pub(crate) fn reminded(
    deps: &Deps,
    at: OffsetDateTime,
    order: &Standing,
    reminder: &Reminded<'_>,
) -> NewEvent {
    let subject = next(order);
    let data = OrderReminded {
        order_id: order.id.to_string(),
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        revision: order.revision,
        version: subject.version,
        reminder_id: reminder.id.to_string(),
        message: reminder.message.to_string(),
        automatic: reminder.automatic,
    };
    let r#type = "tandem.orders.order.reminded.v1";
    envelope(deps, at, reminder.traceparent, &subject, r#type, data)
}

/// The supplier said how far it is.
pub(crate) fn progressed(
    deps: &Deps,
    at: OffsetDateTime,
    traceparent: &str,
    order: &Standing,
    lines: &[(&crate::progress::Line, ProgressStage)],
    note: &str,
) -> NewEvent {
    let subject = next(order);
    let lines = lines.iter().map(|(line, stage)| LineStage {
        schedule_line_id: line.id.to_string(),
        line_number: line.line_number.clone(),
        schedule_line_number: line.schedule_line_number.clone(),
        stage: (*stage).into(),
    });
    let data = OrderProgressed {
        order_id: order.id.to_string(),
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        revision: order.revision,
        version: subject.version,
        lines: lines.collect(),
        note: note.to_string(),
        lines_omitted: 0,
    };
    envelope(deps, at, traceparent, &subject, "tandem.orders.order.progressed.v1", data)
}

/// One firm wrote to the other.
pub(crate) fn message_posted(
    deps: &Deps,
    at: OffsetDateTime,
    traceparent: &str,
    order: &Standing,
    message: Message,
) -> NewEvent {
    let subject = next(order);
    let data = OrderMessagePosted {
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        version: subject.version,
        message: Some(message),
    };
    envelope(deps, at, traceparent, &subject, "tandem.orders.order.message_posted.v1", data)
}

/// Somebody wrote a note for the own firm: on its feed alone, and without a version, so that the other firm's feed does
/// not even have a gap.
pub(crate) fn note_written(
    deps: &Deps,
    at: OffsetDateTime,
    traceparent: &str,
    order: &Standing,
    author: Uuid,
    message: Message,
) -> NewEvent {
    let data = OrderNoteWritten {
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        message: Some(message),
    };
    let r#type = "tandem.orders.order.note_written.v1";
    let both = envelope(deps, at, traceparent, &next(order), r#type, data);
    NewEvent { version: 0, audience: vec![author], ..both }
}
