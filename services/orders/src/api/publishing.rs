//! The stream of many orders: items come in, slices of them go through one transaction each, answers go out.
//!
//! Whatever waits goes into the next slice, so that a slow client is answered at once and a fast one in hundreds.
//! Bounded from end to end: two slices run, one waits, and the client is not read further; a client that does not take
//! its answers holds its own slices up and nobody else's.

use std::sync::Arc;

use chassis::{Error, Reason, caller, caller::Caller, service::Deps};
use futures::StreamExt as _;
use proto::{
    access::Permission,
    orders::{
        PublishOrdersRequest, PublishOrdersResponse, order_publishing_service_server::OrderPublishingService,
    },
};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    commands::{Command, Publish, bulk},
    convert::item,
};

/// The most items that share a transaction.
const SLICE: usize = 100;
/// Slices that run at once, for one client.
const RUNNING: u32 = 2;

pub(crate) struct PublishingApi {
    pub deps: Deps,
}

type Answers = mpsc::Sender<Result<PublishOrdersResponse, Status>>;

#[tonic::async_trait]
impl OrderPublishingService for PublishingApi {
    type PublishOrdersStream = ReceiverStream<Result<PublishOrdersResponse, Status>>;

    async fn publish_orders(
        &self,
        request: Request<Streaming<PublishOrdersRequest>>,
    ) -> Result<Response<Self::PublishOrdersStream>, Status> {
        let caller = caller::of(&request)?;
        let (answers, out) = mpsc::channel(SLICE);
        tokio::spawn(take(self.deps.clone(), caller, request.into_inner(), answers));
        Ok(Response::new(ReceiverStream::new(out)))
    }
}

/// Takes items in until the client ends, goes away, loses its right, or the server drains.
async fn take(deps: Deps, caller: Caller, items: Streaming<PublishOrdersRequest>, answers: Answers) {
    let running = Arc::new(Semaphore::new(RUNNING as usize));
    let mut slices = items.ready_chunks(SLICE);
    let ended: Option<Status> = loop {
        let slice = tokio::select! {
            () = deps.shutdown.cancelled() => break Some(Error::new(Reason::DRAINING).into()),
            () = answers.closed() => break None,
            slice = slices.next() => slice,
        };
        let Some(slice) = slice else { break None };
        let (mut items, mut broken) = (Vec::with_capacity(slice.len()), None);
        for item in slice {
            match item {
                Ok(item) => items.push(item),
                Err(status) => broken = Some(status),
            }
        }
        if let Err(error) = still_may(&deps, &caller).await {
            break Some(error.into());
        }
        let Ok(slot) = running.clone().acquire_owned().await else { break None };
        let (deps, caller, answers) = (deps.clone(), caller.clone(), answers.clone());
        tokio::spawn(async move {
            run(&deps, &caller, items, &answers).await;
            drop(slot);
        });
        if broken.is_some() {
            break broken;
        }
    };
    // What was taken in is answered before the stream ends.
    let Ok(_all) = running.acquire_many(RUNNING).await else { return };
    if let Some(status) = ended {
        let _ = answers.send(Err(status)).await;
    }
}

/// A stream may outlive the credential that opened it.
async fn still_may(deps: &Deps, caller: &Caller) -> Result<(), Error> {
    let now = deps.resolver.resolve(caller.token.reveal()).await?;
    if now.may(Permission::OrdersPublish) { Ok(()) } else { Err(Error::new(Reason::PERMISSION_DENIED)) }
}

async fn run(deps: &Deps, caller: &Caller, items: Vec<PublishOrdersRequest>, answers: &Answers) {
    let (mut ids, mut commands) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for request in items {
        let item_id = request.item_id.clone();
        match item::order(request, &caller.firm_name) {
            Ok(order) => {
                let key = chassis::idempotency::Key { request_id: String::new(), sha256: order.sha256 };
                commands.push(Command { caller: caller.clone(), key, what: Publish { order } });
                ids.push(item_id);
            }
            Err(error) => {
                if answers.send(Ok(item::refused(item_id, error))).await.is_err() {
                    return;
                }
            }
        }
    }
    if commands.is_empty() {
        return;
    }
    let results = bulk::run(deps, caller.firm, &commands).await;
    for (item_id, result) in ids.into_iter().zip(results) {
        let answer = match result {
            Ok(receipt) => item::answered(item_id, receipt),
            Err(error) => item::refused(item_id, error),
        };
        if answers.send(Ok(answer)).await.is_err() {
            // The client has gone; what took effect is found unchanged when it sends it again.
            return;
        }
    }
}
