//! Checks document links, and shows them.

use chassis::{Error, Field, Result, value};
use proto::orders::{CreateOrderLinkRequest, OrderLink};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::db::link::LinkRow;

/// How long a link works where nothing is said.
const USUAL: Duration = Duration::days(7);
/// How long a link works at most.
const LONGEST: Duration = Duration::days(30);
const LABEL_CHARACTERS: usize = 100;

/// A link that may be made.
pub(crate) struct NewLink {
    pub order: Uuid,
    pub label: String,
    wanted: Option<OffsetDateTime>,
}

/// INVALID_ARGUMENT naming every bad field; NOT_FOUND for an id that is none.
pub(crate) fn new_link(request: CreateOrderLinkRequest) -> Result<NewLink> {
    let mut wrong = Vec::new();
    let label = request.label.trim().to_string();
    if label.chars().count() > LABEL_CHARACTERS {
        let message = format!("must have at most {LABEL_CHARACTERS} characters");
        wrong.push(Field::new("label", "TOO_LONG", message));
    } else if label.chars().any(char::is_control) {
        wrong.push(Field::new("label", "FORMAT", "must not contain control characters"));
    }
    let wanted = request.expires_at.as_ref().map(value::time);
    if wanted == Some(None) {
        wrong.push(Field::new("expires_at", "RANGE", "is no moment that can be kept"));
    }
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    Ok(NewLink { order: value::id(&request.order_id)?, label, wanted: wanted.flatten() })
}

impl NewLink {
    /// When it ends, given when it begins.
    pub(crate) fn expires_at(&self, now: OffsetDateTime) -> Result<OffsetDateTime> {
        let wanted = self.wanted.unwrap_or(now + USUAL);
        if wanted <= now || wanted > now + LONGEST {
            let message = format!("must lie in the future, at most {} days from now", LONGEST.whole_days());
            return Err(Error::field("expires_at", "RANGE", message));
        }
        Ok(wanted)
    }
}

pub(crate) fn order_link(row: &LinkRow) -> OrderLink {
    OrderLink {
        id: row.id.clone(),
        order_id: row.order_id.to_string(),
        label: row.label.clone(),
        created_at: Some(value::timestamp(row.created_at)),
        created_by: row.created_by.clone(),
        expires_at: Some(value::timestamp(row.expires_at)),
        revoked_at: row.revoked_at.map(value::timestamp),
    }
}
