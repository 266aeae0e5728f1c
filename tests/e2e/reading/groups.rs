//! Lists and counts of purchasing groups are all orders, filtered and sorted here: of a group that has most of them, of some that
//! have few, and of one that has none.

use std::collections::HashMap;

use chassis::{clock::FixedClock, config::Config};
use harness::{Access, Firm, Options, World, answer, change::item, date, order};
use proto::{
    orders::{
        DeliveryWindow, ListOrdersAtRiskRequest, ListOrdersRequest, ListScheduleLinesRequest, OrderSort,
        OrderState, OrderSummary, Side,
    },
    partners::{Role, Scope},
};
use time::macros::datetime;

use super::{filters::sorted, list, numbers, pages};

/// So many that those of the common group, and those that have its words, are not named by their ids.
const ORDERS: usize = 2_200;
/// Counts end here.
const COUNTED: usize = 1_000;
/// The common one, two that have few, one that has none, and one that only begins as others do.
const ASKED: [&str; 6] = ["", "P1", "P2", "P3", "P9", "P"];
const STATES: [&[OrderState]; 4] =
    [&[], &[OrderState::Accepted], &[OrderState::Unanswered], &[OrderState::Rejected, OrderState::Proposed]];
/// Words, and what the item has that has them: all, very many, few.
const WORDS: [(&str, &str); 3] = [("", ""), ("cy-bx-0450", "BX"), ("CY-LD", "LD")];

/// Who reads, and the groups that they are narrowed to.
struct Reader<'a> {
    access: &'a Access,
    side: Side,
    own: &'a [&'a str],
}

impl Reader<'_> {
    /// Whether an order is of the group that is asked for, and the reader's.
    fn sees(&self, asked: &str, order: &OrderSummary) -> bool {
        let group = order.purchasing_group.as_str();
        (asked.is_empty() || group == asked) && (self.own.is_empty() || self.own.contains(&group))
    }
}

fn group(n: usize) -> &'static str {
    match n {
        n if n % 171 == 7 => "P2",
        n if n % 401 == 3 => "P3",
        n if n % 700 == 1 => "",
        _ => "P1",
    }
}

fn document(n: usize) -> harness::Order {
    let item = if n.is_multiple_of(20) { "CY-LD-0460" } else { "CY-BX-0450" };
    let mut order = order(&format!("M{n:05}")).line("10", item, "10", "6.85").group(group(n));
    let day = Some(date(&format!("2026-12-{}", 14 + (n * 7) % 5)));
    order.content.requested_delivery =
        Some(DeliveryWindow { from: day, until: day, ..DeliveryWindow::default() });
    order
}

/// Orders of all groups, some of which are answered, as the buyer sees them.
async fn made(buyer: &Firm, supplier: &Firm) -> Vec<OrderSummary> {
    let items = (0..ORDERS).map(|n| item(&format!("M{n:05}"), document(n).to("V100")));
    let published = buyer.publish_all(items.collect()).await.expect("the stream ends well");
    assert_eq!(published.len(), ORDERS);
    let every = ListOrdersRequest { page_size: 1_000, ..list(Side::Buyer) };
    for order in pages(buyer, every.clone()).await {
        let n: usize = order.order_number[1..].parse().expect("a number");
        if n == 178 {
            let proposed = answer(&order.id).propose("10", "", &[("10", "2027-01-04")]).done();
            supplier.respond(proposed).await.expect("proposed");
        } else if n % 30 == 7 || (n % 2 == 1 && group(n) != "P1") {
            supplier.accept_all(&order.id).await.expect("accepted");
        }
    }
    pages(buyer, every).await
}

