//! What lies inside the frozen horizon waits for the supplier: what is asked for, and what a newer document makes of it.

mod answer;

use std::collections::HashSet;

use chassis::{Error, Result, calendar::day_of, db::TenantTx};
use prost::Message as _;
use proto::orders::{
    CancelOrderRequest, LineCancellation, LineChange, OrderContent, OrderDifference, OrderLine, OrderReceipt,
    PendingKind, PublishOutcome,
};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    change,
    on_order::{Decided, receipt},
};
use crate::{
    change::{Change, Standing, moved},
    convert::wire,
    db::{
        action, load,
        pending::{self as db, PendingRow},
        trading_terms, volatility,
    },
    events::change::{self as events, Moment},
    frozen,
    order::{
        Order,
        cancel::{Cancellation, Cancelled},
    },
};

pub(crate) use answer::{AnswerChange, WithdrawChange};

/// The last frozen day between a buyer and a supplier; `None` where nothing is frozen. As buyer.
pub(crate) async fn horizon(tx: &mut TenantTx, supplier: Uuid, now: OffsetDateTime) -> Result<Option<Date>> {
    let agreed = trading_terms::agreed(tx, &[supplier]).await?;
    if agreed.with(supplier).frozen.0 == 0 {
        return Ok(None);
    }
    Ok(Some(agreed.frozen_until(supplier, day_of(now))?.date))
}

/// What is to be asked for.
pub(crate) struct Ask<'a> {
    pub kind: PendingKind,
    pub content: Vec<u8>,
    pub whole: bool,
    pub difference: OrderDifference,
    /// CancelReason; 0 where values change.
    pub reason: i32,
    pub note: &'a str,
    pub until: Date,
}

/// Asks the supplier, in the version that the order has now; an earlier request of the kind is superseded.
pub(crate) async fn ask(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &Order,
    ask: Ask<'_>,
) -> Result<PendingRow> {
    let mut known = Vec::new();
    for earlier in db::open(tx, order.id).await?.iter().filter(|row| row.kind == ask.kind as i16) {
        db::end(tx, order, earlier.id, order.version, "superseded", moment.at).await?;
        known.extend(wire::pending(earlier)?.difference.unwrap_or_default().lines);
    }
    let unsettled = unsettled(order, &ask.difference, &known);
    volatility::insert(tx, order, &unsettled, true, moment.at).await?;
    let row = PendingRow {
        id: moment.deps.clock.id(),
        version: order.version,
        kind: ask.kind as i16,
        content: ask.content,
        whole: ask.whole,
        difference: ask.difference.encode_to_vec(),
        reason: ask.reason as i16,
        note: ask.note.into(),
        actor_name: moment.caller.actor_name.clone(),
        frozen_until: ask.until,
        at: moment.at,
    };
    db::insert(tx, order, &row).await?;
    Ok(row)
}

/// A request of which nothing is asked for any more, in the version that the order has now.
pub(crate) async fn supersede(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &Order,
    change: Uuid,
) -> Result<()> {
    db::end(tx, order, change, order.version, "superseded", moment.at).await
}

/// Accepted schedule lines that are asked for, with how much is accepted; what an earlier request asked for alike was
/// counted then.
fn unsettled(order: &Order, asked: &OrderDifference, known: &[LineChange]) -> Vec<(Uuid, Decimal)> {
    let new = asked.lines.iter().filter(|line| !known.contains(line));
    let ids: HashSet<Uuid> = new.filter_map(|line| Uuid::try_parse(&line.schedule_line_id).ok()).collect();
    let lines = order.schedule.iter().filter(|line| ids.contains(&line.id));
    let accepted = lines.map(|line| (line.id, line.quantities.accepted));
    accepted.filter(|(_, accepted)| *accepted > Decimal::ZERO).collect()
}

/// A command of which nothing takes effect now: the request alone is a version.
pub(crate) async fn only_ask(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    request: Ask<'_>,
) -> Result<Decided> {
    order.version += 1;
    let note = request.note.to_string();
    let difference = request.difference.clone();
    let reason = request.reason;
    let row = ask(moment, tx, order, request).await?;
    record(tx, moment, order, ("change_requested", reason, &note), &difference).await?;
    load::save(tx, &[(order, &[])], moment.at).await?;
    let event = events::change_requested(moment, order, wire::pending(&row)?);
    let receipt = OrderReceipt {
        outcome: PublishOutcome::Pending.into(),
        pending_change_id: row.id.to_string(),
        ..receipt(order)
    };
    Ok(Decided { receipt, event: Some(event) })
}

