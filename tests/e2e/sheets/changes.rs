//! A buyer's list of orders as a table, and what was changed in it back as revisions.

use chassis::Reason;
use harness::{Access, Firm, World, accept_all, cli, number, order, refusal::refused, request_id};
use interchange::sheet::grid::{self, Cell, Source};
use proto::{
    interchange::{
        ChangeOutcome, ExportOrdersRequest, ExportOrdersResponse, ImportChangesRequest,
        ImportChangesResponse, SheetFile, SheetFormat,
    },
    orders::{ListOrdersRequest, Order, OrderState, Side},
};
use tonic::Status;

use super::{answers::filled, folder};

async fn export(firm: &Access, format: SheetFormat, orders: ListOrdersRequest) -> ExportOrdersResponse {
    let request = ExportOrdersRequest {
        format: format.into(),
        language: "zh".into(),
        orders: Some(orders),
        ..ExportOrdersRequest::default()
    };
    firm.sheets().export_orders(request).await.expect("exported").into_inner()
}

fn bought() -> ListOrdersRequest {
    ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() }
}

fn request(content: impl Into<Vec<u8>>) -> ImportChangesRequest {
    let content: Vec<u8> = content.into();
    let file = SheetFile { content: content.into(), name: "a.xlsx".into(), ..SheetFile::default() };
    ImportChangesRequest {
        request_id: request_id(),
        file: Some(file),
        language: "zh".into(),
        ..ImportChangesRequest::default()
    }
}

async fn import(firm: &Access, request: ImportChangesRequest) -> Result<ImportChangesResponse, Status> {
    Ok(firm.sheets().import_changes(request).await?.into_inner())
}

fn outcomes(answer: &ImportChangesResponse) -> Vec<(&str, ChangeOutcome)> {
    let mut all: Vec<_> =
        answer.orders.iter().map(|order| (order.order_number.as_str(), order.outcome())).collect();
    all.sort_unstable_by_key(|(number, _)| *number);
    all
}

/// Quantity, year and price of each line.
fn stands(order: &Order) -> Vec<(String, i32, String)> {
    let content = order.content.as_ref().unwrap();
    let of = |decimal: Option<&proto::Decimal>| number(decimal).normalize().to_string();
    content
        .lines
        .iter()
        .map(|line| {
            let day = line.schedule_lines[0].requested_delivery.as_ref();
            let day = day.or(content.requested_delivery.as_ref());
            let year = day.and_then(|window| window.until).map_or(0, |day| day.year);
            (of(line.quantity.as_ref()), year, of(line.price.as_ref().unwrap().amount.as_ref()))
        })
        .collect()
}

fn line(quantity: &str, year: i32, price: &str) -> (String, i32, String) {
    (quantity.to_string(), year, price.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_go_out_in_a_table_and_come_back_as_one_revision_each() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let one = order("A1").group("P01").line("10", "=X", "100", "1").line("20", "Y", "40.50", "1");
    let one = buyer.publish(one.to("V100")).await.expect("published").order_id;
    let two =
        buyer.publish(order("B1").line("1", "Z", "7", "2").to("V100")).await.expect("published").order_id;
    supplier.respond(accept_all(&one)).await.expect("accepted");

    unchanged(&buyer, &one, &two).await;

    // One order is changed, in two lines; of the other a row is wrong.
    let exported = export(&buyer, SheetFormat::Xlsx, bought()).await;
    let content = filled(
        &exported.content,
        &[
            ("A1", "10", "数量", "120"),
            ("A1", "10", "变更说明", "客户加单"),
            ("A1", "20", "要求交期", "2099-01-04"),
            ("B1", "1", "单价", "2,5"),
        ],
    );
    let check = ImportChangesRequest { validate_only: true, ..request(content.clone()) };
    let checked = import(&buyer, check).await.expect("checked");
    assert_eq!(outcomes(&checked), [("A1", ChangeOutcome::Valid)]);
    let told: Vec<_> =
        checked.orders[0].changes.iter().map(|one| (one.field.as_str(), one.new.as_str())).collect();
    assert_eq!(told, [("quantity", "120"), ("requested_date", "2099-01-04")]);
    assert_eq!(buyer.order(&one).await.unwrap().revision, 1, "checking changes nothing");
    let first = request(content.clone());
    let taken = import(&buyer, first.clone()).await.expect("taken");
    assert_eq!(outcomes(&taken), [("A1", ChangeOutcome::Changed)]);
    let errors: Vec<_> = taken.errors.iter().map(|e| (e.column.as_str(), e.reason.as_str())).collect();
    assert_eq!(errors, [("单价", "DECIMAL")]);
    let changed = supplier.order(&one).await.unwrap();
    assert_eq!((changed.revision, changed.version), (2, 3), "one revision for the order");
    assert_eq!(stands(&changed), [line("120", 2026, "1"), line("40.5", 2099, "1")]);
    assert!(changed.history.iter().any(|entry| entry.note.contains("客户加单")));
    assert_eq!(buyer.order(&two).await.unwrap().revision, 1, "its row is wrong");

    // Again, by the same request and by another one; and under the same id another file.
    for again in [first.clone(), request(content.clone())] {
        let again = import(&buyer, again).await.expect("taken");
        assert_eq!(outcomes(&again), [("A1", ChangeOutcome::Unchanged)]);
    }
    assert_eq!(supplier.order(&one).await.unwrap().version, 3);
    let other = ImportChangesRequest { request_id: first.request_id, ..request(exported.content.to_vec()) };
    refused(import(&buyer, other).await, Reason::IDEMPOTENCY_KEY_REUSED);

    corrected(&buyer, &taken, &two).await;
    too_late(&buyer, &supplier, &exported).await;

    // The supplier has its list too, without anything to change.
    let sold = ListOrdersRequest { side: Side::Supplier.into(), ..bought() };
    let sold = export(&supplier, SheetFormat::Csv, sold).await;
    let text = String::from_utf8(sold.content.to_vec()).unwrap();
    assert!(sold.row_count == 3 && text.contains("2099-01-04") && !text.contains("行标识"), "{text}");
    by_the_command_line(&world, &buyer, &supplier, &two).await;
    world.finish().await;
}

/// The list's own filters and words; and in both kinds of file nothing is changed.
async fn unchanged(buyer: &Firm, one: &str, two: &str) {
    let accepted =
        ListOrdersRequest { states: vec![OrderState::Accepted.into()], text: "A1".into(), ..bought() };
    let some = export(buyer, SheetFormat::Xlsx, accepted).await;
    assert_eq!((some.row_count, some.order_count, some.file_name.as_str()), (2, 1, "采购订单.xlsx"));
    for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
        let all = export(buyer, format, bought()).await;
        assert_eq!((all.row_count, all.order_count), (3, 2));
        let nothing = import(buyer, request(all.content)).await.expect("taken");
        assert_eq!((nothing.row_count, nothing.changed_row_count), (3, 0));
        assert!(nothing.orders.is_empty() && nothing.errors.is_empty() && nothing.marked.is_empty());
    }
    assert_eq!((buyer.order(one).await.unwrap().version, buyer.order(two).await.unwrap().version), (2, 1));
    let sideless = ExportOrdersRequest::default();
    refused(buyer.sheets().export_orders(sideless).await, Reason::INVALID_FIELDS);
}

