//! The gRPC methods: caller → convert → command or query → convert.

mod alias;
mod cluster;
mod firm;
mod invitation;
mod member;
mod operator;
mod relationship;
mod session;

use std::sync::Arc;

use chassis::{caller::Caller, idempotency::Key, service::Deps};
use prost::Message;
use proto::partners::{
    alias_service_server::AliasServiceServer, cluster_service_server::ClusterServiceServer,
    firm_service_server::FirmServiceServer, invitation_service_server::InvitationServiceServer,
    member_service_server::MemberServiceServer, operator_service_server::OperatorServiceServer,
    purchasing_group_service_server::PurchasingGroupServiceServer,
    relationship_service_server::RelationshipServiceServer, session_service_server::SessionServiceServer,
};
use tonic::{Request, service::Routes};

use crate::{commands::Command, queries::Board};

/// What the methods work with.
pub(crate) struct Api {
    deps: Deps,
    board: Board,
    /// Whether mail goes out: invitations with a mail address ask for a code that is mailed there.
    sends_mail: bool,
}

/// All methods of partners.
pub(crate) fn routes(deps: &Deps, sends_mail: bool) -> Routes {
    let api = Arc::new(Api { deps: deps.clone(), board: Board::default(), sends_mail });
    Routes::new(FirmServiceServer::from_arc(api.clone()))
        .add_service(MemberServiceServer::from_arc(api.clone()))
        .add_service(SessionServiceServer::from_arc(api.clone()))
        .add_service(RelationshipServiceServer::from_arc(api.clone()))
        .add_service(AliasServiceServer::from_arc(api.clone()))
        .add_service(PurchasingGroupServiceServer::from_arc(api.clone()))
        .add_service(OperatorServiceServer::from_arc(api.clone()))
        .add_service(InvitationServiceServer::from_arc(api.clone()))
        .add_service(ClusterServiceServer::from_arc(api))
}

impl Api {
    fn command<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Command<'a> {
        Command { deps: &self.deps, caller, method, key: Key::of(request_id, request) }
    }

    /// The code of an invitation as it was typed; `None` where no mail goes out, and nobody has one.
    fn code(&self, typed: &str) -> Option<String> {
        self.sends_mail.then(|| typed.split_whitespace().collect())
    }
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> chassis::Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}
