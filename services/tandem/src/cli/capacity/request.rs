//! `tandem capacity request` and `tandem capacity match`.

mod change;

use clap::{Args, Subcommand, ValueEnum};
use proto::capacity::{
    CapacityRequest, CloseCapacityRequestRequest, ConditionOutcome, ListCapacityRequestsRequest,
    MatchCapacityRequestRequest, MatchedCondition, MatchedOffer, MatchedProfile, OfferLimits,
    OfferVisibility, PublishCapacityRequestRequest, RequestContent,
};
use time::Date;

use super::{
    day, figure,
    names::{Names, names},
    new_id,
};
use crate::cli::{
    Session,
    failure::{Exit, Failure},
    output::short,
    pages,
};

pub const PUBLISH_EXAMPLES: &str = "\
Examples:
  tandem capacity request publish --process 注塑 --material PP --tonnage 650 --quantity 80 --unit HUR \\
      --from 2026-12-21 --to 2027-01-04 --wish 'ISO 9001' --for partners
  tandem capacity request publish … --for named --firm 0193… --firm 0194…
  tandem capacity request publish … --for cluster --cluster 0193…";
const LIST_EXAMPLES: &str = "\
Examples:
  tandem capacity request list
  tandem capacity request list --own";
const CLOSE_EXAMPLES: &str = "\
Example:
  tandem capacity request close 0193…                 nobody answers it any more";
pub const MATCH_EXAMPLES: &str = "\
Examples:
  tandem capacity match 0193…                        what meets a request of your own, the best first
  tandem capacity match 0193… --near                 and what nearly does, with what is missing
  tandem capacity match 0193… --output json

Only offers of the request's process that you may see take part; after them come firms that offer nothing of it in these
weeks, but say that they can make it. Nothing is held and nobody is told.";

#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    /// Publish a request for capacity
    #[command(after_help = PUBLISH_EXAMPLES)]
    Publish(Box<PublishArgs>),
    /// Ask for more or less, or show it to others
    #[command(after_help = change::EXAMPLES)]
    Change(Box<change::ChangeArgs>),
    /// List open requests that you may see, or your own
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Close a request of your own
    #[command(after_help = CLOSE_EXAMPLES)]
    Close(CloseArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForArg {
    Named,
    Partners,
    Cluster,
    All,
}

impl ForArg {
    fn visibility(self) -> OfferVisibility {
        match self {
            ForArg::Named => OfferVisibility::Named,
            ForArg::Partners => OfferVisibility::Partners,
            ForArg::Cluster => OfferVisibility::Cluster,
            ForArg::All => OfferVisibility::All,
        }
    }
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Such as 注塑
    #[arg(long, value_name = "PROCESS")]
    pub process: String,
    /// What has to be worked; may be repeated
    #[arg(long = "material", value_name = "MATERIAL")]
    pub materials: Vec<String>,
    /// How much in all weeks together
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: String,
    /// UN/ECE Recommendation 20, such as HUR or H87
    #[arg(long, value_name = "CODE")]
    pub unit: String,
    /// The Monday of the first week
    #[arg(long, value_name = "MONDAY", value_parser = day)]
    pub from: Date,
    /// The Monday of the last week
    #[arg(long, value_name = "MONDAY", value_parser = day)]
    pub to: Date,
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
    /// A certificate that is required; may be repeated
    #[arg(long = "certificate", value_name = "NAME")]
    pub certificates: Vec<String>,
    /// A certificate that is better to have; may be repeated
    #[arg(long = "wish", value_name = "NAME")]
    pub wished: Vec<String>,
    /// The nearer the better: 2, 4 or 6 digits of GB/T 2260
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub region: String,
    /// Better at or under this price for one unit
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub price: Option<String>,
    /// Of the price, such as CNY
    #[arg(long, value_name = "CODE", requires = "price")]
    pub currency: Option<String>,
    /// What else has to be known
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Who may see it
    #[arg(long = "for", value_enum, default_value = "partners")]
    pub shown_to: ForArg,
    /// A firm that may see it, by its id, with --for named; may be repeated
    #[arg(long = "firm", value_name = "FIRM-ID")]
    pub firms: Vec<String>,
    /// The cluster whose members may see it, with --for cluster
    #[arg(long, value_name = "CLUSTER-ID", default_value = "", hide_default_value = true)]
    pub cluster: String,
    /// Publishing under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Your own, closed ones included
    #[arg(long)]
    pub own: bool,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The request's id
    #[arg(value_name = "REQUEST-ID")]
    pub request: String,
}

#[derive(Debug, Args)]
pub struct MatchArgs {
    /// The id of a request of your own
    #[arg(value_name = "REQUEST-ID")]
    pub request: String,
    /// Offers that miss a hard condition too, the nearest first
    #[arg(long)]
    pub near: bool,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub limit: i32,
}

pub(super) async fn run(command: &RequestCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        RequestCommand::Publish(args) => publish(args, session).await,
        RequestCommand::Change(args) => said("changed", &change::run(args, session).await?, session),
        RequestCommand::List(args) => list(args, session).await,
        RequestCommand::Close(args) => close(args, session).await,
    }
}

impl PublishArgs {
    fn content(&self) -> RequestContent {
        let decimal = |text: &Option<String>| text.clone().map(|value| proto::Decimal { value });
        RequestContent {
            process: self.process.clone(),
            materials: self.materials.clone(),
            limits: Some(OfferLimits {
                length_mm: decimal(&self.length),
                width_mm: decimal(&self.width),
                height_mm: decimal(&self.height),
                weight_kg: decimal(&self.weight),
                precision_mm: decimal(&self.precision),
                tonnage_t: decimal(&self.tonnage),
            }),
            quantity: Some(proto::Decimal { value: self.quantity.clone() }),
            unit_code: self.unit.clone(),
            first_monday: Some(chassis::value::wire_date(self.from)),
            last_monday: Some(chassis::value::wire_date(self.to)),
            certificates: self.certificates.clone(),
            wished_certificates: self.wished.clone(),
            region: self.region.clone(),
            price_ceiling: decimal(&self.price),
            currency: self.currency.clone().unwrap_or_default(),
            note: self.note.clone(),
        }
    }
}

