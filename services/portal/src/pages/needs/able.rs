//! The own profile is filled in one process at a time; what holds for the whole firm has a form of its own. Each form replaces
//! the version that it was shown with.

use axum::{extract::Query, response::Response};
use chassis::value::wire_date;
use proto::{
    access::Permission,
    capacity::{
        CapabilityContent, CapabilityProfile, HeldCertificate, ManufacturingCapability, OfferVisibility,
        SetCapabilityProfileRequest,
    },
};
use serde::Deserialize;

use super::{
    figures,
    profile::{PROFILE, own},
};
use crate::{
    ask::{Ask, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    page::{self, Tab, link},
    pages::booking::{audience, read::Known},
    session::Member,
    typed,
};

pub const PROCESS: &str = "/capacity/profile/process";
const EDIT: &str = "/capacity/profile/edit";

/// Which of the processes; none for a new one.
#[derive(Deserialize, Default)]
pub struct Which {
    #[serde(default)]
    at: String,
}

impl Which {
    fn place(&self) -> Option<usize> {
        self.at.parse().ok()
    }
}

fn back(t: &Text) -> Way {
    Way { href: PROFILE.into(), label: t.say(key::PROFILE) }
}

fn content(own: &CapabilityProfile) -> CapabilityContent {
    own.content.clone().unwrap_or_default()
}

/// The frame of each of the forms: whoever writes, and what it replaces.
fn asking(member: &Member, action: String, title: String, own: &CapabilityProfile) -> Result<Ask, Failure> {
    if !member.may(Permission::CapacityWrite) {
        return Err(Failure::denied());
    }
    let ask = Ask::below(member, Tab::Capacity, action, title, back(member.text()));
    Ok(ask.hidden("version", own.version.to_string()))
}

/// Sets the profile in place of the version that the form was shown with.
async fn save(
    posted: &Posted,
    ask: Ask,
    fields: &Fields,
    content: CapabilityContent,
    (visibility, cluster_id): (OfferVisibility, String),
) -> Result<Response, Failure> {
    let member = &posted.member;
    let request = SetCapabilityProfileRequest {
        request_id: posted.request_id.clone(),
        version: fields.get("version").parse().unwrap_or_default(),
        content: Some(content),
        visibility: visibility.into(),
        cluster_id,
    };
    match member.app().api.capabilities().set_capability_profile(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{PROFILE}?done=saved"))),
        Err(status) => ask.refused(status),
    }
}

fn process(member: &Member, own: &CapabilityProfile, which: &Which) -> Result<Ask, Failure> {
    let t = member.text();
    let all = content(own).capabilities;
    let standing = match which.place() {
        Some(at) => all.get(at).cloned().ok_or_else(Failure::not_found)?,
        None => ManufacturingCapability::default(),
    };
    let path = format!("content.capabilities[{}]", which.place().unwrap_or(all.len()));
    let title = if which.at.is_empty() { key::PROFILE_ADD } else { key::PROFILE_EDIT };
    let join = t.say(key::LIST_JOIN);
    let list = |name, label, field: &str, values: &[String]| {
        let question =
            Question::new(name, Kind::Text, t.say(label)).hint(t.say(key::NEED_LIST_HINT)).optional();
        question.at(format!("{path}.{field}")).with(values.join(&join))
    };
    let limits = standing.limits.clone().unwrap_or_default();
    Ok(asking(member, link(PROCESS, &[("at", &which.at)]), t.say(title), own)?
        .lead(t.say(key::PROFILE_PROCESS_BODY))
        .ask(
            Question::new("process", Kind::Text, t.say(key::NEED_PROCESS))
                .at(format!("{path}.process"))
                .with(&standing.process),
        )
        .ask(list("equipment", key::PROFILE_EQUIPMENT, "equipment", &standing.equipment))
        .ask(list("materials", key::NEED_MATERIAL, "materials", &standing.materials))
        .ask_all(figures::questions(t, figures::ABLE, &format!("{path}.limits"), &limits)))
}

/// The form of a process.
pub async fn process_form(member: Member, Query(which): Query<Which>) -> Result<Response, Failure> {
    let own = own(&member).await?;
    Ok(process(&member, &own, &which)?.show())
}

/// Adds or replaces it.
pub async fn save_process(
    member: Member,
    Query(which): Query<Which>,
    fields: Fields,
) -> Result<Response, Failure> {
    let posted = Posted::read(member, &link(PROCESS, &[("at", &which.at)]), &fields).await?;
    let member = &posted.member;
    let own = own(member).await?;
    let mut ask = process(member, &own, &which)?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(limits) = figures::read(member.text(), &mut ask, &fields) else { return Ok(ask.wrong()) };
    let made = ManufacturingCapability {
        process: fields.get("process").to_owned(),
        equipment: typed::names(fields.get("equipment")),
        materials: typed::names(fields.get("materials")),
        limits: Some(limits),
    };
    let mut content = content(&own);
    match which.place().and_then(|at| content.capabilities.get_mut(at)) {
        Some(standing) => *standing = made,
        None => content.capabilities.push(made),
    }
    save(&posted, ask, &fields, content, shown(&own)).await
}

fn shown(own: &CapabilityProfile) -> (OfferVisibility, String) {
    (own.visibility(), own.cluster_id.clone())
}

fn removing(member: &Member, own: &CapabilityProfile, which: &Which) -> Result<Ask, Failure> {
    let t = member.text();
    let at = which.place().ok_or_else(Failure::not_found)?;
    let one = content(own).capabilities.get(at).cloned().ok_or_else(Failure::not_found)?;
    let action = link(&format!("{PROCESS}/remove"), &[("at", &which.at)]);
    Ok(asking(member, action, t.say(key::PROFILE_REMOVE), own)?
        .lead(t.say(key::PROFILE_REMOVE_BODY))
        .fact(t.say(key::NEED_PROCESS), one.process)
        .fact(t.say(key::PROFILE_EQUIPMENT), one.equipment.join(&t.say(key::LIST_JOIN)))
        .submit(t.say(key::PROFILE_REMOVE))
        .taking_away())
}

/// Asks once more.
pub async fn remove_form(member: Member, Query(which): Query<Which>) -> Result<Response, Failure> {
    let own = own(&member).await?;
    Ok(removing(&member, &own, &which)?.show())
}

/// Takes a process out.
pub async fn remove(member: Member, Query(which): Query<Which>, fields: Fields) -> Result<Response, Failure> {
    let action = link(&format!("{PROCESS}/remove"), &[("at", &which.at)]);
    let posted = Posted::read(member, &action, &fields).await?;
    let own = own(&posted.member).await?;
    let mut ask = removing(&posted.member, &own, &which)?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let mut content = content(&own);
    if let Some(at) = which.place().filter(|at| *at < content.capabilities.len()) {
        content.capabilities.remove(at);
    }
    save(&posted, ask, &fields, content, shown(&own)).await
}

async fn general(member: &Member, own: &CapabilityProfile) -> Result<Ask, Failure> {
    let t = member.text();
    let content = content(own);
    let known = Known::read(member).await?;
    let mut seen_by = audience::questions(t, &known, t.say(key::NEED_SHOWN), false);
    if let Some(question) = seen_by.pop() {
        seen_by.push(question.with(audience::standing(own.visibility(), &own.cluster_id)));
    }
    Ok(asking(member, EDIT.into(), t.say(key::PROFILE_GENERAL), own)?
        .lead(t.say(key::PROFILE_GENERAL_BODY))
        .ask(
            Question::new("certificates", Kind::Area, t.say(key::PROFILE_CERTIFICATES))
                .hint(t.say(key::PROFILE_CERTIFICATES_HINT))
                .optional()
                .at("content.certificates")
                .with(written(&content.certificates)),
        )
        .ask(
            Question::new("region", Kind::Code, t.say(key::NEED_REGION))
                .hint(t.say(key::NEED_REGION_HINT))
                .optional()
                .at("content.region")
                .with(&content.region),
        )
        .ask(
            Question::new("note", Kind::Area, t.say(key::NEED_NOTE))
                .optional()
                .at("content.note")
                .with(&content.note),
        )
        .ask_all(seen_by))
}

/// The form of what holds for the whole firm.
pub async fn general_form(member: Member) -> Result<Response, Failure> {
    let own = own(&member).await?;
    Ok(general(&member, &own).await?.show())
}

/// Replaces it.
pub async fn save_general(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, EDIT, &fields).await?;
    let member = &posted.member;
    let own = own(member).await?;
    let mut ask = general(member, &own).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let Some(to) = audience::chosen(member.text(), &mut ask, &fields) else { return Ok(ask.wrong()) };
    let content = CapabilityContent {
        certificates: held(fields.get("certificates")),
        region: fields.get("region").to_owned(),
        note: fields.get("note").to_owned(),
        ..content(&own)
    };
    save(&posted, ask, &fields, content, (to.visibility, to.cluster_id)).await
}

