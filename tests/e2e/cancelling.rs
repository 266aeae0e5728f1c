//! Cancelling, closing short, holding, withdrawing, and races between the two sides.

use chassis::Reason;
use futures::future::join_all;
use harness::{
    World, accept_all, answer,
    change::{cancel, change, close, hold, release, withdraw},
    decide, events, number, order,
    refusal::{bad_fields, metadata, refused},
};
use proto::{
    orders::{
        CancelOrderRequest, ListOrdersRequest, OrderState, ProposalState, PublishOutcome, RejectReason,
        Remainder, RespondToOrderRequest, Side,
    },
    partners::{RelationshipState, UpdateRelationshipRequest},
};

use crate::changes::{accepted, parts, two_lines};

#[tokio::test]
async fn what_is_unanswered_goes_first_and_then_the_latest_promise() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let some = answer(&id).accept("10", "50").rest(Remainder::LeaveUnanswered);
    supplier.respond(some.done()).await.expect("answered");
    let more = answer(&id).propose("10", "30", &[("30", "2027-01-04")]).rest(Remainder::LeaveUnanswered);
    let proposal = supplier.respond(more.done()).await.expect("proposed").lines[0].proposal_id.clone();
    buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.expect("agreed");

    // 50 as asked, 30 later, 20 unanswered.
    let receipt = buyer.cancel(cancel(&id, &[("10", "35")])).await.expect("cancelled");
    assert_eq!(parts(receipt.lines[0].quantities.as_ref()), [100, 65, 0, 0, 0, 35]);
    let seen = supplier.order(&id).await.unwrap();
    let promised = |seen: &proto::orders::Order| -> Vec<String> {
        let each = seen.schedule[0].commitments.iter();
        each.map(|commitment| number(commitment.quantity.as_ref()).normalize().to_string()).collect()
    };
    assert_eq!(promised(&seen), ["50", "15"]);
    buyer.cancel(cancel(&id, &[("10", "25")])).await.expect("cancelled");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(promised(&seen), ["40"]);
    assert_eq!(seen.history.last().unwrap().action, "cancelled");
    let told = &seen.history.last().unwrap().difference.as_ref().unwrap().lines[0].changes;
    let told: Vec<_> = told.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
    assert_eq!(told, [("accepted", "65", "40"), ("cancelled", "35", "60")]);

    // The ERP catches up: the quantity is what is left.
    let left = order("").line("10", "CY-BX-0450", "40", "6.85");
    let receipt = buyer.change(change(&id, left)).await.expect("changed");
    assert_eq!((receipt.outcome(), receipt.reconfirm_lines), (PublishOutcome::Changed, 0));
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(parts(seen.schedule[0].quantities.as_ref()), [40, 40, 0, 0, 0, 0]);
    assert_eq!(promised(&seen), ["40"]);
    world.finish().await;
}

#[tokio::test]
async fn where_only_proposals_are_left_they_are_superseded() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let propose =
        answer(&id).propose("10", "", &[("100", "2027-01-04")]).reject("20", "", RejectReason::Date);
    let proposal = supplier.respond(propose.done()).await.expect("proposed").lines[0].proposal_id.clone();
    let receipt = buyer.cancel(cancel(&id, &[("10", "30")])).await.expect("cancelled");
    assert_eq!(parts(receipt.lines[0].quantities.as_ref()), [100, 0, 0, 0, 70, 30]);
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].proposals[0].state(), ProposalState::Superseded);
    refused(
        buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await,
        Reason::PROPOSAL_RESOLVED,
    );
    refused(supplier.withdraw(withdraw(&id, &[&proposal])).await, Reason::PROPOSAL_RESOLVED);

    // Everything that is left; what was rejected stays so.
    let receipt = buyer.cancel(cancel(&id, &[])).await.expect("cancelled");
    assert_eq!((receipt.lines.len(), receipt.state()), (1, OrderState::Rejected));
    let again = refused(buyer.cancel(cancel(&id, &[])).await, Reason::NOTHING_OPEN);
    assert_eq!(metadata(&again)["current_version"], receipt.version.to_string());
    refused(buyer.cancel(cancel(&id, &[("20", "")])).await, Reason::NOTHING_OPEN);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_cancelled_so_is_named() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    bad_fields(
        buyer.cancel(cancel(&id, &[("10", "101"), ("30", ""), ("20", "0")])).await,
        &[("lines[2].quantity", "RANGE")],
    );
    bad_fields(
        buyer.cancel(cancel(&id, &[("10", "101"), ("20", "")])).await,
        &[("lines[0].quantity", "QUANTITY_EXCEEDS_OPEN")],
    );
    bad_fields(
        buyer.cancel(cancel(&id, &[("30", ""), ("20", "1"), ("20", "2")])).await,
        &[("lines[0]", "LINE_UNKNOWN"), ("lines[2]", "LINE_REPEATED")],
    );
    let mut why = cancel(&id, &[]);
    why.reason = 0;
    bad_fields(buyer.cancel(why.clone()).await, &[("reason", "REQUIRED")]);
    why.reason = proto::orders::CancelReason::Other.into();
    bad_fields(buyer.cancel(why).await, &[("note", "REQUIRED")]);
    bad_fields(
        buyer.close(close(&id, &[("10", "101"), ("30", "1")])).await,
        &[("lines[0].delivered_quantity", "QUANTITY_EXCEEDS_ACCEPTED"), ("lines[1]", "LINE_UNKNOWN")],
    );
    bad_fields(buyer.close(close(&id, &[])).await, &[("lines", "REQUIRED")]);
    refused(supplier.cancel(cancel(&id, &[])).await, Reason::NOT_FOUND);
    assert_eq!(buyer.order(&id).await.unwrap().version, 2, "nothing of this took effect");
    world.finish().await;
}

