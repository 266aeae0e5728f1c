//! Durable unary PublishOrder against a bare loop over the same Postgres, the same rows, the same durability. The time
//! of each side runs until its outbox is empty.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use harness::{Firm, World};
use tokio::task::JoinSet;

use crate::{
    bare,
    report::{Report, interleaved},
    scale::Scale,
};

/// Connections of the bare loop where many are in flight.
const BARE_CONNECTIONS: u32 = 16;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let pool = chassis::db::connect(cluster_url(&world).await.parse()?, BARE_CONNECTIONS).await?;
    // Warm up both sides: connections, statements, pages.
    ours(&world, &buyer, 16, scale.of(200)).await?;
    bare(&world, &pool, &buyer, &supplier, 16, scale.of(200)).await?;
    for (in_flight, orders) in [(1, scale.of(400)), (64, scale.of(3_000))] {
        let name = format!("publish_{in_flight}_in_flight");
        let ours = async || ours(&world, &buyer, in_flight, orders).await;
        let bare = async || bare(&world, &pool, &buyer, &supplier, in_flight, orders).await;
        interleaved(&name, report, scale, orders, "orders/s", ours, bare).await?;
    }
    pool.close().await;
    crate::finish(world).await
}

async fn cluster_url(world: &World) -> String {
    harness::cluster::get().await.url("tandem_app", world.database())
}

/// Orders a second through gRPC, until all are in the feeds.
pub async fn ours(world: &World, buyer: &Firm, in_flight: usize, orders: usize) -> anyhow::Result<f64> {
    let started = Instant::now();
    commits(world, buyer, in_flight, orders).await?;
    world.settled().await;
    Ok(orders as f64 / started.elapsed().as_secs_f64())
}

/// Orders a second through gRPC, until all are answered.
pub async fn commits(world: &World, buyer: &Firm, in_flight: usize, orders: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(orders));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    // A few connections, as an ERP's worker processes would hold.
    let connections: Vec<_> = (0..in_flight.min(4)).map(|_| world.connection(buyer.token())).collect();
    for task in 0..in_flight {
        let (left, access) = (left.clone(), connections[task % connections.len()].clone());
        tasks.spawn(async move {
            while take(&left) {
                access.publish(document().to("V100")).await?;
            }
            Ok::<(), tonic::Status>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(orders as f64 / started.elapsed().as_secs_f64())
}

/// Orders a second by the bare loop.
async fn bare(
    world: &World,
    pool: &sqlx::PgPool,
    buyer: &Firm,
    supplier: &Firm,
    in_flight: usize,
    orders: usize,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    bare::transactions(pool, (buyer.uuid(), supplier.uuid()), bare::ONE, in_flight, orders).await?;
    world.settled().await;
    Ok(orders as f64 / started.elapsed().as_secs_f64())
}

/// Takes one of what is left to do.
pub fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// An order of ten lines with a number of its own.
pub fn document() -> harness::Order {
    let mut order = harness::order(&harness::request_id());
    for line in 1..=bare::LINES {
        order = order.line(&(line * 10).to_string(), "CY-BX-0450", "100", "6.85");
    }
    order
}
