//! A new version is brought in while the version before serves: its migrations run under whoever works, both versions serve
//! side by side, and the older one goes. Then it comes back to the database that is migrated, and the new one goes. Whoever
//! sends again what was UNAVAILABLE notices nothing.
//!
//! `TANDEM_PREVIOUS` names the binary of the version before. What a migration may not take from it is read in
//! `tests/architecture/migrations.rs`, in every run.

use std::{
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use chassis::migrate::Passwords;
use harness::{
    World, binary,
    chaos::{self, Cluster, Process},
    cluster,
    outside::MailServer,
    proxy::Proxy,
    tell, until, validators,
};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    chaos::Trade,
    load::{Load, Pace},
};

/// How long anything may take.
const SOON: Duration = Duration::from_secs(60);
/// Writes that are acknowledged, and events that are delivered, before the next step; and writes of each other service.
const SOME: usize = 60;
const TRADED: usize = 5;
const SERVICES: &[&str] =
    &["partners", "orders", "interchange", "notices", "capacity", "resources", "stream", "portal"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "wants the binary of the version before, which TANDEM_PREVIOUS names"]
async fn the_version_before_serves_while_the_next_one_comes_and_when_it_is_back() {
    let Some(previous) = std::env::var_os("TANDEM_PREVIOUS").map(PathBuf::from) else {
        tell::skipped("TANDEM_PREVIOUS names no binary of the version before");
        return;
    };
    let cluster = Cluster::start_empty("upgrade").await;
    cluster.migrate_by(&previous).await;
    let (mail, files) = (MailServer::start().await, chaos::folder("upgrade-files").await);
    let portals = [chaos::free(), chaos::free()];
    let mut before = Process::of_binary(&previous, &cluster, "before", SERVICES);
    let mut next = Process::new(&cluster, "next", SERVICES);
    for (process, portal) in [&mut before, &mut next].into_iter().zip(portals) {
        process.flags = vec!["--portal".into(), portal.to_string()];
        settings(&mail, &files).into_iter().for_each(|(name, value)| process.set(name, value));
    }
    before.start();
    let operator = chaos::operator_by(&previous, &cluster, before.api).await;
    let mut pairs = Vec::new();
    for _ in 0..3 {
        pairs.push(chaos::pair(&operator, before.api).await);
    }
    // Nobody listens at the second one yet.
    let addresses = vec![before.api, next.api];
    let (gate, portal) =
        (Proxy::among([before.api, next.api].into()).await, Proxy::among(portals.into()).await);
    let paces = [Pace::Steady, Pace::Restless];
    let load = Load::begin("upgrade", pairs[0].clone(), addresses.clone(), addresses, &paces);
    let trade = Trade::begin(gate.at(), portal.at(), &pairs[1], &pairs[2]).await;
    worked(&load, &trade).await;
    let since = Instant::now();
    cluster.migrate().await;
    let migrated = since.elapsed();
    worked(&load, &trade).await;
    let caller = pairs[0].0.key.clone();
    next.start();
    chaos::answering(&chaos::access(next.api, Some(&caller))).await;
    // Whoever comes anew comes to both.
    [&gate, &portal].into_iter().for_each(Proxy::cut);
    worked(&load, &trade).await;
    before.terminate().await;
    worked(&load, &trade).await;
    before.start();
    chaos::answering(&chaos::access(before.api, Some(&caller))).await;
    next.terminate().await;
    worked(&load, &trade).await;
    judged(&cluster, load, trade, migrated).await;
    assert!(!mail.mails().is_empty(), "mail went out");
    before.kill().await;
    cluster.finish().await;
    chaos::remove(&files).await;
}

/// What both are told beside where their database is; every version knows these.
fn settings(mail: &MailServer, files: &Path) -> [(&'static str, String); 4] {
    [
        ("TANDEM_RESOURCES__STORE", format!("file://{}", files.display())),
        ("TANDEM_NOTICES__KEY", "5d".repeat(32)),
        ("TANDEM_NOTICES__SMTP_URL", mail.url()),
        ("TANDEM_NOTICES__MAIL_FROM", "Tandem <no-reply@example.invalid>".into()),
    ]
}

/// Waits until some more was done at every service.
async fn worked(load: &Load, trade: &Trade) {
    let (goal, before) = (load.goal(SOME, SOME), trade.tally());
    until("work goes on", SOON, async || {
        let mut done = trade.tally().into_iter().zip(&before);
        let traded = done.all(|((_, now), (_, before))| now >= before + TRADED);
        (trade.goes_on() && traded && load.reached(&goal)).then_some(())
    })
    .await;
}

/// Ends all work, and says what came of it: nothing that was acknowledged is missing, doubled or out of order.
async fn judged(cluster: &Cluster, load: Load, trade: Trade, migrated: Duration) {
    load.writers_stop().await;
    let traded: usize = trade.tally().iter().map(|(_, count)| count).sum();
    let untrue = trade.stop().await;
    until("the outbox is empty", SOON, async || (cluster.unsequenced().await == 0).then_some(())).await;
    let seen = load.followers_stop().await;
    let count = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::Relaxed);
    let counts = &seen.counts;
    tell::aloud(format_args!(
        "migrated in {migrated:?} under the version before, which came back after it; {} calls acknowledged, {traded} of other \
         services, {} sent again, {} events delivered",
        count(&counts.acknowledged),
        count(&counts.unanswered),
        count(&counts.delivered)
    ));
    let last = counts.last_broken.lock().unwrap().clone();
    assert_eq!(count(&counts.broken), 0, "failed in another way than UNAVAILABLE: {last}");
    assert!(untrue.is_empty(), "{}", untrue.join("\n"));
    validators::check(&seen.records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_before_leaves_what_a_newer_one_migrated() {
    let world = World::start().await;
    let url = cluster::get().await.access.superuser_url(world.database());
    let migrate = async || tandem::database::migrate(&url, &Passwords::default()).await;
    let applied = async |version: i64| {
        let insert =
            "insert into capacity._sqlx_migrations (version, description, success, checksum, execution_time)
                      values ($1, 'of another version', true, '', 0)";
        let owner = world.owner_pool().await;
        sqlx::query(insert).bind(version).execute(owner).await.expect("the owner writes it");
    };
    applied(i64::from(i32::MAX)).await;
    migrate().await.expect("what comes after all that is known is a newer version's");
    let (code, said) = doctor(&world, &url, "text").await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.starts_with("warn  migrations") && said.contains("1 more that this version does not know"),
        "{said}"
    );
    let (code, said) = doctor(&world, &url, "json").await;
    let check: Value = serde_json::from_str(&said).expect("a line is a value");
    assert_eq!((code, check["status"].as_str()), (Some(0), Some("warn")), "{said}");
    // Among those that are known, it is of no version that was before or after.
    applied(0).await;
    let error = migrate().await.expect_err("whose database it is, nobody knows").to_string();
    assert!(error.contains("migrating schema capacity"), "{error}");
    let (code, said) = doctor(&world, &url, "text").await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("FAIL  migrations") && said.contains("capacity 0 is unknown here"), "{said}");
    world.finish().await;
}

/// How `tandem doctor` ends, and its line about the migrations of this database.
async fn doctor(world: &World, url: &str, format: &str) -> (Option<i32>, String) {
    let mut command = Command::new(binary::path());
    command.args(["doctor", "--output", format, "--data"]).arg(world.files());
    command.env("DATABASE_URL", url).env_remove("TANDEM_CONFIG");
    let output = command.output().await.expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find(|line| line.contains("migrations"));
    (output.status.code(), line.unwrap_or_else(|| panic!("no line about migrations: {output:?}")).into())
}
