//! What changed between two states of an order, as people read it: old beside new, in words.

use chassis::value::parse_decimal;
use proto::orders::{ChangeKind, FieldChange, LineChange, OrderContent, OrderDifference};

use crate::{
    format,
    i18n::{Key, Text, key},
    typed,
};

/// One line of the order, or the order itself, with what changed.
pub struct Changed {
    pub title: String,
    /// It was not there before.
    pub added: bool,
    /// The supplier has to answer it anew.
    pub reconfirm: bool,
    pub fields: Vec<Field>,
}

/// Old and new of one field; empty where unstated.
pub struct Field {
    pub label: String,
    pub old: String,
    pub new: String,
}

/// A difference in the words of `text`; `content` names items, units and the currency.
pub fn view(text: &Text, difference: &OrderDifference, content: &OrderContent) -> Vec<Changed> {
    let header = Changed {
        title: text.say(key::CHANGED_WHOLE),
        added: false,
        reconfirm: false,
        fields: fields(text, &difference.header, &content.currency, ""),
    };
    let mut all: Vec<Changed> = [header].into_iter().filter(|header| !header.fields.is_empty()).collect();
    let mut before = "";
    for line in &difference.lines {
        // A schedule line that only its order line's change concerns says nothing that the line does not.
        match all.last_mut().filter(|_| line.changes.is_empty() && before == line.line_number) {
            Some(same) => same.reconfirm |= line.reconfirm,
            None => all.push(of_line(text, line, content)),
        }
        before = &line.line_number;
    }
    all
}

fn of_line(text: &Text, change: &LineChange, content: &OrderContent) -> Changed {
    let line = content.lines.iter().find(|line| line.line_number == change.line_number);
    let item = line.and_then(|line| line.item.as_ref()).map(|item| item.name.clone()).unwrap_or_default();
    let unit = line.map(|line| text.unit(&line.unit_code, &line.unit_text)).unwrap_or_default();
    let several = line.is_some_and(|line| line.schedule_lines.len() > 1);
    let number = match several && !change.schedule_line_number.is_empty() {
        true => text.two(key::LINE_PART, &change.line_number, &change.schedule_line_number),
        false => change.line_number.clone(),
    };
    Changed {
        title: match item.is_empty() {
            true => text.one(key::LINE_NAMED, number),
            false => text.two(key::LINE_OF, item, number),
        },
        added: change.kind() == ChangeKind::Added,
        reconfirm: change.reconfirm,
        fields: fields(text, &change.changes, &content.currency, &unit),
    }
}

fn fields(text: &Text, changes: &[FieldChange], currency: &str, unit: &str) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    let mut others = false;
    for change in changes {
        let Some((label, kind)) = known(&change.field) else {
            others = true;
            continue;
        };
        let word = |value: &str| word(text, kind, value, currency, unit);
        let field = Field { label: text.say(label), old: word(&change.old), new: word(&change.new) };
        // One day is a window that begins and ends on it.
        let twice =
            all.iter().any(|one| (&one.label, &one.old, &one.new) == (&field.label, &field.old, &field.new));
        if !twice {
            all.push(field);
        }
    }
    if others {
        all.push(Field { label: text.say(key::CHANGED_OTHER), old: String::new(), new: String::new() });
    }
    all
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Kind {
    Quantity,
    Money,
    Day,
    Plain,
    YesNo,
}

