//! Published orders as a table: one row a schedule line, with what was answered, and for their buyer columns to change
//! what is asked in. **Invariant:** what was asked when the file was made travels in a key that people do not see, so that
//! only what differs from it is a change, and an unchanged file is none.

mod apply;
mod read;

use chassis::value;
use proto::orders::{Order, OrderLine, OrderState, Price, ScheduleLine, ScheduleLineState, Side};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

pub use self::apply::{Applied, Wrong, apply};
pub use self::read::{ChangeRow, Reading, Wanted, read};
use super::{
    Language,
    columns::normalised,
    table::{Column, Kind, Table, Value},
    unit,
};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Supplier,
    Customer,
    OrderNumber,
    PurchasingGroup,
    State,
    AnswerDue,
    LineNumber,
    ScheduleLineNumber,
    BuyerItemId,
    SellerItemId,
    ItemName,
    Quantity,
    Unit,
    RequestedDate,
    UnitPrice,
    PricePer,
    Currency,
    PriceIncludesTax,
    Accepted,
    CommittedDate,
    Proposed,
    Unanswered,
    Rejected,
    Cancelled,
    Note,
    Revision,
    Key,
}

/// Whose table a column stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Both,
    Buyer,
    Supplier,
}

/// A column: our name, the headings, whose it is, what it holds and how wide it is.
type Known = (Place, &'static str, &'static str, &'static str, For, Kind, u16);

/// Every column, in the order of the table.
#[rustfmt::skip]
const PLACES: &[Known] = &[
    (Place::Supplier, "supplier_name", "供应商", "Supplier", For::Buyer, Kind::Text, 24),
    (Place::Customer, "buyer_name", "客户", "Customer", For::Supplier, Kind::Text, 24),
    (Place::OrderNumber, "order_number", "订单号", "PO No", For::Both, Kind::Text, 18),
    (Place::PurchasingGroup, "purchasing_group", "采购组", "Purchasing Group", For::Buyer, Kind::Text, 10),
    (Place::State, "state", "状态", "State", For::Both, Kind::Text, 14),
    (Place::AnswerDue, "answer_due", "答复期限", "Answer Due", For::Both, Kind::Day, 12),
    (Place::LineNumber, "line_number", "行号", "Line", For::Both, Kind::Text, 8),
    (Place::ScheduleLineNumber, "schedule_line_number", "计划行号", "Schedule Line", For::Both, Kind::Text, 8),
    (Place::BuyerItemId, "buyer_item_id", "物料编码", "Material", For::Both, Kind::Text, 16),
    (Place::SellerItemId, "seller_item_id", "供应商物料编码", "Vendor Material", For::Both, Kind::Text, 14),
    (Place::ItemName, "item_name", "物料名称", "Description", For::Both, Kind::Text, 24),
    (Place::Quantity, "quantity", "数量", "Quantity", For::Both, Kind::Number, 12),
    (Place::Unit, "unit", "单位", "Unit", For::Both, Kind::Text, 8),
    (Place::RequestedDate, "requested_date", "要求交期", "Requested Date", For::Both, Kind::Day, 12),
    (Place::UnitPrice, "unit_price", "单价", "Unit Price", For::Both, Kind::Number, 12),
    (Place::PricePer, "base_quantity", "价格数量", "Price Per", For::Both, Kind::Number, 10),
    (Place::Currency, "currency", "币种", "Currency", For::Both, Kind::Text, 8),
    (Place::PriceIncludesTax, "price_includes_tax", "含税", "Tax Included", For::Both, Kind::Text, 8),
    (Place::Accepted, "accepted", "已接受数量", "Accepted Qty", For::Both, Kind::Number, 12),
    (Place::CommittedDate, "committed_date", "承诺交期", "Committed Date", For::Both, Kind::Day, 12),
    (Place::Proposed, "proposed", "建议中数量", "Proposed Qty", For::Both, Kind::Number, 12),
    (Place::Unanswered, "unanswered", "未答复数量", "Unanswered Qty", For::Both, Kind::Number, 12),
    (Place::Rejected, "rejected", "已拒绝数量", "Rejected Qty", For::Both, Kind::Number, 12),
    (Place::Cancelled, "cancelled", "已取消数量", "Cancelled Qty", For::Both, Kind::Number, 12),
    (Place::Note, "note", "变更说明", "Change Remark", For::Buyer, Kind::Text, 24),
    (Place::Revision, "revision", "修订号", "Revision", For::Buyer, Kind::Text, 8),
    (Place::Key, "key", "行标识(勿改)", "Row Key (keep)", For::Buyer, Kind::Text, 10),
];

impl Place {
    fn known(self) -> &'static Known {
        // Every place stands in the list; a test holds it to that.
        PLACES.iter().find(|known| known.0 == self).unwrap_or(&PLACES[0])
    }

    /// Our name of the field.
    pub fn name(self) -> &'static str {
        self.known().1
    }

    /// Our heading.
    pub fn heading(self, language: Language) -> &'static str {
        let (_, _, zh, en, ..) = *self.known();
        language.pick(zh, en)
    }

    /// The column that a heading means, in either language.
    pub fn of(heading: &str) -> Option<Place> {
        let wanted = normalised(heading);
        let means = |known: &&Known| normalised(known.2) == wanted || normalised(known.3) == wanted;
        PLACES.iter().find(means).map(|known| known.0)
    }

    /// How the column looks.
    pub fn column(self, heading: &str) -> Column {
        let (.., kind, width) = *self.known();
        let column = Column::new(heading, kind, width);
        match self {
            Place::Quantity | Place::RequestedDate | Place::UnitPrice | Place::Note => column.open(),
            Place::Revision | Place::Key => column.hidden(),
            _ => column,
        }
    }
}

