//! Contract ⇄ domain, with every bad field named.

pub(crate) mod access;
pub(crate) mod binding;
pub(crate) mod entitlement;
pub(crate) mod following;
mod read;
pub(crate) mod resource;
pub(crate) mod revision;
pub(crate) mod transfer;
