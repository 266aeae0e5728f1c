//! Offers and reservations → envelopes.

use chassis::outbox::NewEvent;
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::envelope;
use crate::{
    commands::Now,
    convert::offer::for_others,
    db::{self, scope::Sites},
};

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Published,
    Changed,
    Withdrawn,
}

/// For the supplier in full, and for those who may book it as they see it.
pub(crate) fn offer(
    now: Now<'_>,
    what: Happened,
    (head, sites): (&db::offer::Head, &Sites),
    offer: wire::Offer,
    others: Vec<Uuid>,
) -> Vec<NewEvent> {
    // One event for each, so that none learns of the others.
    let other = |other| one(now, what, head, for_others(offer.clone()), vec![other]);
    let mut events: Vec<NewEvent> = others.into_iter().map(other).collect();
    events.push(one(now, what, head, offer, vec![head.supplier]).concerning(sites));
    events
}

fn one(
    now: Now<'_>,
    what: Happened,
    head: &db::offer::Head,
    offer: wire::Offer,
    audience: Vec<Uuid>,
) -> NewEvent {
    let offer = Some(offer);
    let (r#type, data) = match what {
        Happened::Published => {
            ("tandem.capacity.offer.published.v1", wire::OfferPublished { offer }.encode_to_vec())
        }
        Happened::Changed => {
            ("tandem.capacity.offer.changed.v1", wire::OfferChanged { offer }.encode_to_vec())
        }
        Happened::Withdrawn => {
            ("tandem.capacity.offer.withdrawn.v1", wire::OfferWithdrawn { offer }.encode_to_vec())
        }
    };
    envelope(now, r#type, ("offers", head.id), head.version, audience, data)
}

/// For both sides; which event it is, the state says.
pub(crate) fn reservation(
    now: Now<'_>,
    head: &db::reservation::Head,
    reservation: wire::Reservation,
    sites: &[(Uuid, Vec<String>)],
) -> NewEvent {
    use wire::ReservationState as State;
    let state = reservation.state();
    let reservation = Some(reservation);
    let (r#type, data) = match state {
        State::Confirmed => (
            "tandem.capacity.reservation.confirmed.v1",
            wire::ReservationConfirmed { reservation }.encode_to_vec(),
        ),
        State::Consumed => (
            "tandem.capacity.reservation.consumed.v1",
            wire::ReservationConsumed { reservation }.encode_to_vec(),
        ),
        State::Released => (
            "tandem.capacity.reservation.released.v1",
            wire::ReservationReleased { reservation }.encode_to_vec(),
        ),
        State::Expired => (
            "tandem.capacity.reservation.expired.v1",
            wire::ReservationExpired { reservation }.encode_to_vec(),
        ),
        State::Held | State::Unspecified => {
            ("tandem.capacity.reservation.held.v1", wire::ReservationHeld { reservation }.encode_to_vec())
        }
    };
    envelope(now, r#type, ("reservations", head.id), head.version, vec![head.supplier, head.holder], data)
        .concerning(sites)
}
