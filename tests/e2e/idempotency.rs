//! A request that is sent again takes effect once and answers the same.

use chassis::Reason;
use futures::future::join_all;
use harness::{World, accept_all, answer, decide, events, order, refusal::refused, request_id};
use proto::{orders::OrderReceipt, partners::CreateApiKeyRequest};

/// A receipt as it was first given.
fn first(receipt: &OrderReceipt) -> OrderReceipt {
    OrderReceipt { replayed: false, ..receipt.clone() }
}

#[tokio::test]
async fn a_repeated_request_answers_the_same_receipt_and_another_body_is_refused() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publish = order("4500001").line("10", "CY-BX-0450", "100", "6.85").to("V100");
    let receipt = buyer.publish(publish.clone()).await.expect("published");
    let again = buyer.publish(publish.clone()).await.expect("replayed");
    assert!(again.replayed && !receipt.replayed);
    assert_eq!(first(&again), receipt);
    let mut other = publish.clone();
    other.content.as_mut().unwrap().order_number = "4500002".into();
    refused(buyer.publish(other).await, Reason::IDEMPOTENCY_KEY_REUSED);

    let respond = answer(&receipt.order_id).propose("10", "", &[("100", "2027-01-04")]).done();
    let proposed = supplier.respond(respond.clone()).await.expect("proposed");
    let again = supplier.respond(respond.clone()).await.expect("replayed");
    assert_eq!((first(&again), again.replayed), (proposed.clone(), true));
    let other = accept_all(&receipt.order_id);
    let other = proto::orders::RespondToOrderRequest { request_id: respond.request_id.clone(), ..other };
    refused(supplier.respond(other).await, Reason::IDEMPOTENCY_KEY_REUSED);

    let resolve = decide(&receipt.order_id, &[(&proposed.lines[0].proposal_id, true)]);
    let agreed = buyer.orders().resolve_proposal(resolve.clone()).await.expect("agreed").into_inner();
    let again = buyer.orders().resolve_proposal(resolve).await.expect("replayed").into_inner();
    assert_eq!((first(&again), again.replayed), (agreed, true));

    let replay = buyer.publish(publish).await.expect("still the first receipt");
    assert_eq!(replay.version, 1, "as it was, not as the order stands now");
    world.settled().await;
    let feed = buyer.events().await;
    assert_eq!(events::of_order(&feed, &receipt.order_id).len(), 3, "one event each");
    world.finish().await;
}

#[tokio::test]
async fn sixty_four_copies_at_once_publish_one_order() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publish = order("4500001").line("10", "CY-BX-0450", "100", "6.85").to("V100");
    // On eight connections, so that copies meet in the database too.
    let connections: Vec<_> = (0..8).map(|_| world.connection(&buyer.key)).collect();
    let copies = (0..64).map(|n| {
        let (access, publish) = (connections[n % connections.len()].clone(), publish.clone());
        tokio::spawn(async move { access.publish(publish).await })
    });
    let receipts: Vec<OrderReceipt> = join_all(copies)
        .await
        .into_iter()
        .map(|copy| copy.unwrap().expect("every copy is answered"))
        .collect();
    assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1, "one took effect");
    assert!(receipts.iter().all(|receipt| first(receipt) == first(&receipts[0])));

    let copies = (0..64).map(|n| {
        let access = world.access(&supplier.key);
        let respond = proto::orders::RespondToOrderRequest {
            request_id: format!("answer-{}", n % 2),
            ..accept_all(&receipts[0].order_id)
        };
        tokio::spawn(async move { access.respond(respond).await })
    });
    let answers: Vec<_> = join_all(copies).await.into_iter().map(Result::unwrap).collect();
    let taken: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(taken.iter().filter(|receipt| !receipt.replayed).count(), 1, "one of two answers wins");
    assert_eq!(taken.len(), 32, "and its copies repeat it");
    for lost in answers.into_iter().filter(Result::is_err) {
        let status = lost.unwrap_err();
        let reason = harness::refusal::reason(&status);
        // Copies of a refused request that share a transaction with it are told to come again.
        assert!(["NOTHING_UNANSWERED", "CONFLICT"].contains(&reason.as_str()), "{status:?}");
    }
    world.settled().await;
    let feed = supplier.events().await;
    assert_eq!(events::of_orders(&feed).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn many_different_orders_at_once_are_each_published_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publishes = (0..100).map(|n| {
        let access = world.access(&buyer.key);
        // Every fifth number is published twice under different request ids.
        let number = format!("45{:04}", if n % 5 == 4 { n - 1 } else { n });
        let publish = order(&number).line("10", "CY-BX-0450", "1", "6.85").to("V100");
        tokio::spawn(async move { access.publish(publish).await })
    });
    let answers: Vec<_> = join_all(publishes).await.into_iter().map(Result::unwrap).collect();
    let exists = |status: &tonic::Status| harness::refusal::reason(status) == "ORDER_EXISTS";
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 80);
    let lost: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(lost.iter().all(|status| exists(status)), "{lost:?}");
    world.settled().await;
    let feed = supplier.events().await;
    events::check_feed(&supplier.id, &feed);
    assert_eq!(events::of_orders(&feed).len(), 80);
    world.finish().await;
}

