//! Webhooks, and what they sent.

pub(crate) mod subscription;

use chassis::{
    Error, Result,
    caller::Caller,
    feed,
    page::{self, Question},
    value,
};
use proto::stream as wire;
use uuid::Uuid;

use crate::{
    commands,
    convert::webhook as convert,
    db::{self, delivery::Which},
    hooks::Hooks,
    webhook::Standing,
};

/// A webhook of the caller's firm.
pub(crate) async fn get(hooks: &Hooks, caller: &Caller, id: Uuid) -> Result<wire::Webhook> {
    let own = hooks.deps.checks_ownership().then_some(caller.firm);
    let mut tx = hooks.deps.pool.begin(caller.firm).await?;
    let webhook = commands::shown(&mut tx, own, id, hooks.deps.now()).await?;
    tx.commit().await?;
    Ok(webhook)
}

/// Webhooks of the caller's firm.
pub(crate) async fn list(
    hooks: &Hooks,
    caller: &Caller,
    request: &wire::ListWebhooksRequest,
) -> Result<wire::ListWebhooksResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListWebhooks", b"");
    let after = place(hooks, &question, &request.page_token)?;
    let mut tx = hooks.deps.pool.begin(caller.firm).await?;
    let head = feed::head(&mut tx).await?.seq;
    let mut rows = db::webhook::list(&mut tx, after, size + 1).await?;
    let last = page::cut(&mut rows, size, |(webhook, _)| webhook.id.to_string());
    let mut webhooks = Vec::with_capacity(rows.len());
    // A firm has few of them.
    for (webhook, standing) in rows {
        let secrets = db::webhook::secrets(&mut tx, webhook.id, hooks.deps.now()).await?;
        let secrets = secrets.iter().map(|one| (one.created_at, one.expires_at)).collect();
        webhooks.push(convert::wire(&webhook, &Standing { head, secrets, ..standing }));
    }
    tx.commit().await?;
    Ok(wire::ListWebhooksResponse { webhooks, next_page_token: token(hooks, &question, last)? })
}

/// Attempts of the caller's firm, the newest first.
pub(crate) async fn deliveries(
    hooks: &Hooks,
    caller: &Caller,
    request: &wire::ListWebhookDeliveriesRequest,
) -> Result<wire::ListWebhookDeliveriesResponse> {
    let size = page::size(request.page_size)?;
    let webhook = value::optional_id("webhook_id", &request.webhook_id)?;
    let question =
        Question::new(caller.firm, "ListWebhookDeliveries", webhook.unwrap_or_default().as_bytes());
    let before = place(hooks, &question, &request.page_token)?;
    let mut tx = hooks.deps.pool.begin(caller.firm).await?;
    let which = Which { id: None, webhook, before, limit: size + 1 };
    let mut rows = db::delivery::list(&mut tx, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| one.id.to_string());
    Ok(wire::ListWebhookDeliveriesResponse {
        deliveries: rows.iter().map(convert::delivery).collect(),
        next_page_token: token(hooks, &question, last)?,
    })
}

/// The id at which a page begins.
fn place(hooks: &Hooks, question: &Question, token: &str) -> Result<Option<Uuid>> {
    let id: Option<String> = question.after(&hooks.deps.keys, token)?;
    // The token was signed by us, so that its id is one.
    id.map(|id| Uuid::try_parse(&id).map_err(Error::internal)).transpose()
}

fn token(hooks: &Hooks, question: &Question, last: Option<String>) -> Result<String> {
    last.map(|last| question.token(&hooks.deps.keys, &last)).transpose().map(Option::unwrap_or_default)
}
