//! Streams of many uploads: items come in, slices of them go through one transaction each, answers go out.
//!
//! Whatever waits goes into the next slice, so that a slow client is answered at once and a fast one in hundreds. Bounded
//! from end to end: one slice runs, one waits, and the client is not read further.

use chassis::{Error, Reason, Result, caller::Caller};
use futures::StreamExt as _;
use proto::{access::Permission, capacity::CapacityReceipt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::SLICE;
use crate::commands::{
    Context,
    slice::{self, Command, Effect},
};

/// What goes out.
pub(super) type Answers<A> = ReceiverStream<std::result::Result<A, Status>>;

/// How items of one kind become commands, and what they are answered.
pub(super) struct Kind<I, C, A> {
    pub permission: Permission,
    /// The client's name for an item, and the command that it is.
    pub read: fn(I) -> (String, Result<C>),
    pub answer: fn(String, Result<CapacityReceipt>) -> A,
}

/// Takes items in until the client ends, goes away, loses its right, or the server drains.
pub(super) fn take<I, C, A>(
    context: Context,
    caller: Caller,
    items: Streaming<I>,
    kind: Kind<I, C, A>,
) -> Answers<A>
where
    I: Send + 'static,
    C: Effect,
    A: Send + 'static,
{
    let (answers, out) = mpsc::channel(SLICE);
    tokio::spawn(run(context, caller, items, kind, answers));
    ReceiverStream::new(out)
}

async fn run<I, C: Effect, A>(
    context: Context,
    caller: Caller,
    items: Streaming<I>,
    kind: Kind<I, C, A>,
    answers: mpsc::Sender<std::result::Result<A, Status>>,
) {
    let mut slices = items.ready_chunks(SLICE);
    let ended: Option<Status> = loop {
        let taken = tokio::select! {
            () = context.deps.shutdown.cancelled() => break Some(Error::new(Reason::DRAINING).into()),
            () = answers.closed() => break None,
            taken = slices.next() => taken,
        };
        let Some(taken) = taken else { break None };
        let caller = match still_may(&context, &caller, kind.permission).await {
            Ok(now) => now,
            Err(error) => break Some(error.into()),
        };
        let mut broken = None;
        let (mut ids, mut commands) = (Vec::with_capacity(taken.len()), Vec::with_capacity(taken.len()));
        for item in taken {
            match item.map(kind.read) {
                Err(status) => broken = Some(status),
                Ok((id, Ok(what))) => {
                    commands.push(Command { caller: caller.clone(), key: None, what });
                    ids.push(id);
                }
                Ok((id, Err(error))) => {
                    if answers.send(Ok((kind.answer)(id, Err(error)))).await.is_err() {
                        return;
                    }
                }
            }
        }
        let results = slice::run(&context, caller.firm, &commands).await;
        for (id, result) in ids.into_iter().zip(results) {
            // A client that has gone finds what took effect when it sends it again.
            if answers.send(Ok((kind.answer)(id, result))).await.is_err() {
                return;
            }
        }
        if broken.is_some() {
            break broken;
        }
    };
    if let Some(status) = ended {
        let _ = answers.send(Err(status)).await;
    }
}

/// A stream may outlive the credential that opened it, and what that was narrowed to: the caller as it is now.
async fn still_may(context: &Context, caller: &Caller, permission: Permission) -> Result<Caller> {
    let now = context.deps.resolver.resolve(caller.token.reveal()).await?;
    if !now.may(permission) {
        return Err(Error::new(Reason::PERMISSION_DENIED));
    }
    Ok(Caller { traceparent: caller.traceparent.clone(), ..now })
}
