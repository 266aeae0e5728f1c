//! What the operator asks for, and what it sees.

use chassis::{Result, value};
use proto::partners as wire;

use super::{Check, NAME, firm, member::check_locale};
use crate::{
    firm::FirmState,
    operator::{Act, Action, ActionKind, Merge, NOTE, NewAdmin, OperatedFirm, WebhookHealth},
};

/// An act on one firm; `field` is what the request calls its note.
pub(crate) fn act(kind: ActionKind, firm_id: &str, field: &str, note: &str) -> Result<Act> {
    let mut check = Check::default();
    let note = check.text(field, note, NOTE);
    let note = check.done(note)?;
    Ok(Act { kind, firm: value::id(firm_id)?, note })
}

pub(crate) fn merge(request: &wire::MergeFirmsRequest) -> Result<Merge> {
    let mut check = Check::default();
    let note = check.text("reason", &request.reason, NOTE);
    let note = check.done(note)?;
    Ok(Merge {
        duplicate: value::id(&request.duplicate_id)?,
        survivor: value::id(&request.survivor_id)?,
        note,
    })
}

pub(crate) fn new_admin(request: &wire::ResetLastAdminRequest) -> Result<NewAdmin> {
    let mut check = Check::default();
    let new = NewAdmin {
        firm: uuid::Uuid::nil(),
        name: check.text("admin_name", &request.admin_name, NAME),
        locale: check_locale(&mut check, "admin_locale", &request.admin_locale),
        note: check.text("reason", &request.reason, NOTE),
    };
    let new = check.done(new)?;
    Ok(NewAdmin { firm: value::id(&request.firm_id)?, ..new })
}

/// The state that a search is narrowed to; empty: every one.
pub(crate) fn state_filter(given: i32) -> Result<&'static str> {
    let mut check = Check::default();
    let state = match wire::FirmState::try_from(given) {
        Ok(wire::FirmState::Unspecified) => "",
        Ok(wire::FirmState::Placeholder) => "placeholder",
        Ok(wire::FirmState::Active) => "active",
        Ok(wire::FirmState::Claimed) => "claimed",
        Ok(wire::FirmState::Suspended) => "suspended",
        Err(_) => {
            check.bad("state", "STATE", "is no state of a firm");
            ""
        }
    };
    check.done(state)
}

pub(crate) fn operated(seen: &OperatedFirm) -> wire::OperatedFirm {
    let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    wire::OperatedFirm {
        firm: Some(firm(&seen.firm)),
        administrators: count(seen.administrators),
        suppliers: count(seen.suppliers),
        buyers: count(seen.buyers),
    }
}

pub(crate) fn webhook_health(seen: &WebhookHealth) -> wire::WebhookHealth {
    let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    wire::WebhookHealth {
        firm_id: seen.firm.to_string(),
        firm_name: seen.name.clone(),
        firm_name_en: seen.name_en.clone(),
        failing: count(seen.failing),
        ended: count(seen.ended),
        paused: count(seen.paused),
        since: seen.since.map(value::timestamp),
    }
}

pub(crate) fn action(action: &Action) -> wire::OperatorAction {
    let kind = match action.kind {
        ActionKind::Verify => wire::OperatorActionKind::Verify,
        ActionKind::Unverify => wire::OperatorActionKind::Unverify,
        ActionKind::Suspend => wire::OperatorActionKind::Suspend,
        ActionKind::Reinstate => wire::OperatorActionKind::Reinstate,
        ActionKind::Merge => wire::OperatorActionKind::Merge,
        ActionKind::ResetAdmin => wire::OperatorActionKind::ResetAdmin,
    };
    wire::OperatorAction {
        id: action.id.to_string(),
        kind: kind.into(),
        firm_id: action.firm.to_string(),
        firm_name: action.firm_name.clone(),
        other_firm_id: action.other_firm.map(|id| id.to_string()).unwrap_or_default(),
        at: Some(value::timestamp(action.at)),
        actor_name: action.actor_name.clone(),
        note: action.note.clone(),
    }
}

/// What a firm's partners hear of it.
pub(crate) fn firm_changed(seen: &OperatedFirm, survivor: Option<uuid::Uuid>) -> wire::FirmChanged {
    let state = if survivor.is_some() { FirmState::Claimed } else { seen.firm.state };
    wire::FirmChanged {
        firm_id: seen.firm.id.to_string(),
        firm_name: seen.firm.name.clone(),
        state: super::firm_state(state).into(),
        verified: seen.firm.verified,
        survivor_id: survivor.map(|id| id.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_without_a_reason() {
        let id = uuid::Uuid::nil().to_string();
        let error = act(ActionKind::Verify, &id, "evidence", " ").unwrap_err();
        assert_eq!(error.fields[0].path, "evidence");
        let error = act(ActionKind::Suspend, &id, "reason", &"长".repeat(1_001)).unwrap_err();
        assert_eq!(error.fields[0].reason, "TOO_LONG");
        let error =
            new_admin(&wire::ResetLastAdminRequest { firm_id: id, ..Default::default() }).unwrap_err();
        let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(paths, ["admin_name", "reason"]);
    }
}
