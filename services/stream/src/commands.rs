//! Webhooks are set up, changed and tried: one function a command, idempotency and effect in one transaction. Nothing calls
//! another server inside of one.

pub(crate) mod subscription;

use chassis::{
    Error, Reason, Result,
    command::{Begun, Single},
    db::TenantTx,
    feed::{self, start::Start},
    hook::signature,
    secret::Redacted,
};
use prost::Message;
use proto::stream::{self as wire, WebhookDeliveryKind, WebhookOutcome};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    convert::webhook as convert,
    db,
    envelope::{self, Letter},
    hooks::{Hooks, Posted, note, place_of},
    webhook::{Delivery, MAX, SECRETS, Standing, Webhook, may_manage},
};

/// A command of a caller.
pub(crate) struct Command<'a> {
    pub hooks: &'a Hooks,
    pub single: Single<'a>,
}

impl Command<'_> {
    async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        self.single.begin().await
    }

    async fn finish<R: Message>(&self, tx: TenantTx, receipt: &R) -> Result<()> {
        self.single.finish(tx, receipt, Vec::new()).await
    }

    fn firm(&self) -> Uuid {
        self.single.caller.firm
    }

    fn now(&self) -> OffsetDateTime {
        self.single.now()
    }

    /// The webhook, if the caller may do something with it.
    async fn load(&self, tx: &mut TenantTx, id: Uuid) -> Result<Webhook> {
        let (webhook, _) = db::webhook::get(tx, self.single.own(), id).await?.ok_or_else(Error::not_found)?;
        may_manage(self.single.caller, &webhook.scope)?;
        Ok(webhook)
    }

    /// Looks at an address; nothing is sent there.
    async fn check(&self, url: &str) -> Result<()> {
        self.hooks
            .sender
            .check(url)
            .await
            .map_err(|fault| Error::field("webhook.url", fault.as_str(), fault.message()))
    }
}

