//! Answers and decisions: in part, refused, proposed, and what is wrong with an answer.

use chassis::Reason;
use harness::{
    Firm, World, answer, decide, decimal, events,
    events::Payload,
    number, order,
    refusal::{bad_fields, fields, metadata, refused},
};
use proto::orders::{
    OrderState, ProposalState, Quantities, RejectReason, Remainder, ResolveProposalRequest,
    RespondToOrderRequest,
};
use tonic::Status;

/// Ordered, accepted, rejected, proposed, unanswered.
fn split(quantities: Option<&Quantities>) -> [i64; 5] {
    let quantities = quantities.expect("quantities");
    let whole = |wire: &Option<proto::Decimal>| i64::try_from(number(wire.as_ref())).expect("a whole number");
    assert_eq!(whole(&quantities.cancelled), 0);
    [
        &quantities.ordered,
        &quantities.accepted,
        &quantities.rejected,
        &quantities.proposed,
        &quantities.unanswered,
    ]
    .map(whole)
}

async fn published(world: &World) -> (Firm, Firm, String) {
    let (buyer, supplier) = world.pair().await;
    let request =
        order("4500001").line("10", "CY-BX-0450", "100", "6.85").line("20", "CY-LD-0450", "40", "2.30");
    let receipt = buyer.publish(request.to("V100")).await.expect("published");
    (buyer, supplier, receipt.order_id)
}

async fn resolve(
    buyer: &Firm,
    request: ResolveProposalRequest,
) -> Result<proto::orders::OrderReceipt, Status> {
    Ok(buyer.orders().resolve_proposal(request).await?.into_inner())
}

#[tokio::test]
async fn a_part_is_accepted_and_the_rest_is_rejected_or_left() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    let part = answer(&id).accept("10", "60").rest(Remainder::LeaveUnanswered);
    let part = part.accept("20", "25").rest(Remainder::Reject).done();
    let receipt = supplier.respond(part).await.expect("answered");
    assert_eq!((receipt.version, receipt.state()), (2, OrderState::Unanswered));
    assert_eq!(split(receipt.lines[0].quantities.as_ref()), [100, 60, 0, 0, 40]);
    assert_eq!(split(receipt.lines[1].quantities.as_ref()), [40, 25, 15, 0, 0]);

    let rest = supplier.respond(answer(&id).accept("10", "").done()).await.expect("the rest too");
    assert_eq!((rest.version, rest.state()), (3, OrderState::PartAccepted));
    assert_eq!(split(rest.lines[0].quantities.as_ref()), [100, 100, 0, 0, 0]);
    let seen = buyer.order(&id).await.unwrap();
    assert_eq!(seen.schedule[0].commitments.len(), 2, "two promises on one line");
    assert_eq!(seen.schedule[1].rejections[0].reason(), RejectReason::NoCapacity);
    let actions: Vec<_> = seen.history.iter().map(|entry| (entry.version, entry.action.as_str())).collect();
    assert_eq!(actions, [(1, "published"), (2, "responded"), (3, "responded")]);
    world.finish().await;
}

#[tokio::test]
async fn a_whole_order_is_rejected_with_reasons() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    let reject = answer(&id).reject("10", "", RejectReason::NoTooling).reject("20", "", RejectReason::Other);
    let receipt = supplier.respond(reject.done()).await.expect("rejected");
    assert_eq!(receipt.state(), OrderState::Rejected);
    world.settled().await;
    let feed = buyer.events().await;
    let Payload::Responded(event) = events::payload(events::event(events::of_order(&feed, &id)[1])) else {
        panic!("a response")
    };
    let reasons: Vec<_> = event.schedule.iter().map(|line| line.rejections[0].reason()).collect();
    assert_eq!(reasons, [RejectReason::NoTooling, RejectReason::Other]);
    assert_eq!(event.schedule[1].rejections[0].note, "说明");
    world.finish().await;
}

