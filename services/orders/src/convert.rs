//! Proto → domain, collecting every bad field and not just the first.

mod agreement;
mod answer;
pub(crate) mod change;
mod content;
pub(crate) mod follow;
pub(crate) mod item;
mod link;
mod scorecard;
mod tolerance;
pub(crate) mod trading_terms;
pub(crate) mod wire;

pub(crate) use agreement::{
    Asked, asked, beyond, outcome, outcomes, preview, promised, standing, standing_promises,
};
pub(crate) use answer::{resolution, response};
pub(crate) use content::new_order;
pub(crate) use link::{NewLink, new_link, order_link};
pub(crate) use scorecard::{evidence, evidence_wanted, scorecard, wanted};
pub(crate) use tolerance::{NewRule, new_rule, tolerance_rule};
