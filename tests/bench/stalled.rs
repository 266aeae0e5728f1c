//! Subscribers that never read: what the others notice of them, and what each of them costs in memory.

use std::time::Duration;

use harness::chaos;
use hdrhistogram::Histogram;
use proto::stream::SubscribeResponse;
use serde_json::json;
use tonic::Streaming;

use crate::{
    bare,
    crowd::{Crowd, EVENTS_PER_SECOND},
    lag::{Times, histogram},
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
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut all_without, mut all_with) = (histogram()?, histogram()?);
    let mut noise = Noise::new(scale);
    while noise.wants_another(without.len()) {
        noise.begin()?;
        // Each comes first in every other round, so that what grows meanwhile is in the way of both.
        let order = if without.len() % 2 == 0 { [0, STALLED] } else { [STALLED, 0] };
        let mut lags = [lags(&crowd, scale, order[0]).await?, lags(&crowd, scale, order[1]).await?];
        if order[0] > 0 {
            lags.reverse();
        }
        if noise.too_loud()? {
            continue;
        }
        let [alone, beside] = lags;
        all_without.add(&alone)?;
        all_with.add(&beside)?;
        without.push(Times::of(&alone));
        with.push(Times::of(&beside));
    }
    // Of all rounds together: the slowest hundredth of one is what came while the disk was busy once.
    let ours = (Times::of(&all_without), Times::of(&all_with));
    let ratio = Times::ratio(&[ours.1], &[ours.0]);
    let line = format!(
        "{} subscribers: p50 / p99 of all rounds {} ms; beside {} that never read {} ms, ratio {ratio}; others used {:.2} cores",
        scale.of(READING),
        ours.0,
        scale.of(STALLED),
        ours.1,
        noise.heard()
    );
    let figure = json!({
        "without": Times::json(&without), "with": Times::json(&with), "ratio_p50": ratio.p50, "ratio_p99": ratio.p99,
        "others_cores": noise.heard(),
    });
    report.add("stalled_others", &line, figure);
    crowd.leave().await
}

/// How long events took to the others, beside so many that never read.
async fn lags(crowd: &Crowd, scale: Scale, stalled: usize) -> anyhow::Result<Histogram<u64>> {
    let mut open_streams = Vec::new();
    for i in 0..scale.of(stalled) {
        let supplier = &crowd.suppliers[i % crowd.suppliers.len()];
        open_streams.push(open(&crowd.world.narrow(supplier.token())).await?);
    }
    crowd.publish(scale.of(BEFORE)).await?;
    crowd.lags(scale.of(EVENTS_PER_SECOND * SECONDS)).await
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
