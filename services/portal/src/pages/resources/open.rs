//! What is open to the own firm: looked for by words, category and owner; and what waits to be acknowledged.

use axum::{extract::Query, response::Response};
use proto::{
    access::Permission,
    resources::{ListResourcesRequest, Resource, ResourceCategory},
};
use serde::Deserialize;

use super::{OPEN, Place, ROWS, Seen, listing, needs, partners, words};
use crate::{
    ask::Choice,
    failure::Failure,
    i18n::key,
    session::Member,
    table::{Cell, Part, Pick, Row, Search},
};

/// What is looked for.
#[derive(Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
    /// A category's number.
    #[serde(default)]
    state: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

impl Wish {
    fn asked(&self) -> ListResourcesRequest {
        let category = words::category_of(&self.state);
        ListResourcesRequest {
            text: self.q.trim().to_owned(),
            categories: Some(category as i32)
                .filter(|_| category != ResourceCategory::Unspecified)
                .into_iter()
                .collect(),
            owner_id: self.owner.clone(),
            page_token: self.page.clone(),
            ..ListResourcesRequest::default()
        }
    }
}

/// A list of resources with whose they are.
pub fn part(member: &Member, resources: &[Resource], empty: String) -> Part {
    let t = member.text();
    let columns = [key::RESOURCE, key::RESOURCE_CATEGORY, key::RESOURCE_CURRENT, key::STATE];
    let rows = resources.iter().map(|one| row(member, one)).collect();
    Part::new(columns.map(|label| t.say(label)).into(), rows, empty)
}

fn row(member: &Member, one: &Resource) -> Row {
    let t = member.text();
    let own = one.owner_id == member.who.firm_id;
    let number = match (own, one.resource_number.is_empty()) {
        (true, _) => one.resource_number.clone(),
        (false, true) => one.owner_name.clone(),
        (false, false) => t.two(key::RESOURCE_SUB, &one.resource_number, &one.owner_name),
    };
    let sub = match words::is_new(one, member.app().clock.now()) && !own && !one.withdrawn {
        true => t.one(key::RESOURCE_NEW, number),
        false => number,
    };
    vec![
        Cell::Name { text: words::name(t, one), href: format!("{OPEN}/{}", one.id), sub },
        Cell::Text(words::category(t, one.content.clone().unwrap_or_default().category())),
        Cell::Text(words::current(t, one.current.as_ref())),
        Cell::Tag(words::standing(t, one, own)),
    ]
}

/// The list.
pub async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesRead)?;
    let t = member.text();
    let request = ListResourcesRequest { page_size: member.rows(ROWS), ..wish.asked() };
    let list = member.app().api.resources().list_resources(member.call(request)).await?.into_inner();
    let firms = partners(&member).await?.into_iter().map(|(id, name)| Choice::new(id, name));
    let mut owners = words::choices(
        [Choice::new("", t.say(key::RESOURCE_ANY_OWNER))].into_iter().chain(firms),
        &wish.owner,
    );
    // An owner that is no partner keeps being chosen while it is looked through.
    if !owners.iter().any(|one| one.on)
        && let Some(first) = list.resources.first()
    {
        owners.push(Choice { on: true, ..Choice::new(&wish.owner, first.owner_name.clone()) });
    }
    let search = Search {
        action: OPEN.into(),
        label: t.say(key::RESOURCES_SEARCH),
        value: wish.q.clone(),
        states: words::categories(t, key::RESOURCE_ANY_CATEGORY, &wish.state),
        states_label: t.say(key::RESOURCE_CATEGORY),
        more: vec![Pick { name: "owner", label: t.say(key::RESOURCE_OWNER), choices: owners }],
        ..Search::default()
    };
    let query = [("q", wish.q.as_str()), ("state", &wish.state), ("owner", &wish.owner)];
    let part = part(&member, &list.resources, t.say(key::RESOURCES_OPEN_EMPTY));
    Ok(listing(&member, Place::Open)
        .lead(t.say(key::RESOURCES_OPEN_BODY))
        .done(words::done(t, &wish.done))
        .search(search)
        .part(part.next(OPEN, &query, &list.next_page_token))
        .saved()
        .show())
}

/// What waits to be acknowledged.
pub async fn waiting(member: Member, Query(seen): Query<Seen>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesUse)?;
    let t = member.text();
    let request = ListResourcesRequest {
        to_acknowledge: true,
        page_size: member.rows(ROWS),
        page_token: seen.page.clone(),
        ..ListResourcesRequest::default()
    };
    let list = member.app().api.resources().list_resources(member.call(request)).await?.into_inner();
    let part = part(&member, &list.resources, t.say(key::RESOURCES_WAITING_EMPTY));
    Ok(listing(&member, Place::Waiting)
        .lead(t.say(key::RESOURCES_WAITING_BODY))
        .done(seen.said(t))
        .part(part.next("/resources/waiting", &[], &list.next_page_token))
        .saved()
        .show())
}
