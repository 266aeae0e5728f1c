//! Relationships, invitations and links.

use chassis::{Result, value};
use proto::partners as wire;

use super::{
    CODE, Check, NAME, device, etag,
    firm::{firm_state, party_ids, uscc},
    member::check_locale,
    new_member_name,
};
use crate::{
    commands::Acceptance,
    link::LinkKind,
    relationship::{Change, NewSupplier, Relationship, State},
};

pub(crate) fn relationship(one: &Relationship) -> wire::TradingRelationship {
    let state = match one.state {
        State::Invited => wire::RelationshipState::Invited,
        State::Active => wire::RelationshipState::Active,
        State::Suspended => wire::RelationshipState::Suspended,
        State::Ended => wire::RelationshipState::Ended,
    };
    wire::TradingRelationship {
        id: one.id.to_string(),
        buyer_id: one.buyer.to_string(),
        buyer_name: one.buyer_name.clone(),
        supplier_id: one.supplier.to_string(),
        supplier_name: one.supplier_name.clone(),
        state: state.into(),
        vendor_number: one.vendor_number.clone(),
        customer_number: one.customer_number.clone(),
        supplier_state: firm_state(one.supplier_state).into(),
        created_at: Some(value::timestamp(one.created_at)),
        etag: etag(one.version),
        buyer_state: firm_state(one.buyer_state).into(),
    }
}

pub(crate) fn new_supplier(request: &wire::InviteSupplierRequest) -> Result<NewSupplier> {
    let mut check = Check::default();
    let new = NewSupplier {
        name: check.text("name", &request.name, NAME),
        vendor_number: check.optional_text("vendor_number", &request.vendor_number, CODE),
        uscc: uscc(&mut check, "uscc", &request.uscc),
        party_ids: party_ids(&mut check, "party_ids", &request.party_ids),
    };
    check.done(new)
}

/// The change and the etag that it was made on.
pub(crate) fn change(request: &wire::UpdateRelationshipRequest) -> Result<(Change, String)> {
    let mut check = Check::default();
    let state = match wire::RelationshipState::try_from(request.state) {
        Ok(wire::RelationshipState::Unspecified) => None,
        Ok(wire::RelationshipState::Active) => Some(State::Active),
        Ok(wire::RelationshipState::Suspended) => Some(State::Suspended),
        Ok(wire::RelationshipState::Ended) => Some(State::Ended),
        Ok(wire::RelationshipState::Invited) | Err(_) => {
            check.bad("state", "STATE", "must be SUSPENDED, ACTIVE to resume, or ENDED");
            None
        }
    };
    if request.etag.is_empty() {
        check.bad("etag", "REQUIRED", "is required; send back the one that came with the relationship");
    }
    let mut number = |path: &str, given: &Option<String>| {
        given.as_ref().map(|given| check.optional_text(path, given, CODE))
    };
    let change = Change {
        state,
        vendor_number: number("vendor_number", &request.vendor_number),
        customer_number: number("customer_number", &request.customer_number),
    };
    check.done((change, request.etag.clone()))
}

pub(crate) fn accept(request: &wire::AcceptInvitationRequest) -> Result<Acceptance> {
    let mut check = Check::default();
    let acceptance = Acceptance {
        member_name: new_member_name(&mut check, &request.member_name),
        firm_name: check.optional_text("firm_name", &request.firm_name, NAME),
        uscc: uscc(&mut check, "uscc", &request.uscc),
        locale: check_locale(&mut check, "locale", &request.locale),
        device: device(&request.device),
    };
    check.done(acceptance)
}

pub(crate) fn link_kind(kind: LinkKind) -> wire::LinkKind {
    match kind {
        LinkKind::SignIn => wire::LinkKind::SignIn,
        LinkKind::Invitation => wire::LinkKind::Invitation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_it_leaves() {
        let request = wire::UpdateRelationshipRequest {
            state: wire::RelationshipState::Suspended.into(),
            vendor_number: Some(" 0000410882 ".into()),
            etag: "1".into(),
            ..Default::default()
        };
        let (change, etag) = change(&request).unwrap();
        assert_eq!(change.state, Some(State::Suspended));
        assert_eq!(change.vendor_number.as_deref(), Some("0000410882"), "leading zeros count");
        assert_eq!((change.customer_number, etag.as_str()), (None, "1"));
    }

    #[test]
    fn nobody_sets_a_relationship_to_invited() {
        for state in [wire::RelationshipState::Invited.into(), 99, -1] {
            let request = wire::UpdateRelationshipRequest { state, ..Default::default() };
            let error = change(&request).unwrap_err();
            let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
            assert_eq!(paths, ["state", "etag"]);
        }
    }
}
