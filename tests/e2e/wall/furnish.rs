//! Something in every table that orders and relationships leave empty.

use std::time::Duration;

use harness::{Firm, World, request_id, until};
use proto::{
    notices::{Channel, CreateChannelRequest, Medium, SendTestNoticeRequest},
    partners::{
        Alias, AliasKind, CreateClusterRequest, InviteSuppliersRequest, InviteToClusterRequest,
        JoinClusterRequest, PurchasingGroup, SetAliasesRequest, SetPurchasingGroupRequest, SupplierRow,
        VerifyFirmRequest,
    },
};

/// Tables of the buyer, its membership in a cluster, and what the operator did to it.
pub(super) async fn buyer(world: &World, buyer: &Firm) {
    let alias = Alias {
        kind: AliasKind::Unit.into(),
        written: "件".into(),
        meaning: "H87".into(),
        ..Alias::default()
    };
    let request = SetAliasesRequest { request_id: request_id(), aliases: vec![alias] };
    buyer.aliases().set_aliases(request).await.expect("an alias");
    let group = PurchasingGroup { code: "P01".into(), name: "采购一组".into() };
    let request = SetPurchasingGroupRequest { request_id: request_id(), group: Some(group) };
    buyer.groups().set_purchasing_group(request).await.expect("a group");
    let row = SupplierRow {
        name: "受邀".into(),
        vendor_number: "V500".into(),
        phone: "100-0000-0001".into(),
        ..SupplierRow::default()
    };
    let request = InviteSuppliersRequest { request_id: request_id(), rows: vec![row], ..Default::default() };
    buyer.invitations().invite_suppliers(request).await.expect("invited");

    let operator = world.operator().await;
    let mut clusters = operator.session().clusters();
    let request =
        CreateClusterRequest { request_id: request_id(), name: "集群".into(), ..Default::default() };
    let cluster_id = clusters.create_cluster(request).await.expect("a cluster").into_inner().id;
    let (invited, firm_id) = (cluster_id.clone(), buyer.id.clone());
    let request = InviteToClusterRequest { request_id: request_id(), cluster_id: invited, firm_id };
    clusters.invite_to_cluster(request).await.expect("invited");
    let request = JoinClusterRequest { request_id: request_id(), cluster_id };
    buyer.clusters().join_cluster(request).await.expect("joined");
    let request = VerifyFirmRequest {
        request_id: request_id(),
        firm_id: buyer.id.clone(),
        evidence: "营业执照".into(),
    };
    operator.operating().verify_firm(request).await.expect("verified");
}

/// A channel through which a test went out, and which is told of what comes.
pub(super) async fn channel(firm: &Firm) {
    let request = CreateChannelRequest {
        request_id: request_id(),
        channel: Some(Channel { medium: Medium::Wecom.into(), name: "群".into(), ..Channel::default() }),
        address: format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={}", request_id()),
        secret: String::new(),
    };
    let channel_id = firm.notices().create_channel(request).await.expect("a channel").into_inner().id;
    let request = SendTestNoticeRequest { request_id: request_id(), channel_id };
    firm.notices().send_test_notice(request).await.expect("tried");
}

/// Waits until a firm's feed was followed to its end.
pub(super) async fn noted(world: &World, firm: &Firm) {
    let owner = world.owner_pool().await;
    until("notices are there", Duration::from_secs(20), async || {
        let noted: bool = sqlx::query_scalar("select exists (select from notices.notice where firm = $1)")
            .bind(firm.uuid())
            .fetch_one(owner)
            .await
            .expect("the owner reads everything");
        noted.then_some(())
    })
    .await;
}
