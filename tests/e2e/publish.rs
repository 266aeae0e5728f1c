//! Publishing: whom an order reaches, once, and what a repeated request does.

use chassis::Reason;
use harness::{
    World,
    change::change,
    events,
    events::Payload,
    number, order,
    refusal::{metadata, refused},
};
use proto::{
    interchange::{DocumentFormat, ExportDocumentRequest},
    orders::{OrderState, OrderType, PublishOutcome, SupplierAddress},
    partners::{RelationshipState, UpdateRelationshipRequest},
};

#[tokio::test]
async fn a_published_order_stands_in_both_feeds_once_and_the_answer_comes_back() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let request =
        order("4500001").line("10", "CY-BX-0450", "20000", "6.85").line("20", "CY-LD-0450", "20000", "2.30");
    let receipt = buyer.publish(request.to("V100")).await.expect("published");
    assert_eq!((receipt.revision, receipt.version, receipt.replayed), (1, 1, false));
    assert_eq!(receipt.state(), OrderState::Unanswered);
    assert_eq!(receipt.lines.len(), 2);

    world.settled().await;
    for firm in [&buyer, &supplier] {
        let feed = firm.events().await;
        events::check_feed(&firm.id, &feed);
        let published = events::of_order(&feed, &receipt.order_id);
        assert_eq!(published.len(), 1, "once in the feed of {}", firm.name);
        let event = events::event(published[0]);
        assert_eq!((event.version, event.source.as_str()), (1, "tandem/orders"));
        let Payload::Published(payload) = events::payload(event) else { panic!("{}", event.r#type) };
        let sent = payload.order.expect("the order in full");
        assert_eq!((sent.buyer_id.as_str(), sent.supplier_id.as_str()), (&*buyer.id, &*supplier.id));
        assert_eq!(number(sent.net_amount.as_ref()), "183000.00".parse().unwrap());
        let content = sent.content.expect("with its content");
        assert_eq!(content.lines[1].item.as_ref().unwrap().buyer_item_id, "CY-LD-0450");
        let other = if firm.id == buyer.id { &supplier.id } else { &buyer.id };
        assert_eq!(&event.counterparty, other);
    }

    let head = buyer.stream().get_head(proto::stream::GetHeadRequest {}).await.unwrap().into_inner();
    let answered = supplier.accept_all(&receipt.order_id).await.expect("accepted");
    assert_eq!((answered.version, answered.state()), (2, OrderState::Accepted));
    world.settled().await;
    let news = buyer.events_after(&head.cursor).await;
    assert_eq!(news.iter().map(events::short).collect::<Vec<_>>(), ["order.responded"]);
    let Payload::Responded(payload) = events::payload(events::event(&news[0])) else { panic!("a response") };
    assert_eq!((payload.version, payload.state()), (2, OrderState::Accepted));
    let commitment = &payload.schedule[0].commitments[0];
    assert_eq!(number(commitment.quantity.as_ref()), 20_000.into());
    assert_eq!(commitment.committed_delivery_date, Some(harness::date("2026-12-28")));
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_the_same_from_both_sides() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let request = order("4500001").line("10", "CY-CL-0012", "60000", "38.60");
    let mut request = request.to("V100");
    let price = request.content.as_mut().unwrap().lines[0].price.as_mut().unwrap();
    price.base_quantity = Some(harness::decimal("1000"));
    let receipt = buyer.publish(request.clone()).await.expect("published");
    let (seen, theirs) =
        (buyer.order(&receipt.order_id).await.unwrap(), supplier.order(&receipt.order_id).await.unwrap());
    assert_eq!(seen, theirs);
    assert_eq!(number(seen.net_amount.as_ref()), "2316.00".parse().unwrap());
    assert_eq!(seen.vendor_number, "V100");
    assert_eq!(seen.history.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["published"]);
    let (sent, kept) = (request.content.unwrap(), seen.content.unwrap());
    assert_eq!(kept.source_system, "default");
    assert_eq!(kept.lines[0].price, sent.lines[0].price, "stated amounts are kept as stated");
    assert_eq!(kept.lines[0].schedule_lines.len(), 1, "a line without schedule gets one");
    world.finish().await;
}

#[tokio::test]
async fn a_number_that_was_published_is_refused_with_what_is_there() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let another = || order("4500001").line("10", "CY-BX-0450", "1", "6.85");
    let receipt = buyer.publish(another().to("V100")).await.expect("published");
    supplier.accept_all(&receipt.order_id).await.expect("accepted");
    let status = refused(buyer.publish(another().to("V100")).await, Reason::ORDER_EXISTS);
    let details = metadata(&status);
    assert_eq!(details["order_id"], receipt.order_id);
    assert_eq!((details["revision"].as_str(), details["version"].as_str()), ("1", "2"));

    buyer.publish(another().system("ERP2").to("V100")).await.expect("another system numbers by itself");
    let other = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&other, &supplier, "GYS-033").await;
    other.publish(another().to("GYS-033")).await.expect("another buyer numbers by itself");
    world.finish().await;
}

