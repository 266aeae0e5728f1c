//! Until when answers are due, and what happens when they do not come.

use std::{sync::Arc, time::Duration};

use chassis::clock::FixedClock;
use harness::{
    Firm, Options, World, answer,
    change::{change, hold, release, withdraw},
    date, decide, events,
    events::Payload,
    order, request_id, until,
};
use proto::orders::{
    AnswerDue, ListOrdersRequest, OrderAnswerOverdue, OrderSort, OrderSummary, SetCalendarRequest,
    SetTermsRequest, Side, Terms, WorkCalendar,
};
use time::{OffsetDateTime, macros::datetime};

const DAY: time::Duration = time::Duration::DAY;

/// A world with a buyer and its supplier `V100`, whose clock stands at a moment. They came to be in the present, since
/// links are judged by the database's clock.
pub(super) async fn pair_at(moment: OffsetDateTime) -> (World, Arc<FixedClock>, Firm, Firm) {
    let present = chassis::clock::system().now();
    let clock = FixedClock::new(present);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    clock.advance(moment - present);
    (world, clock, buyer, supplier)
}

async fn answer_within(buyer: &Firm, supplier: &Firm, days: i32, remind_before: i32) {
    let terms = Terms {
        supplier_id: supplier.id.clone(),
        answer_within_working_days: Some(days),
        remind_before_working_days: Some(remind_before),
        ..Terms::default()
    };
    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    buyer.terms().set_terms(request).await.expect("terms");
}

async fn publish(buyer: &Firm, number: &str) -> String {
    let request = order(number).line("10", "X", "10", "1").line("20", "Y", "5", "2").to("V100");
    buyer.publish(request).await.expect("published").order_id
}

async fn list(firm: &Firm, request: ListOrdersRequest) -> Vec<OrderSummary> {
    firm.orders().list_orders(request).await.expect("a list").into_inner().orders
}

fn due(day: &str) -> Option<AnswerDue> {
    Some(AnswerDue { date: Some(date(day)), ..AnswerDue::default() })
}

/// What a firm's feed says of overdue answers.
async fn overdue(firm: &Firm) -> Vec<OrderAnswerOverdue> {
    let feed = firm.events().await;
    let payloads = feed.iter().map(|entry| events::payload(events::event(entry)));
    let told = payloads.filter_map(|payload| match payload {
        Payload::AnswerOverdue(event) => Some(event),
        _ => None,
    });
    told.collect()
}

/// What both feeds say alike, as soon as the sweep has told so much.
async fn until_overdue(
    world: &World,
    buyer: &Firm,
    supplier: &Firm,
    count: usize,
) -> Vec<OrderAnswerOverdue> {
    until("the sweep has told it", Duration::from_secs(60), async || {
        (overdue(buyer).await.len() >= count).then_some(())
    })
    .await;
    world.settled().await;
    let (left, right) = (overdue(buyer).await, overdue(supplier).await);
    assert_eq!(left, right, "both firms hear it");
    left
}

