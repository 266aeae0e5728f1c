//! Clusters.

use chassis::value;
use proto::partners::{
    Cluster, ClusterMembership, CreateClusterRequest, InviteToClusterRequest, JoinClusterRequest,
    LeaveClusterRequest, ListClusterMembersRequest, ListClusterMembersResponse, ListClustersRequest,
    ListClustersResponse, cluster_service_server::ClusterService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{cluster::MembershipState, commands, convert, queries};

#[tonic::async_trait]
impl ClusterService for Api {
    async fn create_cluster(
        &self,
        request: Request<CreateClusterRequest>,
    ) -> Result<Response<Cluster>, Status> {
        let (caller, request) = parts(request)?;
        let names = convert::new_cluster(&request)?;
        let method = "tandem.partners.v1.ClusterService/CreateCluster";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_cluster(&command, names).await?))
    }

    async fn invite_to_cluster(
        &self,
        request: Request<InviteToClusterRequest>,
    ) -> Result<Response<ClusterMembership>, Status> {
        let (caller, request) = parts(request)?;
        let (cluster, firm) = (value::id(&request.cluster_id)?, value::id(&request.firm_id)?);
        let method = "tandem.partners.v1.ClusterService/InviteToCluster";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::invite_to_cluster(&command, cluster, firm).await?))
    }

    async fn join_cluster(
        &self,
        request: Request<JoinClusterRequest>,
    ) -> Result<Response<ClusterMembership>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.cluster_id)?;
        let method = "tandem.partners.v1.ClusterService/JoinCluster";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::move_membership(&command, id, MembershipState::Joined).await?))
    }

    async fn leave_cluster(
        &self,
        request: Request<LeaveClusterRequest>,
    ) -> Result<Response<ClusterMembership>, Status> {
        let (caller, request) = parts(request)?;
        let id = value::id(&request.cluster_id)?;
        let method = "tandem.partners.v1.ClusterService/LeaveCluster";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::move_membership(&command, id, MembershipState::Left).await?))
    }

    async fn list_clusters(
        &self,
        request: Request<ListClustersRequest>,
    ) -> Result<Response<ListClustersResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_clusters(&self.deps, &caller, &request).await?))
    }

    async fn list_cluster_members(
        &self,
        request: Request<ListClusterMembersRequest>,
    ) -> Result<Response<ListClusterMembersResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_cluster_members(&self.deps, &caller, &request).await?))
    }
}
