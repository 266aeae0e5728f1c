//! The methods of CommentService.

use chassis::{Error, Reason, caller::Caller, idempotency::Key};
use proto::capacity::{
    CapacityReceipt, DeleteCommentRequest, ListCommentsRequest, ListCommentsResponse, PostCommentRequest,
    comment_service_server::CommentService,
};
use tonic::{Request, Response, Status};

use super::{Api, key, parts};
use crate::{
    commands::slice::{self, Command},
    convert::comment::{NewComment, deletion, new_comment},
    queries,
};

#[tonic::async_trait]
impl CommentService for Api {
    async fn post_comment(
        &self,
        request: Request<PostCommentRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        self.say(caller, key, new_comment(&request)?).await
    }

    async fn delete_comment(
        &self,
        request: Request<DeleteCommentRequest>,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        self.say(caller, key, deletion(&request)?).await
    }

    async fn list_comments(
        &self,
        request: Request<ListCommentsRequest>,
    ) -> Result<Response<ListCommentsResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::comment::list(self.deps(), &caller, &request).await?))
    }
}

impl Api {
    async fn say(
        &self,
        caller: Caller,
        key: Key,
        what: NewComment,
    ) -> Result<Response<CapacityReceipt>, Status> {
        let firm = caller.firm;
        let command = Command { caller, key: Some(key), what };
        let mut done = slice::run(&self.context, firm, &[command]).await;
        Ok(Response::new(done.pop().unwrap_or_else(|| Err(Error::new(Reason::UNAVAILABLE)))?))
    }
}
