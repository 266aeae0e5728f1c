//! Who calls, and signing in and out.

use proto::partners::{
    AcceptInvitationRequest, EndSessionRequest, EndSessionResponse, InspectLinkRequest, InspectLinkResponse,
    RedeemSignInLinkRequest, RedeemSignInLinkResponse, SetLocaleRequest, SetLocaleResponse, WhoAmIRequest,
    WhoAmIResponse, session_service_server::SessionService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl SessionService for Api {
    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Result<Response<WhoAmIResponse>, Status> {
        let (caller, _) = parts(request)?;
        Ok(Response::new(queries::who_am_i(&self.deps, &caller).await?))
    }

    async fn inspect_link(
        &self,
        request: Request<InspectLinkRequest>,
    ) -> Result<Response<InspectLinkResponse>, Status> {
        Ok(Response::new(queries::inspect_link(&self.deps, &request.get_ref().token).await?))
    }

    async fn redeem_sign_in_link(
        &self,
        request: Request<RedeemSignInLinkRequest>,
    ) -> Result<Response<RedeemSignInLinkResponse>, Status> {
        let request = request.into_inner();
        let device = convert::device(&request.device);
        Ok(Response::new(commands::redeem_sign_in_link(&self.deps, &request.token, &device).await?))
    }

    async fn accept_invitation(
        &self,
        request: Request<AcceptInvitationRequest>,
    ) -> Result<Response<RedeemSignInLinkResponse>, Status> {
        let request = request.into_inner();
        let acceptance = convert::accept(&request)?;
        Ok(Response::new(commands::accept_invitation(&self.deps, &request.token, acceptance).await?))
    }

    async fn set_locale(
        &self,
        request: Request<SetLocaleRequest>,
    ) -> Result<Response<SetLocaleResponse>, Status> {
        let (caller, request) = parts(request)?;
        let locale = convert::locale(&request.locale)?;
        commands::set_locale(&self.deps, &caller, &locale).await?;
        Ok(Response::new(SetLocaleResponse {}))
    }

    async fn end_session(
        &self,
        request: Request<EndSessionRequest>,
    ) -> Result<Response<EndSessionResponse>, Status> {
        let (caller, _) = parts(request)?;
        commands::end_session(&self.deps, &caller).await?;
        Ok(Response::new(EndSessionResponse {}))
    }
}
