//! The gRPC methods: caller → convert → command or query → convert.

mod change;
mod follow;
mod link;
mod publishing;
mod response;
mod scorecard;
mod tolerance;
mod trading_terms;

use std::sync::Arc;

use chassis::{
    Error, Result, batch::Batcher, caller, caller::Caller, idempotency::Key, service::Deps, value,
};
use proto::orders::{
    GetOrderRequest, ListOrderLinesRequest, ListOrderLinesResponse, ListOrdersRequest, ListOrdersResponse,
    ListScheduleLinesRequest, ListScheduleLinesResponse, Order, OrderReceipt, PublishOrderRequest,
    ResolveProposalRequest, RespondToOrderRequest, order_service_server::OrderService,
};
use tonic::{Request, Response, Status};

pub(crate) use change::ChangeApi;
pub(crate) use follow::FollowApi;
pub(crate) use publishing::PublishingApi;
pub(crate) use trading_terms::TermsApi;

use crate::{
    commands::{self, Command, Effect, Publish, Resolve, Respond},
    convert, queries,
};

/// The most commands that share a transaction.
const SLICE: usize = 100;

pub(crate) struct Api {
    pub(crate) deps: Deps,
    publish: Batcher<Command<Publish>, OrderReceipt>,
    pub(crate) respond: Batcher<Command<Respond>, OrderReceipt>,
    resolve: Batcher<Command<Resolve>, OrderReceipt>,
}

impl Api {
    pub(crate) fn new(deps: Deps) -> Self {
        Self { publish: batcher(&deps), respond: batcher(&deps), resolve: batcher(&deps), deps }
    }

    /// A supplier's answer, checked. NOT_FOUND for an order that a document link does not reach, before anything is
    /// looked up, so that the link meets no receipts of others either.
    pub(crate) fn respond_command(
        &self,
        caller: &Caller,
        request: RespondToOrderRequest,
    ) -> Result<Command<Respond>> {
        let key = if request.validate_only {
            Key::of("", &request)
        } else {
            commands::key(&request.request_id, &request)?
        };
        let order = value::id(&request.order_id)?;
        if !caller.reaches(order) {
            return Err(Error::not_found());
        }
        let answers = convert::response(&request, &self.deps.clock)?;
        let RespondToOrderRequest { revision, version, note, despite_offers, .. } = request;
        let what = Respond { order, revision, version, answers, note, despite_offers };
        Ok(Command { caller: caller.clone(), key, what })
    }
}

fn batcher<C: Effect>(deps: &Deps) -> Batcher<Command<C>, OrderReceipt> {
    let deps = deps.clone();
    Batcher::new(SLICE, Arc::new(move |firm, commands| Box::pin(commands::run(deps.clone(), firm, commands))))
}

/// A new order that was not written has no ids, and neither has a supplier whom it would have invited.
fn without_ids(receipt: &mut OrderReceipt) {
    receipt.order_id.clear();
    receipt.lines.iter_mut().for_each(|line| line.schedule_line_id.clear());
    if receipt.supplier_invited {
        receipt.supplier_id.clear();
    }
}

fn without_response(receipt: &mut OrderReceipt) {
    receipt.response_id.clear();
    receipt.lines.iter_mut().for_each(|line| line.proposal_id.clear());
}

async fn submit<C: Effect>(
    lane: &Batcher<Command<C>, OrderReceipt>,
    caller: Caller,
    key: Key,
    what: C,
) -> Result<Response<OrderReceipt>, Status> {
    let firm = caller.firm;
    Ok(Response::new(lane.submit(firm, Command { caller, key, what }).await?))
}

#[tonic::async_trait]
impl OrderService for Api {
    async fn publish_order(
        &self,
        request: Request<PublishOrderRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        if request.validate_only {
            let key = Key::of("", &request);
            let order = convert::new_order(request, &caller.firm_name)?;
            let command = Command { caller, key, what: Publish { order } };
            let receipt = commands::rehearse(&self.deps, command, without_ids).await?;
            return Ok(Response::new(receipt));
        }
        let key = commands::key(&request.request_id, &request)?;
        let order = convert::new_order(request, &caller.firm_name)?;
        submit(&self.publish, caller, key, Publish { order }).await
    }

    async fn get_order(&self, request: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::get_order(&self.deps, &caller, request.get_ref()).await?))
    }

    async fn list_orders(
        &self,
        request: Request<ListOrdersRequest>,
    ) -> Result<Response<ListOrdersResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_orders(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn list_schedule_lines(
        &self,
        request: Request<ListScheduleLinesRequest>,
    ) -> Result<Response<ListScheduleLinesResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_schedule_lines(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn list_order_lines(
        &self,
        request: Request<ListOrderLinesRequest>,
    ) -> Result<Response<ListOrderLinesResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_order_lines(&self.deps, &caller, request.into_inner()).await?))
    }

    async fn respond_to_order(
        &self,
        request: Request<RespondToOrderRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let try_out = request.validate_only;
        let command = self.respond_command(&caller, request)?;
        if try_out {
            let receipt = commands::rehearse(&self.deps, command, without_response).await?;
            return Ok(Response::new(receipt));
        }
        Ok(Response::new(self.respond.submit(caller.firm, command).await?))
    }

    async fn resolve_proposal(
        &self,
        request: Request<ResolveProposalRequest>,
    ) -> Result<Response<OrderReceipt>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let key = commands::key(&request.request_id, &request)?;
        let order = value::id(&request.order_id)?;
        let decisions = convert::resolution(&request)?;
        submit(&self.resolve, caller, key, Resolve { order, decisions }).await
    }
}
