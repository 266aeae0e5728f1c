//! Capability profiles → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{MAX_BYTES, envelope};
use crate::{commands::Now, convert::capability::for_others, db::capability::Head};

/// For its firm in full, and for those whom it is meant for as they see it.
pub(crate) fn profile(
    now: Now<'_>,
    head: &Head,
    profile: wire::CapabilityProfile,
    others: Vec<Uuid>,
) -> Vec<NewEvent> {
    let one = |profile: wire::CapabilityProfile, audience: Vec<Uuid>| {
        let data = wire::CapabilityProfileSet { profile: Some(fitting(profile)) }.encode_to_vec();
        let r#type = "tandem.capacity.capability_profile.set.v1";
        envelope(now, r#type, ("capability-profiles", head.firm), head.version, audience, data)
    };
    // One event for each, so that none learns of the others.
    let mut events: Vec<NewEvent> =
        others.into_iter().map(|other| one(for_others(profile.clone()), vec![other])).collect();
    events.push(one(profile, vec![head.firm]));
    events
}

/// As much of it as an event may take.
fn fitting(mut profile: wire::CapabilityProfile) -> wire::CapabilityProfile {
    if profile.encoded_len() > MAX_BYTES
        && let Some(content) = &mut profile.content
    {
        profile.capabilities_omitted = content.capabilities.len() as i32;
        content.capabilities.clear();
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::MAX_NAME_BYTES;

    #[test]
    fn the_largest_profile_fits_into_an_event() {
        let name = "x".repeat(MAX_NAME_BYTES);
        let capability = wire::ManufacturingCapability {
            process: name.clone(),
            equipment: vec![name.clone(); 50],
            materials: vec![name.clone(); 50],
            limits: None,
        };
        let certificate = wire::HeldCertificate { name, valid_until: None };
        let content = wire::CapabilityContent {
            capabilities: vec![capability; 50],
            certificates: vec![certificate; 50],
            note: "x".repeat(6_000),
            ..Default::default()
        };
        let profile = wire::CapabilityProfile { content: Some(content), ..Default::default() };
        assert!(profile.encoded_len() > 1_000_000, "{} bytes", profile.encoded_len());
        let sent = fitting(profile);
        assert!(sent.encoded_len() <= MAX_BYTES, "{} bytes", sent.encoded_len());
        assert_eq!(sent.capabilities_omitted, 50);
        assert_eq!(sent.content.map(|content| content.certificates.len()), Some(50), "the rest is told");
        let small = wire::CapabilityProfile { content: Some(Default::default()), ..Default::default() };
        assert_eq!(fitting(small.clone()), small);
    }
}
