//! Revisions in and out.

use chassis::{Result, value};
use proto::resources as wire;
use time::Date;

use super::read::Wrong;
use crate::{
    db::{acknowledgement::Acknowledged, revision::Row},
    error,
    revision::{Difference, Side, State},
};

const MAX_LABEL: usize = 50;
const MAX_NOTE: usize = 6_000;
const MAX_LOCATION: usize = 2_000;

/// INVALID_ARGUMENT naming every bad field of a new draft.
pub(crate) fn check_draft(request: &wire::CreateRevisionRequest) -> Result<()> {
    let mut wrong = Wrong::default();
    wrong.name("label", &request.label, MAX_LABEL);
    wrong.text("change_note", &request.change_note, MAX_NOTE);
    wrong.line("location", &request.location, MAX_LOCATION);
    let host = request.location.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let there = host.is_some_and(|host| !host.is_empty() && !host.contains(['@', '\\', ' ']));
    if !request.location.is_empty() && (!there || request.location.contains(char::is_whitespace)) {
        wrong.note("location", "FORMAT", "must be an address of https, without a password");
    }
    wrong.done(Some(()))
}

/// From when a release counts, and for which orders; numbered as in the contract.
pub(crate) fn effectivity(request: &wire::ReleaseRevisionRequest) -> Result<(i16, Option<Date>)> {
    let mut wrong = Wrong::default();
    let date = wrong.date("effective_date", request.effective_date.as_ref());
    let effectivity = match request.effectivity() {
        wire::Effectivity::NewOrders | wire::Effectivity::Unspecified => 1,
        wire::Effectivity::FromDate => 2,
        wire::Effectivity::AtOnce => 3,
    };
    if effectivity == 2 && request.effective_date.is_none() {
        wrong.note("effective_date", "REQUIRED", "is required where the revision counts from a date");
    }
    wrong.done(Some((effectivity, date)))
}

/// As the contract has it.
pub(crate) fn state_out(state: State) -> wire::RevisionState {
    match state {
        State::Draft => wire::RevisionState::Draft,
        State::Released => wire::RevisionState::Released,
        State::Superseded => wire::RevisionState::Superseded,
        State::Withdrawn => wire::RevisionState::Withdrawn,
    }
}

/// A revision with its files.
pub(crate) fn revision_out(row: &Row) -> Result<wire::Revision> {
    let state = State::from_name(&row.state).ok_or_else(|| error::unreadable(row.id))?;
    let effectivity = match row.effectivity {
        Some(1) => wire::Effectivity::NewOrders,
        Some(2) => wire::Effectivity::FromDate,
        Some(3) => wire::Effectivity::AtOnce,
        _ => wire::Effectivity::Unspecified,
    };
    let files = row.files.iter().map(|file| wire::RevisionFile {
        id: file.id.to_string(),
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone().into(),
    });
    Ok(wire::Revision {
        id: row.id.to_string(),
        resource_id: row.resource_id.to_string(),
        owner_id: row.owner.to_string(),
        number: row.number,
        label: row.label.clone(),
        state: state_out(state).into(),
        change_note: row.change_note.clone(),
        location: row.location.clone(),
        effective_date: row.effective_date.map(value::wire_date),
        effectivity: effectivity.into(),
        files: files.collect(),
        created_at: Some(value::timestamp(row.created_at)),
        released_at: row.released_at.map(value::timestamp),
        ended_at: row.ended_at.map(value::timestamp),
        acknowledged_at: row.acknowledged_at.map(value::timestamp),
    })
}

/// What of a revision is held against another.
pub(crate) fn side(row: &Row) -> Side {
    Side {
        label: row.label.clone(),
        change_note: row.change_note.clone(),
        location: row.location.clone(),
        effective_date: row.effective_date.map(|date| date.to_string()).unwrap_or_default(),
        files: row.files.iter().map(|file| (file.name.clone(), hex::encode(&file.sha256))).collect(),
    }
}

pub(crate) fn difference_out(difference: Difference) -> wire::RevisionDifference {
    wire::RevisionDifference {
        field: difference.field.to_owned(),
        file_name: difference.file_name,
        before: difference.before,
        after: difference.after,
    }
}

pub(crate) fn acknowledgement_out(row: &Acknowledged, firm_name: &str) -> wire::Acknowledgement {
    wire::Acknowledgement {
        firm_id: row.firm.to_string(),
        firm_name: firm_name.to_owned(),
        revision_id: row.revision_id.to_string(),
        acknowledged_at: row.at.map(value::timestamp),
        actor_name: row.actor_name.clone().unwrap_or_default(),
    }
}
