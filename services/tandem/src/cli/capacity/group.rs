//! `tandem capacity group`: what a group can make, week by week: stated in full, or changed in some weeks.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Subcommand};
use proto::capacity::{
    CapacityGroup, CapacityWeek, GetCapacityGroupRequest, GroupContent, UpdateCapacityWeeksRequest,
    UploadCapacityGroupRequest,
};
use rust_decimal::Decimal;
use time::Date;

use super::{
    day,
    figure::{Week, kept},
    new_id, stated,
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
};

const STATE_EXAMPLES: &str = "\
Examples:
  tandem capacity group state --name '650 t' --unit SEC --week 2026-12-28=204h/240h --week 2027-01-04=204h
  tandem capacity group state --group 0193… --name '650 t' --unit SEC --week 2026-12-28=180h
  tandem capacity group state --file group.json

A group of your own names no customer, and no customer sees it. It is stated in full: weeks, links and bounds that are not
named are gone. The file is an UploadCapacityGroupRequest as JSON, which may link demand and name a customer.";
const UPDATE_EXAMPLES: &str = "\
Examples:
  tandem capacity group update 0193… --week 2026-12-28=180h/240h      other weeks stay as they are
  tandem capacity group update 0193… --remove 2026-12-28              the week is unknown from now on
  tandem capacity group update 0193… --inactive                       as if it were not there
  tandem capacity group update 0193… --active --version 4             refused where it is another by now

A week is what is planned, what could be reached, and what is agreed. What is left out stays; what could be reached rises
with what is planned.";

#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// State a group in full
    #[command(after_help = STATE_EXAMPLES)]
    State(Box<StateArgs>),
    /// Change some weeks, or whether it counts
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArgs),
}

/// `2026-12-28=204h/240h/150h`: what is planned in a week, could be reached, and is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    monday: proto::Date,
    actual: String,
    maximum: Option<String>,
    agreed: Option<String>,
}

impl FromStr for Figures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Week { monday, quantity } = text.parse::<Week>()?;
        let mut parts = quantity.split('/').map(str::to_owned);
        let (actual, maximum, agreed) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        if actual.is_empty() || parts.next().is_some() {
            return Err(format!("{text} must be a Monday and figures, such as 2026-12-28=204h/240h"));
        }
        Ok(Figures { monday, actual, maximum, agreed })
    }
}

impl Figures {
    /// The week, with what stands of it where nothing is said.
    fn week(&self, unit: &str, standing: &[CapacityWeek]) -> Result<CapacityWeek, Failure> {
        let was = standing.iter().find(|week| week.monday == Some(self.monday)).cloned().unwrap_or_default();
        let actual = kept(&self.actual, unit)?;
        let maximum = match &self.maximum {
            Some(text) => kept(text, unit)?,
            None => larger(was.maximum_capacity, &actual),
        };
        let agreed = self.agreed.as_ref().map(|text| kept(text, unit)).transpose()?;
        Ok(CapacityWeek {
            monday: Some(self.monday),
            actual_capacity: Some(actual),
            maximum_capacity: Some(maximum),
            agreed_capacity: agreed.or(was.agreed_capacity),
            delta_production: was.delta_production,
        })
    }
}

/// What stands, or what it has to be at least.
fn larger(standing: Option<proto::Decimal>, least: &proto::Decimal) -> proto::Decimal {
    let figure = |wire: &proto::Decimal| wire.value.parse::<Decimal>().ok();
    standing.filter(|one| figure(one) > figure(least)).unwrap_or_else(|| least.clone())
}

