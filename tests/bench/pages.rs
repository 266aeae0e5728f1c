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
use proto::{
    orders::{ListOrdersRequest, Side},
    partners::{ListRelationshipsRequest, Role, Scope},
};
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
/// Among a million orders, where a round takes ten seconds.
const ROUNDS_LONG: usize = 8;
/// Rounds before them, which do not count.
const WARM_UP: usize = 8;

/// What a page may take, p95, in ms: that which a day begins with, one that looks for words, and any list.
const BEGUN_MS: f64 = 15.0;
const SOUGHT_MS: f64 = 500.0;
const LISTED_MS: f64 = 300.0;

/// Lists by who reads them, and the search over all of them; `{number}` stands for the number of an order, `{order}` for its
/// page, `{partner}` for that of the firm on its other side. Groups are those that bare.rs gives.
const SUPPLYING: &[&str] = &[
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
const BUYING: &[&str] = &[
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
    "/purchases?group=100",
    "/purchases?group=900",
    "/purchases?group=P07",
    "/purchases?group=absent",
    "/purchases?state=accepted&group=100",
    "/purchases?state=accepted&group=900",
    "/purchases?state=accepted&group=P07",
    "/purchases?state=accepted&group=absent",
    "/purchases?state=rejected&group=P07",
    "/purchases?group=900&q=%E6%94%AF%E6%9E%B6",
    "/purchases?q={number}",
    "/purchases?q={number}0",
    "/purchases?q=%E6%94%AF%E6%9E%B6",
    "/purchases?state=rejected&q=%E6%94%AF%E6%9E%B6",
    "{order}",
    "{order}/share",
    "/search?q={number}",
    "/search?q=%E6%94%AF%E6%9E%B6",
    "/at-risk",
    "/at-risk?days=30",
    "/at-risk?group=100",
    "/at-risk?group=900",
    "/at-risk?group=P07",
    "/at-risk?group=absent",
    "/proposals",
    "/reminders",
    "/reminders?state=opened",
    "/capacity",
    "/capacity/demand",
    "/capacity/requests",
    "/resources",
    "/purchasing-groups",
];
const OPERATING: &[&str] = &[
    "/operator/firms",
    "/operator/actions",
    "/operator/webhooks",
    "/operator/notices",
    "/operator/announcements",
];

/// What those read who see some purchasing groups alone: by name, and the groups.
const NARROWED: [(&str, &[&str]); 3] = [
    ("buyer of few", &["900"]),
    ("buyer of several", &["P03", "P07", "P11"]),
    ("buyer of none", &["absent"]),
];
const OWN: &[&str] = &["/purchases", "/purchases?state=accepted", "/purchases?state=rejected", "/at-risk"];
/// Figures over all orders of two firms within their period, which are no lists: they are told of, and have no limit.
const SUMMED: &[&str] = &["{partner}", "{partner}/score/acceptance", "{partner}/score/answered_on_time"];
/// How often each of them is read.
const SUMS: usize = 5;
/// Lists of which the second page is read, too.
const TURNED: [(&str, &str); 2] = [("supplier", "/inbox?show=all"), ("buyer", "/purchases")];

/// Somebody who reads pages, such as `buyer`, and which.
type Reader<'a> = (&'static str, &'a Access, &'a [&'a str]);

/// A page, as somebody asks for it.
struct Page<'a> {
    who: &'static str,
    /// As it is told of; the address of a second page is another each time.
    name: String,
    path: String,
    token: &'a str,
    times: Histogram<u64>,
}

impl<'a> Page<'a> {
    fn new(who: &'static str, access: &'a Access, name: String, path: String) -> anyhow::Result<Self> {
        let times = Histogram::new_with_bounds(1, 60_000_000, 3)?;
        Ok(Self { who, name, path, token: access.token(), times })
    }

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
    let mut narrowed = Vec::new();
    for (who, groups) in NARROWED {
        let purchasing_groups = groups.iter().map(|group| (*group).to_string()).collect();
        let scope = Scope { purchasing_groups, ..Scope::default() };
        narrowed.push((who, buyer.person(who, &[Role::Buyer], Some(scope)).await.1));
    }
    let operator = world.operator().await;
    let mut readers: Vec<Reader<'_>> = vec![
        ("supplier", supplier.session(), SUPPLYING),
        ("buyer", buyer.session(), BUYING),
        ("operator", operator.session(), OPERATING),
    ];
    readers.extend(narrowed.iter().map(|(who, access)| (*who, access, OWN)));
    let shutdown = CancellationToken::new();
    let portal = portal(world, shutdown.clone())?;
    let mut pages = asked(&supplier, &readers).await?;
    turn(&portal, &readers, &mut pages).await?;
    let noise = read(&portal, &mut pages, scale).await?;
    let each: Vec<String> = pages
        .iter()
        .map(|page| format!("{} {} {:.1} / {:.1}", page.who, page.name, page.ms(0.5), page.ms(0.95)))
        .collect();
    let line = format!(
        "among {orders} orders, p50 / p95 of each, ms: {}; others used {:.2} cores",
        each.join(", "),
        noise.heard()
    );
    let figure =
        serde_json::json!({ "orders": orders, "each_p50_p95_ms": each, "others_cores": noise.heard() });
    report.add("portal_pages", &line, figure);
    let sums = asked(&supplier, &[("buyer", buyer.session(), SUMMED)]).await?;
    summed(&portal, sums, report, scale).await?;
    shutdown.cancel();
    if scale == Scale::Long { judge(&pages, &noise) } else { Ok(()) }
}

