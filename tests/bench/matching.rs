//! The best ten of 10,000 offers for a need, one call after the other, against the bare query that reads the same offers:
//! where the offers are of eight processes, and where all are of the one that is needed.

use std::{sync::Arc, time::Instant};

use harness::{Firm, World, booking, capacity::group, decimal, need::needed};
use hdrhistogram::Histogram;
use proto::capacity::{MatchCapacityRequestRequest, OfferLimits, OfferVisibility, PublishOfferRequest};
use sqlx::PgPool;
use time::{Date, Duration};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    report::{Noise, Report},
    scale::Scale,
};

const OFFERS: usize = 10_000;
const FIRMS: usize = 200;
const CALLS: usize = 200;
const IN_FLIGHT: usize = 16;
/// Weeks of each offer; the need is about four of them.
const WEEKS: i64 = 8;
static PROCESSES: [&str; 8] = ["注塑", "冲压", "压铸", "机加工", "钣金", "电镀", "喷涂", "组装"];
const REGIONS: [&str; 5] = ["441900", "440100", "330200", "320500", ""];

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    for (name, processes) in [("matching_top_10", PROCESSES.len()), ("matching_top_10_of_one_process", 1)] {
        among(name, &PROCESSES[..processes], report, scale).await?;
    }
    Ok(())
}

/// Offers that are spread over these processes.
async fn among(
    name: &str,
    processes: &'static [&'static str],
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let first = monday(&world);
    let offers = offer(&world, &buyer, first, processes, scale).await?;
    sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
    let id = publish(&buyer, first).await?;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, 1).await?;
    let calls = scale.of(CALLS);
    let (mut ours, mut bare) = (histogram()?, histogram()?);
    let mut rows = 0;
    let mut noise = Noise::new(scale);
    let mut round = 0;
    while noise.wants_another(round) {
        noise.begin()?;
        let (mut our_round, mut bare_round) = (histogram()?, histogram()?);
        for call in 0..calls {
            // Neither always goes first.
            for ours in [call % 2 == 0, call % 2 == 1] {
                let started = Instant::now();
                match ours {
                    true => matched(&buyer, &id, scale).await?,
                    false => rows = read(&pool, &buyer, first).await?,
                }
                let us = u64::try_from(started.elapsed().as_micros())?;
                if ours { our_round.record(us)? } else { bare_round.record(us)? }
            }
        }
        if noise.too_loud()? {
            continue;
        }
        ours.add(our_round)?;
        bare.add(bare_round)?;
        round += 1;
    }
    let ms = |of: &Histogram<u64>, quantile| of.value_at_quantile(quantile) as f64 / 1_000.0;
    let ratio = ms(&ours, 0.95) / ms(&bare, 0.95);
    let line = format!(
        "{offers} offers of {FIRMS} firms and {} processes, {rows} of the one with enough: top 10 p50 {:.1} ms, \
         p95 {:.1} ms, bare query p50 {:.1} ms, p95 {:.1} ms, ratio of p95 {ratio:.2}; others used {:.2} cores",
        processes.len(),
        ms(&ours, 0.5),
        ms(&ours, 0.95),
        ms(&bare, 0.5),
        ms(&bare, 0.95),
        noise.heard()
    );
    let figure = serde_json::json!({
        "p50_ms": ms(&ours, 0.5), "p95_ms": ms(&ours, 0.95), "bare_p50_ms": ms(&bare, 0.5),
        "bare_p95_ms": ms(&bare, 0.95), "ratio_p95": ratio, "offers": offers, "candidates": rows,
        "others_cores": noise.heard(),
    });
    report.add(name, &line, figure);
    pool.close().await;
    crate::finish(world).await
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// The Monday after this week, so that no week runs out meanwhile.
fn monday(world: &World) -> Date {
    let today = world.deps().clock.now().date();
    today + Duration::days(7 - i64::from(today.weekday().number_days_from_monday()))
}

