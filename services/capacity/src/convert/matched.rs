//! Matches in and out.

use chassis::{Error, Result, value};
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{offer::MAX_NOTE_BYTES, read::Wrong};
use crate::{db::matched::Head, error, matched::State};

/// A match that is proposed.
#[derive(Clone, Debug)]
pub(crate) struct NewMatch {
    pub request: Uuid,
    pub offer: Option<Uuid>,
    /// Who is asked without an offer.
    pub supplier: Option<Uuid>,
    pub note: String,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_match(request: &wire::ProposeMatchRequest) -> Result<NewMatch> {
    let mut wrong = Wrong::default();
    let note = wrong.text("note", &request.note, MAX_NOTE_BYTES);
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    Ok(NewMatch {
        request: value::id(&request.capacity_request_id)?,
        offer: value::optional_id("offer_id", &request.offer_id)?,
        supplier: value::optional_id("supplier_id", &request.supplier_id)?,
        note,
    })
}

const STATES: [(State, wire::MatchState); 5] = [
    (State::Proposed, wire::MatchState::Proposed),
    (State::Accepted, wire::MatchState::Accepted),
    (State::Declined, wire::MatchState::Declined),
    (State::Contracted, wire::MatchState::Contracted),
    (State::Delivered, wire::MatchState::Delivered),
];

pub(crate) fn state(wire: wire::MatchState) -> Result<State> {
    let found = STATES.iter().find(|(_, one)| *one == wire).map(|(state, _)| *state);
    found.ok_or_else(|| Error::field("state", "REQUIRED", "say which state"))
}

pub(crate) fn wire_state(state: State) -> wire::MatchState {
    STATES.iter().find(|(one, _)| *one == state).map(|(_, wire)| *wire).unwrap_or_default()
}

pub(crate) fn match_out(head: &Head) -> Result<wire::CapacityMatch> {
    let need = wire::RequestContent::decode(head.need.as_slice()).map_err(|_| error::missing(head.id))?;
    Ok(wire::CapacityMatch {
        id: head.id.to_string(),
        capacity_request_id: head.request_id.to_string(),
        requester_id: head.requester.to_string(),
        supplier_id: head.supplier.to_string(),
        offer_id: head.offer_id.map(|id| id.to_string()).unwrap_or_default(),
        proposed_by_id: head.proposed_by.to_string(),
        state: State::from_name(&head.state).map(wire_state).unwrap_or_default().into(),
        version: head.version,
        need: Some(need),
        note: head.note.clone(),
        proposed_at: Some(value::timestamp(head.proposed_at)),
        changed_at: Some(value::timestamp(head.changed_at)),
    })
}
