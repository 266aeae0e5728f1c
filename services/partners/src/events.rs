//! What goes to the log: a relationship that began, changed its state, or moved to a claimant, to both firms; what the
//! operator did, to the firm and its partners; who joined a cluster, to the firm and the operator.

use bytes::Bytes;
use chassis::outbox::NewEvent;
use prost::Message;
use proto::partners::{
    AdminReset, ClusterMembershipChanged, FirmChanged, RelationshipChanged, TradingRelationship,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::relationship::Relationship;

/// The CloudEvents type; the contract names it at the payload's message.
const RELATIONSHIP_CHANGED: &str = "tandem.partners.relationship.changed.v1";
const FIRM_CHANGED: &str = "tandem.partners.firm.changed.v1";
const ADMIN_RESET: &str = "tandem.partners.firm.admin_reset.v1";
const MEMBERSHIP_CHANGED: &str = "tandem.partners.cluster.membership_changed.v1";

/// The event of a relationship as it stands after the command.
pub(crate) fn relationship_changed(
    id: Uuid,
    at: OffsetDateTime,
    traceparent: &str,
    relationship: &Relationship,
    wire: TradingRelationship,
    claimed_placeholder: Option<Uuid>,
) -> NewEvent {
    let payload = RelationshipChanged {
        relationship: Some(wire),
        claimed_placeholder_id: claimed_placeholder.map(|id| id.to_string()).unwrap_or_default(),
    };
    NewEvent {
        id,
        source: "tandem/partners",
        r#type: RELATIONSHIP_CHANGED,
        subject: format!("relationships/{}", relationship.id),
        subject_id: Some(relationship.id),
        // Relationships carry an etag, not a version that readers count.
        version: 0,
        at,
        traceparent: traceparent.to_string(),
        audience: vec![relationship.buyer, relationship.supplier],
        sites: Vec::new(),
        purchasing_group: String::new(),
        scope_firm: None,
        data: Bytes::from(payload.encode_to_vec()),
    }
}

/// An event of a subject that carries no version that readers count.
fn unversioned(
    (id, at, traceparent): (Uuid, OffsetDateTime, &str),
    r#type: &'static str,
    (kind, subject): (&str, Uuid),
    audience: Vec<Uuid>,
    payload: &impl Message,
) -> NewEvent {
    NewEvent {
        id,
        source: "tandem/partners",
        r#type,
        subject: format!("{kind}/{subject}"),
        subject_id: Some(subject),
        version: 0,
        at,
        traceparent: traceparent.to_string(),
        audience,
        sites: Vec::new(),
        purchasing_group: String::new(),
        scope_firm: None,
        data: Bytes::from(payload.encode_to_vec()),
    }
}

/// The operator changed what a firm is.
pub(crate) fn firm_changed(
    id: Uuid,
    at: OffsetDateTime,
    traceparent: &str,
    firm: Uuid,
    payload: &FirmChanged,
    audience: &[Uuid],
) -> NewEvent {
    unversioned((id, at, traceparent), FIRM_CHANGED, ("firms", firm), audience.to_vec(), payload)
}

/// The operator made somebody an administrator of the firm.
pub(crate) fn admin_reset(
    id: Uuid,
    at: OffsetDateTime,
    traceparent: &str,
    firm: Uuid,
    payload: &AdminReset,
) -> NewEvent {
    unversioned((id, at, traceparent), ADMIN_RESET, ("firms", firm), vec![firm], payload)
}

/// A firm was invited to a cluster, joined or left it.
pub(crate) fn membership_changed(
    id: Uuid,
    at: OffsetDateTime,
    traceparent: &str,
    cluster: Uuid,
    audience: Vec<Uuid>,
    payload: &ClusterMembershipChanged,
) -> NewEvent {
    unversioned((id, at, traceparent), MEMBERSHIP_CHANGED, ("clusters", cluster), audience, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_the_contracts() {
        let text = String::from_utf8_lossy(proto::DESCRIPTORS);
        for known in [RELATIONSHIP_CHANGED, FIRM_CHANGED, ADMIN_RESET, MEMBERSHIP_CHANGED] {
            assert!(text.contains(known), "{known}");
        }
    }
}
