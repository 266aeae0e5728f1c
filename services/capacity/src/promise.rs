//! Capable to promise: the earliest weeks in which a quantity has room beside all that is promised already. Pure.
//!
//! A machine hour is promised once: of each group and week, load of accepted orders + offered + what is promised now stays
//! within the maximum. What is decided here beside that rule:
//! * every group counts that links the series or sums one that does, as matching sums it: each group below once, with that
//!   group's factor, and inactive ones as if absent;
//! * unknown is not 0: a week of which one group's capacity is unknown is promised nothing of, and is not said to be full;
//!   only a group that sums others and states no capacity at all bounds nothing, since it is there to sum;
//! * as much as can be is promised, the fewest units late, and each as early as can be. Weeks do not depend on each other,
//!   so that filling one after the other is the best of all splits;
//! * a forecast is no promise and leaves room; what it would collide with shows as weeks that turn.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    group::Stated,
    matching::{Node, Outcome, found, outcome, plus, reached, times},
    week::monday_of,
};

/// How many weeks are looked at, at most: two years, and the present week.
pub const HORIZON_WEEKS: i64 = 105;

/// Groups as they stand, and which of their series is asked about.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    /// Those that make the material, those that sum these, and all that is below.
    pub groups: BTreeMap<Uuid, Node>,
    /// The asked series, by its place in [`Node::series`], of every group that links it.
    pub asked: BTreeMap<Uuid, usize>,
    /// What of a group's week is promised already, booked and offered, in the group's unit; absent: nothing.
    pub taken: BTreeMap<(Uuid, Date), Decimal>,
}

/// How much is asked for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Above 0, in the demand's unit.
    pub quantity: Decimal,
    /// The Monday before whose week nothing may come.
    pub from: Date,
    /// The Monday of the last week that is on time; before `from` where everything is late.
    pub until: Date,
}

impl Question {
    /// Days become weeks, and none that is past is promised.
    pub fn new(quantity: Decimal, earliest: Date, requested: Date, this_week: Date) -> Self {
        Self { quantity, from: monday_of(earliest).max(this_week), until: monday_of(requested) }
    }

    /// The week in which all of it would come if it were accepted as it is asked for.
    pub fn as_requested(&self) -> Date {
        self.until.max(self.from)
    }
}

/// A week that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    pub monday: Date,
    /// What can be promised of it.
    pub quantity: Decimal,
    /// What it has room for; `None`: unknown.
    pub room: Option<Decimal>,
    /// The group that leaves the least room, or whose capacity is unknown.
    pub tightest: Option<Uuid>,
}

/// What can be promised. Quantities in the demand's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// One after the other, up to that in which the last of it comes.
    pub weeks: Vec<Week>,
    pub late: Decimal,
    /// What no week has room for.
    pub unpromised: Decimal,
}

/// How a promise comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    OnTime,
    Late,
    Partial,
    /// Nothing, and some week is known to be full.
    Nothing,
    /// Nothing, and no week's room is known.
    Unknown,
}

impl Promise {
    /// What can be promised, by the Monday of its week; weeks without any left out.
    pub fn split(&self) -> BTreeMap<Date, Decimal> {
        let some = self.weeks.iter().filter(|week| !week.quantity.is_zero());
        some.map(|week| (week.monday, week.quantity)).collect()
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let promised = self.weeks.iter().any(|week| !week.quantity.is_zero());
        match (promised, self.unpromised.is_zero()) {
            (true, true) if self.late.is_zero() => Verdict::OnTime,
            (true, true) => Verdict::Late,
            (true, false) => Verdict::Partial,
            (false, _) if self.weeks.iter().any(|week| week.room.is_some()) => Verdict::Nothing,
            (false, _) => Verdict::Unknown,
        }
    }
}

/// A group that bounds what can be promised.
struct Bound<'a> {
    group: Uuid,
    /// Capacity that a unit of the demand takes; above 0.
    load: Decimal,
    weeks: &'a BTreeMap<Date, Stated>,
}

/// The earliest split of what is asked for, over at most [`HORIZON_WEEKS`]. Exact as far as products have at most 28
/// digits, as matching is.
pub fn promise(shop: &Shop, question: &Question) -> Promise {
    let bounds = bounds(shop);
    let stated = bounds.iter().filter_map(|bound| bound.weeks.keys().next_back());
    let known = stated.copied().max().unwrap_or(question.until);
    let horizon = question.from + Duration::weeks(HORIZON_WEEKS - 1);
    let last = known.max(question.as_requested()).min(horizon);
    let mut promise = Promise { weeks: Vec::new(), late: Decimal::ZERO, unpromised: question.quantity };
    let mut monday = question.from;
    while monday <= last && !promise.unpromised.is_zero() {
        let (room, tightest) = room(shop, &bounds, monday, question.quantity);
        let quantity = room.unwrap_or_default().min(promise.unpromised);
        promise.unpromised -= quantity;
        if monday > question.until {
            promise.late += quantity;
        }
        promise.weeks.push(Week { monday, quantity, room, tightest });
        monday += Duration::WEEK;
    }
    promise
}

