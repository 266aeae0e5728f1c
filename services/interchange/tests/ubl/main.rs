//! UBL documents in and out, by the crate's public functions alone.

mod attacks;
mod corpus;
mod journeys;
mod support;
