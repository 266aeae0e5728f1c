//! Resources through the public API: published, revised, asked for, granted, acknowledged, revoked; who finds them, who is
//! told, and what is written down.

mod binding;
mod commands;
mod formulas;
mod instruments;
mod rights;
mod search;
mod telling;

use std::{collections::BTreeMap, time::Duration};

use chassis::Reason;
use harness::{
    Access, Firm, World,
    events::{Payload, event, payload, short},
    refusal::{metadata, refused},
    request_id,
    resource::{ask, draft, drawing, grant, shown},
    until,
};
use proto::resources::*;

/// What a firm was told of resources, as `<what> <name or kind>`, after so many entries of its feed.
async fn told(firm: &Firm, after: usize) -> Vec<String> {
    let feed = firm.events().await;
    let resources = feed.iter().skip(after).filter(|entry| event(entry).source == "tandem/resources");
    resources.map(|entry| format!("{} {}", short(entry), about(&payload(event(entry))))).collect()
}

fn about(payload: &Payload) -> String {
    match payload {
        Payload::Opened(_, resource, revision) => {
            let label = revision.as_ref().map(|revision| revision.label.clone()).unwrap_or_default();
            let name = resource.content.clone().unwrap_or_default().name;
            let parts = [name, label, if resource.usable { "use".into() } else { String::new() }];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Payload::Entitled(_, entitlement) => entitlement.resource_name.clone(),
        Payload::Noted(noted) => format!("{} {}", noted.resource_name, noted.revision_label),
        Payload::Looked(entry) => format!("{} {}", entry.resource_name, entry.firm_name),
        other => panic!("{other:?} is about no resource"),
    }
}

/// The owner's log as `<kind> <firm>`, the oldest first.
async fn log(owner: &Access) -> Vec<(AccessKind, String)> {
    let mut stream =
        owner.access_log().export_access(ExportAccessRequest::default()).await.expect("a log").into_inner();
    let mut entries = Vec::new();
    while let Some(entry) = stream.message().await.expect("an entry") {
        entries.push((entry.kind(), entry.firm_name));
    }
    entries
}

async fn acknowledge(firm: &Access, revision: &str) -> Result<Acknowledgement, tonic::Status> {
    let request = AcknowledgeRevisionRequest { request_id: request_id(), revision_id: revision.into() };
    Ok(firm.revisions().acknowledge_revision(request).await?.into_inner())
}

#[tokio::test]
async fn a_drawing_is_opened_revised_and_closed() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mut request = drawing("转向柱支架 YZ-10022 图纸");
    request.resource_number = "YZ-10022".into();
    request.buyer_item_ids = vec!["YZ-10022".into()];
    let published = buyer.resources().publish_resource(request.clone()).await.unwrap().into_inner();
    let again = buyer.resources().publish_resource(request.clone()).await.unwrap().into_inner();
    assert_eq!(published, again, "a repeated request answers the same receipt");
    let resource = published.resource_id;
    let twice = PublishResourceRequest { request_id: request_id(), ..request };
    let status = refused(buyer.publish_resource(twice).await, Reason::ALREADY_EXISTS);
    assert_eq!(metadata(&status)["resource_id"], resource);

    // A draft is the owner's alone, and a drawing without a file is not released.
    refused(supplier.resource(&resource).await, Reason::NOT_FOUND);
    buyer.grant_resource(&resource, &supplier.id).await.expect("granted");
    let empty = CreateRevisionRequest { location: String::new(), ..draft(&resource, "空") };
    let empty = buyer.revisions().create_revision(empty).await.unwrap().into_inner().revision_id;
    let release = |revision_id: &str| ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision_id.into(),
        ..ReleaseRevisionRequest::default()
    };
    refused(buyer.revisions().release_revision(release(&empty)).await, Reason::REVISION_EMPTY);
    let b = buyer.release(&resource, "B").await.expect("released");
    refused(buyer.revisions().create_revision(draft(&resource, "B")).await, Reason::ALREADY_EXISTS);
    let seen = supplier.resource(&resource).await.expect("granted");
    assert!(seen.usable && seen.visibility == 0 && seen.buyer_item_ids == ["YZ-10022"]);
    let current = seen.current.expect("released");
    assert!(current.to_acknowledge && current.label == "B" && current.revision_id == b);
    let waits = ListResourcesRequest { to_acknowledge: true, ..ListResourcesRequest::default() };
    assert_eq!(supplier.finds(waits.clone()).await, ["转向柱支架 YZ-10022 图纸"]);
    acknowledge(&supplier, &b).await.expect("taken note");
    let noted = acknowledge(&supplier, &b).await.expect("once is enough");
    assert!(supplier.finds(waits.clone()).await.is_empty());

    // The next revision supersedes it, and waits for the supplier again.
    let c = buyer.release(&resource, "C").await.expect("released");
    refused(acknowledge(&supplier, &empty).await, Reason::NOT_FOUND);
    assert_eq!(acknowledge(&supplier, &b).await.expect("still so"), noted);
    refused(buyer.revisions().release_revision(release(&b)).await, Reason::REVISION_STATE);
    assert_eq!(supplier.finds(waits).await.len(), 1);
    let list = ListRevisionsRequest { resource_id: resource.clone(), ..ListRevisionsRequest::default() };
    let labels = |list: ListRevisionsResponse| -> Vec<(String, RevisionState)> {
        list.revisions.iter().map(|one| (one.label.clone(), one.state())).collect()
    };
    let both = [("C".to_string(), RevisionState::Released), ("B".to_string(), RevisionState::Superseded)];
    let theirs = supplier.revisions().list_revisions(list.clone()).await.unwrap().into_inner();
    assert_eq!(labels(theirs), both);
    let ours = buyer.revisions().list_revisions(list).await.unwrap().into_inner();
    assert_eq!(labels(ours)[2], ("空".to_string(), RevisionState::Draft));
    let compare = CompareRevisionsRequest { before_revision_id: b.clone(), after_revision_id: c.clone() };
    let differ = supplier.revisions().compare_revisions(compare).await.unwrap().into_inner().differences;
    let fields: Vec<&str> = differ.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["label", "change_note", "location"]);
    let missing = ListAcknowledgementsRequest { revision_id: c, missing: true, ..Default::default() };
    let missing = buyer.revisions().list_acknowledgements(missing).await.unwrap().into_inner();
    assert_eq!(missing.acknowledgements[0].firm_name, supplier.name);

    close(&world, (&buyer, &supplier), &resource).await;
    world.finish().await;
}

