//! Holds of one firm that wait together: one transaction, in which one function of the database decides each in its turn.

use std::collections::HashSet;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    idempotency::{self, Key},
    outbox,
};
use proto::capacity as wire;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Context, Now, reservation::end_due};
use crate::{
    convert::reservation::{NewHold, reservation_out},
    db::{
        self,
        reservation::{self, Held, Part},
    },
    events::booking,
};

/// The method's full name, part of the idempotency key.
const METHOD: &str = "tandem.capacity.v1.ReservationService/HoldCapacity";

/// A hold that somebody asks for.
#[derive(Clone)]
pub(crate) struct HoldCapacity {
    pub caller: Caller,
    pub key: Key,
    pub new: NewHold,
}

/// Holds, of each all of it or nothing. Where too little is left, holds whose time is over are ended and it is tried once
/// more, whether or not any was found: somebody else may have ended the last of them between the two. What is short then is
/// short without any hold that was over when it was asked for, so that nobody is refused for the sake of one.
pub(crate) async fn run(
    context: &Context,
    firm: Uuid,
    holds: &[HoldCapacity],
) -> Vec<Result<wire::Reservation>> {
    let mut answers = once(context, firm, &holds.iter().collect::<Vec<_>>()).await;
    let short = |answer: &Result<_>| matches!(answer, Err(error) if error.reason == Reason::CAPACITY_SHORT);
    let short: Vec<usize> = (0..holds.len()).filter(|index| short(&answers[*index])).collect();
    if short.is_empty() {
        return answers;
    }
    let again: Vec<&HoldCapacity> = short.iter().map(|index| &holds[*index]).collect();
    let buckets: Vec<Uuid> = again.iter().flat_map(|hold| hold.new.parts.keys().copied()).collect();
    let at = Now::unasked(&context.deps);
    let second = match end_due(at, Some(&buckets)).await {
        Ok(()) => once(context, firm, &again).await,
        // What was not looked for may be there.
        Err(_) => again.iter().map(|_| Err(Error::new(Reason::UNAVAILABLE))).collect(),
    };
    for (index, answer) in short.into_iter().zip(second) {
        answers[index] = answer;
    }
    answers
}

/// Tries each once: in one transaction, or, where that fails, alone, as what repeats a request of the same slice is.
async fn once(context: &Context, firm: Uuid, holds: &[&HoldCapacity]) -> Vec<Result<wire::Reservation>> {
    let mut seen = HashSet::new();
    let (first, repeated): (Vec<usize>, Vec<usize>) =
        (0..holds.len()).partition(|index| seen.insert(holds[*index].key.request_id.as_str()));
    let together: Vec<&HoldCapacity> = first.iter().map(|index| holds[*index]).collect();
    let mut answers: Vec<Option<Result<wire::Reservation>>> = holds.iter().map(|_| None).collect();
    let mut alone = repeated;
    match slice(context, firm, &together).await {
        Ok(done) => first.into_iter().zip(done).for_each(|(index, answer)| answers[index] = Some(answer)),
        Err(error) if holds.len() == 1 => return vec![Err(error)],
        Err(_) => alone = (0..holds.len()).collect(),
    }
    for index in alone {
        let one = slice(context, firm, &holds[index..=index]).await;
        answers[index] = Some(one.and_then(|mut one| one.pop().unwrap_or_else(lost)));
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
}

/// An answer that is missing, which would be a fault of ours.
fn lost<T>() -> Result<T> {
    Err(Error::new(Reason::UNAVAILABLE))
}

/// Holds of different requests in one transaction, an answer for each.
async fn slice(
    context: &Context,
    firm: Uuid,
    holds: &[&HoldCapacity],
) -> Result<Vec<Result<wire::Reservation>>> {
    let deps = &context.deps;
    let mut tx = deps.pool.begin_by_keys(firm).await?;
    let keys: Vec<&Key> = holds.iter().map(|hold| &hold.key).collect();
    let ids: Vec<&str> = keys.iter().map(|key| key.request_id.as_str()).collect();
    db::lock_all(&mut tx, METHOD, &ids).await?;
    let mut answers = idempotency::replays::<wire::Reservation>(&mut tx, METHOD, &keys).await?;
    let fresh: Vec<usize> = (0..holds.len()).filter(|index| answers[*index].is_none()).collect();
    let wanted: Vec<reservation::Hold<'_>> = fresh
        .iter()
        .map(|index| {
            let NewHold { offer, parts, seconds } = &holds[*index].new;
            reservation::Hold { offer: *offer, id: deps.clock.id(), parts, seconds: *seconds }
        })
        .collect();
    let became =
        if wanted.is_empty() { Vec::new() } else { reservation::hold_many(&mut tx, &wanted).await? };
    let mut events = Vec::new();
    for ((index, hold), became) in fresh.iter().zip(&wanted).zip(became) {
        let answer = answer(hold, became).map(|(head, made)| {
            let traceparent = &holds[*index].caller.traceparent;
            let now = Now { deps, at: deps.now(), traceparent };
            events.push(booking::reservation(now, &head, made.clone()));
            made
        });
        answers[*index] = Some(answer);
    }
    let made = |index: &usize| Some((keys[*index], answers[*index].as_ref()?.as_ref().ok()?));
    let receipts: Vec<(&Key, &wire::Reservation)> = fresh.iter().filter_map(made).collect();
    if receipts.is_empty() {
        tx.rollback().await?;
    } else {
        idempotency::record(&mut tx, METHOD, &receipts).await?;
        outbox::append(&mut tx, vec![events]).await?;
        tx.commit().await?;
        deps.wake.wake();
    }
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
}

/// The reservation that stands, or why there is none.
fn answer(hold: &reservation::Hold<'_>, became: Held) -> Result<(reservation::Head, wire::Reservation)> {
    match became {
        Held::Done(head, places) => {
            let part = |(bucket_id, quantity): (&Uuid, &Decimal)| Part {
                reservation_id: hold.id,
                bucket_id: *bucket_id,
                quantity: *quantity,
            };
            let parts: Vec<Part> = hold.parts.iter().map(part).collect();
            let made = reservation_out(&head, &parts, &places);
            Ok((head, made))
        }
        Held::NotFound => Err(Error::not_found()),
        Held::TooLong(most) => {
            let message = format!("must be at most {most}, as the offer says");
            Err(Error::field("hold_seconds", "RANGE", message))
        }
        Held::Short(bucket) => Err(Error::new(Reason::CAPACITY_SHORT).with("bucket_id", bucket)),
    }
}
