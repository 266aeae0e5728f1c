//! What lies inside the frozen horizon waits for the supplier: asking, accepting, declining, taking back.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Reason, Result, calendar::day_of, db::TenantTx, service::Deps};
use prost::Message as _;
use proto::orders::{
    CancelOrderRequest, Commitment, LineCancellation, LineChange, OrderContent, OrderDifference,
    OrderReceipt, PendingKind, PublishOutcome,
};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    Command, change, deadline,
    on_order::{By, Decided, OnOrder, receipt},
};
use crate::{
    change::{Change, Standing, compare, moved},
    convert::{self, wire},
    db::{
        action, change as rows, load,
        pending::{self as db, PendingRow},
        respond, trading_terms, volatility,
    },
    events::change::{self as events, Moment},
    frozen,
    order::{
        Order, Part,
        cancel::{Cancellation, Cancelled},
    },
    queries,
};

/// Accept or decline what the buyer asks for.
#[derive(Clone)]
pub(crate) struct AnswerChange {
    pub order: Uuid,
    pub change: Uuid,
    pub accept: bool,
    pub note: String,
}

/// Ask for it no more.
#[derive(Clone)]
pub(crate) struct WithdrawChange {
    pub order: Uuid,
    pub change: Uuid,
    pub note: String,
}

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

/// A document of which lines are frozen.
pub(crate) struct Frozen<'a> {
    pub standing: Standing<'a>,
    /// The whole of it, as it came.
    pub content: OrderContent,
    /// What it would come to.
    pub change: Change,
    pub lines: HashSet<String>,
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
    let Frozen { standing, content, change: full, lines } = frozen;
    let whole = full.difference.header.iter().any(|field| field.material);
    let earlier = db::open(tx, standing.order.id).await?;
    let earlier = earlier.into_iter().rfind(|row| row.kind == PendingKind::Change as i16);
    let (now, asked) = frozen::split(&content, &lines);
    let (asked, shown) = if whole {
        (content.clone(), full.difference)
    } else {
        let asked = OrderContent { lines: asked.lines, ..OrderContent::default() };
        let asked = match earlier.as_ref().filter(|row| !row.whole) {
            Some(row) => {
                let known = OrderContent::decode(row.content.as_slice()).map_err(Error::internal)?;
                frozen::joined(known, asked)
            }
            None => frozen::joined(OrderContent::default(), asked),
        };
        let header = standing.published.header.clone();
        let document = OrderContent { lines: asked.lines.clone(), ..header };
        match comparing.compare(&standing, document, new_id) {
            Ok(change) => (asked, change.map(|change| change.difference).unwrap_or_default()),
            Err(fields) => return Ok(Err(Error::invalid(fields))),
        }
    };
    let encoded = asked.encode_to_vec();
    let same = earlier.as_ref().filter(|row| row.whole == whole && row.content == encoded).map(|row| row.id);
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

/// The open request of this id.
async fn open(tx: &mut TenantTx, order: &Order, id: Uuid) -> Result<Result<PendingRow>> {
    let found = db::open(tx, order.id).await?.into_iter().find(|row| row.id == id);
    let resolved = || Error::new(Reason::CHANGE_RESOLVED).with("current_version", order.version);
    Ok(found.ok_or_else(resolved))
}

impl OnOrder for WithdrawChange {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/WithdrawChange";
    const BY: By = By::Buyer;

    fn order(&self) -> Uuid {
        self.order
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let what = &command.what;
        let row = match open(tx, order, what.change).await? {
            Ok(row) => row,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        order.version += 1;
        db::end(tx, order, row.id, order.version, "withdrawn", moment.at).await?;
        record(tx, moment, order, ("change_withdrawn", 0, &what.note), &OrderDifference::default()).await?;
        load::save(tx, &[(order, &[])], moment.at).await?;
        let event = events::change_withdrawn(moment, order, row.id, &what.note);
        Ok(Ok(Decided { receipt: receipt(order), event: Some(event) }))
    }
}

impl OnOrder for AnswerChange {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/RespondToChange";
    const BY: By = By::Supplier;

    fn order(&self) -> Uuid {
        self.order
    }

