//! What publishing and listing cost as the tables grow: flat, or not. The rows in between are written by bare inserts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use harness::{Firm, World};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    bare, list, publish,
    report::{Report, cpu_seconds, median, postgres_cpu_seconds},
    scale::Scale,
};

/// Orders of one buyer and supplier at each point.
const POINTS: [usize; 4] = [10_000, 30_000, 100_000, 1_000_000];
/// Small orders: it is their number that matters, and a disk is only so large.
const FILL: bare::Shape =
    bare::Shape { orders: 100, lines: 1, idempotent: false, outbox: false, days_ago: 0 };
/// Over so many days they are published: about three years.
const DAYS: usize = 1_187;
const CONNECTIONS: u32 = 4;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let points: Vec<usize> = match scale {
        Scale::Smoke => vec![100, 200],
        Scale::Usual => POINTS[..2].to_vec(),
        Scale::Long => POINTS.to_vec(),
    };
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, CONNECTIONS).await?;
    let (mut there, mut figures) = (0, Vec::new());
    for point in points {
        fill(&pool, &buyer, &supplier, point.saturating_sub(there)).await?;
        there = point;
        sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
        let figure = at(&world, &buyer, &supplier, scale, &mut there).await?;
        println!("curve at {point} orders: {figure}");
        figures.push((point, figure));
    }
    let first = &figures[0].1;
    let rate = |figure: &serde_json::Value, name: &str| figure[name].as_f64().unwrap_or(f64::NAN);
    let against_first = |name: &str| {
        let each = figures
            .iter()
            .map(|(point, figure)| format!("{point}: {:.2}", rate(figure, name) / rate(first, name)));
        each.collect::<Vec<_>>().join(", ")
    };
    let line = format!(
        "orders/s against the first point: {}; pages/s: {}",
        against_first("publish_per_second"),
        against_first("pages_per_second")
    );
    let all: Vec<_> =
        figures.iter().map(|(point, figure)| json!({ "orders": point, "figures": figure })).collect();
    report.add("curve", &line, json!(all));
    pool.close().await;
    crate::finish(world).await
}

/// Medians at one point; what is published stays.
async fn at(
    world: &World,
    buyer: &Firm,
    supplier: &Firm,
    scale: Scale,
    there: &mut usize,
) -> anyhow::Result<serde_json::Value> {
    let (orders, pages) = (scale.of(2_000), scale.of(1_000));
    publish::ours(world, buyer, 64, scale.of(200)).await?;
    let (mut rates, mut own, mut database, mut listed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds() {
        let (cpu, postgres) = (cpu_seconds(), postgres_cpu_seconds()?);
        rates.push(publish::ours(world, buyer, 64, orders).await?);
        own.push((cpu_seconds() - cpu) * 1e6 / orders as f64);
        database.push((postgres_cpu_seconds()? - postgres) * 1e6 / orders as f64);
        listed.push(list::ours(world, supplier, pages).await?);
        *there += orders;
    }
    Ok(json!({
        "publish_per_second": median(&rates),
        "us_per_order": median(&own),
        "postgres_us_per_order": median(&database),
        "pages_per_second": median(&listed),
    }))
}

/// So many more orders, by bare inserts, the oldest first.
pub async fn fill(pool: &sqlx::PgPool, buyer: &Firm, supplier: &Firm, orders: usize) -> anyhow::Result<()> {
    let firms = (buyer.uuid(), supplier.uuid());
    let batches = orders.div_ceil(FILL.orders);
    let left = Arc::new(AtomicUsize::new(batches));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (left, pool) = (left.clone(), pool.clone());
        tasks.spawn(async move {
            let next = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            while let Ok(left) = next() {
                let days_ago = (left * DAYS / batches) as i32;
                bare::publish(&pool, firms, &[], bare::Shape { days_ago, ..FILL }).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    println!("{orders} more orders in {:.1?}", started.elapsed());
    Ok(())
}