/// Ends the world, where lists go by the deadlines that hold.
async fn end(world: World) {
    let differ =
        "select count(*) from orders.order_state s join orders.answer_deadline d on d.order_id = s.order_id
         where s.unanswered_lines > 0
             and s.answer_due <> case when d.paused_on is null then d.due_on else '9999-12-31' end";
    let differ: i64 = sqlx::query_scalar(differ).fetch_one(world.owner_pool().await).await.expect("read");
    assert_eq!(differ, 0, "orders whose day beside the state is not the one of their deadline");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_is_due_by_the_terms_and_the_working_days_of_the_buyer() {
    // 23:30 on 30 September in China, before seven days off.
    let (world, _, buyer, supplier) = pair_at(datetime!(2026-09-30 15:30 UTC)).await;
    let platform = publish(&buyer, "A1").await;
    answer_within(&buyer, &supplier, 2, 0).await;
    let own = publish(&buyer, "A2").await;
    assert_eq!(
        supplier.order(&platform).await.unwrap().answer_due,
        due("2026-10-10"),
        "3 days by the platform"
    );
    assert_eq!(buyer.order(&own).await.unwrap().answer_due, due("2026-10-09"), "2 by the terms");

    let request = ListOrdersRequest {
        side: Side::Supplier.into(),
        order_by: OrderSort::AnswerDue.into(),
        page_size: 1,
        ..ListOrdersRequest::default()
    };
    supplier.accept_all(&platform).await.expect("answered");
    let third = publish(&buyer, "A3").await;
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOrdersRequest { page_token, ..request.clone() };
        let page = supplier.orders().list_orders(request).await.expect("a page").into_inner();
        found.extend(page.orders.into_iter().map(|order| (order.id, order.answer_due)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let due_then = due("2026-10-09");
    assert_eq!(
        found,
        [(own, due_then), (third, due_then), (platform, None)],
        "what waits for nothing is last"
    );
    end(world).await;
}

#[tokio::test]
async fn an_overdue_answer_is_told_once_for_each_period_of_waiting() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    answer_within(&buyer, &supplier, 1, 0).await;
    let (late, in_time) = (publish(&buyer, "A1").await, publish(&buyer, "A2").await);
    supplier.accept_all(&in_time).await.expect("answered");
    clock.advance(DAY);
    let open = ListOrdersRequest { side: Side::Buyer.into(), answer_overdue: true, ..Default::default() };
    assert!(list(&buyer, open.clone()).await.is_empty(), "the 25th is in time");
    clock.advance(DAY);
    let told = until_overdue(&world, &buyer, &supplier, 1).await;
    let expected = OrderAnswerOverdue {
        order_id: late.clone(),
        order_number: "A1".into(),
        source_system: told[0].source_system.clone(),
        revision: 1,
        version: 2,
        due_date: Some(date("2026-11-25")),
        unanswered_lines: 2,
    };
    assert_eq!(told, [expected]);
    let listed: Vec<_> = list(&buyer, open.clone()).await.into_iter().map(|order| order.id).collect();
    assert_eq!(listed, std::slice::from_ref(&late));
    assert!(supplier.order(&late).await.unwrap().answer_due.unwrap().overdue);

    // Answered by a proposal that the buyer declines: it waits anew, and is overdue anew.
    let propose = answer(&late).propose("10", "", &[("10", "2027-01-04")]).accept("20", "");
    let proposed = supplier.respond(propose.done()).await.expect("late, but an answer");
    assert_eq!(buyer.order(&late).await.unwrap().answer_due, None);
    assert!(list(&buyer, open).await.is_empty());
    let declined = decide(&late, &[(&proposed.lines[0].proposal_id, false)]);
    buyer.orders().resolve_proposal(declined).await.expect("declined");
    assert_eq!(buyer.order(&late).await.unwrap().answer_due, due("2026-11-27"));
    clock.advance(DAY * 4);
    let told = until_overdue(&world, &buyer, &supplier, 2).await;
    let versions: Vec<_> = told.iter().map(|event| (event.version, event.unanswered_lines)).collect();
    assert_eq!(versions, [(2, 2), (5, 1)]);
    let history = supplier.order(&late).await.unwrap().history;
    let actions: Vec<_> = history.iter().map(|entry| (entry.version, entry.action.as_str())).collect();
    assert_eq!(
        actions,
        [
            (1, "published"),
            (2, "answer_overdue"),
            (3, "responded"),
            (4, "proposal_resolved"),
            (5, "answer_overdue")
        ]
    );
    assert_eq!(history[1].note, "2026-11-25", "the day that was missed");
    end(world).await;
}

#[tokio::test]
async fn many_that_look_at_once_tell_it_once() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    answer_within(&buyer, &supplier, 0, 0).await;
    let mut orders = Vec::new();
    for n in 0..30 {
        orders.push(publish(&buyer, &format!("A{n}")).await);
    }
    clock.advance(DAY);
    // Beside the world's own sweep, which looks every second.
    let looks = (0..8).map(|_| orders::sweep_once(world.deps()));
    for found in futures::future::join_all(looks).await {
        found.expect("the sweep looks");
    }
    let told = until_overdue(&world, &buyer, &supplier, orders.len()).await;
    let mut ids: Vec<_> = told.iter().map(|event| event.order_id.clone()).collect();
    ids.sort();
    orders.sort();
    assert_eq!(ids, orders, "each once");
    assert_eq!(
        orders::sweep_once(world.deps()).await.expect("another look"),
        0,
        "nothing is left to look at"
    );
    assert_eq!(overdue(&supplier).await.len(), orders.len());
    end(world).await;
}

#[tokio::test]
async fn terms_remind_before_the_day_and_a_year_without_data_says_so() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-12-29 02:00 UTC)).await;
    answer_within(&buyer, &supplier, 4, 2).await;
    let (waits, answered) = (publish(&buyer, "A1").await, publish(&buyer, "A2").await);
    supplier.accept_all(&answered).await.expect("answered");
    // 30 and 31 December, and then by the week alone: 1 and 4 January.
    let uncertain = AnswerDue { date: Some(date("2027-01-04")), uncertain: true, ..AnswerDue::default() };
    assert_eq!(buyer.order(&waits).await.unwrap().answer_due, Some(uncertain));
    clock.advance(DAY * 2);
    let history = until("the reminder is sent", Duration::from_secs(60), async || {
        let history = supplier.order(&waits).await.unwrap().history;
        history.iter().any(|entry| entry.action == "reminded").then_some(history)
    })
    .await;
    assert_eq!((history.len(), history[1].version, history[1].actor_name.as_str()), (2, 2, ""));
    world.settled().await;
    let feed = supplier.events().await;
    let reminded: Vec<_> = events::of_orders(&feed).into_iter().map(events::short).collect();
    let expected = ["order.published", "order.published", "order.responded", "order.reminded"];
    assert_eq!(reminded, expected, "whoever answered is not reminded");
    end(world).await;
}

