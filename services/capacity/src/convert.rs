//! Proto ⇄ domain, collecting every bad field and not just the first.

pub(crate) mod capability;
pub(crate) mod catena;
pub(crate) mod comment;
pub(crate) mod demand;
pub(crate) mod disclosed;
pub(crate) mod disclosure;
pub(crate) mod group;
pub(crate) mod load;
pub(crate) mod matched;
pub(crate) mod offer;
pub(crate) mod prefill;
pub(crate) mod promise;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod reservation;
mod share;
pub(crate) mod volatility;
pub(crate) mod week;
