//! Resources: what a page of a search among 100,000 takes, in Chinese and in English, by common words and rare ones, with
//! filters, on the first page and on later ones; and metadata published a second against the bare insert of the same rows.
//!
//! Firms and partners come by the API; the resources of the search as the rows that publishing them writes, events aside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use ::resources::search;
use harness::{Access, Firm, World, request_id, resource};
use hdrhistogram::Histogram;
use prost::Message;
use proto::resources::{ListResourcesRequest, ResourceCategory, ResourceContent, ResourceVisibility};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    bare::{self, new_id},
    publish,
    report::{Noise, Report, interleaved},
    scale::Scale,
};

const RESOURCES: usize = 100_000;
/// Firms that publish; the first half are partners of the one that searches.
const OWNERS: usize = 100;
/// Rounds over all questions of a language.
const CALLS: usize = 20;
const SLICE: usize = 1_000;
/// Firms that publish at once, and how many resources in a round.
const PUBLISHERS: usize = 8;
const PUBLISHED: usize = 1_000;

static PARTS: [(&str, &str); 20] = [
    ("转向柱", "steering"),
    ("支架", "bracket"),
    ("控制臂", "control"),
    ("仪表板", "dashboard"),
    ("门锁", "lock"),
    ("齿轮", "gear"),
    ("壳体", "housing"),
    ("轴承座", "bearing"),
    ("电机", "motor"),
    ("线束", "harness"),
    ("散热器", "radiator"),
    ("水泵", "pump"),
    ("滤清器", "filter"),
    ("活塞", "piston"),
    ("曲轴", "crankshaft"),
    ("离合器", "clutch"),
    ("制动盘", "brake"),
    ("座椅", "seat"),
    ("密封圈", "seal"),
    ("弹簧", "spring"),
];
static KINDS: [(&str, &str); 4] =
    [("图纸", "drawing"), ("检验规范", "inspection"), ("包装规范", "packaging"), ("工艺文件", "process")];
const REGIONS: [&str; 4] = ["441900", "440100", "330200", "320500"];
const INDUSTRIES: [&str; 3] = ["C2929", "C3670", "C3311"];

/// What is looked for: the text, whether by category, industry and region too, and how many pages on.
type Question = (&'static str, bool, usize);
const QUESTIONS: [(&str, &[Question]); 2] = [
    (
        "zh",
        &[
            ("", false, 0),
            ("图纸", false, 0),
            ("图纸", false, 3),
            ("图纸", true, 0),
            ("转向柱支架", false, 0),
            ("支架 图纸 第 3 工厂", false, 0),
            ("弹", false, 1),
            ("图纸 YZ-50028", false, 0),
            ("没有的东西", false, 0),
        ],
    ),
    (
        "en",
        &[
            ("", true, 1),
            ("drawing", false, 0),
            ("drawing", false, 3),
            ("drawing", true, 0),
            ("steering bracket", false, 0),
            ("bracket drawing plant 3", false, 0),
            ("s", false, 1),
            ("drawing yz50028", false, 0),
            ("nowhere", false, 0),
        ],
    ),
];

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let searcher = world.firm("澄屿家居用品(示例)有限公司").await;
    let owners = seed(&world, &searcher, scale).await?;
    sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
    for (language, questions) in QUESTIONS {
        searched(language, questions, &searcher, report, scale).await?;
    }
    published(&world, &owners[..PUBLISHERS.min(owners.len())], report, scale).await?;
    crate::finish(world).await
}

/// The n-th resource, with a number of its owner's.
fn one(n: usize) -> (String, ResourceContent) {
    let (part, of, kind) =
        (PARTS[n % PARTS.len()], PARTS[(n / 7) % PARTS.len()], KINDS[(n / 3) % KINDS.len()]);
    let content = ResourceContent {
        name: format!("{}{}{}", part.0, of.0, kind.0),
        name_en: format!("{} {} {}", part.1, of.1, kind.1),
        summary: format!("适用于第 {0} 工厂 (plant {0})", n % 50),
        category: 1 + (n % 8) as i32,
        industry_codes: vec![INDUSTRIES[n % INDUSTRIES.len()].into()],
        region: REGIONS[(n / 5) % REGIONS.len()].into(),
        ..ResourceContent::default()
    };
    (format!("YZ-{n:05}"), content)
}

/// For all, for partners, or for those to whom it is granted.
fn visibility(n: usize) -> &'static str {
    ["all", "partners", "all", "granted"][(n / 11) % 4]
}

