//! Checks which scorecard is wanted, and shows it.

use chassis::{Error, Field, Result, caller::Caller, value};
use proto::orders::{
    BuyerScore, GetScorecardRequest, ListScoreEvidenceRequest, ProposalState, ScoreEvidence, ScoreFigure,
    Scorecard, ScoredChange, ScoredLine, ScoredOrder, ScoredProposal, Side, SupplierScore,
    score_evidence::Thing,
};
use rust_decimal::{Decimal, RoundingStrategy};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::db::scorecard::{EvidenceRow, ScoreRow, Wanted};

/// The longest period.
const LONGEST: Duration = Duration::days(731);

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn wanted(caller: &Caller, request: &GetScorecardRequest) -> Result<Wanted> {
    card(caller, request, Vec::new())
}

/// Of which scorecard, and which figure of it. INVALID_ARGUMENT naming every bad field.
pub(crate) fn evidence_wanted(
    caller: &Caller,
    request: &ListScoreEvidenceRequest,
) -> Result<(Wanted, ScoreFigure)> {
    let figure = ScoreFigure::try_from(request.figure).unwrap_or_default();
    let wrong = match figure {
        ScoreFigure::Unspecified => {
            vec![Field::new("figure", "REQUIRED", "say of which figure, such as SCORE_FIGURE_ANSWERED")]
        }
        _ => Vec::new(),
    };
    let request = GetScorecardRequest {
        side: request.side,
        counterparty_id: request.counterparty_id.clone(),
        from: request.from,
        until: request.until,
    };
    Ok((card(caller, &request, wrong)?, figure))
}

