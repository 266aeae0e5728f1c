//! 能力档案: what the own firm can make, and what others can that show it.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    capacity::{
        CapabilityContent, CapabilityProfile, ConditionKind, GetCapabilityProfileRequest,
        ListCapabilityProfilesRequest, ManufacturingCapability, OfferVisibility,
    },
};
use serde::Deserialize;

use super::{able::PROCESS, words};
use crate::{
    failure::Failure,
    format::decimal,
    i18n::{Key, Lang, Text, key},
    page::{Tab, link},
    pages::capacity::{Place as Beside, places},
    session::Member,
    table::{Act, Cell, Listing, Part, Row, Search},
};

pub const PROFILE: &str = "/capacity/profile";
/// Profiles of others on one page.
const PAGE: i32 = 50;

/// Which page of others, by which process, and what was just done.
#[derive(Deserialize, Default)]
pub struct Wish {
    #[serde(default)]
    page: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    done: String,
}

/// The own profile.
pub async fn own(member: &Member) -> Result<CapabilityProfile, Failure> {
    let request = GetCapabilityProfileRequest::default();
    Ok(member.app().api.capabilities().get_capability_profile(member.call(request)).await?.into_inner())
}

/// The own profile, and those of others.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Err(Failure::denied());
    }
    let t = member.text();
    let own = own(&member).await?;
    let request = ListCapabilityProfilesRequest {
        process: wish.q.trim().to_owned(),
        page_size: member.rows(PAGE),
        page_token: wish.page.clone(),
    };
    let list =
        member.app().api.capabilities().list_capability_profiles(member.call(request)).await?.into_inner();
    let writes = member.may(Permission::CapacityWrite);
    let content = own.content.clone().unwrap_or_default();
    let columns = [key::NEED_PROCESS, key::PROFILE_EQUIPMENT, key::NEED_MATERIAL, key::PROFILE_LIMITS];
    let columns = columns.map(|label| t.say(label)).into_iter().chain([String::new()]).collect();
    let rows = content.capabilities.iter().enumerate().map(|(at, one)| mine(t, at, one, writes)).collect();
    let mine = Part::new(columns, rows, t.say(key::PROFILE_EMPTY)).titled(t.say(key::PROFILE_OWN));
    let columns = [key::FIRM, key::PROFILE_CERTIFICATES, key::NEED_REGION].map(|label| t.say(label)).into();
    let rows = list.profiles.iter().map(|one| theirs(t, one)).collect();
    let theirs =
        Part::new(columns, rows, t.say(key::PROFILE_OTHERS_EMPTY)).titled(t.say(key::PROFILE_OTHERS));
    let search = Search {
        action: PROFILE.into(),
        label: t.say(key::PROFILE_SEARCH),
        value: wish.q.clone(),
        states: Vec::new(),
        states_label: String::new(),
        ..Search::default()
    };
    let done = if wish.done == "saved" { t.say(key::PROFILE_SAVED) } else { String::new() };
    let mut listing = Listing::new(&member, Tab::Capacity, t.say(key::PROFILE), None)
        .places(places(&member, Beside::Profile))
        .live("capability_profile")
        .lead(t.say(key::PROFILE_BODY))
        .done(done)
        .fact(t.say(key::PROFILE_CERTIFICATES), certificates(t, &content))
        .fact(t.say(key::NEED_REGION), content.region.clone())
        .fact(t.say(key::NEED_NOTE), content.note.clone())
        .fact(t.say(key::OFFER_SEEN_BY), seen_by(t, &own))
        .search(search)
        .part(mine)
        .part(theirs.next(PROFILE, &[("q", &wish.q)], &list.next_page_token))
        .saved();
    if writes {
        listing = listing.button(PROCESS, t.say(key::PROFILE_ADD));
        listing = listing.button(format!("{PROFILE}/edit"), t.say(key::PROFILE_GENERAL));
    }
    Ok(listing.show())
}

/// Who may see the own one; nothing before there is one.
fn seen_by(t: &Text, own: &CapabilityProfile) -> String {
    match own.visibility() {
        _ if own.version == 0 => String::new(),
        OfferVisibility::Cluster => t.say(key::SHARE_CLUSTER),
        OfferVisibility::All => t.say(key::SHARE_ALL),
        _ => t.say(key::SHARE_PARTNERS),
    }
}

