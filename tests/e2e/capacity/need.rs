//! Need and match through the public API: who sees a request, which offers meet it and why, and what comes of it.

use std::collections::BTreeSet;

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::group,
    decimal,
    events::{Payload, event, payload},
    need::{needed, proposal},
    refusal::refused,
    request_id,
};
use proto::{
    capacity::{
        ChangeCapacityRequestRequest, CloseCapacityRequestRequest, ConditionOutcome, CountMatchesRequest,
        ListCapacityRequestsRequest, ListMatchesRequest, ListOffersRequest, MatchCapacityRequestRequest,
        MatchCapacityRequestResponse, MatchState as State, OfferLimits, OfferVisibility as Visible,
        PublishCapacityRequestRequest, PublishOfferRequest, UploadCapacityGroupRequest,
    },
    partners::{
        CreateClusterRequest, InviteToClusterRequest, JoinClusterRequest, RelationshipState,
        UpdateRelationshipRequest,
    },
};

use super::golden;

const W4: &str = "2026-12-21";
const W5: &str = "2026-12-28";
const W6: &str = "2027-01-04";

/// What is not met, as `KIND OUTCOME margin`, and whether the offer fits.
fn missed(found: &MatchCapacityRequestResponse, place: usize) -> (bool, Vec<String>) {
    let result = &found.results[place];
    let not_met = result.conditions.iter().filter(|one| one.outcome() != ConditionOutcome::Met);
    let said = not_met.map(|one| {
        let kind = one.kind().as_str_name().trim_start_matches("CONDITION_KIND_");
        let outcome = one.outcome().as_str_name().trim_start_matches("CONDITION_OUTCOME_");
        let margin = one.margin.as_ref().map(|margin| format!(" {}", margin.value)).unwrap_or_default();
        format!("{kind} {outcome}{margin}")
    });
    (result.fits, said.collect())
}

/// What each event of the feed says of requests and matches.
async fn told(firm: &Access) -> Vec<String> {
    let say = |entry: &proto::stream::FeedEvent| match payload(event(entry)) {
        Payload::Needed(what, request) => Some(format!("{what} {}", request.firm_ids.len())),
        Payload::Matched(one) => {
            Some(one.state().as_str_name().trim_start_matches("MATCH_STATE_").to_lowercase())
        }
        _ => None,
    };
    firm.events().await.iter().filter_map(say).collect()
}

async fn board(firm: &Access, own: bool) -> Vec<String> {
    let request = ListCapacityRequestsRequest { own, ..Default::default() };
    let listed = firm.capacity_requests().list_capacity_requests(request).await.expect("a list").into_inner();
    listed.requests.into_iter().map(|request| request.id).collect()
}

/// 650 t, PP and ABS, in a region, 40 hours a week in seconds.
async fn machine(supplier: &Firm) -> PublishOfferRequest {
    let weeks = [W4, W5, W6].map(|monday| (monday, "144000", "144000"));
    let group = supplier.state_group(group("650 t 二号机", &weeks)).await.expect("a group").id;
    let mut request = offer(&group, &[(W4, "144000"), (W5, "144000"), (W6, "144000")]);
    if let Some(content) = &mut request.content {
        content.materials = vec!["PP".into(), "ABS".into()];
        content.limits = Some(OfferLimits { tonnage_t: Some(decimal("650")), ..OfferLimits::default() });
        content.region = "990000".into();
    }
    request
}

/// The need of the sandbox's story.
fn story() -> PublishCapacityRequestRequest {
    let mut request = needed("80", (W4, W6));
    if let Some(content) = &mut request.content {
        content.materials = vec!["pp".into()];
        content.limits = Some(OfferLimits { tonnage_t: Some(decimal("650")), ..OfferLimits::default() });
        content.region = "990000".into();
        content.wished_certificates = vec!["ISO 9001".into()];
    }
    request
}

