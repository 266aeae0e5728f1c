//! An order consumes the reservation that a line names: in its own transaction, once, or not at all.

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::{demand, group, link, linking},
    change::{change, item},
    order,
    refusal::{bad_fields, fields, refused},
    request_id, until,
};
use proto::{
    capacity::{GetReservationRequest, Offer, PrefillOrderRequest, Reservation, ReservationState as State},
    orders::{ListOrdersRequest, PublishOrderRequest, PublishOutcome, SetTermsRequest, Side, Terms},
};
use uuid::Uuid;

use super::{SOON, W01, W53};
use crate::defects::queued;

pub(super) const ITEM: &str = "CY-BX-0450";

/// An order of one line that names a reservation.
pub(super) fn consuming(number: &str, quantity: &str, reservation: &str) -> harness::Order {
    let mut placed =
        order(number).line("10", ITEM, quantity, "6.85").schedule("1", quantity, "2026-12-30", "");
    placed.content.lines[0].reservation_id = reservation.into();
    placed
}

/// An order of a line for each of these reservations.
fn naming(number: &str, ids: &[&str]) -> harness::Order {
    let mut placed = order(number);
    for (place, id) in ids.iter().enumerate() {
        placed = placed.line(&format!("{}", place + 1), ITEM, "1", "1");
        placed.content.lines[place].reservation_id = (*id).into();
    }
    placed
}

pub(super) async fn reservation(firm: &Access, id: &str) -> Reservation {
    let request = GetReservationRequest { reservation_id: id.into() };
    firm.reservations().get_reservation(request).await.unwrap().into_inner()
}

pub(super) async fn state(firm: &Access, id: &str) -> (State, i64) {
    let found = reservation(firm, id).await;
    (found.state(), found.version)
}

async fn orders(buyer: &Access) -> usize {
    let request = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
    buyer.orders().list_orders(request).await.unwrap().into_inner().orders.len()
}

/// An hour a piece, 100 of them in two weeks, of which so many are offered to the buyer.
pub(super) async fn workshop(buyer: &Firm, supplier: &Firm, quantity: &str) -> (String, Offer) {
    let hours = group("大机组", &[(W53, "80", "100"), (W01, "80", "100")]);
    let made = supplier.state_group(linking(hours, vec![link(&buyer.id, ITEM, "")])).await.unwrap().id;
    let request = named(offer(&made, &[(W53, quantity), (W01, "10")]), &[buyer]);
    (made, supplier.publish_offer(request).await.unwrap())
}

/// Weeks of the group: what orders take beside what is offered.
pub(super) async fn booked(supplier: &Access, group: &str) -> Vec<String> {
    let group = supplier.capacity_group(group).await.unwrap();
    let week = |week: &proto::capacity::MatchedWeek| {
        let figure = |decimal: &Option<proto::Decimal>| decimal.clone().unwrap_or_default().value;
        format!(
            "demand {} booked {} offered {}",
            figure(&week.demand),
            figure(&week.booked),
            figure(&week.offered)
        )
    };
    group.matched.iter().map(week).collect()
}

/// Refused, with these fields of lines.
#[track_caller]
fn unusable<T: std::fmt::Debug>(result: Result<T, tonic::Status>, expected: &[(usize, &str)]) {
    let status = refused(result, Reason::RESERVATION_UNUSABLE);
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(line, reason)| (format!("content.lines[{line}].reservation_id"), (*reason).to_string()))
        .collect();
    assert_eq!(fields(&status), expected);
}

