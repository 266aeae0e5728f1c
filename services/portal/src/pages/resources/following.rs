//! Owners and categories that the own firm follows: it is told of what they publish.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::{
    access::Permission,
    resources::{FollowRequest, Following, ListFollowingRequest, ResourceCategory, UnfollowRequest},
};
use serde::Deserialize;

use super::{Place, Seen, asking, listing, needs, owner_name, partners, way, words};
use crate::{
    ask::{Ask, Choice, Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    page,
    session::Member,
    table::{Act, Cell, Part, Row},
};

const LIST: &str = "/resources/following";
const FOLLOW: &str = "/resources/follow";

/// What the form begins with.
#[derive(Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    owner: String,
    #[serde(default)]
    category: String,
}

/// The list.
pub async fn show(member: Member, Query(seen): Query<Seen>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesRead)?;
    let t = member.text();
    let request = member.call(ListFollowingRequest {});
    let list = member.app().api.resource_follows().list_following(request).await?.into_inner();
    let firms = partners(&member).await?;
    let mut rows = Vec::new();
    for one in &list.following {
        let owner = match one.owner_id.as_str() {
            "" => t.say(key::RESOURCE_ANY_OWNER),
            id => owner_name(&member, &firms, id).await?,
        };
        rows.push(row(&member, one, owner));
    }
    let columns =
        [key::RESOURCE_OWNER, key::RESOURCE_CATEGORY, key::FOLLOWED_SINCE].map(|label| t.say(label));
    let columns = columns.into_iter().chain([String::new()]).collect();
    let mut page = listing(&member, Place::Following)
        .lead(t.say(key::RESOURCES_FOLLOWING_BODY))
        .done(seen.said(t))
        .part(Part::new(columns, rows, t.say(key::RESOURCES_FOLLOWING_EMPTY)))
        .saved();
    if member.may(Permission::ResourcesUse) {
        page = page.button(FOLLOW, t.say(key::FOLLOW));
    }
    Ok(page.show())
}

fn end_of(id: &str) -> String {
    format!("{LIST}/{id}/end")
}

fn row(member: &Member, one: &Following, owner: String) -> Row {
    let t = member.text();
    let action = end_of(&one.id);
    let token = member.app().tokens.make(member.app(), Some(&member.token), &action);
    let acts = match member.may(Permission::ResourcesUse) {
        true => vec![Act::Do { action, token, label: t.say(key::UNFOLLOW) }],
        false => Vec::new(),
    };
    let category = match one.category() {
        ResourceCategory::Unspecified => t.say(key::RESOURCE_ANY_CATEGORY),
        category => words::category(t, category),
    };
    vec![
        Cell::name(owner),
        Cell::Text(category),
        Cell::Text(t.moment(one.followed_at.as_ref())),
        Cell::Acts(acts),
    ]
}

async fn following(member: &Member, wish: &Wish) -> Result<Ask, Failure> {
    let t = member.text();
    let mut firms = partners(member).await?;
    if !wish.owner.is_empty() && !firms.iter().any(|(id, _)| *id == wish.owner) {
        let name = owner_name(member, &firms, &wish.owner).await?;
        firms.push((wish.owner.clone(), name));
    }
    let firms = firms.into_iter().map(|(id, name)| Choice::new(id, name));
    let owners = [Choice::new("", t.say(key::RESOURCE_ANY_OWNER))].into_iter().chain(firms).collect();
    let categories = words::categories(t, key::RESOURCE_ANY_CATEGORY, "");
    Ok(asking(member, FOLLOW.into(), t.say(key::FOLLOW), way(LIST, t.say(key::RESOURCES_FOLLOWING)))
        .lead(t.say(key::FOLLOW_BODY))
        .submit(t.say(key::FOLLOW))
        .ask(
            Question::of("owner", Kind::Select, t.say(key::RESOURCE_OWNER), owners)
                .optional()
                .at("owner_id")
                .with(&wish.owner),
        )
        .ask(
            Question::of("category", Kind::Select, t.say(key::RESOURCE_CATEGORY), categories)
                .optional()
                .with(&wish.category),
        ))
}

/// Whom, and what of it?
pub async fn form(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    needs(&member, Permission::ResourcesUse)?;
    Ok(following(&member, &wish).await?.show())
}

/// Follows it.
pub async fn follow(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, FOLLOW, &fields).await?;
    let member = &posted.member;
    let wish = Wish { owner: fields.get("owner").into(), category: fields.get("category").into() };
    let mut ask = following(member, &wish).await?;
    if let Some(response) = posted.again(&mut ask) {
        return Ok(response);
    }
    let category = words::category_of(&wish.category);
    if wish.owner.is_empty() && category == ResourceCategory::Unspecified {
        ask.blame("owner", member.text().say(key::FOLLOW_NOTHING));
        return Ok(ask.wrong());
    }
    let request = FollowRequest {
        request_id: posted.request_id.clone(),
        owner_id: wish.owner,
        category: category.into(),
    };
    match member.app().api.resource_follows().follow(member.call(request)).await {
        Ok(_) => Ok(page::go(&format!("{LIST}?done=followed"))),
        Err(status) => ask.refused(status),
    }
}

/// Follows it no more.
pub async fn end(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &end_of(&id), fields.get("token"))?;
    let request = UnfollowRequest { request_id, following_id: id };
    app.api.resource_follows().unfollow(member.call(request)).await?;
    Ok(page::go(&format!("{LIST}?done=unfollowed")))
}
