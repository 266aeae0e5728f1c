//! What a webhook is sent: an event as CloudEvents' JSON (structured mode), with its place in the feed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chassis::{Error, Result, json::contract::Contract};
use prost::Message;
use proto::stream::{FeedTruncated, WebhookTested};
use serde::Serialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::entry::Entry;

/// The body's type.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
const SOURCE: &str = "tandem/stream";
const TRUNCATED: &str = "tandem.stream.feed.truncated.v1";
const TESTED: &str = "tandem.stream.webhook.tested.v1";

/// A message on its way to a receiver.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The same each time that it is sent: a receiver that has it already leaves it.
    pub id: String,
    pub r#type: String,
    /// The place in the feed; 0 for a test.
    pub seq: i64,
    pub body: Bytes,
}

/// CloudEvents 1.0; numbers of 64 bits are text, since JavaScript would round them.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    traceparent: &'a str,
    /// The other firm of an event between two.
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<Uuid>,
    feed: Uuid,
    seq: String,
    /// The subject's version after it; 0 where it has none.
    version: String,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    /// The encoded payload of a type that this build does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

/// An entry of a feed.
pub fn entry(contract: &Contract, entry: &Entry) -> Result<Letter> {
    let fact = &entry.fact;
    let head = Head {
        id: fact.event_id.to_string(),
        source: &fact.source,
        r#type: &fact.kind,
        subject: &fact.subject,
        at: fact.at,
        feed: entry.feed,
        seq: entry.seq,
    };
    head.letter(contract, &fact.payload, |event| {
        event.traceparent = &fact.traceparent;
        event.counterparty = fact.counterparty(entry.feed);
        event.version = fact.version.to_string();
    })
}

/// The log no longer reaches back to a webhook's place: what comes first then. Its id tells what is missing, so that it stays
/// the same until more is.
pub fn truncated(
    contract: &Contract,
    (feed, webhook): (Uuid, Uuid),
    (accepted_seq, oldest_seq): (i64, i64),
    at: OffsetDateTime,
) -> Result<Letter> {
    let head = Head {
        id: format!("truncated-{webhook}-{accepted_seq}-{oldest_seq}"),
        source: SOURCE,
        r#type: TRUNCATED,
        subject: &format!("webhooks/{webhook}"),
        at,
        feed,
        seq: oldest_seq - 1,
    };
    head.letter(contract, &FeedTruncated { accepted_seq, oldest_seq }.encode_to_vec(), |_| {})
}

/// A test.
pub fn tested(
    contract: &Contract,
    (feed, webhook): (Uuid, Uuid),
    id: Uuid,
    at: OffsetDateTime,
) -> Result<Letter> {
    let head = Head {
        id: id.to_string(),
        source: SOURCE,
        r#type: TESTED,
        subject: &format!("webhooks/{webhook}"),
        at,
        feed,
        seq: 0,
    };
    head.letter(contract, &WebhookTested { webhook_id: webhook.to_string() }.encode_to_vec(), |_| {})
}

struct Head<'a> {
    id: String,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    at: OffsetDateTime,
    feed: Uuid,
    seq: i64,
}

impl Head<'_> {
    fn letter<'a>(
        &'a self,
        contract: &Contract,
        payload: &[u8],
        more: impl FnOnce(&mut CloudEvent<'a>),
    ) -> Result<Letter> {
        let data = contract.payload_json(self.r#type, payload);
        let data_base64 = data.is_none().then(|| STANDARD.encode(payload));
        let mut event = CloudEvent {
            specversion: "1.0",
            id: &self.id,
            source: self.source,
            r#type: self.r#type,
            subject: self.subject,
            time: self.at.format(&Rfc3339).map_err(Error::internal)?,
            traceparent: "",
            counterparty: None,
            feed: self.feed,
            seq: self.seq.to_string(),
            version: "0".into(),
            datacontenttype: if data.is_some() { "application/json" } else { "application/protobuf" },
            data,
            data_base64,
        };
        more(&mut event);
        let body = serde_json::to_vec(&event).map_err(Error::internal)?.into();
        Ok(Letter { id: self.id.clone(), r#type: self.r#type.to_owned(), seq: self.seq, body })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proto::orders::{Order, OrderPublished};
    use serde_json::json;

    use super::*;
    use crate::{entry::Fact, sample::fact};

    const ME: Uuid = Uuid::from_u128(1);

    fn shown(kind: &str, payload: Vec<u8>) -> serde_json::Value {
        let fact = Fact { kind: kind.into(), version: 3, payload: payload.into(), ..fact(1, vec![]) };
        let entry = Entry::new(ME, 42, [7; 32], true, Arc::new(fact));
        let letter = super::entry(&Contract::load().unwrap(), &entry).unwrap();
        assert_eq!((letter.seq, letter.id), (42, entry.fact.event_id.to_string()));
        serde_json::from_slice(&letter.body).unwrap()
    }

    #[test]
    fn an_event_is_a_cloud_event_at_its_place() {
        let order = Order { id: "o".into(), version: 3, ..Order::default() };
        let kind = "tandem.orders.order.published.v1";
        let event = shown(kind, OrderPublished { order: Some(order) }.encode_to_vec());
        for (attribute, value) in [
            ("specversion", "1.0"),
            ("type", kind),
            ("feed", ME.to_string().as_str()),
            ("seq", "42"),
            ("version", "3"),
            ("datacontenttype", "application/json"),
            ("counterparty", Uuid::from_u128(2).to_string().as_str()),
        ] {
            assert_eq!(event[attribute], value, "{attribute}");
        }
        assert_eq!(event["data"], json!({"order": {"id": "o", "version": "3"}}));
        // CloudEvents: attributes have lower-case letters and digits alone.
        let attributes = event.as_object().unwrap().keys().filter(|name| *name != "data_base64");
        for name in attributes {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
        }
    }

    #[test]
    fn an_event_that_is_newer_than_this_build_keeps_its_bytes() {
        let event = shown("tandem.later.v9", vec![0xfb, 0xff]);
        assert_eq!((&event["data_base64"], &event["data"]), (&json!("+/8="), &json!(null)));
        assert_eq!(event["datacontenttype"], "application/protobuf");
    }

    #[test]
    fn what_is_in_no_feed_is_shown_the_same_way() {
        let (contract, hook) = (Contract::load().unwrap(), Uuid::from_u128(5));
        let at = OffsetDateTime::UNIX_EPOCH;
        let letter = truncated(&contract, (ME, hook), (3, 9), at).unwrap();
        let event: serde_json::Value = serde_json::from_slice(&letter.body).unwrap();
        assert_eq!((letter.seq, &event["seq"]), (8, &json!("8")));
        assert_eq!(event["data"], json!({"acceptedSeq": "3", "oldestSeq": "9"}));
        assert_eq!(truncated(&contract, (ME, hook), (3, 9), at).unwrap().id, letter.id);
        let letter = tested(&contract, (ME, hook), Uuid::from_u128(6), at).unwrap();
        let event: serde_json::Value = serde_json::from_slice(&letter.body).unwrap();
        assert_eq!(event["data"], json!({"webhookId": hook.to_string()}));
    }
}
