//! What the operator of the platform may do.

use proto::partners::{
    FindFirmsRequest, FindFirmsResponse, ListActionsOnOwnFirmRequest, ListActionsOnOwnFirmResponse,
    ListAnnouncementsRequest, ListAnnouncementsResponse, ListOperatorActionsRequest,
    ListOperatorActionsResponse, ListWebhookHealthRequest, ListWebhookHealthResponse, MergeFirmsRequest,
    MergeFirmsResponse, OperatedAnnouncement, OperatedFirm, PublishAnnouncementRequest, ReinstateFirmRequest,
    ResetLastAdminRequest, ResetLastAdminResponse, SuspendFirmRequest, UnverifyFirmRequest,
    UpdateAnnouncementRequest, VerifyFirmRequest, WithdrawAnnouncementRequest,
    operator_service_server::OperatorService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, operator::ActionKind, queries};

#[tonic::async_trait]
impl OperatorService for Api {
    async fn find_firms(
        &self,
        request: Request<FindFirmsRequest>,
    ) -> Result<Response<FindFirmsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::find_firms(&self.deps, &caller, &request).await?))
    }

    async fn list_webhook_health(
        &self,
        request: Request<ListWebhookHealthRequest>,
    ) -> Result<Response<ListWebhookHealthResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_webhook_health(&self.deps, &caller, &request).await?))
    }

    async fn verify_firm(
        &self,
        request: Request<VerifyFirmRequest>,
    ) -> Result<Response<OperatedFirm>, Status> {
        let (caller, request) = parts(request)?;
        let act = convert::act(ActionKind::Verify, &request.firm_id, "evidence", &request.evidence)?;
        let method = "tandem.partners.v1.OperatorService/VerifyFirm";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::operate(&command, act).await?))
    }

    async fn unverify_firm(
        &self,
        request: Request<UnverifyFirmRequest>,
    ) -> Result<Response<OperatedFirm>, Status> {
        let (caller, request) = parts(request)?;
        let act = convert::act(ActionKind::Unverify, &request.firm_id, "reason", &request.reason)?;
        let method = "tandem.partners.v1.OperatorService/UnverifyFirm";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::operate(&command, act).await?))
    }

    async fn suspend_firm(
        &self,
        request: Request<SuspendFirmRequest>,
    ) -> Result<Response<OperatedFirm>, Status> {
        let (caller, request) = parts(request)?;
        let act = convert::act(ActionKind::Suspend, &request.firm_id, "reason", &request.reason)?;
        let method = "tandem.partners.v1.OperatorService/SuspendFirm";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::operate(&command, act).await?))
    }

    async fn reinstate_firm(
        &self,
        request: Request<ReinstateFirmRequest>,
    ) -> Result<Response<OperatedFirm>, Status> {
        let (caller, request) = parts(request)?;
        let act = convert::act(ActionKind::Reinstate, &request.firm_id, "reason", &request.reason)?;
        let method = "tandem.partners.v1.OperatorService/ReinstateFirm";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::operate(&command, act).await?))
    }

    async fn merge_firms(
        &self,
        request: Request<MergeFirmsRequest>,
    ) -> Result<Response<MergeFirmsResponse>, Status> {
        let (caller, request) = parts(request)?;
        let merge = convert::merge(&request)?;
        let method = "tandem.partners.v1.OperatorService/MergeFirms";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::merge_firms(&command, merge).await?))
    }

    async fn reset_last_admin(
        &self,
        request: Request<ResetLastAdminRequest>,
    ) -> Result<Response<ResetLastAdminResponse>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_admin(&request)?;
        let method = "tandem.partners.v1.OperatorService/ResetLastAdmin";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::reset_last_admin(&command, new).await?))
    }

    async fn publish_announcement(
        &self,
        request: Request<PublishAnnouncementRequest>,
    ) -> Result<Response<OperatedAnnouncement>, Status> {
        let (caller, request) = parts(request)?;
        let told = convert::told(request.announcement.as_ref(), self.deps.now())?;
        let method = "tandem.partners.v1.OperatorService/PublishAnnouncement";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::publish_announcement(&command, told).await?))
    }

    async fn update_announcement(
        &self,
        request: Request<UpdateAnnouncementRequest>,
    ) -> Result<Response<OperatedAnnouncement>, Status> {
        let (caller, request) = parts(request)?;
        let change = convert::told_instead(request.announcement.as_ref(), self.deps.now())?;
        let method = "tandem.partners.v1.OperatorService/UpdateAnnouncement";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::update_announcement(&command, change).await?))
    }

    async fn withdraw_announcement(
        &self,
        request: Request<WithdrawAnnouncementRequest>,
    ) -> Result<Response<OperatedAnnouncement>, Status> {
        let (caller, request) = parts(request)?;
        let etag = convert::announcement_etag(&request.etag)?;
        let id = chassis::value::id(&request.announcement_id)?;
        let method = "tandem.partners.v1.OperatorService/WithdrawAnnouncement";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::withdraw_announcement(&command, id, &etag).await?))
    }

    async fn list_announcements(
        &self,
        request: Request<ListAnnouncementsRequest>,
    ) -> Result<Response<ListAnnouncementsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_announcements(&self.deps, &caller, &request).await?))
    }

    async fn list_operator_actions(
        &self,
        request: Request<ListOperatorActionsRequest>,
    ) -> Result<Response<ListOperatorActionsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_operator_actions(&self.deps, &caller, &request).await?))
    }

    async fn list_actions_on_own_firm(
        &self,
        request: Request<ListActionsOnOwnFirmRequest>,
    ) -> Result<Response<ListActionsOnOwnFirmResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_actions_on_own_firm(&self.deps, &caller, &request).await?))
    }
}
