//! How far a proposal may differ from the order without asking the buyer: pure functions.
//!
//! * Each bound is taken from the most specific rule that states it: order line, item, item group, relationship, every
//!   supplier; on one level a rule for the supplier goes before one for every supplier.
//! * Bounds are inclusive. Percent and absolute together: the smaller counts.
//! * A bound that nobody states tolerates nothing, and neither does what cannot be compared: null is not zero.
//! * Quantity is compared per schedule line and cumulates: what accepted proposals of the line went beyond before
//!   counts, so that many small proposals get no further than one. Percents are of the schedule line's quantity.
//! * Days are calendar days outside the requested window. Prices are compared as amount ÷ base quantity, without
//!   dividing; limits are in the order's base quantity.
//!
//! **Invariant:** numbers are compared exactly or not at all; what would have to be rounded waits for the buyer.

use proto::orders::{Propose, ToleranceDimension as Dimension, ToleranceObstacle as Obstacle};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// Where a bound stands, most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    OrderLine,
    Item,
    ItemGroup,
    Relationship,
    EverySupplier,
}

/// A bound of a quantity or price; at least one of the two is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// 5 is five percent.
    pub percent: Option<Decimal>,
    pub absolute: Option<Decimal>,
}

/// Bounds of one rule; `None`: it says nothing of that direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub quantity_over: Option<Bound>,
    pub quantity_under: Option<Bound>,
    pub early_days: Option<i32>,
    pub late_days: Option<i32>,
    pub price_over: Option<Bound>,
    pub price_under: Option<Bound>,
}

/// What a rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// `None`: every supplier of the buyer.
    pub supplier: Option<Uuid>,
    /// Empty where the rule is not for an item group; at most one of the two is given.
    pub item_group: String,
    pub buyer_item_id: String,
}

/// Bounds with where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `None` for the order line's own.
    pub id: Option<Uuid>,
    pub source: Source,
    pub bounds: Bounds,
}

impl Scope {
    /// Where a rule of this scope stands among others, and whether it is for one supplier; the smaller counts.
    pub fn rank(&self) -> (Source, bool) {
        let source = match (&*self.buyer_item_id, &*self.item_group, self.supplier) {
            ("", "", Some(_)) => Source::Relationship,
            ("", "", None) => Source::EverySupplier,
            ("", ..) => Source::ItemGroup,
            _ => Source::Item,
        };
        (source, self.supplier.is_none())
    }

    /// Whether a rule of this scope is about an item of an order to this supplier.
    pub fn fits(&self, supplier: Uuid, item_group: &str, buyer_item_id: &str) -> bool {
        self.supplier.is_none_or(|one| one == supplier)
            && (self.item_group.is_empty() || self.item_group == item_group)
            && (self.buyer_item_id.is_empty() || self.buyer_item_id == buyer_item_id)
    }
}

/// A unit price: `amount` per `base` units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPrice {
    pub amount: Decimal,
    /// Above 0.
    pub base: Decimal,
    /// The unit and the type as stated; empty where they are not.
    pub base_unit_code: String,
    pub price_type: String,
}

/// What the order asks of one schedule line, as far as a proposal may differ from it, and what of it is tolerated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// The schedule line's quantity.
    pub ordered: Decimal,
    /// First and last requested day; `None`: unstated.
    pub requested: Option<(Date, Date)>,
    pub price: Option<UnitPrice>,
    /// The order line says that it takes no partial deliveries.
    pub split_forbidden: bool,
    /// What accepted proposals of the line promised beyond what they settle; below 0 where less.
    pub beyond: Decimal,
    /// Rules about the line, most specific first.
    pub rules: Vec<Rule>,
}

/// A difference, and what is tolerated of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub dimension: Dimension,
    /// Above 0.
    pub actual: Decimal,
    /// `None`: nobody states a bound.
    pub limit: Option<Decimal>,
    pub within: bool,
    /// Where the limit comes from.
    pub source: Option<Source>,
    pub rule: Option<Uuid>,
    /// The delivery that goes furthest, for dates.
    pub delivery: usize,
}

/// What becomes of a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Agreed at once; else the buyer decides.
    pub accepted: bool,
    pub checks: Vec<Check>,
    pub obstacles: Vec<Obstacle>,
    /// What it promises beyond what it covers; below 0 where less.
    pub beyond: Decimal,
}

