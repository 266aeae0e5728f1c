//! Who calls in the matrix, and what they own.

use std::collections::BTreeMap;

use harness::{
    Access, Firm, World, answer,
    capacity::{demand, for_customer, group, link, linking},
    order, request_id,
    resource::drawing,
};
use proto::{
    interchange::{DocumentFormat, ImportDocumentRequest},
    notices::{Channel, CreateChannelRequest, Medium},
    orders::{CreateOrderLinkRequest, CreateOrderLinkResponse, SetToleranceRuleRequest, ToleranceBounds},
    partners::{
        Alias, AliasKind, Announcement, AnnouncementKind, CreateClusterRequest, CreateFirmRequest,
        CreateSignInLinkRequest, InviteSuppliersRequest, InviteToClusterRequest, JoinClusterRequest,
        ListMembersRequest, Member, PartyId, PublishAnnouncementRequest, PurchasingGroup, Role,
        SetAliasesRequest, SetPurchasingGroupRequest, SupplierRow, TradingRelationship,
    },
    resources::FollowRequest,
};

/// A firm of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Buyer,
    Supplier,
    /// A buyer of the same supplier.
    Rival,
    /// The firm that runs the platform.
    Operator,
}

impl Side {
    /// The partner that an owner's objects are shared with.
    pub fn other(self) -> Side {
        match self {
            Side::Supplier => Side::Buyer,
            _ => Side::Supplier,
        }
    }
}

/// Partner numbers of buyer and supplier.
pub const BUYER_NUMBER: &str = "BPNL00000000A1YZ";
pub const SUPPLIER_NUMBER: &str = "BPNL00000000S1YZ";

/// Firms with a key for each role, and objects of theirs.
pub struct Cast {
    pub anybody: Access,
    pub buyer: Firm,
    pub supplier: Firm,
    pub rival: Firm,
    pub operator: Firm,
    keys: BTreeMap<(Side, i32), Access>,
    /// A supplier of the buyer alone.
    pub private: Firm,
    /// An order of the buyer with an open proposal, and the proposal.
    pub order: (String, String),
    /// A document that became an order.
    pub document: String,
    /// A key of the buyer.
    pub api_key: String,
    /// A placeholder of the buyer.
    pub placeholder: TradingRelationship,
    /// An order of the buyer to the placeholder, and a link to it that is listed.
    pub linked: (String, String),
    /// A tolerance rule of the buyer for the supplier.
    pub rule: String,
    /// A cluster of the operator that the buyer joined.
    pub cluster: String,
    /// What the operator shows to everybody.
    pub announcement: String,
    /// A channel of the buyer.
    pub channel: String,
    /// A subscription of the buyer.
    pub subscription: String,
    /// A webhook of the buyer that sends nothing.
    pub webhook: String,
    /// A demand of the buyer for the supplier.
    pub demand: String,
    /// A group of the supplier that is meant for the buyer.
    pub capacity_group: String,
    /// A resource of the supplier that is granted to the buyer, its released revision, and the entitlement.
    pub resource: String,
    pub revision: String,
    pub entitlement: String,
    /// What the buyer follows.
    pub following: String,
    next: std::sync::atomic::AtomicU32,
}

/// A UBL order with as little as there may be.
pub fn ubl(number: &str) -> String {
    let (cbc, cac) = ("CommonBasicComponents-2", "CommonAggregateComponents-2");
    let schema = "urn:oasis:names:specification:ubl:schema:xsd";
    format!(
        "<o:Order xmlns:o=\"{schema}:Order-2\" xmlns=\"{schema}:{cbc}\" xmlns:a=\"{schema}:{cac}\">\
         <ID>{number}</ID><IssueDate>2026-11-23</IssueDate><DocumentCurrencyCode>CNY</DocumentCurrencyCode>\
         <a:BuyerCustomerParty/><a:SellerSupplierParty><CustomerAssignedAccountID>V100</CustomerAssignedAccountID>\
         </a:SellerSupplierParty><a:OrderLine><a:LineItem><ID>1</ID><Quantity unitCode=\"H87\">5</Quantity>\
         <a:Item><Name>收纳箱</Name></a:Item></a:LineItem></a:OrderLine></o:Order>"
    )
}

/// Something to announce for a day.
pub fn notice(text: &str) -> Announcement {
    let until = chassis::clock::system().now() + time::Duration::days(1);
    Announcement {
        kind: AnnouncementKind::Notice.into(),
        text_zh: text.into(),
        shown_until: Some(chassis::value::timestamp(until)),
        ..Announcement::default()
    }
}

