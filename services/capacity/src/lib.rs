//! Demand and capacity, week by week: what customers want of their suppliers, what suppliers can make, how the two fit,
//! and what of capacity is promised. Follows Catena-X CX-0128, so that its payloads go in and out unchanged.
//!
//! * [`disclosure`] how much of a group a customer sees: pure
//! * `convert`, `commands`, `queries`, `db`, `api`  as in every service
//!
//! **Invariant:** a customer reads demand of its own and what its supplier's policy shows it, in rows that hold no more;
//! groups, weeks, links and policies are the supplier's alone.

mod api;
mod commands;
mod convert;
mod db;
pub mod disclosure;
mod queries;

use std::sync::Arc;

use chassis::service::{Deps, Service};
use proto::capacity::disclosure_service_server::DisclosureServiceServer;

/// The schema `capacity`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let api = Arc::new(api::Api { deps: deps.clone() });
    let routes = tonic::service::Routes::new(DisclosureServiceServer::from_arc(api));
    Service {
        name: "capacity",
        grpc: &["tandem.capacity.v1.DisclosureService"],
        routes: chassis::service::routes(routes),
        tasks: Vec::new(),
    }
}
