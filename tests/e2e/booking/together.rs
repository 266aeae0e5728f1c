//! What one firm holds, confirms and releases at once shares transactions, and each is decided as if it were alone.

use chassis::Reason;
use harness::{Firm, World, booking, capacity::group, refusal::refused, request_id};
use proto::capacity::{
    ConfirmReservationRequest, GetReservationRequest, HoldCapacityRequest, ReleaseReservationRequest,
    Reservation, ReservationState,
};
use tonic::Status;

use super::{W01, W53, free};

#[tokio::test]
async fn holds_that_come_together_are_decided_one_by_one() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let made =
        supplier.state_group(group("机组", &[(W53, "20", "20"), (W01, "100", "100")])).await.unwrap().id;
    let offer = supplier.publish_offer(booking::offer(&made, &[(W53, "20"), (W01, "100")])).await.unwrap();
    let one = || booking::hold(&offer, &[(0, "1")], 0);
    let both = booking::hold(&offer, &[(1, "30"), (0, "21")], 0);
    let mut unknown = booking::hold(&offer, &[(1, "1"), (0, "1")], 0);
    unknown.parts[1].bucket_id = offer.id.clone();
    let long = booking::hold(&offer, &[(1, "1")], 2_592_000);
    let mine = booking::hold(&offer, &[(1, "5")], 0);
    let other = HoldCapacityRequest { hold_seconds: 5, ..mine.clone() };

    let asked: Vec<HoldCapacityRequest> = (0..30).map(|_| one()).collect();
    let repeated = asked[..10].iter().cloned();
    let odd = [both, unknown, long, mine.clone(), other];
    let sent = asked.iter().cloned().chain(repeated).chain(odd).map(|request| {
        let mut reservations = buyer.reservations();
        async move { reservations.hold_capacity(request).await.map(tonic::Response::into_inner) }
    });
    let mut answers: Vec<Result<Reservation, Status>> = futures::future::join_all(sent).await;
    let odd = answers.split_off(40);
    let repeated = answers.split_off(30);

    let held: Vec<Reservation> = answers.iter().filter_map(|answer| answer.as_ref().ok()).cloned().collect();
    assert_eq!(held.len(), 20, "all that was there and no more");
    for (answer, again) in
        answers.into_iter().zip(repeated.into_iter().map(Some).chain(std::iter::repeat_with(|| None)))
    {
        match (answer, again) {
            (Ok(first), Some(again)) => assert_eq!(again.unwrap(), first, "the same request, the same hold"),
            (Err(short), again) => {
                refused(Err::<(), _>(short), Reason::CAPACITY_SHORT);
                assert!(again.is_none_or(|again| again.is_err()), "the same request, the same refusal");
            }
            (Ok(_), None) => {}
        }
    }
    let mut odd = odd.into_iter();
    let mut next = || odd.next().expect("an answer");
    refused(next(), Reason::CAPACITY_SHORT);
    refused(next(), Reason::NOT_FOUND);
    refused(next(), Reason::INVALID_FIELDS);
    // Whichever came first has the id.
    match (next(), next()) {
        (Ok(_), other) | (other, Ok(_)) => {
            refused(other, Reason::IDEMPOTENCY_KEY_REUSED);
        }
        neither => panic!("one of them holds: {neither:?}"),
    }
    assert_eq!(free(&buyer.offer(&offer.id).await.unwrap()), ["0", "95"], "what was refused took nothing");
    settled_together(&buyer, &supplier, &held).await;
    assert_eq!(free(&buyer.offer(&offer.id).await.unwrap()), ["10", "95"], "what was released, and once");
    world.finish().await;
}

/// Of 20 holds 10 are confirmed and 10 released at once, all of them twice, beside others that are refused.
async fn settled_together(buyer: &Firm, supplier: &Firm, held: &[Reservation]) {
    enum Wish {
        Confirm(ConfirmReservationRequest),
        Release(ReleaseReservationRequest),
    }
    let confirm = |reservation: &Reservation| ConfirmReservationRequest {
        request_id: request_id(),
        reservation_id: reservation.id.clone(),
    };
    let confirms: Vec<_> = held[..10].iter().map(confirm).collect();
    let reused = ConfirmReservationRequest { reservation_id: held[1].id.clone(), ..confirms[0].clone() };
    let unknown =
        ConfirmReservationRequest { request_id: request_id(), reservation_id: held[0].offer_id.clone() };
    let releases = held[10..].iter().map(|reservation| ReleaseReservationRequest {
        request_id: request_id(),
        reservation_id: reservation.id.clone(),
    });
    let wishes = confirms.into_iter().map(Wish::Confirm).chain(releases.map(Wish::Release));
    let wishes: Vec<Wish> = wishes.chain([Wish::Confirm(unknown)]).collect();
    let sent = wishes.iter().chain(&wishes).map(|wish| {
        let mut reservations = buyer.reservations();
        async move {
            let answer = match wish {
                Wish::Confirm(request) => reservations.confirm_reservation(request.clone()).await,
                Wish::Release(request) => reservations.release_reservation(request.clone()).await,
            };
            answer.map(tonic::Response::into_inner)
        }
    });
    let mut answers: Vec<Result<Reservation, Status>> = futures::future::join_all(sent).await;
    let mut again = answers.split_off(wishes.len());
    for refusals in [&mut answers, &mut again] {
        refused(refusals.pop().expect("of an unknown one"), Reason::NOT_FOUND);
    }
    refused(buyer.reservations().confirm_reservation(reused).await, Reason::IDEMPOTENCY_KEY_REUSED);
    let answers: Vec<Reservation> = answers.into_iter().map(Result::unwrap).collect();
    let again: Vec<Reservation> = again.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, again, "the same requests, the same answers");
    for (at, (before, after)) in held.iter().zip(&answers).enumerate() {
        let state = if at < 10 { ReservationState::Confirmed } else { ReservationState::Released };
        let ended_at = (at >= 10).then(|| after.ended_at.expect("when it ended"));
        let expected = Reservation { state: state.into(), version: 2, ended_at, ..before.clone() };
        assert_eq!(*after, expected);
        let request = GetReservationRequest { reservation_id: before.id.clone() };
        let seen = supplier.reservations().get_reservation(request).await.unwrap().into_inner();
        assert_eq!(seen, expected, "the other side sees the same");
    }
}
