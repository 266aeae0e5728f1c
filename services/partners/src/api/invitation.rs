//! Inviting many suppliers at once.

use proto::partners::{
    InviteSuppliersRequest, InviteSuppliersResponse, ListSupplierContactsRequest,
    ListSupplierContactsResponse, invitation_service_server::InvitationService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl InvitationService for Api {
    async fn invite_suppliers(
        &self,
        request: Request<InviteSuppliersRequest>,
    ) -> Result<Response<InviteSuppliersResponse>, Status> {
        let (caller, request) = parts(request)?;
        let rows = convert::supplier_rows(&request)?;
        let how = commands::How { renew_links: request.renew_links, validate_only: request.validate_only };
        let method = "tandem.partners.v1.InvitationService/InviteSuppliers";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::invite_suppliers(&command, rows, how).await?))
    }

    async fn list_supplier_contacts(
        &self,
        request: Request<ListSupplierContactsRequest>,
    ) -> Result<Response<ListSupplierContactsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_supplier_contacts(&self.deps, &caller, &request).await?))
    }
}
