//! From a demand of 104 weeks to the bottleneck in the supplier's feed, and what one update costs, with 100, 1,000 and
//! 10,000 groups of that supplier in the database: against a bare loop that writes the same rows in the same two
//! transactions, and each size against the smallest.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use harness::{
    Firm, World,
    capacity::{demand, group, link, linking},
};
use hdrhistogram::Histogram;
use proto::{
    capacity::{CapacityWeek, UpdateCapacityWeeksRequest},
    stream::{SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};
use sqlx::PgPool;
use time::Date;
use tokio::{sync::Semaphore, task::JoinSet};
use tonic::Streaming;

use crate::{
    report::{Noise, Report},
    scale::Scale,
};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const WEEKS: i64 = 104;
/// Of the groups that are only there.
const FEW: usize = 12;
const CALLS: usize = 40;
const IN_FLIGHT: usize = 8;
const MATERIAL: &str = "CY-BX-0450";
/// Below and beyond the capacity of every week, in turn: each upload turns every week.
const QUANTITIES: [&str; 2] = ["120", "80"];
const CAPACITY: &str = "100";
/// How long an event may take, after which the benchmark has failed.
const LATE: Duration = Duration::from_secs(30);

/// What was measured at one size, in microseconds.
struct Measured {
    groups: usize,
    /// From sending the demand until a subscriber of the supplier holds the event.
    event: Histogram<u64>,
    /// Until the demand's receipt.
    receipt: Histogram<u64>,
    /// Stating one week of the group, which is matched before it is answered.
    week: Histogram<u64>,
    bare: Histogram<u64>,
}

/// Who does what to which group.
struct Scene {
    buyer: Firm,
    supplier: Firm,
    group: String,
    days: Vec<Date>,
    /// The same as text.
    mondays: Vec<String>,
    feed: Streaming<SubscribeResponse>,
    uploads: usize,
}

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let mut scene = scene(&world).await?;
    let pool = bare_tables(&world).await?;
    let mut noise = Noise::new(scale);
    let mut all: Vec<Measured> = Vec::new();
    let mut there = 1;
    for size in SIZES.map(|size| scale.of(size)) {
        fill(&scene, there..size).await?;
        there = there.max(size);
        sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
        all.push(measure(&mut scene, &pool, &mut noise, scale, there).await?);
    }
    let ms = |of: &Histogram<u64>, quantile| of.value_at_quantile(quantile) as f64 / 1_000.0;
    for one in &all {
        let first = &all[0];
        let times = |of: fn(&Measured) -> &Histogram<u64>| ms(of(one), 0.5) / ms(of(first), 0.5);
        let ratio = ms(&one.event, 0.95) / ms(&one.bare, 0.95);
        let (event, week) = (times(|one| &one.event), times(|one| &one.week));
        let line = format!(
            "{} groups, {WEEKS} weeks: demand to event p50 {:.1} ms, p95 {:.1} ms (receipt p50 {:.1} ms), bare p95 {:.1} \
             ms, ratio of p95 {ratio:.2}; one week of a group p50 {:.1} ms; of the time with {} groups: event {event:.2}, \
             week {week:.2}; others used {:.2} cores",
            one.groups,
            ms(&one.event, 0.5),
            ms(&one.event, 0.95),
            ms(&one.receipt, 0.5),
            ms(&one.bare, 0.95),
            ms(&one.week, 0.5),
            first.groups,
            noise.heard()
        );
        let figure = serde_json::json!({
            "groups": one.groups, "weeks": WEEKS, "event_p50_ms": ms(&one.event, 0.5),
            "event_p95_ms": ms(&one.event, 0.95), "receipt_p50_ms": ms(&one.receipt, 0.5),
            "week_p50_ms": ms(&one.week, 0.5), "bare_p95_ms": ms(&one.bare, 0.95), "ratio_p95": ratio,
            "event_of_smallest": event, "week_of_smallest": week, "others_cores": noise.heard(),
        });
        report.add(&format!("demand_{}_groups", one.groups), &line, figure);
    }
    pool.close().await;
    crate::finish(world).await
}

