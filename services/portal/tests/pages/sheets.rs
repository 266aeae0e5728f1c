//! New orders in a table: what would be published is shown first, what is wrong comes back, and nothing is published twice.

use axum::http::StatusCode;
use chassis::{Field, Reason};
use proto::{
    access::Permission,
    interchange::{
        ColumnUse, MarkErrorsRequest, MarkErrorsResponse, ReadOrdersResponse, RowError, SheetLine, SheetOrder,
    },
    orders::{OrderContent, OrderLine, Price, ScheduleLine, SupplierAddress},
};
use tonic::Status;

use crate::{
    PROPOSED, Page, World,
    fake::{BUYER, SALES, refuse, wire},
    supplying::upload,
};

const PAGE: &str = "/purchases/sheets/new";
/// Between the rows of an order's two lines.
const APART: i32 = 100;

/// A file has a number of an order in each row; behind a mark stands one that is wrong.
pub fn read(content: &[u8]) -> Result<ReadOrdersResponse, Status> {
    let text = String::from_utf8_lossy(content);
    match &*text {
        "unreadable" => return Err(refuse(Reason::SHEET_UNREADABLE)),
        "headings" => {
            let missing = Field::new("mapping.columns[quantity]", "REQUIRED", "no column");
            return Err(chassis::Error::invalid(vec![missing]).into());
        }
        _ => {}
    }
    let mut answer = ReadOrdersResponse {
        columns: vec![ColumnUse { field: "unit_price".into(), heading: "单价(元)".into() }],
        ..Default::default()
    };
    for (row, number) in (2..).zip(text.lines()) {
        answer.row_count += 1;
        if number.starts_with('!') {
            let (column, message) = ("数量".into(), "请填写数字".into());
            answer.errors.push(RowError { row, column, message, ..Default::default() });
        } else {
            answer.orders.push(order(number, row));
        }
    }
    Ok(answer)
}

/// Two lines, each two and one at 6.85.
fn order(number: &str, row: i32) -> SheetOrder {
    let line = |number: &str| OrderLine {
        line_number: number.into(),
        schedule_lines: ["2", "1"]
            .map(|quantity| ScheduleLine { quantity: wire(quantity), ..Default::default() })
            .into(),
        price: Some(Price { amount: wire("6.85"), ..Default::default() }),
        ..Default::default()
    };
    SheetOrder {
        content: Some(OrderContent {
            order_number: number.into(),
            currency: "CNY".into(),
            price_includes_tax: Some(false),
            lines: vec![line("10"), line("20")],
            ..Default::default()
        }),
        supplier: Some(SupplierAddress { vendor_number: "V10027".into(), ..Default::default() }),
        lines: vec![SheetLine { rows: vec![row] }, SheetLine { rows: vec![row + APART] }],
    }
}

/// The rows that are marked, and those that are kept beside them.
pub fn marked(request: &MarkErrorsRequest) -> MarkErrorsResponse {
    let rows: Vec<i32> = request.errors.iter().map(|error| error.row).collect();
    MarkErrorsResponse {
        content: format!("{rows:?} {:?}", request.keep_rows).into_bytes().into(),
        file_name: "订单.err.xlsx".into(),
        ..Default::default()
    }
}

async fn world() -> World {
    let world = World::start().await;
    world.api.state.lock().unwrap().permitted = vec![Permission::DocumentsImport];
    world
}

async fn uploaded(world: &World, content: &str) -> Page {
    let token = world.get(PAGE, BUYER).await.field("id=\"sheet\"", "token");
    upload(world, PAGE, BUYER, &[("token", &token)], &[("a.csv", content.as_bytes())]).await
}

