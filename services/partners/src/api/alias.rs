//! Aliases and purchasing groups.

use proto::partners::{
    DeleteAliasRequest, DeleteAliasResponse, DeletePurchasingGroupRequest, DeletePurchasingGroupResponse,
    ListAliasesRequest, ListAliasesResponse, ListPurchasingGroupsRequest, ListPurchasingGroupsResponse,
    PurchasingGroup, SetAliasesRequest, SetAliasesResponse, SetPurchasingGroupRequest,
    alias_service_server::AliasService, purchasing_group_service_server::PurchasingGroupService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl AliasService for Api {
    async fn set_aliases(
        &self,
        request: Request<SetAliasesRequest>,
    ) -> Result<Response<SetAliasesResponse>, Status> {
        let (caller, request) = parts(request)?;
        let aliases = convert::aliases(&request)?;
        let method = "tandem.partners.v1.AliasService/SetAliases";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::set_aliases(&command, aliases).await?))
    }

    async fn list_aliases(
        &self,
        request: Request<ListAliasesRequest>,
    ) -> Result<Response<ListAliasesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_aliases(&self.deps, &caller, &request).await?))
    }

    async fn delete_alias(
        &self,
        request: Request<DeleteAliasRequest>,
    ) -> Result<Response<DeleteAliasResponse>, Status> {
        let (caller, request) = parts(request)?;
        let key = convert::alias_key(&request)?;
        let method = "tandem.partners.v1.AliasService/DeleteAlias";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::delete_alias(&command, key).await?))
    }
}

#[tonic::async_trait]
impl PurchasingGroupService for Api {
    async fn set_purchasing_group(
        &self,
        request: Request<SetPurchasingGroupRequest>,
    ) -> Result<Response<PurchasingGroup>, Status> {
        let (caller, request) = parts(request)?;
        let group = convert::group(&request)?;
        let method = "tandem.partners.v1.PurchasingGroupService/SetPurchasingGroup";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::set_group(&command, group).await?))
    }

    async fn list_purchasing_groups(
        &self,
        request: Request<ListPurchasingGroupsRequest>,
    ) -> Result<Response<ListPurchasingGroupsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_groups(&self.deps, &caller, &request).await?))
    }

    async fn delete_purchasing_group(
        &self,
        request: Request<DeletePurchasingGroupRequest>,
    ) -> Result<Response<DeletePurchasingGroupResponse>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.partners.v1.PurchasingGroupService/DeletePurchasingGroup";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::delete_group(&command, request.code.trim()).await?))
    }
}
