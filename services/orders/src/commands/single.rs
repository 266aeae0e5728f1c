//! Commands that run alone: idempotency and effect in one transaction. Secrets are made before the transaction and
//! put into the answer after it, so that no recorded receipt holds one.

use chassis::{
    Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::{self, NewEvent},
    service::Deps,
};
use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use super::follow;
use crate::db::single as db;

/// A command of a caller.
pub(crate) struct Single<'a> {
    pub deps: &'a Deps,
    pub caller: &'a Caller,
    /// `tandem.orders.v1.<Service>/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

/// Whether a request takes effect or answers again.
pub(crate) enum Begun<R> {
    /// It took effect before; its receipt, in which no secret stands.
    Replay(R),
    /// Goes on in this transaction, to [`Single::finish`].
    New(TenantTx),
}

impl<'a> Single<'a> {
    /// The command of a request whose id is well-formed.
    pub(crate) fn of(
        deps: &'a Deps,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Result<Self> {
        Ok(Self { deps, caller, method, key: super::key(request_id, request)? })
    }

    /// Opens the transaction, or finds the receipt of the request id. Requests of one id run one after another, so
    /// that a repetition meets the receipt and not the effect of the first.
    pub(crate) async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        self.begin_about(&[]).await
    }

    /// As [`Single::begin`], about these orders: a caller who was narrowed away from one of them since meets no receipt.
    pub(crate) async fn begin_about<R: Message + Default>(&self, orders: &[Uuid]) -> Result<Begun<R>> {
        let mut tx = self.deps.pool.begin_by_keys(self.caller.firm).await?;
        db::lock(&mut tx, self.method, &self.key.request_id).await?;
        let Some(replay) = idempotency::replays(&mut tx, self.method, &[&self.key]).await?.pop().flatten()
        else {
            return Ok(Begun::New(tx));
        };
        for order in orders.iter().filter(|_| self.caller.is_narrowed()) {
            follow::seen(self.deps, &mut tx, self.caller, *order).await?;
        }
        Ok(Begun::Replay(replay?))
    }

    /// Records the receipt and commits.
    pub(crate) async fn finish<R: Message>(&self, tx: TenantTx, receipt: &R) -> Result<()> {
        self.finish_with(tx, receipt, Vec::new()).await
    }

    /// Records the receipt, hands the events to the outbox as the last statement, and commits. The events of one order
    /// stand in one inner list.
    pub(crate) async fn finish_with<R: Message>(
        &self,
        mut tx: TenantTx,
        receipt: &R,
        events: Vec<Vec<NewEvent>>,
    ) -> Result<()> {
        idempotency::record(&mut tx, self.method, &[(&self.key, receipt)]).await?;
        let any = !events.is_empty();
        outbox::append(&mut tx, events).await?;
        tx.commit().await?;
        if any {
            self.deps.wake.wake();
        }
        Ok(())
    }

    /// The firm whose row it must be, by our own decision; tests switch that off to see the second wall alone.
    pub(crate) fn own(&self) -> Option<Uuid> {
        self.deps.checks_ownership().then_some(self.caller.firm)
    }

    /// The present moment as the database keeps it: to the microsecond.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let now = self.deps.clock.now();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }
}
