//! A whole feed to one subscriber who was away, against a bare COPY of the same events out of the same tables.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use harness::Firm;
use proto::stream::{SubscribeRequest, subscribe_request::Start};
use sqlx::{PgConnection, PgPool};

use crate::{
    bare,
    report::{Report, interleaved},
    scale::Scale,
};

const EVENTS: usize = 200_000;
const BYTES: usize = 300;
/// Commands that are left in the outbox together.
const SLICE: usize = 1_000;
const MOVED: Duration = Duration::from_secs(120);

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let pool = bare::superuser(&world, 1).await?;
    let events = scale.of(EVENTS);
    for _ in 0..events.div_ceil(SLICE) {
        let commands: Vec<Vec<u8>> =
            (0..SLICE.min(events)).map(|_| bare::payload(firm.uuid(), None, BYTES)).collect();
        bare::leave(&pool, firm.uuid(), &commands).await?;
    }
    harness::until("all events are in the feed", MOVED, async || bare::moved(&pool).await.then_some(()))
        .await;
    sqlx::raw_sql("vacuum analyze").execute(&pool).await?;
    // Warm on both sides.
    let count = replay(&firm).await?;
    copy(&pool, &firm).await?;
    let ours = async || rate(count, async || replay(&firm).await).await;
    let bare = async || rate(count, async || copy(&pool, &firm).await).await;
    interleaved("replay", report, scale, count, "events/s", ours, bare).await?;
    pool.close().await;
    crate::finish(world).await
}

async fn rate(count: usize, read: impl AsyncFnOnce() -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    let started = Instant::now();
    let got = read().await?;
    anyhow::ensure!(got == count, "{got} of {count} events were read");
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// Reads the feed from its beginning to its head; how many events.
async fn replay(firm: &Firm) -> anyhow::Result<usize> {
    let request = SubscribeRequest {
        start: Some(Start::Earliest(true)),
        until_head: true,
        ..SubscribeRequest::default()
    };
    let mut stream = firm.stream().subscribe(request).await?.into_inner();
    let mut count = 0;
    while let Some(message) = stream.message().await? {
        count += message.events.len();
    }
    Ok(count)
}

/// Takes the same out of Postgres; how many events.
async fn copy(pool: &PgPool, firm: &Firm) -> anyhow::Result<usize> {
    let mut connection = pool.acquire().await?;
    let connection: &mut PgConnection = &mut connection;
    // A UUID prints as hex and hyphens only.
    let statement = format!(
        "copy (select f.seq, f.chain, f.last_of_command, l.event_id, l.type, l.source, l.subject, l.at, l.traceparent,
                      l.version, l.audience, l.payload, l.payload_sha256
               from event.feed_entry f join event.event_log l on l.log_pos = f.log_pos and l.month = f.month
               where f.feed = '{}' order by f.seq) to stdout (format binary)",
        firm.uuid()
    );
    let mut rows = connection.copy_out_raw(&statement).await?;
    let mut messages = 0_usize;
    while let Some(row) = rows.try_next().await? {
        // A message for each row, the header before the first, and at last two bytes.
        messages += usize::from(row.len() > 2);
    }
    Ok(messages)
}
