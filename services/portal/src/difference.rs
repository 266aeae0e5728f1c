//! What differs between two states of an order, as people compare it: where, what, old and new.

use proto::orders::{ChangeKind, FieldChange, LineChange, OrderContent, OrderDifference, OrderLine};

use crate::{
    format,
    i18n::{Key, Text, key},
    typed,
};

/// One thing that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The line; empty for the whole order.
    pub place: String,
    pub label: String,
    /// Empty where nothing was there.
    pub old: String,
    /// Empty where nothing is left.
    pub new: String,
}

/// Everything that differs, the order itself first. `content` names the lines' units and the currency.
pub fn changes(text: &Text, difference: &OrderDifference, content: &OrderContent) -> Vec<Change> {
    let whole = Line { text, currency: &content.currency, unit: String::new() };
    let mut all = whole.fields(String::new(), &difference.header);
    for line in &difference.lines {
        let known = content.lines.iter().find(|known| known.line_number == line.line_number);
        let unit = known.map_or_else(String::new, |known| text.unit(&known.unit_code, &known.unit_text));
        let of_line = Line { text, currency: &content.currency, unit };
        all.extend(of_line.changes(line, known));
    }
    if difference.lines_omitted > 0 {
        let label = text.one(key::DIFFERENCE_OMITTED, difference.lines_omitted);
        all.push(Change { place: String::new(), label, old: String::new(), new: String::new() });
    }
    all
}

/// What a value of a line is told with.
struct Line<'a> {
    text: &'a Text,
    currency: &'a str,
    unit: String,
}

impl Line<'_> {
    fn changes(&self, line: &LineChange, known: Option<&OrderLine>) -> Vec<Change> {
        let several = known.is_some_and(|known| known.schedule_lines.len() > 1);
        let part = &line.schedule_line_number;
        let number = match several && !part.is_empty() {
            true => self.text.two(key::LINE_PART, &line.line_number, part),
            false => line.line_number.clone(),
        };
        let place = self.text.one(key::LINE_NUMBERED, number);
        if line.kind() == ChangeKind::Added {
            // Of a new schedule line the old values are all empty.
            let label = self.text.say(key::DIFFERENCE_ADDED);
            let new = line.changes.iter().find(|change| change.field == "quantity");
            let new = new.map_or_else(String::new, |change| self.value(&change.field, &change.new));
            return vec![Change { place, label, old: String::new(), new }];
        }
        self.fields(place, &line.changes)
    }

    fn fields(&self, place: String, fields: &[FieldChange]) -> Vec<Change> {
        let until = fields.iter().find(|change| change.field == "requested_delivery.until");
        let one_day = |change: &FieldChange| {
            // A single day is a window of one: said once.
            change.field == "requested_delivery.from"
                && until.is_some_and(|until| (&until.old, &until.new) == (&change.old, &change.new))
        };
        let told = fields.iter().filter(|change| !one_day(change)).map(|change| Change {
            place: place.clone(),
            label: label(self.text, &change.field),
            old: self.value(&change.field, &change.old),
            new: self.value(&change.field, &change.new),
        });
        told.collect()
    }

    /// Quantities with units, days and money as on the rest of the page.
    fn value(&self, field: &str, plain: &str) -> String {
        match plain {
            "" => return String::new(),
            "true" => return self.text.say(key::YES),
            "false" => return self.text.say(key::NO),
            _ => {}
        }
        if let Ok(number) = chassis::value::parse_decimal(plain) {
            let last = field.rsplit('.').next().unwrap_or(field);
            return match last {
                "quantity" | "accepted" | "rejected" | "proposed" | "unanswered" | "cancelled" => {
                    self.text.quantity(number.normalize(), &self.unit)
                }
                "amount" if !self.currency.is_empty() => {
                    self.text.two(key::MONEY, format::grouped(number), self.currency)
                }
                _ => plain.to_string(),
            };
        }
        match typed::date(plain) {
            Ok(Some(day)) if plain.len() == 10 => self.text.day(day),
            _ => words(plain),
        }
    }
}

