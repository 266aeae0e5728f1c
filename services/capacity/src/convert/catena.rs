//! Payloads of Catena-X ⇄ domain: WeekBasedMaterialDemand, WeekBasedCapacityGroup, IdBasedComment and IdBasedRequestForUpdate (CX-0128),
//! alone, in a list, or in the envelope with its message header. Unknown properties are ignored, numbers are decimals
//! from the first digit to the last, and every bad field is named.

pub(crate) mod comment;
pub(crate) mod demand;
mod envelope;
pub(crate) mod group;
mod object;
mod update;
mod write;

pub(crate) use envelope::{Header, envelope, wrap};
pub(crate) use object::Object;
pub(crate) use update::{Wanted, wanted};

#[cfg(test)]
mod tests;
