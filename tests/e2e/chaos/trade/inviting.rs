//! Suppliers that are not here yet: invited, and each invitation taken once.

use std::{collections::BTreeMap, net::SocketAddr};

use harness::{Access, chaos, request_id};
use proto::partners::{
    AcceptInvitationRequest, InviteSupplierRequest, ListRelationshipsRequest, RelationshipState,
    RenewInvitationRequest,
};

use super::{Desk, Trader};

/// Of a list, at a time.
const PAGE: i32 = 1_000;

pub struct Invitations {
    buyer: Access,
    /// Whoever opens a link.
    nobody: Access,
    /// Vendor numbers whose invitation was accepted.
    accepted: Vec<String>,
    faults: Vec<String>,
}

impl Invitations {
    pub fn new(buyer: Access, api: SocketAddr) -> Self {
        Self { buyer, nobody: chaos::access(api, None), accepted: Vec::new(), faults: Vec::new() }
    }

    /// Invites a supplier; the token of its link.
    async fn invite(&self, desk: &Desk, vendor_number: &str) -> String {
        let request = InviteSupplierRequest {
            request_id: request_id(),
            name: format!("{vendor_number} 塑料制品(示例)厂"),
            vendor_number: vendor_number.into(),
            ..InviteSupplierRequest::default()
        };
        let send =
            |access: Access, request| async move { access.relationships().invite_supplier(request).await };
        let invited = desk.insist(&self.buyer, request, send).await;
        let relationship_id = invited.relationship.unwrap_or_default().id;
        let mut path = invited.invitation_path;
        // A receipt that comes again shows no link; another one does.
        while path.is_empty() {
            let relationship_id = relationship_id.clone();
            let request = RenewInvitationRequest { request_id: request_id(), relationship_id };
            let send = |access: Access, request| async move {
                access.relationships().renew_invitation(request).await
            };
            path = desk.insist(&self.buyer, request, send).await.invitation_path;
        }
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

impl Trader for Invitations {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let vendor_number = format!("T{number}");
        let token = self.invite(desk, &vendor_number).await;
        let request = AcceptInvitationRequest {
            token,
            member_name: "何姐".into(),
            locale: "zh".into(),
            ..AcceptInvitationRequest::default()
        };
        let send =
            |access: Access, request| async move { access.sessions().accept_invitation(request).await };
        match desk.settle(&self.nobody, request.clone(), send).await {
            Ok(_) => desk.took(),
            // An earlier try that nobody answered has taken it.
            Err((tries, _)) if tries > 0 => {}
            Err((_, status)) => self.faults.push(format!("{vendor_number} may not come: {status}")),
        }
        if desk.settle(&self.nobody, request, send).await.is_ok() {
            self.faults.push(format!("{vendor_number} was claimed twice"));
        }
        self.accepted.push(vendor_number);
    }

    fn invent(&mut self) -> String {
        let vendor_number = "T0".to_owned();
        self.accepted.push(vendor_number.clone());
        vendor_number
    }

    async fn judge(mut self, desk: &Desk) -> Vec<String> {
        let mut found: BTreeMap<String, Vec<RelationshipState>> = BTreeMap::new();
        let mut page_token = String::new();
        loop {
            let request = ListRelationshipsRequest {
                page_size: PAGE,
                page_token,
                ..ListRelationshipsRequest::default()
            };
            let send = |access: Access, request| async move {
                access.relationships().list_relationships(request).await
            };
            let page = desk.ask(&self.buyer, request, send).await;
            for relationship in page.relationships {
                let state = relationship.state();
                found.entry(relationship.vendor_number).or_default().push(state);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        for vendor_number in self.accepted {
            let states = found.remove(&vendor_number).unwrap_or_default();
            if states != [RelationshipState::Active] {
                self.faults.push(format!("{vendor_number} accepted an invitation, and it stands {states:?}"));
            }
        }
        self.faults
    }
}
