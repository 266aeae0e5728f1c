//! Requests for capacity and what comes of them, put together in one line.

use proto::capacity::{
    AdvanceMatchRequest, CapabilityContent, CapabilityProfile, CapacityMatch, CapacityRequest,
    GetCapabilityProfileRequest, GetCapacityRequestRequest, ManufacturingCapability,
    MatchCapacityRequestRequest, MatchCapacityRequestResponse, MatchState, OfferVisibility,
    ProposeMatchRequest, PublishCapacityRequestRequest, RequestContent, SetCapabilityProfileRequest,
};
use tonic::Status;

use crate::{Access, date, decimal, request_id};

/// A request of 注塑 hours for the partners, within (first, last) week.
pub fn needed(hours: &str, (first, last): (&str, &str)) -> PublishCapacityRequestRequest {
    PublishCapacityRequestRequest {
        request_id: request_id(),
        content: Some(RequestContent {
            process: "注塑".into(),
            quantity: Some(decimal(hours)),
            unit_code: "HUR".into(),
            first_monday: Some(date(first)),
            last_monday: Some(date(last)),
            ..RequestContent::default()
        }),
        visibility: OfferVisibility::Partners.into(),
        ..PublishCapacityRequestRequest::default()
    }
}

/// A proposal; an empty offer names none.
pub fn proposal(request: &str, offer: &str) -> ProposeMatchRequest {
    ProposeMatchRequest {
        request_id: request_id(),
        capacity_request_id: request.into(),
        offer_id: offer.into(),
        ..ProposeMatchRequest::default()
    }
}

/// What a firm of this process and these materials can make.
pub fn able(process: &str, materials: &[&str]) -> CapabilityContent {
    let capability = ManufacturingCapability {
        process: process.into(),
        materials: materials.iter().map(ToString::to_string).collect(),
        ..ManufacturingCapability::default()
    };
    CapabilityContent { capabilities: vec![capability], ..CapabilityContent::default() }
}

impl Access {
    /// A firm's profile as this caller sees it; the own one where no firm is named.
    pub async fn profile(&self, firm: &str) -> Result<CapabilityProfile, Status> {
        let request = GetCapabilityProfileRequest { firm_id: firm.into() };
        Ok(self.capabilities().get_capability_profile(request).await?.into_inner())
    }

    /// Sets the own profile in place of the present version.
    pub async fn set_profile(
        &self,
        content: CapabilityContent,
        visibility: OfferVisibility,
        cluster: &str,
    ) -> Result<CapabilityProfile, Status> {
        let request = SetCapabilityProfileRequest {
            request_id: request_id(),
            version: self.profile("").await?.version,
            content: Some(content),
            visibility: visibility.into(),
            cluster_id: cluster.into(),
        };
        Ok(self.capabilities().set_capability_profile(request).await?.into_inner())
    }

    /// Publishes a request.
    pub async fn publish_need(
        &self,
        request: PublishCapacityRequestRequest,
    ) -> Result<CapacityRequest, Status> {
        Ok(self.capacity_requests().publish_capacity_request(request).await?.into_inner())
    }

    /// A request as this caller sees it.
    pub async fn need(&self, id: &str) -> Result<CapacityRequest, Status> {
        let request = GetCapacityRequestRequest { capacity_request_id: id.into() };
        Ok(self.capacity_requests().get_capacity_request(request).await?.into_inner())
    }

    /// What meets a request, near misses after it.
    pub async fn matching(&self, id: &str) -> Result<MatchCapacityRequestResponse, Status> {
        let request =
            MatchCapacityRequestRequest { capacity_request_id: id.into(), limit: 0, near_misses: true };
        Ok(self.capacity_requests().match_capacity_request(request).await?.into_inner())
    }

    /// Proposes a match.
    pub async fn propose_match(&self, request: ProposeMatchRequest) -> Result<CapacityMatch, Status> {
        Ok(self.capacity_matches().propose_match(request).await?.into_inner())
    }

    /// Moves a match on.
    pub async fn advance_match(&self, id: &str, state: MatchState) -> Result<CapacityMatch, Status> {
        let request =
            AdvanceMatchRequest { request_id: request_id(), match_id: id.into(), state: state.into() };
        Ok(self.capacity_matches().advance_match(request).await?.into_inner())
    }
}
