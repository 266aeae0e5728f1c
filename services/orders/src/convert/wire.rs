//! Stored rows → what goes over the wire.

use std::collections::HashMap;

use chassis::{Error, Result, value};
use prost::Message;
use proto::orders::{
    Commitment, HistoryEntry, LineReceipt, Order as WireOrder, OrderContent, OrderDifference, OrderLine,
    OrderSummary, PendingChange, Proposal, ProposalState, Propose, Quantities as WireQuantities, Rejection,
    ScheduleLine, ScheduleLineRow as WireRow, ScheduleLineState, ToleranceOutcome,
};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    db::{
        UNDATED,
        deadline::DueRow,
        list::{ScheduleLineRow, SummaryRow},
        pending::PendingRow,
        read::{AnswerRow, Head, HistoryRow, ProposalRow, ScheduleRow},
        reminder::UnopenedRow,
    },
    order::{Quantities, Schedule},
};

pub(crate) fn quantities(quantities: &Quantities) -> WireQuantities {
    let wire = |decimal| Some(value::wire_decimal(decimal));
    WireQuantities {
        ordered: wire(quantities.ordered),
        accepted: wire(quantities.accepted),
        rejected: wire(quantities.rejected),
        proposed: wire(quantities.proposed),
        unanswered: wire(quantities.unanswered),
        cancelled: wire(quantities.cancelled),
    }
}

pub(crate) fn line_receipt(line: &Schedule, proposal: Option<Uuid>) -> LineReceipt {
    LineReceipt {
        schedule_line_id: line.id.to_string(),
        line_number: line.line_number.clone(),
        schedule_line_number: line.schedule_line_number.clone(),
        quantities: Some(quantities(&line.quantities)),
        proposal_id: proposal.map(|id| id.to_string()).unwrap_or_default(),
        tolerance: None,
    }
}

/// An order without lines and history.
pub(crate) fn order(head: &Head) -> Result<WireOrder> {
    Ok(WireOrder {
        id: head.id.to_string(),
        buyer_id: head.buyer.to_string(),
        buyer_name: head.buyer_name.clone(),
        supplier_id: head.supplier.to_string(),
        supplier_name: head.supplier_name.clone(),
        vendor_number: head.vendor_number.clone(),
        revision: head.revision,
        version: head.version,
        state: head.state.into(),
        content: Some(OrderContent::decode(head.content.as_slice()).map_err(Error::internal)?),
        net_amount: head.net_amount.map(value::wire_decimal),
        published_at: Some(value::timestamp(head.published_at)),
        updated_at: Some(value::timestamp(head.updated_at)),
        content_sha256: head.content_sha256.clone().into(),
        held: head.held,
        erp_differs: head.erp_differs,
        ..WireOrder::default()
    })
}

/// Lines with their schedule lines put back.
pub(crate) fn lines(stored: Vec<(i32, Vec<u8>)>, schedule: &[ScheduleRow]) -> Result<Vec<OrderLine>> {
    let mut planned: HashMap<i32, Vec<ScheduleLine>> = HashMap::new();
    for row in schedule {
        let line = ScheduleLine::decode(row.content.as_slice()).map_err(Error::internal)?;
        planned.entry(row.line_position).or_default().push(line);
    }
    stored
        .into_iter()
        .map(|(position, content)| {
            let mut line = OrderLine::decode(content.as_slice()).map_err(Error::internal)?;
            line.schedule_lines = planned.remove(&position).unwrap_or_default();
            Ok(line)
        })
        .collect()
}

/// What was answered, by schedule line.
#[derive(Default)]
pub(crate) struct Answers {
    commitments: HashMap<Uuid, Vec<Commitment>>,
    rejections: HashMap<Uuid, Vec<Rejection>>,
    proposals: HashMap<Uuid, Vec<Proposal>>,
}

