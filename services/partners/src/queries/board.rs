//! What everybody is told now, kept for a moment: whoever asks needs no credential, so that no rate holds anybody back.

use std::time::Duration;

use chassis::{Result, service::Deps};
use proto::partners::ListCurrentAnnouncementsResponse;
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use crate::{convert, db};

/// How long an answer serves.
const FRESH: Duration = Duration::from_secs(1);

/// The last answer of this process, and since when it stands.
#[derive(Default)]
pub(crate) struct Board {
    last: Mutex<Option<(Instant, ListCurrentAnnouncementsResponse)>>,
}

impl Board {
    /// What is told now, or was a second ago; one question to the database at a time, however many ask.
    pub(crate) async fn current(&self, deps: &Deps) -> Result<ListCurrentAnnouncementsResponse> {
        let mut last = self.last.lock().await;
        if let Some((since, answer)) = last.as_ref()
            && since.elapsed() < FRESH
        {
            return Ok(answer.clone());
        }
        let answer = read(deps).await?;
        *last = Some((Instant::now(), answer.clone()));
        Ok(answer)
    }
}

/// Whoever asks: nobody has put anything away without being somebody.
async fn read(deps: &Deps) -> Result<ListCurrentAnnouncementsResponse> {
    let mut tx = deps.pool.begin_outside().await?;
    let told = db::announcement::current(&mut tx, Uuid::nil(), deps.now()).await?;
    tx.commit().await?;
    Ok(ListCurrentAnnouncementsResponse { announcements: told.iter().map(convert::announcement).collect() })
}
