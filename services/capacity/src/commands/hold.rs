//! Holds of one firm that wait together.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, idempotency::Key, slice::Request};
use proto::capacity as wire;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    Context, Now,
    reservation::end_due,
    together::{Became, Happened, Together, once},
};
use crate::{
    convert::reservation::{NewHold, reservation_out},
    db::{
        offer::buckets_on_sale,
        reservation::{self, Held, Part},
    },
    offer::{Bucket, elsewhere},
    week::this_week,
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

impl Together for HoldCapacity {
    fn request(&self) -> Request<'_> {
        (METHOD, &self.key)
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn about(&self) -> Option<Uuid> {
        None
    }

    /// Holds, of each all of it or nothing. Where too little is left, holds whose time is over are ended and it is tried once
    /// more, whether or not any was found: somebody else may have ended the last of them between the two. What is short then is
    /// short without any hold that was over when it was asked for, so that nobody is refused for the sake of one.
    async fn run(context: &Context, firm: Uuid, holds: &[Self]) -> Vec<Result<wire::Reservation>> {
        let mut answers = once(context, firm, &holds.iter().collect::<Vec<_>>()).await;
        let short =
            |answer: &Result<_>| matches!(answer, Err(error) if error.reason == Reason::CAPACITY_SHORT);
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
        point_elsewhere(context, firm, holds, answers).await
    }

    async fn decide(context: &Context, tx: &mut TenantTx, commands: &[&Self]) -> Result<Vec<Result<Became>>> {
        let wanted: Vec<reservation::Hold<'_>> = commands
            .iter()
            .map(|command| {
                let NewHold { offer, parts, seconds } = &command.new;
                reservation::Hold { offer: *offer, id: context.deps.clock.id(), parts, seconds: *seconds }
            })
            .collect();
        let became = reservation::hold_many(tx, &wanted).await?;
        Ok(wanted.iter().zip(became).map(|(hold, became)| answer(hold, became)).collect())
    }
}

/// The reservation that stands, or why there is none.
fn answer(hold: &reservation::Hold<'_>, became: Held) -> Result<Became> {
    match became {
        Held::Done(head, places, sites) => {
            let part = |(bucket_id, quantity): (&Uuid, &Decimal)| Part {
                reservation_id: hold.id,
                bucket_id: *bucket_id,
                quantity: *quantity,
            };
            let parts: Vec<Part> = hold.parts.iter().map(part).collect();
            let reservation = reservation_out(&head, &parts, &places);
            // Whether anybody borrowed it cannot be yet: the group's sites are all.
            let sites = Some(vec![(head.supplier, sites)]);
            Ok(Became { reservation, happened: Some(Happened { head: *head, sites }) })
        }
        Held::NotFound => Err(Error::not_found()),
        Held::TooLong(most) => {
            let message = format!("must be at most {most}, as the offer says");
            Err(Error::field("hold_seconds", "RANGE", message))
        }
        Held::Short(bucket) => Err(Error::new(Reason::CAPACITY_SHORT).with("bucket_id", bucket)),
    }
}

/// Says with what is short where the same offer has room. That may be gone a moment later, as every free quantity; where it
/// cannot be read, the refusal stands without it.
async fn point_elsewhere(
    context: &Context,
    firm: Uuid,
    holds: &[HoldCapacity],
    answers: Vec<Result<wire::Reservation>>,
) -> Vec<Result<wire::Reservation>> {
    let is_short =
        |answer: &Result<_>| matches!(answer, Err(error) if error.reason == Reason::CAPACITY_SHORT);
    let offers: BTreeSet<Uuid> = holds
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| is_short(answer))
        .map(|(hold, _)| hold.new.offer)
        .collect();
    let offers: Vec<Uuid> = offers.into_iter().collect();
    let Ok(buckets) = in_sight(context, firm, &offers).await else { return answers };
    let this_week = this_week(context.deps.clock.now());
    let free = |hold: &HoldCapacity| {
        let buckets = buckets.get(&hold.new.offer).map(Vec::as_slice).unwrap_or_default();
        let asked = hold.new.parts.keys().copied().collect();
        let free = elsewhere(buckets, &asked, this_week);
        free.iter().map(|bucket| named(bucket)).collect::<Vec<_>>().join(" ")
    };
    let answer = |(hold, answer): (&HoldCapacity, Result<wire::Reservation>)| match answer {
        Err(error) if error.reason == Reason::CAPACITY_SHORT => match free(hold) {
            free if free.is_empty() => Err(error),
            free => Err(error.with("free_elsewhere", free)),
        },
        answer => answer,
    };
    holds.iter().zip(answers).map(answer).collect()
}

async fn in_sight(context: &Context, firm: Uuid, offers: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Bucket>>> {
    if offers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut tx = context.deps.pool.begin(firm).await?;
    let buckets = buckets_on_sale(&mut tx, offers).await?;
    tx.commit().await?;
    Ok(buckets)
}

/// A week by its Monday and a slot by its id, as they can be asked for, with what is free in the group's unit.
fn named(bucket: &Bucket) -> String {
    let free = bucket.free.normalize();
    match bucket.slot.times {
        None => format!("{}={free}", bucket.slot.monday),
        Some(_) => format!("{}={free}", bucket.id),
    }
}
