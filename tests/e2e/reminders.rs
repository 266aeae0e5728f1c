//! Reminders and what becomes of them.

use chassis::Reason;
use futures::{StreamExt as _, stream};
use harness::{
    Access, Firm, World, answer, events,
    events::Payload,
    order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    orders::{
        AcknowledgeRemindersRequest, ListOrdersRequest, ListRemindersRequest, MarkOpenedRequest,
        RejectReason, RemindSupplierRequest, RemindSupplierResponse, Reminder, ReminderState, Side,
    },
    partners::{Role, Scope},
};
use tonic::Status;

use super::deadlines::pair_at;

async fn publish(buyer: &Firm, number: &str, vendor_number: &str) -> String {
    let request = order(number).line("10", "X", "10", "1").group("P1").to(vendor_number);
    buyer.publish(request).await.expect("published").order_id
}

async fn remind(buyer: &Access, orders: &[&str]) -> Result<RemindSupplierResponse, Status> {
    let request = RemindSupplierRequest {
        request_id: request_id(),
        order_ids: orders.iter().map(|id| id.to_string()).collect(),
        message: "请今天答复".into(),
    };
    Ok(buyer.reminders().remind_supplier(request).await?.into_inner())
}

async fn list(who: &Access, request: ListRemindersRequest) -> Vec<Reminder> {
    who.reminders().list_reminders(request).await.expect("a list").into_inner().reminders
}

/// The orders of a list of one side, with the reminder of each that nobody has opened.
async fn unopened(who: &Access, side: Side) -> Vec<(String, Option<Reminder>)> {
    let asked = ListOrdersRequest { side: side.into(), ..ListOrdersRequest::default() };
    let orders = who.orders().list_orders(asked).await.expect("a list").into_inner().orders;
    orders.into_iter().map(|order| (order.id, order.unopened_reminder)).collect()
}

async fn states(who: &Access) -> Vec<ReminderState> {
    list(who, ListRemindersRequest::default()).await.iter().map(Reminder::state).collect()
}

/// So many other suppliers of a buyer, each with an order that waits for its answer.
async fn suppliers(world: &World, buyer: &Firm, count: usize) -> Vec<(Firm, String)> {
    let made = stream::iter(1..=count).map(|n| async move {
        let firm = world.firm(&format!("丰泽五金{n}(示例)厂")).await;
        let number = format!("V{}", 100 + n);
        world.partner(buyer, &firm, &number).await;
        let order = publish(buyer, &format!("A{n}"), &number).await;
        (firm, order)
    });
    made.buffered(6).collect().await
}

