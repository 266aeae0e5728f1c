//! Reminders 催办 as the supplier sees them. Reading an order says by itself that they were opened.

use std::collections::HashMap;

use proto::orders::{ListRemindersRequest, Reminder, ReminderState};

use crate::{
    failure::Failure,
    i18n::{Text, key},
    session::Member,
};

/// Reminders that an inbox asks for: those of the first pages.
const MOST: i32 = 200;

/// A reminder.
pub struct Reminded {
    /// Who reminds, and when.
    pub by: String,
    /// What the buyer wrote; empty for nothing.
    pub message: String,
}

fn told(text: &Text, reminder: &Reminder) -> Reminded {
    let at = text.moment(reminder.sent_at.as_ref());
    let by = match (reminder.automatic, reminder.actor_name.as_str()) {
        (true, _) => text.one(key::REMINDED_BY_ITSELF, at),
        (false, "") => text.one(key::REMINDED_AT, at),
        (false, name) => text.two(key::REMINDED_BY, at, name),
    };
    Reminded { by, message: reminder.message.clone() }
}

/// The reminders of an order, newest first.
pub async fn of_order(member: &Member, order: &str) -> Result<Vec<Reminded>, Failure> {
    let request =
        ListRemindersRequest { order_id: order.to_string(), page_size: 3, ..ListRemindersRequest::default() };
    Ok(list(member, request).await?.iter().map(|reminder| told(member.text(), reminder)).collect())
}

/// The newest reminder of each order that nobody has opened since.
pub async fn unopened(member: &Member) -> Result<HashMap<String, Reminded>, Failure> {
    let request = ListRemindersRequest {
        page_size: MOST,
        states: vec![ReminderState::Sent as i32, ReminderState::Delivered as i32],
        ..ListRemindersRequest::default()
    };
    let list = list(member, request).await?;
    let own = list.iter().filter(|reminder| reminder.supplier_id == member.who.firm_id);
    let mut newest = HashMap::new();
    for reminder in own {
        newest.entry(reminder.order_id.clone()).or_insert_with(|| told(member.text(), reminder));
    }
    Ok(newest)
}

async fn list(member: &Member, request: ListRemindersRequest) -> Result<Vec<Reminder>, Failure> {
    let answer = member.app().api.reminders().list_reminders(member.call(request)).await?;
    Ok(answer.into_inner().reminders)
}
