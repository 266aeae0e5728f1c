//! `tandem admin` beyond `init`: what the operator of the platform does to firms, over the API like everybody else.

use clap::{Args, ValueEnum};
use proto::{
    notices::ListDeliveryHealthRequest,
    partners::{
        FindFirmsRequest, FirmState, ListOperatorActionsRequest, ListWebhookHealthRequest, MergeFirmsRequest,
        OperatedFirm, ReinstateFirmRequest, ResetLastAdminRequest, SuspendFirmRequest, UnverifyFirmRequest,
        VerifyFirmRequest,
    },
};

use super::{
    Session,
    admin::AdminCommand,
    announcements,
    failure::{Exit, Failure},
    json::time_text,
    output::{short, table, table_text},
    pages,
};

pub const FIRMS_EXAMPLES: &str = "\
Examples:
  tandem admin firms 顺模
  tandem admin firms --state suspended";
pub const VERIFY_EXAMPLES: &str = "\
Example:
  tandem admin verify 0193… --evidence \"business licence seen on 23 November\"";
pub const ACT_EXAMPLES: &str = "\
Example:
  tandem admin suspend 0193… --reason \"licence belongs to somebody else\"
  tandem admin reinstate 0193… --reason \"cleared up\"";
pub const MERGE_EXAMPLES: &str = "\
Example:
  tandem admin merge 0193… --into 0192… --reason \"one firm, two accounts\"";
pub const RESET_EXAMPLES: &str = "\
Example:
  tandem admin reset-admin 0193… --name 何姐 --reason \"administrator left; letter of attorney seen\"";
pub const ACTIONS_EXAMPLES: &str = "\
Example:
  tandem admin actions --firm 0193…";

pub const WEBHOOKS_EXAMPLES: &str = "\
Example:
  tandem admin webhooks";
pub const NOTICES_EXAMPLES: &str = "\
Example:
  tandem admin notices";