/// As it is shown.
pub(crate) async fn shown(
    tx: &mut TenantTx,
    own: Option<Uuid>,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<wire::Webhook> {
    // Read before the webhook: what is behind is never negative.
    let head = feed::head(tx).await?;
    let (webhook, standing) = db::webhook::get(tx, own, id).await?.ok_or_else(Error::not_found)?;
    let secrets = db::webhook::secrets(tx, id, now).await?;
    let secrets = secrets.iter().map(|one| (one.created_at, one.expires_at)).collect();
    Ok(convert::wire(&webhook, &Standing { head: head.seq, secrets, ..standing }))
}

/// Sets up a webhook, which begins with what happens from now on.
pub(crate) async fn create(command: &Command<'_>, asked: Webhook) -> Result<wire::CreateWebhookResponse> {
    let vault = command.hooks.vault.as_ref().ok_or_else(|| Error::new(Reason::WEBHOOKS_NOT_SET_UP))?;
    let (firm, id, at) = (command.firm(), command.hooks.deps.clock.id(), command.now());
    let scope = asked.scope.clone().or_own(command.single.caller);
    may_manage(command.single.caller, &scope)?;
    command.check(&asked.url).await?;
    let (secret, secret_id) = (signature::new_secret(), command.hooks.deps.clock.id());
    let sealed = vault.seal(&place_of(firm, id, secret_id), secret.reveal())?;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    if db::webhook::lock(&mut tx).await? >= MAX {
        return Err(Error::new(Reason::LIMIT_REACHED).with("limit", MAX));
    }
    // Read before the webhook is there: what comes after this place is sent.
    let head = feed::head(&mut tx).await?;
    db::webhook::insert(&mut tx, &Webhook { id, scope, seq: head.seq, created_at: at, ..asked }).await?;
    db::webhook::insert_secret(&mut tx, id, (secret_id, &sealed), at).await?;
    let webhook = shown(&mut tx, command.single.own(), id, at).await?;
    let mut receipt = wire::CreateWebhookResponse { webhook: Some(webhook), secret: String::new() };
    command.finish(tx, &receipt).await?;
    receipt.secret = secret.reveal().clone();
    Ok(receipt)
}

/// Changes a webhook, or enables or disables it.
pub(crate) async fn update(command: &Command<'_>, asked: Webhook, etag: &str) -> Result<wire::Webhook> {
    let (id, at) = (asked.id, command.now());
    let scope = asked.scope.clone().or_own(command.single.caller);
    may_manage(command.single.caller, &scope)?;
    command.check(&asked.url).await?;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let before = command.load(&mut tx, id).await?;
    // Why it does not work stays, unless somebody enables it.
    let disabled = asked.disabled.map(|why| before.disabled.unwrap_or(why));
    let changed = Webhook { scope, disabled, version: before.version, ..asked };
    if before.version.to_string() != etag || !db::webhook::update(&mut tx, &changed).await? {
        return Err(Error::new(Reason::STALE_ETAG));
    }
    if before.disabled.is_some() && disabled.is_none() {
        db::webhook::begin_anew(&mut tx, id, at).await?;
    }
    let receipt = shown(&mut tx, command.single.own(), id, at).await?;
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

/// Takes a webhook away.
pub(crate) async fn delete(command: &Command<'_>, id: Uuid) -> Result<wire::DeleteWebhookResponse> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    command.load(&mut tx, id).await?;
    if !db::webhook::delete(&mut tx, id, command.now()).await? {
        return Err(Error::not_found());
    }
    let receipt = wire::DeleteWebhookResponse {};
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

/// Makes a new secret; those of before sign beside it for a while.
pub(crate) async fn rotate(
    command: &Command<'_>,
    id: Uuid,
    overlap: Duration,
) -> Result<wire::RotateWebhookSecretResponse> {
    let vault = command.hooks.vault.as_ref().ok_or_else(|| Error::new(Reason::WEBHOOKS_NOT_SET_UP))?;
    let at = command.now();
    let (secret, secret_id) = (signature::new_secret(), command.hooks.deps.clock.id());
    let sealed = vault.seal(&place_of(command.firm(), id, secret_id), secret.reveal())?;
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    command.load(&mut tx, id).await?;
    db::webhook::lock(&mut tx).await?;
    db::webhook::end_secrets(&mut tx, id, at + overlap, at).await?;
    if db::webhook::secrets(&mut tx, id, at).await?.len() >= SECRETS {
        return Err(Error::new(Reason::LIMIT_REACHED).with("limit", SECRETS));
    }
    db::webhook::insert_secret(&mut tx, id, (secret_id, &sealed), at).await?;
    let webhook = shown(&mut tx, command.single.own(), id, at).await?;
    let mut receipt = wire::RotateWebhookSecretResponse { webhook: Some(webhook), secret: String::new() };
    command.finish(tx, &receipt).await?;
    receipt.secret = secret.reveal().clone();
    Ok(receipt)
}

/// Moves a webhook to another place of the feed.
pub(crate) async fn replay(command: &Command<'_>, id: Uuid, start: Start) -> Result<wire::Webhook> {
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    command.load(&mut tx, id).await?;
    let head = feed::head(&mut tx).await?;
    let place = feed::place(&mut tx, &head, &start, &command.hooks.deps.keys).await?;
    db::webhook::move_to(&mut tx, id, place.seq).await?;
    let receipt = shown(&mut tx, command.single.own(), id, command.now()).await?;
    command.finish(tx, &receipt).await?;
    Ok(receipt)
}

/// Sends a test event, and answers what happened.
pub(crate) async fn test(command: &Command<'_>, id: Uuid) -> Result<wire::WebhookDelivery> {
    let (hooks, at, delivery) = (command.hooks, command.now(), command.hooks.deps.clock.id());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return as_it_stands(command, receipt).await,
        Begun::New(tx) => tx,
    };
    let webhook = command.load(&mut tx, id).await?;
    let letter = envelope::tested(&hooks.contract, (command.firm(), id), delivery, at)?;
    let secrets = db::webhook::secrets(&mut tx, id, at).await?;
    let kind = WebhookDeliveryKind::Test;
    send(command, tx, Once { webhook, secrets, letter, delivery, kind }).await
}

/// Sends one event of the feed again, and answers what happened.
pub(crate) async fn resend(command: &Command<'_>, id: Uuid, seq: i64) -> Result<wire::WebhookDelivery> {
    let (hooks, delivery) = (command.hooks, command.hooks.deps.clock.id());
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return as_it_stands(command, receipt).await,
        Begun::New(tx) => tx,
    };
    let webhook = command.load(&mut tx, id).await?;
    let page = match seq {
        1.. => db::read::page(&mut tx, seq - 1, 1, 1, |_| {}).await?.entries,
        _ => Vec::new(),
    };
    let entry = page.into_iter().find(|entry| entry.seq == seq && webhook.covers(&entry.fact, entry.feed));
    let letter = envelope::entry(&hooks.contract, &*entry.ok_or_else(Error::not_found)?)?;
    let secrets = db::webhook::secrets(&mut tx, id, command.now()).await?;
    let kind = WebhookDeliveryKind::Resent;
    send(command, tx, Once { webhook, secrets, letter, delivery, kind }).await
}

/// A letter that is sent once, beside a webhook's place.
struct Once {
    webhook: Webhook,
    secrets: Vec<db::webhook::Secret>,
    letter: Letter,
    delivery: Uuid,
    kind: WebhookDeliveryKind,
}

/// Notes that it is sent, sends it, and notes what came of it: a repeated request finds the note and sends nothing.
async fn send(command: &Command<'_>, mut tx: TenantTx, once: Once) -> Result<wire::WebhookDelivery> {
    let Once { webhook, secrets, letter, delivery, kind } = once;
    let (hooks, firm) = (command.hooks, command.firm());
    let secrets: Vec<Redacted<String>> = hooks.open(firm, webhook.id, &secrets)?;
    let begun =
        Posted { at: command.now(), duration_ms: 0, answer: Err(chassis::hook::Failure::Interrupted) };
    let begun = Delivery {
        outcome: WebhookOutcome::Sending,
        failure: String::new(),
        ..note(delivery, webhook.id, kind, &letter, &begun)
    };
    db::delivery::insert(&mut tx, &begun).await?;
    command.finish(tx, &convert::delivery(&begun)).await?;
    let posted = hooks.post(&webhook.url, &secrets, &letter).await;
    let done = Delivery { at: begun.at, ..note(delivery, webhook.id, kind, &letter, &posted) };
    let mut tx = hooks.deps.pool.begin(firm).await?;
    db::delivery::finish(&mut tx, &done).await?;
    tx.commit().await?;
    Ok(convert::delivery(&done))
}

/// What came of an attempt since it was noted.
async fn as_it_stands(
    command: &Command<'_>,
    receipt: wire::WebhookDelivery,
) -> Result<wire::WebhookDelivery> {
    let mut tx = command.hooks.deps.pool.begin(command.firm()).await?;
    let which = db::delivery::Which { id: Uuid::try_parse(&receipt.id).ok(), limit: 1, ..Default::default() };
    let one = db::delivery::list(&mut tx, &which).await?.pop();
    tx.commit().await?;
    Ok(one.map_or(receipt, |one| convert::delivery(&one)))
}
