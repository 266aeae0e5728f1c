//! A page of 50 unanswered orders, by requested date, against the bare query for the same page over the same Postgres; and
//! what a page of a search takes among very many, by what few, many and no orders have.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use harness::{Access, Firm, World};
use hdrhistogram::Histogram;
use proto::orders::{ListOrdersRequest, OrderSort, OrderState, Side};
use sqlx::{PgPool, Row};
use tokio::task::JoinSet;

use crate::{
    curve, publish,
    report::{Noise, Report, interleaved},
    scale::Scale,
};

/// Orders of the supplier whose list is read.
const ORDERS: usize = 10_000;
const PAGES: usize = 3_000;
const IN_FLIGHT: usize = 16;
const PAGE: usize = 50;

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    publish::ours(&world, &buyer, 64, scale.of(ORDERS)).await?;
    sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, IN_FLIGHT as u32).await?;
    ours(&world, &supplier, scale.of(200)).await?;
    bare(&pool, &supplier, scale.of(200)).await?;
    let pages = scale.of(PAGES);
    let ours = async || ours(&world, &supplier, pages).await;
    let bare = async || bare(&pool, &supplier, pages).await;
    interleaved("list_50_orders", report, scale, pages, "pages/s", ours, bare).await?;
    pool.close().await;
    crate::finish(world).await
}

/// The page as one would write it by hand: its keys by the index, then what is shown of each.
const BARE: &str = "with page as (select s.order_id, s.buyer, s.requested_date from orders.order_state s \
    where s.supplier = $1 and s.state = $2 order by s.requested_date, s.order_id limit $3) \
    select o.id, o.order_number, o.source_system, o.buyer, b.name, o.supplier, f.name, s.revision, s.version, s.state, \
    o.purchasing_group, r.currency, r.net_amount, r.price_includes_tax, s.requested_date, r.line_count, \
    s.unanswered_lines, s.proposed_lines, r.first_item_name, o.published_at, s.updated_at, d.due_on, d.paused_on, s.held \
    from page join orders.purchase_order o on o.id = page.order_id and o.buyer = page.buyer \
    join orders.order_state s on s.order_id = page.order_id and s.buyer = page.buyer \
    join orders.order_revision r on r.order_id = o.id and r.buyer = o.buyer and r.revision = s.revision \
    left join orders.answer_deadline d on d.order_id = o.id and d.buyer = o.buyer \
    left join partners.firm_name b on b.id = o.buyer left join partners.firm_name f on f.id = o.supplier \
    order by page.requested_date, page.order_id";

