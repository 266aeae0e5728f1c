//! Offered capacity through the public API: a machine hour is promised once, and both sides learn what becomes of it.

mod accepted;
mod asked;
mod borrowed;
mod commands;
mod consume;
mod counted;
mod expiry;
mod given_back;
mod lent;
mod nested_offers;
mod overcommitted;
mod promised;
mod race;
mod together;

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{hold, named, offer},
    capacity::{demand, group, link, linking},
    events::{Payload, event, payload},
    refusal::{metadata, refused},
    request_id, until,
};
use proto::capacity::{
    GetReservationRequest, ListOffersRequest, Offer, PublishOfferRequest, ReservationState as State,
    WithdrawOfferRequest,
};
use sqlx::Row as _;
use tonic::Code;

const W53: &str = "2026-12-28";
/// Until when what comes by itself has come.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);
const W01: &str = "2027-01-04";

fn free(offer: &Offer) -> Vec<String> {
    offer.buckets.iter().map(|bucket| bucket.free.clone().unwrap_or_default().value).collect()
}

/// What each event of the feed says of offers and reservations.
async fn told(firm: &Access) -> Vec<String> {
    let say = |entry: &proto::stream::FeedEvent| match payload(event(entry)) {
        Payload::Offered(what, offer) => Some(format!("{what} {}", free(&offer).join(" "))),
        Payload::Reserved(one) => {
            Some(one.state().as_str_name().replace("RESERVATION_STATE_", "").to_lowercase())
        }
        _ => None,
    };
    firm.events().await.iter().filter_map(say).collect()
}

/// Puts what is made of its text in the place of a function of the service.
async fn rewrite(world: &World, function: &str, change: impl FnOnce(&str) -> String) {
    let owner = world.owner_pool().await;
    let text: String = sqlx::query_scalar(
        "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'capacity'::regnamespace and proname = $1",
    )
    .bind(function)
    .fetch_one(owner)
    .await
    .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(change(&text))).execute(owner).await.unwrap();
}

/// A text that is there, with another one in its place.
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the text is there");
    text.replace(old, new)
}

async fn offered(supplier: &Access, group: &str) -> Vec<String> {
    let group = supplier.capacity_group(group).await.expect("own");
    group.matched.iter().map(|week| week.offered.clone().unwrap_or_default().value).collect()
}

#[tokio::test]
async fn hours_are_offered_held_and_consumed_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let made =
        supplier.state_group(group("大机组", &[(W53, "80", "100"), (W01, "80", "100")])).await.unwrap();
    let request = named(offer(&made.id, &[(W53, "101")]), &[&buyer]);
    refused(supplier.publish_offer(request).await, Reason::OFFER_EXCEEDS_CAPACITY);
    refused(
        supplier.publish_offer(named(offer(&made.id, &[(W53, "1")]), &[&stranger])).await,
        Reason::NOT_FOUND,
    );
    let request = named(offer(&made.id, &[(W53, "40"), (W01, "30")]), &[&buyer]);
    let published = supplier.publish_offer(request.clone()).await.unwrap();
    assert_eq!(supplier.publish_offer(request).await.unwrap(), published, "the same request, the same offer");
    assert_eq!(offered(&supplier, &made.id).await, ["40", "30"]);
    refused(
        supplier.publish_offer(named(offer(&made.id, &[(W53, "61")]), &[&buyer])).await,
        Reason::OFFER_EXCEEDS_CAPACITY,
    );
    refused(stranger.offer(&published.id).await, Reason::NOT_FOUND);
    let listed = buyer.offers().list_offers(ListOffersRequest::default()).await.unwrap().into_inner().offers;
    assert_eq!((listed.len(), free(&listed[0])), (1, vec!["40".to_string(), "30".to_string()]));
    assert!(listed[0].group_id.is_empty() && listed[0].buckets[0].total.is_none());

    // All or nothing: the second week has not so much.
    let short = buyer.hold(&published, &[(0, "10"), (1, "31")], 0).await;
    let short = refused(short, Reason::CAPACITY_SHORT);
    assert_eq!(metadata(&short).get("free_elsewhere"), None, "every week was asked for");
    let short = refused(buyer.hold(&published, &[(0, "41")], 0).await, Reason::CAPACITY_SHORT);
    assert_eq!(metadata(&short)["free_elsewhere"], format!("{W01}=30"), "where there is room instead");
    assert_eq!(free(&buyer.offer(&published.id).await.unwrap()), ["40", "30"]);
    let wanted = hold(&published, &[(0, "10"), (1, "30")], 0);
    let one = buyer.reservations().hold_capacity(wanted.clone()).await.unwrap().into_inner();
    let same = buyer.reservations().hold_capacity(wanted.clone()).await.unwrap().into_inner();
    assert_eq!(one, same);
    let other = proto::capacity::HoldCapacityRequest { hold_seconds: 5, ..wanted };
    refused(buyer.reservations().hold_capacity(other).await, Reason::IDEMPOTENCY_KEY_REUSED);
    assert_eq!(free(&buyer.offer(&published.id).await.unwrap()), ["30", "0"]);
    assert_eq!(buyer.confirm(&one.id).await.unwrap().state(), State::Confirmed);
    refused(supplier.give_back(&one.id).await, Reason::NOT_FOUND);
    refused(stranger.confirm(&one.id).await, Reason::NOT_FOUND);

    // Released twice is released once.
    let two = buyer.hold(&published, &[(0, "5")], 0).await.unwrap();
    assert_eq!(buyer.give_back(&two.id).await.unwrap().state(), State::Released);
    assert_eq!(buyer.give_back(&two.id).await.unwrap().state(), State::Released);
    refused(buyer.confirm(&two.id).await, Reason::RESERVATION_ENDED);
    assert_eq!(free(&buyer.offer(&published.id).await.unwrap()), ["30", "0"]);

    consumed_expired_withdrawn(&world, (&buyer, &supplier), &made.id, (&published, &one.id)).await;
    world.finish().await;
}

