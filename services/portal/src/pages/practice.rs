//! 练习: an order that is made up, to be answered as real ones are. It stands on their pages, and its answers are read by
//! what reads theirs.
//!
//! **Invariant:** nothing is kept and nobody is told: no answer leaves the portal.

mod example;

use std::sync::Arc;

use axum::{Router, http::header, response::Response, routing::get};
use proto::{access::Permission, orders::LineResponse};

use crate::{
    App, answer,
    failure::Failure,
    form::Fields,
    format,
    i18n::key,
    order::Loaded,
    pages::{
        accept, change,
        order::{self, Done, Fact},
        preview, refuse,
        respond::{self, Place},
        sign_in,
    },
    session::Member,
};

/// The made-up order, where orders have an id.
pub const ID: &str = "practice";
/// Where it stands.
pub const PATH: &str = "/practice";

/// Its pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(PATH, get(show))
        .route("/practice/accept", get(accept_form).post(try_accept))
        .route("/practice/change", get(change_form).post(try_change))
        .route("/practice/refuse", get(refuse_form).post(try_refuse))
}

/// The order, for those who answer orders.
fn made_up(member: &Member) -> Result<Loaded, Failure> {
    if !member.may(Permission::OrdersRespond) {
        return Err(Failure::denied());
    }
    let firm = (member.who.firm_id.as_str(), member.firm_name());
    Ok(example::example(member.text(), firm, member.app().clock.now()))
}

/// The form is one of ours.
fn check(member: &Member, fields: &Fields) -> Result<(), Failure> {
    let tokens = &member.app().tokens;
    tokens.check(Some(&member.token), &respond::purpose(ID), fields.get("token")).map(|_| ())
}

/// The order as it would stand after an answer, and what would happen, in a sentence.
fn told(member: &Member, loaded: Loaded, responses: &[LineResponse], body: String) -> Response {
    let t = member.text();
    let done = Done {
        title: t.say(key::PRACTICE_DONE),
        body,
        warns: false,
        next: Some(Fact { label: t.say(key::PRACTICE_AGAIN), value: PATH.into() }),
        back: Fact { label: t.say(key::NAV_INBOX), value: "/inbox".into() },
    };
    let answered = example::answered(loaded, responses, member.app().clock.now());
    order::made_up(member, answered, Some(done))
}

async fn show(member: Member) -> Result<Response, Failure> {
    Ok(order::made_up(&member, made_up(&member)?, None))
}

async fn accept_form(member: Member) -> Result<Response, Failure> {
    Ok(accept::confirm(&member, made_up(&member)?, false))
}

async fn try_accept(member: Member, fields: Fields) -> Result<Response, Failure> {
    check(&member, &fields)?;
    let loaded = made_up(&member)?;
    let said = member.text().one(key::PRACTICE_ACCEPTED, &loaded.order.buyer_name);
    let responses = example::all_accepted(&loaded);
    Ok(told(&member, loaded, &responses, said))
}

async fn change_form(member: Member) -> Result<Response, Failure> {
    Ok(change::filled(&member, made_up(&member)?, &Place::default(), &[], ""))
}

async fn try_change(member: Member, fields: Fields) -> Result<Response, Failure> {
    check(&member, &fields)?;
    let (typed, place) = (answer::read(&fields), Place::default());
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let mut response = change::filled(&member, made_up(&member)?, &place, &typed, fields.get("note"));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let loaded = made_up(&member)?;
    let reading = match answer::interpret(&typed, format::today(member.app().clock.now())) {
        Ok(reading) if !reading.responses.is_empty() => reading,
        Ok(_) => return Ok(change::mended(&member, loaded, &place, &fields, &[])),
        Err(faults) => return Ok(change::mended(&member, loaded, &place, &fields, &faults)),
    };
    let would = example::preview(&reading.responses);
    if !fields.get("preview").is_empty() {
        return Ok(change::previewed(&member, loaded, &place, &fields, &would));
    }
    let t = member.text();
    let effect = preview::sentence(t, &would);
    let said = t.two(key::PRACTICE_CHANGED, &loaded.order.buyer_name, effect);
    Ok(told(&member, loaded, &reading.responses, said))
}

async fn refuse_form(member: Member) -> Result<Response, Failure> {
    Ok(refuse::filled(&member, made_up(&member)?, &Fields::default()))
}

async fn try_refuse(member: Member, fields: Fields) -> Result<Response, Failure> {
    check(&member, &fields)?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let mut response = refuse::filled(&member, made_up(&member)?, &fields);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let loaded = made_up(&member)?;
    match refuse::refusal(&fields) {
        Ok(responses) => {
            let said = member.text().one(key::PRACTICE_REFUSED, &loaded.order.buyer_name);
            Ok(told(&member, loaded, &responses, said))
        }
        Err(lack) => Ok(refuse::lacking(&member, loaded, &fields, lack)),
    }
}
