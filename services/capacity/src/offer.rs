//! What may be booked: buckets of an offer, and what becomes of them when it is published, changed or withdrawn. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::matching::plus;

/// The most buckets of one offer: ten years of weeks, or twenty slots of each half-yearly week.
pub const MAX_BUCKETS: usize = 520;
/// The most buckets of one reservation.
pub const MAX_PARTS: usize = 64;
/// The most firms that an offer names, so that one event reaches all.
pub const MAX_READERS: usize = 90;
/// The most buckets that a refusal points to.
pub const MAX_ELSEWHERE: usize = 8;
/// How long a hold lasts where nothing is said, in seconds.
pub const HOLD_SECONDS: i32 = 900;
/// How long a hold may last, in seconds: thirty days.
pub const MAX_HOLD_SECONDS: i32 = 2_592_000;

/// Who may see an offer and book it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// These firms.
    Named(Vec<Uuid>),
    /// Firms with an active relationship to the supplier.
    Partners,
    /// Members of a cluster.
    Cluster(Uuid),
    All,
}

impl Visibility {
    /// As it is stored.
    pub fn as_str(&self) -> &'static str {
        match self {
            Visibility::Named(_) => "named",
            Visibility::Partners => "partners",
            Visibility::Cluster(_) => "cluster",
            Visibility::All => "all",
        }
    }

    /// Whose members may see it, where it is for a cluster.
    pub fn cluster(&self) -> Option<Uuid> {
        match self {
            Visibility::Cluster(cluster) => Some(*cluster),
            _ => None,
        }
    }
}

/// When a bucket is: a week, or a slot in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub monday: Date,
    pub times: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Slot {
    /// Whether two have time in common; a whole week has that with all of its slots.
    pub fn overlaps(&self, other: &Slot) -> bool {
        let apart = self.times.zip(other.times).is_some_and(|(a, b)| a.1 <= b.0 || b.1 <= a.0);
        self.monday == other.monday && !apart
    }
}

/// A bucket as it stands.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub id: Uuid,
    pub slot: Slot,
    pub total: Decimal,
    pub reserved: Decimal,
    /// What may be held of it now: less than is not reserved where its week promises more than it has.
    pub free: Decimal,
}

/// What a change of an offer does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moves {
    /// New totals of buckets that stand, by id.
    pub totals: BTreeMap<Uuid, Decimal>,
    pub new: BTreeMap<Slot, Decimal>,
    /// What each week offers more or less than before.
    pub weeks: BTreeMap<Date, Decimal>,
}

/// From the buckets that stand to those that are wanted. A bucket that is wanted no more keeps no more than nothing.
pub fn moves(standing: &[Bucket], wanted: &BTreeMap<Slot, Decimal>) -> Moves {
    let mut moves = Moves::default();
    let mut shift = |monday: Date, by: Decimal| *moves.weeks.entry(monday).or_default() += by;
    for bucket in standing {
        let total = wanted.get(&bucket.slot).copied().unwrap_or_default();
        if total != bucket.total {
            shift(bucket.slot.monday, total - bucket.total);
            moves.totals.insert(bucket.id, total);
        }
    }
    for (slot, quantity) in wanted {
        if !standing.iter().any(|bucket| bucket.slot == *slot) {
            shift(slot.monday, *quantity);
            moves.new.insert(*slot, *quantity);
        }
    }
    moves.weeks.retain(|_, by| !by.is_zero());
    moves
}

/// A week of a group when more of it is to be offered. Figures in the group's unit.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Of the firm's own hours; `None`: unknown, and nothing is offered of it.
    pub maximum: Option<Decimal>,
    /// Load of accepted orders beside what is offered, also of those that are not matched yet.
    pub booked: Decimal,
    /// Of the group and of those below it.
    pub offered: Decimal,
    /// More is promised than there is.
    pub overcommitted: bool,
    /// What is demanded beside what is lent, which is offered already; 0 where nothing is known.
    pub demand: Decimal,
}

/// Why no more of a week can be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Accepted orders and offers have it: nothing is promised twice.
    Promised,
    /// A forecast needs it, and nobody said that it is offered all the same.
    Forecast,
    /// Accepted orders and offers have it in this group, which sums the offered one.
    Above(Uuid),
}

/// Weeks of which more of a group cannot be offered, of those that are to offer so much more: why, and how much can be. The
/// group and those that sum it are held against what each has left, and whichever has the least says why; one that sums it
/// and states no maximum bounds nothing, and a forecast is looked at where it is stated.
pub fn refusals(
    group: Uuid,
    more: &BTreeMap<Date, Decimal>,
    standing: &BTreeMap<(Uuid, Date), Standing>,
    despite_forecast: bool,
) -> BTreeMap<Date, (Beyond, Decimal)> {
    let refusal = |(monday, more): (&Date, &Decimal)| {
        let own = standing.get(&(group, *monday)).and_then(|week| week.refusal(*more, despite_forecast));
        let sums =
            |of: &(Uuid, Date), week: &Standing| of.0 != group && of.1 == *monday && week.maximum.is_some();
        let above = standing.iter().filter(|(of, week)| sums(of, week));
        let above = above.filter_map(|(of, week)| Some((Beyond::Above(of.0), week.refusal(*more, true)?.1)));
        let least = own.into_iter().chain(above).min_by_key(|(_, spare)| *spare)?;
        Some((*monday, least))
    };
    more.iter().filter_map(refusal).collect()
}