fn mine(t: &Text, at: usize, one: &ManufacturingCapability, writes: bool) -> Row {
    let at = at.to_string();
    let go = |path: &str, label: Key<0>| Act::Go { href: link(path, &[("at", &at)]), label: t.say(label) };
    let acts = match writes {
        true => vec![go(PROCESS, key::PROFILE_EDIT), go(&format!("{PROCESS}/remove"), key::PROFILE_REMOVE)],
        false => Vec::new(),
    };
    let join = t.say(key::LIST_JOIN);
    vec![
        Cell::name(one.process.clone()),
        Cell::Text(one.equipment.join(&join)),
        Cell::Text(one.materials.join(&join)),
        Cell::Text(limits(t, one)),
        Cell::Acts(acts),
    ]
}

fn theirs(t: &Text, one: &CapabilityProfile) -> Row {
    let content = one.content.clone().unwrap_or_default();
    let processes: Vec<String> = content.capabilities.iter().map(|one| summary(t, one)).collect();
    vec![
        Cell::Name {
            text: firm(t, one),
            href: String::new(),
            sub: processes.join(&t.say(key::PROFILE_JOIN)),
        },
        Cell::Text(certificates(t, &content)),
        Cell::Text(content.region),
    ]
}

/// What a profile's firm is called in the language of the page.
pub fn firm(t: &Text, one: &CapabilityProfile) -> String {
    match t.lang == Lang::En && !one.firm_name_en.is_empty() {
        true => one.firm_name_en.clone(),
        false => one.firm_name.clone(),
    }
}

/// A process with what it is done with, in a line.
fn summary(t: &Text, one: &ManufacturingCapability) -> String {
    let parts = [one.process.clone(), facts(t, one)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn facts(t: &Text, one: &ManufacturingCapability) -> String {
    let join = t.say(key::LIST_JOIN);
    let parts = [one.equipment.join(&join), one.materials.join(&join), limits(t, one)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The largest part, the largest force and the finest tolerance, as far as they are stated.
fn limits(t: &Text, one: &ManufacturingCapability) -> String {
    let limits = one.limits.clone().unwrap_or_default();
    let all = [
        (key::NEED_TONNAGE, ConditionKind::Tonnage, &limits.tonnage_t),
        (key::NEED_LENGTH, ConditionKind::Length, &limits.length_mm),
        (key::NEED_WIDTH, ConditionKind::Width, &limits.width_mm),
        (key::NEED_HEIGHT, ConditionKind::Height, &limits.height_mm),
        (key::NEED_WEIGHT, ConditionKind::Weight, &limits.weight_kg),
        (key::NEED_PRECISION, ConditionKind::Precision, &limits.precision_mm),
    ];
    let said = all.into_iter().filter_map(|(label, kind, figure)| {
        let figure = decimal(figure.as_ref())?.normalize().to_string();
        Some(format!("{} {}", t.say(label), words::measured(kind, &figure, "")))
    });
    said.collect::<Vec<_>>().join(&t.say(key::LIST_JOIN))
}

fn certificates(t: &Text, content: &CapabilityContent) -> String {
    let one = |one: &proto::capacity::HeldCertificate| match &one.valid_until {
        Some(until) => t.two(key::PROFILE_CERTIFICATE_UNTIL, &one.name, t.wire_day(Some(until))),
        None => one.name.clone(),
    };
    content.certificates.iter().map(one).collect::<Vec<_>>().join(&t.say(key::LIST_JOIN))
}

/// What a firm can make, line by line with its label, as far as it shows it; nothing where it shows nothing.
pub async fn told(member: &Member, firm: &str) -> Result<Vec<(String, String)>, Failure> {
    if !member.may(Permission::CapacityRead) {
        return Ok(Vec::new());
    }
    let request = GetCapabilityProfileRequest { firm_id: firm.to_owned() };
    let profile = match member.app().api.capabilities().get_capability_profile(member.call(request)).await {
        Ok(profile) => profile.into_inner(),
        Err(status) if status.code() == tonic::Code::NotFound => return Ok(Vec::new()),
        Err(status) => return Err(status.into()),
    };
    let t = member.text();
    let content = profile.content.unwrap_or_default();
    let mut lines: Vec<(String, String)> =
        content.capabilities.iter().map(|one| (one.process.clone(), facts(t, one))).collect();
    let rest = [
        (key::PROFILE_CERTIFICATES, certificates(t, &content)),
        (key::NEED_REGION, content.region.clone()),
        (key::NEED_NOTE, content.note.clone()),
    ];
    lines.extend(
        rest.into_iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| (t.say(label), text)),
    );
    Ok(lines)
}
