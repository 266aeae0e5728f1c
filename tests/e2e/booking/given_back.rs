//! Hours that an order line consumed are free again once the line takes nothing of them any more: once, told to both, and
//! never more than there were.

use chassis::Reason;
use harness::{
    Access, Firm, World, accept_all, answer,
    booking::{hold, named, offer},
    change::{cancel, change, close},
    date,
    events::{Payload, event, payload},
    order,
    refusal::refused,
    request_id, until,
};
use proto::{
    capacity::{Offer, Reservation, ReservationState as State, WithdrawOfferRequest},
    orders::{RejectReason, RespondToOrderRequest},
};

use super::{
    SOON, W01, W53,
    consume::{ITEM, booked, consuming, reservation, state, workshop},
    free,
};
use crate::capacity::golden;

/// What a feed says of one reservation: `state version`.
async fn told(firm: &Access, id: &str) -> Vec<String> {
    let say = |entry: &proto::stream::FeedEvent| match payload(event(entry)) {
        Payload::Reserved(one) if one.id == id => {
            let state = one.state().as_str_name().replace("RESERVATION_STATE_", "").to_lowercase();
            Some(format!("{state} {}", one.version))
        }
        _ => None,
    };
    firm.events().await.iter().filter_map(say).collect()
}

/// A confirmed reservation of the first week's hours, and the order that consumes it.
async fn ordered(buyer: &Firm, offer: &Offer, number: &str, hours: &str) -> (String, String) {
    let held = buyer.hold(offer, &[(0, hours)], 0).await.unwrap().id;
    buyer.confirm(&held).await.unwrap();
    let placed = buyer.publish(consuming(number, hours, &held).to("V100")).await.unwrap();
    (held, placed.order_id)
}

/// What is free of both weeks.
async fn left(buyer: &Firm, offer: &Offer) -> Vec<String> {
    free(&buyer.offer(&offer.id).await.unwrap())
}

/// All events are heard once more.
async fn again(world: &World) {
    sqlx::query("update capacity.feed_place set seq = 0").execute(world.owner_pool().await).await.unwrap();
    world.settled().await;
}

#[tokio::test]
async fn hours_of_a_line_that_was_rejected_or_cancelled_can_be_booked_again() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (group, published) = workshop(&buyer, &supplier, "40").await;

    // Rejected at once, before anybody may have been told that it was consumed.
    let (first, id) = ordered(&buyer, &published, "1", "40").await;
    refused(buyer.hold(&published, &[(0, "1")], 0).await, Reason::CAPACITY_SHORT);
    let reject = answer(&id).reject("10", "", RejectReason::Date);
    supplier.respond(reject.done()).await.unwrap();
    world.settled().await;
    let found = reservation(&buyer, &first).await;
    assert_eq!((found.state(), found.version), (State::Released, 4));
    assert_eq!((found.order_id.as_str(), found.order_line.as_str()), (id.as_str(), "10"), "it stays known");
    assert_eq!(left(&buyer, &published).await, ["40", "10"]);

    // The line is asked for anew, and has no hours of its own.
    let less = order("").line("10", ITEM, "30", "6.85");
    buyer.change(change(&id, less)).await.unwrap();
    let anew = RespondToOrderRequest { revision: 2, ..accept_all(&id) };
    supplier.respond(anew).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &group).await[0], "demand 30 booked 30 offered 40");
    assert_eq!(state(&buyer, &first).await, (State::Released, 4));

    // Accepted and cancelled: not while a part of it stands, or is open again.
    let (second, id) = ordered(&buyer, &published, "2", "40").await;
    supplier.accept_all(&id).await.unwrap();
    buyer.cancel(cancel(&id, &[("10", "15")])).await.unwrap();
    buyer.change(change(&id, consuming("2", "26", &second))).await.unwrap();
    world.settled().await;
    assert_eq!(
        state(&buyer, &second).await,
        (State::Consumed, 3),
        "what waits for an answer keeps its hours"
    );
    assert_eq!(left(&buyer, &published).await, ["0", "10"]);
    buyer.cancel(cancel(&id, &[])).await.unwrap();
    world.settled().await;
    assert_eq!(state(&buyer, &second).await, (State::Released, 4));
    assert_eq!(left(&buyer, &published).await, ["40", "10"]);

    // Once, however often it is heard.
    again(&world).await;
    assert_eq!(left(&buyer, &published).await, ["40", "10"]);
    for id in [&first, &second] {
        for firm in [&buyer, &supplier] {
            assert_eq!(told(firm, id).await, ["held 1", "confirmed 2", "consumed 3", "released 4"]);
        }
        refused(buyer.confirm(id).await, Reason::RESERVATION_ENDED);
    }
    contended(&world, (&buyer, &supplier), &published).await;
    world.finish().await;
}

