//! Waiting for a condition: it is looked at again and again until a deadline, and never slept through.

use std::time::{Duration, Instant};

/// How often the condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Waits until `condition` answers something; panics naming `what` after `limit`.
pub async fn until<T>(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(since.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(LOOK).await;
    }
}
