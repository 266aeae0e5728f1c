//! Orders that are written on a form: how it begins, what is published, and what comes back.

use chassis::{Field, Reason};
use proto::orders::{DeliveryWindow, Order, OrderReceipt, OrderState, OrderType, PublishOrderRequest};
use tonic::Status;

use super::*;
use crate::fake::{SUPPLIER, refuse, wire};

const FORM: &str = "/purchases/new";
const MARK: &str = "id=\"new-order\"";

/// What becomes of an order that is published: it is [`PROPOSED`] from now on. Some numbers are refused.
pub fn publish(api: &Fake, request: PublishOrderRequest) -> Result<OrderReceipt, Status> {
    let number = request.content.as_ref().map(|content| content.order_number.as_str()).unwrap_or_default();
    match number {
        "TAKEN" => return Err(refuse(Reason::ORDER_EXISTS)),
        "SUSPENDED" => return Err(refuse(Reason::RELATIONSHIP_NOT_ACTIVE)),
        "UNKNOWN" => return Err(refuse(Reason::SUPPLIER_UNKNOWN)),
        "BAD" => {
            let bad =
                ["content.currency", "content.lines[1].price.amount", "content.lines[1].price.base_quantity"];
            let bad = bad.map(|path| Field::new(path, "FORMAT", "is wrong"));
            return Err(chassis::Error::invalid(bad.into()).into());
        }
        _ => {}
    }
    let supplier_id = SUPPLIER.to_string();
    if request.validate_only {
        return Ok(OrderReceipt { supplier_id, ..Default::default() });
    }
    let mut calls = api.calls();
    let replayed = calls.published.iter().any(|other| other.request_id == request.request_id);
    if !replayed {
        calls.published.push(request);
    }
    Ok(OrderReceipt { order_id: PROPOSED[8..].into(), supplier_id, replayed, ..Default::default() })
}

/// The first and third line of an order.
const LINES: [(&str, &str); 7] = [
    ("ai-0", "收纳箱"),
    ("ac-0", "CY-BX-1"),
    ("aq-0", "20,000"),
    ("ap-0", "6.85"),
    ("ai-2", "封边条"),
    ("aq-2", "900.5"),
    ("ad-2", "2027-01-04"),
];

/// What becomes of the form with these fields, the others as they begin.
async fn posted(world: &World, token: &str, typed: &[(&str, &str)]) -> Page {
    let begun = [
        ("token", token),
        ("step", "publish"),
        ("supplier", SUPPLIER),
        ("number", "PO-7"),
        ("currency", "CNY"),
        ("tax", "no"),
        ("date", "2026-12-28"),
        ("note_language", "zh"),
        ("an-0", "10"),
        ("au-0", "H87"),
        ("an-1", "20"),
        ("au-1", "H87"),
        ("an-2", "30"),
        ("au-2", "MTR"),
    ];
    let begun = begun.iter().chain(&LINES);
    let kept = begun.filter(|(name, _)| typed.iter().all(|(other, _)| other != name));
    let fields: Vec<(&str, &str)> = kept.chain(typed).copied().collect();
    world.post(FORM, BUYER, &fields).await
}

async fn made(world: &World, typed: &[(&str, &str)]) -> Page {
    let token = world.get(FORM, BUYER).await.field(MARK, "token");
    posted(world, &token, typed).await
}

#[tokio::test]
async fn a_form_begins_with_five_lines_and_whom_an_order_may_go_to() {
    let world = World::start().await;
    let page = world.get(FORM, BUYER).await;
    assert_eq!(page.status, StatusCode::OK);
    let begun =
        ["number", "currency", "date", "site", "an-0", "an-4", "aq-4"].map(|name| page.field(MARK, name));
    assert_eq!(begun, ["PO20261123-090000", "CNY", "", "", "10", "50", ""]);
    assert_eq!(page.html.matches("name=\"ai-").count(), 5);
    assert!(page.says(&format!("<option value=\"{SUPPLIER}\">顺模塑料制品（示例）厂</option>")));
    assert!(
        page.says(">清禾包装（示例）有限公司（已邀请，未加入）</option>"),
        "orders may wait for who is invited"
    );
    assert!(!page.says("恒铆"), "nothing goes to who is suspended");
}

