//! `tandem subscriptions`: places in the feed that the server keeps, for `tandem events --subscription` and other readers
//! that have nowhere to keep one.

use clap::{Args, Subcommand};
use proto::stream::{
    AcknowledgeSubscriptionRequest, CreateSubscriptionRequest, DeleteSubscriptionRequest,
    ListSubscriptionsRequest, Subscription, create_subscription_request::Start,
};

use super::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::{table, table_text},
};

pub const LIST_EXAMPLES: &str = "\
Example:
  tandem subscriptions list";
pub const CREATE_EXAMPLES: &str = "\
Examples:
  tandem subscriptions create erp
  tandem subscriptions create erp --latest
  tandem subscriptions create erp --after CURSOR
Then `tandem events --subscription erp` goes on each time where it stopped.";
pub const ACKNOWLEDGE_EXAMPLES: &str = "\
Examples:
  tandem subscriptions acknowledge erp CURSOR
  tandem subscriptions acknowledge erp CURSOR --rewind";
pub const DELETE_EXAMPLES: &str = "\
Example:
  tandem subscriptions delete erp";

#[derive(Debug, Subcommand)]
pub enum SubscriptionsCommand {
    /// List subscriptions and how far each is behind
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Set up a subscription, which begins with the oldest event that is still there
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// Say that everything up to a cursor has been dealt with
    #[command(after_help = ACKNOWLEDGE_EXAMPLES)]
    Acknowledge(AcknowledgeArgs),
    /// Take a subscription away
    #[command(after_help = DELETE_EXAMPLES)]
    Delete(NameArgs),
}

#[derive(Debug, Args)]
pub struct NameArgs {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What it is called: letters, digits, `-`, `_` and `.`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Begin after the event that this cursor came with
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// Begin with what happens from now on
    #[arg(long, conflicts_with = "after")]
    pub latest: bool,
}

#[derive(Debug, Args)]
pub struct AcknowledgeArgs {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub name: String,
    /// As it came with the last event that was dealt with
    #[arg(value_name = "CURSOR")]
    pub cursor: String,
    /// Also back, so that events come again
    #[arg(long)]
    pub rewind: bool,
}

fn request_id() -> String {
    format!("subscription-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &SubscriptionsCommand, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.subscriptions();
    match command {
        SubscriptionsCommand::List => {
            let request = ListSubscriptionsRequest { page_size: 1_000, ..Default::default() };
            let answer =
                client.list_subscriptions(request).await.map_err(|status| session.refused(&status))?;
            show(&answer.into_inner().subscriptions, session)?;
        }
        SubscriptionsCommand::Create(args) => {
            let start = match &args.after {
                Some(cursor) => Start::After(cursor.clone()),
                None if args.latest => Start::Latest(true),
                None => Start::Earliest(true),
            };
            let request = CreateSubscriptionRequest {
                request_id: request_id(),
                name: args.name.clone(),
                start: Some(start),
            };
            let answer =
                client.create_subscription(request).await.map_err(|status| session.refused(&status))?;
            show(&[answer.into_inner()], session)?;
        }
        SubscriptionsCommand::Acknowledge(args) => {
            let answer = client
                .acknowledge_subscription(acknowledgement(&args.name, &args.cursor, args.rewind))
                .await
                .map_err(|status| session.refused(&status))?;
            show(&[answer.into_inner()], session)?;
        }
        SubscriptionsCommand::Delete(args) => {
            let request = DeleteSubscriptionRequest { request_id: request_id(), name: args.name.clone() };
            client.delete_subscription(request).await.map_err(|status| session.refused(&status))?;
        }
    }
    Ok(Exit::Ok)
}

/// That everything up to this cursor has been dealt with.
pub(super) fn acknowledgement(name: &str, cursor: &str, rewind: bool) -> AcknowledgeSubscriptionRequest {
    AcknowledgeSubscriptionRequest {
        request_id: request_id(),
        name: name.to_owned(),
        cursor: cursor.to_owned(),
        rewind,
    }
}

fn show(subscriptions: &[Subscription], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for one in subscriptions {
            session.out.value(&session.contract.to_json("tandem.stream.v1.Subscription", one)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["NAME", "SEQ", "BEHIND", "ACKNOWLEDGED", "CREATED"]);
    for one in subscriptions {
        table.add_row([
            one.name.clone(),
            one.seq.to_string(),
            one.behind.to_string(),
            time_text(one.acknowledged_at.as_ref()),
            time_text(one.created_at.as_ref()),
        ]);
    }
    session.out.line(&table_text(&table))
}
