//! Orders by words of their number, of their items and of the partner's name: the own alone, narrowed like any list.

use harness::{World, order, refusal::bad_fields};
use proto::{
    orders::{ListOrdersRequest, OrderSort, Side},
    partners::{Role, Scope},
};

use super::{list, numbers, pages};

const A: &str = "CY26110231";
const B: &str = "CY26110232";
const C: &str = "CY26110233";

/// An order of one line with this item: its buyer's number for it, its supplier's, and its name.
fn item(number: &str, buyers: &str, sellers: &str, name: &str) -> harness::Order {
    let mut order = order(number).line("10", buyers, "10", "6.85");
    let item = order.content.lines[0].item.as_mut().expect("the line has an item");
    (item.seller_item_id, item.name) = (sellers.into(), name.into());
    order
}

fn text(side: Side, text: &str) -> ListOrdersRequest {
    ListOrdersRequest { text: text.into(), ..list(side) }
}

/// What is looked for, what the buyer finds that bought A, B and C, and what the supplier of A and B finds, to whom a rival
/// gave an order that is called A, too; the newest first.
const LOOKED_FOR: [(&str, &[&str], &[&str]); 17] = [
    (A, &[A], &[A, A]),
    ("CY2611", &[C, B, A], &[A, B, A]),
    ("0231", &[A], &[A, A]),
    ("11023", &[C, B, A], &[A, B, A]),
    ("cy-bx-0450", &[C, A], &[A, A]),
    ("ＣＹ－ＬＤ", &[B], &[B]),
    ("SM-1", &[A], &[A, A]),
    ("LY-9", &[C], &[]),
    ("箱盖", &[B], &[B]),
    ("箱体 450mm", &[C, A], &[A]),
    ("盖箱", &[], &[]),
    ("顺模", &[B, A], &[]),
    ("顺模 箱盖", &[B], &[]),
    ("对手", &[], &[A]),
    ("澄屿 SM-1", &[], &[A]),
    ("家居", &[], &[A, B, A]),
    ("-", &[C, B, A], &[A, B, A]),
];

#[tokio::test]
async fn orders_are_found_by_number_item_and_partner_and_only_the_own() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    let rival = world.firm("对手家居(示例)有限公司").await;
    world.partner(&buyer, &supplier, "V100").await;
    world.partner(&buyer, &other, "V200").await;
    world.partner(&rival, &supplier, "V300").await;
    let bodies = |number| item(number, "CY-BX-0450", "SM-1", "收纳箱 箱体 450mm");
    buyer.publish(bodies(A).to("V100")).await.unwrap();
    buyer.publish(item(B, "CY-LD-0450", "SM-2", "收纳箱 箱盖").to("V100")).await.unwrap();
    let elsewhere = item(C, "CY-BX-0450", "LY-9", "收纳箱 箱体 450mm").group("P2");
    buyer.publish(elsewhere.to("V200")).await.unwrap();
    rival.publish(item(A, "DS-BX-0450", "SM-1", "收纳箱 箱体").to("V300")).await.unwrap();
    for (words, bought, supplied) in LOOKED_FOR {
        let found = pages(&buyer, text(Side::Buyer, words)).await;
        assert_eq!(numbers(&found), bought, "bought: {words}");
        let found = pages(&supplier, text(Side::Supplier, words)).await;
        assert_eq!(numbers(&found), supplied, "supplied: {words}");
    }
    assert!(pages(&buyer, text(Side::Supplier, "CY")).await.is_empty(), "the buyer supplies nothing");
    let scope = Scope { purchasing_groups: vec!["P2".into()], ..Scope::default() };
    let narrow = buyer.key_with(&[Role::Buyer], Some(scope)).await;
    for words in ["CY2611", "箱体", "示例"] {
        let found = pages(&narrow, text(Side::Buyer, words)).await;
        assert_eq!(numbers(&found), [C], "{words} in the own group");
    }
    let request = text(Side::Supplier, "箱");
    let counted = ListOrdersRequest { with_total: true, page_size: 1, states: vec![1], ..request };
    let first = supplier.orders().list_orders(counted.clone()).await.unwrap().into_inner();
    assert_eq!((first.orders.len(), first.total), (1, Some(3)));
    for order_by in [OrderSort::Unspecified, OrderSort::RequestedDate, OrderSort::AnswerDue] {
        let request = ListOrdersRequest { order_by: order_by.into(), ..counted.clone() };
        assert_eq!(pages(&supplier, request).await.len(), 3, "page by page, {order_by:?}");
    }
    let long = buyer.orders().list_orders(text(Side::Buyer, &"箱".repeat(101))).await;
    bad_fields(long, &[("text", "TOO_LONG")]);
    world.finish().await;
}

#[tokio::test]
async fn what_is_published_last_is_found_and_orders_from_before_are_found_the_same() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    buyer.publish(item(A, "CY-BX-0450", "SM-1", "收纳箱（箱体）Ø45 Grüße").to("V100")).await.unwrap();
    let lid = buyer.publish(item(B, "CY-LD-0450", "", "收纳箱 箱盖").to("V100")).await.unwrap();
    let changed = harness::change::change(&lid.order_id, item(B, "ＣＹ-LD-0460", "", "收纳箱 翻盖"));
    buyer.change(changed).await.expect("changed");
    for (words, found) in [("翻盖", &[B][..]), ("0460", &[B]), ("箱盖", &[]), ("GRÜSS", &[]), ("ø", &[A])]
    {
        let orders = pages(&supplier, text(Side::Supplier, words)).await;
        assert_eq!(numbers(&orders), found, "{words}");
    }
    let owner = world.owner_pool().await;
    let kept = "select order_number, search_text, search_keys from orders.purchase_order order by id";
    let kept = async || -> Vec<(String, String, Vec<String>)> {
        sqlx::query_as(kept).fetch_all(owner).await.expect("what is kept")
    };
    let published = kept().await;
    assert!(published.iter().all(|(_, text, keys)| !text.is_empty() && keys.len() > 10), "{published:?}");
    let forget = "update orders.purchase_order set search_text = default, search_keys = default";
    sqlx::raw_sql(forget).execute(owner).await.unwrap();
    let migration = include_str!("../../../services/orders/migrations/0018_search.sql");
    let begun = migration.split("-- By its firms").next().unwrap_or_default();
    let (_, fill) = begun.split_once("-- Orders from before").expect("the migration fills");
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("--{fill}"))).execute(owner).await.expect("it fills");
    assert_eq!(kept().await, published, "the migration makes of them what publishing does");
    world.finish().await;
}
