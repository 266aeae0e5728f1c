//! Commands of one firm on reservations that wait together: one transaction, in which one function of the database decides
//! each in its turn. What is refused undoes nothing of the others.

use std::collections::HashSet;

use chassis::{
    Error, Reason, Result,
    caller::Caller,
    db::TenantTx,
    slice::{self, Request},
};
use proto::capacity as wire;
use uuid::Uuid;

use super::{Context, Now};
use crate::{
    db::{
        reservation::Head,
        scope::{Sites, reservation_sites},
    },
    events::booking,
};

/// The most commands that share a transaction: half of what a busy ERP has under way, so that while the one half is
/// decided the other is answered and asks again.
pub(crate) const SLICE: usize = 128;

/// A command on a reservation.
pub(crate) trait Together: Sized + Clone + Send + Sync + 'static {
    fn request(&self) -> Request<'_>;

    fn caller(&self) -> &Caller;

    /// The reservation that it is about, where there is one yet: of commands on the same one only the first goes along.
    fn about(&self) -> Option<Uuid>;

    /// Decides each of several in one go: their requests are new and differ, and so does what they are about.
    fn decide(
        context: &Context,
        tx: &mut TenantTx,
        commands: &[&Self],
    ) -> impl Future<Output = Result<Vec<Result<Became>>>> + Send;

    /// Runs what waited together, in the order in which it came.
    fn run(
        context: &Context,
        firm: Uuid,
        commands: &[Self],
    ) -> impl Future<Output = Vec<Result<wire::Reservation>>> + Send {
        async move { once(context, firm, &commands.iter().collect::<Vec<_>>()).await }
    }
}

/// A reservation as a command found or left it.
pub(crate) struct Became {
    pub reservation: wire::Reservation,
    /// Where something happened, of which both sides are told.
    pub happened: Option<Happened>,
}

/// What both sides are told of.
pub(crate) struct Happened {
    pub head: Head,
    /// The sites that it concerns, where they are known already.
    pub sites: Option<Sites>,
}

/// Tries each once: in one transaction, or, where that fails, alone, as what repeats something of the same slice is.
pub(crate) async fn once<C: Together>(
    context: &Context,
    firm: Uuid,
    commands: &[&C],
) -> Vec<Result<wire::Reservation>> {
    let (mut requests, mut about) = (HashSet::new(), HashSet::new());
    let (first, mut alone): (Vec<usize>, Vec<usize>) = (0..commands.len()).partition(|index| {
        let (method, key) = commands[*index].request();
        let other = commands[*index].about().is_none_or(|id| about.insert(id));
        requests.insert((method, key.request_id.as_str())) && other
    });
    let together: Vec<&C> = first.iter().map(|index| commands[*index]).collect();
    let mut answers: Vec<Option<Result<wire::Reservation>>> = commands.iter().map(|_| None).collect();
    match slice(context, firm, &together).await {
        Ok(done) => first.into_iter().zip(done).for_each(|(index, answer)| answers[index] = Some(answer)),
        Err(error) if commands.len() == 1 => return vec![Err(error)],
        Err(_) => alone = (0..commands.len()).collect(),
    }
    for index in alone {
        let one = slice(context, firm, &commands[index..=index]).await;
        answers[index] = Some(one.and_then(|mut one| one.pop().unwrap_or_else(lost)));
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
}

/// An answer that is missing, which would be a fault of ours.
fn lost<T>() -> Result<T> {
    Err(Error::new(Reason::UNAVAILABLE))
}

/// Commands of different requests in one transaction, an answer for each.
async fn slice<C: Together>(
    context: &Context,
    firm: Uuid,
    commands: &[&C],
) -> Result<Vec<Result<wire::Reservation>>> {
    let deps = &context.deps;
    let mut tx = deps.pool.begin_by_keys(firm).await?;
    let requests: Vec<Request<'_>> = commands.iter().map(|command| command.request()).collect();
    let mut answers = slice::enter::<wire::Reservation>(&mut tx, &requests).await?;
    let fresh: Vec<usize> = (0..commands.len()).filter(|index| answers[*index].is_none()).collect();
    let new: Vec<&C> = fresh.iter().map(|index| commands[*index]).collect();
    let became = if new.is_empty() { Vec::new() } else { C::decide(context, &mut tx, &new).await? };
    let happened = became.iter().flatten().filter_map(|became| became.happened.as_ref());
    let unknown: Vec<Uuid> =
        happened.filter(|happened| happened.sites.is_none()).map(|happened| happened.head.id).collect();
    let mut found =
        if unknown.is_empty() { Default::default() } else { reservation_sites(&mut tx, &unknown).await? };
    let mut events = Vec::new();
    for ((index, command), became) in fresh.iter().zip(new).zip(became) {
        answers[*index] = Some(became.map(|Became { reservation, happened }| {
            if let Some(Happened { head, sites }) = happened {
                let now = Now { deps, at: deps.now(), traceparent: &command.caller().traceparent };
                let sites = sites.or_else(|| found.remove(&head.id)).unwrap_or_default();
                events.push(booking::reservation(now, &head, reservation.clone(), &sites));
            }
            reservation
        }));
    }
    let done = |index: &usize| Some((requests[*index], answers[*index].as_ref()?.as_ref().ok()?));
    let receipts: Vec<(Request<'_>, &wire::Reservation)> = fresh.iter().filter_map(done).collect();
    if receipts.is_empty() {
        tx.rollback().await?;
    } else {
        let any = !events.is_empty();
        slice::leave(&mut tx, &receipts, vec![events]).await?;
        tx.commit().await?;
        if any {
            deps.wake.wake();
        }
    }
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
}
