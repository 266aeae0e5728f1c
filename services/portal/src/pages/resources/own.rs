//! What the own firm opens: the list, who has taken note of a revision, and taking a resource back.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    resources::{
        Acknowledgement, ListAcknowledgementsRequest, ListResourcesRequest, WithdrawResourceRequest,
    },
};

use super::{
    ALL, OPEN, OWN, Place, ROWS, Seen, asking, back_to, listing, needs, open, resource, revision, words,
};
use crate::{
    ask::{Ask, Posted},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page::{self, Tab},
    saved,
    session::Member,
    table::{Cell, Listing, Part, Row, Search},
};

/// The list.
pub async fn show(member: Member, Query(seen): Query<Seen>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    let t = member.text();
    let request = ListResourcesRequest {
        own: true,
        text: seen.q.trim().to_owned(),
        page_size: member.rows(ROWS),
        page_token: seen.page.clone(),
        ..ListResourcesRequest::default()
    };
    let list = member.app().api.resources().list_resources(member.call(request)).await?.into_inner();
    let empty = if seen.q.trim().is_empty() { key::RESOURCES_OWN_EMPTY } else { key::RESOURCES_OPEN_EMPTY };
    let part = open::part(&member, &list.resources, t.say(empty));
    let search = Search {
        action: OWN.into(),
        label: t.say(key::RESOURCES_SEARCH),
        value: seen.q.clone(),
        ..Search::default()
    };
    let query = [("q", seen.q.as_str())];
    Ok(listing(&member, Place::Own)
        .lead(t.say(key::RESOURCES_OWN_BODY))
        .done(seen.said(t))
        .button("/resources/new", t.say(key::RESOURCE_NEW_ONE))
        .button("/resources/policy", t.say(key::BINDING_POLICY))
        .search(search)
        .part(part.next(OWN, &query, &list.next_page_token))
        .saved()
        .show())
}

/// Who may use the resource and has not taken note of this revision; and who has.
pub async fn acknowledgements(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let t = member.text();
    let this = revision(&member, &id).await?;
    let one = resource(&member, &this.resource_id).await?;
    let all = all_acknowledgements(&member, id).await?;
    let (have, have_not): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.acknowledged_at.is_some());
    let part = |title, found: Vec<&Acknowledgement>, empty| {
        let columns = [key::FIRM, key::ACKNOWLEDGED_AT, key::ACKNOWLEDGED_BY].map(|label| t.say(label));
        let rows = found.into_iter().map(|one| row(t, one)).collect();
        Part::new(columns.into(), rows, t.say(empty)).titled(t.say(title))
    };
    let title = t.two(key::ACKNOWLEDGEMENTS_TITLE, &this.label, words::name(t, &one));
    Ok(Listing::new(&member, Tab::Resources, title, Some(back_to(t, &one)))
        .live("revision entitlement")
        .part(part(key::ACKNOWLEDGED_NOT, have_not, key::ACKNOWLEDGED_NOT_EMPTY))
        .part(part(key::ACKNOWLEDGED, have, key::ACKNOWLEDGED_EMPTY))
        .saved()
        .show())
}

/// Those of a page; for a file all of them.
async fn all_acknowledgements(member: &Member, revision_id: String) -> Result<Vec<Acknowledgement>, Failure> {
    let mut request =
        ListAcknowledgementsRequest { revision_id, page_size: ALL, ..ListAcknowledgementsRequest::default() };
    let mut all = Vec::new();
    loop {
        let mut client = member.app().api.resource_revisions();
        let list = client.list_acknowledgements(member.call(request.clone())).await?.into_inner();
        all.extend(list.acknowledgements);
        if !saved::reads_on(member, all.len(), &list.next_page_token) {
            return Ok(all);
        }
        request.page_token = list.next_page_token;
    }
}

fn row(t: &Text, one: &Acknowledgement) -> Row {
    let at = one.acknowledged_at.as_ref().map(|at| t.moment(Some(at)));
    vec![
        Cell::name(one.firm_name.clone()),
        Cell::Text(at.unwrap_or_default()),
        Cell::Text(one.actor_name.clone()),
    ]
}

async fn withdrawing(member: &Member, id: &str) -> Result<Ask, Failure> {
    let t = member.text();
    let one = resource(member, id).await?;
    Ok(asking(member, format!("{OPEN}/{id}/withdraw"), t.say(key::RESOURCE_WITHDRAW), back_to(t, &one))
        .lead(t.say(key::RESOURCE_WITHDRAW_BODY))
        .submit(t.say(key::RESOURCE_WITHDRAW))
        .fact(t.say(key::RESOURCE), words::name(t, &one))
        .taking_away())
}

/// What that means.
pub async fn withdraw_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesPublish)?;
    Ok(withdrawing(&member, &id).await?.show())
}

/// Takes it back.
pub async fn withdraw(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("{OPEN}/{id}/withdraw"), &fields).await?;
    let member = &posted.member;
    let mut ask = withdrawing(member, &id).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = WithdrawResourceRequest { request_id: posted.request_id.clone(), resource_id: id };
    match member.app().api.resources().withdraw_resource(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{OWN}?done=withdrawn"))),
        Err(status) => ask.refused(status),
    }
}
