//! What differs between two documents, field by field, and which differences void an answer. Pure.
//!
//! Fields are walked by the contract's own descriptors, so that a field of tomorrow is compared too.

use std::collections::BTreeMap;

use chassis::value::parse_decimal;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};
use proto::orders::{FieldChange, OrderContent, OrderLine, PartyRole, ScheduleLine};

/// What a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Order,
    Line,
    ScheduleLine,
}

/// **The rule of what is material**: whether a change of this field voids the supplier's earlier answer to the schedule
/// lines below it. What the supplier answers is a quantity of an item, by a revision of its drawing, in a unit, by a
/// day, at a place, for a price with its tax. All else (notes, references, terms, totals, names, accounting) makes
/// another revision and leaves answers as they are.
///
/// `field` is the path below its level, such as `price.amount`; a rule covers everything below its own path.
pub fn is_material(level: Level, field: &str) -> bool {
    let rules: &[&str] = match level {
        Level::Order => &[
            "currency",
            "price_includes_tax",
            "parties.ship_to.name",
            "parties.ship_to.ids",
            "parties.ship_to.address",
        ],
        Level::Line => &[
            "item.buyer_item_id",
            "item.seller_item_id",
            "item.manufacturer_item_id",
            "item.standard_ids",
            "unit_code",
            "price",
            "allowance_charges",
            "tax",
            "resource_revision",
            "parties.ship_to.name",
            "parties.ship_to.ids",
            "parties.ship_to.address",
        ],
        Level::ScheduleLine => &[
            "quantity",
            "requested_delivery",
            "ship_to_site",
            "ship_to.name",
            "ship_to.ids",
            "ship_to.address",
        ],
    };
    let below =
        |rule: &&str| field.strip_prefix(*rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    rules.iter().any(below)
}

/// What differs between two headers; lines are left aside.
pub fn headers(old: &OrderContent, new: &OrderContent) -> Vec<FieldChange> {
    let bare = |content: &OrderContent| OrderContent { lines: Vec::new(), ..content.clone() };
    fields(Level::Order, "tandem.orders.v1.OrderContent", &bare(old), &bare(new))
}

/// What differs between two lines; schedule lines are left aside, and the quantity, which is their sum.
pub fn lines(old: &OrderLine, new: &OrderLine) -> Vec<FieldChange> {
    let bare = |line: &OrderLine| OrderLine { schedule_lines: Vec::new(), quantity: None, ..line.clone() };
    fields(Level::Line, "tandem.orders.v1.OrderLine", &bare(old), &bare(new))
}

/// What differs between two schedule lines.
pub fn schedule_lines(old: &ScheduleLine, new: &ScheduleLine) -> Vec<FieldChange> {
    fields(Level::ScheduleLine, "tandem.orders.v1.ScheduleLine", old, new)
}

fn fields<M: Message>(level: Level, name: &str, old: &M, new: &M) -> Vec<FieldChange> {
    let (old, new) = (old.encode_to_vec(), new.encode_to_vec());
    if old == new {
        return Vec::new();
    }
    let descriptor = proto::contract().ok().and_then(|contract| contract.get_message_by_name(name));
    let decode = |bytes: &[u8]| DynamicMessage::decode(descriptor.clone()?, bytes).ok();
    let (Some(old), Some(new)) = (decode(&old), decode(&new)) else { return Vec::new() };
    let mut found = Vec::new();
    walk("", &old, &new, &mut found);
    let change = |(field, old, new): (String, String, String)| FieldChange {
        material: is_material(level, &field),
        field,
        old,
        new,
    };
    found.into_iter().map(change).collect()
}

/// Paths with old and new text.
type Found = Vec<(String, String, String)>;

fn walk(path: &str, old: &DynamicMessage, new: &DynamicMessage, found: &mut Found) {
    for field in old.descriptor().fields() {
        let (before, after) = (old.has_field(&field), new.has_field(&field));
        if !before && !after {
            continue;
        }
        let path = if path.is_empty() { field.name().into() } else { format!("{path}.{}", field.name()) };
        let (one, other) = (old.get_field(&field), new.get_field(&field));
        if field.name() == "parties" {
            parties(&path, &one, &other, found);
            continue;
        }
        match (nested(&field), one.as_message(), other.as_message()) {
            (true, Some(one), Some(other)) => walk(&path, one, other, found),
            _ => {
                let text =
                    |there: bool, value: &Value| if there { text(&field, value) } else { String::new() };
                compare(path, text(before, &one), text(after, &other), found);
            }
        }
    }
}

fn compare(path: String, old: String, new: String, found: &mut Found) {
    let same_number = || match (parse_decimal(&old), parse_decimal(&new)) {
        (Ok(old), Ok(new)) => old == new,
        _ => false,
    };
    if old != new && !(is_number(&path) && same_number()) {
        found.push((path, old, new));
    }
}

/// Texts that look like numbers are numbers only where the contract has a decimal.
fn is_number(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    ["amount", "quantity", "percent", "rate"].iter().any(|ending| last.ends_with(ending))
}

/// A single message that is walked into; decimals and days are values.
fn nested(field: &FieldDescriptor) -> bool {
    let Kind::Message(message) = field.kind() else { return false };
    !field.is_list()
        && !field.is_map()
        && !["google.type.Decimal", "google.type.Date"].contains(&message.full_name())
}

/// Parties are compared by role, so that a path says whose address it is.
fn parties(path: &str, old: &Value, new: &Value, found: &mut Found) {
    let by_role = |value: &Value| {
        let mut roles: BTreeMap<i32, Vec<DynamicMessage>> = BTreeMap::new();
        for party in value.as_list().unwrap_or_default().iter().filter_map(Value::as_message) {
            let role = party.get_field_by_name("role").and_then(|role| role.as_enum_number());
            roles.entry(role.unwrap_or_default()).or_default().push(party.clone());
        }
        roles
    };
    let (old, new) = (by_role(old), by_role(new));
    let mut roles: Vec<i32> = old.keys().chain(new.keys()).copied().collect();
    roles.sort_unstable();
    roles.dedup();
    for role in roles {
        let name = PartyRole::try_from(role).unwrap_or_default().as_str_name();
        let path = format!("{path}.{}", name.trim_start_matches("PARTY_ROLE_").to_lowercase());
        let (one, other) =
            (old.get(&role).cloned().unwrap_or_default(), new.get(&role).cloned().unwrap_or_default());
        match (one.as_slice(), other.as_slice()) {
            ([one], [other]) => walk(&path, one, other, found),
            ([one], []) => walk(&path, one, &DynamicMessage::new(one.descriptor()), found),
            ([], [other]) => walk(&path, &DynamicMessage::new(other.descriptor()), other, found),
            (one, other) => compare(path, all(one), all(other), found),
        }
    }
}

fn all(messages: &[DynamicMessage]) -> String {
    serde_json::to_string(messages).unwrap_or_default()
}

/// A value as text: decimals and days plain, lists and messages as JSON.
fn text(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => yes.to_string(),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(kind) => {
                kind.get_value(*number).map_or_else(|| number.to_string(), |value| value.name().into())
            }
            _ => number.to_string(),
        },
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::Message(message) => match message.descriptor().full_name() {
            "google.type.Decimal" => member(message, "value"),
            "google.type.Date" => {
                let part = |name| member(message, name).parse::<i32>().unwrap_or_default();
                format!("{:04}-{:02}-{:02}", part("year"), part("month"), part("day"))
            }
            _ => serde_json::to_string(message).unwrap_or_default(),
        },
        Value::List(items) => {
            let each: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Value::Message(message) => serde_json::to_string(message).unwrap_or_default(),
                    other => serde_json::to_string(&text(field, other)).unwrap_or_default(),
                })
                .collect();
            format!("[{}]", each.join(","))
        }
        _ => String::new(),
    }
}

