//! Despatch notes: made of what is accepted, checked, without a price, for the supplier.

use proto::orders::{
    Commitment, Order, OrderLine, OrderState, Party, Quantities, ScheduleLineState, Tolerance,
};

use super::*;
use crate::fake::{HOLDER, wire};

const FORM: &str = "/orders/0192f000-0000-7000-8000-000000000007/despatch-note";
const ID: &str = "0192f000-0000-7000-8000-000000000007";
const ACCEPTED: &str = "/orders/0192f000-0000-7000-8000-000000000007";
const REJECTED: &str = "/orders/0192f000-0000-7000-8000-000000000016";
const MARK: &str = "id=\"despatch\"";

/// A field of the form, or of the paper that can be mended.
fn field(page: &Page, name: &str) -> String {
    page.field(MARK, name)
}

/// What becomes of the form, filled in so; number, day and what it keeps as they were.
async fn made(world: &World, typed: &[(&str, &str)]) -> Page {
    let token = field(&world.get(FORM, SALES).await, "token");
    posted(world, &token, typed).await
}

async fn posted(world: &World, token: &str, typed: &[(&str, &str)]) -> Page {
    let begun = [("token", token), ("version", "1"), ("number", "DN-1"), ("date", "2026-11-24")];
    let kept = begun.iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
    let fields: Vec<(&str, &str)> = kept.chain(typed).copied().collect();
    world.post(FORM, SALES, &fields).await
}

/// An order of so many lines, each as the first is.
fn lengthen(order: &mut Order, lines: usize) {
    let content = order.content.as_mut().unwrap();
    let (line, state) = (content.lines[0].clone(), order.schedule[0].clone());
    for number in (2..=lines).map(|at| (at * 10).to_string()) {
        content.lines.push(OrderLine { line_number: number.clone(), ..line.clone() });
        order.schedule.push(ScheduleLineState { line_number: number, ..state.clone() });
    }
}