/// Closed for good; what each was told of it all, and what was written down.
async fn close(world: &World, (buyer, supplier): (&Firm, &Firm), resource: &str) {
    let withdraw = WithdrawResourceRequest { request_id: request_id(), resource_id: resource.into() };
    buyer.resources().withdraw_resource(withdraw).await.expect("withdrawn");
    refused(supplier.resource(resource).await, Reason::NOT_FOUND);
    refused(buyer.revisions().create_revision(draft(resource, "D")).await, Reason::RESOURCE_WITHDRAWN);
    refused(buyer.grant_resource(resource, &supplier.id).await, Reason::RESOURCE_WITHDRAWN);
    world.settled().await;
    let name = "转向柱支架 YZ-10022 图纸";
    let expected = [
        format!("entitlement.granted {name}"),
        format!("revision.released {name} B use"),
        format!("revision.acknowledged {name} B"),
        format!("revision.released {name} C use"),
        format!("resource.withdrawn {name}"),
    ];
    assert_eq!(told(supplier, 0).await, expected);
    let kinds: Vec<AccessKind> = log(buyer).await.into_iter().map(|entry| entry.0).collect();
    // What was looked at within some seconds is one look: the resource, and then its revision C beside B.
    let expected = [AccessKind::Granted, AccessKind::Viewed, AccessKind::Acknowledged, AccessKind::Viewed];
    assert_eq!(kinds, expected);
    let looked = told(buyer, 0).await;
    assert!(looked.contains(&format!("resource.viewed {name} {}", supplier.name)), "{looked:?}");
}

/// Software that one firm at a time may use.
fn one_seat() -> PublishResourceRequest {
    let mut seats = shown("模流分析软件席位");
    if let Some(content) = &mut seats.content {
        content.category = ResourceCategory::Software.into();
        (content.seats, content.acknowledge) = (1, false);
    }
    seats
}

