//! Stored rows → what proposals are compared with, and how they compared → the contract.

use std::collections::HashMap;

use chassis::{Error, Result, value};
use prost::Message;
use proto::orders::{
    Commitment, LinePreview, OrderLine, Propose, ResponsePreview, ScheduleLine, ScheduleLineState,
    ToleranceCheck, ToleranceOutcome, ToleranceSource,
};
use rust_decimal::Decimal;
use time::Date;
use uuid::Uuid;

use super::wire;
use crate::{
    agree::Agreement,
    db::{
        terms::{AgreedRow, AskedRow},
        tolerance::RuleRow,
    },
    order::{Order, Part},
    promised::Promise,
    terms::Standing,
    tolerance::{Bound, Bounds, Check, Outcome, Proposed, Rule, Scope, Source, Terms, UnitPrice},
};

/// A schedule line as it was asked for, with the order line's own tolerance.
pub(crate) struct Asked {
    pub id: Uuid,
    pub order: Uuid,
    pub item_group: String,
    pub buyer_item_id: String,
    pub terms: Terms,
}

pub(crate) fn asked(row: AskedRow) -> Result<Asked> {
    let line = OrderLine::decode(row.line.as_slice()).map_err(Error::internal)?;
    let planned = ScheduleLine::decode(row.planned.as_slice()).map_err(Error::internal)?;
    let own = line.tolerance.as_ref().map(|tolerance| Rule {
        id: None,
        source: Source::OrderLine,
        bounds: Bounds {
            quantity_over: bound(
                decimal(tolerance.over_percent.as_ref()),
                decimal(tolerance.over_quantity.as_ref()),
            ),
            quantity_under: bound(
                decimal(tolerance.under_percent.as_ref()),
                decimal(tolerance.under_quantity.as_ref()),
            ),
            ..Bounds::default()
        },
    });
    let item = line.item.unwrap_or_default();
    Ok(Asked {
        id: row.id,
        order: row.order_id,
        item_group: item.item_group,
        buyer_item_id: item.buyer_item_id,
        terms: Terms {
            ordered: row.quantity,
            requested: planned.requested_delivery.as_ref().and_then(window),
            price: line.price.as_ref().and_then(UnitPrice::of),
            split_forbidden: line.partial_delivery_allowed == Some(false),
            beyond: Decimal::ZERO,
            rules: own.into_iter().collect(),
        },
    })
}

/// First and last day; one that is unstated is the other.
fn window(window: &proto::orders::DeliveryWindow) -> Option<(Date, Date)> {
    let day = |day: Option<&proto::Date>| day.and_then(|day| value::date(day).ok());
    let (from, until) = (day(window.from.as_ref()), day(window.until.as_ref()));
    Some((from.or(until)?, until.or(from)?))
}

/// What accepted proposals promised beyond what they settle, by schedule line.
pub(crate) fn beyond(rows: Vec<AgreedRow>) -> Result<HashMap<Uuid, Decimal>> {
    let mut all: HashMap<Uuid, Decimal> = HashMap::new();
    for row in rows {
        let content = Propose::decode(row.content.as_slice()).map_err(Error::internal)?;
        let total = Proposed::of(&content).and_then(|proposed| proposed.total().ok()).unwrap_or(row.covers);
        *all.entry(row.schedule_line_id).or_default() += total - row.covers;
    }
    Ok(all)
}

pub(crate) fn standing(row: RuleRow) -> Standing {
    let bounds = bounds(&row);
    let scope =
        Scope { supplier: row.supplier, item_group: row.item_group, buyer_item_id: row.buyer_item_id };
    let rule = Rule { id: Some(row.id), source: scope.rank().0, bounds };
    Standing { buyer: row.buyer, scope, rule }
}

pub(super) fn bounds(row: &RuleRow) -> Bounds {
    Bounds {
        quantity_over: bound(row.quantity_over_percent, row.quantity_over_absolute),
        quantity_under: bound(row.quantity_under_percent, row.quantity_under_absolute),
        early_days: row.early_days,
        late_days: row.late_days,
        price_over: bound(row.price_over_percent, row.price_over_absolute),
        price_under: bound(row.price_under_percent, row.price_under_absolute),
    }
}

fn bound(percent: Option<Decimal>, absolute: Option<Decimal>) -> Option<Bound> {
    (percent.is_some() || absolute.is_some()).then_some(Bound { percent, absolute })
}

fn decimal(wire: Option<&proto::Decimal>) -> Option<Decimal> {
    value::decimal(wire).ok().flatten()
}

