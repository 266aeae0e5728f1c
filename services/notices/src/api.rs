//! The gRPC methods: caller → convert → command or query → convert.

use std::sync::Arc;

use chassis::{caller::Caller, idempotency::Key, rates, value};
use prost::Message;
use proto::notices::{
    Channel, CreateChannelRequest, DeleteChannelRequest, DeleteChannelResponse, Delivery,
    GetMailStateRequest, GetMailStateResponse, ListChannelsRequest, ListChannelsResponse,
    ListDeliveriesRequest, ListDeliveriesResponse, ListDeliveryHealthRequest, ListDeliveryHealthResponse,
    RequestInvitationCodeRequest, RequestInvitationCodeResponse, RequestSignInLinkRequest,
    RequestSignInLinkResponse, SendTestNoticeRequest, UpdateChannelRequest,
    notice_service_server::NoticeService,
};
use tonic::{Request, Response, Status};

use crate::{
    Context,
    commands::{self, Command},
    convert, queries,
};

/// What the methods work with.
pub(crate) struct Api(pub(crate) Arc<Context>);

impl Api {
    fn command<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Command<'a> {
        Command { context: &self.0, caller, method, key: Key::of(request_id, request) }
    }
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> chassis::Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}

#[tonic::async_trait]
impl NoticeService for Api {
    async fn create_channel(
        &self,
        request: Request<CreateChannelRequest>,
    ) -> Result<Response<Channel>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_channel(&request)?;
        let method = "tandem.notices.v1.NoticeService/CreateChannel";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_channel(&command, new).await?))
    }

    async fn update_channel(
        &self,
        request: Request<UpdateChannelRequest>,
    ) -> Result<Response<Channel>, Status> {
        let (caller, request) = parts(request)?;
        let (change, id, etag) = convert::change(&request)?;
        let method = "tandem.notices.v1.NoticeService/UpdateChannel";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::update_channel(&command, change, id, &etag).await?))
    }

    async fn delete_channel(
        &self,
        request: Request<DeleteChannelRequest>,
    ) -> Result<Response<DeleteChannelResponse>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.channel_id)?;
        let method = "tandem.notices.v1.NoticeService/DeleteChannel";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::delete_channel(&command, id).await?))
    }

    async fn list_channels(
        &self,
        request: Request<ListChannelsRequest>,
    ) -> Result<Response<ListChannelsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_channels(&self.0, &caller, &request).await?))
    }

    async fn send_test_notice(
        &self,
        request: Request<SendTestNoticeRequest>,
    ) -> Result<Response<Delivery>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.channel_id)?;
        let method = "tandem.notices.v1.NoticeService/SendTestNotice";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::send_test_notice(&command, id).await?))
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_deliveries(&self.0, &caller, &request).await?))
    }

    async fn list_delivery_health(
        &self,
        request: Request<ListDeliveryHealthRequest>,
    ) -> Result<Response<ListDeliveryHealthResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_delivery_health(&self.0, &caller, &request).await?))
    }

    async fn get_mail_state(
        &self,
        _: Request<GetMailStateRequest>,
    ) -> Result<Response<GetMailStateResponse>, Status> {
        let sends_mail = self.0.vault.is_some() && self.0.mailer.is_some();
        Ok(Response::new(GetMailStateResponse { sends_mail }))
    }

    async fn request_sign_in_link(
        &self,
        request: Request<RequestSignInLinkRequest>,
    ) -> Result<Response<RequestSignInLinkResponse>, Status> {
        let from = rates::seen_from(request.metadata().as_ref());
        let address = convert::mail_address(&request.get_ref().address)?;
        commands::request_sign_in_link(&self.0, from, &address).await?;
        Ok(Response::new(RequestSignInLinkResponse {}))
    }

    async fn request_invitation_code(
        &self,
        request: Request<RequestInvitationCodeRequest>,
    ) -> Result<Response<RequestInvitationCodeResponse>, Status> {
        let from = rates::seen_from(request.metadata().as_ref());
        let token = &request.get_ref().token;
        Ok(Response::new(commands::request_invitation_code(&self.0, from, token).await?))
    }
}
