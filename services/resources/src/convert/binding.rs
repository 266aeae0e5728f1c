//! Pins, impacts and policies in and out.

use std::collections::BTreeMap;

use chassis::{Error, Result, value};
use prost::Message;
use proto::{orders::OrderLine, resources as wire};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{read::Wrong, revision::state_out};
use crate::{
    binding::{self as rules, Candidate, Concern, Effectivity, Pinned, Rule},
    db::{
        Names,
        binding::{Line, Policy, Released, Seen},
    },
    error,
    impact::{self, Impact},
    revision::State,
};

const MAX_NOTE: usize = 2_000;
const MAX_ORDERS: usize = 100;
const MAX_RETENTION_DAYS: i32 = 3_650;

/// The line of an order as it was published, without its schedule lines.
pub(crate) fn line(line: &Line) -> Result<OrderLine> {
    OrderLine::decode(line.content.as_slice()).map_err(Error::internal)
}

/// What a line says of its drawing.
pub(crate) fn revision_text(of: &Line) -> Result<String> {
    Ok(line(of)?.resource_revision)
}

pub(crate) fn candidate(row: &Released) -> Candidate {
    Candidate {
        id: row.revision_id,
        label: row.label.clone(),
        released_at: row.released_at,
        ended_at: row.ended_at,
        effectivity: Effectivity::from_stored(row.effectivity, row.effective_date),
    }
}

/// How a pin stands for its line.
pub(crate) fn concern(seen: &Seen, first_requested: Option<Date>) -> Result<Concern> {
    let state = state(seen)?;
    let current = seen.current_id.filter(|current| *current != seen.revision_id);
    let effectivity = Effectivity::from_stored(seen.effectivity, seen.effective_date);
    let pinned = Pinned {
        asks: seen.asks,
        withdrawn: state == State::Withdrawn,
        acknowledged: seen.acknowledged_at.is_some(),
        current: current
            .and(effectivity)
            .map(|effectivity| (effectivity, seen.current_acknowledged_at.is_some())),
    };
    Ok(rules::concern(pinned, first_requested))
}

fn state(seen: &Seen) -> Result<State> {
    State::from_name(&seen.state).ok_or_else(|| error::unreadable(seen.revision_id))
}

/// A pin as one of its order's firms sees it.
pub(crate) fn pin_out(seen: &Seen, concern: Concern) -> Result<wire::Pin> {
    let current = seen.current_id.filter(|current| seen.usable && *current != seen.revision_id);
    let of_current = |text: Option<String>| text.filter(|_| current.is_some()).unwrap_or_default();
    Ok(wire::Pin {
        order_id: seen.order_id.to_string(),
        line_number: seen.line_number.clone(),
        buyer_id: seen.owner.to_string(),
        supplier_id: seen.supplier.to_string(),
        buyer_item_id: seen.buyer_item_id.clone(),
        resource_id: seen.resource_id.to_string(),
        resource_name: seen.resource_name.clone(),
        revision_id: seen.revision_id.to_string(),
        revision_label: seen.label.clone(),
        revision_state: state_out(state(seen)?).into(),
        acknowledged_at: seen.acknowledged_at.map(value::timestamp),
        superseded: concern.superseded,
        not_acknowledged: concern.not_acknowledged,
        current_revision_id: of_current(seen.current_id.map(|id| id.to_string())),
        current_label: of_current(seen.current_label.clone()),
        resource_number: seen.resource_number.clone().filter(|_| seen.usable).unwrap_or_default(),
        usable: seen.usable,
    })
}

/// For which lines a draft would count; that of a release, in a preview.
pub(crate) fn effectivity(request: &wire::PreviewReleaseRequest) -> Result<Effectivity> {
    let mut wrong = Wrong::default();
    let date = wrong.date("effective_date", request.effective_date.as_ref());
    let effectivity = match request.effectivity() {
        wire::Effectivity::NewOrders | wire::Effectivity::Unspecified => Some(Effectivity::NewOrders),
        wire::Effectivity::AtOnce => Some(Effectivity::AtOnce),
        wire::Effectivity::FromDate => {
            if request.effective_date.is_none() {
                wrong.note("effective_date", "REQUIRED", "is required where the revision counts from a date");
            }
            date.map(Effectivity::FromDate)
        }
    };
    wrong.done(effectivity)
}

/// A line as impacts are added up.
pub(crate) fn impacted(row: &Line, unit_text: String) -> impact::Line {
    impact::Line {
        order_id: row.order_id,
        supplier: row.supplier,
        unit_code: row.unit_code.clone(),
        unit_text,
        open: row.open,
        in_process: row.in_process,
        first_requested: row.first_requested,
    }
}

/// What lines are made by now, and who has taken note of the new revision.
pub(crate) struct Around<'a> {
    pub effectivity: Effectivity,
    /// By order and line: revision and label.
    pub pins: &'a BTreeMap<(Uuid, String), (Uuid, String)>,
    pub names: &'a Names,
    pub acknowledged: &'a BTreeMap<Uuid, OffsetDateTime>,
}

