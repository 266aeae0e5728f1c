//! The methods of ResourceService.

use chassis::value;
use proto::resources::{
    ChangeResourceRequest, GetResourceRequest, ListResourcesRequest, ListResourcesResponse,
    PublishResourceRequest, Resource, ResourceReceipt, WithdrawResourceRequest,
    resource_service_server::ResourceService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert::resource::new_resource, offers, queries};

#[tonic::async_trait]
impl ResourceService for Api {
    async fn publish_resource(
        &self,
        request: Request<PublishResourceRequest>,
    ) -> Result<Response<ResourceReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.ResourceService/PublishResource";
        let new = new_resource(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        offers::check(self.deps(), &caller, &new.content.capacity_offer_id).await?;
        Ok(Response::new(commands::resource::publish(&command, new).await?))
    }

    async fn change_resource(
        &self,
        request: Request<ChangeResourceRequest>,
    ) -> Result<Response<ResourceReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.ResourceService/ChangeResource";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let new = new_resource(&PublishResourceRequest {
            request_id: String::new(),
            resource_number: request.resource_number.clone(),
            content: request.content.clone(),
            visibility: request.visibility,
            cluster_id: request.cluster_id.clone(),
            open: request.open,
            buyer_item_ids: request.buyer_item_ids.clone(),
        })?;
        let id = value::id(&request.resource_id)?;
        offers::check(self.deps(), &caller, &new.content.capacity_offer_id).await?;
        Ok(Response::new(commands::resource::change(&command, id, request.version, new).await?))
    }

    async fn withdraw_resource(
        &self,
        request: Request<WithdrawResourceRequest>,
    ) -> Result<Response<ResourceReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.ResourceService/WithdrawResource";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.resource_id)?;
        Ok(Response::new(commands::resource::withdraw(&command, id).await?))
    }

    async fn get_resource(&self, request: Request<GetResourceRequest>) -> Result<Response<Resource>, Status> {
        let (caller, request) = parts(request)?;
        let (resource, viewed) = queries::resource::get(self.deps(), &caller, &request).await?;
        commands::access::viewed(self.deps(), &caller, viewed).await?;
        Ok(Response::new(resource))
    }

    async fn list_resources(
        &self,
        request: Request<ListResourcesRequest>,
    ) -> Result<Response<ListResourcesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::resource::list(self.deps(), &caller, &request).await?))
    }
}
