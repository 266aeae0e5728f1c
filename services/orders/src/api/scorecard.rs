//! The methods of ScorecardService.

use chassis::caller;
use proto::orders::{
    GetScorecardRequest, ListScoreEvidenceRequest, ListScoreEvidenceResponse, Scorecard,
    scorecard_service_server::ScorecardService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::queries::scorecard as queries;

#[tonic::async_trait]
impl ScorecardService for Api {
    async fn get_scorecard(
        &self,
        request: Request<GetScorecardRequest>,
    ) -> Result<Response<Scorecard>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::scorecard(&self.deps, &caller, request.get_ref()).await?))
    }

    async fn list_score_evidence(
        &self,
        request: Request<ListScoreEvidenceRequest>,
    ) -> Result<Response<ListScoreEvidenceResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_evidence(&self.deps, &caller, request.into_inner()).await?))
    }
}
