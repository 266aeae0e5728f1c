//! tandem.stream.v1.WebhookService: caller → convert → command or query → convert.

use std::sync::Arc;

use chassis::{
    caller::{self, Caller},
    command::Single,
    value,
};
use prost::Message;
use proto::stream::{
    CreateWebhookRequest, CreateWebhookResponse, DeleteWebhookRequest, DeleteWebhookResponse,
    GetWebhookRequest, ListWebhookDeliveriesRequest, ListWebhookDeliveriesResponse, ListWebhooksRequest,
    ListWebhooksResponse, ReplayWebhookRequest, ResendWebhookEventRequest, RotateWebhookSecretRequest,
    RotateWebhookSecretResponse, TestWebhookRequest, UpdateWebhookRequest, Webhook, WebhookDelivery,
    webhook_service_server::WebhookService,
};
use tonic::{Request, Response, Status};

use crate::{
    commands::{self, Command},
    convert::webhook as convert,
    hooks::Hooks,
    queries,
};

/// What the methods work with.
pub(crate) struct Api(pub(crate) Arc<Hooks>);

impl Api {
    fn command<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> chassis::Result<Command<'a>> {
        let single = Single::of(&self.0.deps, caller, method, request_id, request)?;
        Ok(Command { hooks: &self.0, single })
    }
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> chassis::Result<(Caller, T)> {
    let caller = caller::of(&request)?;
    Ok((caller, request.into_inner()))
}

#[tonic::async_trait]
impl WebhookService for Api {
    async fn create_webhook(
        &self,
        request: Request<CreateWebhookRequest>,
    ) -> Result<Response<CreateWebhookResponse>, Status> {
        let (caller, request) = parts(request)?;
        let asked = convert::webhook(request.webhook.as_ref())?;
        let method = "tandem.stream.v1.WebhookService/CreateWebhook";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::create(&command, asked).await?))
    }

    async fn get_webhook(&self, request: Request<GetWebhookRequest>) -> Result<Response<Webhook>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.webhook_id)?;
        Ok(Response::new(queries::get(&self.0, &caller, id).await?))
    }

    async fn list_webhooks(
        &self,
        request: Request<ListWebhooksRequest>,
    ) -> Result<Response<ListWebhooksResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list(&self.0, &caller, &request).await?))
    }

    async fn update_webhook(
        &self,
        request: Request<UpdateWebhookRequest>,
    ) -> Result<Response<Webhook>, Status> {
        let (caller, request) = parts(request)?;
        let (asked, etag) = convert::change(&request)?;
        let method = "tandem.stream.v1.WebhookService/UpdateWebhook";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::update(&command, asked, &etag).await?))
    }

    async fn delete_webhook(
        &self,
        request: Request<DeleteWebhookRequest>,
    ) -> Result<Response<DeleteWebhookResponse>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.webhook_id)?;
        let method = "tandem.stream.v1.WebhookService/DeleteWebhook";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::delete(&command, id).await?))
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<RotateWebhookSecretRequest>,
    ) -> Result<Response<RotateWebhookSecretResponse>, Status> {
        let (caller, request) = parts(request)?;
        let (id, overlap) = (value::id(&request.webhook_id)?, convert::overlap(&request)?);
        let method = "tandem.stream.v1.WebhookService/RotateWebhookSecret";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::rotate(&command, id, overlap).await?))
    }

    async fn test_webhook(
        &self,
        request: Request<TestWebhookRequest>,
    ) -> Result<Response<WebhookDelivery>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.webhook_id)?;
        let method = "tandem.stream.v1.WebhookService/TestWebhook";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::test(&command, id).await?))
    }

    async fn replay_webhook(
        &self,
        request: Request<ReplayWebhookRequest>,
    ) -> Result<Response<Webhook>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.webhook_id)?;
        let start = convert::start(&request, caller.firm, &self.0.deps.keys)?;
        let method = "tandem.stream.v1.WebhookService/ReplayWebhook";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::replay(&command, id, start).await?))
    }

    async fn resend_webhook_event(
        &self,
        request: Request<ResendWebhookEventRequest>,
    ) -> Result<Response<WebhookDelivery>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.webhook_id)?;
        let method = "tandem.stream.v1.WebhookService/ResendWebhookEvent";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::resend(&command, id, request.seq).await?))
    }

    async fn list_webhook_deliveries(
        &self,
        request: Request<ListWebhookDeliveriesRequest>,
    ) -> Result<Response<ListWebhookDeliveriesResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::deliveries(&self.0, &caller, &request).await?))
    }
}
