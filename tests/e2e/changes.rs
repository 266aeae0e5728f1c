//! Changes of published orders: what has to be answered anew and what stands.

use chassis::Reason;
use harness::{
    Firm, Order, World, accept_all, answer,
    change::{change, close},
    date, decide, events,
    events::Payload,
    number, order,
    refusal::{bad_fields, metadata, refused},
};
use prost::Message as _;
use proto::orders::{
    ChangeKind, ListOrderLinesRequest, ListOrdersRequest, Note, OrderDifference, OrderState, ProposalState,
    PublishOutcome, Quantities, RespondToOrderRequest, Side,
};
use tonic_types::StatusExt as _;

/// Ordered, accepted, rejected, proposed, unanswered, cancelled.
pub fn parts(quantities: Option<&Quantities>) -> [i64; 6] {
    let q = quantities.expect("quantities");
    let whole = |wire: &Option<proto::Decimal>| i64::try_from(number(wire.as_ref())).expect("a whole number");
    [&q.ordered, &q.accepted, &q.rejected, &q.proposed, &q.unanswered, &q.cancelled].map(whole)
}

/// Two lines that the supplier accepted.
pub async fn accepted(world: &World) -> (Firm, Firm, String) {
    let (buyer, supplier) = world.pair().await;
    let receipt = buyer.publish(two_lines().to("V100")).await.expect("published");
    supplier.accept_all(&receipt.order_id).await.expect("accepted");
    (buyer, supplier, receipt.order_id)
}

pub fn two_lines() -> Order {
    order("4500001").line("10", "CY-BX-0450", "100", "6.85").line("20", "CY-LD-0450", "40", "2.30")
}

fn accept(id: &str, revision: i32) -> RespondToOrderRequest {
    RespondToOrderRequest { revision, ..accept_all(id) }
}

#[tokio::test]
async fn of_two_hundred_lines_two_changed_ones_are_reconfirmed() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let lines =
        (1..=200).fold(order("4500001"), |order, n| order.line(&n.to_string(), "CY-BX", "100", "6.85"));
    let id = buyer.publish(lines.to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");

    let two = order("4500001").line("7", "CY-BX", "120", "6.85").line("9", "CY-BX", "100", "7.10");
    let receipt = buyer.change(change(&id, two)).await.expect("changed");
    assert_eq!((receipt.revision, receipt.version, receipt.reconfirm_lines), (2, 3, 2));
    assert_eq!((receipt.outcome(), receipt.state()), (PublishOutcome::Changed, OrderState::Unanswered));

    let seen = supplier.order(&id).await.unwrap();
    let open: Vec<_> = seen
        .schedule
        .iter()
        .filter(|line| parts(line.quantities.as_ref())[4] > 0)
        .map(|line| (line.line_number.as_str(), line.commitments.len()))
        .collect();
    assert_eq!(open, [("7", 0), ("9", 0)]);
    assert_eq!(
        seen.schedule.iter().filter(|line| line.commitments.len() == 1).count(),
        198,
        "the others stand"
    );
    let content = seen.content.as_ref().unwrap();
    assert_eq!(number(content.lines[6].quantity.as_ref()), 120.into());
    let encoded = chassis::secret::sha256(&content.encode_to_vec());
    assert_eq!(seen.content_sha256[..], encoded[..], "the hash is of what is read");

    world.settled().await;
    let feed = supplier.events().await;
    let Payload::Changed(event) = events::payload(events::event(events::of_order(&feed, &id)[2])) else {
        panic!("a change")
    };
    let told = event.difference.unwrap();
    assert_eq!((told.from_revision, told.to_revision, told.header.len()), (1, 2, 0));
    let lines: Vec<_> = told
        .lines
        .iter()
        .map(|line| {
            let changes: Vec<_> =
                line.changes.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
            (line.line_number.as_str(), line.schedule_line_number.as_str(), line.reconfirm, changes)
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("7", "1", true, vec![("quantity", "100", "120")]),
            ("9", "", false, vec![("price.amount", "6.85", "7.10")]),
            ("9", "1", true, vec![]),
        ]
    );
    assert_eq!(event.content.unwrap().lines.len(), 2, "the changed lines, not all of them");
    assert_eq!(event.schedule.len(), 2);

    supplier.respond(accept(&id, 2)).await.expect("the two are answered");
    assert_eq!(buyer.order(&id).await.unwrap().state(), OrderState::Accepted);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_to_what_was_changed_is_refused_with_the_difference() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let first = order("4500001").line("10", "CY-BX-0450", "120", "6.85");
    buyer.change(change(&id, first)).await.expect("changed");
    let second = order("4500001").line("10", "CY-BX-0450", "130", "6.85");
    buyer.change(change(&id, second)).await.expect("changed again");

    let status = refused(supplier.respond(accept(&id, 1)).await, Reason::REVISION_OUTDATED);
    assert_eq!(metadata(&status)["current_revision"], "3");
    assert_eq!(metadata(&status)["current_version"], "4");
    let difference = difference(&status);
    assert_eq!((difference.from_revision, difference.to_revision), (1, 3));
    let [line] = difference.lines.as_slice() else { panic!("{difference:?}") };
    let change = &line.changes[0];
    assert_eq!((change.field.as_str(), change.old.as_str(), change.new.as_str()), ("quantity", "100", "130"));

    let mut stale = harness::change::change(&id, order("4500001").line("20", "CY-LD-0450", "50", "2.30"));
    stale.base_revision = 2;
    let status = refused(buyer.change(stale).await, Reason::REVISION_OUTDATED);
    assert_eq!(self::difference(&status).lines[0].changes[0].old, "120");
    world.finish().await;
}

