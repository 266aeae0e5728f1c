//! What the operator announces to everybody, and whether mail goes out, looked up once by each portal for all the pages that
//! it shows: how many of them are open, or are asked for without a session, makes no difference to the API.

use std::{sync::Arc, time::Duration};

use proto::{
    notices::GetMailStateRequest,
    partners::{Announcement, ListCurrentAnnouncementsRequest},
};
use tokio::{sync::Mutex, time::Instant};

use crate::client::{self, Api};

/// How long a look serves.
pub const FRESH: Duration = Duration::from_secs(3);
/// A page without a banner is better than one that is waited for.
const DEADLINE: Duration = Duration::from_secs(2);

/// The last look.
#[derive(Default)]
pub struct Board {
    seen: Mutex<Option<Seen>>,
    /// When was looked whether mail goes out, and whether it does.
    mail: Mutex<Option<(Instant, bool)>>,
}

struct Seen {
    at: Instant,
    told: Arc<[Announcement]>,
}

impl Board {
    /// What is announced now. Where the API does not answer, what it said last, maintenance among it.
    pub async fn told(&self, api: &Api) -> Arc<[Announcement]> {
        let mut seen = self.seen.lock().await;
        if let Some(seen) = seen.as_ref()
            && seen.at.elapsed() < FRESH
        {
            return seen.told.clone();
        }
        let mut request = client::open(ListCurrentAnnouncementsRequest {});
        request.set_timeout(DEADLINE);
        // Over all of it: a request's own time begins where there is a connection.
        let looking = async { api.sessions().list_current_announcements(request).await };
        let told: Arc<[Announcement]> = match tokio::time::timeout(DEADLINE, looking).await {
            Ok(Ok(answer)) => answer.into_inner().announcements.into(),
            failed => {
                tracing::debug!(?failed, "what is announced could not be looked up");
                seen.as_ref().map(|seen| seen.told.clone()).unwrap_or_default()
            }
        };
        *seen = Some(Seen { at: Instant::now(), told: Arc::clone(&told) });
        told
    }

    /// Whether mail goes out, so that a link to sign in can be asked for. Where the API does not answer, what it said last.
    pub async fn sends_mail(&self, api: &Api) -> bool {
        let mut seen = self.mail.lock().await;
        if let Some((at, sends)) = *seen
            && at.elapsed() < FRESH
        {
            return sends;
        }
        let mut request = client::open(GetMailStateRequest {});
        request.set_timeout(DEADLINE);
        let looking = async { api.notices().get_mail_state(request).await };
        let sends = match tokio::time::timeout(DEADLINE, looking).await {
            Ok(Ok(answer)) => answer.into_inner().sends_mail,
            failed => {
                tracing::debug!(?failed, "whether mail goes out could not be looked up");
                seen.is_some_and(|(_, sends)| sends)
            }
        };
        *seen = Some((Instant::now(), sends));
        sends
    }
}

/// Tells apart what is announced from what was: the same for the same announcements in the same versions.
pub fn mark(told: &[Announcement]) -> String {
    let said: Vec<String> = told.iter().map(|one| format!("{} {}", one.id, one.etag)).collect();
    hex::encode(&chassis::secret::sha256(said.join("\n").as_bytes())[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_changes_with_what_is_announced() {
        let one = |id: &str, etag: &str| Announcement {
            id: id.into(),
            etag: etag.into(),
            ..Announcement::default()
        };
        let marks = [
            mark(&[]),
            mark(&[one("a", "1")]),
            mark(&[one("a", "2")]),
            mark(&[one("a", "1"), one("b", "1")]),
            mark(&[one("b", "1")]),
        ];
        let apart: std::collections::HashSet<&String> = marks.iter().collect();
        assert_eq!(apart.len(), marks.len());
        assert!(marks.iter().all(|mark| !mark.is_empty()), "{marks:?}");
    }
}
