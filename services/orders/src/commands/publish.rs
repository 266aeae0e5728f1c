//! Publishing: whom it goes to, whether the number is free, and the rows of a new order.

use std::{borrow::Cow, collections::HashSet};

use chassis::{Error, Reason, Result, db::TenantTx, outbox::NewEvent, service::Deps};
use prost::Message;
use proto::orders::{
    Order as WireOrder, OrderContent, OrderLine, OrderReceipt, OrderState, PublishOutcome, SupplierAddress,
};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Command, Done, Effect, alias, deadline,
    reservation::{Consuming, consume},
};
use crate::{
    convert::wire,
    db::publish::{self as db, LineRow, NewRows, OrderRow, Partner, ScheduleRow},
    events::{self, Subject},
    order::{Quantities, Schedule},
    publish::NewOrder,
};

/// Publish this document.
#[derive(Clone)]
pub(crate) struct Publish {
    pub order: NewOrder,
}

/// Whom an order goes to.
#[derive(Clone)]
pub(super) struct Addressee {
    pub supplier: Uuid,
    name: String,
    vendor_number: String,
    invited: bool,
}

/// An order on its way into the tables.
pub(super) struct Prepared<'a> {
    pub index: usize,
    id: Uuid,
    pub command: &'a Command<Publish>,
    pub to: Addressee,
    schedule: Vec<Schedule>,
    state: OrderState,
}

impl Effect for Publish {
    const METHOD: &'static str = "tandem.orders.v1.OrderService/PublishOrder";

    async fn run(deps: &Deps, tx: &mut TenantTx, commands: &[&Command<Self>]) -> Result<Done> {
        let read = read_by_aliases(tx, commands).await?;
        let commands: Vec<&Command<Self>> = read.iter().map(Cow::as_ref).collect();
        let commands = commands.as_slice();
        let now = deps.clock.now();
        let mut answers: Vec<Option<Result<OrderReceipt>>> = commands.iter().map(|_| None).collect();
        let addressees = addressees(tx, commands).await?;
        let mut events = begun(deps, tx, now, commands, &addressees).await?;
        let mut prepared = Vec::new();
        for ((index, command), to) in commands.iter().enumerate().zip(addressees) {
            match to.and_then(|to| within_scope(command).map(|()| to)) {
                Ok(to) => prepared.push(prepare(deps, index, command, to)),
                Err(refusal) => answers[index] = Some(Err(refusal)),
            }
        }
        let Inserted { published, losers } = insert(deps, tx, now, prepared).await?;
        // After the contents, since the order that has the number may be one of this slice.
        for loser in losers {
            answers[loser.index] = Some(Err(exists(tx, &loser.command.what.order.content).await?));
        }
        for (index, receipt, event) in published {
            answers[index] = Some(Ok(receipt));
            events.push(vec![event]);
        }
        let unanswered = || Err(Error::new(Reason::UNAVAILABLE));
        let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect();
        Ok(Done { answers, events })
    }
}

/// The commands with their documents as the buyer's own tables read them.
pub(super) async fn read_by_aliases<'a>(
    tx: &mut TenantTx,
    commands: &[&'a Command<Publish>],
) -> Result<Vec<Cow<'a, Command<Publish>>>> {
    let orders: Vec<&NewOrder> = commands.iter().map(|command| &command.what.order).collect();
    let read = alias::read(tx, &orders).await?;
    let read = commands.iter().zip(read).map(|(command, read)| match read {
        Some(order) => Cow::Owned(Command { what: Publish { order }, ..Command::clone(command) }),
        None => Cow::Borrowed(*command),
    });
    Ok(read.collect())
}

/// What became of new orders.
pub(super) struct Inserted<'a> {
    /// Place in the slice, receipt, event.
    pub published: Vec<(usize, OrderReceipt, NewEvent)>,
    /// Those whose number is taken.
    pub losers: Vec<Prepared<'a>>,
}

