//! Payloads of events, and what every feed must be.

use prost::Message;
use proto::{
    capacity::{
        BottleneckChanged, BottleneckCleared, BottleneckRaised, CapabilityProfile, CapabilityProfileSet,
        CapacityCommentPosted, CapacityGroupDisclosed, CapacityGroupUploaded, CapacityMatch,
        CapacityMatchProposed, CapacityRequest, CapacityRequestPublished, Comment, DemandAlert,
        DemandAlertChanged, DemandAlertCleared, DemandAlertRaised, MaterialDemandUploaded, Offer,
        OfferChanged, OfferPublished, OfferWithdrawn, Reservation, ReservationHeld,
    },
    event::Event,
    orders::{
        OrderAnswerOverdue, OrderCancelled, OrderChangeAnswered, OrderChangeRequested, OrderChangeWithdrawn,
        OrderChanged, OrderClosedShort, OrderHeld, OrderMessagePosted, OrderNoteWritten, OrderProgressed,
        OrderPublished, OrderReleased, OrderReminded, OrderResponded, OrderState, OrderSupplierChanged,
        ProposalResolved, ProposalWithdrawn, ScheduleLineState,
    },
    partners::{AdminReset, ClusterMembershipChanged, FirmChanged, RelationshipChanged},
    resources::{
        AccessEntry, Entitlement, EntitlementGranted, Resource, ResourceViewed, Revision,
        RevisionAcknowledged, RevisionReleased,
    },
    stream::FeedEvent,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    Published(OrderPublished),
    Responded(OrderResponded),
    Resolved(ProposalResolved),
    SupplierChanged(OrderSupplierChanged),
    AnswerOverdue(OrderAnswerOverdue),
    Reminded(OrderReminded),
    Progressed(OrderProgressed),
    MessagePosted(OrderMessagePosted),
    NoteWritten(OrderNoteWritten),
    Changed(OrderChanged),
    Cancelled(OrderCancelled),
    ClosedShort(OrderClosedShort),
    Held(OrderHeld),
    Released(OrderReleased),
    Withdrawn(ProposalWithdrawn),
    ChangeRequested(OrderChangeRequested),
    ChangeAnswered(OrderChangeAnswered),
    ChangeWithdrawn(OrderChangeWithdrawn),
    RelationshipChanged(RelationshipChanged),
    FirmChanged(FirmChanged),
    AdminReset(AdminReset),
    ClusterMembershipChanged(ClusterMembershipChanged),
    DemandUploaded(MaterialDemandUploaded),
    GroupUploaded(CapacityGroupUploaded),
    GroupDisclosed(CapacityGroupDisclosed),
    BottleneckRaised(BottleneckRaised),
    BottleneckChanged(BottleneckChanged),
    BottleneckCleared(BottleneckCleared),
    /// How alerts turned, the group's id, and the alerts.
    DemandAlert(&'static str, String, Vec<DemandAlert>),
    /// What became of an offer, and the offer.
    Offered(&'static str, Offer),
    Reserved(Reservation),
    /// What became of a request for capacity, and the request.
    Needed(String, CapacityRequest),
    Matched(CapacityMatch),
    Able(CapabilityProfile),
    Said(Comment),
    /// What became of a resource, or of a revision of it.
    Opened(String, Resource, Option<Revision>),
    Entitled(String, Entitlement),
    Noted(RevisionAcknowledged),
    Looked(AccessEntry),
}

/// Decodes what happened to resources; panics for a type that is not known. All events of a kind have one shape.
fn opened(r#type: &str, data: bytes::Bytes) -> Result<Payload, prost::DecodeError> {
    let known = r#type.strip_prefix("tandem.resources.").and_then(|rest| rest.strip_suffix(".v1"));
    match known.and_then(|rest| rest.split_once('.')) {
        Some(("revision", "acknowledged")) => RevisionAcknowledged::decode(data).map(Payload::Noted),
        Some(("resource", "viewed" | "downloaded")) => {
            ResourceViewed::decode(data).map(|e| Payload::Looked(e.entry.unwrap_or_default()))
        }
        Some(("resource" | "revision", what)) => RevisionReleased::decode(data)
            .map(|e| Payload::Opened(what.to_owned(), e.resource.unwrap_or_default(), e.revision)),
        Some(("entitlement", what)) => EntitlementGranted::decode(data)
            .map(|e| Payload::Entitled(what.to_owned(), e.entitlement.unwrap_or_default())),
        _ => panic!("no payload is known for {type}", type = r#type),
    }
}

/// Decodes what happened to offers and reservations; panics for a type that is not known.
fn booked(r#type: &str, data: bytes::Bytes) -> Result<Payload, prost::DecodeError> {
    // All events of a kind have one shape: the offer, or the reservation, is the one field.
    let Some((kind, what)) = r#type
        .strip_prefix("tandem.capacity.")
        .and_then(|rest| rest.strip_suffix(".v1"))
        .and_then(|rest| rest.split_once('.'))
    else {
        panic!("no payload is known for {}", r#type)
    };
    match (kind, what) {
        ("offer", "published") => {
            OfferPublished::decode(data).map(|e| Payload::Offered("published", e.offer.unwrap_or_default()))
        }
        ("offer", "changed") => {
            OfferChanged::decode(data).map(|e| Payload::Offered("changed", e.offer.unwrap_or_default()))
        }
        ("offer", "withdrawn") => {
            OfferWithdrawn::decode(data).map(|e| Payload::Offered("withdrawn", e.offer.unwrap_or_default()))
        }
        ("reservation", "held" | "confirmed" | "consumed" | "released" | "expired") => {
            ReservationHeld::decode(data).map(|e| Payload::Reserved(e.reservation.unwrap_or_default()))
        }
        ("comment", "posted" | "deleted") => {
            CapacityCommentPosted::decode(data).map(|e| Payload::Said(e.comment.unwrap_or_default()))
        }
        ("capability_profile", "set") => {
            CapabilityProfileSet::decode(data).map(|e| Payload::Able(e.profile.unwrap_or_default()))
        }
        ("request", what @ ("published" | "changed" | "closed")) => CapacityRequestPublished::decode(data)
            .map(|e| Payload::Needed(what.to_owned(), e.request.unwrap_or_default())),
        ("match", "proposed" | "accepted" | "declined" | "contracted" | "delivered") => {
            CapacityMatchProposed::decode(data).map(|e| Payload::Matched(e.r#match.unwrap_or_default()))
        }
        _ => panic!("no payload is known for {kind}.{what}"),
    }
}

/// Decodes an event by its type; panics for a type that is not known.
pub fn payload(event: &Event) -> Payload {
    let data = event.data.clone();
    let decoded = match event.r#type.as_str() {
        "tandem.orders.order.published.v1" => OrderPublished::decode(data).map(Payload::Published),
        "tandem.orders.order.responded.v1" => OrderResponded::decode(data).map(Payload::Responded),
        "tandem.orders.order.proposal_resolved.v1" => ProposalResolved::decode(data).map(Payload::Resolved),
        "tandem.orders.order.supplier_changed.v1" => {
            OrderSupplierChanged::decode(data).map(Payload::SupplierChanged)
        }
        "tandem.orders.order.answer_overdue.v1" => {
            OrderAnswerOverdue::decode(data).map(Payload::AnswerOverdue)
        }
        "tandem.orders.order.reminded.v1" => OrderReminded::decode(data).map(Payload::Reminded),
        "tandem.orders.order.progressed.v1" => OrderProgressed::decode(data).map(Payload::Progressed),
        "tandem.orders.order.message_posted.v1" => {
            OrderMessagePosted::decode(data).map(Payload::MessagePosted)
        }
        "tandem.orders.order.note_written.v1" => OrderNoteWritten::decode(data).map(Payload::NoteWritten),
        "tandem.orders.order.change_requested.v1" => {
            OrderChangeRequested::decode(data).map(Payload::ChangeRequested)
        }
        "tandem.orders.order.change_answered.v1" => {
            OrderChangeAnswered::decode(data).map(Payload::ChangeAnswered)
        }
        "tandem.orders.order.change_withdrawn.v1" => {
            OrderChangeWithdrawn::decode(data).map(Payload::ChangeWithdrawn)
        }
        "tandem.orders.order.changed.v1" => OrderChanged::decode(data).map(Payload::Changed),
        "tandem.orders.order.cancelled.v1" => OrderCancelled::decode(data).map(Payload::Cancelled),
        "tandem.orders.order.closed_short.v1" => OrderClosedShort::decode(data).map(Payload::ClosedShort),
        "tandem.orders.order.held.v1" => OrderHeld::decode(data).map(Payload::Held),
        "tandem.orders.order.released.v1" => OrderReleased::decode(data).map(Payload::Released),
        "tandem.orders.order.proposal_withdrawn.v1" => {
            ProposalWithdrawn::decode(data).map(Payload::Withdrawn)
        }
        "tandem.partners.relationship.changed.v1" => {
            RelationshipChanged::decode(data).map(Payload::RelationshipChanged)
        }
        "tandem.partners.firm.changed.v1" => FirmChanged::decode(data).map(Payload::FirmChanged),
        "tandem.partners.firm.admin_reset.v1" => AdminReset::decode(data).map(Payload::AdminReset),
        "tandem.partners.cluster.membership_changed.v1" => {
            ClusterMembershipChanged::decode(data).map(Payload::ClusterMembershipChanged)
        }
        "tandem.capacity.material_demand.uploaded.v1" => {
            MaterialDemandUploaded::decode(data).map(Payload::DemandUploaded)
        }
        "tandem.capacity.capacity_group.uploaded.v1" => {
            CapacityGroupUploaded::decode(data).map(Payload::GroupUploaded)
        }
        "tandem.capacity.capacity_group.disclosed.v1" => {
            CapacityGroupDisclosed::decode(data).map(Payload::GroupDisclosed)
        }
        "tandem.capacity.bottleneck.raised.v1" => {
            BottleneckRaised::decode(data).map(Payload::BottleneckRaised)
        }
        "tandem.capacity.bottleneck.changed.v1" => {
            BottleneckChanged::decode(data).map(Payload::BottleneckChanged)
        }
        "tandem.capacity.bottleneck.cleared.v1" => {
            BottleneckCleared::decode(data).map(Payload::BottleneckCleared)
        }
        "tandem.capacity.demand_alert.raised.v1" => DemandAlertRaised::decode(data)
            .map(|event| Payload::DemandAlert("raised", event.group_id, event.alerts)),
        "tandem.capacity.demand_alert.changed.v1" => DemandAlertChanged::decode(data)
            .map(|event| Payload::DemandAlert("changed", event.group_id, event.alerts)),
        "tandem.capacity.demand_alert.cleared.v1" => DemandAlertCleared::decode(data)
            .map(|event| Payload::DemandAlert("cleared", event.group_id, event.alerts)),
        other if other.starts_with("tandem.resources.") => opened(other, data),
        other => booked(other, data),
    };
    decoded.unwrap_or_else(|error| panic!("{}: {error}", event.r#type))
}

impl Payload {
    /// The schedule lines that it shows.
    pub fn schedule(&self) -> &[ScheduleLineState] {
        match self {
            Payload::Published(event) => event.order.as_ref().map_or(&[], |order| &order.schedule),
            Payload::SupplierChanged(event) => event.order.as_ref().map_or(&[], |order| &order.schedule),
            Payload::Responded(event) => &event.schedule,
            Payload::Resolved(event) => &event.schedule,
            Payload::Changed(event) => &event.schedule,
            Payload::Cancelled(event) => &event.schedule,
            Payload::ClosedShort(event) => &event.schedule,
            Payload::Withdrawn(event) => &event.schedule,
            Payload::ChangeAnswered(event) => &event.schedule,
            Payload::AnswerOverdue(_)
            | Payload::Reminded(_)
            | Payload::Progressed(_)
            | Payload::MessagePosted(_)
            | Payload::NoteWritten(_)
            | Payload::Held(_)
            | Payload::Released(_)
            | Payload::ChangeRequested(_)
            | Payload::ChangeWithdrawn(_)
            | Payload::RelationshipChanged(_)
            | Payload::FirmChanged(_)
            | Payload::AdminReset(_)
            | Payload::ClusterMembershipChanged(_)
            | Payload::DemandUploaded(_)
            | Payload::GroupUploaded(_)
            | Payload::GroupDisclosed(_)
            | Payload::BottleneckRaised(_)
            | Payload::BottleneckChanged(_)
            | Payload::BottleneckCleared(_)
            | Payload::DemandAlert(..)
            | Payload::Offered(..)
            | Payload::Reserved(_)
            | Payload::Needed(..)
            | Payload::Matched(_)
            | Payload::Able(_)
            | Payload::Said(_)
            | Payload::Opened(..)
            | Payload::Entitled(..)
            | Payload::Noted(_)
            | Payload::Looked(_) => &[],
        }
    }

    /// The state of the order after it; panics for what does not say it.
    pub fn state(&self) -> OrderState {
        match self {
            Payload::Published(event) => event.order.as_ref().expect("an order").state(),
            Payload::SupplierChanged(event) => event.order.as_ref().expect("an order").state(),
            Payload::Responded(event) => event.state(),
            Payload::Resolved(event) => event.state(),
            Payload::Changed(event) => event.state(),
            Payload::Cancelled(event) => event.state(),
            Payload::ClosedShort(event) => event.state(),
            Payload::Held(event) => event.state(),
            Payload::Released(event) => event.state(),
            Payload::Withdrawn(event) => event.state(),
            Payload::ChangeRequested(event) => event.state(),
            Payload::ChangeAnswered(event) => event.state(),
            Payload::ChangeWithdrawn(event) => event.state(),
            other => panic!("{other:?} says no state"),
        }
    }
}

/// The event inside its envelope.
pub fn event(entry: &FeedEvent) -> &Event {
    entry.event.as_ref().expect("an entry carries its event")
}

/// The last part of a type, such as `order.published`, for readable assertions.
pub fn short(entry: &FeedEvent) -> &str {
    let full = &event(entry).r#type;
    let without_version = full.rsplit_once('.').map_or(full.as_str(), |(rest, _)| rest);
    without_version.splitn(3, '.').nth(2).unwrap_or(without_version)
}

/// Events about orders, in order.
pub fn of_orders(feed: &[FeedEvent]) -> Vec<&FeedEvent> {
    feed.iter().filter(|entry| event(entry).subject.starts_with("orders/")).collect()
}

/// Events about one order, in order.
pub fn of_order<'a>(feed: &'a [FeedEvent], order_id: &str) -> Vec<&'a FeedEvent> {
    let subject = format!("orders/{order_id}");
    feed.iter().filter(|entry| event(entry).subject == subject).collect()
}

/// Asserts what every whole feed must be: places 1, 2, 3 …, payloads that fit their hashes, and the chain.
pub fn check_feed(firm: &str, feed: &[FeedEvent]) {
    let firm_id = Uuid::try_parse(firm).expect("a firm's id");
    let mut chain = vec![0; 32];
    for (index, entry) in feed.iter().enumerate() {
        let event = event(entry);
        assert_eq!(entry.seq, index as i64 + 1, "feed {firm} has a gap or a repetition");
        assert_eq!(Sha256::digest(&event.data)[..], event.data_sha256[..], "payload of {}", event.id);
        let mut hash = Sha256::new();
        hash.update(&chain);
        hash.update(firm_id.as_bytes());
        hash.update(entry.seq.to_be_bytes());
        hash.update(Uuid::try_parse(&event.id).expect("an event's id").as_bytes());
        hash.update(&event.data_sha256);
        chain = hash.finalize().to_vec();
        assert_eq!(entry.chain[..], chain[..], "chain of {firm} at {}", entry.seq);
    }
}
