//! Purchase orders: publishing, answering, deciding. A command goes `api` → `convert` → `commands` → [`order`] →
//! `db` → outbox; a read goes `api` → `queries` → `db`.
//!
//! * [`order`]    what an order is and what may happen to it: pure
//! * [`publish`]  from a buyer's document to the rows of a new order: pure
//! * [`alias`]    what a buyer's ERP writes → what it means: pure
//! * `convert`    proto → domain, collecting every bad field
//! * `commands`   one function a command, over slices
//! * `queries`    reads
//! * `db`         every SQL statement
//! * `events`     what goes to the log
//! * `consume`    moves orders of claimed placeholders

pub mod alias;
mod api;
mod commands;
mod consume;
mod convert;
mod db;
mod error;
mod events;
pub mod order;
pub mod publish;
mod queries;
pub mod unit;

use std::sync::Arc;

use chassis::service::{Deps, Service};
use proto::orders::order_service_server::OrderServiceServer;

pub use error::Refusal;

/// The schema `orders`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let api = api::Api::new(deps.clone());
    // Responses may hold an order of 10,000 lines; the gate bounds requests.
    let server =
        OrderServiceServer::from_arc(Arc::new(api)).max_decoding_message_size(4 * 1024 * 1024 + 1024);
    Service {
        name: "orders",
        grpc: &["tandem.orders.v1.OrderService"],
        routes: chassis::service::routes(tonic::service::Routes::new(server)),
        tasks: vec![Box::pin(consume::run(deps.clone()))],
    }
}
