//! Firms and sites.

use chassis::{Result, value};
use proto::partners as wire;

use super::{CODE, Check, NAME, member::check_locale};
use crate::{
    firm::{Firm, FirmState, NewFirm, PartyId, Site},
    uscc,
};

/// The most other numbers of a firm.
const PARTY_IDS: usize = 20;

pub(crate) fn firm(firm: &Firm) -> wire::Firm {
    wire::Firm {
        id: firm.id.to_string(),
        name: firm.name.clone(),
        name_en: firm.name_en.clone(),
        uscc: firm.uscc.clone(),
        uscc_suspect: uscc::suspect(&firm.uscc),
        state: firm_state(firm.state).into(),
        sandbox: firm.sandbox,
        party_ids: firm.party_ids.iter().map(party_id).collect(),
        created_at: Some(value::timestamp(firm.created_at)),
        verified: firm.verified,
    }
}

pub(crate) fn firm_state(state: FirmState) -> wire::FirmState {
    match state {
        FirmState::Placeholder => wire::FirmState::Placeholder,
        FirmState::Active => wire::FirmState::Active,
        FirmState::Claimed => wire::FirmState::Claimed,
        FirmState::Suspended => wire::FirmState::Suspended,
    }
}

fn party_id(party_id: &PartyId) -> wire::PartyId {
    wire::PartyId { scheme: party_id.scheme.clone(), value: party_id.value.clone() }
}

pub(super) fn party_ids(check: &mut Check, path: &str, given: &[wire::PartyId]) -> Vec<PartyId> {
    if given.len() > PARTY_IDS {
        check.bad(path, "TOO_MANY", format!("must have at most {PARTY_IDS} entries"));
        return Vec::new();
    }
    let mut all: Vec<PartyId> = given
        .iter()
        .enumerate()
        .map(|(i, one)| PartyId {
            scheme: check.text(&format!("{path}[{i}].scheme"), &one.scheme, CODE),
            value: check.text(&format!("{path}[{i}].value"), &one.value, CODE),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

pub(super) fn uscc(check: &mut Check, path: &str, given: &str) -> String {
    // A code that does not fit the standard is kept and shown as suspect; only what is no code at all is refused.
    uscc::normalise(&check.optional_text(path, given, CODE))
}

pub(crate) fn new_firm(request: &wire::CreateFirmRequest) -> Result<NewFirm> {
    let mut check = Check::default();
    let new = NewFirm {
        name: check.text("name", &request.name, NAME),
        name_en: check.optional_text("name_en", &request.name_en, NAME),
        uscc: uscc(&mut check, "uscc", &request.uscc),
        party_ids: party_ids(&mut check, "party_ids", &request.party_ids),
        sandbox: request.sandbox,
        admin_name: check.text("admin_name", &request.admin_name, NAME),
        admin_locale: check_locale(&mut check, "admin_locale", &request.admin_locale),
    };
    check.done(new)
}

/// A site without its id.
pub(crate) fn new_site(request: &wire::CreateSiteRequest) -> Result<Site> {
    let mut check = Check::default();
    let given = request.site.clone().unwrap_or_default();
    if !given.id.is_empty() {
        check.bad("site.id", "OUTPUT_ONLY", "is given by the platform; leave it empty");
    }
    let country_code = given.country_code.trim().to_string();
    if country_code.len() != 2 || !country_code.bytes().all(|b| b.is_ascii_uppercase()) {
        check.bad("site.country_code", "COUNTRY", "must be two capital letters of ISO 3166-1 such as CN");
    }
    let site = Site {
        id: uuid::Uuid::nil(),
        code: check.text("site.code", &given.code, CODE),
        name: check.text("site.name", &given.name, NAME),
        address: check.optional_text("site.address", &given.address, 2 * NAME),
        country_code,
    };
    check.done(site)
}

pub(crate) fn site(site: &Site) -> wire::Site {
    wire::Site {
        id: site.id.to_string(),
        code: site.code.clone(),
        name: site.name.clone(),
        address: site.address.clone(),
        country_code: site.country_code.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_of_a_new_firm_is_named() {
        let request = wire::CreateFirmRequest {
            name_en: "x".repeat(201),
            party_ids: vec![wire::PartyId::default()],
            admin_locale: "fr".into(),
            ..Default::default()
        };
        let error = new_firm(&request).unwrap_err();
        let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(
            paths,
            ["name", "name_en", "party_ids[0].scheme", "party_ids[0].value", "admin_name", "admin_locale"]
        );
    }

    #[test]
    fn a_wrong_code_is_no_bad_field() {
        let request = wire::CreateFirmRequest {
            name: "f".into(),
            admin_name: "a".into(),
            uscc: "91350100m000100y44".into(),
            ..Default::default()
        };
        let new = new_firm(&request).unwrap();
        assert_eq!((new.uscc.as_str(), new.admin_locale.as_str()), ("91350100M000100Y44", "zh"));
        assert!(uscc::suspect(&new.uscc));
    }

    #[test]
    fn a_site_has_a_code_and_a_country() {
        let error = new_site(&wire::CreateSiteRequest::default()).unwrap_err();
        let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(paths, ["site.country_code", "site.code", "site.name"]);
    }
}
