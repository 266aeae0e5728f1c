//! Proto → domain, collecting every bad field and not just the first.

mod answer;
mod content;
pub(crate) mod wire;

pub(crate) use answer::{resolution, response};
pub(crate) use content::new_order;