/// A proposal as it is compared: checked before, so that quantities are above 0 and days are days.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    pub deliveries: Vec<(Decimal, Date)>,
    /// `None`: the order's.
    pub price: Option<UnitPrice>,
    pub substitute: bool,
}

impl Proposed {
    /// From the contract's form; `None` where it was not checked before.
    pub fn of(content: &Propose) -> Option<Self> {
        let deliveries = content.deliveries.iter().map(|delivery| {
            let quantity = chassis::value::decimal(delivery.quantity.as_ref()).ok().flatten()?;
            Some((quantity, chassis::value::date(delivery.delivery_date.as_ref()?).ok()?))
        });
        Some(Self {
            deliveries: deliveries.collect::<Option<_>>()?,
            price: content.price.as_ref().and_then(UnitPrice::of),
            substitute: content.substitute.is_some(),
        })
    }

    /// What it promises altogether.
    ///
    /// # Errors
    /// Where that has too many digits.
    pub fn total(&self) -> Result<Decimal, Obstacle> {
        self.deliveries.iter().try_fold(Decimal::ZERO, |sum, (quantity, _)| add(sum, *quantity))
    }
}

impl UnitPrice {
    /// From the contract's form; `None` where no amount is stated.
    pub fn of(price: &proto::orders::Price) -> Option<Self> {
        let decimal = |wire: &Option<_>| chassis::value::decimal(wire.as_ref()).ok().flatten();
        Some(Self {
            amount: decimal(&price.amount)?,
            base: decimal(&price.base_quantity).unwrap_or(Decimal::ONE),
            base_unit_code: price.base_unit_code.clone(),
            price_type: price.price_type.clone(),
        })
    }
}

/// A bound that a rule states, as a number to compare with.
struct Stated<'a> {
    limit: Decimal,
    rule: &'a Rule,
}

/// Compares a proposal about `covers` of a schedule line with what is tolerated.
pub fn check(terms: &Terms, covers: Decimal, content: &Propose) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(proposed) = Proposed::of(content) else {
        outcome.obstacles.push(Obstacle::TooManyDigits);
        return outcome;
    };
    if proposed.substitute {
        outcome.obstacles.push(Obstacle::Substitute);
    }
    if proposed.deliveries.len() > 1 && terms.split_forbidden {
        outcome.obstacles.push(Obstacle::SplitForbidden);
    }
    let mut note = |found: Result<Option<Check>, Obstacle>| match found {
        Ok(check) => outcome.checks.extend(check),
        Err(obstacle) => outcome.obstacles.push(obstacle),
    };
    let beyond = proposed.total().and_then(|total| add(total, -covers));
    note(beyond.and_then(|beyond| quantity(terms, beyond)));
    match terms.requested {
        Some((from, until)) => {
            note(Ok(days(terms, Dimension::Early, &proposed, &|day| from - day)));
            note(Ok(days(terms, Dimension::Late, &proposed, &|day| day - until)));
        }
        None => note(Err(Obstacle::DateUnstated)),
    }
    if content.price.is_some() {
        note(price(terms, proposed.price.as_ref()));
    }
    if outcome.checks.is_empty() && outcome.obstacles.is_empty() {
        outcome.obstacles.push(Obstacle::NothingDiffers);
    }
    outcome.beyond = beyond.unwrap_or_default();
    outcome.accepted = outcome.obstacles.is_empty() && outcome.checks.iter().all(|check| check.within);
    outcome
}

fn quantity(terms: &Terms, own: Decimal) -> Result<Option<Check>, Obstacle> {
    let altogether = add(terms.beyond, own)?;
    if own.is_zero() {
        return Ok(None);
    }
    let (dimension, actual) = if own > Decimal::ZERO {
        (Dimension::QuantityOver, own.max(altogether))
    } else {
        (Dimension::QuantityUnder, (-own).max(-altogether))
    };
    let stated = stated(terms, dimension, terms.ordered)?;
    let within = stated.as_ref().is_some_and(|stated| actual <= stated.limit);
    Ok(Some(compared(dimension, actual, stated, within, 0)))
}

