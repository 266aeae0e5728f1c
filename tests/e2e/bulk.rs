//! Many answers at once: a result for each, and no one's failure is another's.

use std::collections::BTreeSet;

use chassis::Reason;
use harness::{
    Firm, World, accept_all, answer, events, events::Payload, order, refusal::bad_fields, request_id,
};
use proto::orders::{
    BulkRespondRequest, BulkRespondResult, OrderReceipt, OrderState, RejectReason, Remainder,
    RespondToOrderRequest, ResponseRefusal, bulk_respond_result::Result as One,
};

use crate::changes::parts;

async fn publish(buyer: &Firm, orders: usize) -> Vec<String> {
    let sent = (0..orders).map(|n| {
        let request = order(&format!("45{n:05}")).line("10", "X", "10", "1").to("V100");
        buyer.publish(request)
    });
    let receipts = futures::future::join_all(sent).await;
    receipts.into_iter().map(|receipt| receipt.expect("published").order_id).collect()
}

async fn bulk(supplier: &Firm, responses: Vec<RespondToOrderRequest>) -> Vec<BulkRespondResult> {
    let request = BulkRespondRequest { responses };
    supplier.responses().bulk_respond(request).await.expect("a result for each").into_inner().results
}

fn receipt(result: &BulkRespondResult) -> &OrderReceipt {
    match result.result.as_ref().expect("a result") {
        One::Receipt(receipt) => receipt,
        One::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

#[track_caller]
fn refusal(result: &BulkRespondResult, reason: Reason) -> &ResponseRefusal {
    match result.result.as_ref().expect("a result") {
        One::Receipt(receipt) => panic!("{receipt:?}"),
        One::Refusal(refusal) => {
            assert_eq!((&*refusal.reason, refusal.code), (reason.as_str(), reason.code() as i32));
            assert_eq!(refusal.message_zh, reason.zh());
            refusal
        }
    }
}

/// How many transactions wrote all answers.
async fn transactions(world: &World) -> i64 {
    sqlx::query_scalar("select count(distinct xmin::text) from orders.response")
        .fetch_one(world.owner_pool().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_hundred_answers_share_a_transaction() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let ids = publish(&buyer, 100).await;
    let requests: Vec<_> = ids.iter().map(|id| accept_all(id)).collect();
    let results = bulk(&supplier, requests.clone()).await;
    for (result, request) in results.iter().zip(&requests) {
        assert_eq!((&result.order_id, &result.request_id), (&request.order_id, &request.request_id));
        let receipt = receipt(result);
        assert_eq!((receipt.version, receipt.state()), (2, OrderState::Accepted));
    }
    assert_eq!(transactions(&world).await, 1);
    world.settled().await;
    let feed = buyer.events().await;
    let answered = feed.iter().filter(|entry| events::short(entry) == "order.responded").count();
    assert_eq!(answered, 100);
    world.finish().await;
}

/// Several answers to one order among answers to others: one transaction, and each is told as if it had come alone.
#[tokio::test]
async fn answers_that_go_together_are_told_one_by_one() {
    const LINES: usize = 6;
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let lines = (1..=LINES).fold(order(&format!("450000{n}")), |order, line| {
            order.line(&line.to_string(), "CY-BX-0450", "100", "6.85")
        });
        ids.push(buyer.publish(lines.to("V100")).await.expect("published").order_id);
    }
    let [one, another, third] = &ids[..] else { panic!("three orders") };
    let mut requests: Vec<_> = (1..=LINES).map(|n| answer(one).accept(&n.to_string(), "").done()).collect();
    requests.insert(2, answer(another).propose("1", "", &[("100", "2027-01-04")]).accept("2", "").done());
    requests.insert(4, answer(one).reject("99", "", RejectReason::Other).done());
    requests.push(answer(third).accept("3", "60").rest(Remainder::LeaveUnanswered).done());
    requests.push(answer(another).accept("3", "").done());
    let results = bulk(&supplier, requests).await;
    refusal(&results[4], Reason::INVALID_FIELDS);
    let receipts: Vec<&OrderReceipt> = results[..4].iter().chain(&results[5..]).map(receipt).collect();
    assert_eq!(transactions(&world).await, 1);

    world.settled().await;
    let feed = buyer.events().await;
    let mut told = 0;
    for entry in feed.iter().filter(|entry| events::short(entry) == "order.responded") {
        let Payload::Responded(event) = events::payload(events::event(entry)) else { panic!("a response") };
        let own = receipts.iter().find(|each| each.response_id == event.response_id).expect("its receipt");
        assert_eq!((event.version, event.state), (own.version, own.state));
        let answered = own.lines.iter().map(|line| (&line.line_number, parts(line.quantities.as_ref())));
        let seen = event.schedule.iter().map(|line| (&line.line_number, parts(line.quantities.as_ref())));
        assert!(seen.eq(answered), "its own lines as they stood then: {event:?}, {own:?}");
        told += 1;
    }
    assert_eq!(told, receipts.len());
    let seen = buyer.order(one).await.expect("the order");
    assert_eq!((seen.version, seen.state()), (1 + LINES as i64, OrderState::Accepted));
    world.finish().await;
}

#[tokio::test]
async fn one_that_is_refused_undoes_no_other() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&rival, &other, "V1").await;
    let foreign = rival.publish(order("1").line("10", "X", "1", "1").to("V1")).await.unwrap().order_id;
    let ids = publish(&buyer, 4).await;
    supplier.accept_all(&ids[3]).await.expect("answered before");
    let mut outdated = accept_all(&ids[1]);
    outdated.revision = 7;
    let too_much = answer(&ids[1]).accept("10", "11").accept("99", "").done();
    let tried = RespondToOrderRequest { validate_only: true, ..accept_all(&ids[1]) };
    let nameless = RespondToOrderRequest { request_id: String::new(), ..accept_all(&ids[1]) };
    let results = bulk(
        &supplier,
        vec![
            accept_all(&ids[0]),
            outdated,
            too_much,
            accept_all(&foreign),
            accept_all(&request_id()),
            accept_all("no id"),
            accept_all(&ids[3]),
            tried,
            nameless,
            accept_all(&ids[2]),
        ],
    )
    .await;
    assert_eq!(receipt(&results[0]).state(), OrderState::Accepted);
    assert_eq!(refusal(&results[1], Reason::REVISION_OUTDATED).metadata["current_revision"], "1");
    let fields: Vec<_> = refusal(&results[2], Reason::INVALID_FIELDS)
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.reason.as_str()))
        .collect();
    assert_eq!(fields, [("lines[0].quantity", "QUANTITY_EXCEEDS_UNANSWERED"), ("lines[1]", "LINE_UNKNOWN")]);
    let said: BTreeSet<String> =
        (3..6).map(|i| format!("{:?}", refusal(&results[i], Reason::NOT_FOUND))).collect();
    assert_eq!(said.len(), 1, "others' orders are like none: {said:?}");
    refusal(&results[6], Reason::NOTHING_UNANSWERED);
    for (i, field) in [(7, "validate_only"), (8, "request_id")] {
        assert_eq!(refusal(&results[i], Reason::INVALID_FIELDS).fields[0].field, field);
    }
    assert_eq!(receipt(&results[9]).state(), OrderState::Accepted);
    assert_eq!(buyer.order(&ids[1]).await.unwrap().version, 1, "untouched");
    world.finish().await;
}

