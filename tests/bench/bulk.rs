//! PublishOrders, the stream of a night, against bare transactions of a hundred orders on two connections. The time of
//! each side runs until its outbox is empty.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use harness::{Firm, World, change::item};
use tokio::task::JoinSet;

use crate::{
    bare,
    publish::{document, take},
    report::{Report, interleaved},
    scale::Scale,
};

const ORDERS: usize = 10_000;
const CONNECTIONS: u32 = 2;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, CONNECTIONS).await?;
    let orders = scale.of(ORDERS).next_multiple_of(bare::SLICE.orders);
    ours(&world, &buyer, scale.of(500)).await?;
    limit(&world, &pool, &buyer, &supplier, bare::SLICE.orders).await?;
    let ours = async || ours(&world, &buyer, orders).await;
    let limit = async || limit(&world, &pool, &buyer, &supplier, orders).await;
    interleaved("bulk", report, scale, orders, "orders/s", ours, limit).await?;
    pool.close().await;
    crate::finish(world).await
}

/// Orders a second by one stream.
async fn ours(world: &World, buyer: &Firm, orders: usize) -> anyhow::Result<f64> {
    // A client has its documents before it sends them.
    let items = (0..orders).map(|n| item(&n.to_string(), document().to("V100"))).collect();
    let started = Instant::now();
    let answers = buyer.publish_all(items).await?;
    let published = answers.iter().filter(|answer| answer.refusal.is_none()).count();
    anyhow::ensure!(published == orders, "{published} of {orders} were published");
    world.settled().await;
    Ok(orders as f64 / started.elapsed().as_secs_f64())
}

/// Orders a second by bare inserts.
async fn limit(
    world: &World,
    pool: &sqlx::PgPool,
    buyer: &Firm,
    supplier: &Firm,
    orders: usize,
) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(orders / bare::SLICE.orders));
    let firms = (buyer.uuid(), supplier.uuid());
    let payload = Arc::new(bare::payload(firms.0, Some(firms.1), 2_600));
    let written = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (left, pool, payload, written) = (left.clone(), pool.clone(), payload.clone(), written.clone());
        tasks.spawn(async move {
            while take(&left) {
                bare::publish(&pool, firms, &payload, bare::SLICE).await?;
                written.fetch_add(bare::SLICE.orders, Ordering::Relaxed);
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    world.settled().await;
    Ok(written.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}
