//! Who calls, and signing in and out.

use proto::partners::{
    AcceptInvitationRequest, DeleteSavedFilterRequest, DeleteSavedFilterResponse, DismissAnnouncementRequest,
    DismissAnnouncementResponse, EndSessionRequest, EndSessionResponse, InspectLinkRequest,
    InspectLinkResponse, ListCurrentAnnouncementsRequest, ListCurrentAnnouncementsResponse,
    ListSavedFiltersRequest, ListSavedFiltersResponse, RedeemSignInLinkRequest, RedeemSignInLinkResponse,
    SaveFilterRequest, SavedFilter, SetLocaleRequest, SetLocaleResponse, WhoAmIRequest, WhoAmIResponse,
    session_service_server::SessionService,
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
        let token = &request.get_ref().token;
        Ok(Response::new(queries::inspect_link(&self.deps, token, self.sends_mail).await?))
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
        let code = self.code(&request.code);
        let accepted = commands::accept_invitation(&self.deps, &request.token, code, acceptance);
        Ok(Response::new(accepted.await?))
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

    async fn save_filter(
        &self,
        request: Request<SaveFilterRequest>,
    ) -> Result<Response<SavedFilter>, Status> {
        let (caller, request) = parts(request)?;
        let saved = convert::saved_filter(&request)?;
        let method = "tandem.partners.v1.SessionService/SaveFilter";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::save_filter(&command, saved).await?))
    }

    async fn list_saved_filters(
        &self,
        request: Request<ListSavedFiltersRequest>,
    ) -> Result<Response<ListSavedFiltersResponse>, Status> {
        let (caller, _) = parts(request)?;
        Ok(Response::new(queries::list_saved_filters(&self.deps, &caller).await?))
    }

    async fn delete_saved_filter(
        &self,
        request: Request<DeleteSavedFilterRequest>,
    ) -> Result<Response<DeleteSavedFilterResponse>, Status> {
        let (caller, request) = parts(request)?;
        let key = convert::filter_key(&request)?;
        let method = "tandem.partners.v1.SessionService/DeleteSavedFilter";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::delete_filter(&command, key).await?))
    }

    async fn list_current_announcements(
        &self,
        _: Request<ListCurrentAnnouncementsRequest>,
    ) -> Result<Response<ListCurrentAnnouncementsResponse>, Status> {
        Ok(Response::new(self.board.current(&self.deps).await?))
    }

    async fn dismiss_announcement(
        &self,
        request: Request<DismissAnnouncementRequest>,
    ) -> Result<Response<DismissAnnouncementResponse>, Status> {
        let (caller, request) = parts(request)?;
        let etag = convert::announcement_etag(&request.etag)?;
        let id = chassis::value::id(&request.announcement_id)?;
        let method = "tandem.partners.v1.SessionService/DismissAnnouncement";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::dismiss_announcement(&command, id, &etag).await?))
    }
}