#[tokio::test]
async fn new_orders_of_a_table_are_shown_before_they_are_published_and_wrong_rows_come_back() {
    let world = world().await;
    for path in ["/purchases/sheets", "/purchases/new"] {
        let link = format!("href=\"{PAGE}\"");
        assert!(world.get(path, BUYER).await.says(&link), "{path}");
        assert!(!world.get(path, SALES).await.says(&link), "{path}: for those who publish nothing");
    }
    assert_eq!(world.get(PAGE, SALES).await.status, StatusCode::FORBIDDEN);
    let template = world.get(&format!("{PAGE}/export?format=csv&encoding=gb18030"), BUYER).await;
    assert_eq!(template.html, "2/2/zh");
    assert!(template.header("content-disposition").starts_with("attachment"));
    let page = uploaded(&world, "PO-1\n!PO-2\nBAD\nTAKEN\n").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    assert!(page.says("将发布 1 张新订单") && page.says("有 4 处需要改正"), "{}", page.html);
    let preview = page.html.split("id=\"send\"").next().unwrap().rsplit("<table").next().unwrap();
    assert!(preview.contains("PO-1") && !preview.contains("BAD") && !preview.contains("TAKEN"));
    assert!(preview.contains("顺模塑料制品（示例）厂") && preview.contains("41.10"), "{preview}");
    assert!(page.says("请填写数字") && page.says("“币种”填写有误"), "{}", page.html);
    assert!(page.says("</span>104</th>") && page.says("“单价(元)”填写有误"), "in the row of its line");
    assert!(page.says("已存在") && page.says("未成功"));
    let form = "/inbox/sheets/marked\"";
    let field = |name| page.field(form, name);
    let (token, name, content) = (field("token"), field("name"), field("content"));
    let fields = [("token", &*token), ("name", &*name), ("content", &*content)];
    let marked = world.post("/inbox/sheets/marked", BUYER, &fields).await;
    assert_eq!(marked.html, "[3, 4, 104, 104] [4, 104]", "with the other rows of who was refused");
    assert!(world.api.calls().published.is_empty(), "a look publishes nothing");
}

#[tokio::test]
async fn orders_of_a_table_that_is_sent_twice_are_published_once() {
    let world = world().await;
    let shown = uploaded(&world, "PO-1\nPO-2\n").await;
    assert!(shown.says("将发布 2 张新订单") && !shown.says("需要改正"), "{}", shown.html);
    let field = |name| shown.field("id=\"send\"", name);
    let (token, name, content) = (field("token"), field("name"), field("content"));
    let fields = [("token", &*token), ("name", &*name), ("content", &*content)];
    let send = format!("{PAGE}/send");
    let done = world.post(&send, BUYER, &fields).await;
    assert!(done.says("已发布 2 张订单") && done.says(&format!("href=\"{PROPOSED}\"")), "{}", done.html);
    let again = world.post(&send, BUYER, &fields).await;
    assert!(
        again.says("有 2 张订单已经存在") && again.says(&format!("href=\"{PROPOSED}\"")),
        "{}",
        again.html
    );
    // From another page, in another file.
    let shown = uploaded(&world, "PO-2\nPO-3\n").await;
    let field = |name| shown.field("id=\"send\"", name);
    let (token, name, content) = (field("token"), field("name"), field("content"));
    let fields = [("token", &*token), ("name", &*name), ("content", &*content)];
    assert!(world.post(&send, BUYER, &fields).await.says("已发布 1 张订单"));
    let published = world.api.calls().published.clone();
    let numbers = published.iter().map(|one| one.content.as_ref().unwrap().order_number.as_str());
    let mut numbers: Vec<&str> = numbers.collect();
    // They are on their way together.
    numbers.sort_unstable();
    assert_eq!(numbers, ["PO-1", "PO-2", "PO-3"]);
    let forged = [fields[0], fields[1], ("content", "UEs")];
    assert_eq!(world.post(&send, BUYER, &forged).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.api.calls().published.len(), 3);
}

#[tokio::test]
async fn a_file_that_is_no_table_of_orders_says_why() {
    let world = world().await;
    let many = "PO\n".repeat(501);
    for (content, said) in
        [("unreadable", "文件无法读取"), ("headings", "表格缺少必需的列"), (many.as_str(), "订单超过 500 张")]
    {
        let page = uploaded(&world, content).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(page.says(&format!("<a href=\"#file\">{said}")), "{said}: {}", page.html);
    }
    assert!(uploaded(&world, "").await.says("没有新订单"), "nothing, and nothing wrong");
}