/// Tells what figures take; one that is not there in time says so.
async fn summed(
    portal: &axum::Router,
    pages: Vec<Page<'_>>,
    report: &mut Report,
    scale: Scale,
) -> anyhow::Result<()> {
    let mut each = Vec::new();
    for mut page in pages {
        let mut late = 0;
        for _ in 0..scale.of(SUMS) {
            match got(portal, &page).await {
                Ok((took, _)) => page.times.record(took.as_micros() as u64)?,
                Err(_) => late += 1,
            }
        }
        each.push(format!("{} {:.0} / {:.0}, {late} failed", page.name, page.ms(0.5), page.ms(0.95)));
    }
    let line = format!("p50 / p95 of each, ms: {}", each.join("; "));
    report.add("portal_figures", &line, serde_json::json!({ "each_p50_p95_ms": each }));
    Ok(())
}

/// The pages that readers ask for, of which some are of the newest order and of the firm that the supplier has it from.
async fn asked<'a>(supplier: &Firm, readers: &[Reader<'a>]) -> anyhow::Result<Vec<Page<'a>>> {
    let one = ListOrdersRequest { page_size: 1, side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    let newest = supplier.orders().list_orders(one).await?.into_inner();
    let newest = newest.orders.first().ok_or_else(|| anyhow::anyhow!("there are no orders"))?;
    let partners = supplier.relationships().list_relationships(ListRelationshipsRequest::default()).await?;
    let partners = partners.into_inner().relationships;
    let partner = partners.into_iter().find(|partner| partner.buyer_id == newest.buyer_id);
    let partner = partner.ok_or_else(|| anyhow::anyhow!("the buyer is no partner"))?;
    let (number, order) = (&newest.order_number, format!("/orders/{}", newest.id));
    let partner = format!("/partners/{}", partner.id);
    let mut pages = Vec::new();
    for &(who, access, paths) in readers {
        for path in paths {
            let path = path.replace("{number}", number).replace("{order}", &order);
            let path = path.replace("{partner}", &partner);
            pages.push(Page::new(who, access, path.clone(), path)?);
        }
    }
    Ok(pages)
}

/// Second pages, at the addresses that the first ones lead to.
async fn turn<'a>(
    portal: &axum::Router,
    readers: &[Reader<'a>],
    pages: &mut Vec<Page<'a>>,
) -> anyhow::Result<()> {
    for (who, path) in TURNED {
        let reader = readers.iter().find(|(name, ..)| *name == who);
        let (_, access, _) = *reader.ok_or_else(|| anyhow::anyhow!("nobody is called {who}"))?;
        let (_, html) = got(portal, &Page::new(who, access, path.into(), path.into())?).await?;
        let link = html.split_once("rel=\"next\" href=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (next, _) = link.ok_or_else(|| anyhow::anyhow!("{who} {path} has no second page"))?;
        // As the template writes it.
        let next = next.replace("&#38;", "&").replace("&amp;", "&");
        pages.push(Page::new(who, access, format!("{path}, second page"), next)?);
    }
    Ok(())
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
        for _ in 0..if scale == Scale::Long { ROUNDS_LONG } else { scale.of(ROUNDS) } {
            for page in &*pages {
                times.push(got(portal, page).await?.0);
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
        .map(|page| format!("{} {} {:.1} of {} ms", page.who, page.name, page.ms(0.95), page.limit_ms()))
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

/// How long the whole page took, and the page. The number of an order leads to that order, and nothing else leads away.
async fn got(portal: &axum::Router, page: &Page<'_>) -> anyhow::Result<(Duration, String)> {
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
    let html = String::from_utf8_lossy(&bytes).into_owned();
    anyhow::ensure!(status.is_success() || leads, "{} {}: {status} {html}", page.who, page.path);
    Ok((took, html))
}