/// The firms that publish, and 100,000 resources of theirs in the order in which they came.
async fn seed(world: &World, searcher: &Firm, scale: Scale) -> anyhow::Result<Vec<Firm>> {
    let mut owners = Vec::new();
    for n in 0..if scale == Scale::Smoke { 4 } else { OWNERS } {
        let owner = world.firm(&format!("第{n}家(示例)")).await;
        if n % 2 == 0 {
            world.partner(searcher, &owner, &format!("V{n}")).await;
        }
        owners.push(owner);
    }
    let pool = world.owner_pool().await;
    let ids: Vec<Uuid> = owners.iter().map(|owner| owner.uuid()).collect();
    sqlx::query("insert into resources.publisher (owner) select unnest($1::uuid[]) on conflict do nothing")
        .bind(&ids)
        .execute(pool)
        .await?;
    let count = scale.of(RESOURCES);
    for from in (0..count).step_by(SLICE) {
        slice(pool, &ids, from..(from + SLICE).min(count)).await?;
    }
    Ok(owners)
}

async fn slice(pool: &PgPool, owners: &[Uuid], places: std::ops::Range<usize>) -> anyhow::Result<()> {
    let all: Vec<(usize, String, ResourceContent)> =
        places.map(|n| (n, one(n))).map(|(n, (number, content))| (n, number, content)).collect();
    let indexed: Vec<chassis::search::Indexed> = all
        .iter()
        .map(|(_, number, content)| {
            let texts = [&*content.name, &*content.name_en, number, &*content.summary];
            search::index(&texts, &content.industry_codes, &content.region)
        })
        .collect();
    // No key holds a tab.
    sqlx::query(
        "insert into resources.resource (owner, id, version, resource_number, content, name, category, classification, \
         acknowledge, seats, visibility, open, search_text, search_keys, published_at, changed_at) \
         select owner, id, 1, number, content, name, category, 1, false, 0, visibility, false, text, \
         string_to_array(keys, E'\\t'), now(), now() \
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::smallint[], $7::text[], $8::text[], \
         $9::text[]) as t(owner, id, number, content, name, category, visibility, text, keys)",
    )
    .bind(all.iter().map(|(n, ..)| owners[n % owners.len()]).collect::<Vec<_>>())
    .bind(all.iter().map(|_| new_id()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, number, _)| number.clone()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, _, content)| content.encode_to_vec()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, _, content)| content.name.clone()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, _, content)| content.category as i16).collect::<Vec<_>>())
    .bind(all.iter().map(|(n, ..)| visibility(*n)).collect::<Vec<_>>())
    .bind(indexed.iter().map(|one| one.text.clone()).collect::<Vec<_>>())
    .bind(indexed.iter().map(|one| one.keys.join("\t")).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(())
}

