//! The methods of RevisionService.

use chassis::value;
use proto::resources::{
    AcknowledgeRevisionRequest, Acknowledgement, CompareRevisionsRequest, CompareRevisionsResponse,
    CreateRevisionRequest, GetRevisionRequest, ListAcknowledgementsRequest, ListAcknowledgementsResponse,
    ListRevisionsRequest, ListRevisionsResponse, ReleaseRevisionRequest, Revision, RevisionReceipt,
    WithdrawRevisionRequest, revision_service_server::RevisionService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{
    commands,
    convert::revision::{check_draft, effectivity},
    queries,
};

#[tonic::async_trait]
impl RevisionService for Api {
    async fn create_revision(
        &self,
        request: Request<CreateRevisionRequest>,
    ) -> Result<Response<RevisionReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.RevisionService/CreateRevision";
        check_draft(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let resource = value::id(&request.resource_id)?;
        Ok(Response::new(commands::revision::create(&command, resource, &request).await?))
    }

    async fn release_revision(
        &self,
        request: Request<ReleaseRevisionRequest>,
    ) -> Result<Response<RevisionReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.RevisionService/ReleaseRevision";
        let effectivity = effectivity(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.revision_id)?;
        Ok(Response::new(commands::revision::release(&command, id, effectivity).await?))
    }

    async fn withdraw_revision(
        &self,
        request: Request<WithdrawRevisionRequest>,
    ) -> Result<Response<RevisionReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.RevisionService/WithdrawRevision";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.revision_id)?;
        Ok(Response::new(commands::revision::withdraw(&command, id).await?))
    }

    async fn get_revision(&self, request: Request<GetRevisionRequest>) -> Result<Response<Revision>, Status> {
        let (caller, request) = parts(request)?;
        let (revision, viewed) = queries::revision::get(self.deps(), &caller, &request).await?;
        commands::access::viewed(self.deps(), &caller, viewed).await?;
        Ok(Response::new(revision))
    }

    async fn list_revisions(
        &self,
        request: Request<ListRevisionsRequest>,
    ) -> Result<Response<ListRevisionsResponse>, Status> {
        let (caller, request) = parts(request)?;
        let (revisions, viewed) = queries::revision::list(self.deps(), &caller, &request).await?;
        commands::access::viewed(self.deps(), &caller, viewed).await?;
        Ok(Response::new(revisions))
    }

    async fn compare_revisions(
        &self,
        request: Request<CompareRevisionsRequest>,
    ) -> Result<Response<CompareRevisionsResponse>, Status> {
        let (caller, request) = parts(request)?;
        let (compared, viewed) = queries::revision::compare(self.deps(), &caller, &request).await?;
        commands::access::viewed(self.deps(), &caller, viewed).await?;
        Ok(Response::new(compared))
    }

    async fn acknowledge_revision(
        &self,
        request: Request<AcknowledgeRevisionRequest>,
    ) -> Result<Response<Acknowledgement>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.RevisionService/AcknowledgeRevision";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.revision_id)?;
        Ok(Response::new(commands::revision::acknowledge(&command, id).await?))
    }

    async fn list_acknowledgements(
        &self,
        request: Request<ListAcknowledgementsRequest>,
    ) -> Result<Response<ListAcknowledgementsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::revision::acknowledgements(self.deps(), &caller, &request).await?))
    }
}