/// The columns of one side's table.
fn places(side: Side) -> impl Iterator<Item = Place> {
    let other = if side == Side::Supplier { For::Buyer } else { For::Supplier };
    PLACES.iter().filter(move |known| known.4 != other).map(|known| known.0)
}

/// The table of these rows, of one side.
pub fn table(rows: Vec<Vec<Value>>, side: Side, language: Language) -> Table {
    let columns = places(side).map(|place| place.column(place.heading(language)));
    Table {
        name: language.pick("订单", "Orders").into(),
        columns: columns.collect(),
        rows,
        // Only a buyer's is to be written in.
        protected: side != Side::Supplier,
    }
}

/// The rows of an order in one side's table.
pub fn rows(order: &Order, side: Side, language: Language) -> Vec<Vec<Value>> {
    let parts = parts(order);
    parts.iter().map(|part| places(side).map(|place| cell(place, order, part, language)).collect()).collect()
}

/// A schedule line with its order line and how it stands.
struct Part<'a> {
    line: &'a OrderLine,
    schedule: &'a ScheduleLine,
    state: &'a ScheduleLineState,
    /// The day that is asked for: its own, else the whole order's.
    date: Option<Date>,
}

/// The schedule lines of an order, in its order.
fn parts(order: &Order) -> Vec<Part<'_>> {
    let Some(content) = &order.content else { return Vec::new() };
    let lines =
        content.lines.iter().flat_map(|line| line.schedule_lines.iter().map(move |part| (line, part)));
    // States come in the order of the content, one for each.
    let parts = lines.zip(&order.schedule).map(|((line, schedule), state)| {
        let window = schedule.requested_delivery.as_ref().or(content.requested_delivery.as_ref());
        let date = window.and_then(|window| window.until.as_ref().or(window.from.as_ref()));
        Part { line, schedule, state, date: date.and_then(|date| value::date(date).ok()) }
    });
    parts.collect()
}

fn cell(place: Place, order: &Order, part: &Part<'_>, language: Language) -> Value {
    let content = order.content.as_ref();
    let item = part.line.item.as_ref();
    let quantities = part.state.quantities.as_ref();
    let amount = |wire: Option<&proto::Decimal>| Value::from(value::decimal(wire).ok().flatten());
    let text = |text: Option<&String>| Value::from(text.map(String::as_str).unwrap_or_default());
    match place {
        Place::Supplier => order.supplier_name.as_str().into(),
        Place::Customer => order.buyer_name.as_str().into(),
        Place::OrderNumber => text(content.map(|content| &content.order_number)),
        Place::PurchasingGroup => text(content.map(|content| &content.purchasing_group)),
        Place::State => state_word(order.state(), language).into(),
        Place::AnswerDue => {
            let due = order.answer_due.as_ref().and_then(|due| due.date.as_ref());
            due.and_then(|date| value::date(date).ok()).into()
        }
        Place::LineNumber => part.line.line_number.as_str().into(),
        Place::ScheduleLineNumber => part.schedule.schedule_line_number.as_str().into(),
        Place::BuyerItemId => text(item.map(|item| &item.buyer_item_id)),
        Place::SellerItemId => text(item.map(|item| &item.seller_item_id)),
        Place::ItemName => text(item.map(|item| &item.name)),
        Place::Quantity => amount(part.schedule.quantity.as_ref()),
        Place::Unit => match part.line.unit_text.as_str() {
            "" => unit::shown(&part.line.unit_code, language == Language::Zh).into(),
            stated => stated.into(),
        },
        Place::RequestedDate => part.date.into(),
        Place::UnitPrice => price(part.line).into(),
        Place::PricePer => amount(part.line.price.as_ref().and_then(|price| price.base_quantity.as_ref())),
        Place::Currency => text(content.map(|content| &content.currency)),
        Place::PriceIncludesTax => match content.and_then(|content| content.price_includes_tax) {
            Some(true) => language.pick("是", "yes").into(),
            Some(false) => language.pick("否", "no").into(),
            None => Value::Empty,
        },
        Place::Accepted => amount(quantities.and_then(|quantities| quantities.accepted.as_ref())),
        Place::Proposed => amount(quantities.and_then(|quantities| quantities.proposed.as_ref())),
        Place::Unanswered => amount(quantities.and_then(|quantities| quantities.unanswered.as_ref())),
        Place::Rejected => amount(quantities.and_then(|quantities| quantities.rejected.as_ref())),
        Place::Cancelled => amount(quantities.and_then(|quantities| quantities.cancelled.as_ref())),
        Place::CommittedDate => committed(part.state),
        Place::Note => Value::Empty,
        Place::Revision => order.revision.to_string().into(),
        Place::Key => Key::of(order, part).map(|key| key.to_string()).unwrap_or_default().into(),
    }
}

