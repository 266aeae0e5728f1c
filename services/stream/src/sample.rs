//! Made-up entries for the tests of this crate.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use bytes::Bytes;
use chassis::{feed::FIRST_CHAIN, secret::sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    chain::{self, Chain},
    entry::{Entry, Fact},
    hub::lock,
};

/// The chains of feeds as far as somebody asked.
static CHAINS: LazyLock<Mutex<HashMap<Uuid, Vec<Chain>>>> = LazyLock::new(Mutex::default);

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
        shared: Default::default(),
    }
}

/// An entry at a place.
pub(crate) fn entry(feed: Uuid, seq: i64) -> Arc<Entry> {
    entry_with(feed, seq, format!("payload {seq}").into_bytes())
}

/// An entry with a payload.
pub(crate) fn entry_with(feed: Uuid, seq: i64, payload: Vec<u8>) -> Arc<Entry> {
    Arc::new(Entry::new(feed, seq, chain(feed, seq), true, Arc::new(claimed(seq, payload))))
}

/// An entry of another history, which follows the one with this chain.
pub(crate) fn entry_of(feed: Uuid, seq: i64, before: &Chain, payload: Vec<u8>) -> Arc<Entry> {
    let fact = fact(seq, payload);
    let chain = chain::next(before, feed, seq, fact.event_id, &fact.payload_sha256);
    Arc::new(Entry::new(feed, seq, chain, true, Arc::new(fact)))
}

/// The chain at a place of a feed.
pub(crate) fn chain(feed: Uuid, seq: i64) -> Chain {
    let mut chains = lock(&CHAINS);
    let chains = chains.entry(feed).or_insert_with(|| vec![FIRST_CHAIN]);
    for seq in chains.len() as i64..=seq {
        let fact = claimed(seq, Vec::new());
        let before = &chains[seq as usize - 1];
        let next = chain::next(before, feed, seq, fact.event_id, &fact.payload_sha256);
        chains.push(next);
    }
    chains[seq as usize]
}

/// A fact whose hash names its place and not its payload, so that entries follow one another whatever they carry.
fn claimed(seq: i64, payload: Vec<u8>) -> Fact {
    Fact { payload_sha256: Bytes::copy_from_slice(&sha256(&seq.to_be_bytes())), ..fact(seq, payload) }
}