impl Answers {
    /// Sorts stored answers and proposals by schedule line; an accepted proposal is a commitment too, and `cancelled`
    /// (schedule line, version, quantity) shortens the latest commitments of its time.
    pub(crate) fn new(
        answers: Vec<AnswerRow>,
        proposals: Vec<ProposalRow>,
        cancelled: Vec<(Uuid, i64, Decimal)>,
    ) -> Result<Self> {
        let mut all = Self::default();
        let mut commitments: Vec<(i64, Uuid, Commitment)> = Vec::new();
        for row in answers {
            if row.accepted {
                let commitment = as_asked(row.quantity, row.committed_date, &row.response_id.to_string());
                commitments.push((row.version, row.schedule_line_id, commitment));
            } else {
                all.rejections.entry(row.schedule_line_id).or_default().push(Rejection {
                    quantity: Some(value::wire_decimal(row.quantity)),
                    reason: row.reject_reason.into(),
                    note: row.note,
                });
            }
        }
        for row in proposals {
            let content = Propose::decode(row.content.as_slice()).map_err(Error::internal)?;
            if let (Some(true), Some(version), false) = (row.accepted, row.resolution_version, row.superseded)
            {
                let agreed = promises(row.covers, &row.response_id.to_string(), &content);
                commitments.extend(agreed.into_iter().map(|each| (version, row.schedule_line_id, each)));
            }
            all.proposals.entry(row.schedule_line_id).or_default().push(proposal(row, content)?);
        }
        let cuts = cancelled.into_iter().map(|(line, version, quantity)| (version, line, Err(quantity)));
        let promises = commitments.into_iter().map(|(version, line, each)| (version, line, Ok(each)));
        let mut told: Vec<(i64, Uuid, Result<Commitment, Decimal>)> = promises.chain(cuts).collect();
        told.sort_by_key(|(version, ..)| *version);
        for (_, line, each) in told {
            let standing = all.commitments.entry(line).or_default();
            match each {
                Ok(commitment) => standing.push(commitment),
                Err(quantity) => shorten(standing, quantity),
            }
        }
        Ok(all)
    }

    /// The commitments of one schedule line.
    pub(crate) fn commitments(&mut self, line: Uuid) -> Vec<Commitment> {
        self.commitments.remove(&line).unwrap_or_default()
    }

    /// How a schedule line stands.
    pub(crate) fn state(&mut self, row: &ScheduleRow) -> ScheduleLineState {
        let mut commitments = self.commitments(row.id);
        if let [only] = commitments.as_mut_slice() {
            // The buyer's document may have caught up with another agreed quantity than it had asked for.
            only.settles_quantity = Some(value::wire_decimal(row.quantities.accepted));
        }
        ScheduleLineState {
            schedule_line_id: row.id.to_string(),
            line_number: row.line_number.clone(),
            schedule_line_number: row.schedule_line_number.clone(),
            quantities: Some(quantities(&row.quantities)),
            commitments,
            proposals: self.proposals.remove(&row.id).unwrap_or_default(),
            rejections: self.rejections.remove(&row.id).unwrap_or_default(),
            progress: None,
            closed: row.closed,
            erp_differs: row.agreed_differs
                || row.quantities.rejected > Decimal::ZERO
                || row.quantities.cancelled > Decimal::ZERO,
        }
    }
}

/// The promise of what was accepted as asked.
pub(crate) fn as_asked(quantity: Decimal, day: Option<Date>, response_id: &str) -> Commitment {
    Commitment {
        quantity: Some(value::wire_decimal(quantity)),
        committed_delivery_date: day.map(value::wire_date),
        response_id: response_id.to_string(),
        settles_quantity: Some(value::wire_decimal(quantity)),
        ..Commitment::default()
    }
}

/// Takes a cancelled quantity from the latest promises.
fn shorten(standing: &mut Vec<Commitment>, mut cancelled: Decimal) {
    let parsed =
        |wire: &Option<proto::Decimal>| value::decimal(wire.as_ref()).ok().flatten().unwrap_or_default();
    while cancelled > Decimal::ZERO
        && let Some(mut last) = standing.pop()
    {
        let (settles, quantity) = (parsed(&last.settles_quantity), parsed(&last.quantity));
        if settles > cancelled {
            last.settles_quantity = Some(value::wire_decimal(settles - cancelled));
            last.quantity = Some(value::wire_decimal((quantity - cancelled).max(Decimal::ZERO)));
            standing.push(last);
        }
        cancelled = (cancelled - settles).max(Decimal::ZERO);
    }
}

/// The promises of an accepted proposal. They share the covered quantity out in order, and the last takes the rest.
pub(crate) fn promises(covers: Decimal, response_id: &str, content: &Propose) -> Vec<Commitment> {
    let mut left = covers;
    let last = content.deliveries.len().saturating_sub(1);
    let each = content.deliveries.iter().enumerate().map(|(i, delivery)| {
        let quantity = value::decimal(delivery.quantity.as_ref()).ok().flatten().unwrap_or_default();
        let settles = if i == last { left } else { quantity.min(left) };
        left = (left - settles).max(Decimal::ZERO);
        Commitment {
            quantity: delivery.quantity.clone(),
            committed_delivery_date: delivery.delivery_date,
            price: content.price.clone(),
            substitute: content.substitute.clone(),
            response_id: response_id.to_string(),
            settles_quantity: Some(value::wire_decimal(settles)),
        }
    });
    each.collect()
}

