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

mod announce;
mod api;
mod commands;
mod convert;
mod db;
pub mod entitlement;
mod error;
mod events;
mod expire;
mod queries;
pub mod resource;
pub mod revision;
pub mod search;

use std::sync::Arc;

use chassis::{
    outbox::Wake,
    service::{Deps, Service},
};
use proto::resources::{
    access_log_service_server::AccessLogServiceServer, entitlement_service_server::EntitlementServiceServer,
    follow_service_server::FollowServiceServer, resource_service_server::ResourceServiceServer,
    revision_service_server::RevisionServiceServer,
};

/// The schema `resources`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let context = commands::Context { deps: deps.clone(), to_tell: Wake::default() };
    let api = Arc::new(api::Api { context: context.clone() });
    let routes = tonic::service::Routes::new(ResourceServiceServer::from_arc(api.clone()))
        .add_service(RevisionServiceServer::from_arc(api.clone()))
        .add_service(EntitlementServiceServer::from_arc(api.clone()))
        .add_service(FollowServiceServer::from_arc(api.clone()))
        .add_service(AccessLogServiceServer::from_arc(api));
    Service {
        name: "resources",
        grpc: &[
            "tandem.resources.v1.ResourceService",
            "tandem.resources.v1.RevisionService",
            "tandem.resources.v1.EntitlementService",
            "tandem.resources.v1.FollowService",
            "tandem.resources.v1.AccessLogService",
        ],
        routes: chassis::service::routes(routes),
        tasks: vec![Box::pin(announce::run(context.clone())), Box::pin(expire::run(context))],
    }
}
