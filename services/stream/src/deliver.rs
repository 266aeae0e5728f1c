//! Sends what webhooks are owed: a process claims a webhook for a while, sends the events behind its place one after the
//! other or several at a time, and records what came of each together with the place.
//!
//! **Invariant:** a place moves in the transaction that records the acceptance, and only while the claim holds. Whoever is
//! killed in between has sent an event that nobody recorded: it is sent again with the same `webhook-id`.

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use chassis::{
    Error, Result, background,
    caller::Grants,
    command::Now,
    db::TenantTx,
    feed, outbox,
    secret::{self, Redacted},
};
use futures::{StreamExt as _, stream::FuturesUnordered};
use prost::Message as _;
use proto::stream::{WebhookDeliveryKind, WebhookDisabled};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    db::{self, delivery::Progress},
    entry::Entry,
    envelope::{self, Letter},
    filter::Sight,
    hooks::{Hooks, Posted, note},
    sending::{Attempt, Follows, LEASE, Next, Sending, in_time},
    sequencer::source,
    shares::Shares,
    webhook::{Delivery, Disabled, Webhook},
};

/// How often is looked for something to send.
const EVERY: Duration = Duration::from_millis(200);
/// Webhooks that a process serves at a time. A receiver that does not answer holds a place for a slice and an attempt, 18 s at
/// most, and [`Shares`] sees to it that other firms find one meanwhile: only where receivers of more than half as many firms
/// are silent at the same time, the next waits so long.
const AT_ONCE: usize = 64;
/// How long attempts may still take when the process drains.
const GRACE: Duration = Duration::from_secs(3);
/// Entries of one page, and about how many bytes of payload.
const PAGE: (i64, i64) = (256, 256 * 1024);

/// Sends until shutdown.
pub(crate) async fn run(hooks: Arc<Hooks>) {
    if hooks.vault.is_none() {
        // Without a key there are no webhooks.
        return;
    }
    let shutdown = hooks.deps.shutdown.clone();
    let (mut shares, mut serving) = (Shares::of(AT_ONCE), FuturesUnordered::new());
    while !shutdown.is_cancelled() {
        if shares.free() > 0 {
            match due(&hooks, &shares).await {
                Ok(due) => {
                    // In turn: behind one that may not have a place there is none that may.
                    let mine = due.into_iter().take_while(|(firm, _)| shares.take(*firm));
                    serving.extend(mine.map(|(firm, id)| serve(hooks.clone(), firm, id)));
                }
                Err(error) => {
                    background::failed("looking for webhooks");
                    tracing::warn!(error = %source(&error), "looking for webhooks failed; going on")
                }
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(EVERY) => {}
            Some(firm) = serving.next(), if !serving.is_empty() => shares.give_back(firm),
        }
    }
    while serving.next().await.is_some() {}
}

async fn due(hooks: &Hooks, shares: &Shares) -> Result<Vec<(Uuid, Uuid)>> {
    let (now, most) = (hooks.deps.now(), shares.free() as i32);
    let mut outside = hooks.deps.pool.begin_outside().await?;
    let due = db::delivery::due(&mut outside, now, most, shares.taken()).await?;
    outside.commit().await?;
    Ok(due)
}

/// Serves a webhook of this firm for a while, if nobody else does.
async fn serve(hooks: Arc<Hooks>, firm: Uuid, id: Uuid) -> Uuid {
    let served = async {
        match Run::claim(&hooks, firm, id).await? {
            Some(run) => Box::pin(run.go()).await,
            None => Ok(()),
        }
    };
    // The claim ends by itself: until then nobody tries what has just failed.
    if let Err(error) = served.await {
        background::failed("serving webhooks");
        tracing::warn!(firm.id = %firm, webhook.id = %id, error = %source(&error), "serving a webhook failed; going on");
    }
    firm
}

/// A webhook that this process serves.
struct Run<'a> {
    hooks: &'a Hooks,
    firm: Uuid,
    webhook: Webhook,
    secrets: Vec<Redacted<String>>,
    sight: Sight,
    narrowed: Grants,
    lease: Uuid,
    epoch: i64,
    /// When it was claimed, or a moment before.
    began: Instant,
    sending: Sending,
    /// The oldest entry that is still there.
    oldest: i64,
    page: VecDeque<Arc<Entry>>,
    /// The page ended where the feed did.
    at_head: bool,
}

