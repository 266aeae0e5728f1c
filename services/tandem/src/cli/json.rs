//! Protobuf messages as their standard JSON, read from the contract's descriptors; and the payload of an event by the
//! type that its message carries as an option. **Invariant:** no message is named twice: a new event type prints
//! without a change here.

use std::collections::HashMap;

use anyhow::Context as _;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions, Value as Field,
};
use serde_json::{Value, json};

/// The contract's messages and the event types among them.
#[derive(Clone, Debug)]
pub struct Contract {
    pool: DescriptorPool,
    event_types: HashMap<String, MessageDescriptor>,
}

impl Contract {
    /// Reads the compiled-in descriptors; fails only where the build is broken.
    pub fn load() -> anyhow::Result<Contract> {
        let pool = proto::contract()?;
        let option = pool
            .get_extension_by_name("tandem.event.v1.type")
            .context("the descriptors lack the option tandem.event.v1.type")?;
        let mut event_types = HashMap::new();
        for message in pool.all_messages() {
            let options = message.options();
            if options.has_extension(&option)
                && let Field::String(name) = options.get_extension(&option).as_ref()
            {
                event_types.insert(name.clone(), message.clone());
            }
        }
        Ok(Contract { pool, event_types })
    }

    /// A message as protobuf JSON. `name` is its full name, such as `tandem.orders.v1.Order`.
    pub fn to_json(&self, name: &str, message: &impl Message) -> anyhow::Result<Value> {
        let descriptor = self.message(name)?;
        let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
        render(&dynamic)
    }

    /// A message from protobuf JSON; an unknown field is an error that names it.
    pub fn from_json<T: Message + Default>(&self, name: &str, value: Value) -> anyhow::Result<T> {
        let descriptor = self.message(name)?;
        let dynamic = DynamicMessage::deserialize(descriptor, value)?;
        Ok(T::decode(dynamic.encode_to_vec().as_slice())?)
    }

    /// The payload of an event, or nothing for a type that this build does not know.
    pub fn payload(&self, event_type: &str, data: &[u8]) -> Option<Value> {
        let descriptor = self.event_types.get(event_type)?.clone();
        render(&DynamicMessage::decode(descriptor, data).ok()?).ok()
    }

    /// Event types that this build knows, sorted.
    pub fn event_types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = self.event_types.keys().map(String::as_str).collect();
        types.sort_unstable();
        types
    }

    /// Every method, by path.
    pub fn methods(&self) -> Vec<MethodDescriptor> {
        let mut all: Vec<MethodDescriptor> =
            self.pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        all.sort_by(|a, b| a.full_name().cmp(b.full_name()));
        all
    }

    fn message(&self, name: &str) -> anyhow::Result<MessageDescriptor> {
        self.pool.get_message_by_name(name).with_context(|| format!("the contract has no message {name}"))
    }
}

/// A message as protobuf JSON, without fields that are not set.
pub(super) fn render(message: &DynamicMessage) -> anyhow::Result<Value> {
    let options = SerializeOptions::new().skip_default_fields(true);
    Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// A timestamp as RFC 3339 in UTC; empty where absent.
pub fn time_text(at: Option<&prost_types::Timestamp>) -> String {
    at.map(ToString::to_string).unwrap_or_default()
}

/// A calendar date as `2026-11-23`; empty where absent.
pub fn date_text(date: Option<&proto::Date>) -> String {
    date.map(|d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day)).unwrap_or_default()
}

/// A decimal as it stands; empty where absent, since absent is not zero.
pub fn decimal_text(decimal: Option<&proto::Decimal>) -> String {
    decimal.map(|d| d.value.clone()).unwrap_or_default()
}

/// Bytes as lowercase hex, for digests in JSON.
pub fn hex_value(bytes: &[u8]) -> Value {
    json!(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use proto::orders::{OrderContent, OrderPublished, PublishOrderRequest};

    use super::*;

    #[test]
    fn an_order_survives_the_way_through_json() {
        let contract = Contract::load().unwrap();
        let written = json!({
            "requestId": "r1",
            "content": {
                "orderNumber": "X-1", "priceIncludesTax": false,
                "lines": [{ "lineNumber": "1", "quantity": { "value": "1800.5" }, "unitCode": "MTR" }]
            },
            "supplier": { "vendorNumber": "0000410882" }
        });
        let request: PublishOrderRequest =
            contract.from_json("tandem.orders.v1.PublishOrderRequest", written.clone()).unwrap();
        let content = request.content.clone().unwrap();
        assert_eq!(content.price_includes_tax, Some(false));
        assert_eq!(content.lines[0].quantity.clone().unwrap().value, "1800.5");
        assert_eq!(contract.to_json("tandem.orders.v1.PublishOrderRequest", &request).unwrap(), written);
    }

    #[test]
    fn an_unknown_field_is_named() {
        let contract = Contract::load().unwrap();
        let result: anyhow::Result<OrderContent> =
            contract.from_json("tandem.orders.v1.OrderContent", json!({ "orderNumbre": "X" }));
        assert!(result.unwrap_err().to_string().contains("orderNumbre"));
    }

    #[test]
    fn a_payload_is_found_by_its_type() {
        let contract = Contract::load().unwrap();
        assert!(contract.event_types().contains(&"tandem.orders.order.published.v1"));
        let payload = OrderPublished {
            order: Some(proto::orders::Order { id: "o".into(), version: 1, ..Default::default() }),
        };
        let value = contract.payload("tandem.orders.order.published.v1", &payload.encode_to_vec()).unwrap();
        // int64 is a string in protobuf JSON.
        assert_eq!(value, json!({ "order": { "id": "o", "version": "1" } }));
        assert_eq!(contract.payload("tandem.unknown.v9", b""), None);
    }
}