#[tokio::test]
async fn a_form_begins_with_what_is_accepted_and_today() {
    let world = World::start().await;
    assert!(world.get(ACCEPTED, SALES).await.says(&format!("<a href=\"{FORM}\">打印送货单</a>")));
    let page = world.get(FORM, SALES).await;
    assert_eq!((page.status, field(&page, "q-0").as_str()), (StatusCode::OK, "16000"));
    let (number, date) = (field(&page, "number"), field(&page, "date"));
    assert_eq!((number.as_str(), date.as_str()), ("CY26110219-20261123-090000", "2026-11-23"));
    assert!(page.says("<p class=\"asked\" id=\"accepted-0\"><strong>已接受 16,000 个<"));
    assert!(page.says("aria-describedby=\"accepted-0\"") && page.says("不登记发货"));
    // Nothing of what waits, was refused or closed may go.
    world.api.change(ID, |order| order.schedule[0].closed = true);
    for path in [ORDER, REJECTED, ACCEPTED] {
        assert!(!world.get(path, SALES).await.says("打印送货单"), "{path}");
        let page = world.get(&format!("{path}/despatch-note"), SALES).await;
        assert!(page.status == StatusCode::OK && page.says("没有可以送货的数量"), "{path}");
        assert!(page.says(&format!("href=\"{path}\"")) && !page.says(MARK), "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_wrong_names_the_field_and_keeps_what_was_typed() {
    let world = World::start().await;
    let most = "第 10 行：“本次数量”最多 16,000 个，即已接受的数量。";
    type Typed<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Typed<'_>, &str, &str); 7] = [
        (&[("q-0", "16000.01")], "q-0", most),
        (&[("q-0", "viele")], "q-0", "第 10 行：请填写数量"),
        (&[("q-0", "0")], "q-0", "请至少在一行填写“本次数量”。"),
        (&[("q-0", ""), ("lot-0", "B-07")], "q-0", "请至少在一行填写“本次数量”。"),
        (&[("q-0", "5"), ("date", "morgen")], "date", "请填写日期"),
        (&[("q-0", "5"), ("number", "")], "number", "请填写“送货单号”。"),
        (&[("q-0", "5"), ("packages", "1.5")], "packages", "“件数”填写有误"),
    ];
    for (typed, at, said) in cases {
        let page = made(&world, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(page.says(&format!("<a href=\"#{at}\">{said}")), "{typed:?}");
        assert!(page.says(&format!("id=\"{at}-fault\">{said}")), "{typed:?}");
        let described = format!("aria-describedby=\"accepted-0 {at}-fault\"");
        assert_eq!(page.says(&described), at == "q-0", "{typed:?}");
        for (name, value) in typed {
            assert_eq!(field(&page, name), *value, "{typed:?}");
        }
    }
    assert_eq!(made(&world, &[("q-0", "１６，０００")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn as_much_more_may_go_as_the_order_tolerates() {
    let world = World::start().await;
    let percent = Tolerance { over_percent: wire("5"), over_quantity: wire("900"), ..Default::default() };
    world.api.change(ID, |order| {
        order.content.as_mut().unwrap().lines[0].tolerance = Some(percent);
        order.schedule[0].quantities = Some(Quantities { ordered: wire("16000"), ..Default::default() });
    });
    let said = "最多 16,800 个：已接受 16,000 个，另加约定的超交";
    let form = world.get(FORM, SALES).await;
    assert!(form.says(said) && field(&form, "q-0") == "16000", "what is accepted is what is begun with");
    assert_eq!(made(&world, &[("q-0", "16800")]).await.status, StatusCode::OK);
    let more = made(&world, &[("q-0", "16800.1")]).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(more.says("<a href=\"#q-0\">第 10 行：“本次数量”最多 16,800 个：已接受"));
    // That was agreed of the item that was ordered.
    world.api.change(ID, |order| {
        let substitute = proto::orders::Item { name: "PP".into(), ..Default::default() };
        order.schedule[0].commitments[0].substitute = Some(substitute);
    });
    assert_eq!(made(&world, &[("q-0", "16001")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_paper_says_what_goes_along_and_no_price() {
    let world = World::start().await;
    world.api.change(ID, |order| {
        let line = &mut order.content.as_mut().unwrap().lines[0];
        order.schedule[0].commitments[0].price = line.price.clone();
        line.schedule_lines[0].ship_to = Some(Party { name: "三号门 <东>".into(), ..Default::default() });
    });
    let typed = [("q-0", "900.50"), ("lot-0", "B-07"), ("packages", "3")];
    let page = made(&world, &typed).await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "<h1>送货单</h1>",
        "DN-1",
        "2026年11月24日",
        "CY26110219",
        "顺模塑料制品（示例）厂",
        "澄屿家居用品（示例）有限公司",
        "澄屿一号仓",
        "示例路 8 号",
        "采购方料号 CY-LD-0450",
        "供应商料号 SM-0450L",
        "45L 收纳箱 箱盖 PP 白",
        "收货地 P100</span><span class=\"sub\">三号门 &#60;东&#62;</span></th>",
        ">900.50 个<",
        ">B-07<",
        "发货人",
        "收货人",
        "此单仅供随货打印，不登记发货。",
        "扫码打开订单 CY26110219",
    ] {
        assert!(page.says(said), "{said}");
    }
    // Tokens are random.
    let main = page.html.split("<main").nth(1).unwrap().replace(&field(&page, "token"), "");
    for price in ["2.30", "36,800", "36800", "CNY", "单价", "金额", "月结", "含税", "未税"] {
        assert!(!main.contains(price), "{price}");
    }
    assert!(world.api.state.lock().unwrap().responses.is_empty(), "nothing is recorded");
}

/// The fields that the paper keeps, with a button's.
async fn pressed(world: &World, paper: &Page, button: (&str, &str)) -> Page {
    let names = ["token", "at", "version", "number", "date", "q-0", "lot-0"];
    let kept: Vec<(&str, String)> = names.iter().map(|name| (*name, field(paper, name))).collect();
    let mut fields: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(button);
    world.post(FORM, SALES, &fields).await
}

#[tokio::test]
async fn a_paper_is_mended_and_read_in_the_other_language() {
    let world = World::start().await;
    let paper = made(&world, &[("q-0", "900.50"), ("lot-0", "B-07")]).await;
    for (name, value) in [("content-security-policy", "default-src 'none'"), ("cache-control", "no-store")] {
        assert!(paper.header(name).starts_with(value), "{name}");
    }
    let edit = pressed(&world, &paper, ("step", "edit")).await;
    assert!(edit.status == StatusCode::OK && edit.says("<h1>打印送货单</h1>"));
    for (name, value) in [("q-0", "900.50"), ("lot-0", "B-07"), ("number", "DN-1"), ("date", "2026-11-24")] {
        assert_eq!(field(&edit, name), value);
    }
    let english = pressed(&world, &paper, ("lang", "en")).await;
    assert!(english.header("set-cookie").contains("tandem_language=en"));
    assert!(english.says("<h1>Despatch note</h1>") && english.says(">900.50 pcs<"));
    for word in ["订单", "返回", "送货", "数量", "发货", "收货"] {
        assert!(!english.says(word), "{word}");
    }
    let again = pressed(&world, &english, ("step", "edit")).await;
    assert_eq!((field(&again, "q-0").as_str(), field(&again, "lot-0").as_str()), ("900.50", "B-07"));
    // Something happened since the paper was made.
    world.api.change(ID, |order| order.version = 2);
    let stale = pressed(&world, &paper, ("lang", "en")).await;
    assert!(stale.status == StatusCode::CONFLICT && field(&stale, "q-0") == "16000");
}

#[tokio::test]
async fn a_note_of_many_lines_needs_no_address() {
    let world = World::start().await;
    world.api.change(ID, |order| lengthen(order, 100));
    let names: Vec<[String; 2]> = (0..100).map(|at| [format!("q-{at}"), format!("lot-{at}")]).collect();
    let lot = "批".repeat(100);
    let typed: Vec<(&str, &str)> = names.iter().flat_map(|[q, l]| [(&**q, "12"), (&**l, &*lot)]).collect();
    let paper = made(&world, &typed).await;
    assert!(paper.status == StatusCode::OK && paper.html.matches(">12 个<").count() == 100);
    assert_eq!(field(&paper, "lot-99"), lot);
}

#[tokio::test]
async fn what_is_typed_is_text() {
    let world = World::start().await;
    let evil = "\"><b onload=x>'&";
    let typed = [("q-0", "5"), ("lot-0", evil), ("remark", evil), ("number", evil), ("carrier", evil)];
    let wrong = [typed.as_slice(), &[("packages", "x")]].concat();
    for (page, status) in [
        (made(&world, &typed).await, StatusCode::OK),
        (made(&world, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(page.status, status);
        assert!(page.says("&#60;b onload=x&#62;") && !page.says("<b onload"), "{}", page.html);
    }
}

#[tokio::test]
async fn what_happened_to_the_order_is_looked_at_before_the_paper_is_made() {
    let world = World::start().await;
    world.api.change(ID, |order| lengthen(order, 2));
    let token = field(&world.get(FORM, SALES).await, "token");
    let typed = [("q-0", "5"), ("q-1", "7"), ("lot-1", "B-07"), ("carrier", "顺风物流")];
    // Closing publishes nothing.
    world.api.change(ID, |order| {
        order.schedule[0].closed = true;
        order.version = 2;
    });
    let unstated = [&typed[..], &[("version", "")]].concat();
    let spoken = [&typed[..], &[("lang", "zh")]].concat();
    for typed in [typed.to_vec(), unstated, spoken] {
        let page = posted(&world, &token, &typed).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{typed:?}");
        assert!(page.says("各行已按订单现在的数量重新填好") && !page.says("name=\"q-0\""), "{typed:?}");
        let now = ["version", "q-1", "lot-1", "carrier", "number"].map(|name| field(&page, name));
        assert_eq!(now, ["2", "16000", "", "顺风物流", "DN-1"], "{typed:?}");
    }
    let now = [&typed[1..], &[("version", "2")]].concat();
    assert_eq!(posted(&world, &token, &now).await.status, StatusCode::OK);
}

#[tokio::test]
async fn further_lines_of_a_long_order_keep_what_is_said_of_the_delivery() {
    let world = World::start().await;
    world.api.change(ID, |order| lengthen(order, 201));
    assert!(
        world.get(&format!("{ACCEPTED}?from=100"), SALES).await.says(&format!("href=\"{FORM}?from=100\""))
    );
    let head = [("carrier", "顺风物流"), ("plate", "示A·12345"), ("remark", "易碎")];
    let typed = [&head[..], &[("q-0", "5"), ("lot-0", "B-07"), ("next", "100")]].concat();
    let page = made(&world, &typed).await;
    assert!(page.status == StatusCode::OK && page.says("1010"), "{}", page.html);
    assert_eq!(["q-0", "lot-0", "from", "next"].map(|name| field(&page, name)), ["16000", "", "100", "200"]);
    for (name, value) in head.iter().chain(&[("number", "DN-1"), ("date", "2026-11-24")]) {
        assert_eq!(field(&page, name), *value);
    }
    let paper = made(&world, &[("from", "100"), ("q-0", "7")]).await;
    assert!(paper.says(">1010<") && paper.says(">7 个<"));
    assert_eq!(field(&paper, "from"), "100", "it is mended there");
}

#[tokio::test]
async fn lines_without_goods_lead_to_those_that_have_some() {
    let world = World::start().await;
    world.api.change(ID, |order| {
        lengthen(order, 201);
        order.schedule[..200].iter_mut().for_each(|line| line.closed = true);
    });
    assert!(world.get(ACCEPTED, SALES).await.says(&format!("href=\"{FORM}\"")), "some may come");
    let first = world.get(FORM, SALES).await;
    assert!(first.says("订单行较多") && !first.says("没有可以送货的数量") && !first.says("name=\"q-"));
    let second = made(&world, &[("carrier", "顺风物流"), ("next", "100")]).await;
    assert_eq!(["carrier", "next"].map(|name| field(&second, name)), ["顺风物流", "200"]);
    let third = made(&world, &[("carrier", "顺风物流"), ("next", "200")]).await;
    assert_eq!(["carrier", "q-0"].map(|name| field(&third, name)), ["顺风物流", "16000"]);
    world.api.change(ID, |order| order.schedule[200].closed = true);
    let none = world.get(&format!("{FORM}?from=200"), SALES).await;
    assert!(none.says("这些订单行没有可以送货的数量") && !none.says(MARK));
}

#[tokio::test]
async fn a_note_is_the_suppliers() {
    let world = World::start().await;
    assert_eq!(world.get(FORM, "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get(FORM, BUYER).await.status, StatusCode::NOT_FOUND);
    let token = field(&world.get(FORM, SALES).await, "token");
    let fields = [("version", "1"), ("number", "DN-1"), ("date", "2026-11-24"), ("q-0", "5")];
    for (who, token, status) in [
        ("", &*token, StatusCode::UNAUTHORIZED),
        (BUYER, &*token, StatusCode::FORBIDDEN),
        (SALES, "0.0", StatusCode::FORBIDDEN),
        (SALES, "", StatusCode::FORBIDDEN),
        (SALES, &*token, StatusCode::OK),
    ] {
        let page = world.post(FORM, who, &[&fields[..], &[("token", token)]].concat()).await;
        assert_eq!(page.status, status, "{who}");
    }
    let request = request("POST", FORM, SALES).header("origin", "https://evil.example");
    let fields = [&fields[..], &[("token", &*token)]].concat();
    assert_eq!(world.send(request.body(form(&fields)).unwrap()).await.status, StatusCode::FORBIDDEN);
    assert!(!world.get(ACCEPTED, BUYER).await.says("despatch-note"));
    let unknown = "/orders/0192f000-0000-7000-8000-0000000000ff/despatch-note";
    assert_eq!(world.get(unknown, SALES).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_holds_a_document_link_makes_one_too() {
    let world = World::start().await;
    let form = format!("/d/{HOLDER}/despatch-note");
    assert!(world.get(&form, "").await.says("没有可以送货的数量"));
    world.api.change(&ORDER[8..], |order| {
        order.set_state(OrderState::Accepted);
        let promise = Commitment { quantity: wire("20000"), ..Default::default() };
        order.schedule[1].commitments.push(promise);
    });
    assert!(world.get(&format!("/d/{HOLDER}"), "").await.says(&format!("href=\"{form}\"")));
    let page = world.get(&form, "").await;
    assert_eq!(field(&page, "q-1"), "20000", "the line keeps its place");
    let token = field(&page, "token");
    let typed = [("token", &*token), ("version", "1"), ("number", "DN-2"), ("date", "2026-11-24")];
    let paper = world.post(&form, "", &[&typed[..], &[("q-1", "20000")]].concat()).await;
    assert!(paper.status == StatusCode::OK && paper.says(">20,000 个<") && paper.says("箱盖"));
    assert!(!paper.says("箱体"), "the other line has nothing to send");
    assert_eq!(world.get("/d/tdm_doc_other/despatch-note", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_other_language_keeps_what_was_typed() {
    let world = World::start().await;
    let switched = made(&world, &[("q-0", "12"), ("lot-0", "B-07"), ("lang", "en")]).await;
    assert_eq!(switched.status, StatusCode::OK);
    assert!(switched.header("set-cookie").contains("tandem_language=en"));
    assert!(switched.says("Print a despatch note") && switched.says("value=\"B-07\""));
    assert_eq!(field(&switched, "q-0"), "12");
}
