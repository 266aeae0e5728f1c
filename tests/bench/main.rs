//! Benchmarks, by one command: `cargo bench -p tandem-tests`, or some by name: `cargo bench -p tandem-tests -- publish`.
//!
//! Each prints a ratio against the machine's limit measured in the same run, and nothing here passes or fails by time.
//! Client and server share the machine's cores. Results are kept in target/bench/results.json.
//!
//! `--long` adds the points to a million orders to the curve; `--smoke` runs a handful of everything and means nothing.
//! A round in which other processes use more than a quarter of a core is taken again. Where a goal is missed, the figures
//! say where processor time goes: client and server, and Postgres for the services, for the sequencer, and for itself;
//! `perf record -g` on the program of this benchmark tells the rest.
//!
//! * `publish`  PublishOrder of 10 lines at 1 and at 64 in flight ÷ a bare loop that writes the same rows
//! * `bulk`     PublishOrders by one stream ÷ bare transactions of 100 orders on 2 connections
//! * `life`     processor time of an order that is published, answered and delivered to both firms
//! * `list`     a page of 50 orders over gRPC ÷ the bare query
//! * `demand`   from a demand of 104 weeks to the bottleneck in the supplier's feed, with 100 to 10,000 groups ÷ bare writes
//! * `matching` the best ten of 10,000 offers for a need ÷ the bare query that sums what is free of them
//! * `resources` a page of a search among 100,000 resources in two languages; metadata published ÷ the bare insert
//! * `reserve`  holds of one hot bucket, and of 10,000 buckets, by 16 clients ÷ the bare statement that sells
//! * `files`    a file over a link, and over gRPC ÷ a plain axum server of files
//! * `curve`    publishing and listing as the tables grow: 10,000 and 30,000 orders, with --long to 1,000,000
//! * `latency`  commit → subscriber at 500 events/s and 1,000 subscribers
//! * `streams`  memory of an idle subscriber ÷ a bare tonic stream, 5,000 multiplexed and 2,000 on connections of their own
//! * `idle`     memory of everything in one process, Postgres apart

mod bare;
mod bulk;
mod curve;
mod demand;
mod files;
mod latency;
mod life;
mod list;
mod matching;
mod memory;
mod publish;
mod report;
mod reserve;
mod resources;
mod scale;

use harness::{Options, World, cluster};
use report::Report;
use scale::Scale;

const NAMES: [&str; 13] = [
    "publish",
    "bulk",
    "life",
    "list",
    "demand",
    "matching",
    "resources",
    "reserve",
    "files",
    "curve",
    "latency",
    "streams",
    "idle",
];

fn main() -> anyhow::Result<()> {
    // cargo passes `--bench` to every bench program.
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut asked = |flag: &str| {
        let before = args.len();
        args.retain(|arg| arg != flag);
        args.len() < before
    };
    let scale = match (asked("--smoke"), asked("--long")) {
        (true, _) => Scale::Smoke,
        (false, true) => Scale::Long,
        (false, false) => Scale::Usual,
    };
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("cargo bench -p tandem-tests [-- [--long | --smoke] {}]", NAMES.join(" | "));
        return Ok(());
    }
    cluster::on_disk();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if args.first().is_some_and(|arg| arg == memory::BARE_SERVER) {
        return runtime.block_on(memory::bare_server());
    }
    if let Some(unknown) = args.iter().find(|arg| !NAMES.contains(&arg.as_str())) {
        anyhow::bail!("no benchmark {unknown}; there are {}", NAMES.join(", "));
    }
    runtime.block_on(run(&args, scale))
}

async fn run(chosen: &[String], scale: Scale) -> anyhow::Result<()> {
    let named = |name: &str| chosen.iter().any(|arg| arg == name);
    // What has no small size runs only where it is named.
    let by_itself = |name: &str| scale != Scale::Smoke || !["latency", "streams", "idle"].contains(&name);
    let wanted = |name: &str| named(name) || (chosen.is_empty() && by_itself(name));
    let mut report = Report::default();
    if wanted("publish") {
        publish::run(&mut report, scale).await?;
    }
    if wanted("bulk") {
        bulk::run(&mut report, scale).await?;
    }
    if wanted("life") {
        life::run(&mut report, scale).await?;
    }
    if wanted("list") {
        list::run(&mut report, scale).await?;
    }
    if wanted("demand") {
        demand::run(&mut report, scale).await?;
    }
    if wanted("matching") {
        matching::run(&mut report, scale).await?;
    }
    if wanted("resources") {
        resources::run(&mut report, scale).await?;
    }
    if wanted("reserve") {
        reserve::run(&mut report, scale).await?;
    }
    if wanted("files") {
        files::run(&mut report, scale).await?;
    }
    if wanted("curve") {
        curve::run(&mut report, scale).await?;
    }
    if wanted("latency") {
        latency::run(&mut report).await?;
    }
    if wanted("streams") {
        memory::streams(&mut report).await?;
    }
    if wanted("idle") {
        memory::idle(&mut report).await?;
    }
    report.write(&cluster::target().join("bench/results.json"))
}

/// A world that writes to disk as a real one does, and lets one firm hurry.
async fn world() -> anyhow::Result<World> {
    let url = cluster::get().await.access.superuser_url("postgres");
    let admin = sqlx::PgPool::connect(&url).await?;
    // The tests' cluster does not wait for the disk; figures without that would not be worth much.
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("alter system set {setting} = on")))
            .execute(&admin)
            .await?;
    }
    sqlx::raw_sql("select pg_reload_conf()").execute(&admin).await?;
    let configure = |config: &mut chassis::config::Config| {
        config.limits.requests_per_second = 1_000_000;
        config.limits.burst = 1_000_000;
        config.database.app_connections = 24;
        config.database.stream_connections = 4;
    };
    Ok(World::with(Options { configure, ..Options::default() }).await)
}

/// Lets the tests' cluster be quick again.
async fn finish(world: World) -> anyhow::Result<()> {
    world.finish().await;
    let admin = sqlx::PgPool::connect(&cluster::get().await.access.superuser_url("postgres")).await?;
    sqlx::raw_sql("alter system reset all").execute(&admin).await?;
    sqlx::raw_sql("select pg_reload_conf()").execute(&admin).await?;
    Ok(())
}
