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
        Some(loaded) => Ok(filled(&member, loaded, &Fields::default())),
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
            .about(&order.id)
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

/// The form, filled.
pub fn filled(member: &Member, loaded: Loaded, typed: &Fields) -> Response {
    page::show(&form(member, loaded, typed))
}

/// What the form lacks.
#[derive(Clone, Copy, Debug)]
pub enum Lack {
    Reason,
    /// What the other reason is.
    Note,
}

/// The form with what it lacks.
pub fn lacking(member: &Member, loaded: Loaded, typed: &Fields, lack: Lack) -> Response {
    let mut shown = form(member, loaded, typed);
    match lack {
        Lack::Reason => shown.reason_fault = shown.t.say(key::FAULT_REASON),
        Lack::Note => shown.note_fault = shown.t.say(key::FAULT_NOTE),
    }
    page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

/// The refusal that the form gives, line by line.
///
/// # Errors
/// What it lacks.
pub fn refusal(fields: &Fields) -> Result<Vec<LineResponse>, Lack> {
    let reason =
        fields.get("reason").parse::<i32>().ok().and_then(|number| RejectReason::try_from(number).ok());
    let reason = reason.filter(|reason| *reason != RejectReason::Unspecified).ok_or(Lack::Reason)?;
    let note = fields.get("note");
    if reason == RejectReason::Other && note.is_empty() {
        return Err(Lack::Note);
    }
    let reject = |line: &str| LineResponse {
        schedule_line_id: line.to_string(),
        answer: Some(Answer::Reject(Reject {
            quantity: None,
            reason: reason as i32,
            note: note.to_string(),
        })),
        ..LineResponse::default()
    };
    Ok(fields.all("line").map(reject).collect())
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
        let mut response = filled(&member, loaded, &fields);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let lines = match refusal(&fields) {
        Ok(lines) => lines,
        Err(lack) => {
            let Some(loaded) = respond::open(&member, &id, "").await? else {
                return Ok(respond::changed(&member, &id));
            };
            return Ok(lacking(&member, loaded, &fields, lack));
        }
    };
    let request = RespondToOrderRequest {
        request_id,
        order_id: id.clone(),
        revision: fields.get("revision").parse().map_err(|_| Failure::form_expired())?,
        lines,
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