    async fn decide(
        deps: &Deps,
        tx: &mut TenantTx,
        command: &Command<Self>,
        order: &mut Order,
    ) -> Result<Result<Decided>> {
        let what = &command.what;
        let row = match open(tx, order, what.change).await? {
            Ok(row) => row,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let moment = Moment { deps, at: deps.clock.now(), caller: &command.caller };
        if !what.accept {
            order.version += 1;
            db::end(tx, order, row.id, order.version, "declined", moment.at).await?;
            record(tx, moment, order, ("change_declined", 0, &what.note), &OrderDifference::default())
                .await?;
            load::save(tx, &[(order, &[])], moment.at).await?;
            let event =
                events::change_answered(moment, order, &row.id, (false, &what.note), None, Vec::new());
            return Ok(Ok(Decided { receipt: receipt(order), event: Some(event) }));
        }
        let adopted = if row.kind == PendingKind::Cancellation as i16 {
            adopt_cancellation(moment, tx, order, &row).await?
        } else {
            match adopt_change(moment, tx, order, &row).await? {
                Ok(adopted) => adopted,
                Err(refusal) => return Ok(Err(refusal)),
            }
        };
        let Adopted { places, difference } = adopted;
        record(tx, moment, order, ("change_accepted", 0, &what.note), &difference).await?;
        let schedule = queries::touched(tx, order, &places).await?;
        deadline::promised(tx, order, &schedule, moment.at).await?;
        let lines = places.iter().map(|place| wire::line_receipt(&order.schedule[*place], None)).collect();
        let accepted = (true, what.note.as_str());
        let event = events::change_answered(moment, order, &row.id, accepted, Some(difference), schedule);
        Ok(Ok(Decided { receipt: OrderReceipt { lines, ..receipt(order) }, event: Some(event) }))
    }
}

/// What accepting came to.
struct Adopted {
    places: Vec<usize>,
    difference: OrderDifference,
}

/// Compares what was asked for with what is published now, publishes it, and takes it as promised.
async fn adopt_change(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    row: &PendingRow,
) -> Result<Result<Adopted>> {
    let document = rows::document(tx, order).await?;
    let published = convert::change::published(&document)?;
    let asked = OrderContent::decode(row.content.as_slice()).map_err(Error::internal)?;
    let content = match row.whole {
        true => asked,
        false => OrderContent { lines: asked.lines, ..published.header.clone() },
    };
    let promises: HashMap<Uuid, Vec<Commitment>> = HashMap::new();
    let standing = Standing { order, published: &published, promises: &promises };
    let supplier = change::addressed(&document);
    let clock = &moment.deps.clock;
    let compared = compare(&standing, content, supplier, Vec::new(), &mut || clock.id());
    let change = match compared {
        Ok(change) => change,
        Err(fields) => return Ok(Err(Error::new(Reason::CHANGE_RESOLVED).fields(fields))),
    };
    // Opens the door for what the buyer's side writes otherwise; see the policies.
    db::end(tx, order, row.id, order.version + 1, "accepted", moment.at).await?;
    let Some(change) = change else {
        // The buyer's document came to the same meanwhile.
        order.version += 1;
        load::save(tx, &[(order, &[])], moment.at).await?;
        return Ok(Ok(Adopted { places: Vec::new(), difference: OrderDifference::default() }));
    };
    order.revise(&change);
    let ids: HashSet<Uuid> = change.schedule.iter().map(|each| each.after.id).collect();
    let agreed = frozen::agree(order, &ids);
    let sha256 = change.document.sha256.to_vec();
    let mut written = change::revision_rows(&row.actor_name, order, &change, sha256);
    written.changed = order.schedule.iter().filter(|line| ids.contains(&line.id)).cloned().collect();
    rows::revise(tx, order, &written, moment.at).await?;
    let part = |(place, quantity): (usize, Decimal)| {
        let committed_date = order.schedule[place].requested_date;
        (place, vec![Part::Accepted { quantity, committed_date }])
    };
    let answered = agreed.into_iter().map(part).collect();
    respond::insert_parts(tx, order, moment.deps.clock.id(), &answered).await?;
    let places = order.schedule.iter().enumerate().filter(|(_, line)| ids.contains(&line.id));
    let places = places.map(|(place, _)| place).collect();
    Ok(Ok(Adopted { places, difference: change.difference }))
}

/// Cancels what was asked for, as far as it is still open.
async fn adopt_cancellation(
    moment: Moment<'_>,
    tx: &mut TenantTx,
    order: &mut Order,
    row: &PendingRow,
) -> Result<Adopted> {
    let asked = CancelOrderRequest::decode(row.content.as_slice()).map_err(Error::internal)?;
    let wanted = asked.lines.iter().filter_map(|line| {
        let place = order.place(Uuid::try_parse(&line.schedule_line_id).ok()?)?;
        let open = order.schedule[place].open();
        let quantity = chassis::value::decimal(line.quantity.as_ref()).ok()??.min(open);
        let target = crate::order::Target::Id(order.schedule[place].id);
        let cancellation = Cancellation { path: "lines".into(), target, quantity: Some(quantity) };
        (quantity > Decimal::ZERO).then_some(cancellation)
    });
    let wanted: Vec<Cancellation> = wanted.collect();
    let before = order.clone();
    let cancelled = if wanted.is_empty() { Vec::new() } else { order.cancel(&wanted).unwrap_or_default() };
    order.version = before.version + 1;
    db::end(tx, order, row.id, order.version, "accepted", moment.at).await?;
    let places: Vec<usize> = cancelled.iter().map(|each| each.place).collect();
    if !cancelled.is_empty() {
        action::insert_cancellations(tx, order, &cancelled, moment.at).await?;
    }
    load::save(tx, &[(order, &places)], moment.at).await?;
    Ok(Adopted { difference: moved(&before, order, &places), places })
}
