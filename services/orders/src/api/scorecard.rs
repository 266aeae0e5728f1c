//! The method of ScorecardService.

use chassis::caller;
use proto::orders::{GetScorecardRequest, Scorecard, scorecard_service_server::ScorecardService};
use tonic::{Request, Response, Status};

use super::Api;
use crate::queries::agree as queries;

#[tonic::async_trait]
impl ScorecardService for Api {
    async fn get_scorecard(
        &self,
        request: Request<GetScorecardRequest>,
    ) -> Result<Response<Scorecard>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::scorecard(&self.deps, &caller, request.get_ref()).await?))
    }
}