#[tokio::test]
async fn a_supplier_is_found_by_whatever_number_the_erp_knows() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let address = |address: SupplierAddress, n: u32| {
        order(&format!("45000{n:02}")).line("10", "CY-BX-0450", "5", "6.85").to_address(address)
    };
    let by_id = SupplierAddress { firm_id: supplier.id.clone(), ..SupplierAddress::default() };
    let receipt = buyer.publish(address(by_id, 1)).await.expect("by our id");
    assert_eq!(receipt.supplier_id, supplier.id);

    let unknown = SupplierAddress { vendor_number: "V999".into(), ..SupplierAddress::default() };
    let status = refused(buyer.publish(address(unknown, 2)).await, Reason::SUPPLIER_UNKNOWN);
    assert_eq!(metadata(&status)["supplier"], "vendor_number V999", "refused by name");
    let stranger = world.firm("陌生企业(示例)").await;
    let no_partner = SupplierAddress { firm_id: stranger.id.clone(), ..SupplierAddress::default() };
    refused(buyer.publish(address(no_partner, 3)).await, Reason::SUPPLIER_UNKNOWN);
    let other = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&buyer, &other, "V200").await;
    let two = SupplierAddress {
        firm_id: supplier.id.clone(),
        vendor_number: "V200".into(),
        ..SupplierAddress::default()
    };
    refused(buyer.publish(address(two, 4)).await, Reason::SUPPLIER_AMBIGUOUS);
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_relationship_takes_no_new_orders_and_keeps_the_old_ones() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let relationship = world.partner(&buyer, &supplier, "V100").await;
    let request = |n: &str| order(n).line("10", "CY-BX-0450", "5", "6.85").to("V100");
    let receipt = buyer.publish(request("4500001")).await.expect("published");

    let state = |state: RelationshipState, etag: &str| UpdateRelationshipRequest {
        request_id: harness::request_id(),
        relationship_id: relationship.id.clone(),
        state: state.into(),
        etag: etag.into(),
        ..UpdateRelationshipRequest::default()
    };
    let suspend = state(RelationshipState::Suspended, &relationship.etag);
    let suspended =
        supplier.relationships().update_relationship(suspend).await.expect("suspended").into_inner();
    refused(buyer.publish(request("4500002")).await, Reason::RELATIONSHIP_NOT_ACTIVE);
    supplier.accept_all(&receipt.order_id).await.expect("what was exchanged can still be answered");
    assert_eq!(buyer.order(&receipt.order_id).await.unwrap().state(), OrderState::Accepted);

    let resume = state(RelationshipState::Active, &suspended.etag);
    let by_buyer = buyer.relationships().update_relationship(resume.clone()).await;
    refused(by_buyer, Reason::RELATIONSHIP_NOT_ACTIVE);
    let resume = UpdateRelationshipRequest { request_id: harness::request_id(), ..resume };
    let active = supplier.relationships().update_relationship(resume).await.expect("resumed").into_inner();
    buyer.publish(request("4500002")).await.expect("published again");

    let end = state(RelationshipState::Ended, &active.etag);
    buyer.relationships().update_relationship(end).await.expect("ended");
    let status = buyer.publish(request("4500003")).await;
    assert!(status.is_err(), "nothing goes to a firm after the end");
    assert!(supplier.order(&receipt.order_id).await.is_ok(), "both keep their records");
    world.settled().await;
    let feed = supplier.events().await;
    events::check_feed(&supplier.id, &feed);
    let states: Vec<RelationshipState> = feed
        .iter()
        .filter_map(|entry| match events::payload(events::event(entry)) {
            Payload::RelationshipChanged(event) => Some(event.relationship.unwrap().state()),
            _ => None,
        })
        .collect();
    use RelationshipState::{Active, Ended, Suspended};
    assert_eq!(states, [Active, Suspended, Active, Ended]);
    world.finish().await;
}