#[tokio::test]
async fn a_need_is_shown_met_and_answered() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let offered = supplier.publish_offer(named(machine(&supplier).await, &[&buyer])).await.unwrap();
    let mut bad = story();
    if let Some(content) = &mut bad.content {
        (content.quantity, content.last_monday) = (None, Some(harness::date("2026-12-29")));
    }
    refused(buyer.publish_need(bad).await, Reason::INVALID_FIELDS);
    let request = PublishCapacityRequestRequest {
        visibility: Visible::Named.into(),
        firm_ids: vec![supplier.id.clone()],
        ..story()
    };
    let to_stranger = PublishCapacityRequestRequest {
        request_id: request_id(),
        firm_ids: vec![stranger.id.clone()],
        ..request.clone()
    };
    refused(buyer.publish_need(to_stranger).await, Reason::NOT_FOUND);
    let published = buyer.publish_need(request.clone()).await.unwrap();
    assert_eq!(buyer.publish_need(request).await.unwrap(), published);
    let seen = supplier.need(&published.id).await.unwrap();
    assert!(seen.firm_ids.is_empty() && seen.content == published.content);
    assert_eq!((board(&supplier, false).await.len(), board(&supplier, true).await.len()), (1, 0));
    refused(stranger.need(&published.id).await, Reason::NOT_FOUND);
    assert!(board(&stranger, false).await.is_empty());
    refused(supplier.matching(&published.id).await, Reason::NOT_FOUND);

    let found = buyer.matching(&published.id).await.unwrap();
    assert_eq!((found.fitting, found.results[0].conditions.len()), (1, 7));
    assert_eq!(missed(&found, 0), (true, vec!["CERTIFICATE NOT_STATED".to_owned()]));
    assert_eq!(found.results[0].enough_by, Some(harness::date(W5)));
    let shown = found.results[0].offer.as_ref().unwrap();
    assert!(shown.id == offered.id && shown.buckets.len() == 3 && shown.group_id.is_empty());
    // 60 of 120 hours are held: 20 are missing.
    buyer.hold(&offered, &[(0, "144000"), (1, "72000")], 0).await.unwrap();
    let short = buyer.matching(&published.id).await.unwrap();
    let not_met = ["QUANTITY NOT_MET -20", "CERTIFICATE NOT_STATED"].map(str::to_owned);
    assert_eq!(missed(&short, 0), (false, not_met.to_vec()));
    assert_eq!((short.fitting, short.results[0].offer.as_ref().unwrap().buckets.len()), (0, 2));

    answered(&buyer, &supplier, &stranger, &published.id, &offered.id).await;
    let version = supplier.need(&published.id).await.unwrap().version;
    let close =
        CloseCapacityRequestRequest { request_id: request_id(), capacity_request_id: published.id.clone() };
    assert!(buyer.capacity_requests().close_capacity_request(close).await.unwrap().into_inner().closed);
    let change = ChangeCapacityRequestRequest {
        request_id: request_id(),
        capacity_request_id: published.id.clone(),
        version: version + 1,
        content: story().content,
        visibility: Visible::Partners.into(),
        ..ChangeCapacityRequestRequest::default()
    };
    refused(buyer.capacity_requests().change_capacity_request(change).await, Reason::REQUEST_CLOSED);
    refused(supplier.propose_match(proposal(&published.id, "")).await, Reason::NOT_FOUND);
    refused(supplier.need(&published.id).await, Reason::NOT_FOUND);
    world.settled().await;
    let all = ["proposed", "declined", "proposed", "accepted", "contracted", "delivered"];
    let mut expected: Vec<String> = all.iter().map(ToString::to_string).collect();
    expected.insert(0, "published 0".into());
    expected.push("closed 0".into());
    assert_eq!(told(&supplier).await, expected);
    (expected[0], expected[7]) = ("published 1".into(), "closed 1".into());
    assert_eq!(told(&buyer).await, expected);
    assert!(told(&stranger).await.is_empty());
    world.finish().await;
}

/// A machine stands still in a week of which it was offered: nothing of that can be held, and nothing of it is shown.
#[tokio::test]
async fn a_week_of_which_nothing_is_free_is_not_shown() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let offered = supplier.publish_offer(named(machine(&supplier).await, &[&buyer])).await.unwrap();
    let need = buyer.publish_need(story()).await.unwrap().id;
    let weeks = [(W4, "144000", "144000"), (W5, "0", "0"), (W6, "144000", "144000")];
    let still =
        UploadCapacityGroupRequest { group_id: offered.group_id.clone(), ..group("650 t 二号机", &weeks) };
    supplier.state_group(still).await.unwrap();
    let found = buyer.matching(&need).await.unwrap();
    assert_eq!((found.fitting, found.results[0].enough_by), (1, Some(harness::date(W6))));
    let shown = found.results[0].offer.clone().unwrap().buckets.into_iter().map(|bucket| bucket.monday);
    assert_eq!(shown.collect::<Vec<_>>(), [W4, W6].map(|monday| Some(harness::date(monday))));
    let request = MatchCapacityRequestRequest { capacity_request_id: need, ..Default::default() };
    let best = buyer.capacity_requests().match_capacity_request(request).await.unwrap().into_inner();
    assert_eq!(best, found, "the best alone");
    world.finish().await;
}

/// The machine, by what another supplier would call it and make.
async fn of_process(supplier: &Firm, process: &str, material: &str) -> PublishOfferRequest {
    let mut request = machine(supplier).await;
    if let Some(content) = &mut request.content {
        (content.process, content.materials) = (process.into(), vec![material.into()]);
    }
    request
}

