//! What belongs to others does not exist: in code, in body, in lists and counts.

use chassis::Reason;
use harness::{
    Firm, World, accept_all, answer, decide, events,
    file::Content,
    order,
    refusal::{refused, visible},
    request_id,
    resource::shown,
};
use proto::{
    orders::{GetOrderRequest, ListOrderLinesRequest, ListOrdersRequest, ListScheduleLinesRequest, Side},
    partners::{GetFirmRequest, ListRelationshipsRequest, Role, UpdateRelationshipRequest},
    resources::{GetRevisionRequest, ListResourcesRequest, ListRevisionsRequest, ReleaseRevisionRequest},
    stream::GetHeadRequest,
};
use tonic::Status;

/// The status of a refused call about one id, and of the same call about an id that nobody has.
async fn both(id: &str, call: impl AsyncFn(String) -> Result<(), Status>) -> (Status, Status) {
    let foreign = refused(call(id.into()).await, Reason::NOT_FOUND);
    let nothing = refused(call(request_id()).await, Reason::NOT_FOUND);
    (foreign, nothing)
}

#[tokio::test]
async fn a_foreign_order_is_answered_like_one_that_does_not_exist() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    // A competitor of the buyer: it trades with the same supplier.
    let rival = world.firm("木棉门业(示例)有限公司").await;
    world.partner(&rival, &supplier, "GYS-033").await;
    let receipt = buyer.publish(order("4500001").line("10", "X", "10", "1").to("V100")).await.unwrap();
    let id = receipt.order_id.as_str();
    let proposed =
        supplier.respond(answer(id).propose("10", "", &[("10", "2027-01-01")]).done()).await.unwrap();
    let proposal = proposed.lines[0].proposal_id.clone();
    let mut orders = rival.orders();
    let mut pairs = Vec::new();
    pairs.push(
        both(id, async |order_id| rival.orders().get_order(GetOrderRequest { order_id }).await.map(drop))
            .await,
    );
    pairs.push(
        both(id, async |order_id| {
            let request = ListOrderLinesRequest { order_id, ..ListOrderLinesRequest::default() };
            rival.orders().list_order_lines(request).await.map(drop)
        })
        .await,
    );
    pairs.push(both(id, async |order_id| rival.respond(accept_all(&order_id)).await.map(drop)).await);
    pairs.push(
        both(id, async |order_id| {
            rival.orders().resolve_proposal(decide(&order_id, &[(&proposal, true)])).await.map(drop)
        })
        .await,
    );
    for (foreign, nothing) in &pairs {
        assert_eq!(visible(foreign), visible(nothing));
    }
    for malformed in ["", "x", "%", "00000000-0000-0000-0000-000000000000", &id.to_uppercase()[1..]] {
        let status = orders.get_order(GetOrderRequest { order_id: malformed.into() }).await;
        assert_eq!(visible(&refused(status, Reason::NOT_FOUND)), visible(&pairs[0].0), "{malformed:?}");
    }
    // The buyer may not answer, and the supplier not decide: for them it is not that kind of order.
    refused(buyer.respond(accept_all(id)).await, Reason::NOT_FOUND);
    refused(supplier.orders().resolve_proposal(decide(id, &[(&proposal, true)])).await, Reason::NOT_FOUND);
    assert_eq!(buyer.order(id).await.unwrap().version, 2, "nothing of this took effect");
    world.finish().await;
}

#[tokio::test]
async fn a_rival_changes_nothing_that_a_buyer_can_observe() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let rival = world.firm("木棉门业(示例)有限公司").await;
    let view = async |firm: &Firm| {
        let list = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
        let rows =
            ListScheduleLinesRequest { side: Side::Buyer.into(), ..ListScheduleLinesRequest::default() };
        let mut head = firm.stream().get_head(GetHeadRequest {}).await.unwrap().into_inner();
        head.at = None;
        (
            firm.orders().list_orders(list).await.unwrap().into_inner(),
            firm.orders().list_schedule_lines(rows).await.unwrap().into_inner(),
            firm.relationships()
                .list_relationships(ListRelationshipsRequest::default())
                .await
                .unwrap()
                .into_inner(),
            firm.firms()
                .get_firm(GetFirmRequest { firm_id: supplier.id.clone() })
                .await
                .unwrap()
                .into_inner(),
            head,
        )
    };
    buyer.publish(order("1").line("10", "X", "10", "1").to("V100")).await.unwrap();
    world.settled().await;
    let before = view(&buyer).await;
    world.partner(&rival, &supplier, "V100").await;
    for n in 0..5 {
        // The same numbers as the buyer's, by purpose.
        let receipt =
            rival.publish(order(&n.to_string()).line("10", "X", "10", "1").to("V100")).await.unwrap();
        supplier.accept_all(&receipt.order_id).await.unwrap();
    }
    world.settled().await;
    assert_eq!(view(&buyer).await, before);
    let feed = buyer.events().await;
    assert!(feed.iter().all(|entry| events::event(entry).counterparty != rival.id));
    world.finish().await;
}

