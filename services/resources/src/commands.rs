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
    command::Single,
    db::TenantTx,
    idempotency::Key,
    outbox::{NewEvent, Wake},
    service::Deps,
};
use prost::Message;

pub(crate) use chassis::command::{Begun, Now};

/// What commands work with.
#[derive(Clone)]
pub(crate) struct Context {
    pub deps: Deps,
    /// Wakes the telling of others, in the same process; others look by themselves.
    pub to_tell: Wake,
}

/// A command: its idempotency and its effect are one transaction.
pub(crate) struct Command<'a> {
    pub context: &'a Context,
    pub caller: &'a Caller,
    /// `tandem.resources.v1.<Service>/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

impl<'a> Command<'a> {
    /// See [`Single::begin`].
    pub(crate) async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        self.single().begin().await
    }

    /// See [`Single::finish`]; whoever tells others looks now.
    pub(crate) async fn finish<R: Message>(
        &self,
        tx: TenantTx,
        receipt: &R,
        events: Vec<NewEvent>,
    ) -> Result<()> {
        self.single().finish(tx, receipt, events).await?;
        self.context.to_tell.wake();
        Ok(())
    }

    pub(crate) fn now(&self) -> Now<'_> {
        let deps = &self.context.deps;
        Now { deps, at: deps.now(), traceparent: &self.caller.traceparent }
    }

    fn single(&self) -> Single<'a> {
        let Self { context, caller, method, ref key } = *self;
        Single { deps: &context.deps, caller, method, key: key.clone() }
    }
}
