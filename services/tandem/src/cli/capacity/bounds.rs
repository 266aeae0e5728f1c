//! `tandem capacity bounds`: by how much the demand of a group may move before somebody is told.

use std::str::FromStr;

use clap::Args;
use proto::capacity::{
    AlertThreshold, CapacityGroup, DemandVolatility, GetCapacityGroupRequest, GroupContent,
    UploadCapacityGroupRequest,
};
use rust_decimal::Decimal;
use time::{Date, UtcOffset};

use super::{day, figure, new_id};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::{table, table_text},
};

pub const EXAMPLES: &str = "\
Examples:
  tandem capacity bounds 0193…                       what stands
  tandem capacity bounds 0193… --start 2026-11-30 --every 1 --part 4=+10%,-20% --part 22=+25%,+40h
  tandem capacity bounds 0193… --none                measures no more

A part is so many weeks, one after the other from the present one, with the bounds that demand may reach and not pass since
it was last measured: +10% and -20% of it, or quantities such as +40h or -5000 in the group's unit. The first measurement
is taken on the day of --start; left out, it stays what it is.";

#[derive(Debug, Args)]
pub struct BoundsArgs {
    /// The own group
    #[arg(value_name = "GROUP-ID")]
    pub group: String,
    /// Weeks and their bounds; repeat it for the weeks after
    #[arg(long = "part", value_name = "WEEKS=BOUNDS", conflicts_with = "none")]
    pub parts: Vec<Part>,
    /// When the first measurement is taken
    #[arg(long, value_name = "DATE", value_parser = day, requires = "parts")]
    pub start: Option<Date>,
    /// Weeks from one measurement to the next [default: as it is, or 1]
    #[arg(long, value_name = "WEEKS", requires = "parts")]
    pub every: Option<i32>,
    /// Measure no more
    #[arg(long)]
    pub none: bool,
    /// Setting under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

/// `4=+10%,-20%,+40h`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    weeks: i32,
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    rises: bool,
    /// Of the demand that was measured; else a quantity as typed.
    share: Option<Decimal>,
    quantity: String,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (weeks, bounds) = text.split_once('=').ok_or("must be weeks and bounds, such as 4=+10%,-20%")?;
        let weeks = weeks.parse().map_err(|_| format!("{weeks} must be a number of weeks"))?;
        Ok(Part { weeks, bounds: bounds.split(',').map(bound).collect::<Result<_, _>>()? })
    }
}

fn bound(text: &str) -> Result<Bound, String> {
    let (rises, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err(format!("{text} must begin with + or -")),
    };
    match rest.strip_suffix('%') {
        Some(percent) => {
            let percent =
                Decimal::from_str(percent).map_err(|_| format!("{text} must be a share such as +10%"))?;
            let share = Some((percent / Decimal::ONE_HUNDRED).normalize());
            Ok(Bound { rises, share, quantity: String::new() })
        }
        None => Ok(Bound { rises, share: None, quantity: rest.to_owned() }),
    }
}

impl Part {
    fn threshold(&self, number: i32, unit: &str) -> Result<AlertThreshold, Failure> {
        let mut threshold = AlertThreshold {
            sequence_number: number,
            subhorizon_length_weeks: self.weeks,
            ..AlertThreshold::default()
        };
        for bound in &self.bounds {
            let (place, value) = match (bound.share, bound.rises) {
                (Some(share), true) => {
                    (&mut threshold.relative_positive, chassis::value::wire_decimal(share))
                }
                (Some(share), false) => {
                    (&mut threshold.relative_negative, chassis::value::wire_decimal(share))
                }
                (None, true) => (&mut threshold.absolute_positive, figure::kept(&bound.quantity, unit)?),
                (None, false) => (&mut threshold.absolute_negative, figure::kept(&bound.quantity, unit)?),
            };
            if place.replace(value).is_some() {
                return Err(Failure::local(Exit::Usage, "a part has each bound once"));
            }
        }
        Ok(threshold)
    }
}

