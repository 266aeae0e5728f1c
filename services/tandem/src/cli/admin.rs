//! `tandem admin`: `init` is the one thing that no API can do, since nobody may call it yet; what operators do
//! afterwards goes over the API and stands in `operate.rs`.

use clap::{Args, Subcommand};
use partners::admin::{NewOperator, init_operator};

use super::{
    announcements::{self, ANNOUNCE_EXAMPLES, LIST_EXAMPLES, WITHDRAW_EXAMPLES},
    failure::{Exit, Failure},
    operate::{
        self, ACT_EXAMPLES, ACTIONS_EXAMPLES, FIRMS_EXAMPLES, MERGE_EXAMPLES, NOTICES_EXAMPLES,
        RESET_EXAMPLES, VERIFY_EXAMPLES, WEBHOOKS_EXAMPLES,
    },
    output::Output,
};
use crate::{
    database,
    settings::{self, SettingsArgs},
};

pub const EXAMPLES: &str = "\
Example:
  tandem migrate --config /etc/tandem.toml
  tandem admin init --config /etc/tandem.toml --name 南汀产业集群服务中心 --admin 值班员";

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make the firm that operates the platform, and its first operator
    #[command(after_help = EXAMPLES)]
    Init(InitArgs),
    /// Find firms
    #[command(after_help = FIRMS_EXAMPLES)]
    Firms(operate::FirmsArgs),
    /// Record that a firm is who it says
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(operate::VerifyArgs),
    /// Take a verification back
    #[command(after_help = ACT_EXAMPLES)]
    Unverify(operate::ActArgs),
    /// Stop a firm at once; nothing of it is lost
    #[command(after_help = ACT_EXAMPLES)]
    Suspend(operate::ActArgs),
    /// Take a suspension back
    #[command(after_help = ACT_EXAMPLES)]
    Reinstate(operate::ActArgs),
    /// Make one firm of two
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(operate::MergeArgs),
    /// Give a firm that lost its administrators another one
    #[command(after_help = RESET_EXAMPLES)]
    ResetAdmin(operate::ResetArgs),
    /// List what the operator did
    #[command(after_help = ACTIONS_EXAMPLES)]
    Actions(operate::ActionsArgs),
    /// List firms whose webhooks are not accepted, ended or paused
    #[command(after_help = WEBHOOKS_EXAMPLES)]
    Webhooks,
    /// List firms that mail or a group's robot tells nothing of late
    #[command(after_help = NOTICES_EXAMPLES)]
    Notices,
    /// Tell everybody something on top of each page, or change what is told
    #[command(after_help = ANNOUNCE_EXAMPLES)]
    Announce(announcements::AnnounceArgs),
    /// List what was announced, the newest first
    #[command(after_help = LIST_EXAMPLES)]
    Announcements,
    /// Take an announcement back
    #[command(after_help = WITHDRAW_EXAMPLES)]
    WithdrawAnnouncement(announcements::WithdrawArgs),
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Legal name of the operating firm
    #[arg(long, value_name = "FIRM")]
    pub name: String,
    /// Name of the first operator, a person
    #[arg(long, value_name = "NAME")]
    pub admin: String,
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) async fn init(args: &InitArgs, out: Output, locale: &str) -> Result<Exit, Failure> {
    let config = settings::load(&args.settings)?;
    if config.database.owner_url.is_empty() {
        return Err(Failure::local(Exit::Usage, "no database to set up")
            .advise("set DATABASE_URL or database.owner_url, as for `tandem migrate`"));
    }
    let new = NewOperator {
        firm_name: args.name.clone(),
        admin_name: args.admin.clone(),
        locale: locale.to_owned(),
        sandbox: false,
    };
    let mut owner = database::owner(&config.database.owner_url).await?;
    let made = init_operator(&mut owner, &chassis::clock::system(), &new).await.map_err(refused)?;
    let link = format!("{}{}", config.portal_url(), made.sign_in_path.reveal());
    if out.json() {
        out.value(&serde_json::json!({ "firm_id": made.firm, "member_id": made.admin, "sign_in": link }))?;
    } else {
        out.line(&format!("{} signs in once, within a day, with\n  {link}", args.admin))?;
    }
    Ok(Exit::Ok)
}

fn refused(error: chassis::Error) -> Failure {
    Failure::local(Exit::Refused, error.to_string())
}
