//! Subscribers that never read: what the others notice of them, and what each of them costs in memory.

use std::time::Duration;

use harness::chaos;
use proto::stream::SubscribeResponse;
use serde_json::json;
use tonic::Streaming;

use crate::{
    bare,
    crowd::{Crowd, EVENTS_PER_SECOND},
    lag::Times,
    process::{Tandem, open},
    report::{Noise, Report, resident_kib},
    scale::Scale,
};

const READING: usize = 900;
const STALLED: usize = 100;
const SECONDS: usize = 8;
/// Events that are published before it is measured, so that windows are full.
const BEFORE: usize = 1_500;

/// Streams that are stalled where memory is measured, and what comes meanwhile for each of them.
const HELD: usize = 1_000;
const EVENTS: usize = 400;
const BYTES: usize = 2_600;
/// Longer than pages and rings are kept for those who do not ask.
const FORGOTTEN: Duration = Duration::from_secs(8);

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    Box::pin(others(report, scale)).await?;
    memory(report, scale).await
}

/// What 900 others get, without and with 100 that never read.
async fn others(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let crowd = Crowd::gather(scale.of(READING), scale).await?;
    let (before, orders) = (scale.of(BEFORE), scale.of(EVENTS_PER_SECOND * SECONDS));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut noise = Noise::new(scale);
    while noise.wants_another(without.len()) {
        noise.begin()?;
        crowd.publish(before).await?;
        let alone = crowd.publish(orders).await?;
        let mut stalled = Vec::new();
        for i in 0..scale.of(STALLED) {
            let supplier = &crowd.suppliers[i % crowd.suppliers.len()];
            stalled.push(open(&crowd.world.narrow(supplier.token())).await?);
        }
        crowd.publish(before).await?;
        let beside = crowd.publish(orders).await?;
        drop(stalled);
        if noise.too_loud()? {
            continue;
        }
        without.push(alone);
        with.push(beside);
    }
    let ratio = Times::ratio(&with, &without);
    let line = format!(
        "{} subscribers: p50 / p99 {} ms; beside {} that never read {} ms, ratio {ratio}; others used {:.2} cores",
        scale.of(READING),
        Times::median(&without),
        scale.of(STALLED),
        Times::median(&with),
        noise.heard()
    );
    let figure = json!({
        "without": Times::json(&without), "with": Times::json(&with), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "others_cores": noise.heard(),
    });
    report.add("stalled_others", &line, figure);
    crowd.leave().await
}

/// What a stream holds that was idle, and then was sent more than its reader takes.
async fn memory(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let pool = bare::superuser(&world, 1).await?;
    let server = Tandem::start(&world, "stalled").await;
    let reader = chaos::access(server.address(), Some(firm.token()));
    chaos::answering(&reader).await;
    let mut reading = open(&reader).await?;
    let flood = async |reading: &mut Streaming<SubscribeResponse>| {
        for _ in 0..EVENTS {
            bare::leave(&pool, firm.uuid(), &[bare::payload(firm.uuid(), None, BYTES)]).await?;
            // One after the other, as they come in a day.
            while reading.message().await?.is_some_and(|message| message.events.is_empty()) {}
        }
        tokio::time::sleep(FORGOTTEN).await;
        anyhow::Ok(())
    };
    // What the feed itself costs is not theirs.
    flood(&mut reading).await?;
    let pid = server.pid()?;
    let before = resident_kib(pid)?;
    let count = scale.of(HELD);
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(open(&chaos::narrow(server.address(), Some(firm.token()))).await?);
    }
    let idle = resident_kib(pid)?.saturating_sub(before) as f64 / count as f64;
    flood(&mut reading).await?;
    let stalled = resident_kib(pid)?.saturating_sub(before) as f64 / count as f64;
    let line = format!(
        "{:.1} KiB more than an idle one of {idle:.1} KiB, {count} streams on connections of their own",
        stalled - idle
    );
    let figure =
        json!({ "more_kib": stalled - idle, "idle_kib": idle, "stalled_kib": stalled, "streams": count });
    report.add("stalled_memory", &line, figure);
    drop(held);
    server.finish().await;
    pool.close().await;
    crate::finish(world).await
}
