//! What a customer wants of one material, and what may happen to it. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::Date;

use crate::{unit::Unit, week::Category};

/// The longest number or location, in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// The longest description, in bytes.
pub const MAX_TEXT_BYTES: usize = 2_000;
/// The most series of a demand, and the most weeks of a series.
pub const MAX_SERIES: usize = 500;
/// Twenty years.
pub const MAX_WEEKS: usize = 1_044;

/// The largest quantity of CX-0128: 999,999,999,999,999,999.999.
pub fn max_quantity() -> Decimal {
    Decimal::from_i128_with_scale(999_999_999_999_999_999_999, 3)
}

/// Quantities by the Monday of their week; a week that is not there is unknown.
pub type Weeks = BTreeMap<Date, Decimal>;

/// Which series of a demand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesKey {
    pub customer_location: String,
    pub category: Category,
    /// Empty where the customer expects none.
    pub expected_supplier_location: String,
}

/// A demand as its customer states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub material_number_customer: String,
    pub material_number_supplier: String,
    pub description: String,
    /// A UUID as it was written, empty where there is none.
    pub global_asset_id: String,
    /// `None`: omitted.
    pub unit: Option<Unit>,
    pub inactive: bool,
    pub series: BTreeMap<SeriesKey, Weeks>,
}

/// A change of some weeks.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Delta {
    /// `None` makes a week unknown.
    pub weeks: BTreeMap<SeriesKey, BTreeMap<Date, Option<Decimal>>>,
    pub inactive: Option<bool>,
}

// `SeriesKey` is only ever built from checked requests, so that applying a delta cannot fail.
impl Delta {
    /// The demand with the delta's weeks, and everything else as it was.
    pub fn apply(self, mut demand: Demand) -> Demand {
        for (key, changes) in self.weeks {
            let weeks = demand.series.entry(key).or_default();
            for (monday, quantity) in changes {
                match quantity {
                    Some(quantity) => weeks.insert(monday, quantity),
                    None => weeks.remove(&monday),
                };
            }
        }
        demand.inactive = self.inactive.unwrap_or(demand.inactive);
        demand
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn key(location: &str) -> SeriesKey {
        SeriesKey {
            customer_location: location.into(),
            category: Category::Default,
            expected_supplier_location: String::new(),
        }
    }

    #[test]
    fn a_delta_leaves_alone_what_it_does_not_name() {
        let (w52, w53) = (date!(2026 - 12 - 21), date!(2026 - 12 - 28));
        let demand = Demand {
            material_number_customer: "X".into(),
            material_number_supplier: String::new(),
            description: String::new(),
            global_asset_id: String::new(),
            unit: None,
            inactive: false,
            series: [(key("A"), Weeks::from([(w52, 1.into()), (w53, 2.into())]))].into(),
        };
        let delta = Delta {
            weeks: [
                (key("A"), [(w52, None), (w53, Some(0.into()))].into()),
                (key("B"), [(w52, Some(5.into()))].into()),
            ]
            .into(),
            inactive: Some(true),
        };
        let changed = delta.apply(demand);
        assert_eq!(changed.series[&key("A")], Weeks::from([(w53, 0.into())]), "0 is a quantity, none is not");
        assert_eq!(changed.series[&key("B")], Weeks::from([(w52, 5.into())]));
        assert!(changed.inactive);
    }
}
