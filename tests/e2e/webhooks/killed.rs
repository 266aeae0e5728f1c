//! Processes that send are killed without warning.

use std::collections::BTreeMap;

use super::*;
use harness::{
    chaos::{self, Cluster, Process},
    receiver::Reply,
};

const EVERYTHING: &[&str] = &["partners", "orders", "interchange", "stream"];
const ORDERS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_out_of_order_when_senders_are_killed() {
    let cluster = Cluster::start("webhooks").await;
    let (mut one, mut two) =
        (Process::new(&cluster, "one", EVERYTHING), Process::new(&cluster, "two", EVERYTHING));
    one.start();
    let operator = chaos::operator(&cluster, one.api).await;
    let (buyer, supplier) = chaos::pair(&operator, one.api).await;
    two.start();
    let receiver = Receiver::start().await;
    // Some of what comes is refused at first; each answer takes a while, so that kills fall into the middle of some.
    receiver.rule(|_, before| match before % 20 {
        0 => Reply::Status(500),
        _ => Reply::Late(200, Duration::from_millis(150)),
    });
    let webhook = to(&receiver.url(), WebhookMode::Ordered);
    let request = CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    let suppliers = chaos::access(one.api, Some(&supplier.key));
    let made = suppliers.webhooks().create_webhook(request).await.expect("a webhook").into_inner();
    let start = made.webhook.expect("shown").seq;
    let secret = made.secret;

    let buyers = chaos::access(two.api, Some(&buyer.key));
    chaos::answering(&buyers).await;
    for n in 1..=ORDERS {
        let request = order(&format!("46{n:05}")).line("10", "X", "10", "6.85").to("V100");
        buyers.publish(request).await.expect("published");
    }
    for victim in [&mut one, &mut two] {
        let before = receiver.received().len();
        until("the other one goes on", SOON, async || (receiver.received().len() > before + 3).then_some(()))
            .await;
        victim.kill().await;
        victim.start();
    }
    let all: Vec<i64> = (1..=ORDERS as i64).map(|n| start + n).collect();
    until("everything was accepted", 4 * SOON, async || {
        (receiver.accepted().last() == all.last()).then_some(())
    })
    .await;

    let received = receiver.received();
    let mut ids: BTreeMap<i64, &str> = BTreeMap::new();
    let mut newest = start;
    for message in &received {
        let seq = message.seq();
        assert!(seq <= newest + 1, "{seq} came before {newest} was accepted");
        assert_eq!(*ids.entry(seq).or_insert(&message.id), message.id, "{seq} has one id");
        if message.accepted() {
            newest = newest.max(seq);
        }
    }
    assert_eq!(ids.keys().copied().collect::<Vec<_>>(), all);
    assert_eq!(receiver.most_open(), 1, "no two processes send at a time");
    assert!(harness::receiver::signed_with(&secret, &received).iter().all(|fits| *fits));
    let doubled = receiver.accepted().len() - ORDERS;
    println!("{} attempts, {doubled} accepted twice", received.len());
    one.kill().await;
    two.kill().await;
    cluster.finish().await;
}
