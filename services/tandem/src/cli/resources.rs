//! `tandem resources`: what is opened to partners, in which revision, to whom; and who made use of it.

mod folder;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use proto::resources::{
    AccessFilter, CreateRevisionRequest, Entitlement, EntitlementTerms, ExportAccessRequest,
    GetResourceRequest, GrantEntitlementRequest, ListResourcesRequest, ListRevisionsRequest,
    PublishResourceRequest, ReleaseRevisionRequest, Resource, ResourceContent, ResourceVisibility, Revision,
    RevisionReceipt, RevisionState, RevokeEntitlementRequest,
};
use time::{Date, OffsetDateTime, UtcOffset, macros::format_description};

use super::{
    Session, binding,
    failure::{Exit, Failure},
    files,
    json::time_text,
    output::{short, table, table_text},
    pages,
};

const PUBLISH_EXAMPLES: &str = "\
Examples:
  tandem resources publish 转向柱支架图纸 --category drawing --number YZ-10022 --item YZ-10022 --acknowledge
  tandem resources publish 'N+X contract' --category template --visibility all --open
  tandem resources publish --folder export --dry-run   files such as YZ-10022_C.pdf, by number and revision
  tandem resources publish --folder export --pattern '{number}_{revision}_*' --output json

Of a folder, numbers that are not there yet are published, and each revision is released when all of its files have
arrived. Given again, the command goes on: what is there, by its SHA-256, does not go twice.";
const REVISE_EXAMPLES: &str = "\
Examples:
  tandem resources revise YZ-10022 C --note '孔位 Ø8.5→Ø9.0' --location https://plm.example/YZ-10022/C
  tandem resources revise YZ-10022 C --file 支架-C.pdf --file 支架-C.step
  tandem resources revise YZ-10022 D --draft

An upload that was cut off goes on where it stood when the same command is given again.";
const GRANT_EXAMPLES: &str = "\
Examples:
  tandem resources grant YZ-10022 --to 0193… --purpose 试制 --until 2026-12-31
  tandem resources grant --request 0193…              what somebody asked for";
const REVOKE_EXAMPLES: &str = "\
Example:
  tandem resources revoke 0193…";
const GET_EXAMPLES: &str = "\
Examples:
  tandem resources get                               what others open to the firm
  tandem resources get --own --text 支架
  tandem resources get YZ-10022                      one, by the own number or by its id
  tandem resources get 0193… --out drawings           its files into a folder, checked by their hashes";
const LOG_EXAMPLES: &str = "\
Examples:
  tandem resources log
  tandem resources log YZ-10022 --output json > log.jsonl";

