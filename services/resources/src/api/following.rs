//! The methods of FollowService.

use chassis::value;
use proto::resources::{
    FollowRequest, Following, ListFollowingRequest, ListFollowingResponse, UnfollowRequest,
    follow_service_server::FollowService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert::following::what, queries};

#[tonic::async_trait]
impl FollowService for Api {
    async fn follow(&self, request: Request<FollowRequest>) -> Result<Response<Following>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.FollowService/Follow";
        let (owner, category) = what(&request)?;
        let command = self.command(&caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::following::follow(&command, owner, category).await?))
    }

    async fn unfollow(&self, request: Request<UnfollowRequest>) -> Result<Response<Following>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.resources.v1.FollowService/Unfollow";
        let command = self.command(&caller, method, &request.request_id, &request)?;
        let id = value::id(&request.following_id)?;
        Ok(Response::new(commands::following::unfollow(&command, id).await?))
    }

    async fn list_following(
        &self,
        request: Request<ListFollowingRequest>,
    ) -> Result<Response<ListFollowingResponse>, Status> {
        let (caller, _) = parts(request)?;
        Ok(Response::new(queries::following::list(self.deps(), &caller).await?))
    }
}
