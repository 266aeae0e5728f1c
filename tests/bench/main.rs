//! Benchmarks, by one command: `cargo bench -p tandem-tests`, or some by name: `cargo bench -p tandem-tests -- publish`.
//!
//! Each prints a ratio against the machine's limit measured in the same run, and nothing passes or fails by time but the
//! pages of `--long`: each has to come within its limit, unless other processes were too loud to tell.
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
//! * `search` a page of a search among 100,000 orders, with --long among 1,000,000, in Chinese and by numbers
//! * `pages`    the portal's lists among 100,000 orders, with --long among 1,000,000, where each has a limit: the server's time
//!   for a page
//! * `demand`   from a demand of 104 weeks to the bottleneck in the supplier's feed, with 100 to 10,000 groups ÷ bare writes
//! * `matching` the best ten of 10,000 offers for a need ÷ the bare query that sums what is free of them
//! * `resources` a page of a search among 100,000 resources in two languages; metadata published ÷ the bare insert
//! * `reserve`  holds of one hot bucket, and of 10,000 buckets, by 16 clients ÷ the bare statement that sells
//! * `files`    a file over a link, and over gRPC ÷ a plain axum server of files
//! * `curve`    publishing and listing as the tables grow: 10,000 and 30,000 orders, with --long to 1,000,000
//! * `commit`   commit → subscriber at 1,000 events/s, and one by one ÷ insert, NOTIFY, LISTEN; with a transaction open elsewhere;
//!   beside it publish → subscriber over NATS JetStream, which does not sync each; left out, saying so, where no nats-server is
//! * `latency`  PublishOrder → subscriber at 500 orders/s and 1,000 subscribers; with a transaction open elsewhere
//! * `cost`     publishing with the stream at work ÷ without; transactions with a row for the outbox ÷ without
//! * `fanout`   processor time of a delivered message, 1,000 subscribers of 1,000 firms and of 10 ÷ a plain tonic broadcast
//! * `replay`   a feed of 200,000 events to one subscriber ÷ a bare COPY of them
//! * `stalled`  100 of 1,000 subscribers that never read: the others' latency ÷ without them; their memory
//! * `reconnect` until 5,000 subscribers are live again after their server was killed
//! * `kafka`    commit → subscriber over Kafka ÷ bare produce and consume; left out, saying so, where no Kafka runs
//! * `streams`  memory of an idle subscriber ÷ a bare tonic stream, 10,000 multiplexed and 5,000 on connections of their own
//! * `idle`     memory of everything in one process, Postgres apart

mod bare;
mod bulk;
mod busy;
mod commit;
mod cost;
mod crowd;
mod curve;
mod demand;
mod fanout;
mod files;
mod kafka;
mod lag;
mod latency;
mod life;
mod list;
mod matching;
mod memory;
mod nats;
mod pages;
mod process;
mod publish;
mod reconnect;
mod replay;
mod report;
mod reserve;
mod resources;
mod scale;
mod spent;
mod stalled;

use harness::{Options, World, cluster};
use report::Report;
use scale::Scale;
use sqlx::Connection as _;

const NAMES: [&str; 22] = [
    "publish",
    "bulk",
    "life",
    "list",
    "search",
    "pages",
    "demand",
    "matching",
    "resources",
    "reserve",
    "files",
    "curve",
    "commit",
    "latency",
    "cost",
    "fanout",
    "replay",
    "stalled",
    "reconnect",
    "kafka",
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
    if args.first().is_some_and(|arg| arg == process::BARE_SERVER) {
        return runtime.block_on(process::bare_server());
    }
    if let Some(unknown) = args.iter().find(|arg| !NAMES.contains(&arg.as_str())) {
        anyhow::bail!("no benchmark {unknown}; there are {}", NAMES.join(", "));
    }
    runtime.block_on(run(&args, scale))
}

async fn run(chosen: &[String], scale: Scale) -> anyhow::Result<()> {
    let mut report = Report::default();
    let ended = each(chosen, &mut report, scale).await;
    // What was measured is kept, and above all where a page took too long.
    report.write(&cluster::target().join("bench/results.json"))?;
    ended
}

async fn each(chosen: &[String], report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    for name in NAMES {
        // What has no small size runs only where it is named.
        let by_itself = scale != Scale::Smoke || name != "idle";
        if chosen.iter().any(|arg| arg == name) || (chosen.is_empty() && by_itself) {
            Box::pin(one(name, report, scale)).await?;
        }
    }
    Ok(())
}

async fn one(name: &str, report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    match name {
        "publish" => publish::run(report, scale).await,
        "bulk" => bulk::run(report, scale).await,
        "life" => life::run(report, scale).await,
        "list" => list::run(report, scale).await,
        "search" => list::search(report, scale).await,
        "pages" => Box::pin(pages::run(report, scale)).await,
        "demand" => demand::run(report, scale).await,
        "matching" => matching::run(report, scale).await,
        "resources" => resources::run(report, scale).await,
        "reserve" => reserve::run(report, scale).await,
        "files" => files::run(report, scale).await,
        "curve" => curve::run(report, scale).await,
        "commit" => commit::run(report, scale).await,
        "latency" => Box::pin(latency::run(report, scale)).await,
        "cost" => cost::run(report, scale).await,
        "fanout" => fanout::run(report, scale).await,
        "replay" => replay::run(report, scale).await,
        "stalled" => Box::pin(stalled::run(report, scale)).await,
        "reconnect" => reconnect::run(report, scale).await,
        "kafka" => Box::pin(kafka::run(report, scale)).await,
        "streams" => memory::streams(report, scale).await,
        "idle" => memory::idle(report).await,
        other => anyhow::bail!("no benchmark {other}"),
    }
}

/// A world that writes to disk as a real one does, and lets one firm hurry.
async fn world() -> anyhow::Result<World> {
    world_of(usual()).await
}

/// The same with other choices, made from [`usual`].
async fn world_of(options: Options) -> anyhow::Result<World> {
    let url = cluster::get().await.access.superuser_url("postgres");
    let mut admin = sqlx::PgConnection::connect(&url).await?;
    // Settings of a server that runs already are those of whoever began it.
    let waits: bool = sqlx::query_scalar(
        "select bool_and(setting = 'on') from pg_settings
         where name in ('fsync', 'synchronous_commit', 'full_page_writes')",
    )
    .fetch_one(&mut admin)
    .await?;
    anyhow::ensure!(
        waits,
        "the Postgres of the benchmarks does not wait for the disk; no figure would be worth much"
    );
    admin.close().await?;
    Ok(World::with(options).await)
}

/// What a benchmark chooses where it chooses nothing else.
fn usual() -> Options {
    Options { configure, ..Options::default() }
}

fn configure(config: &mut chassis::config::Config) {
    config.limits.requests_per_second = 1_000_000;
    config.limits.burst = 1_000_000;
    config.limits.anonymous_requests_per_second = 1_000_000;
    config.limits.anonymous_burst = 1_000_000;
    config.database.app_connections = 24;
    config.database.stream_connections = 4;
}

/// Removes a world.
async fn finish(world: World) -> anyhow::Result<()> {
    world.finish().await;
    Ok(())
}