#[derive(Debug, Subcommand)]
pub enum ResourcesCommand {
    /// Publish a resource, as owner
    #[command(after_help = PUBLISH_EXAMPLES)]
    Publish(PublishArgs),
    /// Make the next revision of a resource and release it, as owner
    #[command(after_help = REVISE_EXAMPLES)]
    Revise(ReviseArgs),
    /// Let a firm or a cluster use a resource, as owner
    #[command(after_help = GRANT_EXAMPLES)]
    Grant(GrantArgs),
    /// End an entitlement at once, as owner
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke(RevokeArgs),
    /// List resources, or show one
    #[command(after_help = GET_EXAMPLES)]
    Get(GetArgs),
    #[command(flatten)]
    Binding(binding::BindingCommand),
    /// Write the access log of the own resources, the oldest entry first
    #[command(after_help = LOG_EXAMPLES)]
    Log(LogArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CategoryArg {
    Drawing = 1,
    Specification = 2,
    Software = 3,
    Data = 4,
    Template = 5,
    Course = 6,
    Instrument = 7,
    Design = 8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VisibilityArg {
    Granted = 1,
    Partners = 2,
    All = 4,
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// What it is called
    #[arg(required_unless_present = "folder", conflicts_with = "folder")]
    pub name: Option<String>,
    /// Publish the files of this folder instead, by their names
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// How files of the folder are named, without their ends; * for whatever else
    #[arg(long, default_value = "{number}_{revision}", value_parser = folder::Pattern::parse, requires = "folder")]
    pub pattern: folder::Pattern,
    /// Say what would be done with the folder, and do nothing
    #[arg(long, requires = "folder")]
    pub dry_run: bool,
    /// Release no revision of the folder yet
    #[arg(long, requires = "folder")]
    pub draft: bool,
    /// Drawings where a folder says nothing else
    #[arg(long, value_enum, required_unless_present = "folder")]
    pub category: Option<CategoryArg>,
    /// The own number of it, such as a drawing's
    #[arg(long, default_value = "", hide_default_value = true, conflicts_with = "folder")]
    pub number: String,
    /// Who finds it without an entitlement
    #[arg(long, value_enum, default_value_t = VisibilityArg::Granted)]
    pub visibility: VisibilityArg,
    /// Whoever finds it may use it
    #[arg(long)]
    pub open: bool,
    /// Whoever uses it is asked to acknowledge each revision
    #[arg(long)]
    pub acknowledge: bool,
    /// An item that it belongs to; may be repeated
    #[arg(long, value_name = "ITEM", conflicts_with = "folder")]
    pub item: Vec<String>,
    /// What it is, in a few words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub summary: String,
    /// A code of GB/T 4754, such as C2929; may be repeated
    #[arg(long, value_name = "CODE")]
    pub industry: Vec<String>,
    /// A code of GB/T 2260, such as 4419
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub region: String,
}

#[derive(Debug, Args)]
pub struct ReviseArgs {
    /// Its id, or the own number
    pub resource: String,
    /// What the revision is called, such as C
    pub label: String,
    /// What is new
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Where it is, an address of https
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    pub location: String,
    /// A file of it; may be repeated
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Do not release it yet
    #[arg(long)]
    pub draft: bool,
}

#[derive(Debug, Args)]
pub struct GrantArgs {
    /// Its id, or the own number
    #[arg(required_unless_present = "request")]
    pub resource: Option<String>,
    /// The firm's id
    #[arg(long, value_name = "FIRM-ID", conflicts_with_all = ["cluster", "request"], required_unless_present_any = ["cluster", "request"])]
    pub to: Option<String>,
    /// All members of this cluster
    #[arg(long, value_name = "CLUSTER-ID", conflicts_with = "request")]
    pub cluster: Option<String>,
    /// The entitlement that was asked for
    #[arg(long, value_name = "ENTITLEMENT-ID", conflicts_with = "resource")]
    pub request: Option<String>,
    /// What it may be used for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub purpose: String,
    /// The last day on which it may be used
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub until: Option<Date>,
    /// How many downloads at most
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    pub downloads: i32,
}

#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The entitlement that ends
    #[arg(value_name = "ENTITLEMENT-ID")]
    pub entitlement: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Debug, Args)]
pub struct GetArgs {
    /// Its id, or the own number; without it, all are listed
    pub resource: Option<String>,
    /// The own resources instead of others'
    #[arg(long, conflicts_with = "resource")]
    pub own: bool,
    /// Only those with these words
    #[arg(long, default_value = "", hide_default_value = true, conflicts_with = "resource")]
    pub text: String,
    /// Download the files of its released revision into this folder
    #[arg(long, alias = "to", value_name = "DIR", requires = "resource")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    /// Only of this resource: its id, or the own number
    pub resource: Option<String>,
}

pub(super) async fn run(command: &ResourcesCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        ResourcesCommand::Publish(args) => publish(args, session).await,
        ResourcesCommand::Revise(args) => revise(args, session).await,
        ResourcesCommand::Grant(args) => grant(args, session).await,
        ResourcesCommand::Revoke(args) => revoke(args, session).await,
        ResourcesCommand::Get(GetArgs { resource: Some(named), out: Some(folder), .. }) => {
            fetch(named, folder, session).await
        }
        ResourcesCommand::Get(GetArgs { resource: Some(named), .. }) => {
            shown(&[find(named, session).await?], session)
        }
        ResourcesCommand::Get(args) => list(args, session).await,
        ResourcesCommand::Binding(command) => binding::run(command, session).await,
        ResourcesCommand::Log(args) => log(args, session).await,
    }
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "must be a day such as 2026-12-31".to_owned())
}

pub(super) fn request_id() -> String {
    chassis::clock::system().id().to_string()
}

/// One message as JSON, or this text.
pub(super) fn said(
    session: &Session,
    name: &str,
    message: &impl prost::Message,
    text: &str,
) -> Result<Exit, Failure> {
    match session.out.json() {
        true => {
            session.out.value(&session.contract.to_json(&format!("tandem.resources.v1.{name}"), message)?)?
        }
        false => session.out.line(text)?,
    }
    Ok(Exit::Ok)
}

