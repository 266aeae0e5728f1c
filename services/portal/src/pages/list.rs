//! Lists of orders: rows, filters with their counts, and pages.

use axum::http::HeaderMap;
use proto::orders::{ListOrdersRequest, ListOrdersResponse, OrderState, OrderSummary, Side};
use time::Date;

use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::{self, Tag},
    session::Member,
};

/// Orders on one page.
pub const PAGE: i32 = 50;
/// The API counts no further.
const COUNTED: i32 = 1_000;

/// A row of a list of orders.
pub struct Row {
    pub id: String,
    pub href: String,
    pub number: String,
    pub item: String,
    /// How many further lines there are; empty for none.
    pub more: String,
    /// The firm on the other side.
    pub partner: String,
    /// The buyer's own group; its supplier has no use for it.
    pub group: String,
    pub requested: String,
    /// How far away that day is, where it is near or past.
    pub away: String,
    /// Whether it is past.
    pub late: bool,
    pub amount: String,
    pub tag: Tag,
    /// How many lines wait, such as `2 行待答复`; empty for none.
    pub waiting: String,
}

/// The headings of [`cells`].
pub fn headings(partner: Key<0>) -> [Key<0>; 7] {
    [key::ORDER, key::ITEM, partner, key::PURCHASING_GROUP, key::REQUESTED, key::AMOUNT, key::STATE]
}

/// A row as it is saved.
pub fn cells(row: Row) -> Vec<String> {
    let told = |text: String, more: String| if more.is_empty() { text } else { format!("{text} · {more}") };
    let state = told(row.tag.label, row.waiting);
    vec![row.number, told(row.item, row.more), row.partner, row.group, row.requested, row.amount, state]
}

/// A filter as a link.
pub struct Filter {
    pub label: String,
    pub count: String,
    pub href: String,
    pub current: bool,
}

/// A summary as people read it.
pub fn row(text: &Text, summary: OrderSummary, side: Side, today: Date) -> Row {
    let supplies = side == Side::Supplier;
    let day = format::day(summary.requested_delivery_date.as_ref());
    let waits = match supplies {
        true => summary.unanswered_lines,
        false => summary.proposed_lines,
    };
    let waiting = match (waits, supplies) {
        (0, _) => String::new(),
        // The tag says it all where every line waits.
        (lines, _) if lines == summary.line_count => String::new(),
        (lines, true) => text.one(key::WAITING_LINES, lines),
        (lines, false) => text.one(key::PROPOSED_LINES, lines),
    };
    let open = [OrderState::Unanswered, OrderState::Proposed].contains(&summary.state());
    let amount = text.money(summary.net_amount.as_ref(), &summary.currency);
    Row {
        href: format!("/orders/{}", summary.id),
        id: summary.id,
        item: summary.first_item_name,
        more: match summary.line_count {
            ..=1 => String::new(),
            lines => text.one(key::COUNT_LINES, lines),
        },
        partner: if supplies { summary.buyer_name } else { summary.supplier_name },
        group: if supplies { String::new() } else { summary.purchasing_group },
        requested: text.wire_day(summary.requested_delivery_date.as_ref()),
        away: day.filter(|_| open).and_then(|day| text.away(day, today)).unwrap_or_default(),
        late: open && day.is_some_and(|day| day < today),
        amount,
        tag: order::tag(text, summary.state, supplies),
        waiting,
        number: summary.order_number,
    }
}

/// A page of a list.
pub async fn read(member: &Member, request: ListOrdersRequest) -> Result<ListOrdersResponse, Failure> {
    Ok(member.app().api.orders().list_orders(member.call(request)).await?.into_inner())
}

/// Where the one order is whose number is just what somebody looks for; a page that is refreshed stays.
pub fn exact<'a>(
    headers: &HeaderMap,
    orders: impl IntoIterator<Item = &'a OrderSummary>,
    text: &str,
) -> Option<String> {
    let mut exact = orders.into_iter().filter(|order| order.order_number.eq_ignore_ascii_case(text));
    match (exact.next(), exact.next()) {
        (Some(one), None) if !headers.contains_key("hx-request") => Some(format!("/orders/{}", one.id)),
        _ => None,
    }
}

/// Where the link that skips the header leads on a list: to its first row.
pub fn skip(orders: &[OrderSummary]) -> &'static str {
    if orders.is_empty() { "main" } else { "orders" }
}

/// A count as shown: beyond what the API counts it says so.
pub fn counted(total: i32) -> String {
    if total >= COUNTED { format!("{COUNTED}+") } else { total.to_string() }
}
