//! The methods of CatenaService.

use chassis::{Error, Reason, Result};
use proto::capacity::{
    CapacityReceipt, ExportPayloadsRequest, ExportPayloadsResponse, ImportCapacityGroupsRequest,
    ImportCapacityGroupsResponse, ImportCommentsRequest, ImportCommentsResponse,
    ImportMaterialDemandsRequest, ImportMaterialDemandsResponse, PayloadResult, UploadOutcome,
    catena_service_server::CatenaService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands::catena::import, convert, queries};

/// So that an object's own key fits behind it.
const REQUEST_ID: usize = 80;

#[tonic::async_trait]
impl CatenaService for Api {
    async fn import_material_demands(
        &self,
        request: Request<ImportMaterialDemandsRequest>,
    ) -> Result<Response<ImportMaterialDemandsResponse>, Status> {
        let (caller, request) = parts(request)?;
        check_id(&request.request_id)?;
        let (id, content) = (&request.request_id, &request.content);
        let done = import::<convert::catena::demand::Payload>(&self.context, &caller, id, content).await?;
        let (status, results) = results(done);
        Ok(Response::new(ImportMaterialDemandsResponse { status, results }))
    }

    async fn import_capacity_groups(
        &self,
        request: Request<ImportCapacityGroupsRequest>,
    ) -> Result<Response<ImportCapacityGroupsResponse>, Status> {
        let (caller, request) = parts(request)?;
        check_id(&request.request_id)?;
        let (id, content) = (&request.request_id, &request.content);
        let done = import::<convert::catena::group::Payload>(&self.context, &caller, id, content).await?;
        let (status, results) = results(done);
        Ok(Response::new(ImportCapacityGroupsResponse { status, results }))
    }

    async fn import_comments(
        &self,
        request: Request<ImportCommentsRequest>,
    ) -> Result<Response<ImportCommentsResponse>, Status> {
        let (caller, request) = parts(request)?;
        check_id(&request.request_id)?;
        let (id, content) = (&request.request_id, &request.content);
        let done = import::<convert::catena::comment::Payload>(&self.context, &caller, id, content).await?;
        let (status, results) = results(done);
        Ok(Response::new(ImportCommentsResponse { status, results }))
    }

    async fn export_payloads(
        &self,
        request: Request<ExportPayloadsRequest>,
    ) -> Result<Response<ExportPayloadsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::catena::export(&self.context, &caller, &request).await?))
    }
}

fn check_id(request_id: &str) -> Result<()> {
    chassis::idempotency::check_id(request_id)?;
    if request_id.len() > REQUEST_ID {
        let message = format!("must have at most {REQUEST_ID} characters");
        return Err(Error::field("request_id", "REQUEST_ID", message));
    }
    Ok(())
}

/// What CX-0128 answers over HTTP, for the message and for each object.
fn results(done: Vec<Result<CapacityReceipt>>) -> (i32, Vec<PayloadResult>) {
    let result = |one: Result<CapacityReceipt>| match one {
        Ok(receipt) => {
            let created = receipt.outcome() == UploadOutcome::Created;
            PayloadResult { status: if created { 201 } else { 200 }, receipt: Some(receipt), refusal: None }
        }
        Err(error) => {
            // Something that the two never exchanged, which is said with its id.
            let forbidden = error.reason == Reason::NOT_FOUND && !error.metadata.is_empty();
            let status = if forbidden { 403 } else { 400 };
            PayloadResult { status, receipt: None, refusal: Some(convert::week::refusal(&error)) }
        }
    };
    let results: Vec<PayloadResult> = done.into_iter().map(result).collect();
    let status = match results.as_slice() {
        [one] => one.status,
        all if all.iter().any(|one| one.status >= 400) => 400,
        _ => 200,
    };
    (status, results)
}
