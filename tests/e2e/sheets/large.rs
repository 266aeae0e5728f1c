//! Tables as large as the open orders of a real buyer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Instant,
};

use harness::{Firm, World, change, cli, events, http::Lines};
use http::Method;
use interchange::sheet::{
    table::{Column, Kind, Table, Value},
    write,
};
use proto::orders::{OrderContent, OrderSummary, PublishOrdersRequest, PublishOutcome, Side};

use super::{folder, orders};

const PUBLISH_ORDERS: &str = "/tandem.orders.v1.OrderPublishingService/PublishOrders";

const HEADINGS: [&str; 10] =
    ["采购订单号", "行号", "物料编码", "物料名称", "数量", "单位", "单价", "含税", "要求交期", "供应商编码"];

fn cells(order: usize, line: usize) -> [String; 10] {
    [
        format!("46{order:08}"),
        (line * 10).to_string(),
        format!("000{:05}", (order * 7 + line) % 4_000),
        format!("收纳箱 {line}"),
        format!("{}.5", order % 900 + 1),
        "个".into(),
        format!("{}.85", line),
        "否".into(),
        format!("2027-{:02}-{:02}", order % 12 + 1, line % 28 + 1),
        "V100".into(),
    ]
}

fn csv(orders: usize, lines: usize) -> Vec<u8> {
    let mut text = HEADINGS.join(",");
    for order in 0..orders {
        for line in 1..=lines {
            let _ = write!(text, "\n{}", cells(order, line).join(","));
        }
    }
    text.into_bytes()
}

fn xlsx(orders: usize, lines: usize) -> Vec<u8> {
    let kind = |column: usize| match column {
        4 | 6 => Kind::Number,
        8 => Kind::Day,
        _ => Kind::Text,
    };
    let columns = HEADINGS.iter().enumerate().map(|(place, heading)| Column::new(*heading, kind(place), 12));
    let value = |(column, text): (usize, String)| match kind(column) {
        Kind::Text => Value::Text(text),
        Kind::Number => Value::Number(text.parse().unwrap()),
        Kind::Day => {
            let date = harness::date(&text);
            Value::Day(chassis::value::date(&date).unwrap())
        }
    };
    let rows = (0..orders).flat_map(|order| (1..=lines).map(move |line| cells(order, line)));
    let rows = rows.map(|cells| cells.into_iter().enumerate().map(value).collect());
    let table =
        Table { name: "订单".into(), columns: columns.collect(), rows: rows.collect(), protected: false };
    write::xlsx(&[table]).unwrap()
}

/// The same order as the API takes it, numbered by another system.
fn item(order: usize, lines: usize, system: &str) -> PublishOrdersRequest {
    let number = cells(order, 1)[0].clone();
    let mut document = harness::order(&number).system(system);
    document.content.issue_date = None;
    document.content.requested_delivery = None;
    document.content.order_type = 0;
    for line in 1..=lines {
        let [_, number, item_id, name, quantity, unit, price, _, day, _] = cells(order, line);
        document = document.line(&number, &item_id, &quantity, &price);
        document = document.schedule("1", &quantity, &day, "");
        let last = document.content.lines.last_mut().unwrap();
        last.item.as_mut().unwrap().name = name;
        last.unit_text = unit;
        last.quantity = Some(harness::decimal(&quantity));
    }
    change::item(&order.to_string(), document.to("V100"))
}

/// How many orders go in by each way.
struct Ways {
    csv: usize,
    xlsx: usize,
    json: usize,
    grpc: usize,
    lines: usize,
}

/// Publishes a table by the command line: every order once, and the same once more changes nothing.
async fn by_table(world: &World, buyer: &Firm, system: &str, orders: usize, content: &[u8]) {
    let path = folder(&format!("large-{system}-{orders}")).await.join(format!("o.{system}"));
    std::fs::write(&path, content).unwrap();
    for expected in ["published", "unchanged"] {
        let began = Instant::now();
        let arguments = ["orders", "publish", path.to_str().unwrap(), "--source-system", system];
        let rows = cli::run(world, &buyer.key, &arguments).await.done().json();
        println!("{system}: {orders} orders {expected} in {:.1?}", began.elapsed());
        let other = rows.iter().find(|row| row["outcome"] != expected);
        assert_eq!((rows.len(), other), (orders, None));
    }
}

/// The same as lines of JSON over HTTP, cut in the middle: whoever goes on from what was answered doubles nothing.
async fn by_json(world: &World, buyer: &Firm, orders: usize, lines: usize) {
    let contract = tandem::cli::json::Contract::load().unwrap();
    let line = |order: usize| {
        let message = item(order, lines, "json");
        contract.to_json("tandem.orders.v1.PublishOrdersRequest", &message).unwrap().to_string() + "\n"
    };
    let mut left: BTreeSet<String> = (0..orders).map(|order| order.to_string()).collect();
    let began = Instant::now();
    for patience in [orders / 2, usize::MAX] {
        let call = world.http(&buyer.key).request(Method::POST, PUBLISH_ORDERS);
        let call = call.header("content-type", "application/x-ndjson");
        let lines: Vec<_> =
            left.iter().map(|id| Ok::<_, std::io::Error>(line(id.parse().unwrap()))).collect();
        let body = reqwest::Body::wrap_stream(tokio_stream::iter(lines));
        let mut answers = Lines::of(call.body(body)).await;
        let mut taken = 0;
        while taken < patience {
            let Some(answer) = answers.next().await else { break };
            let outcome = answer["outcome"].as_str().unwrap_or_default();
            assert!(
                ["PUBLISH_OUTCOME_PUBLISHED", "PUBLISH_OUTCOME_UNCHANGED"].contains(&outcome),
                "{answer}"
            );
            assert!(left.remove(answer["itemId"].as_str().unwrap()));
            taken += 1;
        }
    }
    assert!(left.is_empty());
    println!("json: {orders} orders in two pieces in {:.1?}", began.elapsed());
}

