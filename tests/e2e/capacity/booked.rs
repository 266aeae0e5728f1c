//! What accepted orders take of a supplier's weeks, and what is left to be offered.

use chassis::Reason;
use harness::{
    Access, World, accept_all, answer,
    booking::{named, offer},
    capacity::{demand, group, link, linking, shown},
    change::{cancel, close},
    decide, order,
    refusal::refused,
};
use proto::{
    capacity::{GroupContent, UploadCapacityGroupRequest},
    orders::{OrderType, Remainder, RespondToOrderRequest},
};

use super::{bottlenecks, golden, turns};

const W53: &str = "2026-12-28";
const W01: &str = "2027-01-04";
const ITEM: &str = "CY-BX-0450";

/// Weeks of a group with what orders take of them, and whether too much was offered.
async fn booked(supplier: &Access, group: &str) -> Vec<String> {
    let group = supplier.capacity_group(group).await.expect("the supplier's own");
    let week = |week: &proto::capacity::MatchedWeek| {
        let booked = week.booked.clone().unwrap_or_default().value;
        format!("{} booked {booked}{}", shown(week), if week.overcommitted { " overcommitted" } else { "" })
    };
    group.matched.iter().map(week).collect()
}

/// What of an offer's first bucket is free, as each of these sees it.
async fn free(firms: &[&Access], offer: &str) -> Vec<String> {
    let mut free = Vec::new();
    for firm in firms {
        let seen = firm.offer(offer).await.unwrap();
        free.push(seen.buckets[0].free.clone().unwrap_or_default().value);
    }
    free
}

/// 20,000 pieces of 45 seconds are more than the 240 hours that the machine can be run.
#[tokio::test]
async fn an_accepted_order_turns_its_week_red_once_and_a_cancelled_one_green() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let capacity = group("S1-G3 大机组", &[(W53, "734400", "864000")]);
    let made = supplier.state_group(linking(capacity, vec![link(&buyer.id, ITEM, "45")])).await.unwrap().id;
    buyer.state_demand(demand(ITEM, &[(W53, "14000")])).await.unwrap();
    let placed =
        order("4500000001").line("10", ITEM, "20000", "6.85").schedule("1", "20000", "2026-12-30", "CY01");
    let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    world.settled().await;
    let green = ["2026-W53 630000/734400/864000 SURPLUS booked 0"];
    assert_eq!(booked(&supplier, &made).await, green, "what is asked for is not accepted yet");

    // The order consumes the forecast of its week: the larger of the two counts.
    supplier.respond(accept_all(&id)).await.unwrap();
    world.settled().await;
    let red = ["2026-W53 900000/734400/864000 BOTTLENECK_BEYOND_MAXIMUM booked 900000"];
    assert_eq!(booked(&supplier, &made).await, red);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    // Everything is heard again, and nothing happens again.
    sqlx::query("update capacity.feed_place set seq = 0").execute(world.owner_pool().await).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &made).await, red);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53"]);

    buyer.cancel(cancel(&id, &[])).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &made).await, green);
    assert_eq!(turns(&bottlenecks(&supplier).await), ["raised 2026-W53", "cleared 2026-W53"]);
    assert!(bottlenecks(&buyer).await.is_empty(), "the group is the supplier's own");
    world.finish().await;
}

