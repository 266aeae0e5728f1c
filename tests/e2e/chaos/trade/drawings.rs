//! Drawings: published, granted, revised, and taken note of.

use harness::{
    Access, request_id,
    resource::{draft, drawing, grant},
};
use proto::resources::{
    AcknowledgeRevisionRequest, GetResourceRequest, ListAcknowledgementsRequest, ReleaseRevisionRequest,
};

use super::{Desk, Trader};

#[derive(Clone)]
struct Drawing {
    name: String,
    resource: String,
    revision: String,
}

pub struct Drawings {
    owner: Access,
    user: Access,
    /// The user's firm.
    firm_id: String,
    drawn: Vec<Drawing>,
}

impl Drawings {
    pub fn new(owner: Access, user: Access, firm_id: String) -> Self {
        Self { owner, user, firm_id, drawn: Vec::new() }
    }
}

impl Trader for Drawings {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let name = format!("图纸 {number}");
        let send =
            |access: Access, request| async move { access.resources().publish_resource(request).await };
        let resource = desk.insist(&self.owner, drawing(&name), send).await.resource_id;
        let send =
            |access: Access, request| async move { access.entitlements().grant_entitlement(request).await };
        desk.insist(&self.owner, grant(&resource, &self.firm_id), send).await;
        let send = |access: Access, request| async move { access.revisions().create_revision(request).await };
        let revision = desk.insist(&self.owner, draft(&resource, "A"), send).await.revision_id;
        let request = ReleaseRevisionRequest {
            request_id: request_id(),
            revision_id: revision.clone(),
            ..ReleaseRevisionRequest::default()
        };
        let send =
            |access: Access, request| async move { access.revisions().release_revision(request).await };
        desk.insist(&self.owner, request, send).await;
        let request = AcknowledgeRevisionRequest { request_id: request_id(), revision_id: revision.clone() };
        let send =
            |access: Access, request| async move { access.revisions().acknowledge_revision(request).await };
        desk.insist(&self.user, request, send).await;
        self.drawn.push(Drawing { name, resource, revision });
    }

    fn invent(&mut self) -> String {
        let drawn = self.drawn.first().cloned().expect("something was drawn");
        let name = "图纸 0".to_owned();
        self.drawn.push(Drawing { name: name.clone(), ..drawn });
        name
    }

    async fn judge(self, desk: &Desk) -> Vec<String> {
        let mut faults = Vec::new();
        for Drawing { name, resource, revision } in self.drawn {
            let request =
                GetResourceRequest { resource_id: resource.clone(), ..GetResourceRequest::default() };
            let send =
                |access: Access, request| async move { access.resources().get_resource(request).await };
            let found = desk.ask(&self.user, request, send).await;
            let current = found.current.unwrap_or_default().revision_id;
            if found.content.unwrap_or_default().name != name || current != revision {
                faults.push(format!("{name} ({resource}) is not as it was released: {current}"));
            }
            let request = ListAcknowledgementsRequest {
                revision_id: revision,
                ..ListAcknowledgementsRequest::default()
            };
            let send = |access: Access, request| async move {
                access.revisions().list_acknowledgements(request).await
            };
            let noted = desk.ask(&self.owner, request, send).await.acknowledgements.len();
            if noted != 1 {
                faults.push(format!("{name} ({resource}) was taken note of {noted} times"));
            }
        }
        faults
    }
}
