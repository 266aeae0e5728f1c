//! Commit → subscriber: from the moment that the command took as its time, which lies before its commit, until a
//! subscriber holds the event. The figure therefore contains the transaction itself.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use hdrhistogram::Histogram;
use proto::stream::{SubscribeRequest, subscribe_request::Start};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{publish::document, report::Report};

const SUPPLIERS: usize = 50;
const SUBSCRIBERS: usize = 1_000;
const EVENTS_PER_SECOND: u64 = 500;
const SECONDS: u64 = 10;

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let mut suppliers = Vec::new();
    for i in 0..SUPPLIERS {
        let supplier = world.firm(&format!("供应商{i}(示例)")).await;
        world.partner(&buyer, &supplier, &format!("V{i}")).await;
        suppliers.push(supplier);
    }
    let seen = Arc::new(Mutex::new(Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?));
    let mut subscribers = JoinSet::new();
    let (ready, mut live) = tokio::sync::mpsc::channel(SUBSCRIBERS);
    for i in 0..SUBSCRIBERS {
        let access = suppliers[i % SUPPLIERS].clone();
        let (seen, ready) = (seen.clone(), ready.clone());
        subscribers.spawn(async move {
            let request =
                SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
            let mut stream = access.stream().subscribe(request).await.expect("a subscription").into_inner();
            while let Ok(Some(message)) = stream.message().await {
                if message.live && message.events.is_empty() {
                    let _ = ready.send(()).await;
                }
                let now = chassis::clock::system().now();
                let mut seen = seen.lock().expect("no subscriber panics");
                for entry in &message.events {
                    let at = entry.event.as_ref().and_then(|event| event.time.as_ref());
                    let at = at.and_then(chassis::value::time).expect("an event has a time");
                    let us = (now - at).whole_microseconds().max(1);
                    seen.saturating_record(u64::try_from(us).unwrap_or(u64::MAX));
                }
            }
        });
    }
    for _ in 0..SUBSCRIBERS {
        live.recv().await;
    }
    let sent = publish_steadily(&buyer).await?;
    world.settled().await;
    let expected = sent * (SUBSCRIBERS / SUPPLIERS) as u64;
    harness::until("every subscriber saw its events", Duration::from_secs(30), async || {
        (seen.lock().expect("no subscriber panics").len() >= expected).then_some(())
    })
    .await;
    subscribers.shutdown().await;
    let histogram = seen.lock().expect("no subscriber panics").clone();
    let ms = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
    let line = format!(
        "{SUBSCRIBERS} subscribers of {SUPPLIERS} firms, {sent} events in {SECONDS} s, {} deliveries: p50 {:.1} ms, \
         p99 {:.1} ms, max {:.1} ms",
        histogram.len(),
        ms(0.5),
        ms(0.99),
        histogram.max() as f64 / 1_000.0
    );
    let figure = serde_json::json!({ "p50_ms": ms(0.5), "p99_ms": ms(0.99), "deliveries": histogram.len() });
    report.add("latency", &line, figure);
    crate::finish(world).await
}

/// Publishes at the wanted rate whatever the answers take; how many were published.
async fn publish_steadily(buyer: &harness::Firm) -> anyhow::Result<u64> {
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / EVENTS_PER_SECOND));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut publishing = JoinSet::new();
    for i in 0..EVENTS_PER_SECOND * SECONDS {
        tick.tick().await;
        let access = buyer.clone();
        publishing.spawn(async move {
            let vendor = format!("V{}", i as usize % SUPPLIERS);
            access.publish(document().to(&vendor)).await
        });
    }
    let mut sent = 0;
    while let Some(done) = publishing.join_next().await {
        done??;
        sent += 1;
    }
    Ok(sent)
}