async fn record(
    tx: &mut TenantTx,
    moment: Moment<'_>,
    order: &Order,
    (action, reason, note): (&str, i32, &str),
    difference: &OrderDifference,
) -> Result<()> {
    let lines = difference.lines.iter().filter_map(|line| Uuid::try_parse(&line.schedule_line_id).ok());
    let entry = action::Action {
        action,
        by_buyer: moment.caller.firm == order.buyer,
        reason,
        note,
        actor_name: &moment.caller.actor_name,
        at: moment.at,
        schedule_lines: lines.collect(),
        difference: difference.encode_to_vec(),
    };
    action::insert(tx, order, &entry).await
}

/// The open request for other values beside a newer document. Whatever that lists is its newest word, the header
/// always included, so that of the request only the lines are left that it does not list.
pub(crate) struct Earlier {
    row: PendingRow,
    asked: OrderContent,
    rest: Vec<OrderLine>,
}

/// The open request for other values of an order, and what a newer document leaves of it.
pub(crate) async fn earlier(tx: &mut TenantTx, order: Uuid, newer: &OrderContent) -> Result<Option<Earlier>> {
    let open = db::open(tx, order).await?.into_iter().rfind(|row| row.kind == PendingKind::Change as i16);
    let Some(row) = open else { return Ok(None) };
    let asked = OrderContent::decode(row.content.as_slice()).map_err(Error::internal)?;
    let listed: HashSet<&String> = newer.lines.iter().map(|line| &line.line_number).collect();
    let rest = asked.lines.iter().filter(|line| !listed.contains(&line.line_number)).cloned().collect();
    Ok(Some(Earlier { row, asked, rest }))
}

impl Earlier {
    /// Whether the newer document says nothing of what was asked for.
    fn stands(&self) -> bool {
        !self.row.whole && self.rest.len() == self.asked.lines.len()
    }
}

/// What becomes of the request of before beside a document of which nothing waits.
pub(crate) enum Beside<'a> {
    /// There is none, or it is about something else.
    AsItWas,
    /// Nothing of it is asked for any more.
    Over(Uuid),
    /// It gives way to another one.
    Ask(Ask<'a>),
}

/// What a document of which nothing waits leaves of the request of before.
pub(crate) fn beside<'a>(
    earlier: Option<&'a Earlier>,
    standing: &Standing<'_>,
    comparing: &change::Comparing,
    new_id: &mut (dyn FnMut() -> Uuid + Send),
) -> Beside<'a> {
    let Some(earlier) = earlier.filter(|earlier| !earlier.stands()) else { return Beside::AsItWas };
    let asked = OrderContent { lines: earlier.rest.clone(), ..OrderContent::default() };
    let header = standing.published.header.clone();
    let document = OrderContent { lines: asked.lines.clone(), ..header };
    match comparing.compare(standing, document, new_id) {
        Ok(Some(change)) => Beside::Ask(Ask {
            kind: PendingKind::Change,
            content: asked.encode_to_vec(),
            whole: false,
            difference: change.difference,
            reason: 0,
            note: &earlier.row.note,
            until: earlier.row.frozen_until,
        }),
        // What was left of it is published meanwhile, or cannot be any more.
        Ok(None) | Err(_) => Beside::Over(earlier.row.id),
    }
}

/// A document of which lines are frozen.
pub(crate) struct Frozen<'a> {
    pub standing: Standing<'a>,
    /// The whole of it, as it came.
    pub content: OrderContent,
    /// What it would come to.
    pub change: Change,
    pub lines: HashSet<String>,
    pub earlier: Option<Earlier>,
}

/// A document in two: what takes effect now, and what the supplier is asked for. `None` for the latter where the same
/// was asked for before, whose id is answered.
pub(crate) struct Parted {
    pub now: Option<Change>,
    pub later: Option<(Vec<u8>, bool, OrderDifference)>,
    pub known: Option<Uuid>,
}

