//! The product as one binary: `tandem dev` runs everything on this machine, `tandem serve` runs any of its services,
//! and the rest is a command line that speaks to them.
//!
//! * [`cli`]: what can be typed, and the gRPC client behind it
//! * [`settings`]: flags over environment over file over defaults
//! * [`node`]: one process: services behind listeners
//! * [`dev`]: everything on this machine, with its data in one directory
//! * [`postgres`]: the private cluster of `tandem dev` and of tests
//! * [`database`]: roles and schemas of the whole product
//! * [`doctor`]: what is wrong with the machine and the database, and what to do
//! * [`seed`]: the sandbox

pub mod cli;
pub mod database;
pub mod dev;
pub mod doctor;
pub mod node;
pub mod postgres;
pub mod seed;
pub mod settings;