/// Firms that are partners of the buyer, each with a machine and its share of the offers; how many.
async fn offer(
    world: &World,
    buyer: &Firm,
    first: Date,
    processes: &'static [&'static str],
    scale: Scale,
) -> anyhow::Result<usize> {
    let firms = if scale == Scale::Smoke { 5 } else { FIRMS };
    let each = scale.of(OFFERS).div_ceil(firms);
    let gate = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut tasks = JoinSet::new();
    for n in 0..firms {
        let supplier = world.firm(&format!("第{n}家(示例)")).await;
        world.partner(buyer, &supplier, &format!("V{n}")).await;
        let mondays: Vec<String> =
            (0..WEEKS).map(|week| (first + Duration::weeks(week)).to_string()).collect();
        let (gate, buyer) = (gate.clone(), buyer.id.clone());
        tasks.spawn(async move {
            let _open = gate.acquire().await?;
            let weeks: Vec<_> =
                mondays.iter().map(|monday| (monday.as_str(), "99999999", "99999999")).collect();
            let group = supplier.state_group(group("机组", &weeks)).await?.id;
            for offer in 0..each {
                supplier.publish_offer(one(&group, &mondays, &buyer, processes, n * each + offer)).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(each * firms)
}

/// The n-th offer: one process after the other, of one to forty hours a week, for all, for partners, or for the buyer.
fn one(group: &str, mondays: &[String], buyer: &str, processes: &[&str], n: usize) -> PublishOfferRequest {
    let seconds = (3_600 * (1 + n % 40)).to_string();
    let weeks: Vec<_> = mondays.iter().map(|monday| (monday.as_str(), seconds.as_str())).collect();
    let mut request = booking::offer(group, &weeks);
    match n % 3 {
        0 => request.visibility = OfferVisibility::Partners.into(),
        1 => {
            request.visibility = OfferVisibility::Named.into();
            request.firm_ids = vec![buyer.to_owned()];
        }
        _ => {}
    }
    if let Some(content) = &mut request.content {
        content.process = processes[(n / 3) % processes.len()].into();
        content.machine = format!("{n} 号机");
        content.materials = ["PP", "ABS", "PC"].into_iter().take(1 + n % 3).map(Into::into).collect();
        content.certificates = if n.is_multiple_of(2) { vec!["ISO 9001:2015".into()] } else { Vec::new() };
        content.region = REGIONS[n % REGIONS.len()].into();
        let tonnage_t = Some(decimal(&(100 + n % 900).to_string()));
        content.limits = Some(OfferLimits { tonnage_t, ..OfferLimits::default() });
        content.price_hint = Some(decimal(&(100 + n % 90).to_string()));
        content.currency = "CNY".into();
    }
    request
}

async fn publish(buyer: &Firm, first: Date) -> anyhow::Result<String> {
    let last = (first + Duration::weeks(3)).to_string();
    let mut request = needed("20", (&first.to_string(), &last));
    if let Some(content) = &mut request.content {
        content.materials = vec!["PP".into()];
        content.limits = Some(OfferLimits { tonnage_t: Some(decimal("300")), ..OfferLimits::default() });
        content.region = "441900".into();
        content.wished_certificates = vec!["ISO 9001".into()];
        content.price_ceiling = Some(decimal("0.05"));
        content.currency = "CNY".into();
    }
    Ok(buyer.publish_need(request).await?.id)
}

async fn matched(buyer: &Firm, id: &str, scale: Scale) -> anyhow::Result<()> {
    let request =
        MatchCapacityRequestRequest { capacity_request_id: id.into(), limit: 10, near_misses: false };
    let found = buyer.capacity_requests().match_capacity_request(request).await?.into_inner();
    anyhow::ensure!(scale == Scale::Smoke || found.results.len() == 10, "{} results", found.results.len());
    Ok(())
}

/// The offers alone, in the buyer's tenant; how many.
async fn read(pool: &PgPool, buyer: &Firm, first: Date) -> anyhow::Result<usize> {
    let begin = format!("begin; select set_config('tandem.firm', '{}', true)", buyer.uuid());
    let mut tx = pool.begin_with(sqlx::AssertSqlSafe(begin)).await?;
    let rows = sqlx::query(
        "select * from capacity.offers_to_match('注塑', $1, $2, '{SEC,MIN,HUR}', '{1,60,3600}', 72000)",
    )
    .bind(first)
    .bind(first + Duration::weeks(3))
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows.len())
}
