//! What all payloads write alike.

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::week;

/// A number with all its digits.
pub(super) fn number(decimal: Decimal) -> Box<RawValue> {
    // A decimal prints as digits, a sign and a point, which is a number of JSON.
    RawValue::from_string(decimal.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// A moment in UTC.
pub(super) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Category {
    demand_category_code: &'static str,
}

impl Category {
    pub(super) fn of(category: week::Category) -> Self {
        Category { demand_category_code: category.code() }
    }
}