/// Pages of all questions of a language, one after the other.
async fn searched(
    language: &str,
    questions: &[Question],
    searcher: &Firm,
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let mut all = histogram()?;
    let mut each = questions.iter().map(|_| histogram()).collect::<anyhow::Result<Vec<_>>>()?;
    let mut found = vec![0; questions.len()];
    let mut noise = Noise::new(scale);
    let mut round = 0;
    while noise.wants_another(round) {
        noise.begin()?;
        let mut times = Vec::new();
        for _ in 0..scale.of(CALLS) {
            for (place, question) in questions.iter().enumerate() {
                let (us, rows) = page(searcher, question).await?;
                times.push((place, us));
                found[place] = rows;
            }
        }
        if noise.too_loud()? {
            continue;
        }
        for (place, us) in times {
            all.record(us)?;
            each[place].record(us)?;
        }
        round += 1;
    }
    let ms = |of: &Histogram<u64>, quantile| of.value_at_quantile(quantile) as f64 / 1_000.0;
    let parts: Vec<String> = questions
        .iter()
        .zip(&each)
        .zip(&found)
        .map(|(((text, filtered, page), times), rows)| {
            let filtered = if *filtered { " filtered" } else { "" };
            format!("\"{text}\"{filtered} page {} ({rows}): {:.1}", page + 1, ms(times, 0.95))
        })
        .collect();
    let line = format!(
        "among {} resources: p50 {:.1} ms, p95 {:.1} ms; p95 of each, ms: {}; others used {:.2} cores",
        scale.of(RESOURCES),
        ms(&all, 0.5),
        ms(&all, 0.95),
        parts.join(", "),
        noise.heard()
    );
    let figure = serde_json::json!({
        "p50_ms": ms(&all, 0.5), "p95_ms": ms(&all, 0.95), "each_p95_ms": parts, "others_cores": noise.heard(),
    });
    report.add(&format!("resources_search_{language}"), &line, figure);
    Ok(())
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// How long the page that was asked for took, in microseconds; and how many are on it.
async fn page(searcher: &Access, (text, filtered, pages): &Question) -> anyhow::Result<(u64, usize)> {
    let mut request = ListResourcesRequest { text: (*text).into(), ..ListResourcesRequest::default() };
    if *filtered {
        request.categories = vec![ResourceCategory::Drawing.into()];
        (request.industry_code, request.region) = ("C2929".into(), "44".into());
    }
    for _ in 0..*pages {
        request.page_token =
            searcher.resources().list_resources(request.clone()).await?.into_inner().next_page_token;
    }
    let started = Instant::now();
    let listed = searcher.resources().list_resources(request).await?.into_inner();
    Ok((u64::try_from(started.elapsed().as_micros())?, listed.resources.len()))
}

/// Resources a second, by firms that publish at once, on tables that are full.
async fn published(world: &World, owners: &[Firm], report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, PUBLISHERS as u32).await?;
    let count = scale.of(PUBLISHED);
    ours(world, owners, scale.of(100)).await?;
    bare(world, &pool, owners, scale.of(100)).await?;
    let ours = async || ours(world, owners, count).await;
    let bare = async || bare(world, &pool, owners, count).await;
    interleaved("resources_published", report, scale, count, "resources/s", ours, bare).await?;
    pool.close().await;
    Ok(())
}

async fn ours(world: &World, owners: &[Firm], count: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(count));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for owner in owners {
        let (left, access) = (left.clone(), world.connection(owner.token()));
        tasks.spawn(async move {
            while publish::take(&left) {
                let mut request = resource::shown("");
                let (_, content) = one(left.load(Ordering::Relaxed));
                request.resource_number = request_id();
                request.content = Some(content);
                request.visibility = ResourceVisibility::Partners.into();
                access.publish_resource(request).await?;
            }
            Ok::<(), tonic::Status>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    world.settled().await;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// The resource, the row that makes a repeated request harmless, and the outbox row, by a bare loop.
async fn bare(world: &World, pool: &PgPool, owners: &[Firm], count: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(count));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for owner in owners {
        let (left, pool, owner) = (left.clone(), pool.clone(), owner.uuid());
        // Nobody follows these firms: the owner alone is told, as it is of ours.
        let payload = bare::payload(owner, None, 600);
        tasks.spawn(async move {
            while publish::take(&left) {
                insert(&pool, owner, &payload, left.load(Ordering::Relaxed)).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    world.settled().await;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

async fn insert(pool: &PgPool, owner: Uuid, payload: &[u8], n: usize) -> anyhow::Result<()> {
    let (_, content) = one(n);
    let (id, number) = (new_id(), request_id());
    let texts = [&*content.name, &*content.name_en, &*number, &*content.summary];
    let indexed = search::index(&texts, &content.industry_codes, &content.region);
    let begin = format!("begin; select set_config('tandem.firm', '{owner}', true)");
    let mut tx = pool.begin_with(sqlx::AssertSqlSafe(begin)).await?;
    sqlx::query(
        "insert into resources.resource (owner, id, version, resource_number, content, name, category, classification, \
         acknowledge, seats, visibility, open, search_text, search_keys, published_at, changed_at) \
         values ($1, $2, 1, $3, $4, $5, $6, 1, false, 0, 'partners', false, $7, $8, now(), now())",
    )
    .bind(owner)
    .bind(id)
    .bind(&number)
    .bind(content.encode_to_vec())
    .bind(&content.name)
    .bind(content.category as i16)
    .bind(indexed.text)
    .bind(indexed.keys)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into event.idempotency (firm, method, request_id, request_sha256, receipt) values ($1, 'bench', $2, $3, $4)",
    )
    .bind(owner)
    .bind(&number)
    .bind(vec![0_u8; 32])
    .bind(vec![0_u8; 60])
    .execute(&mut *tx)
    .await?;
    sqlx::query("insert into event.outbox (firm, payload) values ($1, $2)")
        .bind(owner)
        .bind(payload)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
