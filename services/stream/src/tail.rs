//! The one live reader of a process. It follows the whole log, in the log's order, and offers what it reads to the
//! hub. What this process sequenced itself is handed over in memory; what others sequenced is read from Postgres, or comes
//! over Kafka, and is read all the same where it did not come within a second or two.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{db::read, following::Following, handoff::Handoff, hub::Hub, slot::End};

/// Looks at the log this often even if nobody hints.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait after a database error: doubles from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Streams end, or do not begin, where the database has not answered for so long.
pub const TROUBLE_MAX: Duration = Duration::from_secs(30);

/// The live reader.
pub struct Tail {
    pool: PgPool,
    hub: Arc<Hub>,
    handoff: Arc<Handoff>,
    following: Following,
}

impl Tail {
    /// A reader that begins where the log stands when it first looks.
    pub fn new(pool: PgPool, hub: Arc<Hub>, handoff: Arc<Handoff>) -> Self {
        Self { pool, hub, handoff, following: Following::default() }
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
                () = self.handoff.filled() => Instant::now() >= next,
                () = sleep_until(next) => true,
            };
            if look {
                next = Instant::now() + POLL;
            }
        }
    }

    /// Takes what was handed over, and reads what was hinted at. `look` asks for a look at the log in any case.
    async fn advance(&mut self, look: bool) -> Result<(), sqlx::Error> {
        let handed = self.handoff.take();
        let carrying = handed.carrying;
        if !self.following.take(handed, look, &self.hub) {
            return Ok(());
        }
        let head = read::log_head(&self.pool).await?;
        let Some(upto) = self.following.look(head, carrying, &self.hub) else { return Ok(()) };
        while let Some(after) = self.following.short_of(upto) {
            let Some(batch) = read::tail(&self.pool, after).await? else { break };
            self.following.read(batch, &self.hub);
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
