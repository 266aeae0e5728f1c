//! The methods of ToleranceService.

use chassis::{caller, value};
use proto::orders::{
    DeleteToleranceRuleRequest, ListToleranceRulesRequest, ListToleranceRulesResponse,
    SetToleranceRuleRequest, ToleranceRule, tolerance_service_server::ToleranceService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{
    commands::{self, Single},
    convert,
    queries::agree as queries,
};

#[tonic::async_trait]
impl ToleranceService for Api {
    async fn set_tolerance_rule(
        &self,
        request: Request<SetToleranceRuleRequest>,
    ) -> Result<Response<ToleranceRule>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ToleranceService/SetToleranceRule";
        let key = commands::key(&request.request_id, &request)?;
        let rule = convert::new_rule(request)?;
        let command = Single { deps: &self.deps, caller: &caller, method, key };
        Ok(Response::new(commands::set_rule(&command, rule).await?))
    }

    async fn delete_tolerance_rule(
        &self,
        request: Request<DeleteToleranceRuleRequest>,
    ) -> Result<Response<ToleranceRule>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ToleranceService/DeleteToleranceRule";
        let key = commands::key(&request.request_id, &request)?;
        let id = value::id(&request.rule_id)?;
        let command = Single { deps: &self.deps, caller: &caller, method, key };
        Ok(Response::new(commands::delete_rule(&command, id).await?))
    }

    async fn list_tolerance_rules(
        &self,
        request: Request<ListToleranceRulesRequest>,
    ) -> Result<Response<ListToleranceRulesResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_rules(&self.deps, &caller, request.into_inner()).await?))
    }
}
