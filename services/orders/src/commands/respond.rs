//! The supplier answers schedule lines.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Reason, Result, db::TenantTx, service::Deps};
use proto::orders::{LineReceipt, OrderReceipt, ScheduleLineState};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Command, Done, Effect, change, deadline,
    on_order::{By, Decided, lock, own, receipt, refused},
    promised::{self, Decision},
};
use crate::{
    agree::{self, Agreement, AllTerms},
    convert::{self, wire},
    db::{load, respond as db},
    error::Refusal,
    events,
    order::{LineAnswer, Order},
    queries, terms,
};

/// Answer this order.
#[derive(Clone)]
pub(crate) struct Respond {
    pub order: Uuid,
    pub revision: i32,
    /// The version that the supplier saw; 0: whatever is current.
    pub version: i64,
    /// `None`: everything as asked.
    pub answers: Option<Vec<LineAnswer>>,
    pub note: String,
    /// Whether hours are promised that the supplier offers to others.
    pub despite_offers: bool,
}

impl Effect for Respond {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/RespondToOrder";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let mut orders = lock(tx, commands.iter().map(|command| command.what.order)).await?;
        // Whoever links nothing to its groups is asked nothing more.
        let supplier = tx.firm();
        let looked_at = promised::may_take(tx, supplier).await?;
        let rounds = rounds(commands);
        if looked_at && rounds.len() > 1 {
            // Each round locks weeks, and the next one's may come before them: the commands go one by one.
            return Err(Error::new(Reason::CONFLICT));
        }
        let proposed = commands.iter().filter_map(|command| {
            let order = orders.get(&command.what.order)?;
            Some((order, agree::proposed_lines(order, command.what.answers.as_deref())))
        });
        let mut terms = terms::load(tx, &proposed.collect::<Vec<_>>()).await?;
        let mut done = Done::default();
        for round in rounds {
            let mut decided = decide_all(deps, tx, round, &mut orders, &mut terms, looked_at).await?;
            if looked_at {
                promise(tx, round, &mut decided, &mut orders, &mut terms).await?;
            }
            answer(deps, tx, round, decided, &orders, &mut done).await?;
        }
        Ok(done)
    }
}

/// Commands in their order, cut so that each order is answered once in a piece: what an event says of it is read when
/// the whole piece is written.
fn rounds<'a, 'b>(commands: &'a [&'b Command<Respond>]) -> Vec<&'a [&'b Command<Respond>]> {
    let mut rounds = Vec::new();
    let mut seen = HashSet::new();
    let mut from = 0;
    for (place, command) in commands.iter().enumerate() {
        if !seen.insert(command.what.order) {
            rounds.push(&commands[from..place]);
            from = place;
            seen = HashSet::from([command.what.order]);
        }
    }
    rounds.push(&commands[from..]);
    rounds
}

/// An answer that was decided and is to be written.
struct Given {
    order: Uuid,
    response: Uuid,
    agreement: Agreement,
    outcomes: HashMap<Uuid, Vec<u8>>,
    places: Vec<usize>,
    /// The order as it stood, where what it promises is looked at.
    before: Option<Order>,
}

/// What an answer does to its order, given or tried out, or why it is refused. The outer error is a fault.
pub(crate) async fn decide(
    tx: &mut TenantTx,
    order: &mut Order,
    terms: &mut AllTerms,
    what: &Respond,
) -> Result<Result<Agreement>> {
    if let Err(refusal) = order.at_version(what.version) {
        return Ok(Err(refused(order, refusal)));
    }
    Ok(match agree::answer(order, terms, what.revision, what.answers.as_deref()) {
        Ok(agreement) => Ok(agreement),
        Err(refusal @ Refusal::RevisionOutdated { .. }) => {
            Err(change::outdated(tx, order, what.revision, refused(order, refusal)).await?)
        }
        Err(refusal) => Err(refused(order, refusal)),
    })
}

/// What answers do to their orders, each of which is answered once; what refuses one command stands in its place.
async fn decide_all(
    deps: &Deps,
    tx: &mut TenantTx,
    commands: &[&Command<Respond>],
    orders: &mut HashMap<Uuid, Order>,
    terms: &mut AllTerms,
    looked_at: bool,
) -> Result<Vec<Result<Given>>> {
    let mut decided = Vec::with_capacity(commands.len());
    for command in commands {
        let order = match own(deps, &command.caller, orders, command.what.order, By::Supplier) {
            Ok(order) => order,
            Err(refusal) => {
                decided.push(Err(refusal));
                continue;
            }
        };
        let before = looked_at.then(|| order.clone());
        decided.push(decide(tx, order, terms, &command.what).await?.map(|agreement| Given {
            order: order.id,
            response: deps.clock.id(),
            outcomes: convert::outcomes(&agreement),
            places: agreement.answered.iter().map(|(place, _)| *place).collect(),
            agreement,
            before,
        }));
    }
    Ok(decided)
}

