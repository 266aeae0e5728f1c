//! What a figure of a scorecard is of: each order, schedule line, proposal or change, with what went into the figure.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::orders::{
    HistoryEntry, ListScoreEvidenceRequest, ScoreEvidence, ScoreFigure as Of, ScoredChange, ScoredLine,
    ScoredOrder, ScoredProposal, score_evidence::Thing,
};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{partner, score};
use crate::{
    ask::Way,
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    order::Tag,
    page::Tab,
    proposal,
    session::Member,
    table::{Cell, Listing, Part, Row},
    timeline,
};

/// Rows of a page.
const ROWS: i32 = 50;
/// Rows that the API answers at once.
const MOST: i32 = 100;

/// Of which period, and which page of it.
#[derive(Default, Deserialize)]
pub struct Wish {
    /// Where the period ends, in seconds since 1970; empty: now.
    #[serde(default)]
    until: String,
    #[serde(default)]
    page: String,
}

/// The page.
pub async fn show(
    member: Member,
    Path((id, word)): Path<(String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response, Failure> {
    let kind = score::kind(&word).ok_or_else(Failure::not_found)?;
    let partner = partner::find(&member, &id).await?;
    let until = end(&wish.until, member.app().clock.now());
    let halves = score::halves_until(&member, &partner, until).await?;
    let mut figures = halves.into_iter().flat_map(|half| half.figures).filter(|one| one.kind == Some(kind));
    let figure = figures.next().ok_or_else(Failure::not_found)?;
    let card = score::request(&partner, until);
    let request = ListScoreEvidenceRequest {
        page_size: member.rows(ROWS).min(MOST),
        page_token: wish.page,
        side: card.side,
        counterparty_id: card.counterparty_id,
        from: card.from,
        until: card.until,
        figure: kind.into(),
    };
    let list = member.app().api.scorecards().list_score_evidence(member.call(request)).await?.into_inner();
    let t = member.text();
    let mut columns: Vec<String> = columns(kind).iter().map(|label| t.say(label)).collect();
    if is_share(kind) {
        columns.push(t.say(key::EVIDENCE_COUNTS));
    }
    let rows = list.evidence.iter().map(|one| row(&member, one, kind, !partner.buys)).collect();
    let end = until.unix_timestamp().to_string();
    let path = format!("/partners/{}/score/{word}", partner.one.id);
    let part = Part::new(columns, rows, t.say(key::EVIDENCE_EMPTY));
    let back = Way { href: format!("/partners/{}", partner.one.id), label: partner.name().to_string() };
    let days = [until - score::PERIOD, until].map(|at| Some(at.to_offset(format::china()).date()));
    let listing = Listing::new(&member, Tab::Partners, figure.label.clone(), Some(back))
        .lead(figure.how)
        .fact(figure.label, figure.value)
        .fact(t.say(key::EVIDENCE_PERIOD), t.window(days[0], days[1]));
    let listing = figures.fold(listing, |listing, one| listing.fact(one.label, one.value));
    Ok(listing.part(part.next(&path, &[("until", end.as_str())], &list.next_page_token)).saved().show())
}

/// Where the period ends: as the address says, unless that is no moment of which anything is known.
fn end(asked: &str, now: OffsetDateTime) -> OffsetDateTime {
    let last = score::next_second(now);
    let asked = asked.parse().ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    asked.filter(|end| *end > OffsetDateTime::UNIX_EPOCH + score::PERIOD && *end <= last).unwrap_or(last)
}

/// Whether only some of what it is of counts.
fn is_share(kind: Of) -> bool {
    matches!(kind, Of::Answered | Of::AnsweredOnTime | Of::Acceptance | Of::AgreedByTolerance | Of::Decided)
}

fn columns(kind: Of) -> &'static [Key<0>] {
    match kind {
        Of::Answered | Of::AnswerTime | Of::AnsweredOnTime => {
            &[key::ORDER, key::PUBLISHED, key::EVIDENCE_ANSWERED, key::EVIDENCE_TOOK, key::EVIDENCE_DUE]
        }
        Of::Acceptance => &[
            key::ORDER,
            key::PUBLISHED,
            key::EVIDENCE_ORDERED,
            key::EVIDENCE_ACCEPTED,
            key::EVIDENCE_CANCELLED,
        ],
        Of::Proposals | Of::AgreedByTolerance | Of::Decided | Of::Waiting | Of::DecisionTime => &[
            key::ORDER,
            key::EVIDENCE_PROPOSED,
            key::EVIDENCE_STATE,
            key::EVIDENCE_DECIDED,
            key::EVIDENCE_TOOK,
        ],
        Of::ChangesToAcceptedLines | Of::ChangesInsideFrozenHorizon | Of::Unspecified => {
            &[key::ORDER, key::EVIDENCE_CHANGED, key::EVIDENCE_CHANGE, key::EVIDENCE_BEFORE]
        }
    }
}

fn row(member: &Member, one: &ScoreEvidence, kind: Of, supplies: bool) -> Row {
    let t = member.text();
    let mut row = vec![
        Cell::Name {
            text: one.order_number.clone(),
            href: member.order_path(&one.order_id),
            sub: line(t, one),
        },
        Cell::Text(t.moment(one.at.as_ref())),
    ];
    let unit = t.unit(&one.unit_code, "");
    row.extend(match &one.thing {
        Some(Thing::Order(order)) => answered(t, order),
        Some(Thing::Line(line)) => settled(t, line, &unit),
        Some(Thing::Proposal(proposal)) => proposed(t, proposal, supplies),
        Some(Thing::Change(change)) => changed(t, change, &unit),
        None => Vec::new(),
    });
    if is_share(kind) {
        let (shape, label) = match one.counted {
            true => ("accepted", key::EVIDENCE_COUNTED),
            false => ("cancelled", key::EVIDENCE_NOT_COUNTED),
        };
        row.push(Cell::Tag(Tag { shape, label: t.say(label) }));
    }
    row
}

/// The line, where one is counted; with the schedule line's number where it is not the first.
fn line(t: &Text, one: &ScoreEvidence) -> String {
    match (one.line_number.as_str(), one.schedule_line_number.as_str()) {
        ("", _) => String::new(),
        (line, "" | "1") => t.one(key::EVIDENCE_LINE, line),
        (line, part) => t.one(key::EVIDENCE_LINE, t.two(key::LINE_PART, line, part)),
    }
}

fn answered(t: &Text, order: &ScoredOrder) -> Vec<Cell> {
    let due = order.due_on.as_ref().map(|day| t.wire_day(Some(day)));
    let due = match order.overdue {
        true => due.map(|day| t.one(key::EVIDENCE_OVERDUE, day)),
        false => due,
    };
    vec![
        Cell::Text(order.answered_at.as_ref().map(|at| t.moment(Some(at))).unwrap_or_default()),
        Cell::Text(score::duration(t, order.answer_seconds).unwrap_or_default()),
        Cell::Text(due.unwrap_or_default()),
    ]
}

fn settled(t: &Text, line: &ScoredLine, unit: &str) -> Vec<Cell> {
    let parts = [&line.ordered, &line.accepted, &line.cancelled];
    parts.map(|part| Cell::Text(t.quantity(format::decimal_or_zero(part.as_ref()), unit))).into()
}

fn proposed(t: &Text, one: &ScoredProposal, supplies: bool) -> Vec<Cell> {
    let state = match one.agreed_by_tolerance {
        true => Tag { shape: "accepted", label: t.say(key::SCORE_TOLERATED) },
        false => proposal::tag(t, one.state(), supplies),
    };
    vec![
        Cell::Tag(state),
        Cell::Text(one.decided_at.as_ref().map(|at| t.moment(Some(at))).unwrap_or_default()),
        Cell::Text(score::duration(t, one.decision_seconds).unwrap_or_default()),
    ]
}

fn changed(t: &Text, change: &ScoredChange, unit: &str) -> Vec<Cell> {
    let what = timeline::what(t, &HistoryEntry { action: change.action.clone(), ..HistoryEntry::default() });
    let what = match change.inside_frozen_horizon {
        true => t.one(key::EVIDENCE_FROZEN, what),
        false => what,
    };
    let before = t.quantity(format::decimal_or_zero(change.accepted.as_ref()), unit);
    vec![Cell::Text(what), Cell::Text(before)]
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_period_ends_where_the_address_says_and_not_in_the_future() {
        let now = datetime!(2026-11-23 01:00:00.5 UTC);
        let last = datetime!(2026-11-23 01:00:01 UTC);
        let earlier = datetime!(2026-11-20 00:00 UTC);
        assert_eq!(end(&earlier.unix_timestamp().to_string(), now), earlier);
        assert_eq!(end(&last.unix_timestamp().to_string(), now), last);
        for nothing in ["", "x", "-9223372036854775808", "0", "99999999999999999", "4000000000"] {
            assert_eq!(end(nothing, now), last, "{nothing}");
        }
    }
}