/// Every page of a list, in each of its orders where nothing is looked for.
async fn lists(reader: &Reader<'_>, all: &[OrderSummary], asked: &str) {
    for ((words, has), states) in WORDS.into_iter().flat_map(|words| STATES.map(|states| (words, states))) {
        let fits = |order: &&OrderSummary| {
            reader.sees(asked, order)
                && (states.is_empty() || states.contains(&order.state()))
                && order.first_item_name.contains(has)
        };
        let fitting: Vec<&OrderSummary> = all.iter().filter(fits).collect();
        let sorts = [OrderSort::Unspecified, OrderSort::RequestedDate, OrderSort::AnswerDue];
        for order_by in sorts.into_iter().take(if words.is_empty() { 3 } else { 1 }) {
            let request = ListOrdersRequest {
                purchasing_group: asked.into(),
                text: words.into(),
                states: states.iter().map(|state| i32::from(*state)).collect(),
                order_by: order_by.into(),
                page_size: if fitting.len() > 100 { 1_000 } else { 10 },
                ..list(reader.side)
            };
            let found = pages(reader.access, request.clone()).await;
            let expected = sorted(fitting.clone(), order_by);
            assert_eq!(numbers(&found), expected, "{:?} of {:?}: {request:?}", reader.own, reader.side);
        }
    }
}

/// The counts above a list: of each state in the list's own groups, and of all groups.
async fn counts(reader: &Reader<'_>, all: &[OrderSummary], asked: &str) {
    let of = |group: &str, states: &[OrderState]| ListOrdersRequest {
        purchasing_group: group.into(),
        states: states.iter().map(|state| i32::from(*state)).collect(),
        ..list(reader.side)
    };
    for (words, has) in WORDS {
        let count = |group: &str, states: &[OrderState]| {
            let fits = |order: &&OrderSummary| {
                reader.sees(group, order)
                    && (states.is_empty() || states.contains(&order.state()))
                    && order.first_item_name.contains(has)
            };
            all.iter().filter(fits).count().min(COUNTED) as i32
        };
        let here = STATES.iter().map(|states| (asked, *states));
        let there = ASKED.iter().map(|group| (*group, STATES[1]));
        let each: Vec<_> = here.chain(there).collect();
        let request = ListOrdersRequest {
            text: words.into(),
            page_size: 1,
            with_total: true,
            also_count: each.iter().map(|(group, states)| of(group, states)).collect(),
            ..of(asked, &[])
        };
        let answered = reader.access.orders().list_orders(request).await.expect("a page").into_inner();
        let expected: Vec<i32> = each.iter().map(|(group, states)| count(group, states)).collect();
        assert_eq!(answered.totals, expected, "{:?} asks for {asked:?}, {words:?}", reader.own);
        assert_eq!(answered.total, Some(count(asked, &[])), "{:?} asks for {asked:?}, {words:?}", reader.own);
    }
}

