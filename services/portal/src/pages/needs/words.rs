//! States, conditions and units in words.

use proto::capacity::{ConditionKind, ConditionOutcome, MatchState, MatchedCondition};

use crate::{
    i18n::{Key, Text, key},
    order::Tag,
};

/// Units that can be chosen; others come by API.
pub const UNITS: [&str; 6] = ["HUR", "H87", "SET", "KGM", "TNE", "MTR"];

pub fn unit(t: &Text, code: &str) -> String {
    if code == "HUR" { t.say(key::NEED_HOURS) } else { t.unit(code, "") }
}

pub fn open(t: &Text, closed: bool) -> Tag {
    match closed {
        true => Tag { shape: "cancelled", label: t.say(key::NEED_CLOSED) },
        false => Tag { shape: "unanswered", label: t.say(key::NEED_OPEN) },
    }
}

pub fn state(t: &Text, state: MatchState) -> Tag {
    let (shape, label) = match state {
        MatchState::Accepted => ("accepted", key::NEED_ACCEPTED),
        MatchState::Declined => ("rejected", key::NEED_DECLINED),
        MatchState::Contracted => ("accepted", key::NEED_CONTRACTED),
        MatchState::Delivered => ("accepted", key::NEED_DELIVERED),
        MatchState::Proposed | MatchState::Unspecified => ("proposed", key::NEED_PROPOSED),
    };
    Tag { shape, label: t.say(label) }
}

/// A way on from where a match stands.
pub struct Step {
    pub path: &'static str,
    pub label: Key<0>,
    pub to: MatchState,
}

const ACCEPT: Step = Step { path: "accept", label: key::NEED_ACCEPT, to: MatchState::Accepted };
const DECLINE: Step = Step { path: "decline", label: key::NEED_DECLINE, to: MatchState::Declined };
const CONTRACT: Step = Step { path: "contract", label: key::NEED_CONTRACT, to: MatchState::Contracted };
const DELIVER: Step = Step { path: "deliver", label: key::NEED_DELIVER, to: MatchState::Delivered };

/// By its place in the address.
pub fn step(path: &str) -> Option<Step> {
    [ACCEPT, DECLINE, CONTRACT, DELIVER].into_iter().find(|step| step.path == path)
}

/// What a side may do; the API decides it again.
pub fn steps(asks: bool, proposed: bool, state: MatchState) -> Vec<Step> {
    match state {
        MatchState::Proposed if proposed => vec![DECLINE],
        MatchState::Proposed => vec![ACCEPT, DECLINE],
        MatchState::Accepted if asks => vec![CONTRACT, DECLINE],
        MatchState::Accepted => vec![DECLINE],
        MatchState::Contracted if asks => vec![DELIVER],
        _ => Vec::new(),
    }
}

pub fn outcome(t: &Text, condition: &MatchedCondition) -> Tag {
    let (shape, label) = match (condition.outcome(), condition.hard) {
        (ConditionOutcome::Met, _) => ("accepted", key::NEED_MET),
        (ConditionOutcome::NotStated, _) => ("unanswered", key::NEED_NOT_STATED),
        (_, true) => ("rejected", key::NEED_NOT_MET),
        (_, false) => ("proposed", key::NEED_NOT_MET),
    };
    Tag { shape, label: t.say(label) }
}

pub fn kind(t: &Text, condition: &MatchedCondition) -> String {
    use ConditionKind as Kind;
    let label = t.say(match condition.kind() {
        Kind::Material => key::NEED_MATERIAL,
        Kind::Length => key::NEED_LENGTH,
        Kind::Width => key::NEED_WIDTH,
        Kind::Height => key::NEED_HEIGHT,
        Kind::Weight => key::NEED_WEIGHT,
        Kind::Tonnage => key::NEED_TONNAGE,
        Kind::Precision => key::NEED_PRECISION,
        Kind::Certificate if !condition.hard => return t.say(key::NEED_WISHED),
        Kind::Certificate => key::NEED_CERTIFICATE,
        Kind::Unit => key::NEED_UNIT,
        Kind::Quantity => key::NEED_QUANTITY,
        Kind::Region => key::NEED_REGION,
        Kind::Price => key::NEED_PRICE,
        Kind::Process | Kind::Unspecified => key::NEED_PROCESS,
    });
    if condition.hard { label } else { t.one(key::NEED_WISH, &label) }
}

/// A figure's unit; empty for names.
pub fn measured(kind: ConditionKind, text: &str, of_need: &str) -> String {
    use ConditionKind as Kind;
    let unit = match kind {
        Kind::Length | Kind::Width | Kind::Height | Kind::Precision => "mm",
        Kind::Weight => "kg",
        Kind::Tonnage => "t",
        Kind::Quantity => of_need,
        _ => "",
    };
    if unit.is_empty() || text.is_empty() { text.to_owned() } else { format!("{text} {unit}") }
}
