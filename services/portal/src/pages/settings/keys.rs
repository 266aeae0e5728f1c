//! API keys of the own firm: made and shown once, listed without their secrets, revoked.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use chassis::value::timestamp;
use proto::partners::{ApiKey, CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest, Role};
use serde::Deserialize;
use time::{Date, OffsetDateTime, Time};

use super::{Fault, Tick, roles};
use crate::{
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    order::Tag,
    page::{self, Page, Tab, link},
    pages::members::role_name,
    saved,
    session::Member,
    sheet::Table,
    typed,
};

const PURPOSE: &str = "new key";

/// Which page of the list, and what was just done.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

struct Row {
    name: String,
    id: String,
    roles: String,
    tag: Tag,
    since: String,
    until: String,
    /// Where to revoke it, and the form's token; `None` once it is.
    revoke: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    page: Page,
    t: Text,
    rows: Vec<Row>,
    files: Vec<Way>,
    next: String,
    token: String,
    name: String,
    expires: String,
    roles: Vec<Tick>,
    faults: Vec<Fault>,
    done: String,
}

/// A key that is shown this once.
#[derive(Template)]
#[template(path = "key.html")]
struct MadePage {
    page: Page,
    t: Text,
    name: String,
    /// Empty where it was shown before.
    secret: String,
}

/// The list, and the form of a new one.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    let done = if place.done == "revoked" { member.text().say(key::DONE_KEY_REVOKED) } else { String::new() };
    let shown = page_of(&member, place.page, &Fields::default(), Vec::new(), done).await?;
    Ok(if member.visitor.saving { hand_over(shown) } else { page::show(&shown) })
}

/// The keys of a page for a file, which are no secrets.
fn hand_over(shown: KeysPage) -> Response {
    let t = shown.t;
    let cells = |row: Row| vec![row.name, row.id, row.roles, row.since, row.until, row.tag.label];
    let headings = [key::KEY_NAME, key::SAVE_KEY_ID, key::ROLES, key::SINCE, key::KEY_UNTIL, key::STATE];
    let table = Table::new(&t, &headings, shown.rows.into_iter().map(cells).collect(), shown.next);
    saved::tables(t.say(key::KEYS), vec![table])
}

async fn page_of(
    member: &Member,
    page_token: String,
    typed: &Fields,
    faults: Vec<Fault>,
    done: String,
) -> Result<KeysPage, Failure> {
    let app = member.app();
    let t = member.text().clone();
    let request = ListApiKeysRequest { page_size: member.rows(100), page_token };
    let list = app.api.members().list_api_keys(member.call(request)).await?.into_inner();
    let ticked = roles(typed);
    let now = app.clock.now();
    Ok(KeysPage {
        page: Page::member(member, Tab::Settings).titled(t.say(key::KEYS)),
        rows: list.api_keys.iter().map(|one| row(member, one, now)).collect(),
        files: saved::ways(&t, "/keys"),
        next: match list.next_page_token.as_str() {
            "" => String::new(),
            token => link("/keys", &[("page", token)]),
        },
        token: app.tokens.make(app, Some(&member.token), PURPOSE),
        name: typed.get("name").to_string(),
        expires: typed.get("expires").to_string(),
        roles: [Role::Buyer, Role::Sales, Role::Viewer, Role::Admin]
            .map(|role| Tick {
                value: (role as i32).to_string(),
                label: t.say(role_name(role)),
                on: ticked.contains(&(role as i32)),
            })
            .into(),
        faults,
        done,
        t,
    })
}

fn row(member: &Member, one: &ApiKey, now: OffsetDateTime) -> Row {
    let t = member.text();
    let app = member.app();
    let over = one.expires_at.as_ref().is_some_and(|at| at.seconds <= now.unix_timestamp());
    let (shape, label) = match (one.revoked_at.is_some(), over) {
        (true, _) => ("cancelled", key::KEY_REVOKED),
        (false, true) => ("cancelled", key::KEY_EXPIRED),
        (false, false) => ("accepted", key::MEMBER_ACTIVE),
    };
    let names: Vec<String> = one.roles().map(|role| t.say(role_name(role))).collect();
    let revoke = one.revoked_at.is_none().then(|| {
        let token = app.tokens.make(app, Some(&member.token), &revoking(&one.id));
        (format!("/keys/{}/revoke", one.id), token)
    });
    Row {
        name: one.name.clone(),
        id: one.id.clone(),
        roles: names.join(&t.say(key::LIST_JOIN)),
        tag: Tag { shape, label: t.say(label) },
        since: t.moment(one.created_at.as_ref()),
        until: one.expires_at.as_ref().map_or_else(|| t.say(key::KEY_NEVER), |at| t.moment(Some(at))),
        revoke,
    }
}

fn revoking(id: &str) -> String {
    format!("revoke {id}")
}

/// Makes a key and shows it once.
pub async fn make(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), PURPOSE, fields.get("token"))?;
    let t = member.text().clone();
    let mut faults = Vec::new();
    if fields.get("name").is_empty() {
        faults.push(Fault::new("name", t.one(key::FAULT_FIELD, t.say(key::KEY_NAME))));
    }
    if roles(&fields).is_empty() {
        faults.push(Fault::new("role-1", t.say(key::FAULT_ROLES)));
    }
    let expires = typed::date(fields.get("expires")).unwrap_or_else(|()| {
        faults.push(Fault::new("expires", t.one(key::FAULT_FIELD, t.say(key::KEY_UNTIL))));
        None
    });
    if faults.is_empty() {
        let request = CreateApiKeyRequest {
            request_id,
            name: fields.get("name").to_string(),
            roles: roles(&fields),
            scope: None,
            expires_at: expires.and_then(day_after).map(timestamp),
        };
        match app.api.members().create_api_key(member.call(request)).await.map_err(Failure::from) {
            Ok(made) => {
                let page = Page::member(&member, Tab::Settings).titled(t.say(key::KEY_MADE));
                let page = Page { here: "/keys".into(), ..page };
                let name = fields.get("name").to_string();
                return Ok(page::show(&MadePage { page, name, secret: made.into_inner().key, t }));
            }
            Err(failure) => {
                let labels = [
                    ("name", "name", key::KEY_NAME),
                    ("roles", "role-1", key::ROLES),
                    ("expires_at", "expires", key::KEY_UNTIL),
                ];
                faults = Fault::of(&failure, &t, &labels);
            }
        }
    }
    let shown = page_of(&member, String::new(), &fields, faults, String::new()).await?;
    Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

/// The end of a day in China, as people mean the last day that something works.
fn day_after(day: Date) -> Option<OffsetDateTime> {
    Some(day.next_day()?.with_time(Time::MIDNIGHT).assume_offset(time::macros::offset!(+8)))
}

/// Ends a key.
pub async fn revoke(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &revoking(&id), fields.get("token"))?;
    let request = RevokeApiKeyRequest { request_id, api_key_id: id };
    app.api.members().revoke_api_key(member.call(request)).await?;
    Ok(page::go("/keys?done=revoked"))
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_key_works_through_its_last_day() {
        assert_eq!(day_after(date!(2026 - 12 - 31)), Some(datetime!(2026-12-31 16:00 UTC)));
    }
}
