//! Hours of a group that others sum are promised once: what a machine offers is offered of its hall as well.

use chassis::Reason;
use harness::{
    Firm, Options, World, accept_all, answer,
    booking::{named, offer},
    capacity::{group, link, linking},
    change::cancel,
    date, decimal, number, order,
    refusal::{fields, metadata, reason, refused},
    request_id, until,
};
use proto::{
    capacity::{Offer, PreviewPromiseRequest, UploadCapacityGroupRequest, WithdrawOfferRequest},
    orders::{Remainder, RespondToOrderRequest},
};
use rust_decimal::Decimal;
use tonic::Status;

use super::{
    SOON, W53,
    consume::{ITEM, consuming},
};

/// What the other machine makes.
const OTHER: &str = "CY-BX-0460";

/// A hall of 100 hours that sums two machines of 100, each of which makes something of its own in an hour a piece; and a feed
/// that says nothing until it is told to.
struct Plant {
    world: World,
    buyer: Firm,
    supplier: Firm,
    machine: String,
    other: String,
    hall: String,
}

fn seconds(hours: i64) -> String {
    (hours * 3600).to_string()
}

fn of_hours(name: &str, hours: i64) -> UploadCapacityGroupRequest {
    group(name, &[(W53, &seconds(hours), &seconds(hours))])
}

/// A group that sums these.
fn summing(name: &str, hours: i64, groups: &[&String]) -> UploadCapacityGroupRequest {
    let mut sum = of_hours(name, hours);
    sum.content.get_or_insert_default().linked_group_ids = groups.iter().map(ToString::to_string).collect();
    sum
}

impl Plant {
    async fn open() -> Self {
        let world = World::with(Options { sequencer_by_hand: true, ..Options::default() }).await;
        let (buyer, supplier) = world.pair().await;
        let machine = linking(of_hours("大机组", 100), vec![link(&buyer.id, ITEM, "3600")]);
        let machine = supplier.state_group(machine).await.unwrap().id;
        let other = linking(of_hours("小机组", 100), vec![link(&buyer.id, OTHER, "3600")]);
        let other = supplier.state_group(other).await.unwrap().id;
        let hall = supplier.state_group(summing("车间", 100, &[&machine, &other])).await.unwrap().id;
        world.settled().await;
        Self { world, buyer, supplier, machine, other, hall }
    }

    async fn offer(&self, group: &str, hours: i64) -> Result<Offer, Status> {
        self.supplier.publish_offer(named(offer(group, &[(W53, &seconds(hours))]), &[&self.buyer])).await
    }

    async fn withdraw(&self, offer: &Offer) {
        let request = WithdrawOfferRequest { request_id: request_id(), offer_id: offer.id.clone() };
        self.supplier.offers().withdraw_offer(request).await.expect("withdrawn");
    }

    /// That so many hours cannot be offered, and that the hall has no more than these.
    async fn short_above(&self, group: &str, hours: i64, left: i64) {
        let status = refused(self.offer(group, hours).await, Reason::OFFER_EXCEEDS_CAPACITY);
        assert_eq!(fields(&status), [("buckets[0].quantity".into(), "PROMISED".into())]);
        let (said, left) = (metadata(&status), seconds(left));
        let facts = [("group_id", self.hall.as_str()), ("group_name", "车间"), ("spare", left.as_str())];
        for (fact, value) in facts {
            assert_eq!(said.get(fact).map(String::as_str), Some(value), "{fact}: {said:?}");
        }
    }

    /// That so many hours of the hall itself cannot be offered, and that no more are left than these.
    async fn short(&self, hours: i64, left: i64) {
        let status = refused(self.offer(&self.hall, hours).await, Reason::OFFER_EXCEEDS_CAPACITY);
        assert_eq!(metadata(&status).get("spare"), Some(&seconds(left)));
        assert_eq!(metadata(&status).get("group_id"), None, "it is its own week");
    }

    /// An order of so many pieces.
    async fn place(&self, number: &str, item: &str, pieces: &str) -> String {
        let placed = order(number).line("10", item, pieces, "1").schedule("1", pieces, W53, "");
        self.buyer.publish(placed.to("V100")).await.unwrap().order_id
    }

    /// How many pieces the week has room for.
    async fn room(&self, item: &str) -> Decimal {
        let ask = PreviewPromiseRequest {
            customer_id: self.buyer.id.clone(),
            material_number_customer: item.into(),
            quantity: Some(decimal("1")),
            requested_delivery_date: Some(date(W53)),
            ..PreviewPromiseRequest::default()
        };
        let promised = self.supplier.promises().preview_promise(ask).await.expect("a preview").into_inner();
        number(promised.weeks[0].room.as_ref())
    }

