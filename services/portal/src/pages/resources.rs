//! Digital resources 数字化资源: what partners open to the own firm, and what it opens to them.

mod asked;
mod compare;
mod entitled;
mod files;
mod following;
mod grant;
mod impact;
mod log;
mod one;
mod open;
mod own;
mod publish;
mod release;
mod send;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use proto::{
    access::Permission,
    partners::{ListRelationshipsRequest, RelationshipState},
    resources::{GetResourceRequest, GetRevisionRequest, ListResourcesRequest, Resource, Revision},
};
use serde::Deserialize;

use crate::{
    App,
    ask::{Ask, Way},
    failure::Failure,
    i18n::{Key, Text, key},
    page::{Link, Tab},
    saved::file_of,
    session::Member,
    table::Listing,
};

pub use open::part;

/// What others open to the own firm.
pub const OPEN: &str = "/resources";
/// What the own firm opens.
pub const OWN: &str = "/resources/own";
/// Rows of a page.
const ROWS: i32 = 50;
/// Rows of lists that stand on one page as a whole.
const ALL: i32 = 1_000;

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/resources", get(open::show))
        .route("/resources/export", file_of(open::show))
        .route("/resources/waiting", get(open::waiting))
        .route("/resources/waiting/export", file_of(open::waiting))
        .route("/resources/mine", get(asked::show))
        .route("/resources/mine/export", file_of(asked::show))
        .route("/resources/following", get(following::show))
        .route("/resources/following/export", file_of(following::show))
        .route("/resources/following/{id}/end", post(following::end))
        .route("/resources/follow", get(following::form).post(following::follow))
        .route("/resources/own", get(own::show))
        .route("/resources/own/export", file_of(own::show))
        .route("/resources/new", get(publish::form).post(publish::create))
        .route("/resources/entitlements", get(entitled::show))
        .route("/resources/entitlements/export", file_of(entitled::show))
        .route("/resources/entitlements/{id}/{step}", get(entitled::form).post(entitled::decide))
        .route("/resources/access", get(log::show))
        .route("/resources/access/export", get(log::export))
        .route("/resources/compare", get(compare::show))
        .route("/resources/revisions/{id}/acknowledge", get(asked::acknowledge_form).post(asked::acknowledge))
        .route("/resources/revisions/{id}/acknowledgements", get(own::acknowledgements))
        .route("/resources/revisions/{id}/acknowledgements/export", file_of(own::acknowledgements))
        .merge(transfers())
        .route("/resources/revisions/{id}/release", get(release::release_form).post(release::release))
        .route("/resources/revisions/{id}/withdraw", get(release::withdraw_form).post(release::withdraw))
        .route("/resources/revisions/{id}/impact", get(impact::show))
        .route("/resources/revisions/{id}/impact/export", file_of(impact::show))
        .route("/resources/revisions/{id}/apply", get(impact::apply_form).post(impact::apply))
        .route("/resources/policy", get(impact::policy_form).post(impact::policy))
        .route("/resources/{id}", get(one::show))
        .route("/resources/{id}/request", get(asked::request_form).post(asked::request))
        .route("/resources/{id}/change", get(publish::change_form).post(publish::change))
        .route("/resources/{id}/withdraw", get(own::withdraw_form).post(own::withdraw))
        .route("/resources/{id}/revise", get(release::draft_form).post(release::draft))
        .route("/resources/{id}/grant", get(grant::form).post(grant::send))
}

/// Files, which pass through in whatever size the API takes.
fn transfers() -> Router<Arc<App>> {
    let open = DefaultBodyLimit::disable();
    Router::new()
        .route("/resources/revisions/{id}/files", get(files::show).post(send::form).layer(open))
        .route("/resources/revisions/{id}/files/uploads", post(send::begin))
        .route(
            "/resources/revisions/{id}/files/uploads/{upload}",
            get(send::how_far).post(send::piece).layer(open),
        )
        .route("/resources/revisions/{id}/files/uploads/{upload}/finish", post(send::end))
        .route("/resources/files/{id}", get(files::save))
        .route("/resources/files/{id}/remove", post(files::remove))
}

/// The pages that stand beside each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Open,
    Waiting,
    Mine,
    Following,
    Own,
    Entitled,
    Access,
}