/// By its id, or by a number of the own firm.
pub(super) async fn find(named: &str, session: &Session) -> Result<Resource, Failure> {
    let request = match uuid::Uuid::try_parse(named) {
        Ok(_) => GetResourceRequest { resource_id: named.to_owned(), ..GetResourceRequest::default() },
        Err(_) => GetResourceRequest { resource_number: named.to_owned(), ..GetResourceRequest::default() },
    };
    let answer = session.connection.resources().get_resource(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| session.refused(&status))
}

/// What is asked for of a resource of this name.
fn publish_request(args: &PublishArgs, name: &str) -> PublishResourceRequest {
    PublishResourceRequest {
        request_id: request_id(),
        resource_number: args.number.clone(),
        content: Some(ResourceContent {
            name: name.to_owned(),
            summary: args.summary.clone(),
            category: args.category.unwrap_or(CategoryArg::Drawing) as i32,
            industry_codes: args.industry.clone(),
            region: args.region.clone(),
            acknowledge: args.acknowledge,
            ..ResourceContent::default()
        }),
        visibility: args.visibility as i32,
        cluster_id: String::new(),
        open: args.open,
        buyer_item_ids: args.item.clone(),
    }
}

async fn publish(args: &PublishArgs, session: &Session) -> Result<Exit, Failure> {
    if let Some(folder) = &args.folder {
        return folder::publish(args, folder, session).await;
    }
    let request = publish_request(args, args.name.as_deref().unwrap_or_default());
    let answer = session.connection.resources().publish_resource(request).await;
    let receipt = answer.map_err(|status| session.refused(&status))?.into_inner();
    said(session, "ResourceReceipt", &receipt, &format!("published {}", receipt.resource_id))
}

/// The files of what is in force, into a folder.
async fn fetch(named: &str, folder: &Path, session: &Session) -> Result<Exit, Failure> {
    let current = find(named, session).await?.current.unwrap_or_default();
    let files = match current.revision_id.is_empty() {
        true => Vec::new(),
        false => files::revision(session, &current.revision_id).await?.files,
    };
    if files.is_empty() {
        return Err(Failure::local(Exit::Failed, format!("no released revision of {named} has files")));
    }
    for (file, path) in files.iter().zip(files::fetch(session, &files, folder).await?) {
        let text = format!("{} {}", hex::encode(&file.sha256), path.display());
        said(session, "RevisionFile", file, &text)?;
    }
    Ok(Exit::Ok)
}

