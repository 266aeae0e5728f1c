//! The command line: what can be typed, and which room does it. **Invariant:** a client command speaks only gRPC, so
//! that it works against any address; server commands are the only ones that open a database.

pub mod admin;
pub mod aliases;
pub mod announcements;
pub mod answers;
pub mod atomic;
mod binding;
pub mod bridge;
pub mod call;
pub mod capacity;
pub mod changes;
pub mod channels;
pub mod client;
pub mod documents;
pub mod events;
pub mod failure;
mod files;
mod find;
pub mod follow;
pub mod json;
pub mod keys;
pub mod list;
pub mod operate;
pub mod order_table;
pub mod output;
pub mod pages;
pub mod publish;
pub mod pull;
pub mod resolve;
pub mod resources;
pub mod respond;
pub mod scorecard;
pub mod server;
pub mod sheets;
pub mod show;
pub mod subscriptions;
pub mod suppliers;
pub mod template;
pub mod webhooks;
pub mod whoami;

use std::{io::IsTerminal as _, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::{
    client::Connection,
    failure::{Exit, Failure},
    json::Contract,
    output::Output,
};
use crate::{
    dev::{self, DevArgs},
    settings::SettingsArgs,
};

const DEFAULT_API: &str = "http://127.0.0.1:50051";

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  failed here, or a fault of the server
  2  the command line makes no sense
  3  the server refused (a wrong field, an order that exists, an outdated revision …)
  4  nobody answers at --api
  5  the key is missing, unknown, or may not do this

Example:
  tandem dev
  export TANDEM_KEY=tdm_live_…
  tandem orders publish order.xml --supplier V10027
  tandem events --follow";

/// Tandem 携手: anchor firms and their suppliers share orders and events
///
/// Without a command, `tandem dev` runs.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command knows.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Where the API is, such as http://127.0.0.1:50051 [env: TANDEM_API]; with dev and serve, where it shall listen
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Options for every command")]
    pub api: Option<String>,
    /// Only clients follow the environment: a server must not move because somebody pointed the client elsewhere.
    #[arg(long = "tandem-api", env = "TANDEM_API", hide = true, global = true)]
    pub api_from_environment: Option<String>,
    /// API key (tdm_live_…) or session token of the caller
    #[arg(
        long,
        global = true,
        env = "TANDEM_KEY",
        hide_env_values = true,
        help_heading = "Options for every command"
    )]
    pub key: Option<String>,
    /// Tables for people, or JSON (one object a line where there are several)
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = "Options for every command")]
    pub output: Format,
    /// Language of the server's messages
    #[arg(long, global = true, value_enum, env = "TANDEM_LOCALE", default_value_t = Locale::En, help_heading = "Options for every command")]
    pub locale: Locale,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// A language of the server's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Locale {
    En,
    Zh,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who the key belongs to, what it may do, and its limits
    #[command(after_help = "Example:\n  tandem whoami --key tdm_live_…")]
    Whoami,
    /// What the operator of the platform tells everybody now, and putting it away
    #[command(after_help = announcements::EXAMPLES)]
    Announcements(announcements::CurrentArgs),
    /// Publish, list, show and answer orders
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// Connect an ERP by folders: files in are published, answers come out
    #[command(after_help = bridge::EXAMPLES)]
    Bridge(bridge::BridgeArgs),
    /// Invite suppliers, list partners
    #[command(subcommand)]
    Partners(suppliers::PartnersCommand),
    /// Make, list and end API keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Say what the own ERP's units, plants and tax codes mean
    #[command(subcommand)]
    Aliases(aliases::AliasesCommand),
    /// Where people are told: mail and group robots
    #[command(subcommand)]
    Notices(channels::NoticesCommand),
    /// Where the firm's events are sent
    #[command(subcommand)]
    Webhook(webhooks::WebhookCommand),
    /// Places in the feed that the server keeps for readers
    #[command(subcommand)]
    Subscriptions(subscriptions::SubscriptionsCommand),
    /// Demand and capacity: payloads in and out, what the own groups find, and what can be promised
    #[command(subcommand)]
    Capacity(capacity::CapacityCommand),
    /// What is opened to partners: drawings, software, courses; in which revision, to whom, and who used it
    #[command(subcommand)]
    Resources(resources::ResourcesCommand),
    /// Read the firm's feed of events
    #[command(after_help = events::EXAMPLES)]
    Events(events::EventsArgs),
    /// Get documents back
    #[command(subcommand)]
    Documents(DocumentsCommand),
    /// Call any method of the API by its name, with JSON in and out
    #[command(after_help = call::EXAMPLES)]
    Call(call::CallArgs),
    /// Run everything on this machine, with a sandbox inside
    #[command(after_help = dev::EXAMPLES)]
    Dev(DevArgs),
    /// Run some or all services of a deployment
    #[command(after_help = server::SERVE_EXAMPLES)]
    Serve(server::ServeArgs),
    /// Create the roles and schemas of a database, or bring them up to date
    #[command(after_help = server::MIGRATE_EXAMPLES)]
    Migrate(SettingsArgs),
    /// Check this machine and its database
    #[command(after_help = server::DOCTOR_EXAMPLES)]
    Doctor(server::DoctorArgs),
    /// Show the settings
    #[command(subcommand)]
    Config(server::ConfigCommand),
    /// Set up a deployment, and operate it
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

