//! Many orders in one transaction: new ones are published, known ones are changed or left alone, and each is answered
//! by itself.

use std::{borrow::Cow, collections::HashMap};

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent, service::Deps};
use proto::orders::{OrderReceipt, PublishOutcome};
use uuid::Uuid;

use super::{
    Command, Publish, change,
    on_order::{By, lock, own},
    publish::{self, Addressee, Inserted},
};
use crate::{
    convert,
    db::change::{self as db, Known},
    events::change::Moment,
};

/// Publishes or changes orders of one firm: in one transaction, or, where that fails, each alone, so that one bad order
/// undoes no other.
pub(crate) async fn run(deps: &Deps, firm: Uuid, commands: &[Command<Publish>]) -> Vec<Result<OrderReceipt>> {
    match slice(deps, firm, commands).await {
        Ok(answers) => answers,
        Err(error) if commands.len() == 1 && error.reason != Reason::CONFLICT => vec![Err(error)],
        Err(_) => {
            let mut answers = Vec::with_capacity(commands.len());
            for command in commands {
                let alone = slice(deps, firm, std::slice::from_ref(command)).await;
                answers.push(alone.and_then(|mut one| one.pop().unwrap_or_else(lost)));
            }
            answers
        }
    }
}

/// An answer that is missing, which would be a fault of ours.
fn lost<T>() -> Result<T> {
    Err(Error::new(Reason::UNAVAILABLE))
}

/// A slice on its way.
struct Slice {
    answers: Vec<Option<Result<OrderReceipt>>>,
    events: Vec<Vec<NewEvent>>,
    /// Documents that differ from what was last sent: place in the slice, and the order.
    differing: Vec<(usize, Uuid)>,
}

async fn slice(deps: &Deps, firm: Uuid, commands: &[Command<Publish>]) -> Result<Vec<Result<OrderReceipt>>> {
    let mut tx = deps.pool.begin_by_keys(firm).await?;
    let commands: Vec<&Command<Publish>> = commands.iter().collect();
    let read = publish::read_by_aliases(&mut tx, &commands).await?;
    let commands: Vec<&Command<Publish>> = read.iter().map(Cow::as_ref).collect();
    let mut work =
        Slice { answers: commands.iter().map(|_| None).collect(), events: Vec::new(), differing: Vec::new() };
    let addressees = publish::addressees(&mut tx, &commands).await?;
    let known = known(&mut tx, &commands).await?;
    let now = deps.clock.now();
    work.events = publish::begun(deps, &mut tx, now, &commands, &addressees).await?;
    let mut prepared = Vec::new();
    for ((index, command), to) in commands.iter().enumerate().zip(addressees) {
        match to.and_then(|to| publish::within_scope(command).map(|()| to)) {
            Err(refusal) => work.answers[index] = Some(Err(refusal)),
            Ok(to) => match known.get(&number(command)) {
                None => prepared.push(publish::prepare(deps, index, command, to)),
                Some(known) => work.known(index, command, known, &to),
            },
        }
    }
    let Inserted { published, losers } = publish::insert(deps, &mut tx, now, prepared).await?;
    for (index, receipt, event) in published {
        work.answers[index] = Some(Ok(receipt));
        work.events.push(vec![event]);
    }
    if !losers.is_empty() {
        // The number stands twice in this slice, or was taken meanwhile.
        let commands: Vec<&Command<Publish>> = losers.iter().map(|loser| loser.command).collect();
        let taken = self::known(&mut tx, &commands).await?;
        for loser in losers {
            match taken.get(&number(loser.command)) {
                Some(known) => work.known(loser.index, loser.command, known, &loser.to),
                None => work.answers[loser.index] = Some(Err(Error::new(Reason::CONFLICT))),
            }
        }
    }
    work.change(deps, &mut tx, &commands).await?;
    let effects = !work.events.is_empty();
    chassis::outbox::append(&mut tx, work.events).await?;
    tx.commit().await?;
    if effects {
        deps.wake.wake();
    }
    Ok(work.answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
}

fn number(command: &Command<Publish>) -> (String, String) {
    let content = &command.what.order.content;
    (content.source_system.clone(), content.order_number.clone())
}

/// The orders that have these numbers already.
async fn known(
    tx: &mut TenantTx,
    commands: &[&Command<Publish>],
) -> Result<HashMap<(String, String), Known>> {
    let (systems, numbers): (Vec<String>, Vec<String>) =
        commands.iter().map(|command| number(command)).unzip();
    db::by_number(tx, &systems, &numbers).await
}

impl Slice {
    /// An order that was published before: unchanged where the same document was last sent for it, and nothing waits that
    /// it may take back.
    fn known(&mut self, index: usize, command: &Command<Publish>, known: &Known, to: &Addressee) {
        if known.supplier != to.supplier && known.moving {
            self.answers[index] = Some(Err(Error::new(Reason::CONFLICT).with("order_id", known.id)));
        } else if known.supplier != to.supplier {
            let refusal = Error::new(Reason::SUPPLIER_DIFFERS).with("order_id", known.id);
            self.answers[index] = Some(Err(refusal.with("supplier_id", known.supplier)));
        } else if !known.asked && known.sent_sha256.as_deref() == Some(&command.what.order.sha256) {
            self.answers[index] = Some(Ok(OrderReceipt {
                order_id: known.id.to_string(),
                revision: known.revision,
                version: known.version,
                state: known.state.into(),
                supplier_id: known.supplier.to_string(),
                outcome: PublishOutcome::Unchanged.into(),
                ..OrderReceipt::default()
            }));
        } else {
            self.differing.push((index, known.id));
        }
    }

    /// Compares what differs field by field and takes it over.
    async fn change(&mut self, deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Publish>]) -> Result<()> {
        if self.differing.is_empty() {
            return Ok(());
        }
        let mut orders = lock(tx, self.differing.iter().map(|(_, id)| *id)).await?;
        for (index, id) in std::mem::take(&mut self.differing) {
            let (command, what) = (commands[index], &commands[index].what.order);
            let order = match own(deps, &command.caller, &mut orders, id, By::Buyer) {
                Ok(order) => order,
                Err(refusal) => {
                    self.answers[index] = Some(Err(refusal));
                    continue;
                }
            };
            let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
            let revise = change::Revise {
                content: convert::change::as_sent(what),
                warnings: what.warnings.clone(),
                note: "",
                sent_sha256: Some(&what.sha256),
            };
            let decided = Box::pin(change::apply(moment, tx, order, revise)).await?;
            self.answers[index] = Some(decided.map(|decided| {
                self.events.extend(decided.event.map(|event| vec![event]));
                decided.receipt
            }));
        }
        Ok(())
    }
}
