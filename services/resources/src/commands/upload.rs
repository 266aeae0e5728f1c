//! Uploads: begun, filled part by part, finished into a file of a draft. The bytes go to the store outside of any
//! transaction; what of them counts, the database says.

use bytes::Bytes;
use chassis::{Error, Reason, Result, caller::Caller, idempotency::Key};
use futures::StreamExt as _;
use proto::resources as wire;
use ring::digest;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Begun, Command};
use crate::{
    convert::transfer::{NewUpload, file_out, upload_out},
    db::{
        content,
        upload::{self as db, Content, Upload},
    },
    file,
    files::Files,
    scan::Scan,
    store::{PartName, Store, Writing},
};

/// How long an upload waits for its next part.
const PATIENCE: Duration = Duration::hours(24);
/// The most open uploads of a firm.
const MAX_UPLOADS: i64 = 500;
/// How long a content stands for the upload that becomes a file of it; no upload takes as long to be put together.
const KEPT: Duration = Duration::hours(24);
/// How often it is looked whether a content has been taken away, and how long in between.
const LOOKS: usize = 50;
const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(100);
/// Parts that are read ahead while one is checked and written.
const READ_AHEAD: usize = 2;

fn command<'a>(files: &'a Files, caller: &'a Caller, method: &'static str, key: Key) -> Command<'a> {
    Command { context: &files.context, caller, method, key }
}

/// Until when an upload waits from now on.
pub(crate) fn patience(at: OffsetDateTime) -> OffsetDateTime {
    at + PATIENCE
}

/// INTERNAL reasons aside, a draft of the caller's is what files come to and go from.
async fn check_draft(tx: &mut chassis::db::TenantTx, revision: Uuid) -> Result<()> {
    match db::revision_state(tx, revision).await?.as_deref() {
        Some("draft") => Ok(()),
        Some(_) => Err(Error::new(Reason::REVISION_STATE)),
        None => Err(Error::not_found()),
    }
}

/// Begins an upload to a draft.
pub(crate) async fn begin(files: &Files, caller: &Caller, key: Key, new: &NewUpload) -> Result<wire::Upload> {
    files.store()?;
    let command = command(files, caller, "tandem.resources.v1.TransferService/BeginUpload", key);
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    check_draft(&mut tx, new.revision).await?;
    // One after the other, so that all of them are counted.
    chassis::command::lock(&mut tx, "uploads", &new.revision.to_string()).await?;
    let room = db::room(&mut tx, new.revision, &new.name).await?;
    if room.named {
        return Err(Error::new(Reason::ALREADY_EXISTS).message("the revision has a file of this name"));
    }
    if room.files >= file::MAX_FILES || room.uploads >= MAX_UPLOADS {
        return Err(Error::new(Reason::LIMIT_REACHED));
    }
    let at = command.now().at;
    let upload = db::insert(&mut tx, files.context.deps.clock.id(), new, at, patience(at)).await?;
    let receipt = upload_out(&upload);
    command.finish(tx, &receipt, Vec::new()).await?;
    Ok(receipt)
}

/// How far an upload is.
pub(crate) async fn get(files: &Files, caller: &Caller, id: Uuid) -> Result<wire::Upload> {
    let mut tx = files.context.deps.pool.begin_by_keys(caller.firm).await?;
    let upload = db::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(upload_out(&upload.ok_or_else(Error::not_found)?))
}

/// An upload that still waits for bytes.
pub(crate) fn check_open(upload: &Upload, at: OffsetDateTime) -> Result<()> {
    match upload.state == "open" && upload.expires_at > at {
        true => Ok(()),
        false => Err(Error::new(Reason::UPLOAD_ENDED)),
    }
}

/// This stream goes on with an upload from now on, and no other one does.
pub(crate) async fn take_over(files: &Files, caller: &Caller, id: Uuid, writer: Uuid) -> Result<Upload> {
    let mut tx = files.context.deps.pool.begin_by_keys(caller.firm).await?;
    let upload = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    check_open(&upload, files.context.deps.now())?;
    check_draft(&mut tx, upload.revision_id).await?;
    db::take_over(&mut tx, id, writer).await?;
    tx.commit().await?;
    Ok(upload)
}