/// Which scorecard, unless something is wrong, here or before.
fn card(caller: &Caller, request: &GetScorecardRequest, mut wrong: Vec<Field>) -> Result<Wanted> {
    let side = Side::try_from(request.side).unwrap_or_default();
    if side == Side::Unspecified {
        wrong.push(Field::new("side", "REQUIRED", "say SIDE_BUYER or SIDE_SUPPLIER"));
    }
    if request.counterparty_id.is_empty() {
        wrong.push(Field::new("counterparty_id", "REQUIRED", "name the firm on the other side"));
    }
    let mut moment = |path: &str, wire: Option<&prost_types::Timestamp>| {
        let found = wire.and_then(value::time);
        if found.is_none() {
            wrong.push(Field::new(
                path,
                "REQUIRED",
                "is required; give a moment such as 2026-12-01T00:00:00Z",
            ));
        }
        found.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    let (from, until) = (moment("from", request.from.as_ref()), moment("until", request.until.as_ref()));
    if wrong.is_empty() && (until <= from || until - from > LONGEST) {
        let message = format!("must lie after `from`, at most {} days", LONGEST.whole_days());
        wrong.push(Field::new("until", "RANGE", message));
    }
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let other: Uuid = value::id(&request.counterparty_id)?;
    let buying = side == Side::Buyer;
    let (buyer, supplier) = if buying { (caller.firm, other) } else { (other, caller.firm) };
    Ok(Wanted {
        buyer,
        supplier,
        from,
        until,
        // Only the buyer's own people are narrowed by its sites and groups.
        sites: if buying { caller.sites.clone() } else { Vec::new() },
        purchasing_groups: if buying { caller.purchasing_groups.clone() } else { Vec::new() },
    })
}

pub(crate) fn scorecard(wanted: &Wanted, row: &ScoreRow) -> Scorecard {
    Scorecard {
        buyer_id: wanted.buyer.to_string(),
        supplier_id: wanted.supplier.to_string(),
        from: Some(value::timestamp(wanted.from)),
        until: Some(value::timestamp(wanted.until)),
        supplier: Some(SupplierScore {
            orders: row.orders as i32,
            answered: row.answered as i32,
            answer_median_seconds: row.answer_median_seconds,
            answer_p90_seconds: row.answer_p90_seconds,
            answered_on_time: row.answered_on_time.map(|orders| orders as i32),
            lines_settled: row.lines_settled as i32,
            lines_accepted: row.lines_accepted as i32,
            acceptance_rate: rate(row.lines_accepted, row.lines_settled).map(value::wire_decimal),
            on_time_requested_rate: None,
            on_time_committed_rate: None,
        }),
        buyer: Some(BuyerScore {
            proposals: row.proposals as i32,
            agreed_by_tolerance: row.agreed_by_tolerance as i32,
            accepted: row.accepted as i32,
            declined: row.declined as i32,
            waiting: row.waiting as i32,
            decision_median_seconds: row.decision_median_seconds,
            decision_p90_seconds: row.decision_p90_seconds,
            changes_to_accepted_lines: Some(row.changes as i32),
            changes_inside_frozen_horizon: Some(row.frozen_changes as i32),
        }),
    }
}

/// Something that a figure counts, as the figure is of orders, schedule lines, proposals or changes.
pub(crate) fn evidence(figure: ScoreFigure, row: EvidenceRow) -> ScoreEvidence {
    let wire = |quantity: Option<Decimal>| quantity.map(value::wire_decimal);
    let ended_at = row.ended_at.map(value::timestamp);
    let thing = match figure {
        ScoreFigure::Unspecified => None,
        ScoreFigure::Answered | ScoreFigure::AnswerTime | ScoreFigure::AnsweredOnTime => {
            Some(Thing::Order(ScoredOrder {
                answered_at: ended_at,
                answer_seconds: row.seconds,
                due_on: row.due_on.map(value::wire_date),
                overdue: row.overdue.unwrap_or_default(),
            }))
        }
        ScoreFigure::Acceptance => Some(Thing::Line(ScoredLine {
            ordered: wire(row.ordered),
            accepted: wire(row.accepted),
            cancelled: wire(row.cancelled),
        })),
        ScoreFigure::Proposals
        | ScoreFigure::AgreedByTolerance
        | ScoreFigure::Decided
        | ScoreFigure::Waiting
        | ScoreFigure::DecisionTime => {
            let outcome = row.outcome.unwrap_or_default();
            Some(Thing::Proposal(ScoredProposal {
                state: state(&outcome).into(),
                agreed_by_tolerance: outcome == "tolerated",
                decided_at: ended_at,
                decision_seconds: row.seconds,
            }))
        }
        ScoreFigure::ChangesToAcceptedLines | ScoreFigure::ChangesInsideFrozenHorizon => {
            Some(Thing::Change(ScoredChange {
                action: row.action,
                accepted: wire(row.accepted),
                inside_frozen_horizon: row.frozen.unwrap_or_default(),
            }))
        }
    };
    ScoreEvidence {
        order_id: row.order_id.to_string(),
        order_number: row.order_number,
        line_number: row.line_number,
        schedule_line_number: row.schedule_line_number,
        unit_code: row.unit_code,
        version: row.version,
        at: Some(value::timestamp(row.at)),
        counted: row.counted,
        thing,
    }
}

/// What became of a proposal, as orders.score_evidence calls it.
fn state(outcome: &str) -> ProposalState {
    match outcome {
        "tolerated" | "accepted" => ProposalState::Accepted,
        "declined" => ProposalState::Declined,
        "withdrawn" => ProposalState::Withdrawn,
        "superseded" => ProposalState::Superseded,
        "waiting" => ProposalState::Open,
        _ => ProposalState::Unspecified,
    }
}

/// A share with 4 places. `None` of nothing.
fn rate(part: i64, whole: i64) -> Option<Decimal> {
    let share = Decimal::from(part).checked_div(Decimal::from(whole))?;
    Some(share.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_nothing_is_not_known() {
        for (part, whole, expected) in [
            (0, 0, None),
            (0, 3, Some("0")),
            (2, 3, Some("0.6667")),
            (1, 8, Some("0.125")),
            (3, 3, Some("1")),
        ] {
            assert_eq!(rate(part, whole).map(|rate| rate.normalize().to_string()).as_deref(), expected);
        }
    }
}
