//! What events carry, and what they leave out where they would be too large: some readers cannot take in a larger one,
//! and would stand before it for ever.

use prost::Message;
use proto::orders::{
    Order as WireOrder, OrderAnswerOverdue, OrderCancelled, OrderChangeAnswered, OrderChangeRequested,
    OrderChangeWithdrawn, OrderChanged, OrderClosedShort, OrderDifference, OrderHeld, OrderMessagePosted,
    OrderNoteWritten, OrderProgressed, OrderPublished, OrderReleased, OrderReminded, OrderResponded,
    OrderSupplierChanged, PendingChange, ProposalResolved, ProposalWithdrawn,
};

/// The largest event, in bytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// The largest part of an event that is cut and not left out, in bytes.
const PART_BYTES: usize = MAX_BYTES / 4;

/// What an event carries.
pub(super) trait Payload: Message + Sized {
    /// Leaves out what there may be much of, and says so: the reader asks for it.
    fn shed(&mut self);

    /// As it is sent.
    fn fitted(mut self) -> Vec<u8> {
        if self.encoded_len() > MAX_BYTES {
            self.shed();
        }
        self.encode_to_vec()
    }
}

/// Payloads whose parts are bounded, each below [`MAX_BYTES`] by far.
macro_rules! small {
    ($($event:ty),*) => { $(impl Payload for $event { fn shed(&mut self) {} })* };
}

/// Payloads with the state of schedule lines, and with lists that are left out where that does not suffice.
macro_rules! by_line {
    ($($event:ty: $($list:ident)*;)*) => { $(
        impl Payload for $event {
            fn shed(&mut self) {
                self.lines_omitted = self.schedule.len() as i32;
                self.schedule.clear();
                $(if self.encoded_len() > MAX_BYTES { self.$list.clear(); })*
            }
        }
    )* };
}

small!(OrderHeld, OrderReleased, OrderChangeWithdrawn);
small!(OrderAnswerOverdue, OrderReminded, OrderMessagePosted, OrderNoteWritten);

by_line! {
    OrderResponded:;
    ProposalResolved: decisions;
    ProposalWithdrawn: proposal_ids;
    OrderClosedShort: lines;
}

impl Payload for OrderPublished {
    fn shed(&mut self) {
        shed_order(self.order.as_mut());
    }
}

impl Payload for OrderSupplierChanged {
    fn shed(&mut self) {
        shed_order(self.order.as_mut());
    }
}

impl Payload for OrderChanged {
    fn shed(&mut self) {
        if let Some(content) = &mut self.content {
            self.lines_omitted = content.lines.len() as i32;
            content.lines.clear();
        }
        self.schedule.clear();
        self.difference.iter_mut().for_each(|difference| cut(difference, PART_BYTES));
        shed_pending(self.pending.as_mut());
    }
}

impl Payload for OrderCancelled {
    fn shed(&mut self) {
        self.lines_omitted = self.schedule.len() as i32;
        self.schedule.clear();
        shed_pending(self.pending.as_mut());
        if self.encoded_len() > MAX_BYTES {
            self.lines.clear();
        }
    }
}

impl Payload for OrderChangeRequested {
    fn shed(&mut self) {
        shed_pending(self.pending.as_mut());
    }
}

impl Payload for OrderChangeAnswered {
    fn shed(&mut self) {
        self.lines_omitted = self.schedule.len() as i32;
        self.schedule.clear();
        self.difference.iter_mut().for_each(|difference| cut(difference, PART_BYTES));
    }
}

impl Payload for OrderProgressed {
    fn shed(&mut self) {
        self.lines_omitted = self.lines.len() as i32;
        self.lines.clear();
    }
}

/// Leaves the lines out of an order.
fn shed_order(order: Option<&mut WireOrder>) {
    let Some(order) = order else { return };
    if let Some(content) = &mut order.content {
        order.lines_omitted = content.lines.len() as i32;
        content.lines.clear();
    }
    order.schedule.clear();
    order.pending_changes.iter_mut().for_each(|pending| shed_pending(Some(pending)));
}

fn shed_pending(pending: Option<&mut PendingChange>) {
    pending.and_then(|pending| pending.difference.as_mut()).into_iter().for_each(|it| cut(it, PART_BYTES));
}

