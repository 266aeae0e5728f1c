//! `tandem webhook`: where the firm's events are sent. A secret is shown once, by the command that makes it.

mod args;

use proto::{
    partners::Scope,
    stream::{
        CreateWebhookRequest, DeleteWebhookRequest, Filter, GetWebhookRequest, ListWebhookDeliveriesRequest,
        ListWebhooksRequest, ReplayWebhookRequest, ResendWebhookEventRequest, RotateWebhookSecretRequest,
        TestWebhookRequest, UpdateWebhookRequest, Webhook, WebhookDelivery, WebhookOutcome,
        replay_webhook_request::Start,
    },
};

pub use args::WebhookCommand;

use args::{CreateArgs, PlaceArgs, ReplayArgs, RotateArgs, UpdateArgs, Wanted};

use super::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::{short, table, table_text},
};

fn request_id() -> String {
    format!("webhook-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &WebhookCommand, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.webhooks();
    match command {
        WebhookCommand::Create(args) => create(args, session).await?,
        WebhookCommand::List => {
            let request = ListWebhooksRequest { page_size: 1_000, ..Default::default() };
            let answer = client.list_webhooks(request).await.map_err(|status| session.refused(&status))?;
            webhooks(&answer.into_inner().webhooks, session)?;
        }
        WebhookCommand::Show(args) => webhooks(&[get(&args.id, session).await?], session)?,
        WebhookCommand::Update(args) => {
            let webhook = changed(args, get(&args.id, session).await?);
            let request = UpdateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
            let answer = client.update_webhook(request).await.map_err(|status| session.refused(&status))?;
            webhooks(&[answer.into_inner()], session)?;
        }
        WebhookCommand::Delete(args) => {
            let request = DeleteWebhookRequest { request_id: request_id(), webhook_id: args.id.clone() };
            client.delete_webhook(request).await.map_err(|status| session.refused(&status))?;
        }
        WebhookCommand::Rotate(args) => rotate(args, session).await?,
        WebhookCommand::Test(args) => {
            let request = TestWebhookRequest { request_id: request_id(), webhook_id: args.id.clone() };
            let answer = client.test_webhook(request).await.map_err(|status| session.refused(&status))?;
            return happened(answer.into_inner(), session);
        }
        WebhookCommand::Deliveries(args) => {
            let request = ListWebhookDeliveriesRequest {
                page_size: args.limit,
                webhook_id: args.id.clone().unwrap_or_default(),
                ..Default::default()
            };
            let answer =
                client.list_webhook_deliveries(request).await.map_err(|status| session.refused(&status))?;
            deliveries(&answer.into_inner().deliveries, session)?;
        }
        WebhookCommand::Replay(args) => return replay(args, session).await,
    }
    Ok(Exit::Ok)
}

async fn get(id: &str, session: &Session) -> Result<Webhook, Failure> {
    let request = GetWebhookRequest { webhook_id: id.to_owned() };
    let answer = session.connection.webhooks().get_webhook(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

async fn create(args: &CreateArgs, session: &Session) -> Result<(), Failure> {
    let wanted = &args.wanted;
    let webhook = Webhook {
        name: args.name.clone(),
        url: args.url.clone(),
        filter: Some(Filter {
            types: wanted.types.clone(),
            counterparties: wanted.counterparty.clone(),
            subject_prefix: wanted.subject_prefix.clone().unwrap_or_default(),
        }),
        scope: Some(Scope { sites: wanted.site.clone(), purchasing_groups: wanted.group.clone() }),
        mode: args.mode.proto().into(),
        in_flight: wanted.in_flight.unwrap_or_default(),
        ..Webhook::default()
    };
    let request = CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    let answer = session.connection.webhooks().create_webhook(request).await;
    let made = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        return session
            .out
            .value(&session.contract.to_json("tandem.stream.v1.CreateWebhookResponse", &made)?);
    }
    webhooks(&made.webhook.into_iter().collect::<Vec<_>>(), session)?;
    once(&made.secret, session)
}

async fn rotate(args: &RotateArgs, session: &Session) -> Result<(), Failure> {
    let request = RotateWebhookSecretRequest {
        request_id: request_id(),
        webhook_id: args.id.clone(),
        overlap_s: args.overlap,
    };
    let answer = session.connection.webhooks().rotate_webhook_secret(request).await;
    let made = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        let message = "tandem.stream.v1.RotateWebhookSecretResponse";
        return session.out.value(&session.contract.to_json(message, &made)?);
    }
    once(&made.secret, session)
}

fn once(secret: &str, session: &Session) -> Result<(), Failure> {
    session.out.line(secret)?;
    session.out.note("note: this is the only time that the secret is shown");
    Ok(())
}

/// What is named replaces what was there.
fn changed(args: &UpdateArgs, webhook: Webhook) -> Webhook {
    let Wanted { types, counterparty, subject_prefix, site, group, in_flight } = &args.wanted;
    let or = |given: &Vec<String>, before: Vec<String>| if given.is_empty() { before } else { given.clone() };
    let filter = if args.everything { Filter::default() } else { webhook.filter.unwrap_or_default() };
    let scope = webhook.scope.unwrap_or_default();
    let mode = args.mode.map_or(webhook.mode, |mode| mode.proto().into());
    // In another mode another number is usual.
    let usual = if mode == webhook.mode { webhook.in_flight } else { 0 };
    Webhook {
        name: args.name.clone().unwrap_or(webhook.name),
        url: args.url.clone().unwrap_or(webhook.url),
        filter: Some(Filter {
            types: or(types, filter.types),
            counterparties: or(counterparty, filter.counterparties),
            subject_prefix: subject_prefix.clone().unwrap_or(filter.subject_prefix),
        }),
        scope: Some(Scope {
            sites: or(site, scope.sites),
            purchasing_groups: or(group, scope.purchasing_groups),
        }),
        mode,
        in_flight: in_flight.unwrap_or(usual),
        disabled: args.disable || (webhook.disabled && !args.enable),
        ..webhook
    }
}

async fn replay(args: &ReplayArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.webhooks();
    let webhook_id = args.id.clone();
    let PlaceArgs { after, earliest, seq, .. } = &args.place;
    if let Some(seq) = *seq {
        let request = ResendWebhookEventRequest { request_id: request_id(), webhook_id, seq };
        let answer = client.resend_webhook_event(request).await.map_err(|status| session.refused(&status))?;
        return happened(answer.into_inner(), session);
    }
    let start = match after {
        Some(cursor) => Start::After(cursor.clone()),
        None if *earliest => Start::Earliest(true),
        None => Start::Latest(true),
    };
    let request = ReplayWebhookRequest { request_id: request_id(), webhook_id, start: Some(start) };
    let answer = client.replay_webhook(request).await.map_err(|status| session.refused(&status))?;
    webhooks(&[answer.into_inner()], session)?;
    Ok(Exit::Ok)
}

/// One attempt, whose end is the command's.
fn happened(delivery: WebhookDelivery, session: &Session) -> Result<Exit, Failure> {
    let accepted = delivery.outcome() == WebhookOutcome::Accepted;
    deliveries(&[delivery], session)?;
    Ok(if accepted { Exit::Ok } else { Exit::Failed })
}

fn webhooks(webhooks: &[Webhook], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for webhook in webhooks {
            session.out.value(&session.contract.to_json("tandem.stream.v1.Webhook", webhook)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["NAME", "STATE", "MODE", "BEHIND", "TRIES", "NEXT TRY", "ADDRESS", "ID"]);
    for webhook in webhooks {
        let state = match webhook.disabled {
            true => short(webhook.disabled_reason().as_str_name(), "WEBHOOK_DISABLED_REASON_"),
            false => "ENABLED",
        };
        table.add_row([
            webhook.name.clone(),
            state.to_owned(),
            short(webhook.mode().as_str_name(), "WEBHOOK_MODE_").to_owned(),
            webhook.behind.to_string(),
            webhook.attempts.to_string(),
            time_text(webhook.retry_at.as_ref()),
            webhook.url.clone(),
            webhook.id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}

fn deliveries(deliveries: &[WebhookDelivery], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for delivery in deliveries {
            session.out.value(&session.contract.to_json("tandem.stream.v1.WebhookDelivery", delivery)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["WHEN", "OUTCOME", "SEQ", "TYPE", "TRY", "MS", "FAILURE", "NEXT TRY", "WEBHOOK"]);
    for delivery in deliveries {
        table.add_row([
            time_text(delivery.at.as_ref()),
            short(delivery.outcome().as_str_name(), "WEBHOOK_OUTCOME_").to_owned(),
            delivery.seq.to_string(),
            delivery.r#type.clone(),
            delivery.attempt.to_string(),
            delivery.duration_ms.to_string(),
            delivery.failure.clone(),
            time_text(delivery.retry_at.as_ref()),
            delivery.webhook_id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}
