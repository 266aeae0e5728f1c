//! The methods of CapacityGroupService.

use chassis::Result;
use proto::{
    access::Permission,
    capacity::{
        CapacityGroup, CapacityReceipt, GetCapacityGroupRequest, ListCapacityGroupsRequest,
        ListCapacityGroupsResponse, ListCapacityWeeksRequest, ListCapacityWeeksResponse,
        ListDisclosedGroupsRequest, ListDisclosedGroupsResponse, ListGroupVersionsRequest,
        ListGroupVersionsResponse, UpdateCapacityWeeksRequest, UploadCapacityGroupRequest,
        UploadCapacityGroupsRequest, UploadCapacityGroupsResponse,
        capacity_group_service_server::CapacityGroupService,
    },
};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Api, item, key, parts,
    stream::{Answers, Kind, take},
};
use crate::{
    commands::slice::Command,
    convert::{self, group::NewGroup},
    queries::group as queries,
};

#[tonic::async_trait]
impl CapacityGroupService for Api {
    type UploadCapacityGroupsStream = Answers<UploadCapacityGroupsResponse>;

    async fn upload_capacity_group(
        &self,
        request: Request<UploadCapacityGroupRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = Some(key(&request.request_id, &request)?);
        let what = convert::group::new_group(request)?;
        let firm = caller.firm;
        Ok(Response::new(self.groups.submit(firm, Command { caller, key, what }).await?))
    }

    async fn upload_capacity_groups(
        &self,
        request: Request<Streaming<UploadCapacityGroupsRequest>>,
    ) -> Result<Response<Self::UploadCapacityGroupsStream>, Status> {
        let (caller, items) = parts(request)?;
        let kind = Kind { permission: Permission::CapacityWrite, read, answer };
        Ok(Response::new(take(self.context.clone(), caller, items, kind)))
    }

    async fn update_capacity_weeks(
        &self,
        request: Request<UpdateCapacityWeeksRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = Some(key(&request.request_id, &request)?);
        let what = convert::group::delta(&request)?;
        let firm = caller.firm;
        Ok(Response::new(self.group_deltas.submit(firm, Command { caller, key, what }).await?))
    }

    async fn get_capacity_group(
        &self,
        request: Request<GetCapacityGroupRequest>,
    ) -> Result<Response<CapacityGroup>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::get(&self.context, &caller, &request).await?))
    }

    async fn list_capacity_groups(
        &self,
        request: Request<ListCapacityGroupsRequest>,
    ) -> Result<Response<ListCapacityGroupsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list(self.deps(), &caller, &request).await?))
    }

    async fn list_group_versions(
        &self,
        request: Request<ListGroupVersionsRequest>,
    ) -> Result<Response<ListGroupVersionsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::versions(&self.context, &caller, &request).await?))
    }

    async fn list_capacity_weeks(
        &self,
        request: Request<ListCapacityWeeksRequest>,
    ) -> Result<Response<ListCapacityWeeksResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::weeks(self.deps(), &caller, &request).await?))
    }

    async fn list_disclosed_groups(
        &self,
        request: Request<ListDisclosedGroupsRequest>,
    ) -> Result<Response<ListDisclosedGroupsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::disclosed(self.deps(), &caller, &request).await?))
    }
}

fn read(request: UploadCapacityGroupsRequest) -> (String, Result<NewGroup>) {
    (request.item_id, item(request.group, "group").and_then(convert::group::new_group))
}

fn answer(item_id: String, result: Result<CapacityReceipt>) -> UploadCapacityGroupsResponse {
    match result {
        Ok(receipt) => UploadCapacityGroupsResponse { item_id, receipt: Some(receipt), refusal: None },
        Err(error) => {
            let refusal = Some(convert::week::refusal(&error));
            UploadCapacityGroupsResponse { item_id, receipt: None, refusal }
        }
    }
}