#[tokio::test]
async fn an_order_too_large_for_an_event_travels_without_its_lines() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut large = order("4500001");
    for n in 1..=3_000 {
        large = large.line(&n.to_string(), "CY-BX-0450", "20", "6.85");
    }
    let receipt = buyer.publish(large.to("V100")).await.expect("published");
    assert_eq!(receipt.lines.len(), 3_000);
    world.settled().await;
    let feed = supplier.events().await;
    let published = events::of_order(&feed, &receipt.order_id);
    let Payload::Published(payload) = events::payload(events::event(published[0])) else {
        panic!("published")
    };
    let sent = payload.order.unwrap();
    assert!(sent.lines_omitted == 3_000 && sent.content.unwrap().lines.is_empty());

    let mut request = proto::orders::ListOrderLinesRequest {
        order_id: receipt.order_id.clone(),
        page_size: 1_000,
        ..Default::default()
    };
    let mut lines = Vec::new();
    loop {
        let page = supplier.orders().list_order_lines(request.clone()).await.expect("a page").into_inner();
        assert_eq!(page.lines.len(), page.schedule.len());
        lines.extend(page.lines);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let numbers: Vec<String> = lines.into_iter().map(|line| line.line_number).collect();
    assert_eq!(numbers, (1..=3_000).map(|n| n.to_string()).collect::<Vec<_>>());
    let all = supplier.accept_all(&receipt.order_id).await.expect("accepted in one answer");
    assert_eq!((all.lines.len(), all.state()), (3_000, OrderState::Accepted));
    world.finish().await;
}

#[tokio::test]
async fn a_framework_and_its_call_offs_name_their_agreement() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let of = |number: &str, order_type: OrderType, agreement: &str| {
        let mut order = order(number).line("10", "CY-BX-0450", "500", "6.85");
        order.content.order_type = order_type.into();
        order.content.agreement_ref = agreement.into();
        order
    };
    let mut seen = Vec::new();
    for (number, order_type) in [("KJ-2026-017", OrderType::Framework), ("4500001", OrderType::CallOff)] {
        let id = buyer
            .publish(of(number, order_type, "KJ-2026-017").to("V100"))
            .await
            .expect("published")
            .order_id;
        let content = supplier.order(&id).await.expect("the supplier's order").content.expect("content");
        assert_eq!((content.order_type(), content.agreement_ref.as_str()), (order_type, "KJ-2026-017"));
        let export = ExportDocumentRequest { order_id: id.clone(), format: DocumentFormat::UblOrder.into() };
        let document = supplier.documents().export_document(export).await.expect("a document").into_inner();
        let text = String::from_utf8(document.content.to_vec()).expect("text");
        let code = if order_type == OrderType::Framework { ">221<" } else { ">226<" };
        assert!(text.contains(code) && text.contains(">KJ-2026-017<"), "{text}");
        seen.push(id);
    }
    supplier.accept_all(&seen[1]).await.expect("accepted");
    let other = of("4500001", OrderType::CallOff, "KJ-2026-018");
    let receipt = buyer.change(change(&seen[1], other)).await.expect("changed");
    assert_eq!(receipt.outcome(), PublishOutcome::Changed);
    let after = supplier.order(&seen[1]).await.expect("its order");
    let told = after.history.last().and_then(|entry| entry.difference.as_ref()).expect("a difference");
    let header: Vec<_> = told.header.iter().map(|one| (&*one.field, &*one.old, &*one.new)).collect();
    assert_eq!(header, [("agreement_ref", "KJ-2026-017", "KJ-2026-018")]);
    world.finish().await;
}