#[derive(Debug, Args)]
pub struct StateArgs {
    /// An UploadCapacityGroupRequest as JSON instead of everything below
    #[arg(long, value_name = "FILE", conflicts_with_all = ["group", "name", "unit", "week", "location"])]
    pub file: Option<PathBuf>,
    /// The group that is replaced [default: a new one]
    #[arg(long, value_name = "GROUP-ID", default_value = "", hide_default_value = true)]
    pub group: String,
    /// What it is called
    #[arg(long, value_name = "NAME", required_unless_present = "file")]
    pub name: Option<String>,
    /// UN/ECE Recommendation 20: SEC for machine time, H87 for pieces
    #[arg(long, value_name = "UNIT", default_value = "SEC")]
    pub unit: String,
    /// A week and what is planned in it, could be reached, and is agreed, such as 2026-12-28=204h/240h; may be repeated
    #[arg(long, value_name = "MONDAY=FIGURES")]
    pub week: Vec<Figures>,
    /// Where it is: the code of a site, or a BPNS; may be repeated
    #[arg(long, value_name = "CODE")]
    pub location: Vec<String>,
    /// Stating under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The group's id
    #[arg(value_name = "GROUP-ID")]
    pub group: String,
    /// A week and what is planned in it, could be reached, and is agreed, such as 2026-12-28=204h/240h; may be repeated
    #[arg(long, value_name = "MONDAY=FIGURES", required_unless_present_any = ["remove", "active", "inactive"])]
    pub week: Vec<Figures>,
    /// A week that becomes unknown; may be repeated
    #[arg(long, value_name = "MONDAY", value_parser = day)]
    pub remove: Vec<Date>,
    #[command(flatten)]
    pub active: stated::ActiveArgs,
    /// The version that is changed [default: the present one]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<i64>,
    /// Changing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

pub(super) async fn run(command: &GroupCommand, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capacity_groups();
    let answer = match command {
        GroupCommand::State(args) => client.upload_capacity_group(args.request(session)?).await,
        GroupCommand::Update(args) => {
            let request = GetCapacityGroupRequest { group_id: args.group.clone(), version: 0 };
            let present = client.get_capacity_group(request).await;
            let present = present.map_err(|status| session.refused(&status))?.into_inner();
            client.update_capacity_weeks(args.request(present)?).await
        }
    };
    stated::said(&answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

impl StateArgs {
    fn request(&self, session: &Session) -> Result<UploadCapacityGroupRequest, Failure> {
        if let Some(file) = &self.file {
            let name = "tandem.capacity.v1.UploadCapacityGroupRequest";
            let request: UploadCapacityGroupRequest = stated::request(file, name, session)?;
            let request_id = stated::request_id(self.request_id.as_deref(), request.request_id);
            return Ok(UploadCapacityGroupRequest { request_id, ..request });
        }
        let weeks = self.week.iter().map(|week| week.week(&self.unit, &[]));
        Ok(UploadCapacityGroupRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            group_id: self.group.clone(),
            content: Some(GroupContent {
                name: self.name.clone().unwrap_or_default(),
                unit_code: self.unit.clone(),
                supplier_locations: self.location.clone(),
                weeks: weeks.collect::<Result<_, _>>()?,
                ..GroupContent::default()
            }),
            ..UploadCapacityGroupRequest::default()
        })
    }
}

impl UpdateArgs {
    fn request(&self, present: CapacityGroup) -> Result<UpdateCapacityWeeksRequest, Failure> {
        let content = present.content.unwrap_or_default();
        let weeks = self.week.iter().map(|week| week.week(&content.unit_code, &content.weeks));
        Ok(UpdateCapacityWeeksRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            group_id: present.id,
            version: self.version.unwrap_or(present.version),
            weeks: weeks.collect::<Result<_, _>>()?,
            removed_mondays: self.remove.iter().map(|day| chassis::value::wire_date(*day)).collect(),
            inactive: self.active.inactive(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_of_a_week_stays() {
        let decimal = |value: &str| Some(proto::Decimal { value: value.to_owned() });
        let Week { monday, .. } = "2026-12-28=1".parse::<Week>().unwrap();
        let standing = [CapacityWeek {
            monday: Some(monday),
            actual_capacity: decimal("100"),
            maximum_capacity: decimal("120"),
            agreed_capacity: decimal("90"),
            delta_production: decimal("-5"),
        }];
        for (text, actual, maximum, agreed) in [
            ("2026-12-28=110", "110", "120", Some("90")),
            ("2026-12-28=130", "130", "130", Some("90")),
            ("2026-12-28=110/115/80", "110", "115", Some("80")),
            ("2027-01-04=110", "110", "110", None),
        ] {
            let week = text.parse::<Figures>().unwrap().week("H87", &standing).unwrap();
            let figures = [&week.actual_capacity, &week.maximum_capacity, &week.agreed_capacity];
            let expected = [decimal(actual), decimal(maximum), agreed.and_then(decimal)];
            assert_eq!(figures, [&expected[0], &expected[1], &expected[2]], "{text}");
            assert_eq!(week.delta_production.is_some(), agreed.is_some(), "{text}");
        }
        for bad in ["2026-12-28", "2026-12-28=", "2026-12-28=/5", "2026-12-28=1/2/3/4"] {
            assert!(bad.parse::<Figures>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_says_all_but_the_request_id() {
        let fits = |beside: &[&str]| {
            let said = ["state", "--file", "f.json"].into_iter().chain(beside.iter().copied());
            StateArgs::augment_args(clap::Command::new("state")).try_get_matches_from(said).is_ok()
        };
        assert!(fits(&[]) && fits(&["--request-id", "one"]));
        for beside in [["--unit", "SEC"], ["--name", "650 t"], ["--week", "2026-12-28=1"]] {
            assert!(!fits(&beside), "{beside:?}");
        }
    }
}
