//! The message around payloads: `{"messageHeader": …, "content": {"informationObject": […]}}`.

use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    object::{Elements, Object},
    write::moment,
};
use crate::convert::read::Wrong;

/// The most objects of one message.
const MOST: usize = 10_000;

/// Who sends to whom; absent where payloads come without their envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub sender: String,
    pub receiver: String,
}

/// What came: payloads, unread, with their paths.
pub(crate) struct Envelope<'a> {
    pub header: Option<Header>,
    pub objects: Vec<(String, &'a RawValue)>,
}

/// The objects of an envelope, of a bare list, or one bare object; notes what is wrong with what is around them.
pub(crate) fn envelope<'a>(wrong: &mut Wrong, raw: &'a RawValue) -> Envelope<'a> {
    if let Ok(Elements(list)) = serde_json::from_str(raw.get()) {
        if list.len() > MOST {
            wrong.note("", "COUNT", format!("must have at most {MOST} objects"));
        }
        let objects = list.into_iter().take(MOST).enumerate();
        return Envelope {
            header: None,
            objects: objects.map(|(index, raw)| (format!("[{index}]"), raw)).collect(),
        };
    }
    let Some(object) = Object::read(wrong, "", raw) else {
        return Envelope { header: None, objects: Vec::new() };
    };
    let outer = ["messageHeader", "header"].into_iter().find(|name| object.has(name));
    let header = outer.and_then(|name| {
        let header = Object::read(wrong, name, object.raw(name)?)?;
        // The kit's OpenAPI documents have the whole aspect there, with its one property in it.
        let header = match header.raw("header") {
            Some(inner) => Object::read(wrong, &header.at("header"), inner)?,
            None => header,
        };
        header.required_uuid(wrong, "messageId");
        header.required_text(wrong, "context", 1_000);
        header.required_time(wrong, "sentDateTime");
        header.required_text(wrong, "version", 100);
        header.time(wrong, "expectedResponseBy");
        header.uuid(wrong, "relatedMessageId");
        Some(Header {
            sender: header.required_partner(wrong, "senderBpn", "BPNL"),
            receiver: header.required_partner(wrong, "receiverBpn", "BPNL"),
        })
    });
    if outer.is_none() && !object.has("content") {
        return Envelope { header: None, objects: vec![(String::new(), raw)] };
    }
    let content = object.raw("content").and_then(|raw| Object::read(wrong, "content", raw));
    let objects = match &content {
        Some(content) => content.required_list(wrong, "informationObject", MOST),
        None => {
            wrong.note("content", "REQUIRED", "is required");
            Vec::new()
        }
    };
    Envelope { header, objects }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Out<'a> {
    message_header: HeaderOut<'a>,
    content: ContentOut<'a>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct HeaderOut<'a> {
    message_id: Uuid,
    context: &'a str,
    sent_date_time: String,
    sender_bpn: &'a str,
    receiver_bpn: &'a str,
    version: &'a str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ContentOut<'a> {
    information_object: &'a [Box<RawValue>],
}

/// A message with these objects.
pub(crate) fn wrap(
    header: &Header,
    context: &str,
    message_id: Uuid,
    at: OffsetDateTime,
    objects: &[Box<RawValue>],
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Out {
        message_header: HeaderOut {
            message_id,
            context,
            sent_date_time: moment(at),
            sender_bpn: &header.sender,
            receiver_bpn: &header.receiver,
            version: "3.0.0",
        },
        content: ContentOut { information_object: objects },
    })
}
