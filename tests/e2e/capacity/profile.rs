//! What firms can make through the public API: who sees a profile, and which firms could be asked for a need.

use chassis::Reason;
use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::group,
    cli, date, decimal,
    events::{Payload, event, payload},
    need::{able, needed, proposal},
    refusal::refused,
    request_id,
};
use proto::capacity::{
    CapabilityContent, ConditionKind, ConditionOutcome, HeldCertificate, ListCapabilityProfilesRequest,
    ListFirmNamesRequest, ManufacturingCapability, MatchState, MatchedProfile, OfferLimits,
    OfferVisibility as Visible, ProposeMatchRequest, PublishCapacityRequestRequest, PublishOfferRequest,
    SetCapabilityProfileRequest,
};

use super::{golden, need::cluster};

const W4: &str = "2026-12-21";
const W6: &str = "2027-01-04";

/// Two machines of one process, and a certificate that is valid to this day.
fn moulder(until: &str) -> CapabilityContent {
    let machine = |equipment: &str, tonnage: &str| ManufacturingCapability {
        process: "注塑".into(),
        equipment: vec![equipment.into()],
        materials: vec!["PP".into()],
        limits: Some(OfferLimits { tonnage_t: Some(decimal(tonnage)), ..OfferLimits::default() }),
    };
    CapabilityContent {
        capabilities: vec![machine("160 t", "160"), machine("650 t", "650")],
        certificates: vec![HeldCertificate { name: "ISO 9001".into(), valid_until: Some(date(until)) }],
        region: "990000".into(),
        note: String::new(),
    }
}

/// 80 hours on 650 t, with a certificate in the weeks to 10 January.
fn story() -> PublishCapacityRequestRequest {
    let mut request = needed("80", (W4, W6));
    if let Some(content) = &mut request.content {
        content.materials = vec!["pp".into()];
        content.limits = Some(OfferLimits { tonnage_t: Some(decimal("650")), ..OfferLimits::default() });
        content.certificates = vec!["ISO 9001".into()];
        content.region = "990000".into();
    }
    request
}

/// The firms whose profiles a firm sees, by process.
async fn sees(firm: &Access, process: &str) -> Vec<String> {
    let request = ListCapabilityProfilesRequest { process: process.into(), ..Default::default() };
    let listed = firm.capabilities().list_capability_profiles(request).await.expect("a list").into_inner();
    listed.profiles.into_iter().map(|one| one.firm_id).collect()
}

async fn could_be_asked(firm: &Firm, need: &str) -> Vec<MatchedProfile> {
    firm.matching(need).await.expect("a search").could_be_asked
}

/// Firms that do not meet a need, and the hard conditions that each misses.
async fn near(firm: &Firm, need: &str) -> Vec<(String, Vec<ConditionKind>)> {
    let found = firm.matching(need).await.expect("a search").near_profiles;
    let missed = |one: &MatchedProfile| {
        let missed = one.conditions.iter().filter(|one| one.hard && one.outcome() != ConditionOutcome::Met);
        missed.map(|one| one.kind()).collect()
    };
    found.iter().map(|one| (one.profile.clone().unwrap_or_default().firm_id, missed(one))).collect()
}

