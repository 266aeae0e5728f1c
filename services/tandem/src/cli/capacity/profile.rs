//! `tandem capacity profile`: what a firm can make.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use proto::capacity::{
    CapabilityProfile, GetCapabilityProfileRequest, ListCapabilityProfilesRequest, ManufacturingCapability,
    SetCapabilityProfileRequest,
};
use serde_json::Value;

use crate::cli::{
    Session,
    failure::{Exit, Failure},
    json::{date_text, decimal_text},
    output::{table, table_text},
    pages,
};

const SHOW_EXAMPLES: &str = "\
Examples:
  tandem capacity profile show                       your own
  tandem capacity profile show 0193…                 that of a firm which shows it to you
  tandem capacity profile show --output json > profile.json";
const SET_EXAMPLES: &str = "\
Example:
  tandem capacity profile set --file profile.json

The file is what `show --output json` prints: content, visibility (OFFER_VISIBILITY_PARTNERS, …_CLUSTER with clusterId, or
…_ALL), and the version that it replaces, 0 for the first. The whole profile is replaced.";
const LIST_EXAMPLES: &str = "\
Examples:
  tandem capacity profile list                       firms that show you what they can make
  tandem capacity profile list --process 注塑";

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show what a firm can make
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Say what your own firm can make
    #[command(after_help = SET_EXAMPLES)]
    Set(SetArgs),
    /// List firms that show you what they can make
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The firm's id [default: your own]
    #[arg(value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub firm: String,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// A CapabilityProfile as JSON
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// Setting under a request id again changes nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only firms with this process
    #[arg(long, value_name = "PROCESS", default_value = "", hide_default_value = true)]
    pub process: String,
}

pub(super) async fn run(command: &ProfileCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        ProfileCommand::Show(args) => show(args, session).await,
        ProfileCommand::Set(args) => set(args, session).await,
        ProfileCommand::List(args) => list(args, session).await,
    }
}

async fn show(args: &ShowArgs, session: &Session) -> Result<Exit, Failure> {
    let request = GetCapabilityProfileRequest { firm_id: args.firm.clone() };
    let answer = session.connection.capabilities().get_capability_profile(request).await;
    said(&answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

async fn set(args: &SetArgs, session: &Session) -> Result<Exit, Failure> {
    let bad = |error: &dyn std::fmt::Display| {
        Failure::local(Exit::Failed, format!("{}: {error}", args.file.display()))
    };
    let text = fs::read_to_string(&args.file).map_err(|error| bad(&error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| bad(&error))?;
    let profile: CapabilityProfile = session
        .contract
        .from_json("tandem.capacity.v1.CapabilityProfile", value)
        .map_err(|error| bad(&error))?;
    let new_id = || chassis::clock::system().id().to_string();
    let request = SetCapabilityProfileRequest {
        request_id: args.request_id.clone().unwrap_or_else(new_id),
        version: profile.version,
        content: profile.content,
        visibility: profile.visibility,
        cluster_id: profile.cluster_id,
    };
    let answer = session.connection.capabilities().set_capability_profile(request).await;
    said(&answer.map_err(|status| session.refused(&status))?.into_inner(), session)
}

fn said(profile: &CapabilityProfile, session: &Session) -> Result<Exit, Failure> {
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.capacity.v1.CapabilityProfile", profile)?)?;
        return Ok(Exit::Ok);
    }
    let content = profile.content.clone().unwrap_or_default();
    let mut table = table(&["PROCESS", "EQUIPMENT", "MATERIALS", "LIMITS"]);
    for one in &content.capabilities {
        table.add_row([one.process.clone(), one.equipment.join(", "), one.materials.join(", "), limits(one)]);
    }
    session.out.line(&format!("{}  version {}", profile.firm_name, profile.version))?;
    session.out.line(&table_text(&table))?;
    for one in &content.certificates {
        let until = date_text(one.valid_until.as_ref());
        let until = if until.is_empty() { until } else { format!(" until {until}") };
        session.out.line(&format!("{}{until}", one.name))?;
    }
    for (label, text) in [("region", &content.region), ("note", &content.note)] {
        if !text.is_empty() {
            session.out.line(&format!("{label}: {text}"))?;
        }
    }
    Ok(Exit::Ok)
}

/// What is stated of the largest part and the finest tolerance.
fn limits(one: &ManufacturingCapability) -> String {
    let limits = one.limits.clone().unwrap_or_default();
    let all = [
        ("length", &limits.length_mm, "mm"),
        ("width", &limits.width_mm, "mm"),
        ("height", &limits.height_mm, "mm"),
        ("weight", &limits.weight_kg, "kg"),
        ("force", &limits.tonnage_t, "t"),
        ("precision", &limits.precision_mm, "mm"),
    ];
    let stated = all.into_iter().filter(|(_, figure, _)| figure.is_some());
    let said = stated.map(|(what, figure, unit)| format!("{what} {} {unit}", decimal_text(figure.as_ref())));
    said.collect::<Vec<_>>().join(", ")
}

async fn list(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.capabilities();
    let page = async |page_token| {
        let process = args.process.clone();
        let request = ListCapabilityProfilesRequest { process, page_size: pages::SIZE, page_token };
        let page = client.list_capability_profiles(request).await?.into_inner();
        Ok((page.profiles, page.next_page_token))
    };
    let profiles = pages::all(session, page).await?;
    let header = ["FIRM", "PROCESSES", "CERTIFICATES", "REGION", "ID"];
    pages::say(session, "tandem.capacity.v1.CapabilityProfile", &profiles, &header, |profile| {
        let content = profile.content.clone().unwrap_or_default();
        let joined = |names: Vec<String>| names.join(", ");
        [
            profile.firm_name.clone(),
            joined(content.capabilities.into_iter().map(|one| one.process).collect()),
            joined(content.certificates.into_iter().map(|one| one.name).collect()),
            content.region,
            profile.firm_id.clone(),
        ]
    })
}
