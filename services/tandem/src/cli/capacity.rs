//! `tandem capacity`: payloads of demand and capacity in and out, what the own groups find, what can be promised, and
//! what is offered and reserved.

mod alert;
mod booking;
mod bounds;
mod comment;
mod demand;
mod disclosed;
mod disclosure;
mod figure;
mod group;
mod history;
mod names;
mod outcome;
mod profile;
mod promise;
mod request;
mod stated;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use proto::capacity::{
    CapacityGroup, ExportPayloadsRequest, GetCapacityGroupRequest, ImportCapacityGroupsRequest,
    ImportCommentsRequest, ImportMaterialDemandsRequest, ListCapacityGroupsRequest, MatchedWeek, PayloadKind,
    PayloadResult,
};
use sha2::{Digest as _, Sha256};
use time::{Date, macros::format_description};

use self::names::names;
use super::{
    Session,
    failure::{Exit, Failure},
    output::{short, table, table_text},
    pages,
};

pub const IMPORT_EXAMPLES: &str = "\
Examples:
  tandem capacity import demands demand.json         WeekBasedMaterialDemand, as customer
  tandem capacity import groups group.json           WeekBasedCapacityGroup, as supplier
  tandem capacity import comments comment.json       IdBasedComment, as either

A file holds one object, a list, or a message with its header. Importing a file again changes nothing.";
pub const EXPORT_EXAMPLES: &str = "\
Examples:
  tandem capacity export demands --partner 0193… > demands.json
  tandem capacity export groups --partner 0193… --request request.json --out groups.json";
pub const SHOW_EXAMPLES: &str = "\
Examples:
  tandem capacity show                               the own groups
  tandem capacity show --text 大机                   those with these words, or parts of them
  tandem capacity show 0193…                         a group, demand against capacity by week, and
                                                     where demand moved too far since it was measured";

#[derive(Debug, Subcommand)]
pub enum CapacityCommand {
    /// Take payloads of Catena-X in
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Write own demands or groups as a message of Catena-X
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Show the own groups, or one of them by week
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Ask what can be promised of an order, before it is answered
    #[command(after_help = promise::EXAMPLES)]
    Promise(promise::PromiseArgs),
    /// Talk with a partner about a demand or a group
    #[command(subcommand)]
    Comment(comment::CommentCommand),
    /// Say what your firm can make, and see what others can
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Ask for capacity that others offer
    #[command(subcommand)]
    Request(request::RequestCommand),
    /// Find the offers that meet a request, and why
    #[command(after_help = request::MATCH_EXAMPLES)]
    Match(request::MatchArgs),
    /// What came of requests: propose, accept, decline, contract, deliver
    #[command(subcommand)]
    Matches(outcome::MatchesCommand),
    /// Show, state or change what is wanted of a material, week by week
    #[command(subcommand)]
    Demand(demand::DemandCommand),
    /// State or change what an own group can make, week by week
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// List what suppliers show you of their capacity
    #[command(after_help = disclosed::EXAMPLES)]
    Disclosed(disclosed::DisclosedArgs),
    /// List demands of either side
    #[command(after_help = history::DEMANDS_EXAMPLES)]
    Demands(history::DemandsArgs),
    /// List every version of a demand or a group
    #[command(after_help = history::HISTORY_EXAMPLES)]
    History(history::HistoryArgs),
    /// Show or set by how much the demand of a group may move before somebody is told
    #[command(after_help = bounds::EXAMPLES)]
    Bounds(bounds::BoundsArgs),
    /// Say how much of your capacity a customer sees
    #[command(subcommand)]
    Disclosure(disclosure::DisclosureCommand),
    /// List what can be held, or offer own hours
    #[command(after_help = booking::OFFERS_EXAMPLES, args_conflicts_with_subcommands = true)]
    Offers(booking::OffersArgs),
    /// Hold offered hours for a while
    #[command(after_help = booking::HOLD_EXAMPLES)]
    Hold(booking::HoldArgs),
    /// Make a hold stay
    #[command(after_help = booking::CONFIRM_EXAMPLES)]
    Confirm(booking::ReservationArgs),
    /// Make reserved hours capacity of an own group
    #[command(after_help = booking::BORROW_EXAMPLES)]
    Borrow(booking::BorrowArgs),
    /// Give a reservation back
    #[command(after_help = booking::RELEASE_EXAMPLES)]
    Release(booking::ReservationArgs),
    /// List reservations of either side
    #[command(after_help = booking::RESERVATIONS_EXAMPLES)]
    Reservations,
    /// Write the order that uses a reservation, as far as it is known
    #[command(after_help = booking::PREFILL_EXAMPLES)]
    Prefill(booking::ReservationArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    Demands,
    Groups,
    Comments,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the files hold
    #[arg(value_enum)]
    pub kind: KindArg,
    /// JSON files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What is written
    #[arg(value_enum)]
    pub kind: KindArg,
    /// Whom the message is for: the firm's id
    #[arg(long, value_name = "FIRM-ID")]
    pub partner: String,
    /// Only what this IdBasedRequestForUpdate asks for
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The group's id; without it, all groups are listed
    #[arg(value_name = "GROUP-ID")]
    pub group: Option<String>,
    /// Only groups with these words in their name or their customer's; parts of words count
    #[arg(long, default_value = "", hide_default_value = true, conflicts_with = "group")]
    pub text: String,
}

pub(super) async fn run(command: &CapacityCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        CapacityCommand::Import(args) => import(args, session).await,
        CapacityCommand::Export(args) => export(args, session).await,
        CapacityCommand::Show(ShowArgs { group: Some(group), .. }) => show(group, session).await,
        CapacityCommand::Show(ShowArgs { group: None, text }) => list(text, session).await,
        CapacityCommand::Promise(args) => promise::run(args, session).await,
        CapacityCommand::Comment(command) => comment::run(command, session).await,
        CapacityCommand::Profile(command) => profile::run(command, session).await,
        CapacityCommand::Request(command) => request::run(command, session).await,
        CapacityCommand::Match(args) => request::matching(args, session).await,
        CapacityCommand::Matches(command) => outcome::run(command, session).await,
        CapacityCommand::Demand(command) => demand::run(command, session).await,
        CapacityCommand::Group(command) => group::run(command, session).await,
        CapacityCommand::Disclosed(args) => disclosed::run(args, session).await,
        CapacityCommand::Demands(args) => history::demands(args, session).await,
        CapacityCommand::History(args) => history::history(args, session).await,
        CapacityCommand::Bounds(args) => bounds::run(args, session).await,
        CapacityCommand::Disclosure(command) => disclosure::run(command, session).await,
        CapacityCommand::Offers(args) => booking::offers(args, session).await,
        CapacityCommand::Hold(args) => booking::hold(args, session).await,
        CapacityCommand::Confirm(args) => booking::confirm(args, session).await,
        CapacityCommand::Borrow(args) => booking::borrow(args, session).await,
        CapacityCommand::Release(args) => booking::release(args, session).await,
        CapacityCommand::Reservations => booking::reservations(session).await,
        CapacityCommand::Prefill(args) => booking::prefill(args, session).await,
    }
}