/// The delivery that goes furthest in one direction; of several that go equally far the first.
fn days(
    terms: &Terms,
    dimension: Dimension,
    proposed: &Proposed,
    beyond: &dyn Fn(Date) -> time::Duration,
) -> Option<Check> {
    let each = proposed.deliveries.iter().enumerate();
    let each = each.map(|(place, (_, day))| (beyond(*day).whole_days(), std::cmp::Reverse(place)));
    let (furthest, place) = each.max()?;
    if furthest <= 0 {
        return None;
    }
    let bound = |bounds: &Bounds| match dimension {
        Dimension::Early => bounds.early_days,
        _ => bounds.late_days,
    };
    let stated = terms
        .rules
        .iter()
        .find_map(|rule| bound(&rule.bounds).map(|days| Stated { limit: days.into(), rule }));
    let actual = Decimal::from(furthest);
    let within = stated.as_ref().is_some_and(|stated| actual <= stated.limit);
    Some(compared(dimension, actual, stated, within, place.0))
}

fn price(terms: &Terms, proposed: Option<&UnitPrice>) -> Result<Option<Check>, Obstacle> {
    let (Some(asked), Some(proposed)) = (&terms.price, proposed) else {
        return Err(Obstacle::PriceNotComparable);
    };
    let alike = |proposed: &str, asked: &str| proposed.is_empty() || proposed == asked;
    if !alike(&proposed.base_unit_code, &asked.base_unit_code)
        || !alike(&proposed.price_type, &asked.price_type)
    {
        return Err(Obstacle::PriceNotComparable);
    }
    // Both sides times both base quantities, so that nothing has to be divided.
    let difference = add(mul(proposed.amount, asked.base)?, -mul(asked.amount, proposed.base)?)?;
    if difference.is_zero() {
        return Ok(None);
    }
    let dimension = if difference > Decimal::ZERO { Dimension::PriceOver } else { Dimension::PriceUnder };
    let difference = difference.abs();
    let stated = stated(terms, dimension, asked.amount)?;
    let within = match &stated {
        Some(stated) => difference <= mul(stated.limit, proposed.base)?,
        None => false,
    };
    // For people; the decision above was exact.
    let actual = difference.checked_div(proposed.base).ok_or(Obstacle::TooManyDigits)?;
    Ok(Some(compared(dimension, actual.round_dp(10).normalize(), stated, within, 0)))
}

fn compared(
    dimension: Dimension,
    actual: Decimal,
    stated: Option<Stated<'_>>,
    within: bool,
    delivery: usize,
) -> Check {
    Check {
        dimension,
        actual: actual.normalize(),
        limit: stated.as_ref().map(|stated| stated.limit.normalize()),
        within,
        source: stated.as_ref().map(|stated| stated.rule.source),
        rule: stated.and_then(|stated| stated.rule.id),
        delivery,
    }
}

/// The bound of the most specific rule that states it, where percents are of `whole`.
fn stated<'a>(
    terms: &'a Terms,
    dimension: Dimension,
    whole: Decimal,
) -> Result<Option<Stated<'a>>, Obstacle> {
    let bound = |bounds: &Bounds| match dimension {
        Dimension::QuantityOver => bounds.quantity_over,
        Dimension::QuantityUnder => bounds.quantity_under,
        Dimension::PriceOver => bounds.price_over,
        Dimension::PriceUnder => bounds.price_under,
        _ => None,
    };
    let Some((rule, bound)) = terms.rules.iter().find_map(|rule| Some((rule, bound(&rule.bounds)?))) else {
        return Ok(None);
    };
    let share = bound.percent.map(|percent| mul(mul(whole, percent)?, Decimal::new(1, 2))).transpose()?;
    let limit = match (share, bound.absolute) {
        (Some(share), Some(absolute)) => share.min(absolute),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Ok(None),
    };
    Ok(Some(Stated { limit, rule }))
}

/// The exact sum, or none: an addition that drops digits shows in the scale.
fn add(a: Decimal, b: Decimal) -> Result<Decimal, Obstacle> {
    let (a, b) = (a.normalize(), b.normalize());
    let sum = a.checked_add(b).ok_or(Obstacle::TooManyDigits)?;
    if sum.is_zero() || sum.scale() == a.scale().max(b.scale()) {
        Ok(sum)
    } else {
        Err(Obstacle::TooManyDigits)
    }
}

/// The exact product, or none: a product that drops digits shows in the scale.
fn mul(a: Decimal, b: Decimal) -> Result<Decimal, Obstacle> {
    if a.is_zero() || b.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let (a, b) = (a.normalize(), b.normalize());
    let product = a.checked_mul(b).ok_or(Obstacle::TooManyDigits)?;
    if product.scale() == a.scale() + b.scale() { Ok(product) } else { Err(Obstacle::TooManyDigits) }
}