/// A line that a revision changes.
pub(crate) fn impacted_out(row: &Line, unit_text: String, around: &Around<'_>) -> wire::ImpactedLine {
    let pin = around.pins.get(&(row.order_id, row.line_number.clone()));
    wire::ImpactedLine {
        order_id: row.order_id.to_string(),
        order_number: row.order_number.clone(),
        line_number: row.line_number.clone(),
        supplier_id: row.supplier.to_string(),
        supplier_name: around.names.get(&row.supplier).cloned().unwrap_or_default(),
        buyer_item_id: row.buyer_item_id.clone(),
        item_name: row.item_name.clone(),
        revision_id: pin.map(|pin| pin.0.to_string()).unwrap_or_default(),
        revision_label: pin.map(|pin| pin.1.clone()).unwrap_or_default(),
        open_quantity: Some(value::wire_decimal(row.open)),
        in_process_quantity: row.in_process.map(value::wire_decimal),
        in_transit_quantity: None,
        unit_code: row.unit_code.clone(),
        unit_text,
        first_requested_date: row.first_requested.map(value::wire_date),
        reached: around.effectivity.reaches(row.first_requested),
        acknowledged_at: around.acknowledged.get(&row.supplier).copied().map(value::timestamp),
    }
}

/// Lines with what they come to.
pub(crate) fn preview_out(lines: Vec<wire::ImpactedLine>, impact: Impact) -> wire::PreviewReleaseResponse {
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let sum = |(unit_code, sum): (String, impact::Quantity)| wire::ImpactedQuantity {
        unit_code,
        unit_text: sum.unit_text,
        open_quantity: wire_sum(sum.open),
        in_process_quantity: sum.in_process.and_then(wire_sum),
        in_transit_quantity: None,
        reached_quantity: wire_sum(sum.reached),
    };
    wire::PreviewReleaseResponse {
        lines,
        line_count: count(impact.lines),
        reached_line_count: count(impact.reached),
        order_count: count(impact.orders),
        supplier_count: count(impact.suppliers),
        quantities: impact.quantities.into_iter().map(sum).collect(),
    }
}

fn wire_sum(sum: Decimal) -> Option<proto::Decimal> {
    Some(value::wire_decimal(sum))
}

/// The orders that are named, of a change of them.
pub(crate) fn orders(request: &wire::ApplyRevisionRequest) -> Result<Vec<Uuid>> {
    let mut wrong = Wrong::default();
    wrong.text("note", &request.note, MAX_NOTE);
    if request.order_ids.len() > MAX_ORDERS {
        wrong.note("order_ids", "COUNT", format!("must have at most {MAX_ORDERS} entries"));
    }
    let read = request.order_ids.iter().take(MAX_ORDERS).enumerate();
    let orders = read.filter_map(|(index, id)| wrong.id(&format!("order_ids[{index}]"), id)).collect();
    wrong.done(Some(orders))
}

/// INVALID_ARGUMENT naming every bad field of a policy.
pub(crate) fn policy(request: &wire::SetBindingPolicyRequest) -> Result<Policy> {
    let mut wrong = Wrong::default();
    let wire = request.policy.unwrap_or_default();
    if !(0..=MAX_RETENTION_DAYS).contains(&wire.retention_days) {
        let message = format!("must lie between 0 and {MAX_RETENTION_DAYS}");
        wrong.note("policy.retention_days", "RANGE", message);
    }
    let mut rule = |path, number| match wire::DespatchRule::try_from(number) {
        Ok(wire::DespatchRule::Allow) => Rule::Allow,
        Ok(wire::DespatchRule::Warn | wire::DespatchRule::Unspecified) => Rule::Warn,
        Ok(wire::DespatchRule::Block) => Rule::Block,
        // Not taken for something milder than was meant.
        Err(_) => {
            wrong.note(path, "UNKNOWN", "is no rule that is known here");
            Rule::Block
        }
    };
    let superseded = rule("policy.superseded", wire.superseded).number();
    let not_acknowledged = rule("policy.not_acknowledged", wire.not_acknowledged).number();
    wrong.done(Some(Policy {
        version: wire.version,
        retention_days: wire.retention_days,
        superseded,
        not_acknowledged,
    }))
}

/// As both wrote it.
pub(crate) fn policy_out(policy: &Policy) -> Result<wire::BindingPolicy> {
    let rules = rules_of((policy.superseded, policy.not_acknowledged))?;
    Ok(wire::BindingPolicy {
        version: policy.version,
        retention_days: policy.retention_days,
        superseded: rule_out(rules.superseded).into(),
        not_acknowledged: rule_out(rules.not_acknowledged).into(),
    })
}

/// What was stored of an owner's rules.
pub(crate) fn rules_of((superseded, not_acknowledged): (i16, i16)) -> Result<rules::Policy> {
    let unreadable = || Error::internal(anyhow::anyhow!("a binding policy cannot be read"));
    Ok(rules::Policy {
        superseded: Rule::from_number(superseded).ok_or_else(unreadable)?,
        not_acknowledged: Rule::from_number(not_acknowledged).ok_or_else(unreadable)?,
    })
}

pub(crate) fn rule_out(rule: Rule) -> wire::DespatchRule {
    match rule {
        Rule::Allow => wire::DespatchRule::Allow,
        Rule::Warn => wire::DespatchRule::Warn,
        Rule::Block => wire::DespatchRule::Block,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_of_a_policy_is_named_and_nothing_is_taken_for_milder() {
        let asked = |retention_days, superseded, not_acknowledged| {
            let version = 0;
            let policy = wire::BindingPolicy { version, retention_days, superseded, not_acknowledged };
            super::policy(&wire::SetBindingPolicyRequest { request_id: "1".into(), policy: Some(policy) })
        };
        let error = asked(-4, 9, 10).unwrap_err();
        let named: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(named, ["policy.retention_days", "policy.superseded", "policy.not_acknowledged"]);
        let taken = asked(180, 0, 3).unwrap();
        assert_eq!((taken.superseded, taken.not_acknowledged), (2, 3), "nothing said is a warning");
    }
}