fn bounds(shop: &Shop) -> Vec<Bound<'_>> {
    let mut bounds = Vec::new();
    for (group, node) in &shop.groups {
        let load = load(shop, *group);
        let sums_only = node.weeks.is_empty() && !shop.asked.contains_key(group);
        if load > Decimal::ZERO && !sums_only {
            bounds.push(Bound { group: *group, load, weeks: &node.weeks });
        }
    }
    bounds
}

/// Capacity of a group that a unit of the asked series takes; 0 where it takes none, or the group is inactive.
fn load(shop: &Shop, group: Uuid) -> Decimal {
    let factor = |below: &Uuid| {
        let series = shop.groups.get(below)?.series.get(*shop.asked.get(below)?)?;
        Some(series.load_factor.unwrap_or(Decimal::ONE))
    };
    reached(group, &shop.groups).iter().filter_map(factor).fold(Decimal::ZERO, plus)
}

/// What a week has room for, and the group that decides it: one that is full is, whatever the others have; otherwise one
/// that is unknown makes the whole unknown.
fn room(shop: &Shop, bounds: &[Bound<'_>], monday: Date, asked: Decimal) -> (Option<Decimal>, Option<Uuid>) {
    if bounds.is_empty() {
        // Linked with a load of 0 takes nothing of any group; linked with none is unknown.
        let linked = shop.asked.keys().any(|group| shop.groups.get(group).is_some_and(|node| !node.inactive));
        return (linked.then_some(asked), None);
    }
    let mut unknown = None;
    let mut least: Option<(Decimal, Uuid)> = None;
    for bound in bounds {
        let Some(stated) = bound.weeks.get(&monday) else {
            unknown = unknown.or(Some(bound.group));
            continue;
        };
        let taken = shop.taken.get(&(bound.group, monday)).copied().unwrap_or_default();
        let free = stated.maximum.checked_sub(taken).unwrap_or_default().max(Decimal::ZERO);
        let room = (fitting(free, bound.load, asked), bound.group);
        least = Some(least.map_or(room, |least| least.min(room)));
    }
    match (least, unknown) {
        (Some((room, group)), _) if room.is_zero() => (Some(room), Some(group)),
        (_, Some(group)) => (None, Some(group)),
        (least, None) => (least.map(|least| least.0), least.map(|least| least.1)),
    }
}

/// The most units of this load that fit, with no more places behind the point than what is asked needs.
fn fitting(free: Decimal, load: Decimal, asked: Decimal) -> Decimal {
    // A quotient that no decimal holds is more than anybody can ask.
    let Some(quotient) = free.checked_div(load) else { return asked };
    let scale = asked.normalize().scale();
    let step = Decimal::new(1, scale);
    let count = quotient.round_dp_with_strategy(scale, RoundingStrategy::ToZero);
    // The quotient is rounded in its last digit, so that the products decide.
    if times(count, load) > free {
        return (count - step).max(Decimal::ZERO);
    }
    let next = plus(count, step);
    if times(next, load) <= free { next } else { count }
}

/// A week of a group that a promise turns orange or red.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub group: Uuid,
    pub monday: Date,
    pub before: Outcome,
    pub after: Outcome,
}

/// Which weeks turn to the worse if this is accepted: as booked, it consumes the series' own forecast before it adds to
/// the demand. By group and week.
pub fn turned(shop: &Shop, accepted: &BTreeMap<Date, Decimal>) -> Vec<Turn> {
    let mut then = shop.groups.clone();
    for (group, place) in &shop.asked {
        let Some(series) = then.get_mut(group).and_then(|node| node.series.get_mut(*place)) else { continue };
        for (monday, quantity) in accepted {
            let booked = series.booked.entry(*monday).or_default();
            *booked = plus(*booked, *quantity);
        }
    }
    let mut turns = Vec::new();
    for (group, node) in &shop.groups {
        if load(shop, *group).is_zero() {
            continue;
        }
        let (before, after) = (found(*group, &shop.groups), found(*group, &then));
        for monday in accepted.keys() {
            let capacity = node.weeks.get(monday).map(|stated| (stated.actual, stated.maximum));
            let before = outcome(before.get(monday).map(|found| found.demand), capacity);
            let after = outcome(after.get(monday).map(|found| found.demand), capacity);
            if after.shortfall() > before.shortfall() {
                turns.push(Turn { group: *group, monday: *monday, before, after });
            }
        }
    }
    turns
}

#[cfg(test)]
mod tests;
