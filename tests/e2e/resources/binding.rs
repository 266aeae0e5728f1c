//! A drawing and the orders that are made by it: pinned, granted, changed, acknowledged, and ended with them.

use chassis::Reason;
use harness::{
    Access, Firm, World,
    change::{cancel, change},
    number, order,
    refusal::refused,
    request_id,
    resource::{draft, drawing},
    until,
};
use proto::{
    orders::{OrderState, PublishOutcome},
    resources::*,
};

use super::acknowledge;

/// An order of so many brackets.
async fn bracket(buyer: &Firm, order_number: &str, quantity: &str, vendor: &str) -> String {
    let request = order(order_number)
        .line("10", "YZ-10022", quantity, "18.65")
        .line("20", "YZ-24017", "100", "0.05")
        .to(vendor);
    buyer.publish(request).await.expect("an order").order_id
}

async fn preview(
    firm: &Access,
    revision: &str,
    effectivity: Effectivity,
) -> Result<PreviewReleaseResponse, tonic::Status> {
    let request = PreviewReleaseRequest {
        revision_id: revision.into(),
        effectivity: effectivity.into(),
        effective_date: None,
    };
    Ok(firm.binding().preview_release(request).await?.into_inner())
}

async fn apply(firm: &Access, id: &str, revision: &str) -> Result<ApplyRevisionResponse, tonic::Status> {
    let request = ApplyRevisionRequest {
        request_id: id.into(),
        revision_id: revision.into(),
        note: "孔位变更".into(),
        ..ApplyRevisionRequest::default()
    };
    Ok(firm.binding().apply_revision(request).await?.into_inner())
}

async fn despatch(firm: &Access, order_id: &str) -> Result<CheckDespatchResponse, tonic::Status> {
    let request = CheckDespatchRequest { order_id: order_id.into(), line_number: "10".into() };
    Ok(firm.binding().check_despatch(request).await?.into_inner())
}

async fn policy(buyer: &Firm, retention_days: i32) {
    let policy = BindingPolicy {
        retention_days,
        superseded: DespatchRule::Block.into(),
        not_acknowledged: DespatchRule::Warn.into(),
        ..BindingPolicy::default()
    };
    let request = SetBindingPolicyRequest { request_id: request_id(), policy: Some(policy) };
    buyer.binding().set_binding_policy(request).await.expect("a policy");
}

/// What a firm was given for an order.
async fn given(firm: &Access, order_id: &str) -> Vec<Entitlement> {
    let request = ListEntitlementsRequest { page_size: 100, ..ListEntitlementsRequest::default() };
    let listed = firm.entitlements().list_entitlements(request).await.expect("entitlements").into_inner();
    listed.entitlements.into_iter().filter(|one| one.order_id == order_id).collect()
}

/// The pins of an order as `line label`.
async fn labels(firm: &Access, order_id: &str) -> Vec<String> {
    let pins = firm.pins(order_id).await;
    pins.iter().map(|pin| format!("{} {}", pin.line_number, pin.revision_label)).collect()
}

#[tokio::test]
async fn an_order_is_made_by_its_drawing_and_a_new_revision_changes_it() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&buyer, &other, "V200").await;
    policy(&buyer, 180).await;
    let request = PublishResourceRequest {
        resource_number: "YZ-10022".into(),
        buyer_item_ids: vec!["YZ-10022".into()],
        ..drawing("转向柱支架 图纸")
    };
    let resource = buyer.publish_resource(request).await.expect("a resource");
    // It names a revision that is released after it.
    let named = order("YZ-0").line("10", "YZ-10022", "7", "18.65");
    let mut named = named.to("V200");
    named.content.as_mut().expect("content").lines[0].resource_revision = "B".into();
    let named = buyer.publish(named).await.expect("an order").order_id;
    world.settled().await;
    assert!(buyer.pins(&named).await.is_empty());
    let b = buyer.release(&resource, "B").await.expect("released");
    assert_eq!(labels(&other, &named).await, ["10 B"], "in the transaction of the release");
    buyer.cancel(cancel(&named, &[])).await.expect("cancelled");

    let first = bracket(&buyer, "YZ-1", "2000", "V100").await;
    let second = bracket(&buyer, "YZ-2", "700.5", "V200").await;
    world.settled().await;
    for firm in [&buyer, &supplier] {
        assert_eq!(labels(firm, &first).await, ["10 B"]);
    }
    assert!(supplier.pins(&second).await.is_empty(), "another supplier's order");
    let own = ListPinsRequest { resource_id: resource.clone(), ..ListPinsRequest::default() };
    let own = supplier.binding().list_pins(own).await.unwrap().into_inner().pins;
    assert!(own.iter().all(|pin| pin.order_id == first) && own.len() == 1);
    let granted = given(&supplier, &first).await;
    assert_eq!(granted.len(), 1);
    assert_eq!(
        (granted[0].state(), granted[0].terms.clone().unwrap().purpose.as_str()),
        (EntitlementState::Granted, "YZ-1")
    );
    let answer = despatch(&supplier, &first).await.expect("an answer");
    assert_eq!((answer.verdict(), answer.concerns[0].not_acknowledged), (DespatchRule::Warn, true));
    acknowledge(&supplier, &b).await.expect("taken note");
    assert_eq!(despatch(&supplier, &first).await.unwrap().verdict(), DespatchRule::Allow);
    refused(despatch(&other, &first).await, Reason::NOT_FOUND);
    supplier.accept_all(&first).await.expect("accepted");

    changed(&world, (&buyer, &supplier, &other), &resource, (&first, &second)).await;
    ended(&world, (&buyer, &supplier, &other), &resource, (&first, &second)).await;
    world.finish().await;
}

