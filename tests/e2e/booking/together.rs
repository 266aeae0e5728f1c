//! Holds of one firm that are asked for at once share transactions, and each is decided as if it were alone.

use chassis::Reason;
use harness::{World, booking, capacity::group, refusal::refused};
use proto::capacity::{HoldCapacityRequest, Reservation};
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

    let held = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(held, 20, "all that was there and no more");
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
    world.finish().await;
}
