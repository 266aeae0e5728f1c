//! Downloads: begun by whoever may use a file, sent piece by piece while that stands, and told to the owner with what was
//! sent when they end, however they end.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use chassis::{Error, Reason, Result, caller::Caller, outbox};
use futures::{StreamExt as _, stream::BoxStream};
use uuid::Uuid;

use super::Now;
use crate::{
    db::download::{self as db, File},
    events,
    files::Files,
    share::Share,
    watch::{Running, What},
};

/// Who downloads.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub firm: Uuid,
    pub actor_name: &'a str,
    /// The kind, as it is stored, and the id of what it asks with.
    pub credential: (&'a str, &'a str),
}

impl<'a> Reader<'a> {
    pub(crate) fn of(caller: &'a Caller) -> Self {
        let credential = (caller.credential.kind.as_str(), caller.credential.id.as_str());
        Reader { firm: caller.firm, actor_name: &caller.actor_name, credential }
    }
}

/// NOT_FOUND where what the reader asks with has ended since it was given a link, with its person or its firm.
pub(crate) async fn check_reader(files: &Files, reader: Reader<'_>) -> Result<()> {
    let mut outside = files.context.deps.pool.begin_outside().await?;
    let (kind, id) = reader.credential;
    let ended = db::ended_credentials(&mut outside, &[kind.to_owned()], &[id.to_owned()]).await?;
    outside.commit().await?;
    match ended.is_empty() {
        true => Ok(()),
        false => Err(Error::not_found()),
    }
}

/// The file, where the reader may use it. NOT_FOUND for every other.
pub(crate) async fn file(files: &Files, firm: Uuid, id: Uuid) -> Result<File> {
    let mut tx = files.context.deps.pool.begin(firm).await?;
    let file = db::file(&mut tx, id).await?;
    tx.commit().await?;
    file.ok_or_else(Error::not_found)
}

/// A part of a file, on its way.
pub(crate) struct Download {
    pieces: BoxStream<'static, Result<Bytes>>,
    guard: Guard,
}

/// Ends the download, wherever it is dropped.
struct Guard {
    files: Files,
    running: Option<Arc<Running>>,
    _share: Share,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let files = self.files.clone();
        // Outside of a runtime nothing runs any more; the loop finds it then.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { end(&files, &running).await });
        }
    }
}

/// Begins to send a part of a file. NOT_FOUND where the right ended meanwhile; FAILED_PRECONDITION `DOWNLOAD_LIMIT`.
pub(crate) async fn begin(
    files: &Files,
    reader: Reader<'_>,
    file: &File,
    part: Range<u64>,
) -> Result<Download> {
    let share = files.sending.take(reader.firm)?;
    let store = files.store()?;
    // First of all, since a store that does not answer must use up nothing.
    let pieces = store.read(file.owner, &file.sha256, part.start, part.end).await?;
    let id = files.context.deps.clock.id();
    // Firms' own are in nobody's log.
    let what = if file.owner == reader.firm { What::Own } else { What::Logged };
    if what == What::Logged {
        let mut tx = files.context.deps.pool.begin(reader.firm).await?;
        if !db::begin(&mut tx, file.id, id, reader.actor_name).await? {
            return Err(Error::new(Reason::DOWNLOAD_LIMIT));
        }
        tx.commit().await?;
    }
    let running = files.watch.begin(id, reader, what);
    Ok(Download { pieces, guard: Guard { files: files.clone(), running: Some(running), _share: share } })
}

impl Download {
    /// The pieces in their order. Ends with NOT_FOUND when the right to the file does.
    pub(crate) fn pieces(self) -> BoxStream<'static, Result<Bytes>> {
        futures::stream::unfold(Some(self), |state| async move {
            let mut download = state?;
            match download.next().await {
                Some(Ok(bytes)) => Some((Ok(bytes), Some(download))),
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    // Before the reader hears that it is complete, the owner's log has it.
                    if let Some(running) = download.guard.running.take() {
                        end(&download.guard.files, &running).await;
                    }
                    None
                }
            }
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<Bytes>> {
        let running = self.guard.running.as_ref()?;
        tokio::select! {
            biased;
            () = running.stop.cancelled() => Some(Err(match self.guard.files.context.deps.shutdown.is_cancelled() {
                true => Error::new(Reason::DRAINING),
                false => Error::not_found(),
            })),
            piece = self.pieces.next() => {
                if let Some(Ok(bytes)) = &piece {
                    running.add(bytes.len());
                }
                piece
            }
        }
    }
}

/// A download is over: the owner is told how much was sent. Once; what fails here, the loop finds.
pub(crate) async fn end(files: &Files, running: &Running) {
    if !files.watch.end(running.id) || running.what != What::Logged {
        return;
    }
    if let Err(error) = tell(files, running.firm, running.id, running.sent()).await {
        tracing::warn!(download.id = %running.id, error = %error, source = ?error.source,
                       "telling of a download failed; it is told later");
    }
}

/// Ends a download in the database and tells its owner; whether it had not ended.
pub(crate) async fn tell(files: &Files, firm: Uuid, id: Uuid, sent: i64) -> Result<bool> {
    let mut tx = files.context.deps.pool.begin(firm).await?;
    let Some(ended) = db::end(&mut tx, id, files.context.deps.clock.id(), sent).await? else {
        return Ok(false);
    };
    let deps = &files.context.deps;
    let event = events::downloaded(Now::unasked(deps), &ended);
    outbox::append(&mut tx, vec![vec![event]]).await?;
    tx.commit().await?;
    files.context.deps.wake.wake();
    Ok(true)
}