    /// Booked, pending, offered hours and those offered below of a group's week, and whether that is too much.
    async fn week(&self, group: &str) -> (i64, i64, i64, i64, bool) {
        sqlx::query_as(
            "select (booked / 3600)::bigint, (pending / 3600)::bigint, (offered / 3600)::bigint,
                    (offered_below / 3600)::bigint, overcommitted
             from capacity.capacity_week where group_id = $1::uuid and monday = $2::date",
        )
        .bind(group)
        .bind(W53)
        .fetch_one(self.world.owner_pool().await)
        .await
        .expect("the week")
    }
}

#[tokio::test]
async fn a_machine_and_its_hall_offer_an_hour_once_in_either_order() {
    let plant = Plant::open().await;
    let machines = plant.offer(&plant.machine, 60).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 0, 60, false));
    plant.short(41, 40).await;
    let halls = plant.offer(&plant.hall, 40).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 40, 60, false));
    // The machines have hours left, and the hall has none.
    plant.short_above(&plant.machine, 1, 0).await;
    plant.short_above(&plant.other, 1, 0).await;

    plant.withdraw(&machines).await;
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 40, 0, false));
    plant.short_above(&plant.other, 61, 60).await;
    let others = plant.offer(&plant.other, 60).await.unwrap();
    plant.withdraw(&halls).await;
    plant.short_above(&plant.machine, 41, 40).await;
    plant.withdraw(&others).await;
    plant.offer(&plant.machine, 100).await.unwrap();
    plant.short(1, 0).await;
    plant.world.finish().await;
}

#[tokio::test]
async fn an_order_takes_no_hours_of_a_hall_that_are_offered_below_it() {
    let plant = Plant::open().await;
    let (buyer, supplier) = (&plant.buyer, &plant.supplier);
    assert_eq!(plant.room(OTHER).await, Decimal::from(100));
    plant.offer(&plant.machine, 60).await.unwrap();
    assert_eq!(plant.room(OTHER).await, Decimal::from(40));
    let much = plant.place("1", OTHER, "41").await;
    let status = refused(supplier.respond(accept_all(&much)).await, Reason::HOURS_OFFERED);
    let said = metadata(&status);
    assert_eq!(said.get("group_name").map(String::as_str), Some("车间"));
    assert_eq!(said.get("short").map(String::as_str), Some("3600"));

    let fits = plant.place("2", OTHER, "40").await;
    supplier.respond(accept_all(&fits)).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 40, 0, 60, false));
    plant.short_above(&plant.machine, 1, 0).await;
    plant.short(1, 0).await;
    plant.world.settled().await;
    assert_eq!(plant.week(&plant.hall).await, (40, 0, 0, 60, false));
    plant.short_above(&plant.machine, 1, 0).await;
    buyer.cancel(cancel(&fits, &[])).await.unwrap();
    plant.world.settled().await;
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 0, 60, false));
    plant.offer(&plant.machine, 40).await.unwrap();

    // Whoever says so promises hours of the hall twice, and it says so.
    let despite =
        RespondToOrderRequest { request_id: request_id(), despite_offers: true, ..accept_all(&much) };
    supplier.respond(despite).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 41, 0, 100, true));
    plant.world.finish().await;
}

#[tokio::test]
async fn a_machine_offers_no_hours_that_its_hall_has_promised_to_orders() {
    let plant = Plant::open().await;
    let first = plant.place("1", OTHER, "70").await;
    plant.supplier.respond(accept_all(&first)).await.unwrap();
    // Before anybody heard of it, and after.
    plant.short_above(&plant.machine, 31, 30).await;
    plant.world.settled().await;
    plant.short_above(&plant.machine, 31, 30).await;
    let machines = plant.offer(&plant.machine, 30).await.unwrap();
    let second = plant.place("2", ITEM, "10").await;
    refused(plant.supplier.respond(accept_all(&second)).await, Reason::HOURS_OFFERED);

    // What is sold of a withdrawn offer stays offered until it is released.
    let held = plant.buyer.hold(&machines, &[(0, &seconds(25))], 0).await.unwrap().id;
    plant.buyer.confirm(&held).await.unwrap();
    plant.withdraw(&machines).await;
    assert_eq!(plant.week(&plant.hall).await, (70, 0, 0, 25, false));
    refused(plant.supplier.respond(accept_all(&second)).await, Reason::HOURS_OFFERED);
    plant.buyer.give_back(&held).await.unwrap();
    until("the machine has its hours again", SOON, async || {
        (plant.week(&plant.hall).await == (70, 0, 0, 0, false)).then_some(())
    })
    .await;
    plant.supplier.respond(accept_all(&second)).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (70, 10, 0, 0, false));
    plant.world.finish().await;
}

