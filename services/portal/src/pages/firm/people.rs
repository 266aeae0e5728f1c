//! Adding members, and changing what they may do.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    partners::{CreateMemberRequest, ListMembersRequest, Member as Person, Role, Scope, UpdateMemberRequest},
};

use crate::{
    ask::{Ask, Choice, Kind, Posted, Question, Way},
    failure::Failure,
    form::Fields,
    i18n::{Key, Lang, Text, key},
    page,
    pages::{firm::scope, members::role_name},
    session::Member,
};

const NEW: &str = "/members/new";

/// Roles with what they allow. The operator's is given by operators alone.
fn role_choices(member: &Member, on: &[i32]) -> Vec<Choice> {
    let t = member.text();
    let hints: [(Role, Key<0>); 4] = [
        (Role::Buyer, key::ROLE_BUYER_HINT),
        (Role::Sales, key::ROLE_SALES_HINT),
        (Role::Viewer, key::ROLE_VIEWER_HINT),
        (Role::Admin, key::ROLE_ADMIN_HINT),
    ];
    let operates = member.may(Permission::Operate).then_some((Role::Operator, key::ROLE_OPERATOR_HINT));
    let all = hints.into_iter().chain(operates);
    all.map(|(role, hint)| Choice {
        value: (role as i32).to_string(),
        label: t.say(role_name(role)),
        hint: t.say(hint),
        on: on.contains(&(role as i32)),
    })
    .collect()
}

/// Which of the two languages somebody reads.
pub fn languages(t: &Text) -> Vec<Choice> {
    [(Lang::Zh, key::LANGUAGE_ZH), (Lang::En, key::LANGUAGE_EN)]
        .map(|(lang, name)| Choice::new(lang.code(), t.say(name)))
        .into()
}

fn back(t: &Text) -> Way {
    Way { href: "/members".into(), label: t.say(key::NAV_MEMBERS) }
}

fn roles(fields: &Fields) -> Vec<i32> {
    fields.all("role").filter_map(|role| role.parse().ok()).collect()
}

async fn adding(member: &Member) -> Result<Ask, Failure> {
    let t = member.text();
    let roles = Question::of("role", Kind::Boxes, t.say(key::ROLES), role_choices(member, &[])).at("roles");
    let language = Question::of("locale", Kind::Radios, t.say(key::LANGUAGE), languages(t));
    let scope =
        scope::questions(member, &Scope::default(), ["scope.sites", "scope.purchasing_groups"]).await?;
    Ok(Ask::new(member, NEW.into(), t.say(key::MEMBER_NEW), back(t))
        .lead(t.say(key::MEMBER_NEW_BODY))
        .submit(t.say(key::MEMBER_NEW))
        .ask(Question::new("name", Kind::Text, t.say(key::PERSON)))
        .ask(roles)
        .ask_all(scope)
        .ask(language.with(t.lang.code())))
}

/// The form of a new member.
pub async fn new(member: Member) -> Result<Response, Failure> {
    if !member.may(Permission::MembersAdmin) {
        return Err(Failure::denied());
    }
    Ok(adding(&member).await?.show())
}

/// Adds a member.
pub async fn create(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, NEW, &fields).await?;
    let member = &posted.member;
    let mut ask = adding(member).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let request = CreateMemberRequest {
        request_id: posted.request_id.clone(),
        name: fields.get("name").to_string(),
        roles: roles(&fields),
        scope: scope::read(&fields),
        locale: fields.get("locale").to_string(),
    };
    match member.app().api.members().create_member(member.call(request)).await {
        Ok(_) => Ok(page::go("/members?done=added")),
        Err(status) => ask.refused(status),
    }
}

/// One of the firm's members.
async fn find(member: &Member, id: &str) -> Result<Person, Failure> {
    let mut page_token = String::new();
    loop {
        let request = ListMembersRequest { page_size: 1_000, page_token };
        let list = member.app().api.members().list_members(member.call(request)).await?.into_inner();
        if let Some(person) = list.members.into_iter().find(|person| person.id == id) {
            return Ok(person);
        }
        if list.next_page_token.is_empty() {
            return Err(Failure::not_found());
        }
        page_token = list.next_page_token;
    }
}

async fn changing(member: &Member, person: &Person) -> Result<Ask, Failure> {
    let t = member.text();
    let roles = Question::of("role", Kind::Boxes, t.say(key::ROLES), role_choices(member, &person.roles));
    let scope = person.scope.clone().unwrap_or_default();
    let paths = ["member.scope.sites", "member.scope.purchasing_groups"];
    let states = vec![
        Choice { hint: t.say(key::MEMBER_ACTIVE_HINT), ..Choice::new("no", t.say(key::MEMBER_ACTIVE)) },
        Choice { hint: t.say(key::MEMBER_DISABLED_HINT), ..Choice::new("yes", t.say(key::MEMBER_DISABLED)) },
    ];
    let state = Question::of("disabled", Kind::Radios, t.say(key::STATE), states);
    Ok(Ask::new(member, format!("/members/{}", person.id), person.name.clone(), back(t))
        .lead(t.say(key::MEMBER_EDIT_BODY))
        .hidden("etag", person.etag.clone())
        .ask(roles.at("member.roles"))
        .ask_all(scope::questions(member, &scope, paths).await?)
        .ask(state.with(if person.disabled { "yes" } else { "no" })))
}

/// The form of a member.
pub async fn edit(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let person = find(&member, &id).await?;
    Ok(changing(&member, &person).await?.show())
}

/// Changes what a member may do.
pub async fn update(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, &format!("/members/{id}"), &fields).await?;
    let member = &posted.member;
    let person = find(member, &id).await?;
    let mut ask = changing(member, &person).await?.fill(&fields);
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let changed = Person {
        id,
        roles: roles(&fields),
        scope: scope::read(&fields),
        disabled: fields.get("disabled") == "yes",
        etag: fields.get("etag").to_string(),
        ..Person::default()
    };
    let request = UpdateMemberRequest { request_id: posted.request_id.clone(), member: Some(changed) };
    match member.app().api.members().update_member(member.call(request)).await {
        Ok(_) => Ok(page::go("/members?done=changed")),
        Err(status) => ask.refused(status),
    }
}
