//! `tandem keys`: API keys of the own firm, narrowed to sites and purchasing groups where asked.

use clap::{Args, Subcommand, ValueEnum};
use proto::partners::{CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest, Role, Scope};

use super::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::{short, table, table_text},
};

pub const CREATE_EXAMPLES: &str = "\
Examples:
  tandem keys create \"ERP, plant 1000\" --role buyer --site 1000
  tandem keys create \"group P01\" --role buyer --group P01 --group P02";
pub const LIST_EXAMPLES: &str = "\
Example:
  tandem keys list";
pub const REVOKE_EXAMPLES: &str = "\
Example:
  tandem keys revoke 0123456789abcdef";

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is shown once
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// List keys with their roles and scopes
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// End a key at once
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What the key is for
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it may do; may be repeated
    #[arg(long, value_enum, required = true)]
    pub role: Vec<RoleArg>,
    /// Only this own site; may be repeated
    #[arg(long, value_name = "CODE")]
    pub site: Vec<String>,
    /// Only this purchasing group; may be repeated
    #[arg(long, value_name = "CODE")]
    pub group: Vec<String>,
}

#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The visible part of the key
    #[arg(value_name = "KEY-ID")]
    pub id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    Admin,
    Buyer,
    Sales,
    Viewer,
    Operator,
}

impl RoleArg {
    fn proto(self) -> Role {
        match self {
            RoleArg::Admin => Role::Admin,
            RoleArg::Buyer => Role::Buyer,
            RoleArg::Sales => Role::Sales,
            RoleArg::Viewer => Role::Viewer,
            RoleArg::Operator => Role::Operator,
        }
    }
}

fn request_id() -> String {
    format!("key-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &KeysCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        KeysCommand::Create(args) => create(args, session).await,
        KeysCommand::List => list(session).await,
        KeysCommand::Revoke(args) => {
            let request = RevokeApiKeyRequest { request_id: request_id(), api_key_id: args.id.clone() };
            let answer = session.connection.members().revoke_api_key(request).await;
            let key = answer.map_err(|status| session.refused(&status))?.into_inner();
            if session.out.json() {
                session.out.value(&session.contract.to_json("tandem.partners.v1.ApiKey", &key)?)?;
            } else {
                session.out.line(&format!("{} ended {}", key.id, time_text(key.revoked_at.as_ref())))?;
            }
            Ok(Exit::Ok)
        }
    }
}

async fn create(args: &CreateArgs, session: &Session) -> Result<Exit, Failure> {
    let request = CreateApiKeyRequest {
        request_id: request_id(),
        name: args.name.clone(),
        roles: args.role.iter().map(|role| i32::from(role.proto())).collect(),
        scope: Some(Scope { sites: args.site.clone(), purchasing_groups: args.group.clone() }),
        expires_at: None,
    };
    let answer = session.connection.members().create_api_key(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.partners.v1.CreateApiKeyResponse", &answer)?)?;
    } else {
        session.out.line(&answer.key)?;
        session.out.note("note: this is the only time that the key is shown");
    }
    Ok(Exit::Ok)
}

async fn list(session: &Session) -> Result<Exit, Failure> {
    let request = ListApiKeysRequest { page_size: 1_000, ..Default::default() };
    let answer = session.connection.members().list_api_keys(request).await;
    let keys = answer.map_err(|status| session.refused(&status))?.into_inner().api_keys;
    if session.out.json() {
        for key in &keys {
            session.out.value(&session.contract.to_json("tandem.partners.v1.ApiKey", key)?)?;
        }
        return Ok(Exit::Ok);
    }
    let mut table = table(&["ID", "NAME", "ROLES", "SITES", "GROUPS", "STATE"]);
    for key in &keys {
        let roles: Vec<&str> = key.roles().map(|role| short(role.as_str_name(), "ROLE_")).collect();
        let scope = key.scope.clone().unwrap_or_default();
        table.add_row([
            key.id.clone(),
            key.name.clone(),
            roles.join(", "),
            scope.sites.join(", "),
            scope.purchasing_groups.join(", "),
            if key.revoked_at.is_some() { "ended" } else { "active" }.to_owned(),
        ]);
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}