/// What follows a confirmed reservation of 10 and 30 hours: an order, a hold that nobody confirms, and a withdrawal.
async fn consumed_expired_withdrawn(
    world: &World,
    (buyer, supplier): (&Firm, &Firm),
    group: &str,
    (published, one): (&Offer, &str),
) {
    // In an order's own transaction, and once.
    let pool = chassis::db::TenantPool::new(world.app_pool().await.clone());
    let order = chassis::clock::system().id();
    let take = async |order: uuid::Uuid| {
        let mut tx = pool.begin(buyer.uuid()).await.unwrap();
        let taken = sqlx::query("select capacity.take_hold($1, $2, '10')")
            .bind(uuid::Uuid::try_parse(one).unwrap())
            .bind(order)
            .fetch_one(tx.conn())
            .await
            .map(|row| row.get::<uuid::Uuid, _>(0));
        tx.commit().await.unwrap();
        taken
    };
    assert_eq!(take(order).await.unwrap(), supplier.uuid());
    assert_eq!(take(order).await.unwrap(), supplier.uuid());
    assert!(take(chassis::clock::system().id()).await.is_err(), "another order");
    refused(buyer.give_back(one).await, Reason::RESERVATION_ENDED);

    // Nobody confirms it in time.
    let three = buyer.hold(published, &[(0, "30")], 1).await.unwrap();
    let request = || GetReservationRequest { reservation_id: three.id.clone() };
    until("the hold ends", SOON, async || {
        let seen = supplier.reservations().get_reservation(request()).await.unwrap().into_inner();
        (seen.state() == State::Expired).then_some(())
    })
    .await;
    assert_eq!(free(&buyer.offer(&published.id).await.unwrap()), ["30", "0"]);

    // What is reserved stays offered, the rest goes back to the machine.
    let withdraw = WithdrawOfferRequest { request_id: request_id(), offer_id: published.id.clone() };
    assert!(supplier.offers().withdraw_offer(withdraw).await.unwrap().into_inner().withdrawn);
    assert_eq!(offered(supplier, group).await, ["10", "30"]);
    let short = refused(buyer.hold(published, &[(0, "1")], 0).await, Reason::CAPACITY_SHORT);
    assert_eq!(metadata(&short).get("free_elsewhere"), None, "of what is withdrawn nothing is free");
    until("both are told of the order", SOON, async || {
        let consumed = told(buyer).await.iter().any(|one| one == "consumed");
        (consumed && told(supplier).await.len() == 9).then_some(())
    })
    .await;
    let mut both = told(buyer).await;
    assert_eq!(both, told(supplier).await);
    both.sort();
    let all = ["confirmed", "consumed", "expired", "held", "held", "held", "published 40 30", "released"];
    assert_eq!(both[..8], all);
    assert_eq!(both[8], "withdrawn 0 0");
}

/// Orders and offers reach for the same hour at the same moment.
#[tokio::test]
async fn one_hour_is_not_offered_twice() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let own = linking(group("一号机", &[(W53, "10", "10")]), vec![link(&buyer.id, "X", "1")]);
    let made = supplier.state_group(own).await.unwrap();
    buyer.state_demand(demand("X", &[(W53, "4")])).await.unwrap();
    // What a customer wants is not offered to others unless it is said so: it has to be known first.
    world.settled().await;
    // Whom the busy machine answers nothing asks again; whom the offer is refused does not.
    let one = async |request: PublishOfferRequest| loop {
        match supplier.publish_offer(request.clone()).await {
            Err(status)
                if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Aborted) => {}
            answer => return answer,
        }
    };
    let tries = (0..16).map(|_| one(offer(&made.id, &[(W53, "3")])));
    let answers = futures::future::join_all(tries).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    let refusals: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(refusals.iter().all(|status| status.code() == Code::FailedPrecondition), "{refusals:?}");
    let offered = offered(&supplier, &made.id).await;
    assert_eq!((won, offered), (2, vec!["6".to_string()]), "{refusals:?}");
    world.finish().await;
}