#[tokio::test]
async fn an_offer_of_another_process_is_near_where_it_meets_all_else() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let alike = of_process(&supplier, "注塑成型", "PP").await;
    let alike = supplier.publish_offer(named(alike, &[&buyer])).await.unwrap();
    for (process, material, to) in [("冲压", "SPFH590", &buyer), ("注塑成型", "PP", &rival)] {
        let offer = of_process(&supplier, process, material).await;
        supplier.publish_offer(named(offer, &[to])).await.unwrap();
    }
    let need = buyer.publish_need(story()).await.unwrap().id;
    let found = buyer.matching(&need).await.unwrap();
    assert_eq!(
        (found.fitting, found.results.len()),
        (0, 1),
        "nothing that misses more, nothing of the rival's"
    );
    let not_met = ["PROCESS NOT_MET", "CERTIFICATE NOT_STATED"].map(str::to_owned);
    assert_eq!(missed(&found, 0), (false, not_met.to_vec()));
    assert_eq!(found.results[0].offer.as_ref().unwrap().id, alike.id);
    // Of 120 hours half are held: it misses two conditions.
    buyer.hold(&alike, &[(0, "144000"), (1, "72000")], 0).await.unwrap();
    assert!(buyer.matching(&need).await.unwrap().results.is_empty());
    world.finish().await;
}

/// The supplier answers and takes it back; then the buyer asks, and all goes its way.
async fn answered(buyer: &Firm, supplier: &Firm, stranger: &Firm, request: &str, offer: &str) {
    refused(stranger.propose_match(proposal(request, "")).await, Reason::NOT_FOUND);
    let first = supplier.propose_match(proposal(request, "")).await.unwrap();
    refused(buyer.propose_match(proposal(request, offer)).await, Reason::ALREADY_EXISTS);
    refused(supplier.advance_match(&first.id, State::Accepted).await, Reason::MATCH_STATE);
    assert_eq!(supplier.advance_match(&first.id, State::Declined).await.unwrap().version, 2);
    refused(buyer.advance_match(&first.id, State::Accepted).await, Reason::MATCH_STATE);
    refused(buyer.propose_match(proposal(request, "")).await, Reason::INVALID_FIELDS);

    let second = buyer.propose_match(proposal(request, offer)).await.unwrap();
    assert_eq!((&second.supplier_id, &second.proposed_by_id), (&supplier.id, &buyer.id));
    refused(buyer.advance_match(&second.id, State::Accepted).await, Reason::MATCH_STATE);
    refused(stranger.advance_match(&second.id, State::Accepted).await, Reason::NOT_FOUND);
    supplier.advance_match(&second.id, State::Accepted).await.unwrap();
    refused(supplier.advance_match(&second.id, State::Contracted).await, Reason::MATCH_STATE);
    refused(buyer.advance_match(&second.id, State::Delivered).await, Reason::MATCH_STATE);
    buyer.advance_match(&second.id, State::Contracted).await.unwrap();
    refused(supplier.advance_match(&second.id, State::Declined).await, Reason::MATCH_STATE);
    let done = buyer.advance_match(&second.id, State::Delivered).await.unwrap();
    assert_eq!(buyer.advance_match(&second.id, State::Delivered).await.unwrap(), done);
    let list = ListMatchesRequest { capacity_request_id: request.into(), ..Default::default() };
    let listed = supplier.capacity_matches().list_matches(list).await.unwrap().into_inner().matches;
    assert_eq!(listed.iter().map(|one| one.state()).collect::<Vec<_>>(), [State::Delivered, State::Declined]);
    assert_eq!(listed[0], done);
}

/// A cluster that these firms have joined.
pub(crate) async fn cluster(world: &World, firms: &[&Firm]) -> String {
    let mut clusters = world.operator().await.session().clusters();
    let request =
        CreateClusterRequest { request_id: request_id(), name: "集群".into(), ..Default::default() };
    let cluster_id = clusters.create_cluster(request).await.expect("a cluster").into_inner().id;
    for firm in firms {
        let (cluster_id, firm_id) = (cluster_id.clone(), firm.id.clone());
        let join = JoinClusterRequest { request_id: request_id(), cluster_id: cluster_id.clone() };
        let invite = InviteToClusterRequest { request_id: request_id(), cluster_id, firm_id };
        clusters.invite_to_cluster(invite).await.expect("invited");
        firm.clusters().join_cluster(join).await.expect("joined");
    }
    cluster_id
}

