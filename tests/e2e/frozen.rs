//! Inside the frozen horizon nothing changes without the supplier's consent.

use chassis::Reason;
use harness::{
    Access, Firm, World, answer,
    change::{cancel, change, item},
    date, events,
    events::Payload,
    order,
    refusal::refused,
    request_id,
};
use proto::orders::{
    ListOrdersRequest, OrderReceipt, OrderState, PendingChange, PendingKind, PublishOutcome,
    RespondToChangeRequest, SetTermsRequest, Side, Terms, WithdrawChangeRequest,
};
use tonic::Status;

use crate::changes::{parts, two_lines};

/// Freezes a year, so that everything that is asked for is near.
async fn freeze(buyer: &Firm, days: i32) {
    let terms = Terms { frozen_working_days: Some(days), ..Terms::default() };
    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    buyer.terms().set_terms(request).await.expect("terms");
}

/// Two lines that the supplier accepted, and all of it is frozen.
async fn frozen(world: &World) -> (Firm, Firm, String) {
    let (buyer, supplier, id) = crate::changes::accepted(world).await;
    freeze(&buyer, 250).await;
    (buyer, supplier, id)
}

async fn reply(
    supplier: &Access,
    order_id: &str,
    change_id: &str,
    accept: bool,
) -> Result<OrderReceipt, Status> {
    let request = RespondToChangeRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        change_id: change_id.into(),
        accept,
        note: "说明".into(),
    };
    Ok(supplier.changes().respond_to_change(request).await?.into_inner())
}

/// Orders with or without a change that waits, as the list has them.
async fn listed(supplier: &Access, pending: bool) -> Vec<String> {
    let request = ListOrdersRequest {
        side: Side::Supplier.into(),
        has_pending_changes: Some(pending),
        ..ListOrdersRequest::default()
    };
    let orders = supplier.orders().list_orders(request).await.expect("a list").into_inner().orders;
    assert!(orders.iter().all(|order| order.change_pending == pending));
    orders.into_iter().map(|order| order.id).collect()
}

async fn waiting(who: &Access, id: &str) -> Vec<PendingChange> {
    who.order(id).await.unwrap().pending_changes
}

#[tokio::test]
async fn a_frozen_line_changes_when_the_supplier_accepts() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let request = order("").line("10", "CY-BX-0450", "120", "6.85");
    let receipt = buyer.change(change(&id, request.clone())).await.expect("asked for");
    assert_eq!((receipt.outcome(), receipt.revision, receipt.version), (PublishOutcome::Pending, 1, 3));
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(
        parts(seen.schedule[0].quantities.as_ref()),
        [100, 100, 0, 0, 0, 0],
        "nothing of it holds yet"
    );
    let [asked] = seen.pending_changes.as_slice() else { panic!("{:?}", seen.pending_changes) };
    assert_eq!((asked.kind(), &asked.id), (PendingKind::Change, &receipt.pending_change_id));
    let told = &asked.difference.as_ref().unwrap().lines[0].changes[0];
    assert_eq!((told.field.as_str(), told.old.as_str(), told.new.as_str()), ("quantity", "100", "120"));

    let again = buyer.change(change(&id, request)).await.expect("the same again");
    assert_eq!((again.outcome(), again.version), (PublishOutcome::Unchanged, 3));
    assert_eq!(again.pending_change_id, receipt.pending_change_id);

    refused(reply(&buyer, &id, &asked.id, true).await, Reason::NOT_FOUND);
    assert_eq!(listed(&supplier, true).await, [id.as_str()]);
    let agreed = reply(&supplier, &id, &asked.id, true).await.expect("accepted");
    assert_eq!(listed(&supplier, true).await, [""; 0]);
    assert_eq!(listed(&supplier, false).await, [id.as_str()]);
    assert_eq!((agreed.revision, agreed.version, agreed.state()), (2, 4, OrderState::Accepted));
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(parts(seen.schedule[0].quantities.as_ref()), [120, 120, 0, 0, 0, 0]);
    let [promise] = seen.schedule[0].commitments.as_slice() else { panic!("one promise") };
    assert_eq!(harness::number(promise.quantity.as_ref()), 120.into());
    assert_eq!(promise.committed_delivery_date, Some(date("2026-12-28")));
    assert_eq!(parts(seen.schedule[1].quantities.as_ref()), [40, 40, 0, 0, 0, 0], "the other line stands");
    assert_eq!(seen.schedule[1].commitments.len(), 1);
    assert!(seen.pending_changes.is_empty() && !seen.erp_differs);
    let actions: Vec<_> = seen.history.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["published", "responded", "change_requested", "change_accepted"]);
    refused(reply(&supplier, &id, &asked.id, false).await, Reason::CHANGE_RESOLVED);
    refused(reply(&supplier, &id, &asked.id, true).await, Reason::CHANGE_RESOLVED);
    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    let kinds = |feed: &[proto::stream::FeedEvent]| -> Vec<String> {
        events::of_order(feed, &id).into_iter().map(|entry| events::short(entry).to_string()).collect()
    };
    let expected = ["order.published", "order.responded", "order.change_requested", "order.change_answered"];
    assert_eq!(kinds(&left), expected);
    assert_eq!(kinds(&right), expected);
    world.finish().await;
}