/// Leaves out lines of a difference from the end until it fits.
pub(crate) fn cut(difference: &mut OrderDifference, bytes: usize) {
    let mut size = difference.encoded_len();
    while size > bytes
        && let Some(line) = difference.lines.pop()
    {
        size -= line.encoded_len().min(size);
        difference.lines_omitted += 1;
    }
}

#[cfg(test)]
mod tests {
    use proto::orders::{
        CancelledLine, LineChange, LineStage, OrderContent, OrderLine, Proposal, ProposalDecision,
        ScheduleLineState,
    };

    use super::*;

    const ID: &str = "0193a5b0-0000-7000-8000-000000000000";
    const LINES: usize = 20_000;

    fn schedule() -> Vec<ScheduleLineState> {
        let note = "因模具返修顺延。".repeat(100);
        let proposals = vec![Proposal { id: ID.into(), note, ..Proposal::default() }];
        let line = ScheduleLineState { schedule_line_id: ID.into(), proposals, ..Default::default() };
        vec![line; LINES]
    }

    fn difference() -> Option<OrderDifference> {
        let line = LineChange { schedule_line_id: ID.into(), ..LineChange::default() };
        Some(OrderDifference { lines: vec![line; LINES], ..OrderDifference::default() })
    }

    fn pending() -> Option<PendingChange> {
        Some(PendingChange { difference: difference(), ..PendingChange::default() })
    }

    fn order() -> Option<WireOrder> {
        let lines = vec![OrderLine { line_number: "10".into(), ..OrderLine::default() }; LINES];
        Some(WireOrder {
            content: Some(OrderContent { lines, ..OrderContent::default() }),
            schedule: schedule(),
            pending_changes: pending().into_iter().collect(),
            ..WireOrder::default()
        })
    }

    fn fits(payload: impl Payload) {
        assert!(
            payload.encoded_len() > 2 * MAX_BYTES,
            "large enough to be a test: {}",
            payload.encoded_len()
        );
        let sent = payload.fitted();
        assert!(sent.len() <= MAX_BYTES, "{} bytes", sent.len());
    }

    #[test]
    fn no_event_is_too_large_for_its_readers() {
        let lines = vec![CancelledLine { schedule_line_id: ID.into(), ..CancelledLine::default() }; LINES];
        let decision =
            ProposalDecision {
                proposal_id: ID.into(), note: "可".repeat(99), ..ProposalDecision::default()
            };
        fits(OrderPublished { order: order() });
        fits(OrderSupplierChanged { order: order(), ..Default::default() });
        fits(OrderResponded { schedule: schedule(), ..Default::default() });
        let decisions = vec![decision; LINES];
        fits(ProposalResolved { schedule: schedule(), decisions, ..Default::default() });
        let proposal_ids = vec![ID.to_string(); LINES];
        fits(ProposalWithdrawn { schedule: schedule(), proposal_ids, ..Default::default() });
        fits(OrderClosedShort { schedule: schedule(), lines: lines.clone(), ..Default::default() });
        fits(OrderCancelled { schedule: schedule(), lines, pending: pending(), ..Default::default() });
        fits(OrderChanged {
            content: order().unwrap().content,
            schedule: schedule(),
            difference: difference(),
            pending: pending(),
            ..Default::default()
        });
        fits(OrderChangeRequested { pending: pending(), ..Default::default() });
        fits(OrderChangeAnswered { schedule: schedule(), difference: difference(), ..Default::default() });
        let lines = vec![LineStage { schedule_line_id: ID.into(), ..LineStage::default() }; LINES];
        fits(OrderProgressed { lines, ..Default::default() });
    }

    #[test]
    fn what_fits_is_sent_whole_and_what_does_not_says_so() {
        let few = OrderResponded { schedule: schedule().split_off(LINES - 3), ..Default::default() };
        assert_eq!(OrderResponded::decode(few.clone().fitted().as_slice()).unwrap(), few);
        let many = OrderResponded { schedule: schedule(), note: "全部确认".into(), ..Default::default() };
        let sent = OrderResponded::decode(many.fitted().as_slice()).unwrap();
        assert_eq!((sent.lines_omitted, sent.schedule.len()), (LINES as i32, 0));
        assert_eq!(sent.note, "全部确认");
    }
}
