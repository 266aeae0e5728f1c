//! tandem.stream.v1.SubscriptionService: caller → convert → command or query → convert.

use chassis::{caller, command::Single, cursor::Cursor, service::Deps};
use proto::stream::{
    AcknowledgeSubscriptionRequest, CreateSubscriptionRequest, DeleteSubscriptionRequest,
    DeleteSubscriptionResponse, GetSubscriptionRequest, ListSubscriptionsRequest, ListSubscriptionsResponse,
    Subscription, subscription_service_server::SubscriptionService,
};
use tonic::{Request, Response, Status};

use crate::{
    commands::subscription as commands, convert::subscription as convert, queries::subscription as queries,
};

/// What the methods work with.
pub(crate) struct Api(pub(crate) Deps);

#[tonic::async_trait]
impl SubscriptionService for Api {
    async fn create_subscription(
        &self,
        request: Request<CreateSubscriptionRequest>,
    ) -> Result<Response<Subscription>, Status> {
        let (caller, request) = (caller::of(&request)?, request.into_inner());
        let (name, start) = convert::new(&request, caller.firm, &self.0.keys)?;
        let method = "tandem.stream.v1.SubscriptionService/CreateSubscription";
        let single = Single::of(&self.0, &caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::create(&single, name, start).await?))
    }

    async fn get_subscription(
        &self,
        request: Request<GetSubscriptionRequest>,
    ) -> Result<Response<Subscription>, Status> {
        let (caller, request) = (caller::of(&request)?, request.into_inner());
        Ok(Response::new(queries::get(&self.0, &caller, &request.name).await?))
    }

    async fn list_subscriptions(
        &self,
        request: Request<ListSubscriptionsRequest>,
    ) -> Result<Response<ListSubscriptionsResponse>, Status> {
        let (caller, request) = (caller::of(&request)?, request.into_inner());
        Ok(Response::new(queries::list(&self.0, &caller, &request).await?))
    }

    async fn delete_subscription(
        &self,
        request: Request<DeleteSubscriptionRequest>,
    ) -> Result<Response<DeleteSubscriptionResponse>, Status> {
        let (caller, request) = (caller::of(&request)?, request.into_inner());
        let method = "tandem.stream.v1.SubscriptionService/DeleteSubscription";
        let single = Single::of(&self.0, &caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::delete(&single, &request.name).await?))
    }

    async fn acknowledge_subscription(
        &self,
        request: Request<AcknowledgeSubscriptionRequest>,
    ) -> Result<Response<Subscription>, Status> {
        let (caller, request) = (caller::of(&request)?, request.into_inner());
        let cursor = Cursor::decode(&request.cursor, caller.firm, &self.0.keys)?;
        let method = "tandem.stream.v1.SubscriptionService/AcknowledgeSubscription";
        let single = Single::of(&self.0, &caller, method, &request.request_id, &request)?;
        Ok(Response::new(commands::acknowledge(&single, &request.name, cursor, request.rewind).await?))
    }
}
