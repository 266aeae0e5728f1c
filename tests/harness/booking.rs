//! Offers and holds, put together in one line.

use proto::capacity::{
    BorrowCapacityRequest, ConfirmReservationRequest, GetOfferRequest, GetReservationRequest, HeldPart,
    HoldCapacityRequest, NewBucket, Offer, OfferContent, OfferVisibility, PublishOfferRequest,
    ReleaseReservationRequest, Reservation,
};
use tonic::Status;

use crate::{Access, Firm, capacity::group, date, decimal, request_id};

/// An offer from a group for all, with (Monday, quantity).
pub fn offer(group_id: &str, weeks: &[(&str, &str)]) -> PublishOfferRequest {
    let bucket = |(monday, quantity): &(&str, &str)| NewBucket {
        monday: Some(date(monday)),
        quantity: Some(decimal(quantity)),
        ..NewBucket::default()
    };
    PublishOfferRequest {
        request_id: request_id(),
        group_id: group_id.into(),
        content: Some(OfferContent { process: "注塑".into(), ..OfferContent::default() }),
        visibility: OfferVisibility::All.into(),
        buckets: weeks.iter().map(bucket).collect(),
        ..PublishOfferRequest::default()
    }
}

/// The same for these firms alone.
pub fn named(request: PublishOfferRequest, firms: &[&Firm]) -> PublishOfferRequest {
    let firm_ids = firms.iter().map(|firm| firm.id.clone()).collect();
    PublishOfferRequest { visibility: OfferVisibility::Named.into(), firm_ids, ..request }
}

/// A hold of (bucket, quantity); 0 seconds: as long as the offer allows.
pub fn hold(offer: &Offer, parts: &[(usize, &str)], seconds: i32) -> HoldCapacityRequest {
    let part = |(bucket, quantity): &(usize, &str)| HeldPart {
        bucket_id: offer.buckets[*bucket].id.clone(),
        quantity: Some(decimal(quantity)),
    };
    HoldCapacityRequest {
        request_id: request_id(),
        offer_id: offer.id.clone(),
        parts: parts.iter().map(part).collect(),
        hold_seconds: seconds,
    }
}

impl Access {
    /// Publishes an offer.
    pub async fn publish_offer(&self, request: PublishOfferRequest) -> Result<Offer, Status> {
        Ok(self.offers().publish_offer(request).await?.into_inner())
    }

    /// From a new group of the firm's own, a week for one firm.
    pub async fn offer_to(&self, firm: &Firm, monday: &str, quantity: &str) -> Offer {
        let group = self.state_group(group("机组", &[(monday, quantity, quantity)])).await.expect("a group");
        self.publish_offer(named(offer(&group.id, &[(monday, quantity)]), &[firm])).await.expect("an offer")
    }

    /// An offer as this caller sees it.
    pub async fn offer(&self, offer_id: &str) -> Result<Offer, Status> {
        let request = GetOfferRequest { offer_id: offer_id.into() };
        Ok(self.offers().get_offer(request).await?.into_inner())
    }

    /// Holds (bucket, quantity) of an offer.
    pub async fn hold(
        &self,
        offer: &Offer,
        parts: &[(usize, &str)],
        seconds: i32,
    ) -> Result<Reservation, Status> {
        Ok(self.reservations().hold_capacity(hold(offer, parts, seconds)).await?.into_inner())
    }

    /// Confirms a hold.
    pub async fn confirm(&self, reservation_id: &str) -> Result<Reservation, Status> {
        let reservation_id = reservation_id.into();
        let request = ConfirmReservationRequest { request_id: request_id(), reservation_id };
        Ok(self.reservations().confirm_reservation(request).await?.into_inner())
    }

    /// A reservation as this caller sees it.
    pub async fn reservation(&self, reservation_id: &str) -> Result<Reservation, Status> {
        let request = GetReservationRequest { reservation_id: reservation_id.into() };
        Ok(self.reservations().get_reservation(request).await?.into_inner())
    }

    /// Makes reserved hours capacity of an own group.
    pub async fn borrow(&self, reservation_id: &str, group_id: &str) -> Result<Reservation, Status> {
        let request = BorrowCapacityRequest {
            request_id: request_id(),
            reservation_id: reservation_id.into(),
            group_id: group_id.into(),
        };
        Ok(self.reservations().borrow_capacity(request).await?.into_inner())
    }

    /// Gives a reservation back.
    pub async fn give_back(&self, reservation_id: &str) -> Result<Reservation, Status> {
        let reservation_id = reservation_id.into();
        let request = ReleaseReservationRequest { request_id: request_id(), reservation_id };
        Ok(self.reservations().release_reservation(request).await?.into_inner())
    }
}
