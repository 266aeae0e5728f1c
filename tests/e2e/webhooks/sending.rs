//! What receivers get.

use std::collections::BTreeSet;

use harness::receiver::{Received, Reply, signed_with};
use proto::partners::ListWebhookHealthRequest;
use proto::stream::{
    Filter, ReplayWebhookRequest, ResendWebhookEventRequest, RotateWebhookSecretRequest, TestWebhookRequest,
    WebhookDeliveryKind, WebhookDisabledReason, WebhookOutcome, replay_webhook_request::Start,
};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_signed_and_in_order_whatever_the_receiver_does() {
    let (world, clock) = still_world().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    receiver.replies([
        Reply::Status(500),
        Reply::Late(504, Duration::from_secs(16)),
        Reply::With(302, "location", elsewhere.url()),
        Reply::With(429, "retry-after", "3600".into()),
        Reply::Large(200, 1 << 20),
    ]);
    let (webhook, secret) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    publish(&buyer, 1..=4).await;
    // The ladder, rung by rung: nothing is sent before its time.
    for (attempt, pause) in [(1, 6), (2, 34), (3, 133)] {
        let shown = waits(&supplier, &webhook.id, attempt).await;
        assert_eq!((shown.seq, receiver.received().len()), (webhook.seq, attempt as usize));
        clock.advance(time::Duration::seconds(pause));
    }
    // Asked for an hour, it is left alone for an hour.
    waits(&supplier, &webhook.id, 4).await;
    clock.advance(time::Duration::minutes(59));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(receiver.received().len(), 4);
    clock.advance(time::Duration::minutes(2));
    caught_up(&supplier, &webhook.id).await;

    let received = receiver.received();
    let events: Vec<_> = received.iter().map(Received::event).collect();
    assert_eq!(receiver.accepted(), (1..=4).map(|n| webhook.seq + n).collect::<Vec<_>>());
    assert!(received[..5].iter().all(|one| one.id == received[0].id), "the same event has the same id");
    assert_eq!(signed_with(&secret, &received), vec![true; received.len()]);
    assert_eq!(signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &received[..1]), [false]);
    let shown = &events[4];
    for (attribute, value) in [
        ("specversion", "1.0"),
        ("type", PUBLISHED),
        ("feed", supplier.id.as_str()),
        ("version", "1"),
        ("counterparty", buyer.id.as_str()),
        ("id", received[4].id.as_str()),
    ] {
        assert_eq!(shown[attribute], value, "{attribute}");
    }
    assert_eq!(shown["data"]["order"]["content"]["orderNumber"], "4500001");
    assert!(received[0].content_type.starts_with("application/cloudevents+json"));
    assert!(elsewhere.received().is_empty(), "no redirect is followed");

    let mut listed = deliveries(&supplier, &webhook.id).await;
    listed.reverse();
    let met: Vec<&str> = listed.iter().map(|one| one.failure.as_str()).collect();
    assert_eq!(met, ["HTTP_500", "TIMEOUT", "HTTP_302", "HTTP_429", "", "", "", ""]);
    assert_eq!((listed[0].answer.as_str(), listed[0].status, listed[0].attempt), ("as told", 500, 1));
    assert_eq!((listed[4].attempt, listed[4].outcome()), (5, WebhookOutcome::Accepted));
    assert!((14_000..17_000).contains(&listed[1].duration_ms), "{} ms", listed[1].duration_ms);
    assert!(listed[0].retry_at.is_some() && listed[4].retry_at.is_none());
    let feed = supplier.events().await;
    let told: Vec<_> = feed.iter().filter(|entry| entry.seq > webhook.seq).map(|entry| entry.seq).collect();
    assert_eq!(told, receiver.accepted(), "as every other reader of the feed");
    world.finish().await;
}