/// What goes out next.
struct Job {
    letter: Letter,
    attempt: Attempt,
}

impl<'a> Run<'a> {
    async fn claim(hooks: &'a Hooks, firm: Uuid, id: Uuid) -> Result<Option<Self>> {
        let lease = hooks.deps.clock.id();
        let mut tx = hooks.deps.pool.begin(firm).await?;
        // Before the lease, so that it lasts longer however long any of this takes.
        let began = Instant::now();
        let Some(claim) = db::delivery::claim(&mut tx, id, lease, LEASE).await? else { return Ok(None) };
        let (webhook, _) = db::webhook::get(&mut tx, Some(firm), id).await?.ok_or_else(Error::not_found)?;
        let sealed = db::webhook::secrets(&mut tx, id, hooks.deps.now()).await?;
        let head = feed::head(&mut tx).await?;
        tx.commit().await?;
        let secrets = hooks.open(firm, id, &sealed)?;
        Ok(Some(Self {
            hooks,
            firm,
            sight: Sight::new(webhook.filter.clone()),
            narrowed: webhook.grants(),
            sending: Sending::new(claim.place, webhook.in_flight, head.min_seq),
            webhook,
            secrets,
            lease,
            epoch: claim.epoch,
            began,
            oldest: head.min_seq,
            page: VecDeque::new(),
            at_head: false,
        }))
    }

    /// Sends until nothing is left to send, the slice is over, or somebody changed the webhook. What is on its way then is
    /// still recorded, so that it is not sent again.
    async fn go(mut self) -> Result<()> {
        let hooks = self.hooks;
        let (url, secrets) = (self.webhook.url.clone(), self.secrets.clone());
        let shutdown = &hooks.deps.shutdown;
        let mut ended = pin!(async {
            shutdown.cancelled().await;
            sleep(GRACE).await;
        });
        let mut flying = FuturesUnordered::new();
        loop {
            while let Some(job) = self.next(flying.len()).await?
                && in_time(self.began.elapsed())
            {
                let (url, secrets) = (&url, &secrets);
                flying.push(async move { (hooks.post(url, secrets, &job.letter).await, job) });
            }
            let landed = tokio::select! {
                landed = flying.next() => landed,
                () = &mut ended => None,
            };
            let Some((posted, job)) = landed else { break };
            if !self.record(&job, &posted).await? {
                break;
            }
        }
        let mut tx = hooks.deps.pool.begin(self.firm).await?;
        db::delivery::save(&mut tx, self.webhook.id, &self.progress(None)).await?;
        db::delivery::release(&mut tx, self.webhook.id, self.lease).await?;
        tx.commit().await
    }

