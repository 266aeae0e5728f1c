//! A resource: what it is, its terms and revisions; for its owner also who may use it.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    resources::{
        Entitlement, EntitlementState, ListEntitlementsRequest, ListRevisionsRequest, Resource,
        ResourceClassification, Revision, RevisionState,
    },
};

use super::{ALL, OPEN, OWN, ROWS, Seen, entitled, files, resource, way, words};
use crate::{
    failure::Failure,
    i18n::{Text, key},
    page::{Tab, link},
    session::Member,
    table::{Act, Cell, Listing, Part, Row},
};

/// The page.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Failure> {
    let t = member.text();
    let one = resource(&member, &id).await?;
    let own = one.owner_id == member.who.firm_id;
    let back = match own {
        true => way(OWN, t.say(key::RESOURCES_OWN)),
        false => way(OPEN, t.say(key::RESOURCES_OPEN)),
    };
    let standing = entitlements(&member, &one, own).await?;
    let content = one.content.clone().unwrap_or_default();
    let mut page = Listing::new(&member, Tab::Resources, words::name(t, &one), Some(back))
        .live(format!("{id} entitlement"))
        .tag(words::standing(t, &one, own))
        .done(seen.said(t))
        .lead(content.summary)
        .text(t.say(key::RESOURCE_TERMS), content.terms);
    for (label, value) in facts(t, &one, own) {
        page = page.fact(label, value);
    }
    for (href, label) in buttons(&member, &one, own, &standing) {
        page = page.button(href, label);
    }
    if own || one.usable {
        page = page.part(revisions(&member, &one, own, &seen.page).await?);
    }
    if own && member.may(Permission::ResourcesPublish) {
        let part = entitled::part(&member, &standing, t.say(key::ENTITLED_EMPTY));
        page = page.part(part.titled(t.say(key::RESOURCES_ENTITLED)));
    }
    Ok(page.show())
}

/// What is entitled to it, or was asked for: of everybody for its owner, of the own firm otherwise.
async fn entitlements(member: &Member, one: &Resource, own: bool) -> Result<Vec<Entitlement>, Failure> {
    let request = ListEntitlementsRequest {
        own,
        states: [EntitlementState::Requested, EntitlementState::Granted].map(i32::from).into(),
        resource_id: one.id.clone(),
        page_size: ALL,
        ..ListEntitlementsRequest::default()
    };
    let mut client = member.app().api.entitlements();
    Ok(client.list_entitlements(member.call(request)).await?.into_inner().entitlements)
}

fn facts(t: &Text, one: &Resource, own: bool) -> Vec<(String, String)> {
    let content = one.content.clone().unwrap_or_default();
    let join = t.say(key::LIST_JOIN);
    let class = match content.classification() {
        ResourceClassification::Unspecified => ResourceClassification::General,
        class => class,
    };
    let seats = match (content.seats, own) {
        (0, _) => String::new(),
        (seats, true) => t.two(key::RESOURCE_SEATS_TAKEN, seats, one.seats_taken),
        (seats, false) => seats.to_string(),
    };
    let of_owner = [
        (key::RESOURCE_VISIBLE, words::visibility(t, one.visibility())),
        (key::RESOURCE_USE, t.say(if one.open { key::RESOURCE_OPEN_USE } else { key::RESOURCE_ON_REQUEST })),
    ];
    let mut facts = vec![
        (key::RESOURCE_OWNER, if own { String::new() } else { one.owner_name.clone() }),
        (key::RESOURCE_CURRENT, words::current(t, one.current.as_ref())),
        (key::RESOURCE_CATEGORY, words::category(t, content.category())),
        (key::RESOURCE_CLASS, words::class(t, class)),
        (key::RESOURCE_NUMBER, one.resource_number.clone()),
        (key::RESOURCE_ITEMS, one.buyer_item_ids.join(&join)),
        (key::RESOURCE_INDUSTRY, content.industry_codes.join(&join)),
        (key::RESOURCE_REGION, content.region.clone()),
        (key::RESOURCE_SEATS, seats),
        (key::RESOURCE_SINCE, t.moment(one.published_at.as_ref())),
    ];
    facts.extend(of_owner.into_iter().filter(|_| own));
    facts.into_iter().map(|(label, value)| (t.say(label), value)).collect()
}