/// Of a line's load and of what it reserved below the larger counts, in the hall as in the machine: as it is promised, and as
/// it is booked.
#[tokio::test]
async fn what_a_line_reserved_below_counts_once_above() {
    let plant = Plant::open().await;
    let (buyer, supplier) = (&plant.buyer, &plant.supplier);
    let machines = plant.offer(&plant.machine, 60).await.unwrap();
    plant.offer(&plant.hall, 30).await.unwrap();
    let held = buyer.hold(&machines, &[(0, &seconds(45))], 0).await.unwrap().id;
    let id = buyer.publish(consuming("1", "50", &held).to("V100")).await.unwrap().order_id;
    // In two answers, the first of which lies within what is reserved.
    supplier.respond(answer(&id).accept("10", "40").rest(Remainder::LeaveUnanswered).done()).await.unwrap();
    assert_eq!(plant.week(&plant.machine).await, (0, 0, 60, 0, false));
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 30, 60, false));
    supplier.respond(answer(&id).accept("10", "").done()).await.unwrap();
    assert_eq!(plant.week(&plant.machine).await, (0, 5, 60, 0, false));
    assert_eq!(plant.week(&plant.hall).await, (0, 5, 30, 60, false));
    plant.world.settled().await;
    assert_eq!(plant.week(&plant.machine).await, (5, 0, 60, 0, false));
    assert_eq!(plant.week(&plant.hall).await, (5, 0, 30, 60, false));
    plant.short(6, 5).await;
    plant.world.finish().await;
}

#[tokio::test]
async fn whoever_sums_a_group_anew_has_what_it_offers() {
    let plant = Plant::open().await;
    let supplier = &plant.supplier;
    plant.offer(&plant.machine, 60).await.unwrap();
    // By two ways, once; and one that only sums bounds nothing.
    let site = supplier.state_group(summing("厂区", 70, &[&plant.hall, &plant.machine])).await.unwrap().id;
    assert_eq!(plant.week(&site).await, (0, 0, 0, 60, false));
    let mut sums = summing("总计", 0, &[&site]);
    sums.content.get_or_insert_default().weeks.clear();
    supplier.state_group(sums).await.unwrap();
    let status = refused(plant.offer(&plant.machine, 11).await, Reason::OFFER_EXCEEDS_CAPACITY);
    assert_eq!(metadata(&status).get("group_name").map(String::as_str), Some("厂区"), "the tightest");
    let more = plant.offer(&plant.machine, 10).await.unwrap();
    assert_eq!(plant.week(&site).await, (0, 0, 0, 70, false));

    // Less than what is offered below it, and without it.
    let less = UploadCapacityGroupRequest { group_id: site.clone(), ..summing("厂区", 50, &[&plant.hall]) };
    supplier.state_group(less).await.unwrap();
    assert_eq!(plant.week(&site).await, (0, 0, 0, 70, true));
    let without = UploadCapacityGroupRequest { group_id: plant.hall.clone(), ..of_hours("车间", 100) };
    supplier.state_group(without).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 0, 0, false));
    assert_eq!(plant.week(&site).await, (0, 0, 0, 0, false));
    // What is withdrawn meanwhile is offered of none of them.
    plant.withdraw(&more).await;
    let again = summing("车间", 100, &[&plant.machine, &plant.other]);
    supplier.state_group(UploadCapacityGroupRequest { group_id: plant.hall.clone(), ..again }).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 0, 60, false));

    // An inactive machine is as if absent.
    let mut idle = linking(of_hours("大机组", 100), vec![link(&plant.buyer.id, ITEM, "3600")]);
    idle.group_id = plant.machine.clone();
    idle.content.get_or_insert_default().inactive = true;
    supplier.state_group(idle).await.unwrap();
    assert_eq!(plant.week(&plant.hall).await, (0, 0, 0, 0, false));
    plant.world.finish().await;
}

/// Whoever offers and whoever answers takes the weeks of all groups above in one order: nobody waits for ever, and of 100 hours
/// 100 are promised.
#[tokio::test]
async fn at_one_time_an_hour_of_a_hall_is_promised_once() {
    let plant = Plant::open().await;
    let mut orders = Vec::new();
    for number in 1..=8 {
        orders.push(plant.place(&number.to_string(), OTHER, "10").await);
    }
    let groups = [&plant.machine, &plant.hall].repeat(8);
    let offers = groups.into_iter().map(|group| plant.offer(group, 10));
    let answers = orders.iter().map(|id| plant.supplier.respond(accept_all(id)));
    let (offers, answers) =
        tokio::join!(futures::future::join_all(offers), futures::future::join_all(answers));
    let mut promised = 0;
    for offer in offers {
        match offer {
            Ok(_) => promised += 10,
            Err(status) => assert_eq!(reason(&status), Reason::OFFER_EXCEEDS_CAPACITY.as_str(), "{status:?}"),
        }
    }
    for answer in answers {
        match answer {
            Ok(_) => promised += 10,
            Err(status) => assert_eq!(reason(&status), Reason::HOURS_OFFERED.as_str(), "{status:?}"),
        }
    }
    assert_eq!(promised, 100);
    let (booked, pending, offered, below, overcommitted) = plant.week(&plant.hall).await;
    assert_eq!((booked + pending + offered + below, overcommitted), (100, false));
    assert_eq!(plant.week(&plant.machine).await.2, below);
    plant.world.finish().await;
}