/// Pages a second over gRPC.
pub async fn ours(world: &World, supplier: &Firm, pages: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(pages));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    let connections: Vec<_> = (0..4).map(|_| world.connection(supplier.token())).collect();
    for task in 0..IN_FLIGHT {
        let (left, access) = (left.clone(), connections[task % connections.len()].clone());
        tasks.spawn(async move {
            while publish::take(&left) {
                let request = ListOrdersRequest {
                    page_size: PAGE as i32,
                    side: Side::Supplier.into(),
                    states: vec![OrderState::Unanswered.into()],
                    order_by: OrderSort::RequestedDate.into(),
                    ..ListOrdersRequest::default()
                };
                let page = access.orders().list_orders(request).await?.into_inner();
                anyhow::ensure!(page.orders.len() == PAGE, "a page has {} orders", page.orders.len());
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(pages as f64 / started.elapsed().as_secs_f64())
}

/// Pages a second by the query alone, in the supplier's tenant.
async fn bare(pool: &PgPool, supplier: &Firm, pages: usize) -> anyhow::Result<f64> {
    let left = Arc::new(AtomicUsize::new(pages));
    let read = Arc::new(AtomicUsize::new(0));
    let (firm, started) = (supplier.uuid(), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (left, read, pool) = (left.clone(), read.clone(), pool.clone());
        tasks.spawn(async move {
            while publish::take(&left) {
                let begin = format!("begin; select set_config('tandem.firm', '{firm}', true)");
                let mut tx = pool.begin_with(sqlx::AssertSqlSafe(begin)).await?;
                let rows = sqlx::query(BARE)
                    .bind(firm)
                    .bind(OrderState::Unanswered as i16)
                    .bind(PAGE as i64)
                    .fetch_all(&mut *tx)
                    .await?;
                tx.commit().await?;
                let numbers = rows.iter().map(|row| row.try_get::<String, _>("order_number"));
                read.fetch_add(numbers.collect::<Result<Vec<_>, _>>()?.len(), Ordering::Relaxed);
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    anyhow::ensure!(read.load(Ordering::Relaxed) == pages * PAGE, "pages were not full");
    Ok(pages as f64 / started.elapsed().as_secs_f64())
}

/// Orders that are searched.
const SEARCHED: usize = 100_000;
const SEARCHED_LONG: usize = 1_000_000;
/// Rounds over all questions.
const CALLS: usize = 20;
/// What is looked for; `{number}` stands for the number of an order.
const QUESTIONS: [&str; 8] =
    ["{number}", "CY-BX-0450", "转向柱支架", "支架 CY", "pump", "澄屿", "澄屿 弹簧", "没有的东西"];

/// Pages of a search by the supplier of all orders and by their buyer: all of them, and those that wait.
pub async fn search(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    let (buyer, supplier) = world.pair().await;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, 4).await?;
    let orders = if scale == Scale::Long { SEARCHED_LONG } else { scale.of(SEARCHED) };
    curve::fill(&pool, &buyer, &supplier, orders).await?;
    pool.close().await;
    sqlx::raw_sql("vacuum analyze").execute(world.owner_pool().await).await?;
    for (name, access, side) in [("supplier", &*supplier, Side::Supplier), ("buyer", &*buyer, Side::Buyer)] {
        searched(name, access, side, orders, report, scale).await?;
    }
    crate::finish(world).await
}

async fn searched(
    name: &str,
    access: &Access,
    side: Side,
    orders: usize,
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let list =
        ListOrdersRequest { page_size: PAGE as i32, side: side.into(), ..ListOrdersRequest::default() };
    let newest = access.orders().list_orders(list.clone()).await?.into_inner().orders;
    let number = newest.last().map(|order| order.order_number.clone()).unwrap_or_default();
    let mut each = Vec::new();
    for text in QUESTIONS.map(|text| text.replace("{number}", &number)) {
        for state in [None, Some(OrderState::Unanswered)] {
            let states = state.into_iter().map(i32::from).collect();
            let order_by = if state.is_some() { OrderSort::RequestedDate } else { OrderSort::Unspecified };
            let request =
                ListOrdersRequest { text: text.clone(), states, order_by: order_by.into(), ..list.clone() };
            each.push((request, Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?, 0));
        }
    }
    let (mut noise, mut round) = (Noise::new(scale), 0);
    while noise.wants_another(round) {
        noise.begin()?;
        for _ in 0..scale.of(CALLS) {
            for (request, times, found) in &mut each {
                let started = Instant::now();
                *found = access.orders().list_orders(request.clone()).await?.into_inner().orders.len();
                times.record(started.elapsed().as_micros() as u64)?;
            }
        }
        round += usize::from(!noise.too_loud()?);
    }
    let parts = each.iter().map(|(request, times, found)| {
        let waiting = if request.states.is_empty() { "" } else { " waiting" };
        let ms = times.value_at_quantile(0.95) as f64 / 1_000.0;
        format!("\"{}\"{waiting} ({found}): {ms:.1}", request.text)
    });
    let parts: Vec<String> = parts.collect();
    let line = format!(
        "among {orders} orders, p95 of each, ms: {}; others used {:.2} cores",
        parts.join(", "),
        noise.heard()
    );
    let figure = serde_json::json!({ "each_p95_ms": parts, "others_cores": noise.heard() });
    report.add(&format!("orders_search_{name}"), &line, figure);
    Ok(())
}