/// The offers that a firm may book, and those that a need of its own finds.
async fn two_ways(firm: &Firm) -> (BTreeSet<String>, BTreeSet<String>) {
    let listed = firm.offers().list_offers(ListOffersRequest::default()).await.expect("a list").into_inner();
    let need = firm.publish_need(needed("1", (W4, W6))).await.expect("a need").id;
    let request = MatchCapacityRequestRequest { capacity_request_id: need.clone(), ..Default::default() };
    let best = firm.capacity_requests().match_capacity_request(request).await.expect("the best").into_inner();
    assert_eq!(
        best,
        firm.matching(&need).await.expect("a search"),
        "with near misses, of which there is none"
    );
    let ids = best.results.into_iter().filter_map(|one| one.offer).map(|offer| offer.id);
    (listed.offers.into_iter().map(|offer| offer.id).collect(), ids.collect())
}

#[tokio::test]
async fn each_sees_what_is_meant_for_it_by_list_and_by_match_alike() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let mate = world.firm("邻益注塑(示例)有限公司").await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let cluster = cluster(&world, &[&supplier, &mate]).await;
    let audiences = [Visible::All, Visible::Partners, Visible::Cluster, Visible::Named];
    let cluster_id =
        |visibility| if visibility == Visible::Cluster { cluster.clone() } else { String::new() };
    let firm_ids = |visibility| if visibility == Visible::Named { vec![mate.id.clone()] } else { Vec::new() };
    let mut requests = Vec::new();
    for visibility in audiences {
        let (cluster_id, firm_ids) = (cluster_id(visibility), firm_ids(visibility));
        let request = PublishOfferRequest {
            visibility: visibility.into(),
            cluster_id: cluster_id.clone(),
            firm_ids: firm_ids.clone(),
            ..machine(&supplier).await
        };
        supplier.publish_offer(request).await.expect("an offer");
        let visibility = visibility.into();
        let request =
            PublishCapacityRequestRequest { visibility, cluster_id, firm_ids, ..needed("1", (W4, W6)) };
        requests.push(supplier.publish_need(request).await.expect("a need").id);
    }
    for (firm, expected) in [(&buyer, vec![0, 1]), (&mate, vec![0, 2, 3]), (&stranger, vec![0])] {
        let (listed, found) = two_ways(firm).await;
        assert_eq!((&listed, listed.len()), (&found, expected.len()), "offers in sight of {}", firm.name);
        let mut wanted: Vec<String> = expected.into_iter().map(|place| requests[place].clone()).collect();
        wanted.reverse();
        assert_eq!(board(firm, false).await, wanted, "requests in sight of {}, the newest first", firm.name);
    }
    let request = proto::partners::ListRelationshipsRequest::default();
    let listed = buyer.relationships().list_relationships(request).await.unwrap().into_inner();
    let update = UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: listed.relationships[0].id.clone(),
        state: RelationshipState::Suspended.into(),
        etag: listed.relationships[0].etag.clone(),
        ..UpdateRelationshipRequest::default()
    };
    buyer.relationships().update_relationship(update).await.expect("suspended");
    assert!(board(&buyer, false).await.is_empty(), "not even what is meant for all");
    let (listed, found) = two_ways(&buyer).await;
    assert!(listed.is_empty() && found.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn counts_of_others_are_told_from_five_firms_on() {
    let world = World::with(golden()).await;
    let asker = world.firm("澄屿家居用品(示例)有限公司").await;
    let mut firms = Vec::new();
    for n in 0..5 {
        firms.push(world.firm(&format!("第{n}家(示例)")).await);
    }
    let outside = world.firm("木棉门业(示例)有限公司").await;
    let members: Vec<&Firm> = firms.iter().chain([&asker]).collect();
    let cluster_id = cluster(&world, &members).await;
    let visibility = Visible::Cluster.into();
    let request =
        PublishCapacityRequestRequest { visibility, cluster_id: cluster_id.clone(), ..needed("1", (W4, W6)) };
    let request = asker.publish_need(request).await.unwrap().id;
    let count = async |firm: &Firm, cluster_id: &str| {
        let request = CountMatchesRequest { cluster_id: cluster_id.into() };
        let counted = firm.capacity_matches().count_matches(request).await?.into_inner().counts;
        Ok::<_, tonic::Status>(counted.iter().map(|one| one.matches).collect::<Vec<_>>())
    };
    for firm in &firms[..4] {
        firm.propose_match(proposal(&request, "")).await.unwrap();
    }
    assert_eq!(count(&asker, &cluster_id).await.unwrap(), [None; 5], "four others are too few");
    assert_eq!(count(&asker, "").await.unwrap(), [4, 0, 0, 0, 0].map(Some));
    assert_eq!(count(&firms[0], "").await.unwrap(), [1, 0, 0, 0, 0].map(Some));
    firms[4].propose_match(proposal(&request, "")).await.unwrap();
    for firm in [&asker, &firms[0]] {
        assert_eq!(count(firm, &cluster_id).await.unwrap(), [Some(5), None, None, None, None]);
    }
    refused(count(&outside, &cluster_id).await, Reason::NOT_FOUND);
    world.finish().await;
}