/// A request's name that was not used before.
fn new_id() -> String {
    chassis::clock::system().id().to_string()
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "must be a day such as 2026-12-30".to_owned())
}

fn read(file: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
    let file = file.as_ref();
    fs::read(file)
        .map_err(|error| Failure::local(Exit::Failed, format!("cannot read {}: {error}", file.display())))
}

/// What a file says is its request's name, so that importing it again finds what it did.
fn request_id(content: &[u8]) -> String {
    format!("import-{}", hex::encode(&Sha256::digest(content)[..16]))
}

async fn import(args: &ImportArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.catena();
    let mut exit = Exit::Ok;
    for file in &args.files {
        let content = read(file)?;
        let request_id = request_id(&content);
        let results = match args.kind {
            KindArg::Comments => {
                let request = ImportCommentsRequest { request_id, content: content.into() };
                client.import_comments(request).await.map(|answer| answer.into_inner().results)
            }
            KindArg::Demands => {
                let request = ImportMaterialDemandsRequest { request_id, content: content.into() };
                client.import_material_demands(request).await.map(|answer| answer.into_inner().results)
            }
            KindArg::Groups => {
                let request = ImportCapacityGroupsRequest { request_id, content: content.into() };
                client.import_capacity_groups(request).await.map(|answer| answer.into_inner().results)
            }
        };
        for result in results.map_err(|status| session.refused(&status))? {
            if result.refusal.is_some() {
                exit = Exit::Failed;
            }
            said(&file.display().to_string(), &result, session)?;
        }
    }
    Ok(exit)
}

fn said(file: &str, result: &PayloadResult, session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        return session.out.value(&session.contract.to_json("tandem.capacity.v1.PayloadResult", result)?);
    }
    if let Some(receipt) = &result.receipt {
        let outcome = short(receipt.outcome().as_str_name(), "UPLOAD_OUTCOME_").to_lowercase();
        session.out.line(&format!("{file}: {} {outcome}, version {}", receipt.id, receipt.version))?;
    }
    if let Some(refusal) = &result.refusal {
        session.out.line(&format!("{file}: refused: {}", refusal.message))?;
        for violation in &refusal.violations {
            session.out.line(&format!("  {}: {}", violation.field, violation.description))?;
        }
    }
    Ok(())
}

