//! One function a command, over a slice of commands of one firm: replay or load, decide, save, record receipts,
//! and append to the outbox last. Nothing here calls the network.

mod alias;
pub(crate) mod bulk;
mod cancel;
mod change;
pub(crate) mod deadline;
pub(crate) mod follow;
mod hold;
mod link;
mod on_order;
mod pending;
pub(crate) mod progress;
pub(crate) mod promised;
mod publish;
pub(crate) mod remind;
mod reservation;
mod resolve;
mod respond;
mod single;
pub(crate) mod thread;
mod tolerance;
pub(crate) mod trading_terms;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    db::TenantTx,
    idempotency::{self, Key},
    service::Deps,
};
use prost::Message;
use proto::orders::OrderReceipt;
use uuid::Uuid;

pub(crate) use cancel::{Cancel, Close};
pub(crate) use change::ChangeOrder;
pub(crate) use hold::{Hold, Release, Withdraw};
pub(crate) use link::{create_link, revoke_link};
pub(crate) use pending::{AnswerChange, WithdrawChange};
pub(crate) use publish::Publish;
pub(crate) use resolve::Resolve;
#[cfg(test)]
pub(crate) use respond::touched;
pub(crate) use respond::{Respond, decide};
pub(crate) use single::Single;
pub(crate) use tolerance::{delete_rule, set_rule};

use crate::order::Order;

/// A command with its caller and the key of its request.
#[derive(Clone)]
pub(crate) struct Command<C> {
    pub caller: Caller,
    pub key: Key,
    pub what: C,
}

/// What each kind of command does to a slice whose members were not run before.
pub(crate) trait Effect: Sized + Clone + Send + Sync + 'static {
    /// The method's full name, part of the idempotency key.
    const METHOD: &'static str;

    /// Runs the commands in the transaction and leaves their events in the outbox rows to append.
    fn run(
        deps: &Deps,
        tx: &mut TenantTx,
        commands: &[&Command<Self>],
    ) -> impl Future<Output = Result<Done>> + Send;
}

/// What a slice did: an answer for each command, and its events.
#[derive(Default)]
pub(crate) struct Done {
    pub answers: Vec<Result<OrderReceipt>>,
    /// One entry a successful command, in order.
    pub events: Vec<Vec<chassis::outbox::NewEvent>>,
}

/// Runs a slice of one firm: in one transaction, or, where that fails, each command alone, so that the unary path
/// stays the definition.
pub(crate) async fn run<C: Effect>(
    deps: Deps,
    firm: Uuid,
    commands: Vec<Command<C>>,
) -> Vec<Result<OrderReceipt>> {
    match slice(&deps, firm, &commands).await {
        Ok(answers) => answers,
        Err(error) if commands.len() == 1 => vec![retry_conflict(&deps, firm, &commands, error).await],
        Err(_) => {
            let mut answers = Vec::with_capacity(commands.len());
            for command in &commands {
                let alone = std::slice::from_ref(command);
                answers.push(match slice(&deps, firm, alone).await {
                    Ok(mut one) => one.pop().unwrap_or_else(|| Err(Error::new(Reason::UNAVAILABLE))),
                    Err(error) => retry_conflict(&deps, firm, alone, error).await,
                });
            }
            answers
        }
    }
}

/// Runs a command as far as its commit and takes it back: the receipt that it would have, or why not. Replays nothing
/// and records nothing, so that the same request without `validate_only` may follow under the same id. What is named in
/// `new` got ids that nothing will have.
pub(crate) async fn rehearse<C: Effect>(
    deps: &Deps,
    command: Command<C>,
    new: fn(&mut OrderReceipt),
) -> Result<OrderReceipt> {
    let mut tx = deps.pool.begin_by_keys(command.caller.firm).await?;
    let mut done = C::run(deps, &mut tx, &[&command]).await?;
    tx.rollback().await?;
    let mut receipt = done.answers.pop().unwrap_or_else(|| Err(Error::new(Reason::UNAVAILABLE)))?;
    new(&mut receipt);
    Ok(OrderReceipt { validate_only: true, ..receipt })
}

/// A command that met another one of the same request id runs once more, and then replays it; so does one that found
/// something over that stood when it looked, and then says what.
async fn retry_conflict<C: Effect>(
    deps: &Deps,
    firm: Uuid,
    alone: &[Command<C>],
    error: Error,
) -> Result<OrderReceipt> {
    if error.reason != Reason::CONFLICT {
        return Err(error);
    }
    slice(deps, firm, alone).await?.pop().unwrap_or_else(|| Err(Error::new(Reason::UNAVAILABLE)))
}

