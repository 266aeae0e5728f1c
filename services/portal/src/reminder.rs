//! Reminders 催办 as the supplier sees them. Reading an order says by itself that they were opened.

use proto::orders::{ListRemindersRequest, Reminder};

use crate::{
    failure::Failure,
    i18n::{Text, key},
    session::Member,
};

/// A reminder.
pub struct Reminded {
    /// Who reminds, and when.
    pub by: String,
    /// What the buyer wrote; empty for nothing.
    pub message: String,
}

/// A reminder, as it is told of.
pub fn told(text: &Text, reminder: &Reminder) -> Reminded {
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
    let answer = member.app().api.reminders().list_reminders(member.call(request)).await?;
    Ok(answer.into_inner().reminders.iter().map(|reminder| told(member.text(), reminder)).collect())
}