/// A buyer, a supplier with one group for the buyer's material, and the supplier's feed, which is live.
async fn scene(world: &World) -> anyhow::Result<Scene> {
    let (buyer, supplier) = world.pair().await;
    let today = world.deps().clock.now().date();
    // The Monday after this week, so that no week runs out meanwhile.
    let first = today + time::Duration::days(7 - i64::from(today.weekday().number_days_from_monday()));
    let days: Vec<Date> = (0..WEEKS).map(|week| first + time::Duration::weeks(week)).collect();
    let mondays: Vec<String> = days.iter().map(Date::to_string).collect();
    let weeks: Vec<_> = mondays.iter().map(|monday| (monday.as_str(), CAPACITY, CAPACITY)).collect();
    let stated = linking(group("机组", &weeks), vec![link(&buyer.id, MATERIAL, "")]);
    let group = supplier.state_group(stated).await?.id;
    let request = SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
    let mut feed = supplier.stream().subscribe(request).await?.into_inner();
    while let Some(message) = feed.message().await? {
        if message.live {
            break;
        }
    }
    Ok(Scene { buyer, supplier, group, days, mondays, feed, uploads: 0 })
}

/// Groups of materials that nobody asks for here.
async fn fill(scene: &Scene, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
    let gate = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut tasks = JoinSet::new();
    for n in numbers {
        let (gate, supplier) = (gate.clone(), scene.supplier.clone());
        let weeks: Vec<_> =
            scene.mondays.iter().take(FEW).map(|monday| (monday.as_str(), CAPACITY, CAPACITY)).collect();
        let links = vec![link(&scene.buyer.id, &format!("F-{n}"), "")];
        let request = linking(group(&format!("{n} 号机"), &weeks), links);
        tasks.spawn(async move {
            let _open = gate.acquire().await?;
            supplier.state_group(request).await?;
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn measure(
    scene: &mut Scene,
    pool: &PgPool,
    noise: &mut Noise,
    scale: Scale,
    groups: usize,
) -> anyhow::Result<Measured> {
    // Connections, statements and pages are warm.
    one_round(scene, pool, 5).await?;
    let mut measured: Option<[Histogram<u64>; 4]> = None;
    let mut round = 0;
    while noise.wants_another(round) {
        noise.begin()?;
        let found = one_round(scene, pool, scale.of(CALLS)).await?;
        if noise.too_loud()? {
            continue;
        }
        round += 1;
        match &mut measured {
            Some(all) => {
                for (all, found) in all.iter_mut().zip(&found) {
                    all.add(found)?;
                }
            }
            None => measured = Some(found),
        }
    }
    let [event, receipt, week, bare] = measured.ok_or_else(|| anyhow::anyhow!("no round was taken"))?;
    Ok(Measured { groups, event, receipt, week, bare })
}

async fn one_round(scene: &mut Scene, pool: &PgPool, calls: usize) -> anyhow::Result<[Histogram<u64>; 4]> {
    let new = || Histogram::<u64>::new_with_bounds(1, 60_000_000, 3);
    let [mut event, mut receipt, mut week, mut bare] = [new()?, new()?, new()?, new()?];
    let us = |started: Instant| u64::try_from(started.elapsed().as_micros());
    for call in 0..calls {
        // Neither always goes first.
        for ours in [call % 2 == 0, call % 2 == 1] {
            let started = Instant::now();
            if ours {
                receipt.record(upload(scene).await?)?;
                event.record(us(started)?)?;
            } else {
                write(pool, scene).await?;
                bare.record(us(started)?)?;
            }
        }
        let version = scene.supplier.capacity_group(&scene.group).await?.version;
        let started = Instant::now();
        state_week(scene, version, call).await?;
        week.record(us(started)?)?;
    }
    Ok([event, receipt, week, bare])
}

/// States the whole demand and waits for what it turns; how long the receipt took, in microseconds.
async fn upload(scene: &mut Scene) -> anyhow::Result<u64> {
    let quantity = QUANTITIES[scene.uploads % QUANTITIES.len()];
    scene.uploads += 1;
    let weeks: Vec<_> = scene.mondays.iter().map(|monday| (monday.as_str(), quantity)).collect();
    let started = Instant::now();
    scene.buyer.state_demand(demand(MATERIAL, &weeks)).await?;
    let receipt = u64::try_from(started.elapsed().as_micros())?;
    let turned = async {
        while let Some(message) = scene.feed.message().await? {
            let mut kinds = message.events.iter().filter_map(|entry| entry.event.as_ref());
            if kinds.any(|event| event.r#type.starts_with("tandem.capacity.bottleneck.")) {
                return Ok(());
            }
        }
        anyhow::bail!("the feed ended")
    };
    tokio::time::timeout(LATE, turned).await??;
    Ok(receipt)
}

/// Another agreed figure for the first week, which turns nothing.
async fn state_week(scene: &Scene, version: i64, call: usize) -> anyhow::Result<()> {
    let week = CapacityWeek {
        monday: Some(harness::date(&scene.mondays[0])),
        actual_capacity: Some(harness::decimal(CAPACITY)),
        maximum_capacity: Some(harness::decimal(CAPACITY)),
        agreed_capacity: Some(harness::decimal(&call.to_string())),
        ..CapacityWeek::default()
    };
    let request = UpdateCapacityWeeksRequest {
        request_id: harness::request_id(),
        group_id: scene.group.clone(),
        version,
        weeks: vec![week],
        ..UpdateCapacityWeeksRequest::default()
    };
    scene.supplier.capacity_groups().update_capacity_weeks(request).await?;
    Ok(())
}

/// Copies of the tables that an upload writes, with their indexes, for the bare loop alone.
async fn bare_tables(world: &World) -> anyhow::Result<PgPool> {
    let url = harness::cluster::get().await.url("tandem_owner", world.database());
    let pool = chassis::db::connect(url.parse()?, 1).await?;
    for table in ["demand_series", "demand_version", "capacity_week"] {
        let copy = format!("create table capacity.bench_{table} (like capacity.{table} including all)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&pool).await?;
    }
    Ok(pool)
}

/// The same rows without our code: what the customer's transaction keeps, and then the supplier's weeks.
async fn write(pool: &PgPool, scene: &Scene) -> anyhow::Result<()> {
    let (buyer, supplier, id) = (scene.buyer.uuid(), scene.supplier.uuid(), chassis::clock::system().id());
    let mut tx = pool.begin().await?;
    sqlx::query(
        "insert into capacity.bench_demand_version \
             (customer, demand_id, version, supplier, content, sha256, changed_at, actor_name, received_at) \
         values ($1, $2, 1, $3, $4, $5, now(), '', now())",
    )
    .bind(buyer)
    .bind(id)
    .bind(supplier)
    .bind(vec![0_u8; 2_000])
    .bind(vec![0_u8; 32])
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into capacity.bench_demand_series as s (customer, demand_id, supplier, customer_location, \
             demand_category, expected_supplier_location, mondays, quantities) \
         select $1, $1, $2, 'CY01', '0001', '', $3, array_agg(120::numeric) from unnest($3) \
         on conflict (customer, demand_id, customer_location, demand_category, expected_supplier_location) \
         do update set quantities = excluded.quantities",
    )
    .bind(buyer)
    .bind(supplier)
    .bind(&scene.days)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let mut tx = pool.begin().await?;
    sqlx::query(
        "insert into capacity.bench_capacity_week as w (supplier, group_id, monday, actual, maximum, demand, shortfall) \
         select $1, $1, monday, 100, 100, 120, 2 from unnest($2::date[]) monday \
         on conflict (supplier, group_id, monday) do update \
         set demand = excluded.demand + 1 - w.demand % 2, shortfall = excluded.shortfall",
    )
    .bind(supplier)
    .bind(&scene.days)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
