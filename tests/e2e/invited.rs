//! Suppliers that are not here yet: orders go to a placeholder, and follow whoever takes the invitation.

use chassis::Reason;
use harness::{Firm, World, events, events::Payload, order, refusal::refused, request_id};
use proto::{
    orders::{ListOrdersRequest, OrderState, Side},
    partners::{
        AcceptInvitationRequest, ClaimInvitationRequest, FirmState, InspectLinkRequest,
        ListRelationshipsRequest, RelationshipState, RenewInvitationRequest, TradingRelationship,
    },
};
use sqlx::PgPool;
use uuid::Uuid;

fn token(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_string()
}

fn claim(path: &str) -> ClaimInvitationRequest {
    ClaimInvitationRequest { request_id: request_id(), token: token(path), ..Default::default() }
}

async fn relationships(firm: &Firm) -> Vec<TradingRelationship> {
    let request = ListRelationshipsRequest::default();
    firm.relationships().list_relationships(request).await.expect("relationships").into_inner().relationships
}

/// A feed that nobody can read any more, as it is stored.
async fn stored_feed(owner: &PgPool, feed: &str) -> Vec<(i64, Vec<u8>)> {
    sqlx::query_as("select seq, chain from event.feed_entry where feed = $1 order by seq")
        .bind(Uuid::try_parse(feed).unwrap())
        .fetch_all(owner)
        .await
        .unwrap()
}

/// Two orders for a supplier that an order invited, and the invitation's link.
async fn two_orders_for_a_placeholder(buyer: &Firm) -> (Vec<String>, String, String) {
    let mut orders = Vec::new();
    for n in ["4500001", "4500002"] {
        let request =
            order(n).line("10", "CY-CT-0450", "4800", "2.18").to_invited("V400", "清禾包装(示例)有限公司");
        let receipt = buyer.publish(request).await.expect("published to a placeholder");
        assert_eq!(receipt.supplier_invited, orders.is_empty(), "the first order invites, the next finds it");
        orders.push(receipt);
    }
    assert_eq!(orders[0].supplier_id, orders[1].supplier_id);
    let relationship = relationships(buyer).await.pop().expect("the relationship");
    assert_eq!(relationship.state(), RelationshipState::Invited);
    let renew = RenewInvitationRequest { request_id: request_id(), relationship_id: relationship.id };
    let link = buyer.relationships().renew_invitation(renew).await.expect("a link").into_inner();
    let placeholder = orders[0].supplier_id.clone();
    (orders.into_iter().map(|receipt| receipt.order_id).collect(), placeholder, link.invitation_path)
}

/// The event of a relationship that an order began.
fn began(entry: &proto::stream::FeedEvent, buyer: &Firm, placeholder: &str) {
    let Payload::RelationshipChanged(changed) = events::payload(events::event(entry)) else {
        panic!("{entry:?}")
    };
    let relationship = changed.relationship.expect("how it stands");
    let firms = (relationship.buyer_id.as_str(), relationship.supplier_id.as_str());
    assert_eq!(firms, (buyer.id.as_str(), placeholder));
    assert_eq!(
        (relationship.state(), relationship.vendor_number.as_str()),
        (RelationshipState::Invited, "V400")
    );
}

#[tokio::test]
async fn whoever_accepts_an_invitation_finds_the_orders_there() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let (orders, placeholder, path) = two_orders_for_a_placeholder(&buyer).await;

    let inspect = InspectLinkRequest { token: token(&path) };
    let link = world.anybody().sessions().inspect_link(inspect.clone()).await.expect("a link").into_inner();
    assert_eq!((link.firm_name.as_str(), link.invited_by.as_str()), ("清禾包装(示例)有限公司", &*buyer.name));
    let accept = AcceptInvitationRequest {
        token: token(&path),
        member_name: "何姐".into(),
        firm_name: "清禾包装(示例)有限责任公司".into(),
        locale: "zh".into(),
        ..AcceptInvitationRequest::default()
    };
    let session =
        world.anybody().sessions().accept_invitation(accept.clone()).await.expect("accepted").into_inner();
    assert_eq!(session.firm_id, placeholder, "the placeholder is now their own");
    refused(world.anybody().sessions().accept_invitation(accept).await, Reason::LINK_USED);
    refused(world.anybody().sessions().inspect_link(inspect).await, Reason::LINK_USED);

    let supplier = world.access(&session.session_token);
    let inbox =
        ListOrdersRequest { side: Side::Supplier.into(), with_total: true, ..ListOrdersRequest::default() };
    let inbox = supplier.orders().list_orders(inbox).await.expect("the inbox").into_inner();
    assert_eq!(inbox.total, Some(2));
    world.settled().await;
    let feed = supplier.events().await;
    events::check_feed(&placeholder, &feed);
    assert_eq!(events::of_orders(&feed).len(), 2, "published to its feed at once, before anybody was there");
    began(&feed[0], &buyer, &placeholder);
    assert_eq!(
        feed.iter().map(events::short).collect::<Vec<_>>(),
        ["relationship.changed", "order.published", "order.published", "relationship.changed"],
        "it began once, before its first order, and was accepted"
    );
    assert_eq!(supplier.accept_all(&orders[0]).await.expect("answered").state(), OrderState::Accepted);
    let known = relationships(&buyer).await.pop().unwrap();
    assert_eq!((known.state(), known.supplier_state()), (RelationshipState::Active, FirmState::Active));
    assert_eq!(known.supplier_name, "清禾包装(示例)有限责任公司");
    world.finish().await;
}