#[tokio::test]
async fn what_is_declined_or_withdrawn_changes_nothing() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let before = buyer.order(&id).await.unwrap();
    let mut later = order("").line("10", "CY-BX-0450", "1", "6.85");
    later = later.schedule("1", "100", "2027-02-01", "");
    let asked = buyer.change(change(&id, later.clone())).await.expect("asked for").pending_change_id;
    let declined = reply(&supplier, &id, &asked, false).await.expect("declined");
    assert_eq!((declined.revision, declined.version), (1, 4));
    let after = buyer.order(&id).await.unwrap();
    assert_eq!((&after.content, &after.schedule), (&before.content, &before.schedule));

    let asked = buyer.change(change(&id, later)).await.expect("asked for again").pending_change_id;
    let withdraw = WithdrawChangeRequest {
        request_id: request_id(),
        order_id: id.clone(),
        change_id: asked.clone(),
        note: String::new(),
    };
    let mut not_its_own = withdraw.clone();
    not_its_own.request_id = request_id();
    refused(supplier.changes().withdraw_change(not_its_own).await, Reason::NOT_FOUND);
    buyer.changes().withdraw_change(withdraw.clone()).await.expect("withdrawn");
    assert!(buyer.changes().withdraw_change(withdraw.clone()).await.unwrap().into_inner().replayed);
    refused(reply(&supplier, &id, &asked, true).await, Reason::CHANGE_RESOLVED);
    let after = buyer.order(&id).await.unwrap();
    assert_eq!((&after.content, &after.schedule), (&before.content, &before.schedule));
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_frozen_takes_effect_at_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let document = |near: &str, far: &str| {
        let order = order("4500001").line("10", "X", "1", "1").schedule("1", near, "2026-12-01", "");
        order.line("20", "Y", "1", "1").schedule("1", far, "2030-01-07", "")
    };
    let id = buyer.publish(document("100", "40").to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    freeze(&buyer, 20).await;
    let nightly = || vec![item("1", document("110", "50").to("V100"))];
    let sent = buyer.publish_all(nightly()).await.unwrap();
    assert_eq!(sent[0].outcome(), PublishOutcome::Changed);
    let receipt = sent[0].receipt.as_ref().unwrap();
    assert_eq!((receipt.revision, receipt.reconfirm_lines), (2, 1));
    let asked = receipt.pending_change_id.clone();
    let seen = supplier.order(&id).await.unwrap();
    let stands: Vec<_> = seen.schedule.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[100, 100, 0, 0, 0, 0], [50, 0, 0, 0, 50, 0]]);
    world.settled().await;
    let feed = supplier.events().await;
    let told = events::payload(events::event(events::of_order(&feed, &id).last().unwrap()));
    let Payload::Changed(told) = told else { panic!("{told:?}") };
    assert_eq!(told.pending.expect("told beside it").id, asked);

    for _ in 0..2 {
        let again = buyer.publish_all(nightly()).await.unwrap();
        assert_eq!(again[0].outcome(), PublishOutcome::Unchanged, "the same file the next night");
    }
    // Another change of what is not frozen leaves the request as it is.
    let far = order("").line("20", "Y", "1", "1").schedule("1", "60", "2030-01-07", "");
    buyer.change(change(&id, far)).await.expect("changed");
    assert_eq!(waiting(&buyer, &id).await[0].id, asked);
    let agreed = reply(&supplier, &id, &asked, true).await.expect("accepted");
    assert_eq!(agreed.revision, 4);
    let seen = supplier.order(&id).await.unwrap();
    let stands: Vec<_> = seen.schedule.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[110, 110, 0, 0, 0, 0], [60, 0, 0, 0, 60, 0]]);
    world.finish().await;
}

#[tokio::test]
async fn a_newer_request_replaces_an_older_one_for_the_same_line() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let ask = async |line: &str, item: &str, quantity: &str, price: &str| {
        let request = order("").line(line, item, quantity, price);
        buyer.change(change(&id, request)).await.expect("asked for").pending_change_id
    };
    let first = ask("10", "CY-BX-0450", "120", "6.85").await;
    let second = ask("20", "CY-LD-0450", "50", "2.30").await;
    let third = ask("10", "CY-BX-0450", "130", "6.85").await;
    assert!(first != second && second != third);
    let open = waiting(&supplier, &id).await;
    let [one] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!(one.id, third);
    refused(reply(&supplier, &id, &first, true).await, Reason::CHANGE_RESOLVED);
    reply(&supplier, &id, &third, true).await.expect("accepted");
    let seen = supplier.order(&id).await.unwrap();
    let stands: Vec<_> = seen.schedule.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[130, 130, 0, 0, 0, 0], [50, 50, 0, 0, 0, 0]], "both lines were asked for");
    world.finish().await;
}

