//! What the lists of the portal take among very many orders: the server's time for a whole page, from the request to its last
//! byte, the calls that the portal makes for it included. A look at the sandbox tells what a page weighs; this tells what
//! it costs where a firm has been busy for years.
//!
//! Among a million orders every page has a limit, and one that takes longer ends the run with its name.

use std::time::{Duration, Instant};

use axum::body::Body;
use harness::{Access, Firm, World};
use hdrhistogram::Histogram;
use http_body_util::BodyExt as _;
use proto::orders::{ListOrdersRequest, Side};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    busy, curve, publish,
    report::{Noise, Report},
    scale::Scale,
};

/// Orders of the supplier and all its buyers, which have been answered but for the newest.
const ORDERS: usize = 100_000;
const ORDERS_LONG: usize = 1_000_000;
const WAITING: usize = 1_000;
/// The supplier's other buyers, each with a tenth of its orders: what waits for it is in order over all of them. The buyer
/// whose lists are read has the others.
const OTHERS: [&str; 2] = ["木棉门业(示例)有限公司", "远樟汽车部件(示例)有限公司"];
/// Rounds over all pages.
const ROUNDS: usize = 20;
/// Rounds before them, which do not count.
const WARM_UP: usize = 8;

/// What a page may take, p95, in ms: that which a day begins with, one that looks for words, and any list.
const BEGUN_MS: f64 = 15.0;
const SOUGHT_MS: f64 = 500.0;
const LISTED_MS: f64 = 300.0;

/// Lists by who reads them, and the search over all of them; `{number}` stands for the number of an order, `{order}` for its
/// page.
const SUPPLYING: [&str; 37] = [
    "/inbox",
    "/inbox?show=all",
    "/inbox?show=proposed",
    "/inbox?select=all",
    "/inbox?show=all&q={number}",
    "/inbox?show=all&q={number}0",
    "/inbox?show=all&q=%E6%94%AF%E6%9E%B6",
    "/inbox?q=pump",
    "/inbox?q=%E6%9C%A8%E6%A3%89",
    "{order}",
    "/search?q={number}",
    "/search?q={number}0",
    "/search?q=%E6%94%AF%E6%9E%B6",
    "/capacity",
    "/capacity/demand",
    "/capacity/disclosure",
    "/capacity/offers",
    "/capacity/profile",
    "/capacity/requests",
    "/capacity/reservations",
    "/resources",
    "/resources/access",
    "/resources/entitlements",
    "/resources/following",
    "/resources/mine",
    "/resources/own",
    "/resources/waiting",
    "/reminders",
    "/partners",
    "/members",
    "/sites",
    "/aliases",
    "/clusters",
    "/channels",
    "/keys",
    "/webhooks",
    "/platform-actions",
];
const BUYING: [&str; 27] = [
    "/purchases",
    "/purchases?state=unanswered",
    "/purchases?state=overdue",
    "/purchases?state=proposed",
    "/purchases?state=pending",
    "/purchases?state=accepted",
    "/purchases?state=part",
    "/purchases?state=rejected",
    "/purchases?state=cancelled",
    "/purchases?state=differs",
    "/purchases?q={number}",
    "/purchases?q={number}0",
    "/purchases?q=%E6%94%AF%E6%9E%B6",
    "/purchases?state=rejected&q=%E6%94%AF%E6%9E%B6",
    "{order}",
    "/search?q={number}",
    "/search?q=%E6%94%AF%E6%9E%B6",
    "/at-risk",
    "/at-risk?days=30",
    "/proposals",
    "/reminders",
    "/reminders?state=opened",
    "/capacity",
    "/capacity/demand",
    "/capacity/requests",
    "/resources",
    "/purchasing-groups",
];
const OPERATING: [&str; 5] = [
    "/operator/firms",
    "/operator/actions",
    "/operator/webhooks",
    "/operator/notices",
    "/operator/announcements",
];

/// A page, as somebody asks for it.
struct Page<'a> {
    /// Who asks, such as `buyer`.
    who: &'static str,
    path: String,
    token: &'a str,
    times: Histogram<u64>,
}

impl Page<'_> {
    fn ms(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// What it may take.
    fn limit_ms(&self) -> f64 {
        match self.path.as_str() {
            "/inbox" => BEGUN_MS,
            path if path.contains("q=") => SOUGHT_MS,
            _ => LISTED_MS,
        }
    }
}

pub async fn run(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let world = crate::world().await?;
    // A page that fails says so, after the world has gone.
    let measured = measure(&world, report, scale).await;
    crate::finish(world).await?;
    measured
}

