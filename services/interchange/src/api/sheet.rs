//! The gRPC methods of tables: caller → command or query → answer.

use std::sync::Arc;

use chassis::{Error, Reason, caller, service::Deps};
use proto::interchange::{
    ExportAnswersRequest, ExportAnswersResponse, ExportOrdersRequest, ExportOrdersResponse,
    GetTemplateRequest, GetTemplateResponse, ImportAnswersRequest, ImportAnswersResponse,
    ImportChangesRequest, ImportChangesResponse, MarkErrorsRequest, MarkErrorsResponse, ReadOrdersRequest,
    ReadOrdersResponse, ReadTableRequest, ReadTableResponse, WriteTableRequest, WriteTableResponse,
    sheet_service_server::SheetService,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tonic::{Request, Response, Status};

use crate::{
    commands,
    queries::{listed, sheet as queries, table},
};

/// Tables that are read or written at one time; each may take some hundred megabytes for a moment.
const AT_ONCE: usize = 2;

pub(crate) struct SheetApi {
    deps: Deps,
    room: Arc<Semaphore>,
}

impl SheetApi {
    pub(crate) fn new(deps: Deps) -> Self {
        Self { deps, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits until there is room; the gate's deadline ends it.
    async fn room(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.room.acquire().await.map_err(|_| Error::new(Reason::UNAVAILABLE))
    }
}

#[tonic::async_trait]
impl SheetService for SheetApi {
    async fn read_orders(
        &self,
        request: Request<ReadOrdersRequest>,
    ) -> Result<Response<ReadOrdersResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(queries::read_orders(&caller, request.into_inner()).await?))
    }

    async fn mark_errors(
        &self,
        request: Request<MarkErrorsRequest>,
    ) -> Result<Response<MarkErrorsResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(queries::mark_errors(&caller, request.into_inner()).await?))
    }

    async fn get_template(
        &self,
        request: Request<GetTemplateRequest>,
    ) -> Result<Response<GetTemplateResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::template(&caller, request.get_ref())?))
    }

    async fn export_answers(
        &self,
        request: Request<ExportAnswersRequest>,
    ) -> Result<Response<ExportAnswersResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(queries::export_answers(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn import_answers(
        &self,
        request: Request<ImportAnswersRequest>,
    ) -> Result<Response<ImportAnswersResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(commands::answers::import(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn export_orders(
        &self,
        request: Request<ExportOrdersRequest>,
    ) -> Result<Response<ExportOrdersResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(listed::export_orders(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn import_changes(
        &self,
        request: Request<ImportChangesRequest>,
    ) -> Result<Response<ImportChangesResponse>, Status> {
        let caller = caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(commands::changes::import(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn read_table(
        &self,
        request: Request<ReadTableRequest>,
    ) -> Result<Response<ReadTableResponse>, Status> {
        caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(table::read(request.into_inner()).await?))
    }

    async fn write_table(
        &self,
        request: Request<WriteTableRequest>,
    ) -> Result<Response<WriteTableResponse>, Status> {
        caller::of(&request)?;
        let _room = self.room().await?;
        Ok(Response::new(table::write(request.into_inner()).await?))
    }
}
