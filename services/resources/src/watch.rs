//! Running downloads of this process, and the one check that stops those whose right has ended: a single question to the
//! database for all of them, over and over while there are any.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::Result;
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{commands::download, db::download as db, files::Files};

/// How often it is asked. What is revoked has to stop within a second, on a busy machine too.
const EVERY: Duration = Duration::from_millis(150);

/// How many owners are told at once of downloads that stopped.
const TELLING: usize = 4;

/// Downloads that this process sends.
#[derive(Default)]
pub(crate) struct Watch {
    running: Mutex<BTreeMap<Uuid, Arc<Running>>>,
}

/// A download that runs.
pub(crate) struct Running {
    pub id: Uuid,
    pub firm: Uuid,
    sent: AtomicU64,
    /// Cancelled when the right to it has ended.
    pub stop: CancellationToken,
}

impl Running {
    /// So many bytes more were handed over.
    pub(crate) fn add(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// How many bytes were handed over.
    pub(crate) fn sent(&self) -> i64 {
        i64::try_from(self.sent.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
    }
}

impl Watch {
    /// A download that begins now.
    pub(crate) fn begin(&self, id: Uuid, firm: Uuid) -> Arc<Running> {
        let running = Arc::new(Running { id, firm, sent: AtomicU64::new(0), stop: CancellationToken::new() });
        self.map().insert(id, running.clone());
        running
    }

    /// It is over; whether it was not before.
    pub(crate) fn end(&self, id: Uuid) -> bool {
        self.map().remove(&id).is_some()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Running>> {
        self.map().values().cloned().collect()
    }
}

/// Asks until shutdown, when whatever runs is stopped.
pub(crate) async fn run(files: Files) {
    loop {
        tokio::select! {
            () = files.context.deps.shutdown.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = look(&files).await {
            tracing::warn!(error = %error, source = ?error.source, "looking at running downloads failed; going on");
        }
    }
    // Their readers go on at another process, from where they stand.
    for running in files.watch.all() {
        running.stop.cancel();
        download::end(&files, &running).await;
    }
}

async fn look(files: &Files) -> Result<()> {
    let running = files.watch.all();
    if running.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = running.iter().map(|one| one.id).collect();
    let sent: Vec<i64> = running.iter().map(|one| one.sent()).collect();
    let mut outside = files.context.deps.pool.begin_outside().await?;
    let stopped = db::stopped(&mut outside, &ids, &sent).await?;
    outside.commit().await?;
    let stopped = running.iter().filter(|one| stopped.binary_search(&one.id).is_ok());
    // First all of them stop, then the owner's log says so.
    let stopped: Vec<_> = stopped.inspect(|one| one.stop.cancel()).cloned().collect();
    if !stopped.is_empty() {
        let files = files.clone();
        let told = futures::stream::iter(stopped).map(move |one| {
            let files = files.clone();
            async move { download::end(&files, &one).await }
        });
        tokio::spawn(told.buffer_unordered(TELLING).collect::<()>());
    }
    Ok(())
}
