//! Reads: get, and lists paged by key.

pub(crate) mod capability;
pub(crate) mod catena;
pub(crate) mod comment;
pub(crate) mod demand;
pub(crate) mod disclosure;
pub(crate) mod group;
pub(crate) mod matched;
pub(crate) mod offer;
pub(crate) mod promise;
pub(crate) mod request;
pub(crate) mod reservation;

use chassis::{Result, page::Question, service::Deps};
use serde::Serialize;

/// The token of the next page; empty on the last one.
fn token<K: Serialize>(deps: &Deps, question: &Question, last: Option<K>) -> Result<String> {
    last.map(|last| question.token(&deps.keys, &last)).transpose().map(Option::unwrap_or_default)
}