#[tokio::test]
async fn many_suppliers_are_reminded_in_one_go_each_with_its_own_result() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let others = suppliers(&world, &buyer, 29).await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let mut ids = vec![publish(&buyer, "A0", "V100").await];
    ids.extend(others.iter().map(|(_, order)| order.clone()));
    let foreign = publish(&rival, "R1", "GYS-033").await;
    let rejected = publish(&buyer, "A99", "V100").await;
    let reject = harness::answer(&rejected).reject("10", "", RejectReason::NoCapacity).done();
    supplier.respond(reject).await.expect("rejected");
    let unknown = request_id();
    let mut named: Vec<&str> = ids.iter().map(String::as_str).collect();
    named.extend([foreign.as_str(), &rejected, &unknown]);
    let done = remind(&buyer, &named).await.expect("reminded");
    assert_eq!((done.sent, done.results.len()), (30, 33));
    for (result, id) in done.results.iter().zip(&named) {
        assert_eq!(result.order_id, *id);
    }
    assert!(done.results[..30].iter().all(|result| result.version == 2 && !result.reminder_id.is_empty()));
    let reasons: Vec<_> = done.results[30..].iter().map(|result| result.reason.as_str()).collect();
    assert_eq!(reasons, ["NOT_FOUND", "NOTHING_TO_REMIND", "NOT_FOUND"]);
    assert_eq!(done.results[30].message_en, done.results[32].message_en, "a foreign order is as none");
    assert!(done.results[31].message_zh.contains("没有"));

    world.settled().await;
    let (left, right) = (buyer.events().await, supplier.events().await);
    let of = |feed: &[proto::stream::FeedEvent]| -> Vec<String> {
        events::of_order(feed, &ids[0]).into_iter().map(|entry| events::event(entry).id.clone()).collect()
    };
    assert_eq!(of(&left), of(&right));
    let Payload::Reminded(event) = events::payload(events::event(events::of_order(&right, &ids[0])[1]))
    else {
        panic!("a reminder")
    };
    assert_eq!((event.message.as_str(), event.version, event.automatic), ("请今天答复", 2, false));
    assert_eq!(event.reminder_id, done.results[0].reminder_id);
    let reminded = others.iter().map(|(firm, order)| (firm, order)).chain([(&supplier, &ids[0])]);
    for (firm, order) in reminded {
        let reminders = list(firm, ListRemindersRequest::default()).await;
        let of: Vec<&String> = reminders.iter().map(|one| &one.order_id).collect();
        assert_eq!(of, [order], "each sees its own");
    }
    assert!(list(&rival, ListRemindersRequest::default()).await.is_empty());
    refused(remind(&supplier, &[&ids[0]]).await, Reason::NOT_FOUND);
    refused(remind(&buyer, &[&foreign, &unknown]).await, Reason::NOT_FOUND);
    bad_fields(remind(&buyer, &[]).await, &[("order_ids", "COUNT")]);
    bad_fields(
        remind(&buyer, &[&ids[0], "x", &ids[0]]).await,
        &[("order_ids[1]", "ID"), ("order_ids[2]", "REPEATED")],
    );
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_reminded_once_an_hour_and_a_repeated_request_once() {
    let (world, clock, buyer, _) = pair_at(time::macros::datetime!(2026-11-24 02:00 UTC)).await;
    let (first, second) = (publish(&buyer, "A1", "V100").await, publish(&buyer, "A2", "V100").await);
    let request = RemindSupplierRequest {
        request_id: "once".into(),
        order_ids: vec![first.clone()],
        message: String::new(),
    };
    let sent = buyer.reminders().remind_supplier(request.clone()).await.expect("sent").into_inner();
    let again = buyer.reminders().remind_supplier(request).await.expect("replayed").into_inner();
    assert!(again.replayed && again.results == sent.results);

    clock.advance(time::Duration::minutes(59));
    let both = remind(&buyer, &[&first, &second]).await.expect("one of them");
    assert_eq!((both.sent, both.results[0].reason.as_str()), (1, Reason::REMINDED_RECENTLY.as_str()));
    let retry = both.results[0].retry_at.expect("when it may be sent");
    assert_eq!(chassis::value::time(&retry), Some(time::macros::datetime!(2026-11-24 03:00 UTC)));
    assert_eq!(both.results[1].version, 2, "the other is sent all the same");
    clock.advance(time::Duration::minutes(1));
    assert_eq!(remind(&buyer, &[&first]).await.expect("after an hour").sent, 1);
    assert_eq!(buyer.order(&first).await.unwrap().version, 3);
    world.finish().await;
}

#[tokio::test]
async fn a_list_has_the_newest_reminder_of_each_order_until_it_is_opened() {
    let (world, clock, buyer, supplier) = pair_at(time::macros::datetime!(2026-11-24 02:00 UTC)).await;
    let (first, second) = (publish(&buyer, "A1", "V100").await, publish(&buyer, "A2", "V100").await);
    remind(&buyer, &[&first]).await.expect("reminded");
    clock.advance(time::Duration::hours(2));
    remind(&buyer, &[&first]).await.expect("reminded again");
    let newest = list(&buyer, ListRemindersRequest::default()).await.remove(0);
    let (_, person) = supplier.person("何姐", &[Role::Sales], None).await;
    let listed = unopened(&supplier, Side::Supplier).await;
    assert_eq!(listed, [(second.clone(), None), (first.clone(), Some(newest.clone()))], "the newest alone");
    let listed = unopened(&person, Side::Supplier).await;
    let delivered = listed[1].1.as_ref().expect("not opened");
    assert_eq!((&delivered.id, delivered.state()), (&newest.id, ReminderState::Delivered), "a person's list");
    let bought = unopened(&buyer, Side::Buyer).await;
    assert!(bought.iter().all(|(_, reminder)| reminder.is_none()), "the supplier is who has to look");
    person.order(&first).await.expect("looked at");
    assert_eq!(unopened(&person, Side::Supplier).await, [(second, None), (first, None)]);
    world.finish().await;
}

