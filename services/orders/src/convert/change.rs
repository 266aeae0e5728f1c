//! Checks what both sides ask of a published order, and reads what was published.

use std::collections::HashMap;

use chassis::{Error, Field, Result, value};
use prost::Message;
use proto::orders::{
    CancelOrderRequest, CancelReason, ChangeOrderRequest, CloseShortRequest, HoldOrderRequest, HoldReason,
    OrderContent, OrderLine, ScheduleLine, WithdrawProposalRequest,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    answer::{note, target},
    content,
};
use crate::{
    change::{Published, PublishedLine},
    db::change::Document,
    order::cancel::{Cancellation, Closing},
    publish::NewOrder,
};

/// A checked document for an order that may exist.
pub(crate) struct Changed {
    /// `None`: by its number.
    pub order: Option<Uuid>,
    pub content: OrderContent,
    pub warnings: Vec<proto::orders::Warning>,
}

/// A document with those lines that are new or differ.
pub(crate) fn changed(request: &ChangeOrderRequest, buyer_name: &str) -> Result<Changed> {
    let mut wrong = Vec::new();
    note("note", &request.note, &mut wrong);
    if request.base_revision < 0 {
        wrong.push(Field::new("base_revision", "RANGE", "must be at least 0; 0 is whatever is current"));
    }
    let Some(given) = &request.content else {
        wrong.push(Field::new("content", "REQUIRED", "is required"));
        return Err(Error::invalid(wrong));
    };
    let order = match request.order_id.as_str() {
        "" => None,
        id => Some(value::id(id)?),
    };
    let content = content::with_system(given.clone());
    wrong.extend(content::changed(&content, order.is_some()));
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let warnings = content::warnings(request.stated_buyer.as_ref(), buyer_name);
    // Left empty: as the order has it.
    let mut content = OrderContent { source_system: given.source_system.clone(), ..content };
    crate::alias::clear_originals(&mut content);
    Ok(Changed { order, content, warnings })
}

/// A whole document as it came, before lines without schedule lines were given one.
pub(crate) fn as_sent(order: &NewOrder) -> OrderContent {
    let mut content = order.content.clone();
    for place in &order.unscheduled {
        content.lines[*place].schedule_lines.clear();
    }
    content
}

/// The stored document of an order, read.
pub(crate) fn published(document: &Document) -> Result<Published> {
    let mut places: HashMap<i32, usize> = HashMap::new();
    let mut lines = Vec::with_capacity(document.lines.len());
    for (position, content) in &document.lines {
        places.insert(*position, lines.len());
        let content = OrderLine::decode(content.as_slice()).map_err(Error::internal)?;
        lines.push(PublishedLine { position: *position, content, schedule: Vec::new() });
    }
    for (id, position, line_position, content) in &document.schedule {
        let Some(place) = places.get(line_position) else { continue };
        let line = &mut lines[*place];
        line.content.schedule_lines.push(ScheduleLine::decode(content.as_slice()).map_err(Error::internal)?);
        line.schedule.push((*id, *position));
    }
    let header = OrderContent::decode(document.header.as_slice()).map_err(Error::internal)?;
    Ok(Published { header, lines })
}

/// What a buyer cancels.
pub(crate) fn cancellations(request: &CancelOrderRequest) -> Result<Vec<Cancellation>> {
    let mut wrong = Vec::new();
    note("note", &request.note, &mut wrong);
    match CancelReason::try_from(request.reason) {
        Ok(CancelReason::Other) if request.note.trim().is_empty() => wrong.push(why()),
        Ok(CancelReason::Unspecified) | Err(_) => {
            wrong.push(Field::new("reason", "REQUIRED", "say why, such as CANCEL_REASON_DEMAND"));
        }
        Ok(_) => {}
    }
    let lines = request.lines.iter().enumerate().filter_map(|(i, line)| {
        let path = format!("lines[{i}]");
        let named = (&line.schedule_line_id, &line.line_number, &line.schedule_line_number);
        let target = target(&path, named, &mut wrong);
        let quantity = match value::decimal(line.quantity.as_ref()) {
            Ok(Some(quantity)) if quantity <= Decimal::ZERO => {
                wrong.push(Field::new(format!("{path}.quantity"), "RANGE", "must be above 0"));
                None
            }
            Ok(quantity) => quantity,
            Err(message) => {
                wrong.push(Field::new(format!("{path}.quantity"), "DECIMAL", message));
                None
            }
        };
        Some(Cancellation { target: target?, quantity, path })
    });
    let lines = lines.collect();
    if wrong.is_empty() { Ok(lines) } else { Err(Error::invalid(wrong)) }
}

/// What a buyer closes.
pub(crate) fn closings(request: &CloseShortRequest) -> Result<Vec<Closing>> {
    let mut wrong = Vec::new();
    note("note", &request.note, &mut wrong);
    if request.lines.is_empty() {
        wrong.push(Field::new("lines", "REQUIRED", "name at least one line"));
    }
    let lines = request.lines.iter().enumerate().filter_map(|(i, line)| {
        let path = format!("lines[{i}]");
        let named = (&line.schedule_line_id, &line.line_number, &line.schedule_line_number);
        let target = target(&path, named, &mut wrong);
        let problem = match value::decimal(line.delivered_quantity.as_ref()) {
            Ok(Some(delivered)) if delivered >= Decimal::ZERO => {
                return Some(Closing { target: target?, delivered, path });
            }
            Ok(Some(_)) => ("RANGE", "must be at least 0"),
            Ok(None) => ("REQUIRED", "is required; 0 where nothing was delivered"),
            Err(message) => ("DECIMAL", message),
        };
        wrong.push(Field::new(format!("{path}.delivered_quantity"), problem.0, problem.1));
        None
    });
    let lines = lines.collect();
    if wrong.is_empty() { Ok(lines) } else { Err(Error::invalid(wrong)) }
}

/// Why a buyer asks to wait.
pub(crate) fn hold(request: &HoldOrderRequest) -> Result<()> {
    let mut wrong = Vec::new();
    note("note", &request.note, &mut wrong);
    match HoldReason::try_from(request.reason) {
        Ok(HoldReason::Other) if request.note.trim().is_empty() => wrong.push(why()),
        Ok(HoldReason::Unspecified) | Err(_) => {
            wrong.push(Field::new("reason", "REQUIRED", "say why, such as HOLD_REASON_DEMAND"));
        }
        Ok(_) => {}
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}

/// A note of its own, where that is all there is to check.
pub(crate) fn only_note(text: &str) -> Result<()> {
    let mut wrong = Vec::new();
    note("note", text, &mut wrong);
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}

/// The proposals that a supplier takes back, each once.
pub(crate) fn withdrawal(request: &WithdrawProposalRequest) -> Result<Vec<Uuid>> {
    let mut wrong = Vec::new();
    note("note", &request.note, &mut wrong);
    if request.proposal_ids.is_empty() {
        wrong.push(Field::new("proposal_ids", "REQUIRED", "name at least one proposal"));
    }
    let mut ids = Vec::new();
    for (i, id) in request.proposal_ids.iter().enumerate() {
        match Uuid::try_parse(id) {
            Ok(id) if !ids.contains(&id) => ids.push(id),
            Ok(_) => {}
            Err(_) => {
                let message = "must be an id as the platform gave it";
                wrong.push(Field::new(format!("proposal_ids[{i}]"), "ID", message));
            }
        }
    }
    if wrong.is_empty() { Ok(ids) } else { Err(Error::invalid(wrong)) }
}

fn why() -> Field {
    Field::new("note", "REQUIRED", "say why, in a few words")
}
