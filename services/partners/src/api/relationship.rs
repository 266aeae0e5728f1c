//! Trading relationships.

use proto::partners::{
    ClaimInvitationRequest, ClaimInvitationResponse, InviteSupplierRequest, InviteSupplierResponse,
    ListRelationshipsRequest, ListRelationshipsResponse, RenewInvitationRequest, RenewInvitationResponse,
    TradingRelationship, UpdateRelationshipRequest, relationship_service_server::RelationshipService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl RelationshipService for Api {
    async fn invite_supplier(
        &self,
        request: Request<InviteSupplierRequest>,
    ) -> Result<Response<InviteSupplierResponse>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_supplier(&request)?;
        let method = "tandem.partners.v1.RelationshipService/InviteSupplier";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::invite_supplier(&command, new).await?))
    }

    async fn renew_invitation(
        &self,
        request: Request<RenewInvitationRequest>,
    ) -> Result<Response<RenewInvitationResponse>, Status> {
        let (caller, request) = parts(request)?;
        let id = chassis::value::id(&request.relationship_id)?;
        let method = "tandem.partners.v1.RelationshipService/RenewInvitation";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::renew_invitation(&command, id).await?))
    }

    async fn claim_invitation(
        &self,
        request: Request<ClaimInvitationRequest>,
    ) -> Result<Response<ClaimInvitationResponse>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.partners.v1.RelationshipService/ClaimInvitation";
        let command = self.command(&caller, method, &request.request_id, &request);
        let code = self.code(&request.code);
        Ok(Response::new(commands::claim_invitation(&command, &request.token, code).await?))
    }

    async fn list_relationships(
        &self,
        request: Request<ListRelationshipsRequest>,
    ) -> Result<Response<ListRelationshipsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_relationships(&self.deps, &caller, &request).await?))
    }

    async fn update_relationship(
        &self,
        request: Request<UpdateRelationshipRequest>,
    ) -> Result<Response<TradingRelationship>, Status> {
        let (caller, request) = parts(request)?;
        let id = chassis::value::id(&request.relationship_id)?;
        let (change, etag) = convert::change(&request)?;
        let method = "tandem.partners.v1.RelationshipService/UpdateRelationship";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::update_relationship(&command, id, change, &etag).await?))
    }
}
