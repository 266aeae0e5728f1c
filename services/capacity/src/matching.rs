//! Demand against capacity, week by week: a pure function of what was stated.
//!
//! TotalDemand(week) = Σ (demand × load factor) + production delta, the factor first and the delta last (CX-0128, 5.7).
//! What the standard leaves open, decided here:
//! * accepted orders consume the forecast of their item and week: the larger of both counts, never their sum;
//! * a production delta is added where a demand is known, and makes none where there is none;
//! * a nested group sums the demand of every group below it once, whatever ways lead there, with that group's factors
//!   and delta, and never its capacity; an inactive group is as if absent, and so is what is reached through it alone;
//! * hours that others lend add to what a group can make in their week, planned and at most; a group that sums it does not
//!   have them, since a nested group sums demand and never capacity;
//! * hours that the firm lends others of a group 借出 are demanded of it: from when a reservation of what it offers is
//!   confirmed until it is given back. A group that sums it has them too. Of the load of an order line that consumed some,
//!   and of these, the larger is demanded; and customers, who may not learn of each other, see what they want without it;
//! * what an order line makes in hours that it reserved stands in what the group offers, and is no booked load beside it:
//!   of a line's load and of what it consumed in that week of what the group or those below it offer, and makes there, the
//!   larger counts, never their sum. A line that is made in another week, or for a group that offered nothing of it, takes
//!   those hours beside: they were not what it reserved;
//! * what groups below offer is offered of the groups that sum them too, as demand is: each group below once, in the figures
//!   of the one that sums, and inactive ones as if absent. So of every group booked + offered + offered below counts each
//!   hour once, whether or not the order is accepted yet, and stays within the maximum, where one is stated, whichever way
//!   hours are promised: `commands/offer.rs` and `capacity.promise` look at all of these groups under the rows of their
//!   weeks. What may take more is told there (`overcommitted`): an order that is accepted despite offers or that nobody is
//!   asked about, a maximum that is lowered, a group that is summed anew. Of such a group's own offers no more is sold than
//!   it has left; those of groups below it go on being sold.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use crate::{demand::Weeks, group::Stated, load::Units};

/// A linked series: what its customer forecasts, and what accepted orders take of it, in the demand's unit.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub units: Units,
    /// What orders count in here; empty where none came and no unit is stated.
    pub unit_code: String,
    /// `None`: 1.
    pub load_factor: Option<Decimal>,
    pub forecast: Weeks,
    pub booked: Weeks,
    /// The part of `booked` of lines that consumed reservations.
    pub reserved: BTreeMap<Date, Lines>,
    /// Promises of another measure, which are in no figure.
    pub uncounted: BTreeMap<Date, Uncounted>,
}

/// How many schedule lines take a material in a unit that does not convert, by customer, material, location and unit: what
/// several groups link is the same lines.
pub type Uncounted = BTreeMap<(Uuid, String, String, String), i32>;

/// A line of an order: its order, and its number there.
pub type OrderLine = (Uuid, String);

/// Quantities of order lines.
pub type Lines = BTreeMap<OrderLine, Decimal>;

/// A group as matching sees it.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub inactive: bool,
    pub series: Vec<Series>,
    /// Those that are not there yet count once they are.
    pub children: BTreeSet<Uuid>,
    pub weeks: BTreeMap<Date, Stated>,
    /// What is lent of what the group itself offers, in its unit.
    pub lent: Weeks,
    /// The part of it that order lines consumed.
    pub consumed: BTreeMap<Date, Lines>,
    /// What the group itself offers, in its unit.
    pub offered: Weeks,
}

/// What was found of one week, in the group's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// With what is lent.
    pub demand: Decimal,
    /// Without it; `None`: unknown.
    pub wanted: Option<Decimal>,
    /// Load of accepted orders, part of the demand, beyond what they reserved of the group and of those below it.
    pub booked: Decimal,
}

/// How a week comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    ZeroDeviation,
    Surplus,
    /// More is wanted than is planned, and it can be reached: orange.
    WithinMaximum,
    /// More is wanted than can be reached: red.
    BeyondMaximum,
    /// One of demand and capacity is unknown, which is not 0.
    Unmatched,
}

impl Outcome {
    /// 0: no bottleneck, 1: orange, 2: red.
    pub fn shortfall(self) -> i16 {
        match self {
            Outcome::WithinMaximum => 1,
            Outcome::BeyondMaximum => 2,
            _ => 0,
        }
    }
}