fn known(field: &str) -> Option<(Key<0>, Kind)> {
    Some(match field {
        "quantity" => (key::ORDERED, Kind::Quantity),
        "requested_delivery.from" | "requested_delivery.until" => (key::REQUESTED, Kind::Day),
        "price.amount" => (key::PRICE, Kind::Money),
        "price.base_quantity" => (key::CHANGED_PRICE_BASE, Kind::Quantity),
        "ship_to_site" => (key::CHANGED_SITE, Kind::Plain),
        "unit_code" | "unit_text" => (key::UNIT, Kind::Plain),
        "item.seller_item_id" => (key::FIELD_SELLER_ITEM, Kind::Plain),
        "item.name" => (key::ITEM, Kind::Plain),
        "item.buyer_item_id" => (key::CHANGED_ITEM_NUMBER, Kind::Plain),
        "resource_revision" => (key::CHANGED_DRAWING, Kind::Plain),
        "reservation_id" => (key::CHANGED_RESERVATION, Kind::Plain),
        "purchasing_group" => (key::PURCHASING_GROUP, Kind::Plain),
        "currency" => (key::CHANGED_CURRENCY, Kind::Plain),
        "price_includes_tax" => (key::TAX_INCLUDED, Kind::YesNo),
        "accepted" => (key::STATE_ACCEPTED, Kind::Quantity),
        "rejected" => (key::STATE_REJECTED, Kind::Quantity),
        "proposed" => (key::PROPOSED, Kind::Quantity),
        "unanswered" => (key::STATE_UNANSWERED, Kind::Quantity),
        "cancelled" => (key::STATE_CANCELLED, Kind::Quantity),
        "closed" => (key::CHANGED_CLOSED, Kind::YesNo),
        "held" => (key::CHANGED_HELD, Kind::YesNo),
        _ => return None,
    })
}

fn word(text: &Text, kind: Kind, value: &str, currency: &str, unit: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let number = || parse_decimal(value).ok();
    match kind {
        Kind::Quantity => number().map(|number| text.quantity(number, unit)),
        Kind::Money => number().map(|number| match currency {
            "" => format::grouped(number),
            currency => text.two(key::MONEY, format::grouped(number), currency),
        }),
        Kind::Day => typed::date(value).ok().flatten().map(|day| text.day(day)),
        Kind::YesNo => Some(text.say(if value == "true" { key::YES } else { key::NO })),
        Kind::Plain => None,
    }
    .unwrap_or_else(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use proto::orders::{Item, OrderLine};

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    fn change(field: &str, old: &str, new: &str) -> FieldChange {
        FieldChange { field: field.into(), old: old.into(), new: new.into(), material: true }
    }

    #[test]
    fn a_change_reads_as_people_write_it() {
        let zh = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let content = OrderContent {
            currency: "CNY".into(),
            lines: vec![OrderLine {
                line_number: "10".into(),
                item: Some(Item { name: "收纳箱".into(), ..Item::default() }),
                unit_text: "个".into(),
                ..OrderLine::default()
            }],
            ..OrderContent::default()
        };
        let line = LineChange {
            line_number: "10".into(),
            schedule_line_number: "1".into(),
            reconfirm: true,
            changes: vec![
                change("quantity", "20000", "18000.5"),
                change("requested_delivery.from", "2026-12-28", "2027-01-04"),
                change("requested_delivery.until", "2026-12-28", "2027-01-04"),
                change("price.amount", "6.85", ""),
                change("accounting_cost", "", "[{\"a\":1}]"),
            ],
            ..LineChange::default()
        };
        let difference = OrderDifference {
            header: vec![change("held", "false", "true")],
            lines: vec![line],
            ..OrderDifference::default()
        };
        let [whole, line] = &view(&zh, &difference, &content)[..] else { panic!("the order and its line") };
        assert_eq!((whole.fields[0].old.as_str(), whole.fields[0].new.as_str()), ("否", "是"));
        assert_eq!((line.title.as_str(), line.reconfirm), ("第 10 行 · 收纳箱", true));
        let told: Vec<_> =
            line.fields.iter().map(|f| (f.label.as_str(), f.old.as_str(), f.new.as_str())).collect();
        assert_eq!(
            told,
            [
                ("订购数量", "20,000 个", "18,000.5 个"),
                ("要求到货", "2026年12月28日", "2027年1月4日"),
                ("单价", "CNY 6.85", ""),
                ("其他内容", "", ""),
            ]
        );
    }
}