/// The wrong row comes back under a red heading; corrected, it changes its order.
async fn corrected(buyer: &Firm, taken: &ImportChangesResponse, two: &str) {
    let marked = grid::read(&Source { content: &taken.marked, ..Source::default() }).expect("a table");
    let last = |row: usize| match marked.rows[row].cells.last() {
        Some(Cell::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    assert_eq!((marked.rows.len(), last(0).as_str()), (2, "错误"));
    assert!(last(1).contains("单价") && last(1).contains("不是数字"), "{}", last(1));
    let corrected = filled(&taken.marked, &[("B1", "1", "单价", "2.5")]);
    let taken = import(buyer, request(corrected)).await.expect("taken");
    assert_eq!((outcomes(&taken), taken.errors.len()), (vec![("B1", ChangeOutcome::Changed)], 0));
    assert_eq!(stands(&buyer.order(two).await.unwrap()), [line("7", 2026, "2.5")]);
}

/// What was exported before is outdated, but for what the orders say already; and it is nobody else's.
async fn too_late(buyer: &Firm, supplier: &Firm, exported: &ExportOrdersResponse) {
    let late = filled(&exported.content, &[("A1", "10", "数量", "90"), ("B1", "1", "单价", "2.5")]);
    let taken = import(buyer, request(late.clone())).await.expect("taken");
    let expected = [("A1", ChangeOutcome::Refused), ("B1", ChangeOutcome::Unchanged)];
    assert_eq!(outcomes(&taken), expected);
    assert!(taken.errors[0].reason == "REVISION_OUTDATED" && taken.errors[0].message.contains("120"));
    let foreign = import(supplier, request(late)).await.expect("taken");
    assert!(foreign.errors.iter().all(|error| error.reason == "NOT_FOUND") && foreign.errors.len() == 2);
}

async fn by_the_command_line(world: &World, buyer: &Firm, supplier: &Firm, two: &str) {
    let folder = folder("changes").await;
    let (path, errors) = (folder.join("a.xlsx"), folder.join("a.err.xlsx"));
    let path_text = path.to_str().unwrap();
    let export = ["orders", "table", "export", "--out", path_text, "--locale", "zh", "--text", "B1"];
    let exported = cli::run(world, &buyer.key, &export).await.done().json().remove(0);
    assert_eq!((&exported["rows"], &exported["orders"]), (&1.into(), &1.into()));
    let import =
        ["orders", "table", "import", path_text, "--errors-to", errors.to_str().unwrap(), "--locale", "zh"];
    let unchanged = cli::run(world, &buyer.key, &import).await.done().json().remove(0);
    assert_eq!((&unchanged["rows"], &unchanged["changed_rows"]), (&1.into(), &0.into()));
    let wrong = filled(&std::fs::read(&path).unwrap(), &[("B1", "1", "数量", "")]);
    std::fs::write(&path, wrong).unwrap();
    let wrong = cli::run(world, &buyer.key, &import).await;
    assert_eq!(wrong.code, Some(3), "{wrong:?}");
    let right = filled(&std::fs::read(&errors).unwrap(), &[("B1", "1", "数量", "8")]);
    std::fs::write(&path, right).unwrap();
    let changed = cli::run(world, &buyer.key, &import).await.done().json();
    assert_eq!((&changed[0]["outcome"], &changed[0]["changes"][0]["new"]), (&"changed".into(), &"8".into()));
    assert_eq!(stands(&supplier.order(two).await.unwrap())[0].0, "8");
}