/// The lines of orders, without a filter.
async fn lines(reader: &Reader<'_>, all: &[OrderSummary]) {
    let mut request = ListScheduleLinesRequest {
        side: reader.side.into(),
        page_size: 1_000,
        ..ListScheduleLinesRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = reader.access.orders().list_schedule_lines(request.clone()).await.expect("a page");
        let page = page.into_inner();
        found.extend(page.rows.into_iter().map(|row| row.order_number));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    found.sort();
    let seen = all.iter().filter(|order| reader.sees("", order));
    let mut seen: Vec<&str> = seen.map(|order| order.order_number.as_str()).collect();
    seen.sort_unstable();
    assert_eq!(found, seen, "{:?}", reader.own);
}

/// Has nearly all orders differ from what was published: so many that they are not named by their ids.
async fn differ(world: &World) {
    let some = "update orders.schedule_state q set agreed_differs = true from orders.purchase_order o \
        where o.id = q.order_id and o.order_number not like '%13'";
    let done = sqlx::query(some).execute(world.owner_pool().await).await.expect("they differ");
    assert!(done.rows_affected() > 2_000, "{}", done.rows_affected());
}

/// Those that differ, counted, and the first of them.
async fn differing(reader: &Reader<'_>, all: &[OrderSummary]) {
    for ((words, has), asked) in
        WORDS.into_iter().flat_map(|words| ["", "P1", "P2"].map(|asked| (words, asked)))
    {
        let fits = |order: &&OrderSummary| {
            reader.sees(asked, order)
                && !order.order_number.ends_with("13")
                && order.first_item_name.contains(has)
        };
        let fitting: Vec<&OrderSummary> = all.iter().filter(fits).collect();
        let request = ListOrdersRequest {
            purchasing_group: asked.into(),
            text: words.into(),
            erp_differs: Some(true),
            with_total: true,
            page_size: 100,
            ..list(reader.side)
        };
        let answered =
            reader.access.orders().list_orders(request.clone()).await.expect("a page").into_inner();
        assert_eq!(answered.total, Some(fitting.len().min(COUNTED) as i32), "{:?}: {request:?}", reader.own);
        let expected = sorted(fitting, OrderSort::Unspecified);
        let found = numbers(&answered.orders);
        assert_eq!(found, expected[..found.len()], "{:?}: {request:?}", reader.own);
        assert_eq!(found.len(), expected.len().min(100), "{:?}: {request:?}", reader.own);
    }
}

/// Orders with lines at risk, in the order of the list.
async fn at_risk(access: &Access, asked: &str) -> Vec<String> {
    let request = ListOrdersAtRiskRequest {
        page_size: 1_000,
        within_days: Some(90),
        purchasing_group: asked.into(),
        ..ListOrdersAtRiskRequest::default()
    };
    let page = access.progress().list_orders_at_risk(request).await.expect("a list").into_inner();
    page.lines.into_iter().map(|line| line.order_number).collect()
}

#[tokio::test]
async fn lists_and_counts_of_groups_are_the_orders_that_fit_whether_a_group_has_most_few_or_none() {
    let present = chassis::clock::system().now();
    let clock = FixedClock::new(present);
    let configure = |config: &mut Config| {
        (config.limits.requests_per_second, config.limits.burst) = (1_000_000, 1_000_000);
    };
    let world = World::with(Options { clock: clock.clone(), configure, ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    // A Tuesday.
    clock.advance(datetime!(2026-11-24 02:00 UTC) - present);
    let all = made(&buyer, &supplier).await;
    let of = |group: &str| all.iter().filter(|order| order.purchasing_group == group).count();
    assert!(of("P1") > 2_000 && (1..100).contains(&of("P2")) && (1..100).contains(&of("P3")), "{ORDERS}");
    let narrowed = async |own: &[&str]| {
        let purchasing_groups = own.iter().map(|group| (*group).to_string()).collect();
        buyer.key_with(&[Role::Buyer], Some(Scope { purchasing_groups, ..Scope::default() })).await
    };
    let (many, few, none) =
        (narrowed(&["P2", "P1"]).await, narrowed(&["P2", "P3"]).await, narrowed(&["P9"]).await);
    let groups: HashMap<&str, &OrderSummary> =
        all.iter().map(|order| (order.order_number.as_str(), order)).collect();
    let late = at_risk(&buyer, "").await;
    assert!(late.len() > 50, "what is accepted is at risk: {}", late.len());
    for (access, side, own) in [
        (&*buyer, Side::Buyer, &[] as &[&str]),
        (&many, Side::Buyer, &["P2", "P1"]),
        (&few, Side::Buyer, &["P2", "P3"]),
        (&none, Side::Buyer, &["P9"]),
        (&*supplier, Side::Supplier, &[]),
    ] {
        let reader = Reader { access, side, own };
        for asked in ASKED {
            // Whatever has nothing to do with groups is looked at by the neighbours.
            if !(own.is_empty() && asked.is_empty()) {
                lists(&reader, &all, asked).await;
            }
            counts(&reader, &all, asked).await;
            if side == Side::Buyer {
                let seen = late.iter().filter(|number| reader.sees(asked, groups[number.as_str()]));
                let seen: Vec<&String> = seen.collect();
                assert!(at_risk(access, asked).await.iter().eq(seen), "{own:?} asks for {asked:?}");
            }
        }
        lines(&reader, &all).await;
    }
    differ(&world).await;
    for (access, side, own) in [
        (&*buyer, Side::Buyer, &[] as &[&str]),
        (&few, Side::Buyer, &["P2", "P3"]),
        (&*supplier, Side::Supplier, &[]),
    ] {
        differing(&Reader { access, side, own }, &all).await;
    }
    world.finish().await;
}
