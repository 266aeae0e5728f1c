//! Despatch notes: made of what is accepted, checked, without a price, for the supplier.

use proto::orders::OrderState;

use super::*;
use crate::fake::{HOLDER, wire};

pub const FORM: &str = "/orders/0192f000-0000-7000-8000-000000000007/despatch-note";
pub const PAPER: &str = "/orders/0192f000-0000-7000-8000-000000000007/despatch-note\
                         ?make=1&revision=1&number=DN-1&date=2026-11-24&q-0=900.50&lot-0=B-07&packages=3";
const REJECTED: &str = "/orders/0192f000-0000-7000-8000-000000000016";

/// The page of a form that is filled in so; number and day as they were.
async fn made(world: &World, typed: &[(&str, &str)]) -> Page {
    let begun = [("make", "1"), ("revision", "1"), ("number", "DN-1"), ("date", "2026-11-24")];
    let rest = begun.iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(rest).extend_pairs(typed);
    world.get(&format!("{FORM}?{}", query.finish()), SALES).await
}

#[tokio::test]
async fn a_form_begins_with_what_is_accepted_and_today() {
    let world = World::start().await;
    let order = FORM.strip_suffix("/despatch-note").unwrap();
    assert!(world.get(order, SALES).await.says(&format!("<a href=\"{FORM}\">打印送货单</a>")));
    let page = world.get(FORM, SALES).await;
    let field = |name: &str| page.field("id=\"despatch\"", name);
    assert_eq!((page.status, field("q-0").as_str()), (StatusCode::OK, "16000"));
    assert_eq!((field("number").as_str(), field("date").as_str()), ("CY26110219-20261123", "2026-11-23"));
    assert!(page.says("已接受 16,000 个") && page.says("不登记发货"));
    // Nothing of what waits, was refused or closed may go.
    world.api.change(&FORM[8..44], |order| order.schedule[0].closed = true);
    for path in [ORDER, REJECTED, order] {
        assert!(!world.get(path, SALES).await.says("打印送货单"), "{path}");
        let page = world.get(&format!("{path}/despatch-note"), SALES).await;
        assert!(page.status == StatusCode::OK && page.says("没有可以送货的数量"), "{path}");
        assert!(page.says(&format!("href=\"{path}\"")) && !page.says("id=\"despatch\""), "{path}");
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
    for (typed, field, said) in cases {
        let page = made(&world, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(page.says(&format!("<a href=\"#{field}\">{said}")), "{typed:?}");
        assert!(page.says(&format!("id=\"{field}-fault\">{said}")), "{typed:?}");
        for (name, value) in typed {
            assert_eq!(page.field("id=\"despatch\"", name), *value, "{typed:?}");
        }
    }
    assert_eq!(made(&world, &[("q-0", "１６，０００")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_paper_says_what_goes_along_and_no_price() {
    let world = World::start().await;
    world.api.change(&FORM[8..44], |order| {
        let price = order.content.as_ref().unwrap().lines[0].price.clone();
        order.schedule[0].commitments[0].price = price;
    });
    let page = world.get(PAPER, SALES).await;
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
        "收货地 P100",
        ">900.50 个<",
        ">B-07<",
        "发货人",
        "收货人",
        "此单仅供随货打印，不登记发货。",
        "扫码打开订单 CY26110219",
    ] {
        assert!(page.says(said), "{said}");
    }
    for price in ["2.30", "36,800", "36800", "CNY", "单价", "金额", "月结", "含税", "未税"] {
        // Tokens of the frame around it are random.
        assert!(!page.html.split("<main").nth(1).unwrap().contains(price), "{price}");
    }
    let edit = page.html.split("href=\"").find(|rest| rest.starts_with(&format!("{FORM}?"))).unwrap();
    let edit = edit.split('"').next().unwrap().replace("&#38;", "&");
    let again = world.get(&edit, SALES).await;
    assert_eq!((again.status, again.field("id=\"despatch\"", "q-0").as_str()), (StatusCode::OK, "900.50"));
    assert!(world.api.state.lock().unwrap().responses.is_empty(), "nothing is recorded");
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
async fn a_revision_is_looked_at_before_the_paper_is_made() {
    let world = World::start().await;
    world.api.change(&FORM[8..44], |order| order.revision = 2);
    let page = made(&world, &[("q-0", "5"), ("carrier", "顺风物流")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let field = |name: &str| page.field("id=\"despatch\"", name);
    assert_eq!((field("revision").as_str(), field("q-0").as_str()), ("2", "16000"));
    assert!(page.says("采购方发布了新的修订") && field("carrier") == "顺风物流");
}

#[tokio::test]
async fn a_note_is_the_suppliers() {
    let world = World::start().await;
    for path in [FORM, PAPER] {
        assert_eq!(world.get(path, "").await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(world.get(path, BUYER).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let order = FORM.strip_suffix("/despatch-note").unwrap();
    assert!(!world.get(order, BUYER).await.says("despatch-note"));
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
        let promise = proto::orders::Commitment { quantity: wire("20000"), ..Default::default() };
        order.schedule[1].commitments.push(promise);
    });
    assert!(world.get(&format!("/d/{HOLDER}"), "").await.says(&format!("href=\"{form}\"")));
    let page = world.get(&form, "").await;
    assert_eq!(page.field("id=\"despatch\"", "q-1"), "20000", "the line keeps its place");
    let query = "make=1&revision=1&number=DN-2&date=2026-11-24&q-1=20000";
    let paper = world.get(&format!("{form}?{query}"), "").await;
    assert!(paper.status == StatusCode::OK && paper.says(">20,000 个<") && paper.says("箱盖"));
    assert!(!paper.says("箱体"), "the other line has nothing to send");
    assert_eq!(world.get("/d/tdm_doc_other/despatch-note", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_other_language_keeps_what_was_typed() {
    let world = World::start().await;
    let page = world.get(FORM, SALES).await;
    let mark = format!("formaction=\"{FORM}?token=");
    let token = page.html.split(&mark).nth(1).unwrap().split('"').next().unwrap().to_string();
    let fields = [("make", "1"), ("revision", "1"), ("q-0", "12"), ("lot-0", "B-07"), ("lang", "en")];
    let switched = world.post(&format!("{FORM}?token={token}"), SALES, &fields).await;
    assert_eq!(switched.status, StatusCode::OK);
    assert!(switched.header("set-cookie").contains("tandem_language=en"));
    assert!(switched.says("Print a despatch note") && switched.says("value=\"B-07\""));
    assert_eq!(switched.field("id=\"despatch\"", "q-0"), "12");
    let foreign = world.post(&format!("{FORM}?token=0.0"), SALES, &fields).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}