async fn measure(world: &World, report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let (buyer, supplier, orders) = filled(world, scale).await?;
    let one = ListOrdersRequest { page_size: 1, side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    let newest = supplier.orders().list_orders(one).await?.into_inner();
    let newest = newest.orders.first().ok_or_else(|| anyhow::anyhow!("there are no orders"))?;
    let (number, order) = (&newest.order_number, format!("/orders/{}", newest.id));
    let readers: [(_, &Access, &[&str]); 3] = [
        ("supplier", supplier.session(), &SUPPLYING),
        ("buyer", buyer.session(), &BUYING),
        ("operator", world.operator().await.session(), &OPERATING),
    ];
    let mut pages = Vec::new();
    for (who, access, paths) in readers {
        for path in paths {
            let path = path.replace("{number}", number).replace("{order}", &order);
            let times = Histogram::new_with_bounds(1, 60_000_000, 3)?;
            pages.push(Page { who, path, token: access.token(), times });
        }
    }
    let shutdown = CancellationToken::new();
    let portal = portal(world, shutdown.clone())?;
    let noise = read(&portal, &mut pages, scale).await?;
    shutdown.cancel();
    let each: Vec<String> = pages
        .iter()
        .map(|page| format!("{} {} {:.1} / {:.1}", page.who, page.path, page.ms(0.5), page.ms(0.95)))
        .collect();
    let line = format!(
        "among {orders} orders, p50 / p95 of each, ms: {}; others used {:.2} cores",
        each.join(", "),
        noise.heard()
    );
    let figure =
        serde_json::json!({ "orders": orders, "each_p50_p95_ms": each, "others_cores": noise.heard() });
    report.add("portal_pages", &line, figure);
    if scale == Scale::Long { judge(&pages, &noise) } else { Ok(()) }
}

/// Buyer and supplier among so many orders, and how many.
async fn filled(world: &World, scale: Scale) -> anyhow::Result<(Firm, Firm, i64)> {
    let (buyer, supplier) = world.pair().await;
    let url = harness::cluster::get().await.url("tandem_app", world.database());
    let pool = chassis::db::connect(url.parse()?, 4).await?;
    let orders = if scale == Scale::Long { ORDERS_LONG } else { scale.of(ORDERS) };
    for name in OTHERS {
        let other = world.firm(name).await;
        world.partner(&other, &supplier, "V100").await;
        curve::fill(&pool, &other, &supplier, orders / 10).await?;
    }
    curve::fill(&pool, &buyer, &supplier, orders - OTHERS.len() * (orders / 10)).await?;
    pool.close().await;
    let orders = busy::years(world, WAITING).await?;
    // What is written barely has a row in every list, and no page of its own.
    publish::ours(world, &buyer, 1, 1).await?;
    busy::tidy(world).await?;
    Ok((buyer, supplier, orders))
}

/// Reads all pages in turn; rounds in which others were loud are not kept.
async fn read(portal: &axum::Router, pages: &mut [Page<'_>], scale: Scale) -> anyhow::Result<Noise> {
    // A process that serves for days has each statement planned on all of its connections.
    for _ in 0..scale.of(WARM_UP) {
        for page in &*pages {
            got(portal, page).await?;
        }
    }
    let (mut noise, mut round) = (Noise::new(scale), 0);
    while noise.wants_another(round) {
        noise.begin()?;
        let mut times = Vec::new();
        for _ in 0..scale.of(ROUNDS) {
            for page in &*pages {
                times.push(got(portal, page).await?);
            }
        }
        if noise.too_loud()? {
            continue;
        }
        round += 1;
        let count = pages.len();
        for (place, took) in times.into_iter().enumerate() {
            pages[place % count].times.record(took.as_micros() as u64)?;
        }
    }
    Ok(noise)
}

/// Whether each page came within its limit, p95; of a machine that was busy with something else, nothing can be said.
fn judge(pages: &[Page<'_>], noise: &Noise) -> anyhow::Result<()> {
    let over = pages.iter().filter(|page| page.ms(0.95) > page.limit_ms());
    let over: Vec<String> = over
        .map(|page| format!("{} {} {:.1} of {} ms", page.who, page.path, page.ms(0.95), page.limit_ms()))
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let over = over.join(", ");
    anyhow::ensure!(noise.loud(), "pages over their limits, p95: {over}");
    println!("portal_pages: others were too loud to blame these pages, p95: {over}");
    Ok(())
}

/// The portal over the world's API.
fn portal(world: &World, shutdown: CancellationToken) -> anyhow::Result<axum::Router> {
    let config = portal::Config {
        api: format!("http://{}", world.node().api),
        public_url: None,
        secure_cookies: false,
        largest_file: 1_000_000,
        font: String::new(),
        form_key: [7; 32],
    };
    portal::router(config, chassis::clock::system(), shutdown)
}

/// How long the whole page took. The number of an order leads to that order, and nothing else leads away.
async fn got(portal: &axum::Router, page: &Page<'_>) -> anyhow::Result<Duration> {
    let request = http::Request::get(&page.path)
        .header("host", "localhost")
        .header("cookie", format!("tandem_dev={}", page.token))
        .body(Body::empty())?;
    let started = Instant::now();
    let response = portal.clone().oneshot(request).await?;
    let status = response.status();
    let place = response.headers().get(http::header::LOCATION).cloned();
    let bytes = response.into_body().collect().await?.to_bytes();
    let took = started.elapsed();
    let leads = place.is_some_and(|place| place.as_bytes().starts_with(b"/orders/"));
    anyhow::ensure!(
        status.is_success() || leads,
        "{} {}: {status} {}",
        page.who,
        page.path,
        String::from_utf8_lossy(&bytes)
    );
    Ok(took)
}
