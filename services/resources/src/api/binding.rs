//! The methods of BindingService.

use chassis::value;
use proto::resources::{
    ApplyRevisionRequest, ApplyRevisionResponse, BindingPolicy, CheckDespatchRequest, CheckDespatchResponse,
    GetBindingPolicyRequest, ListPinsRequest, ListPinsResponse, PreviewReleaseRequest,
    PreviewReleaseResponse, SetBindingPolicyRequest, binding_service_server::BindingService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{apply, commands, convert, queries};

#[tonic::async_trait]
impl BindingService for Api {
    async fn list_pins(
        &self,
        request: Request<ListPinsRequest>,
    ) -> Result<Response<ListPinsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::binding::pins(self.deps(), &caller, &request).await?))
    }

    async fn preview_release(
        &self,
        request: Request<PreviewReleaseRequest>,
    ) -> Result<Response<PreviewReleaseResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::binding::preview(self.deps(), &caller, &request).await?))
    }

    async fn apply_revision(
        &self,
        request: Request<ApplyRevisionRequest>,
    ) -> Result<Response<ApplyRevisionResponse>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.BindingService/ApplyRevision";
        let orders = convert::binding::orders(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.revision_id)?;
        Ok(Response::new(apply::apply(&command, id, &orders, &request).await?))
    }

    async fn set_binding_policy(
        &self,
        request: Request<SetBindingPolicyRequest>,
    ) -> Result<Response<BindingPolicy>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.BindingService/SetBindingPolicy";
        let policy = convert::binding::policy(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::binding::set_policy(&command, policy).await?))
    }

    async fn get_binding_policy(
        &self,
        request: Request<GetBindingPolicyRequest>,
    ) -> Result<Response<BindingPolicy>, Status> {
        let (caller, _) = parts(request)?;
        Ok(Response::new(queries::binding::policy(self.deps(), &caller).await?))
    }

    async fn check_despatch(
        &self,
        request: Request<CheckDespatchRequest>,
    ) -> Result<Response<CheckDespatchResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::binding::despatch(self.deps(), &caller, &request).await?))
    }
}