#[tokio::test]
async fn a_frozen_line_is_cancelled_when_the_supplier_accepts() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let asked = buyer.cancel(cancel(&id, &[("10", "30")])).await.expect("asked for");
    assert_eq!((asked.outcome(), asked.version), (PublishOutcome::Pending, 3));
    let open = waiting(&supplier, &id).await;
    assert_eq!(open[0].kind(), PendingKind::Cancellation);
    let told = &open[0].difference.as_ref().unwrap().lines[0].changes;
    let told: Vec<_> = told.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
    assert_eq!(told, [("accepted", "100", "70"), ("cancelled", "0", "30")]);
    assert_eq!(parts(supplier.order(&id).await.unwrap().schedule[0].quantities.as_ref())[5], 0);
    let receipt = reply(&supplier, &id, &asked.pending_change_id, true).await.expect("accepted");
    assert_eq!(parts(receipt.lines[0].quantities.as_ref()), [100, 70, 0, 0, 0, 30]);
    assert_eq!(receipt.revision, 1, "a cancellation is no revision");
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(harness::number(seen.schedule[0].commitments[0].quantity.as_ref()), 70.into());
    world.finish().await;
}

#[tokio::test]
async fn what_the_supplier_rejected_and_what_is_not_material_is_not_frozen() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let reject = answer(&id).reject("10", "", proto::orders::RejectReason::Date).accept("20", "");
    supplier.respond(reject.done()).await.expect("answered");
    freeze(&buyer, 250).await;
    let later = order("").line("10", "CY-BX-0450", "1", "6.85").schedule("1", "100", "2027-02-01", "");
    let receipt = buyer.change(change(&id, later)).await.expect("changed");
    assert_eq!((receipt.outcome(), receipt.reconfirm_lines), (PublishOutcome::Changed, 1));
    let mut noted = order("").line("20", "CY-LD-0450", "40", "2.30");
    noted.content.lines[0].accounting_cost = "K".into();
    let receipt = buyer.change(change(&id, noted)).await.expect("changed");
    assert_eq!((receipt.outcome(), receipt.pending_change_id.as_str()), (PublishOutcome::Changed, ""));
    world.finish().await;
}

/// What the buyer's system sends every night, with these quantities.
async fn nightly(buyer: &Firm, quantities: [&str; 2]) -> (PublishOutcome, String) {
    let mut document = two_lines();
    for (line, quantity) in document.content.lines.iter_mut().zip(quantities) {
        line.quantity = Some(harness::decimal(quantity));
    }
    let answers = buyer.publish_all(vec![item("1", document.to("V100"))]).await.expect("answered");
    let receipt = answers[0].receipt.clone().expect("taken");
    (answers[0].outcome(), receipt.pending_change_id)
}

/// The numbers of the lines that the supplier is asked for.
async fn asked_for(supplier: &Access, id: &str) -> Vec<String> {
    let open = waiting(supplier, id).await;
    let lines = open.iter().flat_map(|pending| pending.difference.as_ref().unwrap().lines.iter());
    lines.map(|line| line.line_number.clone()).collect()
}

#[tokio::test]
async fn a_newer_document_takes_back_what_it_no_longer_says() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let (outcome, first) = nightly(&buyer, ["120", "50"]).await;
    assert_eq!(
        (outcome, asked_for(&supplier, &id).await),
        (PublishOutcome::Pending, vec!["10".into(), "20".into()])
    );
    // Line 10 is again as it was published, line 20 is not.
    let (outcome, second) = nightly(&buyer, ["100", "50"]).await;
    assert_eq!((outcome, asked_for(&supplier, &id).await), (PublishOutcome::Pending, vec!["20".into()]));
    assert_ne!(first, second);
    let before = buyer.order(&id).await.unwrap().version;
    assert_eq!(nightly(&buyer, ["100", "40"]).await, (PublishOutcome::Unchanged, String::new()));
    let seen = supplier.order(&id).await.unwrap();
    assert!(seen.pending_changes.is_empty(), "nothing is asked for any more: {:?}", seen.pending_changes);
    assert_eq!(
        (seen.version, seen.history.last().unwrap().action.as_str()),
        (before + 1, "change_withdrawn")
    );
    for change in [&first, &second] {
        refused(reply(&supplier, &id, change, true).await, Reason::CHANGE_RESOLVED);
    }
    assert_eq!(nightly(&buyer, ["100", "40"]).await, (PublishOutcome::Unchanged, String::new()));
    assert_eq!(supplier.order(&id).await.unwrap().version, before + 1, "and that was said once");

    // A change that lists one line leaves what is asked for of the other.
    nightly(&buyer, ["120", "50"]).await;
    let back = order("").line("10", "CY-BX-0450", "100", "6.85");
    buyer.change(change(&id, back)).await.expect("taken back");
    assert_eq!(asked_for(&supplier, &id).await, ["20"]);
    world.settled().await;
    events::check_feed(&supplier.id, &supplier.events().await);
    world.finish().await;
}

