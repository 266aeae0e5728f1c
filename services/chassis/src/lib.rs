//! What every Tandem service stands on, and no business: configuration, telemetry, errors, who calls, the tenant
//! wall, idempotency, the outbox, the reader's side of the event log, work without a caller, pages, search by words,
//! and how a listener is served.
//!
//! **Invariant:** `tonic::Status` is built in [`error`] alone, time and ids come from [`clock`], settings from
//! [`config`], and a connection to a firm's rows from [`db::TenantPool`].

pub mod background;
pub mod batch;
pub mod calendar;
pub mod caller;
pub mod clock;
pub mod code;
pub mod command;
pub mod config;
pub mod cursor;
pub mod db;
pub mod dial;
pub mod error;
pub mod feed;
pub mod gate;
pub mod hook;
pub mod idempotency;
pub mod json;
pub mod migrate;
pub mod outbox;
pub mod page;
pub mod parts;
pub mod rates;
pub mod search;
pub mod secret;
pub mod serve;
pub mod service;
pub mod slice;
pub mod telemetry;
pub mod unit;
pub mod value;
pub mod vault;

pub use error::{Error, Field, Reason, Result};

/// The schema `event`: outbox, log, feeds and idempotency.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
