//! `tandem notices`: channels of the own firm, and what was sent through them. An address is a secret, so that it is
//! read from the standard input and stands in no command line.

use std::io::Read as _;

use clap::{Args, Subcommand, ValueEnum};
use proto::notices::{
    Channel, CreateChannelRequest, DeleteChannelRequest, Delivery, DeliveryState, ListChannelsRequest,
    ListDeliveriesRequest, Medium, SendTestNoticeRequest,
};

use super::{
    Session,
    failure::{Exit, Failure},
    json::time_text,
    output::{short, table, table_text},
};

pub const ADD_EXAMPLES: &str = "\
Examples:
  tandem notices add wecom \"sales group\" < address.txt
  tandem notices add dingtalk \"buyers P01\" --group P01 --quiet 22:00-07:30 < address-and-secret.txt
  tandem notices add mail \"Lin Xiaoyan\" --signs-in 0193… < address.txt

The first line of the standard input is the address as the robot's page shows it, the second its signing secret.";
pub const LIST_EXAMPLES: &str = "\
Example:
  tandem notices list";
pub const TEST_EXAMPLES: &str = "\
Example:
  tandem notices test 0193…";
pub const SENT_EXAMPLES: &str = "\
Example:
  tandem notices sent";

#[derive(Debug, Subcommand)]
pub enum NoticesCommand {
    /// Set up a channel
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// List channels
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Send a test message and say how it went
    #[command(after_help = TEST_EXAMPLES)]
    Test(ChannelArgs),
    /// Take a channel away
    #[command(after_help = TEST_EXAMPLES)]
    Remove(ChannelArgs),
    /// List what was sent, waits or failed
    #[command(after_help = SENT_EXAMPLES)]
    Sent,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// What carries the messages
    #[arg(value_enum)]
    pub medium: MediumArg,
    /// What people call it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Only of this own site; may be repeated
    #[arg(long, value_name = "CODE")]
    pub site: Vec<String>,
    /// Only of this purchasing group; may be repeated
    #[arg(long, value_name = "CODE")]
    pub group: Vec<String>,
    /// The member whose mail address it is, who can then ask for sign-in links by it
    #[arg(long, value_name = "MEMBER-ID")]
    pub signs_in: Option<String>,
    /// No message within these hours of Shanghai
    #[arg(long, value_name = "FROM-UNTIL")]
    pub quiet: Option<String>,
    /// Seconds within which notices of one kind become one message
    #[arg(long, value_name = "SECONDS")]
    pub digest: Option<i32>,
}

#[derive(Debug, Args)]
pub struct ChannelArgs {
    /// The channel's id
    #[arg(value_name = "CHANNEL-ID")]
    pub id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MediumArg {
    Mail,
    Wecom,
    Dingtalk,
    Feishu,
}

fn request_id() -> String {
    format!("notices-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &NoticesCommand, session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.notices();
    match command {
        NoticesCommand::Add(args) => {
            let answer = client.create_channel(new_channel(args, session)?).await;
            let made = answer.map_err(|status| session.refused(&status))?.into_inner();
            channels(&[made], session)?;
        }
        NoticesCommand::List => {
            let request = ListChannelsRequest { page_size: 1_000, ..Default::default() };
            let answer = client.list_channels(request).await.map_err(|status| session.refused(&status))?;
            channels(&answer.into_inner().channels, session)?;
        }
        NoticesCommand::Test(args) => {
            let request = SendTestNoticeRequest { request_id: request_id(), channel_id: args.id.clone() };
            let answer = client.send_test_notice(request).await.map_err(|status| session.refused(&status))?;
            let delivery = answer.into_inner();
            let sent = delivery.state() == DeliveryState::Sent;
            deliveries(&[delivery], session)?;
            return Ok(if sent { Exit::Ok } else { Exit::Failed });
        }
        NoticesCommand::Remove(args) => {
            let request = DeleteChannelRequest { request_id: request_id(), channel_id: args.id.clone() };
            client.delete_channel(request).await.map_err(|status| session.refused(&status))?;
        }
        NoticesCommand::Sent => {
            let request = ListDeliveriesRequest { page_size: 200, ..Default::default() };
            let answer = client.list_deliveries(request).await.map_err(|status| session.refused(&status))?;
            deliveries(&answer.into_inner().deliveries, session)?;
        }
    }
    Ok(Exit::Ok)
}

fn new_channel(args: &AddArgs, session: &Session) -> Result<CreateChannelRequest, Failure> {
    let mut given = String::new();
    std::io::stdin().read_to_string(&mut given)?;
    let mut lines = given.lines().map(str::trim);
    let (address, secret) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let medium = match args.medium {
        MediumArg::Mail => Medium::Mail,
        MediumArg::Wecom => Medium::Wecom,
        MediumArg::Dingtalk => Medium::Dingtalk,
        MediumArg::Feishu => Medium::Feishu,
    };
    let quiet = args.quiet.as_deref().map(|span| span.split_once('-').unwrap_or((span, "")));
    let (from, until) = quiet.unwrap_or_default();
    let channel = Channel {
        medium: medium.into(),
        name: args.name.clone(),
        member_id: args.signs_in.clone().unwrap_or_default(),
        signs_in: args.signs_in.is_some(),
        scope: Some(proto::partners::Scope {
            sites: args.site.clone(),
            purchasing_groups: args.group.clone(),
        }),
        locale: session.locale.to_owned(),
        digest_s: args.digest,
        quiet_from: from.trim().to_owned(),
        quiet_until: until.trim().to_owned(),
        ..Channel::default()
    };
    Ok(CreateChannelRequest {
        request_id: request_id(),
        channel: Some(channel),
        address: address.to_owned(),
        secret: secret.to_owned(),
    })
}

fn channels(channels: &[Channel], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for channel in channels {
            session.out.value(&session.contract.to_json("tandem.notices.v1.Channel", channel)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["NAME", "MEDIUM", "ADDRESS", "QUIET", "GROUPS", "ID"]);
    for channel in channels {
        let groups = channel.scope.clone().unwrap_or_default().purchasing_groups;
        table.add_row([
            channel.name.clone(),
            short(channel.medium().as_str_name(), "MEDIUM_").to_owned(),
            channel.masked_address.clone(),
            format!("{}-{}", channel.quiet_from, channel.quiet_until).trim_matches('-').to_owned(),
            groups.join(", "),
            channel.id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}

fn deliveries(deliveries: &[Delivery], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for delivery in deliveries {
            session.out.value(&session.contract.to_json("tandem.notices.v1.Delivery", delivery)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["WHEN", "STATE", "WHAT", "TRIES", "FAILURE", "CHANNEL"]);
    for delivery in deliveries {
        table.add_row([
            time_text(delivery.created_at.as_ref()),
            short(delivery.state().as_str_name(), "DELIVERY_STATE_").to_owned(),
            delivery.title.clone(),
            delivery.attempts.to_string(),
            delivery.failure.clone(),
            delivery.channel_id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}
