//! The full set of open orders, sent every night over one stream.

use std::collections::HashMap;

use chassis::Reason;
use harness::{
    Firm, World, answer,
    change::{cancel, item},
    decide, events, order,
};
use proto::{
    orders::{OrderState, PublishOrdersRequest, PublishOrdersResponse, PublishOutcome},
    partners::Role,
};

use crate::changes::{parts, two_lines};

/// A set of orders as an ERP exports it.
fn export(orders: usize) -> Vec<PublishOrdersRequest> {
    (0..orders)
        .map(|n| {
            let document = order(&format!("45{n:06}")).line("10", "CY-BX-0450", "100", "6.85");
            item(&n.to_string(), document.line("20", "CY-LD-0450", "40", "2.30").to("V100"))
        })
        .collect()
}

fn outcomes(answers: &[PublishOrdersResponse]) -> HashMap<PublishOutcome, usize> {
    let mut counted = HashMap::new();
    for answer in answers {
        *counted.entry(answer.outcome()).or_default() += 1;
    }
    counted
}

async fn send(buyer: &Firm, items: Vec<PublishOrdersRequest>) -> Vec<PublishOrdersResponse> {
    buyer.publish_all(items).await.expect("the stream ends well")
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let first = send(&buyer, export(450)).await;
    assert_eq!(outcomes(&first), HashMap::from([(PublishOutcome::Published, 450)]));
    let mut ids: Vec<usize> = first.iter().map(|answer| answer.item_id.parse().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..450), "each item is answered once");
    world.settled().await;
    let before = events::of_orders(&buyer.events().await).len();
    let second = send(&buyer, export(450)).await;
    assert_eq!(outcomes(&second), HashMap::from([(PublishOutcome::Unchanged, 450)]));
    world.settled().await;
    assert_eq!(events::of_orders(&buyer.events().await).len(), before, "no event");
    world.finish().await;
}

#[tokio::test]
async fn last_nights_document_does_not_void_todays_agreement() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let nightly = || vec![item("1", two_lines().to("V100"))];
    let id = send(&buyer, nightly()).await[0].receipt.as_ref().unwrap().order_id.clone();
    let propose = answer(&id).propose("10", "", &[("100", "2027-01-04")]).accept("20", "").done();
    let proposal = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
    buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.expect("agreed");
    buyer.cancel(cancel(&id, &[("20", "10")])).await.expect("cancelled");
    let before = buyer.order(&id).await.unwrap();

    let again = send(&buyer, nightly()).await;
    assert_eq!(again[0].outcome(), PublishOutcome::Unchanged);
    // Lines in another order, and one of them left out: nothing is different either, and nothing is cancelled.
    let mut other = nightly();
    other[0].content.as_mut().unwrap().lines.swap(0, 1);
    assert_eq!(send(&buyer, other).await[0].outcome(), PublishOutcome::Unchanged);
    let mut shorter = nightly();
    shorter[0].content.as_mut().unwrap().lines.pop();
    for _ in 0..2 {
        assert_eq!(send(&buyer, shorter.clone()).await[0].outcome(), PublishOutcome::Unchanged);
    }
    assert_eq!(send(&buyer, nightly()).await[0].outcome(), PublishOutcome::Unchanged);
    let after = buyer.order(&id).await.unwrap();
    assert_eq!(after, before, "as if nothing had been sent");
    assert!(after.erp_differs);
    world.finish().await;
}

