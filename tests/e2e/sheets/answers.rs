//! Everything that waits, over all customers, answered in one table.

use chassis::Reason;
use harness::{Access, Firm, World, accept_all, cli, number, order, refusal::refused, request_id};
use interchange::sheet::{
    grid::{self, Cell, Source},
    table::{Column, Kind, Table, Value},
    write,
};
use proto::{
    interchange::{
        AnswerOutcome, ExportAnswersRequest, ExportAnswersResponse, ImportAnswersRequest,
        ImportAnswersResponse, SheetFile, SheetFormat,
    },
    orders::{Order, OrderState},
};
use tonic::Status;

use super::folder;

async fn export(firm: &Access, format: SheetFormat) -> ExportAnswersResponse {
    let request = ExportAnswersRequest {
        format: format.into(),
        language: "zh".into(),
        ..ExportAnswersRequest::default()
    };
    firm.sheets().export_answers(request).await.expect("exported").into_inner()
}

fn request(content: impl Into<Vec<u8>>) -> ImportAnswersRequest {
    let content: Vec<u8> = content.into();
    let file = SheetFile { content: content.into(), name: "a.xlsx".into(), ..SheetFile::default() };
    ImportAnswersRequest {
        request_id: request_id(),
        file: Some(file),
        language: "zh".into(),
        ..ImportAnswersRequest::default()
    }
}

async fn import(firm: &Access, request: ImportAnswersRequest) -> Result<ImportAnswersResponse, Status> {
    Ok(firm.sheets().import_answers(request).await?.into_inner())
}

