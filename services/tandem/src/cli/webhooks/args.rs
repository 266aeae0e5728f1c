//! What `tandem webhook` is told.

use clap::{Args, Subcommand, ValueEnum};
use proto::stream::WebhookMode;

pub const CREATE_EXAMPLES: &str = "\
Examples:
  tandem webhook create ERP https://erp.example.com/hooks/tandem
  tandem webhook create ERP https://erp.example.com/hooks/tandem --type 'tandem.orders.*' --mode parallel --in-flight 8";
pub const LIST_EXAMPLES: &str = "\
Example:
  tandem webhook list";
pub const SHOW_EXAMPLES: &str = "\
Example:
  tandem webhook show 0193…";
pub const UPDATE_EXAMPLES: &str = "\
Examples:
  tandem webhook update 0193… --url https://erp.example.com/hooks/new
  tandem webhook update 0193… --enable
What is not named stays as it is.";
pub const DELETE_EXAMPLES: &str = "\
Example:
  tandem webhook delete 0193…";
pub const ROTATE_EXAMPLES: &str = "\
Examples:
  tandem webhook rotate 0193…
  tandem webhook rotate 0193… --overlap 0
Until the overlap is over each message has a signature by the new secret and by those of before.";
pub const TEST_EXAMPLES: &str = "\
Example:
  tandem webhook test 0193…
Ends with 1 where the receiver does not accept it.";
pub const DELIVERIES_EXAMPLES: &str = "\
Examples:
  tandem webhook deliveries
  tandem webhook deliveries 0193… --limit 500 --output json";
pub const REPLAY_EXAMPLES: &str = "\
Examples:
  tandem webhook replay 0193… --earliest
  tandem webhook replay 0193… --after CURSOR
  tandem webhook replay 0193… --seq 42";

#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Set up a webhook and show its secret once
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// List webhooks and how far each has come
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show a webhook
    #[command(after_help = SHOW_EXAMPLES)]
    Show(WebhookArgs),
    /// Change a webhook, or enable or disable it
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArgs),
    /// Take a webhook away
    #[command(after_help = DELETE_EXAMPLES)]
    Delete(WebhookArgs),
    /// Make a new secret and show it once
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate(RotateArgs),
    /// Send a test event and say what happened
    #[command(after_help = TEST_EXAMPLES)]
    Test(WebhookArgs),
    /// List attempts of the last 30 days, the newest first
    #[command(after_help = DELIVERIES_EXAMPLES)]
    Deliveries(DeliveriesArgs),
    /// Send again from a place of the feed on, or one event
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub struct WebhookArgs {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK-ID")]
    pub id: String,
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What people call it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where events are sent
    #[arg(value_name = "URL")]
    pub url: String,
    /// In order, or several at a time
    #[arg(long, value_enum, default_value_t = ModeArg::Ordered)]
    pub mode: ModeArg,
    #[command(flatten)]
    pub wanted: Wanted,
}

/// What is sent, and how many at a time.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only this event type, or those that begin so with a `*` at the end; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only what concerns this other firm; may be repeated
    #[arg(long = "partner", alias = "counterparty", value_name = "FIRM-ID")]
    pub counterparty: Vec<String>,
    /// Only subjects that begin so, such as orders/
    #[arg(long, value_name = "PREFIX")]
    pub subject_prefix: Option<String>,
    /// Only of this own site; may be repeated
    #[arg(long, value_name = "CODE")]
    pub site: Vec<String>,
    /// Only of this purchasing group; may be repeated
    #[arg(long, value_name = "CODE")]
    pub group: Vec<String>,
    /// With --mode parallel: how many events are on their way at a time
    #[arg(long, value_name = "COUNT")]
    pub in_flight: Option<i32>,
}

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK-ID")]
    pub id: String,
    /// What people call it
    #[arg(long)]
    pub name: Option<String>,
    /// Where events are sent
    #[arg(long)]
    pub url: Option<String>,
    /// In order, or several at a time
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Send, from the last accepted event on
    #[arg(long, conflicts_with = "disable")]
    pub enable: bool,
    /// Send nothing
    #[arg(long)]
    pub disable: bool,
    /// Send everything, whatever its type, firm and subject
    #[arg(long, conflicts_with_all = ["types", "counterparty", "subject_prefix"])]
    pub everything: bool,
    #[command(flatten)]
    pub wanted: Wanted,
}

#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK-ID")]
    pub id: String,
    /// Seconds for which secrets of before go on signing; by default a day
    #[arg(long, value_name = "SECONDS")]
    pub overlap: Option<i32>,
}

#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    /// Of this webhook alone
    #[arg(value_name = "WEBHOOK-ID")]
    pub id: Option<String>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=1_000))]
    pub limit: i32,
}

#[derive(Debug, Args)]
#[group(id = "place", required = true, multiple = false)]
pub struct PlaceArgs {
    /// After the event that this cursor came with
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// From the oldest event that is still there
    #[arg(long)]
    pub earliest: bool,
    /// Leave out what waits
    #[arg(long)]
    pub latest: bool,
    /// The one event at this place of the feed, beside the others
    #[arg(long, value_name = "SEQ")]
    pub seq: Option<i64>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK-ID")]
    pub id: String,
    #[command(flatten)]
    pub place: PlaceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    Ordered,
    Parallel,
}

impl ModeArg {
    pub(super) fn proto(self) -> WebhookMode {
        match self {
            ModeArg::Ordered => WebhookMode::Ordered,
            ModeArg::Parallel => WebhookMode::Parallel,
        }
    }
}