/// N23.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_refuses_every_other_call_gets_everything_in_order() {
    let (world, clock) = still_world().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    receiver.rule(|_, before| Reply::Status(if before % 2 == 0 { 500 } else { 204 }));
    let (webhook, _) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    publish(&buyer, 1..=4).await;
    for n in 1..=4 {
        // The first call for each of them, whose pause is that of a first failure whatever failed before.
        calls(&receiver, 2 * n - 1).await;
        waits(&supplier, &webhook.id, 1).await;
        assert_eq!(receiver.received().len(), 2 * n - 1, "nothing is sent before its time");
        clock.advance(time::Duration::seconds(6));
    }
    let shown = caught_up(&supplier, &webhook.id).await;
    assert!(!shown.disabled, "it is not given up");
    let called: Vec<i64> = receiver.received().iter().map(Received::seq).collect();
    assert_eq!(called, (1..=4).flat_map(|n| [webhook.seq + n; 2]).collect::<Vec<_>>());
    assert_eq!(receiver.accepted(), (1..=4).map(|n| webhook.seq + n).collect::<Vec<_>>());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_sign_while_one_takes_over_from_the_other() {
    let (world, clock) = still_world().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    let (webhook, first) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    let request = RotateWebhookSecretRequest {
        request_id: request_id(),
        webhook_id: webhook.id.clone(),
        overlap_s: None,
    };
    let rotated =
        supplier.webhooks().rotate_webhook_secret(request.clone()).await.expect("rotated").into_inner();
    let second = rotated.secret;
    let again = supplier.webhooks().rotate_webhook_secret(request).await.expect("replayed").into_inner();
    assert_eq!((again.secret.as_str(), first != second), ("", true));
    assert_eq!(again.webhook.expect("shown").secrets.len(), 2);
    publish(&buyer, [1]).await;
    calls(&receiver, 1).await;
    clock.advance(time::Duration::hours(25));
    caught_up(&supplier, &webhook.id).await;
    publish(&buyer, [2]).await;
    calls(&receiver, 2).await;
    let received = receiver.received();
    assert_eq!(signed_with(&first, &received), [true, false]);
    assert_eq!(signed_with(&second, &received), [true, true]);
    assert_eq!(received[1].signature.split(' ').count(), 1);
    caught_up(&supplier, &webhook.id).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_enabled_again() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    receiver.replies([Reply::Status(204), Reply::Status(410)]);
    let (webhook, _) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    let start = webhook.seq;
    publish(&buyer, 1..=4).await;
    let shown = until("it is disabled", SOON, async || {
        let shown = show(&supplier, &webhook.id).await;
        shown.disabled.then_some(shown)
    })
    .await;
    assert_eq!((shown.disabled_reason(), shown.seq), (WebhookDisabledReason::Gone, start + 1));
    world.settled().await;
    let feed = supplier.events().await;
    let told = feed.iter().filter_map(|entry| entry.event.as_ref());
    let told: Vec<_> = told.filter(|event| event.r#type == "tandem.stream.webhook.disabled.v1").collect();
    assert_eq!((told.len(), &told[0].subject), (1, &format!("webhooks/{}", webhook.id)));
    let told_to = buyer.events().await;
    assert!(told_to.iter().all(|entry| !entry.event.as_ref().expect("an event").r#type.contains("webhook")));
    publish(&buyer, [5]).await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(receiver.received().len(), 2, "nothing more is sent");
    make(&buyer, Webhook { disabled: true, ..to(&receiver.url(), WebhookMode::Ordered) }).await;
    let health = async || {
        let operator = world.operator().await;
        let request = ListWebhookHealthRequest::default();
        let told = operator.operating().list_webhook_health(request).await.expect("told").into_inner().firms;
        let told = told.into_iter().map(|one| {
            let name =
                [&buyer, &supplier].into_iter().find(|firm| firm.id == one.firm_id).map(|firm| &*firm.name);
            assert_eq!(name, Some(&*one.firm_name));
            (one.firm_id, one.failing, one.ended, one.paused, one.since.is_some())
        });
        told.collect::<BTreeSet<_>>()
    };
    let ended = (supplier.id.clone(), 0, 1, 0, true);
    let pausing = (buyer.id.clone(), 0, 0, 1, false);
    assert_eq!(health().await, BTreeSet::from([ended, pausing.clone()]), "the operator knows whom to call");

    let enabled = update(&supplier, Webhook { disabled: false, ..shown.clone() }).await.expect("enabled");
    assert_eq!(enabled.disabled_reason(), WebhookDisabledReason::Unspecified);
    caught_up(&supplier, &webhook.id).await;
    assert_eq!(health().await, BTreeSet::from([pausing]), "what works is not told of");
    let head = start + 6;
    assert_eq!(
        receiver.accepted(),
        (start + 1..=head).collect::<Vec<_>>(),
        "in order after the last accepted"
    );
    let received = receiver.received();
    assert_eq!((received[1].seq(), &received[1].id), (received[2].seq(), &received[2].id));
    let stale = update(&supplier, Webhook { disabled: true, ..shown }).await.expect_err("it changed since");
    assert_eq!(harness::refusal::reason(&stale), "STALE_ETAG");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_no_longer_holds_is_said_first() {
    let (world, clock) = still_world().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    receiver.replies([Reply::Status(503)]);
    let webhook = Webhook { disabled: true, ..to(&receiver.url(), WebhookMode::Ordered) };
    let (webhook, secret) = make(&supplier, webhook).await;
    publish(&buyer, 1..=4).await;
    world.settled().await;
    let month = world.age(5).await;
    publish(&buyer, 5..=6).await;
    world.settled().await;
    assert_eq!(world.let_go().await, (vec![month], 0), "a webhook that stands still keeps nothing");
    update(&supplier, Webhook { disabled: false, ..webhook.clone() }).await.expect("enabled");
    waits(&supplier, &webhook.id, 1).await;
    clock.advance(time::Duration::seconds(6));
    caught_up(&supplier, &webhook.id).await;
    let received = receiver.received();
    let events: Vec<_> = received.iter().map(Received::event).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    let truncated = "tandem.stream.feed.truncated.v1";
    assert_eq!(kinds, [truncated, truncated, PUBLISHED, PUBLISHED]);
    assert_eq!(received[0].id, received[1].id, "it is one and the same event");
    let oldest = webhook.seq + 5;
    assert_eq!(events[1]["data"]["acceptedSeq"], webhook.seq.to_string());
    assert_eq!(events[1]["data"]["oldestSeq"], oldest.to_string());
    assert_eq!(receiver.accepted(), [oldest - 1, oldest, oldest + 1]);
    assert_eq!(signed_with(&secret, &received), [true; 4]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_at_a_time_do_not_wait_for_one_that_fails() {
    let (world, clock) = still_world().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    // The first order is not accepted at this address; each of the others takes a while.
    receiver.rule(|one, _| {
        let first = one.body.windows(7).any(|part| part == b"4500001");
        match first && one.path.starts_with("/hook") {
            true => Reply::Status(500),
            false => Reply::Late(200, Duration::from_millis(200)),
        }
    });
    let webhook = Webhook { in_flight: 4, ..to(&receiver.url(), WebhookMode::Parallel) };
    let (webhook, _) = make(&supplier, webhook).await;
    publish(&buyer, 1..=12).await;
    world.settled().await;
    // The receiver knows what it answers before the sender does.
    until("the others are noted", SOON, async || {
        let listed = deliveries(&supplier, &webhook.id).await;
        (listed.iter().filter(|one| one.outcome() == WebhookOutcome::Accepted).count() == 11).then_some(())
    })
    .await;
    let shown = waits(&supplier, &webhook.id, 1).await;
    assert_eq!(
        (shown.seq, shown.behind),
        (webhook.seq, 12),
        "the place is behind the first that was not accepted"
    );
    assert!((2..=4).contains(&receiver.most_open()), "{} at a time", receiver.most_open());
    let opened = Webhook { url: receiver.url().replace("/hook", "/open"), ..shown };
    update(&supplier, opened).await.expect("another address");
    clock.advance(time::Duration::seconds(6));
    let shown = caught_up(&supplier, &webhook.id).await;
    assert_eq!(shown.seq, webhook.seq + 12);
    let mut accepted = receiver.accepted();
    accepted.sort_unstable();
    assert_eq!(accepted, (1..=12).map(|n| webhook.seq + n).collect::<Vec<_>>(), "each once");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_its_way_when_a_webhook_is_changed_is_not_sent_again() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    // One of those that are on their way is answered first, and tells the sender of the change; one is refused for ever.
    receiver.rule(|one, before| match (one.path.starts_with("/hook"), before) {
        (true, 0) => Reply::Late(200, Duration::from_millis(2_000)),
        (true, 1) => Reply::Late(410, Duration::from_millis(2_500)),
        (true, _) => Reply::Late(200, Duration::from_millis(3_000)),
        (false, _) => Reply::Status(200),
    });
    let webhook = Webhook { in_flight: 4, disabled: true, ..to(&receiver.url(), WebhookMode::Parallel) };
    let (webhook, _) = make(&supplier, webhook).await;
    publish(&buyer, 1..=8).await;
    world.settled().await;
    // All are there before the first is sent: else the second may be refused before the fourth begins.
    let webhook = update(&supplier, Webhook { disabled: false, ..webhook }).await.expect("enabled");
    calls(&receiver, 4).await;
    let opened = Webhook { url: receiver.url().replace("/hook", "/open"), ..webhook.clone() };
    update(&supplier, opened).await.expect("another address");
    let shown = caught_up(&supplier, &webhook.id).await;
    assert_eq!((shown.seq, shown.disabled), (webhook.seq + 8, false), "the old address ends nothing");
    let mut accepted = receiver.accepted();
    accepted.sort_unstable();
    assert_eq!(accepted, (1..=8).map(|n| webhook.seq + n).collect::<Vec<_>>(), "each once");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_leaves_out_what_was_not_asked_for_and_the_place_moves_on() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    let filter = Filter { types: vec!["tandem.orders.order.responded.*".into()], ..Filter::default() };
    let webhook = Webhook { filter: Some(filter), ..to(&receiver.url(), WebhookMode::Ordered) };
    let (webhook, _) = make(&buyer, webhook).await;
    let request = order("4500009").line("10", "X", "10", "6.85").to("V100");
    let receipt = buyer.publish(request).await.expect("published");
    supplier.accept_all(&receipt.order_id).await.expect("accepted");
    world.settled().await;
    caught_up(&buyer, &webhook.id).await;
    let kinds: Vec<_> = receiver.received().iter().map(|one| one.event()["type"].clone()).collect();
    assert_eq!(kinds, ["tandem.orders.order.responded.v1"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_an_event_and_a_stretch_of_the_feed_are_sent_on_request() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    world.settled().await;
    let receiver = Receiver::start().await;
    let (webhook, secret) = make(&supplier, to(&receiver.url(), WebhookMode::Ordered)).await;
    receiver.replies([Reply::Status(503)]);
    let request = TestWebhookRequest { request_id: request_id(), webhook_id: webhook.id.clone() };
    let failed = supplier.webhooks().test_webhook(request.clone()).await.expect("tried").into_inner();
    assert_eq!((failed.outcome(), failed.failure.as_str()), (WebhookOutcome::Failed, "HTTP_503"));
    let again = supplier.webhooks().test_webhook(request).await.expect("replayed").into_inner();
    assert_eq!((again, receiver.received().len()), (failed, 1), "a repeated request sends nothing more");

    publish(&buyer, 1..=3).await;
    world.settled().await;
    let shown = caught_up(&supplier, &webhook.id).await;
    let resend = ResendWebhookEventRequest {
        request_id: request_id(),
        webhook_id: webhook.id.clone(),
        seq: webhook.seq + 2,
    };
    let resent = supplier.webhooks().resend_webhook_event(resend.clone()).await.expect("sent").into_inner();
    assert_eq!((resent.kind(), resent.outcome()), (WebhookDeliveryKind::Resent, WebhookOutcome::Accepted));
    let received = receiver.received();
    assert_eq!((received[4].id.clone(), received[4].seq()), (received[2].id.clone(), webhook.seq + 2));
    for seq in [0, -1, webhook.seq + 4, i64::MAX] {
        let none = ResendWebhookEventRequest { request_id: request_id(), seq, ..resend.clone() };
        let refused = supplier.webhooks().resend_webhook_event(none).await.expect_err("no such event");
        assert_eq!(harness::refusal::reason(&refused), "NOT_FOUND", "{seq}");
    }

    let feed = supplier.events().await;
    let cursor = &feed.iter().find(|entry| entry.seq == webhook.seq + 1).expect("the first order").cursor;
    let replay = ReplayWebhookRequest {
        request_id: request_id(),
        webhook_id: webhook.id.clone(),
        start: Some(Start::After(cursor.clone())),
    };
    let moved = supplier.webhooks().replay_webhook(replay.clone()).await.expect("moved").into_inner();
    assert_eq!((moved.seq, shown.seq), (webhook.seq + 1, webhook.seq + 3));
    caught_up(&supplier, &webhook.id).await;
    let received = receiver.received();
    let last: Vec<i64> = received[5..].iter().map(Received::seq).collect();
    assert_eq!(last, [webhook.seq + 2, webhook.seq + 3]);
    assert_eq!(signed_with(&secret, &received), vec![true; received.len()]);
    let foreign =
        ReplayWebhookRequest { request_id: request_id(), start: Some(Start::After("x".into())), ..replay };
    let refused = supplier.webhooks().replay_webhook(foreign).await.expect_err("no cursor of this feed");
    assert_eq!(harness::refusal::reason(&refused), "CURSOR_INVALID");
    let kinds = deliveries(&supplier, &webhook.id).await;
    let tests = kinds.iter().filter(|one| one.kind() == WebhookDeliveryKind::Test).count();
    assert_eq!((kinds.len(), tests), (7, 1));
    world.finish().await;
}
