//! Tables as large as the open orders of a real buyer.

use std::fmt::Write as _;

use harness::{World, cli};
use interchange::sheet::{
    table::{Column, Kind, Table, Value},
    write,
};
use proto::orders::Side;

use super::{folder, orders};

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

/// Publishes a table as csv, then the same as a workbook: every order once.
async fn publish_both(orders_in_table: usize, lines: usize) {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let folder = folder(&format!("large-{orders_in_table}")).await;
    let outcomes = |ran: cli::Ran, expected: &str| {
        let rows = ran.done().json();
        let fitting = rows.iter().filter(|row| row["outcome"] == expected).count();
        assert_eq!(
            (rows.len(), fitting),
            (orders_in_table, orders_in_table),
            "{:?}",
            rows.iter().find(|row| row["outcome"] != expected)
        );
    };
    for (name, content, expected) in [
        ("o.csv", csv(orders_in_table, lines), "published"),
        ("o.xlsx", xlsx(orders_in_table, lines), "already_there"),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        let began = std::time::Instant::now();
        let ran =
            cli::run(&world, &buyer.key, &["orders", "publish", path.to_str().unwrap(), "--strict"]).await;
        println!("{name}: {orders_in_table} orders of {lines} lines in {:?}", began.elapsed());
        // Numbers of a workbook lose zeros at their end alone: the orders are the same, word for word.
        outcomes(ran, expected);
    }
    assert_eq!(orders(&buyer, Side::Buyer).await.len(), orders_in_table);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_orders_of_ten_lines_come_as_csv_and_as_a_workbook() {
    publish_both(3_000, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; tests/run --long"]
async fn a_hundred_thousand_lines_come_as_csv_and_as_a_workbook() {
    publish_both(2_000, 50).await;
}