#[tokio::test]
async fn a_bulk_answer_is_as_idempotent_as_single_ones() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let ids = publish(&buyer, 3).await;
    let requests: Vec<_> = ids.iter().map(|id| accept_all(id)).collect();
    let single = supplier.respond(requests[0].clone()).await.expect("answered");
    let first = bulk(&supplier, requests.clone()).await;
    assert_eq!(receipt(&first[0]), &OrderReceipt { replayed: true, ..single });
    let again = bulk(&supplier, requests.clone()).await;
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(receipt(again), &OrderReceipt { replayed: true, ..receipt(first).clone() });
    }
    let later = supplier.respond(requests[2].clone()).await.expect("replayed");
    assert!(later.replayed, "and the other way round");
    let mut reused = accept_all(&ids[1]);
    reused.request_id = requests[0].request_id.clone();
    refusal(&bulk(&supplier, vec![reused]).await[0], Reason::IDEMPOTENCY_KEY_REUSED);
    // Twice in one request: the second one repeats the first.
    let twice = publish_one(&buyer).await;
    let request = accept_all(&twice);
    let results = bulk(&supplier, vec![request.clone(), request]).await;
    assert_eq!((receipt(&results[0]).replayed, receipt(&results[1]).replayed), (false, true));
    world.finish().await;
}

async fn publish_one(buyer: &Firm) -> String {
    buyer.publish(order("twice").line("10", "X", "1", "1").to("V100")).await.expect("published").order_id
}

#[tokio::test]
async fn there_are_one_to_two_hundred() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let ids = publish(&buyer, 2).await;
    for count in [0, 201] {
        let responses = (0..count).map(|_| accept_all(&ids[0])).collect();
        let refused = supplier.responses().bulk_respond(BulkRespondRequest { responses }).await;
        bad_fields(refused, &[("responses", "COUNT")]);
    }
    let results = bulk(&supplier, (0..200).map(|i| accept_all(&ids[i % 2])).collect()).await;
    let taken = results.iter().filter(|one| matches!(one.result, Some(One::Receipt(_)))).count();
    assert_eq!((results.len(), taken), (200, 2));
    world.finish().await;
}
