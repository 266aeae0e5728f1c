//! Rows of capability profiles, of requests for capacity and of matches, each about one made for the call.

use harness::{
    need::{able, needed, proposal},
    request_id,
};
use proto::capacity::*;

use super::{
    cast::{Cast, Side},
    rows::{Row, build, either, made, named, object, own, plain, shared},
};

const W53: &str = "2026-12-28";

/// A request of the buyer that its partners see.
async fn fresh(cast: &Cast) -> String {
    cast.buyer.session().publish_need(needed("1", (W53, W53))).await.expect("a request").id
}

/// A match that the supplier proposed to the buyer.
async fn proposed(cast: &Cast) -> String {
    let request = fresh(cast).await;
    cast.supplier.session().propose_match(proposal(&request, "")).await.expect("a match").id
}

/// The row of a method of CapabilityService.
pub fn capabilities(method: &str) -> Option<Row> {
    Some(match method {
        "SetCapabilityProfile" => own(build!(|cast, caller, _| {
            let own = cast.firm(caller).session().profile("").await.expect("the own profile");
            plain(SetCapabilityProfileRequest {
                request_id: request_id(),
                version: own.version,
                content: Some(able("注塑", &["PP"])),
                ..SetCapabilityProfileRequest::default()
            })
        })),
        "GetCapabilityProfile" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let partners = OfferVisibility::Partners;
                cast.buyer
                    .session()
                    .set_profile(able("注塑", &["PP"]), partners, "")
                    .await
                    .expect("a profile");
                let firm_id = either(object, || cast.buyer.id.clone());
                named(&firm_id.clone(), GetCapabilityProfileRequest { firm_id })
            }),
        ),
        "ListCapabilityProfiles" => own(build!(|_, _, _| plain(ListCapabilityProfilesRequest::default()))),
        "ListFirmNames" => own(build!(|cast, _, _| {
            plain(ListFirmNamesRequest { firm_ids: vec![cast.buyer.id.clone(), cast.rival.id.clone()] })
        })),
        _ => return None,
    })
}

/// The row of a method of CapacityRequestService.
pub fn requests(method: &str) -> Option<Row> {
    Some(match method {
        "PublishCapacityRequest" => own(build!(|_, _, _| plain(needed("1", (W53, W53))))),
        "ChangeCapacityRequest" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let id = made(object, fresh(cast)).await;
                let new = needed("2", (W53, W53));
                let request = ChangeCapacityRequestRequest {
                    request_id: request_id(),
                    capacity_request_id: id.clone(),
                    version: 1,
                    content: new.content,
                    visibility: new.visibility,
                    ..ChangeCapacityRequestRequest::default()
                };
                named(&id, request)
            }),
        ),
        "CloseCapacityRequest" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let id = made(object, fresh(cast)).await;
                let capacity_request_id = id.clone();
                named(&id, CloseCapacityRequestRequest { request_id: request_id(), capacity_request_id })
            }),
        ),
        "GetCapacityRequest" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let capacity_request_id = made(object, fresh(cast)).await;
                named(&capacity_request_id.clone(), GetCapacityRequestRequest { capacity_request_id })
            }),
        ),
        "ListCapacityRequests" => own(build!(|_, _, _| plain(ListCapacityRequestsRequest::default()))),
        "MatchCapacityRequest" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let id = made(object, fresh(cast)).await;
                let request =
                    MatchCapacityRequestRequest { capacity_request_id: id.clone(), ..Default::default() };
                named(&id, request)
            }),
        ),
        _ => return None,
    })
}

/// The row of a method of CapacityMatchService.
pub fn matches(method: &str) -> Option<Row> {
    Some(match method {
        // The supplier answers; whoever asks itself has to say whose offer.
        "ProposeMatch" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let id = match caller {
                    // Its own customer's request, which the buyer does not see.
                    Side::Buyer => {
                        cast.rival
                            .session()
                            .publish_need(needed("1", (W53, W53)))
                            .await
                            .expect("a request")
                            .id
                    }
                    _ => fresh(cast).await,
                };
                let id = either(object, || id);
                named(&id, proposal(&id, ""))
            }),
        ),
        "AdvanceMatch" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let match_id = made(object, proposed(cast)).await;
                let state = MatchState::Declined.into();
                named(&match_id.clone(), AdvanceMatchRequest { request_id: request_id(), match_id, state })
            }),
        ),
        "GetMatch" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let match_id = made(object, proposed(cast)).await;
                named(&match_id.clone(), GetMatchRequest { match_id })
            }),
        ),
        "ListMatches" => own(build!(|_, _, _| plain(ListMatchesRequest::default()))),
        // The buyer alone joined it.
        "CountMatches" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let cluster_id = either(object, || cast.cluster.clone());
                named(&cluster_id.clone(), CountMatchesRequest { cluster_id })
            }),
        ),
        _ => return None,
    })
}
