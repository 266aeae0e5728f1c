//! Lists, cursors and streams: nothing is missed between them, and narrowed readers see their part.

mod filters;
mod groups;
mod search;
mod words;

use std::collections::BTreeSet;

use chassis::{Reason, config::Config};
use harness::{
    Access, Options, World, answer, events, order,
    refusal::{bad_fields, refused},
};
use proto::{
    orders::{ListOrdersRequest, ListScheduleLinesRequest, OrderSort, OrderState, OrderSummary, Side},
    partners::{Role, Scope},
    stream::{Filter, GetHeadRequest, SubscribeRequest, SubscribeResponse, subscribe_request::Start},
};

fn list(side: Side) -> ListOrdersRequest {
    ListOrdersRequest { side: side.into(), ..ListOrdersRequest::default() }
}

/// All pages of a list.
async fn pages(access: &Access, mut request: ListOrdersRequest) -> Vec<OrderSummary> {
    let mut all = Vec::new();
    loop {
        let page = access.orders().list_orders(request.clone()).await.expect("a page").into_inner();
        all.extend(page.orders);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

fn numbers(orders: &[OrderSummary]) -> Vec<&str> {
    orders.iter().map(|order| order.order_number.as_str()).collect()
}

/// Every message of a subscription up to the head.
async fn messages(access: &Access, filter: Option<Filter>) -> Vec<SubscribeResponse> {
    let request = SubscribeRequest { start: Some(Start::Earliest(true)), filter, until_head: true };
    let mut stream = access.stream().subscribe(request).await.expect("subscribed").into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.expect("the stream goes on") {
        messages.push(message);
    }
    messages
}

#[tokio::test]
async fn a_hundred_and_twenty_orders_are_paged_without_loss_or_repetition() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for n in 0..120 {
        let day = format!("2026-12-{:02}", 1 + (n * 7) % 28);
        let mut request = order(&format!("45{n:05}")).line("10", "CY-BX-0450", "10", "6.85");
        request.content.requested_delivery.as_mut().unwrap().from = Some(harness::date(&day));
        let id = buyer.publish(request.to("V100")).await.expect("published").order_id;
        // A page is put together from several states.
        if n % 3 == 0 {
            supplier.accept_all(&id).await.expect("accepted");
        }
    }
    let all: BTreeSet<String> = (0..120).map(|n| format!("45{n:05}")).collect();
    for (access, side) in [(&*buyer, Side::Buyer), (&*supplier, Side::Supplier)] {
        let both = vec![OrderState::Unanswered.into(), OrderState::Accepted.into()];
        for (order_by, states) in [
            (OrderSort::Unspecified, vec![]),
            (OrderSort::RequestedDate, vec![]),
            (OrderSort::RequestedDate, both.clone()),
            (OrderSort::AnswerDue, vec![]),
            (OrderSort::AnswerDue, both.clone()),
            (OrderSort::Unspecified, both),
        ] {
            let request =
                ListOrdersRequest { page_size: 50, order_by: order_by.into(), states, ..list(side) };
            let counted = ListOrdersRequest { with_total: true, ..request.clone() };
            let first = access.orders().list_orders(counted).await.unwrap().into_inner();
            assert_eq!((first.orders.len(), first.total), (50, Some(120)));
            let found = pages(access, request).await;
            assert_eq!(found.len(), 120, "none twice");
            assert_eq!(found.iter().map(|each| each.order_number.clone()).collect::<BTreeSet<_>>(), all);
            let sorted = match order_by {
                OrderSort::RequestedDate => found.is_sorted_by_key(|each| {
                    each.requested_delivery_date.map(|day| (day.year, day.month, day.day))
                }),
                // What waits for no answer comes last.
                OrderSort::AnswerDue => found.is_sorted_by_key(|each| each.state() == OrderState::Accepted),
                OrderSort::Unspecified => found.is_sorted_by(|a, b| a.order_number > b.order_number),
            };
            assert!(sorted, "{side:?} {order_by:?}");
        }
    }
    assert!(pages(&buyer, list(Side::Supplier)).await.is_empty(), "the buyer supplies nothing");

    tabs_are_counted(&buyer, &supplier).await;
    let request = ListOrdersRequest { page_size: 50, ..list(Side::Buyer) };
    let token = buyer.orders().list_orders(request.clone()).await.unwrap().into_inner().next_page_token;
    let other = ListOrdersRequest { page_token: token.clone(), states: vec![3], ..request.clone() };
    refused(buyer.orders().list_orders(other).await, Reason::PAGE_TOKEN_INVALID);
    let stolen = ListOrdersRequest { page_token: token.clone(), ..list(Side::Supplier) };
    refused(supplier.orders().list_orders(stolen).await, Reason::PAGE_TOKEN_INVALID);
    let forged = ListOrdersRequest { page_token: format!("A{}", &token[1..]), ..request.clone() };
    refused(buyer.orders().list_orders(forged).await, Reason::PAGE_TOKEN_INVALID);
    for size in [-1, 1_001] {
        let request = ListOrdersRequest { page_size: size, ..request.clone() };
        bad_fields(buyer.orders().list_orders(request).await, &[("page_size", "RANGE")]);
    }
    bad_fields(buyer.orders().list_orders(ListOrdersRequest::default()).await, &[("side", "REQUIRED")]);
    world.finish().await;
}

/// The tabs above a list, in one call, of 120 orders of which every third is accepted: what is open is found by indexes of its
/// own.
async fn tabs_are_counted(buyer: &Access, supplier: &Access) {
    let tabs: Vec<ListOrdersRequest> = [
        list(Side::Supplier),
        ListOrdersRequest { states: vec![OrderState::Unanswered.into()], ..list(Side::Supplier) },
        ListOrdersRequest { states: vec![OrderState::Proposed.into()], ..list(Side::Supplier) },
        ListOrdersRequest { states: vec![OrderState::Accepted.into()], ..list(Side::Supplier) },
        ListOrdersRequest { has_open_proposals: Some(true), ..list(Side::Supplier) },
        ListOrdersRequest { has_pending_changes: Some(true), ..list(Side::Supplier) },
        ListOrdersRequest { has_pending_changes: Some(false), ..list(Side::Supplier) },
        ListOrdersRequest { order_number: "4500003".into(), ..list(Side::Supplier) },
    ]
    .to_vec();
    for text in ["", "bx-0450", "4500003", "nothing"] {
        let wanted = ListOrdersRequest { text: text.into(), ..list(Side::Supplier) };
        let request = ListOrdersRequest { also_count: tabs.clone(), ..wanted };
        let totals = supplier.orders().list_orders(request).await.unwrap().into_inner().totals;
        let expected = match text {
            "" | "bx-0450" => [120, 80, 0, 40, 0, 0, 120, 1],
            "4500003" => [1, 0, 0, 1, 0, 0, 1, 1],
            _ => [0; 8],
        };
        assert_eq!(totals, expected, "{text:?}");
    }
    let many = ListOrdersRequest { also_count: vec![list(Side::Buyer); 21], ..list(Side::Buyer) };
    bad_fields(buyer.orders().list_orders(many).await, &[("also_count", "TOO_MANY")]);
    let odd = ListOrdersRequest { counterparty_id: "odd".into(), ..list(Side::Buyer) };
    let odd = ListOrdersRequest { also_count: vec![list(Side::Buyer), odd], ..list(Side::Buyer) };
    bad_fields(buyer.orders().list_orders(odd).await, &[("also_count[1].counterparty_id", "ID")]);
}

#[tokio::test]
async fn each_further_count_is_a_request_of_the_firm() {
    let hurry = |config: &mut Config| (config.limits.requests_per_second, config.limits.burst) = (1, 60);
    let world = World::with(Options { configure: hurry, ..Options::default() }).await;
    let (buyer, _) = world.pair().await;
    let request = ListOrdersRequest { also_count: vec![list(Side::Buyer); 20], ..list(Side::Buyer) };
    let asked = (0..5).map(|_| async { buyer.orders().list_orders(request.clone()).await });
    let answers = futures::future::join_all(asked).await;
    let slowed = answers.into_iter().find_map(Result::err);
    refused(Err::<(), _>(slowed.expect("a hundred and five are too many")), Reason::RATE_LIMITED);
    world.finish().await;
}

#[tokio::test]
async fn whoever_lists_and_then_streams_misses_nothing() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publishing = tokio::spawn({
        let buyer = buyer.clone();
        async move {
            for n in 0..60 {
                let request = order(&format!("45{n:05}")).line("10", "CY-BX-0450", "10", "6.85").to("V100");
                buyer.publish(request).await.expect("published");
            }
        }
    });
    // Snapshots in the middle of it, each completed by the stream that begins where the list stood.
    let mut snapshots = Vec::new();
    while !publishing.is_finished() {
        let request = ListOrdersRequest { page_size: 1_000, ..list(Side::Supplier) };
        let page = supplier.orders().list_orders(request).await.unwrap().into_inner();
        snapshots.push((page.cursor, page.orders));
    }
    publishing.await.unwrap();
    world.settled().await;
    assert!(snapshots.len() > 2);
    for (cursor, orders) in snapshots {
        let mut known: BTreeSet<String> = orders.into_iter().map(|each| each.id).collect();
        for entry in supplier.events_after(&cursor).await {
            known.extend(events::event(&entry).subject.strip_prefix("orders/").map(str::to_string));
        }
        assert_eq!(known.len(), 60);
    }
    world.finish().await;
}

