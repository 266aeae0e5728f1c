//! Hours of a machine: stated, offered, held, confirmed and given back, never more than there are.

use chassis::clock;
use harness::{Access, booking, capacity, number, request_id};
use proto::capacity::{
    ConfirmReservationRequest, GetOfferRequest, GetReservationRequest, Offer, ReleaseReservationRequest,
    Reservation, ReservationState,
};
use rust_decimal::Decimal;
use time::Duration;

use super::{Desk, Trader};

/// Hours of an offer; when they are gone, the next one is published.
const TOTAL: usize = 12;
/// How far ahead they lie.
const WEEKS: i64 = 8;

pub struct Bookings {
    buyer: Access,
    supplier: Access,
    offer: Offer,
    /// Of this offer, what the buyer confirmed.
    confirmed: usize,
    /// Earlier offers, all of whose hours are sold.
    sold: Vec<Offer>,
    /// Reservations, and how they stand by what was acknowledged.
    booked: Vec<(String, ReservationState)>,
    faults: Vec<String>,
}

impl Bookings {
    pub async fn open(desk: &Desk, buyer: Access, supplier: Access) -> Self {
        let offer = published(desk, &supplier).await;
        let (sold, booked, faults) = (Vec::new(), Vec::new(), Vec::new());
        Self { buyer, supplier, offer, confirmed: 0, sold, booked, faults }
    }

    /// Confirms a hold or gives it back.
    async fn decide(&mut self, desk: &Desk, held: Reservation, keep: bool) {
        let reservation_id = held.id.clone();
        let state = if keep {
            let request = ConfirmReservationRequest { request_id: request_id(), reservation_id };
            let send = |access: Access, request| async move {
                access.reservations().confirm_reservation(request).await
            };
            desk.insist(&self.buyer, request, send).await;
            self.confirmed += 1;
            ReservationState::Confirmed
        } else {
            let request = ReleaseReservationRequest { request_id: request_id(), reservation_id };
            let send = |access: Access, request| async move {
                access.reservations().release_reservation(request).await
            };
            desk.insist(&self.buyer, request, send).await;
            ReservationState::Released
        };
        self.booked.push((held.id, state));
    }

    /// What an offer says to its supplier against what was confirmed of it.
    async fn sold_of(&mut self, desk: &Desk, offer: &Offer, confirmed: usize) {
        let request = GetOfferRequest { offer_id: offer.id.clone() };
        let send = |access: Access, request| async move { access.offers().get_offer(request).await };
        let offer = desk.ask(&self.supplier, request, send).await;
        let bucket = &offer.buckets[0];
        let (reserved, total) = (number(bucket.reserved.as_ref()), number(bucket.total.as_ref()));
        if reserved != Decimal::from(confirmed) || reserved > total {
            let said = format!("{}: {reserved} of {total} are reserved, {confirmed} confirmed", offer.id);
            self.faults.push(said);
        }
    }
}

impl Trader for Bookings {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let request = booking::hold(&self.offer, &[(0, "1")], 0);
        let send =
            |access: Access, request| async move { access.reservations().hold_capacity(request).await };
        match desk.settle(&self.buyer, request, send).await {
            Ok(held) => {
                desk.took();
                if self.confirmed >= TOTAL {
                    self.faults.push(format!("{}: one more was sold than there are", self.offer.id));
                }
                self.decide(desk, held, !number.is_multiple_of(3)).await;
            }
            Err((_, status)) => {
                if self.confirmed != TOTAL {
                    let (offer, confirmed) = (&self.offer.id, self.confirmed);
                    self.faults.push(format!("{offer}: refused with {confirmed} of {TOTAL} sold: {status}"));
                }
                let next = published(desk, &self.supplier).await;
                self.sold.push(std::mem::replace(&mut self.offer, next));
                self.confirmed = 0;
            }
        }
    }

    fn invent(&mut self) -> String {
        let (id, state) = self.booked.first().cloned().expect("something was booked");
        let other = match state {
            ReservationState::Confirmed => ReservationState::Released,
            _ => ReservationState::Confirmed,
        };
        self.booked.push((id.clone(), other));
        otherwise(&id, state, other)
    }

    async fn judge(mut self, desk: &Desk) -> Vec<String> {
        for offer in std::mem::take(&mut self.sold) {
            self.sold_of(desk, &offer, TOTAL).await;
        }
        self.sold_of(desk, &self.offer.clone(), self.confirmed).await;
        for (id, state) in std::mem::take(&mut self.booked) {
            let request = GetReservationRequest { reservation_id: id.clone() };
            let send =
                |access: Access, request| async move { access.reservations().get_reservation(request).await };
            let found = desk.ask(&self.buyer, request, send).await.state();
            if found != state {
                self.faults.push(otherwise(&id, found, state));
            }
        }
        self.faults
    }
}

/// That a reservation is not as it was acknowledged.
fn otherwise(id: &str, found: ReservationState, acknowledged: ReservationState) -> String {
    format!("{id} is {found:?} and was acknowledged as {acknowledged:?}")
}

/// The hours of a new group, offered to all.
async fn published(desk: &Desk, supplier: &Access) -> Offer {
    let (monday, total) = (monday(), TOTAL.to_string());
    let request = capacity::group("机组", &[(&*monday, &*total, &*total)]);
    let send = |access: Access, request| async move {
        access.capacity_groups().upload_capacity_group(request).await
    };
    let group = desk.insist(supplier, request, send).await;
    let request = booking::offer(&group.id, &[(&*monday, &*total)]);
    let send = |access: Access, request| async move { access.offers().publish_offer(request).await };
    desk.insist(supplier, request, send).await
}

fn monday() -> String {
    let today = clock::system().now().date();
    let past = i64::from(today.weekday().number_days_from_monday());
    (today + Duration::days(7 * WEEKS - past)).to_string()
}
