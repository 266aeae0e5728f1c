//! The one live reader of a process. It follows the whole log, in the log's order, and offers what it reads to the
//! hub. What this process sequenced itself is handed over in memory; what others sequenced is read from Postgres.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    db::read,
    entry::{Batch, LogPlace},
    hub::{Hub, lock},
    slot::End,
};

/// The most batches that wait for the tail; beyond that it reads Postgres.
const HANDED: usize = 16;
/// Looks at the log this often even if nobody hints.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait after a database error: doubles from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Streams end where the database has not answered for so long.
pub const TROUBLE_MAX: Duration = Duration::from_secs(30);

/// Where the sequencer leaves what it moved, and others their hints.
#[derive(Debug, Default)]
pub struct Handoff {
    batches: Mutex<VecDeque<Batch>>,
    hinted: AtomicBool,
    notify: Notify,
}

impl Handoff {
    /// Hands over what this process moved.
    pub fn give(&self, batch: Batch) {
        let mut batches = lock(&self.batches);
        if batches.len() >= HANDED {
            // The tail is behind: it finds all of it in Postgres.
            batches.clear();
            self.hinted.store(true, Ordering::Release);
        } else {
            batches.push_back(batch);
        }
        drop(batches);
        self.notify.notify_one();
    }

    /// Says that the log may have grown.
    pub fn hint(&self) {
        self.hinted.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

/// The live reader.
pub struct Tail {
    pool: PgPool,
    hub: Arc<Hub>,
    handoff: Arc<Handoff>,
    at: Option<LogPlace>,
}

impl Tail {
    /// A reader that begins where the log stands when it first looks.
    pub fn new(pool: PgPool, hub: Arc<Hub>, handoff: Arc<Handoff>) -> Self {
        Self { pool, hub, handoff, at: None }
    }

    /// Follows the log until shutdown. Errors back off and never end the loop.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = BACKOFF.0;
        let mut trouble: Option<Instant> = None;
        let mut look = true;
        loop {
            match self.advance(look).await {
                Ok(()) => (backoff, trouble) = (BACKOFF.0, None),
                Err(error) => {
                    tracing::warn!(%error, "reading the log failed; trying again");
                    if trouble.get_or_insert_with(Instant::now).elapsed() > TROUBLE_MAX {
                        self.hub.end_all(End::Unavailable);
                    }
                    self.handoff.hint();
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(BACKOFF.1);
                    continue;
                }
            }
            look = tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.handoff.notify.notified() => false,
                () = sleep(POLL) => true,
            };
        }
    }

    /// Takes what was handed over, and reads what was hinted at. `look` asks for a look at the log in any case.
    async fn advance(&mut self, look: bool) -> Result<(), sqlx::Error> {
        let mut read = self.handoff.hinted.swap(false, Ordering::AcqRel) || look;
        let batches = std::mem::take(&mut *lock(&self.handoff.batches));
        for batch in batches {
            match self.at {
                Some(at) if batch.after == at.log_pos => {
                    self.at = Some(batch.upto);
                    self.hub.offer(batch.entries());
                }
                Some(at) if batch.upto.log_pos <= at.log_pos => {}
                // Another process moved something in between, which is read first; then this is there as well.
                _ => read = true,
            }
        }
        if read { self.read().await } else { Ok(()) }
    }

    async fn read(&mut self) -> Result<(), sqlx::Error> {
        let head = read::log_head(&self.pool).await?;
        let mut at = match self.at {
            Some(at) if at.log_pos <= head.log_pos => at,
            before => {
                if before.is_some() {
                    tracing::warn!("the log stands before what was read; the database was restored");
                }
                // Whoever registered before this moment reads from its own place.
                self.at = Some(head);
                self.hub.read_again();
                return Ok(());
            }
        };
        if self.hub.is_empty() {
            // Whoever registers from now on reads Postgres after that, where all of this is.
            self.at = Some(head);
            return Ok(());
        }
        while at.log_pos < head.log_pos {
            let Some(batch) = read::tail(&self.pool, at).await? else { break };
            at = batch.upto;
            self.at = Some(at);
            self.hub.offer(batch.entries());
        }
        Ok(())
    }
}

/// Hears the hints of other processes on a connection of its own, outside every pool. After a reconnect the tail
/// looks at the log, since hints may have been missed.
pub async fn listen(pool: PgPool, handoff: Arc<Handoff>, process: String, shutdown: CancellationToken) {
    let mut backoff = BACKOFF.0;
    loop {
        let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = options.connect_lazy_with((*pool.connect_options()).clone());
        let heard = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            heard = hear(&own, &handoff, &process) => heard,
        };
        own.close().await;
        if shutdown.is_cancelled() {
            return;
        }
        if let Err(error) = heard {
            tracing::warn!(%error, "listening for hints failed; trying again");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(backoff) => {}
        }
        backoff = (backoff * 2).min(BACKOFF.1);
    }
}

async fn hear(own: &PgPool, handoff: &Handoff, process: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(own).await?;
    listener.listen("tandem_log").await?;
    handoff.hint();
    loop {
        match listener.try_recv().await? {
            // What this process moved was handed over already.
            Some(hint) if hint.payload() == process => {}
            Some(_) | None => handoff.hint(),
        }
    }
}