#[derive(Debug, Subcommand)]
pub enum OrdersCommand {
    /// Publish orders from files, as buyer
    #[command(after_help = publish::EXAMPLES)]
    Publish(publish::PublishArgs),
    /// List orders of one side or both
    #[command(after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Show one order with its lines, answers and history
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    /// Answer an order, as supplier
    #[command(after_help = respond::EXAMPLES)]
    Respond(respond::RespondArgs),
    /// Answer many orders at once in a table, as supplier
    #[command(subcommand)]
    Answers(answers::AnswersCommand),
    /// Orders in a table, to look at, and as buyer to change
    #[command(subcommand)]
    Table(order_table::TableCommand),
    /// Write what changed since the last time into a file, for an ERP
    #[command(after_help = pull::EXAMPLES)]
    Pull(pull::PullArgs),
    /// An empty table of orders, with every heading that publish knows
    #[command(after_help = template::EXAMPLES)]
    Template(template::TemplateArgs),
    /// Publish the next revision of an order, as buyer
    #[command(after_help = changes::CHANGE_EXAMPLES)]
    Change(changes::ChangeArgs),
    /// Cancel an order or a part of it, as buyer
    #[command(after_help = changes::CANCEL_EXAMPLES)]
    Cancel(changes::CancelArgs),
    /// Close lines at what was delivered, as buyer
    #[command(after_help = changes::CLOSE_EXAMPLES)]
    Close(changes::CloseArgs),
    /// Ask the supplier to wait, as buyer
    #[command(after_help = changes::HOLD_EXAMPLES)]
    Hold(changes::HoldArgs),
    /// End a hold, as buyer
    #[command(after_help = changes::RELEASE_EXAMPLES)]
    Release(changes::OnOrder),
    /// Take proposals back, as supplier
    #[command(after_help = changes::WITHDRAW_EXAMPLES)]
    Withdraw(changes::WithdrawArgs),
    /// Accept or decline a change inside the frozen horizon, as supplier, or take it back, as buyer
    #[command(after_help = changes::CONSENT_EXAMPLES)]
    Consent(changes::ConsentArgs),
    /// Accept or decline a proposal, as buyer
    #[command(after_help = resolve::EXAMPLES)]
    Resolve(resolve::ResolveArgs),
    /// Remind suppliers of orders, as buyer
    #[command(after_help = follow::REMIND_EXAMPLES)]
    Remind(follow::RemindArgs),
    /// Say how far an order is, as supplier
    #[command(after_help = follow::PROGRESS_EXAMPLES)]
    Progress(follow::ProgressArgs),
    /// List accepted lines that may come late, as buyer
    #[command(after_help = follow::AT_RISK_EXAMPLES)]
    AtRisk(follow::AtRiskArgs),
    /// Read and write messages and internal notes of an order
    #[command(after_help = follow::THREAD_EXAMPLES)]
    Thread(follow::ThreadArgs),
}