/// Keeps what answers promise as load of the supplier's weeks. One that would take hours that are offered is refused, and its
/// order stands as before.
async fn promise(
    tx: &mut TenantTx,
    commands: &[&Command<Respond>],
    decided: &mut [Result<Given>],
    orders: &mut HashMap<Uuid, Order>,
    terms: &mut AllTerms,
) -> Result<()> {
    let (mut indexes, mut decisions) = (Vec::new(), Vec::new());
    for (index, (command, decided)) in commands.iter().zip(decided.iter()).enumerate() {
        if let Ok(given) = decided
            && let Some(order) = orders.get(&given.order)
        {
            indexes.push(index);
            decisions.push(Decision { what: &command.what, order, agreement: &given.agreement });
        }
    }
    let refusals = promised::keep(tx, &decisions).await?;
    for (index, refusal) in indexes.into_iter().zip(refusals) {
        let Some(refusal) = refusal else { continue };
        if let Ok(given) = std::mem::replace(&mut decided[index], Err(refusal))
            && let Some(before) = given.before
        {
            given.agreement.forget(&before, terms);
            orders.insert(given.order, before);
        }
    }
    Ok(())
}

/// Writes what was decided together, and says what became of each command. The error rolls the slice back.
async fn answer(
    deps: &Deps,
    tx: &mut TenantTx,
    commands: &[&Command<Respond>],
    decided: Vec<Result<Given>>,
    orders: &HashMap<Uuid, Order>,
    done: &mut Done,
) -> Result<()> {
    let at = deps.clock.now();
    let mut schedules = write(tx, commands, &decided, orders, at).await?;
    for (command, decided) in commands.iter().zip(decided) {
        done.take(decided.and_then(|given| {
            let order = orders.get(&given.order).ok_or_else(Error::not_found)?;
            let schedule = schedules.remove(&given.order).unwrap_or_default();
            let (caller, note) = (&command.caller, &command.what.note);
            let event = events::responded(deps, at, caller, order, given.response, schedule, note);
            let receipt = OrderReceipt {
                lines: touched(order, &given.agreement),
                response_id: given.response.to_string(),
                ..receipt(order)
            };
            Ok(Decided { receipt, event: Some(event) })
        }));
    }
    Ok(())
}

/// Writes what was answered; how the schedule lines stand then, by order.
async fn write(
    tx: &mut TenantTx,
    commands: &[&Command<Respond>],
    decided: &[Result<Given>],
    orders: &HashMap<Uuid, Order>,
    at: OffsetDateTime,
) -> Result<HashMap<Uuid, Vec<ScheduleLineState>>> {
    let given = commands.iter().zip(decided).filter_map(|(command, decided)| {
        let given = decided.as_ref().ok()?;
        Some((command, orders.get(&given.order)?, given))
    });
    let given: Vec<(&&Command<Respond>, &Order, &Given)> = given.collect();
    if given.is_empty() {
        return Ok(HashMap::new());
    }
    let responses = given.iter().map(|(command, order, given)| db::Response {
        id: given.response,
        order,
        answered: &given.agreement.answered,
        outcomes: &given.outcomes,
        note: &command.what.note,
        actor_name: &command.caller.actor_name,
        at,
    });
    db::insert_responses(tx, &responses.collect::<Vec<_>>()).await?;
    let agreed = given.iter().flat_map(|(_, order, given)| {
        given.agreement.agreed().into_iter().map(|proposal| (*order, proposal))
    });
    db::insert_agreed(tx, &agreed.collect::<Vec<_>>(), at).await?;
    let places: Vec<(&Order, &[usize])> =
        given.iter().map(|(_, order, given)| (*order, given.places.as_slice())).collect();
    load::save(tx, &places, at).await?;
    let schedules = queries::touched_of_all(tx, &places).await?;
    let promised =
        places.iter().filter_map(|(order, _)| Some((*order, schedules.get(&order.id)?.as_slice())));
    deadline::promised_of_all(tx, &promised.collect::<Vec<_>>(), at).await?;
    Ok(schedules)
}

/// A receipt for each line of an answer.
pub(crate) fn touched(order: &Order, agreement: &Agreement) -> Vec<LineReceipt> {
    let each = agreement.answered.iter().map(|(place, parts)| {
        let proposal = agreement.proposal(parts);
        LineReceipt {
            tolerance: proposal.map(|(_, outcome)| convert::outcome(outcome)),
            ..wire::line_receipt(&order.schedule[*place], proposal.map(|(id, _)| id))
        }
    });
    each.collect()
}
