//! Journeys through the public API of a whole Tandem, and attacks on its walls.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::large_futures,
    clippy::or_fun_call,
    clippy::type_complexity,
    reason = "what costs a product something costs a test nothing, and the plain form reads better"
)]

mod addressing;
mod aliases;
mod announcing;
mod booking;
mod bridge;
mod browser;
mod bulk;
mod bulk_invite;
mod cancelled;
mod cancelling;
mod capacity;
mod changes;
mod chaos;
mod clusters;
mod commands;
mod conservation;
mod corpus;
mod credentials;
mod deadlines;
mod defects;
mod files;
mod follower;
mod frozen;
mod gateway;
mod idempotency;
mod injection;
mod interchange;
mod invited;
mod isolation;
mod json;
mod links;
mod load;
mod matrix;
mod migrations;
mod near;
mod nightly;
mod noninterference;
mod notices;
mod operating;
mod preview;
mod progress;
mod publish;
mod reading;
mod readme;
mod reasons;
mod reminders;
mod replicas;
mod resources;
mod respond;
mod resume;
mod retention;
mod scorecard;
mod sequencer;
mod sheets;
mod subscriptions;
mod terms;
mod third_party;
mod thread;
mod timing;
mod tolerance;
mod tryton;
mod upgrade;
mod validation;
mod wakes;
mod wall;
mod webhooks;