#[tokio::test]
async fn what_is_asked_for_is_decided_once() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("木棉门业(示例)有限公司").await;
    let resource = buyer.publish_resource(one_seat()).await.expect("published");
    buyer.release(&resource, "2026").await.expect("released");
    let found = supplier.resource(&resource).await.expect("found");
    assert!(!found.usable && found.current.as_ref().is_some_and(|one| one.revision_id.is_empty()));
    let list = ListRevisionsRequest { resource_id: resource.clone(), ..ListRevisionsRequest::default() };
    refused(supplier.revisions().list_revisions(list).await, Reason::NOT_FOUND);
    refused(stranger.ask_for(&resource).await, Reason::NOT_FOUND);
    let bare = RequestEntitlementRequest { terms: None, ..ask(&resource) };
    refused(supplier.entitlements().request_entitlement(bare).await, Reason::INVALID_FIELDS);
    let asked = supplier.ask_for(&resource).await.expect("asked").id;
    let status = refused(supplier.ask_for(&resource).await, Reason::ENTITLEMENTS_STAND);
    assert_eq!(metadata(&status)["entitlement_id"], asked);
    let refuse = RefuseEntitlementRequest {
        request_id: request_id(),
        entitlement_id: asked.clone(),
        note: "席位已满".into(),
    };
    refused(supplier.entitlements().refuse_entitlement(refuse.clone()).await, Reason::NOT_FOUND);
    buyer.entitlements().refuse_entitlement(refuse).await.expect("refused");
    let answer = |entitlement: &str| GrantEntitlementRequest {
        request_id: request_id(),
        entitlement_id: entitlement.into(),
        ..GrantEntitlementRequest::default()
    };
    refused(buyer.entitlements().grant_entitlement(answer(&asked)).await, Reason::ENTITLEMENT_STATE);

    let asked = supplier.ask_for(&resource).await.expect("asked anew").id;
    let granted = buyer.entitlements().grant_entitlement(answer(&asked)).await.unwrap().into_inner();
    assert_eq!(granted.terms.clone().unwrap_or_default().purpose, "报价", "as it was asked for");
    assert!(supplier.resource(&resource).await.expect("granted").usable);
    refused(buyer.grant_resource(&resource, &stranger.id).await, Reason::NOT_FOUND);
    let third = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&buyer, &third, "V200").await;
    refused(buyer.grant_resource(&resource, &third.id).await, Reason::LIMIT_REACHED);
    world.settled().await;
    let before = supplier.events().await.len();
    buyer.revoke(&asked).await.expect("revoked");
    let again = buyer.revoke(&asked).await.expect("it has ended");
    assert_eq!(again.state(), EntitlementState::Revoked);
    // No longer usable, and of what comes now it hears nothing: neither may it use it, nor does it follow.
    buyer.release(&resource, "2027").await.expect("released");
    world.settled().await;
    assert_eq!(told(&supplier, before).await, ["entitlement.revoked 模流分析软件席位"]);
    assert!(!supplier.resource(&resource).await.expect("found").usable);

    // What has its time ends by itself, and the seat is free again.
    let clock = chassis::clock::system();
    let soon = clock.now() + Duration::from_secs(3);
    let mut brief = grant(&resource, &third.id);
    brief.terms.get_or_insert_default().valid_until = Some(chassis::value::timestamp(soon));
    let brief = buyer.entitlements().grant_entitlement(brief).await.unwrap().into_inner();
    let usable = third.resource(&resource).await.expect("granted").usable;
    assert!(usable || clock.now() >= soon, "until its time is over");
    let get = GetEntitlementRequest { entitlement_id: brief.id };
    until("the entitlement expires", Duration::from_secs(60), async || {
        let now = third.entitlements().get_entitlement(get.clone()).await.expect("it").into_inner();
        (now.state() == EntitlementState::Expired).then_some(())
    })
    .await;
    assert!(!third.resource(&resource).await.expect("found").usable);
    buyer.grant_resource(&resource, &supplier.id).await.expect("a seat is free");
    world.finish().await;
}

