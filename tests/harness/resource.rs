//! Resources to publish, put together in one line; and clients of their services.

use proto::resources::{
    CreateRevisionRequest, Entitlement, EntitlementTerms, GetResourceRequest, GrantEntitlementRequest,
    ListPinsRequest, ListResourcesRequest, Pin, PublishResourceRequest, ReleaseRevisionRequest,
    RequestEntitlementRequest, Resource, ResourceCategory, ResourceContent, ResourceVisibility,
    RevokeEntitlementRequest, access_log_service_client::AccessLogServiceClient,
    binding_service_client::BindingServiceClient, entitlement_service_client::EntitlementServiceClient,
    follow_service_client::FollowServiceClient, resource_service_client::ResourceServiceClient,
    revision_service_client::RevisionServiceClient,
};
use tonic::Status;

use crate::{Access, Client, request_id};

/// A drawing that is visible to whom it is granted, and to be acknowledged.
pub fn drawing(name: &str) -> PublishResourceRequest {
    PublishResourceRequest {
        request_id: request_id(),
        content: Some(ResourceContent {
            name: name.into(),
            category: ResourceCategory::Drawing.into(),
            acknowledge: true,
            ..ResourceContent::default()
        }),
        visibility: ResourceVisibility::Granted.into(),
        ..PublishResourceRequest::default()
    }
}

/// The same, visible to partners.
pub fn shown(name: &str) -> PublishResourceRequest {
    PublishResourceRequest { visibility: ResourceVisibility::Partners.into(), ..drawing(name) }
}

/// A draft that is found at an address.
pub fn draft(resource: &str, label: &str) -> CreateRevisionRequest {
    CreateRevisionRequest {
        request_id: request_id(),
        resource_id: resource.into(),
        label: label.into(),
        change_note: format!("{label}: 孔位 Ø8.5→Ø9.0"),
        location: format!("https://plm.example/{label}"),
    }
}

/// A grant of a resource to a firm.
pub fn grant(resource: &str, firm: &str) -> GrantEntitlementRequest {
    GrantEntitlementRequest {
        request_id: request_id(),
        firm_id: firm.into(),
        resource_id: resource.into(),
        terms: Some(EntitlementTerms { purpose: "试制".into(), ..EntitlementTerms::default() }),
        ..GrantEntitlementRequest::default()
    }
}

/// A firm that asks.
pub fn ask(resource: &str) -> RequestEntitlementRequest {
    RequestEntitlementRequest {
        request_id: request_id(),
        resource_id: resource.into(),
        terms: Some(EntitlementTerms { purpose: "报价".into(), ..EntitlementTerms::default() }),
        note: "请授权".into(),
    }
}

impl Access {
    pub fn resources(&self) -> ResourceServiceClient<Client> {
        ResourceServiceClient::new(self.client())
    }

    pub fn revisions(&self) -> RevisionServiceClient<Client> {
        RevisionServiceClient::new(self.client())
    }

    pub fn entitlements(&self) -> EntitlementServiceClient<Client> {
        EntitlementServiceClient::new(self.client())
    }

    pub fn binding(&self) -> BindingServiceClient<Client> {
        BindingServiceClient::new(self.client())
    }

    /// What the lines of an order are pinned to, by line.
    pub async fn pins(&self, order_id: &str) -> Vec<Pin> {
        let request = ListPinsRequest { order_id: order_id.into(), ..ListPinsRequest::default() };
        self.binding().list_pins(request).await.expect("pins").into_inner().pins
    }

    pub fn following(&self) -> FollowServiceClient<Client> {
        FollowServiceClient::new(self.client())
    }

    pub fn access_log(&self) -> AccessLogServiceClient<Client> {
        AccessLogServiceClient::new(self.client())
    }

    /// Publishes a resource; its id.
    pub async fn publish_resource(&self, request: PublishResourceRequest) -> Result<String, Status> {
        Ok(self.resources().publish_resource(request).await?.into_inner().resource_id)
    }

    /// A resource as this caller sees it.
    pub async fn resource(&self, id: &str) -> Result<Resource, Status> {
        let request = GetResourceRequest { resource_id: id.into(), ..GetResourceRequest::default() };
        Ok(self.resources().get_resource(request).await?.into_inner())
    }

    /// The names of what this caller finds.
    pub async fn finds(&self, request: ListResourcesRequest) -> Vec<String> {
        let listed = self.resources().list_resources(request).await.expect("a list").into_inner();
        listed.resources.into_iter().map(|one| one.content.unwrap_or_default().name).collect()
    }

    /// A new revision, released; its id.
    pub async fn release(&self, resource: &str, label: &str) -> Result<String, Status> {
        let made = self.revisions().create_revision(draft(resource, label)).await?.into_inner();
        let request = ReleaseRevisionRequest {
            request_id: request_id(),
            revision_id: made.revision_id,
            ..ReleaseRevisionRequest::default()
        };
        Ok(self.revisions().release_revision(request).await?.into_inner().revision_id)
    }

    /// Grants a resource to a firm.
    pub async fn grant_resource(&self, resource: &str, firm: &str) -> Result<Entitlement, Status> {
        Ok(self.entitlements().grant_entitlement(grant(resource, firm)).await?.into_inner())
    }

    /// Asks for a resource.
    pub async fn ask_for(&self, resource: &str) -> Result<Entitlement, Status> {
        Ok(self.entitlements().request_entitlement(ask(resource)).await?.into_inner())
    }

    /// Ends an entitlement.
    pub async fn revoke(&self, entitlement: &str) -> Result<Entitlement, Status> {
        let request = RevokeEntitlementRequest {
            request_id: request_id(),
            entitlement_id: entitlement.into(),
            note: String::new(),
        };
        Ok(self.entitlements().revoke_entitlement(request).await?.into_inner())
    }
}