/// Inserts the orders whose numbers are free.
pub(super) async fn insert<'a>(
    deps: &Deps,
    tx: &mut TenantTx,
    now: OffsetDateTime,
    prepared: Vec<Prepared<'a>>,
) -> Result<Inserted<'a>> {
    if prepared.is_empty() {
        return Ok(Inserted { published: Vec::new(), losers: Vec::new() });
    }
    let rows: Vec<OrderRow> = prepared.iter().map(order_row).collect();
    let inserted: HashSet<Uuid> = db::insert_orders(tx, &rows, now).await?.into_iter().collect();
    let (winners, losers): (Vec<_>, Vec<_>) =
        prepared.into_iter().partition(|order| inserted.contains(&order.id));
    let mut new = NewRows {
        orders: rows.into_iter().filter(|row| inserted.contains(&row.id)).collect(),
        ..NewRows::default()
    };
    for order in &winners {
        content_rows(order, &mut new);
    }
    if !winners.is_empty() {
        // After the numbers were taken, so that an order that stands is what is answered; before anything else. What one
        // cannot have rolls the slice back, and each runs alone.
        let consuming = winners
            .iter()
            .map(|order| Consuming::of(order.id, order.to.supplier, &order.command.what.order.content));
        consume(tx, &consuming.collect::<Vec<_>>()).await??;
        let waiting = winners.iter().filter(|order| order.state == OrderState::Unanswered);
        let waiting: Vec<_> = waiting.map(|order| (order.id, order.to.supplier)).collect();
        // Before the states, which are then written as they stay.
        let due = deadline::begin(tx, &waiting, now).await?;
        for row in &mut new.orders {
            row.answer_due = due.get(&row.id).copied().unwrap_or(crate::db::UNDATED);
        }
        db::insert_contents(tx, &new, now).await?;
    }
    let published = winners.iter().map(|order| (order.index, receipt(order), event(deps, now, order)));
    Ok(Inserted { published: published.collect(), losers })
}

/// A caller who is narrowed to some sites or purchasing groups publishes for those alone.
pub(super) fn within_scope(command: &Command<Publish>) -> Result<()> {
    let order = &command.what.order;
    if command.caller.covers(&order.sites, &order.content.purchasing_group) {
        return Ok(());
    }
    let refusal = Error::new(Reason::PERMISSION_DENIED);
    Err(refusal.message("you may publish only for your own sites and purchasing groups"))
}

/// Finds out whom each order goes to; invites where that was asked for.
pub(super) async fn addressees(
    tx: &mut TenantTx,
    commands: &[&Command<Publish>],
) -> Result<Vec<Result<Addressee>>> {
    let addresses: Vec<&SupplierAddress> = commands.iter().map(|c| &c.what.order.supplier).collect();
    let given = |of: fn(&SupplierAddress) -> &String| -> Vec<String> {
        addresses.iter().map(|address| of(address)).filter(|value| !value.is_empty()).cloned().collect()
    };
    let (schemes, values): (Vec<String>, Vec<String>) = addresses
        .iter()
        .flat_map(|address| &address.party_ids)
        .map(|id| (id.scheme.clone(), id.value.clone()))
        .unzip();
    let by_party_id =
        if schemes.is_empty() { Vec::new() } else { db::partners_by_party_id(tx, &schemes, &values).await? };
    let mut ids: Vec<Uuid> =
        given(|address| &address.firm_id).iter().filter_map(|id| Uuid::try_parse(id).ok()).collect();
    ids.extend(by_party_id.iter().map(|(_, _, supplier)| *supplier));
    let numbers = given(|address| &address.vendor_number);
    let partners = db::partners(tx, &ids, &numbers, &given(|address| &address.uscc)).await?;
    let mut found = Vec::with_capacity(addresses.len());
    // Whom this slice invited: a later order may name the same firm by another of its numbers.
    let mut invited: Vec<(&SupplierAddress, Addressee)> = Vec::new();
    for address in addresses {
        found.push(match fitting(&partners, address, &by_party_id).as_slice() {
            [] if !address.invite_as.is_empty() => {
                match invited.iter().find(|(other, _)| same_firm(other, address)) {
                    Some((_, to)) => Ok(to.clone()),
                    None => {
                        let to = invite(tx, address).await?;
                        invited.extend(to.as_ref().ok().map(|to| (address, to.clone())));
                        to
                    }
                }
            }
            [] => Err(Error::new(Reason::SUPPLIER_UNKNOWN).with("supplier", named(address))),
            [one] => sendable(one).map(|()| addressee(one, false)),
            _ => Err(Error::new(Reason::SUPPLIER_AMBIGUOUS)),
        });
    }
    Ok(found)
}

