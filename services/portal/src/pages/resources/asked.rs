//! What the own firm asked for and was granted; asking for a resource, and taking note of a revision 确认知悉.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    resources::{
        AcknowledgeRevisionRequest, Entitlement, EntitlementTerms, ListEntitlementsRequest,
        RequestEntitlementRequest,
    },
};

use super::{OPEN, Place, ROWS, Seen, asking, back_to, listing, needs, resource, revision, words};
use crate::{
    ask::{Ask, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    session::Member,
    table::{Cell, Part, Row},
};

/// The own firm's entitlements to others' resources, the newest first.
pub async fn show(member: Member, Query(seen): Query<Seen>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesRead)?;
    let t = member.text();
    let request = ListEntitlementsRequest {
        page_size: member.rows(ROWS),
        page_token: seen.page.clone(),
        ..Default::default()
    };
    let list = member.app().api.entitlements().list_entitlements(member.call(request)).await?.into_inner();
    let columns = [key::RESOURCE, key::ENTITLEMENT_PURPOSE, key::ENTITLEMENT_PERIOD, key::STATE];
    let rows = list.entitlements.iter().map(|one| row(&member, one)).collect();
    let part = Part::new(columns.map(|label| t.say(label)).into(), rows, t.say(key::RESOURCES_MINE_EMPTY));
    Ok(listing(&member, Place::Mine)
        .done(seen.said(t))
        .part(part.next("/resources/mine", &[], &list.next_page_token))
        .saved()
        .show())
}

fn row(member: &Member, one: &Entitlement) -> Row {
    let t = member.text();
    let href = match one.resource_id.as_str() {
        "" => String::new(),
        id => format!("{OPEN}/{id}"),
    };
    let sub = match one.decision_note.as_str() {
        "" => one.owner_name.clone(),
        note => t.two(key::ENTITLEMENT_NOTED, &one.owner_name, note),
    };
    vec![
        Cell::Name { text: words::entitled(t, one), href, sub },
        Cell::Text(one.terms.clone().unwrap_or_default().purpose),
        Cell::Text(words::bounds(t, one)),
        Cell::Tag(words::entitlement_state(t, one.state())),
    ]
}

async fn requesting(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let one = resource(member, id).await?;
    let content = one.content.clone().unwrap_or_default();
    Ok(asking(member, format!("{OPEN}/{id}/request"), t.say(key::ENTITLEMENT_REQUEST), back_to(t, &one))
        .lead(t.say(key::ENTITLEMENT_REQUEST_BODY))
        .submit(t.say(key::ENTITLEMENT_SEND))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .fact(t.say(key::RESOURCE_OWNER), one.owner_name.clone())
        .fact(t.say(key::RESOURCE_TERMS), content.terms)
        .ask(
            Question::new("purpose", Kind::Text, t.say(key::ENTITLEMENT_PURPOSE))
                .hint(t.say(key::ENTITLEMENT_PURPOSE_HINT))
                .at("terms.purpose"),
        )
        .ask(Question::new("note", Kind::Area, t.say(key::ENTITLEMENT_NOTE)).optional()))
}

/// What for?
pub async fn request_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesUse)?;
    Ok(requesting(&member, &id).await?.show())
}

/// Asks the owner.
pub async fn request(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/{id}/request"), &fields).await?;
    let member = &posted.member;
    let mut ask = requesting(member, &id).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let purpose = fields.get("purpose").to_owned();
    let request = RequestEntitlementRequest {
        request_id: posted.request_id.clone(),
        resource_id: id,
        terms: Some(EntitlementTerms { purpose, ..EntitlementTerms::default() }),
        note: fields.get("note").to_owned(),
    };
    match member.app().api.entitlements().request_entitlement(member.call(request)).await {
        Ok(_) => Ok(page::go("/resources/mine?done=requested")),
        Err(status) => ask.refused(status),
    }
}

async fn acknowledging(member: &Member, id: &str) -> Result<(Ask, String), Failure> {
    let t = member.text();
    let this = revision(member, id).await?;
    let one = resource(member, &this.resource_id).await?;
    let title = t.one(key::REVISION_ACKNOWLEDGE, &this.label);
    let ask = asking(member, format!("{OPEN}/revisions/{id}/acknowledge"), title, back_to(t, &one))
        .lead(t.say(key::REVISION_ACKNOWLEDGE_BODY))
        .submit(t.say(key::REVISION_ACKNOWLEDGE_SUBMIT))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .fact(t.say(key::RESOURCE_REVISION), this.label.clone())
        .fact(t.say(key::REVISION_CHANGES), this.change_note.clone())
        .fact(t.say(key::REVISION_EFFECTIVE), words::effective(t, &this))
        .fact(t.say(key::EFFECTIVITY), words::effectivity(t, &this));
    Ok((ask, one.id))
}

/// What is new, and that it counts.
pub async fn acknowledge_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesUse)?;
    Ok(acknowledging(&member, &id).await?.0.show())
}

/// Says for the firm that it has taken note.
pub async fn acknowledge(
    member: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/revisions/{id}/acknowledge"), &fields).await?;
    let member = &posted.member;
    let (mut ask, resource_id) = acknowledging(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = AcknowledgeRevisionRequest { request_id: posted.request_id.clone(), revision_id: id };
    match member.app().api.resource_revisions().acknowledge_revision(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OPEN}/{resource_id}?done=acknowledged"))),
        Err(status) => ask.refused(status),
    }
}
