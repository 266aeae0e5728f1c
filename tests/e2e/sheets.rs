//! Tables: orders in, answers and orders out and in again, changes out; by the API and by the command line.

mod answers;
mod changes;
mod foreign;
mod large;
mod nightly;
mod pull;

use std::path::PathBuf;

use chassis::Reason;
use encoding_rs::GB18030;
use harness::{Access, World, chaos, cli, refusal::refused};
use proto::{
    interchange::{
        ColumnMapping, GetTemplateRequest, MarkErrorsRequest, ReadOrdersRequest, ReadOrdersResponse,
        SheetFile, SheetFormat,
    },
    orders::{ListOrdersRequest, OrderSummary, Side, SupplierAddress},
};
use tonic::Status;

/// A folder of a test's own.
async fn folder(name: &str) -> PathBuf {
    chaos::folder(&format!("sheets-{name}")).await
}

fn file(content: impl Into<Vec<u8>>) -> Option<SheetFile> {
    let content: Vec<u8> = content.into();
    Some(SheetFile { content: content.into(), name: "orders.csv".into(), ..SheetFile::default() })
}

async fn read(firm: &Access, request: ReadOrdersRequest) -> Result<ReadOrdersResponse, Status> {
    Ok(firm.sheets().read_orders(request).await?.into_inner())
}

