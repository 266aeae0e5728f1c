//! What the operator sees of messages that do not arrive.

use proto::notices::ListDeliveryHealthRequest;

use super::*;

#[tokio::test]
async fn the_operator_sees_whose_messages_do_not_arrive_and_not_where_to() {
    let robots = Robots::start().await;
    let (world, clock) = still_world(&robots).await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let operator = world.operator().await;
    let health = async || {
        let request = ListDeliveryHealthRequest::default();
        operator.notices().list_delivery_health(request).await.expect("told").into_inner().firms
    };
    let feishu = set_up(&supplier, channel(Medium::Feishu)).await.expect("set up");
    test(&supplier, &feishu).await.expect("tried");
    assert!(health().await.is_empty(), "what arrives is not told of");

    clock.advance(time::Duration::seconds(10));
    robots.answer(200, r#"{"code":19021,"msg":"sign match fail"}"#);
    test(&supplier, &feishu).await.expect("tried");
    clock.advance(time::Duration::seconds(10));
    robots.answer(503, "");
    test(&supplier, &feishu).await.expect("tried");
    let told = health().await;
    let [one] = &told[..] else { panic!("one firm and medium: {told:?}") };
    assert_eq!((&one.firm_id, &one.firm_name), (&supplier.id, &supplier.name));
    assert_eq!((one.medium(), one.channels, one.failed, &*one.failure), (Medium::Feishu, 1, 2, "HTTP 503"));
    let first = (monday() + time::Duration::seconds(10)).unix_timestamp();
    assert_eq!(one.since.map(|since| since.seconds), Some(first), "since the first that did not arrive");
    assert!(!format!("{told:?}").contains(KEY), "not where to");
    let listed = cli::run(&world, &operator.key, &["admin", "notices"]).await;
    assert_eq!((listed.code, &listed.json()[0]["failure"]), (Some(0), &"HTTP 503".into()));

    clock.advance(time::Duration::seconds(31));
    until("the last one arrives after all", SOON, async || health().await.is_empty().then_some(())).await;
    world.finish().await;
}