#[tokio::test]
async fn an_order_that_is_sent_twice_is_published_once() {
    let world = World::start().await;
    let token = world.get(FORM, BUYER).await.field(MARK, "token");
    let typed = [("note", "加急 <b>"), ("site", "P100"), ("group", "G-1"), ("rate", "13"), ("tax", "yes")];
    for _ in 0..2 {
        let page = posted(&world, &token, &typed).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        assert_eq!(page.header("location"), format!("{PROPOSED}?done=published"));
    }
    let published = world.api.calls().published.clone();
    let [request] = &published[..] else { panic!("{published:?}") };
    assert_eq!(request.supplier.as_ref().unwrap().firm_id, SUPPLIER);
    let content = request.content.as_ref().unwrap();
    assert_eq!((content.order_number.as_str(), content.currency.as_str()), ("PO-7", "CNY"));
    assert_eq!((content.price_includes_tax, content.purchasing_group.as_str()), (Some(true), "G-1"));
    assert_eq!((content.notes[0].text.as_str(), content.notes[0].language.as_str()), ("加急 <b>", "zh"));
    let [first, third] = &content.lines[..] else { panic!("what is empty is left out") };
    let item = first.item.clone().unwrap();
    assert_eq!((item.name.as_str(), item.buyer_item_id.as_str()), ("收纳箱", "CY-BX-1"));
    assert_eq!(first.price.clone().unwrap().amount.unwrap().value, "6.85");
    assert_eq!((third.line_number.as_str(), third.unit_code.as_str()), ("30", "MTR"));
    assert!(third.price.is_none() && third.quantity.clone().unwrap().value == "900.5");
    assert_eq!(third.tax.clone().unwrap().rate.unwrap().value, "0.13");
    let day = |window: &Option<DeliveryWindow>| window.clone().unwrap().until.unwrap().month;
    assert_eq!(day(&content.requested_delivery), 12);
    assert_eq!(day(&third.schedule_lines[0].requested_delivery), 1);
    assert!(first.schedule_lines[0].requested_delivery.is_none(), "the order's day is the line's");
    assert_eq!(first.schedule_lines[0].ship_to_site, "P100");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_what_was_typed_is_kept() {
    let world = World::start().await;
    type Typed<'a> = &'a [(&'a str, &'a str)];
    let refused = "第 30 行：此处内容不被接受";
    let cases: [(Typed<'_>, &str, &str); 13] = [
        (&[("supplier", "")], "supplier", "请填写“供应商”。"),
        (&[("number", "")], "number", "请填写“采购订单号”。"),
        (&[("tax", "")], "tax-no", "请填写“单价是否含税”。"),
        (&[("rate", "500")], "rate", "“税率（%）”填写有误"),
        (&[("date", "2026-11-22")], "date", "日期已过"),
        (&[("date", "")], "ad-0", "第 10 行：请填写日期"),
        (&[("aq-0", "viele")], "aq-0", "第 10 行：请填写数量"),
        (&[("ap-2", "-1")], "ap-2", "第 30 行：请填写单价"),
        (&[("ai-2", "")], "ai-2", "第 30 行：请填写物料"),
        (&[("number", "TAKEN")], "number", "此订单号已经用过，请换一个。"),
        (&[("number", "SUSPENDED")], "supplier", "与该企业的合作关系已暂停或终止"),
        (&[("number", "UNKNOWN")], "supplier", "没有与该供应商信息匹配的合作伙伴"),
        (&[("number", "BAD")], "ap-2", refused),
    ];
    for (typed, at, said) in cases {
        let page = made(&world, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(page.says(&format!("<a href=\"#{at}\">{said}")), "{typed:?}: {}", page.html);
        let field = at.strip_suffix("-no").unwrap_or(at);
        assert!(page.says(&format!("id=\"{field}-fault\">{said}")), "{typed:?}");
        for (name, value) in LINES.iter().filter(|(name, _)| typed.iter().all(|(other, _)| other != name)) {
            assert_eq!(page.field(MARK, name), *value, "{typed:?}");
        }
        for (name, value) in typed.iter().filter(|(name, _)| !["supplier", "tax"].contains(name)) {
            assert_eq!(page.field(MARK, name), *value, "{typed:?}");
        }
    }
    let bad = made(&world, &[("number", "BAD")]).await;
    assert!(bad.says("<a href=\"#currency\">“币种”填写有误"));
    assert_eq!(bad.html.matches(refused).count(), 2, "once above and once beside the field");
    let nothing = LINES.map(|(name, _)| (name, ""));
    assert!(made(&world, &nothing).await.says("<a href=\"#ai-0\">请至少填写一行。"));
    let evil = made(&world, &[("ai-0", "\"><b onload=x>"), ("note", "</textarea><b>"), ("number", "")]).await;
    assert!(evil.says("&#60;b onload=x&#62;") && !evil.says("<b onload") && !evil.says("</textarea><b>"));
    assert!(world.api.calls().published.is_empty());
}

#[tokio::test]
async fn another_line_and_the_other_language_keep_what_was_typed() {
    let world = World::start().await;
    // Without a step, as by Enter.
    let more = made(&world, &[("step", ""), ("number", "")]).await;
    assert_eq!(more.status, StatusCode::OK, "nothing is checked yet");
    assert_eq!(["aq-0", "an-3", "ai-3"].map(|name| more.field(MARK, name)), ["20,000", "40", ""]);
    let entered = "type=\"submit\" form=\"new-order\" formaction=\"/purchases/new#ai-4\" tabindex";
    assert!(more.says(entered), "Enter leads to the line that it adds");
    let whole = made(&world, &[("step", "")]).await;
    assert_eq!(whole.status, StatusCode::OK, "an order that could be published is not, either");
    let english = made(&world, &[("lang", "en"), ("site", "P100")]).await;
    assert!(
        english.says("<h1>New order</h1>") && english.header("set-cookie").contains("tandem_language=en")
    );
    let kept = ["number", "site", "ai-2", "ad-2"].map(|name| english.field(MARK, name));
    assert_eq!(kept, ["PO-7", "P100", "封边条", "2027-01-04"]);
    assert!(english.says(&format!("<option value=\"{SUPPLIER}\" selected>")));
    for word in ["订单", "返回", "供应商<", "数量", "发布"] {
        assert!(!english.says(word), "{word}");
    }
    assert!(world.api.calls().published.is_empty());
}

#[tokio::test]
async fn an_order_is_bought_again_without_its_number_and_days() {
    let world = World::start().await;
    let id = "0192f000-0000-7000-8000-000000000002";
    let again = format!("{FORM}?like={id}");
    let bought = world.get(&format!("/orders/{id}"), BUYER).await;
    assert!(bought.says(&format!("href=\"{again}\">再次下单</a>")));
    let page = world.get(&again, BUYER).await;
    assert!(page.says("已按订单 CY26110232 填好"), "{}", page.html);
    let begun =
        ["number", "currency", "site", "group", "date", "an-0", "ad-0"].map(|name| page.field(MARK, name));
    assert_eq!(begun, ["PO20261123-090000", "CNY", "P100", "采购一组", "", "10", ""]);
    let line = ["ai-0", "ac-0", "aq-0", "ap-0"].map(|name| page.field(MARK, name));
    assert_eq!(
        line,
        ["提手卡扣 PP 灰 φ12", "CY-CL-0012", "60000", "0.0386"],
        "the price is of one, not of a thousand"
    );
    assert!(page.says(&format!("<option value=\"{SUPPLIER}\" selected>")));
    assert!(page.says("id=\"tax-no\" name=\"tax\" value=\"no\" checked") && page.says("随货附检验报告"));
    assert!(!page.says("name=\"ai-1\""), "it has as many lines as it had");
    assert!(page.says("本表单没有的内容未带入"), "its terms are not");
    let others = format!("{FORM}?like=0192f000-0000-7000-8000-000000000010");
    assert_eq!(world.get(&others, BUYER).await.status, StatusCode::NOT_FOUND);
    assert!(!world.get(&format!("/orders/{id}"), SALES).await.says("再次下单"), "the supplier buys nothing");
}

#[tokio::test]
async fn what_was_cancelled_is_not_bought_again_and_each_line_goes_where_it_went() {
    let world = World::start().await;
    let again = format!("{FORM}?like={}", &ORDER[8..]);
    world.api.change(&ORDER[8..], |order| {
        order.content.as_mut().unwrap().lines[1].schedule_lines[0].ship_to_site = "P200".into();
        order.schedule[0].quantities.as_mut().unwrap().cancelled = wire("500");
    });
    let page = world.get(&again, BUYER).await;
    let begun = ["site", "as-0", "aq-0", "as-1", "aq-1"].map(|name| page.field(MARK, name));
    assert_eq!(begun, ["", "P100", "19500", "P200", "20000"]);
    let token = page.field(MARK, "token");
    let typed = [("site", "P100"), ("as-0", "P100"), ("as-2", "P200")];
    assert_eq!(posted(&world, &token, &typed).await.status, StatusCode::SEE_OTHER);
    let published = world.api.calls().published.clone();
    let lines = &published[0].content.as_ref().unwrap().lines;
    let sites = lines.iter().map(|line| line.schedule_lines[0].ship_to_site.as_str());
    assert!(sites.eq(["P100", "P200"]), "a line's own site is kept");
    world.api.change(&ORDER[8..], |order| {
        order.schedule[1].quantities.as_mut().unwrap().cancelled = wire("20000");
    });
    let page = world.get(&again, BUYER).await;
    assert_eq!(["site", "aq-0"].map(|name| page.field(MARK, name)), ["P100", "19500"]);
    assert!(!page.says("name=\"ai-1\""), "the other line is cancelled");
    let changes: [fn(&mut Order); 2] = [
        |order| order.content.as_mut().unwrap().order_type = OrderType::CallOff as i32,
        |order| order.state = OrderState::Cancelled as i32,
    ];
    for change in changes {
        let world = World::start().await;
        world.api.change(&ORDER[8..], change);
        assert!(!world.get(ORDER, BUYER).await.says("再次下单"));
        assert_eq!(world.get(&again, BUYER).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn who_may_publish_finds_the_form_and_nobody_else() {
    let world = World::start().await;
    let button = "<a class=\"button\" href=\"/purchases/new\">新建订单</a>";
    assert!(world.get("/purchases", BUYER).await.says(button));
    assert!(!world.get("/purchases", SALES).await.says("/purchases/new"));
    assert_eq!(world.get(FORM, SALES).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get(FORM, "").await.status, StatusCode::UNAUTHORIZED);
    let token = world.get(FORM, BUYER).await.field(MARK, "token");
    for (who, token) in [(SALES, token.as_str()), (BUYER, "0.0"), (BUYER, "")] {
        let page = world.post(FORM, who, &[("token", token), ("number", "PO-7")]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{who}");
    }
    world.api.state.lock().unwrap().orders.clear();
    let empty = world.get("/purchases", BUYER).await;
    assert!(
        empty.says("还没有采购订单。") && empty.says("<a class=\"button quiet\" href=\"/purchases/new\">")
    );
}
