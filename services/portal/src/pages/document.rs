//! 单据链接: one order for a supplier without an account. Whoever holds the link looks at it and answers it; the link
//! itself is the credential, so that nothing is kept on the device and a look changes nothing.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use chassis::secret::Redacted;
use proto::{
    access::Permission,
    orders::{GetOrderRequest, InspectOrderLinkRequest, OrderState, ProgressStage, SetProgressRequest},
    partners::WhoAmIResponse,
};

use crate::{
    App, client,
    deadline::{self, Due},
    failure::Failure,
    form::Fields,
    format,
    i18n::{Text, key},
    order::{self, LineView, Loaded, Row, Tag},
    page::{self, Page, Tab, link},
    pages::{
        accept, change,
        changes::{self, Changes},
        despatch,
        order::Fact,
        paper, progress, refuse, respond,
    },
    session::{Member, Visitor},
    timeline::{self, Moment},
};

/// Who holds a document link that works.
pub struct Holder {
    /// As which it acts: the order's supplier.
    pub member: Member,
    /// The one order that it opens.
    pub order_id: String,
    label: String,
    expires: String,
}

impl FromRequestParts<Arc<App>> for Holder {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let visitor = Visitor::read(parts, app);
        let token = Path::<String>::from_request_parts(parts, app).await;
        let Path(token) = token.map_err(|_| Failure::not_found().into_response())?;
        match open(visitor.clone(), token).await {
            Ok(holder) => Ok(holder),
            Err(failure) => Err(dead(&visitor, failure)),
        }
    }
}

async fn open(visitor: Visitor, token: String) -> Result<Holder, Failure> {
    let request = visitor.call(InspectOrderLinkRequest { token: token.clone() });
    let found = visitor.app.api.order_links().inspect_order_link(request).await?.into_inner();
    let document = Some(format!("/d/{token}"));
    let token = Redacted::new(token);
    let request = client::signed(&token, GetOrderRequest { order_id: found.order_id.clone() });
    let order = visitor.app.api.orders().get_order(request).await?.into_inner();
    let announcements = visitor.app.board.told(&visitor.app.api).await.to_vec();
    let permissions = [Permission::OrdersRead, Permission::OrdersRespond];
    let who = WhoAmIResponse {
        firm_id: order.supplier_id,
        firm_name: found.supplier_name,
        member_name: found.label.clone(),
        permissions: permissions.into_iter().map(i32::from).collect(),
        announcements,
        ..Default::default()
    };
    let expires = visitor.text.moment(found.expires_at.as_ref());
    let member = Member { token, who, visitor, document };
    Ok(Holder { member, order_id: found.order_id, label: found.label, expires })
}

#[derive(Template)]
#[template(path = "dead_document.html")]
struct DeadPage {
    page: Page,
    t: Text,
    title: String,
    body: String,
    /// A message to send to the buyer for a new link; empty where the link was never one.
    ask: String,
    code: String,
}