/// C is previewed, released at once and applied.
async fn changed(
    world: &World,
    (buyer, supplier, other): (&Firm, &Firm, &Firm),
    resource: &str,
    (first, second): (&str, &str),
) {
    let c = buyer.revisions().create_revision(draft(resource, "C")).await.unwrap().into_inner().revision_id;
    let seen = preview(buyer, &c, Effectivity::AtOnce).await.expect("an impact");
    let lines: Vec<_> = seen.lines.iter().map(|line| (&*line.order_number, &*line.revision_label)).collect();
    assert_eq!(lines, [("YZ-1", "B"), ("YZ-2", "B")]);
    assert_eq!((seen.line_count, seen.order_count, seen.supplier_count), (2, 2, 2));
    let sum = &seen.quantities[0];
    assert_eq!(number(sum.open_quantity.as_ref()), "2700.5".parse().unwrap());
    assert_eq!(sum.open_quantity, sum.reached_quantity);
    assert!(sum.in_process_quantity.is_none() && sum.in_transit_quantity.is_none(), "unknown is not zero");
    let later = preview(buyer, &c, Effectivity::NewOrders).await.expect("an impact");
    assert_eq!((later.line_count, later.reached_line_count), (2, 0));
    refused(preview(supplier, &c, Effectivity::AtOnce).await, Reason::NOT_FOUND);
    refused(apply(buyer, &request_id(), &c).await, Reason::REVISION_STATE);

    let release = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: c.clone(),
        effectivity: Effectivity::AtOnce.into(),
        effective_date: None,
    };
    buyer.revisions().release_revision(release).await.expect("released");
    let answer = despatch(supplier, first).await.expect("an answer");
    let concern = &answer.concerns[0];
    assert_eq!(answer.verdict(), DespatchRule::Block);
    assert_eq!((&*concern.revision_label, &*concern.current_label), ("B", "C"), "both are named");
    assert!(concern.superseded && concern.not_acknowledged);

    let id = request_id();
    let applied = apply(buyer, &id, &c).await.expect("applied");
    assert_eq!(apply(buyer, &id, &c).await.expect("again"), applied);
    let orders: Vec<_> =
        applied.orders.iter().map(|one| (&*one.order_number, one.lines, one.order_revision)).collect();
    assert_eq!(orders, [("YZ-1", 1, 2), ("YZ-2", 1, 2)], "{applied:?}");
    world.settled().await;
    assert_eq!(labels(supplier, first).await, ["10 C"]);
    assert_eq!(labels(other, second).await, ["10 C"]);
    let told = supplier.order(first).await.expect("the order");
    assert_eq!(told.state(), OrderState::Unanswered, "asked again");
    assert_eq!(told.content.unwrap().lines[0].resource_revision, "C");
    assert_eq!(preview(buyer, &c, Effectivity::AtOnce).await.unwrap().line_count, 0);
    let again = order("YZ-1").line("10", "YZ-10022", "2000", "18.65").line("20", "YZ-24017", "100", "0.05");
    let kept = buyer.change(change(first, again)).await.expect("as the ERP knows it");
    assert_eq!(kept.outcome(), PublishOutcome::Unchanged, "who knows of no revision takes none back");

    let missing = ListAcknowledgementsRequest { revision_id: c.clone(), missing: true, ..Default::default() };
    let missing = buyer.revisions().list_acknowledgements(missing).await.unwrap().into_inner();
    assert_eq!(missing.acknowledgements.len(), 2);
    assert_eq!(despatch(supplier, first).await.unwrap().verdict(), DespatchRule::Warn);
    acknowledge(supplier, &c).await.expect("taken note");
    assert_eq!(despatch(supplier, first).await.unwrap().verdict(), DespatchRule::Allow);
}

