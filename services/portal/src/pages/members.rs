//! Members of the own firm, and sign-in links for them.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    partners::{CreateSignInLinkRequest, ListMembersRequest, Member as Person, Role},
};
use serde::Deserialize;

use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    pages::partners::{HandoverPage, absolute, handover_frame},
    saved,
    session::Member,
    sheet::Table,
};

/// Which page of the list, and what was just done.
#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

struct Row {
    href: String,
    name: String,
    roles: String,
    /// Sites and purchasing groups that the member is narrowed to; empty for none.
    scope: String,
    tag: Tag,
    /// Where to make a link, and the form's token; `None` for a member that is disabled.
    make: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    page: Page,
    t: Text,
    heading: String,
    done: String,
    rows: Vec<Row>,
    files: Vec<Way>,
    next: String,
}

/// Who acts for this firm.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    if !member.may(Permission::MembersAdmin) {
        return Err(Failure::denied());
    }
    let t = member.text().clone();
    let request = ListMembersRequest { page_size: member.rows(100), page_token: place.page };
    let list = member.app().api.members().list_members(member.call(request)).await?.into_inner();
    let heading = t.say(key::NAV_MEMBERS);
    let done = match place.done.as_str() {
        "added" => t.say(key::MEMBER_ADDED),
        "changed" => t.say(key::MEMBER_CHANGED),
        _ => String::new(),
    };
    let rows = list.members.into_iter().map(|person| row(&member, person));
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link("/members", &[("page", token)]),
    };
    if member.visitor.saving {
        let rows = rows.map(|row| vec![row.name, row.roles, row.scope, row.tag.label]).collect();
        let headings = [key::PERSON, key::ROLES, key::SAVE_SCOPE, key::STATE];
        return Ok(saved::tables(heading, vec![Table::new(&t, &headings, rows, next)]));
    }
    Ok(page::show(&MembersPage {
        page: Page::member(&member, Tab::Members).titled(heading.clone()),
        heading,
        done,
        rows: rows.collect(),
        files: saved::ways(&t, "/members"),
        next,
        t,
    }))
}

fn row(member: &Member, person: Person) -> Row {
    let t = member.text();
    let roles: Vec<String> = person.roles().map(|role| t.say(role_name(role))).collect();
    let make = (!person.disabled).then(|| {
        let token = member.app().tokens.make(member.app(), Some(&member.token), &purpose(&person.id));
        (format!("/members/{}/sign-in-link", person.id), token)
    });
    let (shape, label) = match person.disabled {
        true => ("cancelled", key::MEMBER_DISABLED),
        false => ("accepted", key::MEMBER_ACTIVE),
    };
    let scope = person.scope.unwrap_or_default();
    let scope: Vec<String> = scope.sites.into_iter().chain(scope.purchasing_groups).collect();
    Row {
        href: format!("/members/{}", person.id),
        name: person.name,
        roles: roles.join(&t.say(key::LIST_JOIN)),
        scope: scope.join(&t.say(key::LIST_JOIN)),
        tag: Tag { shape, label: t.say(label) },
        make,
    }
}

pub fn role_name(role: Role) -> Key<0> {
    match role {
        Role::Admin => key::ROLE_ADMIN,
        Role::Buyer => key::ROLE_BUYER,
        Role::Sales => key::ROLE_SALES,
        Role::Operator => key::ROLE_OPERATOR,
        Role::Viewer | Role::Unspecified => key::ROLE_VIEWER,
    }
}

fn purpose(id: &str) -> String {
    format!("sign-in-link {id}")
}

/// Makes a link that signs a member in, and shows it once.
pub async fn make_link(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = CreateSignInLinkRequest { request_id, member_id: id };
    let made = app.api.members().create_sign_in_link(member.call(request)).await?.into_inner();
    let t = member.text().clone();
    let title = t.say(key::HANDOVER_SIGN_IN);
    Ok(page::show(&HandoverPage {
        page: handover_frame(&member, Tab::Members, "/members").titled(title.clone()),
        title,
        advice: t.say(key::HANDOVER_SIGN_IN_BODY),
        link: absolute(&member, &made.path),
        expires: t.moment(made.expires_at.as_ref()),
        back: "/members",
        back_label: t.say(key::NAV_MEMBERS),
        t,
    }))
}