/// While the hours come back, many reach for them: who has them has them once.
async fn contended(world: &World, (buyer, supplier): (&Firm, &Firm), published: &Offer) {
    let (_, id) = ordered(buyer, published, "3", "30").await;
    supplier.accept_all(&id).await.unwrap();
    let reach = async || {
        let mut held = Vec::new();
        until("the hours are back", SOON, async || {
            let request = hold(published, &[(0, "20")], 0);
            held.extend(buyer.reservations().hold_capacity(request).await.ok());
            let left = left(buyer, published).await;
            (left[0] == "0").then_some(())
        })
        .await;
        held.len()
    };
    let cancelled = buyer.cancel(cancel(&id, &[]));
    let (one, two, three, cancelled) = tokio::join!(reach(), reach(), reach(), cancelled);
    cancelled.unwrap();
    assert_eq!(one + two + three, 2, "40 hours are twice 20");
    // What is reserved is what reservations that stand take, and no more than is offered.
    let sums: Vec<(bool, bool)> = sqlx::query_as(
        "select b.reserved = coalesce(sum(p.quantity) filter (where p.returned_version is null), 0), b.reserved <= b.total
         from capacity.capacity_bucket b
         left join capacity.reservation_part p on p.supplier = b.supplier and p.bucket_id = b.id
         group by b.supplier, b.id",
    )
    .fetch_all(world.owner_pool().await)
    .await
    .unwrap();
    assert_eq!(sums, [(true, true), (true, true)]);
}

/// Of a line that was delivered and closed, weeks that have begun are used; the others are free, and of an offer that was
/// withdrawn they are the machine's.
#[tokio::test]
async fn a_line_that_was_closed_gives_back_weeks_that_have_not_begun() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let this_week = "2026-11-23";
    let hours = [this_week, W53, W01].map(|monday| (monday, "80", "100"));
    let made = supplier.state_group(harness::capacity::group("大机组", &hours)).await.unwrap().id;
    let buckets = [(this_week, "20"), (W53, "20"), (W01, "20")];
    let published = supplier.publish_offer(named(offer(&made, &buckets), &[&buyer])).await.unwrap();
    let held: Reservation = buyer.hold(&published, &[(0, "5"), (1, "6"), (2, "7")], 0).await.unwrap();
    let kept = buyer.hold(&published, &[(1, "1")], 0).await.unwrap().id;
    let mut placed = consuming("1", "18", &held.id).line("20", ITEM, "1", "1");
    placed.content.lines[1].reservation_id.clone_from(&kept);
    let id = buyer.publish(placed.to("V100")).await.unwrap().order_id;
    supplier.respond(accept_all(&id)).await.unwrap();
    let withdraw = WithdrawOfferRequest { request_id: request_id(), offer_id: published.id.clone() };
    supplier.offers().withdraw_offer(withdraw).await.unwrap();
    buyer.close(close(&id, &[("10", "4")])).await.unwrap();
    world.settled().await;
    assert_eq!(state(&buyer, &held.id).await.0, State::Released);
    assert_eq!(state(&buyer, &kept).await.0, State::Consumed, "the other line stands");
    until("the rest goes back to the machine", SOON, async || {
        let group = supplier.capacity_group(&made).await.unwrap();
        let offered = group.matched.iter().map(|week| (week.monday, week.offered.clone()));
        let offered: Vec<_> =
            offered.map(|(monday, hours)| (monday, hours.unwrap_or_default().value)).collect();
        let expected = [(this_week, "5"), (W53, "1"), (W01, "0")]
            .map(|(monday, hours)| (Some(date(monday)), hours.to_owned()));
        (offered == expected).then_some(())
    })
    .await;
    world.finish().await;
}