/// What the visitor can do, the most wanted first.
fn buttons(member: &Member, one: &Resource, own: bool, standing: &[Entitlement]) -> Vec<(String, String)> {
    let t = member.text();
    let here = format!("{OPEN}/{}", one.id);
    let mut buttons = Vec::new();
    if own {
        if member.may(Permission::ResourcesPublish) && !one.withdrawn {
            buttons.push((format!("{here}/revise"), t.say(key::REVISION_NEW)));
            buttons.push((format!("{here}/grant"), t.say(key::ENTITLEMENT_GRANT)));
            buttons.push((format!("{here}/change"), t.say(key::RESOURCE_CHANGE)));
            buttons.push((link("/resources/access", &[("resource", &one.id)]), t.say(key::RESOURCES_ACCESS)));
            buttons.push((format!("{here}/withdraw"), t.say(key::RESOURCE_WITHDRAW)));
        }
        return buttons;
    }
    let uses = member.may(Permission::ResourcesUse);
    if let Some(current) = one.current.as_ref().filter(|current| current.to_acknowledge && uses) {
        let href = format!("{OPEN}/revisions/{}/acknowledge", current.revision_id);
        buttons.push((href, t.one(key::REVISION_ACKNOWLEDGE, &current.label)));
    }
    let content = one.content.clone().unwrap_or_default();
    if one.usable && !content.capacity_offer_id.is_empty() && member.may(Permission::CapacityReserve) {
        let href = format!("/capacity/offers/{}/hold", content.capacity_offer_id);
        buttons.push((href, t.say(key::RESOURCE_BOOK)));
    }
    if uses && !one.usable && standing.is_empty() {
        buttons.push((format!("{here}/request"), t.say(key::ENTITLEMENT_REQUEST)));
    }
    if uses {
        let category = (content.category() as i32).to_string();
        let href = link("/resources/follow", &[("owner", &one.owner_id), ("category", &category)]);
        buttons.push((href, t.say(key::FOLLOW)));
    }
    if !standing.is_empty() {
        buttons.push(("/resources/mine".into(), t.say(key::RESOURCES_MINE)));
    }
    buttons
}

async fn revisions(member: &Member, one: &Resource, own: bool, page: &str) -> Result<Part, Failure> {
    let t = member.text();
    let request =
        ListRevisionsRequest { resource_id: one.id.clone(), page_size: ROWS, page_token: page.to_owned() };
    let list = member.app().api.resource_revisions().list_revisions(member.call(request)).await?.into_inner();
    let older = list.revisions.iter().skip(1).map(Some).chain([None]);
    let rows =
        list.revisions.iter().zip(older).map(|(this, before)| row(member, own, this, before)).collect();
    let columns =
        [key::RESOURCE_REVISION, key::REVISION_CHANGES, key::REVISION_EFFECTIVE, key::REVISION_CONTENT];
    let columns = columns.into_iter().chain([key::STATE]).map(|label| t.say(label));
    let part = Part::new(columns.chain([String::new()]).collect(), rows, t.say(key::REVISIONS_EMPTY));
    let path = format!("{OPEN}/{}", one.id);
    Ok(part.titled(t.say(key::REVISIONS)).next(&path, &[], &list.next_page_token))
}

fn row(member: &Member, own: bool, this: &Revision, before: Option<&Revision>) -> Row {
    let t = member.text();
    let mut acts = Vec::new();
    let mut go = |href: String, label: String| acts.push(Act::Go { href, label });
    if let Some(before) = before {
        let ids = [("before", before.id.as_str()), ("after", this.id.as_str())];
        go(link("/resources/compare", &ids), t.one(key::COMPARE_WITH, &before.label));
    }
    if own && member.may(Permission::ResourcesPublish) {
        let path = format!("{OPEN}/revisions/{}", this.id);
        match this.state() {
            RevisionState::Draft => {
                go(files::path(&this.id), t.say(key::FILES));
                go(format!("{path}/impact"), t.say(key::IMPACT_RELEASE));
            }
            RevisionState::Released => {
                go(format!("{path}/impact"), t.say(key::IMPACT_SEE));
                go(format!("{path}/acknowledgements"), t.say(key::ACKNOWLEDGEMENTS));
            }
            _ => {}
        }
        if this.state() != RevisionState::Withdrawn {
            go(format!("{path}/withdraw"), t.say(key::REVISION_WITHDRAW));
        }
    }
    let saved = this.files.iter().map(|file| way(files::saved_at(file), words::file(t, file)));
    let sub = match &this.acknowledged_at {
        Some(at) => t.one(key::REVISION_ACKNOWLEDGED, t.moment(Some(at))),
        None => String::new(),
    };
    vec![
        Cell::Name { text: this.label.clone(), href: String::new(), sub },
        Cell::Text(this.change_note.clone()),
        Cell::Text(words::effective(t, this)),
        Cell::Saved { files: saved.collect(), text: this.location.clone() },
        Cell::Tag(words::revision_state(t, this.state())),
        Cell::Acts(acts),
    ]
}
