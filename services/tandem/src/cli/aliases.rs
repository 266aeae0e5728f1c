//! `tandem aliases`: what the own ERP writes, and what it means.

use clap::{Args, Subcommand, ValueEnum};
use proto::{
    Decimal,
    partners::{Alias, AliasKind, DeleteAliasRequest, ListAliasesRequest, SetAliasesRequest},
};

use super::{
    Session,
    failure::{Exit, Failure},
    json::decimal_text,
    output::short,
    pages,
};

pub const SET_EXAMPLES: &str = "\
Examples:
  tandem aliases set unit 件 H87
  tandem aliases set site 1000 NT-1 --source-system sap
  tandem aliases set tax J1 S --rate 0.13";
pub const LIST_EXAMPLES: &str = "\
Example:
  tandem aliases list";
pub const DELETE_EXAMPLES: &str = "\
Example:
  tandem aliases delete unit 件";

#[derive(Debug, Subcommand)]
pub enum AliasesCommand {
    /// Say what something written means
    #[command(after_help = SET_EXAMPLES)]
    Set(SetArgs),
    /// List the tables
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Take an entry out
    #[command(after_help = DELETE_EXAMPLES)]
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// What it is a word for
    #[arg(value_enum)]
    pub kind: KindArg,
    /// As the ERP writes it
    #[arg(value_name = "WRITTEN")]
    pub written: String,
    /// A unit of UN/ECE Rec 20, an own site's code, or a tax category of UNCL5305
    #[arg(value_name = "MEANING")]
    pub meaning: String,
    /// With a tax category, as a fraction
    #[arg(long, value_name = "FRACTION")]
    pub rate: Option<String>,
    /// Only in documents of this ERP
    #[arg(
        long = "source-system",
        alias = "system",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub system: String,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// What it is a word for
    #[arg(value_enum)]
    pub kind: KindArg,
    /// As the ERP writes it
    #[arg(value_name = "WRITTEN")]
    pub written: String,
    /// The entry of this ERP
    #[arg(
        long = "source-system",
        alias = "system",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub system: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    Unit,
    Site,
    Tax,
}

impl KindArg {
    fn proto(self) -> AliasKind {
        match self {
            KindArg::Unit => AliasKind::Unit,
            KindArg::Site => AliasKind::Site,
            KindArg::Tax => AliasKind::Tax,
        }
    }
}

fn request_id() -> String {
    format!("alias-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &AliasesCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        AliasesCommand::Set(args) => set(args, session).await,
        AliasesCommand::List => list(session).await,
        AliasesCommand::Delete(args) => {
            let request = DeleteAliasRequest {
                request_id: request_id(),
                kind: args.kind.proto().into(),
                source_system: args.system.clone(),
                written: args.written.clone(),
            };
            let answer = session.connection.aliases().delete_alias(request).await;
            answer.map_err(|status| session.refused(&status))?;
            Ok(Exit::Ok)
        }
    }
}

async fn set(args: &SetArgs, session: &Session) -> Result<Exit, Failure> {
    let alias = Alias {
        kind: args.kind.proto().into(),
        source_system: args.system.clone(),
        written: args.written.clone(),
        meaning: args.meaning.clone(),
        tax_rate: args.rate.clone().map(|value| Decimal { value }),
    };
    let request = SetAliasesRequest { request_id: request_id(), aliases: vec![alias] };
    let answer = session.connection.aliases().set_aliases(request).await;
    let tally = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.partners.v1.SetAliasesResponse", &tally)?)?;
    } else {
        let word = match (tally.added, tally.changed) {
            (1.., _) => "added",
            (_, 1..) => "changed",
            _ => "unchanged",
        };
        session.out.line(word)?;
    }
    Ok(Exit::Ok)
}

async fn list(session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.aliases();
    let page = async |page_token| {
        let request = ListAliasesRequest { page_size: pages::SIZE, page_token, ..Default::default() };
        let page = client.list_aliases(request).await?.into_inner();
        Ok((page.aliases, page.next_page_token))
    };
    let aliases = pages::all(session, page).await?;
    let header = ["KIND", "WRITTEN", "MEANING", "RATE", "SYSTEM"];
    pages::say(session, "tandem.partners.v1.Alias", &aliases, &header, |row| {
        [
            short(row.kind().as_str_name(), "ALIAS_KIND_").to_owned(),
            row.written.clone(),
            row.meaning.clone(),
            decimal_text(row.tax_rate.as_ref()),
            row.source_system.clone(),
        ]
    })
}
