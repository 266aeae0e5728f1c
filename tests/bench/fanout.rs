//! What one delivered message costs the server in processor time, with 1,000 subscribers of 1,000 firms and of 10, against
//! a plain tonic server that broadcasts events of the same size. Each subscriber has a connection of its own, and each
//! message holds one event.
//!
//! Our server sequences as well: what that takes is measured with nobody subscribed, and told apart. `ratio_delivery` is without
//! it, `ratio_all` with it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::outbox::MAX_AUDIENCE;
use harness::{Access, Firm, Options, World, chaos};
use proto::stream::GetHeadRequest;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::{
    bare,
    process::{Bare, Tandem, open},
    report::{Noise, Report, cpu_seconds_of, median},
    scale::Scale,
};

const SUBSCRIBERS: usize = 1_000;
const FIRMS: [usize; 2] = [1_000, 10];
/// Times that everybody is told, and how long lies between them.
const TURNS: usize = 100;
const EVERY: Duration = Duration::from_millis(50);
const BYTES: usize = 1_000;
/// How long the rest may take to arrive.
const ARRIVED: Duration = Duration::from_secs(60);

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    // Whatever is sequenced, the process that is measured does it.
    let world = crate::world_of(Options { sequencer_by_hand: true, ..crate::usual() }).await?;
    let pool = bare::superuser(&world, 1).await?;
    let mut firms = Vec::new();
    for i in 0..scale.of(FIRMS[0]) {
        firms.push(world.firm(&format!("读者{i}(示例)")).await);
    }
    world.settled().await;
    for count in FIRMS {
        let firms = &firms[..count.min(firms.len())];
        fanout(&world, &pool, firms, report, scale).await?;
    }
    pool.close().await;
    crate::finish(world).await
}

/// Subscribers that read and count.
struct Readers {
    seen: Arc<AtomicUsize>,
    reading: JoinSet<()>,
}

impl Readers {
    async fn gather(server: SocketAddr, tokens: &[Option<&str>], count: usize) -> anyhow::Result<Self> {
        let (seen, mut reading) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for i in 0..count {
            let access = chaos::access(server, tokens[i % tokens.len()]);
            let first = async || open(&access).await.ok();
            let mut stream = harness::until("the server answers", ARRIVED, first).await;
            let seen = seen.clone();
            reading.spawn(async move {
                while let Ok(Some(message)) = stream.message().await {
                    seen.fetch_add(message.events.len(), Ordering::Relaxed);
                }
            });
        }
        Ok(Self { seen, reading })
    }

    /// Tells everybody so often: µs of the server's time for each message.
    async fn told(
        &self,
        pid: u32,
        turns: usize,
        tell: impl AsyncFnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<f64> {
        self.seen.store(0, Ordering::Relaxed);
        let messages = turns * self.reading.len();
        let arrived = async || (self.seen.load(Ordering::Relaxed) >= messages).then_some(());
        spent(pid, turns, messages, tell, arrived).await
    }
}

/// µs of a process for each message, from the first time that it has to tell everybody until all have arrived.
async fn spent(
    pid: u32,
    turns: usize,
    messages: usize,
    mut tell: impl AsyncFnMut() -> anyhow::Result<()>,
    arrived: impl AsyncFnMut() -> Option<()>,
) -> anyhow::Result<f64> {
    let before = cpu_seconds_of(pid);
    let mut tick = tokio::time::interval(EVERY);
    for _ in 0..turns {
        tick.tick().await;
        tell().await?;
    }
    harness::until("everybody was told", ARRIVED, arrived).await;
    Ok((cpu_seconds_of(pid) - before) * 1e6 / messages as f64)
}

async fn fanout(
    world: &World,
    pool: &PgPool,
    firms: &[Firm],
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let (count, turns) = (scale.of(SUBSCRIBERS), scale.of(TURNS));
    let tokens: Vec<Option<&str>> = firms.iter().map(|firm| Some(firm.token())).collect();
    let (server, limit) = (Tandem::start(world, "fanout").await, Bare::start(Some(BYTES))?);
    chaos::answering(&chaos::access(server.address(), tokens[0])).await;
    let (pid, bare_pid) = (server.pid()?, limit.pid());
    let mut sequencing = Vec::new();
    for _ in 0..scale.rounds() {
        let moved = async || bare::moved(pool).await.then_some(());
        let tell = async || tell(pool, firms).await;
        sequencing.push(spent(pid, turns, turns * count, tell, moved).await?);
    }
    let ours = Readers::gather(server.address(), &tokens, count).await?;
    let bares = Readers::gather(limit.address, &[None], count).await?;
    let access = chaos::access(limit.address, None);
    let (mut all, mut bare_us) = (Vec::new(), Vec::new());
    let mut noise = Noise::new(scale);
    [pid, bare_pid].into_iter().for_each(|pid| noise.own(pid));
    while noise.wants_another(all.len()) {
        noise.begin()?;
        let told = ours.told(pid, turns, async || tell(pool, firms).await).await?;
        let bare = bares.told(bare_pid, turns, async || tell_bare(&access).await).await?;
        if noise.too_loud()? {
            continue;
        }
        all.push(told);
        bare_us.push(bare);
    }
    add(report, (firms.len(), count), &sequencing, &all, &bare_us, noise.heard());
    drop((ours, bares, limit));
    server.finish().await;
    Ok(())
}

/// Adds what the rounds came to.
fn add(
    report: &mut Report,
    (firms, subscribers): (usize, usize),
    sequencing: &[f64],
    all: &[f64],
    bare: &[f64],
    others: f64,
) {
    let sequenced = median(sequencing);
    let ratio_of = |less: f64| {
        let ratios: Vec<f64> = all.iter().zip(bare).map(|(all, bare)| (all - less) / bare).collect();
        median(&ratios)
    };
    let (delivery, whole) = (ratio_of(sequenced), ratio_of(0.0));
    let line = format!(
        "{subscribers} subscribers of {firms} firms: {:.1} µs of the server a message, of which {sequenced:.1} are for \
         sequencing; a plain broadcast {:.1} µs; ratio of delivery alone, with sequencing taken off, {delivery:.2}; ratio of \
         all, with sequencing, {whole:.2}; others used {others:.2} cores",
        median(all),
        median(bare),
    );
    let figure = json!({
        "us_all": all, "us_sequencing": sequencing, "us_bare": bare, "ratio_delivery": delivery, "ratio_all": whole,
        "others_cores": others,
    });
    report.add(&format!("fanout_{firms}_firms"), &line, figure);
}

/// One event for each subscriber: all firms are told, so many of one row as may be.
async fn tell(pool: &PgPool, firms: &[Firm]) -> anyhow::Result<()> {
    let of = firms[0].uuid();
    let told: Vec<Vec<u8>> = firms
        .chunks(MAX_AUDIENCE)
        .map(|firms| {
            let audience: Vec<_> = firms.iter().map(|firm| firm.uuid()).collect();
            bare::told_all(of, &audience, BYTES, 1)
        })
        .collect();
    Ok(bare::leave(pool, of, &told).await?)
}

async fn tell_bare(access: &Access) -> anyhow::Result<()> {
    access.stream().get_head(GetHeadRequest {}).await?;
    Ok(())
}
