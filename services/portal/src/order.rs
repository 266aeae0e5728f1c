//! An order as people read it: what was asked, and what became of each schedule line.

use std::collections::HashMap;

use proto::orders::{
    GetOrderRequest, Item, ListOrderLinesRequest, Order, OrderContent, OrderLine, OrderState, Proposal,
    ProposalState, RejectReason, ScheduleLine, ScheduleLineState,
};
use rust_decimal::Decimal;

use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    pages::progress::LineProgress,
    session::Member,
};

/// Lines of an order on one page.
pub const PAGE: usize = 100;

/// An order and the lines of one page.
pub struct Loaded {
    pub order: Order,
    /// Schedule lines, in the order of the document.
    pub rows: Vec<Row>,
    /// Where the next page of lines begins; empty on the last.
    pub next: String,
}

/// A schedule line with its order line and how it stands.
pub struct Row {
    pub line: OrderLine,
    pub schedule: ScheduleLine,
    pub state: ScheduleLineState,
    /// Whether it is the first schedule line of its order line.
    pub first: bool,
    /// Whether the order line has several.
    pub several: bool,
}

impl Loaded {
    /// An order with all its lines.
    pub fn of(order: Order) -> Self {
        let lines = order.content.as_ref().map_or(&[][..], |content| content.lines.as_slice());
        Self { rows: rows(lines, &order.schedule), order, next: String::new() }
    }
}

impl Row {
    /// What still waits for the supplier's answer.
    pub fn unanswered(&self) -> Decimal {
        self.state
            .quantities
            .as_ref()
            .map_or(Decimal::ZERO, |q| format::decimal_or_zero(q.unanswered.as_ref()))
    }

    /// The first and last day that was asked for; a schedule line's own, else the whole order's.
    pub fn requested(&self, content: &OrderContent) -> (Option<time::Date>, Option<time::Date>) {
        let window = self.schedule.requested_delivery.as_ref().or(content.requested_delivery.as_ref());
        window.map_or((None, None), |w| {
            let (from, until) = (format::day(w.from.as_ref()), format::day(w.until.as_ref()));
            (from.or(until), until.or(from))
        })
    }

    /// Its number as people name it, with the schedule line's where there are several.
    pub fn number(&self, text: &Text) -> String {
        match self.several {
            true => text.two(key::LINE_PART, &self.line.line_number, &self.schedule.schedule_line_number),
            false => self.line.line_number.clone(),
        }
    }

    /// The name of the item, or its number where it has none.
    pub fn item_name(&self) -> &str {
        item_name(self.line.item.as_ref())
    }
}

/// The name of an item, or its number where it has none; empty for no item.
pub fn item_name(item: Option<&Item>) -> &str {
    item.map(|item| [&item.name, &item.buyer_item_id, &item.seller_item_id])
        .and_then(|names| names.into_iter().find(|name| !name.is_empty()))
        .map_or("", String::as_str)
}

/// How each side numbers an item; only what is stated.
pub fn item_ids(text: &Text, item: &Item) -> Vec<String> {
    let ids = [(key::ITEM_BUYERS, &item.buyer_item_id), (key::ITEM_SELLERS, &item.seller_item_id)];
    ids.into_iter().filter(|(_, id)| !id.is_empty()).map(|(label, id)| text.one(label, id)).collect()
}

/// Reads an order and a page of its lines. `from` is empty or a page's [`Loaded::next`].
///
/// # Errors
/// 404 for others' orders, exactly as for none.
pub async fn load(member: &Member, id: &str, from: &str) -> Result<Loaded, Failure> {
    let order = get(member, id).await?;
    let content = order.content.as_ref().ok_or_else(Failure::not_found)?;
    if order.lines_omitted == 0 && content.lines.len() <= PAGE {
        return Ok(Loaded::of(order));
    }
    let request = ListOrderLinesRequest {
        order_id: id.to_string(),
        page_size: PAGE as i32,
        page_token: from.to_string(),
        revision: 0,
    };
    let page = member.app().api.orders().list_order_lines(member.call(request)).await?.into_inner();
    Ok(Loaded { rows: rows(&page.lines, &page.schedule), order, next: page.next_page_token })
}

