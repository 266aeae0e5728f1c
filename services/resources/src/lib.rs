//! Digital resources: what firms open to their partners, in which revision, to whom, for what and how long; and who made
//! use of it.
//!
//! * [`resource`]    what a resource is, and who may find it: pure
//! * [`revision`]    states of revisions, and in what two differ: pure
//! * [`entitlement`] who may use what, and how that begins and ends: pure
//! * [`binding`]     which revision counts for a line of an order, and what that means for a despatch: pure
//! * [`impact`]      what a new revision changes: pure
//! * [`search`]      what of a resource is looked for, its words and the codes that it stands under: pure
//! * [`file`]        what a file may be called, and be: pure
//! * `store`, `files` where the bytes of files stand, a folder or a bucket
//! * `receive`    a stream of chunks into an upload; `sweep` removes what uploads leave
//! * `scan`       asks the deployment's scanner of malware before a content becomes a file
//! * `offers`     whose capacity offer it is, asked of the capacity service
//! * `share`      what one firm may have under way at once
//! * `watch`      stops downloads and uploads whose right has ended; `link`, `http` the same files for browsers
//! * `expire`     ends entitlements whose time is over
//! * `follow`     pins lines of orders as the owner's feed tells of them; `apply` changes orders for a new revision
//! * `announce`   tells those who may use a resource, or follow, what became of it
//! * `convert`, `commands`, `queries`, `db`, `events`, `error`, `api`  as in every service
//!
//! **Invariant:** a resource does not exist for a firm that may neither find nor use it: `resources.sight` in the database
//! says which, for every read, every event and every policy alike. What a line of an
//! order is pinned to belongs to the order: its two firms see the name and the revision's label for good, and nothing else.

mod announce;
mod api;
mod apply;
pub mod binding;
mod commands;
mod convert;
mod db;
pub mod entitlement;
mod error;
mod events;
mod expire;
pub mod file;
mod files;
mod follow;
mod http;
pub mod impact;
mod link;
mod offers;
mod queries;
mod receive;
pub mod resource;
pub mod revision;
mod scan;
pub mod search;
mod share;
mod store;
mod sweep;
mod watch;

use std::sync::Arc;

use chassis::{
    config::Config,
    outbox::Wake,
    service::{Deps, Service},
};
use proto::resources::{
    access_log_service_server::AccessLogServiceServer, binding_service_server::BindingServiceServer,
    entitlement_service_server::EntitlementServiceServer, follow_service_server::FollowServiceServer,
    resource_service_server::ResourceServiceServer, revision_service_server::RevisionServiceServer,
    transfer_service_server::TransferServiceServer,
};

/// The schema `resources`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The largest message of an upload: a chunk, and what says where it belongs.
const MAX_CHUNK_BYTES: usize = convert::transfer::CHUNK_BYTES + 4 * 1024;

/// The service, ready to be served.
/// # Errors
/// Names the setting of the store that is wrong.
pub fn build(deps: &Deps, config: &Config) -> anyhow::Result<Service> {
    let context = commands::Context { deps: deps.clone(), to_tell: Wake::default() };
    let files = files::Files::new(context.clone(), config)?;
    let transfers = TransferServiceServer::new(api::transfer::Transfers(files.clone()))
        .max_decoding_message_size(MAX_CHUNK_BYTES);
    let api = Arc::new(api::Api { context: context.clone() });
    let routes = tonic::service::Routes::new(ResourceServiceServer::from_arc(api.clone()))
        .add_service(RevisionServiceServer::from_arc(api.clone()))
        .add_service(EntitlementServiceServer::from_arc(api.clone()))
        .add_service(BindingServiceServer::from_arc(api.clone()))
        .add_service(FollowServiceServer::from_arc(api.clone()))
        .add_service(AccessLogServiceServer::from_arc(api))
        .add_service(transfers);
    Ok(Service {
        name: "resources",
        grpc: &[
            "tandem.resources.v1.ResourceService",
            "tandem.resources.v1.RevisionService",
            "tandem.resources.v1.EntitlementService",
            "tandem.resources.v1.BindingService",
            "tandem.resources.v1.FollowService",
            "tandem.resources.v1.AccessLogService",
            "tandem.resources.v1.TransferService",
        ],
        routes: chassis::service::routes(routes).merge(http::routes(files.clone())),
        tasks: vec![
            Box::pin(announce::run(context.clone())),
            Box::pin(follow::run(context.clone())),
            Box::pin(expire::run(context.clone())),
            Box::pin(expire::run_left(context)),
            Box::pin(watch::run(files.clone())),
            Box::pin(sweep::run(files)),
        ],
    })
}
