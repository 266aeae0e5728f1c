//! Reads: get, and lists paged by key.

pub(crate) mod disclosure;