#[derive(Debug, Subcommand)]
pub enum DocumentsCommand {
    /// Render an order as a document of the field
    #[command(after_help = documents::EXAMPLES)]
    Export(documents::ExportArgs),
}

/// What a client command works with.
#[derive(Debug)]
pub struct Session {
    pub connection: Connection,
    pub contract: Contract,
    pub out: Output,
    pub locale: &'static str,
}

impl Session {
    pub(crate) async fn open(global: &Global) -> Result<Session, Failure> {
        let api = global.api.as_deref().or(global.api_from_environment.as_deref()).unwrap_or(DEFAULT_API);
        Ok(Session {
            connection: Connection::open(api, global.key.as_deref()).await?,
            contract: Contract::load()?,
            out: Output::new(global.output),
            locale: global.locale.name(),
        })
    }

    /// A refusal of the server as this caller wants to read it.
    pub fn refused(&self, status: &tonic::Status) -> Failure {
        Failure::from_status(status, self.locale)
    }
}

impl Locale {
    fn name(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Zh => "zh",
        }
    }
}

/// Runs what was typed and says how the process ends.
pub async fn run(cli: Cli) -> ExitCode {
    let output = Output::new(cli.global.output);
    match Box::pin(dispatch(cli)).await {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            // A reader that went away (`| head`) is no failure worth words.
            if failure.exit != Exit::Ok {
                output.failure(&failure);
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

async fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    let global = cli.global;
    let out = Output::new(global.output);
    match cli.command.unwrap_or_else(|| Command::Dev(DevArgs::default())) {
        Command::Dev(args) => Box::pin(dev::run(&args, &global, out)).await,
        Command::Serve(args) => server::serve(&args, &global).await,
        Command::Migrate(args) => server::migrate(&args, out).await,
        Command::Doctor(args) => server::doctor(&args, out).await,
        Command::Config(command) => server::config(&command, out),
        // Waits for the API where nobody answers.
        Command::Bridge(args) => Box::pin(bridge::run(&args, &global)).await,
        Command::Admin(admin::AdminCommand::Init(args)) => {
            admin::init(&args, out, global.locale.name()).await
        }
        command => call(command, &Session::open(&global).await?).await,
    }
}

/// The commands that are clients.
async fn call(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Whoami => whoami::run(session).await,
        Command::Announcements(args) => announcements::current(&args, session).await,
        Command::Call(args) => call::run(&args, session).await,
        Command::Orders(command) => orders(command, session).await,
        Command::Partners(command) => suppliers::run(&command, session).await,
        Command::Keys(command) => keys::run(&command, session).await,
        Command::Aliases(command) => aliases::run(&command, session).await,
        Command::Notices(command) => channels::run(&command, session).await,
        Command::Webhook(command) => webhooks::run(&command, session).await,
        Command::Subscriptions(command) => subscriptions::run(&command, session).await,
        Command::Capacity(command) => capacity::run(&command, session).await,
        Command::Resources(command) => resources::run(&command, session).await,
        Command::Admin(command) => operate::run(&command, session).await,
        Command::Events(args) => events::run(&args, session).await,
        Command::Documents(DocumentsCommand::Export(args)) => documents::export(&args, session).await,
        // Taken care of before.
        _ => Ok(Exit::Usage),
    }
}

async fn orders(command: OrdersCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        OrdersCommand::Publish(args) => publish::run(&args, session).await,
        OrdersCommand::List(args) => list::run(&args, session).await,
        OrdersCommand::Show(args) => show::run(&args, session).await,
        OrdersCommand::Respond(args) => respond::run(&args, session).await,
        OrdersCommand::Resolve(args) => resolve::run(&args, session).await,
        OrdersCommand::Answers(command) => answers::run(&command, session).await,
        OrdersCommand::Table(command) => order_table::run(&command, session).await,
        OrdersCommand::Pull(args) => pull::run(&args, session).await,
        OrdersCommand::Template(args) => template::run(&args, session).await,
        OrdersCommand::Remind(args) => follow::remind(&args, session).await,
        OrdersCommand::Progress(args) => follow::progress(&args, session).await,
        OrdersCommand::AtRisk(args) => follow::at_risk(&args, session).await,
        OrdersCommand::Thread(args) => follow::thread(&args, session).await,
        OrdersCommand::Change(args) => changes::change(&args, session).await,
        OrdersCommand::Cancel(args) => changes::cancel(&args, session).await,
        OrdersCommand::Close(args) => changes::close(&args, session).await,
        OrdersCommand::Hold(args) => changes::hold(&args, session).await,
        OrdersCommand::Release(args) => changes::release(&args, session).await,
        OrdersCommand::Withdraw(args) => changes::withdraw(&args, session).await,
        OrdersCommand::Consent(args) => changes::consent(&args, session).await,
    }
}