/// A file as somebody fills it in: texts by the number of the order and the line, and the heading.
pub(super) fn filled(content: &[u8], changes: &[(&str, &str, &str, &str)]) -> Vec<u8> {
    let grid = grid::read(&Source { content, ..Source::default() }).expect("a table");
    let text = |cell: &Cell| match Value::from(cell) {
        Value::Text(text) => text,
        _ => String::new(),
    };
    let headings: Vec<String> = grid.rows[0].cells.iter().map(text).collect();
    let place = |heading: &str| headings.iter().position(|found| found == heading).expect("a heading");
    let rows = grid.rows[1..].iter().map(|row| {
        let mut values: Vec<Value> =
            (0..headings.len()).map(|column| Value::from(row.cell(column))).collect();
        let (number, line) = (text(row.cell(place("订单号"))), text(row.cell(place("行号"))));
        for (_, _, heading, change) in changes.iter().filter(|change| change.0 == number && change.1 == line)
        {
            values[place(heading)] = Value::from(*change);
        }
        values
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let columns = headings.iter().map(|heading| Column::new(heading, Kind::Text, 10)).collect();
    write::xlsx(&[Table { name: "答复".into(), columns, rows, protected: false }]).unwrap()
}

/// Two customers of one supplier with an order each, of two and of one line.
async fn scene(world: &World) -> (Firm, Firm, Firm, String, String) {
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let one = order("A1").line("10", "=X", "100", "1").line("20", "Y", "40.50", "1").to("V100");
    let two = order("B1").line("1", "Z", "7", "1").to("GYS-033");
    let one = buyer.publish(one).await.expect("published").order_id;
    let two = rival.publish(two).await.expect("published").order_id;
    (buyer, rival, supplier, one, two)
}

fn quantities(order: &Order) -> Vec<[String; 4]> {
    let of = |decimal: Option<&proto::Decimal>| number(decimal).normalize().to_string();
    order
        .schedule
        .iter()
        .map(|line| {
            let q = line.quantities.as_ref().unwrap();
            [&q.accepted, &q.rejected, &q.proposed, &q.unanswered].map(|part| of(part.as_ref()))
        })
        .collect()
}

#[tokio::test]
async fn an_unchanged_file_answers_nothing_and_a_filled_in_one_everything_once() {
    let world = World::start().await;
    let (buyer, _, supplier, one, two) = scene(&world).await;
    for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
        let exported = export(&supplier, format).await;
        assert_eq!((exported.row_count, exported.order_count), (3, 2), "over all customers");
        let nothing = import(&supplier, request(exported.content)).await.expect("taken");
        assert_eq!((nothing.orders.len(), nothing.errors.len(), nothing.row_count), (0, 0, 3));
        assert!(nothing.marked.is_empty());
    }
    assert_eq!(supplier.order(&one).await.unwrap().version, 1, "nothing happened");

    let exported = export(&supplier, SheetFormat::Xlsx).await;
    let content = filled(
        &exported.content,
        &[
            ("A1", "10", "答复", "建议"),
            ("A1", "10", "答复数量", "60;40"),
            ("A1", "10", "答复交期", "2026-12-28;2027-01-04"),
            ("A1", "10", "原因", "产能不足"),
            ("A1", "20", "答复", "接受"),
            ("A1", "20", "答复备注", "谢谢"),
            ("B1", "1", "答复", "拒绝"),
            ("B1", "1", "原因", "无模具"),
        ],
    );
    let check = ImportAnswersRequest { validate_only: true, ..request(content.clone()) };
    let checked = import(&supplier, check).await.expect("checked");
    let outcomes: Vec<_> = checked.orders.iter().map(|order| order.outcome()).collect();
    assert_eq!(outcomes, [AnswerOutcome::Valid; 2]);
    assert_eq!(supplier.order(&one).await.unwrap().version, 1, "checking answers nothing");

    let first = request(content.clone());
    let taken = import(&supplier, first.clone()).await.expect("taken");
    assert_eq!(taken.errors, []);
    let outcomes: Vec<_> =
        taken.orders.iter().map(|order| (order.order_number.as_str(), order.outcome())).collect();
    assert!(
        outcomes.contains(&("A1", AnswerOutcome::Answered))
            && outcomes.contains(&("B1", AnswerOutcome::Answered))
    );
    let answered = supplier.order(&one).await.unwrap();
    assert_eq!(
        quantities(&answered),
        [["0", "0", "100", "0"], ["40.5", "0", "0", "0"]].map(|line| line.map(str::to_string))
    );
    assert_eq!(answered.schedule[0].proposals[0].deliveries.len(), 2);
    assert_eq!(answered.version, 2, "one answer for the order");
    assert!(buyer.order(&one).await.unwrap().history.iter().any(|entry| entry.note.contains("谢谢")));
    assert_eq!(supplier.order(&two).await.unwrap().state(), OrderState::Rejected);

    // Again, by the same request and by another one.
    for again in [first.clone(), request(content.clone())] {
        let again = import(&supplier, again).await.expect("taken");
        assert!(
            again.orders.iter().all(|order| order.outcome() == AnswerOutcome::Unchanged),
            "{:?}",
            again.orders
        );
        assert_eq!(again.errors, []);
    }
    assert_eq!(supplier.order(&one).await.unwrap().version, 2);
    let other = ImportAnswersRequest { request_id: first.request_id, ..request(exported.content.to_vec()) };
    refused(import(&supplier, other).await, Reason::IDEMPOTENCY_KEY_REUSED);
    assert_eq!(export(&supplier, SheetFormat::Xlsx).await.row_count, 0, "nothing waits any more");
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_row_holds_back_its_order_and_comes_back_in_the_file() {
    let world = World::start().await;
    let (_, _, supplier, one, two) = scene(&world).await;
    let exported = export(&supplier, SheetFormat::Xlsx).await;
    let content = filled(
        &exported.content,
        &[
            ("A1", "10", "答复", "接受"),
            ("A1", "20", "答复", "接受"),
            ("A1", "20", "答复数量", "41"),
            ("B1", "1", "答复", "接受"),
        ],
    );
    let taken = import(&supplier, request(content)).await.expect("taken");
    let errors: Vec<_> = taken.errors.iter().map(|e| (e.column.as_str(), e.reason.as_str())).collect();
    assert_eq!(errors, [("答复数量", "RANGE")]);
    assert_eq!(supplier.order(&one).await.unwrap().version, 1, "no row of it was answered");
    assert_eq!(supplier.order(&two).await.unwrap().state(), OrderState::Accepted, "the other order was");

    // The file that comes back has the rows of that order alone; corrected, it answers them.
    let marked = grid::read(&Source { content: &taken.marked, ..Source::default() }).expect("a table");
    assert_eq!(marked.rows.len(), 3);
    let last = |row: usize| match marked.rows[row].cells.last() {
        Some(Cell::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    assert_eq!(last(0), "错误");
    assert!(
        [last(1), last(2)].iter().any(|text| text.contains("答复数量") && text.contains("40.5")),
        "{}",
        last(2)
    );
    let corrected = filled(&taken.marked, &[("A1", "20", "答复数量", "40.5")]);
    let taken = import(&supplier, request(corrected)).await.expect("taken");
    assert_eq!((taken.errors.as_slice(), taken.orders[0].outcome()), (&[][..], AnswerOutcome::Answered));
    assert_eq!(supplier.order(&one).await.unwrap().state(), OrderState::Accepted);
    world.finish().await;
}

#[tokio::test]
async fn what_changed_meanwhile_is_said_by_row() {
    let world = World::start().await;
    let (_, rival, supplier, one, two) = scene(&world).await;
    let exported = export(&supplier, SheetFormat::Xlsx).await;
    // The revision that the file was made of is not the one that stands.
    let outdated = filled(
        &exported.content,
        &[("A1", "10", "答复", "接受"), ("A1", "10", "修订号", "9"), ("B1", "1", "答复", "接受")],
    );
    supplier.respond(accept_all(&two)).await.expect("answered by hand");
    let taken = import(&supplier, request(outdated)).await.expect("taken");
    let mut errors: Vec<_> = taken.errors.iter().map(|e| e.reason.as_str()).collect();
    errors.sort_unstable();
    assert_eq!(errors, ["NOTHING_UNANSWERED", "REVISION_OUTDATED"]);
    let outdated = taken.errors.iter().find(|error| error.reason == "REVISION_OUTDATED").unwrap();
    assert!(
        outdated.message.contains("修订 1")
            && outdated.message.contains("100")
            && outdated.message.contains("2026-12-28"),
        "the new values: {}",
        outdated.message
    );
    assert_eq!(supplier.order(&one).await.unwrap().version, 1);

    // Somebody else's file, or a file about somebody else's orders, answers nothing.
    let content = filled(&exported.content, &[("A1", "10", "答复", "接受"), ("A1", "20", "答复", "接受")]);
    let foreign = import(&rival, request(content.clone())).await.expect("taken");
    assert!(foreign.errors.iter().all(|error| error.reason == "NOT_FOUND") && foreign.errors.len() == 2);
    let stranger = world.firm("陌生企业(示例)").await;
    let foreign = import(&stranger, request(content)).await.expect("taken");
    assert!(foreign.errors.iter().all(|error| error.reason == "NOT_FOUND"));
    assert_eq!(supplier.order(&one).await.unwrap().version, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_exports_and_imports() {
    let world = World::start().await;
    let (_, _, supplier, one, _) = scene(&world).await;
    let folder = folder("answers").await;
    let (path, errors) = (folder.join("a.xlsx"), folder.join("a.err.xlsx"));
    let path_text = path.to_str().unwrap();
    let export = ["orders", "answers", "export", "--out", path_text, "--locale", "zh", "--order", "A1"];
    let exported = cli::run(&world, &supplier.key, &export).await.done().json().remove(0);
    assert_eq!((&exported["rows"], &exported["orders"]), (&2.into(), &1.into()));
    let import =
        ["orders", "answers", "import", path_text, "--errors-to", errors.to_str().unwrap(), "--locale", "zh"];
    let unchanged = cli::run(&world, &supplier.key, &import).await.done().json().remove(0);
    assert_eq!((&unchanged["rows"], &unchanged["answered_rows"]), (&2.into(), &0.into()));

    let half =
        filled(&std::fs::read(&path).unwrap(), &[("A1", "10", "答复", "接受"), ("A1", "20", "答复", "也许")]);
    std::fs::write(&path, half).unwrap();
    let wrong = cli::run(&world, &supplier.key, &import).await;
    assert_eq!(wrong.code, Some(3), "{wrong:?}");
    let whole = filled(&std::fs::read(&errors).unwrap(), &[("A1", "20", "答复", "接受")]);
    std::fs::write(&path, whole).unwrap();
    let answered = cli::run(&world, &supplier.key, &import).await.done().json();
    assert_eq!(answered[0]["outcome"], "answered");
    let again = cli::run(&world, &supplier.key, &import).await.done().json();
    assert_eq!(again[0]["outcome"], "unchanged");
    assert_eq!(supplier.order(&one).await.unwrap().state(), OrderState::Accepted);
    world.finish().await;
}
