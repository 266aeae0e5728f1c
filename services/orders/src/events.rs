//! Domain events → envelopes. Each goes to both firms' feeds and takes one version of its order.

pub(crate) mod change;
pub(crate) mod follow;
pub(crate) mod payload;

use chassis::{caller::Caller, outbox::NewEvent, service::Deps};
use prost::Message;
use proto::{
    orders::{
        Order as WireOrder, OrderPublished, OrderResponded, OrderSupplierChanged, ProposalDecision,
        ProposalResolved, ScheduleLineState,
    },
    partners::{FirmState, RelationshipChanged, RelationshipState, TradingRelationship},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{db::publish::Begun, order::Order};

use payload::Payload;

const SOURCE: &str = "tandem/orders";

/// The CloudEvents type of partners, for the relationship that an order begins by inviting its supplier: partners tells
/// of every other change itself.
const RELATIONSHIP_CHANGED: &str = "tandem.partners.relationship.changed.v1";

/// Whose order it is and where it stands: what every envelope carries.
pub(crate) struct Subject<'a> {
    pub id: Uuid,
    pub buyer: Uuid,
    pub supplier: Uuid,
    pub version: i64,
    pub sites: &'a [String],
    pub purchasing_group: &'a str,
}

impl<'a> Subject<'a> {
    /// The subject of an event of this order.
    pub(crate) fn of(order: &'a Order) -> Self {
        Self {
            id: order.id,
            buyer: order.buyer,
            supplier: order.supplier,
            version: order.version,
            sites: &order.sites,
            purchasing_group: &order.purchasing_group,
        }
    }
}

fn envelope(
    deps: &Deps,
    at: OffsetDateTime,
    traceparent: &str,
    subject: &Subject<'_>,
    r#type: &'static str,
    payload: impl Payload,
) -> NewEvent {
    NewEvent {
        id: deps.clock.id(),
        source: SOURCE,
        r#type,
        subject: format!("orders/{}", subject.id),
        subject_id: Some(subject.id),
        version: subject.version,
        at,
        traceparent: traceparent.to_string(),
        audience: vec![subject.buyer, subject.supplier],
        sites: subject.sites.to_vec(),
        purchasing_group: subject.purchasing_group.to_string(),
        scope_firm: Some(subject.buyer),
        data: payload.fitted().into(),
    }
}

/// The caller's firm began a relationship by an order to somebody who is not here yet.
pub(crate) fn relationship_begun(
    deps: &Deps,
    at: OffsetDateTime,
    caller: &Caller,
    begun: &Begun,
) -> NewEvent {
    let relationship = TradingRelationship {
        id: begun.id.to_string(),
        buyer_id: caller.firm.to_string(),
        buyer_name: caller.firm_name.clone(),
        supplier_id: begun.supplier.to_string(),
        supplier_name: begun.supplier_name.clone(),
        state: RelationshipState::Invited.into(),
        vendor_number: begun.vendor_number.clone(),
        supplier_state: FirmState::Placeholder.into(),
        created_at: Some(chassis::value::timestamp(begun.created_at)),
        etag: begun.version.to_string(),
        buyer_state: FirmState::Active.into(),
        ..TradingRelationship::default()
    };
    let payload =
        RelationshipChanged { relationship: Some(relationship), claimed_placeholder_id: String::new() };
    NewEvent {
        id: deps.clock.id(),
        source: SOURCE,
        r#type: RELATIONSHIP_CHANGED,
        subject: format!("relationships/{}", begun.id),
        subject_id: Some(begun.id),
        // Relationships carry an etag, not a version that readers count.
        version: 0,
        at,
        traceparent: caller.traceparent.clone(),
        audience: vec![caller.firm, begun.supplier],
        sites: Vec::new(),
        purchasing_group: String::new(),
        scope_firm: None,
        data: payload.encode_to_vec().into(),
    }
}

/// The buyer published the order.
pub(crate) fn published(
    deps: &Deps,
    at: OffsetDateTime,
    caller: &Caller,
    subject: &Subject<'_>,
    order: WireOrder,
) -> NewEvent {
    let data = OrderPublished { order: Some(order) };
    envelope(deps, at, &caller.traceparent, subject, "tandem.orders.order.published.v1", data)
}

/// The supplier answered schedule lines.
pub(crate) fn responded(
    deps: &Deps,
    at: OffsetDateTime,
    caller: &Caller,
    order: &Order,
    response: Uuid,
    schedule: Vec<ScheduleLineState>,
    note: &str,
) -> NewEvent {
    let data = OrderResponded {
        order_id: order.id.to_string(),
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        response_id: response.to_string(),
        schedule,
        note: note.to_string(),
        lines_omitted: 0,
    };
    let subject = Subject::of(order);
    envelope(deps, at, &caller.traceparent, &subject, "tandem.orders.order.responded.v1", data)
}

/// The buyer decided proposals.
pub(crate) fn resolved(
    deps: &Deps,
    at: OffsetDateTime,
    caller: &Caller,
    order: &Order,
    decisions: &[(Uuid, bool, String)],
    schedule: Vec<ScheduleLineState>,
) -> NewEvent {
    let decisions = decisions.iter().map(|(proposal, accept, note)| ProposalDecision {
        proposal_id: proposal.to_string(),
        accept: *accept,
        note: note.clone(),
    });
    let data = ProposalResolved {
        order_id: order.id.to_string(),
        order_number: order.order_number.clone(),
        source_system: order.source_system.clone(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        decisions: decisions.collect(),
        schedule,
        lines_omitted: 0,
    };
    let subject = Subject::of(order);
    let r#type = "tandem.orders.order.proposal_resolved.v1";
    envelope(deps, at, &caller.traceparent, &subject, r#type, data)
}

/// A claimant took the order over from the placeholder; its history of the order begins here.
pub(crate) fn supplier_changed(
    deps: &Deps,
    at: OffsetDateTime,
    subject: &Subject<'_>,
    order: WireOrder,
    previous: Uuid,
) -> NewEvent {
    let data = OrderSupplierChanged { order: Some(order), previous_supplier_id: previous.to_string() };
    let r#type = "tandem.orders.order.supplier_changed.v1";
    envelope(deps, at, "", subject, r#type, data)
}
