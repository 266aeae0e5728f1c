//! The one live reader of a process. It follows the whole log, in the log's order, and offers what it reads to the
//! hub. What this process sequenced itself is handed over in memory; what others sequenced is read from Postgres, or comes
//! over Kafka, and is read all the same where it did not come within a second or two.

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
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    carried::{Carriage, Carried},
    db::read,
    entry::{Batch, LogPlace},
    hub::{Hub, lock},
    slot::End,
};

/// The most batches that wait for the tail; beyond that it reads Postgres.
const HANDED: usize = 16;
/// The most entries from Kafka that wait for it.
const CARRIED: usize = 8_192;
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
    carried: Mutex<Vec<Carried>>,
    /// Whether Kafka answers.
    carrying: AtomicBool,
    grown: Notify,
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
        self.grown.notify_one();
    }

    /// Says that the log may have grown.
    pub fn hint(&self) {
        self.hinted.store(true, Ordering::Release);
        self.notify.notify_one();
        self.grown.notify_one();
    }

    /// Hands over what came over Kafka.
    pub fn carry(&self, entries: Vec<Carried>) {
        let mut carried = lock(&self.carried);
        if carried.len() + entries.len() > CARRIED {
            // The tail is behind: it finds all of it in Postgres.
            carried.clear();
        } else {
            carried.extend(entries);
        }
        drop(carried);
        self.notify.notify_one();
    }

    /// Whether what others sequence comes over Kafka now; where it does not, hints are followed.
    pub fn carrying(&self, answers: bool) {
        self.carrying.store(answers, Ordering::Release);
        self.hint();
    }

    /// Waits until the log may have grown; for one who waits.
    pub async fn grown(&self) {
        self.grown.notified().await;
    }
}

/// The live reader.
pub struct Tail {
    pool: PgPool,
    hub: Arc<Hub>,
    handoff: Arc<Handoff>,
    at: Option<LogPlace>,
    /// What is here of the log beyond that.
    carriage: Carriage,
    /// Where the log stood at the last look.
    looked: Option<LogPlace>,
}

impl Tail {
    /// A reader that begins where the log stands when it first looks.
    pub fn new(pool: PgPool, hub: Arc<Hub>, handoff: Arc<Handoff>) -> Self {
        Self { pool, hub, handoff, at: None, carriage: Carriage::default(), looked: None }
    }

    /// Follows the log until shutdown. Errors back off and never end the loop.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = BACKOFF.0;
        let mut trouble: Option<Instant> = None;
        let mut look = true;
        let mut next = Instant::now() + POLL;
        loop {
            match self.advance(look).await {
                Ok(()) => (backoff, trouble) = (BACKOFF.0, None),
                Err(error) => {
                    tracing::warn!(%error, "reading the log failed; trying again");
                    if trouble.get_or_insert_with(Instant::now).elapsed() > TROUBLE_MAX {
                        self.hub.end_all(End::Unavailable);
                    }
                    look = true;
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(BACKOFF.1);
                    continue;
                }
            }
            // By the clock and not after a pause: what comes all the time must not keep it from looking.
            look = tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.handoff.notify.notified() => Instant::now() >= next,
                () = sleep_until(next) => true,
            };
            if look {
                next = Instant::now() + POLL;
            }
        }
    }

    /// Takes what was handed over, and reads what was hinted at. `look` asks for a look at the log in any case.
    async fn advance(&mut self, look: bool) -> Result<(), sqlx::Error> {
        let carrying = self.handoff.carrying.load(Ordering::Acquire);
        let hinted = self.handoff.hinted.swap(false, Ordering::AcqRel);
        let mut read = look || (hinted && !carrying);
        let batches = std::mem::take(&mut *lock(&self.handoff.batches));
        for batch in batches {
            match self.at {
                Some(at) if batch.after == at.log_pos => {
                    self.at = Some(batch.upto);
                    self.hub.offer(batch.entries());
                }
                Some(at) if batch.upto.log_pos <= at.log_pos => {}
                // Another process moved something in between, which comes over Kafka; its readers sort it out.
                Some(_) if carrying => {
                    for placed in &batch.facts {
                        self.carriage
                            .add_whole(LogPlace { log_pos: placed.log_pos, month: batch.upto.month });
                    }
                    self.hub.offer(batch.entries());
                }
                // Or is read first; then this is there as well.
                _ => read = true,
            }
        }
        let carried = std::mem::take(&mut *lock(&self.handoff.carried));
        carried.iter().for_each(|carried| self.carriage.add(carried));
        self.hub.offer(carried.into_iter().map(|carried| carried.entry));
        self.at = self.at.map(|at| self.carriage.whole_after(at));
        if read { self.read(carrying).await } else { Ok(()) }
    }

    /// Reads what is not here. Where events come over Kafka, what is there since the last look and did not come yet is not
    /// late.
    async fn read(&mut self, carrying: bool) -> Result<(), sqlx::Error> {
        let head = read::log_head(&self.pool).await?;
        let before = self.looked.replace(head);
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
        let upto =
            before.filter(|_| carrying).map_or(head.log_pos, |before| before.log_pos.min(head.log_pos));
        while at.log_pos < upto {
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
