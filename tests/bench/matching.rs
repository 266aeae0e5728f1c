//! The best ten of 10,000 offers for a need, one call after the other, against the bare query that sums what is free of the
//! offers of the process: where the offers are of eight processes, and where all are of the one that is needed.
//!
//! Firms, partners and groups come by the API; offers, which are thousands, as the rows that publishing them writes, events
//! aside. Each tenth is sold in part.

use std::time::Instant;

use capacity::need::{Facts, Limits, Price, Supply};
use harness::{Firm, World, capacity::group, decimal, need::needed};
use hdrhistogram::Histogram;
use prost::Message;
use proto::capacity::{MatchCapacityRequestRequest, OfferContent, OfferLimits};
use sqlx::PgPool;
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    bare::new_id,
    report::{Noise, Report},
    scale::Scale,
};

const OFFERS: usize = 10_000;
const FIRMS: usize = 200;
const CALLS: usize = 100;
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
    let url = harness::cluster::get().await.url("tandem_owner", world.database());
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
                    false => rows = summed(&pool, first).await?,
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
    let mondays: Vec<Date> = (0..WEEKS).map(|week| first + Duration::weeks(week)).collect();
    let named: Vec<String> = mondays.iter().map(Date::to_string).collect();
    let weeks: Vec<_> = named.iter().map(|monday| (monday.as_str(), "99999999", "99999999")).collect();
    for n in 0..firms {
        let supplier = world.firm(&format!("第{n}家(示例)")).await;
        world.partner(buyer, &supplier, &format!("V{n}")).await;
        let group = supplier.state_group(group("机组", &weeks)).await?.id.parse()?;
        let mut tx = world.owner_pool().await.begin().await?;
        for offer in n * each..(n + 1) * each {
            write(&mut tx, (supplier.uuid(), group, buyer.uuid()), &one(offer, &mondays, processes), offer)
                .await?;
        }
        tx.commit().await?;
    }
    Ok(each * firms)
}

/// The n-th offer: one process after the other, of one to forty hours a week.
fn one(n: usize, mondays: &[Date], processes: &[&str]) -> (OfferContent, Supply) {
    let tonnage = (100 + n % 900).to_string();
    let price = (100 + n % 90).to_string();
    let content = OfferContent {
        process: processes[(n / 3) % processes.len()].into(),
        machine: format!("{n} 号机"),
        materials: ["PP", "ABS", "PC"].into_iter().take(1 + n % 3).map(Into::into).collect(),
        certificates: if n.is_multiple_of(2) { vec!["ISO 9001:2015".into()] } else { Vec::new() },
        region: REGIONS[n % REGIONS.len()].into(),
        limits: Some(OfferLimits { tonnage_t: Some(decimal(&tonnage)), ..OfferLimits::default() }),
        price_hint: Some(decimal(&price)),
        currency: "CNY".into(),
        ..OfferContent::default()
    };
    let supply = Supply {
        id: new_id(),
        process: content.process.clone(),
        materials: content.materials.clone(),
        limits: Limits { tonnage_t: tonnage.parse().ok(), ..Limits::default() },
        certificates: content.certificates.clone(),
        region: content.region.clone(),
        price: price.parse().ok().map(|amount| Price { amount, currency: "CNY".into() }),
        unit_code: "SEC".into(),
        free: mondays.iter().map(|monday| (*monday, (3_600 * (1 + n % 40)).into())).collect(),
    };
    (content, supply)
}

/// Writes it as publishing does: for all, for partners, or for the buyer.
async fn write(
    tx: &mut sqlx::PgConnection,
    (supplier, group, buyer): (Uuid, Uuid, Uuid),
    (content, supply): &(OfferContent, Supply),
    n: usize,
) -> anyhow::Result<()> {
    let facts = Facts::of(supply);
    let room = facts.room.ok_or_else(|| anyhow::anyhow!("an offer without room"))?;
    let visibility = ["partners", "named", "all"][n % 3];
    sqlx::query(
        "insert into capacity.offer (supplier, id, group_id, version, content, unit_code, visibility, hold_seconds, \
         published_at, changed_at, process_key, facts_version, material_keys, certificate_keys, tonnage_t, region, price, \
         currency, room_from, room) \
         values ($1, $2, $3, 1, $4, 'SEC', $5, 86400, now(), now(), $6, 1, $7, $8, $9, $10, $11, 'CNY', $12, $13)",
    )
    .bind(supplier)
    .bind(supply.id)
    .bind(group)
    .bind(content.encode_to_vec())
    .bind(visibility)
    .bind(capacity::need::fold(&supply.process))
    .bind(facts.material_keys)
    .bind(facts.certificate_keys)
    .bind(facts.limits.tonnage_t)
    .bind(facts.region)
    .bind(facts.price.map(|price| price.amount))
    .bind(room.from)
    .bind(room.through)
    .execute(&mut *tx)
    .await?;
    if visibility == "named" {
        sqlx::query("insert into capacity.offer_reader (supplier, offer_id, firm) values ($1, $2, $3)")
            .bind(supplier)
            .bind(supply.id)
            .bind(buyer)
            .execute(&mut *tx)
            .await?;
    }
    let ids: Vec<Uuid> = supply.free.iter().map(|_| new_id()).collect();
    let (mondays, totals): (Vec<Date>, Vec<_>) = supply.free.clone().into_iter().unzip();
    sqlx::query(
        "insert into capacity.capacity_bucket (supplier, offer_id, id, monday, total, reserved) \
         select $1, $2, id, monday, total, case when $6 then total / 2 else 0 end \
         from unnest($3::uuid[], $4::date[], $5::numeric[]) as t(id, monday, total)",
    )
    .bind(supplier)
    .bind(supply.id)
    .bind(ids)
    .bind(&mondays)
    .bind(&totals)
    .bind(n % 10 == 7)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update capacity.capacity_week w set offered = w.offered + t.total \
         from unnest($3::date[], $4::numeric[]) as t(monday, total) \
         where w.supplier = $1 and w.group_id = $2 and w.monday = t.monday",
    )
    .bind(supplier)
    .bind(group)
    .bind(mondays)
    .bind(totals)
    .execute(&mut *tx)
    .await?;
    Ok(())
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

/// What is free of the offers of the process in the need's weeks, seen by their owner; of how many it is enough.
async fn summed(pool: &PgPool, first: Date) -> anyhow::Result<usize> {
    let rows = sqlx::query(
        "select o.id, sum(b.total - b.reserved) as free from capacity.offer o \
         join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id \
         where o.process_key = '注塑' and not o.withdrawn and b.monday between $1 and $2 \
         group by o.id having sum(b.total - b.reserved) >= 72000",
    )
    .bind(first)
    .bind(first + Duration::weeks(3))
    .fetch_all(pool)
    .await?;
    Ok(rows.len())
}