#[tokio::test]
async fn a_replay_does_not_show_a_secret_again() {
    let world = World::start().await;
    let firm = world.firm("澄屿家居用品(示例)有限公司").await;
    let request = CreateApiKeyRequest {
        request_id: request_id(),
        name: "erp".into(),
        roles: vec![proto::partners::Role::Viewer.into()],
        ..CreateApiKeyRequest::default()
    };
    let made = firm.session().members().create_api_key(request.clone()).await.unwrap().into_inner();
    let again = firm.session().members().create_api_key(request.clone()).await.unwrap().into_inner();
    assert!(made.key.starts_with("tdm_live_") && again.key.is_empty());
    assert_eq!(made.api_key, again.api_key);
    let more = CreateApiKeyRequest { roles: vec![proto::partners::Role::Admin.into()], ..request };
    refused(firm.session().members().create_api_key(more).await, Reason::IDEMPOTENCY_KEY_REUSED);

    let owner = world.owner_pool().await;
    let secret = made.key.rsplit_once('_').unwrap().0.rsplit_once('_').unwrap().1;
    let stored: i64 = sqlx::query_scalar(
        "select count(*) from event.idempotency where position(convert_to($1, 'UTF8') in receipt) > 0",
    )
    .bind(secret)
    .fetch_one(owner)
    .await
    .unwrap();
    assert_eq!(stored, 0, "receipts hold no secret");
    world.finish().await;
}

#[tokio::test]
async fn permission_is_checked_before_a_replay() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let publish = order("4500001").line("10", "CY-BX-0450", "100", "6.85").to("V100");
    buyer.publish(publish.clone()).await.expect("published");
    let viewer = buyer.key_with(&[proto::partners::Role::Viewer], None).await;
    refused(viewer.publish(publish).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test]
async fn a_request_id_has_a_form() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    for bad in ["", " ", "a b", "号", "tab\there", &"x".repeat(101)] {
        let mut publish = order("4500001").line("10", "CY-BX-0450", "1", "6.85").to("V100");
        publish.request_id = bad.into();
        harness::refusal::bad_fields(buyer.publish(publish).await, &[("request_id", "REQUEST_ID")]);
    }
    world.finish().await;
}

/// Sixteen copies of a call at once; each has to be answered.
async fn copies<T, F: Future<Output = Result<T, tonic::Status>>>(call: impl Fn() -> F) -> Vec<T> {
    let answers = join_all((0..16).map(|_| call())).await;
    answers.into_iter().map(|answer| answer.unwrap_or_else(|status| panic!("{status:?}"))).collect()
}

#[tokio::test]
async fn copies_of_what_partners_do_take_effect_once() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let site = proto::partners::Site {
        code: "1000".into(),
        name: "一厂".into(),
        country_code: "CN".into(),
        ..Default::default()
    };
    let create = proto::partners::CreateSiteRequest { request_id: request_id(), site: Some(site) };
    let made = copies(|| async { Ok(buyer.firms().create_site(create.clone()).await?.into_inner()) }).await;
    assert!(made.iter().all(|one| *one == made[0]));

    let invite = proto::partners::InviteSupplierRequest {
        request_id: request_id(),
        name: "顺模".into(),
        vendor_number: "V100".into(),
        ..Default::default()
    };
    let invited =
        copies(|| async { Ok(buyer.relationships().invite_supplier(invite.clone()).await?.into_inner()) })
            .await;
    let links: Vec<_> = invited.iter().filter(|one| !one.invitation_path.is_empty()).collect();
    assert_eq!(links.len(), 1, "the link is shown once");
    assert!(invited.iter().all(|one| one.relationship == invited[0].relationship));

    let token = links[0].invitation_path.rsplit('/').next().unwrap().to_string();
    let claim =
        proto::partners::ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() };
    let claimed =
        copies(|| async { Ok(supplier.relationships().claim_invitation(claim.clone()).await?.into_inner()) })
            .await;
    assert!(claimed.iter().all(|one| *one == claimed[0]));

    let relationship = claimed[0].relationship.clone().unwrap();
    let suspend = proto::partners::UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: relationship.id,
        state: proto::partners::RelationshipState::Suspended.into(),
        etag: relationship.etag,
        ..Default::default()
    };
    let suspended = copies(|| async {
        Ok(buyer.relationships().update_relationship(suspend.clone()).await?.into_inner())
    })
    .await;
    assert!(suspended.iter().all(|one| *one == suspended[0]));
    world.settled().await;
    let feed = supplier.events().await;
    let kinds: Vec<_> = feed.iter().map(events::short).collect();
    assert_eq!(kinds, ["relationship.changed"; 2], "one event each");
    world.finish().await;
}
