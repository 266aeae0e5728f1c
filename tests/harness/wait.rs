//! Waiting for a condition: it is looked at again and again until a deadline, and never slept through.

use std::time::{Duration, Instant};

/// How often the condition is looked at, first and after [`LATER`]: a look costs what others on the machine have to do, and
/// whoever waited that long waits for time to pass or for a machine that is busy.
const LOOK: Duration = Duration::from_millis(5);
const LOOK_LATER: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_millis(100);

/// Waits until `condition` answers something; panics naming `what` after `limit`.
pub async fn until<T>(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        let waited = since.elapsed();
        assert!(waited < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(if waited < LATER { LOOK } else { LOOK_LATER }).await;
    }
}
