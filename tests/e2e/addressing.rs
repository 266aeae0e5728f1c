//! Whom an order goes to, and who may still be sent one, however the supplier is named.

use chassis::Reason;
use harness::{Firm, World, change::item, events, order, refusal::refused, request_id};
use proto::{
    orders::{OrderReceipt, SupplierAddress},
    partners::{
        ClaimInvitationRequest, ListRelationshipsRequest, RelationshipState, RenewInvitationRequest,
        SuspendFirmRequest, TradingRelationship, UpdateRelationshipRequest,
    },
};
use sqlx::AssertSqlSafe;
use tonic::Status;

/// An order to a firm by its name alone.
async fn by_name(buyer: &Firm, number: &str, name: &str) -> Result<OrderReceipt, Status> {
    let address = SupplierAddress { invite_as: name.into(), ..SupplierAddress::default() };
    buyer.publish(order(number).line("10", "X", "1", "1").to_address(address)).await
}

async fn by_number(buyer: &Firm, number: &str, vendor_number: &str) -> Result<OrderReceipt, Status> {
    buyer.publish(order(number).line("10", "X", "1", "1").to(vendor_number)).await
}

async fn relationship(buyer: &Firm, supplier_id: &str) -> TradingRelationship {
    let request = ListRelationshipsRequest { page_size: 1_000, ..Default::default() };
    let all = buyer.relationships().list_relationships(request).await.expect("listed").into_inner();
    all.relationships.into_iter().find(|one| one.supplier_id == supplier_id).expect("they trade")
}

async fn put(buyer: &Firm, supplier_id: &str, state: RelationshipState) {
    let one = relationship(buyer, supplier_id).await;
    let request = UpdateRelationshipRequest {
        request_id: request_id(),
        relationship_id: one.id,
        state: state.into(),
        etag: one.etag,
        ..UpdateRelationshipRequest::default()
    };
    buyer.relationships().update_relationship(request).await.expect("another state");
}

#[tokio::test]
async fn a_name_reaches_nobody_whom_a_number_does_not_reach() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let first = by_name(&buyer, "A1", "清禾包装(示例)").await.expect("invited");
    assert!(first.supplier_invited);
    let again = by_name(&buyer, "A2", "清禾包装(示例)").await.expect("the same firm");
    assert_eq!((&again.supplier_id, again.supplier_invited), (&first.supplier_id, false), "invited before");

    put(&buyer, &first.supplier_id, RelationshipState::Suspended).await;
    refused(by_name(&buyer, "A3", "清禾包装(示例)").await, Reason::RELATIONSHIP_NOT_ACTIVE);
    let other = by_name(&buyer, "A3", "恒铆五金(示例)").await.expect("another firm");
    assert!(other.supplier_invited, "and its neighbour's trouble is not its own");

    // Suspended by the operator.
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    world.partner(&buyer, &supplier, "").await;
    let name = SupplierAddress { invite_as: "顺模(旧名)".into(), ..SupplierAddress::default() };
    let known = format!(
        "insert into partners.known_as (buyer, scheme, value, supplier) values ('{}', 'NAME', '{}', '{}')",
        buyer.id, name.invite_as, supplier.id
    );
    sqlx::raw_sql(AssertSqlSafe(known)).execute(world.owner_pool().await).await.expect("known by a name");
    let receipt = by_name(&buyer, "A4", &name.invite_as).await.expect("a partner by its old name");
    assert_eq!((&receipt.supplier_id, receipt.supplier_invited), (&supplier.id, false));
    world.settled().await;
    let feed = buyer.events().await;
    let told = events::payload(events::event(events::of_order(&feed, &receipt.order_id)[0]));
    let events::Payload::Published(told) = told else { panic!("{told:?}") };
    assert_eq!(told.order.unwrap().supplier_name, supplier.name, "by its own name");
    let operator = world.operator().await;
    let request = SuspendFirmRequest {
        request_id: request_id(),
        firm_id: supplier.id.clone(),
        reason: "待核实".into(),
    };
    operator.operating().suspend_firm(request).await.expect("suspended");
    refused(by_name(&buyer, "A5", &name.invite_as).await, Reason::FIRM_SUSPENDED);
    let changed = order("A4").line("10", "X", "2", "1");
    refused(buyer.change(harness::change::change(&receipt.order_id, changed)).await, Reason::FIRM_SUSPENDED);
    world.finish().await;
}

#[tokio::test]
async fn a_number_that_an_ended_relationship_left_is_the_next_suppliers() {
    let world = World::start().await;
    let (buyer, old) = world.pair().await;
    put(&buyer, &old.id, RelationshipState::Ended).await;
    refused(by_number(&buyer, "A1", "V100").await, Reason::RELATIONSHIP_NOT_ACTIVE);
    let invited = buyer.publish(order("A1").line("10", "X", "1", "1").to_invited("V100", "接替(示例)"));
    let next = invited.await.expect("the number is free");
    assert!(next.supplier_invited && next.supplier_id != old.id);
    let second = by_number(&buyer, "A2", "V100").await.expect("unambiguous");
    assert_eq!(second.supplier_id, next.supplier_id);
    world.finish().await;
}

#[tokio::test]
async fn orders_on_their_way_to_a_claimant_are_asked_for_again() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let document = || order("A1").line("10", "X", "1", "1").to_invited("V400", "清禾包装(示例)");
    let receipt = buyer.publish(document()).await.expect("published");
    let one = relationship(&buyer, &receipt.supplier_id).await;
    let renew = RenewInvitationRequest { request_id: request_id(), relationship_id: one.id };
    let path = buyer.relationships().renew_invitation(renew).await.unwrap().into_inner().invitation_path;
    let supplier = world.firm("清禾包装(示例)有限公司").await;
    // Its orders stay where they are as long as somebody looks at them.
    let mut looking = world.owner_pool().await.begin().await.unwrap();
    sqlx::raw_sql("select from orders.order_state for update").execute(&mut *looking).await.unwrap();
    let token = path.rsplit('/').next().unwrap().to_string();
    let claim = ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() };
    supplier.relationships().claim_invitation(claim).await.expect("claimed");
    let answers = buyer.publish_all(vec![item("1", document())]).await.expect("answered");
    assert_eq!(answers[0].refusal.as_ref().expect("not yet").reason, Reason::CONFLICT.as_str());
    looking.rollback().await.unwrap();
    harness::until("the claimant has the order", std::time::Duration::from_secs(60), async || {
        supplier.order(&receipt.order_id).await.ok()
    })
    .await;
    let answers = buyer.publish_all(vec![item("1", document())]).await.expect("answered");
    assert!(answers[0].refusal.is_none(), "{answers:?}");
    world.finish().await;
}
