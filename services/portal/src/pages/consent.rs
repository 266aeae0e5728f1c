//! A buyer's change inside the frozen horizon: what it asks for, and the supplier's consent or refusal.

use axum::{extract::Path, http::StatusCode, response::Response};
use proto::{
    access::Permission,
    orders::{Order, OrderContent, PendingChange, PendingKind, RespondToChangeRequest},
};

use crate::{
    difference::{self, Changed},
    failure::Failure,
    form::Fields,
    i18n::{Text, key},
    page,
    pages::{changes, order, respond},
    session::Member,
};

/// A change that waits.
pub struct Asked {
    pub id: String,
    pub title: String,
    pub changes: Vec<Changed>,
    /// Why the buyer cancels; empty for other changes.
    pub reason: String,
    pub note: String,
    /// Who asked, and when.
    pub by: String,
    pub frozen: String,
    /// What was typed into a form that came back, and what is wrong with it.
    pub typed: String,
    pub fault: String,
}

/// Changes of an order that wait for the supplier.
pub struct Panel {
    pub waiting: Vec<Asked>,
    /// The form token where the member decides; empty elsewhere.
    pub token: String,
}

impl Panel {
    /// A form that came back, since a refusal says why.
    pub fn typed(&mut self, typed: &Typed, t: &Text) {
        for asked in self.waiting.iter_mut().filter(|asked| asked.id == typed.change) {
            asked.typed.clone_from(&typed.note);
            asked.fault = t.say(key::FAULT_CONSENT_NOTE);
        }
    }
}

/// What was typed for one change.
pub struct Typed {
    change: String,
    note: String,
}

fn purpose(id: &str) -> String {
    format!("consent {id}")
}

/// The changes that wait for this supplier. `None` where there is none; the buyer sees its own elsewhere.
pub fn panel(member: &Member, order: &Order, content: &OrderContent) -> Option<Panel> {
    let decides = order.supplier_id == member.who.firm_id && member.may(Permission::OrdersRespond);
    if order.pending_changes.is_empty() || order.supplier_id != member.who.firm_id {
        return None;
    }
    let t = member.text();
    let app = member.app();
    Some(Panel {
        waiting: order.pending_changes.iter().map(|change| asked(t, change, content)).collect(),
        token: match decides {
            true => app.tokens.make(app, Some(&member.token), &purpose(&order.id)),
            false => String::new(),
        },
    })
}

fn asked(t: &Text, change: &PendingChange, content: &OrderContent) -> Asked {
    let title = match change.kind() {
        PendingKind::Cancellation => key::CONSENT_CANCELLATION,
        PendingKind::Change | PendingKind::Unspecified => key::CONSENT_CHANGE,
    };
    let at = t.moment(change.requested_at.as_ref());
    Asked {
        id: change.id.clone(),
        title: t.say(title),
        changes: change.difference.as_ref().map_or_else(Vec::new, |d| difference::view(t, d, content)),
        reason: match change.kind() {
            PendingKind::Cancellation => t.say(changes::cancel_reason(change.reason())),
            _ => String::new(),
        },
        note: change.note.clone(),
        by: match change.actor_name.is_empty() {
            true => at,
            false => format!("{at} · {}", change.actor_name),
        },
        frozen: t.one(key::CONSENT_FROZEN, t.wire_day(change.frozen_until.as_ref())),
        typed: String::new(),
        fault: String::new(),
    }
}

/// Agrees or refuses; a refusal says why.
pub async fn send(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let accept = fields.get("decision") == "accept";
    let typed = Typed { change: fields.get("change").into(), note: fields.get("note").into() };
    if !accept && typed.note.is_empty() {
        let shown = order::unconsented(&member, &id, &typed).await?;
        return Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    }
    let request = RespondToChangeRequest {
        request_id: format!("{request_id}-{}", typed.change),
        order_id: id.clone(),
        change_id: typed.change,
        accept,
        note: typed.note,
    };
    match app.api.changes().respond_to_change(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(respond::done(&member, &id, "consented")),
        Err(failure) if failure.is("CHANGE_RESOLVED") => Ok(respond::changed(&member, &id)),
        Err(failure) => Err(failure),
    }
}
