//! The methods of AccessLogService.

use futures::{StreamExt as _, stream::BoxStream};
use proto::resources::{
    AccessEntry, ExportAccessRequest, ListAccessRequest, ListAccessResponse,
    access_log_service_server::AccessLogService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{convert::access::filter, queries};

#[tonic::async_trait]
impl AccessLogService for Api {
    async fn list_access(
        &self,
        request: Request<ListAccessRequest>,
    ) -> Result<Response<ListAccessResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::access::list(self.deps(), &caller, &request).await?))
    }

    type ExportAccessStream = BoxStream<'static, Result<AccessEntry, Status>>;

    async fn export_access(
        &self,
        request: Request<ExportAccessRequest>,
    ) -> Result<Response<Self::ExportAccessStream>, Status> {
        let (caller, request) = parts(request)?;
        let filter = filter(request.filter.as_ref())?;
        Ok(Response::new(queries::access::export(self.deps().clone(), caller, filter).boxed()))
    }
}
