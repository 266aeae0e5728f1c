//! How long after its commit began a subscriber holds an event, and commits at a rate that nothing slows down.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use harness::cluster;
use hdrhistogram::Histogram;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::report::median;

/// How long what was committed may take to arrive.
const ARRIVED: Duration = Duration::from_secs(60);

/// When each of so many commits began, and what became of them.
#[derive(Clone)]
pub struct Lag {
    base: Instant,
    begun: Arc<[AtomicU64]>,
    seen: Arc<Mutex<Histogram<u64>>>,
}

impl Lag {
    pub fn of(count: usize) -> anyhow::Result<Self> {
        let begun = (0..count).map(|_| AtomicU64::new(0)).collect();
        Ok(Self { base: Instant::now(), begun, seen: Arc::new(Mutex::new(histogram()?)) })
    }

    fn now(&self) -> u64 {
        self.base.elapsed().as_micros() as u64
    }

    /// The commit of this one is about to be sent.
    pub fn begins(&self, n: usize) {
        self.begun[n].store(self.now(), Ordering::Release);
    }

    /// This one is held by its subscriber.
    pub fn arrived(&self, n: usize) {
        let us = self.now().saturating_sub(self.begun[n].load(Ordering::Acquire)).max(1);
        self.seen.lock().expect("no subscriber panics").saturating_record(us);
    }

    /// How long they took, once all have arrived.
    pub async fn complete(&self) -> Times {
        let all = self.begun.len() as u64;
        let arrived = async || (self.seen.lock().expect("no subscriber panics").len() >= all).then_some(());
        harness::until("every event arrived", ARRIVED, arrived).await;
        Times::of(&self.seen.lock().expect("no subscriber panics"))
    }
}

/// For microseconds, up to a minute.
pub fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// The middle and the slowest hundredth, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
}

impl Times {
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let ms = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self { p50: ms(0.5), p99: ms(0.99) }
    }

    /// Medians of several rounds, each by itself.
    pub fn median(rounds: &[Times]) -> Self {
        let of = |value: fn(&Times) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
        Self { p50: of(|times| times.p50), p99: of(|times| times.p99) }
    }

    /// Medians of what one side took of the other's time, round by round.
    pub fn ratio(ours: &[Times], limit: &[Times]) -> Self {
        let both = ours.iter().zip(limit);
        let ratios: Vec<Times> = both
            .map(|(ours, limit)| Times { p50: ours.p50 / limit.p50, p99: ours.p99 / limit.p99 })
            .collect();
        Self::median(&ratios)
    }

    pub fn json(rounds: &[Times]) -> serde_json::Value {
        rounds.iter().map(|times| json!({ "p50_ms": times.p50, "p99_ms": times.p99 })).collect()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} / {:.2}", self.p50, self.p99)
    }
}

/// How commits follow one another.
#[derive(Clone, Copy)]
pub enum Pace {
    /// So many a second, whatever each takes.
    PerSecond(usize),
    /// Each after the one before it.
    OneByOne,
}

/// Does it so many times.
pub async fn drive<F>(pace: Pace, count: usize, act: impl Fn(usize) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let Pace::PerSecond(rate) = pace else {
        for n in 0..count {
            act(n).await?;
        }
        return Ok(());
    };
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / rate as u64));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    for n in 0..count {
        tick.tick().await;
        running.spawn(act(n));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// A transaction that has written and stays open, in another database of the cluster: nothing that was deleted meanwhile
/// can be cleared away anywhere.
pub struct Elsewhere(PgConnection);

impl Elsewhere {
    pub async fn begin() -> anyhow::Result<Self> {
        let url = cluster::get().await.access.superuser_url("postgres");
        let mut connection = PgConnection::connect(&url).await?;
        sqlx::raw_sql("begin; create temporary table written (n int); insert into written values (1)")
            .execute(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    pub async fn end(mut self) -> anyhow::Result<()> {
        sqlx::raw_sql("commit").execute(&mut self.0).await?;
        Ok(self.0.close().await?)
    }
}
