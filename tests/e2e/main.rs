//! Journeys through the public API of a whole Tandem, and attacks on its walls.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod crash;
mod gateway;
mod idempotency;
mod invited;
mod portal;
mod publish;
mod reading;
mod respond;
mod resume;
mod sequencer;
mod third_party;