#[tokio::test]
async fn a_line_number_means_all_its_schedule_lines() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let document = order("4500001").line("10", "X", "0", "1").schedule("1", "6", "2026-12-28", "");
    let document = document.schedule("2", "4", "2027-01-04", "").line("20", "Y", "5", "1");
    let id = buyer.publish(document.to("V100")).await.expect("published").order_id;
    let receipt = buyer.cancel(cancel(&id, &[("10", "")])).await.expect("cancelled");
    assert_eq!(receipt.lines.len(), 2);
    bad_fields(buyer.cancel(cancel(&id, &[("10", "1")])).await, &[("lines[0]", "LINE_UNKNOWN")]);
    supplier.accept_all(&id).await.expect("the other line");
    assert_eq!(buyer.order(&id).await.unwrap().state(), OrderState::Accepted);
    world.finish().await;
}

#[tokio::test]
async fn closing_short_keeps_what_was_delivered_and_expects_nothing_more() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let part = answer(&id).accept("10", "80").rest(Remainder::LeaveUnanswered);
    let part = part.propose("20", "", &[("40", "2027-01-04")]).done();
    supplier.respond(part).await.expect("answered");
    let receipt = buyer.close(close(&id, &[("10", "60"), ("20", "0")])).await.expect("closed");
    let stands: Vec<_> = receipt.lines.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[100, 60, 0, 0, 0, 40], [40, 0, 0, 0, 0, 40]]);
    let seen = supplier.order(&id).await.unwrap();
    assert!(seen.schedule.iter().all(|line| line.closed));
    assert_eq!(seen.schedule[1].proposals[0].state(), ProposalState::Superseded);
    refused(buyer.close(close(&id, &[("10", "60")])).await, Reason::NOTHING_OPEN);
    refused(buyer.cancel(cancel(&id, &[("10", "1")])).await, Reason::NOTHING_OPEN);
    refused(supplier.accept_all(&id).await, Reason::NOTHING_UNANSWERED);
    world.finish().await;
}

#[tokio::test]
async fn an_order_on_hold_is_still_answered() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let mut changes = buyer.changes();
    refused(changes.release_order(release(&id)).await, Reason::HOLD_UNCHANGED);
    let held = changes.hold_order(hold(&id)).await.expect("held").into_inner();
    assert_eq!(held.version, 2);
    refused(changes.hold_order(hold(&id)).await, Reason::HOLD_UNCHANGED);
    assert!(supplier.order(&id).await.unwrap().held);
    let list = ListOrdersRequest { side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    assert!(supplier.orders().list_orders(list).await.unwrap().into_inner().orders[0].held);
    supplier.accept_all(&id).await.expect("answers stay possible");
    changes.release_order(release(&id)).await.expect("released");
    let seen = supplier.order(&id).await.unwrap();
    assert!(!seen.held);
    let actions: Vec<_> = seen.history.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["published", "held", "responded", "released"]);
    assert_eq!(seen.history[1].difference.as_ref().unwrap().header[0].field, "held");
    assert_eq!((seen.history[1].note.as_str(), &seen.history[1].firm_id), ("等检验结果", &buyer.id));
    world.settled().await;
    let feed = supplier.events().await;
    let kinds: Vec<_> = events::of_order(&feed, &id).into_iter().map(events::short).collect();
    assert_eq!(kinds, ["order.published", "order.held", "order.responded", "order.released"]);
    world.finish().await;
}

