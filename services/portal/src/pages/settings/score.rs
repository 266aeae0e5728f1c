//! How both sides of a relationship did in the last ninety days, with what each figure means and where what it is of is
//! shown.

use chassis::value::timestamp;
use proto::orders::{BuyerScore, GetScorecardRequest, ScoreFigure, Scorecard, Side, SupplierScore};
use time::{Duration, OffsetDateTime};

use super::partner;
use crate::{
    failure::Failure,
    format,
    i18n::{Key, Text, key},
    page::link,
    session::Member,
};

/// What scorecards are of.
pub(super) const PERIOD: Duration = Duration::days(90);

/// A figure, and how it comes about.
pub(super) struct Figure {
    pub label: String,
    pub value: String,
    pub how: String,
    /// What the API answers evidence of; `None` where it answers none.
    pub kind: Option<ScoreFigure>,
    /// Where that is shown; empty where there is none.
    pub evidence: String,
}

/// One side's figures.
pub(super) struct Half {
    pub title: String,
    pub figures: Vec<Figure>,
}

/// Both halves until now: either side sees both.
pub(super) async fn halves(member: &Member, partner: &partner::Partner) -> Result<Vec<Half>, Failure> {
    halves_until(member, partner, next_second(member.app().clock.now())).await
}

/// The first whole second that has not come yet: an address names a period by it, and what happened until now lies before.
pub(super) fn next_second(now: OffsetDateTime) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(now.unix_timestamp() + 1).unwrap_or(now)
}

/// The scorecard of the period that ends then, without that moment.
pub(super) fn request(partner: &partner::Partner, until: OffsetDateTime) -> GetScorecardRequest {
    GetScorecardRequest {
        side: if partner.buys { Side::Buyer } else { Side::Supplier }.into(),
        counterparty_id: partner.other().to_string(),
        from: Some(timestamp(until - PERIOD)),
        until: Some(timestamp(until)),
    }
}

/// Both halves of that scorecard. For a file nothing is counted: it has the list alone that they stand above.
pub(super) async fn halves_until(
    member: &Member,
    partner: &partner::Partner,
    until: OffsetDateTime,
) -> Result<Vec<Half>, Failure> {
    let request = member.call(request(partner, until));
    let card = match member.visitor.saving {
        true => Scorecard::default(),
        false => member.app().api.scorecards().get_scorecard(request).await?.into_inner(),
    };
    let t = member.text();
    let end = until.unix_timestamp().to_string();
    let half = |title: Key<0>, mut figures: Vec<Figure>| {
        for figure in &mut figures {
            if let Some(kind) = figure.kind {
                let path = format!("/partners/{}/score/{}", partner.one.id, word(kind));
                figure.evidence = link(&path, &[("until", end.as_str())]);
            }
        }
        Half { title: t.say(title), figures }
    };
    Ok(vec![
        half(key::SCORE_SUPPLIER, supplier(t, &card.supplier.unwrap_or_default())),
        half(key::SCORE_BUYER, buyer(t, &card.buyer.unwrap_or_default())),
    ])
}

/// What all figures of the contract begin with.
const PREFIX: &str = "SCORE_FIGURE_";

/// A figure as an address names it.
fn word(kind: ScoreFigure) -> String {
    kind.as_str_name().trim_start_matches(PREFIX).to_lowercase()
}

/// The figure that an address names.
pub(super) fn kind(word: &str) -> Option<ScoreFigure> {
    ScoreFigure::from_str_name(&format!("{PREFIX}{}", word.to_uppercase()))
}

/// What is not known is said so, and is not 0.
fn figure(t: &Text, label: Key<0>, value: Option<String>, how: Key<0>, kind: Option<ScoreFigure>) -> Figure {
    let value = value.unwrap_or_else(|| t.say(key::UNKNOWN));
    Figure { label: t.say(label), value, how: t.say(how), kind, evidence: String::new() }
}

