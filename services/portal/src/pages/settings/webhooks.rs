//! Where the firm's events are sent: servers of its own, each with a secret that is shown once, and what came of each attempt.

mod asked;
mod handed;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use proto::stream::{
    CreateWebhookRequest, Filter, GetWebhookRequest, ListWebhookDeliveriesRequest, ListWebhooksRequest,
    ResendWebhookEventRequest, TestWebhookRequest, UpdateWebhookRequest, Webhook, WebhookDelivery,
    WebhookDisabledReason, WebhookMode, WebhookOutcome,
};
use serde::Deserialize;

use super::Fault;
use crate::{
    App,
    ask::Way,
    failure::Failure,
    form::Fields,
    i18n::{Key, Text, key},
    order::Tag,
    page::{self, Page, Tab},
    saved::{self, file_of},
    session::Member,
};

/// Where these pages are.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/webhooks", get(show))
        .route("/webhooks/export", file_of(show))
        .route("/webhooks/new", get(form).post(make))
        .route("/webhooks/{id}", get(edit).post(save))
        .route("/webhooks/{id}/test", post(test))
        .route("/webhooks/{id}/resend", post(resend))
        .route("/webhooks/{id}/{act}", get(asked::form).post(asked::send))
}

/// What was just done, and which page of what was sent.
#[derive(Deserialize, Default)]
pub struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

struct Row {
    id: String,
    name: String,
    host: String,
    mode: String,
    behind: String,
    retry: String,
    tag: Tag,
    token: String,
}

struct Sent {
    id: String,
    /// Where to send it again, with the form's token; `None` for a test.
    again: Option<(String, String)>,
    seq: i64,
    what: String,
    webhook: String,
    at: String,
    tag: Tag,
    failure: String,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    page: Page,
    t: Text,
    rows: Vec<Row>,
    sent: Vec<Sent>,
    files: Vec<Way>,
    faults: Vec<Fault>,
    done: String,
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    page: Page,
    t: Text,
    title: String,
    action: String,
    token: String,
    etag: String,
    /// It exists already.
    known: bool,
    name: String,
    url: String,
    types: String,
    parallel: bool,
    enabled: bool,
    faults: Vec<Fault>,
    done: String,
}

/// A secret that is shown this once.
#[derive(Template)]
#[template(path = "webhook_secret.html")]
struct SecretPage {
    page: Page,
    t: Text,
    name: String,
    /// Empty where it was shown before.
    secret: String,
}

/// The webhooks, and what was sent.
pub async fn show(member: Member, Query(place): Query<Place>) -> Result<Response, Failure> {
    if member.visitor.saving {
        return handed::over(&member, place.page).await;
    }
    let t = member.text();
    let done = match place.done.as_str() {
        "saved" => t.say(key::DONE_SAVED),
        "deleted" => t.say(key::DONE_WEBHOOK_DELETED),
        "tested" => t.say(key::DONE_WEBHOOK_TESTED),
        "replayed" => t.say(key::DONE_WEBHOOK_REPLAYED),
        _ => String::new(),
    };
    Ok(page::show(&list(&member, Vec::new(), done).await?))
}

async fn list(member: &Member, faults: Vec<Fault>, done: String) -> Result<WebhooksPage, Failure> {
    let t = member.text().clone();
    let mut client = member.app().api.webhooks();
    let request = ListWebhooksRequest { page_size: 100, page_token: String::new() };
    let webhooks = client.list_webhooks(member.call(request)).await?.into_inner().webhooks;
    let request = ListWebhookDeliveriesRequest { page_size: 50, ..Default::default() };
    let deliveries = client.list_webhook_deliveries(member.call(request)).await?.into_inner().deliveries;
    Ok(WebhooksPage {
        page: Page::member(member, Tab::Settings).titled(t.say(key::WEBHOOKS)),
        sent: deliveries.iter().map(|one| sent(member, one, &webhooks)).collect(),
        rows: webhooks.iter().map(|one| row(member, one)).collect(),
        files: saved::ways(&t, "/webhooks"),
        faults,
        done,
        t,
    })
}

