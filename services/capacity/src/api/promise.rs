//! The methods of PromiseService.

use proto::capacity::{PreviewPromiseRequest, PromisePreview, promise_service_server::PromiseService};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{convert, queries};

#[tonic::async_trait]
impl PromiseService for Api {
    async fn preview_promise(
        &self,
        request: Request<PreviewPromiseRequest>,
    ) -> Result<Response<PromisePreview>, Status> {
        let (caller, request) = parts(request)?;
        let asked = convert::promise::asked(&request)?;
        Ok(Response::new(queries::promise::preview(self.deps(), &caller, &asked).await?))
    }
}
