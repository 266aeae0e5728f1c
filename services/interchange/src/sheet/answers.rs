//! A table to answer in: one row a schedule line that waits, with what is asked and empty columns for what is answered.
//! **Invariant:** only what stands in the answer column answers; what was asked travels in a key that people do not see,
//! so that an unchanged file says nothing and a row means what it meant when the file was made.

mod decide;
mod read;
mod words;

use chassis::value;
use proto::orders::{RejectReason, ScheduleLineRow};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

pub use self::read::{AnswerRow, Given, Reading, read};
pub use self::words::{answer_words, reason_words};
use super::{
    Language,
    columns::normalised,
    table::{Column, Kind, Table, Value},
    unit,
};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Customer,
    OrderNumber,
    LineNumber,
    ScheduleLineNumber,
    BuyerItemId,
    SellerItemId,
    ItemName,
    Quantity,
    Unit,
    RequestedDate,
    Answer,
    AnswerQuantity,
    AnswerDate,
    Reason,
    Note,
    Revision,
    Key,
}

/// Every column with its headings, in the order of the table.
const PLACES: &[(Place, &str, &str, Kind, u16)] = &[
    (Place::Customer, "客户", "Customer", Kind::Text, 24),
    (Place::OrderNumber, "订单号", "PO No", Kind::Text, 18),
    (Place::LineNumber, "行号", "Line", Kind::Text, 8),
    (Place::ScheduleLineNumber, "计划行号", "Schedule Line", Kind::Text, 8),
    (Place::BuyerItemId, "物料编码", "Material", Kind::Text, 16),
    (Place::SellerItemId, "我方料号", "Own Item No", Kind::Text, 14),
    (Place::ItemName, "物料名称", "Description", Kind::Text, 24),
    (Place::Quantity, "未答复数量", "Unanswered Qty", Kind::Number, 12),
    (Place::Unit, "单位", "Unit", Kind::Text, 8),
    (Place::RequestedDate, "要求交期", "Requested Date", Kind::Day, 12),
    (Place::Answer, "答复", "Answer", Kind::Text, 10),
    (Place::AnswerQuantity, "答复数量", "Answer Qty", Kind::Number, 12),
    (Place::AnswerDate, "答复交期", "Answer Date", Kind::Day, 12),
    (Place::Reason, "原因", "Reason", Kind::Text, 14),
    (Place::Note, "答复备注", "Answer Remark", Kind::Text, 24),
    (Place::Revision, "修订号", "Revision", Kind::Text, 8),
    (Place::Key, "行标识(勿改)", "Row Key (keep)", Kind::Text, 10),
];

impl Place {
    /// Our heading.
    pub fn heading(self, language: Language) -> &'static str {
        let found = PLACES.iter().find(|(place, ..)| *place == self);
        found.map_or("", |(_, zh, en, ..)| language.pick(zh, en))
    }

    /// The column that a heading means, in either language.
    pub fn of(heading: &str) -> Option<Place> {
        let wanted = normalised(heading);
        let found =
            PLACES.iter().find(|(_, zh, en, ..)| normalised(zh) == wanted || normalised(en) == wanted);
        found.map(|(place, ..)| *place)
    }

    /// How the column looks.
    pub fn column(self, heading: &str, language: Language) -> Column {
        let (kind, width) = PLACES
            .iter()
            .find(|(place, ..)| *place == self)
            .map_or((Kind::Text, 12), |(.., kind, width)| (*kind, *width));
        let column = Column::new(heading, kind, width);
        match self {
            Place::Answer => column.open().choices(answer_words(language)),
            Place::Reason => column.open().choices(reason_words(language)),
            Place::AnswerQuantity | Place::AnswerDate | Place::Note => column.open(),
            Place::Revision | Place::Key => column.hidden(),
            _ => column,
        }
    }
}

/// The table of schedule lines that wait for an answer; others are left out.
pub fn export(rows: &[ScheduleLineRow], language: Language) -> Table {
    let columns = PLACES.iter().map(|(place, zh, en, ..)| place.column(language.pick(zh, en), language));
    let lines = rows.iter().filter_map(|row| {
        let key = Key::of(row)?;
        Some(PLACES.iter().map(|(place, ..)| value(*place, row, &key, language)).collect())
    });
    Table {
        name: language.pick("答复", "Answers").into(),
        columns: columns.collect(),
        rows: lines.collect(),
        protected: true,
    }
}

fn value(place: Place, row: &ScheduleLineRow, key: &Key, language: Language) -> Value {
    match place {
        Place::Customer => row.counterparty_name.as_str().into(),
        Place::OrderNumber => row.order_number.as_str().into(),
        Place::LineNumber => row.line_number.as_str().into(),
        Place::ScheduleLineNumber => row.schedule_line_number.as_str().into(),
        Place::BuyerItemId => row.buyer_item_id.as_str().into(),
        Place::SellerItemId => row.seller_item_id.as_str().into(),
        Place::ItemName => row.item_name.as_str().into(),
        Place::Unit => unit::shown(&row.unit_code, language == Language::Zh).into(),
        Place::Quantity | Place::AnswerQuantity => Value::Number(key.quantity),
        Place::RequestedDate | Place::AnswerDate => key.date.into(),
        Place::Revision => row.revision.to_string().into(),
        Place::Key => key.to_string().into(),
        Place::Answer | Place::Reason | Place::Note => Value::Empty,
    }
}

/// What a row is about and what was asked when the file was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub order: Uuid,
    pub schedule_line: Uuid,
    /// Of the order. The same answer after something else happened to the order is another answer.
    pub version: i64,
    /// Unanswered then.
    pub quantity: Decimal,
    pub date: Option<Date>,
}

impl Key {
    /// The key of a line with something unanswered.
    fn of(row: &ScheduleLineRow) -> Option<Key> {
        let unanswered = row.quantities.as_ref()?.unanswered.as_ref();
        let quantity = value::decimal(unanswered).ok()??;
        let date = row.requested_delivery_date.as_ref().and_then(|date| value::date(date).ok());
        (quantity > Decimal::ZERO).then_some(Key {
            order: Uuid::try_parse(&row.order_id).ok()?,
            schedule_line: Uuid::try_parse(&row.schedule_line_id).ok()?,
            version: row.version,
            quantity,
            date,
        })
    }

    fn parse(text: &str) -> Option<Key> {
        let parts: Vec<&str> = text.trim().split('/').collect();
        let [order, line, version, quantity, date] = parts.as_slice() else { return None };
        let date = match *date {
            "" => None,
            date => Some(Date::parse(date, time::macros::format_description!("[year]-[month]-[day]")).ok()?),
        };
        Some(Key {
            order: Uuid::try_parse(order).ok()?,
            schedule_line: Uuid::try_parse(line).ok()?,
            version: version.parse().ok()?,
            quantity: value::parse_decimal(quantity).ok().filter(|quantity| *quantity > Decimal::ZERO)?,
            date,
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        write!(f, "{}/{}/{}/{}/{date}", self.order, self.schedule_line, self.version, self.quantity)
    }
}

/// A reason as it stands in proposals: its name without the prefix.
pub fn reason_code(reason: RejectReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("REJECT_REASON_").unwrap_or(name)
}

#[cfg(test)]
mod tests;
