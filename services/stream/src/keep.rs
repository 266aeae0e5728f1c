//! What falls due by time: ended credentials, bookmarks, months ahead, old months, old receipts.

use std::{sync::Arc, time::Duration};

use chassis::{background, caller::Resolver, clock::SharedClock};
use sqlx::PgPool;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{db, hub::Hub, retention, sequencer::source, slot::End};

/// Two looks and a slow answer fit into the 5 s within which a revoked credential's streams end and a narrowed one's
/// show less.
const CREDENTIALS_EVERY: Duration = Duration::from_secs(2);
/// Credentials of one question.
const CREDENTIALS_AT_ONCE: usize = 500;
/// Seldom enough to cost nothing, often enough to see a sequencer that stands still.
const BACKLOG_EVERY: Duration = Duration::from_secs(5);
const PARTITIONS_EVERY: Duration = Duration::from_secs(6 * 3600);
/// How often is looked whether a month of the log is old enough to go.
const MONTHS_EVERY: Duration = Duration::from_secs(3600);
/// While a part of one is still to go it is tried again after such a rest, and so often: longer than anything but a backup.
const MONTHS_AGAIN: (Duration, usize) = (Duration::from_secs(5), 60);
const RECEIPTS_EVERY: Duration = Duration::from_secs(3600);
/// Receipts answer repeated requests for so long.
const RECEIPTS_KEPT: time::Duration = time::Duration::days(30);
/// Rows of one statement, so that none runs long.
const ROWS_AT_ONCE: i64 = 1_000;
/// Attempts of webhooks are listed for so long.
const DELIVERIES_KEPT: time::Duration = time::Duration::days(30);

/// Now and then every so often, until shutdown.
struct Every {
    ticks: Interval,
    shutdown: CancellationToken,
}

impl Every {
    fn new(period: Duration, shutdown: CancellationToken) -> Self {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, shutdown }
    }

    /// Waits for the next time; false on shutdown.
    async fn due(&mut self) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            _ = self.ticks.tick() => true,
        }
    }
}

/// Ends streams whose credential was revoked or has expired, and has the others show what their owners may see now.
pub async fn watch_credentials(hub: Arc<Hub>, resolver: Resolver, shutdown: CancellationToken) {
    let mut every = Every::new(CREDENTIALS_EVERY, shutdown);
    while every.due().await {
        for some in hub.credentials().chunks(CREDENTIALS_AT_ONCE) {
            match resolver.changed(some).await {
                Ok(changed) if changed.is_empty() => {}
                Ok(changed) => hub.change(&changed),
                // Where the database does not come back, all streams end after 30 s.
                Err(error) => {
                    background::failed("checking credentials");
                    tracing::warn!(error = %source(&error), "credentials were not checked");
                    break;
                }
            }
        }
    }
}

/// Lets bookmarks out and old entries go.
pub async fn tick(hub: Arc<Hub>, shutdown: CancellationToken) {
    let subscribers = metrics::gauge!("tandem_stream_subscribers");
    let mut every = Every::new(Duration::from_secs(1), shutdown);
    while every.due().await {
        hub.tick();
        subscribers.set(hub.open() as f64);
    }
}

/// Ends all streams when the process drains.
pub async fn drain(hub: Arc<Hub>, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    hub.end_all(End::Draining);
}

/// Shows how many commands wait for the sequencer, of whichever process.
pub async fn backlog(pool: PgPool, shutdown: CancellationToken) {
    let waiting = metrics::gauge!("tandem_outbox_commands");
    let mut every = Every::new(BACKLOG_EVERY, shutdown);
    while every.due().await {
        match db::backlog(&pool).await {
            Ok(commands) => waiting.set(commands as f64),
            Err(error) => {
                background::failed("counting the outbox");
                tracing::debug!(%error, "the outbox was not counted");
            }
        }
    }
}

/// Keeps months ahead ready.
pub async fn partitions(pool: PgPool, shutdown: CancellationToken) {
    let mut every = Every::new(PARTITIONS_EVERY, shutdown);
    while every.due().await {
        if let Err(error) = db::ensure_partitions(&pool).await {
            background::failed("making months ahead ready");
            tracing::error!(%error, "months ahead could not be made ready; inserts fail when none is left");
        }
    }
}

/// Lets months of the log go whose events are older than they are kept; `None`: none goes. The first look only shows what is
/// there: while an upgrade goes on, processes of the version before may not know that a feed begins later than it did.
pub async fn months(pool: PgPool, keep: Option<time::Duration>, shutdown: CancellationToken) {
    let mut every = Every::new(MONTHS_EVERY, shutdown.clone());
    let mut goes = None;
    while every.due().await {
        let mut again = Every::new(MONTHS_AGAIN.0, shutdown.clone());
        for _ in 0..MONTHS_AGAIN.1 {
            if !again.due().await || !let_go(&pool, goes).await {
                break;
            }
        }
        goes = keep;
    }
}

/// Lets them go, shows what is left, and answers whether there is more to do soon.
async fn let_go(pool: &PgPool, keep: Option<time::Duration>) -> bool {
    let looked = match retention::look(pool, keep).await {
        Ok(looked) => looked,
        Err(error) => {
            background::failed("letting old months go");
            tracing::warn!(%error, "old months of the log stay; trying again in an hour");
            return false;
        }
    };
    metrics::gauge!("tandem_log_months").set(looked.months as f64);
    metrics::gauge!("tandem_log_unread_followers").set(looked.unread as f64);
    for month in &looked.gone {
        tracing::info!(log.month = %month, "a month of the log went");
    }
    if looked.unread > 0 {
        tracing::warn!(
            followers = looked.unread,
            "an old month of the log stays, since followers have not read it"
        );
    }
    looked.again
}

/// Forgets receipts that no longer answer anything.
pub async fn receipts(pool: PgPool, clock: SharedClock, shutdown: CancellationToken) {
    let mut every = Every::new(RECEIPTS_EVERY, shutdown);
    while every.due().await {
        let before = clock.now() - RECEIPTS_KEPT;
        loop {
            match db::forget_receipts(&pool, before, ROWS_AT_ONCE).await {
                Ok(gone) if gone < ROWS_AT_ONCE as u64 => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old receipts were not deleted; trying again in an hour");
                    break;
                }
            }
        }
    }
}

/// Forgets what webhooks sent a while ago.
pub async fn deliveries(pool: PgPool, clock: SharedClock, shutdown: CancellationToken) {
    let mut every = Every::new(RECEIPTS_EVERY, shutdown);
    while every.due().await {
        let before = clock.now() - DELIVERIES_KEPT;
        loop {
            match db::delivery::forget(&pool, before, ROWS_AT_ONCE).await {
                Ok(gone) if gone < ROWS_AT_ONCE as u64 => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old attempts of webhooks were not deleted; trying again in an hour");
                    break;
                }
            }
        }
    }
}
