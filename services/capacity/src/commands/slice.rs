//! Commands of one firm that share a transaction. A slice of one is the definition; a slice that fails is run again one by
//! one.

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    outbox::{self, NewEvent},
};
use proto::capacity::CapacityReceipt;
use uuid::Uuid;

use super::Context;
use crate::{
    db::scope::{About, seen},
    scope::sites,
};

/// A command with its caller and the key of its request.
#[derive(Clone)]
pub(crate) struct Command<C> {
    pub caller: Caller,
    /// `None` for an item of a stream, which is idempotent by what it says.
    pub key: Option<Key>,
    pub what: C,
}

/// What each kind of command does.
pub(crate) trait Effect: Sized + Clone + Send + Sync + 'static {
    /// The method's full name, part of the idempotency key.
    const METHOD: &'static str;

    /// What a receipt of this id is about: permission comes before a replay.
    fn about(id: Uuid) -> About;

    /// Runs one command in the transaction: its receipt and its events, or why not, before anything was written.
    fn run(
        context: &Context,
        tx: &mut TenantTx,
        command: &Command<Self>,
    ) -> impl Future<Output = Result<(CapacityReceipt, Vec<NewEvent>)>> + Send;
}

/// Runs a slice of one firm: in one transaction, or, where that fails, each command alone.
pub(crate) async fn run<C: Effect>(
    context: &Context,
    firm: Uuid,
    commands: &[Command<C>],
) -> Vec<Result<CapacityReceipt>> {
    if commands.len() > 1
        && let Ok(answers) = slice(context, firm, commands).await
    {
        return answers;
    }
    let mut answers = Vec::with_capacity(commands.len());
    for command in commands {
        let alone = std::slice::from_ref(command);
        let mut answer = slice(context, firm, alone).await;
        if matches!(&answer, Err(error) if error.reason == Reason::CONFLICT) {
            // Another one of the same request or id was faster, and is met by the second try.
            answer = slice(context, firm, alone).await;
        }
        answers.push(answer.and_then(|mut one| one.pop().unwrap_or_else(lost)));
    }
    answers
}

/// An answer that is missing, which would be a fault of ours.
fn lost<T>() -> Result<T> {
    Err(Error::new(Reason::UNAVAILABLE))
}

async fn slice<C: Effect>(
    context: &Context,
    firm: Uuid,
    commands: &[Command<C>],
) -> Result<Vec<Result<CapacityReceipt>>> {
    let mut tx = context.deps.pool.begin_by_keys(firm).await?;
    let mut answers = Vec::with_capacity(commands.len());
    let mut events = Vec::new();
    for command in commands {
        // One after the other, so that a request_id repeated inside the slice meets its receipt.
        if let Some(replay) = replay(&mut tx, C::METHOD, command.key.as_ref()).await? {
            answers.push(still_seen::<C>(context, &mut tx, &command.caller, replay).await?);
            continue;
        }
        match C::run(context, &mut tx, command).await {
            Ok((receipt, happened)) => {
                if let Some(key) = &command.key {
                    idempotency::record(&mut tx, C::METHOD, &[(key, &receipt)]).await?;
                }
                events.push(happened);
                answers.push(Ok(receipt));
            }
            // The database refused, or somebody else was faster: nothing of this transaction may stay.
            Err(error) if error.source.is_some() || error.reason == Reason::CONFLICT => return Err(error),
            Err(refusal) => answers.push(Err(refusal)),
        }
    }
    let any = !events.is_empty();
    outbox::append(&mut tx, events).await?;
    tx.commit().await?;
    if any {
        context.deps.wake.wake();
        context.arrived.wake();
    }
    Ok(answers)
}

/// A caller who was narrowed since meets no receipt of what it does not see any more.
async fn still_seen<C: Effect>(
    context: &Context,
    tx: &mut TenantTx,
    caller: &Caller,
    replay: Result<CapacityReceipt>,
) -> Result<Result<CapacityReceipt>> {
    let sites = sites(&context.deps, caller);
    let id = replay.as_ref().ok().and_then(|receipt| Uuid::try_parse(&receipt.id).ok());
    let Some(id) = id else { return Ok(replay) };
    match seen(tx, sites, C::about(id)).await {
        Ok(()) => Ok(replay),
        Err(refusal) if refusal.reason == Reason::NOT_FOUND => Ok(Err(refusal)),
        Err(error) => Err(error),
    }
}

async fn replay(
    tx: &mut TenantTx,
    method: &str,
    key: Option<&Key>,
) -> Result<Option<Result<CapacityReceipt>>> {
    let Some(key) = key else { return Ok(None) };
    let found = idempotency::replays::<CapacityReceipt>(tx, method, &[key]).await?.pop().flatten();
    Ok(found.map(|found| found.map(|receipt| CapacityReceipt { replayed: true, ..receipt })))
}