pub(super) async fn run(args: &BoundsArgs, session: &Session) -> Result<Exit, Failure> {
    let group = get(args, session).await?;
    if args.parts.is_empty() && !args.none {
        return said(&group, session);
    }
    let content = group.content.clone().unwrap_or_default();
    let volatility = if args.none { None } else { Some(volatility(args, &content)?) };
    let request = UploadCapacityGroupRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        group_id: args.group.clone(),
        customer_id: group.customer_id,
        changed_at: None,
        expected_version: group.version,
        content: Some(GroupContent { volatility, ..content }),
    };
    let answer = session.connection.capacity_groups().upload_capacity_group(request).await;
    answer.map_err(|status| session.refused(&status))?;
    said(&get(args, session).await?, session)
}

async fn get(args: &BoundsArgs, session: &Session) -> Result<CapacityGroup, Failure> {
    let request = GetCapacityGroupRequest { group_id: args.group.clone(), version: 0 };
    let answer = session.connection.capacity_groups().get_capacity_group(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

fn volatility(args: &BoundsArgs, content: &GroupContent) -> Result<DemandVolatility, Failure> {
    let present = content.volatility.clone();
    // A day is one of China, where the platform's weeks begin.
    let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    let stated = args.start.map(|day| chassis::value::timestamp(day.midnight().assume_offset(china)));
    let start_at = stated.or_else(|| present.as_ref().and_then(|present| present.start_at));
    if start_at.is_none() {
        return Err(Failure::local(Exit::Usage, "nothing is measured yet: say from when with --start"));
    }
    let every = args.every.or_else(|| present.map(|present| present.measurement_interval_weeks));
    let threshold = |(number, part): (i32, &Part)| part.threshold(number, &content.unit_code);
    Ok(DemandVolatility {
        start_at,
        measurement_interval_weeks: every.unwrap_or(1),
        thresholds: (1..).zip(&args.parts).map(threshold).collect::<Result<_, _>>()?,
    })
}

fn said(group: &CapacityGroup, session: &Session) -> Result<Exit, Failure> {
    let content = group.content.clone().unwrap_or_default();
    let Some(volatility) = content.volatility else {
        if session.out.json() {
            return Ok(Exit::Ok);
        }
        session.out.line("demand is not measured")?;
        return Ok(Exit::Ok);
    };
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.DemandVolatility", &volatility)?)?;
        return Ok(Exit::Ok);
    }
    let (start, every) = (time_text(volatility.start_at.as_ref()), volatility.measurement_interval_weeks);
    let mut table = table(&["PART", "WEEKS", "UP BY", "DOWN BY", "UP BY", "DOWN BY"]);
    for part in &volatility.thresholds {
        table.add_row(row(part, &content.unit_code));
    }
    session.out.line(&format!("measured from {start}, every {every} weeks\n{}", table_text(&table)))?;
    Ok(Exit::Ok)
}

fn row(part: &AlertThreshold, unit: &str) -> [String; 6] {
    let share = |wire: &Option<proto::Decimal>| {
        let share = wire.as_ref().and_then(|wire| wire.value.parse::<Decimal>().ok());
        share.map_or_else(
            || "–".to_owned(),
            |share| format!("{}%", (share * Decimal::ONE_HUNDRED).normalize()),
        )
    };
    let quantity = |wire: &Option<proto::Decimal>| match wire {
        Some(wire) => figure::quantity(Some(wire), unit),
        None => "–".to_owned(),
    };
    [
        part.sequence_number.to_string(),
        part.subhorizon_length_weeks.to_string(),
        share(&part.relative_positive),
        share(&part.relative_negative),
        quantity(&part.absolute_positive),
        quantity(&part.absolute_negative),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_weeks_with_bounds() {
        let part: Part = "22=+25%,-100%,+40h".parse().unwrap();
        let threshold = part.threshold(2, "SEC").unwrap();
        assert_eq!(row(&threshold, "SEC"), ["2", "22", "25%", "100%", "40 h", "–"]);
        assert_eq!(threshold.absolute_positive.unwrap().value, "144000");
        for bad in ["4", "x=+1%", "4=10%", "4=", "4=+x%"] {
            assert!(Part::from_str(bad).is_err(), "{bad}");
        }
        let twice: Part = "4=+1%,+2%".parse().unwrap();
        assert!(twice.threshold(1, "SEC").is_err());
    }
}
