//! Members, keys and sign-in links.

use proto::partners::{
    ApiKey, CreateApiKeyRequest, CreateApiKeyResponse, CreateMemberRequest, CreateSignInLinkRequest,
    CreateSignInLinkResponse, ListApiKeysRequest, ListApiKeysResponse, ListMembersRequest,
    ListMembersResponse, Member, RevokeApiKeyRequest, UpdateMemberRequest,
    member_service_server::MemberService,
};
use tonic::{Request, Response, Status};

use super::{Api, parts};
use crate::{commands, convert, queries};

#[tonic::async_trait]
impl MemberService for Api {
    async fn create_member(&self, request: Request<CreateMemberRequest>) -> Result<Response<Member>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_member(&request)?;
        let method = "tandem.partners.v1.MemberService/CreateMember";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_member(&command, new).await?))
    }

    async fn list_members(
        &self,
        request: Request<ListMembersRequest>,
    ) -> Result<Response<ListMembersResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_members(&self.deps, &caller, &request).await?))
    }

    async fn update_member(&self, request: Request<UpdateMemberRequest>) -> Result<Response<Member>, Status> {
        let (caller, request) = parts(request)?;
        let change = convert::member_change(&request)?;
        let method = "tandem.partners.v1.MemberService/UpdateMember";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::update_member(&command, change).await?))
    }

    async fn create_sign_in_link(
        &self,
        request: Request<CreateSignInLinkRequest>,
    ) -> Result<Response<CreateSignInLinkResponse>, Status> {
        let (caller, request) = parts(request)?;
        let member = chassis::value::id(&request.member_id)?;
        let method = "tandem.partners.v1.MemberService/CreateSignInLink";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_sign_in_link(&command, member).await?))
    }

    async fn create_api_key(
        &self,
        request: Request<CreateApiKeyRequest>,
    ) -> Result<Response<CreateApiKeyResponse>, Status> {
        let (caller, request) = parts(request)?;
        let new = convert::new_key(&request)?;
        let method = "tandem.partners.v1.MemberService/CreateApiKey";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::create_api_key(&command, new).await?))
    }

    async fn list_api_keys(
        &self,
        request: Request<ListApiKeysRequest>,
    ) -> Result<Response<ListApiKeysResponse>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(queries::list_api_keys(&self.deps, &caller, &request).await?))
    }

    async fn revoke_api_key(
        &self,
        request: Request<RevokeApiKeyRequest>,
    ) -> Result<Response<ApiKey>, Status> {
        let (caller, request) = parts(request)?;
        let method = "tandem.partners.v1.MemberService/RevokeApiKey";
        let command = self.command(&caller, method, &request.request_id, &request);
        Ok(Response::new(commands::revoke_api_key(&command, request.api_key_id.clone()).await?))
    }
}