/// Compares a week's demand with its actual and maximum capacity.
pub fn outcome(demand: Option<Decimal>, capacity: Option<(Decimal, Decimal)>) -> Outcome {
    let (Some(demand), Some((actual, maximum))) = (demand, capacity) else { return Outcome::Unmatched };
    match () {
        () if demand > maximum => Outcome::BeyondMaximum,
        () if demand > actual => Outcome::WithinMaximum,
        () if demand == actual => Outcome::ZeroDeviation,
        () => Outcome::Surplus,
    }
}

/// Actual and maximum capacity with what others lend of the week 借入. Hours beside an unknown capacity make none known.
pub fn strengthened(stated: Option<(Decimal, Decimal)>, borrowed: Decimal) -> Option<(Decimal, Decimal)> {
    stated.map(|(actual, maximum)| (plus(actual, borrowed), plus(maximum, borrowed)))
}

/// What each week of a group finds: every week in which something is demanded or lent, of it and of the groups below it.
/// Sums beyond what a decimal holds stay at the largest.
pub fn found(group: Uuid, groups: &BTreeMap<Uuid, Node>) -> BTreeMap<Date, Found> {
    let mut sum: BTreeMap<Date, Own> = BTreeMap::new();
    let below: Vec<(Uuid, &Node)> =
        reached(group, groups).into_iter().filter_map(|id| Some((id, groups.get(&id)?))).collect();
    for (_, node) in &below {
        add(&mut sum, own(node));
    }
    let twice = twice(&below, groups);
    let known = sum.into_iter().filter(|(_, week)| week.known || !week.lent.is_zero());
    let all = |lines: Option<&Lines>| {
        lines.into_iter().flat_map(BTreeMap::values).copied().fold(Decimal::ZERO, plus)
    };
    known
        .map(|(monday, week)| {
            let wanted = week.known.then(|| plus(week.demand, week.delta));
            let twice = all(twice.get(&monday));
            let booked = (week.booked - twice).max(Decimal::ZERO);
            let rest = wanted.unwrap_or_default() - twice;
            (monday, Found { demand: plus(rest, week.lent), wanted, booked })
        })
        .collect()
}

/// What groups below a group offer, by week: each once.
pub fn offered_below(group: Uuid, groups: &BTreeMap<Uuid, Node>) -> Weeks {
    let mut sum = Weeks::new();
    let below = reached(group, groups).into_iter().filter(|id| *id != group);
    for (monday, hours) in below.filter_map(|id| groups.get(&id)).flat_map(|node| &node.offered) {
        let week = sum.entry(*monday).or_default();
        *week = plus(*week, *hours);
    }
    sum
}

/// Schedule lines with a promise for a week that counts in no figure of the group or of those below it, by week.
pub fn uncounted(group: Uuid, groups: &BTreeMap<Uuid, Node>) -> BTreeMap<Date, i32> {
    let mut all: BTreeMap<Date, BTreeMap<_, i32>> = BTreeMap::new();
    let below = reached(group, groups).into_iter().filter_map(|id| groups.get(&id));
    for (monday, lines) in below.flat_map(|node| &node.series).flat_map(|series| &series.uncounted) {
        all.entry(*monday).or_default().extend(lines.iter().map(|(key, lines)| (key, *lines)));
    }
    let sum = |lines: BTreeMap<_, i32>| lines.into_values().fold(0, i32::saturating_add);
    all.into_iter().map(|(monday, lines)| (monday, sum(lines))).collect()
}

/// How much of the load of order lines lies in hours that they reserved of this group.
fn reserved(node: &Node, group: Uuid, groups: &BTreeMap<Uuid, Node>) -> BTreeMap<Date, Lines> {
    if node.consumed.is_empty() {
        return BTreeMap::new();
    }
    let below: Vec<&Node> = reached(group, groups).iter().filter_map(|below| groups.get(below)).collect();
    let week = |(monday, lines): (&Date, &Lines)| {
        let each = lines.iter().map(|(line, hours)| (line.clone(), load(&below, monday, line).min(*hours)));
        (*monday, each.collect())
    };
    node.consumed.iter().map(week).collect()
}

/// How much of the load of order lines is lent too, by these groups: of each line no more than it takes of them all.
fn twice(below: &[(Uuid, &Node)], groups: &BTreeMap<Uuid, Node>) -> BTreeMap<Date, Lines> {
    let mut twice: BTreeMap<Date, Lines> = BTreeMap::new();
    for (id, node) in below {
        for (monday, lines) in reserved(node, *id, groups) {
            let week = twice.entry(monday).or_default();
            for (line, hours) in lines {
                let sum = week.entry(line).or_default();
                *sum = plus(*sum, hours);
            }
        }
    }
    let below: Vec<&Node> = below.iter().map(|(_, node)| *node).collect();
    for (monday, lines) in &mut twice {
        for (line, hours) in lines {
            *hours = load(&below, monday, line).min(*hours);
        }
    }
    twice
}