async fn publish(args: &PublishArgs, session: &Session) -> Result<Exit, Failure> {
    let request = PublishCapacityRequestRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        content: Some(args.content()),
        visibility: args.shown_to.visibility().into(),
        firm_ids: args.firms.clone(),
        cluster_id: args.cluster.clone(),
    };
    let answer = session.connection.capacity_requests().publish_capacity_request(request).await;
    said("published", &answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

async fn close(args: &CloseArgs, session: &Session) -> Result<Exit, Failure> {
    let request =
        CloseCapacityRequestRequest { request_id: new_id(), capacity_request_id: args.request.clone() };
    let answer = session.connection.capacity_requests().close_capacity_request(request).await;
    said("closed", &answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

fn said(what: &str, request: &CapacityRequest, session: &Session) -> Result<Exit, Failure> {
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.CapacityRequest", request)?)?;
    } else {
        session.out.line(&format!("{} {what}, version {}", request.id, request.version))?;
    }
    Ok(Exit::Ok)
}

async fn list(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capacity_requests();
    let page = async |page_token| {
        let request = ListCapacityRequestsRequest { own: args.own, page_size: pages::SIZE, page_token };
        let page = client.list_capacity_requests(request).await?.into_inner();
        Ok((page.requests, page.next_page_token))
    };
    let requests = pages::all(session, page).await?;
    let header = ["PROCESS", "MATERIALS", "QUANTITY", "WEEKS", "STATE", "FROM", "ID"];
    let names = names(requests.iter().map(|one| &one.requester_id), session).await;
    pages::say(session, "tandem.capacity.v1.CapacityRequest", &requests, &header, |one| row(one, &names))
}

fn row(request: &CapacityRequest, names: &Names) -> [String; 7] {
    let content = request.content.clone().unwrap_or_default();
    let day = |date: &Option<proto::Date>| {
        date.as_ref()
            .map(|date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
            .unwrap_or_default()
    };
    [
        content.process,
        content.materials.join(", "),
        figure::quantity(content.quantity.as_ref(), &content.unit_code),
        format!("{} – {}", day(&content.first_monday), day(&content.last_monday)),
        if request.closed { "closed" } else { "open" }.to_owned(),
        names.of(&request.requester_id),
        request.id.clone(),
    ]
}

pub(super) async fn matching(args: &MatchArgs, session: &Session) -> Result<Exit, Failure> {
    let request = MatchCapacityRequestRequest {
        capacity_request_id: args.request.clone(),
        limit: args.limit,
        near_misses: args.near,
    };
    let answer = session.connection.capacity_requests().match_capacity_request(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        let name = "tandem.capacity.v1.MatchCapacityRequestResponse";
        session.out.value(&session.contract.to_json(name, &answer)?)?;
        return Ok(Exit::Ok);
    }
    session.out.line(&format!("{} offers fit", answer.fitting))?;
    let offers = answer.results.iter().filter_map(|result| result.offer.as_ref());
    let names = names(offers.map(|offer| &offer.supplier_id), session).await;
    for (place, result) in answer.results.iter().enumerate() {
        session.out.line(&explained(place + 1, result, &names))?;
    }
    if !answer.could_be_asked.is_empty() {
        session.out.line("\nWithout an offer, by what they say they can make, these could be asked:")?;
    }
    for one in &answer.could_be_asked {
        session.out.line(&of_profile(one))?;
    }
    if !answer.near_profiles.is_empty() {
        session.out.line("\nThese do not meet it, by what they say they can make:")?;
    }
    for one in &answer.near_profiles {
        session.out.line(&of_profile(one))?;
    }
    Ok(Exit::Ok)
}

/// An offer for people: its place, and condition by condition what it meets.
fn explained(place: usize, result: &MatchedOffer, names: &Names) -> String {
    let offer = result.offer.clone().unwrap_or_default();
    let fits = if result.fits { "fits" } else { "does not fit" };
    let supplier = names.of(&offer.supplier_id);
    let head = format!("\n{place}. {fits}, {} points: offer {} of {supplier}", result.score, offer.id);
    let lines = result.conditions.iter().map(line);
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A firm without an offer, and condition by condition what its profile meets.
fn of_profile(one: &MatchedProfile) -> String {
    let firm = one.profile.clone().unwrap_or_default();
    let equipment = one.capability.clone().unwrap_or_default().equipment.join(", ");
    let head = format!("\n{} {}  {equipment}", firm.firm_name, firm.firm_id);
    let lines = one.conditions.iter().map(line);
    std::iter::once(head.trim_end().to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(condition: &MatchedCondition) -> String {
    let kind = short(condition.kind().as_str_name(), "CONDITION_KIND_").to_lowercase();
    let outcome = match condition.outcome() {
        ConditionOutcome::Met => "met",
        ConditionOutcome::NotStated => "not stated",
        _ => "not met",
    };
    let found = if condition.found.is_empty() { "–" } else { &condition.found };
    let margin = match &condition.margin {
        Some(margin) if !margin.value.starts_with('-') => format!(" (+{})", margin.value),
        Some(margin) => format!(" ({})", margin.value),
        None => String::new(),
    };
    let wish = if condition.hard { "" } else { ", a wish" };
    format!("   {kind}: {outcome}{wish}; wanted {}, found {found}{margin}", condition.wanted)
}