/// Certificates as they are typed: one a line, with the day to which it is valid after it where it has one.
fn held(text: &str) -> Vec<HeldCertificate> {
    let line = |line: &str| {
        let (name, day) = line.rsplit_once([' ', '\u{3000}', ',', '\u{ff0c}', '、']).unwrap_or((line, ""));
        match typed::date(day).ok().flatten() {
            Some(day) => HeldCertificate { name: name.trim().to_owned(), valid_until: Some(wire_date(day)) },
            None => HeldCertificate { name: line.to_owned(), valid_until: None },
        }
    };
    text.lines().map(str::trim).filter(|text| !text.is_empty()).map(line).collect()
}

/// The same to be typed over.
fn written(certificates: &[HeldCertificate]) -> String {
    let line = |one: &HeldCertificate| match format::day(one.valid_until.as_ref()) {
        Some(day) => format!("{} {}", one.name, typed::iso(Some(day))),
        None => one.name.clone(),
    };
    certificates.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_typed_a_line_each_with_their_last_day() {
        let typed =
            "ISO 9001 2027-06-30\r\n\n IATF 16949，2028年1月31日\nISO 14001:2015\n特种设备 制造许可\n";
        let said: Vec<_> =
            held(typed).iter().map(|one| (one.name.clone(), format::day(one.valid_until.as_ref()))).collect();
        let day = |text| crate::typed::date(text).unwrap();
        assert_eq!(
            said,
            [
                ("ISO 9001".to_owned(), day("2027-06-30")),
                ("IATF 16949".to_owned(), day("2028-01-31")),
                ("ISO 14001:2015".to_owned(), None),
                ("特种设备 制造许可".to_owned(), None),
            ]
        );
        assert_eq!(held(&written(&held(typed))), held(typed));
    }
}