/// What a line that consumed something takes of groups in a week.
fn load(groups: &[&Node], monday: &Date, line: &OrderLine) -> Decimal {
    let series = groups.iter().flat_map(|node| &node.series).filter_map(|series| {
        let quantity = *series.reserved.get(monday)?.get(line)?;
        Some(times(quantity, series.load_factor.unwrap_or(Decimal::ONE)))
    });
    series.fold(Decimal::ZERO, plus)
}

/// The group and every active one below it, each once.
pub(crate) fn reached(group: Uuid, groups: &BTreeMap<Uuid, Node>) -> BTreeSet<Uuid> {
    let mut reached = BTreeSet::new();
    let mut next = vec![group];
    while let Some(group) = next.pop() {
        let Some(node) = groups.get(&group).filter(|node| !node.inactive) else { continue };
        if reached.insert(group) {
            next.extend(&node.children);
        }
    }
    reached
}

/// What a group's own series demand, with its delta where something is demanded of it or of the groups below it: the
/// weeks that have no demand of their own carry the delta alone.
fn own(node: &Node) -> BTreeMap<Date, Own> {
    let mut weeks: BTreeMap<Date, Own> = BTreeMap::new();
    for series in &node.series {
        let factor = series.load_factor.unwrap_or(Decimal::ONE);
        let known: BTreeSet<&Date> = series.forecast.keys().chain(series.booked.keys()).collect();
        for monday in known {
            let forecast = series.forecast.get(monday).copied();
            let booked = series.booked.get(monday).copied().unwrap_or_default();
            if forecast.is_none() && booked.is_zero() {
                continue;
            }
            let week = weeks.entry(*monday).or_default();
            week.known = true;
            week.demand = plus(week.demand, times(forecast.unwrap_or_default().max(booked), factor));
            week.booked = plus(week.booked, times(booked, factor));
        }
    }
    for (monday, stated) in &node.weeks {
        if let Some(delta) = stated.delta {
            let week = weeks.entry(*monday).or_default();
            week.delta = plus(week.delta, delta);
        }
    }
    for (monday, lent) in &node.lent {
        weeks.entry(*monday).or_default().lent = *lent;
    }
    weeks
}

/// One week while it is summed.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    known: bool,
    demand: Decimal,
    booked: Decimal,
    delta: Decimal,
    lent: Decimal,
}

fn add(sum: &mut BTreeMap<Date, Own>, weeks: BTreeMap<Date, Own>) {
    for (monday, own) in weeks {
        let week = sum.entry(monday).or_default();
        week.known |= own.known;
        week.demand = plus(week.demand, own.demand);
        week.booked = plus(week.booked, own.booked);
        week.delta = plus(week.delta, own.delta);
        week.lent = plus(week.lent, own.lent);
    }
}

/// A product beyond what a decimal holds stays at the largest.
pub(crate) fn times(a: Decimal, b: Decimal) -> Decimal {
    a.checked_mul(b).unwrap_or(Decimal::MAX)
}

/// As [`times`].
pub(crate) fn plus(a: Decimal, b: Decimal) -> Decimal {
    a.checked_add(b).unwrap_or(Decimal::MAX)
}

/// What happened to the bottleneck of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Raised,
    Changed,
    Cleared,
}

/// A bottleneck that turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned<W> {
    pub turn: Turn,
    pub before: Outcome,
    pub after: Outcome,
    pub week: W,
}

/// A week of a group as it stands, to be compared with how it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub demand: Option<Decimal>,
    pub capacity: Option<(Decimal, Decimal)>,
}

/// What the change from one standing to another means; nothing while the state stands.
pub fn turned<W>(before: Standing, after: Standing, week: W) -> Option<Turned<W>> {
    let outcomes = (outcome(before.demand, before.capacity), outcome(after.demand, after.capacity));
    let turn = match (outcomes.0.shortfall(), outcomes.1.shortfall()) {
        (0, 0) => None,
        (0, _) => Some(Turn::Raised),
        (_, 0) => Some(Turn::Cleared),
        _ if before != after => Some(Turn::Changed),
        _ => None,
    };
    Some(Turned { turn: turn?, before: outcomes.0, after: outcomes.1, week })
}

#[cfg(test)]
mod tests;
