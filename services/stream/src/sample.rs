//! Made-up entries for the tests of this crate.

use std::sync::Arc;

use bytes::Bytes;
use chassis::secret::sha256;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entry::{Entry, Fact};

/// A fact between firm 1 and firm 2.
pub(crate) fn fact(n: i64, payload: Vec<u8>) -> Fact {
    Fact {
        event_id: Uuid::from_u128(1000 + n as u128),
        subject_id: Some(Uuid::from_u128(77)),
        kind: "tandem.orders.order.published.v1".into(),
        source: "tandem/orders".into(),
        subject: format!("orders/{}", Uuid::from_u128(77)),
        at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(n),
        traceparent: String::new(),
        version: n,
        audience: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
        sites: vec![],
        purchasing_group: String::new(),
        scope_firm: None,
        payload_sha256: Bytes::copy_from_slice(&sha256(&payload)),
        payload: payload.into(),
    }
}

/// An entry at a place.
pub(crate) fn entry(feed: Uuid, seq: i64) -> Arc<Entry> {
    entry_with(feed, seq, format!("payload {seq}").into_bytes())
}

/// An entry with a payload.
pub(crate) fn entry_with(feed: Uuid, seq: i64, payload: Vec<u8>) -> Arc<Entry> {
    Arc::new(Entry::new(feed, seq, [seq as u8; 32], true, Arc::new(fact(seq, payload))))
}
