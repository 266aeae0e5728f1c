//! The methods of CapabilityService.

use proto::capacity::{
    CapabilityProfile, GetCapabilityProfileRequest, ListCapabilityProfilesRequest,
    ListCapabilityProfilesResponse, ListFirmNamesRequest, ListFirmNamesResponse, SetCapabilityProfileRequest,
    capability_service_server::CapabilityService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert::capability::new_profile, queries};

#[tonic::async_trait]
impl CapabilityService for Api {
    async fn set_capability_profile(
        &self,
        request: Request<SetCapabilityProfileRequest>,
    ) -> Result<Response<CapabilityProfile>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapabilityService/SetCapabilityProfile";
        let new = new_profile(&request)?;
        let command = self.single(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::capability::set(&command, new).await?))
    }

    async fn get_capability_profile(
        &self,
        request: Request<GetCapabilityProfileRequest>,
    ) -> Result<Response<CapabilityProfile>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::capability::get(self.deps(), &caller, &request).await?))
    }

    async fn list_capability_profiles(
        &self,
        request: Request<ListCapabilityProfilesRequest>,
    ) -> Result<Response<ListCapabilityProfilesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::capability::list(self.deps(), &caller, &request).await?))
    }

    async fn list_firm_names(
        &self,
        request: Request<ListFirmNamesRequest>,
    ) -> Result<Response<ListFirmNamesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::capability::names(self.deps(), &caller, &request).await?))
    }
}
