//! Reminders, progress, and what the firms write to each other.

use chassis::{Error, caller, service::Deps, value};
use proto::orders::{
    AcknowledgeRemindersRequest, AcknowledgeRemindersResponse, GetAttachmentRequest, GetAttachmentResponse,
    ListMessagesRequest, ListMessagesResponse, ListOrdersAtRiskRequest, ListOrdersAtRiskResponse,
    ListRemindersRequest, ListRemindersResponse, MarkOpenedRequest, MarkOpenedResponse, PostMessageRequest,
    PostMessageResponse, RemindSupplierRequest, RemindSupplierResponse, SetProgressRequest,
    SetProgressResponse, progress_service_server::ProgressService, reminder_service_server::ReminderService,
    thread_service_server::ThreadService,
};
use tonic::{Request, Response, Status};

use crate::{
    commands::{self, Single},
    convert::follow as convert,
    queries::follow as queries,
};

/// What the methods work with.
pub(crate) struct FollowApi {
    pub deps: Deps,
}

#[tonic::async_trait]
impl ReminderService for FollowApi {
    async fn remind_supplier(
        &self,
        request: Request<RemindSupplierRequest>,
    ) -> Result<Response<RemindSupplierResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ReminderService/RemindSupplier";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let ids = convert::reminded(&request.order_ids, &request.message)?;
        Ok(Response::new(commands::remind::remind(&command, &ids, &request.message).await?))
    }

    async fn list_reminders(
        &self,
        request: Request<ListRemindersRequest>,
    ) -> Result<Response<ListRemindersResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_reminders(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn acknowledge_reminders(
        &self,
        request: Request<AcknowledgeRemindersRequest>,
    ) -> Result<Response<AcknowledgeRemindersResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ReminderService/AcknowledgeReminders";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let mut wrong = Vec::new();
        let ids = convert::ids("reminder_ids", &request.reminder_ids, &mut wrong);
        convert::checked(wrong)?;
        Ok(Response::new(commands::remind::acknowledge(&command, &ids).await?))
    }

    async fn mark_opened(
        &self,
        request: Request<MarkOpenedRequest>,
    ) -> Result<Response<MarkOpenedResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ReminderService/MarkOpened";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        Ok(Response::new(commands::remind::mark_opened(&command, order).await?))
    }
}

#[tonic::async_trait]
impl ProgressService for FollowApi {
    async fn set_progress(
        &self,
        request: Request<SetProgressRequest>,
    ) -> Result<Response<SetProgressResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ProgressService/SetProgress";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        if !caller.reaches(order) {
            // Before anything is looked up, so that a document link meets no receipts of others either.
            return Err(Error::not_found().into());
        }
        let said = convert::said(&request)?;
        Ok(Response::new(commands::progress::set_progress(&command, order, &said, &request.note).await?))
    }

    async fn list_orders_at_risk(
        &self,
        request: Request<ListOrdersAtRiskRequest>,
    ) -> Result<Response<ListOrdersAtRiskResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_orders_at_risk(&self.deps, &caller, request.into_inner()).await?))
    }
}

#[tonic::async_trait]
impl ThreadService for FollowApi {
    type GetAttachmentStream = tokio_stream::Iter<std::vec::IntoIter<Result<GetAttachmentResponse, Status>>>;

    async fn post_message(
        &self,
        request: Request<PostMessageRequest>,
    ) -> Result<Response<PostMessageResponse>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.ThreadService/PostMessage";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let post = convert::post(request)?;
        Ok(Response::new(commands::thread::post_message(&command, post).await?))
    }

    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_messages(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn get_attachment(
        &self,
        request: Request<GetAttachmentRequest>,
    ) -> Result<Response<Self::GetAttachmentStream>, Status> {
        let caller = caller::of(&request)?;
        let parts = queries::get_attachment(&self.deps, &caller, request.get_ref()).await?;
        let parts: Vec<_> = parts.into_iter().map(Ok).collect();
        Ok(Response::new(tokio_stream::iter(parts)))
    }
}