async fn slice<C: Effect>(
    deps: &Deps,
    firm: Uuid,
    commands: &[Command<C>],
) -> Result<Vec<Result<OrderReceipt>>> {
    let mut tx = deps.pool.begin_by_keys(firm).await?;
    let keys: Vec<&Key> = commands.iter().map(|command| &command.key).collect();
    let replays = idempotency::replays::<OrderReceipt>(&mut tx, C::METHOD, &keys).await?;
    let mut answers: Vec<Option<Result<OrderReceipt>>> =
        replays.into_iter().map(|replay| replay.map(|receipt| receipt.map(as_replay))).collect();
    still_seen(deps, &mut tx, commands, &mut answers).await?;
    let fresh = fresh(commands, &mut answers);
    let mut effects = false;
    if !fresh.is_empty() {
        let running: Vec<&Command<C>> = fresh.iter().map(|index| &commands[*index]).collect();
        let mut done = C::run(deps, &mut tx, &running).await?;
        met_elsewhere::<C>(&mut tx, &running, &mut done.answers).await?;
        let receipts: Vec<(&Key, &OrderReceipt)> = running
            .iter()
            .zip(&done.answers)
            .filter_map(|(command, answer)| answer.as_ref().ok().map(|receipt| (&command.key, receipt)))
            .filter(|(_, receipt)| !receipt.replayed)
            .collect();
        idempotency::record(&mut tx, C::METHOD, &receipts).await?;
        effects = !done.events.is_empty();
        chassis::outbox::append(&mut tx, done.events).await?;
        for (index, answer) in fresh.into_iter().zip(done.answers) {
            answers[index] = Some(answer);
        }
    }
    tx.commit().await?;
    if effects {
        deps.wake.wake();
    }
    Ok(repeated(commands, answers))
}

/// A caller who was narrowed since meets no receipts of orders that it may not see any more: permission comes before
/// replay.
async fn still_seen<C>(
    deps: &Deps,
    tx: &mut TenantTx,
    commands: &[Command<C>],
    answers: &mut [Option<Result<OrderReceipt>>],
) -> Result<()> {
    for (command, answer) in commands.iter().zip(answers) {
        if let Some(Ok(receipt)) = answer
            && command.caller.is_narrowed()
            && let Ok(order) = Uuid::try_parse(&receipt.order_id)
            && let Err(refusal) = follow::seen(deps, tx, &command.caller, order).await
        {
            match refusal.reason {
                Reason::NOT_FOUND => *answer = Some(Err(refusal)),
                _ => return Err(refusal),
            }
        }
    }
    Ok(())
}

/// A command may be refused because the same request took effect in another process while this one waited for its
/// locks; its receipt stands there by now.
async fn met_elsewhere<C: Effect>(
    tx: &mut TenantTx,
    running: &[&Command<C>],
    answers: &mut [Result<OrderReceipt>],
) -> Result<()> {
    let refused: Vec<usize> = (0..answers.len()).filter(|index| answers[*index].is_err()).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let keys: Vec<&Key> = refused.iter().map(|index| &running[*index].key).collect();
    let replays = idempotency::replays::<OrderReceipt>(tx, C::METHOD, &keys).await?;
    for (index, replay) in refused.into_iter().zip(replays) {
        if let Some(receipt) = replay {
            answers[index] = receipt.map(as_replay);
        }
    }
    Ok(())
}

fn as_replay(receipt: OrderReceipt) -> OrderReceipt {
    OrderReceipt { replayed: true, ..receipt }
}

/// Commands that neither replay nor repeat an earlier one of the same slice.
fn fresh<C>(commands: &[Command<C>], answers: &mut [Option<Result<OrderReceipt>>]) -> Vec<usize> {
    let mut fresh: Vec<usize> = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        let earlier = fresh.iter().find(|first| commands[**first].key.request_id == command.key.request_id);
        match earlier {
            _ if answers[index].is_some() => {}
            Some(first) if commands[*first].key != command.key => {
                answers[index] = Some(Err(Error::new(Reason::IDEMPOTENCY_KEY_REUSED)));
            }
            Some(_) => {}
            None => fresh.push(index),
        }
    }
    fresh
}

/// Gives a command that repeats an earlier one of the slice that one's answer.
fn repeated<C>(
    commands: &[Command<C>],
    answers: Vec<Option<Result<OrderReceipt>>>,
) -> Vec<Result<OrderReceipt>> {
    let first_receipt = |key: &Key| {
        commands.iter().zip(&answers).find_map(|(command, answer)| match answer {
            Some(Ok(receipt)) if command.key == *key => Some(receipt.clone()),
            _ => None,
        })
    };
    let copies: Vec<Option<OrderReceipt>> = commands
        .iter()
        .zip(&answers)
        .map(|(command, answer)| if answer.is_none() { first_receipt(&command.key) } else { None })
        .collect();
    answers
        .into_iter()
        .zip(copies)
        .map(|(answer, copy)| match (answer, copy) {
            (Some(answer), _) => answer,
            (None, Some(receipt)) => Ok(as_replay(receipt)),
            // The earlier one was refused, and refusals are not recorded: this one may be sent again.
            (None, None) => Err(Error::new(Reason::CONFLICT)),
        })
        .collect()
}

/// The idempotency key of a request whose id is well-formed.
pub(crate) fn key(request_id: &str, request: &impl Message) -> Result<Key> {
    idempotency::check_id(request_id)?;
    Ok(Key::of(request_id, request))
}

/// The caller's decision on whose order it is: NOT_FOUND unless the caller's firm stands on that side, and unless
/// the caller is not narrowed to other sites or purchasing groups.
pub(crate) fn may_act(deps: &Deps, caller: &Caller, order: &Order, owner: Uuid) -> Result<()> {
    let narrowed = caller.firm == order.buyer && !caller.covers(&order.sites, &order.purchasing_group);
    if (deps.checks_ownership() && (owner != caller.firm || narrowed)) || !caller.reaches(order.id) {
        return Err(Error::not_found());
    }
    Ok(())
}
