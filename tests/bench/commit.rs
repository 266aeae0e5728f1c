//! Commit → subscriber at 1,000 events a second, and one at a time, against the least that Postgres needs to tell somebody
//! of a row: insert, NOTIFY in the same transaction, LISTEN. Both begin when COMMIT is sent, so that each contains the
//! disk; ours contains it twice, for the command and for the log.
//!
//! NOTIFY lets one transaction after the other commit: where that is slower than the rate, the bare side falls behind, and
//! what it reaches is said.
//!
//! Beside it stands NATS JetStream, where the machine has it.

use std::time::Instant;

use harness::{Access, Firm, World};
use serde_json::json;
use sqlx::{PgPool, postgres::PgListener};
use tokio::task::JoinSet;

use crate::{
    bare,
    lag::{Elsewhere, Lag, Pace, Times, drive},
    nats::{self, Peer},
    process::open,
    report::{Noise, Report, median},
    scale::Scale,
    spent::{Meter, Spent},
};

const PER_SECOND: usize = 1_000;
/// How long the other transaction stays open.
const SECONDS: usize = 10;
const ONE_BY_ONE: usize = 1_000;
const CONNECTIONS: u32 = 16;
pub const BYTES: usize = 600;

/// Leaves commands in the outbox of a world, and reads their events somewhere.
pub struct Ours {
    pub world: World,
    pub firm: Firm,
    pub reader: Access,
    app: PgPool,
}

/// Both sides, in the same database, and what a user could pick instead.
struct Sides {
    ours: Ours,
    superuser: PgPool,
    peer: Option<Peer>,
}

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let superuser = bare::superuser(&world, CONNECTIONS).await?;
    sqlx::raw_sql(
        "create table bench_event (id bigint generated always as identity primary key, payload bytea)",
    )
    .execute(&superuser)
    .await?;
    let reader = world.connection(firm.token());
    let peer = Peer::start(firm.uuid()).await?;
    let sides = Sides { ours: Ours::on(world, firm, reader).await?, superuser, peer };
    sides.ours.arrive(Pace::OneByOne, 50).await?;
    sides.bare(Pace::OneByOne, 50).await?;
    at_a_rate(&sides, report, scale).await?;
    one_by_one(&sides, report, scale).await?;
    sides.superuser.close().await;
    if let Some(peer) = sides.peer {
        peer.finish().await;
    }
    crate::finish(sides.ours.leave().await).await
}

/// Both sides and the peer at the rate; and ours with a transaction open elsewhere.
async fn at_a_rate(sides: &Sides, report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let (pace, count) = (Pace::PerSecond(PER_SECOND), scale.of(PER_SECOND * SECONDS));
    let (mut ours, mut held, mut limit, mut reached) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut instead, mut spent) = (Vec::new(), Spent::default());
    let mut noise = Noise::new(scale);
    sides.peer.iter().filter_map(Peer::pid).for_each(|pid| noise.own(pid));
    while noise.wants_another(ours.len()) {
        noise.begin()?;
        let meter = Meter::begin()?;
        let (usual, _) = sides.ours.arrive(pace, count).await?;
        let each = meter.each(count)?;
        let other = Elsewhere::begin().await?;
        let (beside, _) = sides.ours.arrive(pace, count).await?;
        other.end().await?;
        let (bare, rate) = sides.bare(pace, count).await?;
        let of_peer = match &sides.peer {
            Some(peer) => Some(peer.arrive(pace, count).await?),
            None => None,
        };
        if noise.too_loud()? {
            continue;
        }
        ours.push(usual);
        spent.add(each);
        held.push(beside);
        limit.push(bare);
        reached.push(rate);
        instead.extend(of_peer);
    }
    let (ratio, beside) = (Times::ratio(&ours, &limit), Times::ratio(&held, &ours));
    let line = format!(
        "p50 / p99 {} ms at {PER_SECOND} events/s, NOTIFY {} ms at {:.0} events/s, ratio {ratio}; with a transaction open \
         elsewhere {} ms, ratio to without {beside}; {spent}; others used {:.2} cores",
        Times::median(&ours),
        Times::median(&limit),
        median(&reached),
        Times::median(&held),
        noise.heard()
    );
    let figure = json!({
        "ours": Times::json(&ours), "bare": Times::json(&limit), "bare_per_second": reached,
        "ratio_p50": ratio.p50, "ratio_p99": ratio.p99, "beside_a_transaction": Times::json(&held),
        "beside_ratio_p99": beside.p99, "us_each": spent.own(), "postgres_us_each": spent.postgres(),
        "others_cores": noise.heard(),
    });
    report.add("commit_at_1000_a_second", &line, figure);
    if !instead.is_empty() {
        nats::compare(report, PER_SECOND, &ours, &instead, noise.heard());
    }
    Ok(())
}

