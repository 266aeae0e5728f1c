//! What a supplier can make with a group of machines, and what it is linked with. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{unit::Unit, week::Category};

/// The most series or groups that a group links.
pub const MAX_LINKS: usize = 2_000;
/// The most locations of a group.
pub const MAX_LOCATIONS: usize = 100;
/// The most thresholds.
pub const MAX_THRESHOLDS: usize = 100;

/// What is stated of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    pub actual: Decimal,
    /// At least `actual`.
    pub maximum: Decimal,
    /// For information: no obligation to deliver.
    pub agreed: Option<Decimal>,
    /// Added to the week's demand.
    pub delta: Option<Decimal>,
}

/// Which series of which customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkKey {
    pub customer: Uuid,
    pub material_number_customer: String,
    pub customer_location: String,
    pub category: Category,
}

/// What else is said of a linked series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub material_number_supplier: String,
    /// `None`: 1.
    pub load_factor: Option<Decimal>,
}

/// Bounds of a part of the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub sequence: u16,
    /// In weeks.
    pub length: u16,
    pub relative_positive: Option<Decimal>,
    pub relative_negative: Option<Decimal>,
    pub absolute_positive: Option<Decimal>,
    pub absolute_negative: Option<Decimal>,
}

/// When a change of demand is worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volatility {
    pub start_at: OffsetDateTime,
    /// In weeks.
    pub interval: u16,
    pub thresholds: Vec<Threshold>,
}

/// A group as its supplier states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// `None`: omitted.
    pub unit: Option<Unit>,
    pub inactive: bool,
    pub locations: BTreeSet<String>,
    pub linked_demand: BTreeMap<LinkKey, Link>,
    pub linked_groups: BTreeSet<Uuid>,
    pub weeks: BTreeMap<Date, Stated>,
    pub volatility: Option<Volatility>,
}

/// What of a group's links does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLinks {
    /// A group with a customer links demand series or other groups: both or neither are linked.
    Kinds,
    /// Some series have a load factor and some have none.
    LoadFactors,
    /// A group with a customer links a series of another one.
    OtherCustomer,
}

impl Group {
    /// What the schemas of CX-0128 cannot say of links.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_links(&self, customer: Option<Uuid>) -> Result<(), BadLinks> {
        let kinds = (!self.linked_demand.is_empty(), !self.linked_groups.is_empty());
        if kinds == (true, true) || (customer.is_some() && kinds == (false, false)) {
            return Err(BadLinks::Kinds);
        }
        let weighed = self.linked_demand.values().filter(|link| link.load_factor.is_some()).count();
        if weighed != 0 && weighed != self.linked_demand.len() {
            return Err(BadLinks::LoadFactors);
        }
        let foreign = |key: &LinkKey| customer.is_some_and(|customer| customer != key.customer);
        if self.linked_demand.keys().any(foreign) { Err(BadLinks::OtherCustomer) } else { Ok(()) }
    }
}

/// A change of some weeks.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Delta {
    /// `None` makes a week unknown.
    pub weeks: BTreeMap<Date, Option<Stated>>,
    pub inactive: Option<bool>,
}

impl Delta {
    /// The group with the delta's weeks, and everything else as it was.
    pub fn apply(self, mut group: Group) -> Group {
        for (monday, stated) in self.weeks {
            match stated {
                Some(stated) => group.weeks.insert(monday, stated),
                None => group.weeks.remove(&monday),
            };
        }
        group.inactive = self.inactive.unwrap_or(group.inactive);
        group
    }
}

/// Whether linking `parent` with these children closes a circle, given who is linked with whom already.
pub fn closes_circle(
    parent: Uuid,
    children: &BTreeSet<Uuid>,
    links: &BTreeMap<Uuid, BTreeSet<Uuid>>,
) -> bool {
    let mut reached = BTreeSet::new();
    let mut next: Vec<Uuid> = children.iter().copied().collect();
    while let Some(group) = next.pop() {
        if group == parent {
            return true;
        }
        // The parent's own links are being replaced, and are not followed.
        if reached.insert(group) {
            next.extend(links.get(&group).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn group(series: &[(u128, Option<i64>)], groups: &[u128]) -> Group {
        let link = |(index, (customer, factor)): (usize, &(u128, Option<i64>))| {
            let key = LinkKey {
                customer: id(*customer),
                material_number_customer: index.to_string(),
                customer_location: "L".into(),
                category: Category::Default,
            };
            (key, Link { material_number_supplier: String::new(), load_factor: factor.map(Decimal::from) })
        };
        Group {
            name: "G".into(),
            unit: None,
            inactive: false,
            locations: BTreeSet::new(),
            linked_demand: series.iter().enumerate().map(link).collect(),
            linked_groups: groups.iter().map(|group| id(*group)).collect(),
            weeks: BTreeMap::new(),
            volatility: None,
        }
    }

    #[test]
    fn links_are_of_one_kind_one_customer_and_weighed_alike() {
        let (exchanged, own) = (Some(id(1)), None);
        type Case<'a> = (Option<Uuid>, &'a [(u128, Option<i64>)], &'a [u128], Result<(), BadLinks>);
        let cases: &[Case<'_>] = &[
            (exchanged, &[(1, None)], &[], Ok(())),
            (exchanged, &[], &[9], Ok(())),
            (exchanged, &[], &[], Err(BadLinks::Kinds)),
            (exchanged, &[(1, None)], &[9], Err(BadLinks::Kinds)),
            (exchanged, &[(1, Some(2)), (1, Some(1))], &[], Ok(())),
            (exchanged, &[(1, Some(2)), (1, None)], &[], Err(BadLinks::LoadFactors)),
            (exchanged, &[(2, None)], &[], Err(BadLinks::OtherCustomer)),
            (own, &[], &[], Ok(())),
            (own, &[(1, None), (2, None)], &[], Ok(())),
            (own, &[(1, None)], &[9], Err(BadLinks::Kinds)),
            (own, &[(1, Some(2)), (2, None)], &[], Err(BadLinks::LoadFactors)),
        ];
        for (customer, series, groups, expected) in cases {
            assert_eq!(group(series, groups).check_links(*customer), *expected, "{series:?} {groups:?}");
        }
    }

    #[test]
    fn circles_are_found_however_long() {
        let links: BTreeMap<Uuid, BTreeSet<Uuid>> =
            [(id(2), [id(3)].into()), (id(3), [id(4), id(5)].into()), (id(5), [id(6)].into())].into();
        let closes = |parent, children: &[u128]| {
            closes_circle(id(parent), &children.iter().map(|child| id(*child)).collect(), &links)
        };
        assert!(closes(1, &[1]), "itself");
        assert!(closes(6, &[2]) && closes(4, &[3]) && closes(3, &[2]));
        assert!(!closes(1, &[2, 3]), "two ways to one group are no circle");
        assert!(!closes(2, &[6]), "what is replaced does not count");
    }
}
