//! Lists of whatever is asked for, one thing or two at once, are all orders, filtered and sorted here.

use chassis::clock::FixedClock;
use harness::{
    Firm, Options, World, answer,
    change::{cancel, change, item},
    date, order, request_id,
};
use proto::orders::{
    DeliveryWindow, ListOrdersRequest, OrderSort, OrderState, OrderSummary, PublishOutcome, RejectReason,
    SetTermsRequest, Side, Terms,
};
use time::{Duration, macros::datetime};

use super::{list, numbers, pages};

/// More than are named by their ids where all have what is looked for.
const MANY: usize = 2_010;

const ORDERS: usize = 48;
const OTHER: &str = "邻益注塑(示例)有限公司";

/// Which field asks, how, and which orders fit. `Firm` is the supplier of some.
type Asked = (&'static str, fn(&mut ListOrdersRequest, &Firm), fn(&OrderSummary) -> bool);

static ASKED: [Asked; 17] = [
    (
        "states",
        |request, _| request.states = vec![OrderState::Unanswered.into(), OrderState::Proposed.into()],
        |order| matches!(order.state(), OrderState::Unanswered | OrderState::Proposed),
    ),
    (
        "states",
        |request, _| request.states = vec![OrderState::Rejected.into()],
        |order| order.state() == OrderState::Rejected,
    ),
    (
        "counterparty_id",
        |request, other| request.counterparty_id = other.id.clone(),
        |order| order.supplier_name == OTHER,
    ),
    (
        "purchasing_group",
        |request, _| request.purchasing_group = "P1".into(),
        |order| order.purchasing_group == "P1",
    ),
    (
        "source_system",
        |request, _| request.source_system = "ERP2".into(),
        |order| order.source_system == "ERP2",
    ),
    (
        "order_number",
        |request, _| request.order_number = "4500005".into(),
        |order| order.order_number == "4500005",
    ),
    (
        "requested_from",
        |request, _| request.requested_from = Some(date("2026-12-16")),
        |order| order.requested_delivery_date.is_some_and(|day| day.day >= 16),
    ),
    (
        "requested_until",
        |request, _| request.requested_until = Some(date("2026-12-16")),
        |order| order.requested_delivery_date.is_some_and(|day| day.day <= 16),
    ),
    (
        "answer_overdue",
        |request, _| request.answer_overdue = true,
        |order| order.answer_due.is_some_and(|due| due.overdue),
    ),
    (
        "has_open_proposals",
        |request, _| request.has_open_proposals = Some(true),
        |order| order.proposed_lines > 0,
    ),
    (
        "has_open_proposals",
        |request, _| request.has_open_proposals = Some(false),
        |order| order.proposed_lines == 0,
    ),
    ("erp_differs", |request, _| request.erp_differs = Some(true), |order| order.erp_differs),
    ("erp_differs", |request, _| request.erp_differs = Some(false), |order| !order.erp_differs),
    (
        "has_pending_changes",
        |request, _| request.has_pending_changes = Some(true),
        |order| order.change_pending,
    ),
    (
        "has_pending_changes",
        |request, _| request.has_pending_changes = Some(false),
        |order| !order.change_pending,
    ),
    ("text", |request, _| request.text = "cy-bx".into(), |order| order.first_item_name.contains("BX")),
    (
        "text",
        |request, _| request.text = "邻益 LD".into(),
        |order| order.supplier_name == OTHER && order.first_item_name.contains("LD"),
    ),
];

/// The document of an order: its numbers decide what is asked for, by whom, and until when.
fn document(n: usize, quantity: &str) -> harness::Order {
    let item = ["CY-BX-0450", "CY-LD-0460"][(n / 6) % 2];
    let mut order = order(&format!("45{n:05}")).line("10", item, quantity, "6.85");
    order = order.group(["P1", "P2"][(n / 4) % 2]).system(["ERP1", "ERP2"][usize::from(n % 5 > 3)]);
    let day = Some(date(&format!("2026-12-{}", 14 + (n * 7) % 5)));
    order.content.requested_delivery =
        Some(DeliveryWindow { from: day, until: day, ..DeliveryWindow::default() });
    order
}

/// What becomes of an order at once.
async fn answered(n: usize, id: &str, buyer: &Firm, supplier: &Firm) {
    let done = match n % 6 {
        1 | 5 => supplier.accept_all(id).await,
        2 => supplier.respond(answer(id).propose("10", "", &[("10", "2027-01-04")]).done()).await,
        3 => supplier.respond(answer(id).reject("10", "", RejectReason::NoCapacity).done()).await,
        4 => buyer.cancel(cancel(id, &[])).await,
        _ => return,
    };
    done.expect("it is done");
}

/// Orders of every kind to two suppliers: half of them older than the other half, so that some answers are overdue.
async fn made() -> (World, Firm, Firm) {
    let present = chassis::clock::system().now();
    let clock = FixedClock::new(present);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm(OTHER).await;
    world.partner(&buyer, &other, "V200").await;
    // A Tuesday; whatever is still unanswered is due three working days later.
    clock.advance(datetime!(2026-11-24 02:00 UTC) - present);
    let mut accepted = Vec::new();
    for n in 0..ORDERS {
        if n == ORDERS / 2 {
            clock.advance(Duration::days(2));
        }
        let (number, firm) = match (n / 6) % 3 {
            0 => ("V200", &other),
            _ => ("V100", &supplier),
        };
        let id = buyer.publish(document(n, "10").to(number)).await.expect("published").order_id;
        answered(n, &id, &buyer, firm).await;
        if n % 6 == 5 {
            accepted.push((n, id));
        }
    }
    clock.advance(Duration::days(4));
    let terms = Terms { frozen_working_days: Some(250), ..Terms::default() };
    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    buyer.terms().set_terms(request).await.expect("terms");
    for (n, id) in accepted {
        let asked = buyer.change(change(&id, document(n, "12"))).await.expect("asked for");
        assert_eq!(asked.outcome(), PublishOutcome::Pending);
    }
    (world, buyer, other)
}

/// Numbers of orders in the order in which a list has them.
pub(super) fn sorted(mut orders: Vec<&OrderSummary>, order_by: OrderSort) -> Vec<&str> {
    let day = |day: Option<proto::Date>| day.map_or((9999, 12, 31), |day| (day.year, day.month, day.day));
    match order_by {
        OrderSort::Unspecified => {
            orders.sort_by_key(|order| {
                let at = order.published_at.expect("an order is published");
                (at.seconds, at.nanos, order.id.clone())
            });
            orders.reverse();
        }
        OrderSort::RequestedDate => {
            orders.sort_by_key(|order| (day(order.requested_delivery_date), order.id.clone()));
        }
        OrderSort::AnswerDue => {
            // The clock of an order that is held stands.
            let running = |order: &OrderSummary| order.answer_due.filter(|due| !due.paused);
            let due = |order: &OrderSummary| day(running(order).and_then(|due| due.date));
            orders.sort_by_key(|order| (due(order), order.id.clone()));
        }
    }
    orders.into_iter().map(|order| order.order_number.as_str()).collect()
}

#[tokio::test]
async fn a_list_is_the_orders_that_fit_page_by_page_whatever_is_asked_for() {
    let (world, buyer, other) = made().await;
    let all = pages(&buyer, list(Side::Buyer)).await;
    assert_eq!(all.len(), ORDERS);
    for (at, one) in ASKED.iter().enumerate() {
        // By itself, and together with each that another field asks for.
        let others = ASKED[at + 1..].iter().filter(|two| two.0 != one.0);
        for two in std::iter::once(one).chain(others) {
            let mut request = ListOrdersRequest { page_size: 7, ..list(Side::Buyer) };
            for (_, ask, _) in [one, two] {
                ask(&mut request, &other);
            }
            let fitting: Vec<&OrderSummary> =
                all.iter().filter(|&order| one.2(order) && two.2(order)).collect();
            assert!(one.0 != two.0 || (1..ORDERS).contains(&fitting.len()), "{} parts them", one.0);
            for order_by in [OrderSort::Unspecified, OrderSort::RequestedDate, OrderSort::AnswerDue] {
                let request = ListOrdersRequest { order_by: order_by.into(), ..request.clone() };
                let found = pages(&buyer, request.clone()).await;
                assert_eq!(numbers(&found), sorted(fitting.clone(), order_by), "{request:?}");
            }
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn words_that_very_many_orders_have_are_looked_for_in_any_state_and_order() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let items = (0..MANY).map(|n| {
        let number = format!("M{n:05}");
        item(&number, order(&number).line("10", "CY-BX-0450", "10", "6.85").to("V100"))
    });
    let answers = buyer.publish_all(items.collect()).await.expect("the stream ends well");
    assert_eq!(answers.len(), MANY);
    let one = buyer.publish(document(0, "10").to("V100")).await.expect("published").order_id;
    supplier.accept_all(&one).await.expect("accepted");
    for order_by in [OrderSort::Unspecified, OrderSort::RequestedDate, OrderSort::AnswerDue] {
        for (state, fitting) in [(OrderState::Unanswered, 50), (OrderState::Rejected, 0)] {
            let request = ListOrdersRequest {
                text: "CY-BX-0450".into(),
                states: vec![state.into()],
                order_by: order_by.into(),
                page_size: 50,
                ..list(Side::Buyer)
            };
            let page = buyer.orders().list_orders(request).await.expect("a page").into_inner();
            assert_eq!(page.orders.len(), fitting, "{state:?} by {order_by:?}");
            assert_eq!(page.next_page_token.is_empty(), fitting == 0, "{state:?} by {order_by:?}");
        }
    }
    world.finish().await;
}