/// True where a person looks at the screen, for progress bars.
pub fn watched() -> bool {
    std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn visit(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command.get_subcommands().for_each(|sub| visit(sub, &path));
            } else {
                let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(after.contains("Example"), "{path}");
            }
        }
        visit(&Cli::command(), "");
    }

    #[test]
    fn everything_that_can_be_typed_says_what_it_is() {
        fn visit(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{path}: {}", argument.get_id());
            }
            command.get_subcommands().for_each(|sub| visit(sub, &path));
        }
        visit(&Cli::command(), "");
    }

    #[test]
    fn options_for_every_command_may_stand_anywhere() {
        let before = parse("tandem --api h:1 --key k --output json whoami").unwrap();
        let after = parse("tandem whoami --api h:1 --key k --output json").unwrap();
        for cli in [before, after] {
            assert_eq!(cli.global.api.as_deref(), Some("h:1"));
            assert_eq!(cli.global.key.as_deref(), Some("k"));
            assert_eq!(cli.global.output, Format::Json);
        }
        let dev = parse("tandem dev --api 127.0.0.1:0 --portal 127.0.0.1:0 --data /tmp/x").unwrap();
        assert_eq!(dev.global.api.as_deref(), Some("127.0.0.1:0"));
    }

    #[test]
    fn a_phone_is_let_in_at_an_address_or_at_the_own_one() {
        let lan = |line: &str| match parse(line).unwrap().command {
            Some(Command::Dev(args)) => args.lan,
            _ => None,
        };
        assert_eq!(lan("tandem dev --tour"), None);
        assert_eq!(lan("tandem dev --lan --tour"), Some(None));
        assert_eq!(lan("tandem dev --lan 127.0.0.1"), Some(Some([127, 0, 0, 1].into())));
        assert!(parse("tandem dev --lan phone").is_err() && parse("tandem dev --tour-pause 0").is_err());
    }

    #[test]
    fn an_answer_is_exactly_one() {
        assert!(parse("tandem orders respond X --accept-all").is_ok());
        assert!(parse("tandem orders respond X --reject no-tooling").is_ok());
        for wrong in ["tandem orders respond X", "tandem orders respond X --accept-all --reject price"] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
        assert!(parse("tandem orders resolve X --proposal p").is_err());
        assert!(parse("tandem orders resolve X --proposal p --accept --decline").is_err());
    }

    #[test]
    fn a_feed_begins_at_one_place() {
        assert!(parse("tandem events --follow --from latest").is_ok());
        assert!(parse("tandem events --after c --from latest").is_err());
        assert!(parse("tandem events --subscription erp --follow").is_ok());
        assert!(parse("tandem events --subscription erp --after c").is_err());
        assert!(parse("tandem events --subscription erp --from latest").is_err());
    }

    #[test]
    fn without_a_command_everything_runs() {
        assert!(parse("tandem").unwrap().command.is_none());
    }
}
