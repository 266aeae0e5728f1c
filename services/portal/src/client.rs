//! The portal as a client of the API: one lazy channel, the caller's own token, nothing of the portal's.

use std::{net::IpAddr, time::Duration};

use anyhow::Context as _;
use chassis::{rates::SEEN_FROM, secret::Redacted};
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
    interchange::sheet_service_client::SheetServiceClient,
    notices::notice_service_client::NoticeServiceClient,
    orders::{
        calendar_service_client::CalendarServiceClient,
        order_change_service_client::OrderChangeServiceClient,
        order_link_service_client::OrderLinkServiceClient, order_service_client::OrderServiceClient,
        progress_service_client::ProgressServiceClient, reminder_service_client::ReminderServiceClient,
        response_service_client::ResponseServiceClient, scorecard_service_client::ScorecardServiceClient,
        terms_service_client::TermsServiceClient, thread_service_client::ThreadServiceClient,
        tolerance_service_client::ToleranceServiceClient,
    },
    partners::{
        alias_service_client::AliasServiceClient, cluster_service_client::ClusterServiceClient,
        firm_service_client::FirmServiceClient, invitation_service_client::InvitationServiceClient,
        member_service_client::MemberServiceClient, operator_service_client::OperatorServiceClient,
        purchasing_group_service_client::PurchasingGroupServiceClient,
        relationship_service_client::RelationshipServiceClient, session_service_client::SessionServiceClient,
    },
    resources::{
        access_log_service_client::AccessLogServiceClient, binding_service_client::BindingServiceClient,
        entitlement_service_client::EntitlementServiceClient, follow_service_client::FollowServiceClient,
        resource_service_client::ResourceServiceClient, revision_service_client::RevisionServiceClient,
        transfer_service_client::TransferServiceClient,
    },
    stream::{stream_service_client::StreamServiceClient, webhook_service_client::WebhookServiceClient},
};
use tonic::{
    Request,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

/// An answer is waited for as long as the API itself would take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Many orders, or a file of them, take longer.
const LONG_DEADLINE: Duration = Duration::from_secs(60);
/// An order of 10,000 lines.
const LARGEST_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// A table of 20,000 rows, and the same with what is wrong in it.
const LARGEST_SHEET_BYTES: usize = 32 * 1024 * 1024;

/// The API's services over one connection.
#[derive(Clone)]
pub struct Api {
    channel: Channel,
}

impl Api {
    /// Connects when it is first used, so that the portal may start before the API. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the address is no `http://host:port`.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(address.to_string()).with_context(|| {
            format!("the api's address {address:?} must look like http://127.0.0.1:50051")
        })?;
        let channel = endpoint
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_while_idle(true)
            .connect_lazy();
        Ok(Self { channel })
    }

    /// Orders.
    pub fn orders(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// Answers tried out, and many at once.
    pub fn responses(&self) -> ResponseServiceClient<Channel> {
        ResponseServiceClient::new(self.channel.clone())
    }

    /// Changes, cancellations and holds of orders.
    pub fn changes(&self) -> OrderChangeServiceClient<Channel> {
        OrderChangeServiceClient::new(self.channel.clone())
    }

    /// Document links.
    pub fn order_links(&self) -> OrderLinkServiceClient<Channel> {
        OrderLinkServiceClient::new(self.channel.clone())
    }

    /// How far suppliers are.
    pub fn progress(&self) -> ProgressServiceClient<Channel> {
        ProgressServiceClient::new(self.channel.clone())
    }

    /// Reminders of both sides.
    pub fn reminders(&self) -> ReminderServiceClient<Channel> {
        ReminderServiceClient::new(self.channel.clone())
    }

    /// Messages, notes and files of orders.
    pub fn threads(&self) -> ThreadServiceClient<Channel> {
        ThreadServiceClient::new(self.channel.clone())
    }

    /// Tables to answer in.
    pub fn sheets(&self) -> SheetServiceClient<Channel> {
        SheetServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_SHEET_BYTES)
    }

    /// What holds between a buyer and a supplier beside the orders.
    pub fn terms(&self) -> TermsServiceClient<Channel> {
        TermsServiceClient::new(self.channel.clone())
    }

    /// How far answers may differ without a decision.
    pub fn tolerances(&self) -> ToleranceServiceClient<Channel> {
        ToleranceServiceClient::new(self.channel.clone())
    }

    /// How both sides of a relationship did.
    pub fn scorecards(&self) -> ScorecardServiceClient<Channel> {
        ScorecardServiceClient::new(self.channel.clone())
    }

    /// Working days of the own firm.
    pub fn calendars(&self) -> CalendarServiceClient<Channel> {
        CalendarServiceClient::new(self.channel.clone())
    }

    /// Messages outside the portal.
    pub fn notices(&self) -> NoticeServiceClient<Channel> {
        NoticeServiceClient::new(self.channel.clone())
    }

    /// Where events are sent.
    pub fn webhooks(&self) -> WebhookServiceClient<Channel> {
        WebhookServiceClient::new(self.channel.clone())
    }

    /// Signing in and out, and who calls.
    pub fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.channel.clone())
    }

    /// Members of the own firm.
    pub fn members(&self) -> MemberServiceClient<Channel> {
        MemberServiceClient::new(self.channel.clone())
    }

    /// Firms and the own one's sites.
    pub fn firms(&self) -> FirmServiceClient<Channel> {
        FirmServiceClient::new(self.channel.clone())
    }

    /// Purchasing groups of the own firm.
    pub fn groups(&self) -> PurchasingGroupServiceClient<Channel> {
        PurchasingGroupServiceClient::new(self.channel.clone())
    }

    /// What the own ERP's words mean.
    pub fn aliases(&self) -> AliasServiceClient<Channel> {
        AliasServiceClient::new(self.channel.clone())
    }

    /// Invitations in bulk, and whom to reach at suppliers.
    pub fn invitations(&self) -> InvitationServiceClient<Channel> {
        InvitationServiceClient::new(self.channel.clone())
    }

    /// Clusters.
    pub fn clusters(&self) -> ClusterServiceClient<Channel> {
        ClusterServiceClient::new(self.channel.clone())
    }

    /// What the operator may do to firms.
    pub fn operator(&self) -> OperatorServiceClient<Channel> {
        OperatorServiceClient::new(self.channel.clone())
    }

    /// Trading relationships.
    pub fn relationships(&self) -> RelationshipServiceClient<Channel> {
        RelationshipServiceClient::new(self.channel.clone())
    }

    /// What customers want, week by week.
    pub fn demands(&self) -> DemandServiceClient<Channel> {
        DemandServiceClient::new(self.channel.clone())
    }

    /// What suppliers can make, week by week.
    pub fn capacity_groups(&self) -> CapacityGroupServiceClient<Channel> {
        CapacityGroupServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// What suppliers show to whom.
    pub fn disclosures(&self) -> DisclosureServiceClient<Channel> {
        DisclosureServiceClient::new(self.channel.clone())
    }

    /// What is needed.
    pub fn capacity_requests(&self) -> CapacityRequestServiceClient<Channel> {
        CapacityRequestServiceClient::new(self.channel.clone())
    }

    /// What came of it.
    pub fn capacity_matches(&self) -> CapacityMatchServiceClient<Channel> {
        CapacityMatchServiceClient::new(self.channel.clone())
    }

    /// What firms can make.
    pub fn capabilities(&self) -> CapabilityServiceClient<Channel> {
        CapabilityServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// Payloads of Catena-X in and out.
    pub fn catena(&self) -> CatenaServiceClient<Channel> {
        CatenaServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_SHEET_BYTES)
    }

    /// What is said about demands and groups.
    pub fn comments(&self) -> CommentServiceClient<Channel> {
        CommentServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// What can still be promised.
    pub fn promises(&self) -> PromiseServiceClient<Channel> {
        PromiseServiceClient::new(self.channel.clone())
    }

    /// Capacity that can be booked.
    pub fn offers(&self) -> OfferServiceClient<Channel> {
        OfferServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// What is reserved of it.
    pub fn reservations(&self) -> ReservationServiceClient<Channel> {
        ReservationServiceClient::new(self.channel.clone())
    }

    /// What firms open to their partners.
    pub fn resources(&self) -> ResourceServiceClient<Channel> {
        ResourceServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// What of it is in force, and was.
    pub fn resource_revisions(&self) -> RevisionServiceClient<Channel> {
        RevisionServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// Which of it orders are made by.
    pub fn binding(&self) -> BindingServiceClient<Channel> {
        BindingServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// Its files, up and down.
    pub fn transfers(&self) -> TransferServiceClient<Channel> {
        TransferServiceClient::new(self.channel.clone())
    }

    /// Who may use it.
    pub fn entitlements(&self) -> EntitlementServiceClient<Channel> {
        EntitlementServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }

    /// What the own firm wants to hear of.
    pub fn resource_follows(&self) -> FollowServiceClient<Channel> {
        FollowServiceClient::new(self.channel.clone())
    }

    /// Who looked at the own firm's.
    pub fn resource_access(&self) -> AccessLogServiceClient<Channel> {
        AccessLogServiceClient::new(self.channel.clone())
    }

    /// The own firm's feed.
    pub fn stream(&self) -> StreamServiceClient<Channel> {
        StreamServiceClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER_BYTES)
    }
}

/// A call that anybody may make, for a page that this address asked for: each has a rate of its own.
pub fn open_for<T>(from: Option<IpAddr>, message: T) -> Request<T> {
    let mut request = open(message);
    if let Some(from) = from.and_then(|from| from.to_string().parse().ok()) {
        request.metadata_mut().insert(SEEN_FROM, from);
    }
    request
}

/// A call that anybody may make.
pub fn open<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// A call in the name of a session.
pub fn signed<T>(token: &Redacted<String>, message: T) -> Request<T> {
    let mut request = open(message);
    bear(&mut request, token);
    request
}

/// A call that may take a minute.
pub fn patient<T>(token: &Redacted<String>, message: T) -> Request<T> {
    let mut request = signed(token, message);
    request.set_timeout(LONG_DEADLINE);
    request
}

/// A call that stays open.
pub fn streaming<T>(token: &Redacted<String>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    bear(&mut request, token);
    request
}

fn bear<T>(request: &mut Request<T>, token: &Redacted<String>) {
    // A token that no header can hold was never ours; without one the API answers UNAUTHENTICATED.
    if let Ok(mut value) = MetadataValue::try_from(format!("Bearer {}", token.reveal())) {
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
    }
}