async fn one_by_one(sides: &Sides, report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(ONE_BY_ONE);
    let (mut ours, mut limit, mut spent) = (Vec::new(), Vec::new(), Spent::default());
    let mut noise = Noise::new(scale);
    while noise.wants_another(ours.len()) {
        noise.begin()?;
        let meter = Meter::begin()?;
        let (mine, _) = sides.ours.arrive(Pace::OneByOne, count).await?;
        let each = meter.each(count)?;
        let (bare, _) = sides.bare(Pace::OneByOne, count).await?;
        if noise.too_loud()? {
            continue;
        }
        ours.push(mine);
        spent.add(each);
        limit.push(bare);
    }
    let ratio = Times::ratio(&ours, &limit);
    let line = format!(
        "p50 / p99 {} ms, NOTIFY {} ms, ratio {ratio}; {spent}; others used {:.2} cores",
        Times::median(&ours),
        Times::median(&limit),
        noise.heard()
    );
    let figure = json!({
        "ours": Times::json(&ours), "bare": Times::json(&limit), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "us_each": spent.own(), "postgres_us_each": spent.postgres(), "others_cores": noise.heard(),
    });
    report.add("commit_one_by_one", &line, figure);
    Ok(())
}

impl Ours {
    pub async fn on(world: World, firm: Firm, reader: Access) -> anyhow::Result<Self> {
        let url = harness::cluster::get().await.url("tandem_app", world.database());
        let app = chassis::db::connect(url.parse()?, CONNECTIONS).await?;
        Ok(Self { world, firm, reader, app })
    }

    /// A command's row in the outbox, and its event at a subscriber of the firm's feed; how many a second.
    pub async fn arrive(&self, pace: Pace, count: usize) -> anyhow::Result<(Times, f64)> {
        let lag = Lag::of(count)?;
        let mut stream = open(&self.reader).await?;
        let (mut reading, arriving) = (JoinSet::new(), lag.clone());
        reading.spawn(async move {
            while let Ok(Some(message)) = stream.message().await {
                for event in message.events.iter().filter_map(|entry| entry.event.as_ref()) {
                    // Versions begin at one.
                    arriving.arrived(event.version as usize - 1);
                }
            }
        });
        let (firm, started) = (self.firm.uuid(), Instant::now());
        let commit = |n| {
            let (app, lag, wake) = (self.app.clone(), lag.clone(), self.world.deps().wake.clone());
            async move {
                let begin = format!("begin; select set_config('tandem.firm', '{firm}', true)");
                let mut tx = app.begin_with(sqlx::AssertSqlSafe(begin)).await?;
                sqlx::query("insert into event.outbox (firm, payload) values ($1, $2)")
                    .bind(firm)
                    .bind(bare::told_all(firm, &[firm], BYTES, n as i64 + 1))
                    .execute(&mut *tx)
                    .await?;
                lag.begins(n);
                tx.commit().await?;
                wake.wake();
                anyhow::Ok(())
            }
        };
        drive(pace, count, commit).await?;
        let rate = count as f64 / started.elapsed().as_secs_f64();
        Ok((lag.complete().await, rate))
    }

    pub async fn leave(self) -> World {
        self.app.close().await;
        self.world
    }
}

impl Sides {
    /// A row with as many bytes, and its notification at a listener; how many a second.
    async fn bare(&self, pace: Pace, count: usize) -> anyhow::Result<(Times, f64)> {
        let lag = Lag::of(count)?;
        let mut listener = PgListener::connect_with(&self.superuser).await?;
        listener.listen("bench").await?;
        let (mut reading, arriving) = (JoinSet::new(), lag.clone());
        reading.spawn(async move {
            while let Ok(notification) = listener.recv().await {
                arriving.arrived(notification.payload().parse().expect("a number was sent"));
            }
        });
        let (firm, started) = (self.ours.firm.uuid(), Instant::now());
        let commit = |n: usize| {
            let (pool, lag) = (self.superuser.clone(), lag.clone());
            async move {
                let mut tx = pool.begin().await?;
                sqlx::query("with row as (insert into bench_event (payload) values ($1)) select pg_notify('bench', $2)")
                    .bind(bare::told_all(firm, &[firm], BYTES, n as i64 + 1))
                    .bind(n.to_string())
                    .execute(&mut *tx)
                    .await?;
                lag.begins(n);
                tx.commit().await?;
                anyhow::Ok(())
            }
        };
        drive(pace, count, commit).await?;
        let rate = count as f64 / started.elapsed().as_secs_f64();
        Ok((lag.complete().await, rate))
    }
}
