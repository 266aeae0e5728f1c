//! Messages to people outside the portal: an event on a firm's feed becomes a notice for each channel that asks for it,
//! notices whose time has come become one message, and a message is tried until it is taken or given up.
//!
//! * [`channel`]  where somebody is told, and when not: pure
//! * [`note`]     an event → what is said of it, in both languages: pure
//! * [`message`]  notices → one message in its medium's size: pure
//! * [`robot`]    a message → what a group robot takes, and what its answer means: pure
//! * [`sign`]     the signatures of 钉钉 and 飞书: pure
//! * `mail`       the way out by SMTP
//! * `follow`     the loop that reads feeds
//! * `send`       the loop that sends
//! * `convert`, `commands`, `queries`, `db`, `api`  as in every service
//!
//! **Invariant:** a message holds a number, a summary and a link at which one signs in: never a price, never a phone
//! number. A link that signs in by itself goes to the mail address that its member has for it, and the code of an invitation
//! to the one that the inviter gave, and nowhere else. An address leaves this crate only towards its own host, and never
//! towards a log or an answer.

mod api;
pub mod channel;
mod commands;
mod convert;
mod db;
mod follow;
mod mail;
pub mod message;
pub mod note;
mod queries;
pub mod robot;
mod send;
pub mod sign;

use std::sync::Arc;

use chassis::{
    config::Config,
    json::contract::Contract,
    service::{Deps, Service},
    vault::Vault,
};
use proto::notices::notice_service_server::NoticeServiceServer;

use crate::mail::Mailer;

/// The schema `notices`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The hosts of group robots: the only ones that are ever called.
pub const HOSTS: &[&str] = &[robot::WECOM, robot::DINGTALK, robot::FEISHU];

/// What the rooms of this crate work with.
struct Context {
    deps: Deps,
    /// Absent where the deployment has no key.
    vault: Option<Vault>,
    /// Absent where no mail goes out.
    mailer: Option<Mailer>,
    contract: Arc<Contract>,
    /// Where people sign in, without a slash at the end.
    portal: String,
}

/// The service, ready to be served.
///
/// # Errors
/// Names the setting of `[notices]` that is wrong.
pub fn build(deps: &Deps, config: &Config) -> anyhow::Result<Service> {
    let context = Arc::new(Context {
        deps: deps.clone(),
        vault: Vault::open_with("notices.key", &config.notices.key)?,
        mailer: Mailer::new(&config.notices.smtp_url, &config.notices.mail_from)?,
        contract: Contract::load()?,
        portal: config.portal_url(),
    });
    let server = NoticeServiceServer::from_arc(Arc::new(api::Api(context.clone())));
    Ok(Service {
        name: "notices",
        grpc: &["tandem.notices.v1.NoticeService"],
        routes: chassis::service::routes(tonic::service::Routes::new(server)),
        tasks: vec![Box::pin(follow::run(context.clone())), Box::pin(send::run(context))],
    })
}
