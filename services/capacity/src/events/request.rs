//! Requests for capacity and matches → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::envelope;
use crate::{
    commands::Now,
    convert::request::for_others,
    db::{self, scope::Sites},
};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Published,
    Changed,
    Closed,
}

/// For its firm in full, and for those whom it asks as they see it.
pub(crate) fn request(
    now: Now<'_>,
    what: Happened,
    head: &db::request::Head,
    request: wire::CapacityRequest,
    others: Vec<Uuid>,
) -> Vec<NewEvent> {
    let one = |request: wire::CapacityRequest, audience: Vec<Uuid>| {
        let request = Some(request);
        let (r#type, data) = match what {
            Happened::Published => (
                "tandem.capacity.request.published.v1",
                wire::CapacityRequestPublished { request }.encode_to_vec(),
            ),
            Happened::Changed => (
                "tandem.capacity.request.changed.v1",
                wire::CapacityRequestChanged { request }.encode_to_vec(),
            ),
            Happened::Closed => {
                ("tandem.capacity.request.closed.v1", wire::CapacityRequestClosed { request }.encode_to_vec())
            }
        };
        envelope(now, r#type, ("capacity-requests", head.id), head.version, audience, data)
    };
    // One event for each, so that none learns of the others.
    let mut events: Vec<NewEvent> =
        others.into_iter().map(|other| one(for_others(request.clone()), vec![other])).collect();
    events.push(one(request, vec![head.firm]));
    events
}

/// For both sides; which event it is, the state says.
pub(crate) fn matched(
    now: Now<'_>,
    head: &db::matched::Head,
    matched: wire::CapacityMatch,
    sites: &Sites,
) -> NewEvent {
    use wire::MatchState as State;
    let state = matched.state();
    let r#match = Some(matched);
    let (r#type, data) = match state {
        State::Accepted => {
            ("tandem.capacity.match.accepted.v1", wire::CapacityMatchAccepted { r#match }.encode_to_vec())
        }
        State::Declined => {
            ("tandem.capacity.match.declined.v1", wire::CapacityMatchDeclined { r#match }.encode_to_vec())
        }
        State::Contracted => {
            ("tandem.capacity.match.contracted.v1", wire::CapacityMatchContracted { r#match }.encode_to_vec())
        }
        State::Delivered => {
            ("tandem.capacity.match.delivered.v1", wire::CapacityMatchDelivered { r#match }.encode_to_vec())
        }
        State::Proposed | State::Unspecified => {
            ("tandem.capacity.match.proposed.v1", wire::CapacityMatchProposed { r#match }.encode_to_vec())
        }
    };
    let audience = vec![head.requester, head.supplier];
    envelope(now, r#type, ("capacity-matches", head.id), head.version, audience, data).concerning(sites)
}
