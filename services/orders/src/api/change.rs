//! The gRPC methods that change published orders.

use chassis::{batch::Batcher, caller, service::Deps, value};
use proto::orders::{
    CancelOrderRequest, ChangeOrderRequest, CloseShortRequest, HoldOrderRequest, OrderReceipt,
    ReleaseOrderRequest, RespondToChangeRequest, WithdrawChangeRequest, WithdrawProposalRequest,
    order_change_service_server::OrderChangeService,
};
use tonic::{Request, Response, Status};

use super::{batcher, submit};
use crate::{
    commands::{
        self, AnswerChange, Cancel, ChangeOrder, Close, Command, Hold, Release, Withdraw, WithdrawChange,
    },
    convert::change as convert,
};

/// Commands of one kind, waiting for their firm's next transaction.
type Lane<C> = Batcher<Command<C>, OrderReceipt>;

pub(crate) struct ChangeApi {
    change: Lane<ChangeOrder>,
    cancel: Lane<Cancel>,
    close: Lane<Close>,
    hold: Lane<Hold>,
    release: Lane<Release>,
    withdraw: Lane<Withdraw>,
    answer_change: Lane<AnswerChange>,
    withdraw_change: Lane<WithdrawChange>,
}

impl ChangeApi {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self {
            change: batcher(deps),
            cancel: batcher(deps),
            close: batcher(deps),
            hold: batcher(deps),
            release: batcher(deps),
            withdraw: batcher(deps),
            answer_change: batcher(deps),
            withdraw_change: batcher(deps),
        }
    }
}

type Answer = Result<Response<OrderReceipt>, Status>;

#[tonic::async_trait]
impl OrderChangeService for ChangeApi {
    async fn change_order(&self, request: Request<ChangeOrderRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let convert::Changed { order, content, warnings } = convert::changed(&request, &caller.firm_name)?;
        let base_revision = request.base_revision;
        let what = ChangeOrder { order, base_revision, content, warnings, note: request.note };
        submit(&self.change, caller, key, what).await
    }

    async fn cancel_order(&self, request: Request<CancelOrderRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        let lines = convert::cancellations(&request)?;
        let CancelOrderRequest { version, reason, note, .. } = request;
        submit(&self.cancel, caller, key, Cancel { order, version, lines, reason, note }).await
    }

    async fn close_short(&self, request: Request<CloseShortRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        let lines = convert::closings(&request)?;
        let what = Close { order, version: request.version, lines, note: request.note };
        submit(&self.close, caller, key, what).await
    }

    async fn hold_order(&self, request: Request<HoldOrderRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        convert::hold(&request)?;
        submit(&self.hold, caller, key, Hold { order, reason: request.reason, note: request.note }).await
    }

    async fn release_order(&self, request: Request<ReleaseOrderRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        convert::only_note(&request.note)?;
        submit(&self.release, caller, key, Release { order, note: request.note }).await
    }

    async fn withdraw_proposal(&self, request: Request<WithdrawProposalRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        let proposals = convert::withdrawal(&request)?;
        submit(&self.withdraw, caller, key, Withdraw { order, proposals, note: request.note }).await
    }

    async fn respond_to_change(&self, request: Request<RespondToChangeRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let (order, change) = (value::id(&request.order_id)?, value::id(&request.change_id)?);
        convert::only_note(&request.note)?;
        let what = AnswerChange { order, change, accept: request.accept, note: request.note };
        submit(&self.answer_change, caller, key, what).await
    }

    async fn withdraw_change(&self, request: Request<WithdrawChangeRequest>) -> Answer {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let (order, change) = (value::id(&request.order_id)?, value::id(&request.change_id)?);
        convert::only_note(&request.note)?;
        let what = WithdrawChange { order, change, note: request.note };
        submit(&self.withdraw_change, caller, key, what).await
    }
}
