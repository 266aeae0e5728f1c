//! Capability profiles in and out.

use chassis::{Error, Result, caller::Caller, value};
use prost::Message;
use proto::capacity as wire;
use uuid::Uuid;

use super::{
    offer::MAX_NOTE_BYTES,
    read::Wrong,
    request::condition,
    share::{self, MAX_LIST},
};
use crate::{
    db::capability::{Head, Name},
    error,
    need::{Askable, Capability, Held, Profile, fold},
    offer::Visibility,
};

/// The most firms whose names are asked for at once.
const MAX_NAMES: usize = 1_000;

/// A profile that may be set.
#[derive(Clone, Debug)]
pub(crate) struct NewProfile {
    /// What it replaces.
    pub version: i64,
    pub content: wire::CapabilityContent,
    pub visibility: Visibility,
}

impl NewProfile {
    /// Its processes as they are compared, each once.
    pub(crate) fn process_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.content.capabilities.iter().map(|one| fold(&one.process)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_profile(request: &wire::SetCapabilityProfileRequest) -> Result<NewProfile> {
    let mut wrong = Wrong::default();
    let visibility = match request.visibility() {
        wire::OfferVisibility::Named => {
            wrong.note("visibility", "UNEXPECTED", "a profile names no firms");
            None
        }
        wire::OfferVisibility::Unspecified => {
            share::visibility(&mut wrong, wire::OfferVisibility::Partners, &[], &request.cluster_id)
        }
        visibility => share::visibility(&mut wrong, visibility, &[], &request.cluster_id),
    };
    let Some(content) = &request.content else {
        wrong.note("content", "REQUIRED", "is required");
        return Err(Error::invalid(wrong.0));
    };
    check(&mut wrong, content);
    match (visibility, wrong.0.is_empty()) {
        (Some(visibility), true) => {
            Ok(NewProfile { version: request.version, content: content.clone(), visibility })
        }
        _ => Err(Error::invalid(wrong.0)),
    }
}

fn check(wrong: &mut Wrong, content: &wire::CapabilityContent) {
    wrong.text("content.note", &content.note, MAX_NOTE_BYTES);
    share::region(wrong, &content.region);
    for (path, count) in [
        ("content.capabilities", content.capabilities.len()),
        ("content.certificates", content.certificates.len()),
    ] {
        if count > MAX_LIST {
            wrong.note(path, "COUNT", format!("must have at most {MAX_LIST} entries"));
        }
    }
    for (index, one) in content.capabilities.iter().take(MAX_LIST).enumerate() {
        let path = format!("content.capabilities[{index}]");
        wrong.name(&format!("{path}.process"), &one.process);
        share::names(wrong, &format!("{path}.equipment"), &one.equipment);
        share::names(wrong, &format!("{path}.materials"), &one.materials);
        share::limits(wrong, &format!("{path}.limits"), one.limits.as_ref());
    }
    for (index, one) in content.certificates.iter().take(MAX_LIST).enumerate() {
        let path = format!("content.certificates[{index}]");
        wrong.name(&format!("{path}.name"), &one.name);
        if let Some(Err(message)) = one.valid_until.as_ref().map(value::date) {
            wrong.note(format!("{path}.valid_until"), "DATE", message);
        }
    }
}

fn kept(head: &Head) -> Result<wire::CapabilityContent> {
    wire::CapabilityContent::decode(head.content.as_slice()).map_err(|_| error::missing(head.firm))
}

/// A profile as the rule sees it.
pub(crate) fn profile(head: &Head) -> Result<Profile> {
    let content = kept(head)?;
    let capability = |one: wire::ManufacturingCapability| Capability {
        limits: share::kept_limits(one.limits.as_ref()),
        process: one.process,
        materials: one.materials,
    };
    let held = |one: wire::HeldCertificate| Held {
        until: one.valid_until.as_ref().and_then(|day| value::date(day).ok()),
        name: one.name,
    };
    Ok(Profile {
        firm: head.firm,
        capabilities: content.capabilities.into_iter().map(capability).collect(),
        certificates: content.certificates.into_iter().map(held).collect(),
        region: content.region,
    })
}

/// A profile as its firm sees it, or as others do.
pub(crate) fn profile_out(head: &Head, name: &Name) -> Result<wire::CapabilityProfile> {
    Ok(wire::CapabilityProfile {
        firm_id: head.firm.to_string(),
        firm_name: name.name.clone(),
        firm_name_en: name.name_en.clone(),
        version: head.version,
        content: Some(kept(head)?),
        changed_at: Some(value::timestamp(head.changed_at)),
        visibility: share::visibility_out(head.visibility.as_deref()).into(),
        cluster_id: head.cluster.map(|id| id.to_string()).unwrap_or_default(),
        capabilities_omitted: 0,
    })
}

/// What a caller's own firm is called.
pub(crate) fn own_name(caller: &Caller) -> Name {
    Name { firm: caller.firm, name: caller.firm_name.clone(), name_en: String::new() }
}

/// The profile of a firm that has set none.
pub(crate) fn none_yet(name: &Name) -> wire::CapabilityProfile {
    wire::CapabilityProfile {
        firm_id: name.firm.to_string(),
        firm_name: name.name.clone(),
        content: Some(wire::CapabilityContent::default()),
        visibility: wire::OfferVisibility::Partners.into(),
        ..wire::CapabilityProfile::default()
    }
}

/// What others see of a profile that its firm sees in full.
pub(crate) fn for_others(profile: wire::CapabilityProfile) -> wire::CapabilityProfile {
    wire::CapabilityProfile {
        visibility: wire::OfferVisibility::Unspecified.into(),
        cluster_id: String::new(),
        ..profile
    }
}

/// A firm that could be asked, and why; or what it misses.
pub(crate) fn matched_profile(head: &Head, name: &Name, askable: Askable) -> Result<wire::MatchedProfile> {
    let profile = profile_out(head, name)?;
    let content = profile.content.as_ref();
    Ok(wire::MatchedProfile {
        capability: content.and_then(|content| content.capabilities.get(askable.capability)).cloned(),
        profile: Some(profile),
        conditions: askable.conditions.into_iter().map(condition).collect(),
    })
}

/// The firms whose names are asked for.
pub(crate) fn firms(request: &wire::ListFirmNamesRequest) -> Result<Vec<Uuid>> {
    let mut wrong = Wrong::default();
    if request.firm_ids.len() > MAX_NAMES {
        wrong.note("firm_ids", "COUNT", format!("must name at most {MAX_NAMES} firms"));
    }
    let mut firms = Vec::new();
    for (index, text) in request.firm_ids.iter().take(MAX_NAMES).enumerate() {
        match Uuid::try_parse(text) {
            Ok(firm) => firms.push(firm),
            Err(_) => wrong.note(format!("firm_ids[{index}]"), "ID", "must be the id of a firm"),
        }
    }
    if wrong.0.is_empty() { Ok(firms) } else { Err(Error::invalid(wrong.0)) }
}

/// A name.
pub(crate) fn name_out(name: Name) -> wire::FirmName {
    wire::FirmName { firm_id: name.firm.to_string(), name: name.name, name_en: name.name_en }
}
