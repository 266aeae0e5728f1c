//! What the stream costs the commands of the business: the row in the outbox, by bare transactions with and without it;
//! and the work that follows, by publishing with the sequencer and 100 subscribers at work, and with nobody at work.
//!
//! Where everything shares two cores, a full machine divides them: the steady rate, which leaves room, says what a
//! command waits for, and the most that comes through says what the work takes.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use harness::{Firm, Options, World};
use serde_json::json;
use tandem::node::ServiceName;
use tokio::task::JoinSet;

use crate::{
    bare,
    lag::{Pace, Times, drive, histogram},
    process::open,
    publish::{self, document},
    report::{Noise, Report, interleaved, median},
    scale::Scale,
};

const PER_SECOND: usize = 200;
const SECONDS: usize = 5;
const IN_FLIGHT: usize = 64;
const ORDERS: usize = 2_000;
const SUBSCRIBERS: usize = 100;
/// Connections of bare transactions, and how many of these.
const CONNECTIONS: u32 = 16;
const TRANSACTIONS: usize = 3_000;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    // Nobody else reads feeds, and in the second nothing gets there before it is asked for.
    let roles = vec![ServiceName::Partners, ServiceName::Orders, ServiceName::Stream];
    let with = crate::world_of(Options { roles: roles.clone(), ..crate::usual() }).await?;
    let without = crate::world_of(Options { roles, sequencer_by_hand: true, ..crate::usual() }).await?;
    let (buyer, supplier) = with.pair().await;
    let idle = without.pair().await;
    let mut reading = JoinSet::new();
    for i in 0..scale.of(SUBSCRIBERS) {
        let firm = if i % 2 == 0 { &buyer } else { &supplier };
        let mut stream = open(&with.connection(firm.token())).await?;
        reading.spawn(async move { while let Ok(Some(_)) = stream.message().await {} });
    }
    work(&with, &buyer, &without, &idle.0, report, scale).await?;
    row(&without, &idle, report, scale).await?;
    reading.shutdown().await;
    without.finish().await;
    crate::finish(with).await
}

/// Publishing, with the stream at work and without.
async fn work(
    with: &World,
    buyer: &Firm,
    without: &World,
    idle: &Firm,
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let (mut slow, mut quick, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let mut noise = Noise::new(scale);
    for (world, firm) in [(with, buyer), (without, idle)] {
        publish::commits(world, firm, IN_FLIGHT, scale.of(500)).await?;
        world.settled().await;
    }
    while noise.wants_another(rates.len()) {
        noise.begin()?;
        let mut sides = Vec::new();
        for (world, firm) in [(with, buyer), (without, idle)] {
            let times = steadily(world, firm, scale.of(PER_SECOND * SECONDS)).await?;
            world.settled().await;
            let most = publish::commits(world, firm, IN_FLIGHT, scale.of(ORDERS)).await?;
            world.settled().await;
            sides.push((times, most));
        }
        if noise.too_loud()? {
            continue;
        }
        slow.push(sides[0].0);
        quick.push(sides[1].0);
        rates.push((sides[0].1, sides[1].1));
    }
    let ratio = Times::ratio(&slow, &quick);
    let most = median(&rates.iter().map(|(with, without)| with / without).collect::<Vec<_>>());
    let of = |side: fn(&(f64, f64)) -> f64| median(&rates.iter().map(side).collect::<Vec<_>>());
    let line = format!(
        "PublishOrder at {PER_SECOND}/s p50 / p99 {} ms, without the stream {} ms, ratio {ratio}; {IN_FLIGHT} in flight {:.0} \
         orders/s, without {:.0}, ratio {most:.2}; others used {:.2} cores",
        Times::median(&slow),
        Times::median(&quick),
        of(|(with, _)| *with),
        of(|(_, without)| *without),
        noise.heard()
    );
    let figure = json!({
        "with": Times::json(&slow), "without": Times::json(&quick), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "orders_per_second": rates, "ratio_most": most, "others_cores": noise.heard(),
    });
    report.add("cost_of_the_work", &line, figure);
    Ok(())
}

/// How long PublishOrder takes at a rate that leaves room.
async fn steadily(world: &World, buyer: &Firm, orders: usize) -> anyhow::Result<Times> {
    let taken = Arc::new(Mutex::new(histogram()?));
    let access = world.connection(buyer.token());
    let publish = |_| {
        let (access, taken) = (access.clone(), taken.clone());
        async move {
            let started = Instant::now();
            access.publish(document().to("V100")).await?;
            let us = started.elapsed().as_micros() as u64;
            taken.lock().expect("nobody panics").saturating_record(us);
            anyhow::Ok(())
        }
    };
    drive(Pace::PerSecond(PER_SECOND), orders, publish).await?;
    let taken = taken.lock().expect("nobody panics").clone();
    Ok(Times::of(&taken))
}

/// The same transactions with a row for the outbox, and without.
async fn row(
    world: &World,
    (buyer, supplier): &(Firm, Firm),
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, CONNECTIONS).await?;
    let firms = (buyer.uuid(), supplier.uuid());
    let count = scale.of(TRANSACTIONS);
    let told = bare::ONE;
    let silent = bare::Shape { outbox: false, ..bare::ONE };
    bare::transactions(&pool, firms, told, CONNECTIONS as usize, scale.of(200)).await?;
    let told = async || {
        let rate = bare::transactions(&pool, firms, told, CONNECTIONS as usize, count).await?;
        // What waits must not be in the way of the next round.
        sqlx::raw_sql("truncate event.outbox").execute(world.owner_pool().await).await?;
        Ok(rate)
    };
    let silent = async || bare::transactions(&pool, firms, silent, CONNECTIONS as usize, count).await;
    interleaved("cost_of_the_row", report, scale, count, "transactions/s", told, silent).await?;
    pool.close().await;
    Ok(())
}