/// Orders end, and with them, after the retention, the right to the drawing.
async fn ended(
    world: &World,
    (buyer, supplier, other): (&Firm, &Firm, &Firm),
    resource: &str,
    (first, second): (&str, &str),
) {
    buyer.cancel(cancel(second, &[])).await.expect("cancelled");
    world.settled().await;
    let kept = &given(other, second).await[0];
    let until_when = kept.terms.clone().unwrap().valid_until.expect("it ends").seconds;
    let days = (until_when - kept.decided_at.expect("granted").seconds) / 86_400;
    assert_eq!((kept.state(), days), (EntitlementState::Granted, 180));
    assert!(other.resource(resource).await.is_ok(), "during the retention");

    policy(buyer, 0).await;
    buyer.cancel(cancel(first, &[("20", "")])).await.expect("cancelled");
    world.settled().await;
    assert!(given(supplier, first).await[0].terms.clone().unwrap().valid_until.is_none(), "line 10 stands");
    buyer.cancel(cancel(first, &[])).await.expect("cancelled");
    let state = async || given(supplier, first).await[0].state();
    until("the entitlement has ended", std::time::Duration::from_secs(30), async || {
        (state().await == EntitlementState::Expired).then_some(())
    })
    .await;
    refused(supplier.resource(resource).await, Reason::NOT_FOUND);
    let pin = &supplier.pins(first).await[0];
    assert_eq!((&*pin.revision_label, &*pin.current_label, &*pin.resource_number), ("C", "", ""));
    world.settled().await;
}

/// A drawing of the item, released for these lines.
async fn release_for(buyer: &Firm, resource: &str, label: &str, effectivity: Effectivity) -> String {
    let made = buyer.revisions().create_revision(draft(resource, label)).await.expect("a draft").into_inner();
    let request = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: made.revision_id.clone(),
        effectivity: effectivity.into(),
        effective_date: None,
    };
    buyer.revisions().release_revision(request).await.expect("released");
    made.revision_id
}

#[tokio::test]
async fn a_line_from_before_its_drawing_takes_it_where_it_reaches_the_line() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let early = bracket(&buyer, "YZ-1", "2000", "V100").await;
    supplier.accept_all(&early).await.expect("accepted");
    let of_item = |number: &str, items: &[&str]| PublishResourceRequest {
        resource_number: number.into(),
        buyer_item_ids: items.iter().map(|item| (*item).to_owned()).collect(),
        ..drawing(number)
    };
    // For new orders alone: the line stays as it was, and the impact says so.
    let spec = buyer.publish_resource(of_item("SPEC", &["YZ-10022"])).await.expect("a resource");
    let spec_1 = release_for(&buyer, &spec, "1", Effectivity::NewOrders).await;
    assert!(buyer.pins(&early).await.is_empty());
    let left = preview(&buyer, &spec_1, Effectivity::NewOrders).await.expect("an impact");
    assert_eq!((left.line_count, left.reached_line_count, &*left.lines[0].revision_label), (1, 0, ""));
    // At once: pinned and granted in the transaction of the release, and nothing of the order is asked for anew.
    let plan = buyer.publish_resource(of_item("PLAN", &["YZ-10022"])).await.expect("a resource");
    let plan_a = release_for(&buyer, &plan, "A", Effectivity::AtOnce).await;
    assert_eq!(labels(&supplier, &early).await, ["10 A"]);
    assert_eq!(given(&supplier, &early).await.len(), 1);
    assert_eq!(preview(&buyer, &plan_a, Effectivity::AtOnce).await.expect("an impact").line_count, 0);
    let order = supplier.order(&early).await.expect("the order");
    assert_eq!((order.state(), order.revision), (OrderState::Accepted, 1));
    let answer = despatch(&supplier, &early).await.expect("an answer");
    assert_eq!((answer.verdict(), answer.concerns[0].not_acknowledged), (DespatchRule::Warn, true));
    // An item that the drawing is given later: what was ordered while it was in force is made by it.
    let clip = buyer.publish_resource(of_item("CLIP", &[])).await.expect("a resource");
    let clip_1 = release_for(&buyer, &clip, "1", Effectivity::NewOrders).await;
    let late = bracket(&buyer, "YZ-2", "10", "V100").await;
    world.settled().await;
    // By resource, the oldest first.
    assert_eq!(labels(&supplier, &late).await, ["10 1", "10 A"]);
    let own = buyer.resource(&clip).await.expect("the resource");
    let given_item = of_item("CLIP", &["YZ-24017"]);
    let change = ChangeResourceRequest {
        request_id: request_id(),
        resource_id: clip,
        version: own.version,
        resource_number: given_item.resource_number,
        buyer_item_ids: given_item.buyer_item_ids,
        content: given_item.content,
        visibility: given_item.visibility,
        ..ChangeResourceRequest::default()
    };
    buyer.resources().change_resource(change).await.expect("changed");
    let pins = supplier.pins(&late).await;
    assert!(pins.iter().any(|pin| pin.line_number == "20" && pin.revision_id == clip_1), "{pins:?}");
    let before = supplier.pins(&early).await;
    assert!(before.iter().all(|pin| pin.line_number == "10"), "it was not in force then: {before:?}");
    world.finish().await;
}