/// How each proposal compared, encoded as it is stored.
pub(crate) fn outcomes(agreement: &Agreement) -> HashMap<Uuid, Vec<u8>> {
    agreement.outcomes.iter().map(|(id, each)| (*id, outcome(each).encode_to_vec())).collect()
}

pub(crate) fn outcome(outcome: &Outcome) -> ToleranceOutcome {
    ToleranceOutcome {
        accepted: outcome.accepted,
        checks: outcome.checks.iter().map(check).collect(),
        obstacles: outcome.obstacles.iter().map(|obstacle| i32::from(*obstacle)).collect(),
    }
}

fn check(check: &Check) -> ToleranceCheck {
    let source = check.source.map_or(ToleranceSource::Unspecified, |source| match source {
        Source::OrderLine => ToleranceSource::OrderLine,
        Source::Item => ToleranceSource::Item,
        Source::ItemGroup => ToleranceSource::ItemGroup,
        Source::Relationship => ToleranceSource::Relationship,
        Source::EverySupplier => ToleranceSource::EverySupplier,
    });
    ToleranceCheck {
        dimension: check.dimension.into(),
        actual: Some(value::wire_decimal(check.actual)),
        limit: check.limit.map(value::wire_decimal),
        within: check.within,
        source: source.into(),
        rule_id: check.rule.map(|id| id.to_string()).unwrap_or_default(),
        delivery: check.delivery as i32,
    }
}

/// What an answer did to an order that nobody will save.
pub(crate) fn preview(order: &Order, agreement: &Agreement) -> ResponsePreview {
    let lines = agreement.answered.iter().map(|(place, parts)| {
        let line = &order.schedule[*place];
        let proposal = agreement.proposal(parts).map(|(_, outcome)| outcome);
        let agreed = proposal.is_some_and(|outcome| outcome.accepted);
        LinePreview {
            schedule_line_id: line.id.to_string(),
            line_number: line.line_number.clone(),
            schedule_line_number: line.schedule_line_number.clone(),
            quantities: Some(wire::quantities(&line.quantities)),
            commitments: parts.iter().flat_map(|part| commitments(part, agreed)).collect(),
            tolerance: proposal.map(outcome),
            waits_for_buyer: proposal.is_some() && !agreed,
        }
    });
    ResponsePreview {
        order_id: order.id.to_string(),
        revision: order.revision,
        version: order.version,
        state: order.state().into(),
        lines: lines.collect(),
    }
}

/// What an answer promises for a day: what it accepts as asked, and what was agreed of its proposals at once.
pub(crate) fn promised(agreement: &Agreement) -> Vec<Promise> {
    let lines = agreement.answered.iter().enumerate().flat_map(|(at, (place, parts))| {
        let agreed = agreement.proposal(parts).is_some_and(|(_, outcome)| outcome.accepted);
        let made = parts.iter().flat_map(move |part| commitments(part, agreed));
        made.filter_map(move |one| promise((at, *place), &one))
    });
    lines.collect()
}

/// What schedule lines promise for a day as they stand, in the same shape.
pub(crate) fn standing_promises(order: &Order, schedule: &[ScheduleLineState]) -> Vec<Promise> {
    let places = order.places();
    let mut promises = Vec::new();
    for (at, state) in schedule.iter().enumerate().filter(|(_, state)| !state.closed) {
        let place = Uuid::try_parse(&state.schedule_line_id).ok().and_then(|id| places.of(id));
        if let Some(place) = place {
            promises.extend(state.commitments.iter().filter_map(|one| promise((at, place), one)));
        }
    }
    promises
}

fn promise((at, place): (usize, usize), one: &Commitment) -> Option<Promise> {
    let day = value::date(one.committed_delivery_date.as_ref()?).ok()?;
    let quantity = decimal(one.quantity.as_ref()).filter(|quantity| *quantity > Decimal::ZERO)?;
    let substitute = one.substitute.as_ref().map(|item| item.buyer_item_id.clone()).unwrap_or_default();
    Some(Promise { at, place, day, quantity, substitute })
}

fn commitments(part: &Part, agreed: bool) -> Vec<Commitment> {
    match part {
        Part::Accepted { quantity, committed_date } => {
            vec![wire::as_asked(*quantity, *committed_date, "")]
        }
        Part::Proposed { covers, content, .. } if agreed => wire::promises(*covers, "", content),
        Part::Proposed { .. } | Part::Rejected { .. } => Vec::new(),
    }
}