/// Parts a document. A newer request for a line replaces an older one and leaves requests for other lines.
pub(crate) async fn part(
    tx: &mut TenantTx,
    frozen: Frozen<'_>,
    comparing: &change::Comparing,
    new_id: &mut (dyn FnMut() -> Uuid + Send),
) -> Result<Result<Parted>> {
    let Frozen { standing, content, change: full, lines, earlier } = frozen;
    let whole = full.difference.header.iter().any(|field| field.material);
    let (now, waits) = frozen::split(&content, &lines);
    let own = match whole {
        // A header that concerns every line takes effect with all that differs, or not at all.
        true => OrderContent { lines: full.listed(&content), ..content.clone() },
        false => OrderContent { lines: waits.lines, ..OrderContent::default() },
    };
    let rest = earlier.as_ref().map(|earlier| earlier.rest.clone()).unwrap_or_default();
    let asked = frozen::joined(rest, own);
    let header = if whole { content } else { standing.published.header.clone() };
    let document = OrderContent { lines: asked.lines.clone(), ..header };
    let shown = match comparing.compare(&standing, document, new_id) {
        Ok(change) => change.map(|change| change.difference).unwrap_or_default(),
        Err(fields) => return Ok(Err(Error::invalid(fields))),
    };
    let encoded = asked.encode_to_vec();
    let same = earlier.filter(|earlier| earlier.row.whole == whole && earlier.row.content == encoded);
    let same = match same {
        // It cannot be accepted any more, so that it is asked for anew.
        Some(same) if cancelled_since(tx, standing.order, &same.asked, same.row.version).await? => None,
        same => same.map(|same| same.row.id),
    };
    let now = match whole {
        true => None,
        false => match comparing.compare(&standing, now, new_id) {
            Ok(now) => now,
            Err(fields) => return Ok(Err(Error::invalid(fields))),
        },
    };
    let later = same.is_none().then_some((encoded, whole, shown));
    Ok(Ok(Parted { now, later, known: same }))
}

/// Whether a line that was asked for at a version of the order was cancelled or closed after it: what was asked for did
/// not know of it, and would undo it.
async fn cancelled_since(
    tx: &mut TenantTx,
    order: &Order,
    asked: &OrderContent,
    version: i64,
) -> Result<bool> {
    let numbers: HashSet<&String> = asked.lines.iter().map(|line| &line.line_number).collect();
    let cancelled: HashSet<Uuid> = db::cancelled_since(tx, order.id, version).await?.into_iter().collect();
    let touched = order.schedule.iter().filter(|line| cancelled.contains(&line.id));
    Ok(touched.into_iter().any(|line| numbers.contains(&line.line_number)))
}

/// The buyer asks for it no more: that alone is a version.
pub(crate) async fn take_back(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    change: Uuid,
    note: &str,
) -> Result<Decided> {
    order.version += 1;
    db::end(tx, order, change, order.version, "withdrawn", moment.at).await?;
    record(tx, moment, order, ("change_withdrawn", 0, note), &OrderDifference::default()).await?;
    load::save(tx, &[(order, &[])], moment.at).await?;
    let event = events::change_withdrawn(moment, order, change, note);
    Ok(Decided { receipt: receipt(order), event: Some(event) })
}

/// A cancellation in two: what takes effect now, and what the supplier is asked for.
pub(crate) async fn part_cancellation(
    tx: &mut TenantTx,
    order: &Order,
    cancelled: &[Cancelled],
    now: OffsetDateTime,
) -> Result<Option<(Vec<Cancellation>, CancelOrderRequest, OrderDifference, Date)>> {
    let Some(until) = horizon(tx, order.supplier, now).await? else { return Ok(None) };
    let promises = change::promises(tx, order).await?;
    let frozen = frozen::places(order, cancelled, &promises, until);
    if frozen.is_empty() {
        return Ok(None);
    }
    let quantity = |each: &Cancelled| each.unanswered + each.accepted + each.proposed;
    let target = |each: &Cancelled| crate::order::Target::Id(order.schedule[each.place].id);
    let of_now = cancelled.iter().filter(|each| !frozen.contains(&each.place)).map(|each| Cancellation {
        path: "lines".into(),
        target: target(each),
        quantity: Some(quantity(each)),
    });
    let later: Vec<&Cancelled> = cancelled.iter().filter(|each| frozen.contains(&each.place)).collect();
    let lines = later.iter().map(|each| LineCancellation {
        schedule_line_id: order.schedule[each.place].id.to_string(),
        quantity: Some(chassis::value::wire_decimal(quantity(each))),
        ..LineCancellation::default()
    });
    let request = CancelOrderRequest { lines: lines.collect(), ..CancelOrderRequest::default() };
    let mut after = order.clone();
    let wanted = later.iter().map(|each| Cancellation {
        path: "lines".into(),
        target: target(each),
        quantity: Some(quantity(each)),
    });
    let places: Vec<usize> = later.iter().map(|each| each.place).collect();
    // It was tried before with the others.
    let _ = after.cancel(&wanted.collect::<Vec<_>>());
    Ok(Some((of_now.collect(), request, moved(order, &after, &places), until)))
}
