//! Firms and their credentials, each with the clients of every service.

use std::{ops::Deref, time::Duration};

use proto::{
    capacity::{
        capability_service_client::CapabilityServiceClient,
        capacity_group_service_client::CapacityGroupServiceClient,
        capacity_match_service_client::CapacityMatchServiceClient,
        capacity_request_service_client::CapacityRequestServiceClient,
        catena_service_client::CatenaServiceClient, comment_service_client::CommentServiceClient,
        demand_service_client::DemandServiceClient, disclosure_service_client::DisclosureServiceClient,
        offer_service_client::OfferServiceClient, promise_service_client::PromiseServiceClient,
        reservation_service_client::ReservationServiceClient,
    },
    interchange::{document_service_client::DocumentServiceClient, sheet_service_client::SheetServiceClient},
    notices::notice_service_client::NoticeServiceClient,
    orders::{
        OrderReceipt, PublishOrderRequest, RespondToOrderRequest,
        calendar_service_client::CalendarServiceClient,
        order_change_service_client::OrderChangeServiceClient,
        order_link_service_client::OrderLinkServiceClient,
        order_publishing_service_client::OrderPublishingServiceClient,
        order_service_client::OrderServiceClient, progress_service_client::ProgressServiceClient,
        reminder_service_client::ReminderServiceClient, response_service_client::ResponseServiceClient,
        scorecard_service_client::ScorecardServiceClient, terms_service_client::TermsServiceClient,
        thread_service_client::ThreadServiceClient, tolerance_service_client::ToleranceServiceClient,
    },
    partners::{
        CreateApiKeyRequest, CreateMemberRequest, CreateSignInLinkRequest, CreateSiteRequest,
        ListMembersRequest, Member, RedeemSignInLinkRequest, Role, Scope, Site,
        alias_service_client::AliasServiceClient, cluster_service_client::ClusterServiceClient,
        firm_service_client::FirmServiceClient, invitation_service_client::InvitationServiceClient,
        member_service_client::MemberServiceClient, operator_service_client::OperatorServiceClient,
        purchasing_group_service_client::PurchasingGroupServiceClient,
        relationship_service_client::RelationshipServiceClient, session_service_client::SessionServiceClient,
    },
    stream::{
        FeedEvent, SubscribeRequest, stream_service_client::StreamServiceClient, subscribe_request::Start,
        subscription_service_client::SubscriptionServiceClient, webhook_service_client::WebhookServiceClient,
    },
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use uuid::Uuid;

use crate::{accept_all, request_id};

/// Answers may be as large as the largest document.
const ANSWER_BYTES: usize = 64 << 20;
/// How long reading what is there may take.
const READ: Duration = Duration::from_secs(60);

/// What clients send over.
pub type Client = InterceptedService<Channel, Bearer>;

/// Puts the credential on every call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// One credential, or none, with a client for every service.
#[derive(Clone, Debug)]
pub struct Access {
    channel: Channel,
    bearer: Bearer,
    token: String,
}

impl Access {
    pub(crate) fn new(channel: Channel, token: Option<&str>) -> Self {
        let bearer = token.map(|token| format!("Bearer {token}").parse().expect("a token is ascii"));
        Self { channel, bearer: Bearer(bearer), token: token.unwrap_or_default().into() }
    }

    /// The token itself, empty for a caller without one.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What clients send over, for calls that are put together at run time.
    pub fn client(&self) -> Client {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    pub fn orders(&self) -> OrderServiceClient<Client> {
        OrderServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn responses(&self) -> ResponseServiceClient<Client> {
        ResponseServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn tolerances(&self) -> ToleranceServiceClient<Client> {
        ToleranceServiceClient::new(self.client())
    }

    pub fn order_links(&self) -> OrderLinkServiceClient<Client> {
        OrderLinkServiceClient::new(self.client())
    }

    pub fn scorecards(&self) -> ScorecardServiceClient<Client> {
        ScorecardServiceClient::new(self.client())
    }

    pub fn terms(&self) -> TermsServiceClient<Client> {
        TermsServiceClient::new(self.client())
    }

    pub fn calendars(&self) -> CalendarServiceClient<Client> {
        CalendarServiceClient::new(self.client())
    }

    pub fn reminders(&self) -> ReminderServiceClient<Client> {
        ReminderServiceClient::new(self.client())
    }

    pub fn progress(&self) -> ProgressServiceClient<Client> {
        ProgressServiceClient::new(self.client())
    }

    pub fn thread(&self) -> ThreadServiceClient<Client> {
        ThreadServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn changes(&self) -> OrderChangeServiceClient<Client> {
        OrderChangeServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn publishing(&self) -> OrderPublishingServiceClient<Client> {
        OrderPublishingServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn documents(&self) -> DocumentServiceClient<Client> {
        DocumentServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn sheets(&self) -> SheetServiceClient<Client> {
        let client = SheetServiceClient::new(self.client());
        client.max_decoding_message_size(ANSWER_BYTES).max_encoding_message_size(ANSWER_BYTES)
    }

    pub fn stream(&self) -> StreamServiceClient<Client> {
        StreamServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn subscriptions(&self) -> SubscriptionServiceClient<Client> {
        SubscriptionServiceClient::new(self.client())
    }

    pub fn webhooks(&self) -> WebhookServiceClient<Client> {
        WebhookServiceClient::new(self.client()).max_decoding_message_size(ANSWER_BYTES)
    }

    pub fn firms(&self) -> FirmServiceClient<Client> {
        FirmServiceClient::new(self.client())
    }

    pub fn members(&self) -> MemberServiceClient<Client> {
        MemberServiceClient::new(self.client())
    }

    pub fn sessions(&self) -> SessionServiceClient<Client> {
        SessionServiceClient::new(self.client())
    }

    pub fn relationships(&self) -> RelationshipServiceClient<Client> {
        RelationshipServiceClient::new(self.client())
    }

    pub fn aliases(&self) -> AliasServiceClient<Client> {
        AliasServiceClient::new(self.client())
    }

    pub fn groups(&self) -> PurchasingGroupServiceClient<Client> {
        PurchasingGroupServiceClient::new(self.client())
    }

    pub fn operating(&self) -> OperatorServiceClient<Client> {
        OperatorServiceClient::new(self.client())
    }

    pub fn invitations(&self) -> InvitationServiceClient<Client> {
        InvitationServiceClient::new(self.client())
    }

    pub fn clusters(&self) -> ClusterServiceClient<Client> {
        ClusterServiceClient::new(self.client())
    }

    pub fn notices(&self) -> NoticeServiceClient<Client> {
        NoticeServiceClient::new(self.client())
    }

    pub fn demands(&self) -> DemandServiceClient<Client> {
        DemandServiceClient::new(self.client())
    }

    pub fn capacity_groups(&self) -> CapacityGroupServiceClient<Client> {
        CapacityGroupServiceClient::new(self.client())
    }

    pub fn offers(&self) -> OfferServiceClient<Client> {
        OfferServiceClient::new(self.client())
    }

    pub fn reservations(&self) -> ReservationServiceClient<Client> {
        ReservationServiceClient::new(self.client())
    }

    pub fn capabilities(&self) -> CapabilityServiceClient<Client> {
        CapabilityServiceClient::new(self.client())
    }

    pub fn comments(&self) -> CommentServiceClient<Client> {
        CommentServiceClient::new(self.client())
    }

    pub fn promises(&self) -> PromiseServiceClient<Client> {
        PromiseServiceClient::new(self.client())
    }

    pub fn capacity_requests(&self) -> CapacityRequestServiceClient<Client> {
        CapacityRequestServiceClient::new(self.client())
    }

    pub fn capacity_matches(&self) -> CapacityMatchServiceClient<Client> {
        CapacityMatchServiceClient::new(self.client())
    }

    pub fn catena(&self) -> CatenaServiceClient<Client> {
        CatenaServiceClient::new(self.client())
    }

    pub fn disclosures(&self) -> DisclosureServiceClient<Client> {
        DisclosureServiceClient::new(self.client())
    }

    /// Publishes an order.
    pub async fn publish(&self, request: PublishOrderRequest) -> Result<OrderReceipt, Status> {
        Ok(self.orders().publish_order(request).await?.into_inner())
    }

    /// Answers an order.
    pub async fn respond(&self, request: RespondToOrderRequest) -> Result<OrderReceipt, Status> {
        Ok(self.orders().respond_to_order(request).await?.into_inner())
    }

    /// Accepts everything unanswered of revision 1.
    pub async fn accept_all(&self, order_id: &str) -> Result<OrderReceipt, Status> {
        self.respond(accept_all(order_id)).await
    }

    /// An order as this caller sees it.
    pub async fn order(&self, order_id: &str) -> Result<proto::orders::Order, Status> {
        let request = proto::orders::GetOrderRequest { order_id: order_id.into() };
        Ok(self.orders().get_order(request).await?.into_inner())
    }

    /// A new API key, in full.
    pub async fn new_key(&self, name: &str, roles: &[Role], scope: Option<Scope>) -> String {
        self.try_key(name, roles, scope).await.expect("a key is made").1
    }

    /// A new API key: its visible id, and the key in full.
    pub async fn try_key(
        &self,
        name: &str,
        roles: &[Role],
        scope: Option<Scope>,
    ) -> Result<(String, String), Status> {
        let request = CreateApiKeyRequest {
            request_id: request_id(),
            name: name.into(),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            scope,
            expires_at: None,
        };
        let made = self.members().create_api_key(request).await?.into_inner();
        Ok((made.api_key.map(|key| key.id).unwrap_or_default(), made.key))
    }

    /// The feed from a start to where it stood when the call began; panics where it is refused.
    pub async fn read(&self, start: Start) -> Vec<FeedEvent> {
        self.try_read(start).await.expect("the feed is read")
    }

    /// As [`Access::read`], or what the server answered instead.
    pub async fn try_read(&self, start: Start) -> Result<Vec<FeedEvent>, Status> {
        let request = SubscribeRequest { start: Some(start), filter: None, until_head: true };
        let read = async {
            let mut stream = self.stream().subscribe(request).await?.into_inner();
            let mut events = Vec::new();
            while let Some(message) = stream.message().await? {
                events.extend(message.events);
            }
            Ok(events)
        };
        tokio::time::timeout(READ, read).await.expect("a feed that ends at its head ends soon")
    }

    /// Everything in the feed.
    pub async fn events(&self) -> Vec<FeedEvent> {
        self.read(Start::Earliest(true)).await
    }

    /// What came after a cursor.
    pub async fn events_after(&self, cursor: &str) -> Vec<FeedEvent> {
        self.read(Start::After(cursor.into())).await
    }
}

/// A firm; its calls go out with its administrator's API key.
#[derive(Clone, Debug)]
pub struct Firm {
    pub id: String,
    pub name: String,
    /// The first administrator.
    pub admin_id: String,
    /// An administrator's API key.
    pub key: String,
    session: Access,
    access: Access,
}

impl Deref for Firm {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl Firm {
    pub(crate) fn new(
        id: String,
        name: &str,
        admin_id: String,
        session: String,
        key: String,
        channel: Channel,
    ) -> Self {
        let access = Access::new(channel.clone(), Some(&key));
        Self { id, name: name.into(), admin_id, session: Access::new(channel, Some(&session)), key, access }
    }

    /// The id as the database has it.
    pub fn uuid(&self) -> Uuid {
        Uuid::try_parse(&self.id).expect("ids are UUIDs")
    }

    /// The administrator's own session.
    pub fn session(&self) -> &Access {
        &self.session
    }

    /// A key with these roles.
    pub async fn key_with(&self, roles: &[Role], scope: Option<Scope>) -> Access {
        let key = self.session.new_key("test", roles, scope).await;
        Access::new(self.access.channel.clone(), Some(&key))
    }

    /// A person with these roles, signed in: the id and the session.
    pub async fn person(&self, name: &str, roles: &[Role], scope: Option<Scope>) -> (String, Access) {
        let request = CreateMemberRequest {
            request_id: request_id(),
            name: name.into(),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            scope,
            locale: "zh".into(),
        };
        let member = self.session.members().create_member(request).await.expect("a member").into_inner();
        let session = self.sign_in(&member.id).await;
        (member.id, session)
    }

    /// A person of the firm as its administrator sees it.
    pub async fn member(&self, id: &str) -> Member {
        let request = ListMembersRequest { page_size: 1_000, ..ListMembersRequest::default() };
        let listed = self.session.members().list_members(request).await.expect("members").into_inner();
        listed.members.into_iter().find(|member| member.id == id).expect("the member is listed")
    }

    /// A new session of a member, by a sign-in link.
    pub async fn sign_in(&self, member_id: &str) -> Access {
        let request = CreateSignInLinkRequest { request_id: request_id(), member_id: member_id.into() };
        let link = self.session.members().create_sign_in_link(request).await.expect("a link").into_inner();
        let nobody = Access::new(self.access.channel.clone(), None);
        let session = redeem(&nobody, &link.path).await;
        Access::new(self.access.channel.clone(), Some(&session))
    }

    /// A site with this code.
    pub async fn site(&self, code: &str) {
        let site = Site {
            code: code.into(),
            name: format!("{code} 工厂"),
            country_code: "CN".into(),
            ..Site::default()
        };
        let request = CreateSiteRequest { request_id: request_id(), site: Some(site) };
        self.session.firms().create_site(request).await.expect("a site");
    }
}

/// The token at the end of a link's path.
pub fn token(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Uses a sign-in link; answers the session's token.
pub(crate) async fn redeem(anybody: &Access, path: &str) -> String {
    let request = RedeemSignInLinkRequest { token: token(path).into(), device: "test".into() };
    let session = anybody.sessions().redeem_sign_in_link(request).await.expect("the link works");
    session.into_inner().session_token
}

/// A token with the checksum behind it, which anybody can compute: CRC-32 as in zip and PNG, bit by bit.
pub fn signed(body: &str) -> String {
    let step = |crc: u32, byte: u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    format!("{body}_{:08x}", !body.bytes().fold(u32::MAX, step))
}
