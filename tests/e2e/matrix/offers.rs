//! Rows of offers and reservations, each about one made for the call.

use harness::{
    booking::{hold, named as to, offer},
    request_id,
};
use proto::capacity::*;

use super::{
    cast::{Cast, Side},
    rows::{Row, build, either, made, named, object, own, plain, shared},
};

const W53: &str = "2026-12-28";

/// An offer of the supplier to the buyer.
async fn fresh(cast: &Cast) -> Offer {
    cast.supplier.session().offer_to(&cast.buyer, W53, "10").await
}

/// A hold of the buyer.
async fn held(cast: &Cast) -> String {
    let offer = fresh(cast).await;
    cast.buyer.session().hold(&offer, &[(0, "1")], 0).await.expect("a hold").id
}

/// The row of a method of OfferService.
pub fn offers(method: &str) -> Option<Row> {
    Some(match method {
        "PublishOffer" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let group = harness::capacity::group("机组", &[(W53, "10", "10")]);
                let group = cast.supplier.session().state_group(group).await.expect("a group").id;
                let group_id = either(object, || group);
                let request = to(offer(&group_id, &[(W53, "10")]), &[&cast.buyer]);
                named(&group_id, request)
            }),
        ),
        "ChangeOffer" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let offer_id = made(object, async { fresh(cast).await.id }).await;
                let new = offer("", &[(W53, "5")]);
                let request = ChangeOfferRequest {
                    request_id: request_id(),
                    offer_id: offer_id.clone(),
                    version: 1,
                    content: new.content,
                    visibility: OfferVisibility::Partners.into(),
                    buckets: new.buckets,
                    ..ChangeOfferRequest::default()
                };
                named(&offer_id, request)
            }),
        ),
        "WithdrawOffer" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let offer_id = made(object, async { fresh(cast).await.id }).await;
                let request = WithdrawOfferRequest { request_id: request_id(), offer_id: offer_id.clone() };
                named(&offer_id, request)
            }),
        ),
        "GetOffer" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let offer_id = made(object, async { fresh(cast).await.id }).await;
                named(&offer_id.clone(), GetOfferRequest { offer_id })
            }),
        ),
        "ListOffers" => own(build!(|_, _, _| plain(ListOffersRequest::default()))),
        _ => return None,
    })
}

/// The row of a method of ReservationService.
pub fn reservations(method: &str) -> Option<Row> {
    Some(match method {
        "HoldCapacity" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let real = fresh(cast).await;
                let offer_id = either(object, || real.id.clone());
                let request =
                    HoldCapacityRequest { offer_id: offer_id.clone(), ..hold(&real, &[(0, "1")], 0) };
                named(&offer_id, request)
            }),
        ),
        "ConfirmReservation" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let reservation_id = made(object, held(cast)).await;
                let request = ConfirmReservationRequest {
                    request_id: request_id(),
                    reservation_id: reservation_id.clone(),
                };
                named(&reservation_id, request)
            }),
        ),
        "BorrowCapacity" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let reservation_id = made(object, held(cast)).await;
                let request = BorrowCapacityRequest {
                    request_id: request_id(),
                    reservation_id: reservation_id.clone(),
                    group_id: String::new(),
                };
                named(&reservation_id, request)
            }),
        ),
        "ReleaseReservation" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let reservation_id = made(object, held(cast)).await;
                let request = ReleaseReservationRequest {
                    request_id: request_id(),
                    reservation_id: reservation_id.clone(),
                };
                named(&reservation_id, request)
            }),
        ),
        "GetReservation" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let reservation_id = made(object, held(cast)).await;
                named(&reservation_id.clone(), GetReservationRequest { reservation_id })
            }),
        ),
        "PrefillOrder" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let reservation_id = made(object, held(cast)).await;
                named(&reservation_id.clone(), PrefillOrderRequest { reservation_id })
            }),
        ),
        "ListReservations" => own(build!(|_, _, _| plain(ListReservationsRequest::default()))),
        _ => return None,
    })
}
