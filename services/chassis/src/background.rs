//! Work without a caller, such as deadlines and ended holds: it is looked for in every process, over and over, until the
//! process drains. What is done must stand in the transaction that does it, so that whatever is cut short is found again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Result, outbox::Wake};

/// After a look that found something: what comes meanwhile shares the next one. Without it each of those who follow the
/// feeds looked for every few events by itself while a firm was busy, and took more of the machine than what they followed.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks `every` so often until shutdown, and after a short pause where there was something: there may be more than one
/// slice of it. `what` says in the log what failed; a failure ends one look and not the next.
pub async fn run<F>(
    shutdown: &CancellationToken,
    every: Duration,
    what: &'static str,
    look: impl FnMut() -> F,
) where
    F: Future<Output = Result<bool>>,
{
    woken(shutdown, &Wake::default(), every, what, look).await;
}

/// The same, and looks when it is woken too, at once or after the pause.
pub async fn woken<F>(
    shutdown: &CancellationToken,
    wake: &Wake,
    every: Duration,
    what: &'static str,
    mut look: impl FnMut() -> F,
) where
    F: Future<Output = Result<bool>>,
{
    loop {
        let found = look().await.unwrap_or_else(|error| {
            failed(what);
            tracing::warn!(error = %error, source = ?error.source, "{what} failed; going on");
            false
        });
        let rest = async {
            tokio::time::sleep(PAUSE.min(every)).await;
            if !found {
                let _ = tokio::time::timeout(every.saturating_sub(PAUSE), wake.woken()).await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rest => {}
        }
    }
}

/// Does it for one firm after the other; whether there was something for any. One firm's trouble is not its neighbour's.
pub async fn each_firm<F>(
    firms: impl IntoIterator<Item = Uuid>,
    what: &'static str,
    mut one: impl FnMut(Uuid) -> F,
) -> bool
where
    F: Future<Output = Result<bool>>,
{
    let mut any = false;
    for firm in firms {
        any |= or_no(firm, what, one(firm)).await;
    }
    any
}

/// What was done for a firm; where it failed, the log says so and nothing was.
pub async fn or_no(firm: Uuid, what: &'static str, done: impl Future<Output = Result<bool>>) -> bool {
    done.await.unwrap_or_else(|error| {
        failed(what);
        tracing::warn!(firm.id = %firm, error = %error, source = ?error.source, "{what} failed; going on");
        false
    })
}

/// Counts what failed in the background, where nobody is answered.
pub fn failed(what: &'static str) {
    metrics::counter!("tandem_background_failures_total", "what" => what).increment(1);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Error;

    fn trouble() -> Error {
        Error::internal(anyhow::anyhow!("out of order"))
    }

    /// Looks until the answers are used up; when each was given.
    async fn looks(every: Duration, answers: Vec<Result<bool>>) -> Vec<Instant> {
        let (shutdown, mut answers, mut times) = (CancellationToken::new(), answers.into_iter(), Vec::new());
        let look = || {
            times.push(Instant::now());
            let answer = answers.next().expect("no look after shutdown");
            if answers.len() == 0 {
                shutdown.cancel();
            }
            std::future::ready(answer)
        };
        let looking = run(&shutdown, every, "looking", look);
        tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it looks again at once");
        times
    }

    #[tokio::test]
    async fn it_is_looked_again_soon_where_there_was_something() {
        let times = looks(Duration::from_secs(3_600), vec![Ok(true), Ok(true), Ok(false)]).await;
        assert_eq!(times.len(), 3);
        assert!(times.windows(2).all(|two| two[1] - two[0] >= PAUSE), "{times:?}");
    }

    #[tokio::test]
    async fn it_is_looked_again_after_a_pause_where_there_was_nothing_or_it_failed() {
        let every = Duration::from_millis(20);
        let times = looks(every, vec![Ok(false), Err(trouble()), Ok(false)]).await;
        assert!(times.windows(2).all(|two| two[1] - two[0] >= every), "{times:?}");
    }

    #[tokio::test]
    async fn one_firms_trouble_is_not_its_neighbours() {
        let firms = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let mut seen = Vec::new();
        let any = each_firm(firms, "looking", |firm| {
            seen.push(firm);
            std::future::ready(match seen.len() {
                1 => Err(trouble()),
                count => Ok(count == 2),
            })
        })
        .await;
        assert!(any);
        assert_eq!(seen, firms);
    }
}
