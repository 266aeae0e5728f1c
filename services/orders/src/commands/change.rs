//! The buyer publishes another revision of an order.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Field, Reason, Result, caller::Caller, db::TenantTx, outbox::NewEvent, service::Deps};
use prost::Message as _;
use proto::orders::{
    Commitment, LineReceipt, OrderContent, OrderDifference, OrderReceipt, PendingChange, PendingKind,
    PublishOutcome, SupplierAddress, Warning,
};
use uuid::Uuid;

use super::{
    Command, Done, Effect, alias, deadline,
    on_order::{By, Decided, lock, own, receipt, refused},
    pending::{self, Beside},
    reservation::{Consuming, consume, waiting},
};
use crate::{
    change::{self, Change, Standing},
    convert::{self, wire},
    db::{
        action, change as db,
        publish::{self as rows, LineRow, OrderRow, ScheduleRow},
        volatility,
    },
    error::Refusal,
    events::{
        change::{self as events, Moment},
        payload,
    },
    frozen,
    order::{Order, Schedule},
    queries,
    reservation::{Named, newly_named},
};

/// Change this order.
#[derive(Clone)]
pub(crate) struct ChangeOrder {
    /// `None`: the one of the content's number.
    pub order: Option<Uuid>,
    /// The revision that it was made from; 0: whatever is current.
    pub base_revision: i32,
    pub content: OrderContent,
    pub warnings: Vec<Warning>,
    pub note: String,
}

/// A document on its way into an order that stands.
pub(crate) struct Revise<'a> {
    pub content: OrderContent,
    pub warnings: Vec<Warning>,
    pub note: &'a str,
    /// Of the document as it was sent, where it was sent in full.
    pub sent_sha256: Option<&'a [u8]>,
}

impl Effect for ChangeOrder {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/ChangeOrder";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let named = ids(tx, commands).await?;
        let mut orders = lock(tx, named.iter().flatten().copied()).await?;
        let suppliers: Vec<Uuid> = orders.values().map(|order| order.supplier).collect();
        let partners = rows::partners(tx, &suppliers, &[], &[]).await?;
        let contents: Vec<OrderContent> = commands
            .iter()
            .zip(&named)
            .map(|(command, id)| {
                let mut content = command.what.content.clone();
                if let Some(order) = id.and_then(|id| orders.get(&id)) {
                    content.source_system.clone_from(&order.source_system);
                }
                content
            })
            .collect();
        let read = alias::contents(tx, contents.iter()).await?;
        let mut done = Done::default();
        for ((command, id), read) in commands.iter().zip(named).zip(read) {
            let order = id.ok_or_else(Error::not_found);
            let order = order.and_then(|id| own(deps, &command.caller, &mut orders, id, By::Buyer));
            done.take(match order.and_then(|order| active(order, &partners).map(|()| order)) {
                Ok(order) => change(deps, tx, command, order, read).await?,
                Err(refusal) => Err(refusal),
            });
        }
        Ok(done)
    }
}

/// The order that each command names, where there is one.
async fn ids(tx: &mut TenantTx, commands: &[&Command<ChangeOrder>]) -> Result<Vec<Option<Uuid>>> {
    let number = |command: &Command<ChangeOrder>| {
        let content = &command.what.content;
        let system = if content.source_system.is_empty() { "default" } else { &content.source_system };
        (system.to_string(), content.order_number.clone())
    };
    let by_number = commands.iter().filter(|command| command.what.order.is_none());
    let (systems, numbers): (Vec<String>, Vec<String>) = by_number.map(|command| number(command)).unzip();
    let known =
        if numbers.is_empty() { HashMap::new() } else { db::by_number(tx, &systems, &numbers).await? };
    let id = |command: &&Command<ChangeOrder>| {
        command.what.order.or_else(|| known.get(&number(command)).map(|known| known.id))
    };
    Ok(commands.iter().map(id).collect())
}

/// A partner may still be sent documents.
fn active(order: &Order, partners: &[rows::Partner]) -> Result<()> {
    let partner = partners.iter().find(|partner| partner.supplier == order.supplier);
    partner.map_or(Ok(()), super::publish::sendable)
}

