//! Reservations against the bare statement that sells, over the same Postgres with the same durability: all of one bucket,
//! and of 10,000. The time of our side runs until both firms' feeds have what happened. Once with as many holds under way as
//! the bare side has clients, and once with more, as many people's clicks or an ERP's requests come: those that wait together
//! share a transaction.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use harness::{Firm, World, booking, capacity::group};
use proto::capacity::{HeldPart, HoldCapacityRequest, NewBucket, Offer, PublishOfferRequest};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use sqlx::PgPool;
use time::{Date, Duration, macros::date};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    publish,
    report::{Report, interleaved},
    scale::Scale,
};

const CLIENTS: usize = 16;
/// What is under way of ours where it is more: four requests of each client, and what a busy ERP asks.
const FOUR_EACH: usize = 4 * CLIENTS;
const IN_FLIGHT: usize = 256;
const HOLDS: usize = 10_000;
/// Each of 500 buckets, which is less than an offer may have.
const OFFERS: usize = 20;
const WEEKS: usize = 25;
const SLOTS: usize = 20;
/// As long as holds may last, so that none ends meanwhile.
const HOLD_SECONDS: i32 = 2_592_000;
/// Of a bucket: more than anybody holds here.
const TOTAL: &str = "1000000000";
const MONDAY: Date = date!(2026 - 12 - 28);

/// Buckets to book from: offer and bucket.
type Stock = Arc<Vec<(String, String)>>;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let url = harness::cluster::get().await.url("tandem_owner", world.database());
    let pool = chassis::db::connect(url.parse()?, CLIENTS as u32).await?;
    let made = machines(&supplier).await?;
    let hot = stock(&[supplier.publish_offer(booking::offer(&made, &[("2026-12-28", TOTAL)])).await?]);
    let mut offers = Vec::new();
    for _ in 0..if scale == Scale::Smoke { 1 } else { OFFERS } {
        offers.push(supplier.publish_offer(slots(&made)).await?);
    }
    let spread = stock(&offers);
    sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
    let holds = scale.of(HOLDS);
    for (name, stock, flight) in [
        ("reserve_one_bucket", &hot, CLIENTS),
        ("reserve_one_bucket_64_in_flight", &hot, FOUR_EACH),
        ("reserve_one_bucket_256_in_flight", &hot, IN_FLIGHT),
        ("reserve_10000_buckets", &spread, CLIENTS),
        ("reserve_10000_buckets_64_in_flight", &spread, FOUR_EACH),
        ("reserve_10000_buckets_256_in_flight", &spread, IN_FLIGHT),
    ] {
        // Warm up both sides: connections, statements, pages.
        ours(&world, &buyer, stock, scale.of(500), flight).await?;
        bare(&pool, stock, scale.of(500)).await?;
        let ours = async || ours(&world, &buyer, stock, holds, flight).await;
        let bare = async || bare(&pool, stock, holds).await;
        interleaved(name, report, scale, holds, "holds/s", ours, bare).await?;
    }
    pool.close().await;
    crate::finish(world).await
}

/// A group that can be run without end.
async fn machines(supplier: &Firm) -> anyhow::Result<String> {
    let endless = format!("{TOTAL}000000");
    let mondays: Vec<String> = (0..WEEKS).map(|n| monday(n).to_string()).collect();
    let weeks: Vec<_> =
        mondays.iter().map(|day| (day.as_str(), endless.as_str(), endless.as_str())).collect();
    Ok(supplier.state_group(group("机组", &weeks)).await?.id)
}

fn monday(week: usize) -> Date {
    MONDAY + Duration::weeks(week as i64)
}

