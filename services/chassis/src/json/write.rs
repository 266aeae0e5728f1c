//! A message as ProtoJSON, in the order of its fields; absent and empty fields are left out. An event carries its
//! decoded `payload` instead of the bytes of `data`, where this build knows its type.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use prost_reflect::{DynamicMessage, Kind, MapKey, MessageDescriptor, SerializeOptions, Value};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeSeq as _},
};

use super::contract::Contract;
use crate::{Error, Result};

const EVENT: &str = "tandem.event.v1.Event";

/// An encoded message as JSON text, without a line break in it.
///
/// # Errors
/// INTERNAL where the bytes are no such message.
pub(super) fn write(contract: &Contract, message: &MessageDescriptor, encoded: &[u8]) -> Result<Vec<u8>> {
    let message = DynamicMessage::decode(message.clone(), encoded).map_err(Error::internal)?;
    let mut out = Vec::with_capacity(encoded.len() * 2 + 64);
    serde_json::to_writer(&mut out, &Json { contract, value: &message }).map_err(Error::internal)?;
    Ok(out)
}

/// Something of a message, with what it takes to write it.
struct Json<'a, T> {
    contract: &'a Contract,
    value: &'a T,
}

impl Serialize for Json<'_, DynamicMessage> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Json { contract, value: message } = self;
        let descriptor = prost_reflect::ReflectMessage::descriptor(*message);
        if descriptor.full_name().starts_with("google.protobuf.") {
            return message.serialize_with_options(serializer, &SerializeOptions::new());
        }
        let payload = if descriptor.full_name() == EVENT { payload(contract, message) } else { None };
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in message.fields() {
            match &payload {
                Some(payload) if field.name() == "data" => {
                    map.serialize_entry("payload", &Json { contract, value: payload })?;
                }
                _ => map.serialize_entry(
                    field.json_name(),
                    &Json { contract, value: &Typed { value, kind: field.kind() } },
                )?,
            }
        }
        map.end()
    }
}

/// The payload of an event whose type is known and whose data is what the type says.
fn payload(contract: &Contract, event: &DynamicMessage) -> Option<DynamicMessage> {
    let (kind, data) = (event.get_field_by_name("type")?, event.get_field_by_name("data")?);
    let message = contract.payload(kind.as_str()?)?.clone();
    // Written as a message and not as its bytes, even where it is empty.
    DynamicMessage::decode(message, data.as_bytes()?.clone()).ok()
}

/// A value, which does not know its kind itself.
struct Typed<'a> {
    value: &'a Value,
    kind: Kind,
}

impl Serialize for Json<'_, Typed<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Json { contract, value: Typed { value, kind } } = self;
        let float = |number: f64, serializer: S| match number {
            number if number.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            number => serializer.serialize_f64(number),
        };
        match value {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::I32(value) => serializer.serialize_i32(*value),
            Value::U32(value) => serializer.serialize_u32(*value),
            // As text: JavaScript would round them.
            Value::I64(value) => serializer.collect_str(value),
            Value::U64(value) => serializer.collect_str(value),
            Value::F32(value) if value.is_finite() => serializer.serialize_f32(*value),
            Value::F32(value) => float(f64::from(*value), serializer),
            Value::F64(value) => float(*value, serializer),
            Value::String(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_str(&STANDARD.encode(value)),
            Value::EnumNumber(number) => {
                let named = kind.as_enum().and_then(|kind| kind.get_value(*number));
                match named {
                    Some(value) => serializer.serialize_str(value.name()),
                    None => serializer.serialize_i32(*number),
                }
            }
            Value::Message(message) => Json { contract, value: message }.serialize(serializer),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Json { contract, value: &Typed { value, kind: kind.clone() } })?;
                }
                list.end()
            }
            Value::Map(values) => {
                let inner = kind.as_message().map(|entry| entry.map_entry_value_field().kind());
                let inner = inner.unwrap_or(Kind::String);
                let mut map = serializer.serialize_map(Some(values.len()))?;
                for (key, value) in values {
                    map.serialize_entry(
                        &text(key),
                        &Json { contract, value: &Typed { value, kind: inner.clone() } },
                    )?;
                }
                map.end()
            }
        }
    }
}

fn text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use proto::{
        event::Event,
        orders::{Order, OrderPublished, OrderState},
        stream::{FeedEvent, SubscribeResponse},
    };
    use serde_json::json;

    use super::*;

    fn written(name: &str, message: &impl Message) -> serde_json::Value {
        let contract = Contract::load().unwrap();
        let descriptor = contract.pool.get_message_by_name(name).unwrap();
        serde_json::from_slice(&write(&contract, &descriptor, &message.encode_to_vec()).unwrap()).unwrap()
    }

    fn message(kind: &str, data: Vec<u8>) -> SubscribeResponse {
        let event = Event { r#type: kind.into(), data: data.into(), version: 1, ..Event::default() };
        let entry = FeedEvent {
            event: Some(event),
            seq: i64::MAX,
            chain: vec![0xfb, 0xff].into(),
            ..FeedEvent::default()
        };
        SubscribeResponse { events: vec![entry], live: true, ..SubscribeResponse::default() }
    }

    #[test]
    fn an_event_shows_what_happened() {
        let order =
            Order { id: "o".into(), state: OrderState::Accepted.into(), version: 7, ..Order::default() };
        let published = OrderPublished { order: Some(order) };
        let kind = "tandem.orders.order.published.v1";
        let shown = written("tandem.stream.v1.SubscribeResponse", &message(kind, published.encode_to_vec()));
        let payload = json!({"order": {"id": "o", "version": "7", "state": "ORDER_STATE_ACCEPTED"}});
        let event = json!({"type": kind, "payload": payload, "version": "1"});
        let entry = json!({"event": event, "seq": "9223372036854775807", "chain": "+/8="});
        assert_eq!(shown, json!({"events": [entry], "live": true}));
    }

    #[test]
    fn an_event_that_is_newer_than_this_build_keeps_its_bytes() {
        for (kind, data) in
            [("tandem.later.v9", vec![0xfb, 0xff]), ("tandem.orders.order.published.v1", vec![0xff])]
        {
            let shown = written("tandem.stream.v1.SubscribeResponse", &message(kind, data.clone()));
            assert_eq!(shown["events"][0]["event"]["data"], STANDARD.encode(data));
        }
    }

    #[test]
    fn a_name_that_is_newer_than_this_build_is_its_number() {
        let order = Order { state: 99, ..Order::default() };
        assert_eq!(written("tandem.orders.v1.Order", &order), json!({"state": 99}));
    }
}
