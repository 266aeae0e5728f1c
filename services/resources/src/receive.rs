//! One stream of chunks into an upload. Chunks are gathered into parts, each of which stands for good once the database
//! says so; whatever arrived whole is kept when the stream breaks, and a process that is killed loses less than a part.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use chassis::{Error, Reason, Result, caller::Caller};
use futures::{Stream, StreamExt as _};
use proto::{access::Permission, resources as wire};
use tonic::Status;
use uuid::Uuid;

use crate::{
    commands::{download::Reader, upload},
    convert::transfer::{CHUNK_BYTES, upload_out},
    db::upload::Upload,
    file,
    files::Files,
    watch::{Running, What},
};

/// How much of an upload is kept at once.
const PART_BYTES: usize = 2 * 1024 * 1024;
/// How long the next chunk may take.
const IDLE: Duration = Duration::from_secs(60);

/// What a stream answers at its end.
type Answer = std::result::Result<wire::Upload, Status>;

/// Takes chunks in until the stream ends or breaks.
pub(crate) async fn run(
    files: Files,
    caller: Caller,
    mut chunks: impl Stream<Item = std::result::Result<wire::UploadChunk, Status>> + Send + Unpin,
) -> Answer {
    let watched = Watched::new(&files, &caller);
    let first = next(&files, &watched, &mut chunks).await?;
    let Some(first) = first else {
        return Err(Error::field("upload_id", "REQUIRED", "the first chunk names the upload").into());
    };
    let id = chassis::value::id(&first.upload_id)?;
    let _share = files.receiving.take(caller.firm)?;
    let writer = files.context.deps.clock.id();
    let upload = upload::take_over(&files, &caller, id, writer).await.inspect_err(|error| {
        // What arrived may go at once.
        if error.reason == Reason::UPLOAD_ENDED {
            files.ended.wake();
        }
    })?;
    let mut stream = Receiving { files, caller, watched, upload, writer, waiting: BytesMut::new() };
    let ended = stream.take(first, &mut chunks).await;
    // Whatever ended it: what arrived whole stays.
    stream.keep().await?;
    ended?;
    Ok(upload_out(&stream.upload))
}

/// A stream among those that stop when what they were begun with ends; it leaves them when it is dropped.
struct Watched {
    files: Files,
    running: Arc<Running>,
}

impl Watched {
    fn new(files: &Files, caller: &Caller) -> Watched {
        let id = files.context.deps.clock.id();
        Watched { files: files.clone(), running: files.watch.begin(id, Reader::of(caller), What::Upload) }
    }

    /// DRAINING or UNAUTHENTICATED, once it has to stop.
    async fn stopped(&self) -> Error {
        self.running.stop.cancelled().await;
        self.why()
    }

    /// The same at once, where it has to.
    fn check(&self) -> Result<()> {
        let ends = self.running.stop.is_cancelled() && !self.files.context.deps.shutdown.is_cancelled();
        if ends { Err(self.why()) } else { Ok(()) }
    }

    fn why(&self) -> Error {
        Error::new(match self.files.context.deps.shutdown.is_cancelled() {
            true => Reason::DRAINING,
            false => Reason::UNAUTHENTICATED,
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.files.watch.end(self.running.id);
    }
}

/// The next chunk; `None` at the end.
async fn next(
    files: &Files,
    watched: &Watched,
    chunks: &mut (impl Stream<Item = std::result::Result<wire::UploadChunk, Status>> + Unpin),
) -> std::result::Result<Option<wire::UploadChunk>, Status> {
    tokio::select! {
        biased;
        () = files.context.deps.shutdown.cancelled() => Err(Error::new(Reason::DRAINING).into()),
        why = watched.stopped() => Err(why.into()),
        next = tokio::time::timeout(IDLE, chunks.next()) => match next {
            Ok(next) => next.transpose(),
            Err(_) => Err(Error::new(Reason::DEADLINE_EXCEEDED).into()),
        },
    }
}

struct Receiving {
    files: Files,
    caller: Caller,
    watched: Watched,
    upload: Upload,
    writer: Uuid,
    /// What is in no part yet: copied, since chunks of a byte each would hold far more than themselves.
    waiting: BytesMut,
}

impl Receiving {
    async fn take(
        &mut self,
        first: wire::UploadChunk,
        chunks: &mut (impl Stream<Item = std::result::Result<wire::UploadChunk, Status>> + Unpin),
    ) -> std::result::Result<(), Status> {
        let mut chunk = Some(first);
        while let Some(taken) = chunk {
            self.check(&taken)?;
            self.waiting.extend_from_slice(&taken.data);
            if self.waiting.len() >= PART_BYTES {
                self.keep().await?;
            }
            chunk = next(&self.files, &self.watched, chunks).await?;
        }
        Ok(())
    }

    /// Whether a chunk goes on where the upload stands, within what was announced.
    fn check(&self, chunk: &wire::UploadChunk) -> Result<()> {
        let at = self.upload.offset_bytes + self.waiting.len() as i64;
        if chunk.offset_bytes != at {
            return Err(Error::new(Reason::UPLOAD_OFFSET).with("offset_bytes", at));
        }
        if chunk.data.is_empty() || chunk.data.len() > CHUNK_BYTES {
            return Err(Error::field("data", "SIZE", format!("must have 1 to {CHUNK_BYTES} bytes")));
        }
        let end = at + chunk.data.len() as i64;
        match self.upload.size_bytes {
            Some(announced) if end > announced => {
                Err(Error::field("data", "SIZE", "is more than the upload announced"))
            }
            None if end.unsigned_abs() > self.files.max_bytes => {
                let most = self.files.max_bytes;
                Err(Error::field("data", "LIMIT", format!("a file has at most {most} bytes")))
            }
            _ => Ok(()),
        }
    }

    /// Keeps what waits as a part. The stream may have outlived the credential that opened it, or its caller's role.
    async fn keep(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.watched.check()?;
        let caller = self.files.context.deps.resolver.resolve(self.caller.token.reveal()).await?;
        if !caller.may(Permission::ResourcesPublish) {
            return Err(Error::new(Reason::PERMISSION_DENIED));
        }
        let whole = self.upload.size_bytes == Some(self.waiting.len() as i64);
        if self.upload.offset_bytes == 0 && (self.waiting.len() >= file::HEAD_BYTES || whole) {
            // What cannot become a file need not come at all.
            let head = self.waiting.get(..file::HEAD_BYTES).unwrap_or(&self.waiting);
            if !file::fits(&self.upload.media_type, head) {
                self.waiting.clear();
                return Err(Error::field("data", "MEDIA_TYPE", upload::WRONG_TYPE));
            }
        }
        let part = std::mem::take(&mut self.waiting).freeze();
        upload::add_part(&self.files, &mut self.upload, self.writer, part).await
    }
}