/// An offer in slots of an hour.
fn slots(group_id: &str) -> PublishOfferRequest {
    let slot = |(week, hour): (usize, usize)| {
        let starts_at = monday(week).midnight().assume_utc() + Duration::hours(hour as i64);
        NewBucket {
            monday: Some(chassis::value::wire_date(monday(week))),
            starts_at: Some(chassis::value::timestamp(starts_at)),
            ends_at: Some(chassis::value::timestamp(starts_at + Duration::HOUR)),
            quantity: Some(harness::decimal(TOTAL)),
        }
    };
    let places = (0..WEEKS).flat_map(|week| (0..SLOTS).map(move |hour| (week, hour)));
    PublishOfferRequest {
        buckets: places.map(slot).collect(),
        hold_seconds: HOLD_SECONDS,
        ..booking::offer(group_id, &[])
    }
}

fn stock(offers: &[Offer]) -> Stock {
    let each = offers
        .iter()
        .flat_map(|offer| offer.buckets.iter().map(|bucket| (offer.id.clone(), bucket.id.clone())));
    Arc::new(each.collect())
}

/// Holds a second through gRPC, so many under way.
async fn ours(
    world: &World,
    buyer: &Firm,
    stock: &Stock,
    holds: usize,
    flight: usize,
) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(holds));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    let connections: Vec<_> = (0..4).map(|_| world.connection(buyer.token())).collect();
    for task in 0..flight {
        let (left, stock) = (left.clone(), stock.clone());
        let access = connections[task % connections.len()].clone();
        tasks.spawn(async move {
            let mut rng = StdRng::seed_from_u64(task as u64);
            let mut reservations = access.reservations();
            while publish::take(&left) {
                let (offer_id, bucket_id) = stock[rng.random_range(0..stock.len())].clone();
                let part = HeldPart { bucket_id, quantity: Some(harness::decimal("1")) };
                let request = HoldCapacityRequest {
                    request_id: harness::request_id(),
                    offer_id,
                    parts: vec![part],
                    hold_seconds: 0,
                };
                reservations.hold_capacity(request).await?;
            }
            Ok::<(), tonic::Status>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    sequenced(world.owner_pool().await).await;
    let rate = holds as f64 / started.elapsed().as_secs_f64();
    // What follows the feeds looks now and then; its processor time counts, and does not fall into the bare side's turn.
    world.settled().await;
    Ok(rate)
}

/// Waits until the feeds have everything.
async fn sequenced(owner: &PgPool) {
    harness::until("the outbox is empty", std::time::Duration::from_secs(60), async || {
        let empty: bool = sqlx::query_scalar("select not exists (select from event.outbox)")
            .fetch_one(owner)
            .await
            .expect("the owner reads everything");
        empty.then_some(())
    })
    .await;
}

/// Updates a second by the statement that sells, alone: no receipt, no reservation, no event.
async fn bare(pool: &PgPool, stock: &Stock, holds: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(holds));
    let sold = Arc::new(AtomicUsize::new(0));
    let buckets: Result<Vec<Uuid>, _> = stock.iter().map(|(_, bucket)| Uuid::try_parse(bucket)).collect();
    let buckets = Arc::new(buckets?);
    let supplier: Uuid = sqlx::query_scalar("select supplier from capacity.capacity_bucket where id = $1")
        .bind(buckets[0])
        .fetch_one(pool)
        .await?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..CLIENTS {
        let (left, sold, buckets, pool) = (left.clone(), sold.clone(), buckets.clone(), pool.clone());
        tasks.spawn(async move {
            let mut rng = StdRng::seed_from_u64(task as u64);
            while publish::take(&left) {
                let bucket = buckets[rng.random_range(0..buckets.len())];
                let version: Option<i64> = sqlx::query_scalar(
                    "update capacity.capacity_bucket set reserved = reserved + 1, version = version + 1 \
                     where supplier = $1 and id = $2 and reserved + 1 <= total returning version",
                )
                .bind(supplier)
                .bind(bucket)
                .fetch_optional(&pool)
                .await?;
                sold.fetch_add(usize::from(version.is_some()), Ordering::Relaxed);
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    anyhow::ensure!(sold.load(Ordering::Relaxed) == holds, "a bucket ran empty");
    Ok(holds as f64 / started.elapsed().as_secs_f64())
}