/// The partners whom an address means. A relationship that ended gave its vendor number free and does not count beside
/// one that did not, nor where the firm is to be invited again.
fn fitting<'a>(
    partners: &'a [Partner],
    address: &SupplierAddress,
    by_party_id: &[(String, String, Uuid)],
) -> Vec<&'a Partner> {
    let mut fitting: Vec<&Partner> =
        partners.iter().filter(|partner| fits(partner, address, by_party_id)).collect();
    let live = |partner: &Partner| partner.state != "ended";
    if !address.invite_as.is_empty() || fitting.iter().any(|partner| live(partner)) {
        fitting.retain(|partner| live(partner));
    }
    fitting
}

/// Whether documents may be sent to a partner: neither the operator nor one of the two has put an end to it.
///
/// # Errors
/// FIRM_SUSPENDED, RELATIONSHIP_NOT_ACTIVE.
pub(super) fn sendable(partner: &Partner) -> Result<()> {
    if partner.firm_state == "suspended" {
        return Err(Error::new(Reason::FIRM_SUSPENDED));
    }
    match partner.state.as_str() {
        "invited" | "active" => Ok(()),
        state => Err(Error::new(Reason::RELATIONSHIP_NOT_ACTIVE).with("state", state)),
    }
}

fn addressee(partner: &Partner, invited: bool) -> Addressee {
    Addressee {
        supplier: partner.supplier,
        name: partner.name.clone(),
        vendor_number: partner.vendor_number.clone(),
        invited,
    }
}

/// The events of relationships that these orders began, each by itself; they stand before those of the orders.
pub(super) async fn begun(
    deps: &Deps,
    tx: &mut TenantTx,
    now: OffsetDateTime,
    commands: &[&Command<Publish>],
    addressees: &[Result<Addressee>],
) -> Result<Vec<Vec<NewEvent>>> {
    let invited = |supplier: Option<Uuid>| {
        let found = commands.iter().zip(addressees).find(|(_, to)| {
            to.as_ref().is_ok_and(|to| to.invited && supplier.is_none_or(|supplier| supplier == to.supplier))
        });
        found.map(|(command, _)| &command.caller)
    };
    if invited(None).is_none() {
        return Ok(Vec::new());
    }
    let begun = db::begun_relationships(tx).await?;
    let events = begun.iter().filter_map(|begun| {
        let caller = invited(Some(begun.supplier))?;
        Some(vec![events::relationship_begun(deps, now, caller, begun)])
    });
    Ok(events.collect())
}

/// Whether one of the address's numbers is the partner's.
fn fits(partner: &Partner, address: &SupplierAddress, by_party_id: &[(String, String, Uuid)]) -> bool {
    let same = |given: &str, own: &str| !given.is_empty() && given == own;
    Uuid::try_parse(&address.firm_id) == Ok(partner.supplier)
        || same(&address.vendor_number, &partner.vendor_number)
        || same(&address.uscc, &partner.uscc)
        || address.party_ids.iter().any(|id| {
            by_party_id.iter().any(|(scheme, value, firm)| {
                *firm == partner.supplier && *scheme == id.scheme && *value == id.value
            })
        })
}

/// Whether two addresses share a number.
fn same_firm(one: &SupplierAddress, other: &SupplierAddress) -> bool {
    let same = |a: &str, b: &str| !a.is_empty() && a == b;
    same(&one.vendor_number, &other.vendor_number)
        || same(&one.uscc, &other.uscc)
        || one.party_ids.iter().any(|id| other.party_ids.contains(id))
}