fn row(member: &Member, one: &Webhook) -> Row {
    let t = member.text();
    let app = member.app();
    let (shape, label) = match (one.disabled, one.disabled_reason()) {
        (false, _) => ("accepted", key::WEBHOOK_ENABLED),
        (true, WebhookDisabledReason::Gone) => ("rejected", key::WEBHOOK_GONE),
        (true, WebhookDisabledReason::Exhausted) => ("rejected", key::WEBHOOK_EXHAUSTED),
        (true, _) => ("cancelled", key::WEBHOOK_DISABLED),
    };
    Row {
        id: one.id.clone(),
        name: one.name.clone(),
        host: host(&one.url),
        mode: mode_name(t, one.mode()),
        behind: one.behind.to_string(),
        retry: match &one.retry_at {
            Some(at) => t.two(key::WEBHOOK_RETRY, t.moment(Some(at)), one.attempts.to_string()),
            None => String::new(),
        },
        tag: Tag { shape, label: t.say(label) },
        token: app.tokens.make(app, Some(&member.token), &purpose(&one.id)),
    }
}

/// Where it leads, without path and query: they may hold a secret of the receiver's.
fn host(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn mode_name(t: &Text, mode: WebhookMode) -> String {
    t.say(if mode == WebhookMode::Parallel { key::WEBHOOK_PARALLEL } else { key::WEBHOOK_ORDERED })
}

fn sent(member: &Member, one: &WebhookDelivery, webhooks: &[Webhook]) -> Sent {
    let t = member.text();
    let app = member.app();
    let (shape, label) = match one.outcome() {
        WebhookOutcome::Accepted => ("accepted", key::WEBHOOK_ACCEPTED),
        WebhookOutcome::Failed => ("rejected", key::DELIVERY_FAILED),
        WebhookOutcome::Sending | WebhookOutcome::Unspecified => ("unanswered", key::DELIVERY_WAITING),
    };
    let webhook = webhooks.iter().find(|webhook| webhook.id == one.webhook_id);
    let again = webhook.filter(|_| one.seq > 0).map(|webhook| {
        let token = app.tokens.make(app, Some(&member.token), &resending(&webhook.id, one.seq));
        (format!("/webhooks/{}/resend", webhook.id), token)
    });
    Sent {
        id: one.id.clone(),
        again,
        seq: one.seq,
        what: one.r#type.clone(),
        webhook: webhook.map(|webhook| webhook.name.clone()).unwrap_or_default(),
        at: t.moment(one.at.as_ref()),
        tag: Tag { shape, label: t.say(label) },
        failure: one.failure.clone(),
    }
}

fn purpose(id: &str) -> String {
    format!("webhook {id}")
}

fn resending(id: &str, seq: i64) -> String {
    format!("webhook {id} {seq}")
}

/// The form of a new webhook.
pub async fn form(member: Member) -> Result<Response, Failure> {
    Ok(page::show(&filled(&member, &Webhook::default(), Vec::new())))
}

/// The form of a webhook that there is.
pub async fn edit(member: Member, Path(id): Path<String>) -> Result<Response, Failure> {
    let webhook = known(&member, id).await?;
    Ok(page::show(&filled(&member, &webhook, Vec::new())))
}

async fn known(member: &Member, webhook_id: String) -> Result<Webhook, Failure> {
    let request = GetWebhookRequest { webhook_id };
    Ok(member.app().api.webhooks().get_webhook(member.call(request)).await?.into_inner())
}

fn filled(member: &Member, webhook: &Webhook, faults: Vec<Fault>) -> WebhookPage {
    let t = member.text().clone();
    let app = member.app();
    let known = !webhook.id.is_empty();
    let title = t.say(if known { key::WEBHOOK_EDIT } else { key::WEBHOOK_NEW });
    WebhookPage {
        page: Page::member(member, Tab::Settings).titled(title.clone()),
        action: if known { format!("/webhooks/{}", webhook.id) } else { "/webhooks/new".into() },
        token: app.tokens.make(app, Some(&member.token), &purpose(&webhook.id)),
        etag: webhook.etag.clone(),
        known,
        name: webhook.name.clone(),
        url: webhook.url.clone(),
        types: webhook.filter.clone().unwrap_or_default().types.join("\n"),
        parallel: webhook.mode() == WebhookMode::Parallel,
        enabled: !webhook.disabled,
        title,
        faults,
        done: String::new(),
        t,
    }
}

/// What was typed over what was there: what the form does not show stays.
fn typed(fields: &Fields, known: Webhook) -> Webhook {
    let types = fields.get("types").split_whitespace().map(str::to_owned).collect();
    let filter = Filter { types, ..known.filter.unwrap_or_default() };
    let mode = if fields.get("mode") == "parallel" { WebhookMode::Parallel } else { WebhookMode::Ordered };
    // In another mode another number is usual.
    let in_flight = if known.mode == i32::from(mode) { known.in_flight } else { 0 };
    Webhook {
        name: fields.get("name").to_string(),
        url: fields.get("url").to_string(),
        filter: Some(filter),
        mode: mode.into(),
        in_flight,
        disabled: !known.id.is_empty() && fields.get("enabled").is_empty(),
        etag: fields.get("etag").to_string(),
        ..known
    }
}

const LABELS: [(&str, &str, Key<0>); 3] = [
    ("webhook.name", "name", key::CHANNEL_NAME),
    ("webhook.url", "url", key::ADDRESS),
    ("webhook.filter", "types", key::WEBHOOK_TYPES),
];

/// Sets up a webhook and shows its secret once.
pub async fn make(member: Member, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(""), fields.get("token"))?;
    let webhook = typed(&fields, Webhook::default());
    let request = CreateWebhookRequest { request_id, webhook: Some(webhook.clone()) };
    match app.api.webhooks().create_webhook(member.call(request)).await.map_err(Failure::from) {
        Ok(made) => Ok(secret(&member, webhook.name, made.into_inner().secret)),
        Err(failure) => {
            let faults = Fault::of(&failure, member.text(), &LABELS);
            let page = filled(&member, &webhook, faults);
            Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

fn secret(member: &Member, name: String, secret: String) -> Response {
    let t = member.text().clone();
    let page = Page::member(member, Tab::Settings).titled(t.say(key::WEBHOOK_SECRET));
    page::show(&SecretPage { page: Page { here: "/webhooks".into(), ..page }, name, secret, t })
}

/// Changes a webhook, or enables or disables it.
pub async fn save(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let webhook = typed(&fields, known(&member, id).await?);
    let request = UpdateWebhookRequest { request_id, webhook: Some(webhook.clone()) };
    match app.api.webhooks().update_webhook(member.call(request)).await.map_err(Failure::from) {
        Ok(_) => Ok(page::go("/webhooks?done=saved")),
        Err(failure) => {
            let faults = Fault::of(&failure, member.text(), &LABELS);
            let page = filled(&member, &webhook, faults);
            Ok(page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

/// Sends a test event, and says what happened.
pub async fn test(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let request_id = app.tokens.check(Some(&member.token), &purpose(&id), fields.get("token"))?;
    let request = TestWebhookRequest { request_id, webhook_id: id };
    let delivery = app.api.webhooks().test_webhook(member.call(request)).await?.into_inner();
    happened(&member, delivery).await
}

/// Sends one event again, and says what happened.
pub async fn resend(member: Member, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let app = member.app();
    let seq = fields.get("seq").parse().unwrap_or_default();
    let request_id = app.tokens.check(Some(&member.token), &resending(&id, seq), fields.get("token"))?;
    let request = ResendWebhookEventRequest { request_id, webhook_id: id, seq };
    let delivery = app.api.webhooks().resend_webhook_event(member.call(request)).await?.into_inner();
    happened(&member, delivery).await
}

async fn happened(member: &Member, delivery: WebhookDelivery) -> Result<Response, Failure> {
    if delivery.outcome() == WebhookOutcome::Accepted {
        return Ok(page::go("/webhooks?done=tested"));
    }
    let fault = Fault::new("form", member.text().one(key::FAULT_WEBHOOK_TESTED, delivery.failure));
    Ok(page::show(&list(member, vec![fault], String::new()).await?))
}
