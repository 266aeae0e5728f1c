//! IdBasedComment 1.0.

use serde_json::value::RawValue;
use uuid::Uuid;

use super::{object::Object, write::moment};
use crate::{
    comment::{Kind, Subject},
    convert::{
        comment::{About, MAX_MONDAYS, NewComment, Sent},
        read::Wrong,
    },
    db::comment::Head,
};

/// A comment as it came, between two partner numbers.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub customer: String,
    pub supplier: String,
    pub comment: NewComment,
}

/// The payload; notes every bad field.
pub(crate) fn read(wrong: &mut Wrong, object: &Object<'_>) -> Payload {
    let model = object.required_text(wrong, "objectType", 200);
    let subject = Subject::from_model(&model);
    if subject.is_none() && object.has("objectType") {
        wrong.note(
            object.at("objectType"),
            "OBJECT_TYPE",
            "must be the model of a demand or a group, without a version",
        );
    }
    let name = object.text(wrong, "commentType", 100);
    let kind = name.as_deref().map_or(Some(Kind::Default), Kind::from_name);
    if kind.is_none() {
        wrong.note(
            object.at("commentType"),
            "COMMENT_TYPE",
            "must be information, warning, actionRequired or default",
        );
    }
    let object_id = object.required_uuid(wrong, "objectId");
    Payload {
        customer: object.required_partner(wrong, "customer", "BPNL"),
        supplier: object.required_partner(wrong, "supplier", "BPNL"),
        comment: NewComment {
            id: Some(object.required_uuid(wrong, "commentId")),
            about: subject.map(|subject| About { subject, object: object_id, other: None }),
            text: object.lines(wrong, "commentText").unwrap_or_default(),
            kind: kind.unwrap_or(Kind::Default),
            mondays: object.mondays(wrong, "listOfReferenceDates", MAX_MONDAYS),
            delete: object.has("requestDelete") && object.boolean(wrong, "requestDelete"),
            sent: Some(Sent {
                author: object.text(wrong, "author", 500).unwrap_or_default(),
                posted_at: object.time(wrong, "postedAt"),
                changed_at: object.time(wrong, "changedAt"),
            }),
        },
    }
}

/// As the schema has it.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Out<'a> {
    comment_id: Uuid,
    object_id: Uuid,
    object_type: &'a str,
    customer: &'a str,
    supplier: &'a str,
    author: &'a str,
    posted_at: String,
    changed_at: String,
    comment_text: &'a str,
    comment_type: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    list_of_reference_dates: Vec<String>,
}

/// The payload in JSON. `author` is an address or a partner number: where it is a name, the sender's number stands for it.
pub(crate) fn write(head: &Head, sender: &str, receiver: &str) -> Option<Box<RawValue>> {
    let (customer, supplier) =
        if head.firm == head.customer { (sender, receiver) } else { (receiver, sender) };
    let of_network = head.author.contains('@') || head.author.starts_with("BPNL");
    let out = Out {
        comment_id: head.id,
        object_id: head.object_id,
        object_type: Subject::from_name(&head.object_type)?.model(),
        customer,
        supplier,
        author: if of_network { &head.author } else { sender },
        posted_at: moment(head.posted_at.unwrap_or(head.changed_at)),
        changed_at: moment(head.changed_at),
        comment_text: &head.text,
        comment_type: &head.kind,
        list_of_reference_dates: head.reference_dates.iter().map(ToString::to_string).collect(),
    };
    serde_json::value::to_raw_value(&out).ok()
}
