//! Commands on one order that stands: lock it, see whether the caller may, decide, and collect the events.

use std::collections::HashMap;

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, outbox::NewEvent, service::Deps};
use proto::orders::OrderReceipt;
use uuid::Uuid;

use super::{Command, Done, Effect, may_act, promised};
use crate::{db::load, error::Refusal, order::Order};

/// Who gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Buyer,
    Supplier,
}

/// What one command does to its order, which is locked, and to which the caller's firm stands on the right side.
pub(crate) trait OnOrder: Sized + Clone + Send + Sync + 'static {
    /// As [`Effect::METHOD`].
    const METHOD: &'static str;
    const BY: By;

    fn order(&self) -> Uuid;

    /// Whether it may promise something without asking whether it fits, see [`promised::note`].
    fn promises(&self) -> bool {
        false
    }

    /// Decides and saves. The outer error rolls the slice back; the inner one refuses this command alone. No event
    /// where nothing happened.
    fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> impl Future<Output = Result<Result<Decided>>> + Send;
}

/// What a command came to.
pub(crate) struct Decided {
    pub receipt: OrderReceipt,
    pub event: Option<NewEvent>,
}

impl<C: OnOrder> Effect for C {
    const METHOD: &'static str = C::METHOD;

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let mut orders = lock(tx, commands.iter().map(|command| command.what.order())).await?;
        let promising = commands.iter().filter(|command| command.what.promises());
        let promising = promising.filter_map(|command| orders.get(&command.what.order()));
        let suppliers: Vec<Uuid> = promising.map(|order| order.supplier).collect();
        if promised::several_take(tx, &suppliers).await? {
            // Each locks weeks, and the next one's may come before them: the commands go one by one.
            return Err(Error::new(Reason::CONFLICT));
        }
        let mut done = Done::default();
        for command in commands {
            done.take(match own(deps, &command.caller, &mut orders, command.what.order(), C::BY) {
                Ok(order) => C::decide(deps, tx, command, order).await?,
                Err(refusal) => Err(refusal),
            });
        }
        Ok(done)
    }
}

/// Locks orders, each once and in id order, so that slices do not wait for each other in a ring.
pub(crate) async fn lock(tx: &mut TenantTx, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Order>> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort();
    ids.dedup();
    load::for_update(tx, &ids).await
}

/// The locked order that the caller may act on; NOT_FOUND where there is none.
pub(crate) fn own<'a>(
    deps: &Deps,
    caller: &Caller,
    orders: &'a mut HashMap<Uuid, Order>,
    id: Uuid,
    by: By,
) -> Result<&'a mut Order> {
    let order = orders.get_mut(&id).ok_or_else(Error::not_found)?;
    may_act(deps, caller, order, if by == By::Buyer { order.buyer } else { order.supplier })?;
    Ok(order)
}

impl Done {
    /// What one more command of the slice came to.
    pub(crate) fn take(&mut self, decided: Result<Decided>) {
        self.answers.push(decided.map(|decided| {
            self.events.extend(decided.event.map(|event| vec![event]));
            decided.receipt
        }));
    }
}

/// A refusal that says where the order stands, so that a caller who lost a race sees it.
pub(crate) fn refused(order: &Order, refusal: Refusal) -> Error {
    let error = Error::from(refusal);
    let known = |key| error.metadata.iter().any(|(own, _)| *own == key);
    let (version, revision) = (!known("current_version"), !known("current_revision"));
    let error = if version { error.with("current_version", order.version) } else { error };
    if revision { error.with("current_revision", order.revision) } else { error }
}

/// What every receipt of a command on an order says.
pub(crate) fn receipt(order: &Order) -> OrderReceipt {
    OrderReceipt {
        order_id: order.id.to_string(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        supplier_id: order.supplier.to_string(),
        ..OrderReceipt::default()
    }
}
