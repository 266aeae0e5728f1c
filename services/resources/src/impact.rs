//! What a new revision changes: open lines that are made by another one, and sums of them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::binding::Effectivity;

/// An open line that is not pinned to the revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub order_id: Uuid,
    pub supplier: Uuid,
    pub unit_code: String,
    pub unit_text: String,
    pub open: Decimal,
    /// `None`: the supplier said nothing.
    pub in_process: Option<Decimal>,
    pub first_requested: Option<Date>,
}

/// Sums of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    pub unit_text: String,
    pub open: Decimal,
    /// Of lines where it is known; `None`: of none.
    pub in_process: Option<Decimal>,
    pub reached: Decimal,
}

/// What all lines come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    pub lines: usize,
    pub reached: usize,
    pub orders: usize,
    pub suppliers: usize,
    /// By unit code: different units are never added up.
    pub quantities: BTreeMap<String, Quantity>,
}

/// Adds lines up.
pub fn impact<'a>(lines: impl IntoIterator<Item = &'a Line>, effectivity: Effectivity) -> Impact {
    let mut impact = Impact::default();
    let (mut orders, mut suppliers) = (BTreeSet::new(), BTreeSet::new());
    for line in lines {
        let reached = effectivity.reaches(line.first_requested);
        impact.lines += 1;
        impact.reached += usize::from(reached);
        orders.insert(line.order_id);
        suppliers.insert(line.supplier);
        let sum = impact.quantities.entry(line.unit_code.clone()).or_default();
        if sum.unit_text.is_empty() {
            sum.unit_text.clone_from(&line.unit_text);
        }
        sum.open += line.open;
        if reached {
            sum.reached += line.open;
        }
        if let Some(in_process) = line.in_process {
            *sum.in_process.get_or_insert_default() += in_process;
        }
    }
    Impact { orders: orders.len(), suppliers: suppliers.len(), ..impact }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn line(
        order: u128,
        supplier: u128,
        unit: &str,
        open: &str,
        in_process: Option<&str>,
        day: Date,
    ) -> Line {
        let decimal = |text: &str| text.parse::<Decimal>().expect("a decimal");
        Line {
            order_id: Uuid::from_u128(order),
            supplier: Uuid::from_u128(supplier),
            unit_code: unit.into(),
            unit_text: if unit == "MTR" { "米".into() } else { String::new() },
            open: decimal(open),
            in_process: in_process.map(decimal),
            first_requested: Some(day),
        }
    }

    #[test]
    fn quantities_are_added_up_by_unit_and_unknown_is_not_zero() {
        let (early, late) = (date!(2026 - 11 - 19), date!(2026 - 12 - 04));
        let lines = [
            line(36, 2, "H87", "2000", None, late),
            line(37, 2, "H87", "700", None, early),
            line(37, 2, "MTR", "1800.5", Some("0.1"), early),
            line(40, 3, "MTR", "0.25", None, late),
            line(41, 3, "MTR", "0.25", Some("0.2"), late),
        ];
        let sum = |unit_text: &str, open: &str, in_process: Option<&str>, reached: &str| Quantity {
            unit_text: unit_text.into(),
            open: open.parse().expect("a decimal"),
            in_process: in_process.map(|text| text.parse().expect("a decimal")),
            reached: reached.parse().expect("a decimal"),
        };
        for (effectivity, reached, pieces, metres) in [
            (Effectivity::AtOnce, 5, "2700", "1801.0"),
            (Effectivity::FromDate(late), 3, "2000", "0.50"),
            (Effectivity::NewOrders, 0, "0", "0"),
        ] {
            let expected = Impact {
                lines: 5,
                reached,
                orders: 4,
                suppliers: 2,
                quantities: [
                    ("H87".to_owned(), sum("", "2700", None, pieces)),
                    ("MTR".to_owned(), sum("米", "1801.00", Some("0.3"), metres)),
                ]
                .into(),
            };
            assert_eq!(impact(&lines, effectivity), expected, "{effectivity:?}");
        }
        assert_eq!(impact([], Effectivity::AtOnce), Impact::default());
    }
}