fn difference(status: &tonic::Status) -> OrderDifference {
    let whole = tonic_types::pb::Status::decode(status.details()).expect("details");
    let typed =
        whole.details.iter().find(|detail| detail.type_url.ends_with("tandem.orders.v1.OrderDifference"));
    assert!(status.get_details_error_info().is_some(), "beside the usual details");
    OrderDifference::decode(typed.expect("a difference").value.as_slice()).expect("decoded")
}

#[tokio::test]
async fn what_is_not_material_asks_for_no_answer_and_no_difference_does_nothing() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let same = buyer.change(change(&id, two_lines())).await.expect("taken");
    assert_eq!((same.outcome(), same.revision, same.version), (PublishOutcome::Unchanged, 1, 2));

    let mut noted = two_lines();
    noted.content.notes.push(Note { text: "请按时交货".into(), language: "zh".into() });
    noted.content.lines[0].accounting_cost = "K-1".into();
    let receipt = buyer.change(change(&id, noted)).await.expect("changed");
    assert_eq!((receipt.revision, receipt.version, receipt.reconfirm_lines), (2, 3, 0));
    assert_eq!(receipt.state(), OrderState::Accepted);
    let seen = supplier.order(&id).await.unwrap();
    assert!(seen.schedule.iter().all(|line| line.commitments.len() == 1));
    assert_eq!(seen.history.last().unwrap().action, "changed");
    let told = seen.history.last().unwrap().difference.as_ref().unwrap();
    assert_eq!(told.header[0].field, "notes");
    assert!(!told.header[0].material && !told.lines[0].changes[0].material);
    world.settled().await;
    assert_eq!(events::of_order(&supplier.events().await, &id).len(), 3, "no event where nothing changed");
    world.finish().await;
}