#[tokio::test]
async fn an_invitation_is_taken_into_an_existing_firm_with_its_orders() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let (orders, placeholder, path) = two_orders_for_a_placeholder(&buyer).await;
    let supplier = world.firm("清禾包装(示例)有限公司").await;
    let before = supplier.events().await.len();
    world.settled().await;
    let of_placeholder = stored_feed(world.owner_pool().await, &placeholder).await;
    assert!(of_placeholder.len() >= 2);

    let claimed =
        supplier.relationships().claim_invitation(claim(&path)).await.expect("claimed").into_inner();
    assert_eq!(claimed.relationship.unwrap().supplier_id, supplier.id);
    world.settled().await;

    let (theirs, ours) = (supplier.events().await, buyer.events().await);
    events::check_feed(&supplier.id, &theirs);
    events::check_feed(&buyer.id, &ours);
    for id in &orders {
        let taken = events::of_order(&theirs[before..], id);
        let kinds: Vec<_> =
            taken.iter().map(|entry| (events::short(entry), events::event(entry).version)).collect();
        assert_eq!(
            kinds,
            [("order.supplier_changed", 2)],
            "the claimant's history begins with the order in full"
        );
        let Payload::SupplierChanged(event) = events::payload(events::event(taken[0])) else {
            panic!("changed")
        };
        let whole = event.order.unwrap();
        assert_eq!(
            (event.previous_supplier_id, whole.supplier_id.clone()),
            (placeholder.clone(), supplier.id.clone())
        );
        assert_eq!(whole.content.unwrap().lines.len(), 1);
        let versions: Vec<_> =
            events::of_order(&ours, id).iter().map(|entry| events::event(entry).version).collect();
        assert_eq!(versions, [1, 2], "contiguous for the buyer");
        let receipt = supplier.accept_all(id).await.expect("the claimant answers");
        assert_eq!(receipt.version, 3);
        let actions: Vec<_> =
            buyer.order(id).await.unwrap().history.into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["published", "supplier_changed", "responded"]);
    }
    assert_eq!(stored_feed(world.owner_pool().await, &placeholder).await, of_placeholder, "never rewritten");

    let next =
        order("4500003").line("10", "CY-CT-0450", "1", "2.18").to_invited("V400", "清禾包装(示例)有限公司");
    let receipt = buyer.publish(next).await.expect("the same number means the claimant");
    assert_eq!((receipt.supplier_id.as_str(), receipt.supplier_invited), (&*supplier.id, false));
    refused(supplier.relationships().claim_invitation(claim(&path)).await, Reason::LINK_USED);
    world.finish().await;
}

#[tokio::test]
async fn many_orders_of_a_placeholder_move_in_slices_and_none_is_left() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let mut answered = 0;
    for n in 0..120 {
        let request = order(&format!("45{n:05}")).line("10", "CY-CT-0450", "10", "2.18");
        buyer.publish(request.to_invited("V400", "清禾包装(示例)有限公司")).await.expect("published");
        answered += 1;
    }
    let relationship = relationships(&buyer).await.pop().unwrap();
    let renew = RenewInvitationRequest { request_id: request_id(), relationship_id: relationship.id };
    let path = buyer.relationships().renew_invitation(renew).await.unwrap().into_inner().invitation_path;
    let supplier = world.firm("清禾包装(示例)有限公司").await;
    supplier.relationships().claim_invitation(claim(&path)).await.expect("claimed");
    world.settled().await;
    let feed = supplier.events().await;
    events::check_feed(&supplier.id, &feed);
    let moved = feed.iter().filter(|entry| events::short(entry) == "order.supplier_changed").count();
    assert_eq!(moved, answered);
    world.finish().await;
}

#[tokio::test]
async fn an_invitation_can_be_renewed_until_it_is_taken_and_earlier_links_end() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let (relationship, first) = world.invite(&buyer, "顺模", "V100").await;
    let renew =
        || RenewInvitationRequest { request_id: request_id(), relationship_id: relationship.id.clone() };
    let renewed = buyer.relationships().renew_invitation(renew()).await.expect("renewed").into_inner();
    refused(supplier.relationships().claim_invitation(claim(&first)).await, Reason::LINK_EXPIRED);
    refused(buyer.relationships().claim_invitation(claim(&renewed.invitation_path)).await, Reason::OWN_FIRM);
    let stranger = world.firm("陌生企业(示例)").await;
    refused(stranger.relationships().renew_invitation(renew()).await, Reason::NOT_FOUND);

    supplier.relationships().claim_invitation(claim(&renewed.invitation_path)).await.expect("claimed");
    refused(buyer.relationships().renew_invitation(renew()).await, Reason::INVITATION_ACCEPTED);
    refused(supplier.relationships().renew_invitation(renew()).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test]
async fn inviting_reveals_nothing_of_firms_that_exist() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let existing = world.firm("顺模塑料制品(示例)厂").await;
    let (known, _) = world.invite(&buyer, &existing.name, "V100").await;
    let (unknown, _) = world.invite(&buyer, "世上没有的厂", "V101").await;
    assert_ne!(known.supplier_id, existing.id, "a placeholder of its own");
    let shape = |one: &TradingRelationship| {
        (one.state, one.supplier_state, one.customer_number.clone(), one.etag.clone())
    };
    assert_eq!(shape(&known), shape(&unknown));
    assert!(relationships(&existing).await.is_empty(), "and the firm learns of it by the link alone");
    let status = buyer
        .relationships()
        .invite_supplier(proto::partners::InviteSupplierRequest {
            request_id: request_id(),
            name: "另一家".into(),
            vendor_number: "V100".into(),
            ..Default::default()
        })
        .await;
    refused(status, Reason::ALREADY_EXISTS);
    world.finish().await;
}
