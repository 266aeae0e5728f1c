//! What an answer would do, before it is given: agreed at once, or for the buyer to decide, and by which rule.

use proto::orders::{LinePreview, PreviewResponseRequest, RespondToOrderRequest, ResponsePreview};

use crate::{
    failure::Failure,
    i18n::{Text, key},
    session::Member,
    tolerance,
};

/// What the answer to one line would do.
pub struct Outcome {
    pub shape: &'static str,
    pub label: String,
    /// The differences, each with the limit and the rule that it was compared with.
    pub reasons: Vec<String>,
}

/// Asks what an answer would do; nothing of it is given.
pub async fn ask(member: &Member, answer: RespondToOrderRequest) -> Result<ResponsePreview, Failure> {
    let RespondToOrderRequest {
        request_id,
        order_id,
        revision,
        accept_all,
        lines,
        note,
        version,
        despite_offers,
        ..
    } = answer;
    let request = PreviewResponseRequest {
        request_id,
        order_id,
        revision,
        accept_all,
        lines,
        note,
        version,
        despite_offers,
    };
    Ok(member.app().api.responses().preview_response(member.call(request)).await?.into_inner())
}

/// What becomes of a line, in words.
pub fn outcome(text: &Text, line: &LinePreview, unit: &str, currency: &str) -> Outcome {
    let verdict = line.tolerance.as_ref().map(|found| tolerance::verdict(text, found, unit, currency));
    let (shape, label) = match (&verdict, line.waits_for_buyer) {
        (_, true) => ("proposed", key::VERDICT_WAITS),
        (Some(_), false) => ("accepted", key::VERDICT_WITHIN),
        (None, false) => ("accepted", key::VERDICT_FIRM),
    };
    let reasons = verdict.map_or_else(Vec::new, |verdict| verdict.reasons);
    Outcome { shape, label: text.say(label), reasons }
}

/// How many lines take effect at once and how many wait.
pub fn sentence(text: &Text, would: &ResponsePreview) -> String {
    let waits = would.lines.iter().filter(|line| line.waits_for_buyer).count();
    match (would.lines.len() - waits, waits) {
        (firm, 0) => text.one(key::PREVIEW_FIRM, firm),
        (0, waits) => text.one(key::PREVIEW_WAITS, waits),
        (firm, waits) => text.two(key::PREVIEW_BOTH, firm, waits),
    }
}
