//! A command by itself: idempotency and effect in one transaction, its events last, then COMMIT. For what is rare,
//! where waiting for others to share the transaction would gain nothing.

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

use crate::db;

/// A command of a caller: what all of them need.
pub(crate) struct Alone<'a> {
    pub deps: &'a Deps,
    pub caller: &'a Caller,
    /// The method's full name, part of the idempotency key.
    pub method: &'static str,
    pub key: Key,
}

/// Whether a request takes effect or answers again.
pub(crate) enum Begun<R> {
    /// It took effect before; its receipt.
    Replay(R),
    /// Goes on in this transaction, to [`Alone::finish`].
    New(TenantTx),
}

impl<'a> Alone<'a> {
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

    /// Opens the command's transaction, or finds the receipt of its request id. Requests of one id run one after
    /// another, so that a repetition meets the receipt and not the effect of the first.
    pub(crate) async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        let mut tx = self.deps.pool.begin(self.caller.firm).await?;
        db::trading_terms::lock_request(&mut tx, self.method, &self.key.request_id).await?;
        match idempotency::replays(&mut tx, self.method, &[&self.key]).await?.pop().flatten() {
            Some(replay) => Ok(Begun::Replay(replay?)),
            None => Ok(Begun::New(tx)),
        }
    }

    /// Records the receipt, hands the events to the outbox as the last statement, and commits. The events of one
    /// order stand in one inner list.
    pub(crate) async fn finish<R: Message>(
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

    /// The present moment as the database keeps it: to the microsecond.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let now = self.deps.clock.now();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }
}
