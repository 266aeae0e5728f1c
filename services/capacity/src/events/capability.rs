//! Capability profiles → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::envelope;
use crate::{commands::Now, convert::capability::for_others, db::capability::Head};

/// For its firm in full, and for those whom it is meant for as they see it.
pub(crate) fn profile(
    now: Now<'_>,
    head: &Head,
    profile: wire::CapabilityProfile,
    others: Vec<Uuid>,
) -> Vec<NewEvent> {
    let one = |profile: wire::CapabilityProfile, audience: Vec<Uuid>| {
        let data = wire::CapabilityProfileSet { profile: Some(profile) }.encode_to_vec();
        let r#type = "tandem.capacity.capability_profile.set.v1";
        envelope(now, r#type, ("capability-profiles", head.firm), head.version, audience, data)
    };
    // One event for each, so that none learns of the others.
    let mut events: Vec<NewEvent> =
        others.into_iter().map(|other| one(for_others(profile.clone()), vec![other])).collect();
    events.push(one(profile, vec![head.firm]));
    events
}
