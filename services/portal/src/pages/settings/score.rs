//! How both sides of a relationship did in the last ninety days, with what each figure means.

use chassis::value::timestamp;
use proto::orders::{BuyerScore, GetScorecardRequest, Side, SupplierScore};
use time::Duration;

use super::partner;
use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    session::Member,
};

const PERIOD: Duration = Duration::days(90);

/// A figure, and how it comes about.
pub(super) struct Figure {
    pub label: String,
    pub value: String,
    pub how: String,
}

/// One side's figures.
pub(super) struct Half {
    pub title: String,
    pub figures: Vec<Figure>,
}

/// Both halves: either side sees both.
pub(super) async fn halves(member: &Member, partner: &partner::Partner) -> Result<Vec<Half>, Failure> {
    let until = member.app().clock.now();
    let request = GetScorecardRequest {
        side: if partner.buys { Side::Buyer } else { Side::Supplier }.into(),
        counterparty_id: partner.other().to_string(),
        from: Some(timestamp(until - PERIOD)),
        until: Some(timestamp(until)),
    };
    let card = member.app().api.scorecards().get_scorecard(member.call(request)).await?.into_inner();
    let t = member.text();
    Ok(vec![
        Half { title: t.say(key::SCORE_SUPPLIER), figures: supplier(t, &card.supplier.unwrap_or_default()) },
        Half { title: t.say(key::SCORE_BUYER), figures: buyer(t, &card.buyer.unwrap_or_default()) },
    ])
}

/// What is not known is said so, and is not 0.
fn figure(t: &Text, label: Key<0>, value: Option<String>, how: Key<0>) -> Figure {
    Figure { label: t.say(label), value: value.unwrap_or_else(|| t.say(key::UNKNOWN)), how: t.say(how) }
}

fn of(t: &Text, part: i32, whole: i32) -> Option<String> {
    (whole > 0).then(|| t.two(key::SCORE_OF, i64::from(part), i64::from(whole)))
}

fn rate(wire: Option<&proto::Decimal>) -> Option<String> {
    format::decimal(wire).map(|rate| format!("{} %", (rate * rust_decimal::Decimal::ONE_HUNDRED).normalize()))
}

/// Hours and minutes: days round the clock would be taken for working days.
fn duration(t: &Text, seconds: Option<i64>) -> Option<String> {
    seconds.map(|seconds| t.two(key::HOURS_MINUTES, seconds / 3_600, seconds / 60 % 60))
}

fn supplier(t: &Text, score: &SupplierScore) -> Vec<Figure> {
    let on_time = score.answered_on_time.and_then(|on_time| of(t, on_time, score.answered));
    vec![
        figure(t, key::SCORE_ANSWERED, of(t, score.answered, score.orders), key::SCORE_ANSWERED_HOW),
        figure(t, key::SCORE_MEDIAN, duration(t, score.answer_median_seconds), key::SCORE_MEDIAN_HOW),
        figure(t, key::SCORE_P90, duration(t, score.answer_p90_seconds), key::SCORE_P90_HOW),
        figure(t, key::SCORE_ON_TIME, on_time, key::SCORE_ON_TIME_HOW),
        figure(t, key::SCORE_ACCEPTANCE, rate(score.acceptance_rate.as_ref()), key::SCORE_ACCEPTANCE_HOW),
        figure(
            t,
            key::SCORE_REQUESTED,
            rate(score.on_time_requested_rate.as_ref()),
            key::SCORE_REQUESTED_HOW,
        ),
        figure(
            t,
            key::SCORE_COMMITTED,
            rate(score.on_time_committed_rate.as_ref()),
            key::SCORE_COMMITTED_HOW,
        ),
    ]
}

fn buyer(t: &Text, score: &BuyerScore) -> Vec<Figure> {
    let count = |value: Option<i32>| value.map(|value| value.to_string());
    let decided = score.accepted + score.declined;
    vec![
        figure(t, key::SCORE_PROPOSALS, Some(score.proposals.to_string()), key::SCORE_PROPOSALS_HOW),
        figure(
            t,
            key::SCORE_TOLERATED,
            of(t, score.agreed_by_tolerance, score.proposals),
            key::SCORE_TOLERATED_HOW,
        ),
        figure(t, key::SCORE_DECIDED, of(t, decided, score.proposals), key::SCORE_DECIDED_HOW),
        figure(t, key::SCORE_DECISION, duration(t, score.decision_median_seconds), key::SCORE_DECISION_HOW),
        figure(t, key::SCORE_CHANGES, count(score.changes_to_accepted_lines), key::SCORE_CHANGES_HOW),
        figure(t, key::SCORE_FROZEN, count(score.changes_inside_frozen_horizon), key::SCORE_FROZEN_HOW),
    ]
}