#[tokio::test]
async fn an_order_consumes_what_a_line_names_and_its_hours_count_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (group, published) = workshop(&buyer, &supplier, "40").await;
    let held = buyer.hold(&published, &[(0, "40")], 0).await.unwrap().id;
    buyer.confirm(&held).await.unwrap();

    let prefill = |who: &Access| {
        let mut client = who.reservations();
        let request = PrefillOrderRequest { reservation_id: held.clone() };
        async move { client.prefill_order(request).await.map(tonic::Response::into_inner) }
    };
    refused(prefill(&supplier).await, Reason::NOT_FOUND);
    let mut prefilled = prefill(&buyer).await.unwrap();
    let content = prefilled.content.as_mut().unwrap();
    (content.order_number, content.price_includes_tax) = ("4500000000".into(), Some(false));
    let ready = PublishOrderRequest {
        content: prefilled.content.clone(),
        supplier: prefilled.supplier.clone(),
        validate_only: true,
        ..PublishOrderRequest::default()
    };
    buyer.publish(ready).await.unwrap();

    let request = consuming("4500000001", "40", &held).to("V100");
    let tried = PublishOrderRequest { validate_only: true, request_id: String::new(), ..request.clone() };
    buyer.publish(tried).await.unwrap();
    assert_eq!(state(&buyer, &held).await, (State::Confirmed, 2), "a rehearsal consumes nothing");
    let receipt = buyer.publish(request.clone()).await.unwrap();
    let again = buyer.publish(request.clone()).await.unwrap();
    assert_eq!((again.replayed, again.order_id), (true, receipt.order_id.clone()));
    let found = reservation(&supplier, &held).await;
    assert_eq!((found.state(), found.version), (State::Consumed, 3));
    assert_eq!((found.order_id.as_str(), found.order_line.as_str()), (receipt.order_id.as_str(), "10"));
    let seen = supplier.order(&receipt.order_id).await.unwrap().content.unwrap();
    assert_eq!(seen.lines[0].reservation_id, held, "the supplier sees which hours it has to use");

    // The number is what is answered where the order stands, and nothing is written for one that cannot have its hours.
    let twice = PublishOrderRequest { request_id: request_id(), ..request };
    refused(buyer.publish(twice).await, Reason::ORDER_EXISTS);
    unusable(buyer.publish(consuming("4500000002", "1", &held).to("V100")).await, &[(0, "CONSUMED")]);
    assert_eq!(orders(&buyer).await, 1);
    refused(prefill(&buyer).await, Reason::RESERVATION_ENDED);

    // 40 hours are promised, not 80: 60 of the 100 are left, and no more.
    supplier.accept_all(&receipt.order_id).await.unwrap();
    world.settled().await;
    assert_eq!(booked(&supplier, &group).await[0], "demand 40 booked 0 offered 40");
    let more = |hours| named(offer(&group, &[(W53, hours)]), &[&buyer]);
    refused(supplier.publish_offer(more("61")).await, Reason::OFFER_EXCEEDS_CAPACITY);
    supplier.publish_offer(more("50")).await.unwrap();

    // 15 pieces with 5 reserved hours in that week: 10 hours are taken beside what is offered.
    buyer.state_demand(demand(ITEM, &[(W53, "45")])).await.unwrap();
    let part = buyer.hold(&published, &[(1, "5")], 0).await.unwrap().id;
    let mut late = consuming("4500000003", "15", &part);
    let window = late.content.lines[0].schedule_lines[0].requested_delivery.as_mut().unwrap();
    (window.from, window.until) = (Some(harness::date(W01)), Some(harness::date(W01)));
    let id = buyer.publish(late.to("V100")).await.unwrap().order_id;
    supplier.accept_all(&id).await.unwrap();
    world.settled().await;
    assert_eq!(
        booked(&supplier, &group).await,
        ["demand 45 booked 0 offered 90", "demand 15 booked 10 offered 10"],
        "of the forecast 40 are consumed"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_reservation_that_cannot_be_used_is_named_by_its_line() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let neighbour = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&buyer, &neighbour, "V200").await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "V100").await;
    let (_, published) = workshop(&buyer, &supplier, "40").await;
    let elsewhere = neighbour.offer_to(&buyer, W53, "9").await;
    let foreign = supplier.offer_to(&rival, W53, "9").await;

    let lapsed = buyer.hold(&published, &[(0, "1")], 1).await.unwrap().id;
    let good = buyer.hold(&published, &[(0, "1")], 0).await.unwrap().id;
    let given_back = buyer.hold(&published, &[(0, "1")], 0).await.unwrap().id;
    buyer.give_back(&given_back).await.unwrap();
    let elsewhere = buyer.hold(&elsewhere, &[(0, "1")], 0).await.unwrap().id;
    let foreign = rival.hold(&foreign, &[(0, "1")], 0).await.unwrap().id;
    until("the hold ends", SOON, async || (state(&buyer, &lapsed).await.0 == State::Expired).then_some(()))
        .await;
    let unknown = request_id();
    let wrong = naming("1", &[&lapsed, &good, &given_back, &elsewhere, "", &foreign, &unknown]).to("V100");
    unusable(
        buyer.publish(wrong).await,
        &[
            (0, "EXPIRED"),
            (2, "RELEASED"),
            (3, "SUPPLIER_DIFFERS"),
            // Somebody else's, exactly as one that does not exist.
            (5, "NOT_FOUND"),
            (6, "NOT_FOUND"),
        ],
    );
    bad_fields(
        buyer.publish(naming("1", &[&good, "7", &good]).to("V100")).await,
        &[("content.lines[1].reservation_id", "ID"), ("content.lines[2].reservation_id", "REPEATED")],
    );
    assert_eq!(orders(&buyer).await, 0, "nothing is written");
    assert_eq!(state(&buyer, &good).await, (State::Held, 1));

    // Many orders reach for it at once: one has it, and the others are told and not published.
    let tries = (0..12).map(|n| buyer.publish(naming(&n.to_string(), &[&good]).to("V100")));
    let (won, lost): (Vec<_>, Vec<_>) =
        futures::future::join_all(tries).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), orders(&buyer).await), (1, 1));
    for refusal in lost {
        unusable(refusal, &[(0, "CONSUMED")]);
    }
    assert_eq!(state(&buyer, &good).await, (State::Consumed, 2), "held is enough");
    world.finish().await;
}

