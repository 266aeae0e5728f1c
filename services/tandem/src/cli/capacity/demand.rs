//! `tandem capacity demand`: what is wanted of a material, week by week: shown, stated in full, or changed in some weeks.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use proto::capacity::{
    DemandCategory, DemandContent, DemandSeries, DemandWeek, GetMaterialDemandRequest, MaterialDemand,
    UpdateDemandWeeksRequest, UploadMaterialDemandRequest,
};

use super::{
    figure::{Week, kept},
    new_id, stated,
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, decimal_text},
    output::{short, table, table_text},
};

const SHOW_EXAMPLES: &str = "\
Examples:
  tandem capacity demand show 0193…                  week by week, of either side
  tandem capacity demand show 0193… --version 3      as it was then
  tandem capacity demand show 0193… --output json

`tandem capacity demands` lists demands with their ids.";
const STATE_EXAMPLES: &str = "\
Examples:
  tandem capacity demand state --supplier 0193… --material CY-BX-0450 --unit H87 --location CY01 \\
      --week 2026-12-28=20000 --week 2027-01-04=14000
  tandem capacity demand state --file demand.json

It is stated in full: weeks that are not named are unknown. The file is an UploadMaterialDemandRequest as JSON, which may
have several series.";
const UPDATE_EXAMPLES: &str = "\
Examples:
  tandem capacity demand update 0193… --week 2026-12-28=18000         other weeks stay as they are
  tandem capacity demand update 0193… --week 2026-12-28=              the week is unknown from now on
  tandem capacity demand update 0193… --location CY02 --category series --week 2026-12-28=500
  tandem capacity demand update 0193… --inactive                      as if it were not there
  tandem capacity demand update 0193… --active --version 4            refused where it is another by now";

#[derive(Debug, Subcommand)]
pub enum DemandCommand {
    /// Show a demand by week
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// State the demand of a material in full
    #[command(after_help = STATE_EXAMPLES)]
    State(Box<StateArgs>),
    /// Change some weeks, or whether it counts
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArgs),
}

/// Why something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CategoryArg {
    Default,
    AfterSales,
    Series,
    PhaseIn,
    SingleOrder,
    SmallSeries,
    Extraordinary,
    PhaseOut,
}

impl CategoryArg {
    fn category(self) -> DemandCategory {
        match self {
            CategoryArg::Default => DemandCategory::Default,
            CategoryArg::AfterSales => DemandCategory::AfterSales,
            CategoryArg::Series => DemandCategory::Series,
            CategoryArg::PhaseIn => DemandCategory::PhaseIn,
            CategoryArg::SingleOrder => DemandCategory::SingleOrder,
            CategoryArg::SmallSeries => DemandCategory::SmallSeries,
            CategoryArg::Extraordinary => DemandCategory::Extraordinary,
            CategoryArg::PhaseOut => DemandCategory::PhaseOut,
        }
    }
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The demand's id
    #[arg(value_name = "DEMAND-ID")]
    pub demand: String,
    /// As it was in this version [default: as it stands]
    #[arg(long, value_name = "VERSION", default_value_t = 0, hide_default_value = true)]
    pub version: i64,
}

#[derive(Debug, Args)]
pub struct StateArgs {
    /// An UploadMaterialDemandRequest as JSON instead of everything below
    #[arg(long, value_name = "FILE", conflicts_with_all = ["supplier", "vendor", "material", "description", "unit",
        "location", "supplier_location", "category", "week"])]
    pub file: Option<PathBuf>,
    /// The supplier's id
    #[arg(long, value_name = "FIRM-ID", required_unless_present_any = ["file", "vendor"], conflicts_with = "vendor")]
    pub supplier: Option<String>,
    /// The supplier by its vendor number instead
    #[arg(long, value_name = "NUMBER")]
    pub vendor: Option<String>,
    /// The material's number, as your orders have it
    #[arg(long, value_name = "NUMBER", required_unless_present = "file")]
    pub material: Option<String>,
    /// What it is
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub description: String,
    /// UN/ECE Recommendation 20, such as H87
    #[arg(long, value_name = "UNIT", default_value = "", hide_default_value = true)]
    pub unit: String,
    /// Where the goods go: the code of a site, or a BPNS
    #[arg(long, value_name = "CODE", required_unless_present = "file")]
    pub location: Option<String>,
    /// From where they are expected
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub supplier_location: String,
    /// Why it is wanted
    #[arg(long, value_enum, default_value = "default")]
    pub category: CategoryArg,
    /// A week and how much is wanted in it, such as 2026-12-28=20000; may be repeated
    #[arg(long, value_name = "MONDAY=QUANTITY", required_unless_present = "file")]
    pub week: Vec<Week>,
    /// Stating under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The demand's id
    #[arg(value_name = "DEMAND-ID")]
    pub demand: String,
    /// A week and how much is wanted in it, such as 2026-12-28=20000; without a quantity, it becomes unknown; may be repeated
    #[arg(long, value_name = "MONDAY=QUANTITY", required_unless_present_any = ["active", "inactive"])]
    pub week: Vec<Week>,
    /// Where the goods go [default: where the demand has one series alone, its place]
    #[arg(long, value_name = "CODE")]
    pub location: Option<String>,
    /// Why it is wanted [default: where one series alone fits, as it has it]
    #[arg(long, value_enum)]
    pub category: Option<CategoryArg>,
    /// From where they are expected [default: where one series alone fits, as it has it]
    #[arg(long, value_name = "CODE")]
    pub supplier_location: Option<String>,
    #[command(flatten)]
    pub active: stated::ActiveArgs,
    /// The version that is changed [default: the present one]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<i64>,
    /// Changing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