/// Keeps the next part. CONFLICT where another stream goes on with the upload, or it has ended; nothing is kept then.
pub(crate) async fn add_part(files: &Files, upload: &mut Upload, writer: Uuid, bytes: Bytes) -> Result<()> {
    let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
    let name = PartName {
        owner: upload.owner,
        upload: upload.id,
        attempt: upload.attempt,
        number: upload.parts + 1,
        writer,
    };
    if name.number >= MAX_PARTS {
        return Err(
            Error::new(Reason::LIMIT_REACHED).message("the upload came in too many pieces; begin anew")
        );
    }
    let store = files.store()?;
    store.put_part(&name, vec![bytes]).await?;
    let expires_at = patience(files.context.deps.now());
    let saved = async {
        let mut tx = files.context.deps.pool.begin_by_keys(upload.owner).await?;
        db::add_part(&mut tx, &name, upload.offset_bytes, size, expires_at).await?;
        tx.commit().await
    };
    if let Err(error) = saved.await {
        if error.reason == Reason::CONFLICT {
            store.drop_part(&name).await;
        }
        return Err(error);
    }
    upload.parts = name.number;
    upload.offset_bytes += size;
    upload.expires_at = expires_at;
    Ok(())
}

/// The most parts of an upload, as the table has it.
const MAX_PARTS: i32 = 20_000;

/// Makes a file of an upload whose content is what was announced.
pub(crate) async fn finish(files: Files, caller: Caller, key: Key, id: Uuid) -> Result<wire::RevisionFile> {
    let command = command(&files, &caller, "tandem.resources.v1.TransferService/FinishUpload", key);
    let (upload, parts) = {
        let mut tx = match command.begin().await? {
            Begun::Replay(receipt) => return Ok(receipt),
            Begun::New(tx) => tx,
        };
        let upload = db::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
        check_open(&upload, command.now().at)?;
        check_draft(&mut tx, upload.revision_id).await?;
        if upload.offset_bytes < upload.size_bytes.unwrap_or(1) {
            let offset = upload.offset_bytes;
            return Err(Error::new(Reason::UPLOAD_INCOMPLETE).with("offset_bytes", offset));
        }
        let parts = db::parts(&mut tx, &upload).await?;
        tx.commit().await?;
        (upload, parts)
    };
    let share = files.gathering.take(caller.firm)?;
    let began = command.now().at;
    let content = match gather(&files, &upload, &parts).await? {
        Checked::Fits(content) => content,
        wrong => {
            return Err(not_a_file(&files, &upload, wrong).await?);
        }
    };
    drop(share);
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    check_draft(&mut tx, upload.revision_id).await?;
    let current = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    check_open(&current, command.now().at)?;
    let now = command.now().at;
    let stands = now - began < KEPT && content::stands(&mut tx, &content.sha256).await?;
    if current.attempt != upload.attempt || !stands {
        return Err(Error::new(Reason::CONFLICT));
    }
    let made = db::insert_file(&mut tx, files.context.deps.clock.id(), &upload, &content, now).await?;
    db::end(&mut tx, id, "finished").await?;
    let receipt = file_out(&made);
    command.finish(tx, &receipt, Vec::new()).await?;
    files.ended.wake();
    Ok(receipt)
}

/// The upload begins anew, or ends where nobody wants its bytes again; and why.
async fn not_a_file(files: &Files, upload: &Upload, wrong: Checked) -> Result<Error> {
    let mut tx = files.context.deps.pool.begin_by_keys(upload.owner).await?;
    match wrong {
        Checked::Refused => _ = db::end(&mut tx, upload.id, "aborted").await?,
        _ => db::begin_anew(&mut tx, upload.id, upload.attempt).await?,
    }
    tx.commit().await?;
    Ok(match wrong {
        Checked::WrongType => Error::field("upload_id", "MEDIA_TYPE", WRONG_TYPE),
        Checked::Refused => {
            // Whoever runs the platform hears of it, and the bytes go at once.
            tracing::warn!(firm.id = %upload.owner, upload.id = %upload.id, "the scanner refused a content");
            files.ended.wake();
            Error::new(Reason::CONTENT_REFUSED)
        }
        _ => Error::new(Reason::UPLOAD_DIFFERS),
    })
}

/// What is wrong with a content whose first bytes do not fit.
pub(crate) const WRONG_TYPE: &str = "does not begin as files of the announced type do";

/// What came of looking at all parts.
enum Checked {
    Fits(Content),
    /// Not what was announced, by size or hash.
    Differs,
    WrongType,
    /// The scanner does not let it pass.
    Refused,
}

