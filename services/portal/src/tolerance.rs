//! How a proposal compares with what the buyer tolerates 容差, as people read it: the actual, the limit, and the rule
//! that it comes from.

use proto::orders::{
    Commitment, ToleranceCheck, ToleranceDimension, ToleranceObstacle, ToleranceOutcome, ToleranceSource,
};
use rust_decimal::Decimal;

use crate::{
    format,
    i18n::{Key, Text, key},
    order::Row,
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

/// How much more than was accepted of a schedule line may come 超交, by its order line's own tolerance; zero where that
/// states nothing. As proposals are compared: percents are of the ordered quantity, of percent and absolute the smaller
/// counts, and what was promised beyond the order has used some of it up. What has too many digits tolerates nothing.
pub fn over(row: &Row) -> Decimal {
    let Some(stated) = &row.line.tolerance else { return Decimal::ZERO };
    let ordered = row.state.quantities.as_ref().map(|q| format::decimal_or_zero(q.ordered.as_ref()));
    let share = |percent: Decimal| {
        let hundredfold = ordered.unwrap_or_default().checked_mul(percent);
        hundredfold.and_then(|all| all.checked_mul(Decimal::new(1, 2))).unwrap_or_default()
    };
    let share = format::decimal(stated.over_percent.as_ref()).map(share);
    let bounds = [share, format::decimal(stated.over_quantity.as_ref())];
    let limit = bounds.into_iter().flatten().min().unwrap_or_default();
    let beyond = |promise: &Commitment| {
        let settles = format::decimal(promise.settles_quantity.as_ref());
        let quantity = format::decimal_or_zero(promise.quantity.as_ref());
        quantity - settles.unwrap_or(quantity)
    };
    let beyond: Decimal = row.state.commitments.iter().map(beyond).sum();
    (limit - beyond.max(Decimal::ZERO)).max(Decimal::ZERO).normalize()
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
    use proto::orders::{OrderLine, Quantities, ScheduleLineState, Tolerance};

    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn of_percent_and_absolute_the_smaller_counts_and_what_was_promised_beyond_uses_it_up() {
        let wire = |value: &str| Some(proto::Decimal { value: value.into() });
        let over = |percent: Option<&str>, absolute: Option<&str>, promised: &str| {
            let tolerance = Tolerance {
                over_percent: percent.and_then(wire),
                over_quantity: absolute.and_then(wire),
                ..Tolerance::default()
            };
            let promise = Commitment {
                quantity: wire(promised),
                settles_quantity: wire("16000"),
                ..Commitment::default()
            };
            let quantities = Quantities { ordered: wire("16000"), ..Quantities::default() };
            let row = Row {
                line: OrderLine { tolerance: Some(tolerance), ..OrderLine::default() },
                schedule: Default::default(),
                state: ScheduleLineState {
                    quantities: Some(quantities),
                    commitments: vec![promise],
                    ..ScheduleLineState::default()
                },
                first: true,
                several: false,
            };
            super::over(&row).to_string()
        };
        assert_eq!(over(None, None, "16000"), "0");
        assert_eq!(over(Some("5"), None, "16000"), "800");
        assert_eq!(over(Some("5"), Some("100.5"), "16000"), "100.5");
        assert_eq!(over(Some("0.5"), Some("100.5"), "16000"), "80");
        assert_eq!(over(Some("5"), Some("0"), "16000"), "0", "zero is stated, too");
        assert_eq!(over(Some("5"), None, "16500"), "300");
        assert_eq!(over(Some("5"), None, "17000"), "0", "the buyer agreed to more");
        assert_eq!(over(Some("5"), None, "15000"), "800", "what is promised less adds nothing");
    }

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
