//! One connection to an API listener, and the services behind it, with the caller's key on every call.

use std::time::Duration;

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
        order_change_service_client::OrderChangeServiceClient,
        order_link_service_client::OrderLinkServiceClient,
        order_publishing_service_client::OrderPublishingServiceClient,
        order_service_client::OrderServiceClient, progress_service_client::ProgressServiceClient,
        reminder_service_client::ReminderServiceClient, response_service_client::ResponseServiceClient,
        scorecard_service_client::ScorecardServiceClient, terms_service_client::TermsServiceClient,
        thread_service_client::ThreadServiceClient, tolerance_service_client::ToleranceServiceClient,
    },
    partners::{
        alias_service_client::AliasServiceClient, cluster_service_client::ClusterServiceClient,
        firm_service_client::FirmServiceClient, invitation_service_client::InvitationServiceClient,
        member_service_client::MemberServiceClient, operator_service_client::OperatorServiceClient,
        relationship_service_client::RelationshipServiceClient, session_service_client::SessionServiceClient,
    },
    resources::{
        access_log_service_client::AccessLogServiceClient, binding_service_client::BindingServiceClient,
        entitlement_service_client::EntitlementServiceClient, resource_service_client::ResourceServiceClient,
        revision_service_client::RevisionServiceClient, transfer_service_client::TransferServiceClient,
    },
    stream::{
        stream_service_client::StreamServiceClient, subscription_service_client::SubscriptionServiceClient,
        webhook_service_client::WebhookServiceClient,
    },
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use super::failure::{Exit, Failure};

/// Answers may be as large as the largest document.
const MAX_ANSWER_BYTES: usize = 32 << 20;

/// So may tables, which come back with all that they say.
const MAX_SHEET_BYTES: usize = 128 << 20;

/// A channel that carries the key.
pub type Keyed = InterceptedService<Channel, Bearer>;

/// Puts `authorization: Bearer <key>` on every call.
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

/// An open connection.
#[derive(Clone, Debug)]
pub struct Connection {
    api: String,
    channel: Channel,
    bearer: Bearer,
}

