//! The timeline of an order 经过: who did what, when, and what it changed.

use proto::orders::{HistoryEntry, Order, OrderContent};

use crate::{
    difference::{self, Changed},
    i18n::{Key, Text, key},
};

/// An entry of the timeline.
pub struct Moment {
    pub at: String,
    pub what: String,
    pub who: String,
    pub note: String,
    /// Whether only the own firm may read it, so that it is on no sheet that leaves the house.
    pub internal: bool,
    /// Old and new of what it changed.
    pub changes: Vec<Changed>,
}

/// What happened, newest first.
pub fn moments(text: &Text, order: &Order) -> Vec<Moment> {
    order.history.iter().rev().map(|entry| moment(text, order, entry)).collect()
}

/// What happened after a version, oldest first.
pub fn since(text: &Text, order: &Order, version: i64) -> Vec<Moment> {
    let later = order.history.iter().filter(|entry| entry.version > version);
    later.map(|entry| moment(text, order, entry)).collect()
}

fn moment(text: &Text, order: &Order, entry: &HistoryEntry) -> Moment {
    let none = OrderContent::default();
    let content = order.content.as_ref().unwrap_or(&none);
    let firm = match entry.firm_id {
        ref id if *id == order.buyer_id => order.buyer_name.as_str(),
        ref id if *id == order.supplier_id => order.supplier_name.as_str(),
        _ => "",
    };
    let who = [entry.actor_name.as_str(), firm].into_iter().filter(|name| !name.is_empty());
    let difference = entry.difference.as_ref();
    Moment {
        at: text.moment(entry.at.as_ref()),
        what: what(text, entry),
        who: who.collect::<Vec<_>>().join(" · "),
        note: entry.note.clone(),
        internal: entry.action == "note_written",
        changes: difference.map_or_else(Vec::new, |found| difference::view(text, found, content)),
    }
}

/// What an entry says that happened.
pub fn what(text: &Text, entry: &HistoryEntry) -> String {
    let lines = entry.schedule_line_ids.len();
    let to_revision = entry.difference.as_ref().map_or(0, |difference| difference.to_revision);
    let known: Key<0> = match entry.action.as_str() {
        "responded" if lines > 0 => return text.one(key::HISTORY_RESPONDED_LINES, lines),
        "changed" if to_revision > 0 => return text.one(key::HISTORY_CHANGED, to_revision),
        "published" => key::HISTORY_PUBLISHED,
        "changed" => key::HISTORY_CHANGED_SOME,
        "responded" => key::HISTORY_RESPONDED,
        "proposal_resolved" => key::HISTORY_RESOLVED,
        "proposal_withdrawn" => key::HISTORY_PROPOSAL_WITHDRAWN,
        "cancelled" => key::HISTORY_CANCELLED,
        "closed_short" => key::HISTORY_CLOSED_SHORT,
        "held" => key::HISTORY_HELD,
        "released" => key::HISTORY_RELEASED,
        "change_requested" => key::HISTORY_CHANGE_REQUESTED,
        "change_accepted" => key::HISTORY_CHANGE_ACCEPTED,
        "change_declined" => key::HISTORY_CHANGE_DECLINED,
        "change_withdrawn" => key::HISTORY_CHANGE_WITHDRAWN,
        "supplier_changed" => key::HISTORY_SUPPLIER_CHANGED,
        "answer_overdue" => key::HISTORY_ANSWER_OVERDUE,
        "reminded" => key::HISTORY_REMINDED,
        "reminder_opened" => key::HISTORY_REMINDER_OPENED,
        "progressed" => key::HISTORY_PROGRESSED,
        "message_posted" => key::HISTORY_MESSAGE_POSTED,
        "note_written" => key::HISTORY_NOTE_WRITTEN,
        other => return other.to_string(),
    };
    text.say(known)
}
