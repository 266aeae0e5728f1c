//! Subscribers that lose their server and come back: 5,000 on connections of their own, whose process is killed and
//! started again, with events for each of them meanwhile. They try again after what a drain hints, 0.2 to 1.2 s, go on
//! after their last cursor, and are live again once they have what came.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use harness::{Firm, World, chaos};
use proto::stream::{SubscribeRequest, SubscribeResponse, subscribe_request::Start};
use rand::Rng as _;
use serde_json::json;
use sqlx::PgPool;
use tokio::{sync::mpsc, task::JoinSet};
use tonic::{Status, Streaming};

use crate::{
    bare,
    process::Tandem,
    report::{Noise, Report, median},
    scale::Scale,
};

const SUBSCRIBERS: usize = 5_000;
const FIRMS: usize = 50;
/// Events of each firm while nobody is served.
const MISSED: usize = 20;
const BYTES: usize = 1_000;
/// Longer than anybody may take.
const BACK: Duration = Duration::from_secs(180);

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let mut firms = Vec::new();
    for i in 0..if scale == Scale::Smoke { 2 } else { FIRMS } {
        firms.push(world.firm(&format!("读者{i}(示例)")).await);
    }
    let pool = bare::superuser(&world, 1).await?;
    let mut server = Tandem::start(&world, "reconnect").await;
    chaos::answering(&chaos::access(server.address(), Some(firms[0].token()))).await;
    let count = scale.of(SUBSCRIBERS);
    let mut crowd = Crowd::gather(server.address(), &firms, count).await;
    let (mut half, mut nearly, mut all, mut tries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut noise = Noise::new(scale);
    while noise.wants_another(all.len()) {
        server.process.kill().await;
        missed(&world, &pool, &firms).await?;
        noise.begin()?;
        crowd.tries.store(0, Ordering::Relaxed);
        let started = Instant::now();
        server.process.start();
        noise.own(server.pid()?);
        let times = crowd.back(started).await;
        if noise.too_loud()? {
            continue;
        }
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        half.push(at(0.5));
        nearly.push(at(0.99));
        all.push(at(1.0));
        tries.push(crowd.tries.load(Ordering::Relaxed) as f64 / count as f64);
    }
    let line = format!(
        "{count} subscribers of {} firms, {MISSED} events missed each: half of them are live again {:.1} s after the start of \
         their server, 99 % {:.1} s, all {:.1} s, {:.1} tries each; others used {:.2} cores",
        firms.len(),
        median(&half),
        median(&nearly),
        median(&all),
        median(&tries),
        noise.heard()
    );
    let figure = json!({
        "half_s": half, "nearly_s": nearly, "all_s": all, "tries": tries, "subscribers": count,
        "others_cores": noise.heard(),
    });
    report.add("reconnect", &line, figure);
    crowd.reading.shutdown().await;
    server.finish().await;
    pool.close().await;
    crate::finish(world).await
}

/// Leaves events for everybody and waits until they are in the feeds.
async fn missed(world: &World, pool: &PgPool, firms: &[Firm]) -> anyhow::Result<()> {
    for firm in firms {
        let commands: Vec<Vec<u8>> = (0..MISSED).map(|_| bare::payload(firm.uuid(), None, BYTES)).collect();
        bare::leave(pool, firm.uuid(), &commands).await?;
    }
    world.settled().await;
    Ok(())
}

/// Subscribers that come back.
struct Crowd {
    count: usize,
    live: mpsc::UnboundedReceiver<()>,
    tries: Arc<AtomicUsize>,
    reading: JoinSet<()>,
}

impl Crowd {
    async fn gather(server: SocketAddr, firms: &[Firm], count: usize) -> Self {
        let (said, mut live) = mpsc::unbounded_channel();
        let (tries, mut reading) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for i in 0..count {
            let token = firms[i % firms.len()].token().to_owned();
            reading.spawn(follow(server, token, said.clone(), tries.clone()));
            // One after the other: coming back together is what is measured, and not this.
            live.recv().await.expect("subscribers live as long as the run");
        }
        Self { count, live, tries, reading }
    }

    /// Waits until all are live again: seconds since the start, of each, from the first to the last.
    async fn back(&mut self, started: Instant) -> Vec<f64> {
        let mut times = Vec::with_capacity(self.count);
        while times.len() < self.count {
            let said = tokio::time::timeout(BACK, self.live.recv()).await;
            said.expect("everybody comes back").expect("subscribers live as long as the run");
            times.push(started.elapsed().as_secs_f64());
        }
        times
    }
}

/// Follows a feed for ever, and says whenever it is live.
async fn follow(server: SocketAddr, token: String, live: mpsc::UnboundedSender<()>, tries: Arc<AtomicUsize>) {
    let mut cursor: Option<String> = None;
    loop {
        tries.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut stream) = subscribe(server, &token, cursor.clone()).await {
            while let Ok(Some(message)) = stream.message().await {
                if message.live {
                    let _ = live.send(());
                }
                cursor = Some(message.cursor);
            }
        }
        let pause = rand::rng().random_range(200..1_200);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// On a new connection.
async fn subscribe(
    server: SocketAddr,
    token: &str,
    cursor: Option<String>,
) -> Result<Streaming<SubscribeResponse>, Status> {
    let start = Some(cursor.map_or(Start::Latest(true), Start::After));
    let request = SubscribeRequest { start, ..SubscribeRequest::default() };
    Ok(chaos::access(server, Some(token)).stream().subscribe(request).await?.into_inner())
}