#[tokio::test]
async fn who_follows_hears_of_what_it_may_find() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let (mate, stranger) = (world.firm("邻益注塑(示例)有限公司").await, world.firm("陌生企业(示例)").await);
    let cluster = crate::capacity::need::cluster(&world, &[&buyer, &mate]).await;
    let follow = |owner: &str, category: ResourceCategory| FollowRequest {
        request_id: request_id(),
        owner_id: owner.into(),
        category: category.into(),
    };
    let any = ResourceCategory::Unspecified;
    refused(stranger.following().follow(follow(&buyer.id, any)).await, Reason::NOT_FOUND);
    refused(supplier.following().follow(follow("", any)).await, Reason::INVALID_FIELDS);
    let followed = supplier.following().follow(follow(&buyer.id, any)).await.unwrap().into_inner();
    mate.following().follow(follow("", ResourceCategory::Course)).await.expect("followed");
    stranger.following().follow(follow("", ResourceCategory::Course)).await.expect("followed");

    let mut course = drawing("注塑车间数字化管理");
    if let Some(content) = &mut course.content {
        content.category = ResourceCategory::Course.into();
    }
    (course.visibility, course.cluster_id) = (ResourceVisibility::Cluster.into(), cluster.clone());
    course.open = true;
    let course_id = buyer.publish_resource(course.clone()).await.expect("published");
    buyer.publish_resource(shown("报价模板")).await.expect("published");
    buyer.publish_resource(drawing("核心图纸")).await.expect("published");
    world.settled().await;
    assert_eq!(told(&mate, 0).await, ["resource.published 注塑车间数字化管理 use"]);
    assert_eq!(told(&supplier, 0).await, ["resource.published 报价模板"]);
    assert!(told(&stranger, 0).await.is_empty());
    let all = ListResourcesRequest::default;
    assert_eq!(mate.finds(all()).await, ["注塑车间数字化管理"]);
    assert_eq!(supplier.finds(all()).await, ["报价模板"]);
    assert!(stranger.finds(all()).await.is_empty());

    classes(&buyer, &supplier, &cluster).await;

    // Whoever follows no more, or finds no more, hears no more.
    let unfollow = UnfollowRequest { request_id: request_id(), following_id: followed.id };
    assert!(supplier.following().unfollow(unfollow.clone()).await.unwrap().into_inner().ended);
    let again = UnfollowRequest { request_id: request_id(), ..unfollow };
    refused(supplier.following().unfollow(again).await, Reason::NOT_FOUND);
    world.settled().await;
    let before = mate.events().await.len();
    let hide = ChangeResourceRequest {
        request_id: request_id(),
        resource_id: course_id,
        version: 1,
        content: course.content,
        ..ChangeResourceRequest::default()
    };
    buyer.resources().change_resource(hide.clone()).await.expect("hidden");
    let stale = ChangeResourceRequest { request_id: request_id(), ..hide };
    refused(buyer.resources().change_resource(stale).await, Reason::STALE_ETAG);
    let heard = told(&supplier, 0).await.len();
    buyer.publish_resource(shown("新模板")).await.expect("published");
    world.settled().await;
    assert!(told(&mate, before).await.is_empty());
    assert_eq!(told(&supplier, 0).await.len(), heard + 1, "it may use all drawings, and hears of them");
    world.finish().await;
}

/// A class of data bounds who may find it, and to whom it may be granted.
async fn classes(buyer: &Firm, supplier: &Firm, cluster: &str) {
    let mut core = shown("核心工艺");
    let class = |request: &mut PublishResourceRequest, class: ResourceClassification| {
        request.content.get_or_insert_default().classification = class.into();
    };
    class(&mut core, ResourceClassification::Core);
    refused(buyer.publish_resource(core.clone()).await, Reason::INVALID_FIELDS);
    core.visibility = ResourceVisibility::Granted.into();
    let core = buyer.publish_resource(core).await.expect("published");
    let shared =
        GrantEntitlementRequest { firm_id: String::new(), cluster_id: cluster.into(), ..grant(&core, "") };
    refused(buyer.entitlements().grant_entitlement(shared).await, Reason::INVALID_FIELDS);
    // All drawings are the supplier's now, but for the core one.
    let drawings = GrantEntitlementRequest {
        resource_id: String::new(),
        category: ResourceCategory::Drawing.into(),
        ..grant("", &supplier.id)
    };
    buyer.entitlements().grant_entitlement(drawings).await.expect("granted");
    assert_eq!(supplier.finds(ListResourcesRequest::default()).await, ["核心图纸", "报价模板"]);
    refused(supplier.resource(&core).await, Reason::NOT_FOUND);
    buyer.grant_resource(&core, &supplier.id).await.expect("granted by itself");
    assert!(supplier.resource(&core).await.expect("granted").usable);
}