/// Reads an order with all its lines, as they stand in one version of it.
///
/// # Errors
/// 404 for others' orders, exactly as for none.
#[cfg(feature = "pdf")]
pub async fn whole(member: &Member, id: &str) -> Result<Loaded, Failure> {
    let order = get(member, id).await?;
    if order.content.is_none() {
        return Err(Failure::not_found());
    }
    Ok(Loaded::of(order))
}

async fn get(member: &Member, id: &str) -> Result<Order, Failure> {
    let request = member.call(GetOrderRequest { order_id: id.to_string() });
    Ok(member.app().api.orders().get_order(request).await?.into_inner())
}

fn rows(lines: &[OrderLine], states: &[ScheduleLineState]) -> Vec<Row> {
    let by_number: HashMap<(&str, &str), &ScheduleLineState> = states
        .iter()
        .map(|state| ((state.line_number.as_str(), state.schedule_line_number.as_str()), state))
        .collect();
    let mut rows = Vec::new();
    for line in lines {
        for (at, schedule) in line.schedule_lines.iter().enumerate() {
            let number = (line.line_number.as_str(), schedule.schedule_line_number.as_str());
            let Some(state) = by_number.get(&number) else { continue };
            rows.push(Row {
                line: OrderLine { schedule_lines: Vec::new(), ..line.clone() },
                schedule: schedule.clone(),
                state: (*state).clone(),
                first: at == 0,
                several: line.schedule_lines.len() > 1,
            });
        }
    }
    rows
}

/// A state as a tag: words and a shape of its own.
pub struct Tag {
    pub shape: &'static str,
    pub label: String,
}

/// The tag of an order's state, in the words of the side that looks.
pub fn tag(text: &Text, state: i32, supplies: bool) -> Tag {
    let (shape, label) = match (OrderState::try_from(state).unwrap_or_default(), supplies) {
        (OrderState::Unanswered, true) => ("unanswered", key::STATE_UNANSWERED_MINE),
        (OrderState::Unanswered, false) => ("unanswered", key::STATE_UNANSWERED),
        (OrderState::Proposed, true) => ("proposed", key::STATE_PROPOSED),
        (OrderState::Proposed, false) => ("proposed", key::STATE_PROPOSED_MINE),
        (OrderState::Accepted, _) => ("accepted", key::STATE_ACCEPTED),
        (OrderState::PartAccepted, _) => ("part", key::STATE_PART_ACCEPTED),
        (OrderState::Rejected, _) => ("rejected", key::STATE_REJECTED),
        (OrderState::Cancelled, _) => ("cancelled", key::STATE_CANCELLED),
        (OrderState::Unspecified, _) => ("cancelled", key::UNSTATED),
    };
    Tag { shape, label: text.say(label) }
}

/// One thing that became of a schedule line.
pub struct Standing {
    pub shape: &'static str,
    pub text: String,
}

/// A row of the order's lines.
pub struct LineView {
    pub number: String,
    pub first: bool,
    /// `计划行 2` where the order line has several.
    pub part: String,
    pub item: String,
    pub ids: Vec<String>,
    pub quantity: String,
    pub requested: String,
    pub ship_to: String,
    pub price: String,
    pub amount: String,
    pub standing: Vec<Standing>,
    pub notes: Vec<String>,
    /// How far the supplier is; the page adds it.
    pub progress: Option<LineProgress>,
}

/// A row as people read it.
pub fn line_view(text: &Text, row: &Row, content: &OrderContent) -> LineView {
    let unit = text.unit(&row.line.unit_code, &row.line.unit_text);
    let item = row.line.item.clone().unwrap_or_default();
    let mut ids = item_ids(text, &item);
    if !row.line.resource_revision.is_empty() {
        ids.push(text.one(key::ITEM_REVISION, &row.line.resource_revision));
    }
    if !row.line.reservation_id.is_empty() {
        ids.push(text.one(key::ITEM_RESERVATION, &row.line.reservation_id));
    }
    let (from, until) = row.requested(content);
    let quantity = format::decimal_or_zero(row.schedule.quantity.as_ref());
    LineView {
        number: row.line.line_number.clone(),
        first: row.first,
        part: match row.several {
            true => text.one(key::SCHEDULE_LINE, &row.schedule.schedule_line_number),
            false => String::new(),
        },
        item: row.item_name().to_string(),
        ids,
        quantity: text.quantity(quantity, &unit),
        requested: text.window(from, until),
        ship_to: row.schedule.ship_to_site.clone(),
        price: text.price(row.line.price.as_ref(), &content.currency, &unit),
        amount: match row.first && row.line.amount.is_some() {
            true => text.money(row.line.amount.as_ref(), &content.currency),
            false => String::new(),
        },
        standing: standing(text, row, &unit),
        notes: row.line.notes.iter().map(|note| note.text.clone()).collect(),
        progress: None,
    }
}