#[tokio::test]
async fn an_erp_that_polls_gets_what_changed_since_its_cursor() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let request = order(&format!("450000{n}")).line("10", "CY-BX-0450", "10", "6.85").line(
            "20",
            "CY-LD-0450",
            "5",
            "2.30",
        );
        ids.push(buyer.publish(request.to("V100")).await.expect("published").order_id);
    }
    world.settled().await;
    let head = buyer.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner();
    let since = |cursor: &str| ListOrdersRequest { changed_since: cursor.into(), ..list(Side::Buyer) };
    assert!(pages(&buyer, since(&head.cursor)).await.is_empty());
    assert_eq!(pages(&buyer, since(&head.oldest_cursor)).await.len(), 5);

    supplier.respond(answer(&ids[1]).accept("20", "").done()).await.expect("answered");
    supplier.accept_all(&ids[3]).await.expect("answered");
    world.settled().await;
    assert_eq!(numbers(&pages(&buyer, since(&head.cursor)).await), ["4500003", "4500001"]);
    let rows = ListScheduleLinesRequest {
        side: Side::Buyer.into(),
        changed_since: head.cursor.clone(),
        page_size: 3,
        ..ListScheduleLinesRequest::default()
    };
    let page = buyer.orders().list_schedule_lines(rows.clone()).await.unwrap().into_inner();
    assert_eq!(page.rows.len(), 3);
    let rest = ListScheduleLinesRequest { page_token: page.next_page_token, ..rows };
    let rest = buyer.orders().list_schedule_lines(rest).await.unwrap().into_inner();
    let promised: Vec<_> = page
        .rows
        .iter()
        .chain(&rest.rows)
        .map(|row| (row.order_number.as_str(), row.commitments.len()))
        .collect();
    assert_eq!(promised, [("4500001", 0), ("4500001", 1), ("4500003", 1), ("4500003", 1)]);
    refused(
        supplier.orders().list_orders(ListOrdersRequest { side: 2, ..since(&head.cursor) }).await,
        Reason::CURSOR_INVALID,
    );
    world.finish().await;
}