fn proposal(row: ProposalRow, content: Propose) -> Result<Proposal> {
    let state = match (row.accepted, row.withdrawn) {
        (Some(true), _) => ProposalState::Accepted,
        (Some(false), _) => ProposalState::Declined,
        (None, Some(true)) => ProposalState::Withdrawn,
        (None, Some(false)) => ProposalState::Superseded,
        (None, None) if row.superseded => ProposalState::Superseded,
        (None, None) => ProposalState::Open,
    };
    let tolerance = row.tolerance.as_deref().map(ToleranceOutcome::decode);
    Ok(Proposal {
        id: row.id.to_string(),
        state: state.into(),
        covers_quantity: Some(value::wire_decimal(row.covers)),
        deliveries: content.deliveries,
        price: content.price,
        substitute: content.substitute,
        reason_code: content.reason_code,
        note: content.note,
        proposed_at: Some(value::timestamp(row.at)),
        resolved_at: row.resolved_at.or(row.ended_at).map(value::timestamp),
        resolution_note: row.resolution_note.unwrap_or_default(),
        tolerance: tolerance.transpose().map_err(Error::internal)?,
    })
}

/// A change that waits for the supplier.
pub(crate) fn pending(row: &PendingRow) -> Result<PendingChange> {
    Ok(PendingChange {
        id: row.id.to_string(),
        kind: row.kind.into(),
        difference: Some(OrderDifference::decode(row.difference.as_slice()).map_err(Error::internal)?),
        reason: row.reason.into(),
        note: row.note.clone(),
        requested_at: Some(value::timestamp(row.at)),
        actor_name: row.actor_name.clone(),
        frozen_until: Some(value::wire_date(row.frozen_until)),
    })
}

pub(crate) fn history(row: HistoryRow) -> Result<HistoryEntry> {
    let difference = row.difference.as_deref().map(OrderDifference::decode);
    Ok(HistoryEntry {
        version: row.version,
        at: Some(value::timestamp(row.at)),
        action: row.action,
        firm_id: row.firm.to_string(),
        actor_name: row.actor_name,
        schedule_line_ids: row.schedule_line_ids.iter().map(Uuid::to_string).collect(),
        note: row.note,
        difference: difference.transpose().map_err(Error::internal)?,
    })
}

pub(crate) fn summary(row: SummaryRow, reminder: Option<UnopenedRow>, now: OffsetDateTime) -> OrderSummary {
    let unopened_reminder = reminder.map(|reminder| super::follow::unopened(reminder, &row));
    let due = row.due_on.zip(row.due_certain);
    let due = due.map(|(due_on, certain)| DueRow { due_on, certain, paused_on: row.paused_on });
    OrderSummary {
        answer_due: due.map(|due| super::follow::answer_due(&due, now)),
        id: row.id.to_string(),
        order_number: row.order_number,
        source_system: row.source_system,
        buyer_id: row.buyer.to_string(),
        buyer_name: row.buyer_name,
        supplier_id: row.supplier.to_string(),
        supplier_name: row.supplier_name,
        revision: row.revision,
        version: row.version,
        state: row.state.into(),
        purchasing_group: row.purchasing_group,
        currency: row.currency,
        net_amount: row.net_amount.map(value::wire_decimal),
        price_includes_tax: Some(row.price_includes_tax),
        requested_delivery_date: (row.requested_date != UNDATED)
            .then(|| value::wire_date(row.requested_date)),
        line_count: row.line_count,
        unanswered_lines: row.unanswered_lines,
        proposed_lines: row.proposed_lines,
        first_item_name: row.first_item_name,
        published_at: Some(value::timestamp(row.published_at)),
        updated_at: Some(value::timestamp(row.updated_at)),
        held: row.held,
        erp_differs: row.erp_differs,
        change_pending: row.change_pending,
        unopened_reminder,
    }
}

pub(crate) fn schedule_line_row(row: ScheduleLineRow, commitments: Vec<Commitment>) -> WireRow {
    WireRow {
        schedule_line_id: row.id.to_string(),
        order_id: row.order_id.to_string(),
        order_number: row.order_number,
        source_system: row.source_system,
        line_number: row.line_number,
        schedule_line_number: row.schedule_line_number,
        counterparty_id: row.counterparty.to_string(),
        counterparty_name: row.counterparty_name,
        revision: row.revision,
        version: row.version,
        buyer_item_id: row.buyer_item_id,
        seller_item_id: row.seller_item_id,
        item_name: row.item_name,
        unit_code: row.unit_code,
        requested_delivery_date: row.requested_date.map(value::wire_date),
        quantities: Some(quantities(&Quantities {
            ordered: row.ordered,
            accepted: row.accepted,
            rejected: row.rejected,
            proposed: row.proposed,
            unanswered: row.unanswered,
            cancelled: row.cancelled,
        })),
        commitments,
        progress: None,
    }
}