/// 60 as asked, 40 a week later in two deliveries; and what is left of both weeks can be offered, and no more.
#[tokio::test]
async fn what_is_booked_cannot_be_offered_and_what_is_offered_can_be_overcommitted() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let capacity = group("机组", &[(W53, "80", "100"), (W01, "80", "100")]);
    let made = supplier.state_group(linking(capacity, vec![link(&buyer.id, ITEM, "")])).await.unwrap().id;
    let placed = order("4500000001").line("10", ITEM, "100", "6.85");
    let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    let some = answer(&id).accept("10", "60").rest(Remainder::LeaveUnanswered);
    supplier.respond(some.done()).await.unwrap();
    let later = answer(&id).propose("10", "40", &[("30", "2027-01-10"), ("10", W01)]);
    let proposal = supplier.respond(later.done()).await.unwrap().lines[0].proposal_id.clone();
    world.settled().await;
    let proposed = ["2026-W53 60/80/100 SURPLUS booked 60", "2027-W01 –/80/100 UNMATCHED booked 0"];
    assert_eq!(booked(&supplier, &made).await, proposed, "a proposal is no promise yet");
    buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.unwrap();
    world.settled().await;
    let agreed = ["2026-W53 60/80/100 SURPLUS booked 60", "2027-W01 40/80/100 SURPLUS booked 40"];
    assert_eq!(booked(&supplier, &made).await, agreed);

    let mut offers = Vec::new();
    for (monday, too_much, rest) in [(W53, "41", "40"), (W01, "61", "60")] {
        let more = named(offer(&made, &[(monday, too_much)]), &[&buyer]);
        refused(supplier.publish_offer(more).await, Reason::OFFER_EXCEEDS_CAPACITY);
        let offered =
            supplier.publish_offer(named(offer(&made, &[(monday, rest)]), &[&buyer])).await.unwrap();
        offers.push(offered);
    }

    // Whoever accepts an order all the same has promised an hour twice, says so, and sees it.
    let placed = order("4500000002").line("10", ITEM, "10", "6.85");
    let second = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    refused(supplier.respond(accept_all(&second)).await, Reason::HOURS_OFFERED);
    let despite = RespondToOrderRequest { despite_offers: true, ..accept_all(&second) };
    supplier.respond(despite).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &made).await[0], "2026-W53 70/80/100 SURPLUS booked 70 overcommitted");
    // What the week does not have any more is not sold, though 40 were offered.
    assert_eq!(free(&[&buyer, &supplier], &offers[0].id).await, ["30", "30"], "and is not shown as free");
    refused(buyer.hold(&offers[0], &[(0, "31")], 0).await, Reason::CAPACITY_SHORT);
    let rest = buyer.hold(&offers[0], &[(0, "30")], 0).await.unwrap();
    assert_eq!(free(&[&buyer, &supplier], &offers[0].id).await, ["0", "0"]);
    refused(buyer.hold(&offers[0], &[(0, "1")], 0).await, Reason::CAPACITY_SHORT);
    buyer.give_back(&rest.id).await.unwrap();
    // Nor is it counted in another unit, nor offered while its orders do not count.
    let stated = supplier.capacity_group(&made).await.unwrap();
    let content = stated.content.clone().unwrap();
    let stating = |change: GroupContent| UploadCapacityGroupRequest {
        request_id: harness::request_id(),
        group_id: made.clone(),
        content: Some(change),
        ..UploadCapacityGroupRequest::default()
    };
    let hours = stating(GroupContent { unit_code: "HUR".into(), ..content.clone() });
    refused(supplier.state_group(hours).await, Reason::INVALID_FIELDS);
    let idle = stating(GroupContent { inactive: true, ..content.clone() });
    supplier.state_group(idle).await.unwrap();
    refused(supplier.publish_offer(offer(&made, &[(W01, "1")])).await, Reason::INVALID_FIELDS);
    supplier.state_group(stating(content)).await.unwrap();
    world.settled().await;
    buyer.cancel(cancel(&second, &[])).await.unwrap();
    // Closed at what was delivered: nothing more is made for it.
    buyer.close(close(&id, &[("10", "60")])).await.unwrap();
    world.settled().await;
    let free = ["2026-W53 –/80/100 UNMATCHED booked 0", "2027-W01 –/80/100 UNMATCHED booked 0"];
    assert_eq!(booked(&supplier, &made).await, free);
    let more = named(offer(&made, &[(W53, "60")]), &[&buyer]);
    supplier.publish_offer(more).await.unwrap();
    world.finish().await;
}

/// A request with as much time as one may have.
fn patient<T>(request: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(request);
    request.set_timeout(std::time::Duration::from_secs(60));
    request
}

