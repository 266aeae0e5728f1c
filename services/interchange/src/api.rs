//! The gRPC methods: caller → command or query → answer.

pub(crate) mod sheet;

use chassis::{caller, service::Deps};
use proto::interchange::{
    Document, ExportDocumentRequest, ExportDocumentResponse, GetDocumentRequest, ImportDocumentRequest,
    ImportDocumentResponse, document_service_server::DocumentService,
};
use tonic::{Request, Response, Status};

use crate::{commands, queries};

pub(crate) struct Api {
    pub deps: Deps,
}

#[tonic::async_trait]
impl DocumentService for Api {
    async fn import_document(
        &self,
        request: Request<ImportDocumentRequest>,
    ) -> Result<Response<ImportDocumentResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(commands::import(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn export_document(
        &self,
        request: Request<ExportDocumentRequest>,
    ) -> Result<Response<ExportDocumentResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::export(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn get_document(&self, request: Request<GetDocumentRequest>) -> Result<Response<Document>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::document(&self.deps, &caller, request.get_ref()).await?))
    }
}
