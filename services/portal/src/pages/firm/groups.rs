//! Purchasing groups 采购组: the names of the codes that orders carry.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    partners::{
        DeletePurchasingGroupRequest, ListPurchasingGroupsRequest, PurchasingGroup, SetPurchasingGroupRequest,
    },
};
use serde::Deserialize;

use crate::{
    ask::{Ask, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page::{self, Tab, link},
    pages::firm::{Place, settings},
    session::Member,
    table::{Act, Cell, Listing, Part},
};

const LIST: &str = "/purchasing-groups";
const NEW: &str = "/purchasing-groups/new";
const DELETE: &str = "/purchasing-groups/delete";

/// Which group.
#[derive(Deserialize, Default)]
pub struct Which {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
}

fn back(t: &Text) -> Way {
    Way { href: LIST.into(), label: t.say(key::GROUPS) }
}

/// The list.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let t = member.text();
    let done = place.said(t);
    let request = ListPurchasingGroupsRequest { page_size: member.rows(100), page_token: place.page };
    let list = member.app().api.groups().list_purchasing_groups(member.call(request)).await?.into_inner();
    let writes = member.may(Permission::PartnersWrite);
    let rows = list.groups.into_iter().map(|group| {
        let at = |path: &str| link(path, &[("code", &group.code), ("name", &group.name)]);
        let acts = match writes {
            true => vec![
                Act::Go { href: at(NEW), label: t.say(key::RENAME) },
                Act::Go { href: at(DELETE), label: t.say(key::REMOVE) },
            ],
            false => Vec::new(),
        };
        vec![Cell::name(&group.name), Cell::Code(group.code.clone()), Cell::Acts(acts)]
    });
    let columns = vec![t.say(key::GROUP_NAME), t.say(key::CODE), String::new()];
    let part = Part::new(columns, rows.collect(), t.say(key::GROUPS_EMPTY));
    let mut listing = Listing::new(&member, Tab::Settings, t.say(key::GROUPS), Some(settings(t)))
        .live("purchasing-groups untold")
        .lead(t.say(key::GROUPS_BODY))
        .done(done)
        .part(part.next(LIST, &[], &list.next_page_token))
        .saved();
    if writes {
        listing = listing.button(NEW, t.say(key::GROUP_NEW));
    }
    Ok(listing.show())
}

fn form(member: &Member, which: &Which) -> Ask {
    let t = member.text();
    let code = Question::new("code", Kind::Code, t.say(key::CODE)).hint(t.say(key::GROUP_CODE_HINT));
    let title = if which.code.is_empty() { key::GROUP_NEW } else { key::RENAME };
    Ask::new(member, NEW.into(), t.say(title), back(t))
        .lead(t.say(key::GROUPS_BODY))
        .hidden("known", which.code.clone())
        .ask(code.at("group.code").with(&which.code))
        .ask(Question::new("name", Kind::Text, t.say(key::GROUP_NAME)).at("group.name").with(&which.name))
}

/// The form of a name, new or another one.
pub async fn new(member: Member, Query(which): Query<Which>) -> Result<Response, Failure> {
    Ok(form(&member, &which).show())
}

/// Gives a code a name.
pub async fn set(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let known = Which { code: fields.get("known").to_string(), ..Which::default() };
    let mut ask = form(member, &known).fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let group = PurchasingGroup { code: fields.get("code").into(), name: fields.get("name").into() };
    let request = SetPurchasingGroupRequest { request_id: posted.request_id.clone(), group: Some(group) };
    match member.app().api.groups().set_purchasing_group(member.call(request)).await {
        Ok(_) => Ok(page::go("/purchasing-groups?done=saved")),
        Err(status) => ask.refused(status),
    }
}

fn deleting(member: &Member, which: &Which) -> Ask {
    let t = member.text();
    Ask::new(member, DELETE.into(), t.say(key::GROUP_DELETE), back(t))
        .lead(t.say(key::GROUP_DELETE_BODY))
        .fact(t.say(key::CODE), which.code.clone())
        .fact(t.say(key::GROUP_NAME), which.name.clone())
        .hidden("code", which.code.clone())
        .submit(t.say(key::REMOVE))
        .taking_away()
}

/// Asks once more.
pub async fn ask_delete(member: Member, Query(which): Query<Which>) -> Result<Response, Failure> {
    Ok(deleting(&member, &which).show())
}

/// Takes a name out of the list.
pub async fn delete(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, DELETE, &fields).await?;
    let member = &posted.member;
    let which = Which { code: fields.get("code").to_string(), name: String::new() };
    let mut ask = deleting(member, &which);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request =
        DeletePurchasingGroupRequest { request_id: posted.request_id.clone(), code: which.code.clone() };
    member.app().api.groups().delete_purchasing_group(member.call(request)).await?;
    Ok(page::go("/purchasing-groups?done=removed"))
}
