//! Documents of the field, in and out. An import goes `api` → `commands` → [`ubl`] (pure) → `db`, then to the orders
//! service with the caller's own token, then to `db` again; an export goes `api` → `queries` → orders → [`ubl`].
//!
//! * [`ubl`]      UBL 2.x Order ⇄ canonical order: pure
//! * [`sheet`]    csv and xlsx ⇄ orders, answers and changes: pure
//! * `paths`      fields of an order → places in a document: pure
//! * `commands`   one function a command
//! * `queries`    reads
//! * `orders`     calls to the orders service on behalf of the caller
//! * `db`         every SQL statement
//!
//! **Invariant:** the bytes of a document are stored before its order is published and never change; no
//! transaction is open while another service is called.

mod api;
mod commands;
mod db;
mod orders;
mod paths;
mod queries;
pub mod sheet;
pub mod ubl;

use std::sync::Arc;

use chassis::service::{Deps, Service};
use proto::interchange::{
    document_service_server::DocumentServiceServer, sheet_service_server::SheetServiceServer,
};

/// The schema `interchange`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service, ready to be served.
pub fn build(deps: &Deps) -> Service {
    let api = api::Api { deps: deps.clone() };
    // A document of the largest size and what stands around it; the gate bounds requests.
    let server =
        DocumentServiceServer::from_arc(Arc::new(api)).max_decoding_message_size(ubl::MAX_BYTES + 4096);
    // A table of the largest size, and the errors to mark in it.
    let sheets = SheetServiceServer::new(api::sheet::SheetApi::new(deps.clone()))
        .max_decoding_message_size(sheet::MAX_BYTES + (5 << 20));
    Service {
        name: "interchange",
        grpc: &["tandem.interchange.v1.DocumentService", "tandem.interchange.v1.SheetService"],
        routes: chassis::service::routes(tonic::service::Routes::new(server).add_service(sheets)),
        tasks: Vec::new(),
    }
}
