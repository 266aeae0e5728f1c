//! Waits for a database that is away: after a power cut everything starts at once, and Postgres is not the first.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

/// Between two attempts.
const AGAIN: Duration = Duration::from_millis(500);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How often it is said that the wait goes on.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Returns once the database behind the setting answers. What it answers, such as a wrong password, is for the caller
/// to find out: waiting does not mend it.
///
/// # Errors
/// Where it does not answer within `limit`, naming the setting.
pub async fn until_it_answers(setting: &str, url: &str, limit: Duration) -> anyhow::Result<()> {
    let options: PgConnectOptions =
        url.parse().with_context(|| format!("{setting} is no postgres:// address"))?;
    let since = Instant::now();
    let mut said: Option<Instant> = None;
    loop {
        let Some(error) = away(&options).await else { break };
        if since.elapsed() >= limit {
            anyhow::bail!(
                "{setting}: the database did not answer within {} s (database.wait_s): {error}",
                limit.as_secs()
            );
        }
        if said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            said = Some(Instant::now());
            let (waited_s, limit_s) = (since.elapsed().as_secs(), limit.as_secs());
            tracing::warn!(setting, waited_s, limit_s, error, "the database does not answer yet; waiting");
        }
        tokio::time::sleep(AGAIN).await;
    }
    if said.is_some() {
        tracing::info!(setting, waited_s = since.elapsed().as_secs(), "the database answers");
    }
    Ok(())
}

/// Why nobody answers; `None` where somebody does, if only with a refusal.
async fn away(options: &PgConnectOptions) -> Option<String> {
    let error = match tokio::time::timeout(ATTEMPT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            let _ = connection.close().await;
            return None;
        }
        Ok(Err(error)) => error,
        Err(_) => return Some("no answer to a connection".to_owned()),
    };
    let gone = match &error {
        sqlx::Error::Io(_) => true,
        // Going down or coming up, or full of those who came first.
        sqlx::Error::Database(said) => {
            matches!(said.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300"))
        }
        _ => false,
    };
    gone.then(|| error.to_string())
}