#[tokio::test]
async fn each_order_is_answered_by_itself() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm("另一家").await;
    world.partner(&buyer, &other, "V300").await;
    let first = send(&buyer, vec![item("a", two_lines().to("V100"))]).await;
    let id = first[0].receipt.as_ref().unwrap().order_id.clone();
    supplier.accept_all(&id).await.expect("accepted");

    let mut changed = two_lines();
    changed.content.lines[0].quantity = Some(harness::decimal("120"));
    let mut bad = order("4500003").line("10", "X", "-1", "1").to("V100");
    bad.content.as_mut().unwrap().currency = "yuan".into();
    let items = vec![
        item("changed", changed.to("V100")),
        item("new", order("4500002").line("10", "X", "1", "1").to("V100")),
        item("bad", bad),
        item("unknown", order("4500004").line("10", "X", "1", "1").to("V999")),
        item("elsewhere", order("4500002").line("10", "X", "1", "1").to("V300")),
        item(&"x".repeat(101), order("4500005").line("10", "X", "1", "1").to("V100")),
    ];
    let answers = send(&buyer, items).await;
    let of = |id: &str| answers.iter().find(|answer| answer.item_id == id).expect("answered");
    let receipt = of("changed").receipt.as_ref().unwrap();
    assert_eq!((of("changed").outcome(), receipt.reconfirm_lines), (PublishOutcome::Changed, 1));
    assert_eq!(of("new").outcome(), PublishOutcome::Published);
    let refusal = |id: &str| of(id).refusal.as_ref().unwrap();
    let fields: Vec<_> = refusal("bad").violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["content.currency", "content.lines[0].quantity"]);
    assert_eq!(refusal("bad").reason, Reason::INVALID_FIELDS.as_str());
    assert_eq!(refusal("unknown").reason, Reason::SUPPLIER_UNKNOWN.as_str());
    assert!(!refusal("unknown").message_zh.is_empty());
    assert_eq!(refusal("elsewhere").reason, Reason::SUPPLIER_DIFFERS.as_str());
    assert_eq!(refusal(&"x".repeat(101)).violations[0].field, "item_id");
    let seen = supplier.order(&id).await.unwrap();
    assert_eq!((seen.revision, seen.state()), (2, OrderState::Unanswered));
    assert_eq!(parts(seen.schedule[1].quantities.as_ref()), [40, 40, 0, 0, 0, 0], "the other line stands");
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_was_cut_off_goes_on_and_doubles_nothing() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let items = export(1_000);
    // Takes a few answers and goes away.
    let sent = tokio_stream::iter(items.clone());
    let mut stream = buyer.publishing().publish_orders(sent).await.expect("taken").into_inner();
    let mut answered = Vec::new();
    while answered.len() < 150 {
        answered.push(stream.message().await.expect("answers").expect("answers").item_id);
    }
    drop(stream);
    let rest: Vec<_> = items.iter().filter(|item| !answered.contains(&item.item_id)).cloned().collect();
    let answers = send(&buyer, rest.clone()).await;
    assert_eq!(answers.len(), rest.len());
    let counted = outcomes(&answers);
    assert!(counted.keys().all(|o| [PublishOutcome::Published, PublishOutcome::Unchanged].contains(o)));
    world.settled().await;
    let feed = supplier.events().await;
    assert_eq!(events::of_orders(&feed).len(), 1_000, "every order once");
    events::check_feed(&supplier.id, &feed);
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_its_stream() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let viewer = buyer.key_with(&[Role::Viewer], None).await;
    harness::refusal::refused(viewer.publish_all(export(1)).await, Reason::PERMISSION_DENIED);
    let (id, key) = buyer.session().try_key("nightly", &[Role::Buyer], None).await.expect("a key");
    let access = world.access(&key);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let sent = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut stream = access.publishing().publish_orders(sent).await.expect("taken").into_inner();
    let mut items = export(400).into_iter();
    sender.send(items.next().unwrap()).await.unwrap();
    assert_eq!(stream.message().await.unwrap().unwrap().outcome(), PublishOutcome::Published);
    let revoke = proto::partners::RevokeApiKeyRequest { request_id: harness::request_id(), api_key_id: id };
    buyer.session().members().revoke_api_key(revoke).await.expect("revoked");
    let mut ended = None;
    for item in items {
        if sender.send(item).await.is_err() {
            break;
        }
        match stream.message().await {
            Ok(_) => {}
            Err(status) => {
                ended = Some(status);
                break;
            }
        }
    }
    harness::refusal::refused(Err::<(), _>(ended.expect("the stream ends")), Reason::UNAUTHENTICATED);
    world.finish().await;
}