/// A request for a robot's channel that nobody has.
pub fn robot(name: &str) -> CreateChannelRequest {
    let channel = Channel { medium: Medium::Wecom.into(), name: name.into(), ..Channel::default() };
    let address = format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={}", request_id());
    CreateChannelRequest { request_id: request_id(), channel: Some(channel), address, secret: String::new() }
}

/// A firm with a business partner number.
pub async fn numbered(world: &World, name: &str, number: &str) -> Firm {
    let request = CreateFirmRequest {
        request_id: request_id(),
        name: name.into(),
        sandbox: true,
        admin_name: format!("{name} 管理员"),
        party_ids: vec![PartyId { scheme: "BPNL".into(), value: number.into() }],
        ..CreateFirmRequest::default()
    };
    world.create_firm(request).await
}

impl Cast {
    pub async fn new(world: &World) -> Cast {
        let buyer = numbered(world, "澄屿家居用品(示例)有限公司", BUYER_NUMBER).await;
        let supplier = numbered(world, "顺模塑料制品(示例)厂", SUPPLIER_NUMBER).await;
        world.partner(&buyer, &supplier, "V100").await;
        let rival = numbered(world, "木棉门业(示例)有限公司", "BPNL00000000A2YZ").await;
        world.partner(&rival, &supplier, "GYS-033").await;
        let private = world.firm("邻益注塑(示例)有限公司").await;
        world.partner(&buyer, &private, "V200").await;
        let placeholder = world.invite(&buyer, "清禾包装(示例)有限公司", "V400").await.0;
        buyer.site("W-BUYER-1").await;
        let operator = world.operator().await.clone();
        let mut keys = BTreeMap::new();
        for (side, firm) in [(Side::Buyer, &buyer), (Side::Supplier, &supplier), (Side::Rival, &rival)] {
            for role in [Role::Admin, Role::Buyer, Role::Sales, Role::Viewer] {
                keys.insert((side, role.into()), firm.key_with(&[role], None).await);
            }
        }
        keys.insert(
            (Side::Operator, Role::Operator.into()),
            operator.key_with(&[Role::Operator], None).await,
        );
        let import = ImportDocumentRequest {
            request_id: request_id(),
            format: DocumentFormat::UblOrder.into(),
            content: ubl("UBL-1").into_bytes().into(),
            ..ImportDocumentRequest::default()
        };
        let document =
            buyer.documents().import_document(import).await.expect("imported").into_inner().document_id;
        let api_key = buyer.session().try_key("shown", &[Role::Viewer], None).await.expect("a key").0;
        let mut cast = Cast {
            anybody: world.anybody(),
            buyer,
            supplier,
            rival,
            operator,
            keys,
            private,
            order: Default::default(),
            document,
            api_key,
            placeholder,
            linked: Default::default(),
            rule: Default::default(),
            cluster: String::new(),
            announcement: String::new(),
            channel: String::new(),
            subscription: String::new(),
            webhook: String::new(),
            demand: String::new(),
            capacity_group: String::new(),
            resource: String::new(),
            revision: String::new(),
            entitlement: String::new(),
            following: String::new(),
            next: Default::default(),
        };
        cast.furnish().await;
        cast.order = cast.proposed().await;
        let order_id = cast.placed().await;
        cast.linked = (order_id.clone(), cast.link(&order_id).await.link.expect("a link").id);
        cast.rule = cast.ruled().await;
        world.settled().await;
        // They begin where the feed stands, which is the same place each time once everything has come.
        cast.webhook = cast.new_webhook().await;
        cast.subscription = cast.new_subscription().await;
        cast
    }

    /// A firm's key with a role, where that firm has such.
    pub fn access(&self, side: Side, role: Role) -> Option<&Access> {
        self.keys.get(&(side, role.into()))
    }

    pub fn firm(&self, side: Side) -> &Firm {
        match side {
            Side::Buyer => &self.buyer,
            Side::Supplier => &self.supplier,
            Side::Rival => &self.rival,
            Side::Operator => &self.operator,
        }
    }

