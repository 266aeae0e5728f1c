//! What these pages read of the API.

use std::collections::HashMap;

use proto::{
    access::Permission,
    capacity::{GetOfferRequest, GetReservationRequest, ListFirmNamesRequest, Offer, Reservation},
    partners::{
        Cluster, ClusterMembershipState, ListClusterMembersRequest, ListRelationshipsRequest,
        RelationshipState, TradingRelationship,
    },
};

use crate::{
    failure::Failure,
    i18n::{Lang, Text, key},
    pages::clusters,
    session::Member,
};

/// Rows of one answer.
const MOST: i32 = 1_000;

/// An offer: an own one, or one that may be held.
pub async fn offer(member: &Member, id: &str) -> Result<Offer, Failure> {
    let request = GetOfferRequest { offer_id: id.to_string() };
    Ok(member.app().api.offers().get_offer(member.call(request)).await?.into_inner())
}

/// A reservation of either side.
pub async fn reservation(member: &Member, id: &str) -> Result<Reservation, Failure> {
    let request = GetReservationRequest { reservation_id: id.to_string() };
    Ok(member.app().api.reservations().get_reservation(member.call(request)).await?.into_inner())
}

/// Whom the firm knows: its partners, and members of its clusters.
pub struct Known {
    names: HashMap<String, String>,
    /// Firms with an active relationship, by name.
    pub partners: Vec<(String, String)>,
    /// Clusters that the firm has joined.
    pub clusters: Vec<Cluster>,
    /// Clusters that it runs; it belongs to none of them by that.
    pub runs: Vec<Cluster>,
}

impl Known {
    /// Reads them; nobody where the roles do not allow it.
    pub async fn read(member: &Member) -> Result<Self, Failure> {
        let mut known =
            Known { names: HashMap::new(), partners: Vec::new(), clusters: Vec::new(), runs: Vec::new() };
        if !member.may(Permission::PartnersRead) {
            return Ok(known);
        }
        for cluster in clusters::all(member).await? {
            let among = match cluster.own_state() {
                ClusterMembershipState::Joined => &mut known.clusters,
                ClusterMembershipState::Unspecified => &mut known.runs,
                _ => continue,
            };
            among.push(cluster.clone());
            let request = ListClusterMembersRequest {
                cluster_id: cluster.id,
                page_size: MOST,
                page_token: String::new(),
            };
            let list =
                member.app().api.clusters().list_cluster_members(member.call(request)).await?.into_inner();
            let english = member.text().lang == Lang::En;
            for one in list.members {
                let said =
                    if english && !one.firm_name_en.is_empty() { one.firm_name_en } else { one.firm_name };
                known.names.insert(one.firm_id, said);
            }
        }
        let request = ListRelationshipsRequest { page_size: MOST, ..ListRelationshipsRequest::default() };
        let list =
            member.app().api.relationships().list_relationships(member.call(request)).await?.into_inner();
        for one in list.relationships {
            let (id, name) = other(&member.who.firm_id, &one);
            if one.state() == RelationshipState::Active
                && !known.partners.iter().any(|(known, _)| *known == id)
            {
                known.partners.push((id.clone(), name.clone()));
            }
            known.names.insert(id, name);
        }
        known.partners.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(known)
    }

    /// Also what those of these firms are called that the firm does not know yet, as far as the API names them.
    pub async fn meet<'a>(
        mut self,
        member: &Member,
        firms: impl Iterator<Item = &'a String>,
    ) -> Result<Self, Failure> {
        let new = firms.filter(|firm| !self.names.contains_key(*firm)).cloned().collect();
        self.names.extend(strangers(member, new).await?);
        Ok(self)
    }

    /// A firm by name; one that is not known has none here.
    pub fn name(&self, t: &Text, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| t.say(key::FIRM_UNKNOWN))
    }
}

/// What firms are called, partners or not, whose offers, requests or matches the firm sees; by their ids.
pub async fn strangers(member: &Member, mut firm_ids: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    firm_ids.retain(|firm| !firm.is_empty());
    firm_ids.sort_unstable();
    firm_ids.dedup();
    if firm_ids.is_empty() {
        return Ok(Vec::new());
    }
    let request = ListFirmNamesRequest { firm_ids };
    let list = member.app().api.capabilities().list_firm_names(member.call(request)).await?.into_inner();
    let english = member.text().lang == Lang::En;
    let said = list.firms.into_iter().map(|one| match english && !one.name_en.is_empty() {
        true => (one.firm_id, one.name_en),
        false => (one.firm_id, one.name),
    });
    Ok(said.collect())
}

/// The other side of a relationship.
fn other(me: &str, one: &TradingRelationship) -> (String, String) {
    match one.buyer_id == me {
        true => (one.supplier_id.clone(), one.supplier_name.clone()),
        false => (one.buyer_id.clone(), one.buyer_name.clone()),
    }
}