/// The same over gRPC, cut in the middle.
async fn by_grpc(buyer: &Firm, orders: usize, lines: usize) {
    let mut left: BTreeMap<String, PublishOrdersRequest> =
        (0..orders).map(|order| (order.to_string(), item(order, lines, "grpc"))).collect();
    let began = Instant::now();
    for patience in [orders / 2, usize::MAX] {
        let sent = tokio_stream::iter(left.values().cloned().collect::<Vec<_>>());
        let mut stream = buyer.publishing().publish_orders(sent).await.unwrap().into_inner();
        let mut taken = 0;
        while taken < patience {
            let Some(answer) = stream.message().await.unwrap() else { break };
            assert!([PublishOutcome::Published, PublishOutcome::Unchanged].contains(&answer.outcome()));
            left.remove(&answer.item_id).expect("each is answered once");
            taken += 1;
        }
    }
    assert!(left.is_empty());
    println!("grpc: {orders} orders in two pieces in {:.1?}", began.elapsed());
}

async fn publish_alike(ways: Ways) {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    by_table(&world, &buyer, "csv", ways.csv, &csv(ways.csv, ways.lines)).await;
    by_table(&world, &buyer, "xlsx", ways.xlsx, &xlsx(ways.xlsx, ways.lines)).await;
    by_json(&world, &buyer, ways.json, ways.lines).await;
    by_grpc(&buyer, ways.grpc, ways.lines).await;
    world.settled().await;
    let all = orders(&supplier, Side::Supplier).await;
    let mut by_system: BTreeMap<&str, usize> = BTreeMap::new();
    for order in &all {
        *by_system.entry(&order.source_system).or_default() += 1;
    }
    let expected = [("csv", ways.csv), ("grpc", ways.grpc), ("json", ways.json), ("xlsx", ways.xlsx)];
    assert_eq!(by_system.into_iter().collect::<Vec<_>>(), expected, "every order once, by each way");
    same_by_every_way(&supplier, &all).await;
    let feed = supplier.events().await;
    events::check_feed(&supplier.id, &feed);
    assert_eq!(events::of_orders(&feed).len(), all.len(), "one event each");
    world.finish().await;
}

/// What is ordered: line, item, quantity, price, and its deliveries. What a table has no column for may differ.
fn essence(content: OrderContent) -> Vec<String> {
    let number = |wire: Option<proto::Decimal>| {
        chassis::value::decimal(wire.as_ref()).unwrap().map(|number| number.normalize().to_string())
    };
    let lines = content.lines.into_iter().map(|line| {
        let item = line.item.unwrap_or_default().buyer_item_id;
        let price = line.price.and_then(|price| number(price.amount));
        let deliveries: Vec<_> = line
            .schedule_lines
            .into_iter()
            .map(|one| (number(one.quantity), one.requested_delivery.and_then(|window| window.from)))
            .collect();
        format!("{} {item} {:?} {price:?} {deliveries:?}", line.line_number, number(line.quantity))
    });
    lines.collect()
}

/// The orders that came by every way say the same, but for the system that numbers them.
async fn same_by_every_way(supplier: &Firm, all: &[OrderSummary]) {
    for number in [cells(0, 1)[0].clone(), cells(17, 1)[0].clone()] {
        let mut told = Vec::new();
        for order in all.iter().filter(|order| order.order_number == number) {
            let content = supplier.order(&order.id).await.unwrap().content.unwrap();
            told.push((order.source_system.clone(), essence(content)));
        }
        assert_eq!(told.len(), 4, "{number} came by every way");
        for (system, content) in &told {
            assert_eq!(content, &told[0].1, "{number} by {system}");
        }
    }
}

/// As many as an ERP hands over in a night, three thousand, with `TANDEM_TEST_LONG=1`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_orders_of_ten_lines_come_as_a_table_and_others_by_every_way_alike() {
    let csv = if harness::long() { 3_000 } else { 1_000 };
    publish_alike(Ways { csv, xlsx: 200, json: 200, grpc: 200, lines: 10 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn three_thousand_orders_of_ten_lines_come_by_every_way_alike() {
    publish_alike(Ways { csv: 3_000, xlsx: 3_000, json: 3_000, grpc: 3_000, lines: 10 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn a_hundred_thousand_lines_come_by_every_way_alike() {
    publish_alike(Ways { csv: 2_000, xlsx: 2_000, json: 2_000, grpc: 2_000, lines: 50 }).await;
}
