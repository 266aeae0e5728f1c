//! The methods of CapacityMatchService.

use chassis::value;
use proto::capacity::{
    AdvanceMatchRequest, CapacityMatch, CountMatchesRequest, CountMatchesResponse, GetMatchRequest,
    ListMatchesRequest, ListMatchesResponse, ProposeMatchRequest,
    capacity_match_service_server::CapacityMatchService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{
    commands,
    convert::matched::{new_match, state},
    queries,
};

#[tonic::async_trait]
impl CapacityMatchService for Api {
    async fn propose_match(
        &self,
        request: Request<ProposeMatchRequest>,
    ) -> Result<Response<CapacityMatch>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapacityMatchService/ProposeMatch";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::matched::propose(&command, new_match(&request)?).await?))
    }

    async fn advance_match(
        &self,
        request: Request<AdvanceMatchRequest>,
    ) -> Result<Response<CapacityMatch>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.CapacityMatchService/AdvanceMatch";
        let command = self.single(&caller, method, &request.request_id, &request)?;
        let (id, to) = (value::id(&request.match_id)?, state(request.state())?);
        Ok(Response::new(commands::matched::advance(&command, id, to).await?))
    }

    async fn get_match(&self, request: Request<GetMatchRequest>) -> Result<Response<CapacityMatch>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::matched::get(self.deps(), &caller, &request).await?))
    }

    async fn list_matches(
        &self,
        request: Request<ListMatchesRequest>,
    ) -> Result<Response<ListMatchesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::matched::list(self.deps(), &caller, &request).await?))
    }

    async fn count_matches(
        &self,
        request: Request<CountMatchesRequest>,
    ) -> Result<Response<CountMatchesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::matched::count(self.deps(), &caller, &request).await?))
    }
}