async fn change(
    deps: &Deps,
    tx: &mut TenantTx,
    command: &Command<ChangeOrder>,
    order: &mut Order,
    (mut content, warned): (OrderContent, Vec<Warning>),
) -> Result<Result<Decided>> {
    let what = &command.what;
    if what.base_revision != 0 && what.base_revision != order.revision {
        let refusal = refused(order, Refusal::RevisionOutdated { current: order.revision });
        return Ok(Err(outdated(tx, order, what.base_revision, refusal).await?));
    }
    let other_number =
        !what.content.order_number.is_empty() && what.content.order_number != order.order_number;
    let other_system =
        !what.content.source_system.is_empty() && what.content.source_system != order.source_system;
    if other_number || other_system {
        let field = if other_number { "content.order_number" } else { "content.source_system" };
        let message = "never changes; leave it empty, or name the order by its number alone";
        return Ok(Err(Error::field(field, "FIXED", message)));
    }
    content.order_number.clone_from(&order.order_number);
    content.source_system.clone_from(&order.source_system);
    let warnings = what.warnings.iter().cloned().chain(warned).collect();
    let revise = Revise { content, warnings, note: &what.note, sent_sha256: None };
    let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
    Box::pin(apply(moment, tx, order, revise)).await
}

/// A refusal of what was made from an earlier revision, with everything that changed since.
pub(crate) async fn outdated(
    tx: &mut TenantTx,
    order: &Order,
    revision: i32,
    refusal: Error,
) -> Result<Error> {
    if revision < 1 || revision > order.revision {
        return Ok(refusal.message("this revision was never published"));
    }
    let encoded = db::differences_after(tx, order.id, revision).await?;
    let each = encoded.iter().map(|bytes| OrderDifference::decode(bytes.as_slice()).map_err(Error::internal));
    let mut difference = change::joined(each.collect::<Result<_>>()?);
    payload::cut(&mut difference, chassis::error::TYPED_BYTES);
    Ok(refusal.typed("tandem.orders.v1.OrderDifference", &difference))
}

/// A document as it is compared: whom it goes to, and what is to be looked at.
pub(crate) struct Comparing {
    pub supplier: SupplierAddress,
    pub warnings: Vec<Warning>,
}

impl Comparing {
    /// As [`change::compare`].
    pub(crate) fn compare(
        &self,
        standing: &Standing<'_>,
        content: OrderContent,
        new_id: &mut (dyn FnMut() -> Uuid + Send),
    ) -> Result<Option<Change>, Vec<Field>> {
        change::compare(standing, content, self.supplier.clone(), self.warnings.clone(), new_id)
    }
}