/// What people read of a list or message that stands as JSON.
fn words(plain: &str) -> String {
    if !plain.starts_with(['[', '{']) {
        return plain.to_string();
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(plain) else { return plain.to_string() };
    let mut found = Vec::new();
    collect(&value, &mut found);
    found.join(" ")
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        serde_json::Value::Object(members) => {
            // The language of a text is not part of it.
            members.iter().filter(|(name, _)| *name != "language").for_each(|(_, item)| collect(item, found));
        }
        _ => {}
    }
}

fn label(text: &Text, field: &str) -> String {
    let known: &[(&str, Key<0>)] = &[
        ("quantity", key::ORDERED),
        ("requested_delivery.from", key::FIELD_FIRST_DAY),
        ("requested_delivery", key::REQUESTED),
        ("ship_to", key::PARTY_SHIP_TO),
        ("ship_to_site", key::PARTY_SHIP_TO),
        ("price.amount", key::PRICE),
        ("price", key::FIELD_PRICE_BASE),
        ("unit_code", key::FIELD_UNIT),
        ("unit_text", key::FIELD_UNIT),
        ("item.name", key::ITEM),
        ("item.buyer_item_id", key::FIELD_BUYER_ITEM),
        ("item.seller_item_id", key::FIELD_SELLER_ITEM),
        ("item", key::ITEM),
        ("resource_revision", key::FIELD_DRAWING),
        ("notes", key::NOTES),
        ("currency", key::FIELD_CURRENCY),
        ("price_includes_tax", key::FIELD_TAX_INCLUDED),
        ("tax", key::FIELD_TAX),
        ("totals", key::AMOUNT),
        ("amount", key::AMOUNT),
        ("payment_terms", key::PAYMENT_TERMS),
        ("delivery_terms", key::DELIVERY_TERMS),
        ("purchasing_group", key::PURCHASING_GROUP),
        ("customer_reference", key::CUSTOMER_REFERENCE),
        ("agreement_ref", key::AGREEMENT),
        ("parties.ship_to", key::PARTY_SHIP_TO),
        ("parties.bill_to", key::PARTY_BILL_TO),
        ("accepted", key::STATE_ACCEPTED),
        ("rejected", key::STATE_REJECTED),
        ("proposed", key::PROPOSED),
        ("unanswered", key::STATE_UNANSWERED),
        ("cancelled", key::STATE_CANCELLED),
        ("closed", key::FIELD_CLOSED),
        ("held", key::FIELD_HELD),
    ];
    let below =
        |path: &str| field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match known.iter().find(|(path, _)| below(path)) {
        Some((_, key)) => text.say(key),
        None => text.one(key::FIELD_OTHER, field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    fn field(field: &str, old: &str, new: &str) -> FieldChange {
        FieldChange { field: field.into(), old: old.into(), new: new.into(), material: true }
    }

    #[test]
    fn differences_read_like_the_rest_of_the_page() {
        let zh = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let line = OrderLine {
            line_number: "10".into(),
            unit_code: "H87".into(),
            unit_text: "个".into(),
            ..OrderLine::default()
        };
        let content = OrderContent { currency: "CNY".into(), lines: vec![line], ..OrderContent::default() };
        let changes_of_line = vec![
            field("quantity", "20000", "18000.5"),
            field("requested_delivery.from", "2026-12-28", "2026-12-21"),
            field("requested_delivery.until", "2026-12-28", "2026-12-21"),
            field("price.amount", "6.85", ""),
        ];
        let difference = OrderDifference {
            header: vec![
                field("notes", "", r#"[{"text":"随货附检验报告","language":"zh"}]"#),
                field("price_includes_tax", "false", "true"),
            ],
            lines: vec![LineChange {
                line_number: "10".into(),
                schedule_line_number: "1".into(),
                kind: ChangeKind::Changed.into(),
                changes: changes_of_line,
                ..LineChange::default()
            }],
            ..OrderDifference::default()
        };
        let told: Vec<_> = changes(&zh, &difference, &content)
            .into_iter()
            .map(|change| format!("{}|{}|{}|{}", change.place, change.label, change.old, change.new))
            .collect();
        assert_eq!(
            told,
            [
                "|备注||随货附检验报告",
                "|价格含税|否|是",
                "第 10 行|订购数量|20,000 个|18,000.5 个",
                "第 10 行|要求到货|2026年12月28日|2026年12月21日",
                "第 10 行|单价|CNY 6.85|",
            ]
        );
    }
}