#[tokio::test]
async fn a_proposal_is_accepted_at_its_values_or_declined_back_to_unanswered() {
    let world = World::start().await;
    let (buyer, supplier, id) = published(&world).await;
    let split_up = answer(&id).propose("10", "", &[("80", "2026-12-28"), ("30", "2027-01-04")]);
    let request =
        split_up.propose("20", "10", &[("10", "2027-01-11")]).rest(Remainder::LeaveUnanswered).done();
    let receipt = supplier.respond(request).await.expect("proposed");
    assert_eq!(receipt.state(), OrderState::Unanswered, "something still waits for the supplier");
    assert_eq!(
        split(receipt.lines[0].quantities.as_ref()),
        [100, 0, 0, 100, 0],
        "a larger proposal does not break it"
    );
    assert_eq!(split(receipt.lines[1].quantities.as_ref()), [40, 0, 0, 10, 30]);
    let (first, second) = (receipt.lines[0].proposal_id.clone(), receipt.lines[1].proposal_id.clone());
    assert!(!first.is_empty() && !second.is_empty());

    let supplier_decides = supplier.orders().resolve_proposal(decide(&id, &[(&first, true)])).await;
    refused(supplier_decides, Reason::NOT_FOUND);
    let decided = resolve(&buyer, decide(&id, &[(&first, true), (&second, false)])).await.expect("decided");
    assert_eq!((decided.version, decided.state()), (3, OrderState::Unanswered));
    assert_eq!(split(decided.lines[0].quantities.as_ref()), [100, 100, 0, 0, 0]);
    assert_eq!(split(decided.lines[1].quantities.as_ref()), [40, 0, 0, 0, 40]);
    refused(resolve(&buyer, decide(&id, &[(&first, false)])).await, Reason::PROPOSAL_RESOLVED);
    let unknown = harness::request_id();
    refused(resolve(&buyer, decide(&id, &[(&unknown, true)])).await, Reason::PROPOSAL_RESOLVED);

    let seen = supplier.order(&id).await.unwrap();
    let states: Vec<_> = seen.schedule.iter().map(|line| line.proposals[0].state()).collect();
    assert_eq!(states, [ProposalState::Accepted, ProposalState::Declined]);
    let agreed: Vec<_> = seen.schedule[0]
        .commitments
        .iter()
        .map(|each| {
            (
                number(each.quantity.as_ref()),
                number(each.settles_quantity.as_ref()),
                each.committed_delivery_date,
            )
        })
        .collect();
    let day = |text| Some(harness::date(text));
    assert_eq!(
        agreed,
        [(80.into(), 80.into(), day("2026-12-28")), (30.into(), 20.into(), day("2027-01-04")),]
    );
    supplier.respond(answer(&id).accept("20", "").done()).await.expect("the declined part is answered anew");
    assert_eq!(buyer.order(&id).await.unwrap().state(), OrderState::Accepted);
    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    let kinds: Vec<_> = events::of_order(&left, &id).into_iter().map(events::short).collect();
    assert_eq!(kinds, ["order.published", "order.responded", "order.proposal_resolved", "order.responded"]);
    let of = |feed: &[proto::stream::FeedEvent]| -> Vec<String> {
        events::of_order(feed, &id).into_iter().map(|entry| events::event(entry).id.clone()).collect()
    };
    assert_eq!(of(&left), of(&right), "both firms get the same events in the same order");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_to_another_revision_is_refused_and_says_which_one_counts() {
    let world = World::start().await;
    let (_, supplier, id) = published(&world).await;
    let mut outdated = answer(&id).accept("10", "").done();
    outdated.revision = 2;
    let status = refused(supplier.respond(outdated).await, Reason::REVISION_OUTDATED);
    assert_eq!(metadata(&status)["current_revision"], "1");
    let mut unnamed = answer(&id).accept("10", "").done();
    unnamed.revision = 0;
    bad_fields(supplier.respond(unnamed).await, &[("revision", "REQUIRED")]);
    world.finish().await;
}

#[tokio::test]
async fn every_line_that_cannot_be_answered_so_is_named() {
    let world = World::start().await;
    let (_, supplier, id) = published(&world).await;
    let wrong = answer(&id).accept("10", "101").accept("20", "5").accept("30", "1").accept("20", "1");
    bad_fields(
        supplier.respond(wrong.done()).await,
        &[
            ("lines[0].quantity", "QUANTITY_EXCEEDS_UNANSWERED"),
            ("lines[1].remainder", "REMAINDER_REQUIRED"),
            ("lines[2]", "LINE_UNKNOWN"),
            ("lines[3]", "LINE_REPEATED"),
        ],
    );

    let mut many = answer(&id).accept("10", "0").reject("20", "-1", RejectReason::Unspecified).done();
    many.note = "x".repeat(4_001);
    many.lines[0].remainder = 9;
    bad_fields(
        supplier.respond(many).await,
        &[
            ("note", "TOO_LONG"),
            ("lines[0].accept.quantity", "RANGE"),
            ("lines[0].remainder", "UNKNOWN"),
            ("lines[1].reject.quantity", "RANGE"),
            ("lines[1].reject.reason", "REQUIRED"),
        ],
    );
    let mut proposal = answer(&id).propose("10", "", &[]).propose("20", "", &[("0", "2026-12-28")]).done();
    if let Some(proto::orders::line_response::Answer::Propose(propose)) = &mut proposal.lines[1].answer {
        propose.deliveries[0].delivery_date = Some(proto::Date { year: 2026, month: 2, day: 30 });
        propose.price = Some(proto::orders::Price { amount: Some(decimal("-1")), ..Default::default() });
    }
    bad_fields(
        supplier.respond(proposal).await,
        &[
            ("lines[0].propose.deliveries", "COUNT"),
            ("lines[1].propose.deliveries[0].quantity", "RANGE"),
            ("lines[1].propose.deliveries[0].delivery_date", "DATE"),
            ("lines[1].propose.price.amount", "RANGE"),
        ],
    );
    let neither = RespondToOrderRequest { accept_all: false, lines: Vec::new(), ..harness::accept_all(&id) };
    bad_fields(supplier.respond(neither).await, &[("lines", "COUNT")]);
    let both = RespondToOrderRequest { accept_all: true, ..answer(&id).accept("10", "").done() };
    bad_fields(supplier.respond(both).await, &[("lines", "COUNT")]);

    let seen = supplier.order(&id).await.unwrap();
    assert_eq!((seen.version, seen.state()), (1, OrderState::Unanswered), "nothing of this took effect");
    world.finish().await;
}

#[tokio::test]
async fn what_was_answered_is_not_answered_again() {
    let world = World::start().await;
    let (_, supplier, id) = published(&world).await;
    supplier.respond(answer(&id).accept("10", "").done()).await.expect("answered");
    let again =
        refused(supplier.respond(answer(&id).accept("10", "").done()).await, Reason::NOTHING_UNANSWERED);
    assert_eq!(fields(&again), [("lines[0]".to_string(), "NOTHING_UNANSWERED".to_string())]);
    let mixed = answer(&id).accept("10", "").accept("20", "");
    let status = refused(supplier.respond(mixed.done()).await, Reason::NOTHING_UNANSWERED);
    assert_eq!(
        fields(&status),
        [("lines[0]".to_string(), "NOTHING_UNANSWERED".to_string())],
        "the other one is fine"
    );
    supplier.accept_all(&id).await.expect("the other line");
    refused(supplier.accept_all(&id).await, Reason::NOTHING_UNANSWERED);
    world.finish().await;
}

#[tokio::test]
async fn each_schedule_line_is_answered_by_itself() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    buyer.site("1000").await;
    let request = order("4500001").line("10", "CY-BX-0450", "0", "6.85");
    let request = request.schedule("1", "60", "2026-12-28", "1000").schedule("2", "40", "2027-01-04", "1000");
    let receipt = buyer.publish(request.to("V100")).await.expect("published");
    let id = &receipt.order_id;
    bad_fields(supplier.respond(answer(id).accept("10", "").done()).await, &[("lines[0]", "LINE_UNKNOWN")]);
    let by_number = answer(id).accept("10/1", "").reject("10/2", "", RejectReason::Date).done();
    let answered = supplier.respond(by_number).await.expect("answered");
    assert_eq!(answered.state(), OrderState::PartAccepted);
    let lines: Vec<_> = answered.lines.iter().map(|line| split(line.quantities.as_ref())).collect();
    assert_eq!(lines, [[60, 60, 0, 0, 0], [40, 0, 40, 0, 0]]);
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_asks_for_nothing_needs_no_answer() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let receipt = buyer.publish(order("4500001").line("10", "CY-BX-0450", "0", "6.85").to("V100")).await;
    let receipt = receipt.expect("a quantity of 0 is kept");
    assert_eq!(receipt.state(), OrderState::Accepted);
    refused(supplier.accept_all(&receipt.order_id).await, Reason::NOTHING_UNANSWERED);
    world.finish().await;
}
