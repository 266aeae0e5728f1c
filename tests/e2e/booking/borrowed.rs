//! Hours that a neighbour lends are capacity of the borrower's group, for as long as they are reserved: in no other group,
//! never offered on, and told to nobody.

use chassis::Reason;
use harness::{
    Firm, World, answer,
    booking::{named, offer},
    capacity::{demand, for_customer, group, link, linking, shown},
    date, decimal,
    events::{Payload, event, payload},
    refusal::{bad_fields, refused},
};
use proto::{
    capacity::{
        BorrowCapacityRequest, ListDisclosedGroupsRequest, ListReservationsRequest, Offer,
        PreviewPromiseRequest, PublishOfferRequest, UploadCapacityGroupRequest,
    },
    orders::RejectReason,
};

use super::{W53, consume::consuming};
use crate::capacity::{bottlenecks, golden, turns};

fn hours(hours: i64) -> String {
    (hours * 3_600).to_string()
}

/// A group of 204 and 240 hours in seconds that makes box bodies for a customer, who learns of it.
fn boxes(customer: &Firm) -> UploadCapacityGroupRequest {
    let large = for_customer(group("大机组", &[(W53, &hours(204), &hours(240))]), &customer.id);
    linking(large, vec![link(&customer.id, "CY-BX-0450", "45")])
}

/// A neighbour's machine, in hours, and 60 of them offered to a firm.
pub(super) async fn spare(neighbour: &Firm, to: &Firm) -> Offer {
    let mut spare = group("650 t 二号机", &[(W53, "102", "120")]);
    spare.content.as_mut().expect("content").unit_code = "HUR".into();
    let spare = neighbour.state_group(spare).await.expect("a group").id;
    let offered = named(offer(&spare, &[(W53, "60")]), &[to]);
    let offered = neighbour.publish_offer(offered).await.expect("an offer");
    to.offer(&offered.id).await.expect("it sees the offer")
}

/// The first week of a group with what it borrows.
async fn week(firm: &Firm, group: &str) -> String {
    let group = firm.capacity_group(group).await.expect("a group");
    let week = &group.matched[0];
    let over = if week.overcommitted { " overcommitted" } else { "" };
    format!("{} +{}{over}", shown(week), week.borrowed.clone().unwrap_or_default().value)
}

const RED: &str = "2026-W53 900000/734400/864000 BOTTLENECK_BEYOND_MAXIMUM +0";
const ORANGE: &str = "2026-W53 900000/878400/1008000 BOTTLENECK_WITHIN_MAXIMUM +144000";

/// The red week of the sandbox: 250 hours are wanted and 240 can be reached, until a neighbour lends 40.
#[tokio::test]
async fn borrowed_hours_rescue_the_red_week_until_they_are_given_back() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let neighbour = world.firm("邻近注塑(示例)有限公司").await;
    world.partner(&supplier, &neighbour, "V200").await;
    let large = supplier.state_group(boxes(&buyer)).await.expect("a group").id;
    buyer.state_demand(demand("CY-BX-0450", &[(W53, "20000")])).await.expect("a demand");
    world.settled().await;
    let offered = spare(&neighbour, &supplier).await;
    let held = supplier.hold(&offered, &[(0, "40")], 0).await.expect("a hold").id;
    assert_eq!(week(&supplier, &large).await, RED);

    // Hours are seconds of the group; the hold is confirmed with it, once, whatever is sent again.
    let request = BorrowCapacityRequest {
        request_id: harness::request_id(),
        reservation_id: held.clone(),
        group_id: large.clone(),
    };
    let answers = [
        supplier.reservations().borrow_capacity(request.clone()).await.expect("borrowed").into_inner(),
        supplier.reservations().borrow_capacity(request).await.expect("again").into_inner(),
        supplier.borrow(&held, &large).await.expect("and as another request"),
    ];
    for one in &answers {
        let state = one.state().as_str_name();
        assert_eq!((state, one.version), ("RESERVATION_STATE_CONFIRMED", 2));
        assert_eq!(one.borrowing_group_id, large);
    }
    assert_eq!(week(&supplier, &large).await, ORANGE);
    world.settled().await;
    for firm in [&supplier, &buyer] {
        assert_eq!(turns(&bottlenecks(firm).await), ["raised 2026-W53", "changed 2026-W53"]);
    }
    strangers_learn_nothing(&supplier, &neighbour, &buyer, &held).await;
    only_one_group_has_them(&supplier, &neighbour, &large, &held).await;
    never_lent_on(&supplier, &buyer, &large).await;

    // What can be promised grows by them: 1,008,000 s of 45 s a piece.
    let ask = PreviewPromiseRequest {
        customer_id: buyer.id.clone(),
        material_number_customer: "CY-BX-0450".into(),
        customer_location: "CY01".into(),
        quantity: Some(decimal("30000")),
        requested_delivery_date: Some(date(W53)),
        earliest_delivery_date: Some(date(W53)),
        ..PreviewPromiseRequest::default()
    };
    let promised = supplier.promises().preview_promise(ask).await.expect("a preview").into_inner();
    assert_eq!(promised.weeks[0].quantity, Some(decimal("22400")));

    gone_with_the_reservation(&world, (&supplier, &neighbour, &buyer), &offered, (&large, &held)).await;
    let told = turns(&bottlenecks(&supplier).await);
    assert_eq!(
        told.iter().filter(|turn| turn.as_str() == "changed 2026-W53").count(),
        8,
        "one for each change: {told:?}"
    );
    world.finish().await;
}

