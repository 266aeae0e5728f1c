//! Comments in and out.

use chassis::{Error, Result, value};
use proto::capacity as wire;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::read::Wrong;
use crate::{
    comment::{Kind, MAX_CHARACTERS, Subject},
    db::comment::Head,
};

/// The most weeks that a comment names.
pub(crate) const MAX_MONDAYS: usize = 500;

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub subject: Subject,
    pub object: Uuid,
    /// The other firm; `None`: the one that shares the object.
    pub other: Option<Uuid>,
}

/// What a sender says of a comment beside the comment itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub author: String,
    pub posted_at: Option<OffsetDateTime>,
    pub changed_at: Option<OffsetDateTime>,
}

/// A comment that may be written, or is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewComment {
    /// `None`: a new one.
    pub id: Option<Uuid>,
    /// `None`: what the one that stands is about.
    pub about: Option<About>,
    pub text: String,
    pub kind: Kind,
    pub mondays: Vec<Date>,
    pub delete: bool,
    /// Where it came as a payload; it may then be of an id that is new.
    pub sent: Option<Sent>,
}

/// The text of a comment: lines, and no other control characters.
pub(crate) fn text(wrong: &mut Wrong, path: &str, text: &str) {
    if text.chars().count() > MAX_CHARACTERS {
        wrong.note(path, "TOO_LONG", format!("must have at most {MAX_CHARACTERS} characters"));
    } else if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        wrong.note(path, "FORMAT", "must not contain control characters but line breaks");
    }
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_comment(request: &wire::PostCommentRequest) -> Result<NewComment> {
    let mut wrong = Wrong::default();
    if request.text.trim().is_empty() {
        wrong.note("text", "REQUIRED", "is required");
    }
    text(&mut wrong, "text", &request.text);
    let subject = subject(request.subject());
    if subject.is_none() {
        wrong.note("subject", "REQUIRED", "say what it is about");
    }
    if request.mondays.len() > MAX_MONDAYS {
        wrong.note("mondays", "COUNT", format!("must have at most {MAX_MONDAYS} entries"));
    }
    let mut mondays = Vec::new();
    for (index, day) in request.mondays.iter().take(MAX_MONDAYS).enumerate() {
        mondays.extend(wrong.monday(&format!("mondays[{index}]"), Some(day)));
    }
    mondays.sort_unstable();
    mondays.dedup();
    let (Some(subject), true) = (subject, wrong.0.is_empty()) else { return Err(Error::invalid(wrong.0)) };
    let other = value::optional_id("counterparty_id", &request.counterparty_id)?;
    Ok(NewComment {
        id: value::optional_id("comment_id", &request.comment_id)?,
        about: Some(About { subject, object: value::id(&request.object_id)?, other }),
        text: request.text.clone(),
        kind: kind(request.kind()),
        mondays,
        delete: false,
        sent: None,
    })
}

/// One that takes an own comment away.
pub(crate) fn deletion(request: &wire::DeleteCommentRequest) -> Result<NewComment> {
    Ok(NewComment {
        id: Some(value::id(&request.comment_id)?),
        about: None,
        text: String::new(),
        kind: Kind::Default,
        mondays: Vec::new(),
        delete: true,
        sent: None,
    })
}

/// What is asked about.
pub(crate) fn subject(wire: wire::CommentSubject) -> Option<Subject> {
    match wire {
        wire::CommentSubject::MaterialDemand => Some(Subject::Demand),
        wire::CommentSubject::CapacityGroup => Some(Subject::Group),
        wire::CommentSubject::Unspecified => None,
    }
}

const KINDS: [(Kind, wire::CommentKind); 4] = [
    (Kind::Default, wire::CommentKind::Unspecified),
    (Kind::Information, wire::CommentKind::Information),
    (Kind::Warning, wire::CommentKind::Warning),
    (Kind::ActionRequired, wire::CommentKind::ActionRequired),
];

fn kind(wire: wire::CommentKind) -> Kind {
    KINDS.iter().find(|(_, one)| *one == wire).map_or(Kind::Default, |(kind, _)| *kind)
}

/// A comment as both firms read it.
pub(crate) fn comment_out(head: &Head) -> wire::Comment {
    let subject = match Subject::from_name(&head.object_type) {
        Some(Subject::Demand) => wire::CommentSubject::MaterialDemand,
        Some(Subject::Group) => wire::CommentSubject::CapacityGroup,
        None => wire::CommentSubject::Unspecified,
    };
    let kind = Kind::from_name(&head.kind).unwrap_or(Kind::Default);
    let kind =
        KINDS.iter().find(|(one, _)| *one == kind).map_or(wire::CommentKind::Unspecified, |(_, wire)| *wire);
    wire::Comment {
        id: head.id.to_string(),
        author_id: head.firm.to_string(),
        customer_id: head.customer.to_string(),
        supplier_id: head.supplier.to_string(),
        subject: subject.into(),
        object_id: head.object_id.to_string(),
        author: head.author.clone(),
        text: head.text.clone(),
        kind: kind.into(),
        mondays: head.reference_dates.iter().map(|monday| value::wire_date(*monday)).collect(),
        posted_at: head.posted_at.map(value::timestamp),
        changed_at: Some(value::timestamp(head.changed_at)),
        deleted: head.deleted,
    }
}