#[tokio::test]
async fn a_reminder_is_sent_then_delivered_then_opened() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (first, second) = (publish(&buyer, "A1", "V100").await, publish(&buyer, "A2", "V100").await);
    remind(&buyer, &[&first, &second]).await.expect("reminded");
    let (_, person) = supplier.person("何姐", &[Role::Sales], None).await;
    assert_eq!(states(&buyer).await, [ReminderState::Sent, ReminderState::Sent]);

    // A system that polls is no person, and says by itself what arrived.
    let inbox = ListOrdersRequest { side: Side::Supplier.into(), ..ListOrdersRequest::default() };
    supplier.orders().list_orders(inbox.clone()).await.expect("polled");
    supplier.order(&first).await.expect("read");
    assert_eq!(states(&buyer).await, [ReminderState::Sent, ReminderState::Sent]);
    let of_second = ListRemindersRequest { order_id: second.clone(), ..ListRemindersRequest::default() };
    let id = list(&supplier, of_second.clone()).await[0].id.clone();
    let acknowledge = |ids: &[&String]| AcknowledgeRemindersRequest {
        request_id: request_id(),
        reminder_ids: ids.iter().map(ToString::to_string).collect(),
    };
    let foreign = buyer.reminders().acknowledge_reminders(acknowledge(&[&id])).await;
    refused(foreign, Reason::NOT_FOUND);
    let unknown = supplier.reminders().acknowledge_reminders(acknowledge(&[&id, &request_id()])).await;
    refused(unknown, Reason::NOT_FOUND);
    let done = supplier.reminders().acknowledge_reminders(acknowledge(&[&id])).await.expect("acknowledged");
    assert_eq!(done.into_inner().acknowledged, 1);
    assert_eq!(states(&buyer).await, [ReminderState::Delivered, ReminderState::Sent]);

    // A person's inbox delivers, and looking at the order opens.
    person.orders().list_orders(inbox).await.expect("the inbox");
    assert_eq!(states(&buyer).await, [ReminderState::Delivered, ReminderState::Delivered]);
    person.order(&first).await.expect("looked at");
    let opened = ListRemindersRequest { states: vec![ReminderState::Opened.into()], ..Default::default() };
    let opened = list(&buyer, opened).await;
    assert_eq!(
        (opened.len(), opened[0].order_id.as_str(), opened[0].opened_by.as_str()),
        (1, &*first, "何姐")
    );
    assert!(opened[0].delivered_at.is_some() && opened[0].opened_at.is_some());
    let history = buyer.order(&first).await.unwrap().history;
    let last = history.last().unwrap();
    assert_eq!(
        (last.action.as_str(), last.version, last.actor_name.as_str()),
        ("reminder_opened", 0, "何姐")
    );

    let mark = |order_id: &str| MarkOpenedRequest { request_id: request_id(), order_id: order_id.into() };
    refused(buyer.reminders().mark_opened(mark(&second)).await, Reason::NOT_FOUND);
    assert_eq!(supplier.reminders().mark_opened(mark(&second)).await.unwrap().into_inner().opened, 1);
    assert_eq!(supplier.reminders().mark_opened(mark(&second)).await.unwrap().into_inner().opened, 0, "once");
    assert_eq!(list(&buyer, of_second).await[0].state(), ReminderState::Opened);

    let other = Scope { purchasing_groups: vec!["P2".into()], ..Scope::default() };
    let narrowed = buyer.key_with(&[Role::Buyer], Some(other)).await;
    assert!(list(&narrowed, ListRemindersRequest::default()).await.is_empty(), "another group's");
    refused(remind(&narrowed, &[&first]).await, Reason::NOT_FOUND);
    let page = ListRemindersRequest { page_size: 1, ..ListRemindersRequest::default() };
    let page = buyer.reminders().list_reminders(page).await.unwrap().into_inner();
    let next = ListRemindersRequest { page_size: 1, page_token: page.next_page_token, ..Default::default() };
    let ids: Vec<_> = page.reminders.iter().map(|each| each.order_id.clone()).collect();
    let rest: Vec<_> = list(&buyer, next).await.into_iter().map(|each| each.order_id).collect();
    assert_eq!((ids, rest), (vec![second], vec![first]), "the newest first");
    world.finish().await;
}

/// Each order of a reminder has a result of its own, in which the reason stands.
#[tokio::test]
async fn a_reminder_that_is_not_sent_says_why() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publish = async |number: &str| {
        let request = order(number).line("10", "X", "10", "1").to("V100");
        buyer.publish(request).await.expect("published").order_id
    };
    let (fresh, rejected) = (publish("A1").await, publish("A2").await);
    let reject = answer(&rejected).reject("10", "", proto::orders::RejectReason::Price).done();
    supplier.respond(reject).await.expect("rejected");
    let remind = async |order_ids: Vec<String>| {
        let request = proto::orders::RemindSupplierRequest {
            request_id: request_id(),
            order_ids,
            ..Default::default()
        };
        buyer.reminders().remind_supplier(request).await.expect("results").into_inner().results
    };
    assert_eq!(remind(vec![fresh.clone()]).await[0].reason, "");
    let results = remind(vec![fresh, rejected]).await;
    for (result, reason) in results.iter().zip([Reason::REMINDED_RECENTLY, Reason::NOTHING_TO_REMIND]) {
        assert_eq!(result.reason, reason.as_str());
        assert_eq!((result.message_zh.as_str(), result.message_en.as_str()), (reason.zh(), reason.en()));
        assert_eq!(result.retry_at.is_some(), reason == Reason::REMINDED_RECENTLY);
    }
    world.finish().await;
}
