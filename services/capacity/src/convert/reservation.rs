//! Reservations in and out.

use std::collections::BTreeMap;

use chassis::{Error, Result, value};
use proto::capacity as wire;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::read::{Wrong, once};
use crate::{
    db::reservation::{Head, Part, Place},
    offer::{MAX_HOLD_SECONDS, MAX_PARTS},
    week::iso_week,
};

/// A hold that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewHold {
    pub offer: Uuid,
    /// By bucket, so that two callers lock in the same order.
    pub parts: BTreeMap<Uuid, Decimal>,
    /// `None`: as long as the offer allows.
    pub seconds: Option<i32>,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_hold(request: &wire::HoldCapacityRequest) -> Result<NewHold> {
    let mut wrong = Wrong::default();
    if request.parts.is_empty() || request.parts.len() > MAX_PARTS {
        wrong.note("parts", "COUNT", format!("must have 1 to {MAX_PARTS} entries"));
    }
    if !(0..=MAX_HOLD_SECONDS).contains(&request.hold_seconds) {
        wrong.note("hold_seconds", "RANGE", format!("must lie between 1 and {MAX_HOLD_SECONDS}"));
    }
    let mut parts = BTreeMap::new();
    for (index, part) in request.parts.iter().take(MAX_PARTS).enumerate() {
        let path = format!("parts[{index}]");
        let quantity = wrong.quantity(&format!("{path}.quantity"), part.quantity.as_ref());
        let Some(quantity) = quantity.filter(|quantity| !quantity.is_zero()) else {
            wrong.note(format!("{path}.quantity"), "RANGE", "must be above 0");
            continue;
        };
        match Uuid::try_parse(&part.bucket_id) {
            Ok(bucket) => {
                once(&mut wrong, &mut parts, &path, bucket, quantity);
            }
            Err(_) => wrong.note(format!("{path}.bucket_id"), "ID", "must be the id of a bucket"),
        }
    }
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let seconds = (request.hold_seconds > 0).then_some(request.hold_seconds);
    Ok(NewHold { offer: value::id(&request.offer_id)?, parts, seconds })
}

const STATES: [(&str, wire::ReservationState); 5] = [
    ("held", wire::ReservationState::Held),
    ("confirmed", wire::ReservationState::Confirmed),
    ("consumed", wire::ReservationState::Consumed),
    ("released", wire::ReservationState::Released),
    ("expired", wire::ReservationState::Expired),
];

pub(crate) fn reservation_out(head: &Head, parts: &[Part], places: &[Place]) -> wire::Reservation {
    let state = STATES.iter().find(|(name, _)| *name == head.state).map(|(_, state)| *state);
    let place = |part: &Part| places.iter().find(|place| place.bucket_id == part.bucket_id);
    let mine: Vec<&Part> = parts.iter().filter(|part| part.reservation_id == head.id).collect();
    let unit = mine.first().and_then(|part| place(part)).map(|place| place.unit_code.clone());
    let part = |part: &&Part| {
        let place = place(part);
        wire::ReservedPart {
            bucket_id: part.bucket_id.to_string(),
            monday: place.map(|place| value::wire_date(place.monday)),
            iso_week: place.map(|place| iso_week(place.monday)).unwrap_or_default(),
            starts_at: place.and_then(|place| place.starts_at).map(value::timestamp),
            ends_at: place.and_then(|place| place.ends_at).map(value::timestamp),
            quantity: Some(value::wire_decimal(part.quantity)),
        }
    };
    wire::Reservation {
        id: head.id.to_string(),
        offer_id: head.offer_id.to_string(),
        supplier_id: head.supplier.to_string(),
        holder_id: head.holder.to_string(),
        state: state.unwrap_or_default().into(),
        version: head.version,
        held_at: Some(value::timestamp(head.held_at)),
        expires_at: Some(value::timestamp(head.expires_at)),
        ended_at: head.ended_at.map(value::timestamp),
        unit_code: unit.unwrap_or_default(),
        parts: mine.iter().map(part).collect(),
        order_id: head.order_id.map(|id| id.to_string()).unwrap_or_default(),
        order_line: head.order_line.clone().unwrap_or_default(),
        // Its holder's alone: whoever may say it adds it.
        borrowing_group_id: String::new(),
    }
}
