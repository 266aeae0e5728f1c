//! Readers of fields that demand and groups have in common. Each notes what is wrong and goes on, so that every bad
//! field is named.

use std::collections::BTreeMap;

use chassis::{Field, value};
use proto::capacity::DemandCategory;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::{
    demand::{MAX_NAME_BYTES, max_quantity},
    unit::Unit,
    week::{Category, is_monday},
};

/// What is wrong so far.
#[derive(Default)]
pub(crate) struct Wrong(pub Vec<Field>);

impl Wrong {
    pub(crate) fn note(&mut self, path: impl Into<String>, reason: &'static str, message: impl Into<String>) {
        self.0.push(Field::new(path, reason, message));
    }

    /// A text of at most so many bytes without control characters.
    pub(crate) fn text(&mut self, path: &str, text: &str, most: usize) -> String {
        if text.len() > most {
            self.note(path, "TOO_LONG", format!("must have at most {most} bytes"));
        } else if text.chars().any(char::is_control) {
            self.note(path, "FORMAT", "must not contain control characters");
        }
        text.to_owned()
    }

    /// A name or number that must be there.
    pub(crate) fn name(&mut self, path: &str, text: &str) -> String {
        if text.trim().is_empty() {
            self.note(path, "REQUIRED", "is required");
        }
        self.text(path, text, MAX_NAME_BYTES)
    }

    pub(crate) fn monday(&mut self, path: &str, wire: Option<&proto::Date>) -> Option<Date> {
        let Some(wire) = wire else {
            self.note(path, "REQUIRED", "is required");
            return None;
        };
        match value::date(wire) {
            Ok(day) if is_monday(day) => Some(day),
            Ok(_) => {
                self.note(path, "MONDAY", "must be the monday of its week");
                None
            }
            Err(message) => {
                self.note(path, "DATE", message);
                None
            }
        }
    }

    pub(crate) fn decimal(&mut self, path: &str, wire: Option<&proto::Decimal>) -> Option<Decimal> {
        match value::decimal(wire) {
            Ok(number) => number,
            Err(message) => {
                self.note(path, "DECIMAL", message);
                None
            }
        }
    }

    /// A decimal within CX-0128's bounds of quantities.
    pub(crate) fn quantity(&mut self, path: &str, wire: Option<&proto::Decimal>) -> Option<Decimal> {
        let number = self.decimal(path, wire)?;
        self.in_range(path, number);
        Some(number)
    }

    pub(crate) fn in_range(&mut self, path: &str, number: Decimal) {
        if number < Decimal::ZERO || number > max_quantity() {
            self.note(path, "RANGE", format!("must lie between 0 and {}", max_quantity()));
        }
    }

    /// A load factor: at least 0, and no larger than what partners are known to send.
    pub(crate) fn load_factor(&mut self, path: &str, number: Decimal) {
        if number < Decimal::ZERO || number >= Decimal::from(1_000_000_000_000_i64) {
            self.note(path, "RANGE", "must be at least 0 and less than 1000000000000");
        }
    }

    pub(crate) fn unit(&mut self, path: &str, code: &str) -> Option<Unit> {
        let unit = Unit::from_code(code);
        if unit.is_none() && !code.is_empty() {
            self.note(
                path,
                "UNIT",
                "must be a code of UN/ECE Recommendation 20 that CX-0128 knows, such as H87",
            );
        }
        unit
    }

    pub(crate) fn category(&mut self, path: &str, wire: DemandCategory) -> Option<Category> {
        let category = category(wire);
        if category.is_none() {
            self.note(path, "REQUIRED", "say which category");
        }
        category
    }

    pub(crate) fn time(
        &mut self,
        path: &str,
        wire: Option<&prost_types::Timestamp>,
    ) -> Option<OffsetDateTime> {
        let at = value::time(wire?);
        if at.is_none() {
            self.note(path, "TIME", "is no moment that can be kept");
        }
        at.map(micros)
    }
}

/// To the microsecond, as the database keeps it.
pub(crate) fn micros(at: OffsetDateTime) -> OffsetDateTime {
    chassis::value::micros(at.to_offset(time::UtcOffset::UTC))
}

const CATEGORIES: [(DemandCategory, Category); 8] = [
    (DemandCategory::Default, Category::Default),
    (DemandCategory::AfterSales, Category::AfterSales),
    (DemandCategory::Series, Category::Series),
    (DemandCategory::PhaseIn, Category::PhaseIn),
    (DemandCategory::SingleOrder, Category::SingleOrder),
    (DemandCategory::SmallSeries, Category::SmallSeries),
    (DemandCategory::Extraordinary, Category::Extraordinary),
    (DemandCategory::PhaseOut, Category::PhaseOut),
];

fn category(wire: DemandCategory) -> Option<Category> {
    CATEGORIES.iter().find(|(one, _)| *one == wire).map(|(_, category)| *category)
}

pub(crate) fn wire_category(category: Category) -> DemandCategory {
    CATEGORIES.iter().find(|(_, one)| *one == category).map_or(DemandCategory::Default, |(wire, _)| *wire)
}

/// Notes a key that stands twice; whether it was new.
pub(crate) fn once<K: Ord, V>(
    wrong: &mut Wrong,
    map: &mut BTreeMap<K, V>,
    path: &str,
    key: K,
    value: V,
) -> bool {
    let fresh = map.insert(key, value).is_none();
    if !fresh {
        wrong.note(path, "REPEATED", "stands twice; join the entries");
    }
    fresh
}
