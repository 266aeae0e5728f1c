//! Capacity that is needed, held against what is offered: hard conditions decide whether an offer fits, soft ones which
//! fits better, and each is said by itself. What an offer does not say, it does not meet. Pure.

mod able;
mod best;
mod facts;
#[cfg(test)]
mod tests;

pub use able::{Askable, Capability, Held, Profile, askable, near};
pub use best::best;
pub use facts::{Facts, Room, Sieve, Tops};

use std::{cmp::Reverse, collections::BTreeMap};

use chassis::unit::scale;
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

/// The most weeks of a request's window.
pub const MAX_WEEKS: i64 = 53;
/// Places of figures that were converted into another unit.
const PLACES: u32 = 6;

/// The best that each soft condition is worth; together 100.
const REGION: i64 = 30;
const PRICE: i64 = 20;
const EARLY: i64 = 20;
const SURPLUS: i64 = 20;
const WISHED: i64 = 10;

/// The largest part, or the part to be made; millimetres, kilograms, tonnes-force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    pub length_mm: Option<Decimal>,
    pub width_mm: Option<Decimal>,
    pub height_mm: Option<Decimal>,
    pub weight_kg: Option<Decimal>,
    pub tonnage_t: Option<Decimal>,
    /// The finest tolerance that is kept, or the coarsest that will do.
    pub precision_mm: Option<Decimal>,
}

/// A price for one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: String,
}

/// What is needed.
#[derive(Clone, Debug)]
pub struct Need {
    pub process: String,
    /// All of them.
    pub materials: Vec<String>,
    pub limits: Limits,
    /// Above 0, in all weeks together.
    pub quantity: Decimal,
    /// UN/ECE Recommendation 20, as that of an offer.
    pub unit_code: String,
    /// Mondays of the window, the last one included.
    pub first: Date,
    pub last: Date,
    pub certificates: Vec<String>,
    pub wished: Vec<String>,
    /// Empty: anywhere.
    pub region: String,
    pub ceiling: Option<Price>,
}

/// What is offered.
#[derive(Clone, Debug)]
pub struct Supply {
    pub id: Uuid,
    pub process: String,
    /// Empty: not stated, as the certificates.
    pub materials: Vec<String>,
    pub limits: Limits,
    pub certificates: Vec<String>,
    pub region: String,
    pub price: Option<Price>,
    pub unit_code: String,
    /// What is free, by the Monday of its week.
    pub free: BTreeMap<Date, Decimal>,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Process,
    Material,
    Length,
    Width,
    Height,
    Weight,
    Tonnage,
    Precision,
    Certificate,
    Unit,
    Quantity,
    Region,
    Price,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Met,
    NotMet,
    NotStated,
}

/// A condition, and how an offer meets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub kind: Kind,
    pub hard: bool,
    pub outcome: Outcome,
    pub wanted: String,
    /// Empty: not stated.
    pub found: String,
    /// By how much an offer is better, below 0 worse; for figures.
    pub margin: Option<Decimal>,
}

/// What was found of an offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub fits: bool,
    /// 0 to 100.
    pub score: i64,
    pub conditions: Vec<Condition>,
    /// By which week enough is free.
    pub enough_by: Option<Date>,
    /// What is free in the window, in the base of its unit, to tell equals apart.
    free: Decimal,
}

/// A name as it is compared: without spaces, hyphens and the like, in lower case and half width.
pub fn fold(text: &str) -> String {
    folded(text).collect()
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    let half = |char: char| match u32::from(char) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(char),
        _ => char,
    };
    let counts = |char: &char| !char.is_whitespace() && !matches!(char, '-' | '_' | '/' | ':');
    text.chars().map(half).filter(counts).flat_map(char::to_lowercase)
}

/// Whether a name is the one of this key.
fn is(key: &str, text: &str) -> bool {
    folded(text).eq(key.chars())
}

/// Offers that fit, the best first; with `near`, those that do not after them, the nearest first. Each by its place.
pub fn rank(need: &Need, supplies: &[Supply], near: bool) -> Vec<(usize, Verdict)> {
    let mut found: Vec<(usize, Verdict)> = supplies
        .iter()
        .enumerate()
        .map(|(place, supply)| (place, judge(need, supply)))
        .filter(|(_, verdict)| near || verdict.fits)
        .collect();
    found.sort_by_cached_key(|(place, verdict)| {
        let (failed, unsaid) = missed(&verdict.conditions);
        let enough_by = verdict.enough_by.unwrap_or(Date::MAX);
        (failed, unsaid, Reverse(verdict.score), enough_by, Reverse(verdict.free), supplies[*place].id)
    });
    found
}

/// How many hard conditions are not met, and of how many more nothing is stated.
fn missed(conditions: &[Condition]) -> (usize, usize) {
    let count = |outcome| conditions.iter().filter(|one| one.hard && one.outcome == outcome).count();
    (count(Outcome::NotMet), count(Outcome::NotStated))
}