#[tokio::test]
async fn what_was_declined_is_asked_for_again_whenever_it_is_sent() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    for nights in 1..3 {
        let (outcome, asked) = nightly(&buyer, ["120", "40"]).await;
        assert_eq!(outcome, PublishOutcome::Pending);
        for _ in 1..nights {
            assert_eq!(nightly(&buyer, ["120", "40"]).await, (PublishOutcome::Unchanged, asked.clone()));
        }
        reply(&supplier, &id, &asked, false).await.expect("declined");
    }
    assert_eq!(nightly(&buyer, ["120", "40"]).await.0, PublishOutcome::Pending);
    world.finish().await;
}

#[tokio::test]
async fn a_request_does_not_undo_what_was_cancelled_after_it() {
    let world = World::start().await;
    let (buyer, supplier, id) = frozen(&world).await;
    let (_, older) = nightly(&buyer, ["90", "40"]).await;
    let cancelled = buyer.cancel(cancel(&id, &[("10", "40")])).await.expect("asked for").pending_change_id;
    reply(&supplier, &id, &cancelled, true).await.expect("accepted");
    refused(reply(&supplier, &id, &older, true).await, Reason::CHANGE_RESOLVED);
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(
        parts(seen.schedule[0].quantities.as_ref()),
        [100, 60, 0, 0, 0, 40],
        "the cancellation stands"
    );
    // Whoever says it after the cancellation means it.
    let (outcome, newer) = nightly(&buyer, ["90", "40"]).await;
    assert_eq!(outcome, PublishOutcome::Pending);
    reply(&supplier, &id, &newer, true).await.expect("accepted");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(parts(seen.schedule[0].quantities.as_ref()), [90, 90, 0, 0, 0, 0]);
    world.finish().await;
}

#[tokio::test]
async fn a_header_that_waits_holds_no_line_that_it_leaves_alone() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let document = |near: &str, far: &str| {
        let order = order("4500001").line("10", "X", "1", "1").schedule("1", near, "2026-12-01", "");
        order.line("20", "Y", "1", "1").schedule("1", far, "2030-01-07", "")
    };
    let id = buyer.publish(document("100", "40").to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    freeze(&buyer, 20).await;
    let mut dear = document("110", "40");
    dear.content.currency = "USD".into();
    let asked = buyer.change(change(&id, dear.clone())).await.expect("asked for").pending_change_id;
    reply(&supplier, &id, &asked, false).await.expect("declined");
    let asked = buyer.change(change(&id, dear)).await.expect("asked for again").pending_change_id;
    // The newer document has the header as it is published, and says nothing of line 10.
    let far = order("").line("20", "Y", "1", "1").schedule("1", "60", "2030-01-07", "");
    let receipt = buyer.change(change(&id, far)).await.expect("changed");
    assert_eq!(receipt.outcome(), PublishOutcome::Changed);
    let open = waiting(&supplier, &id).await;
    assert_eq!((open.len(), asked_for(&supplier, &id).await), (1, vec!["10".into()]));
    assert!(open[0].id != asked && open[0].difference.as_ref().unwrap().header.is_empty());
    reply(&supplier, &id, &open[0].id, true).await.expect("accepted");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(seen.content.as_ref().unwrap().currency, "CNY");
    let stands: Vec<_> = seen.schedule.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[110, 110, 0, 0, 0, 0], [60, 0, 0, 0, 60, 0]]);

    // Of a request of which the next revision says otherwise, its event says so.
    let asked = buyer.change(change(&id, document("120", "60"))).await.expect("asked for").pending_change_id;
    buyer.change(change(&id, document("110", "70"))).await.expect("changed");
    assert!(waiting(&buyer, &id).await.is_empty());
    world.settled().await;
    let feed = supplier.events().await;
    let told = events::payload(events::event(events::of_order(&feed, &id).last().unwrap()));
    let Payload::Changed(told) = told else { panic!("{told:?}") };
    assert_eq!((told.ended_change_id, told.pending), (asked, None));
    world.finish().await;
}
