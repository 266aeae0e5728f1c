//! Clusters and their members.

use chassis::{
    Error, Result,
    caller::Caller,
    page::{self, Question},
    service::Deps,
    value,
};
use proto::partners as wire;
use uuid::Uuid;

use super::{cursor, token};
use crate::{
    cluster::MembershipState,
    convert,
    db::{self, cluster::Which},
};

/// Clusters that the caller's firm runs, belongs to or is invited to.
pub(crate) async fn list_clusters(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListClustersRequest,
) -> Result<wire::ListClustersResponse> {
    let size = page::size(request.page_size)?;
    let question = Question::new(caller.firm, "ListClusters", b"");
    let after = cursor(deps, &question, &request.page_token)?.map(|((), id)| id);
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut rows = db::cluster::list(&mut tx, after, size + 1).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |one| ((), one.id.to_string()));
    Ok(wire::ListClustersResponse {
        clusters: rows.iter().map(convert::cluster).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}

/// Members by name, for members and the operator.
pub(crate) async fn list_cluster_members(
    deps: &Deps,
    caller: &Caller,
    request: &wire::ListClusterMembersRequest,
) -> Result<wire::ListClusterMembersResponse> {
    let size = page::size(request.page_size)?;
    let id = value::id(&request.cluster_id)?;
    let question = Question::new(caller.firm, "ListClusterMembers", id.as_bytes());
    let after: Option<(String, Uuid)> = cursor(deps, &question, &request.page_token)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let cluster = db::cluster::get(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    let belongs = cluster.operator == caller.firm || cluster.own_state == Some(MembershipState::Joined);
    if !belongs && deps.checks_ownership() {
        return Err(Error::not_found());
    }
    let which =
        Which { firm: None, after: after.as_ref().map(|(name, id)| (name.as_str(), *id)), limit: size + 1 };
    let mut rows = db::cluster::members(&mut tx, id, &which).await?;
    tx.commit().await?;
    let last = page::cut(&mut rows, size, |member| (member.firm_name.clone(), member.firm.to_string()));
    Ok(wire::ListClusterMembersResponse {
        members: rows.iter().map(convert::membership).collect(),
        next_page_token: token(deps, &question, last)?,
    })
}
