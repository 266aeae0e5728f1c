//! How a right to a resource ends: with the partnership, with the person, and with the cluster; and that each firm of a
//! cluster sees and counts its own.

use harness::file::{CHUNK, Content};
use proto::{
    partners::{
        ListRelationshipsRequest, RelationshipState, RevokeApiKeyRequest, TradingRelationship,
        UpdateRelationshipRequest,
    },
    resources::EntitlementState,
};

use super::*;

async fn put(buyer: &Firm, supplier: &str, state: RelationshipState) {
    let all = ListRelationshipsRequest { page_size: 1_000, ..Default::default() };
    let all = buyer.relationships().list_relationships(all).await.expect("listed").into_inner();
    let one: Vec<TradingRelationship> =
        all.relationships.into_iter().filter(|one| one.supplier_id == supplier).collect();
    let request = UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: one[0].id.clone(),
        state: state.into(),
        etag: one[0].etag.clone(),
        ..UpdateRelationshipRequest::default()
    };
    buyer.relationships().update_relationship(request).await.expect("another state");
}

async fn held(firm: &Access) -> Vec<Entitlement> {
    let list = ListEntitlementsRequest::default();
    firm.entitlements().list_entitlements(list).await.expect("a list").into_inner().entitlements
}

#[tokio::test]
async fn what_was_granted_does_not_come_back_with_the_next_partnership() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let resource = buyer.publish_resource(drawing("转向柱支架图纸")).await.expect("published");
    let granted = buyer.grant_resource(&resource, &supplier.id).await.expect("granted");
    buyer.release(&resource, "A").await.expect("released");
    assert!(supplier.resource(&resource).await.expect("granted").usable);

    put(&buyer, &supplier.id, RelationshipState::Ended).await;
    refused(supplier.resource(&resource).await, Reason::NOT_FOUND);
    refused(buyer.grant_resource(&resource, &supplier.id).await, Reason::RELATIONSHIP_NOT_ACTIVE);
    let ended = until("the entitlement ends for good", Duration::from_secs(60), async || {
        let now = held(&supplier).await;
        now.into_iter().find(|one| one.state() == EntitlementState::Revoked)
    });
    assert_eq!(ended.await.id, granted.id);

    world.partner(&buyer, &supplier, "V200").await;
    refused(supplier.resource(&resource).await, Reason::NOT_FOUND);
    buyer.grant_resource(&resource, &supplier.id).await.expect("granted anew");
    assert!(supplier.resource(&resource).await.expect("granted").usable);

    // Whoever was invited and has not come has nothing to use it with.
    let (invited, _) = world.invite(&buyer, "清禾包装(示例)", "V300").await;
    refused(buyer.grant_resource(&resource, &invited.supplier_id).await, Reason::RELATIONSHIP_NOT_ACTIVE);
    world.finish().await;
}