/// Judged as held, and over before the other hold of its order could be locked.
#[tokio::test]
async fn a_hold_that_ends_while_an_order_waits_for_another_is_named_by_its_line() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (_, published) = workshop(&buyer, &supplier, "40").await;
    let held = async |seconds| buyer.hold(&published, &[(0, "1")], seconds).await.unwrap().id;
    // They are locked in the order of their ids, which is that of their coming.
    let ending = [held(4).await, held(4).await];
    let lasting = [held(0).await, held(0).await];
    let uuids = |ids: &[String]| ids.iter().map(|id| Uuid::try_parse(id).unwrap()).collect::<Vec<_>>();
    let mut before = world.owner_pool().await.begin().await.unwrap();
    sqlx::query("select from capacity.reservation where id = any ($1) for update")
        .bind(uuids(&lasting))
        .execute(&mut *before)
        .await
        .unwrap();
    // By both ways of publishing, each of which runs its commands in its own manner.
    let document = |n: usize, number: &str| naming(number, &[&ending[n], &lasting[n]]).to("V100");
    let ended = async {
        queued(world.app_pool().await, 2).await;
        sqlx::query("select pg_sleep_until(max(expires_at)) from capacity.reservation where id = any ($1)")
            .bind(uuids(&ending))
            .execute(&mut *before)
            .await
            .unwrap();
        before.commit().await.unwrap();
    };
    let (alone, nightly, ()) = tokio::join!(
        buyer.publish(document(0, "1")),
        buyer.publish_all(vec![item("2", document(1, "2"))]),
        ended
    );
    unusable(alone, &[(0, "EXPIRED")]);
    let answers = nightly.unwrap();
    let refusal = answers[0].refusal.as_ref().expect("refused");
    let wrong: Vec<_> =
        refusal.violations.iter().map(|one| (one.field.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        (refusal.reason.as_str(), wrong),
        ("RESERVATION_UNUSABLE", vec![("content.lines[0].reservation_id", "EXPIRED")])
    );
    assert_eq!(orders(&buyer).await, 0, "nothing is written");
    for id in &lasting {
        assert_eq!(state(&buyer, id).await, (State::Held, 1), "and nothing taken");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_nightly_set_consumes_once_and_a_change_what_is_new() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (group, published) = workshop(&buyer, &supplier, "40").await;
    let first = buyer.hold(&published, &[(0, "10")], 0).await.unwrap().id;
    let second = buyer.hold(&published, &[(0, "20")], 0).await.unwrap().id;
    let nightly = |documents: Vec<harness::Order>| {
        let items = documents.into_iter().enumerate();
        let items = items.map(|(n, document)| item(&n.to_string(), document.to("V100")));
        buyer.publish_all(items.collect())
    };
    let documents = || vec![consuming("1", "10", &first), order("2").line("10", ITEM, "5", "1")];
    for outcome in [PublishOutcome::Published, PublishOutcome::Unchanged] {
        let answers = nightly(documents()).await.unwrap();
        assert!(answers.iter().all(|answer| answer.outcome() == outcome), "{answers:?}");
        assert_eq!(state(&buyer, &first).await, (State::Consumed, 2));
    }
    // One that cannot have its hours undoes no other.
    let answers =
        nightly(vec![consuming("3", "10", &first), order("4").line("10", ITEM, "5", "1")]).await.unwrap();
    let refusals: Vec<_> = answers.iter().filter_map(|answer| answer.refusal.as_ref()).collect();
    let [refusal] = refusals.as_slice() else { panic!("{answers:?}") };
    assert_eq!(refusal.reason, "RESERVATION_UNUSABLE");
    assert_eq!(refusal.violations[0].field, "content.lines[0].reservation_id");
    assert_eq!(orders(&buyer).await, 3);

    // A line that was accepted without hours is given some: its answer stands, and the hours count once from then on.
    let id = order_id(&buyer, "2").await;
    supplier.accept_all(&id).await.unwrap();
    world.settled().await;
    assert_eq!(
        booked(&supplier, &group).await[0],
        "demand 15 booked 5 offered 40",
        "beside the 10 of the other order"
    );
    let given = |reservation: &str| {
        let mut document = order("2").line("10", ITEM, "5", "1");
        document.content.lines[0].reservation_id = reservation.into();
        document
    };
    let answers = nightly(vec![given(&second)]).await.unwrap();
    assert_eq!(answers[0].outcome(), PublishOutcome::Changed);
    assert_eq!(state(&buyer, &second).await, (State::Consumed, 2));
    until("the hours count once", SOON, async || {
        (booked(&supplier, &group).await[0] == "demand 30 booked 0 offered 40").then_some(())
    })
    .await;
    // A system that does not know of it takes nothing away, and none can put another in its place.
    let answers = nightly(vec![given("")]).await.unwrap();
    assert_eq!(answers[0].outcome(), PublishOutcome::Unchanged);
    let third = buyer.hold(&published, &[(0, "1")], 0).await.unwrap().id;
    bad_fields(
        buyer.change(change(&id, given(&third))).await,
        &[("content.lines[0].reservation_id", "FIXED")],
    );
    let content = buyer.order(&id).await.unwrap().content.unwrap();
    assert_eq!(content.lines[0].reservation_id, second);

    // What waits for the supplier consumes nothing meanwhile.
    let terms = Terms { frozen_working_days: Some(250), ..Terms::default() };
    buyer.terms().set_terms(SetTermsRequest { request_id: request_id(), terms: Some(terms) }).await.unwrap();
    let id = order_id(&buyer, "4").await;
    supplier.accept_all(&id).await.unwrap();
    let mut dearer = order("4").line("10", ITEM, "6", "1");
    dearer.content.lines[0].reservation_id.clone_from(&third);
    unusable(buyer.change(change(&id, dearer)).await, &[(0, "FROZEN")]);
    assert_eq!(state(&buyer, &third).await, (State::Held, 1));
    world.finish().await;
}

/// The buyer's order of this number.
async fn order_id(buyer: &Access, number: &str) -> String {
    let request = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
    let listed = buyer.orders().list_orders(request).await.unwrap().into_inner().orders;
    listed.into_iter().find(|order| order.order_number == number).expect("published").id
}