/// The day that was promised; several of a split stand in one text.
fn committed(state: &ScheduleLineState) -> Value {
    let days = state.commitments.iter().filter_map(|one| one.committed_delivery_date.as_ref());
    let mut days: Vec<Date> = days.filter_map(|day| value::date(day).ok()).collect();
    days.sort_unstable();
    days.dedup();
    match days.as_slice() {
        [] => Value::Empty,
        [day] => Value::Day(*day),
        several => several.iter().map(Date::to_string).collect::<Vec<_>>().join(";").into(),
    }
}

fn price(line: &OrderLine) -> Option<Decimal> {
    let amount = |price: &Price| value::decimal(price.amount.as_ref()).ok().flatten();
    line.price.as_ref().and_then(amount)
}

fn state_word(state: OrderState, language: Language) -> &'static str {
    let (zh, en) = match state {
        OrderState::Unanswered => ("未答复", "Unanswered"),
        OrderState::Proposed => ("待采购方确认", "Waiting for buyer"),
        OrderState::Accepted => ("已接受", "Accepted"),
        OrderState::PartAccepted => ("部分接受", "Part accepted"),
        OrderState::Rejected => ("已拒绝", "Rejected"),
        OrderState::Cancelled => ("已取消", "Cancelled"),
        OrderState::Unspecified => ("", ""),
    };
    language.pick(zh, en)
}

/// What a row is about and what was asked when the file was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub order: Uuid,
    pub schedule_line: Uuid,
    /// Of the order. The same change after something else happened to the order is another change.
    pub version: i64,
    pub quantity: Decimal,
    pub date: Option<Date>,
    pub price: Option<Decimal>,
}

impl Key {
    fn of(order: &Order, part: &Part<'_>) -> Option<Key> {
        Some(Key {
            order: Uuid::try_parse(&order.id).ok()?,
            schedule_line: Uuid::try_parse(&part.state.schedule_line_id).ok()?,
            version: order.version,
            quantity: value::decimal(part.schedule.quantity.as_ref()).ok()??,
            date: part.date,
            price: price(part.line),
        })
    }

    fn parse(text: &str) -> Option<Key> {
        let parts: Vec<&str> = text.trim().split('/').collect();
        let [order, line, version, quantity, date, price] = parts.as_slice() else { return None };
        let stated = |text: &str| (!text.is_empty()).then(|| text.to_string());
        let amount = |text: &str| value::parse_decimal(text).ok().filter(|amount| !amount.is_sign_negative());
        let day = time::macros::format_description!("[year]-[month]-[day]");
        Some(Key {
            order: Uuid::try_parse(order).ok()?,
            schedule_line: Uuid::try_parse(line).ok()?,
            version: version.parse().ok()?,
            quantity: amount(quantity)?,
            date: stated(date).map(|date| Date::parse(&date, day)).transpose().ok()?,
            price: stated(price).map(|price| amount(&price).ok_or(())).transpose().ok()?,
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        let price = self.price.map(|price| price.to_string()).unwrap_or_default();
        let Key { order, schedule_line, version, quantity, .. } = self;
        write!(f, "{order}/{schedule_line}/{version}/{quantity}/{date}/{price}")
    }
}

#[cfg(test)]
mod tests;
