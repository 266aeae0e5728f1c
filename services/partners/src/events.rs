//! What goes to the log: a relationship that began, changed its state, or moved to a claimant. To both firms.

use bytes::Bytes;
use chassis::outbox::NewEvent;
use prost::Message;
use proto::partners::{RelationshipChanged, TradingRelationship};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::relationship::Relationship;

/// The CloudEvents type; the contract names it at the payload's message.
const RELATIONSHIP_CHANGED: &str = "tandem.partners.relationship.changed.v1";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_the_contracts() {
        let text = String::from_utf8_lossy(proto::DESCRIPTORS);
        assert!(text.contains(RELATIONSHIP_CHANGED));
    }
}
