//! The methods of CapacityRequestService.

use chassis::value;
use proto::capacity::{
    CapacityRequest, ChangeCapacityRequestRequest, CloseCapacityRequestRequest, GetCapacityRequestRequest,
    ListCapacityRequestsRequest, ListCapacityRequestsResponse, MatchCapacityRequestRequest,
    MatchCapacityRequestResponse, PublishCapacityRequestRequest,
    capacity_request_service_server::CapacityRequestService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert::request::new_request, queries};

#[tonic::async_trait]
impl CapacityRequestService for Api {
    async fn publish_capacity_request(
        &self,
        request: Request<PublishCapacityRequestRequest>,
    ) -> Result<Response<CapacityRequest>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapacityRequestService/PublishCapacityRequest";
        let new = new_request(&request)?;
        let command = self.single(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::request::publish(&command, new).await?))
    }

    async fn change_capacity_request(
        &self,
        request: Request<ChangeCapacityRequestRequest>,
    ) -> Result<Response<CapacityRequest>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapacityRequestService/ChangeCapacityRequest";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.capacity_request_id)?;
        let version = request.version;
        let new = new_request(&PublishCapacityRequestRequest {
            request_id: request.request_id,
            content: request.content,
            visibility: request.visibility,
            firm_ids: request.firm_ids,
            cluster_id: request.cluster_id,
        })?;
        Ok(Response::new(commands::request::change(&command, id, version, new).await?))
    }

    async fn close_capacity_request(
        &self,
        request: Request<CloseCapacityRequestRequest>,
    ) -> Result<Response<CapacityRequest>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapacityRequestService/CloseCapacityRequest";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.capacity_request_id)?;
        Ok(Response::new(commands::request::close(&command, id).await?))
    }

    async fn get_capacity_request(
        &self,
        request: Request<GetCapacityRequestRequest>,
    ) -> Result<Response<CapacityRequest>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::request::get(self.deps(), &caller, &request).await?))
    }

    async fn list_capacity_requests(
        &self,
        request: Request<ListCapacityRequestsRequest>,
    ) -> Result<Response<ListCapacityRequestsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::request::list(self.deps(), &caller, &request).await?))
    }

    async fn match_capacity_request(
        &self,
        request: Request<MatchCapacityRequestRequest>,
    ) -> Result<Response<MatchCapacityRequestResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::request::matching(self.deps(), &caller, &request).await?))
    }
}
