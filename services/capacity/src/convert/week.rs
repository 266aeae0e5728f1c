//! What was found of weeks, and how writes are answered.

use chassis::{Error, value};
use proto::capacity as wire;

use crate::{
    db::{demand::VersionRow, week::Row},
    matching::{Outcome, outcome},
    week::iso_week,
};

/// The most bad fields that are named for one item of a stream.
const FIELDS: usize = 50;

pub(crate) fn result(row: &Row) -> wire::MatchResult {
    wire_outcome(outcome(row.demand, row.capacity()))
}

pub(crate) fn wire_outcome(outcome: Outcome) -> wire::MatchResult {
    match outcome {
        Outcome::ZeroDeviation => wire::MatchResult::ZeroDeviation,
        Outcome::Surplus => wire::MatchResult::Surplus,
        Outcome::WithinMaximum => wire::MatchResult::BottleneckWithinMaximum,
        Outcome::BeyondMaximum => wire::MatchResult::BottleneckBeyondMaximum,
        Outcome::Unmatched => wire::MatchResult::Unmatched,
    }
}

/// A week as its supplier sees it.
pub(crate) fn matched(row: &Row) -> wire::MatchedWeek {
    let (actual, maximum) = row.capacity().unzip();
    wire::MatchedWeek {
        monday: Some(value::wire_date(row.monday)),
        iso_week: iso_week(row.monday),
        demand: row.demand.map(value::wire_decimal),
        actual_capacity: actual.map(value::wire_decimal),
        maximum_capacity: maximum.map(value::wire_decimal),
        agreed_capacity: row.agreed.map(value::wire_decimal),
        booked: Some(value::wire_decimal(row.booked)),
        offered: Some(value::wire_decimal(row.offered)),
        overcommitted: row.overcommitted,
        result: result(row).into(),
        group_id: row.group_id.to_string(),
        borrowed: Some(value::wire_decimal(row.borrowed)),
        lent: Some(value::wire_decimal(row.lent)),
        uncounted_lines: row.uncounted_lines,
        offered_below: Some(value::wire_decimal(row.offered_below)),
    }
}

pub(crate) fn version(row: &VersionRow, own: bool) -> wire::AcceptedVersion {
    wire::AcceptedVersion {
        version: row.version,
        changed_at: Some(value::timestamp(row.changed_at)),
        received_at: Some(value::timestamp(row.received_at)),
        actor_name: if own { row.actor_name.clone() } else { String::new() },
        sha256: row.sha256.clone().into(),
    }
}

/// What a status would say of one item of a stream.
pub(crate) fn refusal(error: &Error) -> wire::UploadRefusal {
    error.log();
    let violation = |field: &chassis::Field| wire::UploadViolation {
        field: field.path.clone(),
        reason: field.reason.to_string(),
        description: field.message.clone(),
    };
    wire::UploadRefusal {
        code: error.reason.code() as i32,
        reason: error.reason.as_str().to_string(),
        message: error.to_string(),
        message_zh: error.reason.zh().to_string(),
        violations: error.fields.iter().take(FIELDS).map(violation).collect(),
        metadata: error.metadata.iter().map(|(key, value)| (key.to_string(), value.clone())).collect(),
    }
}