/// Who needs a page, where it is, and what it is called; in the order of the line.
const PLACES: &[(Place, Permission, &str, Key<0>)] = &[
    (Place::Open, Permission::ResourcesRead, OPEN, key::RESOURCES_OPEN),
    (Place::Waiting, Permission::ResourcesUse, "/resources/waiting", key::RESOURCES_WAITING),
    (Place::Mine, Permission::ResourcesUse, "/resources/mine", key::RESOURCES_MINE),
    (Place::Following, Permission::ResourcesUse, "/resources/following", key::RESOURCES_FOLLOWING),
    (Place::Own, Permission::ResourcesPublish, OWN, key::RESOURCES_OWN),
    (Place::Entitled, Permission::ResourcesPublish, "/resources/entitlements", key::RESOURCES_ENTITLED),
    (Place::Access, Permission::ResourcesPublish, "/resources/access", key::RESOURCES_ACCESS),
];

/// A list with the line that leads to the others.
fn listing(member: &Member, place: Place) -> Listing {
    let t = member.text();
    let open = PLACES.iter().filter(|(_, permission, ..)| member.may(*permission));
    let links = open.map(|(one, _, href, label)| {
        let (label, current) = (t.say(label), *one == place);
        Link { href, label, current, tucked: false }
    });
    let heading = PLACES.iter().find(|(one, ..)| *one == place).map(|(.., label)| t.say(label));
    Listing::new(member, Tab::Resources, heading.unwrap_or_default(), None)
        .beside(t.say(key::NAV_RESOURCES), links.collect())
        .live("resource revision entitlement")
}

/// A page that asks for something.
fn asking(member: &Member, action: String, title: String, back: Way) -> Ask {
    Ask::below(member, Tab::Resources, action, title, back)
}

fn way(href: impl Into<String>, label: String) -> Way {
    Way { href: href.into(), label }
}

/// The way back to a resource.
fn back_to(t: &Text, resource: &Resource) -> Way {
    way(format!("{OPEN}/{}", resource.id), words::name(t, resource))
}

/// What was just done, or which page of a list.
#[derive(Default, Deserialize)]
pub struct Seen {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
    /// Words that are looked for, where the list looks for any.
    #[serde(default)]
    q: String,
}

impl Seen {
    fn said(&self, t: &Text) -> String {
        words::done(t, &self.done)
    }
}

fn needs(member: &Member, permission: Permission) -> Result<(), Failure> {
    if member.may(permission) { Ok(()) } else { Err(Failure::denied()) }
}

async fn resource(member: &Member, id: &str) -> Result<Resource, Failure> {
    let request = GetResourceRequest { resource_id: id.to_owned(), ..GetResourceRequest::default() };
    Ok(member.app().api.resources().get_resource(member.call(request)).await?.into_inner())
}

async fn revision(member: &Member, id: &str) -> Result<Revision, Failure> {
    let request = GetRevisionRequest { revision_id: id.to_owned() };
    Ok(member.app().api.resource_revisions().get_revision(member.call(request)).await?.into_inner())
}

/// Firms with an active relationship, by id and name; nobody where the roles do not allow it.
async fn partners(member: &Member) -> Result<Vec<(String, String)>, Failure> {
    if !member.may(Permission::PartnersRead) {
        return Ok(Vec::new());
    }
    let request = ListRelationshipsRequest { page_size: ALL, ..ListRelationshipsRequest::default() };
    let list = member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
    let active = list.relationships.into_iter().filter(|one| one.state() == RelationshipState::Active);
    let mut firms: Vec<(String, String)> = active
        .map(|one| match one.buyer_id == member.who.firm_id {
            true => (one.supplier_id, one.supplier_name),
            false => (one.buyer_id, one.buyer_name),
        })
        .collect();
    firms.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    firms.dedup();
    Ok(firms)
}

/// The owner's name, as its resources say it, where it is no partner.
async fn owner_name(member: &Member, firms: &[(String, String)], id: &str) -> Result<String, Failure> {
    if let Some((_, name)) = firms.iter().find(|(firm, _)| firm == id) {
        return Ok(name.clone());
    }
    let request = ListResourcesRequest { owner_id: id.to_owned(), page_size: 1, ..Default::default() };
    let list = member.app().api.resources().list_resources(member.call(request)).await?.into_inner();
    let name = list.resources.into_iter().next().map(|one| one.owner_name);
    Ok(name.unwrap_or_else(|| member.text().say(key::FIRM_UNKNOWN)))
}

/// How many released revisions wait for the firm's acknowledgement, up to a page of them; none where that cannot be found
/// out, since orders do not wait for it.
pub async fn to_acknowledge(member: &Member) -> usize {
    if !member.may(Permission::ResourcesUse) {
        return 0;
    }
    let request = ListResourcesRequest { to_acknowledge: true, page_size: ROWS, ..Default::default() };
    let list = member.app().api.resources().list_resources(member.call(request)).await;
    list.map_or(0, |list| list.into_inner().resources.len())
}
