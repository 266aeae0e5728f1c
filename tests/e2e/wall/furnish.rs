//! Something in every table that orders and relationships leave empty.

use std::time::Duration;

use harness::{
    Firm, World, answer,
    change::{cancel, change, hold, release, withdraw},
    order, request_id, until,
};
use proto::{
    interchange::{DocumentFormat, ImportDocumentRequest},
    notices::{Channel, CreateChannelRequest, Medium, SendTestNoticeRequest},
    orders::WithdrawChangeRequest,
    partners::{
        Alias, AliasKind, Announcement, AnnouncementKind, CreateClusterRequest, DismissAnnouncementRequest,
        FilteredList, InviteSupplierRequest, InviteSuppliersRequest, InviteToClusterRequest,
        JoinClusterRequest, PartyId, PublishAnnouncementRequest, PurchasingGroup, SaveFilterRequest,
        SavedFilter, SetAliasesRequest, SetPurchasingGroupRequest, SupplierRow, VerifyFirmRequest,
    },
    stream::{
        AcknowledgeSubscriptionRequest, CreateSubscriptionRequest, CreateWebhookRequest, Subscription,
        TestWebhookRequest, Webhook, WebhookMode, create_subscription_request,
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
    let filter = SavedFilter {
        list: FilteredList::Purchases.into(),
        name: "采购一组".into(),
        purchasing_group: "P01".into(),
        ..SavedFilter::default()
    };
    let request = SaveFilterRequest { request_id: request_id(), filter: Some(filter) };
    buyer.sessions().save_filter(request).await.expect("a filter");
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
    let told = Announcement {
        kind: AnnouncementKind::Notice.into(),
        text_zh: "新版手册已发布".into(),
        shown_until: Some(chassis::value::timestamp(
            chassis::clock::system().now() + time::Duration::days(1),
        )),
        ..Announcement::default()
    };
    let request = PublishAnnouncementRequest { request_id: request_id(), announcement: Some(told) };
    let told = operator.operating().publish_announcement(request).await.expect("announced").into_inner();
    let told = told.announcement.expect("what is announced");
    let request =
        DismissAnnouncementRequest { request_id: request_id(), announcement_id: told.id, etag: told.etag };
    buyer.sessions().dismiss_announcement(request).await.expect("put away");
}

/// What both sides do to an order with a line 20 of which something is unanswered and something accepted.
pub(super) async fn history(buyer: &Firm, supplier: &Firm, order_id: &str) {
    let proposed = answer(order_id).propose("20", "", &[("10", "2027-02-01")]).done();
    let proposed = supplier.respond(proposed).await.expect("proposed");
    let taken_back = withdraw(order_id, &[&proposed.lines[0].proposal_id]);
    supplier.withdraw(taken_back).await.expect("taken back");
    buyer.cancel(cancel(order_id, &[("20", "15")])).await.expect("cancelled");
    buyer.changes().hold_order(hold(order_id)).await.expect("held");
    buyer.changes().release_order(release(order_id)).await.expect("released");
}

/// Two changes of a frozen order: one that was taken back, and one that waits.
pub(super) async fn pending(buyer: &Firm, order_id: &str) {
    let ask = async |quantity: &str| {
        let changed = order("").line("10", "X", quantity, "6.85");
        buyer.change(change(order_id, changed)).await.expect("asked for").pending_change_id
    };
    let request = WithdrawChangeRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        change_id: ask("120").await,
        note: String::new(),
    };
    buyer.changes().withdraw_change(request).await.expect("taken back");
    assert_ne!(ask("130").await, "", "it waits");
}

/// A firm and an invited supplier that have numbers of a register.
pub(super) async fn known_by_number(world: &World, buyer: &Firm) {
    let party_ids = vec![PartyId { scheme: "0088".into(), value: "6900000000014".into() }];
    let request = InviteSupplierRequest {
        request_id: request_id(),
        name: "清禾包装(示例)有限公司".into(),
        vendor_number: "V400".into(),
        party_ids,
        ..InviteSupplierRequest::default()
    };
    buyer.relationships().invite_supplier(request).await.expect("an invitation");
    let number = "insert into partners.party_id (firm, scheme, value) values ($1, '0088', '6900000000021')";
    let inserted = sqlx::query(number).bind(buyer.uuid()).execute(world.owner_pool().await).await;
    inserted.expect("a number");
}

/// An order that came as a document, to a supplier without an account, which takes it over into a firm of its own.
pub(super) async fn claimed(world: &World, buyer: &Firm) {
    let (_, path) = world.invite(buyer, "新来的厂(示例)", "V10027").await;
    let request = ImportDocumentRequest {
        request_id: request_id(),
        format: DocumentFormat::UblOrder.into(),
        content: include_bytes!("../../../deploy/examples/order.xml").as_slice().into(),
        ..ImportDocumentRequest::default()
    };
    buyer.documents().import_document(request).await.expect("imported");
    let newcomer = world.firm("新来的厂(示例)").await;
    world.claim(&newcomer, &path).await;
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
    until("notices are there", Duration::from_secs(60), async || {
        let noted: bool = sqlx::query_scalar("select exists (select from notices.notice where firm = $1)")
            .bind(firm.uuid())
            .fetch_one(owner)
            .await
            .expect("the owner reads everything");
        noted.then_some(())
    })
    .await;
}

/// A webhook that leads to nobody, through which a test went out.
pub(super) async fn webhook(firm: &Firm) {
    let webhook = Webhook {
        name: "ERP".into(),
        url: "http://127.0.0.1:9/hook".into(),
        mode: WebhookMode::Ordered.into(),
        ..Webhook::default()
    };
    let request = CreateWebhookRequest { request_id: request_id(), webhook: Some(webhook) };
    let made = firm.webhooks().create_webhook(request).await.expect("a webhook").into_inner();
    let webhook_id = made.webhook.expect("the answer shows it").id;
    let request = TestWebhookRequest { request_id: request_id(), webhook_id };
    firm.webhooks().test_webhook(request).await.expect("tried");
}

/// A subscription that was acknowledged.
pub(super) async fn subscription(firm: &Firm) {
    let request = CreateSubscriptionRequest {
        request_id: request_id(),
        name: "erp".into(),
        start: Some(create_subscription_request::Start::Earliest(true)),
    };
    let made = firm.subscriptions().create_subscription(request).await.expect("a subscription");
    let Subscription { name, cursor, .. } = made.into_inner();
    let request = AcknowledgeSubscriptionRequest { request_id: request_id(), name, cursor, rewind: false };
    firm.subscriptions().acknowledge_subscription(request).await.expect("acknowledged");
}