#[tokio::test]
async fn orders_that_were_accepted_before_count_once_they_are_linked() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let accepted = async |placed: harness::Order| {
        // The large one takes some seconds, on a busy machine more than a request has that says nothing of it.
        let published = buyer.orders().publish_order(patient(placed.to("V100"))).await;
        let id = published.unwrap().into_inner().order_id;
        supplier.orders().respond_to_order(patient(accept_all(&id))).await.unwrap();
    };
    accepted(order("1").line("10", ITEM, "60", "6.85").line("20", "CY-BX-0460", "7", "6.85")).await;
    let mut frame = order("2").line("10", ITEM, "5000", "6.85");
    frame.content.order_type = OrderType::Framework.into();
    accepted(frame).await;
    accepted(order("3").line("10", ITEM, "9", "6.85").schedule("1", "9", W53, "CY02")).await;
    // More lines than an event has room for.
    let many =
        (0..2_500).fold(order("4"), |placed, line| placed.line(&line.to_string(), "CY-BX-0470", "2", "1"));
    accepted(many).await;
    world.settled().await;

    let linked = |name: &str, items: &[&str]| {
        let links = items.iter().map(|item| link(&buyer.id, item, "")).collect();
        linking(group(name, &[(W53, "100", "200")]), links)
    };
    let first = supplier.state_group(linked("一号机", &[ITEM])).await.unwrap().id;
    world.settled().await;
    // Neither the frame, nor what goes to a site that is not linked.
    assert_eq!(booked(&supplier, &first).await, ["2026-W53 60/100/200 SURPLUS booked 60"]);
    let second = supplier.state_group(linked("二号机", &["CY-BX-0460", "CY-BX-0470"])).await.unwrap().id;
    assert_eq!(
        booked(&supplier, &second).await,
        ["2026-W53 5007/100/200 BOTTLENECK_BEYOND_MAXIMUM booked 5007"],
        "in the transaction that links it"
    );
    world.finish().await;
}

/// Of what the feed no longer tells, the orders say how it stands.
#[tokio::test]
async fn what_was_accepted_longer_ago_than_the_feed_reaches_takes_capacity_too() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let placed = order("4500000001").line("10", ITEM, "60", "6.85");
    let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    supplier.respond(accept_all(&id)).await.unwrap();
    world.settled().await;
    let month = world.age(5).await;
    assert_eq!(world.let_go().await, (vec![month], 0));
    let capacity = group("机组", &[(W53, "80", "100")]);
    let made = supplier.state_group(linking(capacity, vec![link(&buyer.id, ITEM, "")])).await.unwrap().id;
    world.settled().await;
    assert_eq!(booked(&supplier, &made).await, ["2026-W53 60/80/100 SURPLUS booked 60"]);
    buyer.cancel(cancel(&id, &[])).await.unwrap();
    world.settled().await;
    assert!(booked(&supplier, &made).await[0].ends_with(" booked 0"));
    world.finish().await;
}

/// And what is kept of them stays on the day that was promised, which the orders do not say.
#[tokio::test]
async fn what_is_booked_outlives_the_feed_that_told_of_it() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let capacity = group("机组", &[(W53, "80", "100"), (W01, "80", "100")]);
    let made = supplier.state_group(linking(capacity, vec![link(&buyer.id, ITEM, "")])).await.unwrap().id;
    let placed = order("4500000001").line("10", ITEM, "60", "6.85");
    let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    let later = answer(&id).propose("10", "", &[("60", W01)]).done();
    let proposal = supplier.respond(later).await.unwrap().lines[0].proposal_id.clone();
    buyer.orders().resolve_proposal(decide(&id, &[(&proposal, true)])).await.unwrap();
    world.settled().await;
    let kept = ["2026-W53 –/80/100 UNMATCHED booked 0", "2027-W01 60/80/100 SURPLUS booked 60"];
    assert_eq!(booked(&supplier, &made).await, kept);
    let month = world.age(5).await;
    assert_eq!(world.let_go().await, (vec![month], 0));
    sqlx::query("update capacity.feed_place set seq = 0").execute(world.owner_pool().await).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &made).await, kept);
    world.finish().await;
}
