//! One function a command: replay or load, decide, save, record the receipt, and append to the outbox last. Nothing here
//! calls the network.

pub(crate) mod disclosure;

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

/// A command that runs alone: its idempotency and its effect are one transaction.
pub(crate) struct Single<'a> {
    pub deps: &'a Deps,
    pub caller: &'a Caller,
    /// `tandem.capacity.v1.<Service>/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

/// Whether a request takes effect or answers again.
pub(crate) enum Begun<R> {
    /// It took effect before; its receipt.
    Replay(R),
    /// Goes on in this transaction, to [`Single::finish`].
    New(TenantTx),
}

impl Single<'_> {
    /// Opens the transaction, or finds the receipt of the request id. Requests of one id run one after another, so
    /// that a repetition meets the receipt and not the effect of the first.
    pub(crate) async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        let mut tx = self.deps.pool.begin(self.caller.firm).await?;
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
            self.deps.wake.wake();
        }
        Ok(())
    }

    /// The present moment as the database keeps it: to the microsecond.
    pub(crate) fn now(&self) -> OffsetDateTime {
        now(self.deps)
    }
}

/// The present moment as the database keeps it: to the microsecond.
pub(crate) fn now(deps: &Deps) -> OffsetDateTime {
    let now = deps.clock.now();
    now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
}