/// The address in words, for a refusal.
fn named(address: &SupplierAddress) -> String {
    let mut parts = Vec::new();
    for (name, value) in
        [("firm_id", &address.firm_id), ("vendor_number", &address.vendor_number), ("uscc", &address.uscc)]
    {
        if !value.is_empty() {
            parts.push(format!("{name} {value}"));
        }
    }
    parts.extend(address.party_ids.iter().map(|id| format!("{} {}", id.scheme, id.value)));
    parts.join(", ")
}

/// Invites, or finds the partner that is meant by its name or by a number of before: then it is as good as any other
/// address, and no better. The outer error is a fault.
async fn invite(tx: &mut TenantTx, address: &SupplierAddress) -> Result<Result<Addressee>> {
    // A receipt is kept for replays and must hold no secret: the buyer asks for the link by RenewInvitation.
    let (supplier, new) = db::invite(tx, address).await?;
    if new {
        tracing::info!(firm.id = %tx.firm(), supplier.id = %supplier, "supplier invited by an order");
    }
    let partner = db::partners(tx, &[supplier], &[], &[]).await?.pop();
    let partner = partner.ok_or_else(|| Error::new(Reason::CONFLICT))?;
    Ok(sendable(&partner).map(|()| addressee(&partner, new)))
}

pub(super) fn prepare<'a>(
    deps: &Deps,
    index: usize,
    command: &'a Command<Publish>,
    to: Addressee,
) -> Prepared<'a> {
    let order = &command.what.order;
    let schedule: Vec<Schedule> = order
        .schedule
        .iter()
        .map(|planned| {
            let line = &order.content.lines[planned.line];
            Schedule {
                id: deps.clock.id(),
                line_number: line.line_number.clone(),
                schedule_line_number: line.schedule_lines[planned.place].schedule_line_number.clone(),
                requested_date: planned.requested_date,
                quantities: Quantities::published(planned.quantity),
                revision: 1,
                ..Schedule::default()
            }
        })
        .collect();
    let anything = schedule.iter().any(|line| line.quantities.unanswered > Decimal::ZERO);
    let state = if anything { OrderState::Unanswered } else { OrderState::Accepted };
    Prepared { index, id: deps.clock.id(), command, to, schedule, state }
}

fn order_row(prepared: &Prepared<'_>) -> OrderRow {
    OrderRow {
        id: prepared.id,
        supplier: prepared.to.supplier,
        vendor_number: prepared.to.vendor_number.clone(),
        actor_name: prepared.command.caller.actor_name.clone(),
        state: prepared.state as i16,
        unanswered_lines: unanswered_lines(&prepared.schedule),
        ..revision_row(&prepared.command.what.order)
    }
}

/// What a revision's row says of its document; whose it is and how it stands is for the caller to fill in.
pub(super) fn revision_row(order: &NewOrder) -> OrderRow {
    let header = OrderContent { lines: Vec::new(), ..order.content.clone() };
    let first_item = order.content.lines.first().and_then(|line| line.item.as_ref());
    OrderRow {
        id: Uuid::nil(),
        revision: 1,
        supplier: Uuid::nil(),
        source_system: order.content.source_system.clone(),
        order_number: order.content.order_number.clone(),
        purchasing_group: order.content.purchasing_group.clone(),
        sites: order.sites.clone(),
        search: order.looked_for(),
        content: header.encode_to_vec(),
        sent_sha256: order.sha256.to_vec(),
        content_sha256: order.sha256.to_vec(),
        vendor_number: String::new(),
        currency: order.content.currency.clone(),
        price_includes_tax: order.price_includes_tax,
        net_amount: order.net_amount,
        line_count: order.content.lines.len() as i32,
        first_item_name: first_item.map(|item| item.name.clone()).unwrap_or_default(),
        actor_name: String::new(),
        state: 0,
        unanswered_lines: 0,
        requested_date: order.requested_date.unwrap_or(crate::db::UNDATED),
        answer_due: crate::db::UNDATED,
    }
}

fn unanswered_lines(schedule: &[Schedule]) -> i32 {
    schedule.iter().filter(|line| line.quantities.unanswered > Decimal::ZERO).count() as i32
}

