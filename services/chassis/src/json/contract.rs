//! The contract as the JSON layer sees it: methods by path, and payloads by the type of their event.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use anyhow::Context as _;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor, Value};
use serde_json::value::RawValue;

use crate::gate;

/// Every method and event type of the compiled-in descriptors.
#[derive(Debug)]
pub struct Contract {
    pub(super) pool: DescriptorPool,
    rpcs: HashMap<String, Rpc>,
    event_types: HashMap<String, MessageDescriptor>,
}

/// One method.
#[derive(Clone, Debug)]
pub struct Rpc {
    /// Its path, such as `/tandem.orders.v1.OrderService/GetOrder`.
    pub path: String,
    /// What the descriptors say of it.
    pub method: MethodDescriptor,
    /// Permission, deadline and size.
    pub limits: gate::Method,
}

impl Contract {
    /// What the descriptors say, read once in a process.
    ///
    /// # Errors
    /// Where they are broken, which the build would have shown.
    pub fn load() -> anyhow::Result<Arc<Self>> {
        static READ: LazyLock<anyhow::Result<Arc<Contract>>> =
            LazyLock::new(|| Contract::read().map(Arc::new));
        READ.as_ref().map(Arc::clone).map_err(|error| anyhow::anyhow!("{error:#}"))
    }

    fn read() -> anyhow::Result<Self> {
        let pool = proto::contract()?;
        let option = pool
            .get_extension_by_name("tandem.event.v1.type")
            .context("the contract lacks the option tandem.event.v1.type")?;
        let mut event_types = HashMap::new();
        for message in pool.all_messages() {
            let options = message.options();
            if options.has_extension(&option)
                && let Value::String(name) = options.get_extension(&option).as_ref()
            {
                event_types.insert(name.clone(), message.clone());
            }
        }
        let mut limits = gate::methods()?;
        let mut rpcs = HashMap::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let limits = limits.remove(&path).with_context(|| format!("{path} has no limits"))?;
            rpcs.insert(path.clone(), Rpc { path, method, limits });
        }
        Ok(Self { pool, rpcs, event_types })
    }

    /// The method at a path.
    pub fn rpc(&self, path: &str) -> Option<&Rpc> {
        self.rpcs.get(path)
    }

    /// Every method, by path.
    pub fn rpcs(&self) -> Vec<&Rpc> {
        let mut all: Vec<&Rpc> = self.rpcs.values().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    /// The message that the payload of an event of this type is; `None` for a type that this build does not know.
    pub fn payload(&self, event_type: &str) -> Option<&MessageDescriptor> {
        self.event_types.get(event_type)
    }

    /// The payload of an event as JSON; `None` for a type that this build does not know, or data that is no such payload.
    pub fn payload_json(&self, event_type: &str, data: &[u8]) -> Option<Box<RawValue>> {
        let text = super::write::write(self, self.payload(event_type)?, data).ok()?;
        RawValue::from_string(String::from_utf8(text).ok()?).ok()
    }

    /// Every event type with its payload, by name.
    pub fn payloads(&self) -> Vec<(&str, &MessageDescriptor)> {
        let mut all: Vec<_> =
            self.event_types.iter().map(|(name, message)| (name.as_str(), message)).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }
}
