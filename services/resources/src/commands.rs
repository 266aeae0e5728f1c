//! One function a command: replay or load, decide, save, record the receipt, and append to the outbox last. Nothing here
//! calls the network.

pub(crate) mod access;
pub(crate) mod announce;
pub(crate) mod binding;
pub(crate) mod download;
pub(crate) mod entitlement;
pub(crate) mod following;
pub(crate) mod resource;
pub(crate) mod revision;
pub(crate) mod upload;

use chassis::{
    Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::{self, NewEvent, Wake},
    service::Deps,
};
use prost::Message;
use time::OffsetDateTime;

use crate::db;

/// What commands work with.
#[derive(Clone)]
pub(crate) struct Context {
    pub deps: Deps,
    /// Wakes the telling of others, in the same process; others look by themselves.
    pub to_tell: Wake,
}

/// When something happens, and in the course of which request.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub deps: &'a Deps,
    pub at: OffsetDateTime,
    /// W3C trace context; empty where nobody asked.
    pub traceparent: &'a str,
}

/// A command: its idempotency and its effect are one transaction.
pub(crate) struct Command<'a> {
    pub context: &'a Context,
    pub caller: &'a Caller,
    /// `tandem.resources.v1.<Service>/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

/// Whether a request takes effect or answers again.
pub(crate) enum Begun<R> {
    /// It took effect before; its receipt.
    Replay(R),
    /// Goes on in this transaction, to [`Command::finish`].
    New(TenantTx),
}

impl Command<'_> {
    /// Opens the transaction, or finds the receipt of the request id. Requests of one id run one after another, so
    /// that a repetition meets the receipt and not the effect of the first.
    pub(crate) async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        let mut tx = self.context.deps.pool.begin_by_keys(self.caller.firm).await?;
        db::lock(&mut tx, self.method, &self.key.request_id).await?;
        match idempotency::replays(&mut tx, self.method, &[&self.key]).await?.pop().flatten() {
            Some(replay) => Ok(Begun::Replay(replay?)),
            None => Ok(Begun::New(tx)),
        }
    }

    /// Records the receipt, hands the events to the outbox as the last statement, and commits.
    pub(crate) async fn finish<R: Message>(
        &self,
        mut tx: TenantTx,
        receipt: &R,
        events: Vec<NewEvent>,
    ) -> Result<()> {
        idempotency::record(&mut tx, self.method, &[(&self.key, receipt)]).await?;
        let any = !events.is_empty();
        outbox::append(&mut tx, vec![events]).await?;
        tx.commit().await?;
        if any {
            self.context.deps.wake.wake();
            self.context.to_tell.wake();
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Now<'_> {
        Now { deps: &self.context.deps, at: now(&self.context.deps), traceparent: &self.caller.traceparent }
    }
}

/// The present moment as the database keeps it: to the microsecond.
pub(crate) fn now(deps: &Deps) -> OffsetDateTime {
    let now = deps.clock.now();
    now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
}
