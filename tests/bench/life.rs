//! What the whole life of an order costs in processor time: published, answered, and both events delivered to both
//! firms. Client, server and subscribers share this process; Postgres is counted beside it.

use std::{sync::Arc, time::Instant};

use harness::{Access, Firm};
use proto::stream::{SubscribeRequest, subscribe_request::Start};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use crate::{
    publish::document,
    report::{Noise, Report, cpu_seconds, median, postgres_cpu_seconds},
    scale::Scale,
};

const ORDERS: usize = 1_000;
const IN_FLIGHT: usize = 64;
/// Published and responded, each on two feeds.
const EVENTS: usize = 4;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let (seen, mut deliveries) = mpsc::unbounded_channel();
    let mut subscribers = JoinSet::new();
    for firm in [&buyer, &supplier] {
        subscribers.spawn(count((**firm).clone(), seen.clone()));
    }
    // Both streams are live, and connections and statements are warm, once these have arrived.
    lives(&buyer, &supplier, 100).await?;
    receive(&mut deliveries, 100 * EVENTS).await;
    let orders = scale.of(ORDERS);
    let (mut own, mut database, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let mut noise = Noise::new(scale);
    while noise.wants_another(rates.len()) {
        noise.begin()?;
        let (cpu, postgres, started) = (cpu_seconds(), postgres_cpu_seconds()?, Instant::now());
        lives(&buyer, &supplier, orders).await?;
        receive(&mut deliveries, orders * EVENTS).await;
        if noise.too_loud()? {
            continue;
        }
        rates.push(orders as f64 / started.elapsed().as_secs_f64());
        own.push((cpu_seconds() - cpu) * 1e6 / orders as f64);
        database.push((postgres_cpu_seconds()? - postgres) * 1e6 / orders as f64);
    }
    let (own, database, rate) = (median(&own), median(&database), median(&rates));
    let line = format!(
        "{own:.0} µs of processor time an order for client, server and two subscribers, {database:.0} µs for Postgres, \
         {rate:.0} lives/s"
    );
    let figure = serde_json::json!({ "us_per_order": own, "postgres_us_per_order": database, "per_second": rate,
            "others_cores": noise.heard() });
    report.add("life", &line, figure);
    subscribers.shutdown().await;
    crate::finish(world).await
}

/// Publishes and answers this many orders, so many at a time.
async fn lives(buyer: &Firm, supplier: &Firm, orders: usize) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut running = JoinSet::new();
    for _ in 0..orders {
        let place = places.clone().acquire_owned().await?;
        let (buyer, supplier): (Access, Access) = ((**buyer).clone(), (**supplier).clone());
        running.spawn(async move {
            let receipt = buyer.publish(document().to("V100")).await?;
            supplier.accept_all(&receipt.order_id).await?;
            drop(place);
            Ok::<(), tonic::Status>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// Counts what one firm's feed delivers.
async fn count(access: Access, seen: mpsc::UnboundedSender<usize>) {
    let request = SubscribeRequest { start: Some(Start::Earliest(true)), ..SubscribeRequest::default() };
    let mut stream = access.stream().subscribe(request).await.expect("a subscription").into_inner();
    while let Ok(Some(message)) = stream.message().await {
        let orders = message.events.iter().filter(|entry| {
            entry.event.as_ref().is_some_and(|event| event.r#type.starts_with("tandem.orders."))
        });
        let _ = seen.send(orders.count());
    }
}

async fn receive(deliveries: &mut mpsc::UnboundedReceiver<usize>, wanted: usize) {
    let mut received = 0;
    while received < wanted {
        received += deliveries.recv().await.expect("subscribers live as long as the run");
    }
}