/// A link that opens nothing any more says how to get a new one.
fn dead(visitor: &Visitor, failure: Failure) -> Response {
    let t = visitor.text.clone();
    // It may have ended between the two questions.
    let ended = failure.is("LINK_EXPIRED") || failure.is("UNAUTHENTICATED");
    let (status, title, body) = match ended {
        true => (StatusCode::GONE, key::LINK_EXPIRED, key::DOCUMENT_EXPIRED_BODY),
        false if failure.is("NOT_FOUND") => {
            (StatusCode::NOT_FOUND, key::LINK_UNKNOWN, key::LINK_UNKNOWN_BODY)
        }
        false => return failure.into_response(),
    };
    let (title, body) = (t.say(title), t.say(body));
    page::show_as(
        status,
        &DeadPage {
            page: Page::visitor(visitor).titled(title.clone()),
            ask: if ended { t.say(key::DOCUMENT_ASK_TEXT) } else { String::new() },
            code: failure.reason,
            title,
            body,
            t,
        },
    )
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage {
    page: Page,
    t: Text,
    id: String,
    number: String,
    buyer: String,
    supplier: String,
    label: String,
    expires: String,
    here: String,
    tag: Tag,
    /// The title and text of what was just done; empty for nothing.
    done: Option<(String, String, bool)>,
    can_answer: bool,
    facts: Vec<Fact>,
    changes: Changes,
    /// A change inside the frozen horizon waits, which takes an account to answer.
    pending: bool,
    lines: Vec<LineView>,
    next: String,
    notes: Vec<String>,
    timeline: Vec<Moment>,
    /// Where it is had as PDF; `None` where that is not built in.
    pdf: Option<Fact>,
    /// Where a despatch note can be made of these lines; empty where none can.
    despatch: String,
    /// The token of the form that says how far everything accepted is; empty where nothing is.
    progress_token: String,
    stages: Vec<Stage>,
    due: Option<Due>,
}

/// A step of the work, as a button.
struct Stage {
    value: i32,
    label: String,
    /// Every accepted line is there.
    current: bool,
}

/// The order.
pub async fn show(holder: Holder, Query(place): Query<super::order::Place>) -> Result<Response, Failure> {
    let Holder { member, order_id, label, expires } = holder;
    let loaded = order::load(&member, &order_id, &place.from).await?;
    let t = member.text().clone();
    let order = &loaded.order;
    let content = order.content.clone().unwrap_or_default();
    let newest = order.history.iter().rev().find(|entry| entry.version > 0);
    let answered = newest.is_some_and(|entry| entry.firm_id == order.supplier_id);
    let said = |title, body: String, warns| Some((t.say(title), body, warns));
    let done = match place.done.as_str() {
        "answered" if answered => {
            said(key::DONE_ANSWERED, t.one(key::DONE_ANSWERED_BODY, &order.buyer_name), false)
        }
        "progressed" if answered => {
            said(key::DONE_PROGRESSED, t.one(key::DONE_ANSWERED_BODY, &order.buyer_name), false)
        }
        "changed" => said(key::DONE_CHANGED, t.say(key::DONE_CHANGED_BODY), true),
        _ => None,
    };
    let app = member.app();
    let stages = stages(&t, &loaded);
    let title = t.one(key::ORDER_TITLE, &content.order_number);
    let here = member.order_path(&order.id);
    Ok(page::show(&DocumentPage {
        page: Page::member(&member, Tab::None).titled(title),
        buyer: order.buyer_name.clone(),
        supplier: order.supplier_name.clone(),
        tag: order::tag(&t, order.state, true),
        can_answer: order.state() == OrderState::Unanswered,
        facts: super::order::facts(&t, order, &content, &loaded.rows),
        changes: changes::of(&member, order, &content),
        pending: !order.pending_changes.is_empty(),
        lines: loaded.rows.iter().map(|row| order::line_view(&t, row, &content)).collect(),
        next: match loaded.next.as_str() {
            "" => String::new(),
            token => link(&here, &[("from", token)]),
        },
        pdf: paper::order(&t, &here),
        despatch: despatch::address(&member, &loaded, &place.from),
        progress_token: match stages.is_empty() {
            true => String::new(),
            false => app.tokens.make(app, Some(&member.token), &progressing(&order.id)),
        },
        due: deadline::due(&t, order.answer_due.as_ref(), format::today(app.clock.now())),
        stages,
        notes: content.notes.iter().map(|note| note.text.clone()).collect(),
        timeline: timeline::moments(&t, order),
        id: order.id.clone(),
        number: content.order_number,
        label,
        expires,
        here,
        done,
        t,
    }))
}

/// The steps of the work; none where nothing is accepted.
fn stages(t: &Text, loaded: &Loaded) -> Vec<Stage> {
    let accepted = |row: &&Row| {
        let quantities = row.state.quantities.as_ref();
        quantities.is_some_and(|q| !format::decimal_or_zero(q.accepted.as_ref()).is_zero())
    };
    let now: Vec<Option<ProgressStage>> = loaded
        .rows
        .iter()
        .filter(accepted)
        .map(|row| row.state.progress.as_ref().map(|p| p.stage()))
        .collect();
    if now.is_empty() {
        return Vec::new();
    }
    let all = (1..=5).filter_map(|number| ProgressStage::try_from(number).ok());
    all.map(|stage| Stage {
        value: stage as i32,
        label: t.say(progress::label(stage)),
        current: now.iter().all(|now| *now == Some(stage)),
    })
    .collect()
}

fn progressing(id: &str) -> String {
    format!("progress {id}")
}

/// Says how far everything accepted is.
pub async fn progress(holder: Holder, fields: Fields) -> Result<Response, Failure> {
    let (member, id) = (holder.member, holder.order_id);
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &progressing(&id), fields.get("token"))?;
    let stage = fields.get("stage").parse().map_err(|_| Failure::form_expired())?;
    let request = SetProgressRequest { request_id, order_id: id.clone(), stage, ..Default::default() };
    match app.api.progress().set_progress(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, "progressed")),
        // The buyer cancelled what was accepted.
        Err(failure) if failure.is("NOTHING_ACCEPTED") => Ok(respond::changed(&member, &id)),
        Err(failure) => Err(failure),
    }
}

/// 全部接受.
pub async fn accept_form(holder: Holder, place: Query<respond::Place>) -> Result<Response, Failure> {
    accept::show(holder.member, Path(holder.order_id), place).await
}

/// Accepts everything.
pub async fn accept(holder: Holder, fields: Fields) -> Result<Response, Failure> {
    accept::send(holder.member, Path(holder.order_id), fields).await
}

/// 接受但有变更.
pub async fn change_form(holder: Holder, place: Query<respond::Place>) -> Result<Response, Failure> {
    change::show(holder.member, Path(holder.order_id), place).await
}

/// Answers with changes.
pub async fn change(
    holder: Holder,
    place: Query<respond::Place>,
    fields: Fields,
) -> Result<Response, Failure> {
    change::send(holder.member, Path(holder.order_id), place, fields).await
}

/// 无法供应.
pub async fn refuse_form(holder: Holder, place: Query<respond::Place>) -> Result<Response, Failure> {
    refuse::show(holder.member, Path(holder.order_id), place).await
}

/// Rejects.
pub async fn refuse(holder: Holder, fields: Fields) -> Result<Response, Failure> {
    refuse::send(holder.member, Path(holder.order_id), fields).await
}