/// Every condition of a need, held against an offer.
pub fn judge(need: &Need, supply: &Supply) -> Verdict {
    let mut conditions =
        vec![named(Kind::Process, true, &need.process, std::slice::from_ref(&supply.process))];
    conditions.extend(need.materials.iter().map(|one| named(Kind::Material, true, one, &supply.materials)));
    conditions.extend(limits(&need.limits, &supply.limits));
    conditions.extend(need.certificates.iter().map(|one| certificate(true, one, &supply.certificates)));
    let (enough, free, enough_by) = enough(need, supply);
    conditions.extend(enough);
    let fits = conditions.iter().all(|one| one.outcome == Outcome::Met);

    let wished: Vec<_> =
        need.wished.iter().map(|one| certificate(false, one, &supply.certificates)).collect();
    let held = wished.iter().filter(|one| one.outcome == Outcome::Met).count();
    let (region, near) = region(&need.region, &supply.region);
    let (price, cheap) = price(need, supply);
    let score =
        near + cheap + part(WISHED, held.into(), wished.len().into()) + time_and_room(need, free, enough_by);
    conditions.extend(wished);
    conditions.extend(region);
    conditions.extend(price);
    Verdict { fits, score, conditions, enough_by, free }
}

/// So much of the best, rounded down.
fn part(best: i64, of: Decimal, whole: Decimal) -> i64 {
    if whole.is_zero() {
        return 0;
    }
    let share = (of / whole).clamp(Decimal::ZERO, Decimal::ONE);
    i64::try_from((share * Decimal::from(best)).floor()).unwrap_or_default()
}

fn named(kind: Kind, hard: bool, wanted: &str, offered: &[String]) -> Condition {
    let key = fold(wanted);
    let found = offered.iter().find(|one| is(&key, one));
    let outcome = match (found, offered.is_empty()) {
        (Some(_), _) => Outcome::Met,
        (None, true) => Outcome::NotStated,
        (None, false) => Outcome::NotMet,
    };
    let found = found.cloned().unwrap_or_else(|| offered.join(", "));
    Condition { kind, hard, outcome, wanted: wanted.to_owned(), found, margin: None }
}

/// A certificate without the year of its standard.
fn general(text: &str) -> &str {
    match text.rsplit_once([':', '\u{ff1a}']) {
        Some((name, year)) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => text,
    }
}

/// A certificate with the year of its standard is one without, not the other way round.
fn certificate(hard: bool, wanted: &str, offered: &[String]) -> Condition {
    let exact = named(Kind::Certificate, hard, wanted, offered);
    let key = fold(wanted);
    match offered.iter().find(|one| is(&key, general(one))) {
        Some(found) if exact.outcome != Outcome::Met => {
            Condition { outcome: Outcome::Met, found: found.clone(), ..exact }
        }
        _ => exact,
    }
}

/// Limits of which more is better, wanted and offered.
fn at_least(wanted: &Limits, offered: &Limits) -> [(Kind, Option<Decimal>, Option<Decimal>); 5] {
    [
        (Kind::Length, wanted.length_mm, offered.length_mm),
        (Kind::Width, wanted.width_mm, offered.width_mm),
        (Kind::Height, wanted.height_mm, offered.height_mm),
        (Kind::Weight, wanted.weight_kg, offered.weight_kg),
        (Kind::Tonnage, wanted.tonnage_t, offered.tonnage_t),
    ]
}

fn limits(wanted: &Limits, offered: &Limits) -> Vec<Condition> {
    let mut all: Vec<Condition> = at_least(wanted, offered)
        .into_iter()
        .filter_map(|(kind, wanted, offered)| {
            let wanted = wanted?;
            Some(figure(kind, true, wanted, offered, offered.map(|offered| offered - wanted)))
        })
        .collect();
    if let Some(wanted) = wanted.precision_mm {
        let margin = offered.precision_mm.map(|offered| wanted - offered);
        all.push(figure(Kind::Precision, true, wanted, offered.precision_mm, margin));
    }
    all
}

fn figure(
    kind: Kind,
    hard: bool,
    wanted: Decimal,
    found: Option<Decimal>,
    margin: Option<Decimal>,
) -> Condition {
    let outcome = match margin {
        Some(margin) if margin >= Decimal::ZERO => Outcome::Met,
        Some(_) => Outcome::NotMet,
        None => Outcome::NotStated,
    };
    let found = found.map(|found| found.normalize().to_string()).unwrap_or_default();
    Condition {
        kind,
        hard,
        outcome,
        wanted: wanted.normalize().to_string(),
        found,
        margin: margin.map(|margin| margin.normalize()),
    }
}