async fn export(args: &ExportArgs, session: &Session) -> Result<Exit, Failure> {
    let kind = match args.kind {
        KindArg::Demands => PayloadKind::MaterialDemand,
        KindArg::Groups => PayloadKind::CapacityGroup,
        KindArg::Comments => PayloadKind::Comment,
    };
    let request = ExportPayloadsRequest {
        kind: kind.into(),
        counterparty_id: args.partner.clone(),
        request_for_update: args.request.as_ref().map(read).transpose()?.unwrap_or_default().into(),
    };
    let answer = session.connection.catena().export_payloads(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    for id in &answer.left_out_ids {
        session.out.note(&format!("{id} is left out: a location of it is no BPNS"));
    }
    match &args.out {
        Some(file) => {
            fs::write(file, &answer.content).map_err(|error| {
                Failure::local(Exit::Failed, format!("cannot write {}: {error}", file.display()))
            })?;
            session.out.note(&format!("{}: {} objects", file.display(), answer.objects));
        }
        None => {
            session.out.bytes(&answer.content)?;
            session.out.line("")?;
        }
    }
    Ok(Exit::Ok)
}

async fn list(text: &str, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capacity_groups();
    let page = async |page_token| {
        let request = ListCapacityGroupsRequest {
            page_size: pages::SIZE,
            page_token,
            text: text.to_owned(),
            ..Default::default()
        };
        let page = client.list_capacity_groups(request).await?.into_inner();
        Ok((page.groups, page.next_page_token))
    };
    let groups = pages::all(session, page).await?;
    let names = names(groups.iter().map(|group| &group.customer_id), session).await;
    let header = ["NAME", "UNIT", "FOR", "VERSION", "ALERTS", "UNCOUNTED", "ID"];
    pages::say(session, "tandem.capacity.v1.GroupSummary", &groups, &header, |group| {
        let (version, alerts) = (group.version.to_string(), group.demand_alerts.len().to_string());
        let (unit, customer) = (figure::unit(&group.unit_code).to_owned(), names.of(&group.customer_id));
        let uncounted = group.uncounted_lines.to_string();
        [group.name.clone(), unit, customer, version, alerts, uncounted, group.id.clone()]
    })
}

async fn show(group: &str, session: &Session) -> Result<Exit, Failure> {
    let request = GetCapacityGroupRequest { group_id: group.to_owned(), version: 0 };
    let answer = session.connection.capacity_groups().get_capacity_group(request).await;
    let group = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.CapacityGroup", &group)?)?;
        return Ok(Exit::Ok);
    }
    session.out.line(&text(&group))?;
    Ok(Exit::Ok)
}

fn text(group: &CapacityGroup) -> String {
    let content = group.content.clone().unwrap_or_default();
    let mut table =
        table(&["WEEK", "DEMAND", "ACTUAL", "MAXIMUM", "BORROWED", "LENT", "BOOKED", "OFFERED", "RESULT"]);
    for week in &group.matched {
        table.add_row(row(week, &content.unit_code));
    }
    let head = format!("{}  [{}]  version {}", content.name, figure::unit(&content.unit_code), group.version);
    let weeks = format!("{head}\n{}{}", table_text(&table), uncounted(&group.matched));
    match alert::text(group, &content.unit_code).as_str() {
        "" => weeks,
        alerts => format!("{weeks}\n{alerts}"),
    }
}

/// Schedule lines that are in none of the figures, by week; empty where all are.
fn uncounted(weeks: &[MatchedWeek]) -> String {
    let some = weeks.iter().filter(|week| week.uncounted_lines > 0);
    let lines: Vec<String> =
        some.map(|week| format!("\n  {}  {} schedule lines", week.iso_week, week.uncounted_lines)).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("\nnot counted, since their unit cannot be converted into the demand's:{}", lines.concat())
}

fn row(week: &MatchedWeek, unit: &str) -> [String; 9] {
    let figure = |decimal: &Option<proto::Decimal>| match decimal {
        None => "–".to_owned(),
        decimal => figure::figure(decimal.as_ref(), unit),
    };
    [
        week.iso_week.clone(),
        figure(&week.demand),
        figure(&week.actual_capacity),
        figure(&week.maximum_capacity),
        figure(&week.borrowed),
        figure(&week.lent),
        figure(&week.booked),
        figure(&week.offered),
        short(week.result().as_str_name(), "MATCH_RESULT_").to_lowercase().replace('_', " "),
    ]
}
