//! A command of a caller that runs alone: its idempotency and its effect are one transaction. Commands that share a
//! transaction with others go through `batch` instead.

use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::NewEvent,
    service::Deps,
    slice,
};

/// A command of a caller.
pub struct Single<'a> {
    /// What the service works with.
    pub deps: &'a Deps,
    /// Who asks.
    pub caller: &'a Caller,
    /// `tandem.orders.v1.<Service>/<Method>`.
    pub method: &'static str,
    /// The request's id and hash.
    pub key: Key,
}

/// Whether a request takes effect or answers again.
pub enum Begun<R> {
    /// It took effect before; its receipt, in which no secret stands.
    Replay(R),
    /// Goes on in this transaction, to [`Single::finish`].
    New(TenantTx),
}

impl<'a> Single<'a> {
    /// The command of a request; INVALID_ARGUMENT unless its id is well-formed.
    pub fn of(
        deps: &'a Deps,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Result<Self> {
        idempotency::check_id(request_id)?;
        Ok(Self { deps, caller, method, key: Key::of(request_id, request) })
    }

    /// Opens the transaction, or finds the receipt of the request id. Requests of one id run one after another, so
    /// that a repetition meets the receipt and not the effect of the first.
    pub async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        let mut tx = self.deps.pool.begin_by_keys(self.caller.firm).await?;
        Ok(match self.replayed(&mut tx).await? {
            Some(receipt) => Begun::Replay(receipt),
            None => Begun::New(tx),
        })
    }

    /// The receipt of the request id, once no other request of the same id is under way.
    pub async fn replayed<R: Message + Default>(&self, tx: &mut TenantTx) -> Result<Option<R>> {
        slice::enter(tx, &[(self.method, &self.key)]).await?.pop().flatten().transpose()
    }

    /// Records the receipt, hands the events to the outbox as the last statement, and commits.
    pub async fn finish<R: Message>(&self, tx: TenantTx, receipt: &R, events: Vec<NewEvent>) -> Result<()> {
        self.finish_apart(tx, receipt, vec![events]).await
    }

    /// As [`Single::finish`], where the events are of several aggregates or do not all go to the same firms: those of
    /// one stand in one inner list.
    pub async fn finish_apart<R: Message>(
        &self,
        mut tx: TenantTx,
        receipt: &R,
        events: Vec<Vec<NewEvent>>,
    ) -> Result<()> {
        let any = events.iter().any(|some| !some.is_empty());
        slice::leave(&mut tx, &[((self.method, &self.key), receipt)], events).await?;
        tx.commit().await?;
        if any {
            self.deps.wake.wake();
        }
        Ok(())
    }

    /// The firm whose row it must be, by our own decision; tests switch that off to see the second wall alone.
    pub fn own(&self) -> Option<Uuid> {
        self.deps.checks_ownership().then_some(self.caller.firm)
    }

    /// The present moment as the database keeps it.
    pub fn now(&self) -> OffsetDateTime {
        self.deps.now()
    }
}

/// When something happens, and in the course of which request.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// What the service works with.
    pub deps: &'a Deps,
    /// When, to the microsecond.
    pub at: OffsetDateTime,
    /// W3C trace context; empty where nobody asked.
    pub traceparent: &'a str,
}

impl<'a> Now<'a> {
    /// In no request: what a loop does.
    pub fn unasked(deps: &'a Deps) -> Self {
        Self { deps, at: deps.now(), traceparent: "" }
    }

    /// What happened now to `kind/id`, which is in this version since, for these firms whatever their readers' sites.
    pub fn event(
        &self,
        (source, r#type): (&'static str, &'static str),
        (kind, id): (&str, Uuid),
        version: i64,
        audience: Vec<Uuid>,
        data: Vec<u8>,
    ) -> NewEvent {
        NewEvent {
            id: self.deps.clock.id(),
            source,
            r#type,
            subject: format!("{kind}/{id}"),
            subject_id: Some(id),
            version,
            at: self.at,
            traceparent: self.traceparent.to_owned(),
            audience,
            sites: Vec::new(),
            purchasing_group: String::new(),
            scope_firm: None,
            data: data.into(),
        }
    }
}

/// Waits until no other transaction of the firm works on this name, and keeps others waiting until this one ends.
pub async fn lock(tx: &mut TenantTx, what: &str, name: &str) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', $1::uuid, $2::text, $3::text), 0))"#,
        firm,
        what,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