#[tokio::test]
async fn lines_are_added_and_absence_cancels_nothing() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let receipt = buyer.change(change(&id, order("").line("15", "CY-NEU", "7", "1"))).await.expect("changed");
    assert_eq!(receipt.reconfirm_lines, 1);
    let seen = supplier.order(&id).await.unwrap();
    let numbers: Vec<_> = seen.schedule.iter().map(|line| line.line_number.as_str()).collect();
    assert_eq!(numbers, ["10", "20", "15"]);
    let kinds: Vec<_> =
        seen.history.last().unwrap().difference.as_ref().unwrap().lines.iter().map(|l| l.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Added]);

    // Each revision is read as it was.
    let at = async |revision| {
        let request = ListOrderLinesRequest { order_id: id.clone(), revision, ..Default::default() };
        supplier.orders().list_order_lines(request).await.unwrap().into_inner()
    };
    buyer.change(change(&id, order("").line("10", "CY-BX-0450", "90", "6.85"))).await.expect("changed");
    let quantities = async |revision| -> Vec<String> {
        let lines = at(revision).await.lines;
        lines.iter().map(|line| line.schedule_lines[0].quantity.as_ref().unwrap().value.clone()).collect()
    };
    assert_eq!(quantities(1).await, ["100", "40"]);
    assert_eq!(quantities(2).await, ["100", "40", "7"]);
    assert_eq!(quantities(3).await, ["90", "40", "7"]);
    assert_eq!(quantities(0).await, quantities(3).await);
    world.finish().await;
}

#[tokio::test]
async fn schedule_lines_change_by_themselves() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let document = |second: &str| {
        let order = order("4500001").line("10", "CY-BX-0450", "0", "6.85");
        order.schedule("1", "60", "2026-12-28", "").schedule("2", second, "2027-01-04", "")
    };
    let id = buyer.publish(document("40").to("V100")).await.expect("published").order_id;
    supplier.accept_all(&id).await.expect("accepted");
    let receipt = buyer.change(change(&id, document("50"))).await.expect("changed");
    assert_eq!(receipt.reconfirm_lines, 1);
    let seen = supplier.order(&id).await.unwrap();
    let stands: Vec<_> = seen.schedule.iter().map(|line| parts(line.quantities.as_ref())).collect();
    assert_eq!(stands, [[60, 60, 0, 0, 0, 0], [50, 0, 0, 0, 50, 0]]);

    // One of them alone; the other one stands, and the line's quantity is their sum.
    let alone = order("").line("10", "CY-BX-0450", "0", "6.85").schedule("3", "5", "2027-02-01", "");
    buyer.change(change(&id, alone)).await.expect("changed");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(number(seen.content.unwrap().lines[0].quantity.as_ref()), 115.into());
    assert_eq!(seen.schedule.len(), 3);
    // A quantity for the whole line does not say which of them is meant.
    let whole = order("").line("10", "CY-BX-0450", "120", "6.85");
    bad_fields(buyer.change(change(&id, whole)).await, &[("content.lines[0].schedule_lines", "REQUIRED")]);
    let unchanged = order("").line("10", "CY-BX-0450", "115", "6.85");
    let receipt = buyer.change(change(&id, unchanged)).await.expect("the same in all");
    assert_eq!(receipt.outcome(), PublishOutcome::Unchanged);
    world.finish().await;
}

#[tokio::test]
async fn a_change_of_the_money_concerns_every_line() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let mut taxed = order("");
    taxed.content.price_includes_tax = Some(true);
    let receipt = buyer.change(change(&id, taxed)).await.expect("changed");
    assert_eq!(receipt.reconfirm_lines, 2);
    let seen = supplier.order(&id).await.unwrap();
    assert!(seen.schedule.iter().all(|line| line.commitments.is_empty()));
    world.finish().await;
}

#[tokio::test]
async fn a_change_voids_what_was_proposed_and_keeps_it_in_the_history() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let propose = answer(&id).propose("10", "", &[("100", "2027-01-04")]).done();
    let proposal = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
    buyer.change(change(&id, order("").line("10", "CY-BX-0450", "90", "6.85"))).await.expect("changed");
    let decided = buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await;
    refused(decided, Reason::PROPOSAL_RESOLVED);
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].proposals[0].state(), ProposalState::Superseded);
    assert_eq!(parts(seen.schedule[0].quantities.as_ref()), [90, 0, 0, 0, 90, 0]);
    assert_eq!(seen.state(), OrderState::Unanswered);
    world.finish().await;
}

