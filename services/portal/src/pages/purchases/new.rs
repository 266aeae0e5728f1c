//! A new order that is written on a form, for those who buy without a system of their own.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Query, http::StatusCode, response::Response, routing::get};
use proto::{
    access::Permission,
    orders::{Order, PublishOrderRequest, SupplierAddress},
};
use serde::Deserialize;

use super::{
    again,
    draft::{self, Draft, Fault, MOST, Meant},
    questions::Asked,
};
use crate::{
    App,
    added::{self, Added},
    ask::{Kind, Posted, Question},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    page::{self, Page, Tab, link},
    pages::respond,
    session::Member,
    typed::iso,
};

const PATH: &str = "/purchases/new";

/// Where an order begins as one that was bought before; `None` where it cannot.
pub fn like(order: &Order) -> Option<String> {
    again::is_offered(order).then(|| link(PATH, &[("like", &order.id)]))
}

/// What it begins as.
#[derive(Deserialize)]
struct Wish {
    /// An order; empty for an empty form.
    #[serde(default)]
    like: String,
}

/// Where it is written.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/purchases/new", get(show).post(send))
}

#[derive(Template)]
#[template(path = "new_order.html")]
struct NewOrderPage {
    page: Page,
    t: Text,
    token: String,
    lead: String,
    /// Asked before the lines.
    head: Vec<Question>,
    added: Vec<Added>,
    /// Asked after them.
    foot: Vec<Question>,
    units: Vec<(String, String)>,
    today: String,
    can_add: bool,
    /// The elements that they lead to, and what is wrong.
    faults: Vec<Fault>,
}

impl NewOrderPage {
    fn fault(&self, name: &str, at: &usize) -> Option<&str> {
        added::fault(&self.faults, name, *at)
    }
}

/// The form, empty or filled as an order that was bought before.
async fn show(member: Member, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    allowed(&member)?;
    let t = member.text();
    let (draft, lead) = match wish.like.as_str() {
        "" => (Draft::empty(member.app().clock.now(), t.lang.code()), t.say(key::NEW_ORDER_BODY)),
        id => again::begin(&member, id).await?,
    };
    let asked = Asked::read(&member, &draft.head).await?;
    Ok(page::show(&NewOrderPage { lead, ..form(&member, asked, draft, Vec::new()) }))
}

fn allowed(member: &Member) -> Result<(), Failure> {
    if member.may(Permission::OrdersPublish) { Ok(()) } else { Err(Failure::denied()) }
}

fn form(member: &Member, mut asked: Asked, draft: Draft, faults: Vec<Fault>) -> NewOrderPage {
    let t = member.text().clone();
    let app = member.app();
    let faults = asked.blame(faults);
    NewOrderPage {
        page: Page::member(member, Tab::Purchases)
            .titled(t.say(key::NEW_ORDER))
            .with_form("new-order", format!("{PATH}#ai-{}", draft.lines.len())),
        token: app.tokens.make(app, Some(&member.token), PATH),
        lead: t.say(key::NEW_ORDER_BODY),
        units: added::units(&t, &draft.lines),
        today: iso(Some(format::today(app.clock.now()))),
        can_add: draft.lines.len() < MOST,
        head: asked.head,
        foot: asked.foot,
        added: draft.lines,
        faults,
        t,
    }
}

/// Publishes the order, or shows the form once more: with another line, in the other language, or with what is wrong.
/// Only the button below publishes: Enter in a field says no step, and asks for another line.
async fn send(member: Member, fields: Fields) -> Result<Response, Failure> {
    let posted = Posted::read(member, PATH, &fields).await?;
    let member = &posted.member;
    allowed(member)?;
    let more = fields.get("step") != "publish" && !posted.switched();
    let mut draft = Draft::read(fields);
    if more || draft.lines.is_empty() {
        draft.add();
    }
    let asked = Asked::read(member, &draft.head).await?;
    if more || posted.switched() {
        return Ok(posted.kept(page::show(&form(member, asked, draft, Vec::new()))));
    }
    let (t, now) = (member.text(), member.app().clock.now());
    let Meant { content, rows } = match (asked.lacking(t), draft::interpret(t, &draft, format::today(now))) {
        (lacking, Ok(meant)) if lacking.is_empty() => meant,
        (mut faults, meant) => {
            faults.extend(meant.err().unwrap_or_default());
            return Ok(wrong(member, asked, draft, faults));
        }
    };
    let supplier =
        SupplierAddress { firm_id: draft.head.get("supplier").to_string(), ..SupplierAddress::default() };
    let request = PublishOrderRequest {
        request_id: posted.request_id.clone(),
        content: Some(content),
        supplier: Some(supplier),
        ..PublishOrderRequest::default()
    };
    let sent = member.app().api.orders().publish_order(member.call(request)).await;
    match sent.map_err(Failure::from) {
        Ok(receipt) => Ok(respond::done(member, &receipt.into_inner().order_id, "published")),
        Err(failure) if failure.mends() || draft::is_about_supplier(&failure.reason) => {
            let faults = draft::refused(t, &failure, &draft, &rows, &asked);
            Ok(wrong(member, asked, draft, faults))
        }
        Err(failure) => Err(failure),
    }
}

/// The form with what is wrong.
fn wrong(member: &Member, asked: Asked, draft: Draft, faults: Vec<Fault>) -> Response {
    page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &form(member, asked, draft, faults))
}
