//! UBL documents in and out, by the crate's public functions alone.

mod attacks;
mod changes;
mod corpus;
mod hostile;
mod journeys;
mod support;
