//! The methods of OrderLinkService.

use chassis::caller;
use proto::orders::{
    CreateOrderLinkRequest, CreateOrderLinkResponse, InspectOrderLinkRequest, InspectOrderLinkResponse,
    ListOrderLinksRequest, ListOrderLinksResponse, OrderLink, RevokeOrderLinkRequest,
    order_link_service_server::OrderLinkService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{
    commands::{self, Single},
    convert,
    queries::agree as queries,
};

#[tonic::async_trait]
impl OrderLinkService for Api {
    async fn create_order_link(
        &self,
        request: Request<CreateOrderLinkRequest>,
    ) -> Result<Response<CreateOrderLinkResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.OrderLinkService/CreateOrderLink";
        let key = commands::key(&request.request_id, &request)?;
        let link = convert::new_link(request)?;
        let command = Single { deps: &self.deps, caller: &caller, method, key };
        Ok(Response::new(commands::create_link(&command, link).await?))
    }

    async fn list_order_links(
        &self,
        request: Request<ListOrderLinksRequest>,
    ) -> Result<Response<ListOrderLinksResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_links(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn revoke_order_link(
        &self,
        request: Request<RevokeOrderLinkRequest>,
    ) -> Result<Response<OrderLink>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.OrderLinkService/RevokeOrderLink";
        let key = commands::key(&request.request_id, &request)?;
        let command = Single { deps: &self.deps, caller: &caller, method, key };
        Ok(Response::new(commands::revoke_link(&command, request.link_id).await?))
    }

    async fn inspect_order_link(
        &self,
        request: Request<InspectOrderLinkRequest>,
    ) -> Result<Response<InspectOrderLinkResponse>, Status> {
        Ok(Response::new(queries::inspect_link(&self.deps, &request.get_ref().token).await?))
    }
}