#[tokio::test]
async fn lists_are_filtered_by_what_an_erp_asks() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&buyer, &other, "V200").await;
    let make = |n: &str| order(n).line("10", "CY-BX-0450", "10", "6.85");
    let first = buyer.publish(make("A1").group("P1").to("V100")).await.unwrap();
    buyer.publish(make("A2").group("P2").system("ERP2").to("V100")).await.unwrap();
    buyer.publish(make("A3").group("P1").to("V200")).await.unwrap();
    supplier.accept_all(&first.order_id).await.unwrap();
    let mut later = make("A4");
    later.content.requested_delivery = Some(proto::orders::DeliveryWindow {
        until: Some(harness::date("2027-03-01")),
        ..Default::default()
    });
    buyer.publish(later.to("V100")).await.unwrap();
    for (request, expected) in [
        (ListOrdersRequest { states: vec![OrderState::Accepted.into()], ..list(Side::Buyer) }, &["A1"][..]),
        (ListOrdersRequest { counterparty_id: other.id.clone(), ..list(Side::Buyer) }, &["A3"]),
        (ListOrdersRequest { purchasing_group: "P1".into(), ..list(Side::Buyer) }, &["A3", "A1"]),
        (ListOrdersRequest { source_system: "ERP2".into(), ..list(Side::Buyer) }, &["A2"]),
        (ListOrdersRequest { order_number: "A2".into(), ..list(Side::Buyer) }, &["A2"]),
        (ListOrdersRequest { order_number: "A".into(), ..list(Side::Buyer) }, &[]),
        (
            ListOrdersRequest { requested_from: Some(harness::date("2027-01-01")), ..list(Side::Buyer) },
            &["A4"],
        ),
        (
            ListOrdersRequest { requested_until: Some(harness::date("2027-01-01")), ..list(Side::Buyer) },
            &["A3", "A2", "A1"],
        ),
        (
            ListOrdersRequest { counterparty_id: supplier.id.clone(), states: vec![1], ..list(Side::Buyer) },
            &["A4", "A2"],
        ),
    ] {
        assert_eq!(numbers(&pages(&buyer, request.clone()).await), expected, "{request:?}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_purchasing_group_sees_its_own_orders_alone_and_the_stream_passes_over_the_others() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let make = |n: &str, group: &str| order(n).line("10", "CY-BX-0450", "10", "6.85").group(group).to("V100");
    let mut ids = Vec::new();
    for (n, group) in [("A1", "P1"), ("A2", "P2"), ("A3", "P1"), ("A4", "P2")] {
        ids.push(buyer.publish(make(n, group)).await.unwrap().order_id);
    }
    let scope = Scope { purchasing_groups: vec!["P1".into()], ..Scope::default() };
    let (_, narrow) = buyer.person("王敏", &[Role::Buyer], Some(scope.clone())).await;
    let key = buyer.key_with(&[Role::Buyer], Some(scope)).await;
    world.settled().await;
    for narrowed in [&narrow, &key] {
        assert_eq!(numbers(&pages(narrowed, list(Side::Buyer)).await), ["A3", "A1"]);
        let rows =
            ListScheduleLinesRequest { side: Side::Buyer.into(), ..ListScheduleLinesRequest::default() };
        let rows = narrowed.orders().list_schedule_lines(rows).await.unwrap().into_inner().rows;
        assert_eq!(rows.len(), 2);
        assert!(narrowed.order(&ids[0]).await.is_ok());
        let hidden = refused(narrowed.order(&ids[1]).await, Reason::NOT_FOUND);
        let nothing = refused(narrowed.order(&harness::request_id()).await, Reason::NOT_FOUND);
        assert_eq!(harness::refusal::visible(&hidden), harness::refusal::visible(&nothing));

        let messages = messages(narrowed, None).await;
        let seen: Vec<_> = messages.iter().flat_map(|message| &message.events).collect();
        let subjects: BTreeSet<_> = seen.iter().map(|entry| events::event(entry).subject.clone()).collect();
        assert!(
            !subjects.contains(&format!("orders/{}", ids[1]))
                && subjects.contains(&format!("orders/{}", ids[2]))
        );
        let head = buyer.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner();
        let last = messages.last().expect("a last message");
        assert_eq!(last.seq, head.seq, "the cursor moves past what was not for this reader");
        assert!(seen.last().unwrap().seq < head.seq);
        assert!(narrowed.events_after(&last.cursor).await.is_empty());
    }
    refused(narrow.publish(make("A5", "P2")).await, Reason::PERMISSION_DENIED);
    refused(narrow.publish(make("A5", "")).await, Reason::PERMISSION_DENIED);
    narrow.publish(make("A5", "P1")).await.expect("for the own group");
    assert_eq!(pages(&supplier, list(Side::Supplier)).await.len(), 5, "the supplier is not narrowed by it");
    world.finish().await;
}

#[tokio::test]
async fn a_site_narrows_like_a_purchasing_group() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let make = |n: &str, site: &str| {
        order(n).line("10", "CY-BX-0450", "0", "6.85").schedule("1", "5", "2026-12-28", site).to("V100")
    };
    for (n, site) in [("A1", "1000"), ("A2", "2000"), ("A3", "")] {
        buyer.publish(make(n, site)).await.unwrap();
    }
    let scope = Scope { sites: vec!["1000".into()], ..Scope::default() };
    let narrow = buyer.key_with(&[Role::Viewer], Some(scope)).await;
    assert_eq!(
        numbers(&pages(&narrow, list(Side::Buyer)).await),
        ["A3", "A1"],
        "what names no site is for all"
    );
    world.settled().await;
    let seen = narrow.events().await;
    assert_eq!(events::of_orders(&seen).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_subscriber_says_what_it_wants() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let receipt = buyer.publish(order("A1").line("10", "X", "1", "1").to("V100")).await.unwrap();
    supplier.accept_all(&receipt.order_id).await.unwrap();
    world.settled().await;
    let kinds = async |filter: Filter| -> Vec<String> {
        let messages = messages(&buyer, Some(filter)).await;
        messages
            .iter()
            .flat_map(|message| &message.events)
            .map(|entry| events::short(entry).to_string())
            .collect()
    };
    let types = |types: &[&str]| Filter {
        types: types.iter().map(ToString::to_string).collect(),
        ..Filter::default()
    };
    assert_eq!(kinds(types(&["tandem.orders.*"])).await, ["order.published", "order.responded"]);
    assert_eq!(kinds(types(&["tandem.orders.order.responded.v1"])).await, ["order.responded"]);
    let about = Filter { subject_prefix: format!("orders/{}", receipt.order_id), ..Filter::default() };
    assert_eq!(kinds(about).await.len(), 2);
    let of_stranger = Filter { counterparties: vec![harness::request_id()], ..Filter::default() };
    assert!(kinds(of_stranger).await.is_empty());
    let none = SubscribeRequest::default();
    bad_fields(buyer.stream().subscribe(none).await, &[("start", "REQUIRED")]);
    let wrong = SubscribeRequest {
        start: Some(Start::Latest(true)),
        filter: Some(Filter { counterparties: vec!["x".into()], ..types(&["a*b"]) }),
        until_head: true,
    };
    bad_fields(
        buyer.stream().subscribe(wrong).await,
        &[("filter.types[0]", "VALUE"), ("filter.counterparties[0]", "ID")],
    );
    let cursor = supplier.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner().cursor;
    refused(buyer.try_read(Start::After(cursor)).await, Reason::CURSOR_INVALID);
    refused(buyer.try_read(Start::After("AAAA".into())).await, Reason::CURSOR_INVALID);
    world.finish().await;
}