    fn progress(&self, disabled: Option<Disabled>) -> Progress<'_> {
        Progress { lease: self.lease, epoch: self.epoch, place: &self.sending.place, disabled }
    }

    /// What goes out next, beside so many that are on their way; `None` where nothing may now.
    async fn next(&mut self, flying: usize) -> Result<Option<Job>> {
        while !self.hooks.deps.shutdown.is_cancelled() {
            let now = self.hooks.deps.now();
            let (entry, attempt) = match self.sending.next(now, flying, self.began.elapsed()) {
                Next::Nothing => return Ok(None),
                Next::Cut(attempt) => return self.truncated(attempt, now).map(Some),
                Next::Due(seq) => {
                    let entry = self.read(seq - 1, 1).await?.into_iter().find(|entry| entry.seq == seq);
                    // It may have gone between the look at the feed's ends and now.
                    let Some(entry) = entry else { return Ok(None) };
                    let attempt = self.sending.again(seq, self.wants(&entry));
                    (entry, attempt)
                }
                Next::Following => {
                    let Some(entry) = self.following().await? else { return Ok(None) };
                    let attempt = self.sending.looked_at(entry.seq, self.wants(&entry));
                    (entry, attempt)
                }
            };
            if let Some(attempt) = attempt {
                let letter = envelope::entry(&self.hooks.contract, &entry)?;
                return Ok(Some(Job { letter, attempt }));
            }
        }
        Ok(None)
    }

    fn wants(&self, entry: &Entry) -> bool {
        self.sight.shows(&entry.fact, self.firm, Some(&self.narrowed))
    }

    /// That the log no longer reaches back.
    fn truncated(&self, attempt: Attempt, now: OffsetDateTime) -> Result<Job> {
        let ends = (self.sending.place.seq(), self.oldest);
        let letter = envelope::truncated(&self.hooks.contract, (self.firm, self.webhook.id), ends, now)?;
        Ok(Job { letter, attempt })
    }

    /// The entry after the last one that was looked at; `None` at the feed's end, and where it is not there any more.
    async fn following(&mut self) -> Result<Option<Arc<Entry>>> {
        if self.page.is_empty() && !self.at_head {
            self.page = self.read(self.sending.place.looked(), PAGE.0).await?.into();
            self.at_head = self.page.is_empty();
        }
        let next = self.page.pop_front().filter(|entry| entry.seq == self.sending.place.looked() + 1);
        if next.is_none() {
            self.page.clear();
            self.at_head = true;
        }
        Ok(next)
    }

    async fn read(&self, after: i64, entries: i64) -> Result<Vec<Arc<Entry>>> {
        let _turn = self.hooks.pages.acquire().await.map_err(Error::internal)?;
        let mut tx = self.hooks.deps.pool.begin_by_keys(self.firm).await?;
        let page = db::read::page(&mut tx, after, entries, PAGE.1, |_| {}).await?;
        tx.commit().await?;
        Ok(page.entries)
    }

    /// Records what came of an attempt, and where that leaves the webhook; whether it is still ours.
    async fn record(&mut self, job: &Job, posted: &Posted) -> Result<bool> {
        let (hooks, id) = (self.hooks, self.webhook.id);
        let (now, [chance]) = (hooks.deps.now(), secret::random());
        let Follows { disabled, retry_at } = self.sending.answered(job.attempt, &posted.answer, now, chance);
        let noted = note(hooks.deps.clock.id(), id, WebhookDeliveryKind::Event, &job.letter, posted);
        let noted = Delivery { attempt: job.attempt.number, retry_at, ..noted };
        let word = if noted.failure.is_empty() { "accepted" } else { "failed" };
        metrics::counter!("tandem_webhook_attempts_total", "outcome" => word).increment(1);
        let mut tx = hooks.deps.pool.begin(self.firm).await?;
        let Some(version) = db::delivery::save(&mut tx, id, &self.progress(disabled)).await? else {
            // Moved by hand, or another process has it: what was accepted is sent again.
            return Ok(false);
        };
        db::delivery::insert(&mut tx, &noted).await?;
        if let Some(why) = disabled {
            tracing::info!(firm.id = %self.firm, webhook.id = %id, reason = why.as_str(), "a webhook was disabled");
            tell(hooks, &mut tx, &self.webhook, why, &noted).await?;
        }
        tx.commit().await?;
        if disabled.is_some() {
            hooks.deps.wake.wake();
        }
        self.sending.saved(version != self.webhook.version);
        Ok(true)
    }
}

/// Tells the firm that a webhook was disabled: by its feed, from which people are told too.
async fn tell(
    hooks: &Hooks,
    tx: &mut TenantTx,
    webhook: &Webhook,
    why: Disabled,
    last: &Delivery,
) -> Result<()> {
    let payload = WebhookDisabled {
        webhook_id: webhook.id.to_string(),
        name: webhook.name.clone(),
        reason: why.wire().into(),
        event_id: last.event_id.clone(),
        seq: last.seq,
        failure: last.failure.clone(),
    };
    let event = Now::unasked(&hooks.deps).event(
        ("tandem/stream", "tandem.stream.webhook.disabled.v1"),
        ("webhooks", webhook.id),
        0,
        vec![tx.firm()],
        payload.encode_to_vec(),
    );
    outbox::append(tx, vec![vec![event]]).await
}
