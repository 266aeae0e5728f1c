//! Capable to promise: the earliest weeks in which a quantity has room beside all that is promised already. Pure.
//!
//! A machine hour is promised once: of each group and week, load of accepted orders + offered of it and of the groups below it
//! + what is promised now stays within the maximum. What is decided here beside that rule:
//! * every group counts that links the series or sums one that does, as matching sums it: each group below once, with that
//!   group's factor, and inactive ones as if absent;
//! * unknown is not 0: a week of which one group's capacity is unknown is promised nothing of, and is not said to be full;
//!   only a group that sums others and states no capacity at all bounds nothing, since it is there to sum;
//! * as much as can be is promised, the fewest units late, and each as early as can be. Weeks do not depend on each other,
//!   so that filling one after the other is the best of all splits;
//! * a forecast is no promise and leaves room; what it would collide with shows as weeks that turn.

use std::collections::BTreeMap;

use chassis::unit::product;
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
    /// The asked series of every group that links it.
    pub asked: BTreeMap<Uuid, Linked>,
    /// What of a group's week is promised already, accepted, and offered of it and of those below it, in the group's unit;
    /// absent: nothing.
    pub taken: BTreeMap<(Uuid, Date), Decimal>,
}

/// The asked series in a group, which may count in another unit than the question does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Its place in [`Node::series`].
    pub place: usize,
    /// So many of the series' unit are `of` of the question's; both above 0, so that neither has to be rounded.
    pub takes: Decimal,
    pub of: Decimal,
}

impl Linked {
    /// In the same unit.
    pub fn at(place: usize) -> Self {
        Self { place, takes: Decimal::ONE, of: Decimal::ONE }
    }

    /// A quantity of the question in the series' unit, as exactly as a decimal says it.
    fn counted(&self, quantity: Decimal) -> Decimal {
        if self.takes == self.of {
            return quantity;
        }
        times(quantity, self.takes).checked_div(self.of).unwrap_or(Decimal::MAX)
    }

    /// How many places behind the point a quantity of the question needs, so that it is as fine as its own digits, and as
    /// those that it has in the series' unit.
    fn places(&self, quantity: Decimal) -> u32 {
        let own = quantity.normalize().scale();
        let exact = |quantity, times, over| {
            let all = product(quantity, times)?;
            let found = all.checked_div(over)?.normalize();
            (product(found, over)? == all).then_some(found.scale())
        };
        let there = exact(quantity, self.takes, self.of);
        let back = there.and_then(|places| exact(Decimal::new(1, places), self.of, self.takes));
        own.max(back.unwrap_or(own))
    }
}

/// How much is asked for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Above 0, in the unit that is asked in.
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

/// What can be promised. Quantities in the unit that is asked in.
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
    load: Load,
    weeks: &'a BTreeMap<Date, Stated>,
}

/// Capacity of a group that so many units of the question take. A fraction, since a minute is no finite decimal of an hour.
#[derive(Clone, Copy)]
struct Load {
    takes: Decimal,
    /// Above 0.
    of: Decimal,
}

impl Load {
    const NONE: Load = Load { takes: Decimal::ZERO, of: Decimal::ONE };

    fn plus(self, other: Load) -> Load {
        if self.takes.is_zero() || self.of == other.of {
            return Load { takes: plus(self.takes, other.takes), of: other.of };
        }
        let takes = plus(times(self.takes, other.of), times(other.takes, self.of));
        Load { takes, of: times(self.of, other.of) }
    }
}

/// The earliest split of what is asked for, over at most [`HORIZON_WEEKS`]. Exact as far as products have at most 28
/// digits, as matching is.
pub fn promise(shop: &Shop, question: &Question) -> Promise {
    let bounds = bounds(shop);
    let places = shop.asked.values().map(|linked| linked.places(question.quantity)).max();
    let places = places.unwrap_or_else(|| question.quantity.normalize().scale());
    let stated = bounds.iter().filter_map(|bound| bound.weeks.keys().next_back());
    let known = stated.copied().max().unwrap_or(question.until);
    let horizon = question.from + Duration::weeks(HORIZON_WEEKS - 1);
    let last = known.max(question.as_requested()).min(horizon);
    let mut promise = Promise { weeks: Vec::new(), late: Decimal::ZERO, unpromised: question.quantity };
    let mut monday = question.from;
    while monday <= last && !promise.unpromised.is_zero() {
        let (room, tightest) = room(shop, &bounds, monday, (question.quantity, places));
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
        if load.takes > Decimal::ZERO && !sums_only {
            bounds.push(Bound { group: *group, load, weeks: &node.weeks });
        }
    }
    bounds
}

/// Capacity of a group that the asked series takes; none where the group is inactive.
fn load(shop: &Shop, group: Uuid) -> Load {
    let one = |below: &Uuid| {
        let linked = shop.asked.get(below)?;
        let series = shop.groups.get(below)?.series.get(linked.place)?;
        let factor = series.load_factor.unwrap_or(Decimal::ONE);
        Some(Load { takes: times(factor, linked.takes), of: linked.of })
    };
    reached(group, &shop.groups).iter().filter_map(one).fold(Load::NONE, Load::plus)
}

/// What a week has room for, and the group that decides it: one that is full is, whatever the others have; otherwise one
/// that is unknown makes the whole unknown. `asked`: how much, and how many places behind the point are told of it.
fn room(
    shop: &Shop,
    bounds: &[Bound<'_>],
    monday: Date,
    asked: (Decimal, u32),
) -> (Option<Decimal>, Option<Uuid>) {
    if bounds.is_empty() {
        // Linked with a load of 0 takes nothing of any group; linked with none is unknown.
        let linked = shop.asked.keys().any(|group| shop.groups.get(group).is_some_and(|node| !node.inactive));
        return (linked.then_some(asked.0), None);
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

/// The most units of this load that fit, with so many places behind the point.
fn fitting(free: Decimal, load: Load, (asked, places): (Decimal, u32)) -> Decimal {
    let free = times(free, load.of);
    // A quotient that no decimal holds is more than anybody can ask.
    let Some(quotient) = free.checked_div(load.takes) else { return asked };
    let step = Decimal::new(1, places);
    let count = quotient.round_dp_with_strategy(places, RoundingStrategy::ToZero);
    // The quotient is rounded in its last digit, so that the products decide.
    if times(count, load.takes) > free {
        return (count - step).max(Decimal::ZERO);
    }
    let next = plus(count, step);
    if times(next, load.takes) <= free { next } else { count }
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
    for (group, linked) in &shop.asked {
        let series = then.get_mut(group).and_then(|node| node.series.get_mut(linked.place));
        let Some(series) = series else { continue };
        for (monday, quantity) in accepted {
            let booked = series.booked.entry(*monday).or_default();
            *booked = plus(*booked, linked.counted(*quantity));
        }
    }
    let mut turns = Vec::new();
    for (group, node) in &shop.groups {
        if load(shop, *group).takes.is_zero() {
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