    /// A number that was not used before.
    pub fn number(&self) -> String {
        format!("N{}", self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    /// A new order of the buyer that waits for the supplier.
    pub async fn published(&self) -> String {
        let request = order(&self.number()).line("10", "X", "10", "1").to("V100");
        self.buyer.publish(request).await.expect("published").order_id
    }

    /// A new order with a new open proposal.
    pub async fn proposed(&self) -> (String, String) {
        let id = self.published().await;
        let propose = answer(&id).propose("10", "", &[("10", "2027-01-04")]).done();
        let receipt = self.supplier.respond(propose).await.expect("proposed");
        (id, receipt.lines[0].proposal_id.clone())
    }

    /// A new order of the buyer to its placeholder.
    pub async fn placed(&self) -> String {
        let request = order(&self.number()).line("10", "X", "10", "1").to("V400");
        self.buyer.publish(request).await.expect("published to the placeholder").order_id
    }

    /// A new document link.
    pub async fn link(&self, order_id: &str) -> CreateOrderLinkResponse {
        let request = CreateOrderLinkRequest {
            request_id: request_id(),
            order_id: order_id.into(),
            ..CreateOrderLinkRequest::default()
        };
        self.buyer.order_links().create_order_link(request).await.expect("a link").into_inner()
    }

    /// A new tolerance rule of the buyer for the supplier, about an item that nobody orders.
    pub async fn ruled(&self) -> String {
        let request = SetToleranceRuleRequest {
            request_id: request_id(),
            vendor_number: "V100".into(),
            buyer_item_id: self.number(),
            bounds: Some(ToleranceBounds { late_days: Some(1), ..ToleranceBounds::default() }),
            ..SetToleranceRuleRequest::default()
        };
        self.buyer.tolerances().set_tolerance_rule(request).await.expect("a rule").into_inner().id
    }

    /// A new order with a change that waits for the supplier, and the change. Orders for the year 2026 are frozen, and
    /// no other test of the matrix changes what was asked for.
    pub async fn asked(&self) -> (String, String) {
        let terms = proto::orders::Terms { frozen_working_days: Some(250), ..Default::default() };
        let request = proto::orders::SetTermsRequest { request_id: request_id(), terms: Some(terms.clone()) };
        self.buyer.terms().set_terms(request).await.expect("frozen");
        let id = self.published().await;
        let change = harness::change::change(&id, order("").line("10", "X", "11", "1"));
        let asked = self.buyer.change(change).await.expect("asked for").pending_change_id;
        assert!(!asked.is_empty(), "it waits");
        let terms = proto::orders::Terms { frozen_working_days: Some(0), ..terms };
        let request = proto::orders::SetTermsRequest { request_id: request_id(), terms: Some(terms) };
        self.buyer.terms().set_terms(request).await.expect("not frozen any more");
        (id, asked)
    }

    /// A member of a firm as it stands now.
    pub async fn member(&self, side: Side) -> Member {
        let firm = self.firm(side);
        let request = ListMembersRequest { page_size: 1_000, ..ListMembersRequest::default() };
        let members =
            firm.session().members().list_members(request).await.expect("members").into_inner().members;
        members.into_iter().find(|member| member.id == firm.admin_id).expect("the administrator")
    }

    /// A sign-in link of the buyer's administrator that nobody used.
    pub async fn sign_in_token(&self) -> String {
        let request =
            CreateSignInLinkRequest { request_id: request_id(), member_id: self.buyer.admin_id.clone() };
        let link =
            self.buyer.session().members().create_sign_in_link(request).await.expect("a link").into_inner();
        link.path.rsplit('/').next().unwrap().to_string()
    }

    /// An invitation of the buyer that nobody took.
    pub async fn invitation_token(&self) -> String {
        let request = proto::partners::InviteSupplierRequest {
            request_id: request_id(),
            name: "受邀企业(示例)".into(),
            vendor_number: self.number(),
            ..Default::default()
        };
        let invited =
            self.buyer.relationships().invite_supplier(request).await.expect("invited").into_inner();
        invited.invitation_path.rsplit('/').next().unwrap().to_string()
    }

    /// The same, with a mail address of its own.
    pub async fn mailed_invitation_token(&self) -> String {
        let number = self.number();
        let row = SupplierRow {
            name: "受邀企业(示例)".into(),
            mail: format!("{number}@example.invalid"),
            vendor_number: number,
            ..SupplierRow::default()
        };
        let request =
            InviteSuppliersRequest { request_id: request_id(), rows: vec![row], ..Default::default() };
        let invited = self.buyer.invitations().invite_suppliers(request).await.expect("invited").into_inner();
        invited.results[0].invitation_path.rsplit('/').next().unwrap().to_string()
    }

    /// Tables, a cluster and a channel of the buyer.
    async fn furnish(&mut self) {
        self.alias("U-BUYER-1").await;
        self.group("G-BUYER-1").await;
        self.announcement = self.announced().await.id;
        self.cluster = self.invited().await;
        let join = JoinClusterRequest { request_id: request_id(), cluster_id: self.cluster.clone() };
        self.buyer.session().clusters().join_cluster(join).await.expect("joined");
        self.channel = self.new_channel().await;
        let stated = demand("X", &[("2026-12-28", "100")]);
        self.demand = self.buyer.state_demand(stated).await.expect("a demand").id;
        let shown = for_customer(group("G", &[("2026-12-28", "10", "20")]), &self.buyer.id);
        let shown = linking(shown, vec![link("", "X", "2")]);
        self.capacity_group = self.supplier.state_group(shown).await.expect("a group").id;
        let owner = &self.supplier;
        self.resource = owner.publish_resource(drawing("支架图纸")).await.expect("a resource");
        self.revision = owner.release(&self.resource, "B").await.expect("a revision");
        let granted = owner.grant_resource(&self.resource, &self.buyer.id).await;
        self.entitlement = granted.expect("a grant").id;
        let request = FollowRequest {
            request_id: request_id(),
            owner_id: self.supplier.id.clone(),
            ..FollowRequest::default()
        };
        self.following = self.buyer.following().follow(request).await.expect("followed").into_inner().id;
    }

    /// An alias of the buyer.
    pub async fn alias(&self, written: &str) {
        let alias = Alias {
            kind: AliasKind::Unit.into(),
            written: written.into(),
            meaning: "H87".into(),
            ..Alias::default()
        };
        let request = SetAliasesRequest { request_id: request_id(), aliases: vec![alias] };
        self.buyer.aliases().set_aliases(request).await.expect("an alias");
    }

    /// A purchasing group of the buyer.
    pub async fn group(&self, code: &str) {
        let group = PurchasingGroup { code: code.into(), name: "采购组".into() };
        let request = SetPurchasingGroupRequest { request_id: request_id(), group: Some(group) };
        self.buyer.groups().set_purchasing_group(request).await.expect("a group");
    }

    /// A new announcement of the operator.
    pub async fn announced(&self) -> Announcement {
        let announcement = Some(notice("新版手册已发布"));
        let request = PublishAnnouncementRequest { request_id: request_id(), announcement };
        let told = self.operator.operating().publish_announcement(request).await.expect("announced");
        told.into_inner().announcement.expect("what is announced")
    }

    /// A new cluster that the buyer is invited to.
    pub async fn invited(&self) -> String {
        let mut clusters = self.operator.session().clusters();
        let request =
            CreateClusterRequest { request_id: request_id(), name: self.number(), ..Default::default() };
        let cluster_id = clusters.create_cluster(request).await.expect("a cluster").into_inner().id;
        let request = InviteToClusterRequest {
            request_id: request_id(),
            cluster_id: cluster_id.clone(),
            firm_id: self.buyer.id.clone(),
        };
        clusters.invite_to_cluster(request).await.expect("invited");
        cluster_id
    }

    /// A new channel of the buyer.
    pub async fn new_channel(&self) -> String {
        let request = robot(&self.number());
        self.buyer.session().notices().create_channel(request).await.expect("a channel").into_inner().id
    }

    /// A new subscription of the buyer; its name.
    pub async fn new_subscription(&self) -> String {
        let request = super::subscriptions::create(&format!("of-buyer-{}", self.number()));
        let made = self.buyer.session().subscriptions().create_subscription(request).await;
        made.expect("a subscription").into_inner().name
    }

    /// A new webhook of the buyer.
    pub async fn new_webhook(&self) -> String {
        let request = super::webhooks::create(&self.number());
        let made = self.buyer.session().webhooks().create_webhook(request).await.expect("a webhook");
        made.into_inner().webhook.expect("the answer shows it").id
    }

    /// A new firm that nobody knows.
    pub async fn fresh(&self) -> String {
        let request = CreateFirmRequest {
            request_id: request_id(),
            name: self.number(),
            admin_name: "管理员".into(),
            ..CreateFirmRequest::default()
        };
        let made = self.operator.session().firms().create_firm(request).await.expect("a firm").into_inner();
        made.firm.expect("the answer holds it").id
    }

    /// The relationship of buyer and supplier as it stands now.
    pub async fn relationship(&self) -> TradingRelationship {
        let request = proto::partners::ListRelationshipsRequest { page_size: 1_000, ..Default::default() };
        let all =
            self.buyer.relationships().list_relationships(request).await.expect("relationships").into_inner();
        all.relationships.into_iter().find(|one| one.supplier_id == self.supplier.id).expect("the pair")
    }
}