/// Compares the document with what was last published and takes it over, as far as it is not frozen. The outer error
/// rolls the slice back; the inner one refuses this document alone.
pub(crate) async fn apply(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    revise: Revise<'_>,
) -> Result<Result<Decided>> {
    let document = db::document(tx, order).await?;
    let published = convert::change::published(&document)?;
    let promises = promises(tx, order).await?;
    let comparing = Comparing { supplier: addressed(&document), warnings: revise.warnings };
    let mut new_id = || moment.deps.clock.id();
    let earlier = pending::earlier(tx, order.id, &revise.content).await?;
    let standing = Standing { order, published: &published, promises: &promises };
    let change = match comparing.compare(&standing, revise.content.clone(), &mut new_id) {
        Ok(Some(change)) => change,
        Ok(None) => {
            let beside = pending::beside(earlier.as_ref(), &standing, &comparing, &mut new_id);
            return Ok(Ok(unchanged(moment, tx, order, revise.sent_sha256, beside).await?));
        }
        Err(fields) => return Ok(Err(Error::invalid(fields))),
    };
    if let Err(refusal) = within_scope(moment.caller, &change) {
        return Ok(Err(refusal));
    }
    let named = newly_named(&revise.content, published.lines.iter().map(|line| &line.content));
    let sent = Sent { note: revise.note, sha256: revise.sent_sha256, named: &named };
    let until =
        if change.reconfirm() > 0 { pending::horizon(tx, order.supplier, moment.at).await? } else { None };
    let lines = until.map(|until| frozen::lines(order, &change, &promises, until)).unwrap_or_default();
    let Some(until) = until.filter(|_| !lines.is_empty()) else {
        let beside = pending::beside(earlier.as_ref(), &standing, &comparing, &mut new_id);
        return publish(moment, tx, order, change, sent, beside).await;
    };
    let whole = change.difference.header.iter().any(|field| field.material);
    let waits = named.iter().filter(|line| whole || lines.contains(&line.line_number));
    if let Err(refusal) = waiting(waits) {
        return Ok(Err(refusal));
    }
    let frozen = pending::Frozen { standing, content: revise.content, change, lines, earlier };
    let parted = match pending::part(tx, frozen, &comparing, &mut new_id).await? {
        Ok(parted) => parted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let ask = parted.later.map(|(content, whole, difference)| pending::Ask {
        kind: PendingKind::Change,
        content,
        whole,
        difference,
        reason: 0,
        note: revise.note,
        until,
    });
    // Something of the document waits: were it remembered as sent, it would not be asked for again once it was declined.
    let sent = Sent { sha256: None, ..sent };
    match (parted.now, ask) {
        (Some(change), None) => publish(moment, tx, order, change, sent, Beside::AsItWas).await,
        (Some(change), Some(ask)) => publish(moment, tx, order, change, sent, Beside::Ask(ask)).await,
        (None, Some(ask)) => Ok(Ok(pending::only_ask(moment, tx, order, ask).await?)),
        // The same was asked for before.
        (None, None) => Ok(Ok(Decided { receipt: same(order, parted.known), event: None })),
    }
}

/// Whom an order was addressed to, as its revision says.
pub(crate) fn addressed(document: &db::Document) -> SupplierAddress {
    SupplierAddress { vendor_number: document.vendor_number.clone(), ..SupplierAddress::default() }
}

/// A document that says what is published: what was asked for of its lines is asked for no more.
async fn unchanged(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    sent_sha256: Option<&[u8]>,
    beside: Beside<'_>,
) -> Result<Decided> {
    if let Some(sha256) = sent_sha256 {
        db::remember_sent(tx, order, sha256).await?;
    }
    let event = match beside {
        Beside::AsItWas => None,
        Beside::Over(change) => pending::take_back(moment, tx, order, change, "").await?.event,
        Beside::Ask(ask) => pending::only_ask(moment, tx, order, ask).await?.event,
    };
    Ok(Decided { receipt: same(order, None), event })
}

fn same(order: &Order, pending: Option<Uuid>) -> OrderReceipt {
    OrderReceipt {
        outcome: PublishOutcome::Unchanged.into(),
        pending_change_id: pending.map(|id| id.to_string()).unwrap_or_default(),
        ..receipt(order)
    }
}

/// How a document came.
struct Sent<'a> {
    note: &'a str,
    /// Of the document as it was sent, where it was sent in full.
    sha256: Option<&'a [u8]>,
    /// Lines that name a reservation and had none.
    named: &'a [Named],
}

/// Publishes another revision, with what the supplier is asked for beside it; or nothing, where a line names a reservation
/// that cannot be consumed.
async fn publish(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    change: Change,
    sent: Sent<'_>,
    beside: Beside<'_>,
) -> Result<Result<Decided>> {
    let consuming = Consuming { order: order.id, supplier: order.supplier, lines: sent.named.to_vec() };
    if let Err(refusal) = consume(tx, &[consuming]).await? {
        return Ok(Err(refusal));
    }
    let unsettled = change.unsettled(order);
    order.revise(&change);
    let sha256 = sent.sha256.unwrap_or(&change.document.sha256).to_vec();
    let rows = revision_rows(&moment.caller.actor_name, order, &change, sha256);
    db::revise(tx, order, &rows, moment.at).await?;
    volatility::insert(tx, order, &unsettled, false, moment.at).await?;
    if change.reconfirm() > 0 {
        deadline::begin_again(tx, order, moment.at).await?;
    }
    let (asked, over) = match beside {
        Beside::Ask(ask) => (Some(pending::ask(moment, tx, order, ask).await?), None),
        Beside::Over(change) => {
            pending::supersede(moment, tx, order, change).await?;
            (None, Some(change))
        }
        Beside::AsItWas => (None, None),
    };
    record(tx, moment, order, &change, sent.note).await?;
    let pending = asked.as_ref().map(wire::pending).transpose()?;
    let event = event(tx, moment, order, &change, (sent.note, pending, over)).await?;
    let pending_change_id = asked.map(|row| row.id.to_string()).unwrap_or_default();
    let receipt = OrderReceipt { pending_change_id, ..changed(order, &change) };
    Ok(Ok(Decided { receipt, event: Some(event) }))
}

