//! The methods of EntitlementService.

use chassis::value;
use proto::resources::{
    Entitlement, GetEntitlementRequest, GrantEntitlementRequest, ListEntitlementsRequest,
    ListEntitlementsResponse, RefuseEntitlementRequest, RequestEntitlementRequest, RevokeEntitlementRequest,
    entitlement_service_server::EntitlementService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{
    commands,
    convert::entitlement::{asked, check_note, grant},
    queries,
};

#[tonic::async_trait]
impl EntitlementService for Api {
    async fn request_entitlement(
        &self,
        request: Request<RequestEntitlementRequest>,
    ) -> Result<Response<Entitlement>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.EntitlementService/RequestEntitlement";
        let terms = asked(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let resource = value::id(&request.resource_id)?;
        Ok(Response::new(commands::entitlement::request(&command, resource, terms, &request.note).await?))
    }

    async fn grant_entitlement(
        &self,
        request: Request<GrantEntitlementRequest>,
    ) -> Result<Response<Entitlement>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.EntitlementService/GrantEntitlement";
        let grant = grant(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::entitlement::grant(&command, grant, &request.note).await?))
    }

    async fn refuse_entitlement(
        &self,
        request: Request<RefuseEntitlementRequest>,
    ) -> Result<Response<Entitlement>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.EntitlementService/RefuseEntitlement";
        check_note(&request.note)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.entitlement_id)?;
        Ok(Response::new(commands::entitlement::refuse(&command, id, &request.note).await?))
    }

    async fn revoke_entitlement(
        &self,
        request: Request<RevokeEntitlementRequest>,
    ) -> Result<Response<Entitlement>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.EntitlementService/RevokeEntitlement";
        check_note(&request.note)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.entitlement_id)?;
        Ok(Response::new(commands::entitlement::revoke(&command, id, &request.note).await?))
    }

    async fn get_entitlement(
        &self,
        request: Request<GetEntitlementRequest>,
    ) -> Result<Response<Entitlement>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::entitlement::get(self.deps(), &caller, &request).await?))
    }

    async fn list_entitlements(
        &self,
        request: Request<ListEntitlementsRequest>,
    ) -> Result<Response<ListEntitlementsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::entitlement::list(self.deps(), &caller, &request).await?))
    }
}
