//! What of an offer and of a need the database compares, so that it finds the best of thousands by the rules of
//! [`super::judge`] without reading what they say. Pure.

use std::collections::BTreeMap;

use chassis::unit::{alike, scale};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use time::{Date, Duration};

use super::{
    EARLY, Limits, Need, PRICE, Price, REGION, SURPLUS, Supply, WISHED, agreeing, fold, general, part,
};

/// The most weeks from an offer's first to its last for which room is told.
const MAX_ROOM_WEEKS: i64 = 520;

/// What of an offer is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub material_keys: Vec<String>,
    pub certificate_keys: Vec<String>,
    pub limits: Limits,
    pub region: String,
    pub price: Option<Price>,
    /// `None`: some of it is no whole number of millionths, or too many weeks lie between.
    pub room: Option<Room>,
}

/// What is offered from a week on, sold or not, through each week; millionths of the base of the unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub from: Date,
    pub through: Vec<i64>,
}

impl Facts {
    /// Of an offer of which all that is offered is free.
    pub fn of(supply: &Supply) -> Self {
        let keys = |names: &[String]| names.iter().map(|name| fold(name)).collect();
        let mut certificate_keys: Vec<String> = keys(&supply.certificates);
        certificate_keys.extend(supply.certificates.iter().map(|name| fold(general(name))));
        certificate_keys.sort_unstable();
        certificate_keys.dedup();
        Self {
            material_keys: keys(&supply.materials),
            certificate_keys,
            limits: supply.limits.clone(),
            region: supply.region.clone(),
            price: supply.price.clone(),
            room: room(&supply.free, scale(&supply.unit_code).1),
        }
    }
}

fn room(offered: &BTreeMap<Date, Decimal>, factor: Decimal) -> Option<Room> {
    let (from, last) = (*offered.keys().next()?, *offered.keys().next_back()?);
    let weeks = (last - from).whole_weeks() + 1;
    if weeks > MAX_ROOM_WEEKS {
        return None;
    }
    let mut sum = Decimal::ZERO;
    let through = (0..weeks).map(|week| {
        sum += offered.get(&(from + Duration::weeks(week))).copied().unwrap_or_default();
        let millionths = millionths(sum.checked_mul(factor)?)?;
        millionths.is_integer().then(|| millionths.to_i64()).flatten()
    });
    Some(Room { from, through: through.collect::<Option<_>>()? })
}

fn millionths(quantity: Decimal) -> Option<Decimal> {
    quantity.checked_mul(Decimal::from(1_000_000))
}

/// What a need asks of facts. Points are those of the soft conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Sieve {
    pub materials: Vec<String>,
    pub certificates: Vec<String>,
    /// Units that can be compared, and what one of each is in their base.
    pub units: Vec<String>,
    pub factors: Vec<Decimal>,
    /// How much is needed, in the base; and in millionths of it, rounded up.
    pub needed: Decimal,
    pub needed_room: i64,
    /// So much, in millionths, and one point more is given; rounded up.
    pub surplus: Vec<i64>,
    /// Points where enough is free by the first week, by the second, and so on.
    pub early: Vec<i32>,
    /// The division that is wished for, then those around it, and the points of each.
    pub regions: Vec<String>,
    pub region_points: Vec<i32>,
    pub wished: Vec<String>,
    /// Points where none is held of those that are wished, one, and so on.
    pub wished_points: Vec<i32>,
    pub price: Option<Tops>,
}

/// Points of a price, rounded down: the top of its unit ÷ (the price × `factor`), at most [`Tops::POINTS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tops {
    pub currency: String,
    /// By unit.
    pub tops: Vec<Decimal>,
    pub factor: Decimal,
}

impl Tops {
    pub const POINTS: i64 = PRICE;
}

impl Sieve {
    /// `None`: so much is needed that it is no number of millionths.
    pub fn of(need: &Need) -> Option<Self> {
        let keys = |names: &[String]| names.iter().map(|name| fold(name)).collect::<Vec<_>>();
        let (units, factors): (Vec<String>, Vec<Decimal>) =
            alike(&need.unit_code).into_iter().map(|(code, factor)| (code.to_owned(), factor)).unzip();
        let factor = scale(&need.unit_code).1;
        let needed = need.quantity.checked_mul(factor)?;
        let more = |points: i64| {
            let share = Decimal::ONE + Decimal::from(points) / Decimal::from(SURPLUS);
            millionths(needed.checked_mul(share)?)?.ceil().to_i64()
        };
        let weeks = (need.last - need.first).whole_weeks() + 1;
        let wished = keys(&need.wished);
        let levels = need.region.len() / 2;
        let regions: Vec<String> = (1..=levels).rev().map(|level| need.region[..2 * level].into()).collect();
        let points = |best, of: i64, whole: i64| part(best, of.into(), whole.into()) as i32;
        let region_points = regions.iter().map(|region| {
            let (agree, levels) = agreeing(&need.region, region);
            points(REGION, agree as i64, levels as i64)
        });
        Some(Self {
            materials: keys(&need.materials),
            certificates: keys(&need.certificates),
            needed,
            needed_room: more(0)?,
            surplus: (1..=SURPLUS).map(more).collect::<Option<_>>()?,
            early: (0..weeks).map(|waited| points(EARLY, weeks - waited, weeks)).collect(),
            region_points: region_points.collect(),
            wished_points: (0..=wished.len())
                .map(|held| points(WISHED, held as i64, wished.len() as i64))
                .collect(),
            price: need.ceiling.as_ref().map(|ceiling| tops(ceiling, &factors, factor)),
            wished,
            regions,
            units,
            factors,
        })
    }
}

fn tops(ceiling: &Price, factors: &[Decimal], factor: Decimal) -> Tops {
    let top = ceiling.amount * Decimal::from(PRICE);
    Tops { currency: ceiling.currency.clone(), tops: factors.iter().map(|one| top * one).collect(), factor }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const W53: Date = date!(2026 - 12 - 28);

    #[test]
    fn room_is_told_in_whole_millionths_through_each_week_or_not_at_all() {
        let far = W53 + Duration::weeks(MAX_ROOM_WEEKS);
        type Case<'a> = (&'a [(Date, &'a str)], &'a str, Option<&'a [i64]>);
        let cases: &[Case<'_>] = &[
            (
                &[(W53, "2"), (W53 + Duration::weeks(2), "0.5")],
                "MIN",
                Some(&[120_000_000, 120_000_000, 150_000_000]),
            ),
            (&[(W53, "0.001")], "GRM", Some(&[1])),
            (&[(W53, "0.0001")], "GRM", None),
            (&[(W53, "3000000000000")], "HUR", None),
            (&[(W53, "1"), (far, "1")], "H87", None),
            (&[], "H87", None),
        ];
        for (offered, unit, through) in cases {
            let offered =
                offered.iter().map(|(monday, quantity)| (*monday, quantity.parse().unwrap())).collect();
            let expected = through.map(|through| Room { from: W53, through: through.to_vec() });
            assert_eq!(room(&offered, scale(unit).1), expected, "{unit}");
        }
    }
}
