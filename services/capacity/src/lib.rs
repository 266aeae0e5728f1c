//! Demand and capacity, week by week: what customers want of their suppliers, what suppliers can make, how the two fit,
//! and what of capacity is promised. Follows Catena-X CX-0128, so that its payloads go in and out unchanged.
//!
//! * [`demand`], [`group`] what is stated, in full and by delta: pure
//! * [`comment`] what is said about them: pure
//! * [`ingest`]   what becomes of an upload, the first rule that fits: pure
//! * [`matching`] demand against capacity: pure
//! * [`promise`]  what can still be promised, and from when: pure
//! * [`volatility`] how far demand moved between two measurements: pure
//! * [`disclosure`] how much of a group a customer sees: pure
//! * [`week`], [`unit`] names of weeks, categories and units: pure
//! * [`offer`]  what may be booked, and what a change of it moves: pure
//! * [`need`]   what is needed, held against offers and against what firms say they can do: pure
//! * [`matched`] what comes of it, and who says so: pure
//! * [`load`]   what accepted orders take of weeks: pure
//! * [`scope`]  what a member or key sees that is narrowed to some sites: pure
//! * `expire`     ends holds whose time is over
//! * `measure`    measures demand when it is time
//! * `consume`    matches demand that arrived, in the supplier's tenant
//! * `follow`     takes capacity for what accepted orders promise, as the supplier's feed tells
//! * `convert`, `commands`, `queries`, `db`, `events`, `error`, `api`  as in every service
//!
//! **Invariant:** a customer reads demand of its own and what its supplier's policy shows it, in rows that hold no more;
//! groups, weeks, links and policies are the supplier's alone.

mod api;
mod commands;
pub mod comment;
mod consume;
mod convert;
mod db;
pub mod demand;
pub mod disclosure;
mod error;
mod events;
mod expire;
mod follow;
pub mod group;
pub mod ingest;
pub mod load;
pub mod matched;
pub mod matching;
mod measure;
pub mod need;
pub mod offer;
pub mod promise;
mod queries;
pub mod scope;
pub mod unit;
pub mod volatility;
pub mod week;

use std::sync::Arc;

use chassis::{
    outbox::Wake,
    service::{Deps, Service},
};
use proto::capacity::{
    capability_service_server::CapabilityServiceServer,
    capacity_group_service_server::CapacityGroupServiceServer,
    capacity_match_service_server::CapacityMatchServiceServer,
    capacity_request_service_server::CapacityRequestServiceServer,
    catena_service_server::CatenaServiceServer, comment_service_server::CommentServiceServer,
    demand_service_server::DemandServiceServer, disclosure_service_server::DisclosureServiceServer,
    offer_service_server::OfferServiceServer, promise_service_server::PromiseServiceServer,
    reservation_service_server::ReservationServiceServer,
};

/// The schema `capacity`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The largest upload, in bytes; the gate bounds it too.
const MAX_UPLOAD_BYTES: usize = 4 * 1024 * 1024 + 1024;

/// The largest message of payloads, in bytes; the gate bounds it too.
const MAX_PAYLOAD_BYTES: usize = 16 * 1024 * 1024 + 1024;

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let context = commands::Context { deps: deps.clone(), arrived: Wake::default() };
    let api = Arc::new(api::Api::new(context.clone()));
    let routes = tonic::service::Routes::new(DisclosureServiceServer::from_arc(api.clone()))
        .add_service(DemandServiceServer::from_arc(api.clone()).max_decoding_message_size(MAX_UPLOAD_BYTES))
        .add_service(CatenaServiceServer::from_arc(api.clone()).max_decoding_message_size(MAX_PAYLOAD_BYTES))
        .add_service(
            CapacityGroupServiceServer::from_arc(api.clone()).max_decoding_message_size(MAX_UPLOAD_BYTES),
        )
        .add_service(OfferServiceServer::from_arc(api.clone()))
        .add_service(CapabilityServiceServer::from_arc(api.clone()))
        .add_service(CommentServiceServer::from_arc(api.clone()))
        .add_service(CapacityRequestServiceServer::from_arc(api.clone()))
        .add_service(CapacityMatchServiceServer::from_arc(api.clone()))
        .add_service(PromiseServiceServer::from_arc(api.clone()))
        .add_service(ReservationServiceServer::from_arc(api));
    Service {
        name: "capacity",
        grpc: &[
            "tandem.capacity.v1.DemandService",
            "tandem.capacity.v1.CapacityGroupService",
            "tandem.capacity.v1.DisclosureService",
            "tandem.capacity.v1.OfferService",
            "tandem.capacity.v1.CapabilityService",
            "tandem.capacity.v1.CommentService",
            "tandem.capacity.v1.ReservationService",
            "tandem.capacity.v1.CatenaService",
            "tandem.capacity.v1.PromiseService",
            "tandem.capacity.v1.CapacityRequestService",
            "tandem.capacity.v1.CapacityMatchService",
        ],
        routes: chassis::service::routes(routes),
        tasks: vec![
            Box::pin(consume::run(context.clone())),
            Box::pin(follow::run(context.clone())),
            Box::pin(measure::run(context.clone())),
            Box::pin(expire::run(context)),
        ],
    }
}
