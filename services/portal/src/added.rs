//! Order lines that are typed: those of a new order, and new ones of an order that is changed. Pure.

use std::collections::BTreeSet;

use chassis::value::{wire_date, wire_decimal};
use proto::orders::{DeliveryWindow, Item, OrderLine, Price, ScheduleLine};
use time::Date;

use crate::{
    form::Fields,
    i18n::{Key, Text, key},
    typed::{date, quantity},
};

/// Units to choose from: codes of UN/ECE Recommendation 20.
const UNITS: [&str; 12] = ["H87", "SET", "PR", "MTR", "MTK", "MTQ", "KGM", "GRM", "TNE", "LTR", "XBX", "HUR"];

/// A line that was not there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    pub number: String,
    pub item: String,
    pub item_number: String,
    pub unit: String,
    pub quantity: String,
    pub price: String,
    pub date: String,
    pub site: String,
}

impl Added {
    /// An empty one, in pieces.
    pub fn empty(number: String) -> Self {
        Self { number, unit: UNITS[0].to_string(), ..Self::default() }
    }

    /// Whether nothing was typed that makes a line of it.
    pub fn is_blank(&self) -> bool {
        [&self.item, &self.item_number, &self.quantity, &self.price].iter().all(|text| text.is_empty())
    }
}

/// What is wrong with a field; its id in the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub wrong: Wrong,
}

/// Why a field cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    NoNumber,
    NoPrice,
    NoDate,
    DatePast,
    NoItem,
    NumberTaken,
}

impl Wrong {
    /// What to do.
    pub fn said(self) -> Key<0> {
        match self {
            Wrong::NoNumber => key::FAULT_ENDING_QUANTITY,
            Wrong::NoPrice => key::FAULT_PRICE,
            Wrong::NoDate => key::FAULT_DATE,
            Wrong::DatePast => key::FAULT_DATE_PAST,
            Wrong::NoItem => key::FAULT_ITEM,
            Wrong::NumberTaken => key::FAULT_LINE_NUMBER,
        }
    }
}

/// What is wrong with a field, by its name and line, where anything is.
pub fn fault<'a>(faults: &'a [(String, String)], name: &str, at: usize) -> Option<&'a str> {
    let id = format!("{name}-{at}");
    faults.iter().find(|(field, _)| *field == id).map(|(_, text)| text.as_str())
}

/// The lines of a posted form, `most` at the most.
pub fn read(fields: &Fields, most: usize) -> Vec<Added> {
    let field = |name: &str, at: usize| fields.get(&format!("{name}-{at}")).to_string();
    let added = |at: usize| Added {
        number: field("an", at),
        item: field("ai", at),
        item_number: field("ac", at),
        unit: field("au", at),
        quantity: field("aq", at),
        price: field("ap", at),
        date: field("ad", at),
        site: field("as", at),
    };
    (0..most).map(added).take_while(|added| !added.unit.is_empty()).collect()
}

/// The units to choose from, by code and name; those that these lines have are among them.
pub fn units(t: &Text, lines: &[Added]) -> Vec<(String, String)> {
    let mut codes: Vec<&str> = UNITS.to_vec();
    for line in lines {
        if !codes.contains(&line.unit.as_str()) {
            codes.push(&line.unit);
        }
    }
    codes.into_iter().map(|code| (code.to_string(), t.unit(code, ""))).collect()
}

/// A number for a line to be added: the next ten after the highest.
pub fn next_number(lines: &[String]) -> String {
    let highest = lines.iter().filter_map(|number| number.parse::<u64>().ok()).max().unwrap_or_default();
    ((highest / 10 + 1) * 10).to_string()
}

