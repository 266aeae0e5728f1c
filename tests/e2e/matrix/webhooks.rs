//! Rows of webhooks. They send nothing by themselves, so that what is listed does not depend on when one looks.

use harness::request_id;
use proto::stream::{replay_webhook_request::Start, *};

use super::{
    cast::Side,
    rows::{Object, Row, build, either, list, named, object, own, plain},
};

/// A webhook that leads to nobody.
pub fn create(name: &str) -> CreateWebhookRequest {
    let webhook = Webhook {
        name: name.into(),
        url: "http://127.0.0.1:9/hook".into(),
        mode: WebhookMode::Ordered.into(),
        disabled: true,
        ..Webhook::default()
    };
    CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) }
}

/// The row of a method; none for one that nobody thought about.
pub fn row(method: &str) -> Option<Row> {
    Some(match method {
        "CreateWebhook" => own(build!(|cast, _, _| plain(create(&cast.number())))),
        "GetWebhook" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let webhook_id = either(object, || cast.webhook.clone());
                named(&webhook_id.clone(), GetWebhookRequest { webhook_id })
            }),
        ),
        "ListWebhooks" => list(
            |cast| cast.webhook.clone(),
            false,
            build!(|_, _, _| plain(ListWebhooksRequest { page_size: 1_000, ..Default::default() })),
        ),
        "UpdateWebhook" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let request = GetWebhookRequest { webhook_id: cast.webhook.clone() };
                let known = cast.buyer.session().webhooks().get_webhook(request).await;
                let known = known.expect("the webhook").into_inner();
                let webhook = Webhook { id: either(object, || known.id.clone()), ..known };
                let id = webhook.id.clone();
                named(&id, UpdateWebhookRequest { request_id: request_id(), webhook: Some(webhook) })
            }),
        ),
        "DeleteWebhook" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let webhook_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.new_webhook().await,
                    (Object::Real, _) => cast.webhook.clone(),
                };
                named(&webhook_id.clone(), DeleteWebhookRequest { request_id: request_id(), webhook_id })
            }),
        ),
        "RotateWebhookSecret" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let webhook_id = either(object, || cast.webhook.clone());
                let request = RotateWebhookSecretRequest {
                    request_id: request_id(),
                    webhook_id: webhook_id.clone(),
                    overlap_s: Some(0),
                };
                named(&webhook_id, request)
            }),
        ),
        _ => return sending(method),
    })
}

fn sending(method: &str) -> Option<Row> {
    Some(match method {
        "TestWebhook" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let webhook_id = either(object, || cast.webhook.clone());
                named(&webhook_id.clone(), TestWebhookRequest { request_id: request_id(), webhook_id })
            }),
        ),
        "ReplayWebhook" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let webhook_id = either(object, || cast.webhook.clone());
                let start = Some(Start::Earliest(true));
                let id = webhook_id.clone();
                named(&id, ReplayWebhookRequest { request_id: request_id(), webhook_id, start })
            }),
        ),
        "ResendWebhookEvent" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let webhook_id = either(object, || cast.webhook.clone());
                let id = webhook_id.clone();
                named(&id, ResendWebhookEventRequest { request_id: request_id(), webhook_id, seq: 1 })
            }),
        ),
        "ListWebhookDeliveries" => own(build!(|_, _, _| plain(ListWebhookDeliveriesRequest {
            page_size: 1_000,
            ..Default::default()
        }))),
        _ => return None,
    })
}
