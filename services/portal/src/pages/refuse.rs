//! 无法供应: nothing of what is unanswered, with a reason.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::Response,
};
use proto::orders::{LineResponse, Reject, RejectReason, RespondToOrderRequest, line_response::Answer};

use crate::{
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    order::{self, Loaded},
    page::{self, Page, Tab},
    pages::{
        respond::{self, Place},
        sign_in,
    },
    session::Member,
};

#[derive(Template)]
#[template(path = "refuse.html")]
struct RefusePage {
    page: Page,
    t: Text,
    /// The order's page.
    back: String,
    number: String,
    partner: String,
    action: String,
    token: String,
    revision: i32,
    /// Schedule lines that the answer covers.
    ids: Vec<String>,
    lines: String,
    reasons: Vec<(i32, String)>,
    reason: i32,
    note: String,
    reason_fault: String,
    note_fault: String,
    changed: bool,
    /// Whether further lines do not fit, and have to be answered after these.
    more: bool,
}

/// The reasons to choose from.
pub async fn show(
    member: Member,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    match respond::open(&member, &id, &place.from).await? {
        Some(loaded) => Ok(page::show(&form(&member, loaded, &Fields::default()))),
        None => Ok(respond::changed(&member, &id)),
    }
}

fn form(member: &Member, loaded: Loaded, typed: &Fields) -> RefusePage {
    let t = member.text().clone();
    let app = member.app();
    let order = loaded.order;
    let number = order.content.map(|content| content.order_number).unwrap_or_default();
    let waiting = loaded.rows.iter().filter(|row| !row.unanswered().is_zero());
    let ids: Vec<String> = waiting.map(|row| row.state.schedule_line_id.clone()).collect();
    let action = format!("{}/refuse", member.order_path(&order.id));
    RefusePage {
        page: Page::member(member, Tab::Inbox)
            .titled(t.one(key::REFUSE_TITLE, &number))
            .with_form("refuse", action.clone()),
        token: app.tokens.make(app, Some(&member.token), &respond::purpose(&order.id)),
        lines: t.one(key::COUNT_LINES, ids.len()),
        reasons: order::reasons(&t),
        reason: typed.get("reason").parse().unwrap_or_default(),
        note: typed.get("note").to_string(),
        reason_fault: String::new(),
        note_fault: String::new(),
        changed: false,
        more: !loaded.next.is_empty(),
        partner: order.buyer_name,
        revision: order.revision,
        back: member.order_path(&order.id),
        number,
        action,
        ids,
        t,
    }
}

/// Refuses it.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &respond::purpose(&id), fields.get("token"))?;
    if let Some(lang) = sign_in::wanted_language(&fields) {
        let (member, cookie) = sign_in::in_language(member, lang).await;
        let Some(loaded) = respond::open(&member, &id, "").await? else {
            return Ok(respond::changed(&member, &id));
        };
        let mut response = page::show(&form(&member, loaded, &fields));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let reason =
        fields.get("reason").parse::<i32>().ok().and_then(|number| RejectReason::try_from(number).ok());
    let reason = reason.filter(|reason| *reason != RejectReason::Unspecified);
    let note = fields.get("note");
    let needs_note = reason == Some(RejectReason::Other) && note.is_empty();
    let (Some(reason), false) = (reason, needs_note) else {
        let Some(loaded) = respond::open(&member, &id, "").await? else {
            return Ok(respond::changed(&member, &id));
        };
        let mut shown = form(&member, loaded, &fields);
        match reason {
            None => shown.reason_fault = shown.t.say(key::FAULT_REASON),
            Some(_) => shown.note_fault = shown.t.say(key::FAULT_NOTE),
        }
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    };
    let reject = |line: &str| LineResponse {
        schedule_line_id: line.to_string(),
        answer: Some(Answer::Reject(Reject {
            quantity: None,
            reason: reason as i32,
            note: note.to_string(),
        })),
        ..LineResponse::default()
    };
    let request = RespondToOrderRequest {
        request_id,
        order_id: id.clone(),
        revision: fields.get("revision").parse().map_err(|_| Failure::form_expired())?,
        lines: fields.all("line").map(reject).collect(),
        ..Default::default()
    };
    match respond::send(&member, request).await {
        Ok(_) => Ok(respond::answered(&member, &id)),
        Err(failure) if respond::outdated(&failure) => {
            let Some(loaded) = respond::open(&member, &id, "").await? else {
                return Ok(respond::changed(&member, &id));
            };
            let shown = RefusePage { changed: true, ..form(&member, loaded, &fields) };
            Ok(page::show_as(StatusCode::CONFLICT, &shown))
        }
        Err(failure) => Err(failure),
    }
}
