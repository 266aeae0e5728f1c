//! Reasons that need a world of their own.

use std::time::Duration;

use bytes::Bytes;
use chassis::Reason;
use harness::{Options, World, order, request_id};
use proto::{
    partners::{InspectLinkRequest, Role},
    stream::{GetHeadRequest, SubscribeRequest, subscribe_request::Start},
};
use tonic::{Code, Request, Status, metadata::MetadataMap};

#[tokio::test]
async fn a_cursor_that_the_log_no_longer_holds_is_never_skipped_over() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let mut cursors =
        vec![buyer.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner().oldest_cursor];
    for n in ["A1", "A2", "A3"] {
        if n == "A3" {
            world.age(5).await;
        }
        buyer.publish(order(n).line("10", "X", "1", "1").to("V100")).await.expect("published");
        world.settled().await;
        cursors.push(buyer.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner().cursor);
    }
    let owner = world.owner_pool().await;
    assert_eq!(world.let_go().await.0.len(), 1);
    let status = harness::refusal::refused(
        buyer.try_read(Start::After(cursors[1].clone())).await,
        Reason::CURSOR_EXPIRED,
    );
    let oldest = harness::refusal::metadata(&status)["oldest_cursor"].clone();
    assert_eq!(buyer.events_after(&oldest).await.len(), 1, "from the oldest cursor on, as the answer says");
    assert_eq!(buyer.events_after(&cursors[2]).await.len(), 1);

    // As after a restore: the database's history ends earlier, and goes on differently.
    let rewind =
        "update event.feed_head h set next_seq = h.next_seq - 1, chain = decode(repeat('ab', 32), 'hex')
         where h.feed = $1";
    sqlx::query(rewind).bind(buyer.uuid()).execute(owner).await.unwrap();
    for cursor in &cursors[2..] {
        harness::refusal::refused(buyer.try_read(Start::After(cursor.clone())).await, Reason::FEED_DIVERGED);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_firm_with_too_many_streams_is_told_and_others_are_not() {
    let few = |config: &mut chassis::config::Config| config.limits.streams_per_firm = 3;
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    let (firm, other) = (world.firm("订阅多").await, world.firm("订阅少").await);
    let latest = || SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(firm.stream().subscribe(latest()).await.expect("room").into_inner());
    }
    let status = harness::refusal::refused(
        firm.session().stream().subscribe(latest()).await.map(drop),
        Reason::TOO_MANY_STREAMS,
    );
    assert_eq!(harness::refusal::metadata(&status)["limit"], "3");
    other.stream().subscribe(latest()).await.expect("others have room");
    drop(open.pop());
    harness::until("there is room again", Duration::from_secs(30), async || {
        firm.stream().subscribe(latest()).await.ok()
    })
    .await;
    world.finish().await;
}

#[tokio::test]
async fn a_firm_that_hurries_is_told_when_to_come_again() {
    let hurry = |config: &mut chassis::config::Config| {
        (config.limits.requests_per_second, config.limits.burst) = (1, 40)
    };
    let world = World::with(Options { configure: hurry, ..Options::default() }).await;
    let firm = world.firm("急性子").await;
    let calm = world.firm("慢性子").await;
    let mut refused = None;
    for _ in 0..60 {
        if let Err(status) = firm.stream().get_head(GetHeadRequest {}).await {
            refused = Some(status);
            break;
        }
    }
    let status = refused.expect("too many");
    harness::refusal::refused(Err::<(), _>(status.clone()), Reason::RATE_LIMITED);
    let retry = tonic_types::StatusExt::get_details_retry_info(&status).expect("when to come again");
    assert!(retry.retry_delay.is_some_and(|delay| delay <= Duration::from_secs(2)));
    calm.stream().get_head(GetHeadRequest {}).await.expect("others do not wait for it");
    world.finish().await;
}

/// What becomes of many guesses at a sign-in link that come at once, from an address that a proxy names: how many are answered.
async fn guess(world: &World, from: Option<&str>) -> usize {
    let tries = (0..100).map(|_| async move {
        let mut request = Request::new(InspectLinkRequest { token: "x".repeat(43) });
        if let Some(from) = from {
            request.metadata_mut().insert("x-forwarded-for", from.parse().unwrap());
        }
        world.anybody().sessions().inspect_link(request).await.expect_err("no link")
    });
    let (waits, answered): (Vec<Status>, Vec<Status>) = futures::future::join_all(tries)
        .await
        .into_iter()
        .partition(|status| status.code() == Code::ResourceExhausted);
    for status in &answered {
        harness::refusal::refused(Err::<(), _>(status.clone()), Reason::NOT_FOUND);
    }
    for status in waits {
        let status = harness::refusal::refused(Err::<(), _>(status), Reason::RATE_LIMITED);
        let retry = tonic_types::StatusExt::get_details_retry_info(&status).expect("when to come again");
        assert!(retry.retry_delay.is_some_and(|delay| delay <= Duration::from_secs(2)), "{retry:?}");
    }
    answered.len()
}