/// The order line that was typed at `at`; `None` where something is wrong with it. Its number is none of those that are
/// `taken`. Without a day it is of the order's, unless it `needs_day`.
pub fn line(
    added: &Added,
    at: usize,
    needs_day: bool,
    today: Date,
    taken: &mut BTreeSet<String>,
    faults: &mut Vec<Fault>,
) -> Option<OrderLine> {
    let before = faults.len();
    let mut wrong = |name: &str, wrong: Wrong| faults.push(Fault { field: format!("{name}-{at}"), wrong });
    if added.number.is_empty() || !taken.insert(added.number.clone()) {
        wrong("an", Wrong::NumberTaken);
    }
    if added.item.is_empty() && added.item_number.is_empty() {
        wrong("ai", Wrong::NoItem);
    }
    let amount = quantity(&added.quantity).filter(|amount| !amount.is_zero());
    if amount.is_none() {
        wrong("aq", Wrong::NoNumber);
    }
    let price = quantity(&added.price);
    if price.is_none() && !added.price.is_empty() {
        wrong("ap", Wrong::NoPrice);
    }
    let day = day(&added.date, needs_day, format!("ad-{at}"), faults);
    if day.is_some_and(|day| day < today) {
        faults.push(Fault { field: format!("ad-{at}"), wrong: Wrong::DatePast });
    }
    if faults.len() > before {
        return None;
    }
    let amount = Some(wire_decimal(amount?));
    Some(OrderLine {
        line_number: added.number.clone(),
        item: Some(Item {
            name: added.item.clone(),
            buyer_item_id: added.item_number.clone(),
            ..Item::default()
        }),
        quantity: amount.clone(),
        unit_code: added.unit.clone(),
        price: price.map(|price| Price { amount: Some(wire_decimal(price)), ..Price::default() }),
        schedule_lines: vec![ScheduleLine {
            schedule_line_number: "1".into(),
            quantity: amount,
            requested_delivery: day.map(on),
            ship_to_site: added.site.clone(),
            ..ScheduleLine::default()
        }],
        ..OrderLine::default()
    })
}

/// A typed day. A fault where it is none, or where nothing is typed although a day is needed.
pub fn day(text: &str, needed: bool, id: String, faults: &mut Vec<Fault>) -> Option<Date> {
    let day = date(text);
    if day.is_err() || (needed && day == Ok(None)) {
        faults.push(Fault { field: id, wrong: Wrong::NoDate });
    }
    day.ok().flatten()
}

/// Delivery on this very day.
pub fn on(day: Date) -> DeliveryWindow {
    DeliveryWindow { from: Some(wire_date(day)), until: Some(wire_date(day)), ..DeliveryWindow::default() }
}

#[cfg(test)]
mod tests {
    use time::macros::date as on_day;

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    const TODAY: Date = on_day!(2026 - 11 - 23);

    fn typed(number: &str, quantity: &str, date: &str) -> Added {
        Added {
            item: "箱盖".into(),
            quantity: quantity.into(),
            date: date.into(),
            ..Added::empty(number.into())
        }
    }

    #[test]
    fn a_line_without_a_day_is_of_the_orders_where_there_is_one() {
        let (mut taken, mut faults) = (BTreeSet::new(), Vec::new());
        let own = line(&typed("10", "5", "2027-01-04"), 0, false, TODAY, &mut taken, &mut faults).unwrap();
        assert_eq!(own.schedule_lines[0].requested_delivery, Some(on(on_day!(2027 - 01 - 04))));
        let orders = line(&typed("20", "5", ""), 1, false, TODAY, &mut taken, &mut faults).unwrap();
        assert_eq!((orders.schedule_lines[0].requested_delivery.clone(), faults.len()), (None, 0));
        assert!(line(&typed("20", "0", ""), 2, true, TODAY, &mut taken, &mut faults).is_none());
        let wrong: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.wrong)).collect();
        let wanted = [("an-2", Wrong::NumberTaken), ("aq-2", Wrong::NoNumber), ("ad-2", Wrong::NoDate)];
        assert_eq!(wrong, wanted);
    }

    #[test]
    fn a_unit_that_a_line_has_can_be_chosen() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let own = Added { unit: "箱子".into(), ..Added::default() };
        let units = units(&t, &[own.clone(), Added::empty("10".into()), own]);
        assert_eq!(units.len(), UNITS.len() + 1);
        assert!(units.contains(&("箱子".to_string(), "箱子".to_string())));
    }

    #[test]
    fn the_next_number_is_the_next_ten() {
        assert_eq!(next_number(&["10".into(), "25".into(), "x".into()]), "30");
        assert_eq!(next_number(&[]), "10");
    }
}
