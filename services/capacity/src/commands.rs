//! One function a command: replay or load, decide, save, record the receipt, and append to the outbox last. Nothing here
//! calls the network.

pub(crate) mod borrow;
pub(crate) mod capability;
pub(crate) mod catena;
pub(crate) mod comment;
pub(crate) mod demand;
pub(crate) mod disclose;
pub(crate) mod disclosure;
pub(crate) mod group;
pub(crate) mod hold;
pub(crate) mod load;
pub(crate) mod matched;
pub(crate) mod matching;
pub(crate) mod offer;
pub(crate) mod request;
pub(crate) mod reservation;
pub(crate) mod slice;
pub(crate) mod volatility;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::{self, NewEvent, Wake},
    service::Deps,
};
use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::{self, partner::Partner};

/// What commands work with.
#[derive(Clone)]
pub(crate) struct Context {
    pub deps: Deps,
    /// Wakes the matching of demand that arrived, in the same process; others look by themselves.
    pub arrived: Wake,
}

impl Context {
    /// The firm whose row it must be, by our own decision; tests switch that off to see the second wall alone.
    pub(crate) fn own(&self, caller: &Caller) -> Option<Uuid> {
        self.deps.checks_ownership().then_some(caller.firm)
    }
}

/// When something happens, and in the course of which request.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub deps: &'a Deps,
    pub at: OffsetDateTime,
    /// W3C trace context; empty where nobody asked.
    pub traceparent: &'a str,
}

/// When something happens, and by whom.
pub(crate) struct Moment<'a> {
    pub deps: &'a Deps,
    pub at: OffsetDateTime,
    pub caller: &'a Caller,
}

impl<'a> Moment<'a> {
    pub(crate) fn of(context: &'a Context, caller: &'a Caller) -> Self {
        Self { deps: &context.deps, at: now(&context.deps), caller }
    }

    pub(crate) fn now(&self) -> Now<'a> {
        Now { deps: self.deps, at: self.at, traceparent: &self.caller.traceparent }
    }
}

/// Whether something new may go over a relationship.
fn active(partner: &Partner) -> Result<()> {
    match (partner.state.as_str(), partner.firm_state.as_str()) {
        ("active", "active") => Ok(()),
        ("active", "suspended") => Err(Error::new(Reason::FIRM_SUSPENDED)),
        ("invited", _) => Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)
            .message("the firm has not accepted the invitation yet")),
        _ => Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE)),
    }
}

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
        let mut tx = self.deps.pool.begin_by_keys(self.caller.firm).await?;
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
