//! The answer form as it was typed.

use proto::orders::Price;
use rust_decimal::Decimal;
use time::Date;

use crate::{
    form::Fields,
    typed::{date, iso},
};

/// The most schedule lines in one form.
const LARGEST: usize = 1_000;

/// One schedule line of the form, as typed.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The schedule line.
    pub id: String,
    /// The line's number, to name it to people.
    pub number: String,
    /// What was asked when the form was made.
    pub was: Asked,
    pub quantity: String,
    pub date: String,
    pub rest: Rest,
    /// The number of a [`RejectReason`].
    pub reason: i32,
    pub second_quantity: String,
    pub second_date: String,
    pub third_quantity: String,
    pub third_date: String,
    pub note: String,
    /// Another price than the order's; empty for the same.
    pub price: String,
    /// What the order's price is for.
    pub per: Per,
    /// Another item than the ordered one; empty for the same.
    pub substitute: String,
    /// The supplier's number of that item.
    pub substitute_id: String,
}

/// What a price is for, as the order states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Per {
    pub base: Option<Decimal>,
    pub unit_code: String,
    pub price_type: String,
}

impl Per {
    /// Of an order's price.
    pub fn of(price: Option<&Price>) -> Self {
        price.map_or_else(Self::default, |price| Self {
            base: chassis::value::decimal(price.base_quantity.as_ref()).ok().flatten(),
            unit_code: price.base_unit_code.clone(),
            price_type: price.price_type.clone(),
        })
    }

    /// For a hidden field.
    pub fn to_field(&self) -> String {
        let base = self.base.map_or_else(String::new, |base| base.to_string());
        format!("{base}|{}|{}", self.unit_code, self.price_type)
    }

    pub(super) fn from_field(text: &str) -> Self {
        let mut parts = text.splitn(3, '|');
        let mut next = || parts.next().unwrap_or_default();
        Self {
            base: chassis::value::parse_decimal(next()).ok(),
            unit_code: next().to_string(),
            price_type: next().to_string(),
        }
    }

    /// An amount for as many units.
    pub(super) fn price(&self, amount: Decimal) -> Price {
        Price {
            amount: Some(chassis::value::wire_decimal(amount)),
            base_quantity: self.base.map(chassis::value::wire_decimal),
            base_unit_code: self.unit_code.clone(),
            price_type: self.price_type.clone(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub unanswered: Decimal,
    pub from: Option<Date>,
    pub until: Option<Date>,
}

impl Asked {
    /// For a hidden field.
    pub fn to_field(&self) -> String {
        format!("{}|{}|{}", self.unanswered, iso(self.from), iso(self.until))
    }

    /// As a date field takes it; empty for none.
    pub fn first_day(&self) -> String {
        iso(self.from)
    }

    /// As a date field takes it; empty for none.
    pub fn last_day(&self) -> String {
        iso(self.until)
    }

    pub(super) fn from_field(text: &str) -> Self {
        let mut parts = text.split('|');
        let mut next = || parts.next().unwrap_or_default();
        Self {
            unanswered: chassis::value::parse_decimal(next()).unwrap_or_default(),
            from: date(next()).ok().flatten(),
            until: date(next()).ok().flatten(),
        }
    }

    /// Whether a day is as asked.
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_some_and(|from| from <= day) && self.until.is_some_and(|until| day <= until)
    }
}

/// What becomes of what is not supplied at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    #[default]
    Unsaid,
    /// On another day.
    Later,
    Reject,
    Leave,
    /// Not at all, and the buyer takes what comes for the whole.
    Short,
}

impl Rest {
    /// As the form posts it.
    pub fn as_str(self) -> &'static str {
        match self {
            Rest::Unsaid => "",
            Rest::Later => "later",
            Rest::Reject => "reject",
            Rest::Leave => "leave",
            Rest::Short => "short",
        }
    }

    fn parse(text: &str) -> Self {
        [Rest::Later, Rest::Reject, Rest::Leave, Rest::Short]
            .into_iter()
            .find(|r| r.as_str() == text)
            .unwrap_or_default()
    }
}

/// A field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Quantity,
    Date,
    Rest,
    Reason,
    SecondQuantity,
    SecondDate,
    ThirdQuantity,
    ThirdDate,
    Note,
    Price,
    Substitute,
}

impl Place {
    /// The field's name in the form, before its number.
    pub fn name(self) -> &'static str {
        match self {
            Place::Quantity => "q",
            Place::Date => "d",
            Place::Rest => "rest",
            Place::Reason => "why",
            Place::SecondQuantity => "q2",
            Place::SecondDate => "d2",
            Place::ThirdQuantity => "q3",
            Place::ThirdDate => "d3",
            Place::Note => "note",
            Place::Price => "price",
            Place::Substitute => "item",
        }
    }
}

/// The entries of a posted form.
pub fn read(fields: &Fields) -> Vec<Entry> {
    let mut entries = Vec::new();
    while entries.len() < LARGEST {
        let at = entries.len();
        let field = |name: &str| fields.get(&format!("{name}-{at}")).to_string();
        let id = field("line");
        if id.is_empty() {
            break;
        }
        let place = |place: Place| field(place.name());
        entries.push(Entry {
            id,
            number: field("no"),
            was: Asked::from_field(&field("was")),
            quantity: place(Place::Quantity),
            date: place(Place::Date),
            rest: Rest::parse(&place(Place::Rest)),
            reason: place(Place::Reason).parse().unwrap_or_default(),
            second_quantity: place(Place::SecondQuantity),
            second_date: place(Place::SecondDate),
            third_quantity: place(Place::ThirdQuantity),
            third_date: place(Place::ThirdDate),
            note: place(Place::Note),
            price: place(Place::Price),
            per: Per::from_field(&field("per")),
            substitute: place(Place::Substitute),
            substitute_id: field("itemid"),
        });
    }
    entries
}
