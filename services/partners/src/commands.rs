//! One function a command: idempotency and effect in one transaction, the event last, then COMMIT. Secrets are made
//! before the transaction and put into the answer after it, so that no recorded receipt holds one.

mod alias;
mod cluster;
mod firm;
mod invitation;
mod key;
mod member;
mod operator;
mod relationship;
mod session;

pub(crate) use alias::{delete_alias, delete_group, set_aliases, set_group};
use chassis::{
    Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::{self, NewEvent},
    service::Deps,
};
pub(crate) use cluster::{create_cluster, invite_to_cluster, move_membership};
pub(crate) use firm::{create_firm, create_site};
pub(crate) use invitation::{How, invite_suppliers};
pub(crate) use key::{create_api_key, revoke_api_key};
pub(crate) use member::{create_member, create_sign_in_link, update_member};
pub(crate) use operator::{merge_firms, operate, reset_last_admin};
use prost::Message;
pub(crate) use relationship::{claim_invitation, invite_supplier, renew_invitation, update_relationship};
pub(crate) use session::{Acceptance, accept_invitation, end_session, redeem_sign_in_link, set_locale};
use time::OffsetDateTime;

/// A command of a caller: what all of them need.
pub(crate) struct Command<'a> {
    pub deps: &'a Deps,
    pub caller: &'a Caller,
    /// `tandem.partners.v1.<Service>/<Method>`.
    pub method: &'static str,
    pub key: Key,
}

/// Whether a request takes effect or answers again.
enum Begun<R> {
    /// It took effect before; its receipt, in which no secret stands.
    Replay(R),
    /// Goes on in this transaction, to [`Command::finish`].
    New(TenantTx),
}

impl Command<'_> {
    /// Opens the command's transaction, or finds the receipt of its request id. Requests of one id run one after
    /// another, so that a repetition meets the receipt and not the effect of the first.
    async fn begin<R: Message + Default>(&self) -> Result<Begun<R>> {
        idempotency::check_id(&self.key.request_id)?;
        let mut tx = self.deps.pool.begin(self.caller.firm).await?;
        crate::db::lock_request(&mut tx, self.method, &self.key.request_id).await?;
        match idempotency::replays(&mut tx, self.method, &[&self.key]).await?.pop().flatten() {
            Some(replay) => Ok(Begun::Replay(replay?)),
            None => Ok(Begun::New(tx)),
        }
    }

    /// Records the receipt, hands the events to the outbox as the last statement, and commits.
    async fn finish<R: Message>(&self, tx: TenantTx, receipt: &R, events: Vec<NewEvent>) -> Result<()> {
        self.finish_apart(tx, receipt, vec![events]).await
    }

    /// As [`Command::finish`], where the events do not all go to the same firms.
    async fn finish_apart<R: Message>(
        &self,
        mut tx: TenantTx,
        receipt: &R,
        events: Vec<Vec<NewEvent>>,
    ) -> Result<()> {
        idempotency::record(&mut tx, self.method, &[(&self.key, receipt)]).await?;
        let any = events.iter().any(|some| !some.is_empty());
        outbox::append(&mut tx, events).await?;
        tx.commit().await?;
        if any {
            self.deps.wake.wake();
        }
        Ok(())
    }

    /// The firm whose row it must be, by our own decision; tests switch that off to see the second wall alone.
    fn own(&self) -> Option<uuid::Uuid> {
        self.deps.checks_ownership().then_some(self.caller.firm)
    }
}

/// The present moment as the database keeps it: to the microsecond.
fn now(deps: &Deps) -> OffsetDateTime {
    let now = deps.clock.now();
    now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
}
