//! Rows of subscriptions.

use harness::request_id;
use proto::stream::{create_subscription_request::Start, *};

use super::{
    cast::{Cast, Side},
    rows::{Object, Row, build, either, list, named, object, own, plain},
};

/// A subscription to what happens from now on.
pub fn create(name: &str) -> CreateSubscriptionRequest {
    CreateSubscriptionRequest {
        request_id: request_id(),
        name: name.into(),
        start: Some(Start::Latest(true)),
    }
}

/// The row of a method; none for one that nobody thought about.
pub fn row(method: &str) -> Option<Row> {
    Some(match method {
        "CreateSubscription" => own(build!(|cast, _, _| plain(create(&cast.number())))),
        "GetSubscription" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let name = either(object, || cast.subscription.clone());
                named(&name.clone(), GetSubscriptionRequest { name })
            }),
        ),
        "ListSubscriptions" => list(
            |cast| cast.subscription.clone(),
            false,
            build!(|_, _, _| plain(ListSubscriptionsRequest { page_size: 1_000, ..Default::default() })),
        ),
        "DeleteSubscription" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let name = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.new_subscription().await,
                    (Object::Real, _) => cast.subscription.clone(),
                };
                named(&name.clone(), DeleteSubscriptionRequest { request_id: request_id(), name })
            }),
        ),
        "AcknowledgeSubscription" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let name = either(object, || cast.subscription.clone());
                let cursor = head(cast, caller).await;
                let request_id = request_id();
                let request =
                    AcknowledgeSubscriptionRequest { request_id, name: name.clone(), cursor, rewind: false };
                named(&name, request)
            }),
        ),
        _ => return None,
    })
}

/// A cursor of the caller's own feed, as far as it may follow it: whose subscription it is shall decide, not whose cursor.
async fn head(cast: &Cast, caller: Side) -> String {
    let head = cast.firm(caller).session().stream().get_head(GetHeadRequest {}).await;
    head.map(|head| head.into_inner().cursor).unwrap_or_default()
}