pub(super) async fn run(command: &DemandCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        DemandCommand::Show(args) => show(&get(&args.demand, args.version, session).await?, session),
        DemandCommand::State(args) => {
            let answer = session.connection.demands().upload_material_demand(args.request(session)?).await;
            stated::said(&answer.map_err(|status| session.refused(&status))?.into_inner(), session)
        }
        DemandCommand::Update(args) => {
            let present = get(&args.demand, 0, session).await?;
            let answer = session.connection.demands().update_demand_weeks(args.request(present)?).await;
            stated::said(&answer.map_err(|status| session.refused(&status))?.into_inner(), session)
        }
    }
}

async fn get(id: &str, version: i64, session: &Session) -> Result<MaterialDemand, Failure> {
    let request = GetMaterialDemandRequest { demand_id: id.to_owned(), version };
    let answer = session.connection.demands().get_material_demand(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

fn show(demand: &MaterialDemand, session: &Session) -> Result<Exit, Failure> {
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.MaterialDemand", demand)?)?;
        return Ok(Exit::Ok);
    }
    let content = demand.content.clone().unwrap_or_default();
    let inactive = if content.inactive { " (inactive)" } else { "" };
    let (material, unit) = (&content.material_number_customer, &content.unit_code);
    let mut table = table(&["WEEK", "QUANTITY", "LOCATION", "FROM", "CATEGORY"]);
    for series in &content.series {
        for week in &series.weeks {
            table.add_row([
                date_text(week.monday.as_ref()),
                decimal_text(week.quantity.as_ref()),
                series.customer_location.clone(),
                series.expected_supplier_location.clone(),
                word(series.demand_category()),
            ]);
        }
    }
    let head = format!("{material}{inactive}  [{unit}]  version {}", demand.version);
    session.out.line(&format!("{head}\n{}", table_text(&table)))?;
    Ok(Exit::Ok)
}

fn word(category: DemandCategory) -> String {
    short(category.as_str_name(), "DEMAND_CATEGORY_").to_lowercase().replace('_', "-")
}

/// Weeks as they were typed; one without a quantity is unknown.
fn weeks(typed: &[Week], unit: &str) -> Result<Vec<DemandWeek>, Failure> {
    let week = |week: &Week| {
        let quantity = Some(week.quantity.as_str()).filter(|quantity| !quantity.is_empty());
        Ok(DemandWeek {
            monday: Some(week.monday),
            quantity: quantity.map(|quantity| kept(quantity, unit)).transpose()?,
        })
    };
    typed.iter().map(week).collect()
}

impl StateArgs {
    fn request(&self, session: &Session) -> Result<UploadMaterialDemandRequest, Failure> {
        if let Some(file) = &self.file {
            let name = "tandem.capacity.v1.UploadMaterialDemandRequest";
            let request: UploadMaterialDemandRequest = stated::request(file, name, session)?;
            let request_id = stated::request_id(self.request_id.as_deref(), request.request_id);
            return Ok(UploadMaterialDemandRequest { request_id, ..request });
        }
        let series = DemandSeries {
            customer_location: self.location.clone().unwrap_or_default(),
            demand_category: self.category.category().into(),
            expected_supplier_location: self.supplier_location.clone(),
            weeks: weeks(&self.week, &self.unit)?,
        };
        Ok(UploadMaterialDemandRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            supplier_id: self.supplier.clone().unwrap_or_default(),
            vendor_number: self.vendor.clone().unwrap_or_default(),
            content: Some(DemandContent {
                material_number_customer: self.material.clone().unwrap_or_default(),
                material_description_customer: self.description.clone(),
                unit_code: self.unit.clone(),
                series: vec![series],
                ..DemandContent::default()
            }),
            ..UploadMaterialDemandRequest::default()
        })
    }
}

