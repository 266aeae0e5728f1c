//! Who is on the platform, who may act for whom, and who trades with whom. A command goes `api` → `convert` →
//! `commands` → a noun → `db` → outbox; a read goes `api` → `queries` → `db`.
//!
//! * [`firm`], [`member`], [`link`], [`relationship`], [`alias`], [`invitation`], [`cluster`], [`operator`], [`filter`],
//!   [`announcement`]
//!   what these are and what may happen to them: pure
//! * [`uscc`]     the check of a 统一社会信用代码: pure
//! * [`admin`]    the first operator of a database
//! * `convert`    proto ⇄ domain, collecting every bad field
//! * `commands`   one function a command
//! * `queries`    reads
//! * `db`         every SQL statement
//! * `events`     what goes to the log
//!
//! **Invariant:** keys, sessions and links are stored as SHA-256 alone; the secret is in the first answer and
//! nowhere else, recorded receipts included.

pub mod admin;
pub mod alias;
pub mod announcement;
mod api;
pub mod cluster;
mod commands;
mod convert;
mod db;
mod events;
pub mod filter;
pub mod firm;
pub mod invitation;
pub mod link;
pub mod member;
pub mod operator;
mod queries;
pub mod relationship;
pub mod uscc;

use chassis::{
    config::Config,
    service::{Deps, Service},
};

/// The schema `partners`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service, ready to be served.
pub fn build(deps: &Deps, config: &Config) -> Service {
    Service {
        name: "partners",
        grpc: &[
            "tandem.partners.v1.FirmService",
            "tandem.partners.v1.MemberService",
            "tandem.partners.v1.SessionService",
            "tandem.partners.v1.RelationshipService",
            "tandem.partners.v1.AliasService",
            "tandem.partners.v1.PurchasingGroupService",
            "tandem.partners.v1.OperatorService",
            "tandem.partners.v1.InvitationService",
            "tandem.partners.v1.ClusterService",
        ],
        routes: chassis::service::routes(api::routes(deps, config.notices.sends_mail())),
        tasks: Vec::new(),
    }
}
