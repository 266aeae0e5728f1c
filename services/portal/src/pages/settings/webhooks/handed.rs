//! Webhooks and what was sent to them, for a file: no secret, and no more of an address than the page shows.

use axum::response::Response;
use proto::stream::{ListWebhookDeliveriesRequest, ListWebhooksRequest, Webhook};

use super::{row, sent};
use crate::{failure::Failure, i18n::key, page::link, saved, session::Member, sheet::Table};

/// The webhooks, and a page of all that was sent.
pub async fn over(member: &Member, page_token: String) -> Result<Response, Failure> {
    let t = member.text();
    let webhooks = all(member).await?;
    let mut client = member.app().api.webhooks();
    let request =
        ListWebhookDeliveriesRequest { page_size: member.rows(50), page_token, ..Default::default() };
    let list = client.list_webhook_deliveries(member.call(request)).await?.into_inner();
    let rows = webhooks.iter().map(|one| {
        let row = row(member, one);
        vec![row.name, row.host, row.mode, row.behind, row.tag.label, row.retry]
    });
    let headings = [
        key::CHANNEL_NAME,
        key::ADDRESS,
        key::WEBHOOK_MODE,
        key::WEBHOOK_BEHIND,
        key::STATE,
        key::SAVE_FAILURE,
    ];
    let name = t.say(key::WEBHOOKS);
    let table = Table::new(t, &headings, rows.collect(), String::new());
    let rows = list.deliveries.iter().map(|one| {
        let sent = sent(member, one, &webhooks);
        let seq = if sent.seq > 0 { sent.seq.to_string() } else { String::new() };
        vec![sent.what, seq, sent.webhook, sent.at, sent.tag.label, sent.failure]
    });
    let headings = [
        key::WEBHOOK_EVENT,
        key::SAVE_SEQ,
        key::CHANNEL_NAME,
        key::DELIVERY_AT,
        key::STATE,
        key::SAVE_FAILURE,
    ];
    let next = match list.next_page_token.as_str() {
        "" => String::new(),
        token => link("/webhooks", &[("page", token)]),
    };
    let deliveries = Table::new(t, &headings, rows.collect(), next).numbers(1..=1);
    let both = vec![table.titled(name.clone()), deliveries.titled(t.say(key::DELIVERIES))];
    Ok(saved::tables(name, both))
}

async fn all(member: &Member) -> Result<Vec<Webhook>, Failure> {
    let mut request = ListWebhooksRequest { page_size: member.rows(100), page_token: String::new() };
    let mut webhooks = Vec::new();
    loop {
        let mut client = member.app().api.webhooks();
        let list = client.list_webhooks(member.call(request.clone())).await?.into_inner();
        webhooks.extend(list.webhooks);
        if !saved::reads_on(member, webhooks.len(), &list.next_page_token) {
            return Ok(webhooks);
        }
        request.page_token = list.next_page_token;
    }
}
