//! How a proposal compares with what the buyer tolerates 容差, as people read it: the actual, the limit, and the rule
//! that it comes from.

use proto::orders::{
    ToleranceCheck, ToleranceDimension, ToleranceObstacle, ToleranceOutcome, ToleranceSource,
};

use crate::{
    format,
    i18n::{Key, Text, key},
};

/// How one proposal compares.
pub struct Verdict {
    /// Whether it is agreed at once.
    pub within: bool,
    /// One sentence for each dimension in which it differs, and for what no rule can tolerate.
    pub reasons: Vec<String>,
}

/// The comparison in words. `unit` and `currency` are those of the line.
pub fn verdict(text: &Text, outcome: &ToleranceOutcome, unit: &str, currency: &str) -> Verdict {
    let checks = outcome.checks.iter().map(|one| check(text, one, unit, currency));
    let obstacles = outcome.obstacles().map(|one| text.say(obstacle(one)));
    Verdict { within: outcome.accepted, reasons: checks.chain(obstacles).collect() }
}

fn check(text: &Text, check: &ToleranceCheck, unit: &str, currency: &str) -> String {
    use ToleranceDimension as D;
    let amount = |wire| {
        let value = format::decimal_or_zero(wire).normalize();
        match check.dimension() {
            D::Early | D::Late => text.one(key::DAYS, value.to_string().parse::<i64>().unwrap_or_default()),
            D::PriceOver | D::PriceUnder if currency.is_empty() => format::grouped(value),
            D::PriceOver | D::PriceUnder => text.two(key::MONEY, format::grouped(value), currency),
            _ => text.quantity(value, unit),
        }
    };
    let differs: Key<1> = match check.dimension() {
        D::QuantityOver => key::TOLERANCE_QUANTITY_OVER,
        D::QuantityUnder => key::TOLERANCE_QUANTITY_UNDER,
        D::Early => key::TOLERANCE_EARLY,
        D::Late => key::TOLERANCE_LATE,
        D::PriceOver => key::TOLERANCE_PRICE_OVER,
        D::PriceUnder => key::TOLERANCE_PRICE_UNDER,
        D::Unspecified => key::TOLERANCE_OTHER,
    };
    let actual = text.one(differs, amount(check.actual.as_ref()));
    let Some(limit) = check.limit.as_ref() else { return text.one(key::TOLERANCE_NONE, actual) };
    let said = match check.within {
        true => key::TOLERANCE_WITHIN,
        false => key::TOLERANCE_BEYOND,
    };
    text.three(said, actual, amount(Some(limit)), text.say(source(check.source())))
}

fn source(source: ToleranceSource) -> Key<0> {
    match source {
        ToleranceSource::OrderLine => key::SOURCE_ORDER_LINE,
        ToleranceSource::Item => key::SOURCE_ITEM,
        ToleranceSource::ItemGroup => key::SOURCE_ITEM_GROUP,
        ToleranceSource::Relationship => key::SOURCE_RELATIONSHIP,
        ToleranceSource::EverySupplier | ToleranceSource::Unspecified => key::SOURCE_EVERY_SUPPLIER,
    }
}

fn obstacle(obstacle: ToleranceObstacle) -> Key<0> {
    match obstacle {
        ToleranceObstacle::Substitute => key::OBSTACLE_SUBSTITUTE,
        ToleranceObstacle::SplitForbidden => key::OBSTACLE_SPLIT,
        ToleranceObstacle::DateUnstated => key::OBSTACLE_DATE,
        ToleranceObstacle::PriceNotComparable => key::OBSTACLE_PRICE,
        ToleranceObstacle::NothingDiffers => key::OBSTACLE_NOTHING,
        ToleranceObstacle::TooManyDigits | ToleranceObstacle::Unspecified => key::OBSTACLE_DIGITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_check_names_the_actual_the_limit_and_the_rule() {
        let zh = Text::new(Catalogue::load().unwrap(), Lang::Zh);
        let wire = |value: &str| Some(proto::Decimal { value: value.into() });
        let late = |limit: Option<&str>, within| ToleranceCheck {
            dimension: ToleranceDimension::Late as i32,
            actual: wire("7"),
            limit: limit.and_then(wire),
            within,
            source: ToleranceSource::Relationship as i32,
            ..ToleranceCheck::default()
        };
        let under = ToleranceCheck {
            dimension: ToleranceDimension::QuantityUnder as i32,
            actual: wire("100.50"),
            limit: wire("1000"),
            within: true,
            source: ToleranceSource::OrderLine as i32,
            ..ToleranceCheck::default()
        };
        for (check, said) in [
            (late(Some("9"), true), "晚 7 天，在容差 9 天以内（采购方对贵司的约定）"),
            (late(Some("3"), false), "晚 7 天，超出容差 3 天（采购方对贵司的约定）"),
            (late(None, false), "晚 7 天，没有约定容差"),
            (under, "少 100.5 个，在容差 1,000 个以内（订单行的约定）"),
        ] {
            let outcome = ToleranceOutcome { checks: vec![check], ..ToleranceOutcome::default() };
            assert_eq!(verdict(&zh, &outcome, "个", "CNY").reasons, [said]);
        }
    }
}