/// The content is going to stand in the store. One that is taken away there at this moment is waited for, a little while;
/// UNAVAILABLE then.
async fn keep(files: &Files, owner: Uuid, sha256: &[u8]) -> Result<()> {
    for _ in 0..LOOKS {
        let mut tx = files.context.deps.pool.begin_by_keys(owner).await?;
        let kept = content::keep(&mut tx, sha256, files.context.deps.now() + KEPT).await?;
        tx.commit().await?;
        if kept {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(Error::new(Reason::UNAVAILABLE))
}

/// Puts the content under its name, out of its parts, where it is what was announced by hash and by its first bytes. Before
/// anything counts on it, the database knows that it is wanted: nobody takes it away meanwhile.
async fn gather(files: &Files, upload: &Upload, parts: &[PartName]) -> Result<Checked> {
    let store = files.store()?;
    let stands = match (upload.size_bytes, &upload.sha256) {
        (Some(size), Some(sha256)) => {
            keep(files, upload.owner, sha256).await?;
            store.has_content(upload.owner, sha256, u64::try_from(size).map_err(Error::internal)?).await?
        }
        _ => false,
    };
    let mut writing = match stands {
        true => None,
        false => Some(store.write(upload.owner, upload.id, files.context.deps.clock.id()).await?),
    };
    let mut checked = check(files, store, upload, parts, &mut writing).await;
    if let (Ok(Checked::Fits(content)), None) = (&checked, &upload.sha256)
        && let Err(error) = keep(files, upload.owner, &content.sha256).await
    {
        checked = Err(error);
    }
    match (checked, writing) {
        (Ok(Checked::Fits(content)), Some(writing)) => {
            writing.finish(upload.owner, &content.sha256).await?;
            Ok(Checked::Fits(content))
        }
        (checked, writing) => {
            if let Some(writing) = writing {
                writing.abort().await;
            }
            checked
        }
    }
}

/// Reads all parts, writes them where they are to be written, and says whether they are what was announced and may stand.
async fn check(
    files: &Files,
    store: &Store,
    upload: &Upload,
    parts: &[PartName],
    writing: &mut Option<Writing>,
) -> Result<Checked> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let (mut size, mut head) = (0, Vec::new());
    let (from, names) = (store.clone(), parts.to_vec());
    let read = futures::stream::iter(names).map(move |name| {
        let store = from.clone();
        async move { store.get_part(&name).await }
    });
    let mut read = read.buffered(READ_AHEAD);
    let mut scan = Scan::begin(&files.scanner)?;
    while let Some(bytes) = read.next().await {
        let bytes = bytes?;
        size += bytes.len() as i64;
        let missing = file::HEAD_BYTES.saturating_sub(head.len()).min(bytes.len());
        head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        // Megabytes at a time: not on a thread that others wait for.
        let (back, data) = (hash, bytes.clone());
        hash = tokio::task::spawn_blocking(move || {
            let mut hash = back;
            hash.update(&data);
            hash
        })
        .await
        .map_err(Error::internal)?;
        if let Some(scan) = &mut scan {
            scan.feed(&bytes).await?;
        }
        if let Some(writing) = writing {
            writing.put(bytes).await?;
        }
    }
    let clean = match scan {
        Some(scan) => scan.finds_clean().await?,
        None => true,
    };
    let content = Content { size_bytes: size, sha256: hash.finish().as_ref().to_vec() };
    let same = upload.size_bytes.is_none_or(|announced| announced == content.size_bytes)
        && upload.sha256.as_ref().is_none_or(|announced| *announced == content.sha256);
    Ok(match (same, file::fits(&upload.media_type, &head)) {
        (false, _) => Checked::Differs,
        (true, false) => Checked::WrongType,
        (true, true) if !clean => Checked::Refused,
        (true, true) => Checked::Fits(content),
    })
}

/// Gives an upload up.
pub(crate) async fn abort(files: &Files, caller: &Caller, key: Key, id: Uuid) -> Result<wire::Upload> {
    let command = command(files, caller, "tandem.resources.v1.TransferService/AbortUpload", key);
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let mut upload = db::lock(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    if upload.state == "finished" {
        return Err(Error::new(Reason::UPLOAD_ENDED));
    }
    db::end(&mut tx, id, "aborted").await?;
    upload.state = "aborted".into();
    let receipt = upload_out(&upload);
    command.finish(tx, &receipt, Vec::new()).await?;
    files.ended.wake();
    Ok(receipt)
}

/// Takes a file out of a draft.
pub(crate) async fn remove_file(
    files: &Files,
    caller: &Caller,
    key: Key,
    file: Uuid,
) -> Result<wire::RemoveFileResponse> {
    let command = command(files, caller, "tandem.resources.v1.TransferService/RemoveFile", key);
    let mut tx = match command.begin().await? {
        Begun::Replay(receipt) => return Ok(receipt),
        Begun::New(tx) => tx,
    };
    let revision = db::file_revision(&mut tx, file).await?.ok_or_else(Error::not_found)?;
    check_draft(&mut tx, revision).await?;
    db::remove_file(&mut tx, file).await?;
    content::look(&mut tx, file, command.now().at).await?;
    let receipt = wire::RemoveFileResponse { revision_id: revision.to_string() };
    command.finish(tx, &receipt, Vec::new()).await?;
    files.ended.wake();
    Ok(receipt)
}
