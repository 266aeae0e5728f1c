//! A new version is brought in while the version before serves: its migrations run under whoever works, both versions serve
//! side by side, and the older one goes. Whoever sends again what was UNAVAILABLE notices nothing.
//!
//! `TANDEM_PREVIOUS` names the binary of the version before. What a migration may not take from it is read in
//! `tests/architecture/migrations.rs`, in every run.

use std::{
    path::PathBuf,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use harness::{
    chaos::{self, Cluster, Process},
    tell, until, validators,
};

use crate::load::{Load, Pace};

/// How long anything may take.
const SOON: Duration = Duration::from_secs(60);
/// Writes that are acknowledged, and events that are delivered, before the next step.
const SOME: usize = 60;
const SERVICES: &[&str] = &["partners", "orders", "interchange", "stream"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "wants the binary of the version before, which TANDEM_PREVIOUS names"]
async fn the_version_before_serves_while_the_next_one_comes() {
    let Some(previous) = std::env::var_os("TANDEM_PREVIOUS").map(PathBuf::from) else {
        tell::skipped("TANDEM_PREVIOUS names no binary of the version before");
        return;
    };
    let cluster = Cluster::start_empty("upgrade").await;
    cluster.migrate_by(&previous).await;
    let mut before = Process::of_binary(&previous, &cluster, "before", SERVICES);
    let mut next = Process::new(&cluster, "next", SERVICES);
    before.start();
    let operator = chaos::operator_by(&previous, &cluster, before.api).await;
    let pair = chaos::pair(&operator, before.api).await;
    // Nobody listens at the first one yet.
    let addresses = vec![next.api, before.api];
    let paces = [Pace::Steady, Pace::Restless];
    let load = Load::begin("upgrade", pair.clone(), addresses.clone(), addresses, &paces);
    let worked = async || {
        let goal = load.goal(SOME, SOME);
        until("work goes on", SOON, async || load.reached(&goal).then_some(())).await;
    };
    worked().await;
    let since = Instant::now();
    cluster.migrate().await;
    let migrated = since.elapsed();
    worked().await;
    next.start();
    chaos::answering(&chaos::access(next.api, Some(&pair.0.key))).await;
    worked().await;
    before.terminate().await;
    worked().await;
    load.writers_stop().await;
    until("the outbox is empty", SOON, async || (cluster.unsequenced().await == 0).then_some(())).await;
    let seen = load.followers_stop().await;
    let count = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::Relaxed);
    let counts = &seen.counts;
    tell::aloud(format_args!(
        "migrated in {migrated:?} under the version before; {} calls acknowledged, {} sent again, {} events delivered",
        count(&counts.acknowledged),
        count(&counts.unanswered),
        count(&counts.delivered)
    ));
    let last = counts.last_broken.lock().unwrap().clone();
    assert_eq!(count(&counts.broken), 0, "failed in another way than UNAVAILABLE: {last}");
    validators::check(&seen.records);
    next.kill().await;
    cluster.finish().await;
}