#[tokio::test]
async fn a_hold_stops_the_clock_and_a_change_sets_it_anew() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    answer_within(&buyer, &supplier, 2, 0).await;
    let id = publish(&buyer, "A1").await;
    clock.advance(DAY);
    buyer.changes().hold_order(hold(&id)).await.expect("held");
    clock.advance(DAY * 5);
    let paused = AnswerDue { date: Some(date("2026-11-26")), paused: true, ..AnswerDue::default() };
    assert_eq!(supplier.order(&id).await.unwrap().answer_due, Some(paused));
    assert_eq!(
        orders::sweep_once(world.deps()).await.expect("a look"),
        0,
        "nothing is overdue while it is held"
    );
    let late = ListOrdersRequest { side: Side::Buyer.into(), answer_overdue: true, ..Default::default() };
    assert!(list(&buyer, late).await.is_empty());

    // One working day was left, and is left on Monday the 30th.
    buyer.changes().release_order(release(&id)).await.expect("released");
    assert_eq!(supplier.order(&id).await.unwrap().answer_due, due("2026-12-01"));
    clock.advance(DAY * 2);
    assert_eq!(until_overdue(&world, &buyer, &supplier, 1).await.len(), 1);
    let more = order("A1").line("10", "X", "12", "1");
    buyer.change(change(&id, more)).await.expect("changed");
    assert_eq!(supplier.order(&id).await.unwrap().answer_due, due("2026-12-04"));
    clock.advance(DAY * 3);
    let told = until_overdue(&world, &buyer, &supplier, 2).await;
    let days: Vec<_> = told.iter().map(|event| (event.revision, event.due_date)).collect();
    assert_eq!(days, [(1, Some(date("2026-12-01"))), (2, Some(date("2026-12-04")))]);
    end(world).await;
}

#[tokio::test]
async fn a_proposal_that_is_taken_back_leaves_the_deadline_as_it_was() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    answer_within(&buyer, &supplier, 1, 0).await;
    let (late, told_before) = (publish(&buyer, "A1").await, publish(&buyer, "A2").await);
    let propose = |id: &str| answer(id).propose("10", "", &[("10", "2027-01-04")]).accept("20", "").done();
    let in_time = supplier.respond(propose(&late)).await.expect("in time").lines[0].proposal_id.clone();
    clock.advance(DAY * 2);
    assert_eq!(until_overdue(&world, &buyer, &supplier, 1).await[0].order_id, told_before);
    assert_eq!(orders::sweep_once(world.deps()).await.expect("a look"), 0, "nothing is left to look at");

    supplier.withdraw(withdraw(&late, &[&in_time])).await.expect("taken back");
    let told = until_overdue(&world, &buyer, &supplier, 2).await;
    let expected = (late.as_str(), Some(date("2026-11-25")), 1);
    assert_eq!((told[1].order_id.as_str(), told[1].due_date, told[1].unanswered_lines), expected);
    // What was told is not told again.
    let again = supplier.respond(propose(&told_before)).await.expect("late").lines[0].proposal_id.clone();
    supplier.withdraw(withdraw(&told_before, &[&again])).await.expect("taken back");
    assert_eq!(orders::sweep_once(world.deps()).await.expect("a look"), 0);
    assert_eq!(overdue(&buyer).await.len(), 2);
    end(world).await;
}

async fn work_on(buyer: &Firm, week: &[i32]) {
    let calendar =
        WorkCalendar { week_days: week.to_vec(), without_holidays: true, ..WorkCalendar::default() };
    let request = SetCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    buyer.calendars().set_calendar(request).await.expect("a calendar");
}

#[tokio::test]
async fn a_hold_over_which_the_calendar_changes_ends_with_a_day_and_its_reminder() {
    let (world, clock, buyer, supplier) = pair_at(datetime!(2026-11-24 02:00 UTC)).await;
    // 250 Mondays lie further away than a thousand days of any calendar.
    work_on(&buyer, &[1]).await;
    answer_within(&buyer, &supplier, 250, 0).await;
    let far = publish(&buyer, "A1").await;
    assert_eq!(buyer.order(&far).await.unwrap().answer_due, due("2031-09-08"));
    buyer.changes().hold_order(hold(&far)).await.expect("held");
    work_on(&buyer, &[1, 2, 3, 4, 5, 6, 7]).await;
    let released = async { buyer.changes().release_order(release(&far)).await };
    let released = tokio::time::timeout(Duration::from_secs(10), released).await;
    released.expect("it comes to an end").expect("released");
    assert_eq!(buyer.order(&far).await.unwrap().answer_due, due("2029-08-20"), "as far as is counted");

    // Nobody is reminded on the day of the release of what is far by then.
    answer_within(&buyer, &supplier, 5, 3).await;
    let id = publish(&buyer, "A2").await;
    buyer.changes().hold_order(hold(&id)).await.expect("held");
    clock.advance(DAY * 20);
    buyer.changes().release_order(release(&id)).await.expect("released");
    assert_eq!(buyer.order(&id).await.unwrap().answer_due, due("2026-12-19"));
    assert_eq!(orders::sweep_once(world.deps()).await.expect("a look"), 0, "nothing to remind of yet");
    clock.advance(DAY * 2);
    until("the reminder is sent", Duration::from_secs(60), async || {
        let history = supplier.order(&id).await.unwrap().history;
        history.iter().any(|entry| entry.action == "reminded").then_some(())
    })
    .await;
    end(world).await;
}