#[tokio::test]
async fn a_proposal_is_taken_back() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let propose = answer(&id).propose("10", "", &[("100", "2027-01-04")]).accept("20", "").done();
    let proposal = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
    let open = async |wanted: bool| {
        let request = ListOrdersRequest {
            side: Side::Buyer.into(),
            has_open_proposals: Some(wanted),
            ..ListOrdersRequest::default()
        };
        buyer.orders().list_orders(request).await.unwrap().into_inner().orders.len()
    };
    assert_eq!((open(true).await, open(false).await), (1, 0));
    refused(buyer.withdraw(withdraw(&id, &[&proposal])).await, Reason::NOT_FOUND);
    let receipt = supplier.withdraw(withdraw(&id, &[&proposal])).await.expect("withdrawn");
    assert_eq!((receipt.version, receipt.state()), (3, OrderState::Unanswered));
    assert_eq!((open(true).await, open(false).await), (0, 1));
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].proposals[0].state(), ProposalState::Withdrawn);
    assert_eq!(seen.history[2].firm_id, supplier.id);
    refused(
        buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await,
        Reason::PROPOSAL_RESOLVED,
    );
    supplier.accept_all(&id).await.expect("answered anew");
    world.finish().await;
}

#[tokio::test]
async fn of_a_cancellation_and_an_answer_exactly_one_wins() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (mut by_buyer, mut by_supplier) = (0, 0);
    for round in 0..20 {
        let document = order(&format!("45{round:05}")).line("10", "X", "10", "1");
        let id = buyer.publish(document.to("V100")).await.expect("published").order_id;
        let cancelling = buyer.cancel(CancelOrderRequest { version: 1, ..cancel(&id, &[]) });
        let answering = supplier.respond(RespondToOrderRequest { version: 1, ..accept_all(&id) });
        let (cancelled, answered) = tokio::join!(cancelling, answering);
        let lost = match (cancelled, answered) {
            (Ok(_), Err(status)) => {
                by_buyer += 1;
                status
            }
            (Err(status), Ok(_)) => {
                by_supplier += 1;
                status
            }
            both => panic!("{both:?}"),
        };
        let lost = refused(Err::<(), _>(lost), Reason::VERSION_OUTDATED);
        assert_eq!(metadata(&lost)["current_version"], "2");
        assert_eq!(buyer.order(&id).await.unwrap().version, 2);
    }
    println!("the buyer won {by_buyer}, the supplier {by_supplier}");
    world.finish().await;
}

#[tokio::test]
async fn every_change_takes_effect_once_however_often_it_is_sent() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let propose = answer(&id).propose("10", "", &[("100", "2027-01-04")]).done();
    let proposal = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
    let takes_back = withdraw(&id, &[&proposal]);
    let changed = change(&id, order("").line("10", "CY-BX-0450", "120", "6.85"));
    let cancelled = cancel(&id, &[("10", "20")]);
    let mut version = 2;
    let once = |receipts: Vec<proto::orders::OrderReceipt>, version: i64| {
        assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
        assert!(receipts.iter().all(|receipt| receipt.version == version), "{receipts:?}");
    };
    macro_rules! thrice {
        ($call:expr) => {
            version += 1;
            let copies = join_all((0..3).map(|_| $call)).await;
            once(copies.into_iter().map(|copy| copy.expect("each is answered")).collect(), version);
        };
    }
    thrice!(supplier.withdraw(takes_back.clone()));
    thrice!(buyer.change(changed.clone()));
    thrice!(buyer.cancel(cancelled.clone()));
    let held = hold(&id);
    let hold = async || buyer.changes().hold_order(held.clone()).await.map(tonic::Response::into_inner);
    thrice!(hold());
    let accepted = RespondToOrderRequest { revision: 2, ..accept_all(&id) };
    thrice!(supplier.respond(accepted.clone()));
    let closed = close(&id, &[("10", "70")]);
    thrice!(buyer.close(closed.clone()));
    let mut other = cancelled.clone();
    other.note = "x".into();
    refused(buyer.cancel(other).await, Reason::IDEMPOTENCY_KEY_REUSED);
    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    assert_eq!(events::of_order(&left, &id).len() as i64, version);
    assert_eq!(events::of_order(&right, &id).len() as i64, version);
    world.finish().await;
}

#[tokio::test]
async fn with_a_suspended_partner_nothing_new_is_agreed_and_what_stands_can_be_cancelled() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let list = proto::partners::ListRelationshipsRequest::default();
    let all = buyer.relationships().list_relationships(list).await.unwrap().into_inner().relationships;
    let pair = all.into_iter().find(|pair| pair.supplier_id == supplier.id).unwrap();
    let suspend = UpdateRelationshipRequest {
        request_id: harness::request_id(),
        relationship_id: pair.id,
        state: RelationshipState::Suspended.into(),
        etag: pair.etag,
        ..UpdateRelationshipRequest::default()
    };
    buyer.relationships().update_relationship(suspend).await.expect("suspended");
    let more = order("").line("10", "CY-BX-0450", "120", "6.85");
    refused(buyer.change(change(&id, more)).await, Reason::RELATIONSHIP_NOT_ACTIVE);
    buyer.cancel(cancel(&id, &[])).await.expect("cancelled");
    assert_eq!(supplier.order(&id).await.unwrap().state(), OrderState::Cancelled);
    world.finish().await;
}