/// Whether the units can be compared and enough is free in the window; how much, in the base of the unit; and by when.
fn enough(need: &Need, supply: &Supply) -> ([Condition; 2], Decimal, Option<Date>) {
    let (base, factor) = scale(&need.unit_code);
    let (offered_base, offered_factor) = scale(&supply.unit_code);
    let comparable = base == offered_base;
    let unit = Condition {
        kind: Kind::Unit,
        hard: true,
        outcome: if comparable { Outcome::Met } else { Outcome::NotMet },
        wanted: need.unit_code.clone(),
        found: supply.unit_code.clone(),
        margin: None,
    };
    if !comparable {
        let quantity = figure(Kind::Quantity, true, need.quantity, None, None);
        return ([unit, quantity], Decimal::ZERO, None);
    }
    let wanted = need.quantity * factor;
    let (free, enough_by) = room(need, supply, wanted, offered_factor);
    // Cut off and not rounded, so that nothing looks like more than it is.
    let cut = |base: Decimal| (base / factor).trunc_with_scale(PLACES);
    let mut quantity = figure(Kind::Quantity, true, need.quantity, Some(cut(free)), Some(cut(free - wanted)));
    if enough_by.is_none() {
        quantity.outcome = Outcome::NotMet;
    }
    ([unit, quantity], free, enough_by)
}

/// What is free in the window, in the base of the unit, and by when it is as much as this.
fn room(need: &Need, supply: &Supply, wanted: Decimal, factor: Decimal) -> (Decimal, Option<Date>) {
    let (mut free, mut enough_by) = (Decimal::ZERO, None);
    for (monday, quantity) in supply.free.range(need.first..=need.last) {
        free += quantity * factor;
        if free >= wanted && enough_by.is_none() {
            enough_by = Some(*monday);
        }
    }
    (free, enough_by)
}

/// What enough sooner, and more than enough, are worth.
fn time_and_room(need: &Need, free: Decimal, enough_by: Option<Date>) -> i64 {
    let wanted = need.quantity * scale(&need.unit_code).1;
    let weeks = (need.last - need.first).whole_weeks() + 1;
    let early = enough_by.map_or(0, |monday| {
        let waited = (monday - need.first).whole_weeks();
        part(EARLY, Decimal::from(weeks - waited), Decimal::from(weeks))
    });
    early + part(SURPLUS, free - wanted, wanted)
}

/// How many levels of the division's code agree, of how many: province, prefecture, county.
fn agreeing(wanted: &str, offered: &str) -> (usize, usize) {
    let level = |code: &str, n: usize| code.as_bytes().get(2 * n..2 * n + 2).map(<[u8]>::to_vec);
    let levels = wanted.len() / 2;
    ((0..levels).take_while(|n| level(wanted, *n) == level(offered, *n)).count(), levels)
}

fn region(wanted: &str, offered: &str) -> (Option<Condition>, i64) {
    if wanted.is_empty() {
        return (None, 0);
    }
    let (agree, levels) = agreeing(wanted, offered);
    let outcome = match (offered.is_empty(), agree == levels) {
        (true, _) => Outcome::NotStated,
        (false, true) => Outcome::Met,
        (false, false) => Outcome::NotMet,
    };
    let condition = Condition {
        kind: Kind::Region,
        hard: false,
        outcome,
        wanted: wanted.to_owned(),
        found: offered.to_owned(),
        margin: None,
    };
    (Some(condition), part(REGION, agree.into(), levels.into()))
}

/// The price of one of the need's units; in another currency than the ceiling's it says nothing.
fn price_of_one(need: &Need, ceiling: &Price, supply: &Supply) -> Option<Decimal> {
    let ((base, factor), (offered_base, offered_factor)) = (scale(&need.unit_code), scale(&supply.unit_code));
    let same = |price: &&Price| price.currency == ceiling.currency && base == offered_base;
    supply.price.as_ref().filter(same).map(|price| price.amount * factor / offered_factor)
}

/// What a price below the ceiling is worth, if it can be compared. Multiplied out, since a price by the hour is no whole
/// number by the second.
fn cheap(need: &Need, ceiling: &Price, supply: &Supply) -> Option<i64> {
    price_of_one(need, ceiling, supply)?;
    let (ceiling, price) = (
        ceiling.amount * scale(&supply.unit_code).1,
        supply.price.as_ref()?.amount * scale(&need.unit_code).1,
    );
    Some(if price.is_zero() { PRICE } else { part(PRICE, ceiling, price) })
}

/// The price against the ceiling.
fn price(need: &Need, supply: &Supply) -> (Option<Condition>, i64) {
    let Some(ceiling) = &need.ceiling else { return (None, 0) };
    let Some(one) = price_of_one(need, ceiling, supply) else {
        return (Some(figure(Kind::Price, false, ceiling.amount, None, None)), 0);
    };
    let condition = figure(
        Kind::Price,
        false,
        ceiling.amount,
        Some(one.round_dp(PLACES)),
        Some((ceiling.amount - one).round_dp(PLACES)),
    );
    (Some(condition), cheap(need, ceiling, supply).unwrap_or_default())
}
