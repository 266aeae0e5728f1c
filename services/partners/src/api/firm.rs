//! Firms and sites.

use proto::partners::{
    CreateFirmRequest, CreateFirmResponse, CreateSiteRequest, Firm, GetFirmRequest, ListSitesRequest,
    ListSitesResponse, Site, firm_service_server::FirmService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl FirmService for Api {
    async fn get_firm(&self, request: Request<GetFirmRequest>) -> Result<Response<Firm>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::get_firm(&self.deps, &caller, &request.firm_id).await?))
    }

    async fn create_firm(
        &self,
        request: Request<CreateFirmRequest>,
    ) -> Result<Response<CreateFirmResponse>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_firm(&request)?;
        let method = "tandem.partners.v1.FirmService/CreateFirm";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_firm(&command, new).await?))
    }

    async fn create_site(&self, request: Request<CreateSiteRequest>) -> Result<Response<Site>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_site(&request)?;
        let method = "tandem.partners.v1.FirmService/CreateSite";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_site(&command, new).await?))
    }

    async fn list_sites(
        &self,
        request: Request<ListSitesRequest>,
    ) -> Result<Response<ListSitesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_sites(&self.deps, &caller, &request).await?))
    }
}