impl Connection {
    /// Connects to `api`, such as `http://127.0.0.1:50051` (the scheme may be left out). Fails with `Unreachable`
    /// where nobody answers, with `Usage` where the address or the key cannot be one.
    pub async fn open(api: &str, key: Option<&str>) -> Result<Connection, Failure> {
        let bearer = bearer(key)?;
        let url = if api.contains("://") { api.to_owned() } else { format!("http://{api}") };
        let bad = |error: &dyn std::error::Error| {
            Failure::local(Exit::Usage, format!("--api {api} is no address: {}", chain(error)))
                .advise("write it as http://host:port or https://host:port")
        };
        let mut endpoint = Endpoint::from_shared(url.clone())
            .map_err(|error| bad(&error))?
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20));
        if url.starts_with("https://") {
            endpoint = endpoint
                .tls_config(ClientTlsConfig::new().with_native_roots())
                .map_err(|error| bad(&error))?;
        }
        let channel = endpoint.connect().await.map_err(|error| Failure::unreachable(&url, &chain(&error)))?;
        Ok(Connection { api: url, channel, bearer })
    }

    /// The same connection as another caller.
    pub fn with_key(&self, key: Option<&str>) -> Result<Connection, Failure> {
        Ok(Connection { bearer: bearer(key)?, ..self.clone() })
    }

    /// The address, with its scheme.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// What clients send over, for calls that are put together at run time.
    pub fn keyed(&self) -> Keyed {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    pub fn orders(&self) -> OrderServiceClient<Keyed> {
        OrderServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn publishing(&self) -> OrderPublishingServiceClient<Keyed> {
        OrderPublishingServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn changes(&self) -> OrderChangeServiceClient<Keyed> {
        OrderChangeServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn responses(&self) -> ResponseServiceClient<Keyed> {
        ResponseServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn order_links(&self) -> OrderLinkServiceClient<Keyed> {
        OrderLinkServiceClient::new(self.keyed())
    }

    pub fn terms(&self) -> TermsServiceClient<Keyed> {
        TermsServiceClient::new(self.keyed())
    }

    pub fn tolerances(&self) -> ToleranceServiceClient<Keyed> {
        ToleranceServiceClient::new(self.keyed())
    }

    pub fn scorecards(&self) -> ScorecardServiceClient<Keyed> {
        ScorecardServiceClient::new(self.keyed())
    }

    pub fn reminders(&self) -> ReminderServiceClient<Keyed> {
        ReminderServiceClient::new(self.keyed())
    }

    pub fn progress(&self) -> ProgressServiceClient<Keyed> {
        ProgressServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn thread(&self) -> ThreadServiceClient<Keyed> {
        ThreadServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn documents(&self) -> DocumentServiceClient<Keyed> {
        DocumentServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn sheets(&self) -> SheetServiceClient<Keyed> {
        let client = SheetServiceClient::new(self.keyed());
        client.max_decoding_message_size(MAX_SHEET_BYTES).max_encoding_message_size(MAX_SHEET_BYTES)
    }

    pub fn demands(&self) -> DemandServiceClient<Keyed> {
        DemandServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn capacity_groups(&self) -> CapacityGroupServiceClient<Keyed> {
        CapacityGroupServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn disclosures(&self) -> DisclosureServiceClient<Keyed> {
        DisclosureServiceClient::new(self.keyed())
    }

    pub fn capacity_requests(&self) -> CapacityRequestServiceClient<Keyed> {
        CapacityRequestServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn capacity_matches(&self) -> CapacityMatchServiceClient<Keyed> {
        CapacityMatchServiceClient::new(self.keyed())
    }

    pub fn capabilities(&self) -> CapabilityServiceClient<Keyed> {
        CapabilityServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn comments(&self) -> CommentServiceClient<Keyed> {
        CommentServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn promises(&self) -> PromiseServiceClient<Keyed> {
        PromiseServiceClient::new(self.keyed())
    }

    pub fn catena(&self) -> CatenaServiceClient<Keyed> {
        CatenaServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn resources(&self) -> ResourceServiceClient<Keyed> {
        ResourceServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn revisions(&self) -> RevisionServiceClient<Keyed> {
        RevisionServiceClient::new(self.keyed())
    }

    pub fn entitlements(&self) -> EntitlementServiceClient<Keyed> {
        EntitlementServiceClient::new(self.keyed())
    }

    pub fn binding(&self) -> BindingServiceClient<Keyed> {
        BindingServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn transfers(&self) -> TransferServiceClient<Keyed> {
        TransferServiceClient::new(self.keyed())
    }

    pub fn access_log(&self) -> AccessLogServiceClient<Keyed> {
        AccessLogServiceClient::new(self.keyed())
    }

    pub fn stream(&self) -> StreamServiceClient<Keyed> {
        StreamServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn sessions(&self) -> SessionServiceClient<Keyed> {
        SessionServiceClient::new(self.keyed())
    }

    pub fn firms(&self) -> FirmServiceClient<Keyed> {
        FirmServiceClient::new(self.keyed())
    }

    pub fn offers(&self) -> OfferServiceClient<Keyed> {
        OfferServiceClient::new(self.keyed()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    pub fn reservations(&self) -> ReservationServiceClient<Keyed> {
        ReservationServiceClient::new(self.keyed())
    }

    pub fn members(&self) -> MemberServiceClient<Keyed> {
        MemberServiceClient::new(self.keyed())
    }

    pub fn clusters(&self) -> ClusterServiceClient<Keyed> {
        ClusterServiceClient::new(self.keyed())
    }

    pub fn aliases(&self) -> AliasServiceClient<Keyed> {
        AliasServiceClient::new(self.keyed())
    }

    pub fn notices(&self) -> NoticeServiceClient<Keyed> {
        NoticeServiceClient::new(self.keyed())
    }

    pub fn subscriptions(&self) -> SubscriptionServiceClient<Keyed> {
        SubscriptionServiceClient::new(self.keyed())
    }

    pub fn webhooks(&self) -> WebhookServiceClient<Keyed> {
        WebhookServiceClient::new(self.keyed())
    }

    pub fn invitations(&self) -> InvitationServiceClient<Keyed> {
        InvitationServiceClient::new(self.keyed())
    }

    pub fn operating(&self) -> OperatorServiceClient<Keyed> {
        OperatorServiceClient::new(self.keyed())
    }

    pub fn relationships(&self) -> RelationshipServiceClient<Keyed> {
        RelationshipServiceClient::new(self.keyed())
    }
}

fn bearer(key: Option<&str>) -> Result<Bearer, Failure> {
    let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else { return Ok(Bearer(None)) };
    let mut value: MetadataValue<Ascii> = format!("Bearer {key}")
        .parse()
        .map_err(|_| Failure::local(Exit::Usage, "the API key holds characters that no key has"))?;
    value.set_sensitive(true);
    Ok(Bearer(Some(value)))
}

/// An error with its causes, since a transport error by itself only says `transport error`.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
