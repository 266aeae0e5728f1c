//! Webhooks against receivers of this machine: what is published arrives signed and in order, whatever the receiver does.
//! In chaos.rs processes that send are killed.

mod fairness;
mod library;
mod managing;
mod sending;

use std::{sync::Arc, time::Duration};

use chassis::clock::FixedClock;
use harness::{Firm, Options, World, order, receiver::Receiver, request_id, until};
use proto::stream::{
    CreateWebhookRequest, CreateWebhookResponse, GetWebhookRequest, ListWebhookDeliveriesRequest,
    UpdateWebhookRequest, Webhook, WebhookDelivery, WebhookMode,
};
use tonic::Status;

/// How long anything may take.
const SOON: Duration = Duration::from_secs(60);
const PUBLISHED: &str = "tandem.orders.order.published.v1";

/// A world whose time stands still until it is moved.
async fn still_world() -> (World, Arc<FixedClock>) {
    let clock = FixedClock::new(chassis::clock::system().now());
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    (world, clock)
}

/// A webhook to a receiver.
fn to(url: &str, mode: WebhookMode) -> Webhook {
    Webhook { name: "ERP".into(), url: url.into(), mode: mode.into(), ..Webhook::default() }
}

async fn try_make(firm: &Firm, webhook: Webhook) -> Result<CreateWebhookResponse, Status> {
    let request = CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    Ok(firm.webhooks().create_webhook(request).await?.into_inner())
}

/// A new webhook and its secret.
async fn make(firm: &Firm, webhook: Webhook) -> (Webhook, String) {
    let made = try_make(firm, webhook).await.expect("a webhook");
    (made.webhook.expect("the answer shows it"), made.secret)
}

async fn show(firm: &Firm, id: &str) -> Webhook {
    let request = GetWebhookRequest { webhook_id: id.into() };
    firm.webhooks().get_webhook(request).await.expect("its own").into_inner()
}

async fn update(firm: &Firm, webhook: Webhook) -> Result<Webhook, Status> {
    let request = UpdateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    Ok(firm.webhooks().update_webhook(request).await?.into_inner())
}

async fn deliveries(firm: &Firm, id: &str) -> Vec<WebhookDelivery> {
    let request =
        ListWebhookDeliveriesRequest { page_size: 1_000, webhook_id: id.into(), ..Default::default() };
    firm.webhooks().list_webhook_deliveries(request).await.expect("its own").into_inner().deliveries
}

/// Publishes an order of each number to the supplier `V100`.
async fn publish(buyer: &Firm, numbers: impl IntoIterator<Item = usize>) {
    for n in numbers {
        let request = order(&format!("45{n:05}")).line("10", "X", "10", "6.85").to("V100");
        buyer.publish(request).await.expect("published");
    }
}

async fn calls(receiver: &Receiver, count: usize) {
    until("the receiver is called", SOON, async || (receiver.received().len() >= count).then_some(())).await;
}

/// Waits until a webhook has an event that waits for its next attempt, after so many.
async fn waits(firm: &Firm, id: &str, attempts: i32) -> Webhook {
    until("it waits for the next attempt", SOON, async || {
        let shown = show(firm, id).await;
        (shown.attempts == attempts && shown.retry_at.is_some()).then_some(shown)
    })
    .await
}

/// Waits until nothing is left to send.
async fn caught_up(firm: &Firm, id: &str) -> Webhook {
    until("everything was accepted", SOON, async || {
        let shown = show(firm, id).await;
        (shown.behind == 0).then_some(shown)
    })
    .await
}
