//! Entitlements in and out.

use chassis::{Result, value};
use proto::resources as wire;
use uuid::Uuid;

use super::{
    read::Wrong,
    resource::{self, category},
};
use crate::{
    db::{Names, entitlement::Row},
    entitlement::{State, Terms, What, Who},
    error,
};

/// The longest texts, in bytes.
const MAX_PURPOSE: usize = 600;
const MAX_NOTE: usize = 2_000;

/// What a firm asks for.
pub(crate) fn asked(request: &wire::RequestEntitlementRequest) -> Result<Terms> {
    let mut wrong = Wrong::default();
    let terms = terms(&mut wrong, &request.terms.clone().unwrap_or_default());
    if terms.purpose.trim().is_empty() {
        wrong.note("terms.purpose", "REQUIRED", "say what it is for");
    }
    wrong.text("note", &request.note, MAX_NOTE);
    wrong.done(Some(terms))
}

/// What an owner grants.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    /// What was requested, on these terms or on those that were asked for.
    Requested { id: Uuid, terms: Option<Terms> },
    /// Something that nobody asked for.
    New { who: Who, what: What, terms: Terms },
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn grant(request: &wire::GrantEntitlementRequest) -> Result<Grant> {
    let mut wrong = Wrong::default();
    wrong.text("note", &request.note, MAX_NOTE);
    let given = request.terms.as_ref().map(|given| terms(&mut wrong, given));
    if !request.entitlement_id.is_empty() {
        let who = [&request.firm_id, &request.cluster_id, &request.resource_id];
        if who.iter().any(|text| !text.is_empty()) || request.category != 0 {
            wrong.note("entitlement_id", "UNEXPECTED", "says already who is granted what");
        }
        let id = Uuid::try_parse(&request.entitlement_id);
        wrong.done(Some(()))?;
        return Ok(Grant::Requested { id: id.map_err(|_| chassis::Error::not_found())?, terms: given });
    }
    let who = one_of(&mut wrong, ("firm_id", &request.firm_id), ("cluster_id", &request.cluster_id));
    let who = who.map(|(firm, id)| if firm { Who::Firm(id) } else { Who::Cluster(id) });
    let what = match (request.resource_id.is_empty(), category(request.category())) {
        (true, Some(category)) => Some(What::Category(category)),
        (false, None) => wrong.id("resource_id", &request.resource_id).map(What::Resource),
        _ => {
            wrong.note("resource_id", "ONE_OF", "name either a resource or a category");
            None
        }
    };
    let terms = given.unwrap_or_else(|| terms(&mut wrong, &wire::EntitlementTerms::default()));
    wrong.done(who.zip(what).map(|(who, what)| Grant::New { who, what, terms }))
}

/// Which of two ids is there, and whether it is the first.
fn one_of(wrong: &mut Wrong, first: (&str, &str), second: (&str, &str)) -> Option<(bool, Uuid)> {
    match (first.1.is_empty(), second.1.is_empty()) {
        (false, true) => wrong.id(first.0, first.1).map(|id| (true, id)),
        (true, false) => wrong.id(second.0, second.1).map(|id| (false, id)),
        _ => {
            wrong.note(first.0, "ONE_OF", format!("name either {} or {}", first.0, second.0));
            None
        }
    }
}

/// A note of a decision.
pub(crate) fn check_note(note: &str) -> Result<()> {
    let mut wrong = Wrong::default();
    wrong.text("note", note, MAX_NOTE);
    wrong.done(Some(()))
}

fn terms(wrong: &mut Wrong, terms: &wire::EntitlementTerms) -> Terms {
    wrong.line("terms.purpose", &terms.purpose, MAX_PURPOSE);
    if terms.download_limit < 0 {
        wrong.note("terms.download_limit", "RANGE", "must be at least 0");
    }
    Terms {
        purpose: terms.purpose.clone(),
        valid_from: wrong.time("terms.valid_from", terms.valid_from.as_ref()),
        valid_until: wrong.time("terms.valid_until", terms.valid_until.as_ref()),
        download_limit: Some(terms.download_limit).filter(|limit| *limit > 0),
    }
}

/// As it is stored; none: all.
pub(crate) fn states(wire: impl Iterator<Item = wire::EntitlementState>) -> Option<Vec<String>> {
    let stored = wire.filter_map(|state| State::ALL.get((state as usize).wrapping_sub(1)));
    let stored: Vec<String> = stored.map(|state| state.as_str().to_owned()).collect();
    Some(stored).filter(|states| !states.is_empty())
}

/// An entitlement as both sides see it.
pub(crate) fn entitlement_out(row: &Row, names: &Names) -> Result<wire::Entitlement> {
    let state = State::from_name(&row.state).ok_or_else(|| error::unreadable(row.id))?;
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let name = |firm: &Uuid| names.get(firm).cloned().unwrap_or_default();
    Ok(wire::Entitlement {
        id: row.id.to_string(),
        owner_id: row.owner.to_string(),
        owner_name: name(&row.owner),
        state: state_out(state).into(),
        version: row.version,
        firm_id: id(row.firm),
        firm_name: row.firm.as_ref().map(name).unwrap_or_default(),
        cluster_id: id(row.cluster),
        resource_id: id(row.resource_id),
        resource_name: row.resource_name.clone(),
        category: i32::from(row.category.unwrap_or_default()),
        terms: Some(wire::EntitlementTerms {
            purpose: row.purpose.clone(),
            valid_from: Some(value::timestamp(row.valid_from)),
            valid_until: row.valid_until.map(value::timestamp),
            download_limit: row.download_limit.unwrap_or_default(),
        }),
        downloads: row.downloads,
        request_note: row.request_note.clone(),
        decision_note: row.decision_note.clone(),
        order_id: id(row.order_id),
        requested_at: row.requested_at.map(value::timestamp),
        decided_at: row.decided_at.map(value::timestamp),
        ended_at: row.ended_at.map(value::timestamp),
    })
}

fn state_out(state: State) -> wire::EntitlementState {
    match state {
        State::Requested => wire::EntitlementState::Requested,
        State::Granted => wire::EntitlementState::Granted,
        State::Refused => wire::EntitlementState::Refused,
        State::Expired => wire::EntitlementState::Expired,
        State::Revoked => wire::EntitlementState::Revoked,
    }
}

/// What was asked for or granted, as it stands.
pub(crate) fn kept_terms(row: &Row) -> Terms {
    Terms {
        purpose: row.purpose.clone(),
        valid_from: Some(row.valid_from),
        valid_until: row.valid_until,
        download_limit: row.download_limit,
    }
}

/// What it is called, as it goes into an entitlement.
pub(crate) fn name_of(seen: &crate::db::resource::Seen) -> Result<String> {
    Ok(resource::content(seen)?.name)
}
