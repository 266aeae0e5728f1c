//! The best of thousands of offers: places are told by the rules of [`super::judge`] without saying them, and only those that
//! are answered are judged condition by condition. Pure.

use std::cmp::Reverse;

use chassis::unit::scale;
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::{
    Need, REGION, Supply, Verdict, WISHED, agreeing, at_least, cheap, fold, general, is, judge, part, room,
    time_and_room,
};

/// What decides the place of an offer that fits; the smallest is the best.
type Place = (Reverse<i64>, Date, Reverse<Decimal>, Uuid);

/// The best offers that fit, at most so many, as [`super::rank`] has them; and how many fit.
pub fn best(need: &Need, supplies: &[Supply], most: usize) -> (Vec<(usize, Verdict)>, usize) {
    let keys = Keys::of(need);
    let place = |(n, supply): (usize, &Supply)| Some((place(need, &keys, supply)?, n));
    let mut fitting: Vec<(Place, usize)> = supplies.iter().enumerate().filter_map(place).collect();
    let count = fitting.len();
    if most < count {
        fitting.select_nth_unstable(most);
        fitting.truncate(most);
    }
    fitting.sort_unstable();
    (fitting.into_iter().map(|(_, n)| (n, judge(need, &supplies[n]))).collect(), count)
}

/// Names that a need asks for, as they are compared.
struct Keys {
    process: String,
    materials: Vec<String>,
    certificates: Vec<String>,
    wished: Vec<String>,
}

impl Keys {
    fn of(need: &Need) -> Self {
        let all = |names: &[String]| names.iter().map(|name| fold(name)).collect();
        Self {
            process: fold(&need.process),
            materials: all(&need.materials),
            certificates: all(&need.certificates),
            wished: all(&need.wished),
        }
    }
}

/// `None`: it does not fit.
fn place(need: &Need, keys: &Keys, supply: &Supply) -> Option<Place> {
    let certified =
        |key: &&String| supply.certificates.iter().any(|one| is(key, one) || is(key, general(one)));
    let (base, factor) = scale(&need.unit_code);
    let (offered_base, offered_factor) = scale(&supply.unit_code);
    let (wanted, offered) = (&need.limits, &supply.limits);
    let fits = base == offered_base
        && is(&keys.process, &supply.process)
        && keys.materials.iter().all(|key| supply.materials.iter().any(|one| is(key, one)))
        && at_least(wanted, offered).iter().all(|(_, wanted, offered)| reaches(*wanted, *offered))
        && wanted
            .precision_mm
            .is_none_or(|wanted| offered.precision_mm.is_some_and(|offered| offered <= wanted))
        && keys.certificates.iter().all(|key| certified(&key));
    if !fits {
        return None;
    }
    let (free, enough_by) = room(need, supply, need.quantity * factor, offered_factor);
    let enough_by = enough_by?;
    let held = keys.wished.iter().filter(certified).count();
    let (agree, levels) = agreeing(&need.region, &supply.region);
    let near = part(REGION, agree.into(), levels.into());
    let price = need.ceiling.as_ref().and_then(|ceiling| cheap(need, ceiling, supply));
    let score = near
        + price.unwrap_or_default()
        + part(WISHED, held.into(), keys.wished.len().into())
        + time_and_room(need, free, Some(enough_by));
    Some((Reverse(score), enough_by, Reverse(free), supply.id))
}

/// Whether a limit is met: at least as much is offered as is wanted.
fn reaches(wanted: Option<Decimal>, offered: Option<Decimal>) -> bool {
    wanted.is_none_or(|wanted| offered.is_some_and(|offered| offered >= wanted))
}
