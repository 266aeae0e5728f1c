//! What every test stands on: a whole Tandem in this process with a database of its own, firms that act through the
//! public API, and documents to publish.
//!
//! * [`World`]      one Tandem: node, database, clients
//! * [`Firm`]       a firm with its clients, people and keys; [`Access`] is one credential
//! * [`order`]      a purchase order to publish; [`answer`] a supplier's answer; [`decide`] a buyer's decision
//! * [`events`]     payloads of events
//! * [`capacity`]   demand and capacity groups to upload
//! * [`resource`]   resources to publish
//! * [`file`]       files to upload, of any size
//! * [`refusal`]    what a status says to programs
//! * [`http`]       the API over HTTP/1.1 in JSON
//! * [`frames`]     HTTP/2 frame by frame
//! * [`cli`]      that binary as a person runs it against a world
//! * [`binary`]     the built `tandem`, for tests that kill processes
//! * [`history`]    what clients saw, and [`validators`] over it; [`chaos`] has processes to kill meanwhile
//! * [`altered`]    Postgres with faults in the product's statements
//! * [`router`]     the way to services that run apart
//! * [`proxy`]      what networks do to connections, [`disk`] a disk that is full, [`skewed`] a clock that is wrong
//! * [`outside`]    servers of others: group robots and a mail server, on loopback
//! * [`receiver`]   a firm's own server that takes webhooks, on loopback
//! * [`kafka`]      a real Kafka, where the machine can run one
//! * [`nats`]       a real NATS server, where the machine has one
//! * [`tell`]       words for whoever runs the tests: what was measured, and what was left out
//! * [`cluster`]    the private Postgres that all test processes share
//!
//! A harness that cannot go on ends the test, so that tests read as what happens and not as what may fail.
//!
//! **Invariant:** no test waits for time to pass: it drains by hand or waits for a condition with a deadline.

pub mod altered;
pub mod binary;
pub mod booking;
pub mod capacity;
pub mod change;
pub mod chaos;
pub mod cli;
pub mod cluster;
pub mod disk;
pub mod events;
pub mod file;
mod firm;
pub mod frames;
pub mod history;
pub mod http;
pub mod kafka;
mod months;
pub mod nats;
pub mod need;
mod order;
pub mod outside;
pub mod proxy;
mod raw;
pub mod receiver;
pub mod refusal;
pub mod resource;
pub mod router;
pub mod seeded;
pub mod skewed;
pub mod tell;
pub mod validators;
mod wait;
mod world;

pub use firm::{Access, Bearer, Client, Firm, signed};
pub use order::{Answer, Order, accept_all, answer, date, decide, decimal, number, order, request_id};
pub use wait::until;
pub use world::{Options, World};

/// A number that whoever runs the tests by hand says in this variable of the environment.
pub fn asked<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// Whether long variants were asked for, by `TANDEM_TEST_LONG=1`, as `tests/run --long` sets it; tests that are always long
/// are `#[ignore]`d instead.
pub fn long() -> bool {
    std::env::var_os("TANDEM_TEST_LONG").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Whose turn it is where a short run tries a part of what a long one tries: the next part each day. `TANDEM_TEST_TURN` says
/// another one, to repeat what a run of another day tried.
pub fn turn() -> usize {
    static TURN: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {
        let today = || chassis::clock::system().now().to_julian_day().unsigned_abs() as usize;
        asked("TANDEM_TEST_TURN").unwrap_or_else(today)
    });
    *TURN
}