/// Guesses until somebody is told to wait; how many were answered.
async fn guess_on(world: &World, from: Option<&str>) -> usize {
    let mut answered = 0;
    while answered < 4_000 {
        let more = guess(world, from).await;
        answered += more;
        if more < 100 {
            return answered;
        }
    }
    panic!("nobody is told to wait: {from:?}");
}

/// D28: there is nothing else to guess that signs anybody in.
#[tokio::test]
async fn whoever_guesses_links_is_told_to_wait_and_others_do_not_wait_for_it() {
    // More than all guesses here, however long they take.
    let many = |config: &mut chassis::config::Config| {
        (config.limits.anonymous_requests_per_second, config.limits.anonymous_burst) = (1, 20_000)
    };
    let world = World::with(Options { configure: many, ..Options::default() }).await;
    let alone = guess_on(&world, Some("1.2.3.4")).await;
    assert!(alone >= 200, "as many at once as an office may: {alone}");
    assert_eq!(guess(&world, Some("1.2.3.5")).await, 100, "others do not wait for it");
    world.finish().await;
}

#[tokio::test]
async fn guesses_of_all_together_are_limited_and_members_do_not_wait_for_them() {
    let few = |config: &mut chassis::config::Config| {
        (config.limits.anonymous_requests_per_second, config.limits.anonymous_burst) = (1, 500)
    };
    let world = World::with(Options { configure: few, ..Options::default() }).await;
    let firm = world.firm("急性子").await;
    // Who cannot be told apart shares one rate, and in the end so do all.
    guess_on(&world, None).await;
    assert!(guess(&world, Some("1.2.3.6")).await < 100, "all together are too many");
    firm.stream().get_head(GetHeadRequest {}).await.expect("members do not wait for them");
    world.finish().await;
}

#[tokio::test]
async fn a_call_that_waits_too_long_is_ended() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let mut lock = world.owner_pool().await.begin().await.unwrap();
    sqlx::query("lock table orders.purchase_order in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let request = order("A1").line("10", "X", "1", "1").to("V100");
    harness::refusal::refused(buyer.publish(request.clone()).await, Reason::DEADLINE_EXCEEDED);
    lock.rollback().await.unwrap();
    // Whether it took effect is not known, and the same request tells.
    let receipt = harness::until("it goes through", Duration::from_secs(60), async || {
        buyer.publish(request.clone()).await.ok()
    })
    .await;
    assert_eq!(buyer.order(&receipt.order_id).await.unwrap().version, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_database_that_is_gone_is_no_fault_of_the_caller() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    buyer.publish(order("A1").line("10", "X", "1", "1").to("V100")).await.expect("published");
    let known = buyer.key_with(&[Role::Viewer], None).await;
    world.settled().await;
    known.stream().get_head(GetHeadRequest {}).await.expect("it is known for some seconds");
    world.deps().pool.close().await;
    let status = harness::refusal::refused(buyer.order(&request_id()).await, Reason::UNAVAILABLE);
    assert!(!status.message().contains("pool"), "{status:?}");
    let latest = SubscribeRequest { start: Some(Start::Latest(true)), ..SubscribeRequest::default() };
    let status =
        harness::refusal::refused(known.stream().subscribe(latest).await.map(drop), Reason::UNAVAILABLE);
    let retry = tonic_types::StatusExt::get_details_retry_info(&status).expect("when to come again");
    assert!(retry.retry_delay.is_some_and(|delay| delay <= Duration::from_secs(2)));
    world.finish().await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_its_streams() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let request = SubscribeRequest { start: Some(Start::Earliest(true)), filter: None, until_head: false };
    let mut stream = buyer.stream().subscribe(request).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().expect("what is there");
    world.settled().await;
    world.deps().shutdown.cancel();
    let end = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            if let Err(status) = stream.message().await.map(|message| message.expect("no end without a word"))
            {
                return status;
            }
        }
    });
    let status = end.await.expect("the stream ends");
    harness::refusal::refused(Err::<(), _>(status), Reason::DRAINING);
    assert!(!first.cursor.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let world = World::start().await;
    let firm = world.firm("甲").await;
    for path in ["/tandem.orders.v1.OrderService/DropTables", "/tandem.nothing.v1.Service/Get", "/x"] {
        let status = firm.call_with(path, Bytes::new(), MetadataMap::new()).await.expect_err("there is none");
        assert_eq!(status.code(), tonic::Code::Unimplemented, "{path}: {status:?}");
    }
    world.finish().await;
}