impl UpdateArgs {
    fn request(&self, present: MaterialDemand) -> Result<UpdateDemandWeeksRequest, Failure> {
        let content = present.content.unwrap_or_default();
        let series = match self.week.is_empty() {
            true => Vec::new(),
            false => {
                let weeks = weeks(&self.week, &content.unit_code)?;
                vec![DemandSeries { weeks, ..self.series(&content)? }]
            }
        };
        Ok(UpdateDemandWeeksRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            demand_id: present.id,
            version: self.version.unwrap_or(present.version),
            series,
            inactive: self.active.inactive(),
        })
    }

    /// The series that is meant, without weeks: the one that fits what is said of it, else a new one.
    fn series(&self, content: &DemandContent) -> Result<DemandSeries, Failure> {
        let fits = |one: &&DemandSeries| {
            let place = self.location.as_ref().is_none_or(|place| *place == one.customer_location);
            let from = self.supplier_location.as_ref();
            let from = from.is_none_or(|from| *from == one.expected_supplier_location);
            place && from && self.category.is_none_or(|why| why.category() == one.demand_category())
        };
        let mut fitting = content.series.iter().filter(fits);
        match (fitting.next(), fitting.next(), &self.location) {
            (Some(one), None, _) => Ok(DemandSeries { weeks: Vec::new(), ..one.clone() }),
            (None, _, Some(place)) => Ok(DemandSeries {
                customer_location: place.clone(),
                demand_category: self.category.unwrap_or(CategoryArg::Default).category().into(),
                expected_supplier_location: self.supplier_location.clone().unwrap_or_default(),
                weeks: Vec::new(),
            }),
            (None, _, None) => Err(Failure::local(
                Exit::Usage,
                "no series of the demand is so: name a place with --location",
            )),
            (Some(_), Some(_), _) => {
                let message = "several series of the demand are so: say which by --location, --category and \
                               --supplier-location";
                Err(Failure::local(Exit::Usage, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(location: Option<&str>, category: Option<CategoryArg>) -> UpdateArgs {
        UpdateArgs {
            demand: "d".into(),
            week: vec!["2026-12-28=".parse().unwrap(), "2027-01-04=5".parse().unwrap()],
            location: location.map(str::to_owned),
            category,
            supplier_location: None,
            active: stated::ActiveArgs { active: true, inactive: false },
            version: None,
            request_id: None,
        }
    }

    fn present(series: &[(&str, DemandCategory)]) -> MaterialDemand {
        let series = series.iter().map(|(place, why)| DemandSeries {
            customer_location: (*place).to_owned(),
            demand_category: (*why).into(),
            ..DemandSeries::default()
        });
        let content = DemandContent { series: series.collect(), ..DemandContent::default() };
        MaterialDemand { version: 3, content: Some(content), ..MaterialDemand::default() }
    }

    #[test]
    fn the_series_that_is_meant_is_the_one_that_fits() {
        use DemandCategory::{Default, Series};
        let both = [("CY01", Default), ("CY01", Series), ("CY02", Default)];
        for (location, category, standing, expected) in [
            (None, None, &both[..1], Some(("CY01", Default))),
            (None, None, &both[..], None),
            (Some("CY02"), None, &both[..], Some(("CY02", Default))),
            (Some("CY01"), Some(CategoryArg::Series), &both[..], Some(("CY01", Series))),
            (Some("CY03"), None, &both[..], Some(("CY03", Default))),
            (None, None, &both[..0], None),
        ] {
            let request = update(location, category).request(present(standing)).ok();
            let series = request.as_ref().map(|request| &request.series[0]);
            let said = series.map(|one| (one.customer_location.as_str(), one.demand_category()));
            assert_eq!(said, expected, "{location:?} {category:?}");
        }
        let request = update(None, None).request(present(&both[..1])).unwrap();
        assert_eq!((request.version, request.inactive), (3, Some(false)));
        let quantities: Vec<_> = request.series[0].weeks.iter().map(|week| week.quantity.clone()).collect();
        assert_eq!(quantities, [None, Some(proto::Decimal { value: "5".into() })]);
    }

    #[test]
    fn a_file_says_all_but_the_request_id() {
        let fits = |beside: &[&str]| {
            let said = ["state", "--file", "f.json"].into_iter().chain(beside.iter().copied());
            StateArgs::augment_args(clap::Command::new("state")).try_get_matches_from(said).is_ok()
        };
        assert!(fits(&[]) && fits(&["--request-id", "one"]));
        for beside in [
            ["--description", "Bracket"],
            ["--unit", "H87"],
            ["--category", "default"],
            ["--supplier-location", "SM01"],
            ["--week", "2026-12-28=1"],
        ] {
            assert!(!fits(&beside), "{beside:?}");
        }
    }
}
