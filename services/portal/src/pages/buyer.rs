//! What a buyer may do with an order that it published, and how the reminders of it fared.

use proto::{
    access::Permission,
    orders::{ListRemindersRequest, Order, OrderState, ReminderState},
};

use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::Tag,
    pages::{
        order::{Done, Fact},
        purchases::new,
    },
    session::Member,
};

/// Reminders on the order page.
const REMINDERS: i32 = 5;

/// A link to one of the buyer's pages below the order.
pub struct Action {
    pub href: String,
    pub label: String,
    /// It ends something.
    pub bad: bool,
}

/// A reminder as the order page shows it.
pub struct Reminded {
    pub at: String,
    pub who: String,
    pub message: String,
    pub tag: Tag,
    /// When it was opened and by whom; empty before.
    pub opened: String,
}

/// The buyer's part of the order page.
pub struct Buying {
    pub actions: Vec<Action>,
    /// What is needed seldom.
    pub more: Vec<Action>,
    pub reminders: Vec<Reminded>,
}

/// What the member may do as the buyer. `None` for the supplier, and without the right to publish.
pub async fn of(member: &Member, order: &Order) -> Result<Option<Buying>, Failure> {
    if order.buyer_id != member.who.firm_id || !member.may(Permission::OrdersPublish) {
        return Ok(None);
    }
    let t = member.text();
    let action = |path: &str, label: Key<0>, bad| Action {
        href: format!("/orders/{}/{path}", order.id),
        label: t.say(label),
        bad,
    };
    let (open, accepted) = left(order);
    let mut actions = Vec::new();
    if order.state() != OrderState::Cancelled {
        actions.push(action("revise", key::REVISE, false));
        actions.push(action("share", key::SHARE, false));
    }
    if open {
        actions.push(action("remind", key::REMIND, false));
    }
    let again = new::like(order).map(|href| Action { href, label: t.say(key::ORDER_AGAIN), bad: false });
    actions.extend(again);
    let mut more = Vec::new();
    match order.held {
        true => more.push(action("release", key::RELEASE, false)),
        false if open => more.push(action("hold", key::HOLD, false)),
        false => {}
    }
    if accepted {
        more.push(action("close", key::CLOSE_SHORT, false));
    }
    if open {
        more.push(action("cancel", key::CANCEL_ORDER, true));
    }
    Ok(Some(Buying { actions, more, reminders: reminders(member, order).await? }))
}

/// Whether anything may still be cancelled, and whether anything is accepted and not closed.
fn left(order: &Order) -> (bool, bool) {
    let lines = order.schedule.iter().filter(|line| !line.closed);
    let mut found = (false, false);
    for quantities in lines.filter_map(|line| line.quantities.as_ref()) {
        let some = |part: Option<&proto::Decimal>| !format::decimal_or_zero(part).is_zero();
        let accepted = some(quantities.accepted.as_ref());
        found.1 |= accepted;
        found.0 |= accepted || some(quantities.unanswered.as_ref()) || some(quantities.proposed.as_ref());
    }
    // The lines of a very long order are read elsewhere.
    if order.lines_omitted > 0 { (true, true) } else { found }
}

async fn reminders(member: &Member, order: &Order) -> Result<Vec<Reminded>, Failure> {
    if order.history.iter().all(|entry| entry.action != "reminded") {
        return Ok(Vec::new());
    }
    let request =
        ListRemindersRequest { page_size: REMINDERS, order_id: order.id.clone(), ..Default::default() };
    let list = member.app().api.reminders().list_reminders(member.call(request)).await?.into_inner();
    let t = member.text();
    let shown = list.reminders.into_iter().map(|one| Reminded {
        at: t.moment(one.sent_at.as_ref()),
        who: if one.automatic { t.say(key::REMINDED_AUTOMATICALLY) } else { one.actor_name.clone() },
        tag: reminder_tag(t, one.state()),
        opened: match one.opened_at.is_some() {
            true => t.two(key::REMINDER_OPENED_BY, t.moment(one.opened_at.as_ref()), &one.opened_by),
            false => String::new(),
        },
        message: one.message,
    });
    Ok(shown.collect())
}

/// How far a reminder came.
pub fn reminder_tag(t: &Text, state: ReminderState) -> Tag {
    let (shape, label) = match state {
        ReminderState::Opened => ("accepted", key::REMINDER_OPENED),
        ReminderState::Delivered => ("part", key::REMINDER_DELIVERED),
        ReminderState::Sent | ReminderState::Unspecified => ("unanswered", key::REMINDER_SENT),
    };
    Tag { shape, label: t.say(label) }
}

/// What was done, where the newest entry of the history says so as well.
pub fn done(t: &Text, order: &Order, done: &str, newest: &str) -> Option<Done> {
    let (title, body) = match (done, newest) {
        ("published", "published") => (key::DONE_PUBLISHED, key::DONE_PUBLISHED_BODY),
        ("revised", "changed") => (key::DONE_REVISED, key::DONE_REVISED_BODY),
        ("revised" | "cancelled", "change_requested") => (key::DONE_ASKED, key::DONE_ASKED_BODY),
        ("cancelled", "cancelled") => (key::DONE_CANCELLED, key::DONE_CANCELLED_BODY),
        ("closed", "closed_short") => (key::DONE_CLOSED, key::DONE_CLOSED_BODY),
        ("held", "held") => (key::DONE_HELD, key::DONE_HELD_BODY),
        ("released", "released") => (key::DONE_RELEASED, key::DONE_RELEASED_BODY),
        ("withdrawn", "change_withdrawn") => (key::DONE_WITHDRAWN, key::DONE_WITHDRAWN_BODY),
        _ => return None,
    };
    Some(Done {
        title: t.say(title),
        body: t.one(body, &order.supplier_name),
        warns: false,
        next: None,
        back: Fact { label: t.say(key::NAV_PURCHASES), value: "/purchases".into() },
    })
}