#[tokio::test]
async fn firms_see_themselves_and_their_partners() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let stranger = world.firm("陌生企业(示例)").await;
    let get = async |who: &Firm, firm_id: &str| {
        who.firms()
            .get_firm(GetFirmRequest { firm_id: firm_id.into() })
            .await
            .map(tonic::Response::into_inner)
    };
    assert_eq!(get(&buyer, "").await.unwrap().id, buyer.id);
    assert_eq!(get(&buyer, &supplier.id).await.unwrap().name, supplier.name);
    let foreign = refused(get(&buyer, &stranger.id).await, Reason::NOT_FOUND);
    let nothing = refused(get(&buyer, &request_id()).await, Reason::NOT_FOUND);
    assert_eq!(visible(&foreign), visible(&nothing));
    refused(get(world.operator().await, &buyer.id).await, Reason::NOT_FOUND);
    let relationship = world.partner(&buyer, &stranger, "V300").await;
    assert!(get(&buyer, &stranger.id).await.is_ok(), "a partner now");
    let update = |id: &str, etag: &str| UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: id.into(),
        state: proto::partners::RelationshipState::Ended.into(),
        etag: etag.into(),
        ..UpdateRelationshipRequest::default()
    };
    let foreign = refused(
        supplier.relationships().update_relationship(update(&relationship.id, &relationship.etag)).await,
        Reason::NOT_FOUND,
    );
    let nothing = refused(
        supplier.relationships().update_relationship(update(&request_id(), "1")).await,
        Reason::NOT_FOUND,
    );
    assert_eq!(visible(&foreign), visible(&nothing));
    world.finish().await;
}

#[tokio::test]
async fn the_operator_sees_no_business() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let receipt = buyer.publish(order("1").line("10", "X", "10", "1").to("V100")).await.unwrap();
    // The administrator of the operator's firm holds both roles; a key with the operator's alone holds none of business.
    let operator = world.operator().await;
    let key = operator.key_with(&[Role::Operator], None).await;
    refused(key.order(&receipt.order_id).await, Reason::PERMISSION_DENIED);
    refused(key.stream().get_head(GetHeadRequest {}).await, Reason::PERMISSION_DENIED);
    refused(operator.session().order(&receipt.order_id).await, Reason::NOT_FOUND);
    let person = operator.session();
    let list = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
    assert!(person.orders().list_orders(list).await.unwrap().into_inner().orders.is_empty());
    world.finish().await;
}

/// What partners may find is for partners: a drawing with its file is nothing to whoever runs the platform.
#[tokio::test]
async fn the_operator_sees_no_drawings() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    let content = Content::pdf(4_096);
    let resource = owner.publish_resource(shown("支架图纸")).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision = owner.drafted(&resource, "B").await;
    let file = owner.put_file(&revision, "支架 B.pdf", &content).await.expect("a file").id;
    let release = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: revision.clone(),
        ..ReleaseRevisionRequest::default()
    };
    owner.revisions().release_revision(release).await.expect("released");
    let all = ListResourcesRequest::default();
    let of_it = ListRevisionsRequest { resource_id: resource.clone(), ..ListRevisionsRequest::default() };
    let one = GetRevisionRequest { revision_id: revision };
    // All of this is there for a partner.
    assert_eq!(supplier.finds(all.clone()).await, ["支架图纸"]);
    assert_eq!(supplier.resource(&resource).await.expect("granted").content.unwrap().name, "支架图纸");
    let revisions = supplier.revisions().list_revisions(of_it.clone()).await.expect("granted").into_inner();
    assert_eq!(revisions.revisions.len(), 1);
    supplier.revisions().get_revision(one.clone()).await.expect("granted");
    assert!(supplier.fetch(&file, 0, 0).await.expect("granted") == content.bytes(0..content.size));

    // A key with the operator's role alone holds nothing of business.
    let operator = world.operator().await;
    refused(operator.resources().list_resources(all.clone()).await, Reason::PERMISSION_DENIED);
    // For the administrator of the operator's firm, who holds both roles, there is none.
    assert_eq!(operator.session().finds(all).await, Vec::<String>::new());
    for (who, reason) in [(&**operator, Reason::PERMISSION_DENIED), (operator.session(), Reason::NOT_FOUND)] {
        refused(who.resource(&resource).await, reason);
        refused(who.revisions().list_revisions(of_it.clone()).await, reason);
        refused(who.revisions().get_revision(one.clone()).await, reason);
        refused(who.fetch(&file, 0, 0).await, reason);
        refused(who.link_to(&file, 60).await, reason);
        refused(who.ask_for(&resource).await, reason);
    }
    world.finish().await;
}

#[tokio::test]
async fn one_side_does_not_write_what_is_the_others() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let relationship = world.partner(&buyer, &supplier, "V100").await;
    let change = |vendor: Option<&str>, customer: Option<&str>| UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: relationship.id.clone(),
        vendor_number: vendor.map(str::to_string),
        customer_number: customer.map(str::to_string),
        etag: relationship.etag.clone(),
        ..UpdateRelationshipRequest::default()
    };
    refused(
        supplier.relationships().update_relationship(change(Some("V1"), None)).await,
        Reason::PERMISSION_DENIED,
    );
    refused(
        buyer.relationships().update_relationship(change(None, Some("K1"))).await,
        Reason::PERMISSION_DENIED,
    );
    let changed = buyer
        .relationships()
        .update_relationship(change(Some("0000410882"), None))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(changed.vendor_number, "0000410882", "leading zeros count");
    let stale = supplier.relationships().update_relationship(change(None, Some("K1"))).await;
    refused(stale, Reason::STALE_ETAG);
    buyer.publish(order("1").line("10", "X", "10", "1").to("0000410882")).await.expect("by the new number");
    world.finish().await;
}
