//! The methods of ResponseService.

use chassis::caller;
use proto::orders::{
    BulkRespondRequest, BulkRespondResponse, PreviewResponseRequest, ResponsePreview,
    response_service_server::ResponseService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{bulk, preview};

#[tonic::async_trait]
impl ResponseService for Api {
    async fn preview_response(
        &self,
        request: Request<PreviewResponseRequest>,
    ) -> Result<Response<ResponsePreview>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(preview::preview(self, &caller, request.into_inner()).await?))
    }

    async fn bulk_respond(
        &self,
        request: Request<BulkRespondRequest>,
    ) -> Result<Response<BulkRespondResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(bulk::respond(self, &caller, request.into_inner()).await?))
    }
}
