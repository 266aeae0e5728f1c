//! On the order page: what the newest revision changed, and what waits for the supplier's consent.

use axum::{extract::Path, response::Response};
use proto::{
    access::Permission,
    orders::{CancelReason, Order, OrderContent, PendingChange, PendingKind, WithdrawChangeRequest},
};

use crate::{
    difference::{self, Changed},
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    pages::respond,
    session::Member,
};

/// Both, for the order page.
pub struct Changes {
    /// `None` before the second revision.
    pub revised: Option<Revised>,
    /// What the buyer asked for inside the frozen horizon.
    pub pending: Vec<Pending>,
    /// The buyer asks to wait.
    pub held: bool,
}

/// The newest revision beside the one before.
pub struct Revised {
    pub title: String,
    pub when: String,
    pub note: String,
    pub changes: Vec<Changed>,
    /// That further lines changed; empty for none.
    pub more: String,
}

/// A change that does not hold yet.
pub struct Pending {
    pub id: String,
    pub kind: String,
    pub reason: String,
    pub note: String,
    pub at: String,
    pub who: String,
    pub changes: Vec<Changed>,
    /// The form token where the member may withdraw it.
    pub token: String,
}

/// What the member sees of an order's changes. Suppliers answer what is pending elsewhere on the page.
pub fn of(member: &Member, order: &Order, content: &OrderContent) -> Changes {
    let t = member.text();
    let buys = order.buyer_id == member.who.firm_id;
    let pending = order.pending_changes.iter().filter(|_| buys);
    Changes {
        revised: revised(t, order, content),
        pending: pending.map(|change| self::pending(member, order, change, content)).collect(),
        held: order.held,
    }
}

fn revised(t: &Text, order: &Order, content: &OrderContent) -> Option<Revised> {
    let newest = |entry: &&proto::orders::HistoryEntry| {
        let difference = entry.difference.as_ref();
        difference.is_some_and(|d| d.to_revision == order.revision && d.from_revision < d.to_revision)
    };
    let entry = order.history.iter().rev().find(newest)?;
    let difference = entry.difference.as_ref()?;
    Some(Revised {
        title: t.two(key::REVISED_TITLE, difference.from_revision, difference.to_revision),
        when: t.moment(entry.at.as_ref()),
        note: entry.note.clone(),
        changes: difference::view(t, difference, content),
        more: match difference.lines_omitted {
            0 => String::new(),
            lines => t.one(key::MORE_CHANGES, lines),
        },
    })
}

fn pending(member: &Member, order: &Order, change: &PendingChange, content: &OrderContent) -> Pending {
    let (t, app) = (member.text(), member.app());
    let kind = match change.kind() {
        PendingKind::Cancellation => key::PENDING_CANCELLATION,
        PendingKind::Change | PendingKind::Unspecified => key::PENDING_CHANGE,
    };
    let difference = change.difference.clone().unwrap_or_default();
    let token = || app.tokens.make(app, Some(&member.token), &purpose(&order.id, &change.id));
    Pending {
        id: change.id.clone(),
        kind: t.say(kind),
        reason: match change.reason() {
            CancelReason::Unspecified => String::new(),
            reason => t.say(cancel_reason(reason)),
        },
        note: change.note.clone(),
        at: t.moment(change.requested_at.as_ref()),
        who: change.actor_name.clone(),
        changes: difference::view(t, &difference, content),
        token: if member.may(Permission::OrdersPublish) { token() } else { String::new() },
    }
}

/// Why a buyer cancels.
pub fn cancel_reason(reason: CancelReason) -> Key<0> {
    match reason {
        CancelReason::Demand => key::CANCEL_DEMAND,
        CancelReason::Mistake => key::CANCEL_MISTAKE,
        CancelReason::Engineering => key::CANCEL_ENGINEERING,
        CancelReason::Late => key::CANCEL_LATE,
        CancelReason::Quality => key::CANCEL_QUALITY,
        CancelReason::Resourced => key::CANCEL_RESOURCED,
        CancelReason::Other | CancelReason::Unspecified => key::REASON_OTHER,
    }
}

fn purpose(order: &str, change: &str) -> String {
    format!("withdraw {order} {change}")
}

/// Asks for a change no more.
pub async fn withdraw(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let (app, change_id) = (member.app(), fields.get("change").to_string());
    let purpose = purpose(&id, &change_id);
    let request_id = app.tokens.check(Some(&member.token), &purpose, fields.get("token"))?;
    let request = WithdrawChangeRequest { request_id, order_id: id.clone(), change_id, ..Default::default() };
    let done = match app.api.changes().withdraw_change(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => "withdrawn",
        // The supplier was faster, or a newer change replaced it.
        Err(failure) if failure.is("CHANGE_RESOLVED") => "changed",
        Err(failure) => return Err(failure),
    };
    Ok(respond::done(&member, &id, done))
}