fn within_scope(caller: &Caller, change: &Change) -> Result<()> {
    if caller.covers(&change.document.sites, &change.document.content.purchasing_group) {
        return Ok(());
    }
    let refusal = Error::new(Reason::PERMISSION_DENIED);
    Err(refusal.message("you may publish only for your own sites and purchasing groups"))
}

/// What the supplier has promised, by schedule line.
pub(crate) async fn promises(tx: &mut TenantTx, order: &Order) -> Result<HashMap<Uuid, Vec<Commitment>>> {
    if order.schedule.iter().all(|line| line.quantities.accepted.is_zero()) {
        return Ok(HashMap::new());
    }
    let states = queries::schedule_states(tx, order, None).await?;
    let promises = states
        .into_iter()
        .filter_map(|state| Some((Uuid::try_parse(&state.schedule_line_id).ok()?, state.commitments)));
    Ok(promises.collect())
}

pub(crate) fn revision_rows(
    actor_name: &str,
    order: &Order,
    change: &Change,
    sent_sha256: Vec<u8>,
) -> db::Revision {
    let document = &change.document;
    let lines = change.lines.iter().map(|(place, position)| LineRow {
        order_id: order.id,
        revision: order.revision,
        supplier: order.supplier,
        position: *position,
        ..super::publish::line_row(&document.content.lines[*place])
    });
    let written = change.schedule.iter().filter(|each| each.rewritten).map(|each| {
        let plan = &document.schedule[each.planned];
        ScheduleRow {
            id: each.after.id,
            revision: order.revision,
            order_id: order.id,
            supplier: order.supplier,
            position: each.position,
            line_position: each.line_position,
            schedule_line_number: each.after.schedule_line_number.clone(),
            quantity: plan.quantity,
            requested_date: plan.requested_date,
            content: document.content.lines[plan.line].schedule_lines[plan.place].encode_to_vec(),
        }
    });
    let changed = change.schedule.iter().filter(|each| !each.new).map(|each| each.after.clone());
    db::Revision {
        order: OrderRow {
            id: order.id,
            revision: order.revision,
            supplier: order.supplier,
            sent_sha256,
            vendor_number: document.supplier.vendor_number.clone(),
            actor_name: actor_name.into(),
            ..super::publish::revision_row(document)
        },
        lines: lines.collect(),
        schedule: written.collect(),
        new: change.schedule.iter().filter(|each| each.new).map(|each| each.after.id).collect(),
        changed: changed.collect::<Vec<Schedule>>(),
    }
}

async fn record(
    tx: &mut TenantTx,
    moment: Moment<'_>,
    order: &Order,
    change: &Change,
    note: &str,
) -> Result<()> {
    let mut difference = change.difference.clone();
    payload::cut(&mut difference, payload::MAX_BYTES);
    let action = action::Action {
        action: "changed",
        by_buyer: true,
        reason: 0,
        note,
        actor_name: &moment.caller.actor_name,
        at: moment.at,
        schedule_lines: change.schedule.iter().map(|each| each.after.id).collect(),
        difference: difference.encode_to_vec(),
    };
    action::insert(tx, order, &action).await
}

async fn event(
    tx: &mut TenantTx,
    moment: Moment<'_>,
    order: &Order,
    change: &Change,
    (note, pending, over): (&str, Option<PendingChange>, Option<Uuid>),
) -> Result<NewEvent> {
    let ids: Vec<Uuid> = change.schedule.iter().map(|each| each.after.id).collect();
    let schedule =
        if ids.is_empty() { Vec::new() } else { queries::schedule_states(tx, order, Some(&ids)).await? };
    let numbers: HashSet<&String> = change.difference.lines.iter().map(|line| &line.line_number).collect();
    let mut content = OrderContent { lines: Vec::new(), ..change.document.content.clone() };
    let lines = change.document.content.lines.iter();
    content.lines = lines.filter(|line| numbers.contains(&line.line_number)).cloned().collect();
    Ok(events::changed(moment, order, change.difference.clone(), content, schedule, (note, pending, over)))
}

fn changed(order: &Order, change: &Change) -> OrderReceipt {
    let lines = change.schedule.iter().map(|each| wire::line_receipt(&each.after, None));
    OrderReceipt {
        lines: lines.collect::<Vec<LineReceipt>>(),
        warnings: change.document.warnings.clone(),
        outcome: PublishOutcome::Changed.into(),
        reconfirm_lines: change.reconfirm() as i32,
        ..receipt(order)
    }
}
