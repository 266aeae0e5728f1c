//! What webhooks work with: secrets that are opened, and the way out.

use std::sync::Arc;

use chassis::{
    Result,
    config::{Config, Switch},
    hook::{
        Answer, Failure, Sender,
        address::{Host, Rules},
        signature,
    },
    json::contract::Contract,
    secret::Redacted,
    service::Deps,
    value,
    vault::Vault,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use proto::stream::{WebhookDeliveryKind, WebhookOutcome};
use time::OffsetDateTime;
use tokio::{sync::Semaphore, time::Instant};
use uuid::Uuid;

use crate::{
    db,
    envelope::{self, Letter},
    ladder,
    webhook::Delivery,
};

/// Pages that are read at a time: those who read live have turns of their own (`Gateway::pages`), and connections and
/// processors enough beside these.
const PAGES: usize = 2;
/// How much of an answer is kept, in characters.
const ANSWER: usize = 500;

/// What webhooks work with.
pub(crate) struct Hooks {
    pub deps: Deps,
    /// Absent where the deployment has no key.
    pub vault: Option<Vault>,
    pub sender: Sender,
    pub contract: Arc<Contract>,
    /// Turns to read a page. Nobody holds one while a receiver takes its time.
    pub pages: Semaphore,
}

impl Hooks {
    /// As the settings say.
    ///
    /// # Errors
    /// Where `webhooks.key` is no key.
    pub(crate) fn new(deps: &Deps, config: &Config) -> anyhow::Result<Self> {
        let urls = [config.portal_url(), config.api_url(), config.link_url()];
        let rules = Rules {
            loopback: config.webhooks.loopback == Switch::On,
            own_hosts: urls
                .iter()
                .chain(&config.webhooks.own_hosts)
                .filter_map(|own| Host::of(own))
                .collect(),
        };
        Ok(Self {
            deps: deps.clone(),
            vault: Vault::open_with("webhooks.key", &config.webhooks.key)?,
            sender: Sender::new(rules)?,
            contract: Contract::load()?,
            pages: Semaphore::new(PAGES),
        })
    }

    /// The secrets of a webhook that work, opened.
    pub(crate) fn open(
        &self,
        firm: Uuid,
        webhook: Uuid,
        sealed: &[db::webhook::Secret],
    ) -> Result<Vec<Redacted<String>>> {
        let Some(vault) = &self.vault else { return Ok(Vec::new()) };
        sealed.iter().map(|one| vault.open(&place_of(firm, webhook, one.id), &one.sealed)).collect()
    }

    /// Posts a letter once: when that began, how long it took, and what was answered.
    pub(crate) async fn post(&self, url: &str, secrets: &[Redacted<String>], letter: &Letter) -> Posted {
        let at = self.deps.now();
        let began = Instant::now();
        let answer = match headers(secrets, letter, at) {
            Ok(headers) => self.sender.post(url, headers, letter.body.clone()).await,
            Err(_) => Err(Failure::Malformed),
        };
        let duration_ms = began.elapsed().as_millis().try_into().unwrap_or(i32::MAX);
        Posted { at, duration_ms, answer }
    }
}

/// What a sealed secret is bound to.
pub(crate) fn place_of(firm: Uuid, webhook: Uuid, secret: Uuid) -> String {
    format!("{firm}/{webhook}/{secret}")
}

/// What came of an attempt.
pub(crate) struct Posted {
    pub at: OffsetDateTime,
    pub duration_ms: i32,
    pub answer: Result<Answer, Failure>,
}

fn headers(
    secrets: &[Redacted<String>],
    letter: &Letter,
    at: OffsetDateTime,
) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
    let timestamp = at.unix_timestamp();
    let signature = signature::sign(secrets, &letter.id, timestamp, &letter.body);
    Ok(HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(envelope::CONTENT_TYPE)),
        (header::USER_AGENT, HeaderValue::from_static(concat!("tandem/", env!("CARGO_PKG_VERSION")))),
        (HeaderName::from_static("webhook-id"), HeaderValue::from_str(&letter.id)?),
        (HeaderName::from_static("webhook-timestamp"), HeaderValue::from(timestamp)),
        (HeaderName::from_static("webhook-signature"), HeaderValue::from_str(&signature)?),
    ]))
}

/// A note of an attempt for the list.
pub(crate) fn note(
    id: Uuid,
    webhook: Uuid,
    kind: WebhookDeliveryKind,
    letter: &Letter,
    posted: &Posted,
) -> Delivery {
    let (status, failure) = ladder::told(&posted.answer);
    let outcome = if failure.is_empty() { WebhookOutcome::Accepted } else { WebhookOutcome::Failed };
    let answer = match &posted.answer {
        Ok(answer) if !failure.is_empty() => shown(&answer.body),
        _ => String::new(),
    };
    Delivery {
        id,
        webhook,
        kind,
        outcome,
        event_id: letter.id.clone(),
        r#type: letter.r#type.clone(),
        seq: letter.seq,
        attempt: 1,
        at: posted.at,
        duration_ms: posted.duration_ms,
        status,
        failure,
        answer,
        retry_at: None,
    }
}

/// The beginning of an answer as a person may be shown it.
fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(ANSWER * 4)]);
    let plain = text.chars().map(|c| if value::is_hidden(c) { ' ' } else { c });
    plain.take(ANSWER).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_without_what_hides_or_reorders() {
        assert_eq!(shown("没有\n这个\u{202e}订单\0".as_bytes()), "没有 这个 订单");
        assert_eq!(shown(&[0xff; 4]).chars().count(), 4);
        assert_eq!(shown("字".repeat(2_000).as_bytes()).chars().count(), ANSWER);
    }
}
