//! The words that people answer with.

use proto::orders::RejectReason;

use super::reason_code;
use crate::sheet::Language;

/// What a row may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Accept,
    Reject,
    Propose,
}

const ANSWERS: &[(Word, &[&str])] = &[
    (Word::Accept, &["接受", "accept", "accepted", "同意", "确认", "ok"]),
    (Word::Reject, &["拒绝", "reject", "rejected", "不接受"]),
    (Word::Propose, &["建议", "propose", "proposal", "proposed", "变更"]),
];

const REASONS: &[(RejectReason, &str, &str)] = &[
    (RejectReason::NoCapacity, "产能不足", "No capacity"),
    (RejectReason::NoMaterial, "缺料", "No material"),
    (RejectReason::NoTooling, "无模具", "No tooling"),
    (RejectReason::Price, "价格不符", "Price"),
    (RejectReason::Date, "交期不可行", "Date"),
    (RejectReason::Discontinued, "不再供应", "Discontinued"),
    (RejectReason::Other, "其他", "Other"),
];

/// The words to choose an answer from.
pub fn answer_words(language: Language) -> Vec<&'static str> {
    language.pick(vec!["接受", "拒绝", "建议"], vec!["Accept", "Reject", "Propose"])
}

/// The words to choose a reason from.
pub fn reason_words(language: Language) -> Vec<&'static str> {
    REASONS.iter().map(|(_, zh, en)| language.pick(*zh, *en)).collect()
}

/// What somebody answered, in either language.
pub(super) fn answer(text: &str) -> Option<Word> {
    let lower = text.trim().to_lowercase();
    ANSWERS.iter().find(|(_, words)| words.contains(&lower.as_str())).map(|(word, _)| *word)
}

/// Why, in either language or by our own name of it.
pub(super) fn reason(text: &str) -> Option<RejectReason> {
    let text = text.trim();
    let fits = |(reason, zh, en): &&(RejectReason, &str, &str)| {
        *zh == text || en.eq_ignore_ascii_case(text) || reason_code(*reason).eq_ignore_ascii_case(text)
    };
    REASONS.iter().find(fits).map(|(reason, ..)| *reason)
}
