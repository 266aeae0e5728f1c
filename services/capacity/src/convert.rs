//! Proto ⇄ domain, collecting every bad field and not just the first.

pub(crate) mod disclosure;