/// They stay while they are reserved, whoever states what meanwhile, and leave with the reservation.
async fn gone_with_the_reservation(
    world: &World,
    (supplier, neighbour, buyer): (&Firm, &Firm, &Firm),
    offered: &Offer,
    (large, held): (&str, &str),
) {
    // Stated anew the group keeps them, and once an order contracts them; rejected, they are gone.
    let anew = UploadCapacityGroupRequest { group_id: large.into(), ..boxes(buyer) };
    supplier.state_group(anew).await.expect("stated anew");
    let placed = supplier.publish(consuming("1", "40", held).to("V200")).await.expect("an order");
    world.settled().await;
    assert_eq!(week(supplier, large).await, ORANGE);
    neighbour.respond(answer(&placed.order_id).reject("10", "", RejectReason::Date).done()).await.unwrap();
    world.settled().await;
    assert_eq!(week(supplier, large).await, RED);
    refused(supplier.borrow(held, large).await, Reason::RESERVATION_ENDED);

    // Given back by the borrower itself, the same.
    let again = supplier.hold(offered, &[(0, "40")], 0).await.expect("a hold").id;
    supplier.borrow(&again, large).await.expect("borrowed");
    assert_eq!(week(supplier, large).await, ORANGE);
    supplier.give_back(&again).await.expect("given back");
    world.settled().await;
    assert_eq!(week(supplier, large).await, RED);
}

/// The lender does not learn for what, nor the customer from whom.
async fn strangers_learn_nothing(supplier: &Firm, neighbour: &Firm, buyer: &Firm, held: &str) {
    assert_eq!(neighbour.reservation(held).await.expect("it lends").borrowing_group_id, "");
    let lists = async |firm: &Firm| {
        let request = ListReservationsRequest { page_size: 10, ..ListReservationsRequest::default() };
        let list = firm.reservations().list_reservations(request).await.expect("a list").into_inner();
        list.reservations.into_iter().map(|one| one.borrowing_group_id.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!((lists(supplier).await, lists(neighbour).await), (vec![false], vec![true]));
    let told = neighbour.events().await;
    let told = told.iter().filter_map(|entry| match payload(event(entry)) {
        Payload::Reserved(one) => Some(one.borrowing_group_id),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["", ""], "held, confirmed");
    let request = ListDisclosedGroupsRequest { page_size: 10, ..Default::default() };
    let shown = buyer.capacity_groups().list_disclosed_groups(request).await.expect("a list").into_inner();
    let week = &shown.groups[0].weeks[0];
    let figure = |one: &Option<proto::Decimal>| one.clone().unwrap_or_default().value;
    let figures = (figure(&week.actual_capacity), figure(&week.maximum_capacity), week.sufficient);
    assert_eq!(figures, ("878400".into(), "1008000".into(), Some(true)), "as far as the policy goes");
}

/// None of others', none that measures otherwise, and not twice for two groups.
async fn only_one_group_has_them(supplier: &Firm, neighbour: &Firm, large: &str, held: &str) {
    let theirs = neighbour.state_group(group("别家", &[(W53, "1", "1")])).await.expect("a group").id;
    refused(supplier.borrow(held, &theirs).await, Reason::NOT_FOUND);
    refused(neighbour.borrow(held, &theirs).await, Reason::NOT_FOUND);
    let mut pieces = group("装配", &[(W53, "1", "1")]);
    pieces.content.as_mut().expect("content").unit_code = "H87".into();
    let pieces = supplier.state_group(pieces).await.expect("a group").id;
    bad_fields(supplier.borrow(held, &pieces).await, &[("group_id", "UNIT_DIFFERS")]);
    let other = supplier.state_group(group("中机组", &[(W53, "3600", "3600")])).await.expect("a group").id;
    supplier.borrow(held, &other).await.expect("borrowed for another");
    assert_eq!(week(supplier, large).await, RED);
    assert_eq!(week(supplier, &other).await, "2026-W53 –/147600/147600 UNMATCHED +144000");
    supplier.borrow(held, "").await.expect("for none");
    assert_eq!(week(supplier, &other).await, "2026-W53 –/3600/3600 UNMATCHED +0");
    supplier.borrow(held, large).await.expect("and back");
    assert_eq!(week(supplier, large).await, ORANGE);
}

/// Orders may be made in borrowed hours; what is offered is the firm's own.
async fn never_lent_on(supplier: &Firm, buyer: &Firm, large: &str) {
    let try_to_lend = async |seconds: String| {
        let offered = named(offer(large, &[(W53, &seconds)]), &[buyer]);
        supplier.publish_offer(PublishOfferRequest { despite_forecast: true, ..offered }).await
    };
    refused(try_to_lend(hours(241)).await, Reason::OFFER_EXCEEDS_CAPACITY);
    let lent = try_to_lend(hours(240)).await.expect("the own hours");
    assert_eq!(week(supplier, large).await, ORANGE, "nothing is promised twice");
    // A lowered maximum leaves less than was offered, whatever is borrowed.
    let lower = linking(
        for_customer(group("大机组", &[(W53, &hours(204), &hours(239))]), &buyer.id),
        vec![link(&buyer.id, "CY-BX-0450", "45")],
    );
    supplier
        .state_group(UploadCapacityGroupRequest { group_id: large.into(), ..lower })
        .await
        .expect("lowered");
    let over = week(supplier, large).await;
    assert!(over.ends_with("+144000 overcommitted"), "{over}");
    supplier
        .state_group(UploadCapacityGroupRequest { group_id: large.into(), ..boxes(buyer) })
        .await
        .expect("as before");
    let request =
        proto::capacity::WithdrawOfferRequest { request_id: harness::request_id(), offer_id: lent.id };
    supplier.offers().withdraw_offer(request).await.expect("withdrawn");
    assert_eq!(week(supplier, large).await, ORANGE);
}
