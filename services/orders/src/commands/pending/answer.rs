//! The supplier accepts or declines what waits inside the frozen horizon, or the buyer takes it back.

use std::collections::{HashMap, HashSet};

use chassis::{Error, Reason, Result, db::TenantTx, service::Deps};
use prost::Message as _;
use proto::orders::{
    CancelOrderRequest, Commitment, OrderContent, OrderDifference, OrderReceipt, PendingKind,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    super::{
        Command, change, deadline,
        on_order::{By, Decided, OnOrder, receipt},
        promised,
    },
    cancelled_since, record, take_back,
};
use crate::{
    change::{Standing, compare, moved},
    convert::{self, wire},
    db::{
        action, change as rows, load,
        pending::{self as db, PendingRow},
        respond,
    },
    events::change::{self as events, Moment},
    frozen,
    order::{Order, Part, cancel::Cancellation},
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
        Ok(Ok(take_back(moment, tx, order, row.id, &what.note).await?))
    }
}

impl OnOrder for AnswerChange {
    const METHOD: &'static str = "tandem.orders.v1.OrderChangeService/RespondToChange";
    const BY: By = By::Supplier;

    fn order(&self) -> Uuid {
        self.order
    }

    fn promises(&self) -> bool {
        self.accept
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
        promised::note(tx, order, &schedule).await?;
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
    if cancelled_since(tx, order, &asked, row.version).await? {
        let refusal = Error::new(Reason::CHANGE_RESOLVED).with("current_version", order.version);
        return Ok(Err(
            refusal.message("quantities of its lines were cancelled since; the buyer has to ask again")
        ));
    }
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
    respond::insert_parts(tx, &[(order, moment.deps.clock.id(), &answered)]).await?;
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
    let places = order.places();
    let wanted = asked.lines.iter().filter_map(|line| {
        let place = places.of(Uuid::try_parse(&line.schedule_line_id).ok()?)?;
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
    deadline::watch_again(tx, &before, order).await?;
    Ok(Adopted { difference: moved(&before, order, &places), places })
}