fn content_rows(prepared: &Prepared<'_>, rows: &mut NewRows) {
    let order = &prepared.command.what.order;
    for (position, line) in order.content.lines.iter().enumerate() {
        rows.lines.push(LineRow {
            order_id: prepared.id,
            supplier: prepared.to.supplier,
            position: position as i32,
            ..line_row(line)
        });
    }
    for (position, (planned, line)) in order.schedule.iter().zip(&prepared.schedule).enumerate() {
        rows.schedule.push(ScheduleRow {
            id: line.id,
            revision: 1,
            order_id: prepared.id,
            supplier: prepared.to.supplier,
            position: position as i32,
            line_position: planned.line as i32,
            schedule_line_number: line.schedule_line_number.clone(),
            quantity: planned.quantity,
            requested_date: planned.requested_date,
            content: order.content.lines[planned.line].schedule_lines[planned.place].encode_to_vec(),
        });
    }
}

/// What a line's row says of its content; whose it is and where is for the caller to fill in.
pub(super) fn line_row(line: &OrderLine) -> LineRow {
    let item = line.item.clone().unwrap_or_default();
    let mut stored = line.clone();
    stored.schedule_lines.clear();
    LineRow {
        order_id: Uuid::nil(),
        revision: 1,
        supplier: Uuid::nil(),
        position: 0,
        line_number: line.line_number.clone(),
        buyer_item_id: item.buyer_item_id,
        seller_item_id: item.seller_item_id,
        item_name: item.name,
        unit_code: line.unit_code.clone(),
        content: stored.encode_to_vec(),
    }
}

async fn exists(tx: &mut TenantTx, content: &OrderContent) -> Result<Error> {
    let refusal = Error::new(Reason::ORDER_EXISTS);
    Ok(match db::existing(tx, &content.source_system, &content.order_number).await? {
        Some(order) => refusal
            .with("order_id", order.id)
            .with("revision", order.revision)
            .with("version", order.version)
            .with("order_number", &content.order_number),
        // Published by a transaction that is not over yet; sending it again finds it.
        None => Error::new(Reason::CONFLICT),
    })
}

fn receipt(prepared: &Prepared<'_>) -> OrderReceipt {
    OrderReceipt {
        order_id: prepared.id.to_string(),
        revision: 1,
        version: 1,
        state: prepared.state.into(),
        lines: prepared.schedule.iter().map(|line| wire::line_receipt(line, None)).collect(),
        supplier_id: prepared.to.supplier.to_string(),
        supplier_invited: prepared.to.invited,
        warnings: prepared.command.what.order.warnings.clone(),
        outcome: PublishOutcome::Published.into(),
        ..OrderReceipt::default()
    }
}

fn event(deps: &Deps, now: OffsetDateTime, prepared: &Prepared<'_>) -> chassis::outbox::NewEvent {
    let (order, caller) = (&prepared.command.what.order, &prepared.command.caller);
    let at = chassis::value::timestamp(now);
    let schedule = prepared.schedule.iter().map(|line| proto::orders::ScheduleLineState {
        schedule_line_id: line.id.to_string(),
        line_number: line.line_number.clone(),
        schedule_line_number: line.schedule_line_number.clone(),
        quantities: Some(wire::quantities(&line.quantities)),
        ..Default::default()
    });
    let snapshot = WireOrder {
        id: prepared.id.to_string(),
        buyer_id: caller.firm.to_string(),
        buyer_name: caller.firm_name.clone(),
        supplier_id: prepared.to.supplier.to_string(),
        supplier_name: prepared.to.name.clone(),
        vendor_number: prepared.to.vendor_number.clone(),
        revision: 1,
        version: 1,
        state: prepared.state.into(),
        schedule: schedule.collect(),
        net_amount: order.net_amount.map(chassis::value::wire_decimal),
        published_at: Some(at),
        updated_at: Some(at),
        content_sha256: order.sha256.to_vec().into(),
        content: Some(order.content.clone()),
        ..WireOrder::default()
    };
    let subject = Subject {
        id: prepared.id,
        buyer: caller.firm,
        supplier: prepared.to.supplier,
        version: 1,
        sites: &order.sites,
        purchasing_group: &order.content.purchasing_group,
    };
    events::published(deps, now, caller, &subject, snapshot)
}