#[derive(Debug, Args)]
pub struct FirmsArgs {
    /// A part of the name, or a whole code or id
    #[arg(value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub query: String,
    /// Only firms in this state
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateArg {
    Placeholder,
    Active,
    Claimed,
    Suspended,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The firm's id
    #[arg(value_name = "FIRM-ID")]
    pub firm: String,
    /// What was looked at
    #[arg(long, value_name = "TEXT")]
    pub evidence: String,
}

#[derive(Debug, Args)]
pub struct ActArgs {
    /// The firm's id
    #[arg(value_name = "FIRM-ID")]
    pub firm: String,
    /// Why; the firm reads it too
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Id of the duplicate, which goes
    #[arg(value_name = "FIRM-ID")]
    pub duplicate: String,
    /// Id of the firm that stays
    #[arg(long, value_name = "FIRM-ID")]
    pub into: String,
    /// Why; both firms read it too
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The firm's id
    #[arg(value_name = "FIRM-ID")]
    pub firm: String,
    /// The person who becomes administrator
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Why; everybody in the firm reads that it happened
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct ActionsArgs {
    /// Only what was done to this firm
    #[arg(long, value_name = "FIRM-ID", default_value = "", hide_default_value = true)]
    pub firm: String,
}

/// A request id of its own: every act of a person is a new one.
pub(super) fn request_id() -> String {
    format!("admin-{}", chassis::clock::system().id())
}

pub(super) async fn run(command: &AdminCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        AdminCommand::Firms(args) => return firms(args, session).await,
        AdminCommand::Actions(args) => return actions(args, session).await,
        AdminCommand::Webhooks => return webhooks(session).await,
        AdminCommand::Notices => return notices(session).await,
        AdminCommand::Announce(args) => return announcements::announce(args, session).await,
        AdminCommand::Announcements => return announcements::list(session).await,
        AdminCommand::WithdrawAnnouncement(args) => return announcements::withdraw(args, session).await,
        AdminCommand::Merge(args) => return merge(args, session).await,
        AdminCommand::ResetAdmin(args) => return reset_admin(args, session).await,
        _ => {}
    }
    let mut client = session.connection.operating();
    let request_id = request_id();
    let answer = match command {
        AdminCommand::Verify(args) => {
            let (firm_id, evidence) = (args.firm.clone(), args.evidence.clone());
            client.verify_firm(VerifyFirmRequest { request_id, firm_id, evidence }).await
        }
        AdminCommand::Unverify(args) => {
            let (firm_id, reason) = (args.firm.clone(), args.reason.clone());
            client.unverify_firm(UnverifyFirmRequest { request_id, firm_id, reason }).await
        }
        AdminCommand::Suspend(args) => {
            let (firm_id, reason) = (args.firm.clone(), args.reason.clone());
            client.suspend_firm(SuspendFirmRequest { request_id, firm_id, reason }).await
        }
        AdminCommand::Reinstate(args) => {
            let (firm_id, reason) = (args.firm.clone(), args.reason.clone());
            client.reinstate_firm(ReinstateFirmRequest { request_id, firm_id, reason }).await
        }
        // Taken care of before.
        _ => return Ok(Exit::Usage),
    };
    let seen = answer.map_err(|status| session.refused(&status))?.into_inner();
    show(&[seen], session)?;
    Ok(Exit::Ok)
}

async fn firms(args: &FirmsArgs, session: &Session) -> Result<Exit, Failure> {
    let state = match args.state {
        None => FirmState::Unspecified,
        Some(StateArg::Placeholder) => FirmState::Placeholder,
        Some(StateArg::Active) => FirmState::Active,
        Some(StateArg::Claimed) => FirmState::Claimed,
        Some(StateArg::Suspended) => FirmState::Suspended,
    };
    let request = FindFirmsRequest {
        page_size: 200,
        query: args.query.clone(),
        state: state.into(),
        ..Default::default()
    };
    let answer = session.connection.operating().find_firms(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    show(&answer.firms, session)?;
    if !answer.next_page_token.is_empty() {
        session.out.note("note: there are more than 200; name more of the firm");
    }
    Ok(Exit::Ok)
}

fn show(firms: &[OperatedFirm], session: &Session) -> Result<(), Failure> {
    if session.out.json() {
        for firm in firms {
            session.out.value(&session.contract.to_json("tandem.partners.v1.OperatedFirm", firm)?)?;
        }
        return Ok(());
    }
    let mut table = table(&["FIRM", "STATE", "VERIFIED", "CODE", "ADMINS", "BUYERS", "SUPPLIERS", "ID"]);
    for seen in firms {
        let firm = seen.firm.clone().unwrap_or_default();
        let suspect = if firm.uscc_suspect { " (check!)" } else { "" };
        table.add_row([
            firm.name.clone(),
            short(firm.state().as_str_name(), "FIRM_STATE_").to_owned(),
            if firm.verified { "yes" } else { "no" }.to_owned(),
            format!("{}{suspect}", firm.uscc),
            seen.administrators.to_string(),
            seen.buyers.to_string(),
            seen.suppliers.to_string(),
            firm.id.clone(),
        ]);
    }
    session.out.line(&table_text(&table))
}

async fn merge(args: &MergeArgs, session: &Session) -> Result<Exit, Failure> {
    let request = MergeFirmsRequest {
        request_id: request_id(),
        duplicate_id: args.duplicate.clone(),
        survivor_id: args.into.clone(),
        reason: args.reason.clone(),
    };
    let answer = session.connection.operating().merge_firms(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session.out.value(&session.contract.to_json("tandem.partners.v1.MergeFirmsResponse", &answer)?)?;
    } else {
        session.out.line(&format!("{} relationships moved; their orders follow", answer.relationships))?;
        show(answer.survivor.as_slice(), session)?;
    }
    Ok(Exit::Ok)
}

async fn reset_admin(args: &ResetArgs, session: &Session) -> Result<Exit, Failure> {
    let request = ResetLastAdminRequest {
        request_id: request_id(),
        firm_id: args.firm.clone(),
        admin_name: args.name.clone(),
        admin_locale: session.locale.to_owned(),
        reason: args.reason.clone(),
    };
    let answer = session.connection.operating().reset_last_admin(request).await;
    let answer = answer.map_err(|status| session.refused(&status))?.into_inner();
    if session.out.json() {
        session
            .out
            .value(&session.contract.to_json("tandem.partners.v1.ResetLastAdminResponse", &answer)?)?;
    } else {
        let until = time_text(answer.expires_at.as_ref());
        session.out.line(&format!("{} signs in at the portal, once, until {until}:", args.name))?;
        session.out.line(&format!("  {}", answer.sign_in_path))?;
    }
    Ok(Exit::Ok)
}

async fn actions(args: &ActionsArgs, session: &Session) -> Result<Exit, Failure> {
    let request =
        ListOperatorActionsRequest { page_size: 200, firm_id: args.firm.clone(), ..Default::default() };
    let answer = session.connection.operating().list_operator_actions(request).await;
    let actions = answer.map_err(|status| session.refused(&status))?.into_inner().actions;
    if session.out.json() {
        for action in &actions {
            session.out.value(&session.contract.to_json("tandem.partners.v1.OperatorAction", action)?)?;
        }
        return Ok(Exit::Ok);
    }
    let mut table = table(&["WHEN", "WHAT", "FIRM", "BY", "WHY"]);
    for action in &actions {
        table.add_row([
            time_text(action.at.as_ref()),
            short(action.kind().as_str_name(), "OPERATOR_ACTION_KIND_").to_owned(),
            action.firm_name.clone(),
            action.actor_name.clone(),
            action.note.clone(),
        ]);
    }
    session.out.line(&table_text(&table))?;
    Ok(Exit::Ok)
}

async fn webhooks(session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.operating();
    let page = async |page_token| {
        let request = ListWebhookHealthRequest { page_size: pages::SIZE, page_token };
        let page = client.list_webhook_health(request).await?.into_inner();
        Ok((page.firms, page.next_page_token))
    };
    let firms = pages::all(session, page).await?;
    let header = ["FIRM", "FAILING", "ENDED", "PAUSED", "SINCE", "ID"];
    pages::say(session, "tandem.partners.v1.WebhookHealth", &firms, &header, |one| {
        [
            one.firm_name.clone(),
            one.failing.to_string(),
            one.ended.to_string(),
            one.paused.to_string(),
            time_text(one.since.as_ref()),
            one.firm_id.clone(),
        ]
    })
}

async fn notices(session: &Session) -> Result<Exit, Failure> {
    let mut client = session.connection.notices();
    let page = async |page_token| {
        let request = ListDeliveryHealthRequest { page_size: pages::SIZE, page_token };
        let page = client.list_delivery_health(request).await?.into_inner();
        Ok((page.firms, page.next_page_token))
    };
    let firms = pages::all(session, page).await?;
    let header = ["FIRM", "MEDIUM", "CHANNELS", "FAILED", "SINCE", "FAILURE", "ID"];
    pages::say(session, "tandem.notices.v1.DeliveryHealth", &firms, &header, |one| {
        [
            one.firm_name.clone(),
            short(one.medium().as_str_name(), "MEDIUM_").to_owned(),
            one.channels.to_string(),
            one.failed.to_string(),
            time_text(one.since.as_ref()),
            one.failure.clone(),
            one.firm_id.clone(),
        ]
    })
}
