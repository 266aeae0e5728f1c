//! `tandem capacity request change`: what is not named stays as it is.

use clap::Args;
use proto::capacity::{
    CapacityRequest, ChangeCapacityRequestRequest, GetCapacityRequestRequest, OfferLimits, RequestContent,
};
use time::Date;

use super::{ForArg, day, new_id};
use crate::cli::{Session, failure::Failure};

pub const EXAMPLES: &str = "\
Examples:
  tandem capacity request change 0193… --quantity 120 --to 2027-01-11
  tandem capacity request change 0193… --price '' --material ABS --material PP   no ceiling any more
  tandem capacity request change 0193… --for all --version 3         refused where it is another by now

What is not named stays as it is; an empty figure is taken away. Matches that stand keep the request as it was.";

#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// The id of an open request of your own
    #[arg(value_name = "REQUEST")]
    pub request: String,
    /// Such as 注塑
    #[arg(long, value_name = "PROCESS")]
    pub process: Option<String>,
    /// What has to be worked, instead of what had; repeat it for several
    #[arg(long = "material", value_name = "MATERIAL")]
    pub materials: Vec<String>,
    /// How much in all weeks together
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: Option<String>,
    /// UN/ECE Recommendation 20, such as HUR or H87
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// The Monday of the first week
    #[arg(long, value_name = "MONDAY", value_parser = day)]
    pub from: Option<Date>,
    /// The Monday of the last week
    #[arg(long, value_name = "MONDAY", value_parser = day)]
    pub to: Option<Date>,
    /// The part's length in mm
    #[arg(long, value_name = "MM")]
    pub length: Option<String>,
    /// The part's width in mm
    #[arg(long, value_name = "MM")]
    pub width: Option<String>,
    /// The part's height in mm
    #[arg(long, value_name = "MM")]
    pub height: Option<String>,
    /// The part's weight in kg
    #[arg(long, value_name = "KG")]
    pub weight: Option<String>,
    /// Clamping or pressing force in t
    #[arg(long, value_name = "T")]
    pub tonnage: Option<String>,
    /// The coarsest tolerance that will do, in mm
    #[arg(long, value_name = "MM")]
    pub precision: Option<String>,
    /// A certificate that is required, instead of those that were; repeat it for several
    #[arg(long = "certificate", value_name = "NAME")]
    pub certificates: Vec<String>,
    /// A certificate that is better to have, instead of those that were; repeat it for several
    #[arg(long = "wish", value_name = "NAME")]
    pub wished: Vec<String>,
    /// The nearer the better: 2, 4 or 6 digits of GB/T 2260
    #[arg(long, value_name = "CODE")]
    pub region: Option<String>,
    /// Better at or under this price for one unit
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<String>,
    /// Of the price, such as CNY
    #[arg(long, value_name = "CODE", requires = "price")]
    pub currency: Option<String>,
    /// What else has to be known
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Who may see it from now on
    #[arg(long = "for", value_enum)]
    pub shown_to: Option<ForArg>,
    /// A firm that may see it, by its id, with --for named
    #[arg(long = "firm", value_name = "FIRM-ID", requires = "shown_to")]
    pub firms: Vec<String>,
    /// The cluster whose members may see it, with --for cluster
    #[arg(long, value_name = "CLUSTER-ID", requires = "shown_to")]
    pub cluster: Option<String>,
    /// The version that is changed [default: the present one]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<i64>,
    /// Changing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

/// Changes the request; as it stands then.
pub(super) async fn run(args: &ChangeArgs, session: &Session) -> Result<CapacityRequest, Failure> {
    let mut client = session.connection.capacity_requests();
    let request = GetCapacityRequestRequest { capacity_request_id: args.request.clone() };
    let present = client.get_capacity_request(request).await.map_err(|status| session.refused(&status))?;
    let answer = client.change_capacity_request(args.request(present.into_inner())).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

impl ChangeArgs {
    fn request(&self, present: CapacityRequest) -> ChangeCapacityRequestRequest {
        let (visibility, firm_ids, cluster_id) = match self.shown_to {
            Some(whom) => (whom.visibility(), self.firms.clone(), self.cluster.clone().unwrap_or_default()),
            None => (present.visibility(), present.firm_ids, present.cluster_id),
        };
        ChangeCapacityRequestRequest {
            request_id: self.request_id.clone().unwrap_or_else(new_id),
            capacity_request_id: present.id,
            version: self.version.unwrap_or(present.version),
            content: Some(self.content(present.content.unwrap_or_default())),
            visibility: visibility.into(),
            firm_ids,
            cluster_id,
        }
    }

    fn content(&self, was: RequestContent) -> RequestContent {
        let text = |new: &Option<String>, was: String| new.clone().unwrap_or(was);
        let limits = was.limits.unwrap_or_default();
        let price_ceiling = figure(&self.price, was.price_ceiling);
        let currency = match price_ceiling {
            Some(_) => text(&self.currency, was.currency),
            None => String::new(),
        };
        RequestContent {
            process: text(&self.process, was.process),
            materials: list(&self.materials, was.materials),
            limits: Some(OfferLimits {
                length_mm: figure(&self.length, limits.length_mm),
                width_mm: figure(&self.width, limits.width_mm),
                height_mm: figure(&self.height, limits.height_mm),
                weight_kg: figure(&self.weight, limits.weight_kg),
                precision_mm: figure(&self.precision, limits.precision_mm),
                tonnage_t: figure(&self.tonnage, limits.tonnage_t),
            }),
            quantity: figure(&self.quantity, was.quantity),
            unit_code: text(&self.unit, was.unit_code),
            first_monday: self.from.map(chassis::value::wire_date).or(was.first_monday),
            last_monday: self.to.map(chassis::value::wire_date).or(was.last_monday),
            certificates: list(&self.certificates, was.certificates),
            wished_certificates: list(&self.wished, was.wished_certificates),
            region: text(&self.region, was.region),
            price_ceiling,
            currency,
            note: text(&self.note, was.note),
        }
    }
}

/// What is named, nothing where that is empty, or what was.
fn figure(new: &Option<String>, was: Option<proto::Decimal>) -> Option<proto::Decimal> {
    match new.as_deref() {
        None => was,
        Some("") => None,
        Some(value) => Some(proto::Decimal { value: value.to_owned() }),
    }
}

/// What is named, or what was where nothing is.
fn list(new: &[String], was: Vec<String>) -> Vec<String> {
    match new.is_empty() {
        true => was,
        false => new.iter().filter(|one| !one.is_empty()).cloned().collect(),
    }
}
