//! The buyer asks its supplier to wait, or to go on.

use askama::Template;
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::Response,
};
use proto::orders::{HoldOrderRequest, HoldReason, Order, ReleaseOrderRequest};

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    page::{self, Page, Tab},
    pages::{
        ending::{self, Summary},
        respond, sign_in,
    },
    session::Member,
};

#[derive(Template)]
#[template(path = "hold.html")]
struct HoldPage {
    page: Page,
    t: Text,
    back: String,
    number: String,
    action: String,
    token: String,
    title: String,
    lead: String,
    /// Empty where the order goes on.
    reasons: Vec<(i32, String)>,
    reason: i32,
    note: String,
    faults: Vec<Summary>,
    submit: String,
}

impl HoldPage {
    fn fault(&self, href: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.href == href).map(|fault| fault.text.as_str())
    }
}

/// The form to hold.
pub async fn hold_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    show(&member, &id, true).await
}

/// The form to release.
pub async fn release_form(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    show(&member, &id, false).await
}

async fn show(member: &Member, id: &str, holds: bool) -> Result<Response, Failure> {
    let order = ending::open(member, id).await?.order;
    match order.held == holds {
        true => Ok(respond::changed(member, id)),
        false => Ok(page::show(&form(member, order, holds, &Fields::default(), Vec::new()))),
    }
}

fn form(member: &Member, order: Order, holds: bool, typed: &Fields, faults: Vec<Summary>) -> HoldPage {
    let t = member.text().clone();
    let app = member.app();
    let pick = |hold, release| if holds { hold } else { release };
    let number = order.content.map(|content| content.order_number).unwrap_or_default();
    let action = format!("/orders/{}/{}", order.id, if holds { "hold" } else { "release" });
    let title = t.one(if holds { key::HOLD_TITLE } else { key::RELEASE_TITLE }, &number);
    let lead = if holds { key::HOLD_BODY } else { key::RELEASE_BODY };
    let reasons = (1..=5).filter_map(|number| HoldReason::try_from(number).ok());
    HoldPage {
        page: Page::member(member, Tab::Purchases).titled(title.clone()).with_form("hold", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &purpose(holds, &order.id)),
        back: format!("/orders/{}", order.id),
        lead: t.one(lead, &order.supplier_name),
        reasons: match holds {
            true => reasons.map(|one| (one as i32, t.say(reason(one)))).collect(),
            false => Vec::new(),
        },
        reason: typed.get("reason").parse().unwrap_or_default(),
        note: typed.get("note").to_string(),
        submit: t.say(pick(key::HOLD, key::RELEASE)),
        number,
        action,
        title,
        faults,
        t,
    }
}

fn reason(reason: HoldReason) -> Key<0> {
    match reason {
        HoldReason::Demand => key::HOLD_DEMAND,
        HoldReason::Engineering => key::CANCEL_ENGINEERING,
        HoldReason::Quality => key::CANCEL_QUALITY,
        HoldReason::Payment => key::HOLD_PAYMENT,
        HoldReason::Other | HoldReason::Unspecified => key::REASON_OTHER,
    }
}

fn purpose(holds: bool, id: &str) -> String {
    format!("{} {id}", if holds { "hold" } else { "release" })
}

/// Asks the supplier to wait.
pub async fn hold(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    send(member, id, true, fields).await
}

/// Asks the supplier to go on.
pub async fn release(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    send(member, id, false, fields).await
}

async fn send(member: Member, id: String, holds: bool, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(holds, &id), fields.get("token"))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let order = ending::open(&member, &id).await?.order;
        let mut response = page::show(&form(&member, order, holds, &fields, Vec::new()));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let (order_id, note) = (id.clone(), fields.get("note").to_string());
    let sent = match holds {
        true => {
            let faults = missing(member.text(), &fields);
            if !faults.is_empty() {
                let order = ending::open(&member, &id).await?.order;
                let shown = form(&member, order, holds, &fields, faults);
                return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
            }
            let reason = fields.get("reason").parse().unwrap_or_default();
            let request = HoldOrderRequest { request_id, order_id, reason, note };
            app.api.changes().hold_order(member.call(request)).await
        }
        false => {
            let request = ReleaseOrderRequest { request_id, order_id, note };
            app.api.changes().release_order(member.call(request)).await
        }
    };
    match sent.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, if holds { "held" } else { "released" })),
        // A colleague was faster.
        Err(failure) if failure.is("HOLD_UNCHANGED") => Ok(respond::changed(&member, &id)),
        Err(failure) => Err(failure),
    }
}

fn missing(t: &Text, fields: &Fields) -> Vec<Summary> {
    let reason = fields.get("reason").parse::<i32>().ok().and_then(|n| HoldReason::try_from(n).ok());
    let (href, text) = match reason {
        None | Some(HoldReason::Unspecified) => ("#reason-1", key::FAULT_REASON),
        Some(HoldReason::Other) if fields.get("note").is_empty() => ("#note", key::FAULT_NOTE),
        Some(_) => return Vec::new(),
    };
    vec![Summary { href: href.into(), text: t.say(text) }]
}
