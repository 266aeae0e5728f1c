//! Reads: get, and lists paged by key.

pub(crate) mod access;
pub(crate) mod binding;
pub(crate) mod entitlement;
pub(crate) mod following;
pub(crate) mod resource;
pub(crate) mod revision;

use chassis::{Result, page::Question, service::Deps};
use serde::Serialize;

/// The token of the next page; empty on the last one.
fn token<K: Serialize>(deps: &Deps, question: &Question, last: Option<K>) -> Result<String> {
    last.map(|last| question.token(&deps.keys, &last)).transpose().map(Option::unwrap_or_default)
}
