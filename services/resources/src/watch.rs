//! Running downloads and uploads of this process, and the one check that stops those whose right has ended: a single question
//! to the database for all of them, over and over while there are any.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chassis::{Error, Reason, Result};
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    commands::download::{self, Reader},
    db::download as db,
    files::Files,
};

/// How often it is asked. What is revoked has to stop within a second, on a busy machine too.
const EVERY: Duration = Duration::from_millis(150);

/// How long downloads go on when nobody can say whether they may.
const BLIND: Duration = Duration::from_secs(5);

/// How many owners are told at once of downloads that stopped.
const TELLING: usize = 4;

/// What this process sends and takes in.
#[derive(Default)]
pub(crate) struct Watch {
    running: Mutex<BTreeMap<Uuid, Arc<Running>>>,
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A download of the firm's own file.
    Own,
    /// A download of another firm's file, whose log says how it ends.
    Logged,
    /// An upload. It goes on while the database cannot be asked: nothing of it counts before the database took it in.
    Upload,
}

/// A download or an upload that runs.
pub(crate) struct Running {
    pub id: Uuid,
    pub firm: Uuid,
    pub what: What,
    /// The kind, as it is stored, and the id of what its reader asked with.
    credential: (String, String),
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
    /// What begins now.
    pub(crate) fn begin(&self, id: Uuid, reader: Reader<'_>, what: What) -> Arc<Running> {
        let (kind, credential) = reader.credential;
        let running = Arc::new(Running {
            id,
            firm: reader.firm,
            what,
            credential: (kind.to_owned(), credential.to_owned()),
            sent: AtomicU64::new(0),
            stop: CancellationToken::new(),
        });
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
    let mut seen = Instant::now();
    loop {
        tokio::select! {
            () = files.context.deps.shutdown.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
        let looked = tokio::time::timeout(BLIND, look(&files)).await;
        match looked.unwrap_or_else(|_| Err(Error::new(Reason::UNAVAILABLE))) {
            Ok(()) => seen = Instant::now(),
            Err(error) => {
                tracing::warn!(error = %error, source = ?error.source, "looking at what runs failed");
            }
        }
        if seen.elapsed() >= BLIND {
            let downloads = files.watch.all().into_iter().filter(|one| one.what != What::Upload);
            downloads.for_each(|one| one.stop.cancel());
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
    let logged = running.iter().filter(|one| one.what == What::Logged);
    let (ids, sent): (Vec<Uuid>, Vec<i64>) = logged.map(|one| (one.id, one.sent())).unzip();
    let asked: BTreeSet<_> = running.iter().map(|one| one.credential.clone()).collect();
    let (kinds, credentials): (Vec<String>, Vec<String>) = asked.into_iter().unzip();
    let mut outside = files.context.deps.pool.begin_outside().await?;
    let stopped = db::stopped(&mut outside, &ids, &sent).await?;
    let ended = db::ended_credentials(&mut outside, &kinds, &credentials).await?;
    outside.commit().await?;
    let stopped = running
        .iter()
        .filter(|one| stopped.binary_search(&one.id).is_ok() || ended.contains(&one.credential));
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
