//! A library that nobody of ours wrote reads what we write, and writes what we read.

use std::process::Stdio;

use harness::{Access, World, order};
use proto::{
    interchange::{
        ChangeOutcome, ExportAnswersRequest, ExportOrdersRequest, GetTemplateRequest, ImportAnswersRequest,
        ImportChangesRequest, ReadOrdersRequest, SheetFile,
    },
    orders::{ListOrdersRequest, Side},
};
use serde_json::Value;
use tokio::process::Command;

use super::folder;
use crate::third_party::python;

async fn run(arguments: &[&str]) -> Option<Value> {
    let python = python()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/sheet.py");
    let output =
        Command::new(python).arg(script).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = output.await.expect("python runs");
    let (told, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{complained}");
    Some(serde_json::from_str(&told).expect("one JSON value"))
}

fn file(path: &std::path::Path) -> Option<SheetFile> {
    Some(SheetFile { content: std::fs::read(path).unwrap().into(), ..SheetFile::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workbooks_go_both_ways_with_openpyxl() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let folder = folder("openpyxl").await;
    let path = folder.join("orders.xlsx");
    let Some(written) = run(&["orders", path.to_str().unwrap()]).await else { return world.finish().await };
    assert_eq!(written["rows"], 2);
    let answer =
        buyer.sheets().read_orders(ReadOrdersRequest { file: file(&path), ..Default::default() }).await;
    let answer = answer.expect("a table").into_inner();
    assert_eq!(answer.errors, []);
    let content = answer.orders[0].content.clone().unwrap();
    assert_eq!((content.order_number.as_str(), content.price_includes_tax), ("4500001", Some(true)));
    let line = &content.lines[0];
    assert_eq!(line.item.as_ref().unwrap().buyer_item_id, "000123");
    assert_eq!(line.price.as_ref().unwrap().amount.as_ref().unwrap().value, "6.85");
    assert_eq!(line.tax.as_ref().unwrap().rate.as_ref().unwrap().value, "0.13");
    let day = line.schedule_lines[0].requested_delivery.as_ref().unwrap().from.unwrap();
    assert_eq!((day.year, day.month, day.day), (2026, 12, 28));
    let quantities: Vec<_> =
        line.schedule_lines.iter().map(|line| line.quantity.clone().unwrap().value).collect();
    assert_eq!(quantities, ["1000.5", "0.3"], "what the program shows, not its binary fractions");

    buyer.publish(order("A1").line("10", "=X", "100.50", "1").to("V100")).await.expect("published");
    let template = buyer.sheets().get_template(GetTemplateRequest::default()).await.unwrap().into_inner();
    let mut sheets = supplier.sheets();
    let exported =
        sheets.export_answers(ExportAnswersRequest { language: "zh".into(), ..Default::default() });
    let exported = exported.await.unwrap().into_inner();
    for (name, content) in [("template.xlsx", &template.content), ("answers.xlsx", &exported.content)] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let looked = run(&["look", folder.join("template.xlsx").to_str().unwrap()]).await.unwrap();
    assert_eq!(looked["sheets"].as_array().unwrap().len(), 2);
    let path = folder.join("answers.xlsx");
    let looked = run(&["look", path.to_str().unwrap()]).await.unwrap();
    assert_eq!(looked["protected"], true);
    assert_eq!(looked["hidden"], serde_json::json!(["P", "Q"]), "revision and key");
    assert_eq!(looked["choices"].as_array().unwrap().len(), 2);
    let row = &looked["rows"][1];
    assert_eq!(
        (&row[1], &row[4], &row[7], &row[9]),
        (&"A1".into(), &"=X".into(), &100.5.into(), &"2026-12-28".into())
    );
    assert_eq!(looked["formulas"], 0, "text is text");

    run(&["fill", path.to_str().unwrap(), "答复", "接受"]).await.unwrap();
    let import =
        ImportAnswersRequest { request_id: harness::request_id(), file: file(&path), ..Default::default() };
    let taken = supplier.sheets().import_answers(import).await.expect("taken").into_inner();
    assert_eq!((taken.errors.as_slice(), taken.answered_row_count), (&[][..], 1));
    bought(&buyer, &folder.join("bought.xlsx")).await;
    world.finish().await;
}

/// The buyer's side of the same order, by the same library.
async fn bought(buyer: &Access, path: &std::path::Path) {
    let bought = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
    let request =
        ExportOrdersRequest { language: "zh".into(), orders: Some(bought), ..ExportOrdersRequest::default() };
    let exported = buyer.sheets().export_orders(request).await.unwrap().into_inner();
    std::fs::write(path, &exported.content).unwrap();
    let looked = run(&["look", path.to_str().unwrap()]).await.unwrap();
    assert_eq!((&looked["hidden"], &looked["formulas"]), (&serde_json::json!(["Y", "Z"]), &0.into()));
    let row = &looked["rows"][1];
    assert_eq!((&row[1], &row[7], &row[10]), (&"A1".into(), &"=X".into(), &100.5.into()));
    assert_eq!((&row[12], &row[13], &row[18]), (&"2026-12-28".into(), &1.into(), &"2026-12-28".into()));
    run(&["fill", path.to_str().unwrap(), "数量", "120"]).await.unwrap();
    let import =
        ImportChangesRequest { request_id: harness::request_id(), file: file(path), ..Default::default() };
    let taken = buyer.sheets().import_changes(import).await.expect("taken").into_inner();
    assert_eq!((taken.errors.as_slice(), taken.orders[0].outcome()), (&[][..], ChangeOutcome::Changed));
}
