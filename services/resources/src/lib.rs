//! Digital resources: what firms open to their partners, in which revision, to whom, for what and how long; and who made
//! use of it.
//!
//! * [`resource`]    what a resource is, and who may find it: pure
//! * [`revision`]    states of revisions, and in what two differ: pure
//! * [`entitlement`] who may use what, and how that begins and ends: pure
//! * [`search`]      what of a resource is looked for, and by which words: pure
//! * `expire`     ends entitlements whose time is over
//! * `announce`   tells those who may use a resource, or follow, what became of it
//! * `convert`, `commands`, `queries`, `db`, `events`, `error`, `api`  as in every service
//!
//! **Invariant:** a resource does not exist for a firm that may neither find nor use it: `resources.sight` in the database
//! says which, for every read, every event and every policy alike.

/// The schema `resources`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