/// The draft of this label: a new one, or one whose files did not all arrive.
async fn draft(args: &ReviseArgs, session: &Session) -> Result<RevisionReceipt, Failure> {
    let mut client = session.connection.revisions();
    let resource_id = find(&args.resource, session).await?.id;
    if !args.file.is_empty() {
        let request =
            ListRevisionsRequest { resource_id: resource_id.clone(), page_size: 1_000, ..Default::default() };
        let answer = client.list_revisions(request).await.map_err(|status| session.refused(&status))?;
        let same = |one: &Revision| one.label == args.label && one.state() == RevisionState::Draft;
        if let Some(one) = answer.into_inner().revisions.into_iter().find(same) {
            let (number, state) = (one.number, one.state);
            return Ok(RevisionReceipt {
                revision_id: one.id,
                resource_id,
                number,
                state,
                ..Default::default()
            });
        }
    }
    let request = CreateRevisionRequest {
        request_id: request_id(),
        resource_id,
        label: args.label.clone(),
        change_note: args.note.clone(),
        location: args.location.clone(),
    };
    let answer = client.create_revision(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

async fn revise(args: &ReviseArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.revisions();
    let drafted = draft(args, session).await?;
    files::put(session, &drafted.revision_id, &args.file).await?;
    if args.draft {
        let text = format!("drafted {} as {}", args.label, drafted.revision_id);
        return said(session, "RevisionReceipt", &drafted, &text);
    }
    let request = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: drafted.revision_id,
        ..ReleaseRevisionRequest::default()
    };
    let answer = client.release_revision(request).await;
    let released = answer.map_err(|status| session.refused(&status))?.into_inner();
    said(
        session,
        "RevisionReceipt",
        &released,
        &format!("released {} as {}", args.label, released.revision_id),
    )
}

async fn grant(args: &GrantArgs, session: &Session) -> Result<Exit, Failure> {
    let resource_id = match &args.resource {
        Some(named) => find(named, session).await?.id,
        None => String::new(),
    };
    // To the end of the day where the one who types is in China.
    let end = args.until.and_then(Date::next_day).map(|next| {
        let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
        chassis::value::timestamp(OffsetDateTime::new_in_offset(next, time::Time::MIDNIGHT, china))
    });
    let terms = EntitlementTerms {
        purpose: args.purpose.clone(),
        valid_until: end,
        download_limit: args.downloads,
        ..EntitlementTerms::default()
    };
    let request = GrantEntitlementRequest {
        request_id: request_id(),
        entitlement_id: args.request.clone().unwrap_or_default(),
        firm_id: args.to.clone().unwrap_or_default(),
        cluster_id: args.cluster.clone().unwrap_or_default(),
        resource_id,
        // What was asked for stands, unless something else is said.
        terms: Some(terms).filter(|terms| args.request.is_none() || *terms != EntitlementTerms::default()),
        ..GrantEntitlementRequest::default()
    };
    let answer = session.connection.entitlements().grant_entitlement(request).await;
    decided(answer, session)
}

async fn revoke(args: &RevokeArgs, session: &Session) -> Result<Exit, Failure> {
    let request = RevokeEntitlementRequest {
        request_id: request_id(),
        entitlement_id: args.entitlement.clone(),
        note: args.note.clone(),
    };
    let answer = session.connection.entitlements().revoke_entitlement(request).await;
    decided(answer, session)
}

fn decided(
    answer: Result<tonic::Response<Entitlement>, tonic::Status>,
    session: &Session,
) -> Result<Exit, Failure> {
    let one = answer.map_err(|status| session.refused(&status))?.into_inner();
    let state = short(one.state().as_str_name(), "ENTITLEMENT_STATE_").to_lowercase();
    said(session, "Entitlement", &one, &format!("{state} {} {} {}", one.id, one.resource_name, one.firm_name))
}

async fn list(args: &GetArgs, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.resources();
    let page = async |page_token| {
        let request = ListResourcesRequest {
            text: args.text.clone(),
            own: args.own,
            page_size: pages::SIZE,
            page_token,
            ..ListResourcesRequest::default()
        };
        let page = client.list_resources(request).await?.into_inner();
        Ok((page.resources, page.next_page_token))
    };
    shown(&pages::all(session, page).await?, session)
}

fn shown(resources: &[Resource], session: &Session) -> Result<Exit, Failure> {
    let header = ["NAME", "NUMBER", "CATEGORY", "REVISION", "OWNER", "MAY", "ID"];
    pages::say(session, "tandem.resources.v1.Resource", resources, &header, |resource| {
        let content = resource.content.clone().unwrap_or_default();
        let may = match (resource.withdrawn, resource.visibility(), resource.usable) {
            (true, ..) => "withdrawn",
            (_, ResourceVisibility::Unspecified, true) => "use",
            (_, ResourceVisibility::Unspecified, false) => "ask",
            _ => "own",
        };
        [
            content.name.clone(),
            resource.resource_number.clone(),
            short(content.category().as_str_name(), "RESOURCE_CATEGORY_").to_lowercase(),
            resource.current.as_ref().map(|current| current.label.clone()).unwrap_or_default(),
            resource.owner_name.clone(),
            may.to_owned(),
            resource.id.clone(),
        ]
    })
}

async fn log(args: &LogArgs, session: &Session) -> Result<Exit, Failure> {
    let resource_id = match &args.resource {
        Some(named) => find(named, session).await?.id,
        None => String::new(),
    };
    let filter = AccessFilter { resource_id, ..AccessFilter::default() };
    let request = ExportAccessRequest { filter: Some(filter) };
    let answer = session.connection.access_log().export_access(request).await;
    let mut entries = answer.map_err(|status| session.refused(&status))?.into_inner();
    let mut table = table(&["AT", "WHAT", "FIRM", "WHO", "RESOURCE", "REVISION"]);
    while let Some(entry) = entries.message().await.map_err(|status| session.refused(&status))? {
        if session.out.json() {
            session.out.value(&session.contract.to_json("tandem.resources.v1.AccessEntry", &entry)?)?;
            continue;
        }
        table.add_row([
            time_text(entry.at.as_ref()),
            short(entry.kind().as_str_name(), "ACCESS_KIND_").to_lowercase(),
            entry.firm_name,
            entry.actor_name,
            entry.resource_name,
            entry.revision_label,
        ]);
    }
    if !session.out.json() {
        session.out.line(&table_text(&table))?;
    }
    Ok(Exit::Ok)
}
