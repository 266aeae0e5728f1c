//! The methods of DemandService.

use chassis::Result;
use proto::{
    access::Permission,
    capacity::{
        CapacityReceipt, GetMaterialDemandRequest, ListDemandVersionsRequest, ListDemandVersionsResponse,
        ListMaterialDemandsRequest, ListMaterialDemandsResponse, MaterialDemand, UpdateDemandWeeksRequest,
        UploadMaterialDemandRequest, UploadMaterialDemandsRequest, UploadMaterialDemandsResponse,
        demand_service_server::DemandService,
    },
};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Api, item, key, parts,
    stream::{Answers, Kind, take},
};
use crate::{
    commands::slice::Command,
    convert::{self, demand::NewDemand},
    queries::demand as queries,
};

#[tonic::async_trait]
impl DemandService for Api {
    type UploadMaterialDemandsStream = Answers<UploadMaterialDemandsResponse>;

    async fn upload_material_demand(
        &self,
        request: Request<UploadMaterialDemandRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = Some(key(&request.request_id, &request)?);
        let what = convert::demand::new_demand(request)?;
        let firm = caller.firm;
        Ok(Response::new(self.demands.submit(firm, Command { caller, key, what }).await?))
    }

    async fn upload_material_demands(
        &self,
        request: Request<Streaming<UploadMaterialDemandsRequest>>,
    ) -> Result<Response<Self::UploadMaterialDemandsStream>, Status> {
        let (caller, items) = parts(request)?;
        let kind = Kind { permission: Permission::DemandWrite, read, answer };
        Ok(Response::new(take(self.context.clone(), caller, items, kind)))
    }

    async fn update_demand_weeks(
        &self,
        request: Request<UpdateDemandWeeksRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = Some(key(&request.request_id, &request)?);
        let what = convert::demand::delta(&request)?;
        let firm = caller.firm;
        Ok(Response::new(self.demand_deltas.submit(firm, Command { caller, key, what }).await?))
    }

    async fn get_material_demand(
        &self,
        request: Request<GetMaterialDemandRequest>,
    ) -> Result<Response<MaterialDemand>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::get(&self.context, &caller, &request).await?))
    }

    async fn list_material_demands(
        &self,
        request: Request<ListMaterialDemandsRequest>,
    ) -> Result<Response<ListMaterialDemandsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list(&self.context, &caller, &request).await?))
    }

    async fn list_demand_versions(
        &self,
        request: Request<ListDemandVersionsRequest>,
    ) -> Result<Response<ListDemandVersionsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::versions(&self.context, &caller, &request).await?))
    }
}

fn read(request: UploadMaterialDemandsRequest) -> (String, Result<NewDemand>) {
    (request.item_id, item(request.demand, "demand").and_then(convert::demand::new_demand))
}

fn answer(item_id: String, result: Result<CapacityReceipt>) -> UploadMaterialDemandsResponse {
    match result {
        Ok(receipt) => UploadMaterialDemandsResponse { item_id, receipt: Some(receipt), refusal: None },
        Err(error) => UploadMaterialDemandsResponse {
            item_id,
            receipt: None,
            refusal: Some(convert::week::refusal(&error)),
        },
    }
}
