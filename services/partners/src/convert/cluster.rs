//! Clusters and their members.

use chassis::{Result, value};
use proto::partners as wire;

use super::{Check, NAME};
use crate::cluster::{Cluster, Membership, MembershipState};

/// The name of a new cluster in both languages.
pub(crate) fn new_cluster(request: &wire::CreateClusterRequest) -> Result<(String, String)> {
    let mut check = Check::default();
    let names =
        (check.text("name", &request.name, NAME), check.optional_text("name_en", &request.name_en, NAME));
    check.done(names)
}

fn state(state: MembershipState) -> i32 {
    let state = match state {
        MembershipState::Invited => wire::ClusterMembershipState::Invited,
        MembershipState::Joined => wire::ClusterMembershipState::Joined,
        MembershipState::Left => wire::ClusterMembershipState::Left,
    };
    state.into()
}

pub(crate) fn cluster(cluster: &Cluster) -> wire::Cluster {
    wire::Cluster {
        id: cluster.id.to_string(),
        name: cluster.name.clone(),
        name_en: cluster.name_en.clone(),
        operator_name: cluster.operator_name.clone(),
        members: i32::try_from(cluster.members).unwrap_or(i32::MAX),
        own_state: cluster.own_state.map(state).unwrap_or_default(),
        created_at: Some(value::timestamp(cluster.created_at)),
    }
}

pub(crate) fn membership(member: &Membership) -> wire::ClusterMembership {
    wire::ClusterMembership {
        cluster_id: member.cluster.to_string(),
        firm_id: member.firm.to_string(),
        firm_name: member.firm_name.clone(),
        firm_name_en: member.firm_name_en.clone(),
        state: state(member.state),
        changed_at: Some(value::timestamp(member.changed_at)),
    }
}

/// What the firm and the operator hear.
pub(crate) fn membership_changed(cluster: &Cluster, member: &Membership) -> wire::ClusterMembershipChanged {
    wire::ClusterMembershipChanged {
        membership: Some(membership(member)),
        cluster_name: cluster.name.clone(),
    }
}