fn of(t: &Text, part: i32, whole: i32) -> Option<String> {
    (whole > 0).then(|| t.two(key::SCORE_OF, i64::from(part), i64::from(whole)))
}

fn rate(wire: Option<&proto::Decimal>) -> Option<String> {
    format::decimal(wire).map(|rate| format!("{} %", (rate * rust_decimal::Decimal::ONE_HUNDRED).normalize()))
}

/// Hours and minutes: days round the clock would be taken for working days.
pub(super) fn duration(t: &Text, seconds: Option<i64>) -> Option<String> {
    seconds.map(|seconds| t.two(key::HOURS_MINUTES, seconds / 3_600, seconds / 60 % 60))
}

fn supplier(t: &Text, score: &SupplierScore) -> Vec<Figure> {
    use ScoreFigure as Of;
    let on_time = score.answered_on_time.and_then(|on_time| of(t, on_time, score.answered));
    let [median, p90] = [score.answer_median_seconds, score.answer_p90_seconds].map(|time| duration(t, time));
    let accepted = rate(score.acceptance_rate.as_ref());
    let requested = rate(score.on_time_requested_rate.as_ref());
    let committed = rate(score.on_time_committed_rate.as_ref());
    let answered = of(t, score.answered, score.orders);
    let mut figures = vec![
        figure(t, key::SCORE_ANSWERED, answered, key::SCORE_ANSWERED_HOW, Some(Of::Answered)),
        figure(t, key::SCORE_MEDIAN, median, key::SCORE_MEDIAN_HOW, Some(Of::AnswerTime)),
        figure(t, key::SCORE_P90, p90, key::SCORE_P90_HOW, Some(Of::AnswerTime)),
        figure(t, key::SCORE_ON_TIME, on_time, key::SCORE_ON_TIME_HOW, Some(Of::AnsweredOnTime)),
        figure(t, key::SCORE_ACCEPTANCE, accepted, key::SCORE_ACCEPTANCE_HOW, Some(Of::Acceptance)),
    ];
    // Until receipts are recorded, nobody knows what came on time; that there is no data yet would be said of every partner.
    let arrived = [
        (key::SCORE_REQUESTED, requested, key::SCORE_REQUESTED_HOW),
        (key::SCORE_COMMITTED, committed, key::SCORE_COMMITTED_HOW),
    ];
    let known = arrived.into_iter().filter(|(_, value, _)| value.is_some());
    figures.extend(known.map(|(label, value, how)| figure(t, label, value, how, None)));
    figures
}

fn buyer(t: &Text, score: &BuyerScore) -> Vec<Figure> {
    use ScoreFigure as Of;
    let count = |value: Option<i32>| value.map(|value| value.to_string());
    let proposals = Some(score.proposals.to_string());
    let tolerated = of(t, score.agreed_by_tolerance, score.proposals);
    let decided = of(t, score.accepted + score.declined, score.proposals);
    let decision = duration(t, score.decision_median_seconds);
    let changes = count(score.changes_to_accepted_lines);
    let frozen = count(score.changes_inside_frozen_horizon);
    let (changed, asked) = (Of::ChangesToAcceptedLines, Of::ChangesInsideFrozenHorizon);
    vec![
        figure(t, key::SCORE_PROPOSALS, proposals, key::SCORE_PROPOSALS_HOW, Some(Of::Proposals)),
        figure(t, key::SCORE_TOLERATED, tolerated, key::SCORE_TOLERATED_HOW, Some(Of::AgreedByTolerance)),
        figure(t, key::SCORE_DECIDED, decided, key::SCORE_DECIDED_HOW, Some(Of::Decided)),
        figure(t, key::SCORE_DECISION, decision, key::SCORE_DECISION_HOW, Some(Of::DecisionTime)),
        figure(t, key::SCORE_CHANGES, changes, key::SCORE_CHANGES_HOW, Some(changed)),
        figure(t, key::SCORE_FROZEN, frozen, key::SCORE_FROZEN_HOW, Some(asked)),
    ]
}