#[tokio::test]
async fn a_document_that_catches_up_with_the_agreement_voids_nothing() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let id = buyer.publish(two_lines().to("V100")).await.expect("published").order_id;
    let propose = answer(&id).propose("10", "", &[("100", "2027-01-04")]).accept("20", "").done();
    let proposal = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
    buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.expect("agreed");
    let differs = async |wanted: bool| {
        let request = ListOrdersRequest {
            side: Side::Buyer.into(),
            erp_differs: Some(wanted),
            ..ListOrdersRequest::default()
        };
        buyer.orders().list_orders(request).await.unwrap().into_inner().orders.len()
    };
    assert!(buyer.order(&id).await.unwrap().erp_differs);
    assert_eq!((differs(true).await, differs(false).await), (1, 0));

    let mut agreed = order("").line("10", "CY-BX-0450", "0", "6.85").schedule("1", "100", "2027-01-04", "");
    agreed.content.lines[0].quantity = Some(harness::decimal("100"));
    let receipt = buyer.change(change(&id, agreed)).await.expect("changed");
    assert_eq!((receipt.revision, receipt.reconfirm_lines, receipt.state()), (2, 0, OrderState::Accepted));
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].commitments[0].committed_delivery_date, Some(date("2027-01-04")));
    assert!(!seen.erp_differs && !seen.schedule[0].erp_differs);
    assert_eq!((differs(true).await, differs(false).await), (0, 1));
    world.finish().await;
}

#[tokio::test]
async fn a_change_is_checked_like_a_publication() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let mut wrong = two_lines().line("10", "X", "-1", "1");
    wrong.content.price_includes_tax = None;
    bad_fields(
        buyer.change(change(&id, wrong)).await,
        &[
            ("content.price_includes_tax", "REQUIRED"),
            ("content.lines[2].line_number", "REPEATED"),
            ("content.lines[2].quantity", "RANGE"),
        ],
    );
    bad_fields(buyer.change(change(&id, order("4500002"))).await, &[("content.order_number", "FIXED")]);
    let by_number = harness::change::change("", order("4500001").line("20", "CY-LD-0450", "41", "2.30"));
    assert_eq!(buyer.change(by_number).await.expect("found by its number").reconfirm_lines, 1);
    refused(buyer.change(change("", order("4500009"))).await, Reason::NOT_FOUND);
    refused(supplier.change(change(&id, order(""))).await, Reason::NOT_FOUND);
    world.finish().await;
}

#[tokio::test]
async fn a_closed_line_is_left_alone_until_another_quantity_is_published() {
    let world = World::start().await;
    let (buyer, supplier, id) = accepted(&world).await;
    let closed = buyer.close(close(&id, &[("10", "80")])).await.expect("closed");
    assert_eq!(parts(closed.lines[0].quantities.as_ref()), [100, 80, 0, 0, 0, 20]);
    let later = order("").line("10", "CY-BX-0450", "100", "6.95");
    let receipt = buyer.change(change(&id, later)).await.expect("changed");
    assert_eq!(receipt.reconfirm_lines, 0);
    assert!(supplier.order(&id).await.unwrap().schedule[0].closed);
    let caught_up = order("").line("10", "CY-BX-0450", "80", "6.95");
    buyer.change(change(&id, caught_up)).await.expect("changed");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!(parts(seen.schedule[0].quantities.as_ref()), [80, 80, 0, 0, 0, 0]);
    assert!(seen.schedule[0].closed);
    let more = order("").line("10", "CY-BX-0450", "90", "6.95");
    assert_eq!(buyer.change(change(&id, more)).await.expect("changed").reconfirm_lines, 1);
    assert!(!supplier.order(&id).await.unwrap().schedule[0].closed);
    world.finish().await;
}