#[tokio::test]
async fn a_profile_is_set_seen_and_replaced_by_version() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let mate = world.firm("邻益注塑(示例)有限公司").await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let cluster = cluster(&world, &[&supplier, &mate]).await;
    assert_eq!(supplier.profile("").await.unwrap().version, 0);
    refused(buyer.profile(&supplier.id).await, Reason::NOT_FOUND);
    let mut bad = moulder("2027-06-30");
    bad.capabilities[1].process = " ".into();
    bad.region = "44190".into();
    refused(supplier.set_profile(bad, Visible::Partners, "").await, Reason::INVALID_FIELDS);
    refused(supplier.set_profile(moulder("2027-06-30"), Visible::Named, "").await, Reason::INVALID_FIELDS);
    refused(stranger.set_profile(moulder("2027-06-30"), Visible::Cluster, &cluster).await, Reason::NOT_FOUND);

    let request = SetCapabilityProfileRequest {
        request_id: request_id(),
        content: Some(moulder("2027-06-30")),
        ..SetCapabilityProfileRequest::default()
    };
    let set = async |request| Ok(supplier.capabilities().set_capability_profile(request).await?.into_inner());
    let first: proto::capacity::CapabilityProfile = set(request.clone()).await.unwrap();
    assert_eq!(
        (first.version, first.visibility()),
        (1, Visible::Partners),
        "for partners where nothing is said"
    );
    assert_eq!(set(request.clone()).await.unwrap(), first);
    let again = SetCapabilityProfileRequest { request_id: request_id(), ..request };
    refused(set(again).await, Reason::STALE_ETAG);
    let seen = buyer.profile(&supplier.id).await.unwrap();
    assert_eq!((&seen.content, seen.visibility()), (&first.content, Visible::Unspecified));
    assert_eq!(seen.firm_name, supplier.name);
    assert_eq!(sees(&buyer, " 注塑").await, [supplier.id.as_str()]);
    assert!(sees(&buyer, "冲压").await.is_empty());

    for (visibility, to, expected) in [
        (Visible::Partners, "", [true, false, false]),
        (Visible::Cluster, cluster.as_str(), [false, true, false]),
        (Visible::All, "", [true, true, true]),
    ] {
        supplier.set_profile(moulder("2027-06-30"), visibility, to).await.unwrap();
        for (firm, expected) in [&buyer, &mate, &stranger].into_iter().zip(expected) {
            assert_eq!(firm.profile(&supplier.id).await.is_ok(), expected, "{visibility:?} {}", firm.name);
            assert_eq!(sees(firm, "").await.len(), usize::from(expected), "{visibility:?} {}", firm.name);
        }
    }
    world.settled().await;
    let told = async |firm: &Firm| {
        let events = firm.events().await;
        let said = events.iter().filter_map(|entry| match payload(event(entry)) {
            Payload::Able(one) => Some((one.version, one.visibility())),
            _ => None,
        });
        said.collect::<Vec<_>>()
    };
    assert_eq!(told(&buyer).await, [(1, Visible::Unspecified), (2, Visible::Unspecified)]);
    assert_eq!(told(&supplier).await.len(), 4);
    assert!(told(&stranger).await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_firm_without_an_offer_is_named_and_asked() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    // Valid to the last Sunday but one: one day too short.
    supplier.set_profile(moulder("2027-01-09"), Visible::Partners, "").await.unwrap();
    stranger.set_profile(able("冲压", &["PP"]), Visible::All, "").await.unwrap();
    let need = buyer.publish_need(story()).await.unwrap().id;
    assert!(could_be_asked(&buyer, &need).await.is_empty());
    let other_work = [ConditionKind::Process, ConditionKind::Tonnage, ConditionKind::Certificate];
    let other_work = (stranger.id.clone(), other_work.to_vec());
    let expired = (supplier.id.clone(), vec![ConditionKind::Certificate]);
    assert_eq!(near(&buyer, &need).await, [expired, other_work.clone()], "the nearest first");
    supplier.set_profile(moulder("2027-01-10"), Visible::Partners, "").await.unwrap();
    assert_eq!(near(&buyer, &need).await, [other_work]);
    let found = could_be_asked(&buyer, &need).await;
    let conditions = &found[0].conditions;
    assert_eq!((found.len(), conditions.len()), (1, 5), "process, material, tonnage, certificate, region");
    assert!(conditions.iter().all(|one| one.outcome() == ConditionOutcome::Met));
    assert_eq!(found[0].capability.as_ref().unwrap().equipment, ["650 t"]);
    assert_eq!(found[0].profile.as_ref().unwrap().firm_id, supplier.id);

    let ask = |firm: &Firm| ProposeMatchRequest { supplier_id: firm.id.clone(), ..proposal(&need, "") };
    let hidden = world.firm("清禾包装(示例)有限公司").await;
    hidden.set_profile(moulder("2027-01-10"), Visible::Partners, "").await.unwrap();
    refused(buyer.propose_match(ask(&hidden)).await, Reason::NOT_FOUND);
    refused(buyer.propose_match(proposal(&need, "")).await, Reason::INVALID_FIELDS);
    let asked = buyer.propose_match(ask(&supplier)).await.unwrap();
    assert_eq!((&asked.supplier_id, asked.offer_id.as_str()), (&supplier.id, ""));
    supplier.advance_match(&asked.id, MatchState::Accepted).await.unwrap();

    // One that offers the process in these weeks is found by its offer, and not named again.
    let machines = supplier.state_group(group("机组", &[(W4, "10", "10")])).await.unwrap().id;
    let elsewhere = PublishOfferRequest {
        visibility: Visible::Cluster.into(),
        cluster_id: cluster(&world, &[&supplier, &stranger]).await,
        ..offer(&machines, &[(W4, "10")])
    };
    supplier.publish_offer(elsewhere).await.unwrap();
    assert_eq!(could_be_asked(&buyer, &need).await.len(), 1, "it offers nothing to this firm");
    let more = supplier.state_group(group("机组", &[(W4, "10", "10")])).await.unwrap().id;
    supplier.publish_offer(named(offer(&more, &[(W4, "10")]), &[&buyer])).await.unwrap();
    assert!(could_be_asked(&buyer, &need).await.is_empty());

    // Whose need or offer is seen is known by name, partner or not.
    let names = async |firm: &Firm, of: &Firm| {
        let request = ListFirmNamesRequest { firm_ids: vec![of.id.clone()] };
        let listed = firm.capabilities().list_firm_names(request).await.unwrap().into_inner().firms;
        listed.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert!(names(&stranger, &buyer).await.is_empty());
    assert_eq!(names(&stranger, &supplier).await, [supplier.name.as_str()]);
    let open = PublishCapacityRequestRequest { visibility: Visible::All.into(), ..story() };
    buyer.publish_need(open).await.unwrap();
    assert_eq!(names(&stranger, &buyer).await, [buyer.name.as_str()]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_shown_changed_and_set_by_commands() {
    let world = World::with(golden()).await;
    let (buyer, supplier) = world.pair().await;
    let run = async |firm: &Firm, arguments: &[&str]| {
        let arguments = [&["capacity", "profile"], arguments].concat();
        cli::run(&world, &firm.key, &arguments).await
    };
    supplier.set_profile(able("注塑", &["PP"]), Visible::Partners, "").await.unwrap();
    let mut shown = run(&supplier, &["show"]).await.done().json().remove(0);
    shown["content"]["region"] = "4419".into();
    let file = std::env::temp_dir().join(format!("profile-{}.json", request_id()));
    std::fs::write(&file, shown.to_string()).unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(run(&supplier, &["set", "--file", path]).await.done().json()[0]["version"], "2");
    let stale = run(&supplier, &["set", "--file", path]).await;
    assert!(stale.err.contains("STALE_ETAG"), "{stale:?}");
    std::fs::remove_file(&file).unwrap();
    let seen = run(&buyer, &["show", &supplier.id]).await.done().json().remove(0);
    assert_eq!(seen["content"]["region"], "4419");
    assert_eq!(run(&buyer, &["list", "--process", "注塑"]).await.done().json().len(), 1);
    world.finish().await;
}