impl Standing {
    /// Why so much more cannot be offered, and how much can be; `None`: it can. Less is always possible.
    pub fn refusal(&self, more: Decimal, despite_forecast: bool) -> Option<(Beyond, Decimal)> {
        let taken = if despite_forecast { self.booked } else { self.booked.max(self.demand) };
        let (unpromised, spare) = (self.left(self.booked), self.left(taken));
        match () {
            () if more <= Decimal::ZERO || more <= spare => None,
            () if more > unpromised => Some((Beyond::Promised, spare)),
            () => Some((Beyond::Forecast, spare)),
        }
    }

    fn left(&self, taken: Decimal) -> Decimal {
        let maximum = self.maximum.filter(|_| !self.overcommitted).unwrap_or_default();
        let left = maximum.checked_sub(plus(taken, self.offered)).unwrap_or_default();
        left.max(Decimal::ZERO)
    }
}

/// What a withdrawn offer still promises: what is reserved.
pub fn withdrawn(standing: &[Bucket]) -> BTreeMap<Slot, Decimal> {
    standing.iter().map(|bucket| (bucket.slot, bucket.reserved)).collect()
}

/// Where the offer has room beside the buckets that were asked for: the earliest, none of weeks that are over, unless such
/// a week was asked for.
pub fn elsewhere<'a>(buckets: &'a [Bucket], asked: &BTreeSet<Uuid>, this_week: Date) -> Vec<&'a Bucket> {
    let weeks = buckets.iter().filter(|bucket| asked.contains(&bucket.id)).map(|bucket| bucket.slot.monday);
    let first = weeks.min().map_or(this_week, |asked| asked.min(this_week));
    let has_room = |bucket: &&Bucket| {
        !asked.contains(&bucket.id) && bucket.slot.monday >= first && bucket.free > Decimal::ZERO
    };
    let mut found: Vec<&Bucket> = buckets.iter().filter(has_room).collect();
    found.sort_by_key(|bucket| bucket.slot);
    found.truncate(MAX_ELSEWHERE);
    found
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const W53: Date = date!(2026 - 12 - 28);
    const W01: Date = date!(2027 - 01 - 04);

    fn dec(number: i64) -> Decimal {
        number.into()
    }

    fn week(monday: Date) -> Slot {
        Slot { monday, times: None }
    }

    fn bucket(n: u128, monday: Date, total: Decimal, reserved: Decimal) -> Bucket {
        Bucket { id: Uuid::from_u128(n), slot: week(monday), total, reserved, free: total - reserved }
    }

    #[test]
    fn slots_of_one_time_overlap_and_neighbours_do_not() {
        let at = |hour: i64| W53.midnight().assume_utc() + time::Duration::hours(hour);
        let slot = |from: i64, to: i64| Slot { monday: W53, times: Some((at(from), at(to))) };
        for (one, other, expected) in [
            (slot(9, 12), slot(9, 12), true),
            (slot(9, 12), slot(10, 13), true),
            (slot(9, 12), slot(12, 15), false),
            (slot(9, 12), week(W53), true),
            (slot(9, 12), week(W01), false),
            (week(W53), week(W01), false),
        ] {
            assert_eq!(one.overlaps(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.overlaps(&one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn no_more_is_offered_than_every_group_has_left_that_sums_the_one() {
        use Beyond::{Above, Forecast};
        let (machine, hall, plant) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let week = |maximum: Option<i64>, booked, offered, demand| Standing {
            maximum: maximum.map(dec),
            booked: dec(booked),
            offered: dec(offered),
            overcommitted: false,
            demand: dec(demand),
        };
        let standing = BTreeMap::from([
            ((machine, W53), week(Some(100), 0, 60, 10)),
            // Its own forecast is looked at where it offers itself.
            ((hall, W53), week(Some(100), 20, 60, 90)),
            // It only sums.
            ((plant, W53), week(None, 20, 60, 90)),
            ((machine, W01), week(Some(100), 0, 0, 0)),
            ((hall, W01), week(Some(10), 0, 0, 0)),
        ]);
        for (monday, more, despite, expected) in [
            (W53, 20, false, None),
            (W53, 21, false, Some((Above(hall), 20))),
            (W53, 31, false, Some((Above(hall), 20))),
            (W53, 41, true, Some((Above(hall), 20))),
            (W53, -1, false, None),
            (W01, 10, false, None),
            (W01, 101, false, Some((Above(hall), 10))),
        ] {
            let found = refusals(machine, &[(monday, dec(more))].into(), &standing, despite);
            let expected = expected.map(|(why, spare)| (monday, (why, dec(spare))));
            let expected: BTreeMap<_, _> = expected.into_iter().collect();
            assert_eq!(found, expected, "{monday} {more}");
        }
        let found = refusals(hall, &[(W53, dec(11))].into(), &standing, false);
        assert_eq!(found, [(W53, (Forecast, dec(0)))].into(), "the machine is not held against it");
    }

    #[test]
    fn what_a_forecast_needs_is_offered_by_those_who_say_so_and_what_is_promised_by_nobody() {
        use Beyond::{Forecast, Promised};
        // of 240 hours: booked, offered, demand beside what is lent, more; without the word and with it
        for (booked, offered, demand, more, plain, despite) in [
            (0, 0, 0, 240, None, None),
            (0, 0, 0, 241, Some((Promised, 240)), Some((Promised, 240))),
            (0, 0, 250, 230, Some((Forecast, 0)), None),
            (0, 0, 250, 241, Some((Promised, 0)), Some((Promised, 240))),
            (0, 0, 200, 40, None, None),
            (0, 10, 200, 31, Some((Forecast, 30)), None),
            (0, 10, 200, 30, None, None),
            (60, 40, 100, 101, Some((Forecast, 100)), None),
            (60, 40, 100, 141, Some((Promised, 100)), Some((Promised, 140))),
            // What orders have beyond the forecast is booked.
            (120, 0, 100, 121, Some((Promised, 120)), Some((Promised, 120))),
            (300, 0, 300, 1, Some((Promised, 0)), Some((Promised, 0))),
            (300, 40, 300, -1, None, None),
            (0, 0, -20, 240, None, None),
        ] {
            let week = Standing {
                maximum: Some(dec(240)),
                booked: dec(booked),
                offered: dec(offered),
                overcommitted: false,
                demand: dec(demand),
            };
            let refused = |despite| week.refusal(dec(more), despite);
            let expected = |refused: Option<(Beyond, i64)>| refused.map(|(why, spare)| (why, dec(spare)));
            assert_eq!(refused(false), expected(plain), "{booked} {offered} {demand} {more}");
            assert_eq!(refused(true), expected(despite), "{booked} {offered} {demand} {more}");
            for nothing in [Standing { maximum: None, ..week }, Standing { overcommitted: true, ..week }] {
                let refused = nothing.refusal(dec(more), true);
                assert_eq!(refused, (more > 0).then_some((Promised, dec(0))));
            }
        }
    }

    #[test]
    fn a_change_moves_what_differs_and_nothing_else() {
        let standing = [bucket(1, W53, dec(40), dec(30)), bucket(2, W01, dec(10), dec(0))];
        let wanted = |list: &[(Date, Decimal)]| list.iter().map(|(day, q)| (week(*day), *q)).collect();
        let ids = |list: &[(u128, Decimal)]| -> BTreeMap<Uuid, Decimal> {
            list.iter().map(|(n, q)| (Uuid::from_u128(*n), *q)).collect()
        };
        let same = moves(&standing, &wanted(&[(W53, dec(40)), (W01, dec(10))]));
        assert_eq!(same, Moves::default());
        let first = moves(&[], &wanted(&[(W53, dec(40))]));
        assert_eq!((first.new.len(), &first.weeks[&W53]), (1, &dec(40)));
        let less = moves(&standing, &wanted(&[(W53, dec(35))]));
        assert_eq!(less.totals, ids(&[(1, dec(35)), (2, dec(0))]));
        assert_eq!(less.weeks, [(W53, dec(-5)), (W01, dec(-10))].into());
        let gone = moves(&standing, &withdrawn(&standing));
        assert_eq!(gone.totals, ids(&[(1, dec(30)), (2, dec(0))]));
        assert_eq!(gone.weeks, [(W53, dec(-10)), (W01, dec(-10))].into());
    }

    #[test]
    fn room_elsewhere_is_what_was_not_asked_for_and_is_not_over() {
        let before = date!(2026 - 12 - 21);
        let buckets = [
            bucket(3, W01, dec(20), dec(5)),
            bucket(1, before, dec(20), dec(0)),
            bucket(2, W53, dec(40), dec(40)),
        ];
        let ids = |asked: &[u128], this_week| -> Vec<u128> {
            let asked = asked.iter().map(|n| Uuid::from_u128(*n)).collect();
            elsewhere(&buckets, &asked, this_week).iter().map(|bucket| bucket.id.as_u128()).collect()
        };
        assert_eq!(ids(&[2], before), [1, 3], "the earliest first, and nothing that is full");
        assert_eq!(ids(&[2], W53), [3], "not what is over");
        assert_eq!(ids(&[2, 3], W53), [0; 0]);
        assert_eq!(ids(&[1], W01), [3], "full weeks stay full");
        assert_eq!(ids(&[], before), [1, 3]);
    }
}