/// All orders of a side.
async fn orders(firm: &Access, side: Side) -> Vec<OrderSummary> {
    let mut request =
        ListOrdersRequest { side: side.into(), page_size: 1_000, ..ListOrdersRequest::default() };
    let mut all = Vec::new();
    loop {
        let page = firm.orders().list_orders(request.clone()).await.expect("a list").into_inner();
        all.extend(page.orders);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

const TABLE: &str = "采购订单号,行号,物料编码,物料名称,数量,单位,单价,含税,税率,要求交期,供应商编码,币种\n\
    4500001,10,000123,收纳箱,\"1,000\",个,6.85,否,13%,2026-12-28,V100,CNY\n\
    4500001,20,C-7,卷材,2.5,千克,3.5,否,13%,2026/12/30,V100,CNY\n\
    4500002,10,B,桶,5,个,1,否,13%,2026年12月31日,V100,CNY\n\
    4500001,10,000123,收纳箱,500,个,6.85,否,13%,20270111,V100,CNY\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_an_erp_becomes_orders_and_the_wrong_rows_come_back() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let folder = folder("publish").await;
    let (path, errors) = (folder.join("订单.csv"), folder.join("订单.err.xlsx"));
    let table = format!(
        "{TABLE}4500003,10,D,盖,three,个,1,否,13%,2026-12-31,V100,CNY\n4500004,10,E,盖,3,个,1,否,,,V999,CNY\n4500004,20,F,盖,3,个,1,否,,,V999,CNY\n"
    );
    std::fs::write(&path, GB18030.encode(&table).0).unwrap();
    let arguments = [
        "orders",
        "publish",
        path.to_str().unwrap(),
        "--errors-to",
        errors.to_str().unwrap(),
        "--locale",
        "zh",
    ];
    let first = cli::run(&world, &buyer.key, &arguments).await;
    assert_eq!(first.code, Some(3), "two orders were refused: {first:?}");
    let outcomes = |ran: &cli::Ran| {
        let rows = ran.json().into_iter();
        rows.map(|row| {
            (row["order_number"].as_str().unwrap().to_string(), row["outcome"].as_str().unwrap().to_string())
        })
        .collect::<Vec<_>>()
    };
    let expected =
        [("", "refused"), ("4500001", "published"), ("4500002", "published"), ("4500004", "refused")];
    assert_eq!(outcomes(&first), expected.map(|(number, outcome)| (number.to_string(), outcome.to_string())));

    // Both firms have what the table says.
    let order = orders(&supplier, Side::Supplier)
        .await
        .into_iter()
        .find(|order| order.order_number == "4500001")
        .unwrap();
    let whole = supplier.order(&order.id).await.expect("the supplier sees it");
    let content = whole.content.unwrap();
    assert_eq!((content.currency.as_str(), content.price_includes_tax), ("CNY", Some(false)));
    let ordered: Vec<_> = whole
        .schedule
        .iter()
        .map(|line| {
            (
                line.line_number.as_str(),
                harness::number(line.quantities.as_ref().unwrap().ordered.as_ref()).to_string(),
            )
        })
        .collect();
    assert_eq!(ordered, [("10", "1000".to_string()), ("10", "500".to_string()), ("20", "2.5".to_string())]);
    assert_eq!(content.lines[0].item.as_ref().unwrap().buyer_item_id, "000123");
    assert_eq!(harness::number(whole.net_amount.as_ref()).to_string(), "10283.75");

    // The same again publishes nothing twice; the corrected rows alone do the rest.
    let again = cli::run(&world, &buyer.key, &arguments).await;
    assert_eq!(outcomes(&again)[1].1, "unchanged");
    assert_eq!(orders(&buyer, Side::Buyer).await.len(), 2);
    let marked =
        read(&buyer, ReadOrdersRequest { file: file(std::fs::read(&errors).unwrap()), ..Default::default() })
            .await
            .expect("the marked table is a table");
    assert_eq!((marked.row_count, marked.errors.len()), (3, 1), "only rows of orders that did not go out");
    assert_eq!(marked.unused_columns, ["错误"]);
    let corrected = table.replace("three", "3").replace("V999", "V100");
    std::fs::write(&path, corrected).unwrap();
    cli::run(&world, &buyer.key, &["orders", "publish", path.to_str().unwrap()]).await.done();
    assert_eq!(orders(&buyer, Side::Buyer).await.len(), 4);
    world.finish().await;
}

#[tokio::test]
async fn reading_names_rows_and_columns_in_the_language_asked_for() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let table = TABLE.replace("2.5", "2,5").replace("2026/12/30", "02/03/04");
    for (language, quantity) in [("zh", "不是数字"), ("en", "is no number")] {
        let request = ReadOrdersRequest {
            file: file(table.replace("2,5", "\"2,5\"")),
            language: language.into(),
            ..Default::default()
        };
        let answer = read(&buyer, request).await.expect("a table");
        let named: Vec<_> =
            answer.errors.iter().map(|e| (e.row, e.column.as_str(), e.reason.as_str())).collect();
        assert_eq!(named, [(3, "数量", "DECIMAL"), (3, "要求交期", "DATE")]);
        assert!(answer.errors[0].message.contains(quantity), "{}", answer.errors[0].message);
        let numbers: Vec<_> =
            answer.orders.iter().map(|order| order.content.as_ref().unwrap().order_number.as_str()).collect();
        assert_eq!(numbers, ["4500002"], "one bad row holds back its order and no other");
    }
    assert_eq!(orders(&buyer, Side::Buyer).await.len(), 0, "reading publishes nothing");

    let unreadable = ReadOrdersRequest { file: file(*b"\xff\xff\xff"), ..Default::default() };
    refused(read(&buyer, unreadable).await, Reason::SHEET_UNREADABLE);
    let supplier = SupplierAddress { vendor_number: "V100".into(), ..SupplierAddress::default() };
    let mapping = ColumnMapping {
        columns: [("order_number".to_string(), "单".to_string())].into(),
        defaults: [("price_includes_tax".to_string(), "no".to_string())].into(),
        ..ColumnMapping::default()
    };
    let request = ReadOrdersRequest {
        file: file("单,数量,物料\n1,2,X\n"),
        mapping: Some(mapping.clone()),
        supplier: Some(supplier.clone()),
        ..Default::default()
    };
    let answer = read(&buyer, request.clone()).await.expect("a table");
    assert_eq!((answer.errors.as_slice(), answer.orders[0].supplier.as_ref()), (&[][..], Some(&supplier)));
    let marks = MarkErrorsRequest {
        file: request.file,
        mapping: Some(mapping),
        errors: vec![proto::interchange::RowError {
            row: 2,
            column: "数量".into(),
            message: "=太多".into(),
            ..Default::default()
        }],
        ..MarkErrorsRequest::default()
    };
    let marked = buyer.sheets().mark_errors(marks).await.expect("marked").into_inner();
    assert_eq!(marked.file_name, "orders.err.xlsx");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_are_filled_in_and_published() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let viewer = supplier.key_with(&[proto::partners::Role::Viewer], None).await;
    let template =
        GetTemplateRequest { format: SheetFormat::Csv.into(), language: "en".into(), ..Default::default() };
    let template = viewer.sheets().get_template(template).await.expect("anybody gets it").into_inner();
    let text = String::from_utf8(template.content.to_vec()).unwrap();
    assert!(
        text.starts_with("\u{feff}PO No,")
            && template.fields.iter().any(|field| field.name == "quantity" && field.required)
    );

    let folder = folder("template").await;
    let path = folder.join("t.csv");
    let made = cli::run(
        &world,
        &buyer.key,
        &["orders", "template", "--format", "csv", "--out", path.to_str().unwrap()],
    )
    .await
    .done();
    assert!(made.json()[0]["fields"].as_array().unwrap().len() > 20);
    assert_eq!(std::fs::read(&path).unwrap(), template.content, "the same as by the API");
    let headings: Vec<&str> = text.trim_start_matches('\u{feff}').trim().split(',').collect();
    let cell = |heading: &&str| match *heading {
        "PO No" => "T-1",
        "Vendor No" => "V100",
        "Tax Included" => "yes",
        "Quantity" | "Unit Price" | "Line" => "10",
        "Requested Date" | "Order Date" => "2026-12-28",
        "Currency" => "CNY",
        "Tax Rate" => "13%",
        "Plant" => "",
        _ => "X",
    };
    let row: Vec<&str> = headings.iter().map(cell).collect();
    std::fs::write(&path, format!("{text}{}\n", row.join(","))).unwrap();
    let published = cli::run(&world, &buyer.key, &["orders", "publish", path.to_str().unwrap()]).await.done();
    assert_eq!(published.json()[0]["outcome"], "published");
    let order = orders(&buyer, Side::Buyer).await.remove(0);
    assert_eq!((order.order_number.as_str(), order.price_includes_tax), ("T-1", Some(true)));
    world.finish().await;
}