#[tokio::test]
async fn a_link_ends_with_what_it_was_asked_for_with() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let content = Content::pdf(CHUNK);
    let owner = buyer.session();
    let resource = owner.publish_resource(drawing("图纸")).await.expect("published");
    let revision = owner.drafted(&resource, "A").await;
    let file = owner.put_file(&revision, "图纸.pdf", &content).await.expect("a file").id;
    owner.grant_resource(&resource, &supplier.id).await.expect("granted");
    let release = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision,
        ..ReleaseRevisionRequest::default()
    };
    owner.revisions().release_revision(release).await.expect("released");

    let key = supplier.new_key("扫码枪", &[proto::partners::Role::Admin], None).await;
    let scanner = world.access(&key);
    let (theirs, ours) = (scanner.link_to(&file, 60).await, supplier.link_to(&file, 60).await);
    let (theirs, ours) = (theirs.expect("a link"), ours.expect("a link"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let status = async |url: &str| client.get(url).send().await.expect("an answer").status().as_u16();
    assert_eq!((status(&theirs).await, status(&ours).await), (200, 200));
    let id = key.split('_').nth(2).expect("a key has an id").to_owned();
    let revoke = RevokeApiKeyRequest { request_id: request_id(), api_key_id: id };
    supplier.session().members().revoke_api_key(revoke).await.expect("revoked");
    assert_eq!((status(&theirs).await, status(&ours).await), (404, 200), "its link alone");
    world.finish().await;
}

#[tokio::test]
async fn firms_of_a_cluster_see_and_count_their_own() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let mate = world.firm("邻益注塑(示例)有限公司").await;
    let cluster = crate::capacity::need::cluster(&world, &[&buyer, &supplier, &mate]).await;
    let content = Content::pdf(CHUNK);
    let owner = buyer.session();
    let resource = owner.publish_resource(drawing("课程资料")).await.expect("published");
    let revision = owner.drafted(&resource, "1").await;
    let mut files = Vec::new();
    for name in ["一.pdf", "二.pdf"] {
        files.push(owner.put_file(&revision, name, &content).await.expect("a file").id);
    }
    let release = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision,
        ..ReleaseRevisionRequest::default()
    };
    owner.revisions().release_revision(release).await.expect("released");
    let mut granting = grant(&resource, "");
    granting.cluster_id = cluster;
    granting.terms = Some(EntitlementTerms { download_limit: 1, ..EntitlementTerms::default() });
    let granted = owner.entitlements().grant_entitlement(granting).await.expect("granted").into_inner();

    supplier.fetch(&files[0], 0, 0).await.expect("its first");
    refused(supplier.fetch(&files[1], 0, 0).await, Reason::DOWNLOAD_LIMIT);
    assert_eq!(held(&mate).await[0].downloads, 0, "of others it learns nothing");
    assert_eq!(held(&supplier).await[0].downloads, 1);
    mate.fetch(&files[1], 0, 0).await.expect("its own first");

    owner.revoke(&granted.id).await.expect("revoked");
    assert!(held(&mate).await.is_empty(), "what the cluster had before is nobody's news");
    refused(mate.resource(&resource).await, Reason::NOT_FOUND);
    world.finish().await;
}

#[tokio::test]
async fn whoever_runs_a_cluster_opens_courses_to_its_members() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("邻益注塑(示例)有限公司").await;
    let cluster_id = crate::capacity::need::cluster(&world, &[&buyer, &supplier]).await;
    let operator = world.operator().await.session();
    let course = |name: &str| PublishResourceRequest {
        visibility: ResourceVisibility::Cluster.into(),
        cluster_id: cluster_id.clone(),
        open: true,
        ..drawing(name)
    };
    let id = operator.publish_resource(course("注塑车间数字化管理")).await.expect("published");
    operator.release(&id, "1").await.expect("released");
    for member in [&buyer, &supplier] {
        let seen = member.resource(&id).await.expect("a member finds it");
        assert!(seen.usable && !seen.owner_name.is_empty());
        assert_eq!(member.finds(ListResourcesRequest::default()).await, ["注塑车间数字化管理"]);
    }
    refused(stranger.resource(&id).await, Reason::NOT_FOUND);
    assert!(stranger.finds(ListResourcesRequest::default()).await.is_empty());
    // It belongs to the cluster no more than before: what members open to each other is not for it.
    let theirs = buyer.publish_resource(course("模具档案")).await.expect("published");
    assert!(supplier.resource(&theirs).await.expect("a member finds it").usable);
    refused(operator.resource(&theirs).await, Reason::NOT_FOUND);
    assert_eq!(operator.finds(ListResourcesRequest::default()).await, Vec::<String>::new());
    refused(stranger.publish_resource(course("别人的集群")).await, Reason::NOT_FOUND);
    // A grant to the cluster, too, and its members hold it.
    let hidden = operator.publish_resource(drawing("合同样本")).await.expect("published");
    let granting = GrantEntitlementRequest { cluster_id, firm_id: String::new(), ..grant(&hidden, "") };
    operator.entitlements().grant_entitlement(granting).await.expect("granted");
    assert!(supplier.resource(&hidden).await.expect("granted").usable);
    world.finish().await;
}