/// What became of a schedule line, one entry a part.
pub fn standing(text: &Text, row: &Row, unit: &str) -> Vec<Standing> {
    let mut all = Vec::new();
    let unanswered = row.unanswered();
    if !unanswered.is_zero() {
        let said = text.one(key::STANDING_UNANSWERED, text.quantity(unanswered, unit));
        all.push(Standing { shape: "unanswered", text: said });
    }
    for proposal in row.state.proposals.iter().filter(|p| p.state() == ProposalState::Open) {
        let said = text.one(
            key::STANDING_PROPOSED,
            deliveries(text, proposal, unit).join(&text.say(key::DELIVERY_JOIN)),
        );
        all.push(Standing { shape: "proposed", text: said });
    }
    for promise in &row.state.commitments {
        let quantity = text.quantity(format::decimal_or_zero(promise.quantity.as_ref()), unit);
        let said = match format::day(promise.committed_delivery_date.as_ref()) {
            Some(day) => text.two(key::STANDING_ACCEPTED_FOR, text.day(day), quantity),
            None => text.one(key::STANDING_ACCEPTED, quantity),
        };
        all.push(Standing { shape: "accepted", text: said });
    }
    for rejection in &row.state.rejections {
        let quantity = text.quantity(format::decimal_or_zero(rejection.quantity.as_ref()), unit);
        let mut said = text.two(key::STANDING_REJECTED, quantity, reason(text, rejection.reason()));
        if !rejection.note.is_empty() {
            said = text.two(key::WITH_NOTE, &rejection.note, said);
        }
        all.push(Standing { shape: "rejected", text: said });
    }
    let cancelled = row.state.quantities.as_ref().and_then(|q| format::decimal(q.cancelled.as_ref()));
    if let Some(cancelled) = cancelled.filter(|quantity| !quantity.is_zero()) {
        let said = text.one(key::STANDING_CANCELLED, text.quantity(cancelled, unit));
        all.push(Standing { shape: "cancelled", text: said });
    }
    all
}

/// What is proposed, one entry a delivery.
pub fn deliveries(text: &Text, proposal: &Proposal, unit: &str) -> Vec<String> {
    let each = proposal.deliveries.iter().map(|delivery| {
        let quantity = text.quantity(format::decimal_or_zero(delivery.quantity.as_ref()), unit);
        match format::day(delivery.delivery_date.as_ref()) {
            Some(day) => text.two(key::DELIVERY, text.day(day), quantity),
            None => quantity,
        }
    });
    each.collect()
}

/// Why something cannot be supplied.
pub fn reason(text: &Text, reason: RejectReason) -> String {
    let label: Key<0> = match reason {
        RejectReason::NoCapacity => key::REASON_NO_CAPACITY,
        RejectReason::NoMaterial => key::REASON_NO_MATERIAL,
        RejectReason::NoTooling => key::REASON_NO_TOOLING,
        RejectReason::Price => key::REASON_PRICE,
        RejectReason::Date => key::REASON_DATE,
        RejectReason::Discontinued => key::REASON_DISCONTINUED,
        RejectReason::Other | RejectReason::Unspecified => key::REASON_OTHER,
    };
    text.say(label)
}

/// The reasons to choose from, with the number that the form posts.
pub fn reasons(text: &Text) -> Vec<(i32, String)> {
    (1..=7)
        .filter_map(|number| RejectReason::try_from(number).ok())
        .map(|value| (value as i32, reason(text, value)))
        .collect()
}
