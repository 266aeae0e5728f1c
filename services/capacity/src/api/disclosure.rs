//! The methods of DisclosureService.

use proto::capacity::{
    Disclosure, ListDisclosuresRequest, ListDisclosuresResponse, SetDisclosureRequest,
    disclosure_service_server::DisclosureService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl DisclosureService for Api {
    async fn set_disclosure(
        &self,
        request: Request<SetDisclosureRequest>,
    ) -> Result<Response<Disclosure>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.capacity.v1.DisclosureService/SetDisclosure";
        let (customer, level) = convert::disclosure::policy(&request)?;
        let command = self.single(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::disclosure::set(&command, customer, level).await?))
    }

    async fn list_disclosures(
        &self,
        request: Request<ListDisclosuresRequest>,
    ) -> Result<Response<ListDisclosuresResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::disclosure::list(self.deps(), &caller, &request).await?))
    }
}
