//! Purchase orders: publishing, answering, deciding. A command goes `api` → `convert` → `commands` → [`order`] →
//! `db` → outbox; a read goes `api` → `queries` → `db`.
//!
//! * [`order`]    what an order is and what may happen to it: pure
//! * [`tolerance`] how far a proposal may differ without asking the buyer: pure
//! * [`agree`]    an answer and what tolerances make of it, tried out or given: pure
//! * [`publish`]  from a buyer's document to the rows of a new order: pure
//! * [`alias`]    what a buyer's ERP writes → what it means: pure
//! * [`reservation`] which reserved capacity a line may consume: pure
//! * [`promised`] what an answer takes of the supplier's weeks: pure
//! * [`change`], [`frozen`] what a changed document does to an order, and what has to wait: pure
//! * [`deadline`], [`reminder`], [`progress`], [`file`] what follows an order: pure
//! * [`trading_terms`] what a buyer agrees on with its suppliers beside the orders: pure
//! * `convert`    proto → domain, collecting every bad field
//! * `commands`   one function a command, over slices
//! * `queries`    reads
//! * `db`         every SQL statement
//! * `events`     what goes to the log
//! * `terms`      loads what is tolerated of the lines that an answer proposes for
//! * `preview`    what an answer would do
//! * `bulk`       many answers, a result for each
//! * `consume`    moves orders of claimed placeholders
//! * `sweep`      looks for deadlines that are over

pub mod agree;
pub mod alias;
mod api;
mod bulk;
pub mod change;
mod commands;
mod consume;
mod convert;
mod db;
pub mod deadline;
mod error;
mod events;
pub mod file;
pub mod frozen;
pub mod order;
mod preview;
pub mod progress;
pub mod promised;
pub mod publish;
mod queries;
pub mod reminder;
pub mod reservation;
mod sweep;
mod terms;
pub mod tolerance;
pub mod trading_terms;

use std::sync::Arc;

use chassis::service::{Deps, Service};
use proto::orders::{
    calendar_service_server::CalendarServiceServer, order_change_service_server::OrderChangeServiceServer,
    order_link_service_server::OrderLinkServiceServer,
    order_publishing_service_server::OrderPublishingServiceServer, order_service_server::OrderServiceServer,
    progress_service_server::ProgressServiceServer, reminder_service_server::ReminderServiceServer,
    response_service_server::ResponseServiceServer, scorecard_service_server::ScorecardServiceServer,
    terms_service_server::TermsServiceServer, thread_service_server::ThreadServiceServer,
    tolerance_service_server::ToleranceServiceServer,
};

pub use error::Refusal;

/// The schema `orders`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The largest message with its files, in bytes; the gate bounds it too.
const MAX_POST_BYTES: usize = 16 * 1024 * 1024 + 1024;

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let api = Arc::new(api::Api::new(deps.clone()));
    // Responses may hold an order of 10,000 lines; the gate bounds requests.
    let most = 4 * 1024 * 1024 + 1024;
    let follow = Arc::new(api::FollowApi { deps: deps.clone() });
    let terms = Arc::new(api::TermsApi { deps: deps.clone() });
    let routes = tonic::service::Routes::new(
        OrderServiceServer::from_arc(api.clone()).max_decoding_message_size(most),
    )
    .add_service(ResponseServiceServer::from_arc(api.clone()).max_decoding_message_size(most))
    .add_service(ToleranceServiceServer::from_arc(api.clone()))
    .add_service(OrderLinkServiceServer::from_arc(api.clone()))
    .add_service(ScorecardServiceServer::from_arc(api))
    .add_service(TermsServiceServer::from_arc(terms.clone()))
    .add_service(CalendarServiceServer::from_arc(terms))
    .add_service(ReminderServiceServer::from_arc(follow.clone()))
    .add_service(ProgressServiceServer::from_arc(follow.clone()))
    .add_service(ThreadServiceServer::from_arc(follow).max_decoding_message_size(MAX_POST_BYTES))
    .add_service(OrderChangeServiceServer::new(api::ChangeApi::new(deps)).max_decoding_message_size(most))
    .add_service(
        OrderPublishingServiceServer::new(api::PublishingApi { deps: deps.clone() })
            .max_decoding_message_size(most),
    );
    Service {
        name: "orders",
        grpc: &[
            "tandem.orders.v1.OrderService",
            "tandem.orders.v1.ResponseService",
            "tandem.orders.v1.ToleranceService",
            "tandem.orders.v1.OrderLinkService",
            "tandem.orders.v1.ScorecardService",
            "tandem.orders.v1.TermsService",
            "tandem.orders.v1.CalendarService",
            "tandem.orders.v1.ReminderService",
            "tandem.orders.v1.ProgressService",
            "tandem.orders.v1.ThreadService",
            "tandem.orders.v1.OrderChangeService",
            "tandem.orders.v1.OrderPublishingService",
        ],
        routes: chassis::service::routes(routes),
        tasks: vec![Box::pin(consume::run(deps.clone())), Box::pin(sweep::run(deps.clone()))],
    }
}

/// Looks once for deadlines, as the service does every second; how many orders were found.
///
/// # Errors
/// Where the database does not answer.
#[cfg(feature = "testing")]
pub async fn sweep_once(deps: &Deps) -> chassis::Result<usize> {
    sweep::try_once(deps).await
}
