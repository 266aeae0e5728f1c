//! How far schedule lines are, and which of them move: pure.

use std::collections::BTreeMap;

use chassis::Field;
use proto::orders::{ProgressStage, RiskReason};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A schedule line as far as progress needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: Uuid,
    pub line_number: String,
    pub schedule_line_number: String,
    pub accepted: Decimal,
    /// What was last said; `None`: nothing.
    pub stage: Option<i16>,
}

/// How a request names a schedule line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Id(Uuid),
    /// Line number, and schedule line number or empty for the only one.
    Number(String, String),
}

/// What a supplier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Of every line of which something is accepted.
    All(ProgressStage),
    /// Of these: field path, line, stage.
    Lines(Vec<(String, Target, ProgressStage)>),
}

/// Why nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Lines that are not there, or are named twice.
    Fields(Vec<Field>),
    /// Lines of which nothing is accepted.
    NothingAccepted(Vec<Field>),
}

/// The lines that move, with their new stages; empty where all stand there already.
///
/// # Errors
/// Every line that cannot be said anything of.
pub fn moves(lines: &[Line], said: &Said) -> Result<BTreeMap<Uuid, ProgressStage>, Refused> {
    let named = match said {
        Said::All(stage) => {
            let accepted = lines.iter().filter(|line| !line.accepted.is_zero());
            accepted.map(|line| (String::from("stage"), line, *stage)).collect()
        }
        Said::Lines(named) => found(lines, named)?,
    };
    let bare = |path: &str| Field::new(path, "NOTHING_ACCEPTED", "nothing of this line is accepted");
    let wrong: Vec<Field> = match named.as_slice() {
        [] => vec![bare("stage")],
        some => {
            some.iter().filter(|(_, line, _)| line.accepted.is_zero()).map(|(path, ..)| bare(path)).collect()
        }
    };
    if !wrong.is_empty() {
        return Err(Refused::NothingAccepted(wrong));
    }
    let moved = named.into_iter().filter(|(_, line, stage)| line.stage != Some(*stage as i16));
    Ok(moved.map(|(_, line, stage)| (line.id, stage)).collect())
}

fn found<'a>(
    lines: &'a [Line],
    named: &[(String, Target, ProgressStage)],
) -> Result<Vec<(String, &'a Line, ProgressStage)>, Refused> {
    let (mut found, mut wrong): (Vec<(String, &Line, ProgressStage)>, Vec<Field>) = Default::default();
    for (path, target, stage) in named {
        let mut fitting = lines.iter().filter(|line| match target {
            Target::Id(id) => line.id == *id,
            Target::Number(number, schedule) => {
                line.line_number == *number && (schedule.is_empty() || line.schedule_line_number == *schedule)
            }
        });
        match (fitting.next(), fitting.next()) {
            (Some(line), None) if found.iter().any(|(_, other, _)| other.id == line.id) => {
                wrong.push(Field::new(
                    path,
                    "LINE_REPEATED",
                    "names a schedule line that another entry names too",
                ));
            }
            (Some(line), None) => found.push((path.clone(), line, *stage)),
            _ => wrong.push(crate::error::no_such_line(path)),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(Refused::Fields(wrong)) }
}

/// Why an accepted line whose promised day is near or over may come late; `None` where it is well on its way. `said` is
/// the stage that was last said, and when.
pub fn risk(
    today: Date,
    stale_before: OffsetDateTime,
    committed: Date,
    said: Option<(i16, OffsetDateTime)>,
) -> Option<RiskReason> {
    let (begun, ready) = (ProgressStage::InProduction as i16, ProgressStage::ReadyToShip as i16);
    match said {
        // Whether it left is not told before there are receipts; it could.
        Some((stage, _)) if stage >= ready => None,
        _ if committed < today => Some(RiskReason::Past),
        None => Some(RiskReason::NotStarted),
        Some((stage, _)) if stage < begun => Some(RiskReason::NotStarted),
        Some((_, at)) if at < stale_before => Some(RiskReason::Stalled),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u128, accepted: i64, stage: Option<ProgressStage>) -> Line {
        Line {
            id: Uuid::from_u128(id),
            line_number: (id * 10).to_string(),
            schedule_line_number: "1".into(),
            accepted: accepted.into(),
            stage: stage.map(|stage| stage as i16),
        }
    }

    #[test]
    fn a_near_line_is_at_risk_unless_it_moves() {
        use ProgressStage as S;
        use time::macros::{date, datetime};
        let (today, stale) = (date!(2026 - 11 - 24), datetime!(2026-11-21 10:00 UTC));
        let risk = |day, said: Option<(S, OffsetDateTime)>| {
            risk(today, stale, day, said.map(|(stage, at)| (stage as i16, at)))
        };
        let (near, old) = (date!(2026 - 11 - 26), stale - time::Duration::SECOND);
        assert_eq!(risk(near, None), Some(RiskReason::NotStarted));
        assert_eq!(risk(near, Some((S::Scheduled, stale))), Some(RiskReason::NotStarted));
        assert_eq!(risk(near, Some((S::InProduction, stale))), None);
        assert_eq!(risk(near, Some((S::InInspection, old))), Some(RiskReason::Stalled));
        assert_eq!(risk(near, Some((S::ReadyToShip, old))), None);
        assert_eq!(risk(today, Some((S::ReadyToShip, old))), None, "today is in time");
        assert_eq!(risk(date!(2026 - 11 - 23), Some((S::InInspection, stale))), Some(RiskReason::Past));
        assert_eq!(risk(date!(2026 - 11 - 23), None), Some(RiskReason::Past));
        assert_eq!(risk(date!(2026 - 11 - 23), Some((S::ReadyToShip, stale))), None, "all that can be told");
    }

    #[test]
    fn what_is_accepted_moves_and_what_stands_there_already_does_not() {
        use ProgressStage as S;
        let lines = [line(1, 5, None), line(2, 0, None), line(3, 5, Some(S::InProduction))];
        let all = moves(&lines, &Said::All(S::InProduction)).unwrap();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [(Uuid::from_u128(1), S::InProduction)]);
        let back = moves(&lines, &Said::All(S::Scheduled)).unwrap();
        assert_eq!(back.len(), 2, "a line may go back");
        let by = |target, stage| ("lines[0]".to_string(), target, stage);
        let number = |number: &str, schedule: &str| Target::Number(number.into(), schedule.into());
        let one = Said::Lines(vec![by(number("30", "1"), S::ReadyToShip)]);
        assert_eq!(moves(&lines, &one).unwrap().len(), 1);
        let bare = Said::Lines(vec![by(number("20", ""), S::ReadyToShip)]);
        assert!(matches!(moves(&lines, &bare), Err(Refused::NothingAccepted(fields)) if fields.len() == 1));
        assert!(matches!(moves(&lines[1..2], &Said::All(S::Scheduled)), Err(Refused::NothingAccepted(_))));
        let wrong = Said::Lines(vec![
            by(number("10", ""), S::Scheduled),
            by(Target::Id(Uuid::from_u128(1)), S::Scheduled),
            by(number("99", ""), S::Scheduled),
        ]);
        let Err(Refused::Fields(fields)) = moves(&lines, &wrong) else { panic!("refused") };
        let reasons: Vec<_> = fields.iter().map(|field| field.reason).collect();
        assert_eq!(reasons, ["LINE_REPEATED", "LINE_UNKNOWN"]);
    }
}