fn member(message: &DynamicMessage, name: &str) -> String {
    match message.get_field_by_name(name).as_deref() {
        Some(Value::String(text)) => text.clone(),
        Some(Value::I32(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        Date, Decimal,
        orders::{Address, Contact, DeliveryWindow, Item, Note, Party, Price, Tax},
    };

    use super::*;

    fn decimal(text: &str) -> Option<Decimal> {
        Some(Decimal { value: text.into() })
    }

    fn line() -> OrderLine {
        OrderLine {
            line_number: "10".into(),
            item: Some(Item { name: "箱".into(), buyer_item_id: "CY-1".into(), ..Item::default() }),
            unit_code: "H87".into(),
            price: Some(Price { amount: decimal("6.85"), ..Price::default() }),
            ..OrderLine::default()
        }
    }

    /// (field, old, new, material) of every difference.
    fn told(changes: &[FieldChange]) -> Vec<(&str, &str, &str, bool)> {
        changes.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str(), c.material)).collect()
    }

    #[test]
    fn every_field_of_a_line_is_told_and_weighed() {
        let change = |with: &dyn Fn(&mut OrderLine)| {
            let mut new = line();
            with(&mut new);
            lines(&line(), &new)
        };
        assert!(change(&|_| {}).is_empty());
        let price = change(&|line| line.price.as_mut().unwrap().amount = decimal("7.10"));
        assert_eq!(told(&price), [("price.amount", "6.85", "7.10", true)]);
        assert!(
            change(&|line| line.price.as_mut().unwrap().amount = decimal("6.850")).is_empty(),
            "the same number"
        );
        let base = change(&|line| line.price.as_mut().unwrap().base_quantity = decimal("1000"));
        assert_eq!(told(&base), [("price.base_quantity", "", "1000", true)]);
        let tax = change(&|line| line.tax = Some(Tax { category: "S".into(), rate: decimal("0.13") }));
        assert_eq!(told(&tax), [("tax.category", "", "S", true), ("tax.rate", "", "0.13", true)]);
        let item = change(&|line| line.item.as_mut().unwrap().buyer_item_id = "CY-2".into());
        assert_eq!(told(&item), [("item.buyer_item_id", "CY-1", "CY-2", true)]);
        let name = change(&|line| line.item.as_mut().unwrap().name = "盒".into());
        assert_eq!(told(&name), [("item.name", "箱", "盒", false)]);
        assert_eq!(told(&change(&|line| line.unit_code = "KGM".into())), [("unit_code", "H87", "KGM", true)]);
        assert_eq!(told(&change(&|line| line.unit_text = "只".into())), [("unit_text", "", "只", false)]);
        let drawing = change(&|line| line.resource_revision = "C".into());
        assert_eq!(told(&drawing), [("resource_revision", "", "C", true)]);
        let reserved = change(&|line| line.reservation_id = "R".into());
        assert_eq!(told(&reserved), [("reservation_id", "", "R", false)]);
        let note = change(&|line| line.notes.push(Note { text: "急".into(), ..Note::default() }));
        assert_eq!(told(&note), [("notes", "", "[{\"text\":\"急\"}]", false)]);
        assert_eq!(
            told(&change(&|line| line.accounting_cost = "A".into())),
            [("accounting_cost", "", "A", false)]
        );
        let number = change(&|line| line.resource_revision = "01".into());
        assert_eq!(number.len(), 1, "01 and 1 are different revisions of a drawing");
    }

    #[test]
    fn dates_and_places_are_plain_text() {
        let day = |day| {
            Some(DeliveryWindow {
                from: Some(Date { year: 2026, month: 12, day }),
                ..DeliveryWindow::default()
            })
        };
        let old = ScheduleLine { requested_delivery: day(28), ..ScheduleLine::default() };
        let new = ScheduleLine {
            requested_delivery: day(4),
            ship_to_site: "2000".into(),
            ..ScheduleLine::default()
        };
        assert_eq!(
            told(&schedule_lines(&old, &new)),
            [
                ("requested_delivery.from", "2026-12-28", "2026-12-04", true),
                ("ship_to_site", "", "2000", true)
            ]
        );
    }

    #[test]
    fn a_ship_to_counts_by_its_place_and_not_by_its_people() {
        let party = |city: &str, phone: &str| Party {
            role: PartyRole::ShipTo.into(),
            address: Some(Address { city: city.into(), ..Address::default() }),
            contacts: vec![Contact { phone: phone.into(), ..Contact::default() }],
            ..Party::default()
        };
        let order = |parties| OrderContent { parties, ..OrderContent::default() };
        let moved = headers(&order(vec![party("宁波", "1")]), &order(vec![party("台州", "1")]));
        assert_eq!(told(&moved), [("parties.ship_to.address.city", "宁波", "台州", true)]);
        let called = headers(&order(vec![party("宁波", "1")]), &order(vec![party("宁波", "2")]));
        assert!(called.iter().all(|change| !change.material) && called.len() == 1);
        let named = headers(&order(Vec::new()), &order(vec![party("宁波", "1")]));
        assert!(named.iter().any(|change| change.material));
    }

    #[test]
    fn money_of_the_whole_order_is_material_and_its_notes_are_not() {
        let old = OrderContent {
            currency: "CNY".into(),
            price_includes_tax: Some(false),
            ..OrderContent::default()
        };
        let new = OrderContent { price_includes_tax: Some(true), accounting_cost: "K".into(), ..old.clone() };
        assert_eq!(
            told(&headers(&old, &new)),
            [("price_includes_tax", "false", "true", true), ("accounting_cost", "", "K", false)]
        );
    }
}
