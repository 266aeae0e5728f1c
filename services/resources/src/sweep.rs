//! What uploads leave in the store goes when they ended or stood still, and downloads of processes that were killed are
//! told to their owners. Any number of processes may look; whatever is cut short is found again.

use std::time::Duration;

use chassis::{Result, background};
use uuid::Uuid;

use crate::{
    commands::download,
    db::{download as downloads, upload as uploads},
    files::Files,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);
/// Uploads and downloads looked at in one go.
const SLICE: i32 = 100;

/// Looks until shutdown.
pub(crate) async fn run(files: Files) {
    let shutdown = files.context.deps.shutdown.clone();
    background::woken(&shutdown, &files.ended, EVERY, "looking for uploads that ended", || once(&files))
        .await;
}

/// Looks once; whether there may be more.
pub(crate) async fn once(files: &Files) -> Result<bool> {
    let mut outside = files.context.deps.pool.begin_outside().await?;
    let at = files.context.deps.now();
    let due = uploads::due(&mut outside, at, SLICE).await?;
    let lost = downloads::lost(&mut outside, SLICE).await?;
    outside.commit().await?;
    let mut any = false;
    for (owner, id) in due {
        any |= background::or_no(owner, "sweeping an upload", sweep(files, owner, id)).await;
    }
    for (firm, id) in lost {
        any |= background::or_no(firm, "telling of a download", download::tell(files, firm, id, 0)).await;
    }
    Ok(any)
}

/// The upload takes nothing any more, then its bytes go, then it is said that they are gone.
async fn sweep(files: &Files, owner: Uuid, id: Uuid) -> Result<bool> {
    let Ok(store) = files.store() else { return Ok(false) };
    let mut tx = files.context.deps.pool.begin(owner).await?;
    uploads::expire(&mut tx, id, files.context.deps.now()).await?;
    tx.commit().await?;
    store.sweep(owner, id).await?;
    let mut tx = files.context.deps.pool.begin(owner).await?;
    uploads::swept(&mut tx, id).await?;
    tx.commit().await?;
    Ok(true)
}
